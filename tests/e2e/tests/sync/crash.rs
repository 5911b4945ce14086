//! Killed in the middle of its work.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use secretwire_e2e::{Stage, alone, secret_value, workload};
use secretwire_lab::{ApiRequest, Mark, await_condition};
use serde_json::json;

const RESOURCES: usize = 1000;
/// Secrets of Vault that they share.
const SOURCES: usize = 20;
const DEADLINE: Duration = Duration::from_secs(180);

/// What operators did to the Secrets that they sync.
fn writes(stage: &Stage) -> Result<Vec<ApiRequest>> {
    let mut writes = stage.writes(&Mark::START, "secrets")?;
    writes.retain(|write| write.name.starts_with("s-"));
    Ok(writes)
}

#[test]
fn killed_amid_a_thousand_creations_it_finishes_them_and_writes_no_secret_twice() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let operator = stage.operator().await?;
        let space = stage.space("crash").await?;
        space.create(workload("Deployment", "app")).await?;
        for source in 0..SOURCES {
            let name = format!("source-{source}");
            space
                .put(&name, &json!({"key": secret_value(&name)}))
                .await?;
        }
        let create = async |number: usize| {
            let path = space.path(&format!("source-{}", number % SOURCES));
            let targets = json!([{"kind": "Deployment", "name": "app"}]);
            let spec =
                json!({"path": path, "refreshAfter": "1h", "rolloutRestartTargets": targets});
            space.sync(&format!("s-{number}"), spec).await
        };
        let creation = stream::iter(0..RESOURCES)
            .map(create)
            .buffer_unordered(16)
            .try_for_each(async |()| Ok(()));
        let kill = async {
            await_condition("a third of the Secrets", DEADLINE, async || {
                let written = writes(&stage)?.len();
                ensure!(written >= RESOURCES / 3, "{written} are written");
                Ok(Some(()))
            })
            .await?;
            operator.kill().await
        };
        futures::future::try_join(creation, kill).await?;
        let written = writes(&stage)?.len();
        ensure!(
            written < RESOURCES,
            "all Secrets were written before it was killed"
        );

        let operator = stage.operator().await?;
        await_condition("all resources to be synced", DEADLINE, async || {
            let synced = space.synced_static_secrets().await?;
            ensure!(synced == RESOURCES, "{synced} are synced");
            Ok(Some(()))
        })
        .await?;
        // What exists cannot be created again, so Secrets that were only ever created were written once. Whether a request
        // that was cut off by the kill had done its work does not show in its status code.
        let rewrites: Vec<_> = writes(&stage)?
            .into_iter()
            .filter(|write| write.verb != "create")
            .collect();
        ensure!(rewrites.is_empty(), "{rewrites:?}");
        let deployment = space
            .object("Deployment", "app")
            .await?
            .context("no Deployment")?;
        assert_eq!(deployment["metadata"]["generation"], json!(1));
        space.search().await?;
        operator.terminate().await?;
        stage.stop().await
    })
}
