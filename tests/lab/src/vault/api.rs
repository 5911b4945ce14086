//! What tests do to Vault, as its administrator.

use anyhow::{Context as _, Result, bail};
use reqwest::Method;
use serde_json::{Value, json};

use super::{KV_V1, KV_V2, Vault};

impl Vault {
    /// Calls `path`, below `/v1/`, with the root token. An answer without a body is `null`.
    ///
    /// # Errors
    /// The server does not answer, or answers with an error; the text holds the status and Vault's own words.
    pub async fn api(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        self.call(method, path, body, &[("X-Vault-Token", &self.token())])
            .await
    }

    /// Like [`api`](Self::api), in a Vault namespace.
    ///
    /// # Errors
    /// As for `api`.
    pub async fn api_in(
        &self,
        namespace: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        let token = self.token();
        self.call(
            method,
            path,
            body,
            &[("X-Vault-Token", &token), ("X-Vault-Namespace", namespace)],
        )
        .await
    }

    /// Writes a new version of a secret in the KV version 2 engine [`KV_V2`] and returns its number.
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn kv_put(&self, path: &str, data: &Value) -> Result<u64> {
        let body = json!({"data": data});
        let answer = self
            .api(Method::POST, &format!("{KV_V2}/data/{path}"), Some(&body))
            .await?;
        answer["data"]["version"]
            .as_u64()
            .context("Vault did not name the version it wrote")
    }

    /// Deletes the newest version of a secret in [`KV_V2`].
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn kv_delete(&self, path: &str) -> Result<()> {
        self.api(Method::DELETE, &format!("{KV_V2}/data/{path}"), None)
            .await
            .map(drop)
    }

    /// Deletes all versions of a secret in [`KV_V2`] and its metadata.
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn kv_destroy(&self, path: &str) -> Result<()> {
        self.api(Method::DELETE, &format!("{KV_V2}/metadata/{path}"), None)
            .await
            .map(drop)
    }

    /// Writes a secret in the KV version 1 engine [`KV_V1`].
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn kv1_put(&self, path: &str, data: &Value) -> Result<()> {
        self.api(Method::POST, &format!("{KV_V1}/{path}"), Some(data))
            .await
            .map(drop)
    }

    /// Deletes a secret in [`KV_V1`].
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn kv1_delete(&self, path: &str) -> Result<()> {
        self.api(Method::DELETE, &format!("{KV_V1}/{path}"), None)
            .await
            .map(drop)
    }

    /// Writes an access policy, in HCL.
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn policy(&self, name: &str, rules: &str) -> Result<()> {
        let body = json!({"policy": rules});
        self.api(
            Method::PUT,
            &format!("sys/policies/acl/{name}"),
            Some(&body),
        )
        .await
        .map(drop)
    }

    /// Writes a role of an auth method, for example `role("kubernetes", "app", …)`.
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn role(&self, auth_mount: &str, name: &str, role: &Value) -> Result<()> {
        self.api(
            Method::POST,
            &format!("auth/{auth_mount}/role/{name}"),
            Some(role),
        )
        .await
        .map(drop)
    }

    /// Mounts a secrets engine, for example `enable("database", "db", None)`.
    ///
    /// # Errors
    /// Vault refuses, as when the path is in use, or does not answer.
    pub async fn enable(&self, engine: &str, path: &str, options: Option<&Value>) -> Result<()> {
        let body = json!({"type": engine, "options": options});
        self.api(Method::POST, &format!("sys/mounts/{path}"), Some(&body))
            .await
            .map(drop)
    }

    /// Makes a token with these policies and returns the token and its accessor.
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn token_with(&self, policies: &[&str], ttl: &str) -> Result<(String, String)> {
        let body = json!({"policies": policies, "ttl": ttl, "no_default_policy": false});
        let answer = self
            .api(Method::POST, "auth/token/create", Some(&body))
            .await?;
        let field = |name: &str| answer["auth"][name].as_str().map(ToOwned::to_owned);
        field("client_token")
            .zip(field("accessor"))
            .context("Vault made no token")
    }

    /// The accessors of all live tokens.
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn accessors(&self) -> Result<Vec<String>> {
        let list = Method::from_bytes(b"LIST")?;
        let mut answer = self.api(list, "auth/token/accessors", None).await?;
        serde_json::from_value(answer["data"]["keys"].take())
            .context("reading the list of accessors")
    }

    /// Revokes the token behind an accessor, with its leases.
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn revoke_accessor(&self, accessor: &str) -> Result<()> {
        let body = json!({"accessor": accessor});
        self.api(Method::POST, "auth/token/revoke-accessor", Some(&body))
            .await
            .map(drop)
    }

    /// Revokes all leases below a path, for example `database/creds/app` or `auth/kubernetes`.
    ///
    /// # Errors
    /// Vault refuses or does not answer.
    pub async fn revoke_prefix(&self, prefix: &str) -> Result<()> {
        self.api(
            Method::PUT,
            &format!("sys/leases/revoke-prefix/{prefix}"),
            None,
        )
        .await
        .map(drop)
    }

    pub(super) async fn anonymous(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        self.call(method, path, body, &[]).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Value> {
        let mut request = self
            .http
            .request(method.clone(), format!("{}/v1/{path}", self.addr()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let calling = || format!("{method} {path} of Vault");
        let answer = request.send().await.with_context(calling)?;
        let status = answer.status();
        let text = answer.text().await.with_context(calling)?;
        if !status.is_success() {
            bail!("{}: {status}: {}", calling(), text.trim());
        }
        if text.is_empty() {
            Ok(Value::Null)
        } else {
            serde_json::from_str(&text).with_context(calling)
        }
    }
}
