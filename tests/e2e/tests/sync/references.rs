//! From a resource to its `VaultAuth` and `VaultConnection`.

use anyhow::Result;
use secretwire_e2e::{VAULT_AUTH, VAULT_CONNECTION, secret_value, shared};
use serde_json::json;

#[test]
fn a_missing_vault_auth_is_told_and_its_creation_heals() -> Result<()> {
    shared(async |stage| {
        let space = stage.empty_space("no-auth").await?;
        space.create_connection().await?;
        space.grant().await?;
        space
            .put("db", &json!({"key": secret_value("auth")}))
            .await?;
        space.sync("db", json!({"refreshAfter": "1h"})).await?;
        let missing = format!("VaultAuth {}/{VAULT_AUTH} does not exist", space.name());
        space.await_failure("db", &[&missing]).await?;
        space.create_auth().await?;
        space.await_synced("db").await.map(drop)
    })
}

#[test]
fn a_missing_vault_connection_is_told_and_its_creation_heals() -> Result<()> {
    shared(async |stage| {
        let space = stage.empty_space("no-connection").await?;
        space.create_auth().await?;
        space.grant().await?;
        space
            .put("db", &json!({"key": secret_value("connection")}))
            .await?;
        space.sync("db", json!({"refreshAfter": "1h"})).await?;
        let missing = format!("VaultConnection {}/{VAULT_CONNECTION}", space.name());
        space
            .await_failure("db", &[&missing, "does not exist"])
            .await?;
        space.create_connection().await?;
        space.await_synced("db").await.map(drop)
    })
}

#[test]
fn references_that_name_nothing_are_refused() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("malformed").await?;
        space
            .put("db", &json!({"key": secret_value("malformed")}))
            .await?;
        for (name, reference) in [
            ("three-parts", "a/b/c"),
            ("no-name", "a/"),
            ("no-namespace", "/a"),
        ] {
            let spec = json!({"path": space.path("db"), "vaultAuthRef": reference});
            let refused = space.sync(name, spec).await.unwrap_err().to_string();
            let named = format!("spec.vaultAuthRef: {reference:?}");
            assert!(refused.contains(&named), "{refused}");
        }
        // The default of the operator's namespace, which this lab does not have.
        space.sync("default", json!({"vaultAuthRef": null})).await?;
        space
            .await_failure("default", &["secretwire-system/default", "does not exist"])
            .await?;
        Ok(())
    })
}

#[test]
fn a_vault_auth_serves_the_namespaces_that_it_allows_and_no_others() -> Result<()> {
    shared(async |stage| {
        let shared_auth = stage.space("shared-auth").await?;
        let consumer = stage.empty_space("consumer").await?;
        // It logs in as the consumer's service account, with the role that the VaultAuth names.
        let role = json!({
            "bound_service_account_names": ["default"],
            "bound_service_account_namespaces": [shared_auth.name(), consumer.name()],
            "audience": "vault", "token_policies": [consumer.name()],
        });
        stage
            .lab()
            .vault()
            .role("kubernetes", shared_auth.name(), &role)
            .await?;
        consumer.grant().await?;
        consumer
            .put("db", &json!({"key": secret_value("allowed")}))
            .await?;
        let reference = format!("{}/{VAULT_AUTH}", shared_auth.name());
        consumer
            .sync(
                "db",
                json!({"vaultAuthRef": reference, "refreshAfter": "1h"}),
            )
            .await?;
        let refused = [
            "may not be used from namespace",
            consumer.name(),
            "allowedNamespaces",
        ];
        consumer.await_failure("db", &refused).await?;

        let allow = async |namespaces: &[&str]| {
            let spec = json!({"spec": {"allowedNamespaces": namespaces}});
            shared_auth.patch("VaultAuth", VAULT_AUTH, &spec).await
        };
        allow(&[consumer.name()]).await?;
        consumer.await_synced("db").await?;
        // Among others an asterisk is a name like any other.
        allow(&["*", "another"]).await?;
        consumer.await_failure("db", &refused).await?;
        allow(&["*"]).await?;
        consumer.await_synced("db").await.map(drop)
    })
}
