//! The demo's own servers.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, Result};
use secretwire_lab::{Component, KV_V2, Kubectl, Lab, OperatorProcess, User, await_condition};

use super::{
    cluster::Cluster,
    screen::Screen,
    stage::{Names, Operator, Stage},
    vault::Vault,
};

const NAMESPACE: &str = "demo";
/// As in the quickstart's files.
const ROLE: &str = "app";
const DEADLINE: Duration = Duration::from_mins(1);

/// A lab and the operator in it, as far as they have been started.
pub(super) struct Own {
    operator_binary: Operator,
    with_node: bool,
    /// Dropped, and so killed, before the servers that it talks to.
    operator: Option<OperatorProcess>,
    lab: Option<Lab>,
}

impl Own {
    pub(super) fn new(operator_binary: Operator, with_node: bool) -> Self {
        Self {
            operator_binary,
            with_node,
            operator: None,
            lab: None,
        }
    }

    pub(super) fn operator(&self) -> Option<&OperatorProcess> {
        self.operator.as_ref()
    }

    /// Gets and starts the servers.
    pub(super) async fn prepare(&mut self, screen: &Screen) -> Result<Stage> {
        let no_node = self.fetch().await?;
        if let Some(reason) = &no_node {
            screen.skipped(&format!(
                "no node, so pods are shown up to scheduling and nothing is read in containers: {reason}"
            ));
        }
        let mut builder = Lab::builder().controllers().scheduler().vault();
        let mut servers =
            "servers are up: etcd, kube-apiserver, controller manager, scheduler".to_owned();
        if no_node.is_none() {
            builder = builder.node();
            servers += ", kubelet";
        }
        let starting = screen.step("starting the servers", builder.start(), |_, _| {
            format!("{servers} and OpenBao")
        });
        let lab = self.lab.insert(Box::pin(starting).await?);
        let vault = Vault::plain(&lab.vault().addr(), lab.vault().token())?;
        let names = Names {
            namespace: NAMESPACE.to_owned(),
            kv: KV_V2.to_owned(),
            auth: "kubernetes".to_owned(),
            role: ROLE.to_owned(),
        };
        let kubeconfig = lab.apiserver().kubeconfig_path().to_owned();
        let cluster = Cluster {
            client: lab.apiserver().client().await?,
            kubectl: Kubectl::fetch(&kubeconfig, lab.path().join("kubectl-cache")).await?,
            namespace: names.namespace.clone(),
        };
        Ok(Stage {
            names,
            cluster,
            vault,
            no_node,
            kubeconfig,
            folder: lab.path().to_owned(),
            operator_log: lab.path().join("operator-0.log"),
            own_servers: true,
        })
    }

    /// Installs and starts Secretwire.
    pub(super) async fn install(&mut self, screen: &Screen, stage: &Stage) -> Result<()> {
        let lab = self.lab.as_ref().context("the servers were not started")?;
        screen.command(
            "secretwire manifests --webhook-url https://… | kubectl apply -f -; secretwire run …",
            "",
        );
        let told = |_: &OperatorProcess, _| {
            let account = format!("{}/{}", User::OPERATOR_NAMESPACE, User::OPERATOR_ACCOUNT);
            format!(
                "Secretwire runs as ServiceAccount {account}, with the rights of its manifests and no others"
            )
        };
        let installing = install(lab, stage, &self.operator_binary);
        self.operator = Some(
            screen
                .step("installing and starting Secretwire", installing, told)
                .await?,
        );
        Ok(())
    }

    /// Gets what is missing. Returns why there can be no node, if so.
    async fn fetch(&self) -> Result<Option<String>> {
        let needed = [
            Component::Etcd,
            Component::ApiServer,
            Component::ControllerManager,
            Component::Scheduler,
            Component::Kubectl,
            Component::OpenBao,
        ];
        secretwire_lab::fetch(&needed.into()).await?;
        if !self.with_node {
            return Ok(Some("--without-node was given".to_owned()));
        }
        if let Err(reason) = Lab::node_possible() {
            return Ok(Some(reason));
        }
        let fetched = secretwire_lab::fetch(&BTreeSet::from([Component::Node])).await;
        Ok(fetched.err().map(|error| format!("{error:#}")))
    }

    /// Stops everything. After a failure the servers are killed and their logs kept.
    pub(super) async fn stop(self, failed: bool) -> Result<()> {
        drop(self.operator);
        match self.lab {
            Some(lab) if !failed => lab.stop().await,
            _ => Ok(()),
        }
    }
}

async fn install(lab: &Lab, stage: &Stage, operator: &Operator) -> Result<OperatorProcess> {
    let cluster = &stage.cluster;
    let manifests = operator.manifests(User::OPERATOR_NAMESPACE).await?;
    cluster
        .kubectl
        .check(&["apply", "-f", "-"], &manifests)
        .await?;
    cluster
        .kubectl
        .check(&["create", "namespace", NAMESPACE], "")
        .await?;
    let context = [
        "config",
        "set-context",
        "--current",
        "--namespace",
        NAMESPACE,
    ];
    cluster.kubectl.check(&context, "").await?;
    let Names {
        namespace,
        kv,
        auth,
        role,
    } = &stage.names;
    stage.vault.grant(auth, role, kv, namespace).await?;
    let running = lab
        .operator(&operator.options())
        .await
        .context("starting Secretwire")?;
    await_condition("the default service account", DEADLINE, async || {
        cluster.is_populated().await
    })
    .await?;
    Ok(running)
}
