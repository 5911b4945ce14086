use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client as KubeClient, ResourceExt};
use secretwire_api::VaultConnection;
use secretwire_core::{ObjectKey, duration};
use secretwire_vault::{Client, ConnectionSettings, SettingsError, TlsSettings};

use super::VaultMetrics;
use crate::cluster::key_of;

/// Key of the Secret that `spec.caCertSecretRef` names.
const CA_KEY: &str = "ca.crt";
/// Time limit of a request where the resource sets none.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// A client that fails to connect is made anew at most this often, as its CA may have changed.
const REBUILD_INTERVAL: Duration = Duration::from_secs(20);

/// Why a VaultConnection makes no client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The settings themselves.
    #[error("{0}")]
    Settings(#[from] SettingsError),
    /// `spec.timeout`.
    #[error("{0}")]
    Timeout(#[from] duration::DurationError),
    /// Two sources of a CA.
    #[error("spec.caCertSecretRef and spec.caCertPath are both set: keep one")]
    TwoCas,
    /// A path that leaves its folder.
    #[error("spec.caCertPath {0:?} contains `..`: write the path without")]
    Dots(String),
    /// The file cannot be read.
    #[error("spec.caCertPath {path:?} cannot be read: {reason}")]
    CaFile {
        /// The path.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// The Secret cannot be read.
    #[error("spec.caCertSecretRef: reading Secret {0} failed")]
    CaSecret(ObjectKey, #[source] Box<kube::Error>),
    /// The Secret lacks the key.
    #[error("spec.caCertSecretRef: Secret {0} has no key `{CA_KEY}`")]
    NoCa(ObjectKey),
}

/// Makes and keeps one client a VaultConnection.
pub(crate) struct Connector {
    kube: KubeClient,
    metrics: VaultMetrics,
    clients: Mutex<HashMap<ObjectKey, Entry>>,
    builds: AtomicU64,
}

struct Entry {
    uid: String,
    generation: i64,
    /// Grows with each client made, so that sessions of an older one are told apart.
    build: u64,
    made: Instant,
    client: Client,
}

/// A client, and which of those made for its connection it is.
#[derive(Clone)]
pub(crate) struct Connected {
    /// The client.
    pub(crate) client: Client,
    /// Number of the client, unlike that of any other.
    pub(crate) build: u64,
}

impl Connector {
    /// Reads CAs through `kube`.
    pub(crate) fn new(kube: KubeClient, metrics: VaultMetrics) -> Self {
        Self {
            kube,
            metrics,
            clients: Mutex::default(),
            builds: AtomicU64::default(),
        }
    }

    /// The client of a connection; made when there is none of its generation.
    pub(crate) async fn connect(
        &self,
        connection: &VaultConnection,
    ) -> Result<Connected, ConnectError> {
        let key = key_of(connection);
        let uid = connection.uid().unwrap_or_default();
        let generation = connection.metadata.generation.unwrap_or_default();
        if let Some(entry) = self.lock().get(&key)
            && entry.uid == uid
            && entry.generation == generation
        {
            return Ok(entry.connected());
        }
        let client = self.build(connection).await?;
        let mut clients = self.lock();
        let build = self.builds.fetch_add(1, Ordering::Relaxed);
        let entry = Entry {
            uid,
            generation,
            build,
            made: Instant::now(),
            client,
        };
        let connected = entry.connected();
        clients.insert(key, entry);
        Ok(connected)
    }

    /// Forgets the client of a connection that does not get through, so that
    /// the next one is made with the CA as it is then. At most now and then.
    pub(crate) fn distrust(&self, connection: &ObjectKey) {
        self.lock()
            .retain(|key, entry| key != connection || entry.made.elapsed() < REBUILD_INTERVAL);
    }

    /// Forgets the client of a connection that is gone.
    pub(crate) fn forget(&self, connection: &ObjectKey) {
        self.lock().remove(connection);
    }

    async fn build(&self, connection: &VaultConnection) -> Result<Client, ConnectError> {
        let spec = &connection.spec;
        let timeout = match spec.timeout.as_deref() {
            Some(text) if !text.is_empty() => duration::parse("spec.timeout", text)?,
            _ => DEFAULT_TIMEOUT,
        };
        let ca_pem = if spec.skip_tls_verify {
            None
        } else {
            self.ca(connection).await?
        };
        let settings = ConnectionSettings {
            address: spec.address.clone(),
            headers: spec.headers.clone(),
            tls: TlsSettings {
                ca_pem,
                server_name: spec.tls_server_name.clone().filter(|name| !name.is_empty()),
                skip_verify: spec.skip_tls_verify,
            },
            timeout,
        };
        let observer = self.metrics.observer(&key_of(connection));
        Ok(Client::with_observer(&settings, Arc::new(observer))?)
    }

    async fn ca(&self, connection: &VaultConnection) -> Result<Option<Vec<u8>>, ConnectError> {
        let set = |field: &Option<String>| field.clone().filter(|value| !value.is_empty());
        match (
            set(&connection.spec.ca_cert_secret_ref),
            set(&connection.spec.ca_cert_path),
        ) {
            (Some(_), Some(_)) => Err(ConnectError::TwoCas),
            (Some(name), None) => self.ca_from_secret(connection, name).await.map(Some),
            (None, Some(path)) => ca_from_file(path).await.map(Some),
            (None, None) => Ok(None),
        }
    }

    async fn ca_from_secret(
        &self,
        connection: &VaultConnection,
        name: String,
    ) -> Result<Vec<u8>, ConnectError> {
        let key = ObjectKey::new(connection.namespace().unwrap_or_default(), name);
        let secrets: Api<Secret> = Api::namespaced(self.kube.clone(), &key.namespace);
        let secret = match secrets.get(&key.name).await {
            Ok(secret) => secret,
            Err(source) => return Err(ConnectError::CaSecret(key, Box::new(source))),
        };
        secret
            .data
            .and_then(|mut data| data.remove(CA_KEY))
            .map(|pem| pem.0)
            .ok_or(ConnectError::NoCa(key))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ObjectKey, Entry>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn connected(&self) -> Connected {
        Connected {
            client: self.client.clone(),
            build: self.build,
        }
    }
}

async fn ca_from_file(path: String) -> Result<Vec<u8>, ConnectError> {
    if Path::new(&path)
        .components()
        .any(|part| part.as_os_str() == "..")
    {
        return Err(ConnectError::Dots(path));
    }
    tokio::fs::read(&path)
        .await
        .map_err(|error| ConnectError::CaFile {
            path,
            reason: error.to_string(),
        })
}
