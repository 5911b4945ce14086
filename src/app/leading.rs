use kube::Client;
use prometheus_client::{metrics::gauge::Gauge, registry::Registry};
use tokio::sync::watch;

use super::{Lifecycle, Tasks};
use crate::{
    controllers::{self, Controllers},
    leader::{self, Candidate, Claim},
    metrics,
};

/// Runs the controllers for as long as this process leads.
pub(super) struct Leading {
    gauge: Gauge,
    elect: bool,
    namespace: String,
    identity: String,
}

impl Leading {
    pub(super) fn new(
        registry: &mut Registry,
        elect: bool,
        namespace: &str,
        identity: String,
    ) -> Self {
        Self {
            gauge: metrics::leadership(registry),
            elect,
            namespace: namespace.to_owned(),
            identity,
        }
    }

    /// The controllers stop with the process or the claim, whichever ends
    /// first; the Lease is given back when nothing is written any more.
    pub(super) fn start(
        self,
        tasks: &mut Tasks,
        client: Client,
        controllers: Controllers,
        life: &Lifecycle,
    ) {
        let claim = if self.elect {
            let (candidate, claim) = Candidate::new(client, &self.namespace, self.identity);
            let idle = life.idle.clone();
            tasks.spawn(async move {
                candidate.run(idle).await;
                Ok(())
            });
            claim
        } else {
            let (claim, keep) = leader::unopposed(life.idle.clone());
            tasks.spawn(async move {
                keep.await;
                Ok(())
            });
            claim
        };
        let (stopping, idle) = (life.stopping.clone(), life.idle.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = lead(&controllers, claim, &self.gauge) => {}
                () = stopping.cancelled() => {}
            }
            idle.cancel();
            Ok(())
        });
    }
}

/// Runs the controllers while the claim is held.
async fn lead(controllers: &Controllers, mut claim: watch::Receiver<Claim>, leads: &Gauge) {
    loop {
        if claim.wait_for(|claim| *claim == Claim::Held).await.is_err() {
            return;
        }
        tracing::info!("leading: controllers start");
        leads.set(1);
        let lost = async {
            // An error means that the candidate is gone, and the claim with it.
            let _ = claim.wait_for(|claim| *claim != Claim::Held).await;
        };
        tokio::select! {
            () = controllers::run(controllers) => {}
            () = lost => {}
        }
        leads.set(0);
        tracing::warn!("not leading any more: controllers stop");
    }
}
