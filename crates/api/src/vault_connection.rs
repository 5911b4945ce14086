use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Condition;

/// How to reach a Vault or OpenBao server.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, CustomResource, Serialize, Deserialize, JsonSchema,
)]
#[kube(
    group = "secrets.hashicorp.com",
    version = "v1beta1",
    kind = "VaultConnection",
    namespaced,
    status = "VaultConnectionStatus",
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
pub struct VaultConnectionSpec {
    /// URL of the server, `http://` or `https://`.
    pub address: String,
    /// Headers added to every request. `X-Vault-Namespace` is refused here: set
    /// `namespace` of the VaultAuth or of the secret instead.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Name sent as SNI and expected in the server's certificate, where it
    /// differs from the host of `address`.
    #[serde(
        rename = "tlsServerName",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub tls_server_name: Option<String>,
    /// Secret in the namespace of this resource whose key `ca.crt` holds the
    /// certificates (PEM) to trust. Exclusive with `caCertPath`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_cert_secret_ref: Option<String>,
    /// File in the operator's pod with the certificates (PEM) to trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_cert_path: Option<String>,
    /// Do not verify the server's certificate. For tests only.
    #[serde(rename = "skipTLSVerify", default)]
    pub skip_tls_verify: bool,
    /// Time limit of one request, for example `30s`; 60s when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^([0-9]+(\.[0-9]+)?(s|m|h))$"))]
    pub timeout: Option<String>,
}

/// Last check of the connection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VaultConnectionStatus {
    /// Whether the server answered at the last check.
    #[serde(default)]
    #[schemars(required)]
    pub valid: bool,
    /// State of the connection in detail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}
