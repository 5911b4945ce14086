//! Operators behind a Service, as an installation in the cluster has them.

use std::process::Command;

use anyhow::{Result, ensure};
use secretwire_e2e::{DEADLINE, Operator, Stage, operator_binary};
use secretwire_lab::{OperatorProcess, User, Webhook, await_condition};
use serde_json::{Value, json};

/// What the shipped Service is called.
const SERVICE: &str = "secretwire-webhook";

/// A stage with the webhook registered by Service, by the manifests for an installation in the cluster. Nothing runs
/// their Deployment or fills their Service here: both is done by hand.
pub(crate) struct Fleet {
    stage: Stage,
}

impl Fleet {
    pub(crate) async fn install() -> Result<Self> {
        let stage = Stage::quiet().await?;
        let output = Command::new(operator_binary()?).arg("manifests").output()?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        stage
            .lab()
            .apply(&String::from_utf8(output.stdout)?)
            .await?;
        Ok(Self { stage })
    }

    pub(crate) fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Starts an operator, and gives it to the Service when it is ready.
    pub(crate) async fn join(&self) -> Result<Operator> {
        let options = self.stage.options()?.webhook(Webhook::Service);
        let operator = self.stage.operator_with(&options).await?;
        let slice = json!({
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": slice_of(&operator),
                "namespace": User::OPERATOR_NAMESPACE,
                "labels": {"kubernetes.io/service-name": SERVICE},
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [self.stage.lab().host_address()], "conditions": {"ready": true}}],
            "ports": [{"name": "webhook", "port": operator.webhook_port(), "protocol": "TCP"}],
        });
        self.stage.lab().apply(&slice.to_string()).await?;
        Ok(operator)
    }

    /// Ends an operator as a kubelet does. It leaves the Service when it says that it is not ready.
    pub(crate) async fn leave(&self, operator: Operator) -> Result<()> {
        let process: &OperatorProcess = &operator;
        let leaving = async {
            await_condition("the operator to be unready", DEADLINE, async || {
                Ok(process.readiness().await.is_err().then_some(()))
            })
            .await?;
            let namespace = User::OPERATOR_NAMESPACE;
            let slice = slice_of(process);
            let delete = ["delete", "endpointslice", &slice, "--namespace", namespace];
            let output = self.stage.lab().kubectl(&delete).await?;
            ensure!(output.status.success(), "{output:?}");
            Ok(())
        };
        let (ended, left) = tokio::join!(process.terminate(), leaving);
        left?;
        let ended = ended?;
        ensure!(ended.success(), "{ended}");
        Ok(())
    }

    /// The webhook configuration.
    pub(crate) async fn configuration(&self) -> Result<Value> {
        configuration(&self.stage).await
    }

    pub(crate) async fn stop(self) -> Result<()> {
        self.stage.stop().await
    }
}

/// The webhook configuration of a stage.
pub(crate) async fn configuration(stage: &Stage) -> Result<Value> {
    let get = [
        "get",
        "mutatingwebhookconfiguration",
        "secretwire",
        "--output=json",
    ];
    let output = stage.lab().kubectl(&get).await?;
    ensure!(output.status.success(), "{output:?}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn slice_of(operator: &OperatorProcess) -> String {
    format!("{SERVICE}-{}", operator.webhook_port())
}
