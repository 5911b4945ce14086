//! Answers the webhook's questions from the caches.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use kube::ResourceExt;
use secretwire_api::VaultStaticSecret;
use secretwire_core::{ObjectKey, visit::Nudge};
use secretwire_webhook::{Directory, Readiness, RefKind, Referent, ResourceKey, Sighting};
use tokio::sync::watch;

use crate::{
    cluster::{Cluster, key_of},
    controllers::static_secret::{failure, is_current},
};

/// The directory of this process.
pub(crate) struct ClusterDirectory {
    cluster: Arc<Cluster>,
    filled: Arc<AtomicBool>,
}

impl ClusterDirectory {
    /// Over these caches; `filled` says when they have been filled once.
    pub(crate) fn new(cluster: Arc<Cluster>, filled: Arc<AtomicBool>) -> Self {
        Self { cluster, filled }
    }
}

fn readiness(secret: &VaultStaticSecret, present: bool) -> Readiness {
    if is_current(secret) && (present || !secret.spec.destination.create) {
        let status = secret.status.as_ref();
        let delivered = status.and_then(|status| status.destination.as_ref());
        return match delivered.and_then(|delivered| delivered.keys.as_ref()) {
            Some(_) => Readiness::Ready,
            None => Readiness::Failed {
                message: "the Secret has more keys than can be listed: leave some out with \
                          destination.transformation.excludes"
                    .to_owned(),
            },
        };
    }
    match failure(secret) {
        Some(message) => Readiness::Failed {
            message: message.to_owned(),
        },
        None => Readiness::Pending {
            message: "not synced yet".to_owned(),
        },
    }
}

impl Directory for ClusterDirectory {
    fn synced(&self) -> bool {
        self.filled.load(Ordering::Acquire)
    }

    fn serves(&self, kind: RefKind) -> bool {
        kind == RefKind::VaultStaticSecret
    }

    fn find(&self, namespace: &str, key: &ResourceKey) -> Option<Sighting> {
        let guarded = self
            .cluster
            .static_secrets
            .get(&ObjectKey::new(namespace, &key.name))?;
        let secret = guarded.0.as_ref().ok()?;
        let spec = &secret.spec;
        let status = secret.status.as_ref();
        let delivered = status.and_then(|status| status.destination.as_ref());
        let destination = ObjectKey::new(namespace, &spec.destination.name);
        let version = self.cluster.secrets.version(&destination);
        let transformation = spec.destination.transformation.as_ref();
        Some(Sighting {
            uid: secret.uid().unwrap_or_default(),
            destination: destination.name,
            creates_destination: spec.destination.create,
            exclude_raw: transformation.is_some_and(|t| t.exclude_raw.unwrap_or_default()),
            keys: delivered
                .and_then(|delivered| delivered.keys.as_ref())
                .map(|keys| keys.as_slice().into()),
            readiness: readiness(secret, version.is_some()),
            secret_mac: status.and_then(|status| status.secret_mac.clone()),
            secret_resource_version: version
                .map(|(version, _)| version)
                .or_else(|| delivered.map(|delivered| delivered.resource_version.clone())),
        })
    }

    fn exists(&self, referent: Referent, namespace: &str, name: &str) -> bool {
        let key = ObjectKey::new(namespace, name);
        match referent {
            Referent::VaultAuth => self.cluster.auths.get(&key).is_some(),
            Referent::SecretTransformation => self.cluster.transformations.get(&key).is_some(),
        }
    }

    fn names(&self, namespace: &str, kind: RefKind) -> Vec<String> {
        if !self.serves(kind) {
            return Vec::new();
        }
        self.cluster
            .static_secrets
            .select(|secret| secret.namespace().as_deref() == Some(namespace))
            .iter()
            .map(|secret| key_of(&**secret).name)
            .collect()
    }

    fn changes(&self, _: &str, _: &[ResourceKey]) -> watch::Receiver<()> {
        self.cluster.changes()
    }

    fn nudge(&self, namespace: &str, keys: &[ResourceKey]) {
        for key in keys.iter().filter(|key| self.serves(key.kind)) {
            self.cluster
                .nudge(ObjectKey::new(namespace, &key.name), Nudge::Read);
        }
    }
}
