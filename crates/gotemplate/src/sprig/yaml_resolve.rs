//! What scalars without quotes mean in YAML 1.1, as Go's `yaml.v2` has it: octal with a leading
//! zero and `yes` for true, but no numbers to base 60.

use crate::strconv::{parse_float, parse_int, parse_uint};

/// What a scalar stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond `i64`.
    Uint(u64),
    Float(f64),
    /// Itself.
    Text,
}

/// The meaning of an untagged scalar.
pub(super) fn resolve(text: &[u8]) -> Scalar {
    match text {
        b"" | b"~" | b"null" | b"Null" | b"NULL" => Scalar::Null,
        b"y" | b"Y" | b"yes" | b"Yes" | b"YES" | b"true" | b"True" | b"TRUE" | b"on" | b"On"
        | b"ON" => Scalar::Bool(true),
        b"n" | b"N" | b"no" | b"No" | b"NO" | b"false" | b"False" | b"FALSE" | b"off" | b"Off"
        | b"OFF" => Scalar::Bool(false),
        b".nan" | b".NaN" | b".NAN" => Scalar::Float(f64::NAN),
        b".inf" | b".Inf" | b".INF" | b"+.inf" | b"+.Inf" | b"+.INF" => {
            Scalar::Float(f64::INFINITY)
        }
        b"-.inf" | b"-.Inf" | b"-.INF" => Scalar::Float(f64::NEG_INFINITY),
        [b'.', ..] => parse_float(text).map_or(Scalar::Text, Scalar::Float),
        [b'+' | b'-' | b'0'..=b'9', ..] => number(text),
        _ => Scalar::Text,
    }
}

fn number(text: &[u8]) -> Scalar {
    let digits: Vec<u8> = text.iter().copied().filter(|b| *b != b'_').collect();
    if let Ok(n) = parse_int(&digits, 0) {
        return Scalar::Int(n);
    }
    if let Ok(n) = parse_uint(&digits, 0) {
        return Scalar::Uint(n);
    }
    if !is_decimal(&digits) {
        return Scalar::Text;
    }
    parse_float(&digits).map_or(Scalar::Text, Scalar::Float)
}

/// Digits with a point and an exponent, both optional.
fn is_decimal(text: &[u8]) -> bool {
    let unsigned = match text {
        [b'+' | b'-', rest @ ..] | rest => rest,
    };
    unsigned
        .iter()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
}

/// Whether it is a date, with or without a time. They stay text, but only they may be tagged so.
pub(super) fn is_timestamp(text: &[u8]) -> bool {
    const LAYOUTS: &[&str] = &[
        "2006-1-2T15:4:5.999999999Z07:00",
        "2006-1-2t15:4:5.999999999Z07:00",
        "2006-1-2 15:4:5.999999999",
        "2006-1-2",
    ];
    let dated = text.len() > 4 && text[..4].iter().all(u8::is_ascii_digit) && text[4] == b'-';
    dated
        && LAYOUTS
            .iter()
            .any(|layout| super::time_parse::parse(layout.as_bytes(), text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_mean_what_yaml_1_1_says() {
        for (text, want) in [
            ("yes", Scalar::Bool(true)),
            ("Off", Scalar::Bool(false)),
            ("yEs", Scalar::Text),
            ("017", Scalar::Int(15)),
            ("0o17", Scalar::Int(15)),
            ("089", Scalar::Float(89.0)),
            ("-0b101", Scalar::Int(-5)),
            ("1_000", Scalar::Int(1000)),
            ("18446744073709551615", Scalar::Uint(u64::MAX)),
            ("1:30", Scalar::Text),
            ("+.5e1", Scalar::Float(5.0)),
            ("1e999", Scalar::Text),
            ("2020-01-01", Scalar::Text),
        ] {
            assert_eq!(resolve(text.as_bytes()), want, "{text}");
        }
    }
}
