//! Taking away what the demo made on servers that are not its own.

use std::fs;

use anyhow::{Result, bail};

use super::{Given, Stage};

/// What the demo makes, and how to take it away.
pub(super) enum Made {
    /// What is at this path of Vault's API.
    InVault(String),
    /// Objects, as they were created.
    Objects(String),
    /// A namespace with everything in it.
    Namespace(String),
}

impl Given {
    /// Takes away what was made, the last first, and goes on where something cannot be.
    pub(in super::super) async fn stop(
        mut self,
        stage: Option<&Stage>,
        failed: bool,
    ) -> Result<()> {
        let mut problems = Vec::new();
        let Some(stage) = stage else {
            fs::remove_dir_all(&self.folder)?;
            return Ok(());
        };
        let kubectl = &stage.cluster.kubectl;
        // The operator lets go of its resources, so it ends after the namespace and before its rights.
        while let Some(made) = self.made.pop() {
            let removed = match &made {
                Made::InVault(path) => stage.vault.delete(path).await,
                Made::Namespace(name) => {
                    let delete = [
                        "delete",
                        "namespace",
                        name,
                        "--ignore-not-found",
                        "--timeout=60s",
                    ];
                    let deleted = kubectl.check(&delete, "").await.map(drop);
                    if let Some(operator) = self.operator.take() {
                        operator.terminate().await?;
                    }
                    deleted
                }
                Made::Objects(objects) => {
                    let delete = ["delete", "-f", "-", "--ignore-not-found", "--timeout=60s"];
                    kubectl.check(&delete, objects).await.map(drop)
                }
            };
            problems.extend(removed.err());
        }
        if !failed && problems.is_empty() {
            fs::remove_dir_all(&self.folder)?;
        }
        if problems.is_empty() {
            return Ok(());
        }
        let list: Vec<_> = problems
            .iter()
            .map(|problem| format!("{problem:#}"))
            .collect();
        bail!("not everything was removed:\n{}", list.join("\n"))
    }
}
