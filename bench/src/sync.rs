use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, ResourceExt, api::ListParams};
use secretwire_api::{
    VaultStaticSecret,
    names::{condition, label},
};
use secretwire_lab::{Lab, OperatorOptions, OperatorProcess, User, await_condition};

use crate::{
    cluster::{self, Load},
    report::{Report, Row, spent},
};

/// Longest that a measurement waits for its end.
const LIMIT: Duration = Duration::from_secs(300);
/// What is measured of an idle operator.
const IDLE: Duration = Duration::from_secs(60);

fn options(binary: &Path) -> OperatorOptions {
    OperatorOptions::new(binary)
}

/// From the start of the operator until every resource is ready.
pub(crate) async fn cold(
    lab: &Lab,
    binary: &Path,
    load: Load,
    report: &mut Report,
) -> Result<OperatorProcess> {
    let (vault, api) = (lab.vault().mark(), lab.apiserver().mark());
    let started = Instant::now();
    let operator = lab.operator(&options(binary).without_waiting()).await?;
    await_condition("all resources to be ready", LIMIT, || async {
        let ready = ready_resources(lab).await?;
        Ok((ready == load.resources).then_some(()))
    })
    .await?;
    let wall = started.elapsed();
    let usage = operator.usage()?;
    report.row(Row {
        what: format!(
            "cold sync of {} in {} namespaces",
            load.resources, load.namespaces
        ),
        wall,
        cpu: usage.cpu,
        peak: usage.peak_resident,
        vault: lab.vault().requests(&vault)?.len(),
        api: lab.apiserver().requests(&api, Some(&User::Operator))?,
    });
    Ok(operator)
}

/// A minute in which nothing changes.
pub(crate) async fn idle(
    lab: &Lab,
    operator: &OperatorProcess,
    load: Load,
    report: &mut Report,
) -> Result<()> {
    let before = operator.usage()?;
    let (vault, api) = (lab.vault().mark(), lab.apiserver().mark());
    tokio::time::sleep(IDLE).await;
    let after = operator.usage()?;
    report.row(Row {
        what: format!("idle minute with {}", load.resources),
        wall: IDLE,
        cpu: spent(before, after),
        peak: after.peak_resident,
        vault: lab.vault().requests(&vault)?.len(),
        api: lab.apiserver().requests(&api, Some(&User::Operator))?,
    });
    Ok(())
}

/// From the last write to Vault until every Secret holds its new value.
pub(crate) async fn rotation(
    lab: &Lab,
    operator: &OperatorProcess,
    load: Load,
    report: &mut Report,
) -> Result<()> {
    let before = operator.usage()?;
    let (vault, api) = (lab.vault().mark(), lab.apiserver().mark());
    cluster::write_secrets(lab, load, "second").await?;
    let started = Instant::now();
    await_condition("all Secrets to hold the new value", LIMIT, || async {
        let rotated = rotated_secrets(lab).await?;
        Ok((rotated == load.resources).then_some(()))
    })
    .await?;
    let wall = started.elapsed();
    let after = operator.usage()?;
    let reads = lab.vault().requests(&vault)?;
    report.row(Row {
        what: format!("rotation of {}", load.resources),
        wall,
        cpu: spent(before, after),
        peak: after.peak_resident,
        vault: reads
            .iter()
            .filter(|entry| entry.operation == "read")
            .count(),
        api: lab.apiserver().requests(&api, Some(&User::Operator))?,
    });
    Ok(())
}

/// A new process takes over, and writes nothing.
pub(crate) async fn restart(
    lab: &Lab,
    operator: OperatorProcess,
    binary: &Path,
    load: Load,
    report: &mut Report,
) -> Result<()> {
    ensure!(
        operator.terminate().await?.success(),
        "the operator did not stop well"
    );
    let before = versions(lab).await?;
    let (vault, api) = (lab.vault().mark(), lab.apiserver().mark());
    let started = Instant::now();
    let operator = lab.operator(&options(binary)).await?;
    await_condition("every secret to be read once", LIMIT, || async {
        let reads = lab.vault().requests(&vault)?;
        let reads = reads
            .iter()
            .filter(|entry| entry.operation == "read")
            .count();
        Ok((reads >= load.resources).then_some(()))
    })
    .await?;
    let usage = operator.usage()?;
    report.row(Row {
        what: format!("restart with {}", load.resources),
        wall: started.elapsed(),
        cpu: usage.cpu,
        peak: usage.peak_resident,
        vault: lab.vault().requests(&vault)?.len(),
        api: lab.apiserver().requests(&api, Some(&User::Operator))?,
    });
    ensure!(
        before == versions(lab).await?,
        "a restart has rewritten a Secret"
    );
    Ok(())
}

async fn ready_resources(lab: &Lab) -> Result<usize> {
    let api: Api<VaultStaticSecret> = Api::all(lab.apiserver().client().await?);
    let all = api.list(&ListParams::default()).await?;
    let ready = |secret: &VaultStaticSecret| {
        let conditions = secret.status.iter().flat_map(|status| &status.conditions);
        conditions
            .clone()
            .any(|found| found.type_ == condition::READY && found.status == "True")
    };
    Ok(all.iter().filter(|secret| ready(secret)).count())
}

async fn secrets(lab: &Lab) -> Result<Vec<Secret>> {
    let api: Api<Secret> = Api::all(lab.apiserver().client().await?);
    Ok(api
        .list(&ListParams::default().labels(label::OWNED_SELECTOR))
        .await?
        .items)
}

async fn rotated_secrets(lab: &Lab) -> Result<usize> {
    let rotated = |secret: &&Secret| {
        let data = secret.data.as_ref().and_then(|data| data.get("password"));
        data.is_some_and(|password| password.0.starts_with(b"second-"))
    };
    Ok(secrets(lab).await?.iter().filter(rotated).count())
}

async fn versions(lab: &Lab) -> Result<Vec<(Option<String>, Option<String>)>> {
    let secrets = secrets(lab).await?;
    Ok(secrets
        .iter()
        .map(|secret| (secret.uid(), secret.resource_version()))
        .collect())
}
