//! Several operators, of which one works.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use secretwire_e2e::{DEADLINE, Operator, Space, Stage, alone, secret_value};
use secretwire_lab::{Mark, await_condition};
use serde_json::json;

/// A leader that ends in order gives its Lease back.
const HANDED_OVER: Duration = Duration::from_secs(10);
/// One that dies holds its Lease for 15 seconds more; the others look every few seconds.
const TAKEN: Duration = Duration::from_secs(30);

/// Replicas are reached at one address, whichever of them answers there.
async fn start(stage: &Stage) -> Result<Operator> {
    let options = stage.options()?.arg("--webhook-url=https://127.0.0.1:9443");
    stage.operator_with(&options).await
}

async fn leads(operator: &Operator) -> Result<bool> {
    let metrics = operator.metrics().await?;
    Ok(metrics
        .lines()
        .any(|line| line == "leader_election_master_status 1"))
}

/// Creates a resource and says how long it took until it was synced.
async fn sync(space: &Space<'_>, name: &str) -> Result<Duration> {
    space.put(name, &json!({"key": secret_value(name)})).await?;
    let began = Instant::now();
    space.sync(name, json!({"refreshAfter": "1h"})).await?;
    space.await_synced(name).await?;
    Ok(began.elapsed())
}

#[test]
fn one_of_two_operators_works_and_the_other_takes_over_when_it_ends_or_dies() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let first = start(&stage).await?;
        let space = stage.space("leader").await?;
        sync(&space, "a").await?;
        let second = start(&stage).await?;
        ensure!(leads(&first).await? && !leads(&second).await?);
        sync(&space, "b").await?;
        // Both are ready: admission does not depend on leading.
        first.readiness().await?;
        second.readiness().await?;

        first.terminate().await?;
        let took = sync(&space, "c").await?;
        ensure!(took < HANDED_OVER, "{took:?} after SIGTERM");
        ensure!(leads(&second).await?);

        let third = start(&stage).await?;
        ensure!(!leads(&third).await?);
        second.kill().await?;
        let took = sync(&space, "d").await?;
        ensure!(took < TAKEN, "{took:?} after SIGKILL");
        ensure!(leads(&third).await?);

        let written: Vec<_> = stage
            .writes(&Mark::START, "secrets")?
            .into_iter()
            .map(|request| request.name)
            .collect();
        let ours: Vec<_> = written.iter().filter(|name| name.len() <= 1).collect();
        ensure!(ours.len() == 4, "{written:?}");
        third.terminate().await?;
        stage.stop().await
    })
}

#[test]
fn an_operator_that_was_held_still_does_not_work_beside_its_successor() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let first = start(&stage).await?;
        let space = stage.space("frozen").await?;
        sync(&space, "a").await?;
        let second = start(&stage).await?;
        first.pause()?;
        sync(&space, "b").await?;
        first.resume()?;
        await_condition("the first to notice", DEADLINE, async || {
            Ok((!leads(&first).await?).then_some(()))
        })
        .await?;
        sync(&space, "c").await?;
        ensure!(leads(&second).await?);
        for name in ["a", "b", "c"] {
            let version = space.secret(name).await?.metadata.resource_version;
            let status = space
                .static_secret(name)
                .await?
                .status
                .and_then(|status| status.destination);
            assert_eq!(
                status.map(|destination| destination.resource_version),
                version,
                "{name}"
            );
        }
        second.terminate().await?;
        first.terminate().await?;
        stage.stop().await
    })
}
