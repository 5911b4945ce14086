//! Text as numbers: Go's `strconv`.

/// Why a number could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberError {
    Syntax,
    /// Too far from zero; with the nearest number there is.
    Range(i64),
}

/// `strconv.ParseInt` to 64 bits. Base zero goes by the prefix and lets underscores separate digits.
pub(crate) fn parse_int(text: &[u8], base: u32) -> Result<i64, NumberError> {
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
pub(crate) fn parse_uint(text: &[u8], base: u32) -> Result<u64, NumberError> {
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
pub(crate) fn parse_float(text: &[u8]) -> Option<f64> {
    let named = |b: &u8| b.is_ascii_alphabetic();
    let unsigned = text.strip_prefix(b"-").or(text.strip_prefix(b"+"));
    let is_named = unsigned.unwrap_or(text).first().is_some_and(named);
    read_float(text).filter(|x| is_named || x.is_finite())
}

/// The float, infinite where it is out of range.
pub(crate) fn read_float(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.len() < text.len() && unsigned.starts_with(['n', 'N']) {
        // Only infinity has a sign.
        return None;
    }
    if unsigned.contains('_') && !underscores_separate(unsigned.as_bytes()) {
        return None;
    }
    let plain = unsigned.replace('_', "");
    let magnitude = if plain.starts_with("0x") || plain.starts_with("0X") {
        hexadecimal(&plain[2..])?
    } else if plain.starts_with(['+', '-']) {
        return None;
    } else {
        plain.parse().ok()?
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
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut bits = 0_u64;
    let mut scale = binary_exponent(exponent)?;
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
    Some(scaled(bits, scale))
}

/// An exponent as Go reads it: beyond some size, more of it makes no difference.
fn binary_exponent(text: &str) -> Option<i64> {
    const MAX: i64 = 10_000;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits.parse().unwrap_or(MAX).min(MAX);
    Some(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

/// `bits * 2^scale`, rounded once, half to even; infinity if that is too large.
#[expect(clippy::cast_precision_loss, reason = "no more than 53 bits are left")]
fn scaled(bits: u64, scale: i64) -> f64 {
    const MANTISSA_BITS: i64 = 53;
    /// The exponents of the last bit of the smallest number and the first of the largest.
    const EXPONENTS: (i64, i64) = (-1074, 1023);
    let first = scale + i64::from(u64::BITS - bits.leading_zeros()) - 1;
    if bits == 0 || first < EXPONENTS.0 - 1 {
        return 0.0;
    }
    if first > EXPONENTS.1 {
        return f64::INFINITY;
    }
    let last = (first - MANTISSA_BITS + 1).max(EXPONENTS.0).max(scale);
    let dropped = u32::try_from(last - scale).unwrap_or(0);
    let kept = u128::from(bits) >> dropped;
    let rest = u128::from(bits) - (kept << dropped);
    let half = (1_u128 << dropped) / 2;
    let up = rest > half || rest == half && dropped > 0 && kept % 2 == 1;
    // In two steps: the power of two alone may be out of range.
    let power = i32::try_from(last).unwrap_or(0);
    let mantissa = (kept + u128::from(up)) as f64;
    mantissa * 2_f64.powi(power / 2) * 2_f64.powi(power - power / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_stop_at_the_digit_that_is_too_many() {
        for (text, want) in [
            ("99999999999999999999", Err(NumberError::Range(i64::MAX))),
            ("-99999999999999999999x", Err(NumberError::Range(i64::MIN))),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("9x", Err(NumberError::Syntax)),
        ] {
            assert_eq!(parse_int(text.as_bytes(), 10), want, "{text}");
        }
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
            ("0x1p-1074", Some(5e-324)),
            ("0x1.8p-1074", Some(1e-323)),
            ("0x1.fffffffffffff8p1023", None),
            ("0x1p-99999999999999999999", Some(0.0)),
            ("-inf", Some(f64::NEG_INFINITY)),
            ("+nan", None),
            ("0x10", None),
            ("", None),
        ] {
            assert_eq!(parse_float(text.as_bytes()), x, "{text:?}");
        }
    }
}
