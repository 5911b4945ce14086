//! Format strings: flags, widths, argument indexes and Go's markers for what does not fit.

use crate::runes;
use crate::value::Value;

use super::number::Flags;
use super::printer::Printer;

/// Widths and precisions beyond this are taken for mistakes.
const MAX_NUMBER: usize = 1_000_000;

/// The walk through one format string.
struct Format<'a> {
    text: &'a [u8],
    pos: usize,
    args: &'a [Value],
    next_arg: usize,
    /// An index such as `[3]` was used, so leftover arguments cannot be told.
    reordered: bool,
    good_index: bool,
    /// The item just read was an index.
    after_index: bool,
}

impl Printer {
    /// `fmt.Sprintf`
    pub(super) fn printf(&mut self, format: &[u8], args: &[Value]) {
        let mut f = Format {
            text: format,
            pos: 0,
            args,
            next_arg: 0,
            reordered: false,
            good_index: true,
            after_index: false,
        };
        while f.pos < f.text.len() && !self.out.has_failed() {
            let rest = &f.text[f.pos..];
            let plain = rest.iter().position(|&b| b == b'%').unwrap_or(rest.len());
            self.out.write(&rest[..plain]);
            f.pos += plain;
            if f.pos < f.text.len() {
                f.pos += 1;
                self.directive(&mut f);
            }
        }
        if !f.reordered && f.next_arg < args.len() {
            self.extra_args(&args[f.next_arg..]);
        }
    }

    /// One directive; the percent sign is past.
    fn directive(&mut self, f: &mut Format<'_>) {
        f.good_index = true;
        self.flags = Flags::default();
        f.read_flags(&mut self.flags);
        f.read_index();
        self.read_width(f);
        self.read_precision(f);
        if !f.after_index {
            f.read_index();
        }
        if f.pos >= f.text.len() {
            self.out.write(b"%!(NOVERB)");
            return;
        }
        let (verb, size) = runes::decode(&f.text[f.pos..]);
        f.pos += size;
        match f.args.get(f.next_arg) {
            _ if verb == '%' => self.out.write(b"%"),
            _ if !f.good_index => self.marker(verb, b"(BADINDEX)"),
            None => self.marker(verb, b"(MISSING)"),
            Some(arg) => {
                if verb == 'v' || verb == 'w' {
                    self.flags.sharp_v = std::mem::take(&mut self.flags.sharp);
                    self.flags.plus_v = std::mem::take(&mut self.flags.plus);
                }
                f.next_arg += 1;
                self.print_arg(arg, verb);
            }
        }
    }

    fn read_width(&mut self, f: &mut Format<'_>) {
        if f.peek() == Some(b'*') {
            f.pos += 1;
            match f.int_arg() {
                Some(width) => {
                    self.flags.width = Some(magnitude(width));
                    if width < 0 {
                        self.flags.minus = true;
                        self.flags.zero = false;
                    }
                }
                None => self.out.write(b"%!(BADWIDTH)"),
            }
            f.after_index = false;
        } else {
            self.flags.width = f.number();
            if f.after_index && self.flags.width.is_some() {
                f.good_index = false;
            }
        }
    }

    fn read_precision(&mut self, f: &mut Format<'_>) {
        // A point at the very end is not a precision but a missing verb.
        if f.pos + 1 >= f.text.len() || f.peek() != Some(b'.') {
            return;
        }
        f.pos += 1;
        if f.after_index {
            f.good_index = false;
        }
        f.read_index();
        if f.peek() == Some(b'*') {
            f.pos += 1;
            self.flags.precision = f.int_arg().and_then(|n| usize::try_from(n).ok());
            if self.flags.precision.is_none() {
                self.out.write(b"%!(BADPREC)");
            }
            f.after_index = false;
        } else {
            self.flags.precision = Some(f.number().unwrap_or(0));
        }
    }

    fn marker(&mut self, verb: char, text: &[u8]) {
        self.out.write(b"%!");
        self.out.write_char(verb);
        self.out.write(text);
    }

    fn extra_args(&mut self, args: &[Value]) {
        self.flags = Flags::default();
        self.out.write(b"%!(EXTRA ");
        for (i, arg) in args.iter().enumerate() {
            if i > 0 {
                self.out.write(b", ");
            }
            match arg.type_of() {
                None => self.out.write(b"<nil>"),
                Some(_) => self.print_typed(arg),
            }
        }
        self.out.write(b")");
    }
}

impl Format<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.pos).copied()
    }

    fn read_flags(&mut self, flags: &mut Flags) {
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => return,
            }
            self.pos += 1;
        }
    }

    /// An explicit argument index: `[n]`.
    fn read_index(&mut self) {
        self.after_index = false;
        if self.peek() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = &self.text[self.pos..];
        let close = rest.iter().position(|&b| b == b']');
        let Some(close) = close.filter(|_| rest.len() >= 3) else {
            self.good_index = false;
            self.pos += 1;
            return;
        };
        let (number, end) = parse_number(&rest[..close], 1);
        let complete = end == close && number.is_some();
        self.pos += close + 1;
        match number.and_then(|n| n.checked_sub(1)) {
            Some(index) if complete && index < self.args.len() => {
                self.next_arg = index;
                self.after_index = true;
            }
            _ => {
                self.good_index = false;
                self.after_index = complete;
            }
        }
    }

    fn number(&mut self) -> Option<usize> {
        let (number, end) = parse_number(self.text, self.pos);
        self.pos = end;
        number
    }

    /// The next argument as a width or precision.
    fn int_arg(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next_arg)?;
        self.next_arg += 1;
        let n = arg
            .as_signed()
            .or_else(|| arg.as_unsigned().and_then(|n| i64::try_from(n).ok()))?;
        (magnitude(n) <= MAX_NUMBER).then_some(n)
    }
}

/// Decimal digits from `start`; where they end. A number too long swallows the whole text.
fn parse_number(text: &[u8], start: usize) -> (Option<usize>, usize) {
    let mut number = None;
    let mut pos = start;
    while let Some(digit) = text.get(pos).filter(|b| b.is_ascii_digit()) {
        let so_far: usize = number.unwrap_or(0);
        if so_far > MAX_NUMBER {
            return (None, text.len());
        }
        number = Some(so_far * 10 + usize::from(digit - b'0'));
        pos += 1;
    }
    (number, pos)
}

fn magnitude(n: i64) -> usize {
    usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX)
}
