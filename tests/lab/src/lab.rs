//! A whole cluster: the builder, and what holds the servers together.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, UdpSocket},
    path::Path,
    process::Output,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context as _, Result};

use crate::{
    Namespace, OperatorOptions, OperatorProcess, Postgres, Vault,
    directory::Directory,
    kubectl::Kubectl,
    kubernetes::{
        ApiServer, Cluster, Controller, Credentials, Etcd, controller_manager, scheduler,
    },
    pki::Authority,
    servers::{Component, Servers},
    tls,
};

/// What a lab is to have beside etcd and the API server.
#[derive(Clone, Debug, Default)]
pub struct LabBuilder {
    components: BTreeSet<Component>,
}

impl LabBuilder {
    /// The controller manager: without it nobody makes service accounts, deletes namespaces or runs Deployments, and
    /// pods are accepted without a service account.
    #[must_use]
    pub fn controllers(self) -> Self {
        self.with(Component::ControllerManager)
    }

    /// The scheduler.
    #[must_use]
    pub fn scheduler(self) -> Self {
        self.with(Component::Scheduler)
    }

    /// OpenBao, with KV engines at [`KV_V2`](crate::KV_V2) and [`KV_V1`](crate::KV_V1), and the auth methods
    /// `kubernetes` and `jwt`, which trust the cluster, and `approle`.
    #[must_use]
    pub fn vault(self) -> Self {
        self.with(Component::OpenBao)
    }

    /// PostgreSQL.
    #[must_use]
    pub fn postgres(self) -> Self {
        self.with(Component::Postgres)
    }

    fn with(mut self, component: Component) -> Self {
        self.components.insert(component);
        self
    }

    /// Gets the servers where they are missing, starts them, and waits until all are ready.
    ///
    /// # Errors
    /// A server cannot be got, ended, or was not ready in time; its log is kept and quoted.
    pub async fn start(mut self) -> Result<Lab> {
        self.components
            .extend([Component::Etcd, Component::ApiServer, Component::Kubectl]);
        let servers = Servers::with(&self.components).await?;
        let directory = Directory::create()?;
        let authority = Authority::new("secretwire lab")?;
        let credentials = Credentials::generate()?;
        let http = tls::http_client(&authority.certificate_pem())?;
        let has = |component| self.components.contains(&component);
        let cluster = Cluster {
            directory: &directory,
            servers: &servers,
            authority: &authority,
            credentials: &credentials,
            host: host_address(),
            http: &http,
            with_controllers: has(Component::ControllerManager),
        };
        let etcd = Etcd::new(&directory, &servers)?;
        let apiserver = ApiServer::new(&cluster, &etcd)?;
        let controllers = cluster
            .with_controllers
            .then(|| controller_manager(&cluster, &apiserver))
            .transpose()?;
        let scheduler = has(Component::Scheduler)
            .then(|| scheduler(&cluster, &apiserver))
            .transpose()?;
        let vault = has(Component::OpenBao)
            .then(|| Vault::new(&directory, &servers, &http))
            .transpose()?;
        let control_plane = async {
            etcd.start(&http).await?;
            apiserver.start().await?;
            tokio::try_join!(
                start_controller(controllers.as_ref()),
                start_controller(scheduler.as_ref())
            )
        };
        let vault_alone = async {
            let Some(vault) = &vault else { return Ok(()) };
            vault.start().await?;
            vault.mount_engines().await
        };
        let database = async {
            if !has(Component::Postgres) {
                return Ok(None);
            }
            let postgres = Postgres::new(&directory).await?;
            postgres.start().await?;
            Ok(Some(postgres))
        };
        let (_, (), postgres) = tokio::try_join!(control_plane, vault_alone, database)?;
        if let Some(vault) = &vault {
            vault
                .trust_cluster(&apiserver)
                .await
                .context("making Vault trust the cluster")?;
        }
        let kubectl = Kubectl {
            program: servers.kubectl(),
            kubeconfig: apiserver.kubeconfig_path().to_owned(),
            cache: directory.file("kubectl-cache"),
        };
        let operators = AtomicU32::new(0);
        let host = cluster.host;
        Ok(Lab {
            postgres,
            vault,
            scheduler,
            controllers,
            apiserver,
            etcd,
            kubectl,
            http,
            host,
            operators,
            directory,
        })
    }
}

async fn start_controller(controller: Option<&Controller>) -> Result<()> {
    match controller {
        Some(controller) => controller.start().await,
        None => Ok(()),
    }
}

/// A running cluster. Fields are dropped, and so servers killed, in the order in which they need each other.
pub struct Lab {
    postgres: Option<Postgres>,
    vault: Option<Vault>,
    scheduler: Option<Controller>,
    controllers: Option<Controller>,
    apiserver: ApiServer,
    etcd: Etcd,
    kubectl: Kubectl,
    http: reqwest::Client,
    host: IpAddr,
    operators: AtomicU32,
    directory: Directory,
}

impl Lab {
    /// A lab with etcd and the API server; the builder's methods add to it.
    pub fn builder() -> LabBuilder {
        LabBuilder::default()
    }

    /// Stops everything and removes the folder. A lab that is dropped instead is killed, and its folder kept for reading.
    ///
    /// # Errors
    /// A server did not end even when killed.
    pub async fn stop(self) -> Result<()> {
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
        self.host
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

/// The address of the interface with the default route; no packet is sent.
fn host_address() -> IpAddr {
    let routed = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect((Ipv4Addr::new(198, 51, 100, 1), 9))?;
        std::io::Result::Ok(socket.local_addr()?.ip())
    };
    // The API server insists on an address that is not loopback, even where nothing will ever use it.
    routed().unwrap_or(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)))
}
