//! From a status and Vault's error strings to an [`Error`].

use std::{borrow::Cow, time::Duration};

use http::StatusCode;
use serde::Deserialize;

use crate::error::{Error, Refusal};

/// Names the failure behind a non-2xx answer.
pub(crate) fn classify(
    path: &str,
    status: StatusCode,
    retry_after: Option<Duration>,
    body: &str,
) -> Error {
    // An answer from something in front of Vault need not be JSON: then there is only the status.
    let errors = serde_json::from_str::<Errors<'_>>(body)
        .map(|answer| clean(&answer.errors))
        .unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|word| errors.contains(word));
    let sealed = says(&["sealed", "not initialized"]);
    let standby = says(&[
        "standby",
        "node not active",
        "active cluster node not found",
    ]);
    let refusal = Refusal {
        path: path.to_owned(),
        status: status.as_u16(),
        errors,
    };
    match status.as_u16() {
        403 => Error::Denied(refusal),
        404 => Error::NotFound(refusal),
        // 412: a performance standby that has not seen the token yet; 472 and 473: health's words
        // for the standbys of a replicated cluster.
        412 | 472 | 473 => Error::Standby(refusal),
        429 => Error::RateLimited {
            refusal,
            retry_after,
        },
        501 | 503 if sealed => Error::Sealed(refusal),
        500..=599 if standby => Error::Standby(refusal),
        500..=599 => Error::Server(refusal),
        _ => Error::Rejected(refusal),
    }
}

#[derive(Deserialize)]
struct Errors<'a> {
    #[serde(borrow, default)]
    errors: Vec<Cow<'a, str>>,
}

/// Joins error strings into one bounded line without anything that looks like a token. Vault does
/// not put tokens there, but plugins and proxies have been seen to.
fn clean(errors: &[Cow<'_, str>]) -> String {
    let mut line = String::new();
    for word in errors.iter().flat_map(|error| error.split_whitespace()) {
        if !line.is_empty() {
            line.push(' ');
        }
        for part in word.split_inclusive(|c: char| !is_token_char(c)) {
            let token = part.trim_end_matches(|c: char| !is_token_char(c));
            if looks_like_token(token) {
                line.push_str("[redacted]");
                line.push_str(&part[token.len()..]);
            } else {
                line.push_str(part);
            }
        }
    }
    if line.chars().count() > ERRORS_LIMIT {
        line = line.chars().take(ERRORS_LIMIT).collect();
        line.push('…');
    }
    line
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn looks_like_token(word: &str) -> bool {
    let long_after = |prefix: &&str| {
        word.strip_prefix(*prefix)
            .is_some_and(|rest| rest.len() >= SHORTEST_TOKEN)
    };
    TOKEN_PREFIXES.iter().any(long_after)
}

/// Service, batch and recovery tokens, new and old style, and JWTs.
const TOKEN_PREFIXES: [&str; 7] = ["hvs.", "hvb.", "hvr.", "s.", "b.", "r.", "eyJ"];
const SHORTEST_TOKEN: usize = 12;
const ERRORS_LIMIT: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn kind(status: u16, body: &str) -> ErrorKind {
        classify("p", StatusCode::from_u16(status).unwrap(), None, body).kind()
    }

    #[test]
    fn tells_failures_apart_by_status_and_words() {
        let cases = [
            (
                400,
                r#"{"errors":["missing client token"]}"#,
                ErrorKind::Rejected,
            ),
            (
                403,
                r#"{"errors":["permission denied"]}"#,
                ErrorKind::Denied,
            ),
            (404, r#"{"errors":[]}"#, ErrorKind::NotFound),
            (
                405,
                r#"{"errors":["unsupported operation"]}"#,
                ErrorKind::Rejected,
            ),
            (
                412,
                r#"{"errors":["required index state not present"]}"#,
                ErrorKind::Standby,
            ),
            (429, "{}", ErrorKind::RateLimited),
            (473, "", ErrorKind::Standby),
            (
                500,
                r#"{"errors":["local node not active but active cluster node not found"]}"#,
                ErrorKind::Standby,
            ),
            (500, r#"{"errors":["internal error"]}"#, ErrorKind::Server),
            (502, "<html>bad gateway</html>", ErrorKind::Server),
            (503, r#"{"errors":["Vault is sealed"]}"#, ErrorKind::Sealed),
            (503, "<html>no healthy upstream</html>", ErrorKind::Server),
        ];
        for (status, body, expected) in cases {
            assert_eq!(kind(status, body), expected, "{status} {body}");
        }
    }

    #[test]
    fn errors_are_one_bounded_line_without_tokens() {
        let body = r#"{"errors":["2 errors occurred:\n\t* bad token hvs.CAESIJabcdefghijkl\n","(s.abcdefghijklmnop), jwt eyJhbGciOiJSUzI1NiJ9.e30.c2ln; b.c stays"]}"#;
        let Error::Denied(refusal) = classify("p", StatusCode::FORBIDDEN, None, body) else {
            panic!("not denied")
        };
        assert_eq!(
            refusal.errors,
            "2 errors occurred: * bad token [redacted] ([redacted]), jwt [redacted]; b.c stays"
        );
        let long = format!(r#"{{"errors":["{}"]}}"#, "é".repeat(1000));
        let Error::Denied(refusal) = classify("p", StatusCode::FORBIDDEN, None, &long) else {
            panic!("not denied")
        };
        assert_eq!(refusal.errors.chars().count(), ERRORS_LIMIT + 1);
    }
}
