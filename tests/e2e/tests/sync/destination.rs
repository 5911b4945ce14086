//! What is written to the destination, and what becomes of it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use secretwire_e2e::{Data as _, secret_value, shared};
use serde_json::json;

#[test]
fn an_existing_secret_gets_its_data_and_nothing_else() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("existing").await?;
        space
            .put("db", &json!({"key": secret_value("first")}))
            .await?;
        space
            .create(json!({
                "apiVersion": "v1", "kind": "Secret", "type": "example.com/mine",
                "metadata": {"name": "db", "labels": {"mine": "yes"}, "annotations": {"note": "mine"}},
                "stringData": {"old": "value"},
            }))
            .await?;
        let before = space.secret("db").await?;
        space
            .sync(
                "db",
                json!({"destination": {"create": false, "labels": {"not": "applied"}}}),
            )
            .await?;
        space.await_synced("db").await?;
        space
            .put("db", &json!({"key": secret_value("second")}))
            .await?;
        space
            .await_value("db", "key", &secret_value("second"))
            .await?;
        let after = space.secret("db").await?;
        assert_eq!(after.keys(), ["_raw", "key"]);
        assert_eq!(after.type_, before.type_);
        assert_eq!(after.metadata.uid, before.metadata.uid);
        assert_eq!(after.metadata.labels, before.metadata.labels);
        assert_eq!(after.metadata.annotations, before.metadata.annotations);
        assert_eq!(after.metadata.owner_references, None);
        Ok(())
    })
}

#[test]
fn labels_and_annotations_are_those_of_the_resource_but_never_the_owner_labels() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("labels").await?;
        space
            .put("db", &json!({"key": secret_value("labels")}))
            .await?;
        let destination = json!({
            "labels": {"tier": "db", "team": "a", "app.kubernetes.io/managed-by": "someone-else"},
            "annotations": {"note": "hello", "gone": "soon"},
        });
        space
            .sync(
                "db",
                json!({"destination": destination, "refreshAfter": "1h"}),
            )
            .await?;
        space.await_synced("db").await?;
        let secret = space.secret("db").await?;
        let labels = secret.metadata.labels.context("no labels")?;
        assert_eq!(labels.get("tier").map(String::as_str), Some("db"));
        assert_eq!(
            labels
                .get("app.kubernetes.io/managed-by")
                .map(String::as_str),
            Some("hashicorp-vso")
        );
        let uid = secret.metadata.uid;

        let edit =
            json!({"labels": {"tier": "cache", "team": null}, "annotations": {"gone": null}});
        space.edit("db", json!({"destination": edit})).await?;
        let secret = space
            .await_secret("db", "the labels of the edit", |secret| {
                let labels = secret.metadata.labels.clone().unwrap_or_default();
                labels.get("tier").map(String::as_str) == Some("cache")
                    && !labels.contains_key("team")
            })
            .await?;
        let expected = BTreeMap::from([("note".to_owned(), "hello".to_owned())]);
        assert_eq!(secret.metadata.annotations, Some(expected));
        assert_eq!(secret.metadata.uid, uid);
        Ok(())
    })
}

#[test]
fn another_type_makes_the_secret_anew() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("type").await?;
        space
            .put("db", &json!({"password": secret_value("typed")}))
            .await?;
        space.sync("db", json!({"refreshAfter": "1h"})).await?;
        space.await_synced("db").await?;
        let before = space.secret("db").await?;
        assert_eq!(before.type_.as_deref(), Some("Opaque"));
        space
            .edit(
                "db",
                json!({"destination": {"type": "kubernetes.io/basic-auth"}}),
            )
            .await?;
        let after = space
            .await_secret("db", "the new type", |secret| {
                secret.type_.as_deref() == Some("kubernetes.io/basic-auth")
            })
            .await?;
        assert_ne!(after.metadata.uid, before.metadata.uid);
        assert_eq!(after.data, before.data);
        space.await_synced("db").await.map(drop)
    })
}

#[test]
fn another_name_makes_the_secret_under_it_and_removes_the_old_one() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("rename").await?;
        space
            .put("db", &json!({"key": secret_value("renamed")}))
            .await?;
        space.sync("db", json!({"refreshAfter": "1h"})).await?;
        space.await_synced("db").await?;
        space
            .edit("db", json!({"destination": {"name": "other"}}))
            .await?;
        space
            .await_value("other", "key", &secret_value("renamed"))
            .await?;
        space.await_no_secret("db").await
    })
}

#[test]
fn the_secret_goes_with_its_resource() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("delete").await?;
        space
            .put("db", &json!({"key": secret_value("deleted")}))
            .await?;
        space.sync("db", json!({})).await?;
        space.await_synced("db").await?;
        space.delete("VaultStaticSecret", "db").await?;
        // By the garbage collector.
        space.await_no_secret("db").await
    })
}

#[test]
fn without_a_digest_the_status_holds_none_and_the_secret_still_follows() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("no-digest").await?;
        space
            .put("db", &json!({"key": secret_value("first")}))
            .await?;
        space.sync("db", json!({"hmacSecretData": false})).await?;
        space
            .sync("digest", json!({"path": space.path("db")}))
            .await?;
        let digest = |secret: secretwire_api::VaultStaticSecret| {
            secret.status.and_then(|status| status.secret_mac)
        };
        assert_eq!(digest(space.await_synced("db").await?), None);
        let before = digest(space.await_synced("digest").await?);
        assert!(before.is_some());
        space
            .put("db", &json!({"key": secret_value("second")}))
            .await?;
        for name in ["db", "digest"] {
            space
                .await_value(name, "key", &secret_value("second"))
                .await?;
        }
        space.await_synced("db").await?;
        assert_eq!(digest(space.static_secret("db").await?), None);
        secretwire_lab::await_condition("another digest", secretwire_e2e::DEADLINE, async || {
            let now = digest(space.static_secret("digest").await?);
            Ok((now.is_some() && now != before).then_some(()))
        })
        .await
    })
}
