//! An operator for some namespaces.

use anyhow::Result;
use secretwire_e2e::{Stage, VAULT_AUTH, alone, secret_value};
use secretwire_lab::User;
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
        let links = json!([{"name": "shared", "namespace": other.name()}]);
        let destination = json!({"transformation": {"transformationRefs": links}});
        watched
            .sync("linked", json!({"destination": destination}))
            .await?;
        let link = format!(
            "SecretTransformation {}/shared is in a namespace",
            other.name()
        );
        watched
            .await_failure("linked", &[&link, "--watch-namespaces"])
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

#[test]
fn the_default_vault_auth_of_the_operator_serves_everybody_who_names_none() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let space = stage.empty_space("default").await?;
        space.grant().await?;
        space
            .put("db", &json!({"key": secret_value("default")}))
            .await?;
        // In a namespace that is not among those to watch, as the operator's own need not be.
        let namespaces = format!("--watch-namespaces={}", space.name());
        let operator = stage
            .operator_with(&stage.options()?.arg(namespaces))
            .await?;
        space.sync("db", json!({"vaultAuthRef": null})).await?;
        let missing = format!(
            "VaultAuth {}/default does not exist",
            User::OPERATOR_NAMESPACE
        );
        space.await_failure("db", &[&missing]).await?;

        let mut auth = space.auth_spec();
        auth["vaultConnectionRef"] = json!(null);
        let specs = [
            (
                "VaultConnection",
                json!({"address": stage.lab().vault().addr()}),
            ),
            ("VaultAuth", auth),
        ];
        for (kind, spec) in specs {
            let object = json!({
                "apiVersion": "secrets.hashicorp.com/v1beta1", "kind": kind, "spec": spec,
                "metadata": {"name": "default", "namespace": User::OPERATOR_NAMESPACE},
            });
            stage.lab().apply(&object.to_string()).await?;
        }
        space.await_synced("db").await?;
        operator.terminate().await?;
        stage.stop().await
    })
}
