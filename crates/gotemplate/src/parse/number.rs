//! Numeric constants: one text that may be an integer, a float and a complex number at once.

use crate::quote::{quoted, unquote_char};
use crate::strconv::{parse_float, parse_int, parse_uint, read_float};

use super::token::TokenKind;

/// What a numeric constant can stand for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Number {
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    /// Real and imaginary part.
    pub(crate) complex: Option<(f64, f64)>,
    pub(crate) text: String,
}

impl Number {
    /// Reads a constant; the error is the message to report.
    pub(super) fn parse(text: &str, kind: TokenKind) -> Result<Self, String> {
        let number = match kind {
            TokenKind::CharConstant => Self::from_char(text)?,
            TokenKind::Complex => Self::from_complex(text)?,
            _ => Self::from_number(text)?,
        };
        Ok(Self {
            text: text.to_owned(),
            ..number
        })
    }

    /// Whether it is written as a float: it has a point or an exponent.
    pub(crate) fn looks_like_float(&self) -> bool {
        let hex_integer = matches!(self.text.as_bytes(), [b'0', b'x' | b'X', _, ..])
            && !self.text.contains(['p', 'P']);
        self.float.is_some()
            && !hex_integer
            && !self.text.starts_with('\'')
            && self.text.contains(['.', 'e', 'E', 'p', 'P'])
    }

    fn from_char(text: &str) -> Result<Self, String> {
        const BAD: &str = "invalid syntax";
        let (unit, tail) = unquote_char(&text.as_bytes()[1..], b'\'').ok_or(BAD)?;
        if tail != b"'" {
            return Err(format!("malformed character constant: {text}"));
        }
        let code = unit.code();
        Ok(Self {
            int: Some(i64::from(code)),
            uint: Some(u64::from(code)),
            float: Some(f64::from(code)),
            ..Self::default()
        })
    }

    fn from_complex(text: &str) -> Result<Self, String> {
        const BAD: &str = "syntax error scanning complex number";
        let body = text.strip_suffix('i').ok_or(BAD)?;
        // The sign between the parts is the last that does not belong to an exponent.
        let bytes = body.as_bytes();
        let at = (1..bytes.len())
            .rev()
            .find(|&i| {
                matches!(bytes[i], b'+' | b'-')
                    && !matches!(bytes[i - 1], b'e' | b'E' | b'p' | b'P')
            })
            .ok_or(BAD)?;
        let (re, im) = body.split_at(at);
        // A bare sign leaves the `i` to be taken for the beginning of `Inf`.
        if im.len() == 1 || !is_float_token(re) || !is_float_token(im) {
            return Err(BAD.to_owned());
        }
        Ok(Self::complex(complex_part(re)?, complex_part(im)?))
    }

    fn from_number(text: &str) -> Result<Self, String> {
        if let Some(im) = text
            .strip_suffix('i')
            .and_then(|im| parse_float(im.as_bytes()))
        {
            return Ok(Self::complex(0.0, im));
        }
        let mut number = Self {
            uint: parse_uint(text.as_bytes(), 0).ok(),
            int: parse_int(text.as_bytes(), 0).ok(),
            ..Self::default()
        };
        match (number.int, number.uint) {
            (Some(int), uint) => {
                number.float = Some(int_to_float(int));
                number.uint = uint.or((int == 0).then_some(0));
            }
            (None, Some(uint)) => number.float = Some(uint_to_float(uint)),
            (None, None) => {
                let float = parse_float(text.as_bytes())
                    .ok_or_else(|| format!("illegal number syntax: {}", quoted(text)))?;
                // An integer read as a float is too large for an integer.
                if !text.contains(['.', 'e', 'E', 'p', 'P']) {
                    return Err(format!("integer overflow: {}", quoted(text)));
                }
                number.float = Some(float);
                number.int = float_to_int(float);
                number.uint = float_to_uint(float);
            }
        }
        Ok(number)
    }

    fn complex(re: f64, im: f64) -> Self {
        let float = (im == 0.0).then_some(re);
        Self {
            float,
            int: float.and_then(float_to_int),
            uint: float.and_then(float_to_uint),
            complex: Some((re, im)),
            text: String::new(),
        }
    }
}

/// Whether the scanner of complex numbers takes all of the text for one float: it knows no base but ten and sixteen.
fn is_float_token(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['+', '-']);
    let hex = unsigned
        .strip_prefix("0x")
        .or_else(|| unsigned.strip_prefix("0X"));
    hex.unwrap_or(unsigned).chars().all(|c| match c {
        'e' | 'E' | 'p' | 'P' | '.' | '_' | '+' | '-' => true,
        c => c.is_ascii_digit() || hex.is_some() && c.is_ascii_hexdigit(),
    })
}

fn complex_part(text: &str) -> Result<f64, String> {
    let why = match read_float(text.as_bytes()) {
        Some(float) if float.is_finite() => return Ok(float),
        Some(_) => "value out of range",
        None => "invalid syntax",
    };
    let text = quoted(text);
    Err(format!("strconv.ParseFloat: parsing {text}: {why}"))
}

#[expect(clippy::cast_precision_loss, reason = "Go rounds the same way")]
fn int_to_float(n: i64) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "Go rounds the same way")]
fn uint_to_float(n: u64) -> f64 {
    n as f64
}

/// The integer a float is equal to.
#[expect(
    clippy::cast_possible_truncation,
    reason = "whole and inside the range, so exact"
)]
fn float_to_int(x: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (x.fract() == 0.0 && (-LIMIT..LIMIT).contains(&x)).then_some(x as i64)
}

/// The unsigned integer a float is equal to.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole and inside the range, so exact"
)]
fn float_to_uint(x: f64) -> Option<u64> {
    const LIMIT: f64 = 18_446_744_073_709_551_616.0;
    (x.fract() == 0.0 && (0.0..LIMIT).contains(&x)).then_some(x as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Result<Number, String> {
        Number::parse(text, TokenKind::Number)
    }

    #[test]
    fn one_text_can_be_integer_and_float() {
        for (text, int, float) in [
            ("0x1F", Some(31), Some(31.0)),
            ("0b1_01", Some(5), Some(5.0)),
            ("017", Some(15), Some(15.0)),
            ("-0", Some(0), Some(0.0)),
            ("1e3", Some(1000), Some(1000.0)),
            ("1_000.5", None, Some(1000.5)),
            ("0x1p-2", None, Some(0.25)),
            (
                "18446744073709551615",
                None,
                Some(1.844_674_407_370_955_2e19),
            ),
        ] {
            let number = number(text).unwrap();
            assert_eq!((number.int, number.float), (int, float), "{text}");
        }
        assert_eq!(
            Number::parse("'a'", TokenKind::CharConstant).unwrap().int,
            Some(97)
        );
        assert_eq!(
            Number::parse("1+2i", TokenKind::Complex).unwrap().complex,
            Some((1.0, 2.0))
        );
    }

    #[test]
    fn refuses_what_go_refuses() {
        for (text, message) in [
            ("0b2", "illegal number syntax: \"0b2\""),
            ("0x1.8", "illegal number syntax: \"0x1.8\""),
            ("1__0", "illegal number syntax: \"1__0\""),
            ("1e999", "illegal number syntax: \"1e999\""),
            (
                "99999999999999999999",
                "integer overflow: \"99999999999999999999\"",
            ),
        ] {
            assert_eq!(number(text).unwrap_err(), message);
        }
    }
}
