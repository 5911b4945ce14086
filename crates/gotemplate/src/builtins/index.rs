//! `index`, `slice` and `len`.

use crate::bytestr::Str;
use crate::funcs::FuncError;
use crate::limits::Ctx;
use crate::list::List;
use crate::slot::Slot;
use crate::types::{Kind, Type};
use crate::value::Value;

use super::call::prepare;

/// `index x 1 "a"` is Go's `x[1]["a"]`.
pub(super) fn index(_: &mut Ctx, args: &[Slot]) -> Result<Slot, FuncError> {
    let mut item = args[0].clone().unwrap_interface();
    if !item.is_valid() {
        return Err(FuncError::new("index of untyped nil"));
    }
    for index in &args[1..] {
        let index = index.clone().unwrap_interface();
        let Some(value) = item.value() else {
            return Err(FuncError::new("index of nil pointer"));
        };
        item = match value {
            Value::Str(s) | Value::Number(s) => {
                let i = offset(&index, s.len())?;
                byte(s, i, "reflect: string index out of range")?
            }
            Value::Bytes(bytes) => {
                let i = offset(&index, bytes.len())?;
                byte(bytes, i, "reflect: slice index out of range")?
            }
            Value::List(list) => {
                let i = offset(&index, list.len())?;
                Slot::element(list, i)
                    .ok_or_else(|| FuncError::new("reflect: slice index out of range"))?
            }
            Value::Map(map) => {
                let key = prepare(&index, Type::String)?;
                let key = key.as_str().map(Str::as_bytes).unwrap_or_default();
                match map.get(key) {
                    Some(value) => Slot::typed(*map.elem(), value),
                    None => Slot::zero(*map.elem()),
                }
            }
            other => {
                return Err(FuncError::new(format!(
                    "can't index item of type {}",
                    pointed_at(other)
                )));
            }
        };
    }
    Ok(item)
}

fn byte(bytes: &[u8], i: usize, out_of_range: &'static str) -> Result<Slot, FuncError> {
    match bytes.get(i) {
        Some(&byte) => Ok(Slot::Concrete(Value::Uint8(byte))),
        // Go's own check lets the length itself through; the access then panics.
        None => Err(FuncError::new(out_of_range)),
    }
}

/// The type of a value, of a pointer that of what it points at: `index` and `len` look through it.
fn pointed_at(value: &Value) -> String {
    let ty = value.type_of().unwrap_or(Type::Any).to_string();
    ty.strip_prefix('*').map(str::to_owned).unwrap_or(ty)
}

/// An index as an offset of at most `max`.
fn offset(index: &Slot, max: usize) -> Result<usize, FuncError> {
    let Some(ty) = index.static_type() else {
        return Err(FuncError::new("cannot index slice/array with nil"));
    };
    let number = match index {
        Slot::Concrete(value) => match (value.as_signed(), value.as_unsigned()) {
            (Some(n), _) => Some(n),
            (None, n) => n.map(u64::cast_signed),
        },
        _ => None,
    };
    let Some(number) = number else {
        return Err(FuncError::new(format!(
            "cannot index slice/array with type {ty}"
        )));
    };
    match usize::try_from(number) {
        Ok(offset) if offset <= max => Ok(offset),
        _ => Err(FuncError::revealing(
            format!("index out of range: {number}"),
            "index out of range: <redacted>",
        )),
    }
}

/// `slice x 1 2` is Go's `x[1:2]`.
pub(super) fn slice(ctx: &mut Ctx, args: &[Slot]) -> Result<Slot, FuncError> {
    let item = args[0].clone().unwrap_interface();
    let indexes = &args[1..];
    let Some(value) = item.value() else {
        return Err(FuncError::new("slice of untyped nil"));
    };
    if indexes.len() > 3 {
        let n = indexes.len();
        return Err(FuncError::new(format!("too many slice indexes: {n}")));
    }
    let (len, cap) = match value {
        Value::Str(_) | Value::Number(_) if indexes.len() == 3 => {
            return Err(FuncError::new("cannot 3-index slice a string"));
        }
        Value::Str(s) | Value::Number(s) | Value::Bytes(s) => (s.len(), s.len()),
        Value::List(list) => (list.len(), list.capacity()),
        other => {
            let ty = other.type_of().unwrap_or(Type::Any);
            return Err(FuncError::new(format!("can't slice item of type {ty}")));
        }
    };
    let mut bounds = [0, len, cap];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = offset(index, cap)?;
    }
    for pair in bounds[..indexes.len().max(2)].windows(2) {
        if pair[0] > pair[1] {
            let (low, high) = (pair[0], pair[1]);
            return Err(FuncError::revealing(
                format!("invalid slice index: {low} > {high}"),
                "invalid slice index: <redacted>",
            ));
        }
    }
    let range = bounds[0]..bounds[1];
    ctx.reserve(range.len())?;
    Ok(Slot::Concrete(match value {
        Value::List(list) => {
            let part = list.slice(range, bounds[2]);
            Value::List(part.unwrap_or_else(|| List::nil(list.elem())))
        }
        Value::Number(s) => Value::Number(s[range].into()),
        Value::Bytes(s) => Value::Bytes(s[range].into()),
        other => Value::str(&other.as_str().map(Str::as_bytes).unwrap_or_default()[range]),
    }))
}

/// The length of a string, slice or map.
pub(super) fn len(_: &mut Ctx, args: &[Slot]) -> Result<Slot, FuncError> {
    let len = match (&args[0], args[0].value()) {
        (_, Some(Value::Str(s) | Value::Number(s) | Value::Bytes(s))) => s.len(),
        (_, Some(Value::List(list))) => list.len(),
        (_, Some(Value::Map(map))) => map.len(),
        (_, Some(other)) => {
            return Err(FuncError::new(format!("len of type {}", pointed_at(other))));
        }
        (slot, None) if slot.kind() == Kind::Interface => {
            return Err(FuncError::new("len of nil pointer"));
        }
        (_, None) => {
            return Err(FuncError::new(
                "reflect: call of reflect.Value.Type on zero Value",
            ));
        }
    };
    Ok(Slot::Concrete(Value::Int(
        i64::try_from(len).unwrap_or(i64::MAX),
    )))
}
