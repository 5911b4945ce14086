//! Strings: cutting, trimming, searching, joining.

use crate::bytestr::Str;
use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::list::List;
use crate::map::Map;
use crate::quote::{self, Style};
use crate::runes;
use crate::types::{STRING_LIST, STRING_MAP};
use crate::value::Value;

use super::strval::{printed, strslice, strval};
use super::{ANY, BOOL, INT, TEXT};

pub(super) static TABLE: &[Func] = &[
    Func::fixed("abbrev", &[INT, TEXT], TEXT, abbrev),
    Func::fixed("abbrevboth", &[INT, INT, TEXT], TEXT, abbrevboth),
    Func::variadic("cat", &[ANY], TEXT, cat),
    Func::fixed("contains", &[TEXT, TEXT], BOOL, contains),
    Func::fixed("hasPrefix", &[TEXT, TEXT], BOOL, has_prefix),
    Func::fixed("hasSuffix", &[TEXT, TEXT], BOOL, has_suffix),
    Func::fixed("hello", &[], TEXT, hello),
    Func::fixed("indent", &[INT, TEXT], TEXT, indent),
    Func::fixed("join", &[TEXT, ANY], TEXT, join),
    Func::fixed("nindent", &[INT, TEXT], TEXT, nindent),
    Func::fixed("plural", &[TEXT, TEXT, INT], TEXT, plural),
    Func::variadic("quote", &[ANY], TEXT, double_quote),
    Func::fixed("repeat", &[INT, TEXT], TEXT, repeat),
    Func::fixed("replace", &[TEXT, TEXT, TEXT], TEXT, replace),
    Func::fixed("split", &[TEXT, TEXT], STRING_MAP, split),
    Func::fixed("splitList", &[TEXT, TEXT], STRING_LIST, split_list),
    Func::fixed("splitn", &[TEXT, INT, TEXT], STRING_MAP, splitn),
    Func::variadic("squote", &[ANY], TEXT, single_quote),
    Func::fixed("substr", &[INT, INT, TEXT], TEXT, substr),
    Func::fixed("toString", &[ANY], TEXT, to_string),
    Func::fixed("toStrings", &[ANY], STRING_LIST, to_strings),
    Func::fixed("trim", &[TEXT], TEXT, trim),
    Func::fixed("trimAll", &[TEXT, TEXT], TEXT, trim_all),
    Func::fixed("trimPrefix", &[TEXT, TEXT], TEXT, trim_prefix),
    Func::fixed("trimSuffix", &[TEXT, TEXT], TEXT, trim_suffix),
    Func::fixed("trimall", &[TEXT, TEXT], TEXT, trim_all),
    Func::fixed("trunc", &[INT, TEXT], TEXT, trunc),
    Func::fixed("wrap", &[INT, TEXT], TEXT, wrap),
    Func::fixed("wrapWith", &[INT, TEXT, TEXT], TEXT, wrap_with),
];

fn hello(_: &mut Ctx, _: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str("Hello!"))
}

fn abbrev(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (width, text) = (args.int(0)?, args.str(1)?);
    Ok(match usize::try_from(width) {
        Ok(width) if width >= 4 => Value::str(abbreviated(text, 0, width)),
        _ => text.clone().into(),
    })
}

fn abbrevboth(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (left, right, text) = (args.int(0)?, args.int(1)?, args.str(2)?);
    let offset = usize::try_from(left).unwrap_or(0);
    Ok(match usize::try_from(right) {
        Ok(width) if width >= 7 || width >= 4 && offset == 0 => {
            Value::str(abbreviated(text, offset, width))
        }
        _ => text.clone().into(),
    })
}

/// At most `width` bytes of the text, from about `offset` on, dots for what is left out.
fn abbreviated(text: &[u8], offset: usize, width: usize) -> Vec<u8> {
    const DOTS: &[u8] = b"...";
    let len = text.len();
    if len <= width {
        return text.to_vec();
    }
    let offset = offset.min(len).min(len - (width - 3));
    if offset <= 4 {
        return [&text[..width - 3], DOTS].concat();
    }
    if offset + width - 3 < len {
        let inner = abbreviated(&text[offset..], 0, width - 3);
        return [DOTS, &inner].concat();
    }
    [DOTS, &text[len - (width - 3)..]].concat()
}

fn cat(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let mut parts = Vec::new();
    for value in args.all().iter().filter(|v| !matches!(v, Value::Nil)) {
        parts.push(printed(ctx, value)?);
    }
    Ok(Value::str(parts.join(&b' ')))
}

fn double_quote(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let mut parts = Vec::new();
    for value in args.all().iter().filter(|v| !matches!(v, Value::Nil)) {
        let text = strval(ctx, value)?;
        ctx.reserve(text.len())?;
        parts.push(quote::quote(&text, Style::Unicode));
    }
    Ok(Value::str(parts.join(&b' ')))
}

fn single_quote(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let mut parts = Vec::new();
    for value in args.all().iter().filter(|v| !matches!(v, Value::Nil)) {
        parts.push([b"'", &*printed(ctx, value)?, b"'"].concat());
    }
    Ok(Value::str(parts.join(&b' ')))
}

fn to_string(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(strval(ctx, args.value(0)?)?.into())
}

fn to_strings(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    match args.value(0)? {
        Value::List(list) if *list.elem() == TEXT => Ok(list.clone().into()),
        value => Ok(List::strings(strslice(ctx, value)?).into()),
    }
}

fn join(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let parts = strslice(ctx, args.value(1)?)?;
    let sep = args.str(0)?;
    ctx.reserve(sep.len().saturating_mul(parts.len()))?;
    Ok(Value::str(parts.join(sep.as_bytes())))
}

fn contains(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(find(args.str(1)?, args.str(0)?).is_some().into())
}

fn has_prefix(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(args.str(1)?.starts_with(args.str(0)?).into())
}

fn has_suffix(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(args.str(1)?.ends_with(args.str(0)?).into())
}

fn trim_prefix(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (prefix, text) = (args.str(0)?, args.str(1)?);
    Ok(Value::str(
        text.strip_prefix(prefix.as_bytes()).unwrap_or(text),
    ))
}

fn trim_suffix(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (suffix, text) = (args.str(0)?, args.str(1)?);
    Ok(Value::str(
        text.strip_suffix(suffix.as_bytes()).unwrap_or(text),
    ))
}

fn trim(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(trimmed(args.str(0)?, char::is_whitespace)))
}

fn trim_all(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (cutset, text) = (args.str(0)?, args.str(1)?);
    let cutset: Vec<char> = super::letters::chars(cutset).collect();
    Ok(Value::str(trimmed(text, |c| cutset.contains(&c))))
}

/// The text without the characters at either end that `cut` says yes to.
fn trimmed(text: &[u8], cut: impl Fn(char) -> bool) -> &[u8] {
    let mut text = text;
    while !text.is_empty() {
        let (c, width) = runes::decode(text);
        if !cut(c) {
            break;
        }
        text = &text[width..];
    }
    while !text.is_empty() {
        let (c, width) = last_char(text);
        if !cut(c) {
            break;
        }
        text = &text[..text.len() - width];
    }
    text
}

/// The last character and its width; an invalid byte is U+FFFD and one wide.
fn last_char(text: &[u8]) -> (char, usize) {
    (1..=text.len().min(4))
        .rev()
        .map(|width| (width, runes::decode(&text[text.len() - width..])))
        .find(|(width, (_, decoded))| width == decoded)
        .map_or((runes::REPLACEMENT, 1), |(_, last)| last)
}

fn plural(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(args.str(usize::from(args.int(2)? != 1))?.clone().into())
}

fn repeat(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(repeated(ctx, args.str(1)?, args.int(0)?)?))
}

/// `strings.Repeat`, which panics on a negative count.
fn repeated(ctx: &mut Ctx, text: &[u8], count: i64) -> Result<Vec<u8>, FuncError> {
    let count =
        usize::try_from(count).map_err(|_| FuncError::new("strings: negative Repeat count"))?;
    let len = text
        .len()
        .checked_mul(count)
        .filter(|len| isize::try_from(*len).is_ok())
        .ok_or_else(|| FuncError::new("strings: Repeat output length overflow"))?;
    ctx.reserve(len)?;
    Ok(text.repeat(count))
}

fn indent(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(indented(ctx, args)?))
}

fn nindent(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str([b"\n", &indented(ctx, args)?[..]].concat()))
}

fn indented(ctx: &mut Ctx, args: &Args<'_>) -> Result<Vec<u8>, FuncError> {
    let (spaces, text) = (args.int(0)?, args.str(1)?);
    let pad = repeated(ctx, b" ", spaces)?;
    let breaks = runes::newlines(text);
    ctx.reserve(pad.len().saturating_mul(breaks))?;
    let lines: Vec<Vec<u8>> = text
        .split(|b| *b == b'\n')
        .map(|line| [&pad, line].concat())
        .collect();
    Ok(lines.join(&b'\n'))
}

fn replace(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (old, new, text) = (args.str(0)?, args.str(1)?, args.str(2)?);
    let parts = if old.is_empty() {
        // The empty string is found before each character and at the end.
        let mut parts = vec![&b""[..]];
        parts.extend(separate(text, b"", None));
        parts.push(b"");
        parts
    } else {
        separate(text, old, None)
    };
    ctx.reserve(new.len().saturating_mul(parts.len()))?;
    Ok(Value::str(parts.join(new.as_bytes())))
}

fn split(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    numbered(ctx, separate(args.str(1)?, args.str(0)?, None))
}

fn splitn(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let limit = usize::try_from(args.int(1)?).ok();
    numbered(ctx, separate(args.str(2)?, args.str(0)?, limit))
}

/// A map of `_0`, `_1` and so on.
fn numbered(ctx: &mut Ctx, parts: Vec<&[u8]>) -> Result<Value, FuncError> {
    ctx.charge(parts.len())?;
    ctx.reserve(parts.len().saturating_mul(4 * size_of::<Value>()))?;
    let entries = parts
        .into_iter()
        .enumerate()
        .map(|(i, part)| (format!("_{i}"), part));
    Ok(Map::strings(entries).into())
}

fn split_list(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let parts = separate(args.str(1)?, args.str(0)?, None);
    ctx.charge(parts.len())?;
    ctx.reserve(parts.len().saturating_mul(2 * size_of::<Value>()))?;
    Ok(List::strings(parts.into_iter().map(Str::from)).into())
}

/// `strings.SplitN`; no limit splits everywhere, an empty separator between all characters.
fn separate<'a>(text: &'a [u8], sep: &[u8], limit: Option<usize>) -> Vec<&'a [u8]> {
    let limit = limit.unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let mut rest = text;
    while parts.len() + 1 < limit {
        let cut = if sep.is_empty() {
            let width = runes::decode(rest).1;
            (width < rest.len()).then_some((width, width))
        } else {
            find(rest, sep).map(|at| (at, at + sep.len()))
        };
        let Some((end, next)) = cut else { break };
        parts.push(&rest[..end]);
        rest = &rest[next..];
    }
    if limit > 0 && !(sep.is_empty() && text.is_empty()) {
        parts.push(rest);
    }
    parts
}

/// `strings.Index`
pub(super) fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    if pattern.is_empty() {
        return Some(0);
    }
    memchr::memmem::find(text, pattern)
}

fn trunc(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (count, text) = (args.int(0)?, args.str(1)?);
    let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if size >= text.len() {
        return Ok(text.clone().into());
    }
    Ok(Value::str(if count < 0 {
        &text[text.len() - size..]
    } else {
        &text[..size]
    }))
}

fn substr(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let (start, end, text) = (args.int(0)?, args.int(1)?, args.str(2)?);
    let len = text.len();
    let out_of_range = |range: String| {
        Err(FuncError::revealing(
            format!("runtime error: slice bounds out of range {range}"),
            "runtime error: slice bounds out of range <redacted>",
        ))
    };
    let end_in_text = usize::try_from(end).ok().filter(|end| *end <= len);
    let Ok(from) = usize::try_from(start) else {
        return match end_in_text {
            Some(end) => Ok(Value::str(&text[..end])),
            None if end < 0 => out_of_range(format!("[:{end}]")),
            None => out_of_range(format!("[:{end}] with length {len}")),
        };
    };
    let to = end_in_text.unwrap_or(len);
    match text.get(from..to) {
        Some(part) => Ok(Value::str(part)),
        None => out_of_range(format!("[{from}:{to}]")),
    }
}

fn wrap(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    wrapped(ctx, args.str(1)?, args.int(0)?, b"\n", LongWords::Keep)
}

fn wrap_with(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let sep: &[u8] = match args.str(1)?.as_bytes() {
        b"" => b"\n",
        sep => sep,
    };
    wrapped(ctx, args.str(2)?, args.int(0)?, sep, LongWords::Cut)
}

/// What becomes of a word longer than the line.
#[derive(Clone, Copy)]
enum LongWords {
    Keep,
    Cut,
}

/// Breaks the text at spaces so that lines have at most `width` bytes.
fn wrapped(
    ctx: &mut Ctx,
    text: &[u8],
    width: i64,
    newline: &[u8],
    long_words: LongWords,
) -> Result<Value, FuncError> {
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    let mut out = Vec::new();
    let mut rest = text;
    while rest.len() > width {
        ctx.charge(1)?;
        ctx.reserve(newline.len())?;
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let space = rest[..=width].iter().rposition(|b| *b == b' ');
        let (end, next) = match (space, long_words) {
            (Some(space), _) => (space, space + 1),
            (None, LongWords::Cut) => (width, width),
            (None, LongWords::Keep) => match rest[width..].iter().position(|b| *b == b' ') {
                Some(space) => (width + space, width + space + 1),
                None => break,
            },
        };
        out.extend_from_slice(&rest[..end]);
        out.extend_from_slice(newline);
        rest = &rest[next..];
    }
    out.extend_from_slice(rest);
    Ok(Value::str(out))
}
