use crate::directory::Sighting;
use crate::fake::{outdated, ready, static_secret, unsynced};

use super::*;

/// A workload whose template has these annotations.
fn workload(kind: &str, annotations: &[(&str, &str)]) -> Value {
    let mut template = pod(annotations);
    template
        .as_object_mut()
        .unwrap()
        .retain(|field, _| field == "metadata" || field == "spec");
    let spec = if kind == "CronJob" {
        json!({ "jobTemplate": { "spec": { "template": template } } })
    } else {
        json!({ "template": template, "replicas": 2 })
    };
    json!({ "kind": kind, "metadata": { "name": "api" }, "spec": spec })
}

fn request(operation: &str, object: &Value, old: &Value) -> Value {
    let kind = object["kind"].as_str().unwrap();
    let group = if kind.ends_with("Job") {
        "batch"
    } else {
        "apps"
    };
    json!({
        "uid": "u",
        "kind": { "group": group, "version": "v1", "kind": kind },
        "operation": operation,
        "namespace": "shop",
        "name": "api",
        "object": object,
        "oldObject": old,
    })
}

async fn created(directory: &Arc<Fake>, object: &Value) -> Value {
    let response = ask_as(
        Hook::Workloads,
        &admission(directory),
        request("CREATE", object, &Value::Null),
    )
    .await;
    patched(object, &response)
}

async fn updated(directory: &Arc<Fake>, object: &Value, old: &Value) -> Value {
    let response = ask_as(
        Hook::Workloads,
        &admission(directory),
        request("UPDATE", object, old),
    )
    .await;
    patched(object, &response)
}

fn stamp(workload: &Value) -> Option<&str> {
    workload["spec"]["template"]["metadata"]["annotations"]["secretwire.dev/stamp"].as_str()
}

fn synced() -> Arc<Fake> {
    Arc::new(
        Fake::new()
            .with("a", ready("a", &["k"]))
            .with("b", ready("b", &["l"])),
    )
}

#[tokio::test]
async fn new_workloads_are_stamped_and_nothing_else_is_changed() {
    for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
        let object = workload(kind, &[("env.a", "vss/a"), ("mount.b", "vss/b")]);
        let mut admitted = created(&synced(), &object).await;
        assert!(stamp(&admitted).unwrap().starts_with("v1:"));
        let annotations = admitted
            .pointer_mut("/spec/template/metadata/annotations")
            .unwrap();
        annotations
            .as_object_mut()
            .unwrap()
            .remove("secretwire.dev/stamp");
        assert_eq!(admitted, object);
    }
}

#[tokio::test]
async fn what_is_never_restarted_or_updates_live_gets_no_stamp() {
    for object in [
        workload("Job", &[("env.a", "vss/a")]),
        workload("CronJob", &[("env.a", "vss/a")]),
        workload("Deployment", &[("mount.a", "vss/a")]),
    ] {
        assert_eq!(created(&synced(), &object).await, object);
    }
    for other in [unsynced("a"), outdated("a", &["k"])] {
        let object = workload("Deployment", &[("env.a", "vss/a")]);
        assert_eq!(
            stamp(&created(&Arc::new(Fake::new().with("a", other)), &object).await),
            None
        );
    }
}

#[tokio::test]
async fn an_update_that_leaves_the_template_alone_keeps_its_stamp() {
    let directory = synced();
    let plain = workload("Deployment", &[("env.a", "vss/a")]);
    let old = created(&directory, &plain).await;
    let rotated = Sighting {
        secret_mac: Some("mac-2".into()),
        ..ready("a", &["k"])
    };
    directory.put(static_secret("a"), rotated);
    let mut scaled = plain.clone();
    scaled["spec"]["replicas"] = json!(5);
    assert_eq!(
        stamp(&updated(&directory, &scaled, &old).await),
        stamp(&old)
    );
    // The restarter's own write stays.
    let restarted = workload(
        "Deployment",
        &[("env.a", "vss/a"), ("stamp", "v1:0123456789abcdef")],
    );
    assert_eq!(updated(&directory, &restarted, &old).await, restarted);
}

#[tokio::test]
async fn a_template_that_changes_gets_the_current_stamp() {
    let directory = synced();
    let plain = workload("Deployment", &[("env.a", "vss/a")]);
    let old = created(&directory, &plain).await;
    let rotated = Sighting {
        secret_mac: Some("mac-2".into()),
        ..ready("a", &["k"])
    };
    directory.put(static_secret("a"), rotated);
    let mut changed = old.clone();
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = json!("app:2");
    let new = updated(&directory, &changed, &old).await;
    assert!(stamp(&new).is_some() && stamp(&new) != stamp(&old));
    // When the current one is not known, the old one is better than none.
    directory.put(static_secret("a"), unsynced("a"));
    changed["spec"]["template"]["metadata"]["annotations"]
        .as_object_mut()
        .unwrap()
        .remove("secretwire.dev/stamp");
    assert_eq!(
        stamp(&updated(&directory, &changed, &old).await),
        stamp(&old)
    );
}

#[tokio::test]
async fn syntax_is_refused_and_missing_resources_only_warned_of() {
    let directory = Arc::new(Fake::new());
    let wrong = workload(
        "CronJob",
        &[("mount.a", "vss/a"), ("mount.a.containers", "ap")],
    );
    let response = ask_as(
        Hook::Workloads,
        &admission(&directory),
        request("CREATE", &wrong, &Value::Null),
    )
    .await;
    let (code, told) = causes(&response);
    assert_eq!((code, told.len()), (422, 1));
    assert!(
        response["warnings"][0]
            .as_str()
            .unwrap()
            .starts_with("SW201 mount.a: ")
    );
    assert_eq!(
        response["status"]["details"]["causes"][0]["field"],
        "spec.jobTemplate.spec.template.metadata.annotations[secretwire.dev/mount.a.containers]"
    );
    let early = workload("Deployment", &[("mount.a", "vss/a"), ("env.b", "b")]);
    let response = ask_as(
        Hook::Workloads,
        &admission(&directory),
        request("CREATE", &early, &Value::Null),
    )
    .await;
    assert_eq!(response["allowed"], true);
    assert_eq!(
        response["warnings"].as_array().unwrap().len(),
        2,
        "{response}"
    );
}

#[tokio::test]
async fn before_the_caches_are_filled_workloads_pass_with_a_warning() {
    let object = workload("Deployment", &[("env.a", "vss/a")]);
    let admission = admission(&Arc::new(Fake::starting()));
    let response = ask_as(
        Hook::Workloads,
        &admission,
        request("CREATE", &object, &Value::Null),
    )
    .await;
    assert_eq!(response["allowed"], true);
    assert!(
        response["warnings"][0]
            .as_str()
            .unwrap()
            .starts_with("SW900")
    );
}

#[tokio::test]
async fn a_stamp_is_carried_even_before_the_caches_are_filled() {
    let plain = workload("Deployment", &[("env.a", "vss/a")]);
    let old = created(&synced(), &plain).await;
    assert_eq!(
        stamp(&updated(&Arc::new(Fake::starting()), &plain, &old).await),
        stamp(&old)
    );
}

#[tokio::test]
async fn other_kinds_and_operations_are_allowed_unseen() {
    let admission = admission(&Arc::new(Fake::starting()));
    let object = workload("ReplicaSet", &[("mount.a", "!!")]);
    let response = ask_as(
        Hook::Workloads,
        &admission,
        request("CREATE", &object, &Value::Null),
    )
    .await;
    assert_eq!(response, json!({ "uid": "u", "allowed": true }));
    let mut scale = request(
        "UPDATE",
        &workload("Deployment", &[("mount.a", "!!")]),
        &Value::Null,
    );
    scale["subResource"] = json!("scale");
    assert_eq!(
        ask_as(Hook::Workloads, &admission, scale).await["allowed"],
        true
    );
}
