//! Builds everything, runs it, and stops it in order.

mod admission;
mod clients;
mod leading;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use axum::Router;
use prometheus_client::registry::Registry;
use secretwire_core::{backoff::Backoff, transform};
use secretwire_webhook::{Admission, Directory, Policy, Prefix};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use self::{admission::Webhook, clients::Clients, leading::Leading};
use crate::{
    cli,
    clock::Clock,
    cluster::{Cluster, Scopes},
    controllers::{Controllers, gates},
    directory::ClusterDirectory,
    events::{self, Recorder},
    hmac_key,
    metrics::SyncMetrics,
    probes::{self, Readiness},
    settings::{GlobalTransformationOptions, Settings, WebhookEndpoint},
    sync::{Context, Memory},
    vault::{Connector, Identities, VaultMetrics},
};

/// The parts that run side by side; the end of any of them ends the process.
type Tasks = JoinSet<anyhow::Result<()>>;

/// How long what is left may take when everything of value has been put away.
const LAST_MOMENTS: Duration = Duration::from_secs(3);

/// The steps of the end, each cancelled when the one before it is done.
#[derive(Default)]
struct Lifecycle {
    /// The process is asked to stop: not ready any more, admission drains.
    stopping: CancellationToken,
    /// Admission has answered its last request.
    served: CancellationToken,
    /// The controllers write nothing any more: the Lease can be given back.
    idle: CancellationToken,
    /// The rest ends.
    ended: CancellationToken,
}

/// Runs until a signal, or until a part ends that must not.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<()> {
    let Settings {
        kubeconfig,
        watch_namespaces,
        install_crds,
        leader_elect,
        operator_namespace,
        identity,
        webhook_bind_address,
        webhook_endpoint,
        annotation_prefix,
        metrics_bind_address,
        health_probe_bind_address,
        max_concurrent_reconciles,
        transformation,
        backoff,
        log_filter: _,
        log_format: _,
        warnings,
    } = settings;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let prefix = Prefix::new(&annotation_prefix).context("--annotation-prefix")?;
    let clients = Clients::new(kubeconfig).await?;
    if install_crds {
        cli::manifests::install_crds(&clients.calling)
            .await
            .context("--install-crds")?;
    }
    let (certificate, published) = watch::channel(webhook_bind_address.is_none());
    let mut app = App::new(
        clients,
        Scopes::new(&watch_namespaces, &operator_namespace),
        operator_namespace,
        &identity,
    )?;
    app.serve_probes(health_probe_bind_address, published);
    let gates = if let Some(address) = webhook_bind_address {
        let policy = Policy {
            exclude_raw: transformation.exclude_raw,
            ..Policy::new(prefix)
        };
        Some(
            app.admit(address, webhook_endpoint, policy, certificate)
                .await?,
        )
    } else {
        app.life.served.cancel();
        None
    };
    let leading = Leading::new(
        &mut app.registry,
        leader_elect,
        &app.operator_namespace,
        identity,
    );
    let Some(context) = app.context(backoff, transformation).await? else {
        return Ok(());
    };
    app.serve_metrics(metrics_bind_address);
    let controllers = Controllers {
        context: Arc::new(context),
        concurrency: max_concurrent_reconciles,
        gates,
    };
    leading.start(&mut app.tasks, app.clients.calling, controllers, &app.life);
    supervise(app.tasks, app.life).await
}

/// What the parts are made from.
struct App {
    tasks: Tasks,
    life: Lifecycle,
    registry: Registry,
    clients: Clients,
    scopes: Scopes,
    operator_namespace: String,
    cluster: Arc<Cluster>,
    filled: Arc<AtomicBool>,
    recorder: Recorder,
}

impl App {
    /// Starts the watches and the Events.
    fn new(
        clients: Clients,
        scopes: Scopes,
        operator_namespace: String,
        identity: &str,
    ) -> anyhow::Result<Self> {
        let mut registry = Registry::default();
        let (cluster, watches) = Cluster::new(&scopes, &operator_namespace);
        let (recorder, events) = events::recorder(clients.calling.clone(), identity, &mut registry);
        let mut app = Self {
            tasks: Tasks::new(),
            life: Lifecycle::default(),
            registry,
            clients,
            scopes,
            operator_namespace,
            cluster,
            filled: Arc::default(),
            recorder,
        };
        stop_on_signal(&mut app.tasks, &app.life)?;
        let watching = watches.run(
            app.clients.watching.clone(),
            app.scopes.clone(),
            Arc::clone(&app.cluster),
        );
        app.tasks.spawn(async move {
            watching.await;
            anyhow::bail!("the watches ended")
        });
        app.tasks.spawn(async move {
            events.run().await;
            Ok(())
        });
        app.say_when_filled();
        Ok(app)
    }

    fn say_when_filled(&mut self) {
        let (cluster, filled) = (Arc::clone(&self.cluster), Arc::clone(&self.filled));
        let ended = self.life.ended.clone();
        self.tasks.spawn(async move {
            cluster.ready().await;
            filled.store(true, Ordering::Release);
            tracing::info!("caches are filled");
            ended.cancelled().await;
            Ok(())
        });
    }

    fn serve_probes(&mut self, address: Option<SocketAddr>, certificate: watch::Receiver<bool>) {
        let readiness = Readiness {
            caches: Arc::clone(&self.filled),
            certificate,
            stopping: self.life.stopping.clone(),
        };
        self.serve_plain("probes", address, probes::probes(readiness));
    }

    /// To be called when every part has registered its own series.
    fn serve_metrics(&mut self, address: Option<SocketAddr>) {
        let registry = std::mem::take(&mut self.registry);
        self.serve_plain("metrics", address, probes::metrics(Arc::new(registry)));
    }

    fn serve_plain(&mut self, what: &'static str, address: Option<SocketAddr>, router: Router) {
        if let Some(address) = address {
            let ended = self.life.ended.clone();
            self.tasks
                .spawn(probes::serve(what, address, router, ended));
        }
    }

    /// Serves admission; gives what releases the pods that it keeps waiting.
    async fn admit(
        &mut self,
        address: SocketAddr,
        endpoint: WebhookEndpoint,
        policy: Policy,
        certificate: watch::Sender<bool>,
    ) -> anyhow::Result<gates::Gates> {
        let directory: Arc<dyn Directory> = Arc::new(ClusterDirectory::new(
            Arc::clone(&self.cluster),
            Arc::clone(&self.filled),
        ));
        let metrics = secretwire_webhook::Metrics::register(
            self.registry.sub_registry_with_prefix("secretwire"),
        );
        let prefix = policy.prefix.clone();
        let admission = Admission::new(policy, Arc::clone(&directory), metrics);
        let webhook = Webhook {
            address,
            endpoint,
            namespace: self.operator_namespace.clone(),
            prefix: prefix.clone(),
            // It watches too, and puts its own limit on each call.
            client: self.clients.watching.clone(),
        };
        webhook
            .start(
                &mut self.tasks,
                Arc::new(admission),
                certificate,
                &self.life,
            )
            .await?;
        Ok(gates::Gates {
            kube: self.clients.watching.clone(),
            scopes: self.scopes.clone(),
            cluster: Arc::clone(&self.cluster),
            directory,
            prefix,
            recorder: self.recorder.clone(),
            waiting: gates::gauge(&mut self.registry),
        })
    }

    /// What every sync needs; None when asked to stop before the API server gave the key.
    async fn context(
        &mut self,
        backoff: Backoff,
        transformation: GlobalTransformationOptions,
    ) -> anyhow::Result<Option<Context>> {
        let calling = &self.clients.calling;
        let mac_key = tokio::select! {
            key = hmac_key::load(calling, &self.operator_namespace) => key?,
            () = self.life.stopping.cancelled() => return Ok(None),
        };
        let vault_metrics = VaultMetrics::register(&mut self.registry);
        let connector = Arc::new(Connector::new(calling.clone(), vault_metrics));
        let identities = Identities::new(
            calling.clone(),
            Arc::clone(&self.cluster),
            Arc::clone(&connector),
            &self.operator_namespace,
        );
        Ok(Some(Context {
            kube: calling.clone(),
            cluster: Arc::clone(&self.cluster),
            identities,
            connector,
            recorder: self.recorder.clone(),
            metrics: SyncMetrics::register(&mut self.registry),
            mac_key,
            memory: Memory::default(),
            clock: Clock,
            backoff,
            templates: Arc::new(transform::cache()),
            exclude_raw: transformation.exclude_raw,
        }))
    }
}

/// Waits for the end: a signal, or a part that ended. Then lets the parts stop
/// in order: admission drains, controllers stop, the Lease is given back.
async fn supervise(mut tasks: Tasks, life: Lifecycle) -> anyhow::Result<()> {
    let mut outcome = Ok(());
    tokio::select! {
        () = life.stopping.cancelled() => tracing::info!("stopping"),
        Some(first) = tasks.join_next() => {
            outcome = first.context("a part of the operator panicked").and_then(|result| result);
            tracing::error!("a part of the operator ended, stopping");
            life.stopping.cancel();
        }
    }
    life.served.cancelled().await;
    life.idle.cancelled().await;
    life.ended.cancel();
    let rest = async { while tasks.join_next().await.is_some() {} };
    // What hangs now has nothing to lose.
    let _ = tokio::time::timeout(LAST_MOMENTS, rest).await;
    outcome
}

/// Begins the end on SIGTERM and SIGINT.
fn stop_on_signal(tasks: &mut Tasks, life: &Lifecycle) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be handled")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be handled")?;
    let (stopping, ended) = (life.stopping.clone(), life.ended.clone());
    tasks.spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopping.cancel();
        ended.cancelled().await;
        Ok(())
    });
    Ok(())
}
