//! Structs, pointers to them, and functions under verbs.

use crate::object::Object;
use crate::types::Kind;
use crate::value::Value;

use super::printer::Printer;

impl Printer {
    pub(super) fn object(&mut self, value: &Value, object: &dyn Object, verb: char, depth: usize) {
        let stringable = matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') && !self.flags.sharp_v;
        if stringable
            && !self.erroring
            && let Some(text) = object.text()
        {
            return self.string(value, &text, verb);
        }
        if self.flags.sharp_v
            && !self.erroring
            && let Some(text) = object.go_text()
        {
            return self.flags.string(&mut self.out, text.as_bytes());
        }
        let ty = object.type_of();
        if ty.kind() == Kind::Pointer {
            if depth > 0 || object.is_nil() {
                return self.pointer(value, verb);
            }
            self.out.write(b"&");
        }
        if self.flags.sharp_v {
            self.out
                .write(ty.to_string().trim_start_matches('*').as_bytes());
        }
        self.out.write(b"{");
        let (_, separator, _) = self.brackets();
        for (i, (name, field)) in object.fields().into_iter().enumerate() {
            if i > 0 {
                self.out.write(separator);
            }
            if self.flags.plus_v || self.flags.sharp_v {
                self.out.write(name.as_bytes());
                self.out.write(b":");
            }
            self.print_element(&field, verb, depth);
        }
        self.out.write(b"}");
    }

    /// Addresses: a constant stands for them, so that no render tells two runs apart.
    pub(super) fn pointer(&mut self, value: &Value, verb: char) {
        const ADDRESS: u64 = 0xc0_0000_0000;
        let address = if value.is_nil() { 0 } else { ADDRESS };
        let pointer_like = matches!(
            value.kind(),
            Kind::Func | Kind::Map | Kind::Pointer | Kind::Slice
        );
        match verb {
            _ if !pointer_like => self.bad_verb(value, verb),
            'v' if self.flags.sharp_v => {
                let ty = value
                    .type_of()
                    .map_or_else(String::new, |ty| ty.to_string());
                self.out.write(format!("({ty})(").as_bytes());
                if address == 0 {
                    self.out.write(b"nil");
                } else {
                    self.hex(address);
                }
                self.out.write(b")");
            }
            'v' if address == 0 => self.flags.pad(&mut self.out, b"<nil>"),
            'v' | 'p' => self.hex(address),
            'b' | 'o' | 'd' | 'x' | 'X' => {
                self.flags.integer(&mut self.out, address, false, verb);
            }
            _ => self.bad_verb(value, verb),
        }
    }
}
