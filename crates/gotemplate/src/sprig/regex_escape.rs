//! Escapes in Go's regular expressions that stand for one character.

use super::regex_syntax::SyntaxError;

pub(super) const INVALID_ESCAPE: &str = "invalid escape sequence";
const TRAILING_BACKSLASH: &str = "trailing backslash at end of expression";

/// An escape that stands for one character, as its code.
pub(super) fn parse_escape(text: &str) -> Result<(u32, &str), SyntaxError> {
    let mut chars = text[1..].chars();
    let Some(c) = chars.next() else {
        return Err(SyntaxError::new(TRAILING_BACKSLASH, ""));
    };
    let mut rest = chars.as_str();
    let octal = |text: &str| text.starts_with(|c| ('0'..='7').contains(&c));
    let code = match c {
        '1'..='7' if !octal(rest) => None,
        '0'..='7' => {
            let mut code = u32::from(c) - u32::from('0');
            for _ in 0..2 {
                if octal(rest) {
                    code = code * 8 + u32::from(rest.as_bytes()[0] - b'0');
                    rest = &rest[1..];
                }
            }
            Some(code)
        }
        'x' => hexadecimal(&mut rest),
        'a' => Some(7),
        'f' => Some(12),
        'n' => Some(10),
        'r' => Some(13),
        't' => Some(9),
        'v' => Some(11),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(u32::from(c)),
        _ => None,
    };
    let expr = &text[..text.len() - rest.len()];
    code.map(|code| (code, rest))
        .ok_or_else(|| SyntaxError::new(INVALID_ESCAPE, expr))
}

/// What follows `\x`. Takes what it looked at, also when it makes no number.
fn hexadecimal(rest: &mut &str) -> Option<u32> {
    let mut next = || {
        let mut chars = rest.chars();
        let c = chars.next();
        *rest = chars.as_str();
        c
    };
    let first = next()?;
    if first != '{' {
        let second = next()?;
        return Some(first.to_digit(16)? * 16 + second.to_digit(16)?);
    }
    let mut code = None;
    loop {
        match next()? {
            '}' => return code,
            c => {
                let digit = c.to_digit(16)?;
                let value = code.unwrap_or(0) * 16 + digit;
                code = Some(value).filter(|value| *value <= u32::from(char::MAX));
                code?;
            }
        }
    }
}
