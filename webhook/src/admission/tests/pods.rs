use crate::directory::Sighting;
use crate::fake::{outdated, ready, static_secret, unsynced};

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
