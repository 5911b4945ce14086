//! A new value in Vault reaches the Secret and the processes that use it.

use anyhow::{Context as _, Result, ensure};
use secretwire_api::names::condition;
use secretwire_e2e::{
    Conditions as _, DEADLINE, Space, restart_stamp, secret_value, shared, workload,
};
use secretwire_lab::await_condition;
use serde_json::{Value, json};

const KINDS: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];

fn targets() -> Value {
    json!(KINDS.map(|kind| json!({"kind": kind, "name": "app"})))
}

/// Waits until a workload, which is at generation 1 when it is new, was restarted so often, and returns the stamp.
async fn await_restarts(space: &Space<'_>, kind: &str, count: i64) -> Result<String> {
    await_condition(
        &format!("{count} restarts of {kind}"),
        DEADLINE,
        async || {
            let object = space
                .object(kind, "app")
                .await?
                .context("it is not there")?;
            let generation = &object["metadata"]["generation"];
            ensure!(generation == &json!(count + 1), "generation {generation}");
            Ok(restart_stamp(&object).map(str::to_owned))
        },
    )
    .await
}

async fn generation(space: &Space<'_>, kind: &str) -> Result<Value> {
    let object = space
        .object(kind, "app")
        .await?
        .context("it is not there")?;
    Ok(object["metadata"]["generation"].clone())
}

#[test]
fn a_new_value_restarts_workloads_of_each_kind_exactly_once() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("rotation").await?;
        for kind in KINDS {
            space.create(workload(kind, "app")).await?;
        }
        space
            .put("db", &json!({"key": secret_value("first")}))
            .await?;
        space
            .sync("db", json!({"rolloutRestartTargets": targets()}))
            .await?;
        let first = space.await_synced("db").await?;
        assert!(first.condition(condition::ROLLOUT_RESTART).is_none());
        for kind in KINDS {
            assert_eq!(
                generation(&space, kind).await?,
                json!(1),
                "{kind}: restarted by the first sync"
            );
        }

        space
            .put("db", &json!({"key": secret_value("second")}))
            .await?;
        for kind in KINDS {
            let stamp = await_restarts(&space, kind, 1).await?;
            // In a form that parses as VSO's does, and whose pods were given the new value.
            ensure!(
                stamp.len() >= 20 && stamp.ends_with('Z') && stamp.as_bytes()[10] == b'T',
                "{stamp}"
            );
        }
        space
            .await_value("db", "key", &secret_value("second"))
            .await?;
        let mark = space.lab().vault().mark();
        space.await_reads("db", &mark, 3).await?;
        for kind in KINDS {
            assert_eq!(
                generation(&space, kind).await?,
                json!(2),
                "{kind}: restarted again for nothing"
            );
        }
        let secret = space.static_secret("db").await?;
        let restarted = secret
            .condition(condition::ROLLOUT_RESTART)
            .context("no condition")?;
        assert_eq!(restarted.status, "True", "{}", restarted.message);
        Ok(())
    })
}

#[test]
fn rotations_that_follow_within_a_second_are_counted_each() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("twice").await?;
        space.create(workload("Deployment", "app")).await?;
        for name in ["a", "b"] {
            space
                .put(name, &json!({"key": secret_value("first")}))
                .await?;
            let targets = json!([{"kind": "Deployment", "name": "app"}]);
            space
                .sync(
                    name,
                    json!({"refreshAfter": "1s", "rolloutRestartTargets": targets}),
                )
                .await?;
        }
        for name in ["a", "b"] {
            space.await_synced(name).await?;
        }
        // One resource twice, and two resources at once.
        space
            .put("a", &json!({"key": secret_value("second")}))
            .await?;
        let first = await_restarts(&space, "Deployment", 1).await?;
        space
            .put("a", &json!({"key": secret_value("third")}))
            .await?;
        let second = await_restarts(&space, "Deployment", 2).await?;
        assert_ne!(first, second);
        let data = json!({"key": secret_value("fourth")});
        futures::future::try_join(space.put("a", &data), space.put("b", &data)).await?;
        await_restarts(&space, "Deployment", 4).await.map(drop)
    })
}

#[test]
fn an_edit_of_the_resource_that_leaves_the_data_restarts_nothing() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("edit").await?;
        space.create(workload("Deployment", "app")).await?;
        space
            .put("db", &json!({"key": secret_value("same")}))
            .await?;
        let targets = json!([{"kind": "Deployment", "name": "app"}]);
        space
            .sync("db", json!({"rolloutRestartTargets": targets}))
            .await?;
        space.await_synced("db").await?;
        space
            .edit("db", json!({"destination": {"labels": {"tier": "db"}}}))
            .await?;
        space
            .await_secret("db", "the label", |secret| {
                secret
                    .metadata
                    .labels
                    .as_ref()
                    .is_some_and(|labels| labels.contains_key("tier"))
            })
            .await?;
        space.await_synced("db").await?;
        assert_eq!(generation(&space, "Deployment").await?, json!(1));
        Ok(())
    })
}

#[test]
fn a_resource_without_targets_says_nothing_of_restarts() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("no-targets").await?;
        space.create(workload("Deployment", "app")).await?;
        space
            .put("db", &json!({"key": secret_value("first")}))
            .await?;
        space
            .sync("none", json!({"path": space.path("db")}))
            .await?;
        let targets = json!([{"kind": "Deployment", "name": "app"}]);
        space
            .sync(
                "some",
                json!({"path": space.path("db"), "rolloutRestartTargets": targets}),
            )
            .await?;
        for name in ["none", "some"] {
            space.await_synced(name).await?;
        }
        space
            .put("db", &json!({"key": secret_value("second")}))
            .await?;
        for name in ["none", "some"] {
            space
                .await_value(name, "key", &secret_value("second"))
                .await?;
        }
        let condition_of = async |name: &str| -> Result<bool> {
            Ok(space
                .static_secret(name)
                .await?
                .condition(condition::ROLLOUT_RESTART)
                .is_some())
        };
        await_condition("the condition with a target", DEADLINE, async || {
            Ok(condition_of("some").await?.then_some(()))
        })
        .await?;
        // And it goes with the last target.
        space
            .edit("some", json!({"rolloutRestartTargets": null}))
            .await?;
        space.await_synced("some").await?;
        for name in ["none", "some"] {
            assert!(!condition_of(name).await?, "{name}");
        }
        Ok(())
    })
}

#[test]
fn a_target_that_cannot_be_restarted_is_told_and_the_secret_is_synced_all_the_same() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("bad-targets").await?;
        let mut paused = workload("Deployment", "paused");
        paused["spec"]["paused"] = json!(true);
        space.create(paused).await?;
        space.create(workload("Deployment", "app")).await?;
        space
            .put("db", &json!({"key": secret_value("first")}))
            .await?;
        let targets =
            ["missing", "paused", "app"].map(|name| json!({"kind": "Deployment", "name": name}));
        space
            .sync("db", json!({"rolloutRestartTargets": targets}))
            .await?;
        space.await_synced("db").await?;
        space
            .put("db", &json!({"key": secret_value("second")}))
            .await?;
        await_restarts(&space, "Deployment", 1).await?;
        await_condition("the condition", DEADLINE, async || {
            let secret = space.static_secret("db").await?;
            let told = secret
                .condition(condition::ROLLOUT_RESTART)
                .context("no condition")?;
            let words = [
                "Deployment missing does not exist",
                "Deployment paused is paused",
            ];
            ensure!(
                words.iter().all(|word| told.message.contains(word)),
                "{}",
                told.message
            );
            Ok((told.status == "False").then_some(()))
        })
        .await?;
        space
            .await_value("db", "key", &secret_value("second"))
            .await?;
        space.await_synced("db").await.map(drop)
    })
}

#[test]
fn an_argo_rollout_is_told_when_to_restart() -> Result<()> {
    shared(async |stage| {
        let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "rollouts.argoproj.io"},
            "spec": {
                "group": "argoproj.io",
                "names": {"kind": "Rollout", "plural": "rollouts"},
                "scope": "Namespaced",
                "versions": [{"name": "v1alpha1", "served": true, "storage": true, "schema": schema}],
            },
        });
        stage.lab().apply(&definition.to_string()).await?;
        let space = stage.space("argo").await?;
        let rollout = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": {"name": "app"}, "spec": {"replicas": 0},
        });
        // A definition is served a moment after it is accepted.
        await_condition("the Rollout", DEADLINE, async || {
            Ok(Some(space.create(rollout.clone()).await?))
        })
        .await?;
        space
            .put("db", &json!({"key": secret_value("first")}))
            .await?;
        let targets = json!([{"kind": "argo.Rollout", "name": "app"}]);
        space
            .sync("db", json!({"rolloutRestartTargets": targets}))
            .await?;
        space.await_synced("db").await?;
        let restart_at = async || -> Result<Value> {
            let rollout = space
                .object("Rollout", "app")
                .await?
                .context("no Rollout")?;
            Ok(rollout["spec"]["restartAt"].clone())
        };
        assert_eq!(restart_at().await?, Value::Null);
        space
            .put("db", &json!({"key": secret_value("second")}))
            .await?;
        await_condition("the restart", DEADLINE, async || {
            let at = restart_at().await?;
            Ok(at.as_str().map(|at| assert!(at.ends_with('Z'), "{at}")))
        })
        .await
    })
}
