//! The part of Vault that a space has.

use anyhow::{Result, ensure};
use secretwire_lab::{Mark, await_condition};
use serde_json::{Value, json};

use super::Space;
use crate::DEADLINE;

impl Space<'_> {
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
}
