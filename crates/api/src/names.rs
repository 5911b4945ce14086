//! Names that users, dashboards and other controllers depend on.

/// API group of every resource served here.
pub const GROUP: &str = "secrets.hashicorp.com";
/// The one version of that group.
pub const VERSION: &str = "v1beta1";
/// `apiVersion` of every resource served here.
pub const API_VERSION: &str = "secrets.hashicorp.com/v1beta1";

/// Labels of a Secret that one of the resources owns.
pub mod label {
    /// Key of the label whose value is [`MANAGED_BY_VALUE`].
    pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
    /// What owned Secrets carry: VSO's value, so that either operator recognises them.
    pub const MANAGED_BY_VALUE: &str = "hashicorp-vso";
    /// Key of the label whose value is [`NAME_VALUE`].
    pub const NAME: &str = "app.kubernetes.io/name";
    /// Value of the name label.
    pub const NAME_VALUE: &str = "vault-secrets-operator";
    /// Key of the label whose value is [`COMPONENT_SECRET_SYNC`] on owned Secrets.
    pub const COMPONENT: &str = "app.kubernetes.io/component";
    /// Component of an owned Secret.
    pub const COMPONENT_SECRET_SYNC: &str = "secret-sync";
    /// Component of the Secret that holds the HMAC key.
    pub const COMPONENT_HMAC: &str = "client-cache-storage-verification";
    /// Key of the label that holds the UID of the owning resource.
    pub const OWNER_UID: &str = "secrets.hashicorp.com/vso-ownerRefUID";
    /// Selects every Secret that either operator owns.
    pub const OWNED_SELECTOR: &str = "app.kubernetes.io/managed-by=hashicorp-vso,\
         app.kubernetes.io/name=vault-secrets-operator,\
         app.kubernetes.io/component=secret-sync";
}

/// Finalizers that VSO leaves on its objects. None is added here; all are removed on delete.
pub mod finalizer {
    /// On `VaultStaticSecret`.
    pub const VAULT_STATIC_SECRET: &str = "vaultstaticsecret.secrets.hashicorp.com/finalizer";
    /// On `VaultAuth`.
    pub const VAULT_AUTH: &str = "vaultauth.secrets.hashicorp.com/finalizer";
    /// On `VaultConnection`.
    pub const VAULT_CONNECTION: &str = "vaultconnection.secrets.hashicorp.com/finalizer";
}

/// Types of status conditions.
pub mod condition {
    /// The destination Secret holds what Vault holds.
    pub const SECRET_SYNCED: &str = "SecretSynced";
    /// The last visit went well.
    pub const HEALTHY: &str = "Healthy";
    /// Follows `Healthy`.
    pub const READY: &str = "Ready";
    /// The last restart of the rollout targets; absent without targets.
    pub const ROLLOUT_RESTART: &str = "RolloutRestart";
    /// The settings of a `VaultConnection` make a client.
    pub const RESOURCE_VALIDATION: &str = "ResourceValidation";
    /// Vault answered.
    pub const VAULT_PING: &str = "VaultPing";
    /// No client could be made; present only then.
    pub const VAULT_CLIENT: &str = "VaultClient";
}

/// Reasons of conditions.
pub mod reason {
    /// Of `SecretSynced`, in both states.
    pub const SYNCED: &str = "Synced";
    /// Of `Healthy` when True.
    pub const HEALTHY: &str = "Healthy";
    /// Of `Healthy` when False.
    pub const UNHEALTHY: &str = "Unhealthy";
    /// Of `Ready`, in both states.
    pub const READY: &str = "Ready";
    /// Of `RolloutRestart` when True.
    pub const ROLLOUT_RESTART_TRIGGERED: &str = "RolloutRestartTriggered";
    /// Of `RolloutRestart` when False.
    pub const ROLLOUT_RESTART_TRIGGERED_FAILED: &str = "RolloutRestartTriggeredFailed";
    /// Of a `VaultConnection`'s conditions when True.
    pub const ACCEPTED: &str = "Accepted";
    /// Of a `VaultConnection`'s conditions when False.
    pub const INVALID_CONFIGURATION: &str = "InvalidConfiguration";
    /// Of `VaultClient`.
    pub const VAULT_CLIENT_CONFIG_ERROR: &str = "VaultClientConfigError";
}

/// Annotation on a pod template whose change restarts a workload; VSO's key.
pub const RESTARTED_AT: &str = "vso.secrets.hashicorp.com/restartedAt";

/// Key of a destination Secret that holds the whole answer of Vault as JSON.
pub const RAW_KEY: &str = "_raw";

/// Secret in the operator's namespace that holds the HMAC key; VSO's name.
pub const HMAC_SECRET: &str = "vso-cc-storage-hmac-key";
/// Data key of the HMAC key in [`HMAC_SECRET`].
pub const HMAC_SECRET_KEY: &str = "key";
