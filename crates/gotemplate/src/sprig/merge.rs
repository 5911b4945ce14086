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

pub(super) fn merge(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    merge_all(ctx, args, Winner::Destination)
}

pub(super) fn merge_overwrite(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    merge_all(ctx, args, Winner::Source)
}

fn merge_all(ctx: &mut Ctx, args: &Args<'_>, winner: Winner) -> Result<Value, FuncError> {
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
) -> Result<(), FuncError> {
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
