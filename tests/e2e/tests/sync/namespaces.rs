//! An operator for some namespaces.

use anyhow::Result;
use secretwire_e2e::{Stage, VAULT_AUTH, alone, secret_value};
use serde_json::json;

#[test]
fn an_operator_for_some_namespaces_leaves_the_others_alone() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let (watched, also, other) = (
            stage.space("watched").await?,
            stage.space("also").await?,
            stage.space("other").await?,
        );
        let namespaces = format!("--watch-namespaces={},{}", watched.name(), also.name());
        let operator = stage
            .operator_with(&stage.options()?.arg(namespaces))
            .await?;
        for space in [&other, &watched, &also] {
            space
                .put("db", &json!({"key": secret_value("watched")}))
                .await?;
            space.sync("db", json!({})).await?;
        }
        for space in [&watched, &also] {
            space
                .await_value("db", "key", &secret_value("watched"))
                .await?;
            space.await_synced("db").await?;
        }
        // A reference does not lead out of them either.
        let reference = format!("{}/{VAULT_AUTH}", other.name());
        let spec = json!({"spec": {"allowedNamespaces": ["*"]}});
        other.patch("VaultAuth", VAULT_AUTH, &spec).await?;
        watched
            .sync("outside", json!({"vaultAuthRef": reference}))
            .await?;
        watched
            .await_failure("outside", &[&reference, "does not exist"])
            .await?;
        // Drift is seen where it is to be seen.
        watched
            .patch("Secret", "db", &json!({"stringData": {"key": "wrong"}}))
            .await?;
        watched
            .await_value("db", "key", &secret_value("watched"))
            .await?;

        assert!(other.find_secret("db").await?.is_none());
        assert_eq!(other.static_secret("db").await?.status, None);
        operator.terminate().await?;
        stage.stop().await
    })
}
