//! Dictionaries. Go walks maps in random order; here `keys` and `values` are sorted by key.

use std::collections::HashSet;

use crate::bytestr::Str;
use crate::funcs::{Args, Func, FuncError};
use crate::limits::{Ctx, LimitError};
use crate::list::List;
use crate::map::Map;
use crate::types::{ANY_LIST, ANY_MAP, STRING_LIST};
use crate::value::Value;

use super::merge;
use super::strval::strval;
use super::{ANY, BOOL, TEXT};

pub(super) static TABLE: &[Func] = &[
    Func::fixed("deepCopy", &[ANY], ANY, deep_copy),
    Func::variadic("dict", &[ANY], ANY_MAP, dict),
    Func::variadic("dig", &[ANY], ANY, dig),
    Func::fixed("get", &[ANY_MAP, TEXT], ANY, get),
    Func::fixed("hasKey", &[ANY_MAP, TEXT], BOOL, has_key),
    Func::variadic("keys", &[ANY_MAP], STRING_LIST, keys),
    Func::variadic("merge", &[ANY_MAP, ANY_MAP], ANY, merge::merge),
    Func::variadic(
        "mergeOverwrite",
        &[ANY_MAP, ANY_MAP],
        ANY,
        merge::merge_overwrite,
    ),
    Func::fixed("mustDeepCopy", &[ANY], ANY, deep_copy),
    Func::variadic("mustMerge", &[ANY_MAP, ANY_MAP], ANY, merge::must_merge),
    Func::variadic(
        "mustMergeOverwrite",
        &[ANY_MAP, ANY_MAP],
        ANY,
        merge::merge_overwrite,
    ),
    Func::variadic("omit", &[ANY_MAP, TEXT], ANY_MAP, omit),
    Func::variadic("pick", &[ANY_MAP, TEXT], ANY_MAP, pick),
    Func::variadic("pluck", &[TEXT, ANY_MAP], ANY_LIST, pluck),
    Func::fixed("set", &[ANY_MAP, TEXT, ANY], ANY_MAP, set),
    Func::fixed("unset", &[ANY_MAP, TEXT], ANY_MAP, unset),
    Func::fixed("values", &[ANY_MAP], ANY_LIST, values),
];

/// An odd number of arguments gives the last key the empty string.
fn dict(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let dict = Map::any();
    for pair in args.all().chunks(2) {
        let key = strval(ctx, &pair[0])?;
        let value = pair.get(1).cloned().unwrap_or_else(|| Value::str(""));
        ctx.insert(&dict, key, value)?;
    }
    Ok(dict.into())
}

fn get(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let found = args.map(0)?.get(args.str(1)?);
    Ok(found.unwrap_or_else(|| Value::str("")))
}

fn has_key(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(args.map(0)?.contains(args.str(1)?).into())
}

fn set(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let dict = args.map(0)?;
    ctx.insert(dict, args.str(1)?.clone(), args.value(2)?.clone())?;
    Ok(dict.clone().into())
}

fn unset(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let dict = args.map(0)?;
    dict.remove(args.str(1)?);
    Ok(dict.clone().into())
}

fn pluck(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let key = args.str(0)?;
    let mut found = Vec::new();
    for i in 1..args.len() {
        found.extend(args.map(i)?.get(key));
    }
    Ok(List::any(found).into())
}

fn keys(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let mut keys = Vec::new();
    for i in 0..args.len() {
        let dict = args.map(i)?;
        ctx.charge(dict.len())?;
        ctx.reserve(dict.len().saturating_mul(size_of::<Value>()))?;
        keys.extend(dict.keys());
    }
    Ok(List::strings(keys).into())
}

fn values(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let entries = entries(ctx, args.map(0)?)?;
    Ok(List::any(entries.into_iter().map(|(_, value)| value).collect()).into())
}

fn pick(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let dict = args.map(0)?;
    let mut picked = Vec::new();
    for i in 1..args.len() {
        let key = args.str(i)?;
        picked.extend(dict.get(key).map(|value| (key.clone(), value)));
    }
    Ok(picked.into_iter().collect::<Map>().into())
}

fn omit(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let mut omitted: HashSet<&Str> = HashSet::new();
    for i in 1..args.len() {
        omitted.insert(args.str(i)?);
    }
    let kept = entries(ctx, args.map(0)?)?
        .into_iter()
        .filter(|(key, _)| !omitted.contains(key));
    Ok(kept.collect::<Map>().into())
}

/// A snapshot of the entries, paid for.
pub(super) fn entries(ctx: &mut Ctx, dict: &Map) -> Result<Vec<(Str, Value)>, LimitError> {
    ctx.charge(dict.len())?;
    ctx.reserve(dict.len().saturating_mul(4 * size_of::<Value>()))?;
    Ok(dict.entries())
}

/// Follows keys down nested dictionaries; the default is for a missing key only.
fn dig(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (keys, default, dict) = match args.all() {
        [keys @ .., default, dict] if !keys.is_empty() => (keys, default, dict),
        _ => return Err(FuncError::new("dig needs at least three arguments")),
    };
    let mut dict = as_dict(dict)?;
    let mut path = Vec::with_capacity(keys.len());
    for key in keys {
        match key {
            Value::Str(key) => path.push(key),
            other => return Err(not_a("string", other)),
        }
    }
    let mut found = Value::Nil;
    for (i, key) in path.into_iter().enumerate() {
        if i > 0 {
            dict = as_dict(&found)?;
        }
        match dict.get(key) {
            Some(step) => found = step,
            None => return Ok(default.clone()),
        }
    }
    Ok(found)
}

fn as_dict(value: &Value) -> Result<Map, FuncError> {
    match value {
        Value::Map(map) if *map.elem() == ANY => Ok(map.clone()),
        other => Err(not_a("map[string]interface {}", other)),
    }
}

/// A failed type assertion.
fn not_a(wanted: &str, value: &Value) -> FuncError {
    let found = value
        .type_of()
        .map_or("nil".to_owned(), |ty| ty.to_string());
    FuncError::new(format!(
        "interface conversion: interface {{}} is {found}, not {wanted}"
    ))
}

fn deep_copy(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    match args.value(0)? {
        Value::Nil => Err(FuncError::new(
            "reflect: call of reflect.Value.Type on zero Value",
        )),
        value => copied(ctx, value, 0),
    }
}

/// Copies maps and slices all the way down. Values cannot contain themselves, so this ends; the
/// depth is bounded because it recurses.
fn copied(ctx: &mut Ctx, value: &Value, depth: usize) -> Result<Value, FuncError> {
    if depth > super::MAX_NESTING {
        return Err(LimitError::Nesting(super::MAX_NESTING).into());
    }
    ctx.charge(1)?;
    Ok(match value {
        Value::List(list) if !list.is_nil() => {
            ctx.reserve(size_of_val(list.items()))?;
            let mut items = Vec::with_capacity(list.len());
            for item in list.items() {
                items.push(copied(ctx, item, depth + 1)?);
            }
            List::of(list.elem(), items).into()
        }
        Value::Map(map) if !map.is_nil() => {
            let copy = Map::of(map.elem(), std::collections::BTreeMap::new());
            for (key, value) in entries(ctx, map)? {
                let value = copied(ctx, &value, depth + 1)?;
                ctx.insert(&copy, key, value)?;
            }
            copy.into()
        }
        Value::Object(object) => object.deep_copy().unwrap_or_else(|| value.clone()),
        value => value.clone(),
    })
}
