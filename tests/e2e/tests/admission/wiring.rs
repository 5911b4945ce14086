//! What pods get for their annotations.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{
    objects::{
        annotation, container, container_of, deployment, elements, is_gated, is_touched, pod,
        secret_mounts, secret_variables, secret_volumes, sidecar, status, workload,
    },
    stand::on_stage,
};

const DATABASE: [(&str, &str); 3] = [
    ("mount.db", "vss/db"),
    ("mount.db.path", "/etc/db"),
    ("env.db", "vss/db"),
];

#[test]
fn three_lines_wire_the_pods_of_a_deployment_and_nothing_else_of_it() -> Result<()> {
    on_stage("lines", async |stand| {
        stand.synced("db").await?;
        let mut object = deployment("api", &DATABASE);
        let spec = &mut object["spec"]["template"]["spec"];
        spec["containers"] = json!([container("app"), container("helper")]);
        spec["initContainers"] = json!([container("setup"), sidecar("proxy")]);
        let said = stand.apply(&object).await?;
        ensure!(
            said.accepted && !said.words.contains("Warning"),
            "{}",
            said.words
        );

        let pod = stand.await_pod("api", "wired", is_touched).await?;
        ensure!(!is_gated(&pod), "{pod}");
        let volumes = secret_volumes(&pod);
        ensure!(volumes.len() == 1, "{volumes:?}");
        let source = json!({
            "secretName": "db", "defaultMode": 0o444,
            "items": [{"key": "password", "path": "password"}, {"key": "username", "path": "username"}],
        });
        ensure!(volumes[0]["secret"] == source, "{volumes:?}");
        for name in ["app", "helper"] {
            let mounts = secret_mounts(&pod, name)?;
            ensure!(mounts.keys().eq(["/etc/db"]), "{name}: {mounts:?}");
            let variables = secret_variables(&pod, name)?;
            let expected = [("password", "db/password"), ("username", "db/username")];
            let expected = expected.map(|(name, key)| (name.to_owned(), key.to_owned()));
            ensure!(variables == expected.into(), "{name}: {variables:?}");
        }
        for name in ["setup", "proxy"] {
            let variables = &container_of(&pod, name)?["env"];
            ensure!(
                secret_mounts(&pod, name)?.is_empty() && variables.is_null(),
                "{name}: {pod}"
            );
        }
        ensure!(
            pod["metadata"]["labels"]["secretwire.dev/wired"] == "true",
            "{pod}"
        );
        let resource = stand.static_secret("db").await?;
        let secret = stand.secret("db").await?;
        let used = json!({
            "kind": "VaultStaticSecret", "name": "db", "uid": resource.metadata.uid,
            "secret": "db", "resourceVersion": secret.metadata.resource_version,
        });
        let status = status(&pod)?;
        ensure!(
            status["uses"] == json!({"mount.db": used, "env.db": used}),
            "{status}"
        );

        let deployment = stand.read("Deployment", "api").await?;
        let template = &deployment["spec"]["template"];
        ensure!(template["spec"]["volumes"].is_null(), "{template}");
        for container in elements(&template["spec"]["containers"]) {
            let untouched = container["env"].is_null() && container["volumeMounts"].is_null();
            ensure!(untouched, "{container}");
        }
        ensure!(!annotation(template, "stamp").is_null(), "{template}");
        Ok(())
    })
}

#[test]
fn selectors_choose_the_containers_of_each_line() -> Result<()> {
    on_stage("selectors", async |stand| {
        stand.synced("db").await?;
        let annotations = [
            ("mount.db", "db"),
            ("mount.db.containers", "@app,@init,!helper"),
            ("env.db", "db"),
            ("env.db.containers", "@sidecar,app-*"),
        ];
        let mut object = pod("selectors", &annotations);
        object["spec"]["containers"] = json!([
            container("app"),
            container("app-cache"),
            container("helper")
        ]);
        object["spec"]["initContainers"] = json!([container("setup"), sidecar("proxy")]);
        let pod = stand.make(&object).await?;
        for (name, mounted, set) in [
            ("app", true, false),
            ("app-cache", true, true),
            ("helper", false, false),
            ("setup", true, false),
            ("proxy", false, true),
        ] {
            let mounts = secret_mounts(&pod, name)?;
            let variables = secret_variables(&pod, name)?;
            ensure!(
                mounts.contains_key("/secrets/db") == mounted,
                "{name}: {mounts:?}"
            );
            ensure!(variables.is_empty() != set, "{name}: {variables:?}");
        }
        Ok(())
    })
}

#[test]
fn modifiers_choose_keys_names_modes_and_paths() -> Result<()> {
    on_stage("modifiers", async |stand| {
        stand.synced("db").await?;
        let annotations = [
            ("mount.db", "VaultStaticSecret/db"),
            ("mount.db.items", "password=conf/pw@0400, user*"),
            ("mount.db.mode", "0440"),
            ("mount.all", "db"),
            ("mount.all.path", "/etc/all/"),
            ("mount.all.optional", "true"),
            ("env.db", "db"),
            ("env.db.prefix", "DB_"),
            ("env.db.keys", "PASS=password"),
            ("env.more", "db"),
            ("env.more.keys", "RAW=_raw, LATER=later"),
            ("env.more.optional", "true"),
        ];
        let pod = stand.make(&pod("modifiers", &annotations)).await?;
        let source = |path: &str| -> Result<Value> {
            let mounts = secret_mounts(&pod, "app")?;
            let volume = secret_volumes(&pod)
                .into_iter()
                .find(|volume| volume["name"].as_str() == mounts.get(path).map(String::as_str));
            Ok(volume.map_or(Value::Null, |volume| volume["secret"].clone()))
        };
        let db = source("/secrets/db")?;
        let items = json!([{"key": "password", "path": "conf/pw", "mode": 0o400}, {"key": "username", "path": "username"}]);
        ensure!(db["items"] == items && db["defaultMode"] == 0o440, "{db}");
        let all = source("/etc/all")?;
        ensure!(
            all["optional"] == true && elements(&all["items"]).count() == 2,
            "{all}"
        );
        let variables = secret_variables(&pod, "app")?;
        let expected = [
            ("DB_PASS", "db/password"),
            ("LATER", "db/later"),
            ("RAW", "db/_raw"),
        ];
        let expected = expected.map(|(name, key)| (name.to_owned(), key.to_owned()));
        ensure!(variables == expected.into(), "{variables:?}");
        for variable in elements(&container_of(&pod, "app")?["env"]) {
            let optional = variable["valueFrom"]["secretKeyRef"]["optional"] == true;
            ensure!(optional == (variable["name"] != "DB_PASS"), "{variable}");
        }
        Ok(())
    })
}

#[test]
fn variables_of_the_container_come_after_ours_and_win() -> Result<()> {
    on_stage("variables", async |stand| {
        stand.synced("db").await?;
        let mut object = pod("own", &[("env.db", "db")]);
        let own = json!([{"name": "username", "value": "mine"}, {"name": "URL", "value": "db://$(password)"}]);
        object["spec"]["containers"][0]["env"] = own;
        let said = stand.apply(&object).await?;
        ensure!(said.accepted, "{}", said.words);
        ensure!(
            said.words.contains("Warning: SW301 env.db"),
            "{}",
            said.words
        );
        let pod = stand.read("Pod", "own").await?;
        let names: Vec<_> = elements(&container_of(&pod, "app")?["env"])
            .map(|variable| (variable["name"].as_str(), variable["value"].as_str()))
            .collect();
        let expected = [
            (Some("password"), None),
            (Some("username"), Some("mine")),
            (Some("URL"), Some("db://$(password)")),
        ];
        ensure!(names == expected, "{names:?}");
        Ok(())
    })
}

#[test]
fn pods_of_every_sort_of_owner_are_wired() -> Result<()> {
    on_stage("owners", async |stand| {
        stand.synced("db").await?;
        for kind in ["Deployment", "ReplicaSet", "StatefulSet", "Job"] {
            let name = kind.to_lowercase();
            stand.make(&workload(kind, &name, &DATABASE)).await?;
            let pod = stand.await_pod(&name, "wired", is_touched).await?;
            ensure!(
                !is_gated(&pod) && secret_mounts(&pod, "app")?.len() == 1,
                "{kind}: {pod}"
            );
        }
        Ok(())
    })
}

#[test]
fn pods_that_a_restricted_namespace_accepts_are_accepted_when_wired() -> Result<()> {
    on_stage("restricted", async |stand| {
        let labels = [
            "label",
            "namespace",
            stand.name(),
            "pod-security.kubernetes.io/enforce=restricted",
        ];
        stand.kubectl(&labels).await?;
        let mut loose = pod("loose", &[]);
        loose["spec"]["containers"][0]["securityContext"] = json!({});
        let status = stand.refusal(&loose).await?;
        ensure!(status.message.contains("PodSecurity"), "{status:?}");

        stand.synced("db").await?;
        let mut object = pod("strict", &DATABASE);
        object["spec"]["initContainers"] = json!([container("setup"), sidecar("proxy")]);
        let pod = stand.make(&object).await?;
        ensure!(secret_mounts(&pod, "app")?.len() == 1, "{pod}");
        // One that waits is accepted too.
        let gated = stand
            .make(&deployment("late", &[("mount.late", "vss/late")]))
            .await?;
        ensure!(gated["metadata"]["uid"].is_string());
        stand.await_pod("late", "gated", is_gated).await.map(drop)
    })
}
