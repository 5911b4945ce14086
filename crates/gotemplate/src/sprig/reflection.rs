//! Types, kinds, deep equality.

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::value::Value;

use super::{ANY, BOOL, TEXT};

pub(super) static TABLE: &[Func] = &[
    Func::fixed("deepEqual", &[ANY, ANY], BOOL, deep_equal),
    Func::fixed("kindIs", &[TEXT, ANY], BOOL, kind_is),
    Func::fixed("kindOf", &[ANY], TEXT, kind_of),
    Func::fixed("typeIs", &[TEXT, ANY], BOOL, type_is),
    Func::fixed("typeIsLike", &[TEXT, ANY], BOOL, type_is_like),
    Func::fixed("typeOf", &[ANY], TEXT, type_of),
];

fn type_name(ctx: &mut Ctx, value: &Value) -> Result<Vec<u8>, FuncError> {
    Ok(crate::fmt::sprintf(
        ctx,
        b"%T",
        std::slice::from_ref(value),
    )?)
}

fn type_of(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(type_name(ctx, args.value(0)?)?))
}

fn type_is(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let name = type_name(ctx, args.value(1)?)?;
    Ok((name == args.str(0)?.as_bytes()).into())
}

fn type_is_like(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let target = args.str(0)?.as_bytes();
    let name = type_name(ctx, args.value(1)?)?;
    Ok((name == target || name.strip_prefix(b"*") == Some(target)).into())
}

fn kind_of(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(args.value(0)?.kind().name()))
}

fn kind_is(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let name = args.value(1)?.kind().name();
    Ok((name.as_bytes() == args.str(0)?.as_bytes()).into())
}

fn deep_equal(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (a, b) = (args.value(0)?, args.value(1)?);
    ctx.charge(match a {
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        _ => 0,
    })?;
    Ok(a.deep_equal(b).into())
}
