//! `html`, `js` and `urlquery`.

use crate::fmt;
use crate::funcs::{Args, FuncError};
use crate::limits::Ctx;
use crate::runes;
use crate::value::Value;

pub(super) fn html(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let text = text_of(ctx, args)?;
    let mut out = Vec::with_capacity(text.len());
    for &byte in &text {
        match byte {
            0 => out.extend_from_slice("\u{fffd}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            byte => out.push(byte),
        }
    }
    Ok(Value::str(out))
}

pub(super) fn js(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let text = text_of(ctx, args)?;
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_slice();
    while !rest.is_empty() {
        let (c, width) = runes::decode(rest);
        match c {
            '\\' | '\'' | '"' => out.extend_from_slice(&[b'\\', rest[0]]),
            '<' | '>' | '&' | '=' | '\0'..='\x1f' => push_escape(&mut out, c),
            c if c.is_ascii() || runes::is_print(c) => out.extend_from_slice(&rest[..width]),
            c => push_escape(&mut out, c),
        }
        rest = &rest[width..];
    }
    Ok(Value::str(out))
}

fn push_escape(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(format!("\\u{:04X}", u32::from(c)).as_bytes());
}

pub(super) fn urlquery(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let text = text_of(ctx, args)?;
    let mut out = Vec::with_capacity(text.len());
    for &byte in &text {
        match byte {
            b' ' => out.push(b'+'),
            b'-' | b'_' | b'.' | b'~' => out.push(byte),
            byte if byte.is_ascii_alphanumeric() => out.push(byte),
            byte => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    Ok(Value::str(out))
}

/// The arguments as one text; nil reads as it does in an action.
fn text_of(ctx: &mut Ctx, args: &Args<'_>) -> Result<Vec<u8>, FuncError> {
    if let [Value::Str(text)] = args.all() {
        return Ok(text.to_vec());
    }
    let shown: Vec<Value> = args
        .all()
        .iter()
        .map(|value| match value {
            Value::Nil => Value::str("<no value>"),
            value => value.clone(),
        })
        .collect();
    Ok(fmt::sprint(ctx, &shown)?)
}
