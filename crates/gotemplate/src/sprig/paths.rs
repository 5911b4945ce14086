//! Paths with slashes: Go's `path`, and `path/filepath` on Unix.

use crate::funcs::{Args, Func, FuncError};
use crate::limits::Ctx;
use crate::value::Value;

use super::{BOOL, TEXT};

pub(super) static TABLE: &[Func] = &[
    Func::fixed("base", &[TEXT], TEXT, base),
    Func::fixed("clean", &[TEXT], TEXT, clean),
    Func::fixed("dir", &[TEXT], TEXT, dir),
    Func::fixed("ext", &[TEXT], TEXT, ext),
    Func::fixed("isAbs", &[TEXT], BOOL, is_abs),
    Func::fixed("osBase", &[TEXT], TEXT, base),
    Func::fixed("osClean", &[TEXT], TEXT, clean),
    Func::fixed("osDir", &[TEXT], TEXT, dir),
    Func::fixed("osExt", &[TEXT], TEXT, ext),
    Func::fixed("osIsAbs", &[TEXT], BOOL, is_abs),
];

fn base(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let path = args.str(0)?;
    let end = path.iter().rposition(|b| *b != b'/').map_or(0, |at| at + 1);
    Ok(Value::str(match (path.is_empty(), end) {
        (true, _) => b".",
        (false, 0) => b"/",
        (false, end) => path[..end].rsplit(|b| *b == b'/').next().unwrap_or(b""),
    }))
}

fn ext(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let path = args.str(0)?;
    let at = path.iter().rposition(|b| matches!(b, b'.' | b'/'));
    Ok(Value::str(match at {
        Some(at) if path[at] == b'.' => &path[at..],
        _ => b"",
    }))
}

fn is_abs(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(args.str(0)?.starts_with(b"/").into())
}

fn clean(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    Ok(Value::str(cleaned(args.str(0)?)))
}

fn dir(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let path = args.str(0)?;
    let end = path.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
    Ok(Value::str(cleaned(&path[..end])))
}

/// `path.Clean`: no doubled slashes, no `.`, no `..` that can be resolved.
fn cleaned(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut kept: Vec<&[u8]> = Vec::new();
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." if kept.last().is_some_and(|last| *last != b"..") => {
                kept.pop();
            }
            b".." if rooted => {}
            part => kept.push(part),
        }
    }
    let joined = kept.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", &joined[..]].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::cleaned;

    #[test]
    fn cleaning_resolves_what_it_can() {
        for (path, wanted) in [
            ("", "."),
            ("/..", "/"),
            ("a/../..", ".."),
            ("a//b/./../c/", "a/c"),
            ("../../a", "../../a"),
        ] {
            assert_eq!(cleaned(path.as_bytes()), wanted.as_bytes(), "{path}");
        }
    }
}
