//! Templates that a resource has itself.

use anyhow::Result;
use secretwire_api::names::condition;
use secretwire_e2e::{Conditions as _, Data as _, Stage, alone, secret_value, shared};
use serde_json::json;

use super::{events::await_event, hourly};

#[test]
fn templates_see_secrets_metadata_labels_and_annotations_and_win_over_source_keys() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("inline").await?;
        let data = json!({"user": secret_value("u"), "port": 5432, "keystore": "/u3+7QAAAAI="});
        space.put("db", &data).await?;
        let transformation = json!({
            "excludeRaw": true,
            "excludes": ["^keystore$"],
            "templates": {
                "user": {"text": "{{ .Secrets.user }}:{{ .Secrets.port }}"},
                "version": {"text": "{{ .Metadata.version }} of {{ .Labels.tier }} in {{ .Annotations.stage }}"},
                "keystore.jks": {"text": "{{ .Secrets.keystore | b64dec }}"},
                "{{ if eq .Key \"port\" }}DB_{{ .Key | upper }}{{ end }}": {"text": "{{ .Value }}"},
            },
        });
        let mut object = space.static_secret_object("db", &hourly(&transformation));
        object["metadata"]["labels"] = json!({"tier": "db"});
        object["metadata"]["annotations"] = json!({"stage": "test"});
        space.create(object).await?;
        space.await_synced("db").await?;

        let secret = space.secret("db").await?;
        let keys = ["DB_PORT", "keystore.jks", "port", "user", "version"];
        assert_eq!(secret.keys(), keys);
        assert_eq!(secret.text("DB_PORT"), Some("5432"));
        let user = secret_value("u") + ":5432";
        assert_eq!(secret.text("user"), Some(&*user));
        assert_eq!(secret.text("version"), Some("1 of db in test"));
        let data = secret.data.unwrap_or_default();
        assert_eq!(data["keystore.jks"].0, b"\xfe\xed\xfe\xed\0\0\0\x02");
        space.search().await
    })
}

#[test]
fn changed_labels_and_annotations_of_the_resource_are_rendered_at_once() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("metadata").await?;
        space.put("db", &json!({"user": secret_value("u")})).await?;
        let text = "{{ .Labels.tier }}/{{ .Annotations.stage }}";
        let transformation = json!({"templates": {"where": {"text": text}}});
        space.sync("db", hourly(&transformation)).await?;
        let missing = "<no value>/<no value>";
        space.await_value("db", "where", missing).await?;
        let label = json!({"metadata": {"labels": {"tier": "db"}}});
        space.patch("VaultStaticSecret", "db", &label).await?;
        space.await_value("db", "where", "db/<no value>").await?;
        let annotation = json!({"metadata": {"annotations": {"stage": "test"}}});
        space.patch("VaultStaticSecret", "db", &annotation).await?;
        space.await_value("db", "where", "db/test").await
    })
}

#[test]
fn a_template_that_fails_is_told_by_condition_and_event_and_the_secret_stays() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("broken").await?;
        space
            .put("db", &json!({"user": secret_value("hidden")}))
            .await?;
        let with = |text: &str| hourly(&json!({"templates": {"url": {"text": text}}}));
        space.sync("db", with("{{ .Secrets.user }}")).await?;
        space.await_synced("db").await?;
        let before = space.secret("db").await?;
        let name = format!("{}/db/url", space.name());
        let broken = [
            (
                "{{ range .Secrets.user }}{{ end }}",
                format!("{name}:1:17: executing"),
            ),
            (
                "{{ .Secret.user }}",
                "can't evaluate field Secret".to_owned(),
            ),
            ("{{ range until 100000000 }}{{ end }}", name.clone()),
        ];
        for (text, words) in broken {
            space.edit("db", with(text)).await?;
            let failed = space
                .await_failure("db", &[words.as_str(), "keeps its last data"])
                .await?;
            let told = failed.condition(condition::SECRET_SYNCED);
            assert_eq!(told.map(|found| found.status.as_str()), Some("False"));
            assert_eq!(space.secret("db").await?, before, "{text}");
        }
        let message = await_event(&space, "db", "SecretDataBuilderError").await?;
        assert!(message.contains(&name), "{message}");
        space.search().await?;
        space
            .edit("db", with("{{ .Secrets.user | upper }}"))
            .await?;
        let upper = secret_value("hidden").to_uppercase();
        space.await_value("db", "url", &upper).await
    })
}

#[test]
fn raw_is_left_out_of_every_secret_where_the_operator_is_told_so() -> Result<()> {
    alone(async || {
        let stage = Stage::with_controllers().await?;
        let options = stage
            .options()?
            .arg("--global-transformation-options=exclude-raw");
        let operator = stage.operator_with(&options).await?;
        let space = stage.space("exclude-raw").await?;
        let data = json!({"user": secret_value("u"), "_raw": secret_value("own")});
        space.put("db", &data).await?;
        space.sync("db", json!({})).await?;
        let text = json!({"templates": {"_raw": {"text": "{{ .Secrets.user }}"}}});
        let made = json!({"path": space.path("db"), "destination": {"transformation": text}});
        space.sync("made", made).await?;
        for name in ["db", "made"] {
            space.await_synced(name).await?;
        }
        let secret = space.secret("db").await?;
        assert_eq!(secret.keys(), ["_raw", "user"]);
        assert_eq!(secret.text("_raw"), Some(&*secret_value("own")));
        let secret = space.secret("made").await?;
        assert_eq!(secret.text("_raw"), Some(&*secret_value("u")));
        operator.terminate().await?;
        stage.stop().await
    })
}
