//! Go's predefined functions.

mod call;
mod compare;
mod escape;
mod index;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::fmt;
use crate::funcs::{Args, Code, Func, FuncError, ReflectBody};
use crate::limits::Ctx;
use crate::slot::Slot;
use crate::types::Type;
use crate::value::Value;

pub(crate) use call::call;

/// The builtin called `name`.
pub(crate) fn find(name: &str) -> Option<&'static Func> {
    static BY_NAME: LazyLock<HashMap<&str, &Func>> =
        LazyLock::new(|| TABLE.iter().map(|func| (func.name(), func)).collect());
    BY_NAME.get(name).copied()
}

const R: Type = Type::Reflect;

static TABLE: &[Func] = &[
    Func::with_code("and", &[R, R], true, R, Code::And),
    Func::with_code("or", &[R, R], true, R, Code::Or),
    Func::with_code("call", &[R, R], true, R, Code::Call),
    reflective("index", &[R, R], true, index::index),
    reflective("slice", &[R, R], true, index::slice),
    reflective("len", &[R], false, index::len),
    reflective("not", &[R], false, not),
    reflective("eq", &[R, R], true, compare::eq),
    reflective("ne", &[R, R], false, compare::ne),
    reflective("lt", &[R, R], false, compare::lt),
    reflective("le", &[R, R], false, compare::le),
    reflective("gt", &[R, R], false, compare::gt),
    reflective("ge", &[R, R], false, compare::ge),
    Func::variadic("html", &[Type::Any], Type::String, escape::html),
    Func::variadic("js", &[Type::Any], Type::String, escape::js),
    Func::variadic("urlquery", &[Type::Any], Type::String, escape::urlquery),
    Func::variadic("print", &[Type::Any], Type::String, print),
    Func::variadic("printf", &[Type::String, Type::Any], Type::String, printf),
    Func::variadic("println", &[Type::Any], Type::String, println),
];

const fn reflective(
    name: &'static str,
    params: &'static [Type],
    variadic: bool,
    body: ReflectBody,
) -> Func {
    Func::with_code(name, params, variadic, R, Code::Reflect(body))
}

#[expect(clippy::unnecessary_wraps, reason = "the type of a builtin's body")]
fn not(_: &mut Ctx, args: &[Slot]) -> Result<Slot, FuncError> {
    Ok(boolean(!args[0].is_true()))
}

fn boolean(b: bool) -> Slot {
    Slot::Concrete(Value::Bool(b))
}

fn print(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(fmt::sprint(ctx, args.all())?))
}

fn println(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(fmt::sprintln(ctx, args.all())?))
}

fn printf(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(fmt::sprintf(ctx, args.str(0)?, args.rest(1))?))
}
