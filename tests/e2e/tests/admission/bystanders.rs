//! Pods that ask for nothing.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use kube::{
    Api,
    api::{DeleteParams, PostParams},
};
use secretwire_e2e::DEADLINE;
use secretwire_lab::await_condition;
use serde_json::{Value, json};

use super::{
    objects::{is_touched, name, pod, secret_mounts, workload},
    stand::on_stage,
};

/// Annotations of any size and shape reach the webhook's conditions, and a mistake in these would refuse the pods.
#[test]
fn pods_with_no_empty_large_and_odd_annotations_pass_untouched() -> Result<()> {
    on_stage("shapes", async |stand| {
        let large = "x".repeat(200 * 1024);
        for (number, annotations) in [
            Value::Null,
            json!({}),
            json!({"example.com/large": large}),
            json!({"secretwire.dev": "x", "secretwire.device/mount.db": "x", "a.b-c/D_e.F": "'\"\\ \u{e9}\n"}),
        ]
        .into_iter()
        .enumerate()
        {
            let mut object = pod(&format!("shape-{number}"), &[]);
            object["metadata"]["annotations"] = annotations;
            let made = stand.make(&object).await.with_context(|| format!("shape {number}"))?;
            ensure!(!is_touched(&made), "shape {number}");
            object["metadata"]["labels"] = Value::Null;
            object["metadata"]["name"] = json!(format!("bare-{number}"));
            stand.make(&object).await.with_context(|| format!("shape {number}, no labels"))?;
        }
        for kind in ["Deployment", "StatefulSet", "Job", "CronJob"] {
            let mut object = workload(kind, &kind.to_lowercase(), &[]);
            let template = if kind == "CronJob" {
                &mut object["spec"]["jobTemplate"]["spec"]["template"]
            } else {
                &mut object["spec"]["template"]
            };
            template["metadata"]["annotations"] = Value::Null;
            stand.make(&object).await.with_context(|| kind.to_owned())?;
        }
        Ok(())
    })
}

#[test]
fn a_pod_with_annotations_of_200_kib_is_wired() -> Result<()> {
    on_stage("large", async |stand| {
        stand.synced("db").await?;
        let mut object = pod("large", &[("mount.db", "vss/db")]);
        object["metadata"]["annotations"]["example.com/large"] = json!("x".repeat(200 * 1024));
        let made = stand.make(&object).await?;
        ensure!(secret_mounts(&made, "app")?.len() == 1);
        Ok(())
    })
}

#[test]
fn what_the_webhook_does_not_wire_it_leaves_as_the_api_server_makes_it() -> Result<()> {
    on_stage("same", async |stand| {
        let plain = stand.make(&pod("plain", &[])).await?;
        let mut foreign = pod("foreign", &[]);
        foreign["metadata"]["annotations"] = json!({"example.com/mount.db": "vss/db"});
        let foreign = stand.make(&foreign).await?;
        // But for the name of the token's volume, which is random.
        let spec = |pod: &Value| {
            let mut spec = pod["spec"].clone();
            let token = spec["volumes"][0]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            spec = serde_json::from_str(&spec.to_string().replace(&token, "token"))?;
            anyhow::Ok(spec)
        };
        let (plain, foreign): (Value, Value) = (spec(&plain)?, spec(&foreign)?);
        ensure!(plain == foreign, "{plain} {foreign}");
        Ok(())
    })
}

#[test]
fn namespaces_that_the_cluster_needs_are_left_alone() -> Result<()> {
    on_stage("excluded", async |stand| {
        let client = stand.stage().client();
        for namespace in ["kube-system", "kube-node-lease", "secretwire-system"] {
            let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
            await_condition("the default service account", DEADLINE, async || {
                Ok(accounts.get_opt("default").await?)
            })
            .await?;
            let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
            let object = pod(stand.name(), &[("mount.db", "vss/none"), ("nonsense", "x")]);
            let object: Pod = serde_json::from_value(object)?;
            let made = pods.create(&PostParams::default(), &object).await;
            let made = serde_json::to_value(made.with_context(|| namespace.to_owned())?)?;
            pods.delete(name(&made), &DeleteParams::default()).await?;
            ensure!(!is_touched(&made), "{namespace}: {made}");
        }
        Ok(())
    })
}
