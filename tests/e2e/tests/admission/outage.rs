//! While no operator answers, and after it is back.

use std::pin::pin;

use anyhow::{Result, bail, ensure};
use secretwire_e2e::{Stage, alone};
use serde_json::json;

use super::{
    objects::{deployment, is_gated, is_touched, pod, secret_mounts, uid},
    stand::Stand,
};

#[test]
fn while_the_webhook_is_down_only_pods_that_ask_are_refused_and_their_owners_recover() -> Result<()>
{
    alone(async || {
        let stage = Stage::with_controllers().await?;
        let operator = stage.operator().await?;
        let stand = Stand::open(&stage, "outage").await?;
        stand.synced("db").await?;
        operator.kill().await?;

        let asks = [("mount.db", "vss/db")];
        let said = stand.apply(&pod("asks", &asks)).await?;
        let words = "failed calling webhook \"pods.secretwire.dev\"";
        ensure!(
            !said.accepted && said.words.contains(words),
            "{}",
            said.words
        );
        for number in 0..10 {
            let made = stand.make(&pod(&format!("plain-{number}"), &[])).await?;
            ensure!(!is_touched(&made), "{made}");
        }
        // Workloads pass without their check, and so do Deployments that ask for nothing.
        stand.make(&deployment("asks", &asks)).await?;
        stand.make(&deployment("plain", &[])).await?;
        stand
            .await_pods("plain", "one", |pods| pods.len() == 1)
            .await?;
        stand.await_event("asks", "FailedCreate", &[words]).await?;
        ensure!(stand.list("Pod", "asks").await?.is_empty());

        let operator = stage.operator().await?;
        let pod = stand.await_pod("asks", "wired", is_touched).await?;
        ensure!(
            !is_gated(&pod) && secret_mounts(&pod, "app")?.len() == 1,
            "{pod}"
        );
        stand.search().await?;
        drop((stand, operator));
        stage.stop().await
    })
}

/// One that gets no processor time is worse than one that is gone: calls end by their limit only.
#[test]
fn pods_that_ask_for_nothing_do_not_wait_for_a_webhook_that_hangs() -> Result<()> {
    alone(async || {
        let stage = Stage::quiet().await?;
        let operator = stage.operator().await?;
        let stand = Stand::open(&stage, "hangs").await?;
        operator.pause()?;
        let asks = pod("asks", &[("mount.db", "vss/db")]);
        let others = async {
            for number in 0..10 {
                stand.make(&pod(&format!("plain-{number}"), &[])).await?;
            }
            anyhow::Ok(())
        };
        let refused = {
            let mut asking = pin!(stand.make(&asks));
            tokio::select! {
                answer = &mut asking => bail!("pods waited for the webhook: {answer:?}"),
                done = others => done?,
            }
            asking.await
        };
        let told = |error: &kube::Error| error.to_string().contains("pods.secretwire.dev");
        ensure!(refused.as_ref().is_err_and(told), "{refused:?}");
        operator.resume()?;
        drop((stand, operator));
        stage.stop().await
    })
}

#[test]
fn pods_that_wait_are_let_go_by_an_operator_that_was_started_later() -> Result<()> {
    alone(async || {
        let stage = Stage::with_controllers().await?;
        let operator = stage.operator().await?;
        let stand = Stand::open(&stage, "restart").await?;
        stand.sync("db", json!({})).await?;
        stand.await_failure("db", &[]).await?;
        let variable = [("env.db", "vss/db"), ("env.db.keys", "PASS=password")];
        let gated = stand.make(&pod("gated", &variable)).await?;
        stand
            .make(&deployment("replaced", &[("mount.db", "vss/db")]))
            .await?;
        let placeholder = stand.await_pod("replaced", "gated", is_gated).await?;
        operator.kill().await?;
        stand.put_credentials("db").await?;

        let operator = stage.operator().await?;
        let free = |pod: &_| is_touched(pod) && !is_gated(pod);
        let pod = stand.await_pod("gated", "free", free).await?;
        ensure!(uid(&pod) == uid(&gated), "it was replaced");
        let pod = stand.await_pod("replaced", "wired", free).await?;
        ensure!(uid(&pod) != uid(&placeholder), "{pod}");
        ensure!(secret_mounts(&pod, "app")?.len() == 1, "{pod}");
        stand.search().await?;
        drop((stand, operator));
        stage.stop().await
    })
}
