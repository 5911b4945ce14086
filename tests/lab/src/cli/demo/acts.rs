//! What the story does and waits for.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result, anyhow, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use secretwire_lab::await_condition;
use serde_json::json;

use super::{
    cluster::{gates, is_ready, is_wired, state},
    stage::Stage,
};

/// The gate of pods that wait for secrets.
pub(super) const GATE: &str = "secretwire.dev/secrets";
/// Long, as a busy machine is no failure.
const DEADLINE: Duration = Duration::from_secs(90);

/// A Secret in a container, as an example asks for it.
pub(super) struct Wiring {
    /// The Secret.
    pub(super) secret: &'static str,
    /// Where its files are mounted.
    pub(super) folder: &'static str,
    /// The key that is looked at.
    key: &'static str,
    /// The variable with the same value.
    variable: &'static str,
}

/// Of the quickstart.
pub(super) const DATABASE: Wiring = Wiring {
    secret: "db-secret",
    folder: "/etc/db",
    key: "password",
    variable: "password",
};
/// Of the pod that comes too early.
pub(super) const API_KEY: Wiring = Wiring {
    secret: "api-key",
    folder: "/etc/api",
    key: "token",
    variable: "API_TOKEN",
};

impl Stage {
    /// Writes to Vault.
    pub(super) async fn put(&self, path: &str, pairs: &[(&str, &str)]) -> Result<()> {
        let pairs = pairs
            .iter()
            .map(|&(key, value)| (key.to_owned(), json!(value)));
        self.vault.put(&self.names.kv, path, &pairs.collect()).await
    }

    /// Applies a kustomization.
    pub(super) async fn apply(&self, folder: &Path) -> Result<()> {
        let folder = folder
            .to_str()
            .context("the folder for temporary files is no UTF-8")?;
        self.cluster
            .kubectl
            .check(&["apply", "-k", folder], "")
            .await
            .map(drop)
    }

    /// Waits until a `VaultStaticSecret` says that it is synced.
    pub(super) async fn synced(&self, name: &str) -> Result<()> {
        let what = format!("VaultStaticSecret {name} to be synced");
        await_condition(&what, DEADLINE, async || self.cluster.synced(name).await).await
    }

    /// Waits until a Secret holds a value.
    pub(super) async fn holds(&self, wiring: &Wiring, value: &str) -> Result<()> {
        let Wiring { secret, key, .. } = wiring;
        let what = format!("Secret {secret} to hold the {key} that is in Vault");
        await_condition(&what, DEADLINE, async || {
            self.cluster.holds(secret, key, value).await
        })
        .await
    }

    /// Waits for an Event about a pod, and returns what it says.
    pub(super) async fn told(&self, pod: &str, reason: &str) -> Result<String> {
        let what = format!("an Event {reason} about pod {pod}");
        await_condition(&what, DEADLINE, async || {
            self.cluster.event(pod, reason).await
        })
        .await
    }

    /// Waits for a pod of api-server other than `not` to start, and for it to have the password.
    pub(super) async fn started(&self, not: &str, password: &str) -> Result<Pod> {
        let what = "a new pod of Deployment api-server to start";
        let pod = await_condition(what, DEADLINE, async || {
            self.if_started(self.cluster.pod_other_than(not, "app=api-server").await?)
        });
        let pod = pod.await?;
        self.reads(&pod, &DATABASE, password).await?;
        Ok(pod)
    }

    /// Waits for a pod to start.
    pub(super) async fn started_by_name(&self, name: &str) -> Result<Pod> {
        let what = format!("pod {name} to start");
        await_condition(&what, DEADLINE, async || {
            self.if_started(self.cluster.pod(name).await?)
        })
        .await
    }

    /// Waits until a pod is gone or on its way out.
    pub(super) async fn gone(&self, pod: &str) -> Result<()> {
        let what = format!("pod {pod} to go");
        await_condition(&what, DEADLINE, async || self.cluster.is_gone(pod).await).await
    }

    /// Looks for the value in the container, or where there can be none for the wiring in the pod.
    pub(super) async fn reads(&self, pod: &Pod, wiring: &Wiring, value: &str) -> Result<()> {
        let name = pod.name_any();
        if !self.has_node() {
            let wired = is_wired(pod, wiring.secret, wiring.folder);
            ensure!(wired, "pod {name} lacks its volume or its variable");
            return Ok(());
        }
        let (file, variable) = (format!("{}/{}", wiring.folder, wiring.key), wiring.variable);
        let (content, set) = self
            .cluster
            .read_in_container(&name, &file, variable)
            .await?;
        ensure!(
            content == value,
            "{file} in pod {name} holds {content:?} instead of {value:?}"
        );
        ensure!(
            set == value,
            "${variable} in pod {name} is {set:?} instead of {value:?}"
        );
        Ok(())
    }

    /// Where there is a node a pod has started when it is ready, and else when nothing of ours keeps it.
    fn if_started(&self, pod: Pod) -> Result<Option<Pod>> {
        let started = if self.has_node() {
            is_ready(&pod)
        } else {
            gates(&pod).is_empty()
        };
        if started {
            Ok(Some(pod))
        } else {
            Err(anyhow!("{}", state(&pod)))
        }
    }
}
