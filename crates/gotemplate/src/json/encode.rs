//! Values to JSON text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::float;
use crate::funcs::FuncError;
use crate::limits::{Ctx, LimitError};
use crate::quote::quoted;
use crate::runes;
use crate::types::Type;
use crate::value::Value;

/// How JSON is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style<'a> {
    /// Whether `<`, `>` and `&` are escaped.
    pub escape_html: bool,
    /// The indentation of one level; none keeps all on one line.
    pub indent: Option<&'a str>,
}

impl Style<'_> {
    /// `json.Marshal`, sprig's `toJson`.
    pub const COMPACT: Self = Self {
        escape_html: true,
        indent: None,
    };
    /// `json.MarshalIndent` with two spaces, sprig's `toPrettyJson`.
    pub const PRETTY: Self = Self {
        escape_html: true,
        indent: Some("  "),
    };
    /// Without HTML escapes, sprig's `toRawJson`.
    pub const RAW: Self = Self {
        escape_html: false,
        indent: None,
    };
}

/// Values nested deeper than this are refused: the encoder recurses.
const MAX_NESTING: usize = 300;

/// Encodes a value. Objects are sorted by key, byte slices become base64.
pub fn encode(ctx: &mut Ctx, value: &Value, style: Style<'_>) -> Result<Vec<u8>, FuncError> {
    let mut encoder = Encoder {
        out: Vec::new(),
        max: ctx.memory_left(),
        style,
        depth: 0,
    };
    encoder.value(value)?;
    ctx.charge(encoder.out.len() / 64)?;
    Ok(encoder.out)
}

struct Encoder<'a> {
    out: Vec<u8>,
    max: usize,
    style: Style<'a>,
    depth: usize,
}

impl Encoder<'_> {
    fn value(&mut self, value: &Value) -> Result<(), FuncError> {
        if self.out.len() > self.max {
            return Err(LimitError::Memory(self.max).into());
        }
        match value {
            Value::Nil => self.write(b"null"),
            Value::Bool(true) => self.write(b"true"),
            Value::Bool(false) => self.write(b"false"),
            Value::Int(n) | Value::Int64(n) | Value::Named(_, n) => self.text(&n.to_string()),
            Value::Int32(n) => self.text(&n.to_string()),
            Value::Uint(n) | Value::Uint64(n) => self.text(&n.to_string()),
            Value::Uint8(n) => self.text(&n.to_string()),
            Value::Float64(x) => self.float(*x)?,
            Value::Str(s) => self.string(s),
            Value::Number(s) => self.number(&s.to_text())?,
            Value::Bytes(bytes) => {
                let text = STANDARD.encode(bytes);
                self.string(text.as_bytes());
            }
            Value::List(list) if list.is_nil() => self.write(b"null"),
            Value::Map(map) if map.is_nil() => self.write(b"null"),
            Value::List(list) => self.container([b'[', b']'], list.items(), Self::value)?,
            Value::Map(map) => self.container([b'{', b'}'], &map.entries(), Self::entry)?,
            Value::Object(object) => {
                if let Some(text) = object.marshal_text() {
                    let text = text.map_err(|error| {
                        let ty = object.type_of();
                        FuncError::new(format!(
                            "json: error calling MarshalJSON for type {ty}: {error}"
                        ))
                    })?;
                    self.string(&text);
                    return Ok(());
                }
                let fields: Vec<_> = object
                    .fields()
                    .into_iter()
                    .filter(|(name, _)| name.starts_with(char::is_uppercase))
                    .map(|(name, value)| (name.into(), value))
                    .collect();
                self.container([b'{', b'}'], &fields, Self::entry)?;
            }
            Value::Complex(..) => return Err(unsupported(&Type::Complex128.to_string())),
            Value::Func(func) => return Err(unsupported(&func.to_string())),
        }
        Ok(())
    }

    fn entry(&mut self, (key, value): &(crate::bytestr::Str, Value)) -> Result<(), FuncError> {
        self.string(key);
        self.write(if self.style.indent.is_some() {
            b": "
        } else {
            b":"
        });
        self.value(value)
    }

    fn container<T>(
        &mut self,
        [open, close]: [u8; 2],
        items: &[T],
        write_item: fn(&mut Self, &T) -> Result<(), FuncError>,
    ) -> Result<(), FuncError> {
        if self.depth >= MAX_NESTING {
            return Err(LimitError::Nesting(MAX_NESTING).into());
        }
        self.depth += 1;
        self.out.push(open);
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.out.push(b',');
            }
            self.new_line();
            write_item(self, item)?;
        }
        self.depth -= 1;
        if !items.is_empty() {
            self.new_line();
        }
        self.out.push(close);
        Ok(())
    }

    fn new_line(&mut self) {
        if let Some(indent) = self.style.indent {
            self.out.push(b'\n');
            for _ in 0..self.depth {
                self.out.extend_from_slice(indent.as_bytes());
            }
        }
    }

    /// Shortest digits; exponents only where JavaScript has them, and unpadded.
    fn float(&mut self, x: f64) -> Result<(), FuncError> {
        if !x.is_finite() {
            let text = float::format(x, b'g', None);
            return Err(FuncError::new(format!("json: unsupported value: {text}")));
        }
        let scientific = x != 0.0 && !(1e-6..1e21).contains(&x.abs());
        if scientific {
            let text = float::format(x, b'e', None);
            self.text(&text.replace("e-0", "e-"));
        } else {
            self.text(&float::format(x, b'f', None));
        }
        Ok(())
    }

    fn number(&mut self, text: &str) -> Result<(), FuncError> {
        let text = if text.is_empty() { "0" } else { text };
        if !is_number(text.as_bytes()) {
            return Err(FuncError::revealing(
                format!("json: invalid number literal {}", quoted(text)),
                "json: invalid number literal <redacted>",
            ));
        }
        self.text(text);
        Ok(())
    }

    fn string(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        let mut rest = bytes;
        while !rest.is_empty() {
            let (c, width) = runes::decode(rest);
            match c {
                '"' | '\\' => self.write(&[b'\\', rest[0]]),
                '\x08' => self.write(b"\\b"),
                '\x0c' => self.write(b"\\f"),
                '\n' => self.write(b"\\n"),
                '\r' => self.write(b"\\r"),
                '\t' => self.write(b"\\t"),
                '\0'..='\x1f' | '\u{2028}' | '\u{2029}' => self.escaped(c),
                '<' | '>' | '&' if self.style.escape_html => self.escaped(c),
                runes::REPLACEMENT if width == 1 => self.write(b"\\ufffd"),
                _ => self.write(&rest[..width]),
            }
            rest = &rest[width..];
        }
        self.out.push(b'"');
    }

    fn escaped(&mut self, c: char) {
        self.text(&format!("\\u{:04x}", u32::from(c)));
    }

    fn text(&mut self, text: &str) {
        self.write(text.as_bytes());
    }

    fn write(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }
}

fn unsupported(ty: &str) -> FuncError {
    FuncError::new(format!("json: unsupported type: {ty}"))
}

/// Whether the text is a number by JSON's grammar.
fn is_number(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'-' | b'0'..=b'9'))
        && super::parse(text, super::Numbers::Text).is_ok_and(|value| {
            // Spaces around it would have been skipped.
            value
                .as_str()
                .is_some_and(|number| number.as_bytes() == text)
        })
}
