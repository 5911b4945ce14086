use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};

/// A call to the API server that brings nothing for so long has failed.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Two ways to the API server: watches are quiet for long, calls must not be.
pub(super) struct Clients {
    /// For watches.
    pub(super) watching: Client,
    /// For all else.
    pub(super) calling: Client,
}

impl Clients {
    pub(super) async fn new(kubeconfig: Option<PathBuf>) -> anyhow::Result<Self> {
        let mut config = cluster_config(kubeconfig).await?;
        let watching = client(config.clone())?;
        config.read_timeout = Some(CALL_TIMEOUT);
        let calling = client(config)?;
        Ok(Self { watching, calling })
    }
}

fn client(config: Config) -> anyhow::Result<Client> {
    Client::try_from(config).context("the cluster's settings make no client")
}

async fn cluster_config(kubeconfig: Option<PathBuf>) -> anyhow::Result<Config> {
    match kubeconfig {
        Some(path) => {
            let file = Kubeconfig::read_from(&path)
                .with_context(|| format!("--kubeconfig {} cannot be read", path.display()))?;
            Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
                .await
                .with_context(|| format!("--kubeconfig {} names no usable cluster", path.display()))
        }
        None => Config::infer()
            .await
            .context("no cluster: set --kubeconfig or KUBECONFIG, or run in a pod"),
    }
}
