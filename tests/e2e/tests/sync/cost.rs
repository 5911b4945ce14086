//! What it costs, counted in the audit logs of the API server and of Vault.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use secretwire_e2e::{DEADLINE, Space, Stage, alone, secret_value, workload};
use secretwire_lab::{ApiRequest, Mark, await_condition};
use serde_json::json;

/// What operators asked of the API server since `mark`, but for keeping their Lease.
fn requests(stage: &Stage, mark: &Mark) -> Result<Vec<ApiRequest>> {
    let mut requests = stage.api_requests(mark)?;
    requests.retain(|request| request.resource != "leases");
    Ok(requests)
}

fn described(requests: &[ApiRequest]) -> Vec<String> {
    let of =
        |request: &ApiRequest| format!("{} {} {}", request.verb, request.resource, request.name);
    requests.iter().map(of).collect()
}

async fn sync(space: &Space<'_>, name: &str, refresh_after: &str) -> Result<()> {
    space.put(name, &json!({"key": secret_value(name)})).await?;
    let targets = json!([{"kind": "Deployment", "name": "app"}]);
    space
        .sync(
            name,
            json!({"refreshAfter": refresh_after, "rolloutRestartTargets": targets}),
        )
        .await?;
    space.await_synced(name).await.map(drop)
}

#[test]
fn a_new_resource_costs_one_read_of_vault_two_writes_and_an_event() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let operator = stage.operator().await?;
        let space = stage.space("cost").await?;
        // The first one pays for the login.
        sync(&space, "first", "1h").await?;
        let (api, vault) = (stage.lab().apiserver().mark(), stage.lab().vault().mark());
        sync(&space, "second", "1h").await?;
        let found = await_condition("the Event, which comes last", DEADLINE, async || {
            let found = requests(&stage, &api)?;
            Ok(found
                .iter()
                .any(|request| request.resource == "events")
                .then_some(found))
        })
        .await?;
        let mut found = described(&found);
        found.retain(|request| !request.starts_with("create events"));
        ensure!(
            found
                == [
                    "create secrets second",
                    "patch vaultstaticsecrets/status second"
                ]
                || found == ["create secrets ", "patch vaultstaticsecrets/status second"],
            "{found:?}"
        );
        let path = format!("kv-v2/data/{}", space.path("second"));
        assert_eq!(stage.vault_reads(&vault, &path)?.len(), 1);
        assert_eq!(stage.logins(&vault)?.len(), 0);
        operator.terminate().await?;
        stage.stop().await
    })
}

#[test]
fn idle_resources_cost_one_read_of_vault_a_period_and_no_request_to_the_api_server() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let operator = stage.operator().await?;
        let space = stage.space("idle").await?;
        let names: Vec<_> = (0..5).map(|number| format!("s-{number}")).collect();
        for name in &names {
            sync(&space, name, "2s").await?;
        }
        let vault = stage.lab().vault().mark();
        for name in &names {
            // Events and statuses of the creation are through when the next period is.
            space.await_reads(name, &vault, 1).await?;
        }
        let (api, vault, began) = (
            stage.lab().apiserver().mark(),
            stage.lab().vault().mark(),
            Instant::now(),
        );
        for name in &names {
            space.await_reads(name, &vault, 4).await?;
        }
        let (elapsed, found) = (began.elapsed(), requests(&stage, &api)?);
        ensure!(found.is_empty(), "{:?}", described(&found));
        for name in &names {
            let reads = stage
                .vault_reads(&vault, &format!("kv-v2/data/{}", space.path(name)))?
                .len();
            // Periods are shortened by a fifth at most; one may end as the count begins.
            let most = elapsed.as_secs_f64() / 1.6 + 1.0;
            ensure!(
                f64::from(u32::try_from(reads)?) <= most,
                "{reads} reads in {elapsed:?}"
            );
        }
        assert_eq!(stage.logins(&vault)?.len(), 0);
        operator.terminate().await?;
        stage.stop().await
    })
}

#[test]
fn a_restart_of_the_operator_costs_one_read_for_each_secret_and_writes_nothing() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let operator = stage.operator().await?;
        let space = stage.space("restart").await?;
        space.create(workload("Deployment", "app")).await?;
        let names: Vec<_> = (0..10).map(|number| format!("s-{number}")).collect();
        for name in &names {
            sync(&space, name, "1h").await?;
        }
        let status = operator.terminate().await?;
        ensure!(status.success(), "SIGTERM ended it with {status}");

        let (api, vault) = (stage.lab().apiserver().mark(), stage.lab().vault().mark());
        let operator = stage.operator().await?;
        for name in &names {
            space.await_reads(name, &vault, 1).await?;
        }
        // What comes after the restart shows that everything before it was done.
        sync(&space, "later", "1h").await?;
        for resource in ["secrets", "vaultstaticsecrets/status"] {
            let written = stage.writes(&api, resource)?;
            ensure!(written.len() == 1, "{resource}: {:?}", described(&written));
        }
        for name in &names {
            let path = format!("kv-v2/data/{}", space.path(name));
            assert_eq!(stage.vault_reads(&vault, &path)?.len(), 1, "{name}");
        }
        assert_eq!(stage.logins(&vault)?.len(), 1);
        let deployment = space
            .object("Deployment", "app")
            .await?
            .context("no Deployment")?;
        assert_eq!(deployment["metadata"]["generation"], json!(1));
        operator.terminate().await?;
        stage.stop().await
    })
}
