//! Values as numbers, by the rules of the Go library `cast`: what does not convert is zero.

use crate::named::Named;
use crate::strconv::{parse_float, parse_int};
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
    }

    #[test]
    fn floats_out_of_range_become_the_smallest_integer() {
        assert_eq!(truncate(1e19), i64::MIN);
        assert_eq!(truncate(f64::NAN), i64::MIN);
        assert_eq!(truncate(-3.9), -3);
    }
}
