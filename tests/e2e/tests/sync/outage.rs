//! Vault or the API server gone for a while: nothing is lost, and work goes on by itself.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Secret;
use secretwire_e2e::{DEADLINE, Data as _, Operator, Space, Stage, alone, secret_value, workload};
use secretwire_lab::await_condition;
use serde_json::json;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// A space with synced Secrets that are looked at every two seconds, and the Secrets.
async fn synced<'a>(stage: &'a Stage, prefix: &str) -> Result<(Space<'a>, Vec<Secret>)> {
    let space = stage.space(prefix).await?;
    space.create(workload("Deployment", "app")).await?;
    let mut secrets = Vec::new();
    for name in NAMES {
        space.put(name, &json!({"key": secret_value(name)})).await?;
        let targets = json!([{"kind": "Deployment", "name": "app"}]);
        space
            .sync(name, json!({"rolloutRestartTargets": targets}))
            .await?;
        space.await_synced(name).await?;
        secrets.push(space.secret(name).await?);
    }
    Ok((space, secrets))
}

async fn assert_untouched(space: &Space<'_>, before: &[Secret]) -> Result<()> {
    for (name, before) in NAMES.iter().zip(before) {
        assert_eq!(space.secret(name).await?, *before);
    }
    let deployment = space
        .object("Deployment", "app")
        .await?
        .context("no Deployment")?;
    assert_eq!(deployment["metadata"]["generation"], json!(1));
    Ok(())
}

/// Shows that work goes on: a new value arrives, and restarts its workload.
async fn assert_works(space: &Space<'_>) -> Result<()> {
    space
        .put("a", &json!({"key": secret_value("changed")}))
        .await?;
    space
        .await_value("a", "key", &secret_value("changed"))
        .await?;
    await_condition("the one restart", DEADLINE, async || {
        let deployment = space
            .object("Deployment", "app")
            .await?
            .context("no Deployment")?;
        Ok((deployment["metadata"]["generation"] == json!(2)).then_some(()))
    })
    .await
}

#[test]
fn while_vault_is_stopped_secrets_stay_and_conditions_tell_and_both_recover() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let operator = stage.operator().await?;
        let (space, before) = synced(&stage, "stopped").await?;
        let vault = stage.lab().vault();
        let mark = vault.mark();
        vault.stop().await?;
        for name in NAMES {
            space
                .await_failure(name, &["Vault is unreachable", "keeps its last data"])
                .await?;
        }
        assert_untouched(&space, &before).await?;
        vault.start().await?;
        for name in NAMES {
            space.await_synced(name).await?;
        }
        assert_untouched(&space, &before).await?;
        let logins = stage.logins(&mark)?.len();
        ensure!(logins <= 2, "{logins} logins for one identity");
        assert_works(&space).await?;
        space.search().await?;
        operator.terminate().await?;
        stage.stop().await
    })
}

#[test]
fn while_vault_is_sealed_secrets_stay_and_conditions_say_so_and_both_recover() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let operator = stage.operator().await?;
        let (space, before) = synced(&stage, "sealed").await?;
        let vault = stage.lab().vault();
        let mark = vault.mark();
        vault.seal().await?;
        for name in NAMES {
            space
                .await_failure(name, &["sealed", "keeps its last data"])
                .await?;
        }
        assert_untouched(&space, &before).await?;
        vault.unseal().await?;
        for name in NAMES {
            space.await_synced(name).await?;
        }
        assert_untouched(&space, &before).await?;
        let logins = stage.logins(&mark)?.len();
        ensure!(logins <= 2, "{logins} logins for one identity");
        assert_works(&space).await?;
        operator.terminate().await?;
        stage.stop().await
    })
}

#[test]
fn revoked_tokens_are_replaced_by_one_login_and_nobody_notices() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let operator = stage.operator().await?;
        let (space, before) = synced(&stage, "revoked").await?;
        let statuses = async || -> Result<Vec<_>> {
            let mut versions = Vec::new();
            for name in NAMES {
                versions.push(space.static_secret(name).await?.metadata.resource_version);
            }
            Ok(versions)
        };
        let unchanged = statuses().await?;
        let vault = stage.lab().vault();
        let mark = vault.mark();
        vault.revoke_prefix("auth/kubernetes").await?;
        for name in NAMES {
            space.await_reads(name, &mark, 3).await?;
        }
        assert_eq!(stage.logins(&mark)?.len(), 1);
        assert_untouched(&space, &before).await?;
        assert_eq!(statuses().await?, unchanged);
        assert_works(&space).await?;
        operator.terminate().await?;
        stage.stop().await
    })
}

#[test]
fn an_api_server_that_comes_back_finds_work_going_on_and_nothing_written_for_it() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let operator = stage.operator().await?;
        let (space, before) = synced(&stage, "apiserver").await?;
        let (apiserver, vault) = (stage.lab().apiserver(), stage.lab().vault());
        let mark = apiserver.mark();

        // Back before the operator stops leading, and after it.
        apiserver.stop().await?;
        apiserver.start().await?;
        let seen = vault.mark();
        for name in NAMES {
            space.await_reads(name, &seen, 2).await?;
        }
        apiserver.stop().await?;
        await_leading(&operator, false).await?;
        apiserver.start().await?;
        await_leading(&operator, true).await?;
        let seen = vault.mark();
        for name in NAMES {
            space.await_reads(name, &seen, 2).await?;
        }
        assert_untouched(&space, &before).await?;
        assert_works(&space).await?;
        let written: Vec<_> = stage
            .writes(&mark, "secrets")?
            .into_iter()
            .map(|request| request.name)
            .collect();
        assert_eq!(written, ["a"]);
        operator.terminate().await?;
        stage.stop().await
    })
}

async fn await_leading(operator: &Operator, leads: bool) -> Result<()> {
    let line = format!("leader_election_master_status {}", u8::from(leads));
    await_condition(&line, DEADLINE, async || {
        let metrics = operator.metrics().await?;
        Ok(metrics.lines().any(|found| found == line).then_some(()))
    })
    .await
}

#[test]
fn started_without_vault_it_waits_and_touches_nothing() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let operator = stage.operator().await?;
        let (space, before) = synced(&stage, "cold").await?;
        operator.kill().await?;
        stage.lab().vault().stop().await?;
        let operator = stage.operator().await?;
        for name in NAMES {
            space
                .await_failure(name, &["Vault is unreachable", "keeps its last data"])
                .await?;
        }
        assert_untouched(&space, &before).await?;
        stage.lab().vault().start().await?;
        for name in NAMES {
            space.await_synced(name).await?;
            assert_eq!(
                space.secret(name).await?.text("key"),
                Some(&*secret_value(name))
            );
        }
        assert_untouched(&space, &before).await?;
        assert_works(&space).await?;
        operator.terminate().await?;
        stage.stop().await
    })
}
