//! The example resources make Secrets that Kubernetes takes, as they stand.

use std::path::Path;

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::Secret;
use secretwire_e2e::{Data as _, Space, secret_value, shared};
use serde_json::{Value, json};

const FOLDER: &str = "../../manifests/examples/templates";

#[test]
fn every_example_makes_the_secret_that_it_says() -> Result<()> {
    shared(async |stage| {
        let space = stage.empty_space("examples").await?;
        prepare_vault(&space).await?;
        space.create_connection().await?;
        let auth = json!({
            "apiVersion": "secrets.hashicorp.com/v1beta1",
            "kind": "VaultAuth",
            "metadata": {"name": "vault-auth"},
            "spec": space.auth_spec(),
        });
        space.create(auth).await?;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
        let folder = folder.to_str().context("a path that is no UTF-8")?;
        space.kubectl(&["apply", "--kustomize", folder]).await?;

        let registry = synced(&space, "registry", "kubernetes.io/dockerconfigjson").await?;
        assert_eq!(registry.keys(), [".dockerconfigjson"]);
        let config = registry.text(".dockerconfigjson").context("no text")?;
        let config: Value = serde_json::from_str(config)?;
        let entry = &config["auths"]["registry.example.com"];
        assert_eq!(entry["username"], "ci");
        assert_eq!(entry["password"], secret_value("\"<registry>"));

        let certificate = synced(&space, "certificate", "kubernetes.io/tls").await?;
        assert_eq!(certificate.keys(), ["tls.crt", "tls.key"]);
        assert_eq!(certificate.text("tls.crt"), Some("LEAF\nCHAIN\n"));
        let key = secret_value("tls") + "\n";
        assert_eq!(certificate.text("tls.key"), Some(&*key));

        let git = synced(&space, "git", "kubernetes.io/ssh-auth").await?;
        assert_eq!(git.keys(), ["known_hosts", "ssh-privatekey"]);
        let key = secret_value("ssh") + "\n";
        assert_eq!(git.text("ssh-privatekey"), Some(&*key));

        let proxy = synced(&space, "proxy", "kubernetes.io/basic-auth").await?;
        assert_eq!(proxy.keys(), ["password", "username"]);
        assert_eq!(proxy.text("password"), Some(&*secret_value("proxy")));

        let settings = synced(&space, "settings", "Opaque").await?;
        assert_eq!(settings.keys(), ["app.env"]);
        let lines = format!(
            "API_KEY='{}'\nQUOTED='it'\\''s'\nRETRIES='3'\n",
            secret_value("api")
        );
        assert_eq!(settings.text("app.env"), Some(&*lines));

        let url = |database: &str| {
            let password = secret_value("p%40ss");
            format!("postgres://app:{password}@db.example.com:5432/{database}")
        };
        let orders = synced(&space, "orders", "Opaque").await?;
        assert_eq!(orders.keys(), ["password", "url", "username"]);
        assert_eq!(orders.text("url"), Some(&*url("orders")));
        let billing = synced(&space, "billing", "Opaque").await?;
        assert_eq!(billing.keys(), ["DATABASE_URL", "password", "username"]);
        assert_eq!(billing.text("DATABASE_URL"), Some(&*url("billing")));

        let features = synced(&space, "features", "Opaque").await?;
        assert_eq!(features.keys(), ["APP_DARK_MODE", "APP_LIMIT"]);
        assert_eq!(features.text("APP_LIMIT"), Some("10"));
        space.search().await
    })
}

/// Secrets under the paths that the files name, which no other test uses.
async fn prepare_vault(space: &Space<'_>) -> Result<()> {
    let vault = space.lab().vault();
    let secrets = [
        (
            "registry",
            json!({"registry": "registry.example.com", "username": "ci", "password": secret_value("\"<registry>")}),
        ),
        (
            "certificate",
            json!({"certificate": "LEAF\n", "chain": "CHAIN\n", "private_key": secret_value("tls")}),
        ),
        (
            "git",
            json!({"private_key": secret_value("ssh"), "known_hosts": "git.example.com ssh-ed25519 A"}),
        ),
        (
            "proxy",
            json!({"user": "app", "secret": secret_value("proxy")}),
        ),
        (
            "settings",
            json!({"api-key": secret_value("api"), "quoted": "it's", "retries": 3}),
        ),
        (
            "postgres",
            json!({"host": "db.example.com", "username": "app", "password": secret_value("p@ss")}),
        ),
        (
            "features",
            json!({"dark-mode": true, "limit": 10, "internal-flag": secret_value("internal")}),
        ),
    ];
    let mut rules = Vec::new();
    for (name, data) in secrets {
        let path = format!("production/{name}");
        vault.kv_put(&path, &data).await?;
        rules.push(format!(
            "path \"kv-v2/data/{path}\" {{ capabilities = [\"read\"] }}\n"
        ));
    }
    vault.policy(space.name(), &rules.concat()).await
}

async fn synced(space: &Space<'_>, name: &str, type_: &str) -> Result<Secret> {
    space.await_synced(name).await?;
    let secret = space.secret(name).await?;
    assert_eq!(secret.type_.as_deref(), Some(type_), "{name}");
    Ok(secret)
}
