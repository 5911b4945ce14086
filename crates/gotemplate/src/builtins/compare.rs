//! `eq`, `ne`, `lt`, `le`, `gt`, `ge`.

use std::cmp::Ordering;

use crate::fmt;
use crate::funcs::FuncError;
use crate::limits::Ctx;
use crate::slot::Slot;
use crate::types::{Kind, Type};
use crate::value::Value;

use super::boolean;

/// The kinds that compare with each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Bool,
    Complex,
    Float,
    Signed,
    String,
    Unsigned,
}

const BAD_TYPE: &str = "invalid type for comparison";

fn class(value: Option<&Value>) -> Option<Class> {
    Some(match value?.kind() {
        Kind::Bool => Class::Bool,
        Kind::Int | Kind::Int32 | Kind::Int64 => Class::Signed,
        Kind::Uint | Kind::Uint8 | Kind::Uint64 => Class::Unsigned,
        Kind::Float64 => Class::Float,
        Kind::Complex128 => Class::Complex,
        Kind::String => Class::String,
        _ => return None,
    })
}

/// Whether the first equals any of the others.
pub(super) fn eq(ctx: &mut Ctx, args: &[Slot]) -> Result<Slot, FuncError> {
    let (first, others) = args
        .split_first()
        .ok_or_else(|| FuncError::new("missing argument for comparison"))?;
    if others.is_empty() {
        return Err(FuncError::new("missing argument for comparison"));
    }
    for other in others {
        if equal(ctx, first.value(), other.value())? {
            return Ok(boolean(true));
        }
    }
    Ok(boolean(false))
}

pub(super) fn ne(ctx: &mut Ctx, args: &[Slot]) -> Result<Slot, FuncError> {
    Ok(boolean(!equal(ctx, args[0].value(), args[1].value())?))
}

pub(super) fn lt(_: &mut Ctx, args: &[Slot]) -> Result<Slot, FuncError> {
    Ok(boolean(less(args[0].value(), args[1].value())?))
}

pub(super) fn le(ctx: &mut Ctx, args: &[Slot]) -> Result<Slot, FuncError> {
    Ok(boolean(less_or_equal(ctx, args)?))
}

pub(super) fn gt(ctx: &mut Ctx, args: &[Slot]) -> Result<Slot, FuncError> {
    Ok(boolean(!less_or_equal(ctx, args)?))
}

pub(super) fn ge(_: &mut Ctx, args: &[Slot]) -> Result<Slot, FuncError> {
    Ok(boolean(!less(args[0].value(), args[1].value())?))
}

fn less_or_equal(ctx: &mut Ctx, args: &[Slot]) -> Result<bool, FuncError> {
    let (a, b) = (args[0].value(), args[1].value());
    Ok(less(a, b)? || equal(ctx, a, b)?)
}

fn equal(ctx: &mut Ctx, a: Option<&Value>, b: Option<&Value>) -> Result<bool, FuncError> {
    let (class_a, class_b) = (class(a), class(b));
    let (Some(a), Some(b)) = (a, b) else {
        // A nil of a type equals an untyped nil.
        let nil = |value: Option<&Value>| value.is_none_or(Value::is_nil);
        return Ok(class_a == class_b && nil(a) && nil(b));
    };
    if class_a == class_b && class_a.is_some() {
        return Ok(order(a, b) == Some(Ordering::Equal));
    }
    if class_a != class_b {
        return match integers(a, b) {
            Some(order) => Ok(order == Ordering::Equal),
            None => Err(incompatible(a, b)),
        };
    }
    if a.kind() != b.kind() {
        return Err(not_comparable(
            ctx,
            "non-comparable types %s: %v, %s: %v",
            &[a.clone(), type_text(a), type_text(b), b.clone()],
        ));
    }
    if a.is_nil() || b.is_nil() {
        return Ok(a.is_nil() && b.is_nil());
    }
    match b.kind() {
        Kind::Map | Kind::Slice | Kind::Func => Err(not_comparable(
            ctx,
            "non-comparable type %s: %v",
            &[b.clone(), type_text(b)],
        )),
        _ => Ok(a.shallow_equal(b)),
    }
}

fn less(a: Option<&Value>, b: Option<&Value>) -> Result<bool, FuncError> {
    let (Some(a), Some(class_a)) = (a, class(a)) else {
        return Err(FuncError::new(BAD_TYPE));
    };
    let (Some(b), Some(class_b)) = (b, class(b)) else {
        return Err(FuncError::new(BAD_TYPE));
    };
    if class_a != class_b {
        return match integers(a, b) {
            Some(order) => Ok(order == Ordering::Less),
            None => Err(incompatible(a, b)),
        };
    }
    match class_a {
        Class::Bool | Class::Complex => Err(FuncError::new(BAD_TYPE)),
        Class::Float | Class::Signed | Class::String | Class::Unsigned => {
            Ok(order(a, b) == Some(Ordering::Less))
        }
    }
}

/// The order of two values of one class; none for unequal complex numbers and NaN.
fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Float64(a), Value::Float64(b)) => a.partial_cmp(b),
        (Value::Complex(..), Value::Complex(..)) => a.shallow_equal(b).then_some(Ordering::Equal),
        _ => match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => Some(a.cmp(b)),
            _ => integers(a, b),
        },
    }
}

/// Integers of all kinds compare by value.
fn integers(a: &Value, b: &Value) -> Option<Ordering> {
    let wide = |value: &Value| {
        value
            .as_signed()
            .map(i128::from)
            .or_else(|| value.as_unsigned().map(i128::from))
    };
    Some(wide(a)?.cmp(&wide(b)?))
}

fn type_text(value: &Value) -> Value {
    Value::str(value.type_of().unwrap_or(Type::Any).to_string())
}

fn incompatible(a: &Value, b: &Value) -> FuncError {
    let ty = |value: &Value| value.type_of().unwrap_or(Type::Any);
    let (a, b) = (ty(a), ty(b));
    FuncError::new(format!("incompatible types for comparison: {a} and {b}"))
}

fn not_comparable(ctx: &mut Ctx, format: &str, args: &[Value]) -> FuncError {
    let text = match fmt::sprintf(ctx, format.as_bytes(), args) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(limit) => return limit.into(),
    };
    FuncError::revealing(text, "non-comparable type <redacted>")
}
