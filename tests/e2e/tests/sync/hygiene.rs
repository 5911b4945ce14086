//! No secret value gets out, whatever happens. Each test of this binary searches what its operator logged; here the whole
//! process logs all that it can, and everything that anybody may read is searched.

use std::fs;

use anyhow::Result;
use k8s_openapi::api::core::v1::Event;
use kube::{Api, ResourceExt as _, api::ListParams};
use secretwire_e2e::{Leaks, Stage, VAULT_AUTH, alone, secret_value, workload};
use serde_json::json;

#[test]
fn no_secret_value_is_in_any_log_event_status_metric_or_audit_record() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let options = stage.options()?.arg("--zap-log-level=trace");
        let operator = stage.operator_with(&options).await?;
        let space = stage.space("hygiene").await?;
        space.create(workload("Deployment", "app")).await?;
        let value = |name: &str| json!({"key": secret_value(name), "nested": {"inner": [secret_value(name)]}});

        // What goes well, twice.
        space.put("db", &value("first")).await?;
        let targets = json!([{"kind": "Deployment", "name": "app"}]);
        space
            .sync("db", json!({"rolloutRestartTargets": targets}))
            .await?;
        space.await_synced("db").await?;
        space.put("db", &value("second")).await?;
        space
            .await_value("db", "key", &secret_value("second"))
            .await?;

        // What fails while a value is at hand.
        space
            .put("raw", &json!({"_raw": secret_value("raw")}))
            .await?;
        space
            .put("key", &json!({"a b": secret_value("key")}))
            .await?;
        space
            .put(
                "large",
                &json!({"key": secret_value(&"x".repeat(600 * 1024))}),
            )
            .await?;
        space
            .put("not-an-object", &json!({"key": secret_value("expression")}))
            .await?;
        for name in ["raw", "key", "large"] {
            space.sync(name, json!({})).await?;
            space.await_failure(name, &[]).await?;
        }
        // A Secret of a type that the API server checks, with data that it refuses.
        let destination = json!({"type": "kubernetes.io/tls"});
        space
            .sync(
                "refused",
                json!({"path": space.path("db"), "destination": destination}),
            )
            .await?;
        space.await_failure("refused", &[]).await?;
        // Vault refuses, then is gone.
        space.revoke_grant().await?;
        space.await_failure("db", &["permission denied"]).await?;
        space.grant().await?;
        space.await_synced("db").await?;
        stage.lab().vault().stop().await?;
        space.await_failure("db", &["unreachable"]).await?;
        stage.lab().vault().start().await?;
        space.await_synced("db").await?;
        // Someone else writes a value, and a malformed object holds one where the schema does not look.
        space
            .patch(
                "Secret",
                "db",
                &json!({"stringData": {"key": secret_value("drift")}}),
            )
            .await?;
        space
            .await_value("db", "key", &secret_value("second"))
            .await?;
        space
            .patch(
                "VaultAuth",
                VAULT_AUTH,
                &json!({"spec": {"kubernetes": {"role": "none"}}}),
            )
            .await?;
        space.await_failure("db", &["login failed"]).await?;

        operator.search().await?;
        space.search().await?;
        let events: Api<Event> = Api::all(stage.client().clone());
        for event in events.list(&ListParams::default()).await? {
            Leaks::new().check(&event.name_any(), &serde_json::to_string(&event)?)?;
        }
        operator.terminate().await?;
        let mut searched = 0;
        for entry in fs::read_dir(stage.lab().path())? {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.extension().is_some_and(|extension| extension == "log") {
                let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
                Leaks::new().check(&name, &text)?;
                searched += 1;
            }
        }
        assert!(searched >= 4, "logs of operator and servers: {searched}");
        stage.stop().await
    })
}
