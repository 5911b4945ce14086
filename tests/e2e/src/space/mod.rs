//! A namespace for one test, in Kubernetes and in Vault.

use anyhow::{Context as _, Result, anyhow, ensure};
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::{
    Api, ResourceExt as _,
    api::{
        ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, ObjectMeta, Patch,
        PatchParams, PostParams,
    },
};
use secretwire_api::{Condition, VaultStaticSecret, names::condition};
use secretwire_lab::{Lab, Mark, await_condition};
use serde_json::{Value, json};

use crate::{Conditions as _, DEADLINE, Data as _, Leaks, Stage};

/// The `VaultConnection` of a space.
pub const VAULT_CONNECTION: &str = "vault";
/// The `VaultAuth` of a space.
pub const VAULT_AUTH: &str = "auth";

/// A namespace for one test, with a part of Vault below its name: `NAMESPACE/…` in both KV engines, which the policy
/// `NAMESPACE` lets the role `NAMESPACE` read.
pub struct Space<'a> {
    stage: &'a Stage,
    name: String,
}

impl<'a> Space<'a> {
    pub(crate) async fn open(stage: &'a Stage, prefix: &str) -> Result<Self> {
        let namespace = stage.lab().namespace(prefix).await?;
        let space = Self {
            stage,
            name: namespace.name().to_owned(),
        };
        space.create_account("default").await?;
        space.create_role("kubernetes", "1h").await?;
        Ok(space)
    }

    /// Its name, in Kubernetes and in Vault.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    pub fn stage(&self) -> &'a Stage {
        self.stage
    }

    /// Its lab.
    pub fn lab(&self) -> &'a Lab {
        self.stage.lab()
    }

    // Vault.

    /// Lets the role read what the test writes.
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn grant(&self) -> Result<()> {
        let rule = |mount: &str| {
            format!(
                "path \"{mount}/{}/*\" {{ capabilities = [\"read\"] }}\n",
                self.name
            )
        };
        // Also what is asked for when a resource takes one engine for the other.
        let mounts = ["kv-v1", "kv-v1/data", "kv-v2", "kv-v2/data"];
        let rules = mounts.map(rule).concat();
        self.lab().vault().policy(&self.name, &rules).await
    }

    /// Takes back what [`grant`](Self::grant) gave.
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn revoke_grant(&self) -> Result<()> {
        let rules = "path \"kv-v2/data/none\" { capabilities = [\"read\"] }";
        self.lab().vault().policy(&self.name, rules).await
    }

    /// Makes the role of an auth method that trusts the service accounts of this namespace.
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn create_role(&self, method: &str, ttl: &str) -> Result<()> {
        let role = match method {
            "jwt" => json!({
                "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"],
                "bound_subject": format!("system:serviceaccount:{}:default", self.name),
                "token_policies": [self.name], "token_ttl": ttl,
            }),
            _ => json!({
                "bound_service_account_names": ["*"], "bound_service_account_namespaces": [self.name],
                "audience": "vault", "token_policies": [self.name], "token_ttl": ttl,
            }),
        };
        self.lab().vault().role(method, &self.name, &role).await
    }

    /// The path, below a KV engine's mount, of a secret of this test.
    pub fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.name)
    }

    /// Writes a secret to the KV version 2 engine and returns its version.
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn put(&self, name: &str, data: &Value) -> Result<u64> {
        self.lab().vault().kv_put(&self.path(name), data).await
    }

    /// Writes a secret to the KV version 1 engine.
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn put_v1(&self, name: &str, data: &Value) -> Result<()> {
        self.lab().vault().kv1_put(&self.path(name), data).await
    }

    /// Waits until Vault's audit log shows `count` reads of a secret of KV version 2 since `mark`: visits to its
    /// resource, whatever they changed.
    ///
    /// # Errors
    /// There were fewer in time.
    pub async fn await_reads(&self, name: &str, mark: &Mark, count: usize) -> Result<()> {
        let path = format!("kv-v2/data/{}", self.path(name));
        await_condition("reads of Vault", DEADLINE, async || {
            let reads = self.stage.vault_reads(mark, &path)?.len();
            ensure!(reads >= count, "{reads} of {count} reads of {path}");
            Ok(Some(()))
        })
        .await
    }

    // Objects.

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

    /// kubectl in this namespace.
    ///
    /// # Errors
    /// It fails.
    pub async fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let arguments = [&["--namespace", self.name.as_str()], arguments].concat();
        self.stage.run_kubectl(&arguments).await
    }

    // Waiting.

    /// Waits until a Secret is as `wanted` says.
    ///
    /// # Errors
    /// It was not in time.
    pub async fn await_secret(
        &self,
        name: &str,
        what: &str,
        wanted: impl Fn(&Secret) -> bool,
    ) -> Result<Secret> {
        let what = format!("Secret {}/{name}: {what}", self.name);
        await_condition(&what, DEADLINE, async || {
            let secret = self.find_secret(name).await?.context("it is not there")?;
            if wanted(&secret) {
                return Ok(Some(secret));
            }
            let meta = &secret.metadata;
            Err(anyhow!("keys {:?}, metadata {meta:?}", secret.keys()))
        })
        .await
    }

    /// Waits until a key of a Secret has this value.
    ///
    /// # Errors
    /// It had not in time.
    pub async fn await_value(&self, name: &str, key: &str, value: &str) -> Result<()> {
        let what = format!("the new value of {key}");
        self.await_secret(name, &what, |secret| secret.text(key) == Some(value))
            .await
            .map(drop)
    }

    /// Waits until a Secret is gone.
    ///
    /// # Errors
    /// It was still there at the end.
    pub async fn await_no_secret(&self, name: &str) -> Result<()> {
        let what = format!("the end of Secret {}/{name}", self.name);
        await_condition(&what, DEADLINE, async || {
            Ok(self.find_secret(name).await?.is_none().then_some(()))
        })
        .await
    }

    /// Waits until a `VaultStaticSecret` says that it is synced as it stands now.
    ///
    /// # Errors
    /// It did not in time.
    pub async fn await_synced(&self, name: &str) -> Result<VaultStaticSecret> {
        self.await_condition(name, "synced", |found| found.status == "True")
            .await
    }

    /// Waits until a `VaultStaticSecret` says that it is not synced, with all these words.
    ///
    /// # Errors
    /// It did not in time, or is Ready all the same.
    pub async fn await_failure(&self, name: &str, words: &[&str]) -> Result<VaultStaticSecret> {
        let failed = |found: &Condition| {
            found.status == "False" && words.iter().all(|word| found.message.contains(word))
        };
        let what = format!("a failure that says {words:?}");
        let secret = self.await_condition(name, &what, failed).await?;
        for type_ in [condition::HEALTHY, condition::READY] {
            let status = secret.condition(type_).map(|found| found.status.as_str());
            ensure!(
                status == Some("False"),
                "{type_} is {status:?} after a failure"
            );
        }
        Ok(secret)
    }

    async fn await_condition(
        &self,
        name: &str,
        what: &str,
        wanted: impl Fn(&Condition) -> bool,
    ) -> Result<VaultStaticSecret> {
        let what = format!("VaultStaticSecret {}/{name}: {what}", self.name);
        await_condition(&what, DEADLINE, async || {
            let secret = self.static_secret(name).await?;
            let found = secret
                .condition(condition::SECRET_SYNCED)
                .context("no condition yet")?;
            let current = found.observed_generation == secret.metadata.generation;
            if current && wanted(found) {
                return Ok(Some(secret));
            }
            Err(anyhow!(
                "{}: {} (current: {current})",
                found.status,
                found.message
            ))
        })
        .await
    }

    /// Searches statuses and Events of this namespace for secret values.
    ///
    /// # Errors
    /// One is there, or the API server does not answer.
    pub async fn search(&self) -> Result<()> {
        let leaks = Leaks::new();
        for kind in ["VaultStaticSecret", "VaultAuth", "VaultConnection", "Event"] {
            for object in self.dynamic(kind)?.list(&ListParams::default()).await? {
                let place = format!("{kind} {}/{}", self.name, object.name_any());
                leaks.check(&place, &serde_json::to_string(&object)?)?;
            }
        }
        Ok(())
    }

    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.stage.client().clone(), &self.name)
    }

    fn dynamic(&self, kind: &str) -> Result<Api<DynamicObject>> {
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
