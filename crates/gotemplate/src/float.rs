//! Floating-point numbers as text: Go's `strconv.FormatFloat` for `float64`.

/// Digits beyond which every further one of a `float64` is zero.
const EXACT_DIGITS: usize = 1100;

/// Formats like `strconv.FormatFloat(x, verb, prec, 64)`; no precision means the shortest form that
/// reads back the same. Unknown verbs are taken for `g`.
pub(crate) fn format(x: f64, verb: u8, prec: Option<usize>) -> String {
    if x.is_nan() {
        return "NaN".into();
    }
    if x.is_infinite() {
        return if x > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    match verb {
        b'b' => binary(x),
        b'x' => hexadecimal(x, prec),
        b'X' => hexadecimal(x, prec).to_uppercase(),
        b'f' => fixed(x, prec),
        b'e' => scientific(&Digits::of(x, prec.map(|p| p + 1)), prec, 'e'),
        b'E' => scientific(&Digits::of(x, prec.map(|p| p + 1)), prec, 'E'),
        b'G' => general(x, prec, 'E'),
        _ => general(x, prec, 'e'),
    }
}

/// Decimal digits `d.ddd` times ten to `exp`.
struct Digits {
    negative: bool,
    text: String,
    exp: i32,
}

impl Digits {
    /// The shortest digits, or exactly `count` of them, rounded.
    fn of(x: f64, count: Option<usize>) -> Self {
        let text = match count {
            None => format!("{:e}", x.abs()),
            Some(count) => {
                let exact = (count.max(1) - 1).min(EXACT_DIGITS);
                format!("{:.exact$e}", x.abs())
            }
        };
        let (mantissa, exp) = text.split_once('e').unwrap_or((&text, "0"));
        let mut digits = mantissa.replace('.', "");
        if let Some(count) = count {
            pad_zeros(&mut digits, count);
        }
        Self {
            negative: x.is_sign_negative(),
            text: digits,
            exp: exp.parse().unwrap_or(0),
        }
    }
}

fn pad_zeros(text: &mut String, len: usize) {
    text.extend(std::iter::repeat_n('0', len.saturating_sub(text.len())));
}

fn fixed(x: f64, prec: Option<usize>) -> String {
    match prec {
        None => {
            // Rust's own display of a float is the shortest digits, never with an exponent.
            format!("{x}")
        }
        Some(prec) => {
            let exact = prec.min(EXACT_DIGITS);
            let mut text = format!("{x:.exact$}");
            let len = text.len() + (prec - exact);
            pad_zeros(&mut text, len);
            text
        }
    }
}

fn scientific(d: &Digits, prec: Option<usize>, mark: char) -> String {
    let (first, rest) = d.text.split_at(1);
    let mut out = String::new();
    if d.negative {
        out.push('-');
    }
    out.push_str(first);
    let wanted = prec.unwrap_or(rest.len());
    if wanted > 0 {
        out.push('.');
        out.push_str(&rest[..rest.len().min(wanted)]);
    }
    let sign = if d.exp < 0 { '-' } else { '+' };
    let exp = d.exp.abs();
    format!("{out}{mark}{sign}{exp:02}")
}

/// `%g`: scientific for small and large exponents, else positional.
fn general(x: f64, prec: Option<usize>, mark: char) -> String {
    let prec = prec.map(|p| p.max(1));
    let mut d = Digits::of(x, prec);
    let significant = d.text.trim_end_matches('0').len().max(1);
    d.text.truncate(significant);
    // The shortest form decides as if it had been asked for six digits.
    let threshold = i64::try_from(prec.unwrap_or(6)).unwrap_or(i64::MAX);
    if d.exp < -4 || i64::from(d.exp) >= threshold {
        let shown = significant - 1;
        return scientific(&d, Some(shown), mark);
    }
    positional(&d)
}

fn positional(d: &Digits) -> String {
    let mut out = String::new();
    if d.negative {
        out.push('-');
    }
    let point = d.exp + 1;
    match usize::try_from(point) {
        Ok(whole) if whole >= d.text.len() => {
            out.push_str(&d.text);
            out.extend(std::iter::repeat_n('0', whole - d.text.len()));
        }
        Ok(whole) if whole > 0 => {
            out.push_str(&d.text[..whole]);
            out.push('.');
            out.push_str(&d.text[whole..]);
        }
        _ => {
            out.push_str("0.");
            out.extend((point..0).map(|_| '0'));
            out.push_str(&d.text);
        }
    }
    out
}

const MANTISSA_BITS: u32 = 52;
const BIAS: i32 = 1023;

/// Mantissa with its implicit bit, and the biased exponent (1 for subnormals).
fn parts(x: f64) -> (u64, i32) {
    let bits = x.to_bits();
    let mantissa = bits & ((1 << MANTISSA_BITS) - 1);
    // Eleven bits always fit.
    let exp = i32::try_from((bits >> MANTISSA_BITS) & 0x7ff).unwrap_or(0);
    if exp == 0 {
        (mantissa, 1)
    } else {
        (mantissa | (1 << MANTISSA_BITS), exp)
    }
}

/// `%b`: the mantissa as a decimal integer and a power of two.
fn binary(x: f64) -> String {
    let (mantissa, exp) = parts(x);
    let sign = if x.is_sign_negative() { "-" } else { "" };
    format!("{sign}{mantissa}p{:+}", exp - BIAS - 52)
}

/// `%x`: `0x1.8p+01`.
fn hexadecimal(x: f64, prec: Option<usize>) -> String {
    let (mut mantissa, mut exp) = parts(x);
    exp -= BIAS;
    if mantissa == 0 {
        exp = 0;
    }
    // One bit before the point, sixty after it: fifteen hexadecimal digits.
    mantissa <<= 60 - MANTISSA_BITS;
    while mantissa != 0 && mantissa & (1 << 60) == 0 {
        mantissa <<= 1;
        exp -= 1;
    }
    if let Some(prec) = prec.filter(|&p| p < 15) {
        let shift = u32::try_from(prec * 4).unwrap_or(60);
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exp += 1;
        }
    }
    let mut digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    match prec {
        None => digits.truncate(digits.trim_end_matches('0').len()),
        Some(prec) => {
            digits.truncate(prec);
            pad_zeros(&mut digits, prec);
        }
    }
    let sign = if x.is_sign_negative() { "-" } else { "" };
    let point = if digits.is_empty() { "" } else { "." };
    let exp_sign = if exp < 0 { '-' } else { '+' };
    format!(
        "{sign}0x{}{point}{digits}p{exp_sign}{:02}",
        (mantissa >> 60) & 1,
        exp.abs()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_match_go() {
        let cases: &[(f64, u8, Option<usize>, &str)] = &[
            (1e21, b'g', None, "1e+21"),
            (1e6, b'g', None, "1e+06"),
            (100_000.0, b'g', None, "100000"),
            (1e-7, b'f', None, "0.0000001"),
            (0.05, b'g', None, "0.05"),
            (123_456_789.0, b'g', None, "1.23456789e+08"),
            (0.0001, b'g', None, "0.0001"),
            (0.000_01, b'g', None, "1e-05"),
            (-0.0, b'g', None, "-0"),
            (100_000.0, b'g', Some(3), "1e+05"),
            (1234.5678, b'g', Some(6), "1234.57"),
            (0.000_012_345, b'g', Some(3), "1.23e-05"),
            (2.5, b'f', Some(0), "2"),
            (1.0, b'e', Some(6), "1.000000e+00"),
            (1.5, b'e', None, "1.5e+00"),
            (1e300, b'E', Some(2), "1.00E+300"),
            (1.0, b'x', None, "0x1p+00"),
            (3.25, b'x', None, "0x1.ap+01"),
            (1.0, b'x', Some(3), "0x1.000p+00"),
            (1.0, b'b', None, "4503599627370496p-52"),
            (f64::INFINITY, b'g', None, "+Inf"),
        ];
        for &(x, verb, prec, want) in cases {
            assert_eq!(
                format(x, verb, prec),
                want,
                "{x} %{} {prec:?}",
                verb as char
            );
        }
    }
}
