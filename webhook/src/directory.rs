//! The webhook's only question to the rest of the operator: what is known of this resource?

use std::sync::Arc;

use tokio::sync::watch;

use crate::reference::{RefKind, Reference};

/// What the watch caches know. Every call answers from memory.
pub trait Directory: Send + Sync + 'static {
    /// Whether the caches have been filled once. Before that nothing can be said, and admission answers 503.
    fn synced(&self) -> bool;

    /// Whether this version can resolve references to `kind` at all.
    fn serves(&self, kind: RefKind) -> bool;

    /// What is known of one resource; `None` when it does not exist.
    fn find(&self, namespace: &str, key: &ResourceKey) -> Option<Sighting>;

    /// Whether an object exists that resources refer to.
    fn exists(&self, referent: Referent, namespace: &str, name: &str) -> bool;

    /// The names of all resources of `kind` in `namespace`, for did-you-mean.
    fn names(&self, namespace: &str, kind: RefKind) -> Vec<String>;

    /// A receiver that is marked changed by each later change to any of `keys`, or to their Secrets. The caller
    /// subscribes first and looks second, so no change between the two is lost. Waking too often is harmless (a
    /// channel may be shared by a namespace, or by all); a change must be visible to [`Directory::find`] before the
    /// receiver is marked.
    fn changes(&self, namespace: &str, keys: &[ResourceKey]) -> watch::Receiver<()>;

    /// Asks for these resources to be synced before others, as a pod waits for them. In-process only: admission must
    /// not write to the API.
    fn nudge(&self, namespace: &str, keys: &[ResourceKey]);
}

/// Names one resource within a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceKey {
    /// The kind.
    pub kind: RefKind,
    /// The name.
    pub name: String,
}

/// Kinds of objects that our resources refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Referent {
    /// `VaultAuth`.
    VaultAuth,
    /// `SecretTransformation`.
    SecretTransformation,
}

impl Referent {
    /// The kind as in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VaultAuth => "VaultAuth",
            Self::SecretTransformation => "SecretTransformation",
        }
    }
}

/// One existing resource, as the caches saw it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The resource's uid.
    pub uid: String,
    /// Name of the Secret it writes.
    pub destination: String,
    /// Whether the resource creates that Secret; if not, someone else has to.
    pub creates_destination: bool,
    /// Whether the Secret goes without the `_raw` key.
    pub exclude_raw: bool,
    /// Key names of the Secret, `None` while unknown. Order does not matter.
    pub keys: Option<Arc<[String]>>,
    /// Whether the Secret holds what the resource asks for now.
    pub readiness: Readiness,
    /// Keyed digest of the Secret's data.
    pub secret_mac: Option<String>,
    /// The Secret's resourceVersion; `None` while the Secret is absent.
    pub secret_resource_version: Option<String>,
}

/// How far a resource's Secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// The Secret is there and belongs to the resource's current generation.
    Ready,
    /// Not yet synced.
    Pending {
        /// Why, for people; without secret values.
        message: String,
    },
    /// The last sync failed.
    Failed {
        /// Why, for people; without secret values.
        message: String,
    },
}

/// Whether every one of `refs` names one existing resource that is ready and whose Secret's keys are known: the moment
/// at which a gated pod may go, and a placeholder be replaced.
pub fn is_ready<'a>(
    directory: &dyn Directory,
    namespace: &str,
    refs: impl IntoIterator<Item = &'a Reference>,
) -> bool {
    refs.into_iter().all(|reference| {
        let mut found = sightings(directory, namespace, reference);
        let only = found.next();
        found.next().is_none()
            && only
                .is_some_and(|(_, seen)| seen.readiness == Readiness::Ready && seen.keys.is_some())
    })
}

/// The existing resources that `reference` can mean.
pub(crate) fn sightings<'a>(
    directory: &'a dyn Directory,
    namespace: &'a str,
    reference: &Reference,
) -> impl Iterator<Item = (ResourceKey, Sighting)> + use<'a> {
    candidates(reference).into_iter().filter_map(move |key| {
        let seen = directory
            .serves(key.kind)
            .then(|| directory.find(namespace, &key))
            .flatten()?;
        Some((key, seen))
    })
}

/// Every resource that `reference` could mean.
pub(crate) fn candidates(reference: &Reference) -> Vec<ResourceKey> {
    let key = |kind| ResourceKey {
        kind,
        name: reference.name.clone(),
    };
    match reference.kind {
        Some(kind) => vec![key(kind)],
        None => RefKind::SYNCED.into_iter().map(key).collect(),
    }
}

#[cfg(test)]
mod tests {
    use crate::fake::{Fake, outdated, ready, static_secret};

    use super::*;

    #[test]
    fn ready_is_one_resource_that_is_synced_and_whose_keys_are_known() {
        let keyless = Sighting {
            keys: None,
            ..ready("keyless", &[])
        };
        let fake = Fake::new()
            .with("db", ready("db", &["k"]))
            .with("old", outdated("old", &["k"]))
            .with("keyless", keyless)
            .with("both", ready("both", &["k"]));
        fake.put(
            ResourceKey {
                kind: RefKind::VaultDynamicSecret,
                ..static_secret("both")
            },
            ready("both", &["k"]),
        );
        let is_ready = |refs: &[&str]| {
            let refs: Vec<_> = refs
                .iter()
                .map(|text| Reference::parse(text).unwrap())
                .collect();
            super::is_ready(&fake, "shop", &refs)
        };
        assert!(is_ready(&[]) && is_ready(&["db"]) && is_ready(&["db", "vss/both"]));
        for refs in [
            ["db", "old"],
            ["db", "keyless"],
            ["db", "both"],
            ["db", "gone"],
            ["db", "vps/db"],
        ] {
            assert!(!is_ready(&refs), "{refs:?}");
        }
    }
}
