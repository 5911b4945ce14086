use regex::bytes::{Regex, RegexBuilder};
use secretwire_gotemplate::sprig::regex_pattern;

use crate::ObjectKey;

/// An expression that does not compile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{field} {}", place(origin.as_ref()), complaint(expression, cause))]
pub struct FilterError {
    /// The SecretTransformation that has it, where it is not the resource itself.
    pub origin: Option<ObjectKey>,
    /// `includes` or `excludes`.
    pub field: &'static str,
    /// The expression.
    pub expression: String,
    /// What is wrong with it.
    pub cause: String,
}

/// The filters on source keys: excludes first, then includes.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    excludes: Vec<Regex>,
    includes: Vec<Regex>,
}

impl Filters {
    pub(crate) fn compile(includes: &[String], excludes: &[String]) -> Result<Self, FilterError> {
        let count = includes.len() + excludes.len();
        let compiled = |field, expressions: &[String]| {
            let each = expressions.iter().map(|expression| {
                compile_one(expression, count).map_err(|cause| FilterError {
                    origin: None,
                    field,
                    expression: expression.clone(),
                    cause,
                })
            });
            each.collect::<Result<_, _>>()
        };
        Ok(Self {
            excludes: compiled("excludes", excludes)?,
            includes: compiled("includes", includes)?,
        })
    }

    pub(crate) fn keep(&self, key: &str) -> bool {
        let matches = |expression: &Regex| expression.is_match(key.as_bytes());
        !self.excludes.iter().any(matches)
            && (self.includes.is_empty() || self.includes.iter().any(matches))
    }
}

/// The expression, one of `count`, or where and why it is none.
pub(super) fn compile_one(expression: &str, count: usize) -> Result<Regex, String> {
    if count > MAX_COUNT {
        return Err(format!("more than {MAX_COUNT} of them are too many"));
    }
    let size = (ALL_BYTES / count.max(1)).min(ONE_BYTES);
    let build = |pattern: &str| {
        RegexBuilder::new(pattern)
            .size_limit(size)
            .dfa_size_limit(size)
            .build()
    };
    match regex_pattern(expression) {
        Ok(pattern) => build(&pattern).map_err(|_| {
            format!("it takes more than the {size} bytes of memory that are left to it")
        }),
        // Go does not say where it is.
        Err(words) => Err(build(expression)
            .err()
            .and_then(|error| located(&error.to_string()))
            .unwrap_or(words)),
    }
}

/// How many expressions a transformation can have.
const MAX_COUNT: usize = 1000;
/// Memory for all expressions of a transformation, and for one of them.
const ALL_BYTES: usize = 16 << 20;
const ONE_BYTES: usize = 1 << 20;

fn place(origin: Option<&ObjectKey>) -> String {
    origin.map_or_else(String::new, |key| format!("SecretTransformation {key}: "))
}

/// What is said of an expression that is none. Of a long one only the beginning is quoted, or it would crowd out the cause.
pub(super) fn complaint(expression: &str, cause: &str) -> String {
    let quoted = match expression.char_indices().nth(MAX_QUOTED) {
        None => format!("{expression:?}"),
        Some((end, _)) => format!("{:?}…", &expression[..end]),
    };
    format!("{quoted} is no regular expression (RE2): {cause}")
}

/// Characters of an expression that are quoted.
const MAX_QUOTED: usize = 80;

/// The compiler draws an expression, marks a place below it, and says why in the last line. An expression of several
/// lines is drawn otherwise, and has no such place.
fn located(message: &str) -> Option<String> {
    let lines: Vec<_> = message.lines().collect();
    let [_heading, _expression, marks, cause] = lines.as_slice() else {
        return None;
    };
    let cause = cause.strip_prefix("error: ").unwrap_or(cause);
    let at = marks.find('^')?.checked_sub(DRAWING_INDENT)?;
    Some(format!("character {}: {cause}", at + 1))
}

/// Indentation of the drawn expression and of the marks below it.
const DRAWING_INDENT: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excludes_come_before_includes_and_neither_is_anchored() {
        let filters = Filters::compile(&["^(user|port)$".into()], &["or".into()]).unwrap();
        assert!(filters.keep("user"));
        assert!(!filters.keep("port"));
        assert!(!filters.keep("users"));
    }

    #[test]
    fn a_bad_expression_is_quoted_with_its_field() {
        let error = Filters::compile(&["(".into()], &[]).unwrap_err();
        assert!(error.to_string().starts_with(r#"includes "(""#), "{error}");
    }

    #[test]
    fn a_long_expression_does_not_crowd_out_the_cause() {
        let long = format!("({}", "ä".repeat(100_000));
        let error = Filters::compile(&[], &[long]).unwrap_err().to_string();
        assert!(
            error.ends_with("ä\"… is no regular expression (RE2): character 1: unclosed group")
        );
        assert!(error.len() < 300, "{error}");
    }

    #[test]
    fn the_place_in_an_expression_is_told_where_it_is_one_line() {
        for (expression, expected) in [
            ("^user(", "character 6: unclosed group"),
            (
                "[z-a]",
                "character 2: invalid character class range, the start must be <= the end",
            ),
            ("ab\n(", "missing closing ): `ab\n(`"),
            ("(?x)a b", "invalid or unsupported Perl syntax: `(?x`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
        ] {
            assert_eq!(compile_one(expression, 1).unwrap_err(), expected);
        }
    }

    #[test]
    fn expressions_are_those_of_go() {
        for (expression, matching, other) in [
            (r"\Qa.b\E", "a.b", "axb"),
            ("[[]", "a[b", "ab"),
            ("a{", "a{", "a"),
            (r"^\w+$", "key_1", "schlüssel"),
            (r"^k\d$", "k3", "k٣"),
            ("^[a&&b]$", "&", "c"),
            (r"^\pL+$", "schlüssel", "a1"),
            (r"\<", "<", "a"),
            ("(?i)^APP_", "app_db", "db_app"),
        ] {
            let regex = compile_one(expression, 1).unwrap();
            assert!(
                regex.is_match(matching.as_bytes()),
                "{expression} {matching}"
            );
            assert!(!regex.is_match(other.as_bytes()), "{expression} {other}");
        }
    }

    #[test]
    fn expressions_share_a_bounded_memory() {
        let large = |count: usize| {
            let expressions: Vec<_> = (0..count).map(|n| format!(r"\pL{{6}}{n}")).collect();
            Filters::compile(&expressions, &[]).map_err(|error| error.cause)
        };
        assert!(large(10).is_ok());
        assert!(large(900).unwrap_err().contains("bytes of memory"));
        assert!(large(1001).unwrap_err().contains("too many"));
        let plain = vec!["^(user|password|port)$".to_owned(); 1000];
        assert!(Filters::compile(&plain, &[]).is_ok());
        assert!(compile_one(r"\pL{1000}", 1).is_err());
    }
}
