//! Errors of parsing and rendering, in Go's words.

use std::fmt;

use crate::limits::LimitError;

/// A template that could not be parsed or rendered.
///
/// `Display` and `Debug` leave out values that Go's message would quote; [`Error::exact`] has it all.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    template: String,
    line: usize,
    column: Option<usize>,
    exact: String,
    redacted: Option<String>,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is not a template.
    Parse,
    /// No template has the name that was asked for.
    NotFound,
    /// Evaluation failed.
    Execute,
    /// The render ran into one of its limits.
    Limit(LimitError),
}

impl Error {
    pub(crate) fn parse(template: &str, line: usize, message: &str) -> Self {
        Self(Box::new(Inner {
            kind: ErrorKind::Parse,
            template: template.to_owned(),
            line,
            column: None,
            exact: format!("template: {template}:{line}: {message}"),
            redacted: None,
        }))
    }

    pub(crate) fn not_found(template: &str, exact: String) -> Self {
        Self(Box::new(Inner {
            kind: ErrorKind::NotFound,
            template: template.to_owned(),
            line: 0,
            column: None,
            exact,
            redacted: None,
        }))
    }

    pub(crate) fn execute(
        kind: ErrorKind,
        template: &str,
        location: Option<(usize, usize)>,
        exact: String,
        redacted: Option<String>,
    ) -> Self {
        Self(Box::new(Inner {
            kind,
            template: template.to_owned(),
            line: location.map_or(0, |(line, _)| line),
            column: location.map(|(_, column)| column),
            exact,
            redacted,
        }))
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The template it happened in.
    pub fn template(&self) -> &str {
        &self.0.template
    }

    /// The line in the template text, from 1; 0 if there is none.
    pub fn line(&self) -> usize {
        self.0.line
    }

    /// The column in bytes, from 0; parse errors have none.
    pub fn column(&self) -> Option<usize> {
        self.0.column
    }

    /// Go's message. It may quote values, so it must not be logged.
    pub fn exact(&self) -> &str {
        &self.0.exact
    }

    /// Go's message with `<redacted>` for values.
    pub fn redacted(&self) -> &str {
        self.0.redacted.as_deref().unwrap_or(&self.0.exact)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.redacted())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.redacted())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {}
