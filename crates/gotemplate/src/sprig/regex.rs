//! Regular expressions with Go's syntax and Go's ways of walking through matches.

use std::borrow::Cow;

use regex::bytes::{Captures, Regex, RegexBuilder};

use crate::bytestr::Str;
use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::list::List;
use crate::quote::{Style, can_backquote, quote};
use crate::runes;
use crate::types::{STRING_LIST, Type};
use crate::value::Value;

use super::regex_syntax::{MAX_DEPTH, translate};
use super::{BOOL, INT, TEXT};

pub(super) static TABLE: &[Func] = &[
    Func::fixed("mustRegexFind", &[TEXT, TEXT], TEXT, find),
    Func::fixed(
        "mustRegexFindAll",
        &[TEXT, TEXT, INT],
        STRING_LIST,
        find_all,
    ),
    Func::fixed("mustRegexMatch", &[TEXT, TEXT], BOOL, must_match),
    Func::fixed(
        "mustRegexReplaceAll",
        &[TEXT, TEXT, TEXT],
        TEXT,
        replace_all,
    ),
    Func::fixed(
        "mustRegexReplaceAllLiteral",
        &[TEXT, TEXT, TEXT],
        TEXT,
        replace_all_literal,
    ),
    Func::fixed("mustRegexSplit", &[TEXT, TEXT, INT], STRING_LIST, split),
    Func::fixed("regexFind", &[TEXT, TEXT], TEXT, panicking_find),
    Func::fixed(
        "regexFindAll",
        &[TEXT, TEXT, INT],
        STRING_LIST,
        panicking_find_all,
    ),
    Func::fixed("regexMatch", &[TEXT, TEXT], BOOL, is_match),
    Func::fixed("regexQuoteMeta", &[TEXT], TEXT, quote_meta),
    Func::fixed(
        "regexReplaceAll",
        &[TEXT, TEXT, TEXT],
        TEXT,
        panicking_replace_all,
    ),
    Func::fixed(
        "regexReplaceAllLiteral",
        &[TEXT, TEXT, TEXT],
        TEXT,
        panicking_replace_all_literal,
    ),
    Func::fixed(
        "regexSplit",
        &[TEXT, TEXT, INT],
        STRING_LIST,
        panicking_split,
    ),
];

/// What a compiled expression may take.
const SIZE_LIMIT: usize = 8 << 20;

/// A compiled expression.
struct Expression {
    regex: Regex,
    group_names: Vec<Option<String>>,
    is_empty: bool,
}

impl Expression {
    fn compile(ctx: &mut Ctx, pattern: &Str) -> Result<Self, FuncError> {
        ctx.charge(pattern.len() * 16)?;
        let refused = |code: &str, expr: &str| {
            FuncError::revealing(
                format!("error parsing regexp: {code}: `{expr}`"),
                format!("error parsing regexp: {code}"),
            )
        };
        let text = std::str::from_utf8(pattern).map_err(|error| {
            let rest = &pattern[error.valid_up_to()..];
            refused("invalid UTF-8", &String::from_utf8_lossy(rest))
        })?;
        let translation = translate(text).map_err(|error| refused(error.code, &error.expr))?;
        let regex = RegexBuilder::new(&translation.pattern)
            .size_limit(SIZE_LIMIT)
            .nest_limit(u32::try_from(MAX_DEPTH * 4).unwrap_or(u32::MAX))
            .build()
            .map_err(|_| refused("expression too large", text))?;
        Ok(Self {
            regex,
            group_names: translation.group_names,
            is_empty: text.is_empty(),
        })
    }

    /// The first match from `at` on. Empty ones within a character are passed over: `\B` sees bytes.
    fn captures_at<'h>(
        &self,
        ctx: &mut Ctx,
        haystack: &'h Haystack<'_>,
        at: usize,
    ) -> Result<Option<Captures<'h>>, FuncError> {
        let mut at = at;
        loop {
            ctx.charge(1 + haystack.text.len().saturating_sub(at) / 64)?;
            let found = self.regex.captures_at(&haystack.text, at);
            match found.as_ref().and_then(|captures| captures.get(0)) {
                Some(all) if all.is_empty() && !haystack.is_boundary(all.start()) => {
                    at = all.start() + 1;
                }
                _ => return Ok(found),
            }
        }
    }

    /// At most `limit` matches, all if it is negative. An empty one right after another does not
    /// count.
    fn matches(
        &self,
        ctx: &mut Ctx,
        haystack: &Haystack<'_>,
        limit: i64,
    ) -> Result<Vec<(usize, usize)>, FuncError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let mut at = 0;
        let mut previous_end = None;
        while found.len() < limit && at <= haystack.text.len() {
            let Some(captures) = self.captures_at(ctx, haystack, at)? else {
                break;
            };
            let Some(all) = captures.get(0) else { break };
            let (start, end) = (all.start(), all.end());
            let mut accepted = true;
            if end == at {
                accepted = previous_end != Some(start);
                at += haystack.width_at(at).max(1);
            } else {
                at = end;
            }
            previous_end = Some(end);
            if accepted {
                ctx.reserve(4 * size_of::<Value>())?;
                found.push((start, end));
            }
        }
        Ok(found)
    }

    /// Replaces every match by what `fill` appends.
    fn replace(
        &self,
        ctx: &mut Ctx,
        haystack: &Haystack<'_>,
        fill: impl Fn(&mut Vec<u8>, &Captures<'_>),
    ) -> Result<Vec<u8>, FuncError> {
        let most = ctx.memory_left();
        let mut out = Vec::new();
        let mut last_end = 0;
        let mut at = 0;
        while at <= haystack.text.len() {
            let Some(captures) = self.captures_at(ctx, haystack, at)? else {
                break;
            };
            let Some(all) = captures.get(0) else { break };
            out.extend_from_slice(haystack.original(last_end, all.start()));
            if all.end() > last_end || all.start() == 0 {
                fill(&mut out, &captures);
                if out.len() > most {
                    ctx.reserve(out.len())?;
                }
            }
            last_end = all.end();
            at = last_end.max(at + haystack.width_at(at).max(1));
        }
        out.extend_from_slice(haystack.original(last_end, haystack.text.len()));
        Ok(out)
    }

    /// Appends a replacement in which `$1`, `${1}` and `${name}` stand for groups.
    fn expand(
        &self,
        out: &mut Vec<u8>,
        template: &[u8],
        haystack: &Haystack<'_>,
        captures: &Captures<'_>,
    ) {
        let group = |index: usize| {
            captures
                .get(index)
                .map(|group| haystack.original(group.start(), group.end()))
        };
        let mut rest = template;
        while let Some(dollar) = rest.iter().position(|b| *b == b'$') {
            out.extend_from_slice(&rest[..dollar]);
            rest = &rest[dollar + 1..];
            if let Some(after) = rest.strip_prefix(b"$") {
                out.push(b'$');
                rest = after;
                continue;
            }
            let Some((name, after)) = group_reference(rest) else {
                out.push(b'$');
                continue;
            };
            rest = after;
            let value = match group_number(name) {
                Some(index) => group(index),
                None => self
                    .group_names
                    .iter()
                    .enumerate()
                    .filter(|(_, known)| known.as_ref().is_some_and(|k| k.as_bytes() == name))
                    .find_map(|(index, _)| group(index)),
            };
            out.extend_from_slice(value.unwrap_or_default());
        }
        out.extend_from_slice(rest);
    }
}

/// The name in `name` or `{name}` and what follows it.
fn group_reference(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let braced = text.starts_with(b"{");
    let inner = if braced { &text[1..] } else { text };
    let mut len = 0;
    while len < inner.len() {
        let (c, width) = runes::decode(&inner[len..]);
        if !runes::is_alphanumeric(c) {
            break;
        }
        len += width;
    }
    let (name, rest) = inner.split_at(len);
    let rest = if braced {
        rest.strip_prefix(b"}")?
    } else {
        rest
    };
    (!name.is_empty()).then_some((name, rest))
}

/// Numbers have no leading zeros; what is none is a name.
fn group_number(name: &[u8]) -> Option<usize> {
    if name.len() > 1 && name[0] == b'0' || name.len() > 9 {
        return None;
    }
    if !name.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(name).ok()?.parse().ok()
}

/// Text to search. Go sees U+FFFD in place of each invalid byte, so that is what is searched.
struct Haystack<'a> {
    text: Cow<'a, [u8]>,
    bytes: &'a [u8],
    /// For each position in the text, the one in the bytes; none if they are the same.
    positions: Option<Vec<usize>>,
}

impl<'a> Haystack<'a> {
    fn new(ctx: &mut Ctx, bytes: &'a [u8]) -> Result<Self, FuncError> {
        if std::str::from_utf8(bytes).is_ok() {
            return Ok(Self {
                text: Cow::Borrowed(bytes),
                bytes,
                positions: None,
            });
        }
        ctx.reserve(bytes.len().saturating_mul(3 * (1 + size_of::<usize>())))?;
        let mut text = Vec::with_capacity(bytes.len() * 2);
        let mut positions = Vec::with_capacity(bytes.len() * 2);
        let mut at = 0;
        while at < bytes.len() {
            let (c, width) = runes::decode(&bytes[at..]);
            runes::push(&mut text, c);
            positions.resize(text.len(), at);
            at += width;
        }
        positions.push(at);
        Ok(Self {
            text: Cow::Owned(text),
            bytes,
            positions: Some(positions),
        })
    }

    /// The bytes behind a part of the text.
    fn original(&self, start: usize, end: usize) -> &[u8] {
        match &self.positions {
            None => &self.bytes[start..end],
            Some(positions) => &self.bytes[positions[start]..positions[end]],
        }
    }

    fn is_boundary(&self, at: usize) -> bool {
        self.text.get(at).is_none_or(|byte| byte & 0xc0 != 0x80)
    }

    /// The width of the character at a position, zero at the end.
    fn width_at(&self, at: usize) -> usize {
        runes::decode(&self.text[at..]).1
    }
}

/// Where sprig compiles with `MustCompile`, a bad expression panics, in other words than its error.
fn panicking(
    ctx: &mut Ctx,
    args: &Args<'_>,
    body: fn(&mut Ctx, &Args<'_>) -> Result<Value, FuncError>,
) -> Result<Value, FuncError> {
    body(ctx, args).map_err(|error| {
        if error.limit().is_some() {
            return error;
        }
        let pattern = args.str(0).cloned().unwrap_or_default();
        FuncError::revealing(
            format!(
                "regexp: Compile({}): {}",
                backquoted(&pattern),
                error.exact()
            ),
            format!("regexp: Compile: {}", error.redacted()),
        )
    })
}

/// Raw quotes where they can hold the text, else double ones.
fn backquoted(text: &[u8]) -> String {
    if can_backquote(text) {
        format!("`{}`", String::from_utf8_lossy(text))
    } else {
        String::from_utf8_lossy(&quote(text, Style::Unicode)).into_owned()
    }
}

/// An expression that does not compile matches nothing.
fn is_match(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    match must_match(ctx, args) {
        Err(error) if error.limit().is_none() => Ok(false.into()),
        result => result,
    }
}

fn must_match(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let expression = Expression::compile(ctx, args.str(0)?)?;
    let haystack = Haystack::new(ctx, args.str(1)?)?;
    Ok(expression.captures_at(ctx, &haystack, 0)?.is_some().into())
}

fn find(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let expression = Expression::compile(ctx, args.str(0)?)?;
    let haystack = Haystack::new(ctx, args.str(1)?)?;
    let found = expression.captures_at(ctx, &haystack, 0)?;
    let all = found.as_ref().and_then(|captures| captures.get(0));
    Ok(Value::str(all.map_or(&b""[..], |all| {
        haystack.original(all.start(), all.end())
    })))
}

fn panicking_find(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    panicking(ctx, args, find)
}

fn find_all(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let expression = Expression::compile(ctx, args.str(0)?)?;
    let haystack = Haystack::new(ctx, args.str(1)?)?;
    let found = expression.matches(ctx, &haystack, args.int(2)?)?;
    if found.is_empty() {
        return Ok(List::nil(&Type::String).into());
    }
    let parts = found
        .into_iter()
        .map(|(start, end)| Str::from(haystack.original(start, end)));
    Ok(List::strings(parts).into())
}

fn panicking_find_all(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    panicking(ctx, args, find_all)
}

fn split(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let expression = Expression::compile(ctx, args.str(0)?)?;
    let text = args.str(1)?;
    let limit = args.int(2)?;
    if limit == 0 {
        return Ok(List::nil(&Type::String).into());
    }
    if text.is_empty() && !expression.is_empty {
        return Ok(List::strings([""]).into());
    }
    let haystack = Haystack::new(ctx, text)?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let (mut start, mut end) = (0, 0);
    for (match_start, match_end) in expression.matches(ctx, &haystack, limit)? {
        if parts.len() == most - 1 {
            break;
        }
        end = match_start;
        if match_end != 0 {
            parts.push(Str::from(haystack.original(start, end)));
        }
        start = match_end;
    }
    if end != haystack.text.len() {
        parts.push(Str::from(haystack.original(start, haystack.text.len())));
    }
    Ok(List::strings(parts).into())
}

fn panicking_split(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    panicking(ctx, args, split)
}

fn replace_all(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let expression = Expression::compile(ctx, args.str(0)?)?;
    let haystack = Haystack::new(ctx, args.str(1)?)?;
    let template = args.str(2)?;
    let replaced = expression.replace(ctx, &haystack, |out, captures| {
        expression.expand(out, template, &haystack, captures);
    })?;
    Ok(Value::str(replaced))
}

fn panicking_replace_all(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    panicking(ctx, args, replace_all)
}

fn replace_all_literal(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let expression = Expression::compile(ctx, args.str(0)?)?;
    let haystack = Haystack::new(ctx, args.str(1)?)?;
    let literal = args.str(2)?;
    let replaced = expression.replace(ctx, &haystack, |out, _| {
        out.extend_from_slice(literal);
    })?;
    Ok(Value::str(replaced))
}

fn panicking_replace_all_literal(ctx: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    panicking(ctx, args, replace_all_literal)
}

fn quote_meta(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let mut out = Vec::new();
    for byte in args.str(0)?.iter() {
        if br"\.+*?()|[]{}^$".contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    Ok(Value::str(out))
}
