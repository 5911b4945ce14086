use crate::directory::{Readiness, ResourceKey, Sighting, is_ready};
use crate::fake::{outdated, ready, static_secret, unsynced};
use crate::reference::RefKind;

use super::*;

#[tokio::test]
async fn wires_files_and_variables_without_the_raw_document() {
    let pod = pod(&[
        ("mount.db", "vss/db"),
        ("mount.db.path", "/etc/db"),
        ("env.db", "vss/db"),
        ("env.db.prefix", "DB_"),
    ]);
    let (wired, warnings) = admitted(
        Fake::new().with("db", ready("db", &["username", "password"])),
        &pod,
    )
    .await;
    assert_eq!(warnings, [""; 0]);
    let volume = &wired["spec"]["volumes"][0];
    let name = volume["name"].as_str().unwrap();
    assert!(name.starts_with("sw-db-") && name.len() == "sw-db-".len() + 8);
    let items = json!([{ "key": "password", "path": "password" }, { "key": "username", "path": "username" }]);
    assert_eq!(
        volume["secret"],
        json!({ "secretName": "db-secret", "defaultMode": 0o444, "items": items })
    );
    let app = &wired["spec"]["containers"][0];
    assert_eq!(
        app["volumeMounts"],
        json!([{ "name": name, "mountPath": "/etc/db", "readOnly": true }])
    );
    let variable = |name: &str, key: &str| json!({ "name": name, "valueFrom": { "secretKeyRef": { "name": "db-secret", "key": key } } });
    assert_eq!(
        app["env"],
        json!([
            variable("DB_password", "password"),
            variable("DB_username", "username")
        ])
    );
    assert_eq!(
        wired["metadata"]["labels"],
        json!({ "secretwire.dev/wired": "true" })
    );
    assert!(wired["spec"].get("schedulingGates").is_none());
    let status = status(&wired);
    assert!(!status.incomplete);
    assert_eq!(
        status.uses.keys().collect::<Vec<_>>(),
        ["env.db", "mount.db"]
    );
    assert_eq!(status.uses["mount.db"].uid.as_deref(), Some("uid-db"));
}

#[tokio::test]
async fn a_pod_that_asks_for_nothing_is_never_touched() {
    let mut bare = pod(&[]);
    bare["metadata"]
        .as_object_mut()
        .unwrap()
        .remove("annotations");
    let mut mirror = pod(&[("mount.db", "vss/db")]);
    mirror["metadata"]["annotations"]["kubernetes.io/config.mirror"] = json!("x");
    let ignored = pod(&[("mount.db", "vss/db"), ("ignore", "true")]);
    for untouched in [bare, pod(&[]), pod(&[("wait", "hold")]), ignored, mirror] {
        // Not even a directory that knows nothing yet matters to them.
        let response = ask(
            &admission(&Arc::new(Fake::starting())),
            creation(&untouched),
        )
        .await;
        assert_eq!(
            response,
            json!({ "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "allowed": true })
        );
    }
}

#[tokio::test]
async fn other_requests_are_allowed_unseen() {
    let admission = admission(&Arc::new(Fake::starting()));
    let wanting = creation(&pod(&[("mount.db", "nonsense!")]));
    for (pointer, value) in [
        ("/operation", json!("UPDATE")),
        ("/kind/kind", json!("Node")),
        ("/kind/group", json!("pods.example.com")),
    ] {
        let mut request = wanting.clone();
        *request.pointer_mut(pointer).unwrap() = value;
        assert_eq!(ask(&admission, request).await["allowed"], true, "{pointer}");
    }
    let mut binding = wanting.clone();
    binding["subResource"] = json!("binding");
    assert_eq!(ask(&admission, binding).await["allowed"], true);
    let mut deletion = wanting;
    deletion["operation"] = json!("DELETE");
    deletion["object"] = Value::Null;
    assert_eq!(ask(&admission, deletion).await["allowed"], true);
}

#[tokio::test]
async fn a_secret_without_raw_is_mounted_whole_so_new_keys_appear_by_themselves() {
    let sighting = Sighting {
        exclude_raw: true,
        keys: None,
        ..outdated("db", &[])
    };
    let (wired, _) = admitted(
        Fake::new().with("db", sighting),
        &pod(&[("wait", "gate"), ("mount.db", "db")]),
    )
    .await;
    assert_eq!(
        wired["spec"]["volumes"][0]["secret"],
        json!({ "secretName": "db-secret", "defaultMode": 0o444 })
    );
    assert!(is_gated(&wired) && !status(&wired).incomplete);
}

#[tokio::test]
async fn items_choose_rename_and_glob() {
    let pod = pod(&[
        ("mount.tls", "vss/tls"),
        ("mount.tls.items", "key=private.pem@0400,ca*"),
        ("mount.tls.mode", "440"),
    ]);
    let (wired, _) = admitted(
        Fake::new().with("tls", ready("tls", &["key", "cab", "caa", "other"])),
        &pod,
    )
    .await;
    let secret = &wired["spec"]["volumes"][0]["secret"];
    let items = json!([
        { "key": "key", "path": "private.pem", "mode": 0o400 },
        { "key": "caa", "path": "caa" },
        { "key": "cab", "path": "cab" },
    ]);
    assert_eq!(
        (&secret["items"], &secret["defaultMode"]),
        (&items, &json!(0o440))
    );
}

#[tokio::test]
async fn selectors_reach_init_containers_and_sidecars() {
    let mut pod = pod(&[
        ("mount.a", "vss/a"),
        ("mount.a.containers", "@init,@sidecar"),
        ("env.a", "vss/a"),
        ("env.a.containers", "@all,!mesh"),
    ]);
    pod["spec"]["initContainers"] =
        json!([{ "name": "setup" }, { "name": "mesh", "restartPolicy": "Always" }]);
    let (wired, _) = admitted(Fake::new().with("a", ready("a", &["k"])), &pod).await;
    let [setup, mesh] = wired["spec"]["initContainers"]
        .as_array()
        .unwrap()
        .as_slice()
    else {
        panic!()
    };
    let app = &wired["spec"]["containers"][0];
    let has = |container: &Value| {
        (
            container.get("volumeMounts").is_some(),
            container.get("env").is_some(),
        )
    };
    assert_eq!(
        (has(setup), has(mesh), has(app)),
        ((true, true), (true, false), (false, true))
    );
}

#[tokio::test]
async fn our_variables_come_first_and_existing_ones_win() {
    let mut pod = pod(&[("env.a", "vss/a")]);
    pod["spec"]["containers"][0]["env"] =
        json!([{ "name": "URL", "value": "db://$(user)" }, { "name": "pw", "value": "x" }]);
    let (wired, warnings) =
        admitted(Fake::new().with("a", ready("a", &["user", "pw"])), &pod).await;
    let env = wired["spec"]["containers"][0]["env"].as_array().unwrap();
    assert_eq!(
        env.iter()
            .map(|e| e["name"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["user", "URL", "pw"]
    );
    assert_eq!(env[2]["value"], "x");
    assert_eq!(
        warnings,
        ["SW301 env.a: container \"app\" keeps its own pw"]
    );
}

#[tokio::test]
async fn keys_that_are_no_variable_names_are_listed() {
    let (wired, warnings) = admitted(
        Fake::new().with("a", ready("a", &["1st", "ok"])),
        &pod(&[("env.a", "vss/a")]),
    )
    .await;
    assert_eq!(
        wired["spec"]["containers"][0]["env"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(warnings, ["SW102 env.a: left out, no variable names: 1st"]);
}

#[tokio::test]
async fn a_container_added_between_two_passes_is_wired_too() {
    let directory = Arc::new(Fake::new().with("a", ready("a", &["k"])));
    let admission = admission(&directory);
    let first = pod(&[("mount.a", "vss/a"), ("env.a", "vss/a")]);
    let mut between = patched(&first, &ask(&admission, creation(&first)).await);
    let proxy = json!({ "name": "proxy", "image": "proxy:1" });
    between["spec"]["containers"]
        .as_array_mut()
        .unwrap()
        .insert(0, proxy);
    let last = patched(&between, &ask(&admission, creation(&between)).await);
    let [proxy, app] = last["spec"]["containers"].as_array().unwrap().as_slice() else {
        panic!()
    };
    assert_eq!(
        (&proxy["volumeMounts"], &proxy["env"]),
        (&app["volumeMounts"], &app["env"])
    );
    assert_eq!(last["spec"]["volumes"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn volumes_of_an_earlier_pass_are_replaced_when_the_secret_got_other_keys() {
    let directory = Arc::new(Fake::new().with("a", ready("a", &["old"])));
    let admission = admission(&directory);
    let first = pod(&[("mount.a", "vss/a")]);
    let wired = patched(&first, &ask(&admission, creation(&first)).await);
    directory.put(static_secret("a"), ready("a", &["new"]));
    let again = patched(&wired, &ask(&admission, creation(&wired)).await);
    let fresh = patched(&first, &ask(&admission, creation(&first)).await);
    assert_eq!(again, fresh);
}

#[tokio::test]
async fn what_is_known_but_not_ready_is_wired_behind_a_gate() {
    let pod = pod(&[("wait", "gate"), ("mount.a", "vss/a"), ("env.a", "vss/a")]);
    let directory = Arc::new(Fake::new().with("a", outdated("a", &["k"])));
    let admission = admission(&directory);
    let gated = patched(&pod, &ask(&admission, creation(&pod)).await);
    assert!(is_gated(&gated) && gated["spec"].get("volumes").is_some());
    assert_eq!(directory.nudged(), [static_secret("a")]);
    let awaited = status(&gated).awaited();
    assert!(!is_ready(directory.as_ref(), "shop", &awaited));
    // Ready before the second pass: the gate is taken away again.
    directory.put(static_secret("a"), ready("a", &["k"]));
    assert!(is_ready(directory.as_ref(), "shop", &awaited));
    let free = patched(&gated, &ask(&admission, creation(&gated)).await);
    assert!(!is_gated(&free) && free["spec"]["volumes"] == gated["spec"]["volumes"]);
}

#[tokio::test]
async fn wait_none_wires_without_a_gate_and_refuses_what_is_unknown() {
    let pod = pod(&[("wait", "none"), ("env.a", "vss/a")]);
    let (wired, _) = admitted(Fake::new().with("a", outdated("a", &["k"])), &pod).await;
    assert!(!is_gated(&wired) && wired["spec"]["containers"][0].get("env").is_some());
    let (code, _) = refused(Fake::new().with("a", unsynced("a")), &pod).await;
    assert_eq!(code, 429);
}

#[tokio::test]
async fn a_failed_sync_gates_the_pod_and_says_why() {
    let failed = Sighting {
        readiness: Readiness::Failed {
            message: "permission denied".into(),
        },
        ..ready("a", &["k"])
    };
    // No paused clock and no hold: a failed sync is not waited for.
    let (wired, warnings) =
        admitted(Fake::new().with("a", failed), &pod(&[("mount.a", "vss/a")])).await;
    assert!(is_gated(&wired));
    assert_eq!(
        warnings,
        ["SW205 mount.a: VaultStaticSecret \"a\" failed to sync: permission denied"]
    );
}

#[tokio::test]
async fn pods_of_owners_that_make_new_ones_become_placeholders() {
    let wanting = pod(&[("wait", "gate"), ("mount.a", "vss/a"), ("env.b", "b")]);
    for kind in ["ReplicaSet", "StatefulSet", "DaemonSet"] {
        let pod = owned(wanting.clone(), kind);
        let (placed, warnings) = admitted(Fake::new().with("a", ready("a", &["k"])), &pod).await;
        let mut rest = placed.clone();
        assert!(is_gated(&placed) && status(&placed).incomplete, "{kind}");
        assert_eq!(status(&placed).awaited().len(), 2);
        // Never a half injection: nothing but the gate and our marks.
        rest["spec"]
            .as_object_mut()
            .unwrap()
            .remove("schedulingGates");
        assert_eq!(rest["spec"], pod["spec"]);
        assert_eq!(
            warnings,
            ["SW201 env.b: no resource \"b\" in namespace \"shop\""]
        );
    }
    let (code, causes) = refused(
        Fake::new().with("a", ready("a", &["k"])),
        &owned(wanting, "Job"),
    )
    .await;
    assert_eq!((code, causes.len()), (422, 1));
}

#[tokio::test]
async fn a_placeholder_is_wired_in_full_by_a_later_pass() {
    let directory = Arc::new(Fake::new());
    let admission = admission(&directory);
    let pod = owned(pod(&[("wait", "gate"), ("env.a", "vss/a")]), "ReplicaSet");
    let placed = patched(&pod, &ask(&admission, creation(&pod)).await);
    directory.put(static_secret("a"), ready("a", &["k"]));
    let wired = patched(&placed, &ask(&admission, creation(&placed)).await);
    assert!(!is_gated(&wired) && !status(&wired).incomplete);
    assert_eq!(wired["spec"]["containers"][0]["env"][0]["name"], "k");
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

#[tokio::test(start_paused = true)]
async fn a_pod_on_a_given_node_cannot_be_gated() {
    let mut pod = owned(pod(&[("mount.a", "vss/a")]), "ReplicaSet");
    pod["spec"]["nodeName"] = json!("node-1");
    let (code, causes) = refused(Fake::new().with("a", outdated("a", &["k"])), &pod).await;
    assert_eq!(code, 429);
    assert!(
        causes[1].starts_with("SW401 wait: the pod has a nodeName"),
        "{causes:?}"
    );
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
async fn optional_uses_are_left_out_with_a_warning_and_not_waited_for() {
    let pod = pod(&[
        ("mount.a", "vss/gone"),
        ("mount.a.optional", "true"),
        ("env.b", "vss/new"),
        ("env.b.optional", "true"),
        ("env.c", "vss/new"),
        ("env.c.keys", "C=c"),
        ("env.c.optional", "true"),
    ]);
    let (wired, warnings) = admitted(Fake::new().with("new", unsynced("new")), &pod).await;
    assert!(!is_gated(&wired) && wired["spec"].get("volumes").is_none());
    let source = json!({ "name": "new-secret", "key": "c", "optional": true });
    let env = json!([{ "name": "C", "valueFrom": { "secretKeyRef": source } }]);
    assert_eq!(wired["spec"]["containers"][0]["env"], env);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(status(&wired).awaited().is_empty());
}

#[tokio::test]
async fn a_status_that_is_not_ours_is_overwritten_with_a_warning() {
    let pod = pod(&[("mount.a", "vss/a"), ("status", "injected")]);
    let (wired, warnings) = admitted(Fake::new().with("a", ready("a", &["k"])), &pod).await;
    assert_eq!(status(&wired).uses.len(), 1);
    assert_eq!(
        warnings,
        ["SW601 status: this key is ours, and is overwritten"]
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

#[tokio::test]
async fn a_panic_is_an_answer() {
    let response = ask(
        &admission(&Arc::new(Fake::new())),
        creation(&pod(&[("mount.a", "vss/panics")])),
    )
    .await;
    let (code, causes) = causes(&response);
    assert_eq!(code, 503);
    assert!(causes[0].starts_with("SW900 "));
}
