use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Condition;

/// How to log in to Vault.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, CustomResource, Serialize, Deserialize, JsonSchema,
)]
#[kube(
    group = "secrets.hashicorp.com",
    version = "v1beta1",
    kind = "VaultAuth",
    namespaced,
    status = "VaultAuthStatus",
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
pub struct VaultAuthSpec {
    /// The VaultConnection to use: `name` or `namespace/name`. When empty, the
    /// VaultConnection `default` in the operator's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault_connection_ref: Option<String>,
    /// Take what is not set here from a VaultAuthGlobal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault_auth_global_ref: Option<VaultAuthGlobalRef>,
    /// Vault namespace to log in to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Kubernetes namespaces whose resources may use this object, beside its
    /// own. The single element `*` allows all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_namespaces: Vec<String>,
    /// Login method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<AuthMethod>,
    /// Path that the auth method is mounted at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount: Option<String>,
    /// Accepted for compatibility; not sent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// Headers added to the login request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Settings of the method `kubernetes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<KubernetesAuth>,
    /// Settings of the method `appRole`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_role: Option<AppRoleAuth>,
    /// Settings of the method `jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<JwtAuth>,
    /// Settings of the method `aws`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws: Option<AwsAuth>,
    /// Settings of the method `gcp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gcp: Option<GcpAuth>,
    /// Transit key that encrypts stored Vault tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_encryption: Option<StorageEncryption>,
}

/// Login methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum AuthMethod {
    /// A ServiceAccount token, verified by Kubernetes.
    #[serde(rename = "kubernetes")]
    Kubernetes,
    /// A signed token, from a ServiceAccount or a Secret.
    #[serde(rename = "jwt")]
    Jwt,
    /// A role id and a secret id.
    #[serde(rename = "appRole")]
    AppRole,
    /// A signed AWS identity request.
    #[serde(rename = "aws")]
    Aws,
    /// A Google identity token.
    #[serde(rename = "gcp")]
    Gcp,
}

impl AuthMethod {
    /// The name in `spec.method`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Jwt => "jwt",
            Self::AppRole => "appRole",
            Self::Aws => "aws",
            Self::Gcp => "gcp",
        }
    }
}

/// Link to a VaultAuthGlobal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultAuthGlobalRef {
    /// Name of the VaultAuthGlobal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^([a-z0-9.-]{1,253})$"))]
    pub name: Option<String>,
    /// Its namespace; the VaultAuth's when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^([a-z0-9-]{1,63})$"))]
    pub namespace: Option<String>,
    /// How maps are merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_strategy: Option<MergeStrategy>,
    /// Permit falling back to the VaultAuthGlobal `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_default: Option<bool>,
}

/// How the maps of a VaultAuthGlobal and a VaultAuth are merged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MergeStrategy {
    /// Strategy for `headers`; `none` when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<MapMerge>,
    /// Strategy for `params`; `none` when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<MapMerge>,
}

/// Strategy for one map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MapMerge {
    /// Key by key, the VaultAuth's value wins.
    Union,
    /// The first map that is not empty, as a whole.
    Replace,
    /// The VaultAuth's map only.
    None,
}

/// Settings of the method `kubernetes`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesAuth {
    /// Vault role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// ServiceAccount to log in as, in the namespace of the resource that asks for a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    /// Audiences of the ServiceAccount token; the API server's default when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// Life of the ServiceAccount token in seconds.
    #[serde(default = "default_token_expiration")]
    #[schemars(range(min = 600))]
    pub token_expiration_seconds: i64,
}

/// Settings of the method `jwt`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JwtAuth {
    /// Vault role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Secret whose key `jwt` holds the token, in the namespace of the resource
    /// that asks for a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<String>,
    /// ServiceAccount to take a token of; wins over `secretRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    /// Audiences of the ServiceAccount token; the API server's default when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// Life of the ServiceAccount token in seconds.
    #[serde(default = "default_token_expiration")]
    #[schemars(range(min = 600))]
    pub token_expiration_seconds: i64,
}

fn default_token_expiration() -> i64 {
    600
}

/// Settings of the method `appRole`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppRoleAuth {
    /// Role id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_id: Option<String>,
    /// Secret whose key `id` holds the secret id, in the namespace of the
    /// resource that asks for a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<String>,
    /// Refused: use `secretRef`. A file of the operator's pod is not a tenant's to send.
    #[serde(
        rename = "secretIDPath",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub secret_id_path: Option<String>,
}

/// Settings of the method `aws`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwsAuth {
    /// Vault role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// AWS region of the signed request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Value of the header `X-Vault-AWS-IAM-Server-ID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_value: Option<String>,
    /// Session name of the assumed role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_name: Option<String>,
    /// STS endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sts_endpoint: Option<String>,
    /// IAM endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam_endpoint: Option<String>,
    /// Secret with `access_key_id`, `secret_access_key` and `session_token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<String>,
    /// ServiceAccount whose annotations name an IAM role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub irsa_service_account: Option<String>,
}

/// Settings of the method `gcp`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GcpAuth {
    /// Vault role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// ServiceAccount annotated with a Google service account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload_identity_service_account: Option<String>,
    /// Region of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Name of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<String>,
    /// Google project.
    #[serde(rename = "projectID", default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
}

/// Transit key that encrypts stored Vault tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StorageEncryption {
    /// Path that the transit engine is mounted at.
    pub mount: String,
    /// Name of the key.
    pub key_name: String,
}

/// Last check of the VaultAuth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultAuthStatus {
    /// Whether the last check went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// What is wrong, when not valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Digest of the spec that the last check saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec_hash: Option<String>,
    /// State of the object in detail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}
