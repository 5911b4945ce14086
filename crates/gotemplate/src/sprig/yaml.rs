//! `toYaml`: values go through JSON first, as External Secrets' library has it, and then to YAML in
//! the style of Go's `yaml.v2`.

use std::cmp::Ordering;

use crate::bytestr::Str;
use crate::float;
use crate::funcs::{Args, Func, FuncError};
use crate::json::{self, Numbers, Style};
use crate::limits::Ctx;
use crate::value::Value;

use super::cast::{parse_float, parse_int, parse_uint};
use super::letters::{chars, is_letter};
use super::yaml_emit::Emitter;
use super::{ANY, TEXT};

pub(super) static TABLE: &[Func] = &[Func::fixed("toYaml", &[ANY], TEXT, to_yaml)];

/// What has no JSON or whose JSON has characters YAML forbids gives the empty string.
fn to_yaml(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let encoded = match json::encode(ctx, args.value(0)?, Style::COMPACT) {
        Ok(encoded) => encoded,
        Err(error) if error.limit().is_some() => return Err(error),
        Err(_) => return Ok(Value::str("")),
    };
    if !chars(&encoded).all(is_readable) {
        return Ok(Value::str(""));
    }
    ctx.charge(encoded.len() / 16)?;
    ctx.reserve(encoded.len().saturating_mul(4))?;
    let value = json::parse(&encoded, Numbers::Text).unwrap_or_default();
    let mut emitter = Emitter::new();
    write(&mut emitter, &value);
    let text = emitter.into_bytes();
    Ok(Value::str(text.strip_suffix(b"\n").unwrap_or(&text)))
}

/// The characters YAML text may have.
fn is_readable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}')
        || matches!(c, '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Recurses no deeper than the JSON encoder did.
fn write(emitter: &mut Emitter, value: &Value) {
    match value {
        Value::List(list) => emitter.sequence(list.items(), write),
        Value::Map(map) => {
            let mut entries = map.entries();
            entries.sort_by(|(a, _), (b, _)| natural_order(a, b));
            emitter.mapping(&entries, write_key, write);
        }
        Value::Bool(b) => emitter.plain(if *b { "true" } else { "false" }),
        Value::Number(text) => emitter.plain(&number(text)),
        Value::Str(text) => emitter.string(text, is_plain(text)),
        _ => emitter.plain("null"),
    }
}

fn write_key(emitter: &mut Emitter, key: &Str) {
    emitter.string(key, is_plain(key));
}

/// A number as it comes out of YAML again: integers that fit stay, all else is a float.
fn number(text: &[u8]) -> String {
    if let Ok(n) = parse_int(text, 0) {
        return n.to_string();
    }
    if let Ok(n) = parse_uint(text, 0) {
        return n.to_string();
    }
    float::format(parse_float(text).unwrap_or(f64::INFINITY), b'g', None)
}

/// Whether a string is still a string when it stands without quotes.
fn is_plain(text: &[u8]) -> bool {
    const WORDS: &[&[u8]] = &[
        b"", b"y", b"Y", b"yes", b"Yes", b"YES", b"true", b"True", b"TRUE", b"on", b"On", b"ON",
        b"n", b"N", b"no", b"No", b"NO", b"false", b"False", b"FALSE", b"off", b"Off", b"OFF",
        b"~", b"null", b"Null", b"NULL", b".nan", b".NaN", b".NAN", b".inf", b".Inf", b".INF",
        b"+.inf", b"+.Inf", b"+.INF", b"-.inf", b"-.Inf", b"-.INF",
    ];
    if WORDS.contains(&text) {
        return false;
    }
    match text.first() {
        Some(b'.') => parse_float(text).is_none(),
        Some(b'+' | b'-' | b'0'..=b'9') => {
            let digits: Vec<u8> = text.iter().copied().filter(|b| *b != b'_').collect();
            let is_number = parse_int(&digits, 0).is_ok()
                || parse_uint(&digits, 0).is_ok()
                || is_decimal(&digits) && parse_float(&digits).is_some();
            !(is_number || is_timestamp(text) || is_base60(text))
        }
        _ => true,
    }
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

fn is_timestamp(text: &[u8]) -> bool {
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

/// `12:30:45`, which older YAML takes for a number to base 60.
fn is_base60(text: &[u8]) -> bool {
    let unsigned = match text {
        [b'+' | b'-', rest @ ..] | rest => rest,
    };
    let mut parts = unsigned.split(|b| *b == b':');
    let digits = |part: &[u8]| part.iter().all(|b| b.is_ascii_digit() || *b == b'_');
    let first = parts.next().unwrap_or_default();
    if !first.first().is_some_and(u8::is_ascii_digit) || !digits(first) {
        return false;
    }
    let rest: Vec<&[u8]> = parts.collect();
    let Some((last, middle)) = rest.split_last() else {
        return false;
    };
    let sixty = |part: &[u8]| match part {
        [b'0'..=b'9'] => true,
        [tens, ones] => (b'0'..=b'5').contains(tens) && ones.is_ascii_digit(),
        _ => false,
    };
    let (last, fraction) = match last.iter().position(|b| *b == b'.') {
        Some(point) => last.split_at(point),
        None => (*last, &b""[..]),
    };
    middle.iter().all(|part| sixty(part))
        && sixty(last)
        && fraction.iter().skip(1).all(|b| digits(&[*b]))
}

/// Letters after other characters, numbers by value.
fn natural_order(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (chars(a).collect(), chars(b).collect());
    let Some(at) = a.iter().zip(&b).position(|(left, right)| left != right) else {
        return a.len().cmp(&b.len());
    };
    let (left, right) = (a[at], b[at]);
    match (is_letter(left), is_letter(right)) {
        (true, true) => return left.cmp(&right),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero within a number is no leading one.
    let mut before = a[..at].iter().rev().take_while(|c| c.is_ascii_digit());
    let within = (left == '0' || right == '0') && before.any(|c| *c != '0');
    let value = |text: &[char]| {
        let digits: Vec<u32> = text[at..].iter().map_while(|c| c.to_digit(10)).collect();
        let number = digits.iter().fold(i64::from(within), |number, digit| {
            number.wrapping_mul(10).wrapping_add(i64::from(*digit))
        });
        (number, digits.len())
    };
    value(&a).cmp(&value(&b)).then(left.cmp(&right))
}
