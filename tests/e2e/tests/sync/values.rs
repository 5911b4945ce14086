//! Values of every kind arrive as Vault holds them.

use anyhow::{Context as _, Result, ensure};
use secretwire_e2e::{DEADLINE, Data as _, Space, secret_value, shared};
use secretwire_lab::KV_V1;
use serde_json::json;

/// JSON text as it is written to Vault, and the bytes that the Secret is to hold.
const VALUES: [(&str, &str, &str); 14] = [
    ("array", r#"[1, "a", null]"#, r#"[1,"a",null]"#),
    ("binary-looking", r#""AAECAw==""#, "AAECAw=="),
    ("control", r#""a\u0000b\tc""#, "a\u{0}b\tc"),
    ("empty", r#""""#, ""),
    ("float", "3.0", "3.0"),
    ("huge", "1e300", "1e300"),
    ("integer", "9007199254740993", "9007199254740993"),
    ("markup", r#""<a href=\"?x&y\">""#, r#"<a href="?x&y">"#),
    (
        "nested",
        r#"{"z": {"y": 2}, "a": "<&>"}"#,
        r#"{"a":"\u003c\u0026\u003e","z":{"y":2}}"#,
    ),
    ("nothing", "null", "null"),
    ("quoted-number", r#""0123""#, "0123"),
    ("spaces", r#""  a\n""#, "  a\n"),
    ("true", "true", "true"),
    ("unicode", r#""pässwörd 🔑 \u2028""#, "pässwörd 🔑 \u{2028}"),
];

#[test]
fn each_kind_of_value_arrives_as_its_text() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("values").await?;
        let members: Vec<_> = VALUES
            .iter()
            .map(|(key, json, _)| format!("\"{key}\": {json}"))
            .collect();
        put_text(&space, "db", &format!("{{{}}}", members.join(", "))).await?;
        space
            .sync("db", json!({"mount": KV_V1, "type": "kv-v1"}))
            .await?;
        space.await_synced("db").await?;
        let secret = space.secret("db").await?;
        for (key, _, text) in VALUES {
            assert_eq!(secret.text(key), Some(text), "{key}");
        }
        let raw = secret.text("_raw").context("no _raw")?;
        let part = r#""float":3.0,"huge":1e300,"integer":9007199254740993,"markup":"\u003ca href=\"?x\u0026y\"\u003e""#;
        assert!(raw.contains(part), "{raw}");
        assert!(raw.contains("🔑 \\u2028"), "{raw}");
        assert_eq!(secret.keys().len(), VALUES.len() + 1);
        Ok(())
    })
}

#[test]
fn more_than_a_secret_holds_is_refused_with_its_cure_and_the_old_secret_stays() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("large").await?;
        space
            .put("db", &json!({"key": secret_value("small")}))
            .await?;
        space.sync("db", json!({})).await?;
        space.await_synced("db").await?;
        let before = space.secret("db").await?;

        // Fits once, but not twice.
        let large = secret_value(&"x".repeat(600 * 1024));
        space.put("db", &json!({"key": large})).await?;
        let failed = space
            .await_failure("db", &["1048576", "excludeRaw", "keeps its last data"])
            .await?;
        assert_eq!(space.secret("db").await?, before);
        ensure!(
            failed
                .status
                .is_some_and(|status| status.destination.is_some())
        );
        space
            .edit(
                "db",
                json!({"destination": {"transformation": {"excludeRaw": true}}}),
            )
            .await?;
        space.await_value("db", "key", &large).await?;
        space.search().await
    })
}

#[test]
fn keys_that_kubernetes_refuses_are_named_and_can_be_left_out() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("keys").await?;
        let long = "x".repeat(254);
        for (name, key) in [
            ("slash", "a/b"),
            ("blank", "a b"),
            ("letter", "ä"),
            ("long", &long),
            ("dots", ".."),
        ] {
            space
                .put(
                    name,
                    &json!({key: secret_value("bad"), "good": secret_value("good")}),
                )
                .await?;
            space.sync(name, json!({})).await?;
        }
        for (name, key) in [
            ("slash", "a/b"),
            ("blank", "a b"),
            ("letter", "ä"),
            ("long", &long),
            ("dots", ".."),
        ] {
            space.await_failure(name, &[key, "excludes"]).await?;
            assert!(space.find_secret(name).await?.is_none(), "{name}");
            space
                .edit(
                    name,
                    json!({"destination": {"transformation": {"includes": ["^good$"]}}}),
                )
                .await?;
        }
        for name in ["slash", "blank", "letter", "long", "dots"] {
            space
                .await_value(name, "good", &secret_value("good"))
                .await?;
        }
        space.search().await
    })
}

/// Writes JSON text as it stands: a parsed value would lose how numbers are written.
async fn put_text(space: &Space<'_>, name: &str, text: &str) -> Result<()> {
    let vault = space.lab().vault();
    let answer = reqwest::Client::new()
        .post(format!("{}/v1/{KV_V1}/{}", vault.addr(), space.path(name)))
        .header("X-Vault-Token", vault.token())
        .body(text.to_owned())
        .timeout(DEADLINE)
        .send()
        .await?;
    answer.error_for_status()?;
    Ok(())
}
