//! Lists. The `must` forms of sprig return the error that the others panic with; in a template both
//! end in the same message, so they share one body.

use std::borrow::Cow;

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::list::List;
use crate::types::{ANY_LIST, STRING_LIST, Type};
use crate::value::Value;

use super::cast::to_int64;
use super::defaults::is_empty;
use super::strval::{strslice, strval};
use super::{ANY, BOOL, INT};

const CHUNKS: Type = Type::List(&ANY_LIST);

pub(super) static TABLE: &[Func] = &[
    Func::fixed("append", &[ANY, ANY], ANY_LIST, push),
    Func::fixed("chunk", &[INT, ANY], CHUNKS, chunk),
    Func::fixed("compact", &[ANY], ANY_LIST, compact),
    Func::variadic("concat", &[ANY], ANY, concat),
    Func::fixed("first", &[ANY], ANY, first),
    Func::fixed("has", &[ANY, ANY], BOOL, has),
    Func::fixed("initial", &[ANY], ANY_LIST, initial),
    Func::fixed("last", &[ANY], ANY, last),
    Func::variadic("list", &[ANY], ANY_LIST, list),
    Func::fixed("mustAppend", &[ANY, ANY], ANY_LIST, push),
    Func::fixed("mustChunk", &[INT, ANY], CHUNKS, chunk),
    Func::fixed("mustCompact", &[ANY], ANY_LIST, compact),
    Func::fixed("mustFirst", &[ANY], ANY, first),
    Func::fixed("mustHas", &[ANY, ANY], BOOL, has),
    Func::fixed("mustInitial", &[ANY], ANY_LIST, initial),
    Func::fixed("mustLast", &[ANY], ANY, last),
    Func::fixed("mustPrepend", &[ANY, ANY], ANY_LIST, prepend),
    Func::fixed("mustPush", &[ANY, ANY], ANY_LIST, push),
    Func::fixed("mustRest", &[ANY], ANY_LIST, rest),
    Func::fixed("mustReverse", &[ANY], ANY_LIST, reverse),
    Func::variadic("mustSlice", &[ANY, ANY], ANY, slice),
    Func::fixed("mustUniq", &[ANY], ANY_LIST, uniq),
    Func::variadic("mustWithout", &[ANY, ANY], ANY_LIST, without),
    Func::fixed("prepend", &[ANY, ANY], ANY_LIST, prepend),
    Func::fixed("push", &[ANY, ANY], ANY_LIST, push),
    Func::fixed("rest", &[ANY], ANY_LIST, rest),
    Func::fixed("reverse", &[ANY], ANY_LIST, reverse),
    Func::variadic("slice", &[ANY, ANY], ANY, slice),
    Func::fixed("sortAlpha", &[ANY], STRING_LIST, sort_alpha),
    Func::variadic("tuple", &[ANY], ANY_LIST, list),
    Func::fixed("uniq", &[ANY], ANY_LIST, uniq),
    Func::variadic("without", &[ANY, ANY], ANY_LIST, without),
];

/// The elements of a slice of any type. `complaint` says what cannot be done with other types.
fn elements<'a>(
    ctx: &mut Ctx,
    value: &'a Value,
    complaint: &str,
) -> Result<Cow<'a, [Value]>, FuncError> {
    let items: Cow<'a, [Value]> = match value {
        Value::Nil => {
            return Err(FuncError::new(
                "runtime error: invalid memory address or nil pointer dereference",
            ));
        }
        Value::List(list) => list.items().into(),
        Value::Bytes(bytes) => {
            ctx.reserve(bytes.len().saturating_mul(size_of::<Value>()))?;
            bytes.iter().copied().map(Value::Uint8).collect()
        }
        other => return Err(FuncError::new(format!("{complaint} {}", other.kind()))),
    };
    ctx.charge(items.len() / 16)?;
    Ok(items)
}

fn list(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(List::any(args.all().to_vec()).into())
}

fn push(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let items = elements(ctx, args.value(0)?, "Cannot push on type")?;
    Ok(List::any([&items, args.rest(1)].concat()).into())
}

fn prepend(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let items = elements(ctx, args.value(0)?, "Cannot prepend on type")?;
    Ok(List::any([args.rest(1), &items].concat()).into())
}

fn first(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let items = elements(ctx, args.value(0)?, "Cannot find first on type")?;
    Ok(items.first().cloned().unwrap_or_default())
}

fn last(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let items = elements(ctx, args.value(0)?, "Cannot find last on type")?;
    Ok(items.last().cloned().unwrap_or_default())
}

fn rest(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let items = elements(ctx, args.value(0)?, "Cannot find rest on type")?;
    Ok(match items.split_first() {
        None => List::nil(&Type::Any).into(),
        Some((_, rest)) => List::any(rest.to_vec()).into(),
    })
}

fn initial(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let items = elements(ctx, args.value(0)?, "Cannot find initial on type")?;
    Ok(match items.split_last() {
        None => List::nil(&Type::Any).into(),
        Some((_, initial)) => List::any(initial.to_vec()).into(),
    })
}

fn reverse(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let items = elements(ctx, args.value(0)?, "Cannot find reverse on type")?;
    Ok(List::any(items.iter().rev().cloned().collect()).into())
}

fn compact(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let items = elements(ctx, args.value(0)?, "Cannot compact on type")?;
    let kept = items.iter().filter(|item| !is_empty(item));
    Ok(List::any(kept.cloned().collect()).into())
}

fn uniq(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let items = elements(ctx, args.value(0)?, "Cannot find uniq on type")?;
    let mut kept = Vec::new();
    for item in items.iter() {
        if !is_among(ctx, &kept, item)? {
            kept.push(item.clone());
        }
    }
    Ok(List::any(kept).into())
}

fn without(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let items = elements(ctx, args.value(0)?, "Cannot find without on type")?;
    let mut kept = Vec::new();
    for item in items.iter() {
        if !is_among(ctx, args.rest(1), item)? {
            kept.push(item.clone());
        }
    }
    Ok(List::any(kept).into())
}

fn has(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (needle, haystack) = (args.value(0)?, args.value(1)?);
    if matches!(haystack, Value::Nil) {
        return Ok(false.into());
    }
    let items = elements(ctx, haystack, "Cannot find has on type")?;
    Ok(is_among(ctx, &items, needle)?.into())
}

fn is_among(ctx: &mut Ctx, haystack: &[Value], needle: &Value) -> Result<bool, FuncError> {
    // A comparison of scalars is a small part of a step.
    ctx.charge(haystack.len() / 16)?;
    for item in haystack {
        let equal = match (item, needle) {
            (Value::Object(_), Value::Object(_)) => needle.deep_equal(item),
            _ if item.is_container() && needle.is_container() => {
                ctx.charge(1 + length(item).min(length(needle)))?;
                needle.deep_equal(item)
            }
            _ => needle.shallow_equal(item),
        };
        if equal {
            return Ok(true);
        }
    }
    Ok(false)
}

fn length(value: &Value) -> usize {
    match value {
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        _ => 0,
    }
}

/// An empty list gives nil whatever the indices are.
fn slice(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let value = args.value(0)?;
    let items = elements(ctx, value, "list should be type of slice or array but")?;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let bound = |index: Option<&Value>, default| match index {
        Some(index) => usize::try_from(to_int64(index)).ok(),
        None => Some(default),
    };
    let start = bound(args.rest(1).first(), 0);
    let end = bound(args.rest(1).get(1), items.len());
    let range = start.zip(end).map(|(start, end)| start..end);
    let part = match (value, range) {
        (Value::List(list), Some(range)) => list.slice(range, list.capacity()).map(Value::from),
        (Value::Bytes(bytes), Some(range)) => {
            bytes.get(range).map(|part| Value::Bytes(part.into()))
        }
        _ => None,
    };
    part.ok_or_else(|| FuncError::new("reflect.Value.Slice: slice index out of bounds"))
}

/// The original counts the chunks with floats, which decides what becomes of sizes below one.
fn chunk(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let items = elements(ctx, args.value(1)?, "Cannot chunk type")?;
    let size = args.int(0)?;
    let magnitude = usize::try_from(size.unsigned_abs()).unwrap_or(usize::MAX);
    let chunks = if size > 0 {
        items
            .chunks(magnitude)
            .map(|part| List::any(part.to_vec()).into())
            .collect()
    } else {
        match items.len() {
            1 if magnitude > 1 => vec![List::any(items.into_owned()).into()],
            len if len > 1 && len - 1 <= magnitude => Vec::new(),
            _ => {
                return Err(FuncError::new("runtime error: makeslice: len out of range"));
            }
        }
    };
    Ok(List::of(&ANY_LIST, chunks).into())
}

fn concat(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let mut all = Vec::new();
    for value in args.all() {
        let items = match value {
            Value::List(_) | Value::Bytes(_) | Value::Nil => elements(ctx, value, "")?,
            other => {
                return Err(FuncError::new(format!(
                    "Cannot concat type {} as list",
                    other.kind()
                )));
            }
        };
        all.extend(items.iter().cloned());
    }
    Ok(if all.is_empty() {
        List::nil(&Type::Any).into()
    } else {
        List::any(all).into()
    })
}

/// Sorts a `[]string` in place and gives it back, as the original does; of all else it makes a new list.
fn sort_alpha(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let value = args.value(0)?;
    if !matches!(value, Value::List(_) | Value::Bytes(_)) {
        return Ok(List::strings([strval(ctx, value)?]).into());
    }
    let mut texts = strslice(ctx, value)?;
    ctx.charge(texts.len() * 4)?;
    match value {
        Value::List(list) if *list.elem() == Type::String => {
            if !texts.is_sorted() {
                texts.sort();
                let kept = list.overwrite(texts.into_iter().map(Value::Str).collect());
                ctx.reserve(kept * size_of::<Value>())?;
            }
            Ok(value.clone())
        }
        _ => {
            texts.sort();
            Ok(List::strings(texts).into())
        }
    }
}
