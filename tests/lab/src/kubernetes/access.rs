//! Who may talk to the API server, and how: users, tokens and kubeconfig files.

use std::{fmt::Write as _, path::Path};

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::{
    Api, Client, Config,
    api::PostParams,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::json;

use crate::{directory, hex, tls};

/// How long tokens of service accounts live: longer than any lab.
const TOKEN_SECONDS: i64 = 24 * 3600;

/// Somebody who talks to the API server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum User {
    /// Member of `system:masters`: may do everything.
    Admin,
    /// The operator under test, by the name its manifests grant rights to:
    /// `system:serviceaccount:secretwire-system:secretwire`. Exists without the service account.
    Operator,
    /// A service account that exists, by a token that the API server issues for it.
    ServiceAccount {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

impl User {
    /// The namespace in which the operator's manifests put it.
    pub const OPERATOR_NAMESPACE: &str = "secretwire-system";
    /// The operator's service account.
    pub const OPERATOR_ACCOUNT: &str = "secretwire";

    /// A service account by namespace and name.
    pub fn service_account(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self::ServiceAccount {
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// The name by which the API server knows it, as in its audit log.
    pub fn name(&self) -> String {
        let account =
            |namespace: &str, name: &str| format!("system:serviceaccount:{namespace}:{name}");
        match self {
            Self::Admin => "admin".to_owned(),
            Self::Operator => account(Self::OPERATOR_NAMESPACE, Self::OPERATOR_ACCOUNT),
            Self::ServiceAccount { namespace, name } => account(namespace, name),
        }
    }
}

/// The static tokens of one lab.
pub(crate) struct Credentials {
    pub(crate) admin: String,
    pub(crate) operator: String,
    pub(crate) controller_manager: String,
    pub(crate) scheduler: String,
    pub(crate) node: String,
}

impl Credentials {
    /// The name of the one node.
    pub(crate) const NODE_NAME: &str = "lab-node";

    pub(crate) fn generate() -> Result<Self> {
        let token = || hex::random(16);
        Ok(Self {
            admin: token()?,
            operator: token()?,
            controller_manager: token()?,
            scheduler: token()?,
            node: token()?,
        })
    }

    /// The API server's `--token-auth-file`.
    pub(crate) fn token_file(&self) -> String {
        let accounts = format!(
            "system:serviceaccounts,system:serviceaccounts:{}",
            User::OPERATOR_NAMESPACE
        );
        let entries = [
            (&self.admin, User::Admin.name(), "system:masters"),
            (&self.operator, User::Operator.name(), accounts.as_str()),
            (
                &self.controller_manager,
                "system:kube-controller-manager".to_owned(),
                "",
            ),
            (&self.scheduler, "system:kube-scheduler".to_owned(), ""),
            (
                &self.node,
                format!("system:node:{}", Self::NODE_NAME),
                "system:nodes",
            ),
        ];
        entries
            .iter()
            .enumerate()
            .fold(String::new(), |mut file, (uid, (token, name, groups))| {
                let _ = writeln!(file, "{token},{name},{uid},\"{groups}\"");
                file
            })
    }
}

/// How to reach the API server, for anybody with a token.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) url: String,
    pub(crate) ca_pem: String,
}

impl Access {
    /// Writes a file that kubectl and the operator can use.
    pub(crate) fn write_kubeconfig(&self, path: &Path, token: &str) -> Result<()> {
        directory::write_private(path, self.kubeconfig(token)?)
    }

    /// A fresh client: one is bound to the runtime that made it, and every `#[tokio::test]` has its own.
    pub(crate) async fn client(&self, token: &str) -> Result<Client> {
        tls::install_provider();
        let kubeconfig = Kubeconfig::from_yaml(&self.kubeconfig(token)?)?;
        let mut config =
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        // It takes the user's proxy from the environment.
        config.proxy_url = None;
        Client::try_from(config).context("building a client for the API server")
    }

    /// JSON is YAML.
    fn kubeconfig(&self, token: &str) -> Result<String> {
        let authority = STANDARD.encode(&self.ca_pem);
        serde_json::to_string_pretty(&json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": {"server": self.url, "certificate-authority-data": authority}}],
            "users": [{"name": "lab", "user": {"token": token}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
        }))
        .context("writing a kubeconfig")
    }
}

/// The administrator, for parts of the lab that outlive the borrow of the API server.
#[derive(Clone)]
pub(crate) struct Admin {
    access: Access,
    token: String,
}

impl Admin {
    pub(super) fn new(access: &Access, token: &str) -> Self {
        Self {
            access: access.clone(),
            token: token.to_owned(),
        }
    }

    pub(crate) async fn client(&self) -> Result<Client> {
        self.access.client(&self.token).await
    }
}

/// A token that the API server issues for the service account, for its default audience unless `audiences` says otherwise.
pub(crate) async fn request_token(
    admin: Client,
    namespace: &str,
    name: &str,
    audiences: &[&str],
) -> Result<String> {
    let request = TokenRequest {
        spec: TokenRequestSpec {
            audiences: audiences
                .iter()
                .map(|&audience| audience.to_owned())
                .collect(),
            expiration_seconds: Some(TOKEN_SECONDS),
            ..TokenRequestSpec::default()
        },
        ..TokenRequest::default()
    };
    let accounts: Api<ServiceAccount> = Api::namespaced(admin, namespace);
    let answer = accounts
        .create_token_request(name, &PostParams::default(), &request)
        .await
        .with_context(|| format!("asking for a token of {namespace}/{name}"))?;
    Ok(answer
        .status
        .context("a token request came back without its token")?
        .token)
}
