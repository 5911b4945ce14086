//! A namespace for one test, in Kubernetes and in Vault.

mod objects;
mod vault;
mod waiting;

use anyhow::Result;
use kube::{ResourceExt as _, api::ListParams};
use secretwire_lab::Lab;

use crate::{Leaks, Stage};
pub use objects::{VAULT_AUTH, VAULT_CONNECTION};

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

    /// kubectl in this namespace.
    ///
    /// # Errors
    /// It fails.
    pub async fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let arguments = [&["--namespace", self.name.as_str()], arguments].concat();
        self.stage.run_kubectl(&arguments).await
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
}
