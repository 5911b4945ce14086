//! Which replica writes: leader election on a Lease.
//!
//! The Lease is the one that the Vault Secrets Operator uses, so that it and this operator exclude each other, and two
//! replicas do too. Every write of it carries the `resourceVersion` that was read, so only one of two can win.

use std::{future::Future, pin::pin, time::Duration};

use jiff::Timestamp;
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::backoff::spread;

/// Whether this replica may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Somebody else may, as far as is known.
    Waiting {
        /// Who holds the Lease, if it was read and is held.
        holder: Option<String>,
    },
    /// This replica may.
    Held,
}

/// One replica's candidacy.
pub(crate) struct Candidate {
    leases: Api<Lease>,
    identity: String,
    claim: watch::Sender<Claim>,
    seen: Option<Seen>,
    /// When the request that last took or renewed the Lease was sent; `None` while it is not held.
    renewed: Option<Instant>,
}

/// The Lease as last read, and since when it has been so. Its own times are not looked at: clocks differ.
struct Seen {
    lease: Lease,
    since: Instant,
}

/// What to do about the Lease.
#[derive(Debug, PartialEq, Eq)]
enum Move {
    Create,
    Take,
    Renew,
    Wait,
}

impl Candidate {
    /// A candidate for the Lease in this namespace, and where its claim can be followed.
    pub(crate) fn new(
        client: Client,
        namespace: &str,
        identity: String,
    ) -> (Self, watch::Receiver<Claim>) {
        let (claim, follower) = watch::channel(Claim::Waiting { holder: None });
        let candidate = Self {
            leases: Api::namespaced(client, namespace),
            identity,
            claim,
            seen: None,
            renewed: None,
        };
        (candidate, follower)
    }

    /// Stands for election until shutdown, then gives the Lease back, so that a successor need not wait for its end.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let started = Instant::now();
            let until = self.give_up_at();
            let attempt = timeout_at(
                until.map_or(started + CALL, |end| end.min(started + CALL)),
                self.attempt(),
            );
            let outcome = tokio::select! {
                outcome = attempt => outcome,
                () = shutdown.cancelled() => break,
            };
            match outcome {
                Ok(Ok(())) => {}
                Ok(Err(error)) => warn!(%error, "the leader election lease could not be used"),
                Err(_) => warn!("the API server did not answer about the leader election lease"),
            }
            let next = match self.renewed {
                Some(renewed) if renewed >= started => renewed + RENEW,
                Some(_) | None => Instant::now() + spread(RETRY),
            };
            tokio::select! {
                () = sleep_until(self.give_up_at().map_or(next, |end| end.min(next))) => {}
                () = shutdown.cancelled() => break,
            }
            if self.give_up_at().is_some_and(|end| Instant::now() >= end) {
                self.lose();
            }
        }
        self.release().await;
    }

    async fn attempt(&mut self) -> kube::Result<()> {
        if self.renewed.is_none() || self.seen.is_none() {
            let found = self.leases.get_opt(LEASE).await?;
            self.observe(found);
        }
        let started = Instant::now();
        let chosen = match &self.seen {
            None => Move::Create,
            Some(seen) => choose(
                &self.identity,
                seen.lease.spec.as_ref(),
                started - seen.since,
            ),
        };
        let now = Timestamp::now();
        let written = match (&self.seen, &chosen) {
            (_, Move::Wait) => return Ok(()),
            (Some(seen), Move::Take | Move::Renew) => {
                let mut lease = seen.lease.clone();
                lease.spec = Some(held(&self.identity, lease.spec.take(), now));
                let params = PostParams::default();
                self.leases.replace(LEASE, &params, &lease).await
            }
            (None, _) | (_, Move::Create) => {
                let lease = Lease {
                    metadata: ObjectMeta {
                        name: Some(LEASE.to_owned()),
                        ..ObjectMeta::default()
                    },
                    spec: Some(held(&self.identity, None, now)),
                };
                self.leases.create(&PostParams::default(), &lease).await
            }
        };
        match written {
            Ok(lease) => {
                self.seen = Some(Seen {
                    lease,
                    since: started,
                });
                self.renewed = Some(started);
                self.announce(Claim::Held);
                Ok(())
            }
            // Somebody else wrote, or it was deleted: look again before the next move.
            Err(kube::Error::Api(status)) if status.is_conflict() || status.is_not_found() => {
                debug!(?chosen, "the leader election lease has changed meanwhile");
                let found = self.leases.get_opt(LEASE).await?;
                self.observe(found);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn observe(&mut self, found: Option<Lease>) {
        let holder = found.as_ref().and_then(holder).map(str::to_owned);
        self.seen = found.map(|lease| {
            let since = match self.seen.take() {
                Some(seen) if seen.lease.spec == lease.spec => seen.since,
                Some(_) | None => Instant::now(),
            };
            Seen { lease, since }
        });
        if holder.as_deref() != Some(self.identity.as_str()) {
            self.renewed = None;
            self.announce(Claim::Waiting { holder });
        }
    }

    /// When writing has to stop unless the Lease is renewed: well before anybody else may take it.
    fn give_up_at(&self) -> Option<Instant> {
        self.renewed.map(|renewed| renewed + DEADLINE)
    }

    fn lose(&mut self) {
        self.renewed = None;
        self.announce(Claim::Waiting { holder: None });
    }

    fn announce(&self, claim: Claim) {
        self.claim.send_if_modified(|current| {
            let changed = *current != claim;
            if changed {
                info!(identity = self.identity, ?claim, "leadership changed");
                *current = claim;
            }
            changed
        });
    }

    async fn release(&mut self) {
        if self.renewed.take().is_none() {
            return;
        }
        self.announce(Claim::Waiting { holder: None });
        let Some(Seen { mut lease, .. }) = self.seen.take() else {
            return;
        };
        lease.spec = lease.spec.map(released);
        let params = PostParams::default();
        let mut giving = pin!(self.leases.replace(LEASE, &params, &lease));
        match timeout(RETRY, &mut giving).await {
            Ok(Ok(_)) => info!("gave the leader election lease back"),
            Ok(Err(error)) => warn!(%error, "the leader election lease could not be given back"),
            Err(_) => warn!("no time to give the leader election lease back"),
        }
    }
}

/// A claim that always holds, for an operator that runs alone, and what keeps it so until shutdown.
pub(crate) fn unopposed(
    shutdown: CancellationToken,
) -> (watch::Receiver<Claim>, impl Future<Output = ()>) {
    let (claim, follower) = watch::channel(Claim::Held);
    let keep = async move {
        shutdown.cancelled().await;
        claim.send_replace(Claim::Waiting { holder: None });
    };
    (follower, keep)
}

fn choose(identity: &str, spec: Option<&LeaseSpec>, unchanged: Duration) -> Move {
    let holder = spec.and_then(holder_of).unwrap_or_default();
    let seconds = spec
        .and_then(|spec| spec.lease_duration_seconds)
        .and_then(|seconds| u64::try_from(seconds).ok())
        .unwrap_or(DURATION);
    if holder == identity {
        Move::Renew
    } else if holder.is_empty() || unchanged >= Duration::from_secs(seconds) {
        Move::Take
    } else {
        Move::Wait
    }
}

fn held(identity: &str, before: Option<LeaseSpec>, now: Timestamp) -> LeaseSpec {
    let before = before.unwrap_or_default();
    let ours = holder_of(&before) == Some(identity);
    let transitions = before.lease_transitions;
    LeaseSpec {
        holder_identity: Some(identity.to_owned()),
        lease_duration_seconds: i32::try_from(DURATION).ok(),
        acquire_time: before
            .acquire_time
            .filter(|_| ours)
            .or(Some(MicroTime(now))),
        renew_time: Some(MicroTime(now)),
        lease_transitions: if ours {
            transitions
        } else {
            Some(transitions.map_or(0, |count| count.saturating_add(1)))
        },
        ..before
    }
}

/// The form that other implementations of leader election leave behind too.
fn released(before: LeaseSpec) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(String::new()),
        lease_duration_seconds: Some(1),
        ..before
    }
}

fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref().and_then(holder_of)
}

fn holder_of(spec: &LeaseSpec) -> Option<&str> {
    let holder = spec.holder_identity.as_deref();
    holder.filter(|holder| !holder.is_empty())
}

/// The Vault Secrets Operator's own Lease.
pub(crate) const LEASE: &str = "b0d477c0.hashicorp.com";

/// For how many seconds the Lease is good after each renewal.
const DURATION: u64 = 15;
/// A holder that could not renew for so long stops writing.
const DEADLINE: Duration = Duration::from_secs(10);
/// Pause between renewals: leaves time for two more attempts before the deadline.
const RENEW: Duration = Duration::from_secs(5);
/// Longest pause before another attempt, when waiting or after a failure.
const RETRY: Duration = Duration::from_secs(2);
/// Time for one attempt.
const CALL: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
