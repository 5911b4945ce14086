//! Base64, base32 and hexadecimal. The decoders give their complaint as the value, as sprig does.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::value::Value;

use super::TEXT;

pub(super) static TABLE: &[Func] = &[
    Func::fixed("b32dec", &[TEXT], TEXT, b32dec),
    Func::fixed("b32enc", &[TEXT], TEXT, b32enc),
    Func::fixed("b64dec", &[TEXT], TEXT, b64dec),
    Func::fixed("b64enc", &[TEXT], TEXT, b64enc),
    Func::fixed("hexdec", &[TEXT], TEXT, hexdec),
];

fn b64enc(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(base64_encode(args.str(0)?)))
}

fn b64dec(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(base64_decode(args.str(0)?).map_or_else(Value::str, Value::str))
}

fn b32enc(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(base32_encode(args.str(0)?)))
}

fn b32dec(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(base32_decode(args.str(0)?).map_or_else(Value::str, Value::str))
}

fn hexdec(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(hex_decode(args.str(0)?).map_or_else(Value::str, Value::str))
}

/// `base64.StdEncoding.EncodeToString`
pub(super) fn base64_encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// `base64.StdEncoding.DecodeString`: line breaks are skipped, unused bits ignored.
pub(super) fn base64_decode(text: &[u8]) -> Result<Vec<u8>, String> {
    let corrupt = |at: usize| format!("illegal base64 data at input byte {at}");
    let skip_breaks = |mut at: usize| {
        while matches!(text.get(at), Some(b'\n' | b'\r')) {
            at += 1;
        }
        at
    };
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut at = 0;
    loop {
        let mut quantum = 0_u32;
        let mut digits = 0;
        while digits < 4 {
            let Some(&byte) = text.get(at) else {
                return if digits == 0 {
                    Ok(out)
                } else {
                    Err(corrupt(at - digits))
                };
            };
            at += 1;
            match byte {
                b'\n' | b'\r' => {}
                b'=' if digits < 2 => return Err(corrupt(at - 1)),
                b'=' => {
                    if digits == 2 {
                        at = skip_breaks(at);
                        match text.get(at) {
                            None => return Err(corrupt(text.len())),
                            Some(b'=') => at += 1,
                            Some(_) => return Err(corrupt(at - 1)),
                        }
                    }
                    at = skip_breaks(at);
                    if at < text.len() {
                        return Err(corrupt(at));
                    }
                    let bytes = (quantum << (6 * (4 - digits))).to_be_bytes();
                    out.extend_from_slice(&bytes[1..digits]);
                    return Ok(out);
                }
                byte => {
                    let digit = base64_digit(byte).ok_or_else(|| corrupt(at - 1))?;
                    quantum = quantum << 6 | u32::from(digit);
                    digits += 1;
                }
            }
        }
        out.extend_from_slice(&quantum.to_be_bytes()[1..]);
    }
}

fn base64_digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

fn base32_encode(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = Vec::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut quantum = [0; 8];
        quantum[3..3 + chunk.len()].copy_from_slice(chunk);
        let quantum = u64::from_be_bytes(quantum);
        let used = (chunk.len() * 8).div_ceil(5);
        for i in 0..8 {
            let digit = usize::try_from(quantum >> (35 - 5 * i) & 31).unwrap_or(0);
            out.push(if i < used { DIGITS[digit] } else { b'=' });
        }
    }
    out
}

/// `base32.StdEncoding.DecodeString`: line breaks are taken out first, so positions are without.
/// What was decoded before the fault is lost, as the caller gets the complaint instead.
fn base32_decode(text: &[u8]) -> Result<Vec<u8>, String> {
    let corrupt = |at: usize| format!("illegal base32 data at input byte {at}");
    let text: Vec<u8> = text
        .iter()
        .copied()
        .filter(|b| !matches!(b, b'\n' | b'\r'))
        .collect();
    let mut out = Vec::with_capacity(text.len() / 8 * 5);
    let mut at = 0;
    while at < text.len() {
        let mut quantum = 0_u64;
        let mut digits = 0;
        let mut end = false;
        while digits < 8 {
            let Some(&byte) = text.get(at) else {
                return Err(corrupt(at - digits));
            };
            at += 1;
            let left = text.len() - at;
            if byte == b'=' && digits >= 2 && left < 8 {
                if left + digits < 7 {
                    return Err(corrupt(text.len()));
                }
                let padding = text[at..].iter().take(7 - digits);
                if let Some(wrong) = padding.into_iter().position(|b| *b != b'=') {
                    return Err(corrupt(at + wrong - 1));
                }
                if matches!(digits, 3 | 6) {
                    return Err(corrupt(at - 1));
                }
                end = true;
                break;
            }
            let digit = base32_digit(byte).ok_or_else(|| corrupt(at - 1))?;
            quantum = quantum << 5 | u64::from(digit);
            digits += 1;
        }
        let bytes = (quantum << (5 * (8 - digits))).to_be_bytes();
        out.extend_from_slice(&bytes[3..3 + digits * 5 / 8]);
        if end {
            break;
        }
    }
    Ok(out)
}

fn base32_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => None,
    }
}

/// `hex.DecodeString`
fn hex_decode(text: &[u8]) -> Result<Vec<u8>, String> {
    let digit = |byte: u8| {
        char::from(byte).to_digit(16).ok_or_else(|| {
            // As `%#U` writes it: the character itself, where it can be printed.
            let c = char::from(byte);
            let shown = if crate::runes::is_print(c) {
                format!(" '{c}'")
            } else {
                String::new()
            };
            format!("encoding/hex: invalid byte: U+{byte:04X}{shown}")
        })
    };
    let mut out = Vec::with_capacity(text.len() / 2);
    for pair in text.chunks(2) {
        let high = digit(pair[0])?;
        let Some(&low) = pair.get(1) else {
            return Err("encoding/hex: odd length hex string".into());
        };
        out.push(u8::try_from(high << 4 | digit(low)?).unwrap_or(0));
    }
    Ok(out)
}

/// Lower-case hexadecimal.
pub(super) fn hex_encode(bytes: &[u8]) -> String {
    use std::fmt::Write;

    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_faults_are_where_go_sees_them() {
        for (text, at) in [
            ("Zg", 0),
            ("Zg=", 3),
            ("Z", 0),
            ("Zm9v!", 4),
            ("Zg==x", 4),
            ("=", 0),
        ] {
            let error = base64_decode(text.as_bytes()).unwrap_err();
            assert_eq!(
                error,
                format!("illegal base64 data at input byte {at}"),
                "{text}"
            );
        }
        assert_eq!(base64_decode(b"Zm9v\nYg==\r\n").unwrap(), b"foob");
    }

    #[test]
    fn base32_reads_what_it_writes() {
        for text in ["", "f", "fo", "foo", "foob", "fooba", "foobar"] {
            let encoded = base32_encode(text.as_bytes());
            assert_eq!(base32_decode(&encoded).unwrap(), text.as_bytes());
        }
        assert_eq!(base32_encode(b"foob"), b"MZXW6YQ=");
        assert_eq!(
            base32_decode(b"MZXW6Y").unwrap_err(),
            "illegal base32 data at input byte 0"
        );
    }
}
