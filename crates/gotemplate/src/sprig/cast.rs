//! Values as numbers, by the rules of the Go library `cast`: what does not convert is zero.

use crate::named::Named;
use crate::value::Value;

/// `cast.ToInt64`, and on 64 bits `cast.ToInt` too.
pub(super) fn to_int64(value: &Value) -> i64 {
    match value {
        Value::Int(n) | Value::Int64(n) | Value::Named(Named::Month | Named::Weekday, n) => *n,
        Value::Int32(n) => i64::from(*n),
        Value::Uint(n) | Value::Uint64(n) => n.cast_signed(),
        Value::Uint8(n) => i64::from(*n),
        Value::Float64(x) => truncate(*x),
        Value::Bool(b) => i64::from(*b),
        Value::Str(text) | Value::Number(text) => {
            parse_int(without_zero_decimals(text), 0).unwrap_or(0)
        }
        Value::Nil
        | Value::Complex(..)
        | Value::Named(Named::Duration, _)
        | Value::Bytes(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Func(_)
        | Value::Object(_) => 0,
    }
}

/// `cast.ToFloat64`
#[expect(clippy::cast_precision_loss, reason = "Go's conversion rounds as well")]
pub(super) fn to_float64(value: &Value) -> f64 {
    match value {
        Value::Float64(x) => *x,
        Value::Uint(n) | Value::Uint64(n) => *n as f64,
        Value::Str(text) | Value::Number(text) => parse_float(text).unwrap_or(0.0),
        value => to_int64(value) as f64,
    }
}

/// Go's conversion on amd64: what does not fit is the smallest number.
#[expect(clippy::cast_possible_truncation, reason = "the range was looked at")]
pub(super) fn truncate(x: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&x) {
        x as i64
    } else {
        i64::MIN
    }
}

/// `1.00` is taken for `1`.
fn without_zero_decimals(text: &[u8]) -> &[u8] {
    let kept = text.len() - text.iter().rev().take_while(|b| **b == b'0').count();
    match text[..kept].split_last() {
        Some((b'.', whole)) if kept < text.len() => whole,
        _ => text,
    }
}

/// Why a number could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberError {
    Syntax,
    /// Too far from zero; with the nearest number there is.
    Range(i64),
}

/// `strconv.ParseInt` to 64 bits. Base zero goes by the prefix and lets underscores separate digits.
pub(super) fn parse_int(text: &[u8], base: u32) -> Result<i64, NumberError> {
    let (negative, magnitude) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] | rest => (false, rest),
    };
    let limit = if negative { i64::MIN } else { i64::MAX };
    let n = parse_uint(magnitude, base).map_err(|error| match error {
        NumberError::Syntax => error,
        NumberError::Range(_) => NumberError::Range(limit),
    })?;
    let signed = if negative {
        0_i64.checked_sub_unsigned(n)
    } else {
        0_i64.checked_add_unsigned(n)
    };
    signed.ok_or(NumberError::Range(limit))
}

/// `strconv.ParseUint` to 64 bits.
pub(super) fn parse_uint(text: &[u8], base: u32) -> Result<u64, NumberError> {
    let (radix, digits) = match (base, text) {
        (0, [b'0', b'x' | b'X', rest @ ..]) if !rest.is_empty() => (16, rest),
        (0, [b'0', b'b' | b'B', rest @ ..]) if !rest.is_empty() => (2, rest),
        (0, [b'0', b'o' | b'O', rest @ ..] | [b'0', rest @ ..]) if !rest.is_empty() => (8, rest),
        (0, rest) => (10, rest),
        (base, rest) => (base, rest),
    };
    let underscores = base == 0 && digits.contains(&b'_');
    if digits.is_empty() {
        return Err(NumberError::Syntax);
    }
    let mut n = 0_u64;
    for byte in digits.iter().filter(|b| !(underscores && **b == b'_')) {
        let digit = char::from(*byte)
            .to_digit(radix)
            .ok_or(NumberError::Syntax)?;
        // What follows the digit that is too many is not looked at.
        n = n
            .checked_mul(u64::from(radix))
            .and_then(|n| n.checked_add(u64::from(digit)))
            .ok_or(NumberError::Range(i64::MAX))?;
    }
    if underscores && !underscores_separate(text) {
        return Err(NumberError::Syntax);
    }
    Ok(n)
}

/// Whether underscores stand between digits, or between the base prefix and a digit, only. The text
/// has no sign.
fn underscores_separate(text: &[u8]) -> bool {
    let (prefixed, hexadecimal) = match text {
        [b'0', b'x' | b'X', ..] => (true, true),
        [b'0', b'b' | b'B' | b'o' | b'O', ..] => (true, false),
        _ => (false, false),
    };
    let is_digit = |b: u8| b.is_ascii_digit() || hexadecimal && b.is_ascii_hexdigit();
    let (mut after_digit, mut after_underscore) = (prefixed, false);
    for &byte in &text[if prefixed { 2 } else { 0 }..] {
        let underscore = byte == b'_';
        if underscore && !after_digit || !underscore && !is_digit(byte) && after_underscore {
            return false;
        }
        after_digit = is_digit(byte);
        after_underscore = underscore;
    }
    !after_underscore
}

/// `strconv.ParseFloat`; out of range is an error, as the caller drops the value then.
pub(super) fn parse_float(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.contains('_') && !underscores_separate(unsigned.as_bytes()) {
        return None;
    }
    let plain = unsigned.replace('_', "");
    let magnitude = if plain.starts_with("0x") || plain.starts_with("0X") {
        hexadecimal(&plain[2..])?
    } else if plain.starts_with(['+', '-']) {
        return None;
    } else {
        let x: f64 = plain.parse().ok()?;
        let named = plain.starts_with(|c: char| c.is_ascii_alphabetic());
        Some(x).filter(|x| named || x.is_finite())?
    };
    Some(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

/// `1.8p3` after the `0x`; the exponent is required. Digits past the 15th only tell whether to round.
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let exponent = parse_int(exponent.as_bytes(), 10).ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut bits = 0_u64;
    let mut scale = exponent.clamp(-100_000, 100_000);
    for (i, c) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = u64::from(c.to_digit(16)?);
        if bits >> 58 == 0 {
            bits = bits << 4 | digit;
            if i >= whole.len() {
                scale -= 4;
            }
        } else {
            bits |= u64::from(digit != 0);
            if i < whole.len() {
                scale += 4;
            }
        }
    }
    let x = scaled(bits, scale);
    x.is_finite().then_some(x)
}

/// `bits * 2^scale`, rounded once.
#[expect(clippy::cast_precision_loss, reason = "this is the rounding")]
fn scaled(bits: u64, scale: i64) -> f64 {
    let mut x = bits as f64;
    let mut scale = scale;
    while scale > 0 && x.is_finite() && x != 0.0 {
        let step = scale.min(1000);
        x *= 2_f64.powi(i32::try_from(step).unwrap_or(0));
        scale -= step;
    }
    while scale < 0 && x != 0.0 {
        let step = (-scale).min(1000);
        x /= 2_f64.powi(i32::try_from(step).unwrap_or(0));
        scale += step;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_become_integers_by_their_prefix() {
        for (text, n) in [
            ("010", 8),
            ("08", 0),
            ("0x1F", 31),
            ("-0b11", -3),
            ("1_000", 1000),
            ("1__0", 0),
            ("0_7", 7),
            ("12.000", 12),
            ("12.5", 0),
            (" 1", 0),
            ("9223372036854775808", 0),
            ("", 0),
        ] {
            assert_eq!(to_int64(&Value::str(text)), n, "{text:?}");
        }
        assert_eq!(
            parse_int(b"99999999999999999999", 10),
            Err(NumberError::Range(i64::MAX))
        );
    }

    #[test]
    fn strings_become_floats_as_go_reads_them() {
        for (text, x) in [
            ("1.5", Some(1.5)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e400", None),
            ("inf", Some(f64::INFINITY)),
            ("1_0.5", Some(10.5)),
            ("1_.5", None),
            ("0x1p-2", Some(0.25)),
            ("0x10", None),
            ("", None),
        ] {
            assert_eq!(parse_float(text.as_bytes()), x, "{text:?}");
        }
    }

    #[test]
    fn floats_out_of_range_become_the_smallest_integer() {
        assert_eq!(truncate(1e19), i64::MIN);
        assert_eq!(truncate(f64::NAN), i64::MIN);
        assert_eq!(truncate(-3.9), -3);
    }
}
