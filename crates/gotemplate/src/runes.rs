//! UTF-8 and character classes by Go's rules.

use crate::unicode_tables::{DIGITS, LETTERS, PRINTABLE};

/// What invalid bytes decode to.
pub(crate) const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// The first character of `bytes` and its width. Invalid encoding yields U+FFFD and width 1, the
/// empty slice U+FFFD and width 0.
pub(crate) fn decode(bytes: &[u8]) -> (char, usize) {
    let Some(&first) = bytes.first() else {
        return (REPLACEMENT, 0);
    };
    let width = match first {
        0..=0x7f => return (char::from(first), 1),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return (REPLACEMENT, 1),
    };
    bytes
        .get(..width)
        .and_then(|head| std::str::from_utf8(head).ok())
        .and_then(|text| text.chars().next())
        .map_or((REPLACEMENT, 1), |c| (c, width))
}

/// The number of characters, each invalid byte counting as one.
pub(crate) fn count(mut bytes: &[u8]) -> usize {
    if bytes.is_ascii() {
        return bytes.len();
    }
    let mut n = 0;
    while !bytes.is_empty() {
        bytes = &bytes[decode(bytes).1..];
        n += 1;
    }
    n
}

/// The first `n` characters.
pub(crate) fn truncate(bytes: &[u8], n: usize) -> &[u8] {
    let mut end = 0;
    for _ in 0..n {
        if end >= bytes.len() {
            break;
        }
        end += decode(&bytes[end..]).1;
    }
    &bytes[..end]
}

/// The number of line ends.
pub(crate) fn newlines(bytes: &[u8]) -> usize {
    bytes.split(|&b| b == b'\n').count() - 1
}

/// Appends a character.
pub(crate) fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Letter, digit or underscore: what identifiers consist of.
pub(crate) fn is_alphanumeric(c: char) -> bool {
    c == '_'
        || c.is_ascii_alphanumeric()
        || !c.is_ascii() && (contains(LETTERS, c) || contains(DIGITS, c))
}

/// `strconv.IsPrint`
pub(crate) fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    contains(PRINTABLE, c)
}

fn contains(table: &[(u32, u32)], c: char) -> bool {
    let c = u32::from(c);
    let after = table.partition_point(|&(first, _)| first <= c);
    after > 0 && c <= table[after - 1].1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_bytes_count_as_one_character_each() {
        assert_eq!(count(b"a\xff\xe2\x82z\xed\xa0\x80"), 8);
        assert_eq!(decode(b"\xe2\x82\xac"), ('€', 3));
        assert_eq!(truncate("€uro".as_bytes(), 2), "€u".as_bytes());
    }

    #[test]
    fn classes_are_gos() {
        assert!(is_alphanumeric('é') && is_alphanumeric('٣') && !is_alphanumeric('€'));
        // Alphabetic by Unicode's property, no letter by Go's.
        assert!(!is_alphanumeric('Ⅷ'));
        assert!(
            is_print('€') && !is_print('\u{ad}') && !is_print('\u{200b}') && !is_print('\u{a0}')
        );
    }
}
