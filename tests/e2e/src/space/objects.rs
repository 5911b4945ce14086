//! Objects of a space: making, changing and reading them.

use anyhow::{Context as _, Result, anyhow};
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::{
    Api,
    api::{
        ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, ObjectMeta, Patch,
        PatchParams, PostParams,
    },
};
use secretwire_api::{VaultStaticSecret, names::condition};
use serde_json::{Value, json};

use super::Space;
use crate::Conditions as _;

/// The `VaultConnection` of a space.
pub const VAULT_CONNECTION: &str = "vault";
/// The `VaultAuth` of a space.
pub const VAULT_AUTH: &str = "auth";

impl Space<'_> {
    /// A service account; one that is there already is fine.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn create_account(&self, name: &str) -> Result<()> {
        let accounts: Api<ServiceAccount> = self.api();
        let account = ServiceAccount {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                ..ObjectMeta::default()
            },
            ..ServiceAccount::default()
        };
        match accounts.create(&PostParams::default(), &account).await {
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
            other => other.map(drop).context("creating a service account"),
        }
    }

    /// The `VaultConnection`, to Vault's plain listener.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn create_connection(&self) -> Result<()> {
        self.create(resource(
            "VaultConnection",
            VAULT_CONNECTION,
            &json!({"address": self.lab().vault().addr()}),
        ))
        .await
        .map(drop)
    }

    /// The `VaultAuth`, for the service account `default`.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn create_auth(&self) -> Result<()> {
        self.create(resource("VaultAuth", VAULT_AUTH, &self.auth_spec()))
            .await
            .map(drop)
    }

    /// What [`create_auth`](Self::create_auth) creates.
    pub fn auth_spec(&self) -> Value {
        json!({
            "vaultConnectionRef": VAULT_CONNECTION,
            "method": "kubernetes",
            "mount": "kubernetes",
            "kubernetes": {"role": self.name, "serviceAccount": "default", "audiences": ["vault"]},
        })
    }

    /// Creates a `VaultStaticSecret` that syncs the KV version 2 secret of this name to the Secret of this name every two
    /// seconds; `spec` is a JSON merge patch to that.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn sync(&self, name: &str, spec: Value) -> Result<()> {
        self.create(self.static_secret_object(name, &spec))
            .await
            .map(drop)
    }

    /// What [`sync`](Self::sync) creates.
    pub fn static_secret_object(&self, name: &str, spec: &Value) -> Value {
        let mut whole = json!({
            "vaultAuthRef": VAULT_AUTH,
            "mount": "kv-v2",
            "type": "kv-v2",
            "path": self.path(name),
            "refreshAfter": "2s",
            "destination": {"name": name, "create": true},
        });
        json_patch::merge(&mut whole, spec);
        resource("VaultStaticSecret", name, &whole)
    }

    /// Changes the spec of a `VaultStaticSecret` by a JSON merge patch.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn edit(&self, name: &str, spec: Value) -> Result<()> {
        self.patch("VaultStaticSecret", name, &json!({"spec": spec}))
            .await
    }

    /// Creates an object of any kind.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn create(&self, object: Value) -> Result<Value> {
        let api = self.dynamic(object["kind"].as_str().context("no kind")?)?;
        let object: DynamicObject = serde_json::from_value(object)?;
        let created = api.create(&PostParams::default(), &object).await?;
        Ok(serde_json::to_value(created)?)
    }

    /// Changes an object of any kind by a JSON merge patch.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn patch(&self, kind: &str, name: &str, patch: &Value) -> Result<()> {
        let api = self.dynamic(kind)?;
        api.patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await
            .map(drop)
            .with_context(|| format!("patching {kind} {name}"))
    }

    /// Changes the status of an object of any kind by a JSON merge patch.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn patch_status(&self, kind: &str, name: &str, patch: &Value) -> Result<()> {
        let api = self.dynamic(kind)?;
        api.patch_status(name, &PatchParams::default(), &Patch::Merge(patch))
            .await
            .map(drop)
            .with_context(|| format!("patching the status of {kind} {name}"))
    }

    /// Deletes an object of any kind.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn delete(&self, kind: &str, name: &str) -> Result<()> {
        let api = self.dynamic(kind)?;
        api.delete(name, &DeleteParams::default())
            .await
            .map(drop)
            .with_context(|| format!("deleting {kind} {name}"))
    }

    /// An object of any kind as it is now, if it is there.
    ///
    /// # Errors
    /// The API server does not answer.
    pub async fn object(&self, kind: &str, name: &str) -> Result<Option<Value>> {
        let found = self.dynamic(kind)?.get_opt(name).await?;
        Ok(found.map(serde_json::to_value).transpose()?)
    }

    /// A Secret as it is now, if it is there.
    ///
    /// # Errors
    /// The API server does not answer.
    pub async fn find_secret(&self, name: &str) -> Result<Option<Secret>> {
        Ok(self.api::<Secret>().get_opt(name).await?)
    }

    /// A Secret as it is now.
    ///
    /// # Errors
    /// It is not there.
    pub async fn secret(&self, name: &str) -> Result<Secret> {
        Ok(self.api::<Secret>().get(name).await?)
    }

    /// A `VaultStaticSecret` as it is now.
    ///
    /// # Errors
    /// It is not there.
    pub async fn static_secret(&self, name: &str) -> Result<VaultStaticSecret> {
        Ok(self.api::<VaultStaticSecret>().get(name).await?)
    }

    /// How many resources say that they are synced as they stand now.
    ///
    /// # Errors
    /// The API server does not answer.
    pub async fn synced_static_secrets(&self) -> Result<usize> {
        let all = self
            .api::<VaultStaticSecret>()
            .list(&ListParams::default())
            .await?;
        let synced = all.iter().filter(|secret| {
            let found = secret.condition(condition::SECRET_SYNCED);
            found.is_some_and(|found| {
                found.status == "True" && found.observed_generation == secret.metadata.generation
            })
        });
        Ok(synced.count())
    }

    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.stage.client().clone(), &self.name)
    }

    pub(super) fn dynamic(&self, kind: &str) -> Result<Api<DynamicObject>> {
        let (group, version) = match kind {
            "SecretTransformation" | "VaultConnection" | "VaultAuth" | "VaultStaticSecret" => {
                ("secrets.hashicorp.com", "v1beta1")
            }
            "Deployment" | "StatefulSet" | "DaemonSet" => ("apps", "v1"),
            "Rollout" => ("argoproj.io", "v1alpha1"),
            "Secret" | "Event" | "ServiceAccount" => ("", "v1"),
            other => return Err(anyhow!("no group is known for kind {other}")),
        };
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        let client = self.stage.client().clone();
        Ok(Api::namespaced_with(client, &self.name, &resource))
    }
}

fn resource(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "secrets.hashicorp.com/v1beta1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    })
}
