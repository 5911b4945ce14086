//! `toJson`, `fromJson` and their variants.

use crate::funcs::{Args, Func, FuncError};
use crate::json::{self, Numbers, Style};
use crate::limits::Ctx;
use crate::value::Value;

use super::{ANY, TEXT};

pub(super) static TABLE: &[Func] = &[
    Func::fixed("fromJson", &[TEXT], ANY, from_json),
    Func::fixed("mustFromJson", &[TEXT], ANY, must_from_json),
    Func::fixed("mustToJson", &[ANY], TEXT, must_to_json),
    Func::fixed("mustToPrettyJson", &[ANY], TEXT, must_to_pretty_json),
    Func::fixed("mustToRawJson", &[ANY], TEXT, to_raw_json),
    Func::fixed("toJson", &[ANY], TEXT, to_json),
    Func::fixed("toPrettyJson", &[ANY], TEXT, to_pretty_json),
    Func::fixed("toRawJson", &[ANY], TEXT, to_raw_json),
];

/// What cannot be encoded gives the empty string; running into a limit is an error all the same.
fn or_empty(result: Result<Vec<u8>, FuncError>) -> Result<Value, FuncError> {
    match result {
        Ok(text) => Ok(Value::str(text)),
        Err(error) if error.limit().is_some() => Err(error),
        Err(_) => Ok(Value::str("")),
    }
}

fn to_json(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    or_empty(json::encode(ctx, args.value(0)?, Style::COMPACT))
}

fn must_to_json(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    json::encode(ctx, args.value(0)?, Style::COMPACT).map(Value::str)
}

fn to_pretty_json(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    or_empty(json::encode(ctx, args.value(0)?, Style::PRETTY))
}

fn must_to_pretty_json(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    json::encode(ctx, args.value(0)?, Style::PRETTY).map(Value::str)
}

fn to_raw_json(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    json::encode(ctx, args.value(0)?, Style::RAW).map(Value::str)
}

/// What is no JSON gives nil, and so does a number that is too large.
fn from_json(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    pay(ctx, args.str(0)?)?;
    let parsed = json::parse_what_fits(args.str(0)?, Numbers::Float);
    Ok(parsed.map(|(value, _)| value).unwrap_or_default())
}

fn must_from_json(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    pay(ctx, args.str(0)?)?;
    json::parse(args.str(0)?, Numbers::Float)
        .map_err(|error| FuncError::revealing(error.to_string(), "the text is not JSON"))
}

/// Two bytes of text (`1,`) can make a value.
fn pay(ctx: &mut Ctx, text: &[u8]) -> Result<(), FuncError> {
    ctx.charge(text.len() / 16)?;
    Ok(ctx.reserve((text.len() / 2).saturating_mul(size_of::<Value>()))?)
}
