//! Strings: letter case, words, white space. Some work on bytes where Go's do.

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::runes;
use crate::value::Value;

use super::TEXT;
use super::letters::{self, is_lower, is_title, is_upper, to_lower, to_title, to_upper};
use super::words;

pub(super) static TABLE: &[Func] = &[
    Func::fixed("camelcase", &[TEXT], TEXT, camelcase),
    Func::fixed("initials", &[TEXT], TEXT, initials),
    Func::fixed("kebabcase", &[TEXT], TEXT, kebabcase),
    Func::fixed("lower", &[TEXT], TEXT, lower),
    Func::fixed("nospace", &[TEXT], TEXT, nospace),
    Func::fixed("snakecase", &[TEXT], TEXT, snakecase),
    Func::fixed("swapcase", &[TEXT], TEXT, swapcase),
    Func::fixed("title", &[TEXT], TEXT, title),
    Func::fixed("untitle", &[TEXT], TEXT, untitle),
    Func::fixed("upper", &[TEXT], TEXT, upper),
];

fn upper(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let text = args.str(0)?;
    Ok(Value::str(if text.is_ascii() {
        text.to_ascii_uppercase()
    } else {
        letters::map(text, to_upper)
    }))
}

fn lower(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let text = args.str(0)?;
    Ok(Value::str(if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        letters::map(text, to_lower)
    }))
}

fn title(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let separates = |c: char| !runes::is_alphanumeric(c) && (c.is_ascii() || c.is_whitespace());
    let mut previous = ' ';
    Ok(Value::str(letters::map(args.str(0)?, |c| {
        let starts_word = separates(std::mem::replace(&mut previous, c));
        if starts_word { to_title(c) } else { c }
    })))
}

fn untitle(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let mut starts_word = true;
    Ok(Value::str(letters::map(args.str(0)?, |c| {
        if c.is_whitespace() {
            starts_word = true;
            c
        } else if std::mem::take(&mut starts_word) {
            to_lower(c)
        } else {
            c
        }
    })))
}

fn swapcase(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let mut after_space = true;
    Ok(Value::str(letters::map(args.str(0)?, |c| {
        if is_upper(c) || is_title(c) {
            after_space = false;
            to_lower(c)
        } else if is_lower(c) {
            if std::mem::take(&mut after_space) {
                to_title(c)
            } else {
                to_upper(c)
            }
        } else {
            after_space = c.is_whitespace();
            c
        }
    })))
}

/// Takes each byte for a character, as the original does.
fn initials(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let mut out = Vec::new();
    let mut starts_word = true;
    for c in args.str(0)?.iter().copied().map(char::from) {
        if c.is_whitespace() {
            starts_word = true;
        } else if std::mem::take(&mut starts_word) {
            runes::push(&mut out, c);
        }
    }
    Ok(Value::str(out))
}

/// Takes each byte for a character when there is anything to take out, as the original does.
fn nospace(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let text = args.str(0)?;
    let is_space = |b: &u8| char::from(*b).is_whitespace();
    if !text.iter().any(is_space) {
        return Ok(text.clone().into());
    }
    let mut out = Vec::with_capacity(text.len());
    for b in text.iter().filter(|b| !is_space(b)) {
        runes::push(&mut out, char::from(*b));
    }
    Ok(Value::str(out))
}

fn camelcase(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(words::pascal_case(args.str(0)?)))
}

fn snakecase(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(words::joined_lower(args.str(0)?, b'_')))
}

fn kebabcase(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(words::joined_lower(args.str(0)?, b'-')))
}
