//! What every lab's Vault comes with: two KV engines, and the auth methods that a cluster uses.

use anyhow::Result;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleRef, Subject};
use kube::{
    Api, Resource,
    api::{ObjectMeta, PostParams},
};
use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use super::Vault;
use crate::kubernetes::ApiServer;

/// The mount of the KV version 2 engine.
pub const KV_V2: &str = "kv-v2";
/// The mount of the KV version 1 engine.
pub const KV_V1: &str = "kv-v1";

/// Where the service account lives with which Vault checks tokens.
const REVIEWER_NAMESPACE: &str = "secretwire-lab";
const REVIEWER: &str = "vault-reviewer";

impl Vault {
    /// Mounts the secrets engines and the auth methods that need nothing but Vault.
    pub(crate) async fn mount_engines(&self) -> Result<()> {
        self.enable("kv", KV_V2, Some(&json!({"version": "2"})))
            .await?;
        self.enable("kv", KV_V1, Some(&json!({"version": "1"})))
            .await?;
        for method in ["kubernetes", "approle", "jwt"] {
            self.api(
                Method::POST,
                &format!("sys/auth/{method}"),
                Some(&json!({"type": method})),
            )
            .await?;
        }
        Ok(())
    }

    /// Lets the service accounts of `apiserver` log in, by token review (`kubernetes`) and by signature (`jwt`).
    pub(crate) async fn trust_cluster(&self, apiserver: &ApiServer) -> Result<()> {
        let reviewer = reviewer_token(apiserver).await?;
        let config = json!({
            "kubernetes_host": apiserver.url(),
            "kubernetes_ca_cert": apiserver.ca_pem(),
            "token_reviewer_jwt": reviewer,
            "disable_local_ca_jwt": true,
        });
        self.api(Method::POST, "auth/kubernetes/config", Some(&config))
            .await?;
        let config = json!({
            "jwt_validation_pubkeys": [apiserver.token_public_key()],
            "bound_issuer": apiserver.issuer(),
        });
        self.api(Method::POST, "auth/jwt/config", Some(&config))
            .await?;
        Ok(())
    }
}

/// A token that may do one thing: ask whether other tokens are good.
async fn reviewer_token(apiserver: &ApiServer) -> Result<String> {
    let client = apiserver.client().await?;
    let named = |name: &str| ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    };
    create(
        &Api::all(client.clone()),
        Namespace {
            metadata: named(REVIEWER_NAMESPACE),
            ..Namespace::default()
        },
    )
    .await?;
    let account = ServiceAccount {
        metadata: named(REVIEWER),
        ..ServiceAccount::default()
    };
    create(
        &Api::namespaced(client.clone(), REVIEWER_NAMESPACE),
        account,
    )
    .await?;
    let binding = ClusterRoleBinding {
        metadata: named("secretwire-lab-vault-reviewer"),
        role_ref: RoleRef {
            api_group: "rbac.authorization.k8s.io".to_owned(),
            kind: "ClusterRole".to_owned(),
            name: "system:auth-delegator".to_owned(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            name: REVIEWER.to_owned(),
            namespace: Some(REVIEWER_NAMESPACE.to_owned()),
            ..Subject::default()
        }]),
    };
    create(&Api::all(client), binding).await?;
    apiserver.token(REVIEWER_NAMESPACE, REVIEWER, &[]).await
}

async fn create<K>(api: &Api<K>, object: K) -> Result<()>
where
    K: Clone + std::fmt::Debug + DeserializeOwned + Resource + Serialize,
{
    api.create(&PostParams::default(), &object).await?;
    Ok(())
}
