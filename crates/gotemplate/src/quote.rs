//! Go string literals: `strconv.Quote`, `Unquote` and their relatives.

use crate::runes;

/// How much of a string a quoted form shows as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Everything printable.
    Unicode,
    /// ASCII only.
    Ascii,
}

/// `strconv.Quote`: a double-quoted literal.
pub(crate) fn quote(bytes: &[u8], style: Style) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 2);
    out.push(b'"');
    let mut rest = bytes;
    while !rest.is_empty() {
        let (c, width) = runes::decode(rest);
        if width == 1 && c == runes::REPLACEMENT {
            push_hex(&mut out, "\\x", u32::from(rest[0]), 2);
        } else {
            push_escaped(&mut out, c, '"', style);
        }
        rest = &rest[width..];
    }
    out.push(b'"');
    out
}

/// `strconv.Quote` for messages.
pub(crate) fn quoted(text: &str) -> String {
    String::from_utf8_lossy(&quote(text.as_bytes(), Style::Unicode)).into_owned()
}

/// `strconv.QuoteRune`: a single-quoted literal.
pub(crate) fn quote_rune(c: char, style: Style) -> Vec<u8> {
    let mut out = vec![b'\''];
    push_escaped(&mut out, c, '\'', style);
    out.push(b'\'');
    out
}

/// Whether a raw literal can hold the string on one line.
pub(crate) fn can_backquote(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars()
            .all(|c| !(c == '\u{feff}' || c == '`' || c == '\x7f' || (c < ' ' && c != '\t')))
    })
}

fn push_escaped(out: &mut Vec<u8>, c: char, quote: char, style: Style) {
    if c == quote || c == '\\' {
        out.push(b'\\');
        runes::push(out, c);
        return;
    }
    let plain = match style {
        Style::Ascii => c.is_ascii() && runes::is_print(c),
        Style::Unicode => runes::is_print(c),
    };
    match c {
        c if plain => runes::push(out, c),
        '\x07' => out.extend_from_slice(b"\\a"),
        '\x08' => out.extend_from_slice(b"\\b"),
        '\x0c' => out.extend_from_slice(b"\\f"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        '\x0b' => out.extend_from_slice(b"\\v"),
        c if c < ' ' || c == '\x7f' => push_hex(out, "\\x", u32::from(c), 2),
        c if u32::from(c) < 0x1_0000 => push_hex(out, "\\u", u32::from(c), 4),
        c => push_hex(out, "\\U", u32::from(c), 8),
    }
}

fn push_hex(out: &mut Vec<u8>, prefix: &str, code: u32, digits: usize) {
    out.extend_from_slice(format!("{prefix}{code:0digits$x}").as_bytes());
}

/// `strconv.Unquote`: the content of a double-quoted or raw literal.
pub(crate) fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    let (&quote, rest) = literal.split_first()?;
    let (&last, inner) = rest.split_last()?;
    if last != quote {
        return None;
    }
    if quote == b'`' {
        let clean = !inner.contains(&b'`');
        return clean.then(|| inner.iter().copied().filter(|&b| b != b'\r').collect());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        if rest[0] == b'\n' {
            return None;
        }
        let (unit, tail) = unquote_char(rest, quote)?;
        match unit {
            Unit::Byte(b) => out.push(b),
            Unit::Char(c) => runes::push(&mut out, c),
        }
        rest = tail;
    }
    Some(out)
}

/// What one escape or character stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A byte, from an octal or hexadecimal escape or plain ASCII.
    Byte(u8),
    /// A character.
    Char(char),
}

impl Unit {
    /// The number it stands for.
    pub(crate) fn code(self) -> u32 {
        match self {
            Self::Byte(b) => u32::from(b),
            Self::Char(c) => u32::from(c),
        }
    }
}

/// `strconv.UnquoteChar`: the first unit of a literal's content and what follows it.
pub(crate) fn unquote_char(bytes: &[u8], quote: u8) -> Option<(Unit, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first == quote && (quote == b'\'' || quote == b'"') {
        return None;
    }
    if first >= 0x80 {
        let (c, width) = runes::decode(bytes);
        return Some((Unit::Char(c), &bytes[width..]));
    }
    if first != b'\\' {
        return Some((Unit::Byte(first), rest));
    }
    let (&escape, rest) = rest.split_first()?;
    let byte = match escape {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' => b'\\',
        b'\'' | b'"' if escape == quote => escape,
        b'x' => {
            let (code, rest) = digits(rest, 2, 16)?;
            return Some((Unit::Byte(u8::try_from(code).ok()?), rest));
        }
        b'u' | b'U' => {
            let (code, rest) = digits(rest, if escape == b'u' { 4 } else { 8 }, 16)?;
            return Some((Unit::Char(char::from_u32(code)?), rest));
        }
        b'0'..=b'7' => {
            let (code, rest) = digits(&bytes[1..], 3, 8)?;
            return Some((Unit::Byte(u8::try_from(code).ok()?), rest));
        }
        _ => return None,
    };
    Some((Unit::Byte(byte), rest))
}

fn digits(bytes: &[u8], n: usize, radix: u32) -> Option<(u32, &[u8])> {
    let (head, rest) = bytes.split_at_checked(n)?;
    let code = head.iter().try_fold(0_u32, |code, &b| {
        let digit = char::from(b).to_digit(radix)?;
        code.checked_mul(radix)?.checked_add(digit)
    })?;
    Some((code, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_escapes_what_go_escapes() {
        let q = |bytes: &[u8]| String::from_utf8(quote(bytes, Style::Unicode)).unwrap();
        assert_eq!(q(b"a\"b\\\n\x01\xff\x7f"), r#""a\"b\\\n\x01\xff\x7f""#);
        assert_eq!(
            q("é\u{200b}\u{e0001}".as_bytes()),
            "\"é\\u200b\\U000e0001\""
        );
        assert_eq!(quote("é".as_bytes(), Style::Ascii), b"\"\\u00e9\"");
        assert_eq!(quote_rune('\'', Style::Unicode), b"'\\''");
    }

    #[test]
    fn unquoting_takes_every_escape_and_refuses_bad_ones() {
        assert_eq!(
            unquote(br#""\a\x41\101\u00e9\U0001F600\"""#).unwrap(),
            "\x07AAé😀\"".as_bytes()
        );
        assert_eq!(unquote(b"\"\\xff\"").unwrap(), b"\xff");
        assert_eq!(unquote(b"`a\\n\r`").unwrap(), b"a\\n");
        for bad in [
            r#""\'""#,
            r#""\q""#,
            r#""\x4""#,
            r#""\400""#,
            r#""\ud800""#,
            "\"a",
        ] {
            assert_eq!(unquote(bad.as_bytes()), None, "{bad}");
        }
    }
}
