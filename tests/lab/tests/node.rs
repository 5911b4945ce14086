//! Real pods on a real node.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use secretwire_lab::{Lab, Node, await_condition};
use serde_json::json;

const DEADLINE: Duration = Duration::from_mins(2);

async fn phase_reached(pods: &Api<Pod>, name: &str, wanted: &str) -> Result<()> {
    await_condition(
        &format!("pod {name} to be {wanted}"),
        DEADLINE,
        async || {
            let status = pods.get(name).await?.status.context("no status")?;
            if status.phase.as_deref() == Some(wanted) {
                return Ok(Some(()));
            }
            Err(anyhow!(
                "{:?} {:?}",
                status.phase,
                status.container_statuses
            ))
        },
    )
    .await
}

fn mounts_below(path: &str) -> Result<Vec<String>> {
    let mounts = std::fs::read_to_string("/proc/mounts")?;
    Ok(mounts
        .lines()
        .filter(|line| line.contains(path))
        .map(ToOwned::to_owned)
        .collect())
}

#[tokio::test]
async fn a_pod_mounts_a_secret_outlives_a_power_cut_and_leaves_nothing_behind() -> Result<()> {
    if let Err(reason) = Lab::node_possible() {
        eprintln!("SKIPPED: no pod was run: {reason}");
        return Ok(());
    }
    let lab = Lab::builder().node().vault().start().await?;
    let namespace = lab.namespace("pods").await?;
    // The service address and this machine's are reached from inside, which is how an operator in a pod works.
    let script = format!(
        "cat /secret/key; wget -q -O /dev/null {}/v1/sys/health && echo vault; \
         nc -w 5 $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT </dev/null && echo apiserver; sleep 1000",
        lab.vault().addr_for_pods()
    );
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "app", "namespace": namespace.name()},
                        "stringData": {"key": "value\n"}});
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app", "namespace": namespace.name()},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [{"name": "app", "image": Node::BUSYBOX, "command": ["sh", "-c", script],
                            "volumeMounts": [{"name": "secret", "mountPath": "/secret"}]}],
            "volumes": [{"name": "secret", "secret": {"secretName": "app"}}],
        },
    });
    lab.apply(&format!("{secret}\n---\n{pod}")).await?;
    let pods: Api<Pod> = Api::namespaced(lab.apiserver().client().await?, namespace.name());
    phase_reached(&pods, "app", "Running").await?;
    await_condition("the pod to have reached everything", DEADLINE, async || {
        let logs = lab
            .kubectl(&["logs", "--namespace", namespace.name(), "app"])
            .await?;
        if logs.stdout == b"value\nvault\napiserver\n" {
            Ok(Some(()))
        } else {
            Err(anyhow!("{logs:?}"))
        }
    })
    .await?;
    let exec = lab
        .kubectl(&[
            "exec",
            "--namespace",
            namespace.name(),
            "app",
            "--",
            "cat",
            "/secret/key",
        ])
        .await?;
    ensure!(exec.stdout == b"value\n", "{exec:?}");

    // Any program will do: this one answers `--help`.
    let image = lab
        .node()
        .import_operator_image(env!("CARGO_BIN_EXE_secretwire-lab").as_ref())
        .await?;
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "own", "namespace": namespace.name()},
        "spec": {"restartPolicy": "Never", "containers": [
            {"name": "own", "image": image, "imagePullPolicy": "Never", "args": ["--help"],
             "securityContext": {"runAsNonRoot": true, "readOnlyRootFilesystem": true}}]},
    });
    lab.apply(&pod.to_string()).await?;
    phase_reached(&pods, "own", "Succeeded").await?;

    let folder = lab.path().display().to_string();
    lab.node().stop().await?;
    assert_eq!(mounts_below(&folder)?, [""; 0]);
    lab.node().start().await?;
    await_condition("the pod to run again", DEADLINE, async || {
        let status = pods.get("app").await?.status.context("no status")?;
        let containers = status.container_statuses.unwrap_or_default();
        let again = containers
            .iter()
            .any(|container| container.ready && container.restart_count > 0);
        if again {
            Ok(Some(()))
        } else {
            Err(anyhow!("{containers:?}"))
        }
    })
    .await?;

    lab.stop().await?;
    assert_eq!(mounts_below(&folder)?, [""; 0]);
    Ok(())
}
