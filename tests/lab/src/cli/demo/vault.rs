//! Vault, as the audience's administrator uses it.

use std::{env, fs, time::Duration};

use anyhow::{Context as _, Result, bail};
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(30);

/// A Vault or OpenBao server and a token that may do what the demo does there.
pub(super) struct Vault {
    http: Client,
    pub(super) address: String,
    token: String,
    /// Vault's namespace; empty for the root.
    pub(super) namespace: String,
    /// The certificate authority to trust beside those of the system.
    pub(super) authority: Option<String>,
}

impl Vault {
    /// A server without TLS.
    pub(super) fn plain(address: &str, token: String) -> Result<Self> {
        Self::new(address, token, String::new(), None)
    }

    /// The server that `VAULT_ADDR`, `VAULT_TOKEN`, `VAULT_NAMESPACE` and `VAULT_CACERT` name.
    pub(super) fn from_environment(address: &str) -> Result<Self> {
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let token = variable("VAULT_TOKEN").context(
            "VAULT_ADDR is set and VAULT_TOKEN is not: the demo needs a token that may write sys/mounts, \
             sys/policies/acl, sys/auth and roles of the kubernetes auth method",
        )?;
        let authority = variable("VAULT_CACERT")
            .map(|path| {
                fs::read_to_string(&path).with_context(|| format!("reading VAULT_CACERT {path}"))
            })
            .transpose()?;
        let namespace = variable("VAULT_NAMESPACE").unwrap_or_default();
        Self::new(address, token, namespace, authority)
    }

    fn new(
        address: &str,
        token: String,
        namespace: String,
        authority: Option<String>,
    ) -> Result<Self> {
        let certificates = match &authority {
            Some(pem) => Certificate::from_pem_bundle(pem.as_bytes())
                .context("VAULT_CACERT is no PEM certificate")?,
            None => Vec::new(),
        };
        let http = Client::builder()
            .no_proxy()
            .timeout(LIMIT)
            .tls_certs_merge(certificates)
            .build()
            .context("building a client for Vault")?;
        Ok(Self {
            http,
            address: address.trim_end_matches('/').to_owned(),
            token,
            namespace,
            authority,
        })
    }

    /// A line for a shell that is to use the same server and token.
    pub(super) fn exports(&self) -> String {
        format!(
            "\n      export VAULT_ADDR={} VAULT_TOKEN={}",
            self.address, self.token
        )
    }

    /// Name and version, for the first line.
    pub(super) async fn version(&self) -> Result<String> {
        let health = self.call(Method::GET, "sys/health", None).await?;
        let version = health["version"].as_str().unwrap_or("of unknown version");
        // HashiCorp's says whether it is the enterprise edition, OpenBao's does not know the word.
        let product = if health.get("enterprise").is_some() {
            "Vault"
        } else {
            "OpenBao"
        };
        Ok(format!("{product} {version}"))
    }

    /// Writes a new version of a secret in a KV version 2 engine.
    pub(super) async fn put(&self, mount: &str, path: &str, data: &Value) -> Result<()> {
        let body = json!({"data": data});
        self.write(&format!("{mount}/data/{path}"), &body).await
    }

    /// Lets `namespace`'s default service account read everything in the KV engine `kv`, by `role` of the auth method at
    /// `auth`.
    pub(super) async fn grant(
        &self,
        auth: &str,
        role: &str,
        kv: &str,
        namespace: &str,
    ) -> Result<()> {
        let policy =
            json!({"policy": format!("path \"{kv}/data/*\" {{ capabilities = [\"read\"] }}")});
        self.write(&format!("sys/policies/acl/{role}"), &policy)
            .await?;
        let role_body = json!({
            "bound_service_account_names": ["default"],
            "bound_service_account_namespaces": [namespace],
            "audience": "vault",
            "token_policies": [role],
            "token_ttl": "1h",
        });
        self.write(&format!("auth/{auth}/role/{role}"), &role_body)
            .await
    }

    pub(super) async fn read(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await
    }

    pub(super) async fn write(&self, path: &str, body: &Value) -> Result<()> {
        self.call(Method::POST, path, Some(body)).await.map(drop)
    }

    pub(super) async fn delete(&self, path: &str) -> Result<()> {
        self.call(Method::DELETE, path, None).await.map(drop)
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let calling = || format!("{method} {path} at {}", self.address);
        let mut request = self
            .http
            .request(method.clone(), format!("{}/v1/{path}", self.address))
            .header("X-Vault-Token", &self.token);
        if !self.namespace.is_empty() {
            request = request.header("X-Vault-Namespace", &self.namespace);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(calling)?;
        let status = answer.status();
        let text = answer.text().await.with_context(calling)?;
        if !status.is_success() {
            bail!("{}: {status}: {}", calling(), text.trim());
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(calling)
    }
}
