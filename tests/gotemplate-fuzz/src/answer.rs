//! What an engine makes of a case.

use std::fmt;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secretwire_gotemplate::{Error, ErrorKind, Map, Value};

/// What the oracle answers, instead of Go, where Go would fill the memory.
const ORACLE_LIMIT: &str = "oracle: output limit exceeded";

/// What an engine makes of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It rendered.
    Output(Vec<u8>),
    /// It failed, in these words.
    Error(String),
    /// It went out of bounds. Both sides have some, and they are not the same.
    Limit(String),
}

impl Answer {
    /// Whether two engines answered the same.
    pub fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Limit(_), Self::Limit(_)) => true,
            _ => self == other,
        }
    }

    /// Our answer.
    pub(crate) fn ours(result: Result<Vec<u8>, Error>) -> Self {
        match result {
            Ok(output) => Self::Output(output),
            Err(error) => {
                let text = one_replacement_a_run(error.exact());
                match error.kind() {
                    ErrorKind::Limit(_) => Self::Limit(text),
                    ErrorKind::Parse | ErrorKind::NotFound | ErrorKind::Execute => {
                        Self::Error(text)
                    }
                }
            }
        }
    }

    /// Go's answer, from a line of the oracle or an object of the corpus.
    pub(crate) fn read(fields: &Map) -> Result<Self> {
        let text = |key: &str| match fields.get(key.as_bytes()) {
            Some(Value::Str(text)) => Some(text),
            _ => None,
        };
        if let Some(output) = text("output") {
            return Ok(Self::Output(output.to_vec()));
        }
        if let Some(encoded) = text("output_base64") {
            let output = STANDARD
                .decode(&encoded)
                .context("output_base64 is not base64")?;
            return Ok(Self::Output(output));
        }
        let Some(error) = text("error") else {
            bail!("neither an output nor an error");
        };
        let error = one_replacement_a_run(&error.to_text());
        Ok(if error.ends_with(ORACLE_LIMIT) {
            Self::Limit(error)
        } else {
            Self::Error(error)
        })
    }
}

/// The oracle writes one U+FFFD for a run of bytes that are not UTF-8, our messages one for each;
/// and there may be some to begin with.
fn one_replacement_a_run(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    chars.dedup_by(|a, b| *a == char::REPLACEMENT_CHARACTER && a == b);
    chars.into_iter().collect()
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(bytes) => write!(f, "output {:?}", String::from_utf8_lossy(bytes)),
            Self::Error(text) => write!(f, "error {text}"),
            Self::Limit(text) => write!(f, "limit {text}"),
        }
    }
}
