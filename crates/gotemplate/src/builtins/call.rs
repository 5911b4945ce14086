//! `call`: function values.

use crate::funcs::{Args, Code, FuncError};
use crate::limits::Ctx;
use crate::slot::Slot;
use crate::types::Type;
use crate::value::Value;

/// Calls the function in the first slot with the others; `callee` is how the template names it.
pub(crate) fn call(ctx: &mut Ctx, callee: &str, slots: &[Slot]) -> Result<Slot, FuncError> {
    let (first, rest) = slots
        .split_first()
        .ok_or_else(|| FuncError::new("call of nil"))?;
    let func = match first.value() {
        None => return Err(FuncError::new("call of nil")),
        Some(Value::Func(func)) => func,
        Some(other) => {
            let ty = other.type_of().unwrap_or(Type::Any);
            return Err(FuncError::new(format!(
                "non-function {callee} of type {ty}"
            )));
        }
    };
    let params = func.params();
    let given = rest.len();
    if func.is_variadic() {
        let fixed = params.len() - 1;
        if given < fixed {
            return Err(FuncError::new(format!(
                "wrong number of args for {callee}: got {given} want at least {fixed}"
            )));
        }
    } else if given != params.len() {
        let want = params.len();
        return Err(FuncError::new(format!(
            "wrong number of args for {callee}: got {given} want {want}"
        )));
    }
    let mut values = Vec::with_capacity(given);
    for (i, slot) in rest.iter().enumerate() {
        let ty = params
            .get(i)
            .or(params.last())
            .copied()
            .unwrap_or(Type::Any);
        let value = prepare(slot, ty)
            .map_err(|error| FuncError::new(format!("arg {i}: {}", error.exact())))?;
        values.push(value);
    }
    let args = Args::new(&values);
    let value = match &func.code {
        Code::Plain(body) => body(ctx, &args)?,
        Code::Bound(body) => body(ctx, &args)?,
        Code::Reflect(body) => return body(ctx, rest),
        Code::And | Code::Or | Code::Call | Code::Unusable(_) => {
            return Err(FuncError::new("unreachable"));
        }
    };
    Ok(Slot::typed(func.result(), value))
}

/// The value of a slot as an argument of type `ty`; integers convert to each other.
pub(super) fn prepare(slot: &Slot, ty: Type) -> Result<Value, FuncError> {
    let Some(value) = slot.value() else {
        if ty.can_be_nil() {
            return Ok(Value::zero(ty));
        }
        return Err(FuncError::new(format!(
            "value is nil; should be of type {ty}"
        )));
    };
    let actual = value.type_of().unwrap_or(Type::Any);
    if actual == ty || ty == Type::Any {
        return Ok(value.clone());
    }
    if actual.kind().is_integer() && ty.kind().is_integer() {
        let bits = match value.as_signed() {
            Some(n) => n.cast_unsigned(),
            None => value.as_unsigned().unwrap_or(0),
        };
        return Ok(Value::zero(ty).integer_like(bits));
    }
    Err(FuncError::new(format!(
        "value has type {actual}; should be {ty}"
    )))
}
