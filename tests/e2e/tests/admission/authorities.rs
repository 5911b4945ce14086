//! The webhook's own certificate authorities, while pods are being admitted.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use rcgen::generate_simple_self_signed;
use secretwire_e2e::{DEADLINE, Operator, Stage, alone};
use secretwire_lab::{User, await_condition};
use serde_json::json;

use super::{
    fleet::{Fleet, configuration},
    load::Load,
    objects::{elements, is_touched, pod},
    stand::Stand,
};

const SECRET: &str = "secretwire-webhook-ca";
/// A successor signs when it has been published for a minute.
const ROTATION: Duration = Duration::from_mins(3);

fn secrets(stage: &Stage) -> Api<Secret> {
    Api::namespaced(stage.client().clone(), User::OPERATOR_NAMESPACE)
}

async fn authority(stage: &Stage) -> Result<Vec<u8>> {
    let secret = secrets(stage)
        .get_opt(SECRET)
        .await?
        .context("no CA Secret")?;
    let mut data = secret.data.unwrap_or_default();
    Ok(data.remove("tls.crt").context("no certificate")?.0)
}

/// Waits until another authority than `old` signs, and every operator serves what it has signed.
async fn await_rotation(stage: &Stage, old: &[u8], operators: &[&Operator]) -> Result<()> {
    await_condition("another authority to sign", ROTATION, async || {
        Ok((authority(stage).await? != old).then_some(()))
    })
    .await?;
    await_condition("its certificates to be served", DEADLINE, async || {
        for operator in operators {
            let served = operator
                .log()?
                .matches("serving a new webhook certificate")
                .count();
            ensure!(served >= 2, "{}: {served} certificates", operator.pid());
        }
        Ok(Some(()))
    })
    .await
}

/// Two replicas admit pods while `begin` makes them change their authority.
fn rotation_under_load(prefix: &str, begin: impl AsyncFnOnce(&Stage) -> Result<()>) -> Result<()> {
    alone(async || {
        let fleet = Fleet::install().await?;
        let (first, second) = tokio::try_join!(fleet.join(), fleet.join())?;
        let stand = Stand::open(fleet.stage(), prefix).await?;
        stand.synced("db").await?;
        let load = Load::start(&stand).await?;
        let old = authority(fleet.stage()).await?;
        begin(fleet.stage()).await?;
        await_rotation(fleet.stage(), &old, &[&first, &second]).await?;
        load.stop().await?;
        for operator in [&first, &second] {
            operator.readiness().await?;
        }
        drop((stand, first, second));
        fleet.stop().await
    })
}

#[test]
fn no_admission_fails_while_the_authority_is_rotated() -> Result<()> {
    rotation_under_load("rotated", async |stage| {
        let wish = json!({"metadata": {"annotations": {"secretwire.dev/rotate-ca": "now"}}});
        let wish = Patch::Merge(&wish);
        secrets(stage)
            .patch(SECRET, &PatchParams::default(), &wish)
            .await?;
        Ok(())
    })
}

#[test]
fn no_admission_fails_while_a_deleted_authority_is_put_back_and_followed_by_another() -> Result<()>
{
    rotation_under_load("deleted", async |stage| {
        let old = authority(stage).await?;
        secrets(stage)
            .delete(SECRET, &DeleteParams::default())
            .await?;
        let back = await_condition("the CA Secret to be back", DEADLINE, async || {
            authority(stage).await.map(Some)
        });
        ensure!(
            back.await? == old,
            "a new authority signs that no API server knows"
        );
        Ok(())
    })
}

#[test]
fn a_bundle_that_somebody_edits_is_put_back() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let operator = stage.operator().await?;
        let stand = Stand::open(&stage, "edited").await?;
        stand.synced("db").await?;
        let good = configuration(&stage).await?;
        let foreign = generate_simple_self_signed(vec!["other".to_owned()])?
            .cert
            .pem();
        let edits: Vec<_> = (0..2)
            .map(|entry| {
                let path = format!("/webhooks/{entry}/clientConfig/caBundle");
                json!({"op": "replace", "path": path, "value": STANDARD.encode(&foreign)})
            })
            .collect();
        let edits = serde_json::to_string(&edits)?;
        let edit = [
            "patch",
            "mutatingwebhookconfiguration",
            "secretwire",
            "--type=json",
            "--patch",
            &edits,
        ];
        let output = stage.lab().kubectl(&edit).await?;
        ensure!(output.status.success(), "{output:?}");
        await_condition("the bundle to be repaired", DEADLINE, async || {
            let now = configuration(&stage).await?;
            let bundles = [&good, &now].map(|configuration| {
                let entries = elements(&configuration["webhooks"]);
                entries
                    .map(|entry| entry["clientConfig"]["caBundle"].clone())
                    .collect::<Vec<_>>()
            });
            Ok((bundles[0] == bundles[1]).then_some(()))
        })
        .await?;
        let pod = await_condition("the API server to see it", DEADLINE, async || {
            Ok(Some(
                stand.make(&pod("api", &[("mount.db", "vss/db")])).await?,
            ))
        })
        .await?;
        ensure!(is_touched(&pod), "{pod}");
        operator.readiness().await?;
        drop((stand, operator));
        stage.stop().await
    })
}
