//! Which templates and filters make the data of a Secret, from a resource and
//! the SecretTransformations that it names.

mod compile;
mod filters;
mod lint;

use std::{fmt, sync::Arc};

use secretwire_gotemplate::{MissingKey, ParsedCache, Set, sprig};

use crate::ObjectKey;

pub use compile::{check, compile, linked_key};
pub use filters::FilterError;
pub(crate) use filters::Filters;
pub use lint::{Fault, FaultKind, Linter};

/// Bytes of parsed template text that are kept.
const CACHE_BYTES: usize = 8 << 20;

/// A cache of parsed templates with the functions that resources may call.
pub fn cache() -> ParsedCache {
    ParsedCache::new(prototype(), CACHE_BYTES)
}

/// An empty set with those functions.
fn prototype() -> Set {
    Set::new()
        .funcs(Arc::new(sprig::vso()))
        .missing_key(MissingKey::Default)
}

/// How the data of a Secret is made.
#[derive(Debug)]
pub struct Transform {
    pub(crate) set: Option<Arc<Set>>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) filters: Filters,
    pub(crate) exclude_raw: bool,
}

impl Transform {
    /// Whether the key `_raw` of the Secret is the whole answer of Vault.
    pub fn keeps_raw(&self) -> bool {
        !self.exclude_raw
    }

    /// Whether rendering may take long.
    pub fn has_templates(&self) -> bool {
        !self.outputs.is_empty()
    }
}

/// One template that makes keys of the Secret.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) key: Key,
    pub(crate) template: String,
}

/// The key that a template makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// This one.
    Fixed(String),
    /// One for each source key, by the template of this name.
    EachSource(String),
}

/// Why a transformation cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransformError {
    /// A link to nothing.
    #[error(
        "destination.transformation.transformationRefs: SecretTransformation {0} does not exist"
    )]
    Missing(ObjectKey),
    /// A link to what the operator cannot see.
    #[error(
        "destination.transformation.transformationRefs: SecretTransformation {0} is in a namespace that \
         the operator does not watch: add the namespace to --watch-namespaces, or link one in a \
         namespace that is watched"
    )]
    Unwatched(ObjectKey),
    /// A link to what cannot be read.
    #[error(
        "destination.transformation.transformationRefs: SecretTransformation {object} cannot be read, \
         mend it: {cause}"
    )]
    Malformed {
        /// The object.
        object: ObjectKey,
        /// What is wrong with it.
        cause: String,
    },
    /// A link twice.
    #[error(
        "destination.transformation.transformationRefs: SecretTransformation {0} is named twice"
    )]
    Repeated(ObjectKey),
    /// A template that the linked object does not have.
    #[error("SecretTransformation {object} has no template {template:?}; it has: {known}")]
    NoTemplate {
        /// The object.
        object: ObjectKey,
        /// What was asked for.
        template: String,
        /// What there is.
        known: String,
    },
    /// Two templates with one name.
    #[error("two templates are called {0:?}: give one of them another `name`")]
    DuplicateName(String),
    /// A template for the operator's own key.
    #[error("a template makes the key `_raw`: set excludeRaw, or choose another key")]
    RawKey,
    /// A template that does not parse.
    #[error("{0}")]
    Parse(String),
    /// A filter that does not compile.
    #[error("{0}")]
    Filter(#[from] FilterError),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(key) | Self::EachSource(key) => f.write_str(key),
        }
    }
}

#[cfg(test)]
mod tests;
