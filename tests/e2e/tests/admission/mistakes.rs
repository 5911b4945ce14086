//! What is said about annotations that cannot be served, and when.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::{
    objects::{deployment, is_touched, pod, workload},
    stand::on_stage,
};

#[test]
fn kubectl_shows_all_mistakes_of_a_deployment_at_once_and_nothing_is_made() -> Result<()> {
    on_stage("typos", async |stand| {
        stand.synced("db").await?;
        let annotations = [
            ("mount.db", "vss/db"),
            ("mount.db.pth", "/etc/db"),
            ("mount.db.mode", "999"),
            ("mout.other", "vss/db"),
            ("env.api.keys", "A=a"),
            ("wait", "forever"),
        ];
        let said = stand.apply(&deployment("api", &annotations)).await?;
        ensure!(!said.accepted, "{}", said.words);
        for words in [
            "spec.template.metadata.annotations[secretwire.dev/mount.db.pth]",
            "SW101 mount.db.pth",
            "did you mean \"path\"?",
            "SW101 mout.other",
            "did you mean \"mount.other\"?",
            "SW102 mount.db.mode",
            "SW102 wait",
            "SW103 env.api.keys",
        ] {
            ensure!(said.words.contains(words), "no {words:?} in {}", said.words);
        }
        let made = stand.list("Deployment", "api").await?;
        ensure!(made.is_empty(), "{made:?}");
        // Other clients see the same by field.
        let status = stand.refusal(&deployment("api", &annotations)).await?;
        ensure!(
            status.code == 422 && status.reason == "Invalid",
            "{status:?}"
        );
        let details = status.details.context("no details")?;
        ensure!(
            details.name == "api" && details.causes.len() == 5,
            "{details:?}"
        );
        Ok(())
    })
}

#[test]
fn each_mistake_is_refused_in_each_kind_of_object_with_its_code() -> Result<()> {
    on_stage("mistakes", async |stand| {
        stand.synced("db").await?;
        for (key, value, code) in [
            ("mount.db.path", "etc/db", "SW105"),
            ("mount.db.path", "/etc/../db", "SW105"),
            ("mount.db.path", "/proc/db", "SW105"),
            (
                "mount.db.path",
                "/var/run/secrets/kubernetes.io/serviceaccount",
                "SW105",
            ),
            ("mount.DB", "vss/db", "SW105"),
            ("mount.db.optional", "yes", "SW102"),
            ("mount.db.items", "a=x,b=x", "SW102"),
            ("mount.db.items", "a=../x", "SW102"),
            ("mount.db.containers", "@apps", "SW102"),
            ("mount.db.containers", "ap", "SW302"),
            ("mount.other", "elsewhere/vss/db", "SW204"),
            ("mount.other", "vsss/db", "SW102"),
            ("mount.other", "selector(app=api)", "SW102"),
            ("project.all", "vss/db", "SW101"),
            ("hold", "2 seconds", "SW102"),
            ("lint", "off", "SW102"),
            ("ignore", "yes", "SW102"),
        ] {
            let annotations: Vec<_> = [("mount.db", "vss/db"), (key, value)].into();
            let objects = [
                pod("p", &annotations),
                deployment("d", &annotations),
                workload("Job", "j", &annotations),
                workload("CronJob", "c", &annotations),
            ];
            for object in objects {
                let status = stand.refusal(&object).await;
                let status = status.with_context(|| format!("{key}: {value}"))?;
                let field = format!("annotations[secretwire.dev/{key}]");
                let causes = status.details.context("no details")?.causes;
                let told = causes
                    .iter()
                    .any(|cause| cause.message.starts_with(code) && cause.field.ends_with(&field));
                ensure!(told, "{key}: {value}: no {code} at {field}: {causes:?}");
            }
        }
        Ok(())
    })
}

#[test]
fn a_resource_that_does_not_exist_is_a_warning_for_workloads_and_names_the_nearest() -> Result<()> {
    on_stage("unknown", async |stand| {
        stand.synced("orders-db").await?;
        let annotations = [("mount.db", "vss/orders-bd"), ("hold", "0s")];
        let said = stand.apply(&deployment("api", &annotations)).await?;
        let words = "SW201 mount.db: no VaultStaticSecret \"orders-bd\"";
        let hint = "did you mean \"orders-db\"?";
        ensure!(said.accepted, "{}", said.words);
        ensure!(
            said.words.contains("Warning: ") && said.words.contains(words),
            "{}",
            said.words
        );
        ensure!(said.words.contains(hint), "{}", said.words);
        let said = stand.apply(&pod("api", &annotations)).await?;
        ensure!(
            !said.accepted && said.words.contains(words),
            "{}",
            said.words
        );
        ensure!(said.words.contains(hint), "{}", said.words);
        Ok(())
    })
}

#[test]
fn keys_that_a_synced_secret_has_not_are_named() -> Result<()> {
    on_stage("keys", async |stand| {
        stand.synced("db").await?;
        let annotations = [("env.db", "vss/db"), ("env.db.keys", "PASS=pasword")];
        let status = stand.refusal(&pod("api", &annotations)).await?;
        for words in [
            "SW206 env.db",
            "no key \"pasword\"",
            "did you mean \"password\"?",
        ] {
            ensure!(status.message.contains(words), "{status:?}");
        }
        let said = stand.apply(&deployment("api", &annotations)).await?;
        ensure!(
            said.accepted && said.words.contains("Warning: SW206 env.db"),
            "{}",
            said.words
        );
        Ok(())
    })
}

#[test]
fn a_mount_path_that_is_taken_is_refused_before_the_api_server_does() -> Result<()> {
    on_stage("taken", async |stand| {
        stand.synced("db").await?;
        let annotations = [("mount.db", "vss/db"), ("mount.db.path", "/data")];
        let mut object = pod("api", &annotations);
        object["spec"]["volumes"] = json!([{"name": "data", "emptyDir": {}}]);
        object["spec"]["containers"][0]["volumeMounts"] =
            json!([{"name": "data", "mountPath": "/data/"}]);
        let status = stand.refusal(&object).await?;
        let words = "SW301 mount.db: container \"app\" has volume \"data\" at /data";
        ensure!(status.message.contains(words), "{status:?}");
        let twice = [
            ("mount.a", "db"),
            ("mount.a.path", "/x"),
            ("mount.b", "db"),
            ("mount.b.path", "/x/"),
        ];
        let status = stand.refusal(&pod("api", &twice)).await?;
        ensure!(status.message.contains("SW301 mount.b"), "{status:?}");
        Ok(())
    })
}

#[test]
fn lint_turns_unknown_keys_into_warnings() -> Result<()> {
    on_stage("lint", async |stand| {
        stand.synced("db").await?;
        let annotations = [("mount.db", "db"), ("mount.db.pth", "/x"), ("lint", "warn")];
        let said = stand.apply(&pod("api", &annotations)).await?;
        ensure!(said.accepted, "{}", said.words);
        ensure!(
            said.words.contains("Warning: SW101 mount.db.pth"),
            "{}",
            said.words
        );
        ensure!(is_touched(&stand.read("Pod", "api").await?));
        Ok(())
    })
}

#[test]
fn ignore_leaves_a_pod_alone_whatever_else_it_says() -> Result<()> {
    on_stage("ignore", async |stand| {
        let annotations = [
            ("ignore", "true"),
            ("mount.DB", "//"),
            ("nonsense", "x"),
            ("env.db", "vss/none"),
        ];
        for object in [
            pod("api", &annotations),
            deployment("api-server", &annotations),
        ] {
            let said = stand.apply(&object).await?;
            ensure!(
                said.accepted && !said.words.contains("Warning"),
                "{}",
                said.words
            );
        }
        ensure!(!is_touched(&stand.read("Pod", "api").await?));
        let pod = stand
            .await_pods("api-server", "one", |pods| pods.len() == 1)
            .await?;
        ensure!(!is_touched(&pod[0]));
        Ok(())
    })
}

#[test]
fn a_key_of_ours_that_a_user_writes_is_told_and_overwritten() -> Result<()> {
    on_stage("forged", async |stand| {
        stand.synced("db").await?;
        let annotations = [("mount.db", "db"), ("status", "injected")];
        let said = stand.apply(&pod("api", &annotations)).await?;
        ensure!(
            said.accepted && said.words.contains("SW601 status"),
            "{}",
            said.words
        );
        let pod = stand.read("Pod", "api").await?;
        ensure!(
            super::objects::status(&pod)?["uses"]["mount.db"]["name"] == "db",
            "{pod}"
        );
        Ok(())
    })
}
