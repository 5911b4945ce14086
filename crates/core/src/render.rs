//! From what Vault answered to the data of a Secret.

use regex::Regex;
use secretwire_api::{KvType, Transformation, names::RAW_KEY};

use crate::{
    SecretData,
    json::{self, JsonError},
};

/// What Kubernetes accepts as the data of one Secret, in bytes of values.
pub const MAX_SECRET_BYTES: usize = 1024 * 1024;
/// What Kubernetes accepts as the length of a key.
const MAX_KEY_BYTES: usize = 253;

/// Why no data could be made. Names keys and fields, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The answer is not what a KV engine gives.
    #[error("the answer of Vault {0}")]
    Answer(JsonError),
    /// A KV v2 answer without an object `data`.
    #[error("the answer of Vault has no object `data`: is the engine really kv-v2?")]
    NoData,
    /// A value could not be encoded.
    #[error("the value of key {key:?} {source}")]
    Value {
        /// Key of the value.
        key: String,
        /// What is wrong with it.
        source: JsonError,
    },
    /// The secret itself has a key `_raw`.
    #[error(
        "the secret has a key `_raw`, which the operator fills itself: \
         set destination.transformation.excludeRaw, or rename the key in Vault"
    )]
    RawInSource,
    /// Kubernetes does not accept this key.
    #[error(
        "key {0:?} is no valid key of a Secret (letters, digits, `-`, `_`, `.`, at most 253): \
         rename it in Vault, or leave it out with destination.transformation.excludes"
    )]
    InvalidKey(String),
    /// More than a Secret can hold.
    #[error(
        "the Secret would hold {0} bytes, Kubernetes accepts {MAX_SECRET_BYTES}: leave out `_raw` \
         with destination.transformation.excludeRaw, or keys with excludes"
    )]
    TooLarge(usize),
    /// An expression that does not compile.
    #[error("destination.transformation.{field} {expression:?} is no regular expression: {cause}")]
    Expression {
        /// `includes` or `excludes`.
        field: &'static str,
        /// The expression.
        expression: String,
        /// What is wrong with it.
        cause: String,
    },
    /// Templates are not rendered by this version.
    #[error("destination.transformation.{0} is not supported by this version")]
    Unsupported(&'static str),
}

/// Makes the data of a Secret from the JSON text of `data` in Vault's answer.
pub fn render(
    answer: &str,
    kv: KvType,
    transformation: Option<&Transformation>,
    exclude_raw: bool,
) -> Result<SecretData, RenderError> {
    let none = Transformation::default();
    let transformation = transformation.unwrap_or(&none);
    if !transformation.templates.is_empty() {
        return Err(RenderError::Unsupported("templates"));
    }
    if !transformation.transformation_refs.is_empty() {
        return Err(RenderError::Unsupported("transformationRefs"));
    }
    let filters = Filters::compile(transformation)?;
    let exclude_raw = exclude_raw || transformation.exclude_raw.unwrap_or_default();

    let outer = json::members(answer).map_err(RenderError::Answer)?;
    let source = match kv {
        KvType::V1 => outer,
        KvType::V2 => {
            let inner = outer.get("data").ok_or(RenderError::NoData)?;
            json::members(inner.get()).map_err(|_| RenderError::NoData)?
        }
    };
    if !exclude_raw && source.contains_key(RAW_KEY) {
        return Err(RenderError::RawInSource);
    }

    let mut data = SecretData::default();
    for (key, value) in source {
        if !filters.keep(&key) {
            continue;
        }
        if !is_valid_key(&key) {
            return Err(RenderError::InvalidKey(key));
        }
        match json::value_bytes(value) {
            Ok(value) => data.insert(key, value.as_bytes()),
            Err(source) => return Err(RenderError::Value { key, source }),
        }
    }
    if !exclude_raw {
        let raw = json::canonical(answer).map_err(RenderError::Answer)?;
        data.insert(RAW_KEY, raw.as_bytes());
    }
    match data.size() {
        size if size > MAX_SECRET_BYTES => Err(RenderError::TooLarge(size)),
        _ => Ok(data),
    }
}

/// Whether Kubernetes accepts `key` in the data of a Secret.
fn is_valid_key(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= MAX_KEY_BYTES
        && key != "."
        && !key.starts_with("..")
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// The filters on source keys: excludes first, then includes.
struct Filters {
    excludes: Vec<Regex>,
    includes: Vec<Regex>,
}

impl Filters {
    fn compile(transformation: &Transformation) -> Result<Self, RenderError> {
        Ok(Self {
            excludes: compile("excludes", &transformation.excludes)?,
            includes: compile("includes", &transformation.includes)?,
        })
    }

    fn keep(&self, key: &str) -> bool {
        !self.excludes.iter().any(|e| e.is_match(key))
            && (self.includes.is_empty() || self.includes.iter().any(|e| e.is_match(key)))
    }
}

fn compile(field: &'static str, expressions: &[String]) -> Result<Vec<Regex>, RenderError> {
    expressions
        .iter()
        .map(|expression| {
            Regex::new(expression).map_err(|error| RenderError::Expression {
                field,
                expression: expression.clone(),
                cause: error
                    .to_string()
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .to_owned(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(
        answer: &str,
        kv: KvType,
        transformation: &Transformation,
    ) -> Vec<(String, String)> {
        render(answer, kv, Some(transformation), false)
            .unwrap()
            .expose()
            .map(|(key, value)| (key.to_owned(), String::from_utf8(value.to_vec()).unwrap()))
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|&(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }

    const V2: &str =
        r#"{"data":{"tls":true,"port":5432,"n":null,"user":"a<b"},"metadata":{"version":1}}"#;

    #[test]
    fn kv_v2_gives_the_inner_fields_and_the_whole_answer_as_raw() {
        assert_eq!(
            rendered(V2, KvType::V2, &Transformation::default()),
            pairs(&[
                (
                    "_raw",
                    r#"{"data":{"n":null,"port":5432,"tls":true,"user":"a\u003cb"},"metadata":{"version":1}}"#
                ),
                ("n", "null"),
                ("port", "5432"),
                ("tls", "true"),
                ("user", "a<b"),
            ])
        );
    }

    #[test]
    fn kv_v1_gives_the_fields_themselves() {
        assert_eq!(
            rendered(r#"{"a":"b"}"#, KvType::V1, &Transformation::default()),
            pairs(&[("_raw", r#"{"a":"b"}"#), ("a", "b")])
        );
    }

    #[test]
    fn excludes_come_before_includes_and_spare_raw() {
        let transformation = Transformation {
            includes: vec!["^(user|port)$".into()],
            excludes: vec!["^po".into(), "raw".into()],
            ..Default::default()
        };
        let keys: Vec<_> = rendered(V2, KvType::V2, &transformation)
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        assert_eq!(keys, ["_raw", "user"]);
    }

    #[test]
    fn a_source_key_named_raw_needs_exclude_raw() {
        let answer = r#"{"_raw":"mine"}"#;
        assert_eq!(
            render(answer, KvType::V1, None, false).unwrap_err(),
            RenderError::RawInSource
        );
        let excluded = Transformation {
            exclude_raw: Some(true),
            ..Default::default()
        };
        assert_eq!(
            rendered(answer, KvType::V1, &excluded),
            pairs(&[("_raw", "mine")])
        );
    }

    #[test]
    fn keys_that_kubernetes_refuses_are_named() {
        for key in ["a/b", "", "schlüssel", "..", "a b"] {
            let answer = format!(r#"{{"{key}":"hunter2"}}"#);
            let error = render(&answer, KvType::V1, None, true).unwrap_err();
            assert_eq!(error, RenderError::InvalidKey(key.to_owned()));
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn too_much_data_is_told_before_kubernetes_refuses_it() {
        let answer = format!(r#"{{"big":"{}"}}"#, "x".repeat(600 * 1024));
        assert!(matches!(
            render(&answer, KvType::V1, None, false),
            Err(RenderError::TooLarge(_))
        ));
        assert!(render(&answer, KvType::V1, None, true).is_ok());
    }

    #[test]
    fn a_v1_answer_read_as_v2_asks_for_the_type() {
        assert_eq!(
            render(r#"{"a":"b"}"#, KvType::V2, None, false).unwrap_err(),
            RenderError::NoData
        );
    }

    #[test]
    fn a_bad_expression_is_quoted_with_its_field() {
        let transformation = Transformation {
            includes: vec!["(".into()],
            ..Default::default()
        };
        let error = render(V2, KvType::V2, Some(&transformation), false).unwrap_err();
        assert!(error.to_string().contains(r#"includes "(""#), "{error}");
    }
}
