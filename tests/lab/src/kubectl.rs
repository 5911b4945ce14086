//! kubectl, with a deadline.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Output,
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tokio::{io::AsyncWriteExt as _, process::Command, time::timeout};

use crate::{
    process::PROXY_VARIABLES,
    servers::{Component, Servers},
};

const LIMIT: Duration = Duration::from_secs(90);

/// kubectl against one cluster, as whom the kubeconfig file says.
pub struct Kubectl {
    pub(crate) program: PathBuf,
    pub(crate) kubeconfig: PathBuf,
    /// Keeps discovery of one lab apart from that of others, and out of the user's home.
    pub(crate) cache: PathBuf,
}

impl Kubectl {
    /// For any cluster, not only a lab's: gets kubectl where it is missing. What it learns about the cluster is kept in
    /// the folder `cache`.
    ///
    /// # Errors
    /// It cannot be got.
    pub async fn fetch(kubeconfig: impl Into<PathBuf>, cache: impl Into<PathBuf>) -> Result<Self> {
        let servers = Servers::with(&BTreeSet::from([Component::Kubectl])).await?;
        Ok(Self {
            program: servers.kubectl(),
            kubeconfig: kubeconfig.into(),
            cache: cache.into(),
        })
    }

    /// The executable.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Runs it with `input` on its standard input. Its own failure is in the output's status.
    ///
    /// # Errors
    /// It cannot be run, or does not end in time.
    pub async fn run(&self, arguments: &[&str], input: &str) -> Result<Output> {
        let what = format!("kubectl {}", arguments.join(" "));
        let mut child = Command::new(&self.program)
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .arg("--cache-dir")
            .arg(&self.cache)
            .args(arguments)
            .envs(PROXY_VARIABLES.map(|name| (name, "")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| what.clone())?;
        let mut stdin = child.stdin.take().context("no pipe")?;
        let work = async {
            // A kubectl that ends without reading tells the reason in its output.
            let _ = stdin.write_all(input.as_bytes()).await;
            drop(stdin);
            child.wait_with_output().await
        };
        let output = timeout(LIMIT, work)
            .await
            .with_context(|| format!("{what}: no end within {LIMIT:?}"))?;
        output.with_context(|| what)
    }

    /// Runs it and returns what it printed.
    ///
    /// # Errors
    /// As for [`run`](Self::run), and when it fails: the error holds what it said.
    pub async fn check(&self, arguments: &[&str], input: &str) -> Result<String> {
        let output = self.run(arguments, input).await?;
        if !output.status.success() {
            bail!(
                "kubectl {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
