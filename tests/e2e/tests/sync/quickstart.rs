//! What a new user does first, with the very files that the documentation names.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use secretwire_e2e::{DEADLINE, Data as _, Space, secret_value, shared};
use secretwire_lab::await_condition;
use serde_json::{Value, json};

const FOLDER: &str = "../../manifests/examples/quickstart";
/// The one thing in the files that users have to change.
const ADDRESS: &str = "http://vault.vault.svc:8200";

#[test]
fn the_quickstart_syncs_as_it_stands() -> Result<()> {
    shared(async |stage| {
        let space = stage.empty_space("quickstart").await?;
        prepare_vault(&space).await?;
        let files = [
            "vault-connection.yaml",
            "vault-auth.yaml",
            "vault-static-secret.yaml",
            "deployment.yaml",
        ];
        for file in files {
            apply(&space, file).await?;
        }

        let resource = space.await_synced("db-credentials").await?;
        let secret = space.secret("db-secret").await?;
        ensure!(
            secret.keys() == ["_raw", "password", "username"],
            "{:?}",
            secret.keys()
        );
        ensure!(secret.text("username") == Some(&*secret_value("quickstart-user")));
        ensure!(secret.text("password") == Some(&*secret_value("quickstart-<&>")));
        let raw: Value = serde_json::from_str(secret.text("_raw").context("no _raw")?)?;
        ensure!(raw["data"]["username"] == json!(secret_value("quickstart-user")));
        ensure!(raw["metadata"]["version"] == json!(1));

        let uid = resource.metadata.uid.context("no uid")?;
        let labels = secret.metadata.labels.context("no labels")?;
        let expected = [
            ("app.kubernetes.io/component", "secret-sync"),
            ("app.kubernetes.io/managed-by", "hashicorp-vso"),
            ("app.kubernetes.io/name", "vault-secrets-operator"),
            ("secrets.hashicorp.com/vso-ownerRefUID", uid.as_str()),
        ];
        ensure!(
            labels
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str()))
                .eq(expected),
            "{labels:?}"
        );
        let owners = serde_json::to_value(secret.metadata.owner_references)?;
        let expected = json!([{
            "apiVersion": "secrets.hashicorp.com/v1beta1",
            "kind": "VaultStaticSecret",
            "name": "db-credentials",
            "uid": uid,
        }]);
        ensure!(owners == expected, "{owners}");
        space.search().await
    })
}

#[test]
fn kubectl_shows_whether_resources_are_ready() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("columns").await?;
        space
            .put("db", &json!({"password": secret_value("columns")}))
            .await?;
        space.sync("db", json!({})).await?;
        space.await_synced("db").await?;
        let table = space.kubectl(&["get", "vaultstaticsecrets"]).await?;
        let mut rows = table
            .lines()
            .map(|row| row.split_whitespace().collect::<Vec<_>>());
        ensure!(
            rows.next() == Some(vec!["NAME", "SYNCED", "HEALTHY", "READY", "AGE"]),
            "{table}"
        );
        let row = rows.next().context("no row")?;
        ensure!(
            row.starts_with(&["db", "True", "True", "True"]) && row.len() == 5,
            "{table}"
        );

        for resource in ["vaultconnections", "vaultauths"] {
            // Their checks run beside the sync, and may end after it.
            await_condition(resource, DEADLINE, async || {
                let table = space.kubectl(&["get", resource]).await?;
                let cells: Vec<_> = table.split_whitespace().collect();
                ensure!(
                    cells.starts_with(&["NAME", "HEALTHY", "READY", "AGE"]),
                    "{table}"
                );
                Ok((cells.get(5..7) == Some(&["True", "True"])).then_some(()))
            })
            .await?;
        }
        Ok(())
    })
}

/// A secret and a role under the names that the files use, which no other test does.
async fn prepare_vault(space: &Space<'_>) -> Result<()> {
    let vault = space.lab().vault();
    let data = json!({"username": secret_value("quickstart-user"), "password": secret_value("quickstart-<&>")});
    vault.kv_put("production/db", &data).await?;
    let rules = r#"path "kv-v2/data/production/db" { capabilities = ["read"] }"#;
    vault.policy("app", rules).await?;
    let role = json!({
        "bound_service_account_names": ["default"],
        "bound_service_account_namespaces": [space.name()],
        "audience": "vault",
        "token_policies": ["app"],
    });
    vault.role("kubernetes", "app", &role).await
}

async fn apply(space: &Space<'_>, file: &str) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(FOLDER)
        .join(file);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let text = text.replace(ADDRESS, &space.lab().vault().addr());
    let copy = space.lab().path().join(format!("{}-{file}", space.name()));
    fs::write(&copy, text)?;
    space
        .kubectl(&["apply", "--filename", &copy.to_string_lossy()])
        .await
        .map(drop)
}
