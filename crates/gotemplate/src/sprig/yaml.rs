//! `toYaml` and `fromYaml`: values go through JSON, as External Secrets' library has it, and to and
//! from YAML as Go's `yaml.v2` does.

use std::cmp::Ordering;

use crate::bytestr::Str;
use crate::float;
use crate::funcs::{Args, Func, FuncError};
use crate::json::{self, Numbers, Style};
use crate::limits::Ctx;
use crate::map::Map;
use crate::strconv::{parse_float, parse_int, parse_uint};
use crate::types::Type;
use crate::value::Value;

use super::letters::{chars, is_letter};
use super::yaml_decode;
use super::yaml_emit::Emitter;
use super::yaml_nodes::Fault;
use super::yaml_resolve::{Scalar, is_timestamp, resolve};
use super::{ANY, TEXT};

pub(super) static TABLE: &[Func] = &[
    Func::fixed("fromYaml", &[TEXT], MAP, from_yaml),
    Func::fixed("toYaml", &[ANY], TEXT, to_yaml),
];

const MAP: Type = Type::Map(&Type::Any);

/// What cannot be read gives a map that has the complaint under `Error`.
fn from_yaml(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let text = args.str(0)?;
    ctx.charge(text.len() / 16)?;
    match yaml_decode::decode(ctx, text) {
        Ok(map) => Ok(map.into()),
        Err(Fault::Limit(limit)) => Err(limit.into()),
        Err(Fault::Text(complaint)) => {
            let entry = ("Error".into(), Value::str(complaint));
            Ok(Map::from_iter([entry]).into())
        }
    }
}

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
pub(super) fn is_readable(c: char) -> bool {
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
    match parse_float(text) {
        Some(x) => float::format(x, b'g', None),
        // Too large for a number, it is read back as a string.
        None => String::from_utf8_lossy(text).into_owned(),
    }
}

/// Whether a string is still a string when it stands without quotes.
fn is_plain(text: &[u8]) -> bool {
    matches!(resolve(text), Scalar::Text) && !is_timestamp(text) && !is_base60(text)
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
