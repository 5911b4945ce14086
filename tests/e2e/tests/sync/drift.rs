//! What others do to a Secret is put right, without waiting for the next period and without restarting anything.

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::Secret;
use secretwire_e2e::{Data as _, Space, Stage, restart_stamp, secret_value, shared, workload};
use serde_json::{Value, json};

/// A synced Secret that would be looked at again in an hour, with a workload to restart.
async fn synced<'a>(stage: &'a Stage, prefix: &str) -> Result<(Space<'a>, Secret)> {
    let space = stage.space(prefix).await?;
    space.create(workload("Deployment", "app")).await?;
    space
        .put("db", &json!({"key": secret_value("right")}))
        .await?;
    let targets = json!([{"kind": "Deployment", "name": "app"}]);
    let destination = json!({"labels": {"tier": "db"}});
    let spec =
        json!({"refreshAfter": "1h", "rolloutRestartTargets": targets, "destination": destination});
    space.sync("db", spec).await?;
    space.await_synced("db").await?;
    let secret = space.secret("db").await?;
    Ok((space, secret))
}

/// Whoever repairs a Secret would restart workloads before the status says what the Secret is now.
async fn assert_reported_without_restart(space: &Space<'_>, secret: &Secret) -> Result<()> {
    let version = secret.metadata.resource_version.as_deref();
    secretwire_lab::await_condition(
        "the status of the repair",
        secretwire_e2e::DEADLINE,
        async || {
            let status = space
                .static_secret("db")
                .await?
                .status
                .context("no status")?;
            let destination = status.destination.context("no destination")?;
            Ok((Some(destination.resource_version.as_str()) == version).then_some(()))
        },
    )
    .await?;
    let deployment = space
        .object("Deployment", "app")
        .await?
        .context("no Deployment")?;
    assert_eq!(restart_stamp(&deployment), None);
    assert_eq!(deployment["metadata"]["generation"], json!(1));
    Ok(())
}

#[test]
fn edited_data_is_put_right() -> Result<()> {
    shared(async |stage| {
        let (space, before) = synced(stage, "edited").await?;
        let edit = json!({"stringData": {"key": "wrong", "more": "wrong"}});
        space.patch("Secret", "db", &edit).await?;
        let after = space
            .await_secret("db", "the right data", |secret| secret.data == before.data)
            .await?;
        assert_eq!(after.metadata.uid, before.metadata.uid);
        assert_reported_without_restart(&space, &after).await
    })
}

#[test]
fn a_deleted_secret_comes_back_as_it_was() -> Result<()> {
    shared(async |stage| {
        let (space, before) = synced(stage, "gone").await?;
        space.delete("Secret", "db").await?;
        let after = space
            .await_secret("db", "another one", |secret| {
                secret.metadata.uid != before.metadata.uid
            })
            .await?;
        assert_eq!(after.data, before.data);
        assert_eq!(after.metadata.labels, before.metadata.labels);
        assert_eq!(
            after.metadata.owner_references,
            before.metadata.owner_references
        );
        assert_reported_without_restart(&space, &after).await
    })
}

#[test]
fn stripped_labels_and_owners_are_put_back() -> Result<()> {
    shared(async |stage| {
        let (space, before) = synced(stage, "stripped").await?;
        let uid_label = "secrets.hashicorp.com/vso-ownerRefUID";
        let strips: [Value; 5] = [
            json!({"labels": {"tier": null}}),
            json!({"labels": {"tier": "wrong"}}),
            json!({"labels": {uid_label: null}}),
            json!({"labels": null}),
            json!({"ownerReferences": null}),
        ];
        for strip in strips {
            space
                .patch("Secret", "db", &json!({"metadata": strip}))
                .await?;
            let after = space
                .await_secret("db", &format!("as before {strip}"), |secret| {
                    secret.metadata.labels == before.metadata.labels
                        && secret.metadata.owner_references == before.metadata.owner_references
                })
                .await?;
            assert_eq!(after.metadata.uid, before.metadata.uid);
            assert_reported_without_restart(&space, &after).await?;
        }
        Ok(())
    })
}

#[test]
fn what_others_add_to_the_metadata_is_left_alone() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("foreign").await?;
        space
            .put("db", &json!({"key": secret_value("right")}))
            .await?;
        space.sync("db", json!({})).await?;
        space.await_synced("db").await?;
        let add =
            json!({"metadata": {"annotations": {"backup": "yes"}, "labels": {"backup": "yes"}}});
        space.patch("Secret", "db", &add).await?;
        let version = space.secret("db").await?.metadata.resource_version;
        let mark = space.lab().vault().mark();
        space.await_reads("db", &mark, 3).await?;
        let after = space.secret("db").await?;
        assert_eq!(after.metadata.resource_version, version);
        Ok(())
    })
}

#[test]
fn an_existing_secret_that_was_edited_is_put_right_at_the_next_period() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("existing-drift").await?;
        space
            .put("db", &json!({"key": secret_value("right")}))
            .await?;
        space
            .create(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}}))
            .await?;
        space
            .sync("db", json!({"destination": {"create": false}}))
            .await?;
        space
            .await_value("db", "key", &secret_value("right"))
            .await?;
        space
            .patch(
                "Secret",
                "db",
                &json!({"stringData": {"key": "wrong", "more": "wrong"}}),
            )
            .await?;
        let after = space
            .await_secret("db", "the right data", |secret| {
                secret.text("key") == Some(&*secret_value("right"))
            })
            .await?;
        assert_eq!(after.keys(), ["_raw", "key"]);
        Ok(())
    })
}
