//! Servers that are there already. The demo uses names of its own on them, and takes away what it made.

mod questions;
mod removal;

use std::{env, fs, os::unix::fs::DirBuilderExt as _, path::PathBuf, process, time::Duration};

use anyhow::{Context as _, Result};
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use secretwire_lab::{Kubectl, OperatorProcess, Webhook, await_condition};
use serde_json::{Value, json};

use self::{
    questions::{missing, no_node, webhook_host},
    removal::Made,
};
use super::{
    cluster::Cluster,
    kubeconfig,
    screen::Screen,
    stage::{Names, Operator, Stage},
    vault::Vault,
};

const DEADLINE: Duration = Duration::from_mins(1);
const OPERATOR_LOG: &str = "operator.log";
const ACCOUNT: &str = "secretwire";
const REVIEWER: &str = "vault-reviewer";

/// Servers named by `KUBECONFIG` and `VAULT_ADDR`.
pub(super) struct Given {
    operator_binary: Operator,
    vault_address: String,
    /// One name for everything that the demo makes.
    name: String,
    folder: PathBuf,
    operator: Option<OperatorProcess>,
    made: Vec<Made>,
}

impl Given {
    /// Nothing unless both variables are set.
    pub(super) fn by_environment(operator_binary: Operator) -> Result<Result<Self, Operator>> {
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let (Some(_), Some(vault_address)) = (variable("KUBECONFIG"), variable("VAULT_ADDR"))
        else {
            return Ok(Err(operator_binary));
        };
        let name = format!("secretwire-demo-{}", process::id());
        let folder = env::temp_dir().join(&name);
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("creating {}", folder.display()))?;
        Ok(Ok(Self {
            operator_binary,
            vault_address,
            name,
            folder,
            operator: None,
            made: Vec::new(),
        }))
    }

    pub(super) fn operator(&self) -> Option<&OperatorProcess> {
        self.operator.as_ref()
    }

    /// Says what will be made, and looks whether the servers are as they have to be.
    pub(super) async fn prepare(&self, screen: &Screen) -> Result<Stage> {
        screen.say(&format!(
            "  Using the cluster of KUBECONFIG and the Vault of VAULT_ADDR. Made there, and removed at the end:\n  \
             namespaces {0} and {0}-system; Secretwire's CRDs, RBAC and webhook; in Vault a KV engine, a policy\n  \
             and a role {0}, and where it has no kubernetes auth method at VAULT_AUTH_MOUNT, one of that name.\n",
            self.name
        ));
        let told = |(_, servers): &(Stage, String), _| format!("servers answer: {servers}");
        let (stage, _) = screen
            .step("looking at the servers", self.look(), told)
            .await?;
        if let Some(reason) = &stage.no_node {
            screen.skipped(&format!(
                "pods are shown up to scheduling and nothing is read in containers: {reason}"
            ));
        }
        Ok(stage)
    }

    /// Installs and starts Secretwire.
    pub(super) async fn install(&mut self, screen: &Screen, stage: &Stage) -> Result<()> {
        screen.command(
            "secretwire manifests --webhook-url https://… | kubectl create -f -; secretwire run …",
            "",
        );
        let told = |(): &(), _| {
            "Secretwire runs with the rights of its manifests and no others".to_owned()
        };
        screen
            .step(
                "installing and starting Secretwire",
                self.create(stage),
                told,
            )
            .await
    }

    async fn look(&self) -> Result<(Stage, String)> {
        let path = self.folder.join("admin.kubeconfig");
        let cache = self.folder.join("kubectl-cache");
        let kubectl = Kubectl::fetch(&path, cache).await?;
        kubeconfig::copy(&kubectl, &path, &self.name).await?;
        let (config, options) = (Kubeconfig::read_from(&path)?, KubeConfigOptions::default());
        let client = Client::try_from(Config::from_custom_kubeconfig(config, &options).await?)?;
        let version = client
            .apiserver_version()
            .await
            .context("asking the cluster of KUBECONFIG")?;
        let vault = Vault::from_environment(&self.vault_address)?;
        let product = vault.version().await?;
        vault
            .read("auth/token/lookup-self")
            .await
            .context("Vault does not know VAULT_TOKEN")?;
        let servers = format!("Kubernetes {} and {product}", version.git_version);
        let no_node = no_node(&client).await?;
        let auth = env::var("VAULT_AUTH_MOUNT")
            .ok()
            .filter(|mount| !mount.is_empty());
        let auth = auth.unwrap_or_else(|| "kubernetes".to_owned());
        let methods = vault.read("sys/auth").await?;
        let exists = methods.get(format!("{auth}/")).is_some();
        let names = Names {
            namespace: self.name.clone(),
            kv: self.name.clone(),
            auth: if exists { auth } else { self.name.clone() },
            role: self.name.clone(),
        };
        let cluster = Cluster {
            client,
            kubectl,
            namespace: self.name.clone(),
        };
        let stage = Stage {
            names,
            cluster,
            vault,
            no_node,
            kubeconfig: path,
            folder: self.folder.clone(),
            operator_log: self.folder.join(OPERATOR_LOG),
            own_servers: false,
        };
        Ok((stage, servers))
    }

    async fn create(&mut self, stage: &Stage) -> Result<()> {
        let cluster = &stage.cluster;
        let system = format!("{}-system", self.name);
        let manifests = missing(
            &cluster.kubectl,
            &self.operator_binary.manifests(&system).await?,
        )
        .await?;
        self.made.push(Made::Objects(manifests.clone()));
        cluster
            .kubectl
            .check(&["create", "-f", "-"], &manifests)
            .await?;
        self.made.push(Made::Namespace(self.name.clone()));
        cluster
            .kubectl
            .check(&["create", "namespace", &self.name], "")
            .await?;
        self.prepare_vault(stage, &system).await?;

        let token = account_token(&cluster.kubectl, &system, ACCOUNT).await?;
        let path = self.folder.join("operator.kubeconfig");
        kubeconfig::write_for(&stage.kubeconfig, &path, &token)?;
        let server = kubeconfig::server(&stage.kubeconfig)?;
        let options = self
            .operator_binary
            .options()
            .webhook(Webhook::UrlAt(webhook_host(&server)?))
            .env("OPERATOR_NAMESPACE", &system)
            // What others have in this cluster is not for us.
            .arg(format!("--watch-namespaces={}", self.name));
        self.operator =
            Some(OperatorProcess::outside(&options, &path, stage.operator_log.clone()).await?);
        await_condition("the default service account", DEADLINE, async || {
            cluster.is_populated().await
        })
        .await
    }

    async fn prepare_vault(&mut self, stage: &Stage, system: &str) -> Result<()> {
        let vault = &stage.vault;
        let Names {
            namespace,
            kv,
            auth,
            role,
        } = &stage.names;
        self.made.push(Made::InVault(format!("sys/mounts/{kv}")));
        vault
            .write(
                &format!("sys/mounts/{kv}"),
                &json!({"type": "kv", "options": {"version": "2"}}),
            )
            .await?;
        if *auth == self.name {
            self.made.push(Made::InVault(format!("sys/auth/{auth}")));
            self.enable_auth(stage, system).await?;
        }
        self.made
            .push(Made::InVault(format!("auth/{auth}/role/{role}")));
        self.made
            .push(Made::InVault(format!("sys/policies/acl/{role}")));
        vault.grant(auth, role, kv, namespace).await
    }

    async fn enable_auth(&mut self, stage: &Stage, system: &str) -> Result<()> {
        let (vault, kubectl, auth) = (&stage.vault, &stage.cluster.kubectl, &stage.names.auth);
        let objects = reviewer(&self.name, system).to_string();
        self.made.push(Made::Objects(objects.clone()));
        kubectl.check(&["create", "-f", "-"], &objects).await?;
        let token = account_token(kubectl, system, REVIEWER).await?;
        vault
            .write(&format!("sys/auth/{auth}"), &json!({"type": "kubernetes"}))
            .await?;
        let config = json!({
            "kubernetes_host": kubeconfig::server(&stage.kubeconfig)?,
            "kubernetes_ca_cert": kubeconfig::authority(&stage.kubeconfig)?,
            "token_reviewer_jwt": token,
            "disable_local_ca_jwt": true,
        });
        vault.write(&format!("auth/{auth}/config"), &config).await
    }
}

/// An account that may ask whether tokens are good.
fn reviewer(name: &str, system: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": REVIEWER, "namespace": system}},
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": name},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"},
                "subjects": [{"kind": "ServiceAccount", "name": REVIEWER, "namespace": system}],
            },
        ],
    })
}

async fn account_token(kubectl: &Kubectl, namespace: &str, account: &str) -> Result<String> {
    let arguments = [
        "create",
        "token",
        account,
        "--namespace",
        namespace,
        "--duration=24h",
    ];
    Ok(kubectl.check(&arguments, "").await?.trim().to_owned())
}
