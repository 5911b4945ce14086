//! What Vault refuses is told, keeps the Secret as it is, and heals by itself.

use anyhow::{Context as _, Result};
use secretwire_e2e::{Data as _, secret_value, shared};
use serde_json::json;

#[test]
fn a_denied_read_is_told_and_the_grant_heals() -> Result<()> {
    shared(async |stage| {
        let space = stage.empty_space("denied").await?;
        space.create_connection().await?;
        space.create_auth().await?;
        space
            .put("db", &json!({"key": secret_value("granted")}))
            .await?;
        space.sync("db", json!({})).await?;
        space.await_failure("db", &["permission denied"]).await?;
        space.grant().await?;
        space
            .await_value("db", "key", &secret_value("granted"))
            .await?;
        let before = space.await_synced("db").await?;

        space.revoke_grant().await?;
        space
            .await_failure("db", &["permission denied", "keeps its last data"])
            .await?;
        assert_eq!(
            space.secret("db").await?.text("key"),
            Some(&*secret_value("granted"))
        );
        space.grant().await?;
        let after = space.await_synced("db").await?;
        let destination = |secret: secretwire_api::VaultStaticSecret| {
            secret
                .status
                .and_then(|status| status.destination)
                .context("no destination")
        };
        assert_eq!(
            destination(after)?,
            destination(before)?,
            "the Secret was rewritten"
        );
        Ok(())
    })
}

#[test]
fn a_path_that_does_not_exist_is_told_and_waited_for() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("no-path").await?;
        space.sync("two", json!({})).await?;
        space
            .sync("one", json!({"mount": "kv-v1", "type": "kv-v1"}))
            .await?;
        space.sync("no-mount", json!({"mount": "none"})).await?;
        space
            .await_failure("two", &["kv-v2/data", &space.path("two")])
            .await?;
        space
            .await_failure("one", &["kv-v1", &space.path("one")])
            .await?;
        space.await_failure("no-mount", &["none/data"]).await?;
        for name in ["one", "two"] {
            assert!(space.find_secret(name).await?.is_none(), "{name}");
        }
        space
            .put("two", &json!({"key": secret_value("late")}))
            .await?;
        space
            .put_v1("one", &json!({"key": secret_value("late")}))
            .await?;
        for name in ["one", "two"] {
            space
                .await_value(name, "key", &secret_value("late"))
                .await?;
            space.await_synced(name).await?;
        }
        Ok(())
    })
}

#[test]
fn the_type_of_the_other_engine_is_told_and_never_written() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("wrong-type").await?;
        space
            .put("two", &json!({"key": secret_value("two")}))
            .await?;
        space
            .put_v1("one", &json!({"key": secret_value("one")}))
            .await?;
        space.sync("two", json!({"type": "kv-v1"})).await?;
        space
            .sync("one", json!({"mount": "kv-v1", "type": "kv-v2"}))
            .await?;
        space.await_failure("two", &["not KV version 1"]).await?;
        space.await_failure("one", &["not KV version 2"]).await?;
        for name in ["one", "two"] {
            assert!(space.find_secret(name).await?.is_none(), "{name}");
        }
        space.edit("two", json!({"type": "kv-v2"})).await?;
        space.edit("one", json!({"type": "kv-v1"})).await?;
        space
            .await_value("two", "key", &secret_value("two"))
            .await?;
        space.await_value("one", "key", &secret_value("one")).await
    })
}

#[test]
fn a_deleted_version_keeps_the_last_secret() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("soft-delete").await?;
        space
            .put("db", &json!({"key": secret_value("first")}))
            .await?;
        space.sync("db", json!({})).await?;
        space.await_synced("db").await?;
        let before = space.secret("db").await?;
        let vault = stage.lab().vault();
        vault.kv_delete(&space.path("db")).await?;
        space
            .await_failure("db", &["version 1 is deleted", "keeps its last data"])
            .await?;
        assert_eq!(space.secret("db").await?, before);
        vault.kv_destroy(&space.path("db")).await?;
        space
            .await_failure("db", &["not found", "keeps its last data"])
            .await?;
        assert_eq!(space.secret("db").await?, before);
        space
            .put("db", &json!({"key": secret_value("again")}))
            .await?;
        space
            .await_value("db", "key", &secret_value("again"))
            .await?;
        space.await_synced("db").await.map(drop)
    })
}

#[test]
fn a_refused_login_is_told_and_the_right_role_heals() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("no-login").await?;
        space
            .put("db", &json!({"key": secret_value("role")}))
            .await?;
        let role = json!({
            "bound_service_account_names": ["somebody-else"],
            "bound_service_account_namespaces": [space.name()],
            "audience": "vault", "token_policies": [space.name()],
        });
        stage
            .lab()
            .vault()
            .role("kubernetes", space.name(), &role)
            .await?;
        space.sync("db", json!({})).await?;
        space
            .await_failure("db", &["login failed", "auth/kubernetes/login"])
            .await?;
        space.create_role("kubernetes", "1h").await?;
        space.await_synced("db").await.map(drop)
    })
}

#[test]
fn a_resource_that_the_schema_would_refuse_is_refused_by_the_api_server() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("schema").await?;
        let bad = [
            ("refreshAfter", json!({"refreshAfter": "1h30m"})),
            ("type", json!({"type": "kv-v3"})),
            ("version", json!({"version": -1})),
            (
                "kind",
                json!({"rolloutRestartTargets": [{"kind": "Pod", "name": "a"}]}),
            ),
        ];
        for (field, spec) in bad {
            let error = space.sync("db", spec).await.unwrap_err().to_string();
            assert!(error.contains(field), "{field}: {error}");
        }
        Ok(())
    })
}
