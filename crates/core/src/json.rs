//! JSON as Go's encoder writes it, from JSON text: keys sorted bytewise, no
//! spaces, HTML characters escaped, numbers with the text that they came with.
//!
//! Works on text rather than on a tree: a tree of numbers would lose their
//! text, and the secret would be in memory once more.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// Deeper nesting is refused; Vault itself refuses to store it.
const MAX_DEPTH: usize = 128;

/// JSON text that is not what it should be. Carries no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON.
    #[error("is not valid JSON")]
    Malformed,
    /// Not an object where one is needed.
    #[error("is not a JSON object")]
    NotAnObject,
    /// Nested deeper than this program follows.
    #[error("is nested more than 128 levels deep")]
    TooDeep,
}

/// The members of a JSON object, still as text. `null` has none.
pub fn members(text: &str) -> Result<BTreeMap<String, &RawValue>, JsonError> {
    match text.trim_start().as_bytes().first() {
        Some(b'{') => serde_json::from_str(text).map_err(|_| JsonError::Malformed),
        Some(b'n') => Ok(BTreeMap::new()),
        _ => Err(JsonError::NotAnObject),
    }
}

/// What a key of a Secret holds for a JSON value: a string's own bytes, the
/// JSON text of all else.
pub fn value_bytes(value: &RawValue) -> Result<Zeroizing<String>, JsonError> {
    if value.get().starts_with('"') {
        string(value.get())
    } else {
        canonical(value.get())
    }
}

/// The text as Go's encoder would write the same value.
pub fn canonical(text: &str) -> Result<Zeroizing<String>, JsonError> {
    let mut out = Zeroizing::new(String::with_capacity(text.len() + text.len() / 8));
    write_value(&mut out, text, 0)?;
    Ok(out)
}

fn string(text: &str) -> Result<Zeroizing<String>, JsonError> {
    serde_json::from_str(text)
        .map(Zeroizing::new)
        .map_err(|_| JsonError::Malformed)
}

fn write_value(out: &mut String, text: &str, depth: usize) -> Result<(), JsonError> {
    if depth > MAX_DEPTH {
        return Err(JsonError::TooDeep);
    }
    let text = text.trim();
    match text.as_bytes().first() {
        Some(b'{') => {
            out.push('{');
            for (index, (key, value)) in members(text)?.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(out, &key);
                out.push(':');
                write_value(out, value.get(), depth + 1)?;
            }
            out.push('}');
        }
        Some(b'[') => {
            let items: Vec<&RawValue> =
                serde_json::from_str(text).map_err(|_| JsonError::Malformed)?;
            out.push('[');
            for (index, value) in items.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(out, value.get(), depth + 1)?;
            }
            out.push(']');
        }
        Some(b'"') => write_string(out, &string(text)?),
        Some(_) => {
            let _: &RawValue = serde_json::from_str(text).map_err(|_| JsonError::Malformed)?;
            out.push_str(text);
        }
        None => return Err(JsonError::Malformed),
    }
    Ok(())
}

/// Appends `value` as a JSON string in the style of Go's `encoding/json`.
pub fn write_string(out: &mut String, value: &str) {
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn go(text: &str) -> String {
        canonical(text).unwrap().to_string()
    }

    #[test]
    fn writes_what_go_writes() {
        assert_eq!(
            go(r#"{ "b" : 1, "a" : [ true , null ] }"#),
            r#"{"a":[true,null],"b":1}"#
        );
        assert_eq!(
            go(r#""<a&b>\u2028\u0001\b""#),
            r#""\u003ca\u0026b\u003e\u2028\u0001\b""#
        );
        assert_eq!(go(r#""\u00e4\/""#), "\"ä/\"");
        assert_eq!(go("null"), "null");
    }

    #[test]
    fn numbers_keep_their_text() {
        for number in ["3.0", "1e400", "9007199254740993", "-0", "1.10"] {
            assert_eq!(go(number), number);
        }
    }

    #[test]
    fn strings_give_their_bytes_and_all_else_its_text() {
        let members = members(r#"{"s":"a\"b","n":5432,"o":{"k": null}}"#).unwrap();
        assert_eq!(*value_bytes(members["s"]).unwrap(), "a\"b");
        assert_eq!(*value_bytes(members["n"]).unwrap(), "5432");
        assert_eq!(*value_bytes(members["o"]).unwrap(), r#"{"k":null}"#);
    }

    #[test]
    fn nesting_beyond_the_limit_is_refused_and_not_followed() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(canonical(&deep).is_err());
    }

    #[test]
    fn errors_carry_nothing_of_the_text() {
        let error = canonical(r#"{"password": hunter2}"#).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }

    proptest! {
        #[test]
        fn writing_twice_changes_nothing(text in "\\PC*") {
            let mut once = String::new();
            write_string(&mut once, &text);
            prop_assert_eq!(&go(&once), &once);
        }
    }
}
