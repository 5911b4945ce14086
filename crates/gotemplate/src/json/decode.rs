//! JSON text to values.

use std::collections::BTreeMap;

use crate::bytestr::Str;
use crate::list::List;
use crate::map::Map;
use crate::quote::{Style, quote};
use crate::runes;
use crate::types::Type;
use crate::value::Value;

/// What numbers become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// `float64`, as Go's `Unmarshal` does by default and sprig's `fromJson` inherits.
    Float,
    /// `json.Number`, as after Go's `UseNumber`: the text is kept. Vault's answers are read so.
    Text,
}

/// A text that is not JSON, in the words of `encoding/json`. The one character it quotes is where
/// the syntax broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SyntaxError(String);

/// Arrays and objects nested deeper than this are refused, as by Go.
const MAX_DEPTH: usize = 10_000;

/// Parses one JSON value: objects become `map[string]interface{}`, arrays `[]interface{}`.
pub fn parse(text: &[u8], numbers: Numbers) -> Result<Value, SyntaxError> {
    match parse_what_fits(text, numbers)? {
        (value, None) => Ok(value),
        (_, Some(error)) => Err(error),
    }
}

/// Like [`parse`], but a number too large is nil where it stands, next to the error for the first.
pub(crate) fn parse_what_fits(
    text: &[u8],
    numbers: Numbers,
) -> Result<(Value, Option<SyntaxError>), SyntaxError> {
    let mut parser = Parser {
        text,
        pos: 0,
        numbers,
        open: Vec::new(),
        too_large: None,
    };
    let value = parser.document()?;
    parser.skip_spaces();
    match parser.peek() {
        None => Ok((value, parser.too_large)),
        Some(_) => Err(parser.unexpected("after top-level value")),
    }
}

/// A container whose end is still to come.
enum Open {
    Array(Vec<Value>),
    Object(BTreeMap<Str, Value>, Str),
}

struct Parser<'a> {
    text: &'a [u8],
    pos: usize,
    numbers: Numbers,
    /// The containers around the current position; a stack of our own, since texts can be nested
    /// deeper than the thread's stack is.
    open: Vec<Open>,
    /// The complaint about the first number that is no `float64`; a mistake in syntax comes first.
    too_large: Option<SyntaxError>,
}

impl Parser<'_> {
    fn document(&mut self) -> Result<Value, SyntaxError> {
        let mut done = self.value()?;
        loop {
            if let Some(value) = done {
                let Some(open) = self.open.pop() else {
                    return Ok(value);
                };
                done = self.after_value(open, value)?;
            } else {
                done = self.value()?;
            }
        }
    }

    /// A scalar or an empty container; of others only the beginning, which leaves nothing done.
    fn value(&mut self) -> Result<Option<Value>, SyntaxError> {
        self.skip_spaces();
        Ok(Some(match self.peek() {
            Some(b'{') => {
                self.enter()?;
                if self.closes(b'}') {
                    return Ok(Some(Map::any().into()));
                }
                let key = self.key()?;
                self.open.push(Open::Object(BTreeMap::new(), key));
                return Ok(None);
            }
            Some(b'[') => {
                self.enter()?;
                if self.closes(b']') {
                    return Ok(Some(List::any(Vec::new()).into()));
                }
                self.open.push(Open::Array(Vec::new()));
                return Ok(None);
            }
            Some(b'"') => Value::Str(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.literal("true", Value::Bool(true))?,
            Some(b'f') => self.literal("false", Value::Bool(false))?,
            Some(b'n') => self.literal("null", Value::Nil)?,
            _ => return Err(self.unexpected("looking for beginning of value")),
        }))
    }

    /// Puts a value into its container; the container, if that ends here.
    fn after_value(&mut self, open: Open, value: Value) -> Result<Option<Value>, SyntaxError> {
        self.skip_spaces();
        match open {
            Open::Array(mut items) => {
                items.push(value);
                match self.peek() {
                    Some(b']') => {
                        self.pos += 1;
                        return Ok(Some(List::any(items).into()));
                    }
                    Some(b',') => self.pos += 1,
                    _ => return Err(self.unexpected("after array element")),
                }
                self.open.push(Open::Array(items));
            }
            Open::Object(mut entries, key) => {
                entries.insert(key, value);
                match self.peek() {
                    Some(b'}') => {
                        self.pos += 1;
                        return Ok(Some(Map::of(&Type::Any, entries).into()));
                    }
                    Some(b',') => self.pos += 1,
                    _ => return Err(self.unexpected("after object key:value pair")),
                }
                let key = self.key()?;
                self.open.push(Open::Object(entries, key));
            }
        }
        Ok(None)
    }

    fn enter(&mut self) -> Result<(), SyntaxError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.unexpected("exceeded max depth"));
        }
        self.pos += 1;
        Ok(())
    }

    fn closes(&mut self, end: u8) -> bool {
        self.skip_spaces();
        let closes = self.peek() == Some(end);
        self.pos += usize::from(closes);
        closes
    }

    /// A key and its colon.
    fn key(&mut self) -> Result<Str, SyntaxError> {
        self.skip_spaces();
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("looking for beginning of object key string"));
        }
        let key = self.string()?;
        self.skip_spaces();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("after object key"));
        }
        self.pos += 1;
        Ok(key)
    }

    /// A string; the opening quote is at hand.
    fn string(&mut self) -> Result<Str, SyntaxError> {
        self.pos += 1;
        let mut out = Vec::new();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.pos += 1;
                    return Ok(out.into());
                }
                Some(b'\\') => {
                    self.pos += 1;
                    runes::push(&mut out, self.escape()?);
                }
                Some(0x20..=0x7f) => {
                    out.push(self.text[self.pos]);
                    self.pos += 1;
                }
                Some(0x80..) => {
                    // Invalid encoding becomes U+FFFD, byte by byte.
                    let (c, width) = runes::decode(&self.text[self.pos..]);
                    runes::push(&mut out, c);
                    self.pos += width;
                }
                _ => return Err(self.unexpected("in string literal")),
            }
        }
    }

    /// An escape; the backslash is past.
    fn escape(&mut self) -> Result<char, SyntaxError> {
        let c = match self.peek() {
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b @ (b'"' | b'\\' | b'/')) => char::from(b),
            Some(b'u') => {
                self.pos += 1;
                return self.unicode_escape();
            }
            _ => return Err(self.broken("in string escape code")),
        };
        self.pos += 1;
        Ok(c)
    }

    /// Four digits, or twice four for a surrogate pair; a lone surrogate becomes U+FFFD.
    fn unicode_escape(&mut self) -> Result<char, SyntaxError> {
        let unit = self.four_digits()?;
        if !(0xd800..0xe000).contains(&unit) {
            return Ok(char::from_u32(unit).unwrap_or(runes::REPLACEMENT));
        }
        let after = self.pos;
        if unit < 0xdc00 && self.text[after..].starts_with(b"\\u") {
            self.pos += 2;
            let low = self.four_digits()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(runes::REPLACEMENT));
            }
            self.pos = after;
        }
        Ok(runes::REPLACEMENT)
    }

    fn four_digits(&mut self) -> Result<u32, SyntaxError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.broken("in \\u hexadecimal character escape"));
            };
            unit = unit << 4 | digit;
            self.pos += 1;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<Value, SyntaxError> {
        let start = self.pos;
        self.accept(b'-');
        match self.peek() {
            Some(b'0') => self.pos += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.broken("in numeric literal")),
        }
        if self.accept(b'.') {
            self.some_digits("after decimal point in numeric literal")?;
        }
        if self.accept(b'e') || self.accept(b'E') {
            if !self.accept(b'+') {
                self.accept(b'-');
            }
            self.some_digits("in exponent of numeric literal")?;
        }
        let text = &self.text[start..self.pos];
        if self.numbers == Numbers::Text {
            return Ok(Value::Number(text.into()));
        }
        let text = String::from_utf8_lossy(text);
        Ok(match text.parse::<f64>() {
            Ok(x) if x.is_finite() => Value::Float64(x),
            _ => {
                self.too_large.get_or_insert_with(|| {
                    SyntaxError(format!(
                        "json: cannot unmarshal number {text} into Go value of type float64"
                    ))
                });
                Value::Nil
            }
        })
    }

    fn some_digits(&mut self, context: &str) -> Result<(), SyntaxError> {
        if !self.peek().is_some_and(|b| b.is_ascii_digit()) {
            return Err(self.broken(context));
        }
        self.digits();
        Ok(())
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.pos += 1;
        }
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, SyntaxError> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                let expected = char::from(expected);
                let context = format!("in literal {word} (expecting '{expected}')");
                return Err(self.broken(&context));
            }
            self.pos += 1;
        }
        Ok(value)
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.pos += usize::from(found);
        found
    }

    fn skip_spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.pos += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.pos).copied()
    }

    fn unexpected(&self, context: &str) -> SyntaxError {
        match self.peek() {
            None => SyntaxError("unexpected end of JSON input".to_owned()),
            Some(_) => self.broken(context),
        }
    }

    /// A number, literal or escape that does not go on as it must. To see whether it is complete at
    /// the end of the text, Go adds a space, and then complains about that.
    fn broken(&self, context: &str) -> SyntaxError {
        let shown = match self.peek().unwrap_or(b' ') {
            b'\'' => "\\'".to_owned(),
            b'"' => "\"".to_owned(),
            byte => {
                let text = char::from(byte).to_string();
                let quoted = quote(text.as_bytes(), Style::Unicode);
                String::from_utf8_lossy(&quoted[1..quoted.len() - 1]).into_owned()
            }
        };
        SyntaxError(format!("invalid character '{shown}' {context}"))
    }
}
