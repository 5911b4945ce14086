//! Identifiers taken apart into words and put together in another style, by the rules of the Go
//! library `xstrings`, oddities included.

use crate::runes;

use super::letters::{
    chars, is_letter, is_number, is_punctuation, is_upper, map, to_lower, to_upper,
};

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || c.is_whitespace()
}

/// `xstrings.ToPascalCase`
pub(super) fn pascal_case(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = chars(text);
    let mut first = None;
    // Leading connectors stay.
    for c in rest.by_ref() {
        if !is_connector(c) {
            first = Some(c);
            break;
        }
        runes::push(&mut out, c);
    }
    let Some(first) = first else {
        // The original writes the last connector twice.
        if let Some(last) = chars(text).last() {
            runes::push(&mut out, last);
        }
        return out;
    };
    let mut upper_run = is_upper(first);
    let mut current = to_upper(first);
    for c in rest {
        let previous = std::mem::replace(&mut current, c);
        if is_connector(previous) {
            if is_connector(current) {
                runes::push(&mut out, previous);
            } else {
                upper_run = is_upper(current);
                current = to_upper(current);
            }
            continue;
        }
        if upper_run && is_upper(current) {
            current = to_lower(current);
        } else if upper_run && !is_connector(current) {
            upper_run = false;
        }
        runes::push(&mut out, previous);
    }
    runes::push(&mut out, current);
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Invalid,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

/// Letters of scripts that have words; each CJK character is one of its own.
fn is_alphabet(c: char) -> bool {
    is_letter(c)
        && !matches!(
            c,
            '\u{4e00}'..='\u{9fcc}' | '\u{3400}'..='\u{4d85}' | '\u{20000}'..='\u{2b81d}'
        )
}

/// `xstrings.ToSnakeCase` and `ToKebabCase`
pub(super) fn joined_lower(text: &[u8], connector: u8) -> Vec<u8> {
    let mut out = Joined {
        out: Vec::with_capacity(text.len()),
        connector,
    };
    let mut words = Words { rest: text };
    let (mut kind, mut word) = words.next_word();
    while !words.rest.is_empty() {
        if kind != Kind::Connector {
            out.lower(kind, word);
        }
        let (previous, last) = (kind, word);
        (kind, word) = words.next_word();
        match previous {
            Kind::Number => {
                while matches!(kind, Kind::Alphabet | Kind::Number) {
                    out.lower(kind, word);
                    (kind, word) = words.next_word();
                }
                if !matches!(kind, Kind::Invalid | Kind::Punctuation | Kind::Connector) {
                    out.out.push(connector);
                }
            }
            Kind::Connector => out.lower(previous, last),
            Kind::Punctuation => {}
            _ if kind != Kind::Number => {
                if !matches!(kind, Kind::Connector | Kind::Punctuation) {
                    out.out.push(connector);
                }
            }
            _ if words.rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word) = words.next_word();
                if kind == Kind::Alphabet {
                    out.out.push(connector);
                    out.lower(Kind::Number, number);
                    while matches!(kind, Kind::Alphabet | Kind::Number) {
                        out.lower(kind, word);
                        (kind, word) = words.next_word();
                    }
                    if !matches!(kind, Kind::Invalid | Kind::Connector | Kind::Punctuation) {
                        out.out.push(connector);
                    }
                } else {
                    out.lower(Kind::Number, number);
                    if !matches!(kind, Kind::Connector | Kind::Punctuation) {
                        out.out.push(connector);
                    }
                }
            }
        }
    }
    out.lower(kind, word);
    out.out
}

struct Joined {
    out: Vec<u8>,
    connector: u8,
}

impl Joined {
    fn lower(&mut self, kind: Kind, word: &[u8]) {
        if !matches!(kind, Kind::Upper | Kind::Connector) {
            self.out.extend_from_slice(word);
            return;
        }
        let connector = char::from(self.connector);
        let lowered = map(word, |c| {
            if is_connector(c) {
                connector
            } else if is_upper(c) {
                to_lower(c)
            } else {
                c
            }
        });
        self.out.extend(lowered);
    }
}

struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Words<'a> {
    fn next_word(&mut self) -> (Kind, &'a [u8]) {
        let text = self.rest;
        let (kind, len) = if text.is_empty() {
            (Kind::Invalid, 0)
        } else {
            measure(text)
        };
        let (word, rest) = text.split_at(len);
        self.rest = rest;
        (kind, word)
    }
}

/// The kind and length of the word at the start of a text that is not empty.
fn measure(text: &[u8]) -> (Kind, usize) {
    let (first, width) = next_valid(text, runes::REPLACEMENT);
    if first == runes::REPLACEMENT {
        (Kind::Invalid, width)
    } else if is_connector(first) {
        (Kind::Connector, run(text, width, first, is_connector))
    } else if is_punctuation(first) {
        (Kind::Punctuation, run(text, width, first, is_punctuation))
    } else if is_upper(first) {
        (Kind::Upper, upper_word(text, first, width))
    } else if is_alphabet(first) {
        let more = |c| is_alphabet(c) && !is_upper(c);
        (Kind::Alphabet, run(text, width, first, more))
    } else if is_number(first) {
        (Kind::Number, run(text, width, first, is_number))
    } else {
        let more = |c| !(is_connector(c) || is_alphabet(c) || is_number(c) || is_punctuation(c));
        (Kind::Other, run(text, width, first, more))
    }
}

/// An upper-case run (`HTTP`, of `HTTPStatus` too) or a capitalised word.
fn upper_word(text: &[u8], first: char, width: usize) -> usize {
    let Some(rest) = text.get(width..).filter(|rest| !rest.is_empty()) else {
        return width;
    };
    let (second, second_width) = next_valid(rest, first);
    if is_upper(second) {
        let mut len = width + second_width;
        let mut last_width = second_width;
        let mut last = second;
        while len < text.len() {
            let (c, w) = next_valid(&text[len..], last);
            last = c;
            if !is_upper(c) {
                break;
            }
            last_width = w;
            len += w;
        }
        if len < text.len() && is_alphabet(last) {
            len -= last_width;
        }
        len
    } else if is_alphabet(second) {
        let more = |c| is_alphabet(c) && !is_upper(c);
        run(text, width + second_width, second, more)
    } else {
        width
    }
}

/// How far characters follow that `more` says yes to.
fn run(text: &[u8], start: usize, first: char, more: impl Fn(char) -> bool) -> usize {
    let mut len = start;
    let mut last = first;
    while len < text.len() {
        let (c, width) = next_valid(&text[len..], last);
        if width == 0 || !more(c) {
            break;
        }
        last = c;
        len += width;
    }
    len
}

/// The next character that is not U+FFFD, with the width of all up to it; `previous` if none is.
fn next_valid(text: &[u8], previous: char) -> (char, usize) {
    let mut size = 0;
    while size < text.len() {
        let (c, width) = runes::decode(&text[size..]);
        size += width;
        if c != runes::REPLACEMENT {
            return (c, size);
        }
    }
    (previous, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_apart_as_in_xstrings() {
        for (text, snake) in [
            ("FirstName", "first_name"),
            ("HTTPServer", "http_server"),
            ("NoHTTPS", "no_https"),
            ("GO-PATH", "go_path"),
            ("http2xx", "http_2xx"),
            ("HTTP20xOK", "http_20x_ok"),
            ("Bld4Floor3rd", "bld4_floor_3rd"),
        ] {
            assert_eq!(joined_lower(text.as_bytes(), b'_'), snake.as_bytes());
        }
        for (text, pascal) in [
            ("some_words", "SomeWords"),
            ("GOLANG_IS_GREAT", "GolangIsGreat"),
            ("_complex__case_", "_Complex_Case_"),
        ] {
            assert_eq!(pascal_case(text.as_bytes()), pascal.as_bytes());
        }
    }
}
