//! A Vault that hangs.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

use crate::{DEADLINE, Space};

/// A Vault that takes connections and does not answer but while it is awake.
pub struct SilentVault {
    listener: Arc<TcpListener>,
    vault: SocketAddr,
}

impl SilentVault {
    /// With a `VaultAuth` for it, called `silent`. Who asks it waits longer than any test.
    ///
    /// # Errors
    /// The API server refuses, or there is no port.
    pub async fn open(space: &Space<'_>) -> Result<Self> {
        let vault = space.lab().vault().addr();
        let vault = vault.strip_prefix("http://").unwrap_or(&vault).parse()?;
        let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await?);
        let address = format!("http://{}", listener.local_addr()?);
        let mut auth = space.auth_spec();
        auth["vaultConnectionRef"] = json!("silent");
        let connection = json!({"address": address, "timeout": "10m"});
        for (kind, spec) in [("VaultConnection", connection), ("VaultAuth", auth)] {
            let object = json!({
                "apiVersion": "secrets.hashicorp.com/v1beta1", "kind": kind,
                "metadata": {"name": "silent"}, "spec": spec,
            });
            space.create(object).await?;
        }
        Ok(Self { listener, vault })
    }

    /// Leads to the real one, also what has been asked so far, until the result is dropped.
    pub fn wake(&self) -> JoinSet<()> {
        let (listener, vault) = (Arc::clone(&self.listener), self.vault);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                connections.spawn(async move {
                    if let Ok(mut vault) = TcpStream::connect(vault).await {
                        // Either side may hang up at any time.
                        let _ = copy_bidirectional(&mut client, &mut vault).await;
                    }
                });
            }
        });
        serving
    }

    /// Waits until somebody asks, and gives the connection: that one is never answered.
    ///
    /// # Errors
    /// Nobody asked in time.
    pub async fn asked(&self) -> Result<TcpStream> {
        let asked = timeout(DEADLINE, self.listener.accept()).await;
        let (client, _) = asked.context("nobody asked Vault")??;
        Ok(client)
    }
}
