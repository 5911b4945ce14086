//! PostgreSQL, alone and behind Vault's database engine.

use anyhow::{Context as _, Result};
use reqwest::Method;
use secretwire_lab::Lab;
use serde_json::json;

#[tokio::test]
async fn vault_makes_database_users_that_can_log_in_until_they_are_revoked() -> Result<()> {
    let lab = Lab::builder().vault().postgres().start().await?;
    let (vault, postgres) = (lab.vault(), lab.postgres());
    vault.enable("database", "db", None).await?;
    let connection = json!({
        "plugin_name": "postgresql-database-plugin", "allowed_roles": "*",
        "connection_url": postgres.connection_template(),
        "username": postgres.user(), "password": postgres.password(),
    });
    vault
        .api(Method::POST, "db/config/lab", Some(&connection))
        .await?;
    let create =
        r#"CREATE ROLE "{{name}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'"#;
    let role = json!({"db_name": "lab", "creation_statements": [create], "default_ttl": "1h"});
    vault.api(Method::POST, "db/roles/app", Some(&role)).await?;

    let lease = vault.api(Method::GET, "db/creds/app", None).await?;
    let field = |name: &str| {
        lease["data"][name]
            .as_str()
            .map(ToOwned::to_owned)
            .context("no credentials")
    };
    let (user, password) = (field("username")?, field("password")?);
    assert_eq!(
        postgres
            .sql_as(&user, &password, "SELECT current_user")
            .await?,
        user
    );

    postgres.stop().await?;
    postgres.start().await?;
    assert_eq!(postgres.sql_as(&user, &password, "SELECT 1").await?, "1");

    vault
        .api(
            Method::PUT,
            "sys/leases/revoke",
            Some(&json!({"lease_id": lease["lease_id"], "sync": true})),
        )
        .await?;
    let error = postgres
        .sql_as(&user, &password, "SELECT 1")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("password authentication failed") || error.contains("does not exist"),
        "{error}"
    );
    lab.stop().await
}
