//! What the story is played on, whichever servers these are.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use secretwire_lab::OperatorOptions;

use super::{cluster::Cluster, vault::Vault};

/// What things are called in Kubernetes and in Vault.
pub(super) struct Names {
    /// The namespace of the workloads.
    pub(super) namespace: String,
    /// Where Vault has its KV version 2 engine.
    pub(super) kv: String,
    /// Where Vault has its auth method `kubernetes`.
    pub(super) auth: String,
    /// The role by which the workloads' namespace logs in.
    pub(super) role: String,
}

/// Servers with Secretwire installed and running, and an empty namespace.
pub(super) struct Stage {
    pub(super) names: Names,
    pub(super) cluster: Cluster,
    pub(super) vault: Vault,
    /// Why nothing runs in containers, if so.
    pub(super) no_node: Option<String>,
    /// The administrator's kubeconfig file, with the namespace.
    pub(super) kubeconfig: PathBuf,
    /// For files of the demo.
    pub(super) folder: PathBuf,
    /// What the operator logs.
    pub(super) operator_log: PathBuf,
    /// Whether the servers are the demo's own.
    pub(super) own_servers: bool,
}

impl Stage {
    /// Whether pods can run.
    pub(super) fn has_node(&self) -> bool {
        self.no_node.is_none()
    }

    /// A line for a shell that finds no kubectl, or none for OpenBao: where ours are.
    pub(super) fn tools(&self) -> String {
        let path = env::var_os("PATH").unwrap_or_default();
        let found = |name: &str| env::split_paths(&path).any(|folder| folder.join(name).is_file());
        match self.cluster.kubectl.program().parent() {
            Some(folder) if !(found("kubectl") && found("bao")) => {
                format!("\n      export PATH=$PATH:{}", folder.display())
            }
            _ => String::new(),
        }
    }
}

/// The operator's executable.
pub(super) struct Operator {
    binary: PathBuf,
}

impl Operator {
    /// The one given, else the one that was built beside this program.
    pub(super) fn find(given: Option<&Path>) -> Result<Self> {
        let binary = match given {
            Some(binary) => binary.to_owned(),
            None => env::current_exe()
                .context("looking for the operator")?
                .with_file_name("secretwire"),
        };
        if !binary.is_file() {
            bail!(
                "no operator at {}: run `cargo build -p secretwire`, or name another by SECRETWIRE_BIN",
                binary.display()
            );
        }
        Ok(Self { binary })
    }

    /// How it is run here. Values that Vault does not have yet are asked for every second or two.
    pub(super) fn options(&self) -> OperatorOptions {
        OperatorOptions::new(&self.binary)
            .arg("--backoff-initial-interval=1s")
            .arg("--backoff-max-interval=2s")
    }

    /// What it prints for an installation outside of the cluster. It registers its own URL when it starts.
    pub(super) async fn manifests(&self, namespace: &str) -> Result<String> {
        let output = tokio::process::Command::new(&self.binary)
            .args([
                "manifests",
                "--namespace",
                namespace,
                "--webhook-url",
                "https://127.0.0.1:9443",
            ])
            .kill_on_drop(true)
            .output()
            .await
            .context("running `secretwire manifests`")?;
        if !output.status.success() {
            bail!(
                "`secretwire manifests`: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        String::from_utf8(output.stdout).context("`secretwire manifests` prints no UTF-8")
    }
}
