//! The way of a secret, shared by every kind that owns a destination Secret:
//! resolve → read → render → write → propagate → report → schedule.

mod error;
mod memory;
mod propagate;
mod report;
mod visit;
mod write;

use std::{fmt::Debug, sync::Arc};

use k8s_openapi::api::core::v1::Secret;
use kube::{Client, Resource, core::NamespaceResourceScope};
use secretwire_api::{Condition, Destination, DestinationStatus, RolloutRestartTarget};
use secretwire_core::{ObjectKey, SecretData, backoff::Backoff, mac::MacKey};
use secretwire_gotemplate::ParsedCache;
use secretwire_vault::Session;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

pub(crate) use error::SyncError;
pub(crate) use memory::{Delivered, Memory};
pub(crate) use report::Report;
pub(crate) use visit::visit;

use crate::{
    clock::Clock,
    cluster::Cluster,
    events::Recorder,
    metrics::SyncMetrics,
    vault::{Connector, Identities},
};

/// What every sync needs.
pub(crate) struct Context {
    /// The API server.
    pub(crate) kube: Client,
    /// What is known of the cluster.
    pub(crate) cluster: Arc<Cluster>,
    /// Sessions with Vault.
    pub(crate) identities: Identities,
    /// Clients of Vault.
    pub(crate) connector: Arc<Connector>,
    /// Events.
    pub(crate) recorder: Recorder,
    /// Series of the syncs.
    pub(crate) metrics: SyncMetrics,
    /// Key of the digests.
    pub(crate) mac_key: MacKey,
    /// What was seen at the last visits.
    pub(crate) memory: Memory,
    /// Time and chance.
    pub(crate) clock: Clock,
    /// Waits after failures.
    pub(crate) backoff: Backoff,
    /// Parsed templates.
    pub(crate) templates: Arc<ParsedCache>,
    /// Leave `_raw` out of every Secret.
    pub(crate) exclude_raw: bool,
}

/// A kind that owns a destination Secret.
pub(crate) trait Syncable:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// Name of the kind.
    const KIND: &'static str;
    /// Short name of the kind, as annotations write it.
    const SHORT: &'static str;
    /// Finalizer that VSO leaves on objects of the kind.
    const FINALIZER: &'static str;

    /// The generation that the caches show of a resource now.
    fn generation_of(key: &ObjectKey, cluster: &Cluster) -> Option<i64>;
    /// `spec.vaultAuthRef`.
    fn vault_auth_ref(&self) -> Option<&str>;
    /// `spec.destination`.
    fn destination(&self) -> &Destination;
    /// `spec.rolloutRestartTargets`.
    fn targets(&self) -> &[RolloutRestartTarget];
    /// What the status says was delivered last.
    fn delivered(&self) -> Delivered;
    /// The conditions of the status.
    fn conditions(&self) -> &[Condition];
    /// The period that the resource asks for; None: never by itself.
    fn period(&self) -> Result<Option<std::time::Duration>, SyncError>;
    /// What the resource asks for and does not get, though it is synced.
    fn remark(&self) -> Option<&'static str>;
    /// Whether digests may be kept in the status.
    fn keeps_digest(&self) -> bool;
    /// Reads the secret and makes the data of the destination. What was read
    /// before is not read again where it is at hand.
    fn read(
        &self,
        session: &Session,
        at_hand: Option<Zeroizing<String>>,
        context: &Context,
    ) -> impl Future<Output = Result<SecretData, SyncError>> + Send;
    /// The status after a visit, as a merge patch; None when it says nothing new.
    fn status_patch(
        &self,
        report: &Report,
        conditions: Vec<Condition>,
    ) -> Option<serde_json::Value>;
}

/// What a visit left behind in the destination.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// The Secret as it is now.
    pub(crate) destination: DestinationStatus,
    /// Whether it was written at all.
    pub(crate) changed: bool,
}

/// Bytes of key names that a status may hold; only a hostile Secret has more.
const MAX_KEY_BYTES: usize = 64 * 1024;

impl Written {
    /// The Secret as the API server gave it.
    fn new(secret: &Secret, generation: i64, changed: bool) -> Self {
        let meta = &secret.metadata;
        let keys: Vec<_> = secret
            .data
            .iter()
            .flatten()
            .map(|(key, _)| key.clone())
            .collect();
        let listable = keys.iter().map(String::len).sum::<usize>() <= MAX_KEY_BYTES;
        Self {
            destination: DestinationStatus {
                name: meta.name.clone().unwrap_or_default(),
                uid: meta.uid.clone().unwrap_or_default(),
                resource_version: meta.resource_version.clone().unwrap_or_default(),
                generation,
                keys: listable.then_some(keys),
            },
            changed,
        }
    }
}

/// The owner of a Secret, as a resource describes itself.
fn owner<K: Syncable>(object: &K) -> secretwire_core::secret::Owner {
    let meta = object.meta();
    secretwire_core::secret::Owner {
        kind: K::KIND,
        key: ObjectKey::new(
            meta.namespace.as_deref().unwrap_or_default(),
            meta.name.as_deref().unwrap_or_default(),
        ),
        uid: meta.uid.clone().unwrap_or_default(),
    }
}
