//! The API server.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, anyhow};
use kube::Client;
use serde_json::json;

use super::{
    Credentials, Etcd, User,
    access::{Access, Admin, request_token},
    requests::{self, ApiRequest},
};
use crate::{
    audit::Mark,
    directory::Directory,
    pki::{Authority, TokenKey},
    ports::Port,
    process::{Program, Server},
    reach::Reach,
    servers::Servers,
};

const READY: Duration = Duration::from_mins(2);
/// With open watches it takes a minute to stop on SIGTERM, and meanwhile holds its port.
const GRACE: Duration = Duration::from_millis(500);
const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
/// Services get addresses that nothing routes; webhooks of Services are dialled by endpoint.
const SERVICE_RANGE: &str = "10.96.0.0/16";
pub(crate) const SERVICE_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 1));

/// What servers around the API server must know of each other.
pub(crate) struct Cluster<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) servers: &'a Servers,
    pub(crate) authority: &'a Authority,
    pub(crate) credentials: &'a Credentials,
    pub(crate) reach: Reach,
    pub(crate) http: &'a reqwest::Client,
    /// Without controllers nobody makes service accounts, and pods must be accepted without them.
    pub(crate) with_controllers: bool,
}

/// The lab's API server.
pub struct ApiServer {
    server: Server,
    http: reqwest::Client,
    access: Access,
    admin_token: String,
    operator_token: String,
    admin_kubeconfig: PathBuf,
    operator_kubeconfig: PathBuf,
    audit_log: PathBuf,
    token_key: TokenKey,
    port: Port,
}

impl ApiServer {
    pub(crate) fn new(cluster: &Cluster<'_>, etcd: &Etcd) -> Result<Self> {
        let directory = cluster.directory;
        let port = Port::reserve()?;
        let token_key = TokenKey::generate()?;
        let audit_log = directory.file("kube-apiserver-audit.log");
        let program = program(cluster, etcd, &port, &token_key, &audit_log)?;
        let access = Access {
            url: format!("https://{}", port.local()),
            ca_pem: cluster.authority.certificate_pem(),
        };
        let Credentials {
            admin, operator, ..
        } = cluster.credentials;
        let admin_kubeconfig = directory.file("admin.kubeconfig");
        access.write_kubeconfig(&admin_kubeconfig, admin)?;
        let operator_kubeconfig = directory.file("operator.kubeconfig");
        access.write_kubeconfig(&operator_kubeconfig, operator)?;
        Ok(Self {
            server: Server::new(
                "kube-apiserver",
                program,
                directory.file("kube-apiserver.log"),
                GRACE,
            ),
            http: cluster.http.clone(),
            admin_kubeconfig,
            operator_kubeconfig,
            access,
            admin_token: admin.clone(),
            operator_token: operator.clone(),
            audit_log,
            token_key,
            port,
        })
    }

    /// Starts it, on the same port and with the same data as before, and waits until it serves.
    ///
    /// # Errors
    /// It ended, or was not ready in time; the error quotes its log.
    pub async fn start(&self) -> Result<()> {
        self.server.start()?;
        let ready = format!("{}/readyz", self.url());
        self.server
            .ready(READY, async || {
                let answer = self.http.get(&ready).send().await?;
                if answer.status().is_success() {
                    return Ok(Some(()));
                }
                Err(anyhow!("{}", answer.text().await?))
            })
            .await
    }

    /// Stops it abruptly, as when its machine fails.
    ///
    /// # Errors
    /// It did not end even when killed.
    pub async fn stop(&self) -> Result<()> {
        self.server.stop().await
    }

    /// `https://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.access.url
    }

    /// The port, on which it listens on `127.0.0.1`, and with a node on all addresses.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The certificate authority of its serving certificate.
    pub fn ca_pem(&self) -> &str {
        &self.access.ca_pem
    }

    /// The issuer in its service account tokens.
    pub fn issuer(&self) -> &'static str {
        ISSUER
    }

    /// The public key, PEM, with which its service account tokens are checked.
    pub fn token_public_key(&self) -> &str {
        &self.token_key.public
    }

    /// Its log.
    pub fn log_path(&self) -> &Path {
        self.server.log()
    }

    /// The administrator's kubeconfig file.
    pub fn kubeconfig_path(&self) -> &Path {
        &self.admin_kubeconfig
    }

    /// A kubeconfig file for `user`; those of service accounts are written on every call.
    ///
    /// # Errors
    /// The service account does not exist.
    pub async fn kubeconfig_for(&self, user: &User) -> Result<PathBuf> {
        match user {
            User::Admin => Ok(self.admin_kubeconfig.clone()),
            User::Operator => Ok(self.operator_kubeconfig.clone()),
            User::ServiceAccount { namespace, name } => {
                let token = self.token(namespace, name, &[]).await?;
                let path = self
                    .admin_kubeconfig
                    .with_file_name(format!("{namespace}.{name}.kubeconfig"));
                self.access.write_kubeconfig(&path, &token)?;
                Ok(path)
            }
        }
    }

    pub(crate) fn write_kubeconfig(&self, path: &Path, token: &str) -> Result<()> {
        self.access.write_kubeconfig(path, token)
    }

    /// For somebody to whom this machine is `host`.
    pub(crate) fn write_kubeconfig_from(
        &self,
        host: IpAddr,
        path: &Path,
        token: &str,
    ) -> Result<()> {
        let access = Access {
            url: format!("https://{host}:{}", self.port()),
            ca_pem: self.access.ca_pem.clone(),
        };
        access.write_kubeconfig(path, token)
    }

    pub(crate) fn admin(&self) -> Admin {
        Admin::new(&self.access, &self.admin_token)
    }

    /// The administrator's client.
    ///
    /// # Errors
    /// Its configuration is refused.
    pub async fn client(&self) -> Result<Client> {
        self.access.client(&self.admin_token).await
    }

    /// A client for `user`.
    ///
    /// # Errors
    /// The service account does not exist.
    pub async fn client_for(&self, user: &User) -> Result<Client> {
        match user {
            User::Admin => self.client().await,
            User::Operator => self.access.client(&self.operator_token).await,
            User::ServiceAccount { namespace, name } => {
                self.access
                    .client(&self.token(namespace, name, &[]).await?)
                    .await
            }
        }
    }

    /// A token of a service account, for the API server itself unless `audiences` names others.
    ///
    /// # Errors
    /// The service account does not exist.
    pub async fn token(&self, namespace: &str, name: &str, audiences: &[&str]) -> Result<String> {
        request_token(self.client().await?, namespace, name, audiences).await
    }

    /// Now, to count requests from here on.
    pub fn mark(&self) -> Mark {
        Mark::now(&self.audit_log)
    }

    /// The requests since `mark` that have been answered, and the watches that have begun; of `user` only, if given. An
    /// answer reaches its client a moment before it reaches the log: await what is expected, and then look for more.
    ///
    /// # Errors
    /// The audit log cannot be read.
    pub fn requests(&self, mark: &Mark, user: Option<&User>) -> Result<Vec<ApiRequest>> {
        requests::read(&self.audit_log, mark, user.map(User::name).as_deref())
    }
}

fn program(
    cluster: &Cluster<'_>,
    etcd: &Etcd,
    port: &Port,
    token_key: &TokenKey,
    audit_log: &Path,
) -> Result<Program> {
    let directory = cluster.directory;
    let names = [
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
    ];
    let addresses = [
        Ipv4Addr::LOCALHOST.into(),
        SERVICE_ADDRESS,
        cluster.reach.host,
    ];
    let identity = cluster
        .authority
        .serving("kube-apiserver", &names, &addresses)?;
    let authority = directory.write("ca.pem", cluster.authority.certificate_pem())?;
    let signing_key = directory.write("service-account.key", &token_key.private)?;
    let public_key = directory.write("service-account.pub", &token_key.public)?;
    let policy = directory.write("audit-policy.json", audit_policy())?;

    let program = Program::new(cluster.servers.kubernetes("kube-apiserver"))
        .flag("etcd-servers", etcd.url())
        .flag("bind-address", cluster.reach.listen.to_string())
        .flag("secure-port", port.number().to_string())
        .flag("advertise-address", cluster.reach.host.to_string())
        .flag(
            "tls-cert-file",
            directory.write("kube-apiserver.pem", identity.certificate)?,
        )
        .flag(
            "tls-private-key-file",
            directory.write("kube-apiserver.key", identity.key)?,
        )
        .flag("client-ca-file", &authority)
        .flag("cert-dir", directory.file("kube-apiserver"))
        .flag("service-account-issuer", ISSUER)
        .flag("service-account-key-file", public_key)
        .flag("service-account-signing-key-file", signing_key)
        .flag("service-cluster-ip-range", SERVICE_RANGE)
        .flag(
            "token-auth-file",
            directory.write("tokens.csv", cluster.credentials.token_file())?,
        )
        .flag("authorization-mode", "Node,RBAC")
        .flag("allow-privileged", "true")
        .flag("enable-aggregator-routing", "true")
        .flag("kubelet-certificate-authority", &authority)
        .flag("kubelet-preferred-address-types", "InternalIP")
        .flag("audit-policy-file", policy)
        .flag("audit-log-path", audit_log)
        // In megabytes: a rotation would lose what tests count.
        .flag("audit-log-maxsize", "100000");
    Ok(if cluster.with_controllers {
        program
    } else {
        program.flag("disable-admission-plugins", "ServiceAccount")
    })
}

/// Every request once when it is answered, watches also when they begin; never a body.
fn audit_policy() -> String {
    json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata"}],
    })
    .to_string()
}
