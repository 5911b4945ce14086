//! Transformations that several resources share.

use std::cell::Cell;

use anyhow::{Context as _, Result, ensure};
use secretwire_e2e::{
    DEADLINE, Data as _, SilentVault, Space, Stage, alone, secret_value, shared, workload,
};
use secretwire_lab::{Webhook, await_condition};
use serde_json::{Value, json};

use super::{edit_template, events::await_event, hourly, transformation};

/// Waits until a `SecretTransformation` says of its present text whether it is valid, and returns its status.
async fn await_checked(space: &Space<'_>, name: &str, valid: bool) -> Result<Value> {
    let what = format!("SecretTransformation {name}: valid is {valid}");
    await_condition(&what, DEADLINE, async || {
        let object = space.object("SecretTransformation", name).await?;
        let object = object.context("it is not there")?;
        let status = &object["status"];
        let current =
            status["conditions"][0]["observedGeneration"] == object["metadata"]["generation"];
        ensure!(current && status["valid"] == json!(valid), "{status}");
        Ok(Some(status.clone()))
    })
    .await
}

async fn restarts(space: &Space<'_>) -> Result<i64> {
    let object = space.object("Deployment", "app").await?;
    let object = object.context("no Deployment")?;
    let generation = object["metadata"]["generation"].as_i64();
    Ok(generation.context("no generation")? - 1)
}

async fn await_restarts(space: &Space<'_>, count: i64) -> Result<()> {
    await_condition(&format!("{count} restarts"), DEADLINE, async || {
        let restarts = restarts(space).await?;
        ensure!(restarts == count, "{restarts}");
        Ok(Some(()))
    })
    .await
}

#[test]
fn a_change_is_rendered_at_once_without_reading_vault_and_restarts_what_it_changes() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("rerender").await?;
        space.create(workload("Deployment", "app")).await?;
        space.put("db", &json!({"user": secret_value("u")})).await?;
        let spec = json!({"templates": {"url": {"text": "first"}}});
        transformation(&space, "shared", spec).await?;
        let link = json!({"name": "shared", "templateRefs": [{"name": "url"}]});
        let mut spec = hourly(&json!({"transformationRefs": [link]}));
        spec["rolloutRestartTargets"] = json!([{"kind": "Deployment", "name": "app"}]);
        space.sync("db", spec).await?;
        space.await_value("db", "url", "first").await?;
        space.await_synced("db").await?;
        let mark = space.lab().vault().mark();

        let text = "second {{ .Secrets.user }}";
        edit_template(&space, "shared", "url", text).await?;
        let second = format!("second {}", secret_value("u"));
        space.await_value("db", "url", &second).await?;
        await_restarts(&space, 1).await?;

        // What changes nothing of the data neither writes nor restarts.
        let before = space.secret("db").await?;
        edit_template(&space, "shared", "unused", "x").await?;
        await_checked(&space, "shared", true).await?;
        let same = "second {{ print .Secrets.user }}";
        edit_template(&space, "shared", "url", same).await?;
        await_checked(&space, "shared", true).await?;
        assert_eq!(space.secret("db").await?, before);

        edit_template(&space, "shared", "url", "third").await?;
        space.await_value("db", "url", "third").await?;
        await_restarts(&space, 2).await?;
        let path = format!("kv-v2/data/{}", space.path("db"));
        let reads = stage.vault_reads(&mark, &path)?;
        ensure!(reads.is_empty(), "{} reads of Vault", reads.len());
        space.search().await
    })
}

#[test]
fn a_change_is_rendered_from_vault_where_the_secret_does_not_hold_the_answer() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("reread").await?;
        space.put("db", &json!({"user": secret_value("u")})).await?;
        let spec = json!({"templates": {"url": {"text": "first"}}});
        transformation(&space, "shared", spec).await?;
        let links = json!([{"name": "shared"}]);
        let without_raw = json!({"excludeRaw": true, "transformationRefs": links});
        space.sync("db", hourly(&without_raw)).await?;
        space.await_value("db", "url", "first").await?;
        space.await_synced("db").await?;
        let mark = space.lab().vault().mark();
        edit_template(&space, "shared", "url", "second").await?;
        space.await_value("db", "url", "second").await?;
        space.await_reads("db", &mark, 1).await
    })
}

#[test]
fn a_change_is_rendered_from_vault_where_raw_is_a_key_like_others() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("own-raw").await?;
        let data = json!({"user": secret_value("u"), "_raw": "{\"user\":\"other\"}"});
        space.put_v1("db", &data).await?;
        let spec = json!({"templates": {"url": {"text": "first"}}});
        transformation(&space, "shared", spec).await?;
        let links = json!([{"name": "shared"}]);
        let mut spec = hourly(&json!({"excludeRaw": true, "transformationRefs": links}));
        (spec["mount"], spec["type"]) = (json!("kv-v1"), json!("kv-v1"));
        space.sync("db", spec).await?;
        space.await_value("db", "url", "first").await?;
        space.await_synced("db").await?;
        edit_template(&space, "shared", "url", "{{ .Secrets.user }}").await?;
        space.await_value("db", "url", &secret_value("u")).await?;
        assert_eq!(space.secret("db").await?.keys(), ["_raw", "url", "user"]);
        Ok(())
    })
}

#[test]
fn changes_do_not_put_off_the_next_read_of_vault() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("put-off").await?;
        space.put("db", &json!({"user": secret_value("u")})).await?;
        transformation(
            &space,
            "shared",
            json!({"templates": {"url": {"text": "x"}}}),
        )
        .await?;
        let links = json!([{"name": "shared"}]);
        let destination = json!({"transformation": {"transformationRefs": links}});
        let spec = json!({"refreshAfter": "4s", "destination": destination});
        space.sync("db", spec).await?;
        space.await_synced("db").await?;
        let path = format!("kv-v2/data/{}", space.path("db"));
        let mark = space.lab().vault().mark();
        let count = Cell::new(0);
        await_condition("a read between changes", DEADLINE, async || {
            count.update(|count| count + 1);
            edit_template(&space, "shared", "url", &count.get().to_string()).await?;
            let reads = stage.vault_reads(&mark, &path)?;
            Ok((!reads.is_empty()).then_some(()))
        })
        .await
    })
}

#[test]
fn a_change_does_not_wait_for_a_vault_that_hangs_and_the_read_it_overtakes_is_made_later()
-> Result<()> {
    shared(async |stage| {
        let space = stage.space("hung").await?;
        let vault = SilentVault::open(&space).await?;
        let awake = vault.wake();
        space.put("db", &json!({"user": secret_value("u")})).await?;
        let spec = json!({"templates": {"url": {"text": "first"}}});
        transformation(&space, "shared", spec).await?;
        let mut spec = hourly(&json!({"transformationRefs": [{"name": "shared"}]}));
        spec["vaultAuthRef"] = json!("silent");
        space.sync("db", spec).await?;
        space.await_synced("db").await?;
        drop(awake);

        // Another generation of the VaultAuth has the secret read anew, after a login.
        let edit = json!({"spec": {"allowedNamespaces": ["*"]}});
        space.patch("VaultAuth", "silent", &edit).await?;
        let mut asked = vec![vault.asked().await?];
        for text in ["second", "third"] {
            edit_template(&space, "shared", "url", text).await?;
            space.await_value("db", "url", text).await?;
            // The read that was overtaken begins again.
            asked.push(vault.asked().await?);
        }
        space.put("db", &json!({"user": secret_value("v")})).await?;
        edit_template(&space, "shared", "url", "fourth").await?;
        space.await_value("db", "url", "fourth").await?;
        let _awake = vault.wake();
        space.await_value("db", "user", &secret_value("v")).await
    })
}

#[test]
fn a_change_does_not_pass_off_an_old_secret_as_the_one_asked_for_since() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("moved").await?;
        space.put("db", &json!({"user": secret_value("u")})).await?;
        let spec = json!({"templates": {"url": {"text": "first"}}});
        transformation(&space, "shared", spec).await?;
        let links = json!([{"name": "shared"}]);
        space
            .sync("db", hourly(&json!({"transformationRefs": links})))
            .await?;
        space.await_synced("db").await?;
        space
            .edit("db", json!({"path": space.path("moved")}))
            .await?;
        space.await_failure("db", &["keeps its last data"]).await?;
        let path = format!("kv-v2/data/{}", space.path("moved"));
        let mark = space.lab().vault().mark();
        edit_template(&space, "shared", "url", "second").await?;
        await_condition("a read of what is asked for", DEADLINE, async || {
            let reads = stage.vault_reads(&mark, &path)?;
            Ok((!reads.is_empty()).then_some(()))
        })
        .await?;
        let secret = space.secret("db").await?;
        assert_eq!(secret.text("url"), Some("first"));
        space
            .put("moved", &json!({"user": secret_value("m")}))
            .await?;
        space.await_value("db", "url", "second").await?;
        space.await_value("db", "user", &secret_value("m")).await
    })
}

#[test]
fn an_invalid_one_says_so_and_fails_those_who_take_it_until_it_is_repaired() -> Result<()> {
    alone(async || {
        // Stored by those who had no admission.
        let stage = Stage::with_controllers().await?;
        let options = stage.options()?.webhook(Webhook::Off);
        let operator = stage.operator_with(&options).await?;
        let space = stage.space("invalid").await?;
        space.put("db", &json!({"user": secret_value("u")})).await?;
        let spec = json!({"templates": {"url": {"text": "first"}, "fine": {"text": "fine"}}});
        transformation(&space, "shared", spec).await?;
        let links = json!([{"name": "shared"}]);
        space
            .sync("db", hourly(&json!({"transformationRefs": links})))
            .await?;
        let links = json!([{"name": "shared", "templateRefs": [{"name": "fine"}]}]);
        let mut spec = hourly(&json!({"transformationRefs": links}));
        spec["path"] = json!(space.path("db"));
        space.sync("other", spec).await?;
        for name in ["db", "other"] {
            space.await_synced(name).await?;
        }
        await_checked(&space, "shared", true).await?;
        let before = space.secret("db").await?;

        edit_template(&space, "shared", "url", "a\n{{ nope }}").await?;
        let status = await_checked(&space, "shared", false).await?;
        let error = status["error"].as_str().unwrap_or_default();
        assert!(error.contains("shared/url:2: function \"nope\""), "{error}");
        for condition in ["Healthy", "Ready"] {
            let conditions = status["conditions"].as_array().context("no conditions")?;
            let found = conditions.iter().find(|found| found["type"] == condition);
            assert_eq!(found.context("not told")?["status"], "False", "{condition}");
        }
        let told = await_event(&space, "shared", "InvalidConfiguration").await?;
        assert!(told.contains("nope"), "{told}");
        space
            .await_failure("db", &["shared/url:2", "keeps its last data"])
            .await?;
        await_event(&space, "db", "SecretDataBuilderError").await?;
        assert_eq!(space.secret("db").await?, before);
        space.await_synced("other").await?;

        let long = format!("{{{{ {} }}}}", "n".repeat(4096));
        edit_template(&space, "shared", "url", &long).await?;
        let status = await_checked(&space, "shared", false).await?;
        let error = status["error"].as_str().unwrap_or_default();
        assert!(error.len() <= 1024 && error.ends_with('…'), "{error}");

        edit_template(&space, "shared", "url", "repaired").await?;
        let status = await_checked(&space, "shared", true).await?;
        assert_eq!(status["error"], "");
        space.await_value("db", "url", "repaired").await?;
        space.await_synced("db").await?;
        operator.terminate().await?;
        stage.stop().await
    })
}

#[test]
fn a_link_to_nothing_is_told_and_heals_when_it_is_made() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("late-link").await?;
        space.put("db", &json!({"user": secret_value("u")})).await?;
        let links = json!([{"name": "late"}]);
        space
            .sync("db", hourly(&json!({"transformationRefs": links})))
            .await?;
        let object = format!("{}/late does not exist", space.name());
        space
            .await_failure("db", &["transformationRefs", &object])
            .await?;
        await_event(&space, "db", "TransformationError").await?;
        assert!(space.find_secret("db").await?.is_none());
        let spec = json!({"templates": {"url": {"text": "{{ .Secrets.user }}"}}});
        transformation(&space, "late", spec).await?;
        space.await_value("db", "url", &secret_value("u")).await?;
        space.await_synced("db").await.map(drop)
    })
}

#[test]
fn one_that_is_deleted_fails_its_users_and_their_secrets_stay() -> Result<()> {
    shared(async |stage| {
        let space = stage.space("deleted-link").await?;
        space.put("db", &json!({"user": secret_value("u")})).await?;
        let spec = json!({"templates": {"url": {"text": "x"}}});
        transformation(&space, "shared", spec.clone()).await?;
        let links = json!([{"name": "shared"}]);
        space
            .sync("db", hourly(&json!({"transformationRefs": links})))
            .await?;
        space.await_synced("db").await?;
        let before = space.secret("db").await?;
        space.delete("SecretTransformation", "shared").await?;
        space
            .await_failure("db", &["does not exist", "keeps its last data"])
            .await?;
        assert_eq!(space.secret("db").await?.keys(), before.keys());
        assert_eq!(space.secret("db").await?, before);
        transformation(&space, "shared", spec).await?;
        space.await_synced("db").await?;
        assert_eq!(space.secret("db").await?, before);
        Ok(())
    })
}
