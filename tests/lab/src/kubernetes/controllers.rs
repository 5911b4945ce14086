//! The controller manager and the scheduler: two servers that differ in their flags.

use std::{net::Ipv4Addr, time::Duration};

use anyhow::Result;

use super::apiserver::{ApiServer, Cluster};
use crate::{
    ports::Port,
    process::{Program, Server},
};

const READY: Duration = Duration::from_mins(1);
const GRACE: Duration = Duration::from_secs(1);

/// A server beside the API server, with a health endpoint.
pub struct Controller {
    server: Server,
    http: reqwest::Client,
    port: Port,
}

/// Namespaces, service accounts, garbage collection, Deployments, and the rest.
pub(crate) fn controller_manager(
    cluster: &Cluster<'_>,
    apiserver: &ApiServer,
) -> Result<Controller> {
    let directory = cluster.directory;
    let authority = directory.write("ca.pem", cluster.authority.certificate_pem())?;
    let authority_key = directory.write("ca.key", cluster.authority.key_pem())?;
    controller(
        cluster,
        apiserver,
        "kube-controller-manager",
        &cluster.credentials.controller_manager,
        |program| {
            program
                .flag(
                    "service-account-private-key-file",
                    directory.file("service-account.key"),
                )
                .flag("root-ca-file", &authority)
                .flag("cluster-signing-cert-file", &authority)
                .flag("cluster-signing-key-file", &authority_key)
                .flag("use-service-account-credentials", "true")
        },
    )
}

/// Binds pods to nodes.
pub(crate) fn scheduler(cluster: &Cluster<'_>, apiserver: &ApiServer) -> Result<Controller> {
    controller(
        cluster,
        apiserver,
        "kube-scheduler",
        &cluster.credentials.scheduler,
        |program| program,
    )
}

fn controller(
    cluster: &Cluster<'_>,
    apiserver: &ApiServer,
    name: &'static str,
    token: &str,
    special: impl FnOnce(Program) -> Program,
) -> Result<Controller> {
    let directory = cluster.directory;
    let port = Port::reserve()?;
    let kubeconfig = directory.file(&format!("{name}.kubeconfig"));
    apiserver.write_kubeconfig(&kubeconfig, token)?;
    let identity =
        cluster
            .authority
            .serving(name, &["localhost"], &[Ipv4Addr::LOCALHOST.into()])?;
    let program = Program::new(cluster.servers.kubernetes(name))
        .flag("kubeconfig", &kubeconfig)
        .flag("authentication-kubeconfig", &kubeconfig)
        .flag("authorization-kubeconfig", &kubeconfig)
        .flag("bind-address", Ipv4Addr::LOCALHOST.to_string())
        .flag("secure-port", port.number().to_string())
        .flag(
            "tls-cert-file",
            directory.write(&format!("{name}.pem"), identity.certificate)?,
        )
        .flag(
            "tls-private-key-file",
            directory.write(&format!("{name}.key"), identity.key)?,
        )
        .flag("leader-elect", "false");
    let server = Server::new(
        name,
        special(program),
        directory.file(&format!("{name}.log")),
        GRACE,
    );
    Ok(Controller {
        server,
        http: cluster.http.clone(),
        port,
    })
}

impl Controller {
    /// Starts it and waits until it is healthy.
    ///
    /// # Errors
    /// It ended, or was not ready in time; the error quotes its log.
    pub async fn start(&self) -> Result<()> {
        self.server.start()?;
        let health = format!("https://{}/healthz", self.port.local());
        self.server
            .ready(READY, async || {
                self.http.get(&health).send().await?.error_for_status()?;
                Ok(Some(()))
            })
            .await
    }

    /// Stops it.
    ///
    /// # Errors
    /// It did not end even when killed.
    pub async fn stop(&self) -> Result<()> {
        self.server.stop().await
    }
}
