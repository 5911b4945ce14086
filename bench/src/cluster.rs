use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use kube::{Api, Client, api::PostParams};
use secretwire_api::VaultStaticSecret;
use secretwire_lab::Lab;
use serde_json::json;

/// Creations under way at the same time.
const PARALLEL: usize = 32;

/// How much is to be synced.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) resources: usize,
    pub(crate) namespaces: usize,
}

impl Load {
    /// Number, namespace and name of each resource.
    pub(crate) fn each(self) -> impl Iterator<Item = (usize, String, String)> {
        (0..self.resources).map(move |n| {
            (
                n,
                format!("bench-{}", n % self.namespaces),
                format!("secret-{n}"),
            )
        })
    }
}

/// Path of the secret of one resource, in the engine `kv-v2`.
pub(crate) fn path(n: usize) -> String {
    format!("bench/{n}")
}

/// Installs what the operator needs, and creates everything that it is to sync.
pub(crate) async fn prepare(lab: &Lab, binary: &Path, load: Load) -> Result<()> {
    let manifests = tokio::process::Command::new(binary)
        .args(["manifests", "--webhook-url", "https://127.0.0.1:1"])
        .output()
        .await
        .context("printing the manifests")?;
    ensure!(manifests.status.success(), "`secretwire manifests` failed");
    lab.apply(&String::from_utf8(manifests.stdout)?).await?;
    // The operator registers its own address; a wrong one would stand in the way of nothing but it.
    let configurations = "mutatingwebhookconfiguration,validatingwebhookconfiguration";
    lab.kubectl(&["delete", configurations, "secretwire"])
        .await?;

    let vault = lab.vault();
    vault
        .policy(
            "bench",
            r#"path "kv-v2/data/bench/*" { capabilities = ["read"] }"#,
        )
        .await?;
    let role = json!({
        "bound_service_account_names": "default",
        "bound_service_account_namespaces": "*",
        "audience": "vault",
        "policies": "bench",
        "ttl": "1h",
    });
    vault.role("kubernetes", "bench", &role).await?;
    write_secrets(lab, load, "first").await?;

    let client = lab.apiserver().client().await?;
    for n in 0..load.namespaces {
        lab.apply(&shared_objects(n, &vault.addr())).await?;
    }
    stream::iter(load.each())
        .map(|(n, namespace, name)| create(client.clone(), n, namespace, name))
        .buffer_unordered(PARALLEL)
        .try_collect()
        .await
}

/// Writes the secret of every resource.
pub(crate) async fn write_secrets(lab: &Lab, load: Load, value: &str) -> Result<()> {
    stream::iter(load.each())
        .map(|(n, ..)| async move {
            let data = json!({"username": format!("user-{n}"), "password": format!("{value}-{n}")});
            lab.vault().kv_put(&path(n), &data).await.map(drop)
        })
        .buffer_unordered(PARALLEL)
        .try_collect()
        .await
}

fn shared_objects(n: usize, address: &str) -> String {
    format!(
        r#"apiVersion: v1
kind: Namespace
metadata: {{name: bench-{n}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: default, namespace: bench-{n}}}
---
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultConnection
metadata: {{name: vault, namespace: bench-{n}}}
spec: {{address: "{address}"}}
---
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultAuth
metadata: {{name: vault, namespace: bench-{n}}}
spec:
  vaultConnectionRef: vault
  method: kubernetes
  mount: kubernetes
  kubernetes: {{role: bench, serviceAccount: default, audiences: [vault]}}
"#
    )
}

async fn create(client: Client, n: usize, namespace: String, name: String) -> Result<()> {
    let secret: VaultStaticSecret = serde_json::from_value(json!({
        "apiVersion": "secrets.hashicorp.com/v1beta1",
        "kind": "VaultStaticSecret",
        "metadata": {"name": name},
        "spec": {
            "vaultAuthRef": "vault",
            "mount": "kv-v2",
            "type": "kv-v2",
            "path": path(n),
            "refreshAfter": "30s",
            "destination": {"name": name, "create": true},
        },
    }))?;
    let api: Api<VaultStaticSecret> = Api::namespaced(client, &namespace);
    api.create(&PostParams::default(), &secret)
        .await
        .with_context(|| format!("creating {namespace}/{name}"))?;
    Ok(())
}
