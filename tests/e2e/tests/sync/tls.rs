//! Vault over TLS.

use anyhow::Result;
use rcgen::{CertificateParams, KeyPair};
use secretwire_e2e::{Space, Stage, VAULT_CONNECTION, secret_value, shared};
use serde_json::{Value, json};

/// A space whose connection is this patch to one over TLS, with a resource that uses it.
async fn connected<'a>(stage: &'a Stage, prefix: &str, connection: &Value) -> Result<Space<'a>> {
    let space = stage.empty_space(prefix).await?;
    let mut spec = json!({"address": stage.lab().vault().tls_addr()});
    json_patch::merge(&mut spec, connection);
    space
        .create(json!({
            "apiVersion": "secrets.hashicorp.com/v1beta1", "kind": "VaultConnection",
            "metadata": {"name": VAULT_CONNECTION}, "spec": spec,
        }))
        .await?;
    space.create_auth().await?;
    space.grant().await?;
    space
        .put("db", &json!({"key": secret_value("tls")}))
        .await?;
    space.sync("db", json!({})).await?;
    Ok(space)
}

async fn create_ca(space: &Space<'_>, pem: &str) -> Result<()> {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ca"}, "stringData": {"ca.crt": pem},
    });
    space.create(secret).await.map(drop)
}

/// A certificate that signed nothing here.
fn other_ca() -> Result<String> {
    let key = KeyPair::generate()?;
    let parameters = CertificateParams::new(vec!["other".to_owned()])?;
    Ok(parameters.self_signed(&key)?.pem())
}

#[test]
fn a_ca_in_a_secret_is_trusted_and_waited_for() -> Result<()> {
    shared(async |stage| {
        let space = connected(stage, "ca", &json!({"caCertSecretRef": "ca"})).await?;
        let named = format!("Secret {}/ca", space.name());
        space
            .await_failure("db", &["caCertSecretRef", &named])
            .await?;
        create_ca(&space, stage.lab().vault().ca_pem()).await?;
        space.await_synced("db").await.map(drop)
    })
}

#[test]
fn a_wrong_ca_is_told_and_its_replacement_heals_without_another_touch() -> Result<()> {
    shared(async |stage| {
        let space = connected(stage, "wrong-ca", &json!({"caCertSecretRef": "ca"})).await?;
        create_ca(&space, &other_ca()?).await?;
        space.await_failure("db", &["certificate"]).await?;
        let right = json!({"stringData": {"ca.crt": stage.lab().vault().ca_pem()}});
        space.patch("Secret", "ca", &right).await?;
        space.await_synced("db").await.map(drop)
    })
}

#[test]
fn no_ca_means_that_a_private_one_is_not_trusted() -> Result<()> {
    shared(async |stage| {
        let space = connected(stage, "no-ca", &json!({})).await?;
        space.await_failure("db", &["certificate"]).await?;
        let skip = json!({"spec": {"skipTLSVerify": true}});
        space
            .patch("VaultConnection", VAULT_CONNECTION, &skip)
            .await?;
        space.await_synced("db").await.map(drop)
    })
}

#[test]
fn the_server_name_is_the_one_that_is_verified() -> Result<()> {
    shared(async |stage| {
        let connection = json!({"caCertSecretRef": "ca", "tlsServerName": "other.test"});
        let space = connected(stage, "server-name", &connection).await?;
        create_ca(&space, stage.lab().vault().ca_pem()).await?;
        space.await_failure("db", &["other.test"]).await?;
        let right = json!({"spec": {"tlsServerName": "vault.test"}});
        space
            .patch("VaultConnection", VAULT_CONNECTION, &right)
            .await?;
        space.await_synced("db").await.map(drop)
    })
}

#[test]
fn a_secret_without_a_certificate_is_told() -> Result<()> {
    shared(async |stage| {
        let space = connected(stage, "bad-ca", &json!({"caCertSecretRef": "ca"})).await?;
        create_ca(&space, "no certificate").await?;
        space
            .await_failure("db", &["VaultConnection", "certificate"])
            .await
            .map(drop)
    })
}
