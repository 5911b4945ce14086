//! Our own resources.

use super::*;

/// A VaultStaticSecret whose one template is `template`.
fn static_secret(template: &str) -> Value {
    json!({
        "apiVersion": "secrets.hashicorp.com/v1beta1",
        "kind": "VaultStaticSecret",
        "metadata": { "name": "db", "namespace": "shop" },
        "spec": {
            "vaultAuthRef": "auth",
            "mount": "kv",
            "path": "apps/db",
            "destination": {
                "name": "db",
                "create": true,
                "transformation": { "templates": { "url": { "text": template } } },
            },
        },
    })
}

const TYPO: &str = "{{ .Secrets.host | upercase }}";

/// A request that leads from `old` to `new`.
fn change(old: &Value, new: &Value) -> Value {
    let object = if new.is_null() { old } else { new };
    json!({
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": { "group": "secrets.hashicorp.com", "version": "v1beta1", "kind": object["kind"] },
        "operation": match (old, new) {
            (Value::Null, _) => "CREATE",
            (_, Value::Null) => "DELETE",
            _ => "UPDATE",
        },
        "name": "db",
        "namespace": "shop",
        "userInfo": { "username": "ada" },
        "object": new,
        "oldObject": old,
    })
}

async fn answer_from(directory: Fake, request: Value) -> Value {
    ask_as(Hook::Resources, &admission(&Arc::new(directory)), request).await
}

async fn answer(request: Value) -> Value {
    answer_from(Fake::new(), request).await
}

#[tokio::test]
async fn a_typo_in_a_template_is_refused_with_its_field_and_line() {
    let response = answer(change(&Value::Null, &static_secret(TYPO))).await;
    let status = &response["status"];
    assert_eq!(
        (&status["code"], &status["reason"]),
        (&json!(422), &json!("Invalid"))
    );
    let field = "spec.destination.transformation.templates[url].text";
    let text = "line 1: function \"upercase\" not defined";
    assert_eq!(status["message"], format!("SW701 {field}: {text}"));
    let cause = &status["details"]["causes"][0];
    // Clients print the field before the message.
    assert_eq!(cause["field"], field);
    assert_eq!(cause["message"], format!("SW701: {text}"));
    assert_eq!(status["details"]["kind"], "VaultStaticSecret");
}

#[tokio::test]
async fn what_is_right_passes_without_a_word() {
    let good = static_secret("{{ .Secrets.host | upper }}");
    for request in [
        change(&Value::Null, &good),
        change(&static_secret(TYPO), &good),
    ] {
        let response = answer(request).await;
        assert_eq!(response["allowed"], true, "{response}");
        assert!(response.get("warnings").is_none() && response.get("patch").is_none());
    }
}

#[tokio::test]
async fn a_stored_object_that_is_wrong_can_lose_its_finalizers_and_go() {
    let stored = static_secret(TYPO);
    let mut labelled = stored.clone();
    labelled["metadata"]["labels"] = json!({ "tier": "db" });
    // Here even the spec differs, as by a default that a newer schema fills in.
    let mut leaving = static_secret("{{ if }}");
    leaving["metadata"]["deletionTimestamp"] = json!("2026-03-01T12:00:00Z");
    let mut status = change(&stored, &static_secret("{{ if }}"));
    status["subResource"] = json!("status");
    for request in [
        change(&stored, &labelled),
        change(&stored, &leaving),
        change(&stored, &Value::Null),
        status,
    ] {
        let response = answer(request).await;
        assert_eq!(response["allowed"], true, "{response}");
    }
    let edited = change(&stored, &static_secret("{{ if }}"));
    assert_eq!(answer(edited).await["allowed"], false);
}

#[tokio::test]
async fn what_may_still_be_applied_is_a_warning_once_the_caches_are_filled() {
    let mut object = static_secret("fine");
    object["spec"]["vaultAuthRef"] = json!("missing");
    object["spec"]["destination"]["transformation"]["transformationRefs"] =
        json!([{ "name": "missing" }, { "name": "there" }]);
    let request = change(&Value::Null, &object);
    let response = answer(request.clone()).await;
    assert_eq!(response["allowed"], true, "{response}");
    assert_eq!(
        response["warnings"],
        json!([
            "SW707 spec.destination.transformation.transformationRefs[0]: SecretTransformation shop/missing does not exist yet",
            "SW707 spec.vaultAuthRef: VaultAuth shop/missing does not exist yet",
        ])
    );
    let early = answer_from(Fake::starting(), request).await;
    assert!(early["allowed"] == true && early.get("warnings").is_none());
}

#[tokio::test]
async fn the_key_raw_is_free_where_the_installation_leaves_raw_out() {
    let mut object = static_secret("x");
    object["spec"]["destination"]["transformation"] =
        json!({ "templates": { "_raw": { "text": "mine" } } });
    let request = change(&Value::Null, &object);
    assert_eq!(answer(request.clone()).await["allowed"], false);
    let policy = Policy {
        exclude_raw: true,
        ..Policy::new(Prefix::default())
    };
    let metrics = Metrics::register(&mut Registry::default());
    let admission = Admission::new(policy, Arc::new(Fake::new()), metrics);
    let response = ask_as(Hook::Resources, &admission, request).await;
    assert_eq!(response["allowed"], true, "{response}");
}

#[tokio::test]
async fn other_kinds_pass() {
    let mut object = static_secret(TYPO);
    object["kind"] = json!("VaultAuth");
    assert_eq!(answer(change(&Value::Null, &object)).await["allowed"], true);
}
