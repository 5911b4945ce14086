//! Whose a Secret is.

use anyhow::Result;
use secretwire_e2e::{Data as _, Space, secret_value, shared};
use serde_json::json;

async fn create_foreign(space: &Space<'_>, name: &str) -> Result<()> {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"theirs": "value"},
    });
    space.create(secret).await.map(drop)
}

#[test]
fn a_secret_of_someone_else_is_left_alone_until_it_may_be_overwritten() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("not-mine").await?;
        create_foreign(&space, "db").await?;
        let before = space.secret("db").await?;
        space
            .put("db", &json!({"key": secret_value("mine")}))
            .await?;
        space.sync("db", json!({})).await?;
        space
            .await_failure("db", &["\"db\"", "not owned", "destination.overwrite"])
            .await?;
        assert_eq!(space.secret("db").await?, before);

        space
            .edit("db", json!({"destination": {"overwrite": true}}))
            .await?;
        space.await_synced("db").await?;
        let after = space.secret("db").await?;
        assert_eq!(after.keys(), ["_raw", "key"]);
        assert_eq!(
            after.metadata.owner_references.map(|owners| owners.len()),
            Some(1)
        );
        Ok(())
    })
}

#[test]
fn two_resources_never_share_a_secret_not_even_by_overwriting() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("both").await?;
        space.put("a", &json!({"key": secret_value("a")})).await?;
        space.put("b", &json!({"key": secret_value("b")})).await?;
        space.sync("a", json!({})).await?;
        space.await_synced("a").await?;
        let before = space.secret("a").await?;
        space
            .sync(
                "b",
                json!({"destination": {"name": "a", "overwrite": true}}),
            )
            .await?;
        space
            .await_failure("b", &["\"a\"", "owned by VaultStaticSecret \"a\""])
            .await?;
        assert_eq!(space.secret("a").await?, before);
        // The place is free when the owner goes elsewhere.
        space
            .edit("a", json!({"destination": {"name": "elsewhere"}}))
            .await?;
        space.await_value("a", "key", &secret_value("b")).await?;
        space
            .await_value("elsewhere", "key", &secret_value("a"))
            .await
    })
}

#[test]
fn a_secret_that_must_exist_is_waited_for() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("not-there").await?;
        space
            .put("db", &json!({"key": secret_value("late")}))
            .await?;
        space
            .sync("db", json!({"destination": {"create": false}}))
            .await?;
        space
            .await_failure("db", &["\"db\" does not exist", "destination.create"])
            .await?;
        create_foreign(&space, "db").await?;
        space
            .await_value("db", "key", &secret_value("late"))
            .await?;
        space.await_synced("db").await.map(drop)
    })
}
