//! Looking at the demo's namespace.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, anyhow, bail};
use k8s_openapi::api::core::v1::{Event, Pod, Secret, ServiceAccount};
use kube::{
    Api, Client, ResourceExt as _,
    api::{ApiResource, DynamicObject, GroupVersionKind, ListParams},
};
use secretwire_lab::Kubectl;
use serde_json::Value;

/// What a container holds of one key: the file and the variable.
const READ: &str = r#"printf '%s\n' "$(cat "$0")" "$(env | sed -n "s/^$1=//p")""#;

/// One namespace of a cluster, seen by its administrator.
pub(super) struct Cluster {
    pub(super) client: Client,
    /// Its context has the namespace, so that commands need not name it.
    pub(super) kubectl: Kubectl,
    pub(super) namespace: String,
}

impl Cluster {
    /// The default service account is there, without which pods are refused.
    pub(super) async fn is_populated(&self) -> Result<Option<()>> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client.clone(), &self.namespace);
        Ok(accounts.get_opt("default").await?.map(drop))
    }

    /// Nothing until the `VaultStaticSecret` says that it is synced; what it says meanwhile is an error.
    pub(super) async fn synced(&self, name: &str) -> Result<Option<()>> {
        let kind = GroupVersionKind::gvk("secrets.hashicorp.com", "v1beta1", "VaultStaticSecret");
        let resources: Api<DynamicObject> = Api::namespaced_with(
            self.client.clone(),
            &self.namespace,
            &ApiResource::from_gvk(&kind),
        );
        let object = resources.get(name).await?;
        let conditions = object
            .data
            .pointer("/status/conditions")
            .and_then(Value::as_array);
        let condition = conditions
            .into_iter()
            .flatten()
            .find(|condition| condition["type"] == "SecretSynced")
            .with_context(|| {
                format!("VaultStaticSecret {name} has no condition SecretSynced yet")
            })?;
        if condition["status"] == "True" {
            return Ok(Some(()));
        }
        bail!(
            "VaultStaticSecret {name}: {}",
            condition["message"].as_str().unwrap_or_default()
        )
    }

    /// The keys of a Secret, but for the one that holds all of them as one document.
    pub(super) async fn keys(&self, secret: &str) -> Result<Vec<String>> {
        let data = self.secrets().get(secret).await?.data.unwrap_or_default();
        Ok(data.into_keys().filter(|key| key != "_raw").collect())
    }

    /// Nothing until the Secret holds this value.
    pub(super) async fn holds(&self, secret: &str, key: &str, value: &str) -> Result<Option<()>> {
        let secret_object = self.secrets().get_opt(secret).await?;
        let object = secret_object.with_context(|| format!("Secret {secret} does not exist"))?;
        let data = object.data.unwrap_or_default();
        let held = data
            .get(key)
            .with_context(|| format!("Secret {secret} has no key {key}"))?;
        if held.0 == value.as_bytes() {
            Ok(Some(()))
        } else {
            Err(anyhow!("Secret {secret} holds another {key}"))
        }
    }

    /// Changes with every write.
    pub(super) async fn version(&self, secret: &str) -> Result<Option<String>> {
        Ok(self.secrets().get(secret).await?.metadata.resource_version)
    }

    pub(super) async fn pod(&self, name: &str) -> Result<Pod> {
        Ok(self.pods().get(name).await?)
    }

    /// The newest pod with these labels that is not going away, and is not `not`.
    pub(super) async fn pod_other_than(&self, not: &str, labels: &str) -> Result<Pod> {
        let pods = self
            .pods()
            .list(&ListParams::default().labels(labels))
            .await?;
        pods.into_iter()
            .filter(|pod| pod.metadata.deletion_timestamp.is_none() && pod.name_any() != not)
            .max_by_key(|pod| pod.metadata.creation_timestamp.clone())
            .with_context(|| format!("no pod with labels {labels}, or only {not:?}"))
    }

    /// Nothing until the pod is gone or going.
    pub(super) async fn is_gone(&self, pod: &str) -> Result<Option<()>> {
        match self.pods().get_opt(pod).await? {
            Some(pod) if pod.metadata.deletion_timestamp.is_none() => {
                Err(anyhow!("{}", state(&pod)))
            }
            _ => Ok(Some(())),
        }
    }

    /// What the Event with this reason says about a pod.
    pub(super) async fn event(&self, pod: &str, reason: &str) -> Result<Option<String>> {
        let events: Api<Event> = Api::namespaced(self.client.clone(), &self.namespace);
        let selected =
            ListParams::default().fields(&format!("involvedObject.name={pod},reason={reason}"));
        let found = events.list(&selected).await?.items.into_iter().next();
        Ok(found.and_then(|event| event.message))
    }

    /// What a running container holds: the content of the file, and that of the variable.
    pub(super) async fn read_in_container(
        &self,
        pod: &str,
        file: &str,
        variable: &str,
    ) -> Result<(String, String)> {
        let arguments = ["exec", pod, "--", "sh", "-c", READ, file, variable];
        let output = self.kubectl.check(&arguments, "").await?;
        let (content, value) = output
            .trim_end()
            .split_once('\n')
            .context("the container printed one line of two")?;
        Ok((content.to_owned(), value.to_owned()))
    }

    fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }
}

/// The names of the gates that keep a pod from being scheduled.
pub(super) fn gates(pod: &Pod) -> Vec<&str> {
    let gates = pod
        .spec
        .iter()
        .flat_map(|spec| spec.scheduling_gates.iter().flatten());
    gates.map(|gate| gate.name.as_str()).collect()
}

/// Whether its containers are ready.
pub(super) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    conditions
        .into_iter()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Whether the pod's first container gets a Secret as files in `folder` and in variables.
pub(super) fn is_wired(pod: &Pod, secret: &str, folder: &str) -> bool {
    let Some(spec) = &pod.spec else { return false };
    let Some(container) = spec.containers.first() else {
        return false;
    };
    let volume = spec.volumes.iter().flatten().find(|volume| {
        volume
            .secret
            .as_ref()
            .and_then(|source| source.secret_name.as_deref())
            == Some(secret)
    });
    let mounted = container.volume_mounts.iter().flatten().any(|mount| {
        mount.mount_path == folder && volume.is_some_and(|volume| volume.name == mount.name)
    });
    let variable = container.env.iter().flatten().any(|variable| {
        let source = variable
            .value_from
            .as_ref()
            .and_then(|source| source.secret_key_ref.as_ref());
        source.is_some_and(|source| source.name == secret)
    });
    mounted && variable
}

/// Where a pod stands, for the line that says what was seen last.
pub(super) fn state(pod: &Pod) -> String {
    let mut text = format!("pod {}", pod.name_any());
    let gates = gates(pod);
    if !gates.is_empty() {
        let _ = write!(text, " waits at {}", gates.join(", "));
    }
    let Some(status) = &pod.status else {
        return text;
    };
    let _ = write!(
        text,
        " is {}",
        status.phase.as_deref().unwrap_or("without a phase")
    );
    let containers = status.container_statuses.iter().flatten();
    let waiting = containers.filter_map(|container| container.state.as_ref()?.waiting.as_ref());
    for reason in waiting {
        let words =
            [&reason.reason, &reason.message].map(|word| word.as_deref().unwrap_or_default());
        let _ = write!(text, ": {}", words.join(" ").trim());
    }
    text
}
