use crate::directory::{ResourceKey, Sighting};
use crate::fake::{outdated, ready, static_secret, unsynced};
use crate::reference::RefKind;

use super::*;

#[tokio::test]
async fn wait_none_wires_without_a_gate_and_refuses_what_is_unknown() {
    let pod = pod(&[("wait", "none"), ("env.a", "vss/a")]);
    let (wired, _) = admitted(Fake::new().with("a", outdated("a", &["k"])), &pod).await;
    assert!(!is_gated(&wired) && wired["spec"]["containers"][0].get("env").is_some());
    let (code, _) = refused(Fake::new().with("a", unsynced("a")), &pod).await;
    assert_eq!(code, 429);
}

#[tokio::test(start_paused = true)]
async fn the_refusal_fits_who_asks_and_what_is_missing() {
    let pod = pod(&[("env.a", "vss/orders-bd")]);
    let near = || Fake::new().with("orders-db", ready("x", &["k"]));
    let (code, causes_told) = refused(near(), &pod).await;
    assert_eq!(code, 422);
    let told = "SW201 env.a: no VaultStaticSecret \"orders-bd\" in namespace \"shop\"; did you mean \"orders-db\"?";
    assert_eq!(causes_told, [told]);

    let waiting = || Arc::new(Fake::new().with("orders-bd", unsynced("orders-bd")));
    let response = ask(&admission(&waiting()), creation(&pod)).await;
    assert_eq!(
        (
            causes(&response).0,
            &response["status"]["details"]["retryAfterSeconds"]
        ),
        (429, &json!(1))
    );

    for user in [
        "system:kube-controller-manager",
        "system:serviceaccount:kube-system:job-controller",
    ] {
        let mut request = creation(&pod);
        request["userInfo"]["username"] = json!(user);
        let response = ask(&admission(&waiting()), request).await;
        assert_eq!(causes(&response).0, 403);
        assert!(
            response["status"]["details"]
                .get("retryAfterSeconds")
                .is_none()
        );
    }
}

#[tokio::test]
async fn a_refusal_names_fields_and_repeats_all_in_the_message() {
    let directory = Arc::new(Fake::new());
    let pod = pod(&[("mount.db.pth", "x"), ("env.db", "A B")]);
    let response = ask(&admission(&directory), creation(&pod)).await;
    let status = &response["status"];
    assert_eq!(
        (&status["code"], &status["reason"]),
        (&json!(422), &json!("Invalid"))
    );
    assert_eq!(
        (&status["details"]["kind"], &status["details"]["name"]),
        (&json!("Pod"), &json!("api-"))
    );
    let fields: Vec<_> = status["details"]["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| &cause["field"])
        .collect();
    let field = |key: &str| json!(format!("metadata.annotations[secretwire.dev/{key}]"));
    assert_eq!(fields, [&field("env.db"), &field("mount.db.pth")]);
    let message = status["message"].as_str().unwrap();
    assert!(message.contains("SW102 env.db: ") && message.contains("; SW101 mount.db.pth: "));
}

#[tokio::test]
async fn missing_resources_are_told_together_with_typing_mistakes() {
    let pod = pod(&[
        ("mount.db.pth", "x"),
        ("mount.db", "vss/gone"),
        ("env.x", "other/vss/x"),
    ]);
    let (code, causes) = refused(Fake::new(), &pod).await;
    let codes: Vec<_> = causes.iter().map(|cause| &cause[..5]).collect();
    assert_eq!((code, codes), (422, vec!["SW204", "SW201", "SW101"]));
}

#[tokio::test]
async fn at_most_ten_problems_are_told_each_short_and_how_many_there_are_besides() {
    let keys: Vec<_> = (0..14)
        .map(|n| (format!("mount.a{n}"), format!("!{}", "x".repeat(300))))
        .collect();
    let pairs: Vec<_> = keys
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    let response = ask(&admission(&Arc::new(Fake::new())), creation(&pod(&pairs))).await;
    let (_, causes) = causes(&response);
    assert_eq!(causes.len(), 11);
    assert_eq!(causes[10], "and 4 more");
    let field = &response["status"]["details"]["causes"][10]["field"];
    assert_eq!(field, "metadata.annotations");
    assert!(causes.iter().all(|cause| cause.chars().count() <= 200));
    assert!(
        response["status"]["message"]
            .as_str()
            .unwrap()
            .ends_with("and 4 more")
    );
}

#[tokio::test]
async fn refuses_what_waiting_will_not_cure() {
    let homeless = Sighting {
        creates_destination: false,
        ..unsynced("a")
    };
    let directory = || {
        let fake = Fake::new()
            .with("a", ready("a", &["user"]))
            .with("both", ready("b", &["k"]));
        fake.put(static_secret("homeless"), homeless.clone());
        let dynamic = ResourceKey {
            kind: RefKind::VaultDynamicSecret,
            name: "both".into(),
        };
        fake.put(dynamic, ready("b", &["k"]));
        fake.put(static_secret("empty"), ready("empty", &[]));
        fake
    };
    for (annotations, expected) in [
        (
            vec![("mount.a", "other/vss/a")],
            "SW204 mount.a: \"other\" is not the pod's namespace \"shop\"",
        ),
        (
            vec![("mount.a", "vps/a")],
            "SW201 mount.a: VaultPKISecret is not served by this version",
        ),
        (
            vec![("mount.a", "Secret/a")],
            "SW201 mount.a: Secret is not served by this version",
        ),
        (
            vec![("mount.a", "both")],
            "SW203 mount.a: \"both\" is ambiguous; say which: VaultStaticSecret or Vault",
        ),
        (vec![("mount.a", "vss/homeless")], "SW207 mount.a: "),
        (
            vec![("mount.a", "vss/empty")],
            "SW206 mount.a: Secret \"empty-secret\" has no keys to use",
        ),
        (
            vec![("env.a", "a"), ("env.a.keys", "U=usr")],
            "SW206 env.a: Secret \"a-secret\" has no key \"usr\"; did you",
        ),
        (
            vec![("mount.a", "a"), ("mount.a.items", "x*")],
            "SW206 mount.a: Secret \"a-secret\" has no key like \"x*\"",
        ),
        (
            vec![("mount.a", "a"), ("mount.a.items", "u*,user")],
            "SW305 mount.a: two items write \"user\"",
        ),
        (
            vec![("mount.a", "a"), ("mount.a.containers", "ap")],
            "SW302 mount.a.containers: no container matches \"ap\"",
        ),
        (
            vec![("mount.a", "a"), ("mount.a.containers", "@init")],
            "SW302 mount.a.containers: no container is selected",
        ),
        (
            vec![("env.a", "a"), ("env.b", "a")],
            "SW301 env.b: env.a sets \"user\" too",
        ),
        (
            vec![
                ("mount.a", "a"),
                ("mount.b", "a"),
                ("mount.a.path", "/x"),
                ("mount.b.path", "/x"),
            ],
            "SW301 mount.b: container \"app\" has mount.a at /x",
        ),
    ] {
        // Owned, so that it would be gated if waiting could help.
        let (code, causes) = refused(directory(), &owned(pod(&annotations), "ReplicaSet")).await;
        assert_eq!(code, 422, "{causes:?}");
        assert!(causes[0].starts_with(expected), "{causes:?}");
    }
}

#[tokio::test]
async fn a_mount_path_that_is_taken_is_refused() {
    let mut pod = pod(&[("mount.a", "vss/a"), ("mount.a.path", "/data")]);
    pod["spec"]["containers"][0]["volumeMounts"] =
        json!([{ "name": "cache", "mountPath": "/data/" }]);
    let (code, causes) = refused(Fake::new().with("a", ready("a", &["k"])), &pod).await;
    assert_eq!(code, 422);
    assert!(
        causes[0].starts_with("SW301 mount.a: container \"app\" has volume \"cache\" at /data"),
        "{causes:?}"
    );
}

#[tokio::test]
async fn before_the_caches_are_filled_pods_that_ask_are_put_off() {
    let response = ask(
        &admission(&Arc::new(Fake::starting())),
        creation(&pod(&[("mount.a", "vss/a")])),
    )
    .await;
    assert_eq!(causes(&response).0, 503);
    assert_eq!(response["status"]["details"]["retryAfterSeconds"], 1);
}
