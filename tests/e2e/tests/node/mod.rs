//! On a real node: what containers see, and the operator installed in the cluster.

mod containers;
mod installation;

use std::time::Duration;

use anyhow::{Result, ensure};
use secretwire_e2e::{Stage, alone};
use secretwire_lab::{Lab, Node, await_condition};
use serde_json::{Value, json};

use crate::admission::{objects::deployment, stand::Stand};

/// The kubelet brings a new value to files within a minute and a half.
const KUBELET: Duration = Duration::from_mins(3);

/// Runs a test on a lab with a node and Vault, where there can be one.
fn on_node(test: impl AsyncFnOnce(&Stage) -> Result<()>) -> Result<()> {
    if let Err(reason) = Lab::node_possible() {
        eprintln!("SKIPPED: no pod was run: {reason}");
        return Ok(());
    }
    alone(async || {
        let stage = Stage::start(Lab::builder().node().vault()).await?;
        test(&stage).await?;
        stage.stop().await
    })
}

/// A Deployment whose pod says again and again what it sees of the password.
fn reader(name: &str, annotations: &[(&str, &str)]) -> Value {
    let mut object = deployment(name, annotations);
    let spec = &mut object["spec"]["template"]["spec"];
    let script =
        "while :; do echo \"file=$(cat /etc/db/password) variable=$password\"; sleep 1; done";
    spec["terminationGracePeriodSeconds"] = json!(0);
    spec["securityContext"]["runAsUser"] = json!(65532);
    spec["containers"][0]["image"] = json!(Node::BUSYBOX);
    spec["containers"][0]["command"] = json!(["sh", "-c", script]);
    object
}

/// Waits until the last word of a running pod of a Deployment is this.
async fn await_word(stand: &Stand<'_>, app: &str, word: &str) -> Result<Value> {
    await_condition(&format!("{app} to say {word:?}"), KUBELET, async || {
        let pods = stand.list("Pod", app).await?;
        let mut said = Vec::new();
        for pod in pods {
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            let phase = &pod["status"]["phase"];
            if phase == "Running" && pod["metadata"]["deletionTimestamp"].is_null() {
                let logs = stand.kubectl(&["logs", "--tail=1", name]).await?;
                if logs.trim() == word {
                    return Ok(Some(pod));
                }
                said.push(logs);
            } else {
                said.push(format!("{name} is {phase}"));
            }
        }
        ensure!(said.is_empty(), "{said:?}");
        Ok(None)
    })
    .await
}
