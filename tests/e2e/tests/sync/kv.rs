//! Both KV engines.

use anyhow::{Context as _, Result};
use futures::future::try_join_all;
use secretwire_e2e::{Data as _, Space, secret_value, shared};
use serde_json::{Value, json};

#[test]
fn kv_v2_gives_its_keys_and_the_answer_with_metadata() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("kv-v2").await?;
        let data = json!({"password": secret_value("v2"), "user": secret_value("user")});
        space.put("db", &data).await?;
        space.sync("db", json!({})).await?;
        space.await_synced("db").await?;
        let secret = space.secret("db").await?;
        assert_eq!(secret.keys(), ["_raw", "password", "user"]);
        let raw: Value = serde_json::from_str(secret.text("_raw").context("no _raw")?)?;
        assert_eq!(raw["data"], data);
        let metadata = raw["metadata"].as_object().context("no metadata")?;
        let names: Vec<_> = metadata.keys().collect();
        assert_eq!(
            names,
            [
                "created_time",
                "custom_metadata",
                "deletion_time",
                "destroyed",
                "version"
            ]
        );
        Ok(())
    })
}

#[test]
fn kv_v1_gives_its_keys_and_the_answer_as_it_is() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("kv-v1").await?;
        space
            .put_v1("db", &json!({"password": secret_value("v1")}))
            .await?;
        space
            .sync("db", json!({"mount": "kv-v1", "type": "kv-v1"}))
            .await?;
        space.await_synced("db").await?;
        let secret = space.secret("db").await?;
        assert_eq!(secret.keys(), ["_raw", "password"]);
        let raw = format!(r#"{{"password":"{}"}}"#, secret_value("v1"));
        assert_eq!(secret.text("_raw"), Some(raw.as_str()));

        space
            .put_v1("db", &json!({"password": secret_value("changed")}))
            .await?;
        space
            .await_value("db", "password", &secret_value("changed"))
            .await
    })
}

#[test]
fn an_omitted_type_is_that_of_the_mount() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("no-type").await?;
        space
            .put("two", &json!({"key": secret_value("two")}))
            .await?;
        space
            .put_v1("one", &json!({"key": secret_value("one")}))
            .await?;
        space.sync("two", json!({"type": null})).await?;
        space
            .sync("one", json!({"mount": "kv-v1", "type": null}))
            .await?;
        for name in ["one", "two"] {
            space.await_synced(name).await?;
            assert_eq!(
                space.secret(name).await?.text("key"),
                Some(&*secret_value(name))
            );
        }
        Ok(())
    })
}

#[test]
fn a_fixed_version_stays_when_newer_ones_come() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("fixed").await?;
        space
            .put("db", &json!({"key": secret_value("first")}))
            .await?;
        space
            .put("db", &json!({"key": secret_value("second")}))
            .await?;
        space.sync("db", json!({"version": 1})).await?;
        space.await_synced("db").await?;
        let before = space.secret("db").await?;
        assert_eq!(before.text("key"), Some(&*secret_value("first")));

        let mark = space.lab().vault().mark();
        space
            .put("db", &json!({"key": secret_value("third")}))
            .await?;
        space.await_reads("db", &mark, 2).await?;
        let after = space.secret("db").await?;
        assert_eq!(
            after.metadata.resource_version,
            before.metadata.resource_version
        );

        space.edit("db", json!({"version": 3})).await?;
        space.await_value("db", "key", &secret_value("third")).await
    })
}

#[test]
fn resources_of_both_engines_created_and_existing_sync_side_by_side() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("many").await?;
        let mut names = Vec::new();
        for number in 0..10 {
            for engine in ["kv-v1", "kv-v2"] {
                for create in [true, false] {
                    names.push((format!("s-{number}-{engine}-{create}"), engine, create));
                }
            }
        }
        try_join_all(names.iter().map(async |(name, engine, create)| {
            write(&space, name, engine, "first").await?;
            if !create {
                let secret =
                    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
                space.create(secret).await?;
            }
            let spec = json!({"mount": engine, "type": engine, "destination": {"create": create}});
            space.sync(name, spec).await
        }))
        .await?;
        for round in ["first", "second"] {
            try_join_all(names.iter().map(async |(name, engine, _)| {
                write(&space, name, engine, round).await?;
                space
                    .await_value(name, "key", &secret_value(&format!("{name}-{round}")))
                    .await
            }))
            .await?;
        }
        space.search().await
    })
}

async fn write(space: &Space<'_>, name: &str, engine: &str, round: &str) -> Result<()> {
    let data = json!({"key": secret_value(&format!("{name}-{round}"))});
    if engine == "kv-v1" {
        space.put_v1(name, &data).await
    } else {
        space.put(name, &data).await.map(drop)
    }
}
