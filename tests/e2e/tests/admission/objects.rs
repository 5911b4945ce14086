//! Making pods and workloads that ask for secrets, and reading what became of them.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

/// The prefix of all annotations.
pub(crate) const PREFIX: &str = "secretwire.dev/";
/// The gate of pods that wait.
const GATE: &str = "secretwire.dev/secrets";

/// A pod that every Pod Security level accepts; the keys of `annotations` are without the prefix.
pub(crate) fn pod(name: &str, annotations: &[(&str, &str)]) -> Value {
    let mut pod = template(name, annotations);
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!(name);
    pod
}

/// A workload of one pod, which has the label `app` with the workload's name.
pub(crate) fn workload(kind: &str, name: &str, annotations: &[(&str, &str)]) -> Value {
    let mut template = template(name, annotations);
    let spec = match kind {
        "Job" => {
            template["spec"]["restartPolicy"] = json!("Never");
            json!({"template": template})
        }
        "CronJob" => {
            template["spec"]["restartPolicy"] = json!("Never");
            json!({"schedule": "@yearly", "jobTemplate": {"spec": {"template": template}}})
        }
        _ => json!({
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": template,
        }),
    };
    let group = if kind.ends_with("Job") {
        "batch/v1"
    } else {
        "apps/v1"
    };
    json!({"apiVersion": group, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

/// A Deployment of one pod.
pub(crate) fn deployment(name: &str, annotations: &[(&str, &str)]) -> Value {
    workload("Deployment", name, annotations)
}

fn template(name: &str, annotations: &[(&str, &str)]) -> Value {
    let annotations: Map<_, _> = annotations
        .iter()
        .map(|(key, value)| (format!("{PREFIX}{key}"), json!(value)))
        .collect();
    json!({
        "metadata": {"labels": {"app": name}, "annotations": annotations},
        "spec": {
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container("app")],
        },
    })
}

/// A container that every Pod Security level accepts.
pub(crate) fn container(name: &str) -> Value {
    json!({
        "name": name,
        "image": "example.com/app:1",
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
    })
}

/// An init container that keeps running.
pub(crate) fn sidecar(name: &str) -> Value {
    let mut sidecar = container(name);
    sidecar["restartPolicy"] = json!("Always");
    sidecar
}

/// The name of an object.
pub(crate) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// The uid of an object.
pub(crate) fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or_default()
}

/// Elements of an array, none where there is no array.
pub(crate) fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Whether our gate keeps a pod from being scheduled.
pub(crate) fn is_gated(pod: &Value) -> bool {
    elements(&pod["spec"]["schedulingGates"]).any(|gate| gate["name"] == GATE)
}

/// Whether anything of a pod is ours: volume, variable, label, status or gate.
pub(crate) fn is_touched(pod: &Value) -> bool {
    let volumes =
        elements(&pod["spec"]["volumes"]).any(|volume| volume["secret"]["secretName"].is_string());
    let label = !pod["metadata"]["labels"][format!("{PREFIX}wired")].is_null();
    volumes || label || is_gated(pod) || !annotation(pod, "status").is_null()
}

/// An annotation by its key without the prefix.
pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> &'a Value {
    &object["metadata"]["annotations"][format!("{PREFIX}{key}")]
}

/// What the webhook noted on a pod.
pub(crate) fn status(pod: &Value) -> Result<Value> {
    let text = annotation(pod, "status").as_str();
    serde_json::from_str(text.context("no status")?).context("the status is no JSON")
}

/// The volumes that hold Secrets.
pub(crate) fn secret_volumes(pod: &Value) -> Vec<&Value> {
    elements(&pod["spec"]["volumes"])
        .filter(|volume| volume["secret"].is_object())
        .collect()
}

/// A container of any sort by name.
pub(crate) fn container_of<'a>(pod: &'a Value, name: &str) -> Result<&'a Value> {
    let lists = ["initContainers", "containers"];
    lists
        .iter()
        .flat_map(|list| elements(&pod["spec"][*list]))
        .find(|container| container["name"] == name)
        .with_context(|| format!("no container {name}"))
}

/// Where a container has Secrets, by path; an error if it may write there.
pub(crate) fn secret_mounts(pod: &Value, container: &str) -> Result<BTreeMap<String, String>> {
    let ours: Vec<_> = secret_volumes(pod)
        .iter()
        .map(|volume| volume["name"].clone())
        .collect();
    elements(&container_of(pod, container)?["volumeMounts"])
        .filter(|mount| ours.contains(&mount["name"]))
        .map(|mount| {
            anyhow::ensure!(mount["readOnly"] == true, "not read-only: {mount}");
            let text = |field: &str| mount[field].as_str().unwrap_or_default().to_owned();
            Ok((text("mountPath"), text("name")))
        })
        .collect()
}

/// The variables of a container that come from Secrets, as `NAME` to `secret/key`; an error if any come otherwise.
pub(crate) fn secret_variables(pod: &Value, container: &str) -> Result<BTreeMap<String, String>> {
    let container = container_of(pod, container)?;
    anyhow::ensure!(container["envFrom"].is_null(), "envFrom: {container}");
    elements(&container["env"])
        .map(|variable| {
            let source = &variable["valueFrom"]["secretKeyRef"];
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let name = text(&variable["name"]).context("no name")?;
            let secret = text(&source["name"]).context("not from a Secret")?;
            Ok((
                name,
                format!("{secret}/{}", text(&source["key"]).context("no key")?),
            ))
        })
        .collect()
}
