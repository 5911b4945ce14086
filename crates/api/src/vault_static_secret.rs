use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Condition, Destination, RolloutRestartTarget};

/// A secret of a Vault KV engine, kept in step with a Kubernetes Secret.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, CustomResource, Serialize, Deserialize, JsonSchema,
)]
#[kube(
    group = "secrets.hashicorp.com",
    version = "v1beta1",
    kind = "VaultStaticSecret",
    namespaced,
    status = "VaultStaticSecretStatus",
    printcolumn(
        name = "Synced",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"SecretSynced\")].status"
    ),
    printcolumn(
        name = "Healthy",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Healthy\")].status"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    )
)]
#[serde(rename_all = "camelCase")]
pub struct VaultStaticSecretSpec {
    /// The VaultAuth to log in with: `name` or `namespace/name`. When empty, the
    /// VaultAuth `default` in the operator's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault_auth_ref: Option<String>,
    /// Vault namespace to read from; the one of the login when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Path that the KV engine is mounted at.
    pub mount: String,
    /// Path of the secret in that engine.
    pub path: String,
    /// Version of the KV engine. Secretwire: may be omitted, the engine is then
    /// asked which it is.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<KvType>,
    /// Version of the secret to read (kv-v2 only); the latest when 0 or omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub version: Option<i32>,
    /// How often to look for changes, for example `30s`; 60s when omitted,
    /// never when `hmacSecretData` is false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^([0-9]+(\.[0-9]+)?(s|m|h))$"))]
    pub refresh_after: Option<String>,
    /// Keep a keyed digest of the data in the status, to tell whether Vault or
    /// the Secret changed.
    #[serde(default = "default_true")]
    pub hmac_secret_data: bool,
    /// When to sync beside `refreshAfter`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_config: Option<SyncConfig>,
    /// Workloads to restart when the data has changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rollout_restart_targets: Vec<RolloutRestartTarget>,
    /// The Kubernetes Secret that the data is written to.
    pub destination: Destination,
}

fn default_true() -> bool {
    true
}

/// Version of a KV engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum KvType {
    /// Without versions.
    #[serde(rename = "kv-v1")]
    V1,
    /// With versions.
    #[serde(rename = "kv-v2")]
    V2,
}

/// When to sync beside `refreshAfter`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncConfig {
    /// Listen to Vault's events and sync when the secret changes there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instant_updates: Option<bool>,
}

/// How far the sync has got.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultStaticSecretStatus {
    /// Generation of the resource that was last acted on.
    #[serde(default)]
    #[schemars(required)]
    pub last_generation: i64,
    /// Keyed digest of the data that was last written.
    #[serde(rename = "secretMAC", default, skip_serializing_if = "Option::is_none")]
    pub secret_mac: Option<String>,
    /// The Vault login that was last used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault_client_meta: Option<VaultClientMeta>,
    /// Secretwire: the Secret as it was last written or found right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<DestinationStatus>,
    /// State of the sync in detail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

/// The Vault login that was last used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultClientMeta {
    /// Names VaultAuth, VaultConnection and identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_key: Option<String>,
    /// Digest of the token's accessor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The Secret as it was last written or found right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DestinationStatus {
    /// Name of the Secret.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// Its resourceVersion: while the Secret still has it, nobody touched it.
    pub resource_version: String,
    /// Generation of this resource whose wishes the Secret fulfils.
    #[serde(default)]
    pub generation: i64,
    /// Its keys, sorted. Omitted when there are too many to list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<String>>,
}
