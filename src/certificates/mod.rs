//! Keeps the webhook's certificates in order: the input and output around what `secretwire-certs` decides.
//!
//! Every replica runs this; none leads. They meet in one Secret, whose every write carries the `resourceVersion` that
//! was read. Watches only ring: before each step all objects are read anew, so no decision rests on a late event.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use futures::{Stream, StreamExt as _, stream};
use jiff::Timestamp;
use k8s_openapi::api::{
    admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration},
    core::v1::Secret,
};
use kube::{
    Api, Client,
    core::PartialObjectMeta,
    runtime::{WatchStreamExt as _, watcher},
};
use secretwire_certs::{
    CaSlots, CertificateResolver, Change, Coverage, IssueError, Leaf, Policy, ServerNames, Step,
    Stored, View, due,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::backoff::Backoff;

pub(crate) use registration::Registration;
use registration::{Configuration, Registered};
pub(crate) use store::NAME as SECRET;
use store::{Content, Store};

mod registration;
mod store;

/// What the webhook is called, and how it is reached.
pub(crate) struct Settings {
    /// Namespace of the operator.
    pub(crate) namespace: String,
    /// The generated `MutatingWebhookConfiguration`, without a `caBundle`.
    pub(crate) mutating: serde_json::Value,
    /// The generated `ValidatingWebhookConfiguration`, without one too.
    pub(crate) validating: serde_json::Value,
    /// Whose objects the configurations are.
    pub(crate) registration: Registration,
    /// Names for the served certificate.
    pub(crate) names: ServerNames,
    /// Annotation of the CA Secret that asks for a new authority before its time.
    pub(crate) rotate_annotation: String,
    /// Lives of certificates.
    pub(crate) policy: Policy,
}

/// Issues, rotates and publishes until shutdown. `ready` says whether API servers accept what is being served.
pub(crate) async fn run(
    client: Client,
    settings: Settings,
    resolver: Arc<CertificateResolver>,
    ready: watch::Sender<bool>,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let mut doorbell = pin!(doorbell(&client, &settings)?);
    let mut keeper = Keeper::new(client, settings, resolver, ready)?;
    let mut failures = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
    loop {
        let pause = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            outcome = keeper.attend() => match outcome {
                Ok(pause) => {
                    failures.reset();
                    pause
                }
                Err(error) => {
                    let pause = failures.grow();
                    warn!(error = &error as &dyn std::error::Error, "webhook certificates need another attempt");
                    pause
                }
            },
        };
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            Some(()) = doorbell.next() => {}
            () = keeper.rest(pause) => {}
        }
    }
}

/// Something about webhook certificates could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The API server refused or could not be reached.
    #[error("{action} failed")]
    Call {
        /// What was being done.
        action: &'static str,
        /// Why it failed.
        source: Box<kube::Error>,
    },
    /// The API server did not answer in time.
    #[error("{action} took too long")]
    Timeout {
        /// What was being done.
        action: &'static str,
    },
    /// No certificate could be made.
    #[error("making a certificate failed")]
    Issue(#[from] IssueError),
    /// The generated configuration is not what the API server takes.
    #[error("the generated webhook configuration is malformed")]
    Configuration(#[source] serde_json::Error),
    /// The generated configuration has no name.
    #[error("the generated webhook configuration has no name")]
    Unnamed,
}

struct Keeper {
    policy: Policy,
    names: ServerNames,
    store: Store,
    mutating: Registered<MutatingWebhookConfiguration>,
    validating: Registered<ValidatingWebhookConfiguration>,
    resolver: Arc<CertificateResolver>,
    ready: watch::Sender<bool>,
    content: Content,
    remembered: Option<CaSlots>,
    leaf: Option<Leaf>,
    coverage: Coverage,
    repairs: Repairs,
}

impl Keeper {
    fn new(
        client: Client,
        settings: Settings,
        resolver: Arc<CertificateResolver>,
        ready: watch::Sender<bool>,
    ) -> Result<Self, Error> {
        let Settings {
            namespace,
            mutating,
            validating,
            registration,
            names,
            rotate_annotation,
            policy,
        } = settings;
        Ok(Self {
            policy,
            names,
            store: Store::new(client.clone(), &namespace, rotate_annotation),
            mutating: Registered::new(client.clone(), namespace.clone(), mutating, registration)?,
            validating: Registered::new(client, namespace, validating, registration)?,
            resolver,
            ready,
            content: Content::Missing,
            remembered: None,
            leaf: None,
            coverage: Coverage::default(),
            repairs: Repairs::new(),
        })
    }

    /// Does all that is due; answers how long nothing will be.
    async fn attend(&mut self) -> Result<Duration, Error> {
        loop {
            self.look().await?;
            let now = Timestamp::now();
            match self.due(now) {
                Step::Wait { until } => return Ok(until_then(now, until)),
                Step::Issue => self.issue(now)?,
                Step::Store(change) => self.change(now, change).await?,
                Step::Publish => {
                    if let Some(pause) = self.repairs.pause() {
                        return Ok(pause);
                    }
                    self.publish().await?;
                }
            }
        }
    }

    /// Sleeps until something is due by the clock on the wall, which can jump while this machine is suspended.
    async fn rest(&self, pause: Duration) {
        let end = Instant::now() + pause;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            sleep(left.min(WATCHDOG)).await;
            if Instant::now() >= end || !matches!(self.due(Timestamp::now()), Step::Wait { .. }) {
                return;
            }
        }
    }

    async fn look(&mut self) -> Result<(), Error> {
        self.content = self.store.read().await?;
        if let Content::Sound { slots, .. } = &self.content {
            self.remembered = Some(slots.clone());
        }
        // One list, so that an authority signs only when every entry of either kind accepts it.
        let mut entries = self.mutating.read().await?;
        entries.extend(self.validating.read().await?);
        self.coverage.observe(Timestamp::now(), entries);
        self.report();
        Ok(())
    }

    fn view(&self) -> View<'_> {
        View {
            stored: match &self.content {
                Content::Missing => Stored::Missing,
                Content::Broken { .. } => Stored::Broken,
                Content::Sound { slots, rotate, .. } => Stored::Sound {
                    slots,
                    rotate: *rotate,
                },
            },
            remembered: self.remembered.as_ref(),
            leaf: self.leaf.as_ref(),
            coverage: &self.coverage,
        }
    }

    fn due(&self, now: Timestamp) -> Step {
        due(now, &self.policy, &self.view())
    }

    fn issue(&mut self, now: Timestamp) -> Result<(), Error> {
        let Some(slots) = &self.remembered else {
            return Ok(()); // only what was read sound makes a leaf due, and that is remembered
        };
        let leaf = slots.signer().issue(now, &self.policy, &self.names)?;
        info!(not_after = %leaf.validity().not_after, "serving a new webhook certificate");
        self.resolver.load(&leaf);
        self.leaf = Some(leaf);
        self.report();
        Ok(())
    }

    async fn change(&mut self, now: Timestamp, change: Change) -> Result<(), Error> {
        let slots = change.apply(now, &self.policy, &self.view())?;
        if self.store.write(&self.content, &slots).await? {
            info!(?change, "changed the webhook's certificate authorities");
        } else {
            debug!(?change, "another replica was first");
        }
        Ok(())
    }

    async fn publish(&mut self) -> Result<(), Error> {
        if let Content::Sound { slots, .. } = &self.content {
            let bundle = slots.bundle();
            self.mutating.publish(&bundle).await?;
            self.validating.publish(&bundle).await?;
            info!("published the webhook's certificate authorities");
        }
        Ok(())
    }

    fn report(&self) {
        let accepted = self
            .leaf
            .as_ref()
            .is_some_and(|leaf| self.coverage.since(leaf.issuer()).is_some());
        self.ready.send_if_modified(|ready| {
            let changed = *ready != accepted;
            *ready = accepted;
            changed
        });
    }
}

/// The first repair of a published bundle is made at once; against somebody who keeps changing it, ever later ones.
struct Repairs {
    backoff: Backoff,
    next: Instant,
}

impl Repairs {
    fn new() -> Self {
        Self {
            backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(300)),
            next: Instant::now(),
        }
    }

    /// How long to leave it, or `None` for a repair now.
    fn pause(&mut self) -> Option<Duration> {
        let now = Instant::now();
        if now < self.next {
            return Some(self.next - now);
        }
        if now > self.next + QUIET {
            self.backoff.reset();
        }
        self.next = now + self.backoff.grow();
        None
    }
}

/// Rings when the CA Secret or a webhook configuration changes, and when a watch begins anew.
fn doorbell(client: &Client, settings: &Settings) -> Result<impl Stream<Item = ()> + use<>, Error> {
    let secrets: Api<PartialObjectMeta<Secret>> =
        Api::namespaced(client.clone(), &settings.namespace);
    let secrets = watcher::watch_object(secrets, store::NAME).default_backoff();
    let configurations = stream::select(
        changes::<MutatingWebhookConfiguration>(client, &settings.mutating)?,
        changes::<ValidatingWebhookConfiguration>(client, &settings.validating)?,
    );
    Ok(stream::select(
        secrets.filter_map(|event| rings("Secret", event.is_ok())),
        configurations,
    ))
}

/// Rings when the configuration of this kind and of the generated one's name changes.
fn changes<K: Configuration>(
    client: &Client,
    generated: &serde_json::Value,
) -> Result<impl Stream<Item = ()> + use<K>, Error> {
    let configurations: Api<PartialObjectMeta<K>> = Api::all(client.clone());
    let name = registration::name(generated)?;
    let events = watcher::watch_object(configurations, name).default_backoff();
    Ok(events.filter_map(|event| rings("webhook configuration", event.is_ok())))
}

fn rings(kind: &'static str, fine: bool) -> std::future::Ready<Option<()>> {
    if !fine {
        debug!(kind, "a watch was interrupted and begins anew");
    }
    std::future::ready(fine.then_some(()))
}

/// Puts a limit on one call.
async fn call<T>(
    action: &'static str,
    request: impl Future<Output = kube::Result<T>>,
) -> Result<T, Error> {
    match timeout(CALL, request).await {
        Ok(answer) => answer.map_err(|source| Error::Call {
            action,
            source: Box::new(source),
        }),
        Err(_) => Err(Error::Timeout { action }),
    }
}

fn until_then(now: Timestamp, until: Timestamp) -> Duration {
    Duration::try_from(now.duration_until(until)).unwrap_or_default()
}

const CALL: Duration = Duration::from_secs(10);
/// How often the clock on the wall is looked at.
const WATCHDOG: Duration = Duration::from_secs(60);
/// After so long without a repair, the next one is made at once again.
const QUIET: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests;
