//! From what Vault answered to the data of a Secret.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use secretwire_api::{KvType, names::RAW_KEY};
use secretwire_gotemplate::{
    Kind, Limits, Map, Object, Set, Type, Value,
    json::{Numbers, parse},
};
use serde_json::value::RawValue;

use crate::{
    SecretData,
    json::{self, JsonError},
    transform::{Key, Output, Transform},
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
    /// A template is for a key that Kubernetes does not accept, or that is there already.
    #[error("the key {key:?} of template {template:?} {problem}")]
    TemplateKey {
        /// The template.
        template: String,
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A template made such a key. It may hold a value, so it is not told.
    #[error("the key that template {template:?} makes for the source key {source_key:?} {problem}")]
    MadeKey {
        /// The template.
        template: String,
        /// The source key.
        source_key: String,
        /// What is wrong with the key.
        problem: &'static str,
    },
    /// More than a Secret can hold.
    #[error(
        "the Secret would hold {0} bytes or more, Kubernetes accepts {MAX_SECRET_BYTES}: leave out \
         `_raw` with destination.transformation.excludeRaw, or keys with excludes"
    )]
    TooLarge(usize),
    /// A template failed; Go's message, without values.
    #[error("{0}")]
    Template(String),
}

/// What templates see of the resource itself.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// Annotations of the resource.
    pub annotations: BTreeMap<String, String>,
    /// Labels of the resource.
    pub labels: BTreeMap<String, String>,
}

/// The data of a Secret, and where each of its keys comes from.
#[derive(Debug, Default)]
pub struct Rendered {
    /// The data.
    pub data: SecretData,
    /// Where its keys come from.
    pub origins: BTreeMap<String, Origin>,
    bytes: usize,
}

/// Where a key of a Secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The whole answer of Vault.
    Raw,
    /// The key of the same name in Vault.
    Source,
    /// A template.
    Template {
        /// Its name.
        name: String,
        /// The source key that it was rendered for, where it makes a key for each.
        source: Option<String>,
    },
}

impl Rendered {
    /// Adds a key that is not there yet. What is too much is told here: many templates could make far more than a Secret
    /// can hold.
    fn insert(
        &mut self,
        key: String,
        value: impl Into<Vec<u8>>,
        origin: Origin,
    ) -> Result<(), RenderError> {
        let value = value.into();
        self.bytes += value.len();
        self.data.insert(key.as_str(), value);
        self.origins.insert(key, origin);
        if self.bytes > MAX_SECRET_BYTES {
            return Err(RenderError::TooLarge(self.bytes));
        }
        Ok(())
    }
}

/// Makes the data of a Secret from the JSON text of `data` in Vault's answer.
pub fn render(
    answer: &str,
    kv: KvType,
    transform: &Transform,
    metadata: &Metadata,
    deadline: Option<Instant>,
) -> Result<Rendered, RenderError> {
    let outer = json::members(answer).map_err(RenderError::Answer)?;
    let (source, source_text, version_metadata) = match kv {
        KvType::V1 => (outer, answer, None),
        KvType::V2 => {
            let inner = outer.get("data").ok_or(RenderError::NoData)?.get();
            let members = json::members(inner).map_err(|_| RenderError::NoData)?;
            (members, inner, outer.get("metadata").map(|raw| raw.get()))
        }
    };
    if !transform.exclude_raw && source.contains_key(RAW_KEY) {
        return Err(RenderError::RawInSource);
    }

    let mut rendered = Rendered::default();
    if !transform.exclude_raw {
        let raw = json::canonical(answer).map_err(RenderError::Answer)?;
        rendered.insert(RAW_KEY.to_owned(), raw.as_bytes(), Origin::Raw)?;
    }
    if let Some(set) = transform.set.as_deref() {
        let input = Input::new(source_text, version_metadata, metadata)?;
        let limits = Limits {
            output_bytes: MAX_SECRET_BYTES,
            deadline,
            ..Limits::default()
        };
        let templates = Templates { set, limits, input };
        for output in &transform.outputs {
            templates.add(output, &source, &mut rendered)?;
        }
    }
    for (key, value) in source {
        if rendered.data.contains(&key) || !transform.filters.keep(&key) {
            continue;
        }
        if !is_valid_key(&key) {
            return Err(RenderError::InvalidKey(key));
        }
        match json::value_bytes(value) {
            Ok(value) => rendered.insert(key, value.as_bytes(), Origin::Source)?,
            Err(source) => return Err(RenderError::Value { key, source }),
        }
    }
    Ok(rendered)
}

/// How long all templates of one resource may take together.
pub const TEMPLATE_TIME: Duration = Duration::from_secs(5);

struct Templates<'a> {
    set: &'a Set,
    limits: Limits,
    input: Input,
}

impl Templates<'_> {
    fn add(
        &self,
        output: &Output,
        source: &BTreeMap<String, &RawValue>,
        rendered: &mut Rendered,
    ) -> Result<(), RenderError> {
        let template = &output.template;
        match &output.key {
            Key::Fixed(key) => {
                let text = self.run(template, &self.input)?;
                put(rendered, template, None, key.clone(), text)
            }
            Key::EachSource(key_template) => {
                for (name, raw) in source {
                    let value = json::value_bytes(raw).map_err(|source| RenderError::Value {
                        key: name.clone(),
                        source,
                    })?;
                    let input = self.input.for_key(name, value.as_bytes());
                    let key = self.run(key_template, &input)?;
                    let key = String::from_utf8_lossy(&key).into_owned();
                    // An empty key leaves this source key out.
                    if !key.is_empty() {
                        let text = self.run(template, &input)?;
                        put(rendered, template, Some(name), key, text)?;
                    }
                }
                Ok(())
            }
        }
    }

    fn run(&self, template: &str, input: &Input) -> Result<Vec<u8>, RenderError> {
        let input = Value::Object(Arc::new(input.clone()));
        self.set
            .render(template, &input, &self.limits)
            .map_err(|error| RenderError::Template(error.redacted().to_owned()))
    }
}

fn put(
    rendered: &mut Rendered,
    template: &str,
    source: Option<&str>,
    key: String,
    text: Vec<u8>,
) -> Result<(), RenderError> {
    let template = template.to_owned();
    let source = source.map(str::to_owned);
    let problem = if !is_valid_key(&key) {
        "is not accepted by Kubernetes"
    } else if rendered.data.contains(&key) {
        "is made already"
    } else {
        let origin = Origin::Template {
            name: template,
            source,
        };
        return rendered.insert(key, text, origin);
    };
    Err(match source {
        None => RenderError::TemplateKey {
            template,
            key,
            problem,
        },
        Some(source_key) => RenderError::MadeKey {
            template,
            source_key,
            problem,
        },
    })
}

/// The fields of what templates see.
pub(crate) const INPUT_FIELDS: [&str; 5] =
    ["Secrets", "Metadata", "Annotations", "Labels", "WrapData"];
/// Those that a template called for each key has besides.
pub(crate) const KEY_FIELDS: [&str; 2] = ["Key", "Value"];

/// What templates see. As in Go, where it is a struct, a field that it does not have is an error: to mistype one must not
/// make a Secret of `<no value>`.
#[derive(Clone)]
struct Input(BTreeMap<&'static str, Value>);

impl Input {
    fn new(
        source: &str,
        version_metadata: Option<&str>,
        metadata: &Metadata,
    ) -> Result<Self, RenderError> {
        let object = |text: &str| {
            parse(text.as_bytes(), Numbers::Text)
                .map_err(|_| RenderError::Answer(JsonError::Malformed))
        };
        let strings = |map: &BTreeMap<String, String>| {
            let any = Map::any();
            for (key, value) in map {
                // Fails only for a map that is nil or of another element type.
                let _ = any.insert(key.as_str().into(), Value::from(value.as_str()));
            }
            Value::from(any)
        };
        Ok(Self(BTreeMap::from([
            ("Secrets", object(source)?),
            ("Metadata", object(version_metadata.unwrap_or("{}"))?),
            ("Annotations", strings(&metadata.annotations)),
            ("Labels", strings(&metadata.labels)),
            // Answers of KV engines are never wrapped.
            ("WrapData", Value::Nil),
        ])))
    }

    /// With one source key beside the rest.
    fn for_key(&self, key: &str, value: &[u8]) -> Self {
        let mut fields = self.0.clone();
        fields.insert("Key", Value::from(key));
        fields.insert("Value", Value::str(value));
        Self(fields)
    }
}

impl Object for Input {
    fn type_of(&self) -> Type {
        Type::Object("SecretInput", Kind::Struct)
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.0
            .iter()
            .map(|(name, value)| (*name, value.clone()))
            .collect()
    }
}

/// Whether Kubernetes accepts `key` in the data of a Secret.
pub(crate) fn is_valid_key(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= MAX_KEY_BYTES
        && key != "."
        && !key.starts_with("..")
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests;
