//! The operator installed in the cluster by its own manifests.

use std::process::Command;

use anyhow::{Context as _, Result, anyhow, ensure};
use secretwire_e2e::{Leaks, Stage, operator_binary, secret_value};
use secretwire_lab::{User, await_condition};
use serde_json::{Value, json};

use super::{KUBELET, await_word, on_node, reader};
use crate::admission::{load::Load, stand::Stand};

/// The manifests, with the one thing changed that a node without a registry needs: the image's name.
async fn install(stage: &Stage) -> Result<()> {
    let binary = operator_binary()?;
    let image = stage.lab().node().import_operator_image(&binary).await?;
    let output = Command::new(binary).arg("manifests").output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let manifests = String::from_utf8(output.stdout)?;
    let shipped = manifests
        .lines()
        .find(|line| line.trim_start().starts_with("image: "));
    let shipped = shipped.context("no image")?;
    let (indent, _) = shipped.split_once("image: ").context("no image")?;
    let local = format!("{indent}image: {image}\n{indent}imagePullPolicy: Never");
    stage
        .lab()
        .apply(&manifests.replace(shipped, &local))
        .await?;
    Ok(())
}

async fn kubectl(stage: &Stage, arguments: &[&str]) -> Result<String> {
    let command = [&["--namespace", User::OPERATOR_NAMESPACE], arguments].concat();
    let output = stage.lab().kubectl(&command).await?;
    ensure!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

async fn operator_pods(stage: &Stage) -> Result<Value> {
    Ok(serde_json::from_str(
        &kubectl(stage, &["get", "pods", "--output=json"]).await?,
    )?)
}

/// Waits until the Deployment's last change is rolled out, with nothing left of what was there before.
async fn await_operator(stage: &Stage) -> Result<()> {
    await_condition("both operators to be ready", KUBELET, async || {
        let text = kubectl(stage, &["get", "deployment", "secretwire", "--output=json"]).await?;
        let deployment: Value = serde_json::from_str(&text)?;
        let status = &deployment["status"];
        let current = status["observedGeneration"] == deployment["metadata"]["generation"];
        let counts = ["replicas", "updatedReplicas", "availableReplicas"];
        let pods = operator_pods(stage).await?;
        let count = pods["items"].as_array().map(Vec::len);
        if current && counts.iter().all(|count| status[*count] == 2) && count == Some(2) {
            return Ok(Some(()));
        }
        Err(anyhow!("{status}; pods: {count:?}"))
    })
    .await
}

#[test]
fn the_shipped_manifests_install_an_operator_that_serves_and_is_upgraded_under_load() -> Result<()>
{
    on_node(async |stage| {
        install(stage).await?;
        await_operator(stage).await?;

        let stand = Stand::open(stage, "installed").await?;
        let address = stage.lab().vault().addr_for_pods();
        stand
            .patch(
                "VaultConnection",
                "vault",
                &json!({"spec": {"address": address}}),
            )
            .await?;
        stand
            .put("db", &json!({"password": secret_value("installed")}))
            .await?;
        stand.sync("db", json!({})).await?;
        let annotations = [
            ("mount.db", "vss/db"),
            ("mount.db.path", "/etc/db"),
            ("env.db", "vss/db"),
        ];
        stand.make(&reader("api", &annotations)).await?;
        let value = secret_value("installed");
        await_word(&stand, "api", &format!("file={value} variable={value}")).await?;

        let load = Load::start(&stand).await?;
        kubectl(stage, &["rollout", "restart", "deployment/secretwire"]).await?;
        await_operator(stage).await?;
        load.stop().await?;

        let pods = operator_pods(stage).await?;
        for pod in pods["items"].as_array().into_iter().flatten() {
            let restarts = &pod["status"]["containerStatuses"][0]["restartCount"];
            ensure!(
                *restarts == 0,
                "{}: {restarts} restarts",
                pod["metadata"]["name"]
            );
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            Leaks::new().check("an operator's log", &kubectl(stage, &["logs", name]).await?)?;
        }
        stand.search().await
    })
}
