//! Admissions that do not stop while something happens to the webhook.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::PostParams};
use secretwire_e2e::DEADLINE;
use secretwire_lab::await_condition;
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use super::{
    objects::{pod, secret_mounts},
    stand::Stand,
};

/// Requests at the same time.
const CLIENTS: usize = 3;
/// Between two requests of one client.
const PACE: Duration = Duration::from_millis(40);

/// Pods that want the resource `db`, made as dry runs: these pass through admission and leave nothing behind.
pub(crate) struct Load {
    clients: JoinSet<()>,
    tally: Arc<Tally>,
}

#[derive(Default)]
struct Tally {
    wired: AtomicUsize,
    failures: Mutex<Vec<String>>,
}

impl Load {
    /// Starts, and returns when the first pods have been wired. `db` has to be synced.
    pub(crate) async fn start(stand: &Stand<'_>) -> Result<Self> {
        let tally = Arc::new(Tally::default());
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let pods = Api::namespaced(stand.client(), stand.name());
            clients.spawn(go_on(pods, Arc::clone(&tally)));
        }
        let load = Self { clients, tally };
        load.go_on().await?;
        Ok(load)
    }

    /// Waits for as many admissions again as show that all is well now.
    pub(crate) async fn go_on(&self) -> Result<()> {
        let wanted = self.tally.wired.load(Ordering::Relaxed) + 20;
        await_condition("more admissions", DEADLINE, async || {
            self.check()?;
            let wired = self.tally.wired.load(Ordering::Relaxed);
            Ok((wired >= wanted).then_some(()))
        })
        .await
    }

    /// Ends it: no admission may have failed.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.go_on().await?;
        self.clients.shutdown().await;
        self.check()
    }

    fn check(&self) -> Result<()> {
        let failures = self
            .tally
            .failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let wired = self.tally.wired.load(Ordering::Relaxed);
        let first = &failures[..failures.len().min(5)];
        ensure!(
            failures.is_empty(),
            "{} admissions failed, {wired} did not: {first:?}",
            failures.len()
        );
        Ok(())
    }
}

async fn go_on(pods: Api<Pod>, tally: Arc<Tally>) {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pace.tick().await;
        match admit(&pods).await {
            Ok(()) => {
                tally.wired.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                let mut failures = tally
                    .failures
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                failures.push(format!("{error:#}"));
            }
        }
    }
}

async fn admit(pods: &Api<Pod>) -> Result<()> {
    let object: Pod = serde_json::from_value(pod("load", &[("mount.db", "vss/db")]))?;
    let dry_run = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let made = pods.create(&dry_run, &object).await?;
    let made = serde_json::to_value(made)?;
    ensure!(secret_mounts(&made, "app")?.len() == 1, "not wired: {made}");
    Ok(())
}
