//! A running cluster: what holds the servers together.

use std::{
    net::IpAddr,
    path::Path,
    process::Output,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::Result;

use crate::{
    LabBuilder, Namespace, Node, OperatorOptions, OperatorProcess, Postgres, Vault,
    directory::Directory,
    kubectl::Kubectl,
    kubernetes::{ApiServer, Controller, Etcd},
    reach::Reach,
};

/// A running cluster. Fields are dropped, and so servers killed, in the order in which they need each other.
pub struct Lab {
    pub(crate) node: Option<Node>,
    pub(crate) postgres: Option<Postgres>,
    pub(crate) vault: Option<Vault>,
    pub(crate) scheduler: Option<Controller>,
    pub(crate) controllers: Option<Controller>,
    pub(crate) apiserver: ApiServer,
    pub(crate) etcd: Etcd,
    pub(crate) kubectl: Kubectl,
    pub(crate) http: reqwest::Client,
    pub(crate) reach: Reach,
    pub(crate) operators: AtomicU32,
    pub(crate) directory: Directory,
}

impl Lab {
    /// A lab with etcd and the API server; the builder's methods add to it.
    pub fn builder() -> LabBuilder {
        LabBuilder::default()
    }

    /// Whether a [node](LabBuilder::node) can run on this machine.
    ///
    /// # Errors
    /// Why not, in words for the line that says what was skipped.
    pub fn node_possible() -> Result<(), String> {
        Node::possible()
    }

    /// Stops everything and removes the folder. A lab that is dropped instead is killed, and its folder kept for reading.
    ///
    /// # Errors
    /// A server did not end even when killed.
    pub async fn stop(self) -> Result<()> {
        if let Some(node) = &self.node {
            node.stop().await?;
        }
        for controller in [&self.scheduler, &self.controllers].into_iter().flatten() {
            controller.stop().await?;
        }
        if let Some(vault) = &self.vault {
            vault.stop().await?;
        }
        if let Some(postgres) = &self.postgres {
            postgres.stop().await?;
        }
        self.apiserver.stop().await?;
        self.etcd.stop().await?;
        self.directory.discard();
        Ok(())
    }

    /// The folder with configuration, data and a log of each server.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The address of this machine, which pods and `EndpointSlice` objects can use: those refuse loopback addresses.
    pub fn host_address(&self) -> IpAddr {
        self.reach.host
    }

    /// The API server.
    pub fn apiserver(&self) -> &ApiServer {
        &self.apiserver
    }

    /// The controller manager.
    ///
    /// # Panics
    /// The lab was built without it.
    pub fn controllers(&self) -> &Controller {
        asked_for(self.controllers.as_ref(), "controllers")
    }

    /// The scheduler.
    ///
    /// # Panics
    /// The lab was built without it.
    pub fn scheduler(&self) -> &Controller {
        asked_for(self.scheduler.as_ref(), "scheduler")
    }

    /// The node.
    ///
    /// # Panics
    /// The lab was built without it.
    pub fn node(&self) -> &Node {
        asked_for(self.node.as_ref(), "node")
    }

    /// OpenBao.
    ///
    /// # Panics
    /// The lab was built without it.
    pub fn vault(&self) -> &Vault {
        asked_for(self.vault.as_ref(), "vault")
    }

    /// PostgreSQL.
    ///
    /// # Panics
    /// The lab was built without it.
    pub fn postgres(&self) -> &Postgres {
        asked_for(self.postgres.as_ref(), "postgres")
    }

    /// A new namespace whose name begins with `prefix`, one for each test.
    ///
    /// # Errors
    /// The API server refuses or does not answer.
    pub async fn namespace(&self, prefix: &str) -> Result<Namespace> {
        Namespace::create(
            self.apiserver.client().await?,
            prefix,
            self.controllers.is_some(),
        )
        .await
    }

    /// Runs kubectl as administrator. Its own failure is in the output's status.
    ///
    /// # Errors
    /// It cannot be run, or does not end in time.
    pub async fn kubectl(&self, arguments: &[&str]) -> Result<Output> {
        self.kubectl.run(arguments, "").await
    }

    /// Applies objects in YAML or JSON, several separated by `---`, and returns what kubectl said.
    ///
    /// # Errors
    /// An object is refused; the error holds the API server's words.
    pub async fn apply(&self, objects: &str) -> Result<String> {
        self.kubectl.check(&["apply", "-f", "-"], objects).await
    }

    /// Starts the operator against this lab. Its log is `operator-N.log` in the [folder](Self::path).
    ///
    /// # Errors
    /// It ended, or was not ready in time; the error quotes its log.
    pub async fn operator(&self, options: &OperatorOptions) -> Result<OperatorProcess> {
        let number = self.operators.fetch_add(1, Ordering::Relaxed);
        let log = self.directory.file(&format!("operator-{number}.log"));
        let kubeconfig = self.apiserver.kubeconfig_for(options.identity()).await?;
        OperatorProcess::start(options, &kubeconfig, log, &self.http).await
    }
}

/// The builder decides what a lab has; asking for another part is a mistake in the test itself.
fn asked_for<'a, T>(part: Option<&'a T>, builder_method: &str) -> &'a T {
    let Some(part) = part else {
        panic!("this lab was built without `.{builder_method}()`")
    };
    part
}
