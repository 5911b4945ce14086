//! Letter case and character classes by Go's `unicode` package, which maps one character to one.

use std::sync::LazyLock;

use regex::Regex;

use crate::runes;

/// A Unicode general category. The pattern is constant; were it refused, nothing would match.
struct Category(LazyLock<Option<Regex>>);

impl Category {
    fn contains(&self, c: char) -> bool {
        is_known(c)
            && self
                .0
                .as_ref()
                .is_some_and(|regex| regex.is_match(c.encode_utf8(&mut [0; 4])))
    }
}

/// Whether Go's Unicode version, which is older than ours, has the character. It only lists the
/// printable ones, as all letters, numbers and punctuation marks are.
fn is_known(c: char) -> bool {
    c.is_ascii() || runes::is_print(c)
}

static UPPER: Category = Category(LazyLock::new(|| Regex::new(r"\p{Lu}").ok()));
static LOWER: Category = Category(LazyLock::new(|| Regex::new(r"\p{Ll}").ok()));
static TITLE: Category = Category(LazyLock::new(|| Regex::new(r"\p{Lt}").ok()));
static LETTER: Category = Category(LazyLock::new(|| Regex::new(r"\p{L}").ok()));
static NUMBER: Category = Category(LazyLock::new(|| Regex::new(r"\p{N}").ok()));
static PUNCTUATION: Category = Category(LazyLock::new(|| Regex::new(r"\p{P}").ok()));

/// `unicode.IsUpper`
pub(super) fn is_upper(c: char) -> bool {
    c.is_ascii_uppercase() || !c.is_ascii() && UPPER.contains(c)
}

/// `unicode.IsLower`
pub(super) fn is_lower(c: char) -> bool {
    c.is_ascii_lowercase() || !c.is_ascii() && LOWER.contains(c)
}

/// `unicode.IsTitle`
pub(super) fn is_title(c: char) -> bool {
    !c.is_ascii() && TITLE.contains(c)
}

/// `unicode.IsLetter`
pub(super) fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || !c.is_ascii() && LETTER.contains(c)
}

/// `unicode.IsNumber`
pub(super) fn is_number(c: char) -> bool {
    c.is_ascii_digit() || !c.is_ascii() && NUMBER.contains(c)
}

/// `unicode.IsPunct`
pub(super) fn is_punctuation(c: char) -> bool {
    PUNCTUATION.contains(c)
}

/// `unicode.ToUpper`
pub(super) fn to_upper(c: char) -> char {
    match c {
        // Their full mapping has two characters, their simple one the title case.
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => offset(c, 8),
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => offset(c, 9),
        c => single(c, c.to_uppercase()),
    }
}

/// `unicode.ToLower`
pub(super) fn to_lower(c: char) -> char {
    match c {
        '\u{130}' => 'i',
        c => single(c, c.to_lowercase()),
    }
}

/// `unicode.ToTitle`
pub(super) fn to_title(c: char) -> char {
    match c {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        '\u{10d0}'..='\u{10ff}' => c,
        c => to_upper(c),
    }
}

fn offset(c: char, by: u32) -> char {
    char::from_u32(u32::from(c) + by).unwrap_or(c)
}

/// The only character of a mapping; mappings to several are not simple and do not count.
fn single(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) if is_known(c) && is_known(only) => only,
        _ => c,
    }
}

/// `strings.Map`: every character replaced; invalid bytes become U+FFFD.
pub(super) fn map(bytes: &[u8], mut replace: impl FnMut(char) -> char) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for c in chars(bytes) {
        runes::push(&mut out, replace(c));
    }
    out
}

/// The characters as `range` over a Go string gives them.
pub(super) fn chars(bytes: &[u8]) -> impl Iterator<Item = char> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (c, width) = runes::decode(rest);
        rest = &rest[width..];
        Some(c)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_maps_one_character_to_one() {
        assert_eq!(
            map("straße ǆ ᾳ".as_bytes(), to_upper),
            "STRAßE Ǆ ᾼ".as_bytes()
        );
        assert_eq!(to_title('ǆ'), 'ǅ');
        assert_eq!(to_lower('İ'), 'i');
        assert_eq!(map(b"a\xffb", to_upper), "A\u{fffd}B".as_bytes());
    }

    #[test]
    fn classes_are_general_categories() {
        assert!(is_upper('É') && !is_upper('Ⅷ') && is_lower('é') && !is_lower('ª'));
        assert!(is_number('Ⅷ') && is_punctuation('¡') && !is_punctuation('$') && is_letter('ª'));
    }
}
