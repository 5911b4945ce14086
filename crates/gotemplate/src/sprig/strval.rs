//! Values as text: sprig's `strval`, and lists of them.

use crate::bytestr::Str;
use crate::fmt;
use crate::funcs::FuncError;
use crate::limits::Ctx;
use crate::value::Value;

/// `strval`: strings and bytes as they are, everything else as `%v` prints it.
pub(super) fn strval(ctx: &mut Ctx, value: &Value) -> Result<Str, FuncError> {
    match value {
        Value::Str(text) | Value::Bytes(text) => Ok(text.clone()),
        value => printed(ctx, value),
    }
}

/// `fmt.Sprintf("%v", value)`
pub(super) fn printed(ctx: &mut Ctx, value: &Value) -> Result<Str, FuncError> {
    Ok(fmt::sprintf(ctx, b"%v", std::slice::from_ref(value))?.into())
}

/// `strslice`: the elements of a list as text without the nils; anything else is a list of one.
pub(super) fn strslice(ctx: &mut Ctx, value: &Value) -> Result<Vec<Str>, FuncError> {
    match value {
        Value::Nil => Ok(Vec::new()),
        Value::List(list) => list
            .items()
            .iter()
            .filter(|item| !matches!(item, Value::Nil))
            .map(|item| strval(ctx, item))
            .collect(),
        Value::Bytes(bytes) => Ok(bytes.iter().map(|b| Str::from(b.to_string())).collect()),
        value => Ok(vec![strval(ctx, value)?]),
    }
}
