//! Defaults and choices.

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::value::Value;

use super::{ANY, BOOL, TEXT};

pub(super) static TABLE: &[Func] = &[
    Func::variadic("all", &[ANY], BOOL, all),
    Func::variadic("any", &[ANY], BOOL, any),
    Func::variadic("coalesce", &[ANY], ANY, coalesce),
    Func::variadic("default", &[ANY, ANY], ANY, default),
    Func::fixed("empty", &[ANY], BOOL, empty),
    Func::fixed("fail", &[TEXT], TEXT, fail),
    Func::fixed("ternary", &[ANY, ANY, BOOL], ANY, ternary),
];

/// Nil, zero, false, or of length zero. Host objects are structs or pointers and never empty.
pub(super) fn is_empty(value: &Value) -> bool {
    !value.is_true()
}

fn empty(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(is_empty(args.value(0)?).into())
}

fn default(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(match args.rest(1).first() {
        Some(given) if !is_empty(given) => given.clone(),
        _ => args.value(0)?.clone(),
    })
}

fn coalesce(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let found = args.all().iter().find(|value| !is_empty(value));
    Ok(found.cloned().unwrap_or_default())
}

fn all(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok((!args.all().iter().any(is_empty)).into())
}

fn any(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(args.all().iter().any(|value| !is_empty(value)).into())
}

fn ternary(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(args.value(usize::from(!args.bool(2)?))?.clone())
}

/// The message is the template author's; it may well quote a secret.
fn fail(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Err(FuncError::revealing(
        args.str(0)?.to_text().into_owned(),
        "the template called fail",
    ))
}
