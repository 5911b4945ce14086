use regex::Regex;

/// An expression that does not compile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {expression:?} is no regular expression (RE2): {cause}")]
pub struct FilterError {
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
        Ok(Self {
            excludes: compile("excludes", excludes)?,
            includes: compile("includes", includes)?,
        })
    }

    pub(crate) fn keep(&self, key: &str) -> bool {
        !self.excludes.iter().any(|e| e.is_match(key))
            && (self.includes.is_empty() || self.includes.iter().any(|e| e.is_match(key)))
    }
}

fn compile(field: &'static str, expressions: &[String]) -> Result<Vec<Regex>, FilterError> {
    expressions
        .iter()
        .map(|expression| {
            compile_one(expression).map_err(|cause| FilterError {
                field,
                expression: expression.clone(),
                cause,
            })
        })
        .collect()
}

/// The expression, or where and why it is none.
pub(super) fn compile_one(expression: &str) -> Result<Regex, String> {
    Regex::new(expression).map_err(|error| located(&error.to_string()))
}

/// The compiler draws an expression, marks a place below it, and says why in the last line. An expression of several
/// lines is drawn otherwise, and then only the reason is taken.
fn located(message: &str) -> String {
    let lines: Vec<_> = message.lines().collect();
    let cause = lines.last().copied().unwrap_or_default();
    let cause = cause.strip_prefix("error: ").unwrap_or(cause);
    let mark = match lines.as_slice() {
        [_heading, _expression, marks, _cause] => marks.find('^'),
        _ => None,
    };
    match mark.and_then(|at| at.checked_sub(DRAWING_INDENT)) {
        Some(at) => format!("character {}: {cause}", at + 1),
        None => cause.to_owned(),
    }
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
    fn the_place_in_an_expression_is_told_where_it_is_one_line() {
        for (expression, expected) in [
            ("^user(", "character 6: unclosed group"),
            ("[z-a]", "character 2: invalid character class range"),
            ("ab\n(", "unclosed group"),
            (r"\w{1000}{1000}", "exceeds size limit"),
        ] {
            let cause = compile_one(expression).unwrap_err();
            assert!(cause.contains(expected), "{expression:?}: {cause}");
            assert_eq!(
                cause.starts_with("character"),
                expected.starts_with("character")
            );
        }
    }
}
