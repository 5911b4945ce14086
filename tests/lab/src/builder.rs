//! Choosing what a lab has, and starting it.

use std::{collections::BTreeSet, sync::atomic::AtomicU32};

use anyhow::{Context as _, Result};

use crate::{
    Lab, Node, Postgres, Vault,
    directory::Directory,
    kubectl::Kubectl,
    kubernetes::{ApiServer, Cluster, Credentials, Etcd, controller_manager, scheduler},
    node::Subnet,
    pki::Authority,
    reach::Reach,
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

    /// A node that runs pods, with the scheduler and the controllers it needs. Where [`Lab::node_possible`] says no, leave
    /// it out and say so loudly.
    #[must_use]
    pub fn node(self) -> Self {
        self.controllers().scheduler().with(Component::Node)
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
        let lab = self.assemble(&servers)?;
        bring_up(&lab).await?;
        Ok(lab)
    }

    /// A lab of which nothing runs yet.
    fn assemble(&self, servers: &Servers) -> Result<Lab> {
        let has = |component| self.components.contains(&component);
        let directory = Directory::create()?;
        let authority = Authority::new("secretwire lab")?;
        let credentials = Credentials::generate()?;
        let http = tls::http_client(&authority.certificate_pem())?;
        let subnet = has(Component::Node).then(Subnet::reserve).transpose()?;
        let reach = subnet
            .as_ref()
            .map_or_else(Reach::local, |subnet| Reach::from_pods(subnet.host()));
        let cluster = Cluster {
            directory: &directory,
            servers,
            authority: &authority,
            credentials: &credentials,
            reach,
            http: &http,
            with_controllers: has(Component::ControllerManager),
        };
        let etcd = Etcd::new(&directory, servers)?;
        let apiserver = ApiServer::new(&cluster, &etcd)?;
        let controllers = cluster
            .with_controllers
            .then(|| controller_manager(&cluster, &apiserver));
        let scheduler = has(Component::Scheduler).then(|| scheduler(&cluster, &apiserver));
        let vault = has(Component::OpenBao).then(|| Vault::new(&directory, servers, &http, reach));
        let postgres = has(Component::Postgres).then(|| Postgres::new(&directory, reach));
        let node = subnet.map(|subnet| Node::new(&cluster, &apiserver, subnet));
        let kubectl = Kubectl {
            program: servers.kubectl(),
            kubeconfig: apiserver.kubeconfig_path().to_owned(),
            cache: directory.file("kubectl-cache"),
        };
        Ok(Lab {
            node: node.transpose()?,
            postgres: postgres.transpose()?,
            vault: vault.transpose()?,
            scheduler: scheduler.transpose()?,
            controllers: controllers.transpose()?,
            apiserver,
            etcd,
            kubectl,
            http,
            reach,
            operators: AtomicU32::new(0),
            directory,
        })
    }
}

/// Starts everything, as much as possible at once.
async fn bring_up(lab: &Lab) -> Result<()> {
    let cluster = async {
        lab.etcd.start(&lab.http).await?;
        lab.apiserver.start().await?;
        let controllers = [&lab.controllers, &lab.scheduler].map(|controller| async {
            match controller {
                Some(controller) => controller.start().await,
                None => Ok(()),
            }
        });
        let node = async {
            match &lab.node {
                Some(node) => node.start().await,
                None => Ok(()),
            }
        };
        let [controllers, scheduler] = controllers;
        tokio::try_join!(controllers, scheduler, node)
    };
    let vault = async {
        let Some(vault) = &lab.vault else {
            return Ok(());
        };
        vault.start().await?;
        vault.mount_engines().await
    };
    let postgres = async {
        match &lab.postgres {
            Some(postgres) => postgres.start().await,
            None => Ok(()),
        }
    };
    tokio::try_join!(cluster, vault, postgres)?;
    if let Some(vault) = &lab.vault {
        vault
            .trust_cluster(&lab.apiserver)
            .await
            .context("making Vault trust the cluster")?;
    }
    Ok(())
}
