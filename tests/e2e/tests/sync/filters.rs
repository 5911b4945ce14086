//! Which keys reach the Secret.

use anyhow::Result;
use secretwire_e2e::{Data as _, secret_value, shared};
use serde_json::{Value, json};

fn data() -> Value {
    json!({"user": secret_value("u"), "password": secret_value("p"), "port": 5432, "debug_user": secret_value("d")})
}

#[test]
fn filters_choose_keys_and_leave_the_whole_answer_alone() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("filters").await?;
        space.put("all", &data()).await?;
        let cases = [
            (
                "included",
                json!({"includes": ["^user$", "^pass"]}),
                vec!["_raw", "password", "user"],
            ),
            (
                "excluded",
                json!({"excludes": ["user"]}),
                vec!["_raw", "password", "port"],
            ),
            (
                "both",
                json!({"includes": ["user"], "excludes": ["^debug"]}),
                vec!["_raw", "user"],
            ),
            (
                "not-raw",
                json!({"excludeRaw": true}),
                vec!["debug_user", "password", "port", "user"],
            ),
            ("nothing-of-it", json!({"includes": ["^$"]}), vec!["_raw"]),
        ];
        for (name, transformation, _) in &cases {
            let destination = json!({"transformation": transformation});
            space
                .sync(
                    name,
                    json!({"path": space.path("all"), "destination": destination}),
                )
                .await?;
        }
        for (name, _, keys) in &cases {
            space.await_synced(name).await?;
            let secret = space.secret(name).await?;
            assert_eq!(secret.keys(), *keys, "{name}");
            if let Some(raw) = secret.text("_raw") {
                let raw: Value = serde_json::from_str(raw)?;
                assert_eq!(raw["data"], data(), "{name}");
            }
        }
        Ok(())
    })
}

#[test]
fn an_expression_that_is_none_is_named_and_changes_nothing() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("expression").await?;
        space.put("db", &data()).await?;
        space.sync("db", json!({})).await?;
        space.await_synced("db").await?;
        let before = space.secret("db").await?;
        let edit = |expression: &str| json!({"destination": {"transformation": {"includes": [expression]}}});
        let refused = space.edit("db", edit("(user")).await.unwrap_err();
        let refused = format!("{refused:#}");
        assert!(refused.contains("includes[0]: \"(user\""), "{refused}");
        assert_eq!(space.secret("db").await?, before);
        space.edit("db", edit("(user)")).await?;
        space.await_synced("db").await?;
        assert_eq!(
            space.secret("db").await?.keys(),
            ["_raw", "debug_user", "user"]
        );
        Ok(())
    })
}

#[test]
fn a_source_key_called_raw_is_refused_unless_raw_is_left_out() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("raw-key").await?;
        space
            .put("db", &json!({"_raw": secret_value("raw")}))
            .await?;
        space.sync("db", json!({})).await?;
        space.await_failure("db", &["`_raw`", "excludeRaw"]).await?;
        assert!(space.find_secret("db").await?.is_none());
        space
            .edit(
                "db",
                json!({"destination": {"transformation": {"excludeRaw": true}}}),
            )
            .await?;
        space.await_value("db", "_raw", &secret_value("raw")).await
    })
}
