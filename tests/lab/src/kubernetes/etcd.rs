//! The store of the API server.

use std::time::Duration;

use anyhow::Result;

use crate::{
    directory::Directory,
    ports::Port,
    process::{Program, Server},
    servers::Servers,
};

const READY: Duration = Duration::from_mins(1);
const GRACE: Duration = Duration::from_secs(2);

/// A single etcd member.
pub(crate) struct Etcd {
    server: Server,
    client: Port,
    _peer: Port,
}

impl Etcd {
    pub(crate) fn new(directory: &Directory, servers: &Servers) -> Result<Self> {
        let (client, peer) = (Port::reserve()?, Port::reserve()?);
        let (client_url, peer_url) = (
            format!("http://{}", client.local()),
            format!("http://{}", peer.local()),
        );
        let program = Program::new(servers.etcd())
            .flag("data-dir", directory.file("etcd"))
            .flag("listen-client-urls", &client_url)
            .flag("advertise-client-urls", &client_url)
            .flag("listen-peer-urls", &peer_url)
            .flag("initial-advertise-peer-urls", &peer_url)
            .flag("initial-cluster", format!("default={peer_url}"))
            // Nothing here has to survive a power cut.
            .arg("--unsafe-no-fsync");
        let server = Server::new("etcd", program, directory.file("etcd.log"), GRACE);
        Ok(Self {
            server,
            client,
            _peer: peer,
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.client.local())
    }

    pub(crate) async fn start(&self, http: &reqwest::Client) -> Result<()> {
        self.server.start()?;
        let health = format!("{}/health", self.url());
        self.server
            .ready(READY, async || {
                http.get(&health).send().await?.error_for_status()?;
                Ok(Some(()))
            })
            .await
    }

    pub(crate) async fn stop(&self) -> Result<()> {
        self.server.stop().await
    }
}
