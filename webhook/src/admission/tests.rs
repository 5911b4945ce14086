//! Decisions on whole requests, against a directory filled by hand.

mod gates;
mod hold;
mod pods;
mod properties;
mod refusals;
mod resources;
mod workloads;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};

use crate::fake::Fake;

use super::*;

/// An admission that asks `directory`.
fn admission(directory: &Arc<Fake>) -> Admission {
    let metrics = Metrics::register(&mut Registry::default());
    let directory: Arc<dyn Directory> = Arc::clone(directory) as _;
    Admission::new(Policy::new(Prefix::default()), directory, metrics)
}

/// A pod with these annotations (without the prefix) and one container, "app".
fn pod(annotations: &[(&str, &str)]) -> Value {
    let map: serde_json::Map<String, Value> = annotations
        .iter()
        .map(|(key, value)| (format!("secretwire.dev/{key}"), json!(value)))
        .collect();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "generateName": "api-", "annotations": map },
        "spec": { "containers": [{ "name": "app", "image": "app:1" }] },
    })
}

/// The same pod, owned by a controller.
fn owned(mut pod: Value, kind: &str) -> Value {
    let version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    pod["metadata"]["ownerReferences"] = json!([{ "apiVersion": version, "kind": kind, "name": "api", "uid": "u", "controller": true }]);
    pod
}

/// A request to create `pod` by a person.
fn creation(pod: &Value) -> Value {
    json!({
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": { "group": "", "version": "v1", "kind": "Pod" },
        "operation": "CREATE",
        "namespace": "shop",
        "userInfo": { "username": "ada" },
        "object": pod,
        "oldObject": null,
    })
}

/// The answer to a request: the response part of the review.
async fn ask_as(hook: Hook, admission: &Admission, request: Value) -> Value {
    let request: Request = serde_json::from_value(request).unwrap();
    let response = admission
        .answer(hook, &request, Duration::from_secs(10))
        .await;
    serde_json::to_value(response.into_review()).unwrap()["response"].take()
}

async fn ask(admission: &Admission, request: Value) -> Value {
    ask_as(Hook::Pods, admission, request).await
}

/// The object after the response's patch.
fn patched(object: &Value, response: &Value) -> Value {
    assert_eq!(response["allowed"], true, "{response}");
    let mut object = object.clone();
    if let Some(patch) = response["patch"].as_str() {
        assert_eq!(response["patchType"], "JSONPatch");
        let patch: json_patch::Patch =
            serde_json::from_slice(&STANDARD.decode(patch).unwrap()).unwrap();
        json_patch::patch(&mut object, &patch).unwrap();
    }
    object
}

/// The pod as admitted, with the warnings.
async fn admitted(directory: Fake, pod: &Value) -> (Value, Vec<String>) {
    let response = ask(&admission(&Arc::new(directory)), creation(pod)).await;
    let warnings = response["warnings"].as_array().cloned().unwrap_or_default();
    (
        patched(pod, &response),
        warnings
            .iter()
            .map(|line| line.as_str().unwrap().to_owned())
            .collect(),
    )
}

/// Code, and messages of the causes, of a refused creation.
async fn refused(directory: Fake, pod: &Value) -> (u64, Vec<String>) {
    causes(&ask(&admission(&Arc::new(directory)), creation(pod)).await)
}

fn causes(response: &Value) -> (u64, Vec<String>) {
    assert_eq!(response["allowed"], false, "{response}");
    assert!(response.get("patch").is_none());
    let causes = response["status"]["details"]["causes"].as_array().unwrap();
    let texts = causes
        .iter()
        .map(|cause| cause["message"].as_str().unwrap().to_owned())
        .collect();
    (response["status"]["code"].as_u64().unwrap(), texts)
}

/// Whether the pod carries our gate.
fn is_gated(pod: &Value) -> bool {
    pod["spec"]["schedulingGates"] == json!([{ "name": "secretwire.dev/secrets" }])
}

fn status(pod: &Value) -> crate::PodStatus {
    crate::PodStatus::parse(
        pod["metadata"]["annotations"]["secretwire.dev/status"]
            .as_str()
            .unwrap(),
    )
    .unwrap()
}
