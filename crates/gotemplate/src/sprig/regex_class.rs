//! Character classes in Go's regular expressions, translated for the `regex` crate.

use std::fmt::Write;

use super::regex_escape::parse_escape;
use super::regex_syntax::SyntaxError;

const INVALID_RANGE: &str = "invalid character class range";
const MISSING_BRACKET: &str = "missing closing ]";

/// Matches no character.
pub(super) const NOTHING: &str = r"[^\x{0}-\x{10FFFF}]";

/// A character as an atom or a class member.
pub(super) fn escaped(c: char) -> String {
    if c.is_ascii_alphanumeric() || !c.is_ascii() {
        c.to_string()
    } else {
        format!(r"\x{{{:X}}}", u32::from(c))
    }
}

/// What stands between brackets.
pub(super) struct Class {
    negated: bool,
    /// Members in the syntax of the `regex` crate.
    members: String,
}

impl Class {
    /// Reads a class at the start of the text, and gives what follows it.
    pub(super) fn parse(text: &str) -> Result<(Self, &str), SyntaxError> {
        let mut rest = &text[1..];
        let negated = rest.starts_with('^');
        rest = &rest[usize::from(negated)..];
        let mut members = String::new();
        let mut first = true;
        // A closing bracket in first place is a member.
        while first || !rest.starts_with(']') {
            first = false;
            if let Some((named, after)) = posix_class(rest)? {
                members.push_str(named);
                rest = after;
            } else if let Some((group, after)) = group_escape(rest)? {
                members.push_str(&group);
                rest = after;
            } else {
                rest = range(rest, text, &mut members)?;
            }
        }
        Ok((Self { negated, members }, &rest[1..]))
    }

    pub(super) fn into_pattern(self) -> String {
        match (self.negated, self.members.is_empty()) {
            (true, true) => "(?s:.)".to_owned(),
            (false, true) => NOTHING.to_owned(),
            (true, false) => format!("[^{}]", self.members),
            (false, false) => format!("[{}]", self.members),
        }
    }
}

/// One character or a range of them; adds it to the members and gives what follows.
fn range<'a>(text: &'a str, whole: &str, members: &mut String) -> Result<&'a str, SyntaxError> {
    let (low, mut rest) = class_char(text, whole)?;
    let mut high = low;
    if rest.starts_with('-') && rest.len() >= 2 && !rest[1..].starts_with(']') {
        (high, rest) = class_char(&rest[1..], whole)?;
        if high < low {
            let expr = &text[..text.len() - rest.len()];
            return Err(SyntaxError::new(INVALID_RANGE, expr));
        }
    }
    // Surrogates, which never occur in text, are left out at either end.
    let low = if (0xd800..0xe000).contains(&low) {
        0xe000
    } else {
        low
    };
    let high = if (0xd800..0xe000).contains(&high) {
        0xd7ff
    } else {
        high
    };
    if low <= high {
        // Writing to a string cannot fail.
        let _ = write!(members, r"\x{{{low:X}}}-\x{{{high:X}}}");
    }
    Ok(rest)
}

fn class_char<'a>(text: &'a str, whole: &str) -> Result<(u32, &'a str), SyntaxError> {
    if text.starts_with('\\') {
        return parse_escape(text);
    }
    let mut chars = text.chars();
    match chars.next() {
        Some(c) => Ok((u32::from(c), chars.as_str())),
        None => Err(SyntaxError::new(MISSING_BRACKET, whole)),
    }
}

/// `[:alpha:]` and the like, which are the same in both syntaxes.
fn posix_class(text: &str) -> Result<Option<(&str, &str)>, SyntaxError> {
    const NAMES: &[&str] = &[
        "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
        "space", "upper", "word", "xdigit",
    ];
    let Some(inner) = text.strip_prefix("[:") else {
        return Ok(None);
    };
    let Some(end) = inner.find(":]") else {
        return Ok(None);
    };
    let (class, rest) = text.split_at(end + 4);
    let name = &inner[..end];
    if NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
        Ok(Some((class, rest)))
    } else {
        Err(SyntaxError::new(INVALID_RANGE, class))
    }
}

/// `\d`, `\pL`, `\p{Greek}` and the like, as a bracketed class.
pub(super) fn group_escape(text: &str) -> Result<Option<(String, &str)>, SyntaxError> {
    let mut chars = text.chars();
    let (Some('\\'), Some(letter)) = (chars.next(), chars.next()) else {
        return Ok(None);
    };
    let class = match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => r"[\t\n\x0C\r ]",
        'S' => r"[^\t\n\x0C\r ]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        'p' | 'P' => return unicode_class(text, letter == 'P').map(Some),
        _ => return Ok(None),
    };
    Ok(Some((class.to_owned(), chars.as_str())))
}

fn unicode_class(text: &str, negated: bool) -> Result<(String, &str), SyntaxError> {
    let after = &text[2..];
    let (name, rest) = if let Some(inner) = after.strip_prefix('{') {
        inner
            .split_once('}')
            .ok_or_else(|| SyntaxError::new(INVALID_RANGE, text))?
    } else {
        let width = after.chars().next().map_or(0, char::len_utf8);
        after.split_at(width)
    };
    let seq = &text[..text.len() - rest.len()];
    let (name, negated) = match name.strip_prefix('^') {
        Some(name) => (name, !negated),
        None => (name, negated),
    };
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let found = [
        format!("gc={name}"),
        format!("sc={name}"),
        name.to_ascii_lowercase(),
    ]
    .into_iter()
    .filter(|query| query.contains('=') || matches!(query.as_str(), "any" | "assigned" | "ascii"))
    .find(|query| plain && regex::Regex::new(&format!(r"\p{{{query}}}")).is_ok());
    let Some(query) = found else {
        return Err(SyntaxError::new(INVALID_RANGE, seq));
    };
    let letter = if negated { 'P' } else { 'p' };
    Ok((format!(r"[\{letter}{{{query}}}]"), rest))
}
