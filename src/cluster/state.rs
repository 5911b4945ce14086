use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
};

use kube::{
    Resource,
    core::DeserializeGuard,
    runtime::reflector::{self, store::Writer},
};
use secretwire_api::{SecretTransformation, VaultAuth, VaultConnection, VaultStaticSecret};
use secretwire_core::{ObjectKey, visit::Nudge};
use tokio::sync::watch;

use super::{Cache, OwnedSecrets, Scopes, Triggers, watch::Watches};

/// A kind of ours, where one malformed object must not end the watch of all.
pub(crate) type Guarded<K> = DeserializeGuard<K>;

/// The caches, and what their changes trigger.
pub(crate) struct Cluster {
    /// VaultConnections.
    pub(crate) connections: Cache<Guarded<VaultConnection>>,
    /// VaultAuths.
    pub(crate) auths: Cache<Guarded<VaultAuth>>,
    /// SecretTransformations.
    pub(crate) transformations: Cache<Guarded<SecretTransformation>>,
    /// VaultStaticSecrets.
    pub(crate) static_secrets: Cache<Guarded<VaultStaticSecret>>,
    /// Secrets that carry the owner labels.
    pub(crate) secrets: OwnedSecrets,
    /// VaultConnections to look at.
    pub(crate) connection_triggers: Triggers,
    /// VaultAuths to look at.
    pub(crate) auth_triggers: Triggers,
    /// SecretTransformations to look at.
    pub(crate) transformation_triggers: Triggers,
    /// VaultStaticSecrets to look at.
    pub(crate) static_secret_triggers: Triggers,
    /// VaultStaticSecrets to visit whether it is time or not.
    nudged: Mutex<HashMap<ObjectKey, Nudge>>,
    filled: watch::Sender<bool>,
    pub(super) changed: watch::Sender<()>,
    pub(super) operator_namespace: String,
}

impl Cluster {
    /// Empty caches, and what fills them.
    pub(crate) fn new(scopes: &Scopes, operator_namespace: &str) -> (Arc<Self>, Watches) {
        let (connections, connection_writers) = stores(scopes);
        let (auths, auth_writers) = stores(scopes);
        let (transformations, transformation_writers) = stores(scopes);
        let (static_secrets, static_secret_writers) = stores(scopes);
        let (secrets, secret_writers) = stores(scopes);
        let cluster = Self {
            connections,
            auths,
            transformations,
            static_secrets,
            secrets,
            connection_triggers: Triggers::default(),
            auth_triggers: Triggers::default(),
            transformation_triggers: Triggers::default(),
            static_secret_triggers: Triggers::default(),
            nudged: Mutex::default(),
            filled: watch::Sender::new(false),
            changed: watch::Sender::new(()),
            operator_namespace: operator_namespace.to_owned(),
        };
        let watches = Watches {
            connections: connection_writers,
            auths: auth_writers,
            transformations: transformation_writers,
            static_secrets: static_secret_writers,
            secrets: secret_writers,
        };
        (Arc::new(cluster), watches)
    }

    /// Waits until every cache has been filled once.
    pub(crate) async fn ready(&self) {
        // The sender is this object's own, so it outlives the wait.
        let _ = self.filled.subscribe().wait_for(|filled| *filled).await;
    }

    /// A store wakes only one of those who wait for it, so one waits for all.
    pub(super) async fn fill(&self) {
        self.connections.ready().await;
        self.auths.ready().await;
        self.transformations.ready().await;
        self.static_secrets.ready().await;
        self.secrets.ready().await;
        self.filled.send_replace(true);
    }

    /// Marked by each change of a resource, its templates or a Secret, after the caches show it.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Has a resource visited soon, before those that only wait for their time.
    pub(crate) fn nudge(&self, key: ObjectKey, nudge: Nudge) {
        self.nudged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(key.clone())
            .and_modify(|known| *known = nudge.max(*known))
            .or_insert(nudge);
        self.static_secret_triggers.mark_first(key);
    }

    /// Whether the resource was nudged for this since that was last taken.
    pub(crate) fn is_nudged(&self, key: &ObjectKey, nudge: Nudge) -> bool {
        let nudged = self.nudged.lock().unwrap_or_else(PoisonError::into_inner);
        nudged.get(key) == Some(&nudge)
    }

    /// What the resource was nudged for since this was last asked.
    pub(crate) fn take_nudge(&self, key: &ObjectKey) -> Option<Nudge> {
        self.nudged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key)
    }
}

type Filled<K> = (Cache<K>, Vec<Writer<K>>);

fn stores<K>(scopes: &Scopes) -> Filled<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + 'static,
{
    let (stores, writers) = scopes
        .iter()
        .map(|scope| {
            let (store, writer) = reflector::store::<K>();
            ((scope.clone(), store), writer)
        })
        .unzip();
    (Cache::new(stores), writers)
}
