//! Pods whose secrets are not there yet: none ever starts without them.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use secretwire_e2e::{SilentVault, secret_value};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    objects::{
        deployment, is_gated, is_touched, pod, secret_mounts, secret_variables, secret_volumes,
        status, uid, workload,
    },
    stand::{Stand, on_stage},
};

const MOUNT: [(&str, &str); 1] = [("mount.db", "vss/db")];
/// All that is needed to wire a pod is known before the first sync.
const VARIABLE: [(&str, &str); 2] = [("env.db", "vss/db"), ("env.db.keys", "PASS=password")];

fn is_placeholder(pod: &Value) -> bool {
    is_gated(pod) && status(pod).is_ok_and(|status| status["incomplete"] == true)
}

/// Waits until the one pod of `app` has the Secret `db` and may start.
async fn await_wired(stand: &Stand<'_>, app: &str) -> Result<Value> {
    let pod = stand
        .await_pod(app, "wired and free", |pod| {
            is_touched(pod) && !is_gated(pod)
        })
        .await?;
    let has = !secret_mounts(&pod, "app")?.is_empty() || !secret_variables(&pod, "app")?.is_empty();
    ensure!(has, "free, and without its Secret: {pod}");
    Ok(pod)
}

#[test]
fn a_deployment_made_before_its_resource_gets_wired_pods_later() -> Result<()> {
    on_stage("early", async |stand| {
        stand.put_credentials("db").await?;
        let said = stand.apply(&deployment("api", &MOUNT)).await?;
        ensure!(
            said.accepted && said.words.contains("SW201"),
            "{}",
            said.words
        );
        let placeholder = stand
            .await_pod("api", "a placeholder", is_placeholder)
            .await?;
        ensure!(secret_volumes(&placeholder).is_empty(), "{placeholder}");
        stand
            .await_event(
                "api",
                "WaitingForSecret",
                &["VaultStaticSecret \"db\"", "does not exist"],
            )
            .await?;

        stand.sync("db", json!({})).await?;
        let pod = await_wired(stand, "api").await?;
        ensure!(uid(&pod) != uid(&placeholder), "the placeholder was let go");
        stand
            .await_event("api", "SecretsReady", &["replacing"])
            .await
    })
}

#[test]
fn a_deployment_whose_vault_path_is_missing_waits_with_the_reason_until_it_is_written() -> Result<()>
{
    on_stage("missing", async |stand| {
        stand.sync("db", json!({})).await?;
        let failed = stand.await_failure("db", &[]).await?;
        let said = stand.apply(&deployment("api", &MOUNT)).await?;
        ensure!(
            said.accepted && said.words.contains("SW205 mount.db"),
            "{}",
            said.words
        );
        stand
            .await_pod("api", "a placeholder", is_placeholder)
            .await?;
        let conditions = failed
            .status
            .map(|status| status.conditions)
            .unwrap_or_default();
        let reason = conditions
            .iter()
            .find(|found| found.type_ == "SecretSynced");
        let reason: String = reason
            .map_or("", |found| &found.message)
            .chars()
            .take(60)
            .collect();
        stand
            .await_event("api", "WaitingForSecret", &[&reason])
            .await?;

        stand.put_credentials("db").await?;
        await_wired(stand, "api").await.map(drop)
    })
}

#[test]
fn a_gated_pod_is_complete_and_is_let_go_as_it_is() -> Result<()> {
    on_stage("gated", async |stand| {
        stand.sync("db", json!({})).await?;
        stand.await_failure("db", &[]).await?;
        let said = stand.apply(&pod("api", &VARIABLE)).await?;
        ensure!(
            said.accepted && said.words.contains("Warning: SW205 env.db"),
            "{}",
            said.words
        );
        let gated = stand.read("Pod", "api").await?;
        ensure!(is_gated(&gated) && !is_placeholder(&gated), "{gated}");
        let variables = secret_variables(&gated, "app")?;
        ensure!(variables["PASS"] == "db/password", "{variables:?}");
        stand
            .await_event("api", "WaitingForSecret", &["VaultStaticSecret \"db\""])
            .await?;

        stand.put_credentials("db").await?;
        let pod = await_wired(stand, "api").await?;
        ensure!(uid(&pod) == uid(&gated), "it was replaced");
        stand
            .await_event("api", "SecretsReady", &["scheduled"])
            .await
    })
}

#[test]
fn gates_of_others_stay_when_ours_goes() -> Result<()> {
    on_stage("gates", async |stand| {
        stand.sync("db", json!({})).await?;
        stand.await_failure("db", &[]).await?;
        let mut object = pod("api", &VARIABLE);
        object["spec"]["schedulingGates"] = json!([{"name": "example.com/quota"}]);
        let waiting = stand.make(&object).await?;
        ensure!(is_gated(&waiting), "{waiting}");
        stand.put_credentials("db").await?;
        let pod = await_wired(stand, "api").await?;
        let gates = &pod["spec"]["schedulingGates"];
        ensure!(*gates == json!([{"name": "example.com/quota"}]), "{gates}");
        Ok(())
    })
}

#[test]
fn a_bare_pod_that_cannot_be_wired_yet_is_refused_with_the_reason() -> Result<()> {
    on_stage("bare", async |stand| {
        let status = stand
            .refusal(&pod("api", &[MOUNT[0], ("hold", "0s")]))
            .await?;
        ensure!(
            status.code == 422 && status.message.contains("SW201 mount.db"),
            "{status:?}"
        );
        stand.sync("db", json!({})).await?;
        stand.await_failure("db", &[]).await?;
        let status = stand.refusal(&pod("api", &MOUNT)).await?;
        let words = "SW205 mount.db: VaultStaticSecret \"db\" failed to sync: ";
        ensure!(
            status.code == 422 && status.message.contains(words),
            "{status:?}"
        );
        stand.put_credentials("db").await?;
        stand.await_synced("db").await?;
        let pod = stand.make(&pod("api", &MOUNT)).await?;
        ensure!(
            !is_gated(&pod) && secret_mounts(&pod, "app")?.len() == 1,
            "{pod}"
        );
        Ok(())
    })
}

#[test]
fn kubectl_waits_for_a_bare_pod_whose_secret_is_on_its_way() -> Result<()> {
    on_stage("retried", async |stand| {
        let vault = SilentVault::open(stand).await?;
        stand.sync("db", json!({"vaultAuthRef": "silent"})).await?;
        let object = pod("api", &[MOUNT[0], ("hold", "0s")]);
        let status = stand.refusal(&object).await?;
        let details = status.details.as_ref();
        let retry = details.map(|details| details.retry_after_seconds);
        ensure!(status.code == 429 && retry == Some(1), "{status:?}");
        stand.put_credentials("db").await?;
        let _awake = vault.wake();
        let said = stand.apply(&object).await?;
        ensure!(said.accepted, "{}", said.words);
        await_wired(stand, "api").await.map(drop)
    })
}

#[test]
fn the_pod_of_a_job_waits_for_its_resource_and_then_for_its_secret() -> Result<()> {
    on_stage("job", async |stand| {
        let said = stand.apply(&workload("Job", "once", &VARIABLE)).await?;
        ensure!(
            said.accepted && said.words.contains("SW201"),
            "{}",
            said.words
        );
        // Nobody makes another pod for a Job at no cost, so there is no placeholder.
        stand
            .await_event("once", "FailedCreate", &["SW201 env.db"])
            .await?;
        ensure!(stand.list("Pod", "once").await?.is_empty());
        stand.sync("db", json!({})).await?;
        let gated = stand.await_pod("once", "gated", is_gated).await?;
        stand.put_credentials("db").await?;
        let pod = await_wired(stand, "once").await?;
        ensure!(uid(&pod) == uid(&gated), "it was replaced");
        Ok(())
    })
}

#[test]
fn without_waiting_a_pod_is_wired_and_left_to_the_kubelet() -> Result<()> {
    on_stage("nowait", async |stand| {
        let annotations = [VARIABLE[0], VARIABLE[1], ("wait", "none")];
        let status = stand.refusal(&pod("api", &annotations)).await?;
        ensure!(status.message.contains("SW201 env.db"), "{status:?}");
        stand.sync("db", json!({})).await?;
        stand.await_failure("db", &[]).await?;
        let pod = stand.make(&pod("api", &annotations)).await?;
        let variables = secret_variables(&pod, "app")?;
        ensure!(
            !is_gated(&pod) && variables["PASS"] == "db/password",
            "{pod}"
        );
        Ok(())
    })
}

#[test]
fn a_pod_with_a_node_cannot_be_gated_and_is_refused_until_its_secret_is_there() -> Result<()> {
    on_stage("node-name", async |stand| {
        stand.sync("db", json!({})).await?;
        stand.await_failure("db", &[]).await?;
        let mut object = pod("api", &VARIABLE);
        object["spec"]["nodeName"] = json!("worker");
        let status = stand.refusal(&object).await?;
        let told = ["SW205 env.db", "SW401 wait", "nodeName"];
        ensure!(
            told.iter().all(|word| status.message.contains(word)),
            "{status:?}"
        );
        stand.put_credentials("db").await?;
        stand.await_synced("db").await?;
        let pod = stand.make(&object).await?;
        ensure!(
            secret_variables(&pod, "app")?["PASS"] == "db/password",
            "{pod}"
        );
        Ok(())
    })
}

#[test]
fn what_is_optional_is_not_waited_for() -> Result<()> {
    on_stage("optional", async |stand| {
        let annotations = [
            VARIABLE[0],
            VARIABLE[1],
            ("env.db.optional", "true"),
            ("hold", "0s"),
        ];
        let said = stand.apply(&pod("before", &annotations)).await?;
        let words = "Warning: SW201 env.db: left out, as it is optional";
        ensure!(
            said.accepted && said.words.contains(words),
            "{}",
            said.words
        );
        let before = stand.read("Pod", "before").await?;
        ensure!(
            !is_gated(&before) && secret_variables(&before, "app")?.is_empty(),
            "{before}"
        );

        stand.sync("db", json!({})).await?;
        stand.await_failure("db", &[]).await?;
        let pod = stand.make(&pod("after", &annotations)).await?;
        let source = &pod["spec"]["containers"][0]["env"][0]["valueFrom"]["secretKeyRef"];
        let expected = json!({"name": "db", "key": "password", "optional": true});
        ensure!(!is_gated(&pod) && *source == expected, "{pod}");
        Ok(())
    })
}

#[test]
fn a_secret_that_comes_while_the_pod_is_held_wires_it_without_a_gate() -> Result<()> {
    on_stage("held", async |stand| {
        stand.put_credentials("db").await?;
        let object = pod("api", &[MOUNT[0], ("hold", "8s")]);
        let making = stand.make(&object);
        tokio::pin!(making);
        let early = timeout(Duration::from_millis(500), &mut making).await;
        ensure!(early.is_err(), "not held: {early:?}");
        let (made, synced) = tokio::join!(making, stand.sync("db", json!({})));
        synced?;
        let pod = made?;
        ensure!(
            !is_gated(&pod) && secret_mounts(&pod, "app")?.len() == 1,
            "{pod}"
        );
        Ok(())
    })
}

#[test]
fn a_deployment_applied_together_with_its_resource_starts_with_its_first_pod() -> Result<()> {
    on_stage("together", async |stand| {
        stand.put_credentials("db").await?;
        let mut annotations = MOUNT.to_vec();
        annotations.push(("hold", "8s"));
        let resource = stand.static_secret_object("db", &json!({}));
        let list = json!({
            "apiVersion": "v1", "kind": "List",
            "items": [deployment("api", &annotations), resource],
        });
        let said = stand.apply(&list).await?;
        ensure!(said.accepted, "{}", said.words);
        await_wired(stand, "api").await?;
        let secret = stand.secret("db").await?;
        ensure!(
            secret
                .data
                .is_some_and(|data| data.contains_key("password"))
        );
        // Never more than the one: it was held, not replaced.
        let events = stand.of_kind("Event");
        let replaced = kube::api::ListParams::default().fields("reason=SecretsReady");
        let replaced = events.list(&replaced).await?.items;
        ensure!(replaced.is_empty(), "{replaced:?}");
        Ok(())
    })
}

#[test]
fn a_dry_run_neither_waits_nor_makes_others_wait_and_says_what_would_happen() -> Result<()> {
    on_stage("dry-run", async |stand| {
        let _silent = SilentVault::open(stand).await?;
        stand.sync("db", json!({"vaultAuthRef": "silent"})).await?;
        let object = pod("api", &[VARIABLE[0], VARIABLE[1], ("hold", "8s")]);
        let begin = Instant::now();
        let said = stand
            .apply_with(&object, &["--dry-run=server", "--output=json"])
            .await?;
        let took = begin.elapsed();
        ensure!(
            said.accepted && said.words.contains("Warning: SW403 env.db: would wait"),
            "{}",
            said.words
        );
        ensure!(
            said.words.contains("secretwire.dev/secrets"),
            "no gate: {}",
            said.words
        );
        ensure!(took < Duration::from_secs(8), "held for {took:?}");
        ensure!(stand.list("Pod", "api").await?.is_empty());
        Ok(())
    })
}

#[test]
fn values_stay_out_of_all_that_is_said_when_the_secret_is_wrong() -> Result<()> {
    on_stage("words", async |stand| {
        let data = json!({"username": secret_value("user"), "not-a-variable": secret_value("odd")});
        stand.put("db", &data).await?;
        stand.sync("db", json!({})).await?;
        stand.await_synced("db").await?;
        let said = stand
            .apply(&pod("odd", &[("env.db", "db"), ("env.db.keys", "X=user")]))
            .await?;
        ensure!(
            !said.accepted && said.words.contains("SW206"),
            "{}",
            said.words
        );
        let said = stand
            .apply_with(
                &pod("all", &[("env.db", "db"), MOUNT[0]]),
                &["--output=json"],
            )
            .await?;
        ensure!(said.accepted, "{}", said.words);
        Ok(())
    })
}
