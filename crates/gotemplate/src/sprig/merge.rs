//! `merge` and its relatives, after the Go library `mergo`: the destination is changed in place, and
//! what it lacked is shared with the source.

use std::collections::BTreeMap;

use crate::funcs::{Args, FuncError};
use crate::limits::{Ctx, LimitError};
use crate::map::Map;
use crate::types::{Kind, Type};
use crate::value::Value;

use super::dicts::entries;

/// Which side wins where both have something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Winner {
    Destination,
    Source,
}

/// Why two dictionaries do not merge.
enum Failure {
    /// What `mergo` gives back as an error, which `merge` takes for an empty text.
    Types,
    /// A panic there, or a limit here.
    Call(FuncError),
}

impl<E: Into<FuncError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Call(error.into())
    }
}

pub(super) fn merge(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    match merge_all(ctx, args, Winner::Destination) {
        Ok(merged) => Ok(merged),
        Err(Failure::Types) => Ok(Value::str("")),
        Err(Failure::Call(error)) => Err(error),
    }
}

pub(super) fn must_merge(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    merge_all(ctx, args, Winner::Destination).map_err(Failure::told)
}

/// Types do not matter where the source wins.
pub(super) fn merge_overwrite(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    merge_all(ctx, args, Winner::Source).map_err(Failure::told)
}

impl Failure {
    fn told(self) -> FuncError {
        match self {
            Self::Types => FuncError::new("src and dst must be of same type"),
            Self::Call(error) => error,
        }
    }
}

fn merge_all(ctx: &mut Ctx, args: &Args<'_>, winner: Winner) -> Result<Value, Failure> {
    let mut dst = args.map(0)?.clone();
    for i in 1..args.len() {
        let src = args.map(i)?;
        if dst.is_nil() && !src.is_nil() {
            dst = Map::of(dst.elem(), BTreeMap::new());
        }
        merge_maps(ctx, &dst, src, winner, 0)?;
    }
    Ok(dst.into())
}

fn merge_maps(
    ctx: &mut Ctx,
    dst: &Map,
    src: &Map,
    winner: Winner,
    depth: usize,
) -> Result<(), Failure> {
    if depth > super::MAX_NESTING {
        return Err(LimitError::Nesting(super::MAX_NESTING).into());
    }
    for (key, new) in entries(ctx, src)? {
        let old = dst.get(&key);
        if is_nil_element(*src.elem(), &new) {
            if winner == Winner::Source {
                assign(ctx, dst, src, key, new)?;
            }
            continue;
        }
        if let (Some(Value::Map(old)), Value::Map(new)) = (&old, &new)
            && !old.is_nil()
        {
            merge_maps(ctx, old, new, winner, depth + 1)?;
        }
        if let (Some(old), Value::Map(_) | Value::Object(_)) = (&old, &new) {
            check_types(old, &new, winner)?;
        }
        // Looked at after the merge: an empty map may have been filled.
        let keeps = old.is_some_and(|old| {
            !is_empty(&old)
                && (winner == Winner::Destination
                    || matches!((&old, &new), (Value::Map(_), Value::Map(_))))
        });
        if !keeps {
            assign(ctx, dst, src, key, new)?;
        }
    }
    Ok(())
}

/// What `mergo` has against merging a map, a struct or a pointer into another value.
fn check_types(old: &Value, new: &Value, winner: Winner) -> Result<(), Failure> {
    match (old, new.kind()) {
        (Value::Map(old), Kind::Struct) if old.is_nil() => {
            let panic = FuncError::new("reflect: call of reflect.Value.IsNil on struct Value");
            Err(panic.into())
        }
        (Value::Object(pointer), Kind::Map | Kind::Struct)
            if pointer.type_of().kind() == Kind::Pointer && winner == Winner::Destination =>
        {
            let pointed_at = pointer.type_of().to_string();
            let new = new.type_of().map(|ty| format!("*{ty}"));
            if new == Some(pointed_at) {
                Ok(())
            } else {
                Err(Failure::Types)
            }
        }
        _ => Ok(()),
    }
}

/// Go's `IsNil` of a map element. An interface that holds a nil map is not nil itself.
fn is_nil_element(elem: Type, value: &Value) -> bool {
    match elem.kind() {
        Kind::Interface => matches!(value, Value::Nil),
        _ => value.is_nil(),
    }
}

/// `mergo` looks through interfaces for emptiness; structs and functions are never empty.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Complex(..) | Value::Object(_) | Value::Func(_) => false,
        value => !value.is_true(),
    }
}

/// Sets an entry if the static types allow, which only maps of strings could refuse.
fn assign(
    ctx: &mut Ctx,
    dst: &Map,
    src: &Map,
    key: crate::bytestr::Str,
    value: Value,
) -> Result<(), FuncError> {
    if *dst.elem() != Type::Any && dst.elem() != src.elem() {
        return Err(FuncError::new(format!(
            "reflect.Value.SetMapIndex: value of type {} is not assignable to type {}",
            src.elem(),
            dst.elem()
        )));
    }
    ctx.insert(dst, key, value)
}
