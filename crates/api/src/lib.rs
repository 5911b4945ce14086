//! The custom resources of `secrets.hashicorp.com/v1beta1` as Rust types, and
//! the names that other systems rely on: labels, finalizers, condition types
//! and event reasons.
//!
//! Field documentation becomes the CRD's and so is written for its users.
//! Fields that the Vault Secrets Operator does not have are marked
//! "Secretwire:" and are optional, so that its stored objects stay valid.

#![allow(
    clippy::duplicated_attributes,
    reason = "each printer column has a type of its own"
)]

mod crds;
mod destination;
pub mod names;
mod secret_transformation;
mod vault_auth;
mod vault_connection;
mod vault_static_secret;

pub use crds::crds;
pub use destination::{
    Destination, RolloutRestartTarget, RolloutRestartTargetKind, Template, TemplateRef,
    Transformation, TransformationRef,
};
pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
pub use secret_transformation::{
    SecretTransformation, SecretTransformationSpec, SecretTransformationStatus,
};
pub use vault_auth::{
    AppRoleAuth, AuthMethod, AwsAuth, GcpAuth, JwtAuth, KubernetesAuth, MapMerge, MergeStrategy,
    StorageEncryption, VaultAuth, VaultAuthGlobalRef, VaultAuthSpec, VaultAuthStatus,
};
pub use vault_connection::{VaultConnection, VaultConnectionSpec, VaultConnectionStatus};
pub use vault_static_secret::{
    DestinationStatus, KvType, SyncConfig, VaultClientMeta, VaultStaticSecret,
    VaultStaticSecretSpec, VaultStaticSecretStatus,
};
