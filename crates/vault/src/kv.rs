//! Reads from the key/value engines.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
};

use futures::FutureExt;
use http::{Method, StatusCode};
use serde::Deserialize;

use crate::{
    call::Call,
    client::Reply,
    error::Error,
    flight::Flights,
    lock::lock,
    path::{Mount, Namespace, VaultPath},
    response::{Envelope, Response, bad_json},
    secret::SecretJson,
    session::{Inner, Session},
};

/// The version of a KV engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KvVersion {
    /// Plain values.
    V1,
    /// Versioned values with metadata.
    V2,
}

impl fmt::Display for KvVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "1",
            Self::V2 => "2",
        })
    }
}

/// One secret to read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KvRead {
    /// The Vault namespace, where it is not the one logged in to.
    pub namespace: Option<Namespace>,
    /// Where the engine is mounted.
    pub mount: Mount,
    /// The secret's path in the mount.
    pub path: VaultPath,
    /// The engine's version.
    pub version: KvVersion,
    /// A version of the secret, for [`KvVersion::V2`]; the latest where it is `None` or zero.
    pub fixed: Option<u32>,
}

impl Session {
    /// Reads a secret's `data`. For [`KvVersion::V2`] that is the object with `data` and
    /// `metadata`. Equal reads at the same time are one request, so the answer may be as old as the
    /// earliest of them; a read that begins after another has ended always asks anew.
    pub async fn read_kv(&self, read: KvRead) -> Result<Arc<SecretJson>, Error> {
        let reads = &self.inner.kv.reads;
        let start = || {
            let read = read.clone();
            let session = Arc::clone(&self.inner);
            async move { session.read_kv(&read).await.map(Arc::new) }.boxed()
        };
        reads.join(read.clone(), || None, start).await
    }

    /// The version of the KV engine at a mount, asked once and then remembered until a read shows
    /// that it changed.
    pub async fn mount_version(
        &self,
        namespace: Option<Namespace>,
        mount: Mount,
    ) -> Result<KvVersion, Error> {
        let key = (namespace, mount);
        let kv = &self.inner.kv;
        let start = || {
            let session = Arc::clone(&self.inner);
            session.ask_mount_version(key.clone()).boxed()
        };
        kv.mount_lookups
            .join(key.clone(), || kv.known(&key).map(Ok), start)
            .await
    }
}

type MountKey = (Option<Namespace>, Mount);

/// What a session knows and does about KV engines.
pub(crate) struct KvState {
    reads: Flights<KvRead, Result<Arc<SecretJson>, Error>>,
    mount_lookups: Flights<MountKey, Result<KvVersion, Error>>,
    mounts: Mutex<HashMap<MountKey, KvVersion>>,
}

impl KvState {
    pub(crate) fn new() -> Self {
        Self {
            reads: Flights::new(),
            mount_lookups: Flights::new(),
            mounts: Mutex::default(),
        }
    }

    fn known(&self, key: &MountKey) -> Option<KvVersion> {
        lock(&self.mounts).get(key).copied()
    }
}

impl Inner {
    async fn read_kv(self: &Arc<Self>, read: &KvRead) -> Result<SecretJson, Error> {
        let call = read.call();
        let reply = self.send(&call).await?;
        if reply.status == StatusCode::NOT_FOUND {
            let error = read.absence(&call.path, reply);
            if matches!(error, Error::WrongKvVersion { .. }) {
                lock(&self.kv.mounts).remove(&(read.namespace.clone(), read.mount.clone()));
            }
            return Err(error);
        }
        let response = Response::parse(&call.path, reply.into_body()?)?;
        response.data.ok_or_else(|| no_data(&call.path))
    }

    async fn ask_mount_version(self: Arc<Self>, key: MountKey) -> Result<KvVersion, Error> {
        let path = VaultPath::join(&["sys/internal/ui/mounts", key.1.as_str()]);
        let call = Call::new(Method::GET, path).in_namespace(key.0.clone());
        let body = self.send(&call).await?.into_body()?;
        let data = Response::parse(&call.path, body)?
            .data
            .ok_or_else(|| no_data(&call.path))?;
        let info: MountInfo =
            serde_json::from_str(data.expose()).map_err(|error| bad_json(&call.path, &error))?;
        let version = info.version(&key.1)?;
        lock(&self.kv.mounts).insert(key, version);
        Ok(version)
    }
}

impl KvRead {
    fn call(&self) -> Call {
        let (mount, path) = (self.mount.as_str(), self.path.as_str());
        let path = match self.version {
            KvVersion::V1 => VaultPath::join(&[mount, path]),
            KvVersion::V2 => VaultPath::join(&[mount, "data", path]),
        };
        let call = Call::new(Method::GET, path).in_namespace(self.namespace.clone());
        match (self.version, self.fixed) {
            (KvVersion::V2, Some(version @ 1..)) => call.with_query(format!("version={version}")),
            (KvVersion::V1 | KvVersion::V2, _) => call,
        }
    }

    /// Tells apart what a 404 can mean: deleted data comes with its metadata, and a read that does
    /// not fit the engine with a warning.
    fn absence(&self, path: &VaultPath, reply: Reply) -> Error {
        let not_found = reply.failure.unwrap_or_else(|| no_data(path));
        let Ok(answer) = Envelope::parse(&reply.body) else {
            return not_found;
        };
        let path = path.to_string();
        let warned = answer
            .warnings
            .iter()
            .flatten()
            .any(|text| text.contains(WRONG_VERSION));
        if warned && self.version == KvVersion::V1 {
            return Error::WrongKvVersion {
                path,
                used: self.version,
            };
        }
        let left = answer
            .data
            .map(|data| serde_json::from_str::<Versioned<'_>>(data.get()));
        let Some(Ok(Versioned { metadata })) = left else {
            return not_found;
        };
        let deletion_time = metadata.deletion_time.filter(|time| !time.is_empty());
        Error::Deleted {
            path,
            version: metadata.version,
            destroyed: metadata.destroyed,
            deletion_time: deletion_time.map(Cow::into_owned),
        }
    }
}

/// What is left of a version without its data.
#[derive(Deserialize)]
struct Versioned<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    version: u32,
    #[serde(default)]
    destroyed: bool,
    #[serde(borrow, default)]
    deletion_time: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct MountInfo {
    #[serde(rename = "type")]
    engine: String,
    #[serde(default)]
    options: Option<HashMap<String, String>>,
}

impl MountInfo {
    fn version(self, mount: &Mount) -> Result<KvVersion, Error> {
        if !matches!(self.engine.as_str(), "kv" | "generic") {
            return Err(Error::NotKv {
                mount: mount.to_string(),
                engine: self.engine,
            });
        }
        let version = self
            .options
            .as_ref()
            .and_then(|options| options.get("version"));
        Ok(if version.is_some_and(|version| version == "2") {
            KvVersion::V2
        } else {
            KvVersion::V1
        })
    }
}

fn no_data(path: &VaultPath) -> Error {
    Error::BadAnswer {
        path: path.to_string(),
        reason: "there is no data in it".to_owned(),
    }
}

/// Begins the warning that a versioned engine sends to a read without `data/`.
const WRONG_VERSION: &str = "Invalid path for a versioned K/V secrets engine";
