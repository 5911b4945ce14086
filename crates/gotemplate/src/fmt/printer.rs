//! Values under verbs: the upper layer of Go's `fmt`.

use crate::bytestr::Str;
use crate::limits::LimitError;
use crate::list::List;
use crate::map::Map;
use crate::named::Named;
use crate::types::{Kind, Type};
use crate::value::Value;

use super::number::{Buffer, Flags};

/// Values nested deeper than this are not printed: the printer recurses.
const MAX_NESTING: usize = 300;

/// One printout.
pub(super) struct Printer {
    pub(super) out: Buffer,
    pub(super) flags: Flags,
    /// While a bad verb is reported, values show without their methods.
    pub(super) erroring: bool,
}

impl Printer {
    pub(super) fn new(max: usize) -> Self {
        Self {
            out: Buffer::new(max),
            flags: Flags::default(),
            erroring: false,
        }
    }

    pub(super) fn into_bytes(self) -> Result<Vec<u8>, LimitError> {
        self.out.into_bytes()
    }

    pub(super) fn print(&mut self, args: &[Value]) {
        let mut after_string = true;
        for arg in args {
            let is_string = arg.kind() == Kind::String;
            if !is_string && !after_string {
                self.out.write(b" ");
            }
            self.print_arg(arg, 'v');
            after_string = is_string;
        }
    }

    pub(super) fn println(&mut self, args: &[Value]) {
        for (i, arg) in args.iter().enumerate() {
            if i > 0 {
                self.out.write(b" ");
            }
            self.print_arg(arg, 'v');
        }
        self.out.write(b"\n");
    }

    /// Prints an operand as such.
    pub(super) fn print_arg(&mut self, arg: &Value, verb: char) {
        let Some(ty) = arg.type_of() else {
            match verb {
                'T' | 'v' => self.flags.pad(&mut self.out, b"<nil>"),
                _ => self.bad_verb(arg, verb),
            }
            return;
        };
        match verb {
            'T' => self
                .flags
                .string(&mut self.out, type_name(arg, ty).as_bytes()),
            'p' => self.pointer(arg, verb),
            _ => self.print_value(arg, verb, 0),
        }
    }

    /// `type=value`, as in error markers.
    pub(super) fn print_typed(&mut self, arg: &Value) {
        if let Some(ty) = arg.type_of() {
            self.out.write(type_name(arg, ty).as_bytes());
            self.out.write(b"=");
            self.print_arg(arg, 'v');
        }
    }

    fn print_value(&mut self, value: &Value, verb: char, depth: usize) {
        if depth > MAX_NESTING {
            self.out.fail(LimitError::Nesting(MAX_NESTING));
        }
        if self.out.has_failed() {
            return;
        }
        // `%w` is for errors; what could have been one is refused as a whole.
        if verb == 'w' && (depth > 0 || !matches!(value, Value::Bytes(_))) {
            return self.bad_verb(value, verb);
        }
        match value {
            Value::Nil => self.out.write(b"<nil>"),
            Value::Bool(b) => match verb {
                't' | 'v' => {
                    let text: &[u8] = if *b { b"true" } else { b"false" };
                    self.flags.pad(&mut self.out, text);
                }
                _ => self.bad_verb(value, verb),
            },
            Value::Int(n) | Value::Int64(n) => self.signed(value, *n, verb),
            Value::Int32(n) => self.signed(value, i64::from(*n), verb),
            Value::Uint(n) | Value::Uint64(n) => self.unsigned(value, *n, verb),
            Value::Uint8(n) => self.unsigned(value, u64::from(*n), verb),
            Value::Float64(x) => self.float(value, *x, verb),
            Value::Complex(re, im) => self.complex(value, *re, *im, verb),
            Value::Str(s) | Value::Number(s) => self.string(value, s, verb),
            Value::Named(named, n) => self.named(value, *named, *n, verb),
            Value::Bytes(bytes) => self.bytes(bytes, verb, depth),
            Value::List(list) => self.list(list, verb, depth),
            Value::Map(map) => self.map(map, verb, depth),
            Value::Object(object) => self.object(value, object.as_ref(), verb, depth),
            Value::Func(_) => self.pointer(value, verb),
        }
    }

    /// An element of a container, which may be an empty interface.
    pub(super) fn print_element(&mut self, value: &Value, verb: char, depth: usize) {
        if matches!(value, Value::Nil) && self.flags.sharp_v {
            self.out.write(b"interface {}(nil)");
        } else {
            self.print_value(value, verb, depth + 1);
        }
    }

    pub(super) fn bad_verb(&mut self, value: &Value, verb: char) {
        self.erroring = true;
        self.out.write(b"%!");
        self.out.write_char(verb);
        self.out.write(b"(");
        match value {
            Value::Nil => self.out.write(b"<nil>"),
            _ => self.print_typed(value),
        }
        self.out.write(b")");
        self.erroring = false;
    }

    fn signed(&mut self, value: &Value, n: i64, verb: char) {
        match verb {
            'v' | 'd' | 'b' | 'o' | 'O' | 'x' | 'X' => {
                self.flags
                    .integer(&mut self.out, n.unsigned_abs(), n < 0, verb);
            }
            _ => self.code_point(value, n.cast_unsigned(), verb),
        }
    }

    fn unsigned(&mut self, value: &Value, n: u64, verb: char) {
        match verb {
            'v' if self.flags.sharp_v => self.hex(n),
            'v' | 'd' | 'b' | 'o' | 'O' | 'x' | 'X' => {
                self.flags.integer(&mut self.out, n, false, verb);
            }
            _ => self.code_point(value, n, verb),
        }
    }

    fn code_point(&mut self, value: &Value, code: u64, verb: char) {
        match verb {
            'c' => self.flags.character(&mut self.out, code),
            'q' => self.flags.quoted_character(&mut self.out, code),
            'U' => self.flags.unicode(&mut self.out, code),
            _ => self.bad_verb(value, verb),
        }
    }

    /// `0x…`, whatever the flags say about a prefix.
    pub(super) fn hex(&mut self, n: u64) {
        let flags = Flags {
            sharp: true,
            ..self.flags
        };
        flags.integer(&mut self.out, n, false, 'x');
    }

    fn float(&mut self, value: &Value, x: f64, verb: char) {
        let (verb, precision) = match verb {
            'b' => (b'b', None),
            'v' | 'g' => (b'g', None),
            'G' => (b'G', None),
            'x' => (b'x', None),
            'X' => (b'X', None),
            'f' | 'F' => (b'f', Some(6)),
            'e' => (b'e', Some(6)),
            'E' => (b'E', Some(6)),
            _ => return self.bad_verb(value, verb),
        };
        self.flags.float(&mut self.out, x, verb, precision);
    }

    fn complex(&mut self, value: &Value, re: f64, im: f64, verb: char) {
        if !matches!(
            verb,
            'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E'
        ) {
            return self.bad_verb(value, verb);
        }
        let plus = self.flags.plus;
        self.out.write(b"(");
        self.float(value, re, verb);
        self.flags.plus = true;
        self.float(value, im, verb);
        self.out.write(b"i)");
        self.flags.plus = plus;
    }

    pub(super) fn string(&mut self, value: &Value, text: &[u8], verb: char) {
        match verb {
            // json.Number shows through its String method, but not in Go syntax; both look alike.
            'v' if self.flags.sharp_v => self.flags.quoted(&mut self.out, text),
            'v' | 's' => self.flags.string(&mut self.out, text),
            'x' | 'X' => self.flags.hex_bytes(&mut self.out, text, verb == 'X'),
            'q' => self.flags.quoted(&mut self.out, text),
            _ => self.bad_verb(value, verb),
        }
    }

    fn named(&mut self, value: &Value, named: Named, n: i64, verb: char) {
        if self.erroring || self.flags.sharp_v || !matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') {
            return self.signed(value, n, verb);
        }
        let text = named.text(n);
        self.string(value, text.as_bytes(), verb);
    }

    fn bytes(&mut self, bytes: &Str, verb: char, depth: usize) {
        match verb {
            's' => return self.flags.string(&mut self.out, bytes),
            'x' | 'X' => return self.flags.hex_bytes(&mut self.out, bytes, verb == 'X'),
            'q' => return self.flags.quoted(&mut self.out, bytes),
            _ => {}
        }
        if self.flags.sharp_v {
            // At the top Go writes the type by its short name.
            let name: &[u8] = if depth == 0 { b"[]byte" } else { b"[]uint8" };
            self.out.write(name);
        }
        let (open, separator, close) = self.brackets();
        self.out.write(open);
        for (i, &byte) in bytes.iter().enumerate() {
            if i > 0 {
                self.out.write(separator);
            }
            self.unsigned(&Value::Uint8(byte), u64::from(byte), verb);
            if self.out.has_failed() {
                return;
            }
        }
        self.out.write(close);
    }

    fn list(&mut self, list: &List, verb: char, depth: usize) {
        if self.flags.sharp_v {
            self.out
                .write(Type::List(list.elem()).to_string().as_bytes());
            if list.is_nil() {
                return self.out.write(b"(nil)");
            }
        }
        let (open, separator, close) = self.brackets();
        self.out.write(open);
        for (i, item) in list.items().iter().enumerate() {
            if i > 0 {
                self.out.write(separator);
            }
            self.print_element(item, verb, depth);
            if self.out.has_failed() {
                return;
            }
        }
        self.out.write(close);
    }

    fn map(&mut self, map: &Map, verb: char, depth: usize) {
        if self.flags.sharp_v {
            self.out.write(Type::Map(map.elem()).to_string().as_bytes());
            if map.is_nil() {
                return self.out.write(b"(nil)");
            }
        } else {
            self.out.write(b"map");
        }
        let (open, separator, close) = self.brackets();
        self.out.write(open);
        for (i, (key, value)) in map.entries().into_iter().enumerate() {
            if i > 0 {
                self.out.write(separator);
            }
            self.print_value(&Value::Str(key), verb, depth + 1);
            self.out.write(b":");
            self.print_element(&value, verb, depth);
            if self.out.has_failed() {
                return;
            }
        }
        self.out.write(close);
    }

    pub(super) fn brackets(&self) -> (&'static [u8], &'static [u8], &'static [u8]) {
        if self.flags.sharp_v {
            (b"{", b", ", b"}")
        } else {
            (b"[", b" ", b"]")
        }
    }
}

fn type_name(value: &Value, ty: Type) -> String {
    match value {
        Value::Func(func) => func.to_string(),
        _ => ty.to_string(),
    }
}
