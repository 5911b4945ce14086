//! OpenBao: the server that speaks Vault's API here.

mod api;
mod mounts;
mod requests;

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use crate::{
    audit::Mark,
    directory::Directory,
    pki::Authority,
    ports::Port,
    process::{Program, Server},
    reach::Reach,
    servers::Servers,
};
pub use mounts::{KV_V1, KV_V2};
pub use requests::AuditEntry;

const READY: Duration = Duration::from_mins(1);
const GRACE: Duration = Duration::from_secs(1);

/// A real OpenBao server with its data on disk, a plain and a TLS listener, and an audit log.
///
/// It is initialised once with one unseal key, which the lab keeps: every start ends unsealed.
pub struct Vault {
    server: Server,
    http: reqwest::Client,
    plain: Port,
    tls: Port,
    _clusters: [Port; 2],
    reach: Reach,
    ca_pem: String,
    audit_log: PathBuf,
    keys: Mutex<Option<Keys>>,
}

/// What initialising hands out, once.
#[derive(Clone, Deserialize)]
struct Keys {
    keys_base64: Vec<String>,
    root_token: String,
}

impl Vault {
    pub(crate) fn new(
        directory: &Directory,
        servers: &Servers,
        http: &reqwest::Client,
        reach: Reach,
    ) -> Result<Self> {
        // A CA of its own: a client that trusts the cluster's CA must not thereby trust Vault.
        let authority = Authority::new("secretwire lab vault")?;
        let identity = authority.serving(
            "vault",
            &["localhost", "vault.test"],
            &[Ipv4Addr::LOCALHOST.into(), reach.host],
        )?;
        let certificate = directory.write("vault.pem", identity.certificate)?;
        let key = directory.write("vault.key", identity.key)?;
        // Each listener has one for other members of the cluster. Left to itself it takes the next higher number, which
        // may be reserved by somebody else.
        let clusters = [Port::reserve()?, Port::reserve()?];
        let (plain, tls) = (Port::reserve()?, Port::reserve()?);
        let audit_log = directory.file("vault-audit.log");
        let data = directory.file("vault");
        std::fs::create_dir_all(&data).context("creating Vault's data folder")?;
        let configuration = [
            block(
                r#"storage "raft""#,
                &[
                    ("path", &text(&data)),
                    ("node_id", "lab"),
                    ("performance_multiplier", "1"),
                ],
            ),
            block(
                r#"listener "tcp""#,
                &[
                    ("address", &reach.bind(&plain)),
                    ("cluster_address", &clusters[0].local()),
                    ("tls_disable", "true"),
                ],
            ),
            block(
                r#"listener "tcp""#,
                &[
                    ("address", &reach.bind(&tls)),
                    ("cluster_address", &clusters[1].local()),
                    ("tls_cert_file", &text(&certificate)),
                    ("tls_key_file", &text(&key)),
                ],
            ),
            block(
                "audit \"file\" \"requests\" {\noptions",
                &[("file_path", &text(&audit_log))],
            ) + "}\n",
            format!("api_addr = \"http://{}\"\n", plain.local()),
            format!("cluster_addr = \"https://{}\"\n", clusters[0].local()),
        ];
        let configuration = directory.write("vault.hcl", configuration.concat())?;
        let program = Program::new(servers.openbao()?)
            .arg("server")
            .flag("config", configuration);
        Ok(Self {
            server: Server::new("vault", program, directory.file("vault.log"), GRACE),
            http: http.clone(),
            plain,
            tls,
            _clusters: clusters,
            reach,
            ca_pem: authority.certificate_pem(),
            audit_log,
            keys: Mutex::new(None),
        })
    }

    /// Starts it, on the same ports and with the same data as before, and waits until it is unsealed and active.
    ///
    /// # Errors
    /// It ended, or was not ready in time; the error quotes its log.
    pub async fn start(&self) -> Result<()> {
        self.server.start()?;
        let health = format!("{}/v1/sys/health", self.addr());
        self.server
            .ready(READY, async || {
                self.http.get(&health).send().await?;
                Ok(Some(()))
            })
            .await?;
        if self.keys().is_none() {
            let body = json!({"secret_shares": 1, "secret_threshold": 1});
            let keys = serde_json::from_value(
                self.anonymous(Method::PUT, "sys/init", Some(&body)).await?,
            )?;
            *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys);
        }
        self.unseal().await
    }

    /// Stops it, as when its machine fails. The data stays.
    ///
    /// # Errors
    /// It did not end even when killed.
    pub async fn stop(&self) -> Result<()> {
        self.server.stop().await
    }

    /// Seals it: it answers 503 until [`unseal`](Self::unseal).
    ///
    /// # Errors
    /// It refuses, or does not answer.
    pub async fn seal(&self) -> Result<()> {
        self.api(Method::PUT, "sys/seal", None).await.map(drop)
    }

    /// Unseals it and waits until it is active.
    ///
    /// # Errors
    /// It refuses, or is not active in time.
    pub async fn unseal(&self) -> Result<()> {
        let Some(keys) = self.keys() else {
            bail!("Vault was never started")
        };
        let key = keys
            .keys_base64
            .first()
            .context("Vault gave no unseal key")?;
        self.anonymous(Method::PUT, "sys/unseal", Some(&json!({"key": key})))
            .await?;
        let health = format!("{}/v1/sys/health", self.addr());
        self.server
            .ready(READY, async || {
                // 200 is active and unsealed; standby, which a single server is for a moment, is 429.
                self.http.get(&health).send().await?.error_for_status()?;
                Ok(Some(()))
            })
            .await
    }

    /// The plain listener: `http://127.0.0.1:PORT`.
    pub fn addr(&self) -> String {
        format!("http://{}", self.plain.local())
    }

    /// The plain listener, as pods reach it in a lab with a node.
    pub fn addr_for_pods(&self) -> String {
        format!("http://{}:{}", self.reach.host, self.plain.number())
    }

    /// The TLS listener: `https://127.0.0.1:PORT`, also valid as `localhost` and `vault.test`.
    pub fn tls_addr(&self) -> String {
        format!("https://{}", self.tls.local())
    }

    /// The certificate authority of the TLS listener.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The root token; empty before the first start.
    pub fn token(&self) -> String {
        self.keys().map(|keys| keys.root_token).unwrap_or_default()
    }

    /// Its log.
    pub fn log_path(&self) -> &Path {
        self.server.log()
    }

    /// Now, to count requests from here on.
    pub fn mark(&self) -> Mark {
        Mark::now(&self.audit_log)
    }

    /// Every request since `mark`, the lab's own included: those have the [identity](AuditEntry::identity) `root`.
    ///
    /// # Errors
    /// The audit log cannot be read.
    pub fn requests(&self, mark: &Mark) -> Result<Vec<AuditEntry>> {
        requests::read(&self.audit_log, mark)
    }

    fn keys(&self) -> Option<Keys> {
        // The option inside is whole at any time, so a panic elsewhere does not matter.
        self.keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// A block of HCL. Its JSON form will not do: OpenBao does not find the labels of `audit` in it.
fn block(head: &str, fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name} = {value:?}\n"))
        .collect();
    format!("{head} {{\n{}}}\n", fields.concat())
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
