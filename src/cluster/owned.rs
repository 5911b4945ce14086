use k8s_openapi::api::core::v1::Secret;
use kube::{Resource, core::PartialObjectMeta};
use secretwire_api::VaultStaticSecret;
use secretwire_core::ObjectKey;

use super::{Cache, key_of};

/// The Secrets that carry the owner labels, by metadata only.
pub(crate) type OwnedSecrets = Cache<PartialObjectMeta<Secret>>;

impl OwnedSecrets {
    /// resourceVersion and UID of a Secret.
    pub(crate) fn version(&self, key: &ObjectKey) -> Option<(String, String)> {
        let secret = self.get(key)?;
        Some((
            secret.metadata.resource_version.clone()?,
            secret.metadata.uid.clone()?,
        ))
    }

    /// Secrets in `namespace` that the resource with this UID owns.
    pub(crate) fn owned_by(&self, namespace: &str, uid: &str) -> Vec<(ObjectKey, String)> {
        self.select(|secret| {
            secret.metadata.namespace.as_deref() == Some(namespace)
                && secret
                    .metadata
                    .owner_references
                    .iter()
                    .flatten()
                    .any(|owner| owner.uid == uid)
        })
        .into_iter()
        .filter_map(|secret| Some((key_of(&*secret), secret.metadata.uid.clone()?)))
        .collect()
    }
}

/// The resource that a Secret names as its owner.
pub(crate) fn owner_of(secret: &PartialObjectMeta<Secret>) -> Option<ObjectKey> {
    let namespace = secret.metadata.namespace.as_deref()?;
    secret
        .metadata
        .owner_references
        .iter()
        .flatten()
        .find(|owner| owner.kind == VaultStaticSecret::kind(&()))
        .map(|owner| ObjectKey::new(namespace, &owner.name))
}
