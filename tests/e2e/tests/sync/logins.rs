//! Each way to log in.

use anyhow::{Context as _, Result};
use reqwest::Method;
use secretwire_e2e::{Space, VAULT_AUTH, VAULT_CONNECTION, secret_value, shared};
use serde_json::{Value, json};

/// Syncs a secret with this `VaultAuth`.
async fn assert_logs_in(space: &Space<'_>, auth: &Value) -> Result<()> {
    space.create_connection().await?;
    space.grant().await?;
    let mut spec = json!({"vaultConnectionRef": VAULT_CONNECTION});
    json_patch::merge(&mut spec, auth);
    space
        .create(json!({
            "apiVersion": "secrets.hashicorp.com/v1beta1", "kind": "VaultAuth",
            "metadata": {"name": VAULT_AUTH}, "spec": spec,
        }))
        .await?;
    space
        .put("db", &json!({"key": secret_value("login")}))
        .await?;
    space.sync("db", json!({})).await?;
    space
        .await_value("db", "key", &secret_value("login"))
        .await?;
    space.await_synced("db").await?;
    space.search().await
}

#[test]
fn jwt_logs_in_with_a_service_account() -> Result<()> {
    shared(async |stage| {
        let space = stage.empty_space("jwt").await?;
        space.create_role("jwt", "1h").await?;
        let jwt =
            json!({"role": space.name(), "serviceAccount": "default", "audiences": ["vault"]});
        assert_logs_in(
            &space,
            &json!({"method": "jwt", "mount": "jwt", "jwt": jwt}),
        )
        .await
    })
}

#[test]
fn jwt_logs_in_with_a_token_in_a_secret() -> Result<()> {
    shared(async |stage| {
        let space = stage.empty_space("jwt-secret").await?;
        space.create_role("jwt", "1h").await?;
        let token = stage
            .lab()
            .apiserver()
            .token(space.name(), "default", &["vault"])
            .await?;
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}, "stringData": {"jwt": token},
        });
        space.create(secret).await?;
        let jwt = json!({"role": space.name(), "secretRef": "token"});
        assert_logs_in(
            &space,
            &json!({"method": "jwt", "mount": "jwt", "jwt": jwt}),
        )
        .await
    })
}

#[test]
fn app_role_logs_in_with_a_secret_id_in_a_secret() -> Result<()> {
    shared(async |stage| {
        let space = stage.empty_space("app-role").await?;
        let vault = stage.lab().vault();
        vault
            .role(
                "approle",
                space.name(),
                &json!({"token_policies": [space.name()]}),
            )
            .await?;
        let role = format!("auth/approle/role/{}", space.name());
        let id = vault
            .api(Method::GET, &format!("{role}/role-id"), None)
            .await?;
        let secret_id = vault
            .api(Method::POST, &format!("{role}/secret-id"), Some(&json!({})))
            .await?;
        let id = id["data"]["role_id"].as_str().context("no role id")?;
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "secret-id"},
            "stringData": {"id": secret_id["data"]["secret_id"]},
        });
        space.create(secret).await?;
        let app_role = json!({"roleId": id, "secretRef": "secret-id"});
        assert_logs_in(
            &space,
            &json!({"method": "appRole", "mount": "approle", "appRole": app_role}),
        )
        .await
    })
}

#[test]
fn an_auth_that_says_too_little_is_told_which_field_is_missing() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("incomplete").await?;
        space
            .put("db", &json!({"key": secret_value("incomplete")}))
            .await?;
        let edit = json!({"spec": {"kubernetes": {"serviceAccount": null}}});
        space.patch("VaultAuth", VAULT_AUTH, &edit).await?;
        space.sync("db", json!({})).await?;
        space
            .await_failure(
                "db",
                &["VaultAuth", "spec.kubernetes.serviceAccount is required"],
            )
            .await?;
        let edit = json!({"spec": {"kubernetes": {"serviceAccount": "missing"}}});
        space.patch("VaultAuth", VAULT_AUTH, &edit).await?;
        space
            .await_failure("db", &["ServiceAccount", "missing"])
            .await?;
        space.create_account("missing").await?;
        space.await_synced("db").await.map(drop)
    })
}
