//! Numbers and strings under flags, width and precision: the bottom layer of Go's `fmt`.

use crate::float;
use crate::limits::LimitError;
use crate::quote::{Style, can_backquote, quote, quote_rune};
use crate::runes;

/// What stands between `%` and the verb.
#[expect(clippy::struct_excessive_bools, reason = "they are independent flags")]
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`: field names.
    pub(super) plus_v: bool,
    /// `%#v`: Go syntax.
    pub(super) sharp_v: bool,
}

/// The output under construction; takes nothing more once it is full.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    max: usize,
    failed: Option<LimitError>,
}

impl Buffer {
    pub(super) fn new(max: usize) -> Self {
        Self {
            bytes: Vec::new(),
            max,
            failed: None,
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        if self.admits(bytes.len()) {
            self.bytes.extend_from_slice(bytes);
        }
    }

    pub(super) fn write_char(&mut self, c: char) {
        self.write(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    pub(super) fn fail(&mut self, error: LimitError) {
        self.failed.get_or_insert(error);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    pub(super) fn into_bytes(self) -> Result<Vec<u8>, LimitError> {
        match self.failed {
            None => Ok(self.bytes),
            Some(error) => Err(error),
        }
    }

    fn write_repeated(&mut self, byte: u8, n: usize) {
        if self.admits(n) {
            self.bytes.resize(self.bytes.len() + n, byte);
        }
    }

    fn admits(&mut self, n: usize) -> bool {
        if n > self.max - self.bytes.len() {
            self.fail(LimitError::Memory(self.max));
        }
        !self.has_failed()
    }
}

impl Flags {
    /// Writes padding that reaches from `len` characters to the width.
    fn write_padding(self, out: &mut Buffer, len: usize) {
        let byte = if self.zero && !self.minus { b'0' } else { b' ' };
        out.write_repeated(byte, self.width.unwrap_or(0).saturating_sub(len));
    }

    /// Writes `bytes` padded to the width.
    pub(super) fn pad(self, out: &mut Buffer, bytes: &[u8]) {
        if self.width.is_none() {
            out.write(bytes);
            return;
        }
        let len = runes::count(bytes);
        if self.minus {
            out.write(bytes);
            self.write_padding(out, len);
        } else {
            self.write_padding(out, len);
            out.write(bytes);
        }
    }

    /// `%s`
    pub(super) fn string(self, out: &mut Buffer, bytes: &[u8]) {
        self.pad(out, self.truncated(bytes));
    }

    /// `%q` of a string.
    pub(super) fn quoted(self, out: &mut Buffer, bytes: &[u8]) {
        let bytes = self.truncated(bytes);
        if self.sharp && can_backquote(bytes) {
            self.pad(out, &[b"`", bytes, b"`"].concat());
        } else {
            self.pad(out, &quote(bytes, self.quote_style()));
        }
    }

    /// `%x` and `%X` of a string or byte slice.
    pub(super) fn hex_bytes(self, out: &mut Buffer, bytes: &[u8], upper: bool) {
        let bytes = &bytes[..self.precision.unwrap_or(bytes.len()).min(bytes.len())];
        if bytes.is_empty() {
            self.write_padding(out, 0);
            return;
        }
        let prefix = if upper { "0X" } else { "0x" };
        let mut text = String::with_capacity(bytes.len() * 2 + 2);
        for (i, byte) in bytes.iter().enumerate() {
            if self.space && i > 0 {
                text.push(' ');
            }
            if self.sharp && (self.space || i == 0) {
                text.push_str(prefix);
            }
            text.push(hex_digit(byte >> 4, upper));
            text.push(hex_digit(byte & 0xf, upper));
        }
        self.pad(out, text.as_bytes());
    }

    /// `%c`
    pub(super) fn character(self, out: &mut Buffer, code: u64) {
        self.pad(out, to_char(code).encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// `%q` of a number.
    pub(super) fn quoted_character(self, out: &mut Buffer, code: u64) {
        self.pad(out, &quote_rune(to_char(code), self.quote_style()));
    }

    /// `%U`
    pub(super) fn unicode(self, out: &mut Buffer, code: u64) {
        let digits = self.precision.unwrap_or(4).max(4);
        if !out.admits(digits) {
            return;
        }
        let mut text = format!("{code:X}");
        text.insert_str(0, &"0".repeat(digits.saturating_sub(text.len())));
        text.insert_str(0, "U+");
        let c = u32::try_from(code).ok().and_then(char::from_u32);
        if let Some(c) = c.filter(|&c| self.sharp && runes::is_print(c)) {
            text.extend([' ', '\'', c, '\'']);
        }
        self.without_zero().pad(out, text.as_bytes());
    }

    /// The integer verbs; `magnitude` is the absolute value.
    pub(super) fn integer(self, out: &mut Buffer, magnitude: u64, negative: bool, verb: char) {
        let digits = match verb {
            'b' => format!("{magnitude:b}"),
            'o' | 'O' => format!("{magnitude:o}"),
            'x' => format!("{magnitude:x}"),
            'X' => format!("{magnitude:X}"),
            _ => magnitude.to_string(),
        };
        // Zeros come from the precision, or from the width, never from both.
        let min_digits = match (self.precision, self.width) {
            (Some(0), _) if magnitude == 0 => {
                self.without_zero().write_padding(out, 0);
                return;
            }
            (Some(precision), _) => precision,
            (None, Some(width)) if self.zero && !self.minus => {
                width.saturating_sub(usize::from(negative || self.plus || self.space))
            }
            _ => 0,
        };
        if !out.admits(min_digits) {
            return;
        }
        let zeros = "0".repeat(min_digits.saturating_sub(digits.len()));
        let prefix = match verb {
            'O' => "0o",
            'b' if self.sharp => "0b",
            'o' if self.sharp && zeros.is_empty() && magnitude != 0 => "0",
            'x' if self.sharp => "0x",
            'X' if self.sharp => "0X",
            _ => "",
        };
        // `%#O` writes both the octal zero and its own prefix.
        let octal_zero = if verb == 'O' && self.sharp && zeros.is_empty() && magnitude != 0 {
            "0"
        } else {
            ""
        };
        let sign = self.sign(negative);
        let text = format!("{sign}{prefix}{octal_zero}{zeros}{digits}");
        self.without_zero().pad(out, text.as_bytes());
    }

    /// The floating-point verbs, as `strconv` names them.
    pub(super) fn float(self, out: &mut Buffer, x: f64, verb: u8, default: Option<usize>) {
        let precision = self.precision.or(default);
        if !out.admits(precision.unwrap_or(0)) {
            return;
        }
        let text = float::format(x, verb, precision);
        let (negative, mut digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits.to_owned()),
            None => (false, text.trim_start_matches('+').to_owned()),
        };
        if !x.is_finite() {
            // Infinities carry a sign when asked for; NaN never pads with zeros either.
            let sign = match (x.is_nan(), self.sign(negative)) {
                (false, "") => "+",
                (_, sign) => sign,
            };
            let text = if x.is_nan() || negative || self.plus || self.space {
                format!("{sign}{digits}")
            } else {
                format!("+{digits}")
            };
            self.without_zero().pad(out, text.as_bytes());
            return;
        }
        if self.sharp && verb != b'b' {
            keep_point(&mut digits, verb, precision);
        }
        let sign = self.sign(negative);
        let len = sign.len() + digits.len();
        if self.zero && !self.minus && self.width.is_some_and(|width| width > len) {
            out.write(sign.as_bytes());
            self.write_padding(out, len);
            out.write(digits.as_bytes());
            return;
        }
        self.pad(out, format!("{sign}{digits}").as_bytes());
    }

    fn sign(self, negative: bool) -> &'static str {
        match () {
            () if negative => "-",
            () if self.plus => "+",
            () if self.space => " ",
            () => "",
        }
    }

    fn quote_style(self) -> Style {
        if self.plus {
            Style::Ascii
        } else {
            Style::Unicode
        }
    }

    fn truncated(self, bytes: &[u8]) -> &[u8] {
        match self.precision {
            Some(n) => runes::truncate(bytes, n),
            None => bytes,
        }
    }

    fn without_zero(self) -> Self {
        Self {
            zero: false,
            ..self
        }
    }
}

/// `%#e`, `%#f`, `%#g`: always a decimal point, and no trailing zero removed.
fn keep_point(number: &mut String, verb: u8, precision: Option<usize>) {
    let hex = matches!(verb, b'x' | b'X');
    let marks: &[char] = if hex { &['p', 'P'] } else { &['e', 'E'] };
    let at = number.find(marks).unwrap_or(number.len());
    let tail = number.split_off(at);
    let mut missing = match verb {
        b'g' | b'G' | b'x' => precision.unwrap_or(6),
        _ => 0,
    };
    // By Go's bookkeeping the `x` of the prefix is the first significant digit in hexadecimal.
    let significant = number
        .trim_start_matches(['0', '.'])
        .chars()
        .filter(|&c| c != '.')
        .count();
    missing = missing.saturating_sub(significant);
    if !number.contains('.') {
        if number == "0" {
            missing = missing.saturating_sub(1);
        }
        number.push('.');
    }
    number.push_str(&"0".repeat(missing));
    number.push_str(&tail);
}

fn hex_digit(nibble: u8, upper: bool) -> char {
    let digit = char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    if upper {
        digit.to_ascii_uppercase()
    } else {
        digit
    }
}

fn to_char(code: u64) -> char {
    u32::try_from(code)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or(runes::REPLACEMENT)
}
