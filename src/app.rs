//! Builds everything, runs it, and stops it in order.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use prometheus_client::registry::Registry;
use secretwire_certs::{CertificateResolver, ServerNames, server_config};
use secretwire_webhook::{Admission, Directory, Drain, Endpoint, Prefix, serve, webhook_configuration};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    certificates::{self, Registration},
    cli,
    clock::Clock,
    cluster::{Cluster, Scopes},
    controllers::{self, Controllers, gates},
    directory::ClusterDirectory,
    events,
    hmac_key,
    leader::{self, Candidate, Claim},
    manifests,
    metrics::{self, SyncMetrics},
    probes::{self, Readiness},
    settings::{Settings, WebhookEndpoint},
    sync::{Context, Memory},
    vault::{Connector, Identities, VaultMetrics},
};

/// A call to the API server that brings nothing for so long has failed. Watches
/// have a client of their own, as they are quiet for long.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

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
    let config = cluster_config(kubeconfig).await?;
    let watching = Client::try_from(config.clone()).context("the cluster's settings make no client")?;
    let mut config = config;
    config.read_timeout = Some(CALL_TIMEOUT);
    let calling = Client::try_from(config).context("the cluster's settings make no client")?;

    let stopping = CancellationToken::new();
    let ended = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let mut registry = Registry::default();
    tokio::spawn(cancel_on_signal(stopping.clone())?);

    let (certificate, certificate_ready) = watch::channel(webhook_bind_address.is_none());
    let filled = Arc::new(AtomicBool::new(false));
    let readiness = Readiness {
        caches: Arc::clone(&filled),
        certificate: certificate_ready,
        stopping: stopping.clone(),
    };
    if let Some(address) = health_probe_bind_address {
        tasks.spawn(probes::serve("probes", address, probes::probes(readiness), ended.clone()));
    }
    if install_crds {
        cli::manifests::install_crds(&calling).await.context("--install-crds")?;
    }

    let scopes = Scopes::new(&watch_namespaces, &operator_namespace);
    let (cluster, watches) = Cluster::new(&scopes, &operator_namespace);
    let (recorder, writer) = events::recorder(calling.clone(), &identity, &mut registry);
    let connector = Arc::new(Connector::new(calling.clone(), VaultMetrics::register(&mut registry)));
    let identities = Arc::new(Identities::new(
        calling.clone(),
        Arc::clone(&cluster),
        Arc::clone(&connector),
        &operator_namespace,
    ));
    let directory: Arc<dyn Directory> =
        Arc::new(ClusterDirectory::new(Arc::clone(&cluster), Arc::clone(&filled)));
    let leads = metrics::leadership(&mut registry);
    let sync_metrics = SyncMetrics::register(&mut registry);
    let waiting = gates::gauge(&mut registry);
    let admission_metrics = secretwire_webhook::Metrics::register(registry.sub_registry_with_prefix("secretwire"));

    tasks.spawn({
        let (client, scopes, cluster) = (watching.clone(), scopes.clone(), Arc::clone(&cluster));
        async move {
            watches.run(client, scopes, cluster).await;
            anyhow::bail!("the watches ended")
        }
    });
    tasks.spawn({
        let (cluster, ended) = (Arc::clone(&cluster), ended.clone());
        async move {
            cluster.ready().await;
            filled.store(true, Ordering::Release);
            tracing::info!("caches are filled");
            ended.cancelled().await;
            Ok(())
        }
    });
    tasks.spawn(async move {
        writer.run().await;
        Ok(())
    });

    let webhook = webhook_bind_address.map(|address| Webhook {
        address,
        endpoint: webhook_endpoint,
        namespace: operator_namespace.clone(),
        prefix: prefix.clone(),
        client: calling.clone(),
    });
    let gates = webhook.is_some().then(|| gates::Gates {
        kube: watching.clone(),
        scopes,
        cluster: Arc::clone(&cluster),
        directory: Arc::clone(&directory),
        prefix: prefix.clone(),
        recorder: recorder.clone(),
        waiting,
    });
    let served = CancellationToken::new();
    if let Some(webhook) = webhook {
        let policy = secretwire_webhook::Policy::new(prefix);
        let admission = Arc::new(Admission::new(policy, directory, admission_metrics));
        webhook
            .start(&mut tasks, admission, certificate, &stopping, &ended, &served)
            .await?;
    } else {
        served.cancel();
    }
    // Metrics are complete now: every part has registered its own.
    if let Some(address) = metrics_bind_address {
        let router = probes::metrics(Arc::new(registry));
        tasks.spawn(probes::serve("metrics", address, router, ended.clone()));
    }

    let context = Context {
        mac_key: tokio::select! {
            key = hmac_key::load(&calling, &operator_namespace) => key?,
            () = stopping.cancelled() => return Ok(()),
        },
        kube: calling.clone(),
        cluster,
        identities,
        connector,
        recorder,
        metrics: sync_metrics,
        memory: Memory::default(),
        clock: Clock,
        backoff,
        exclude_raw: transformation.exclude_raw,
    };
    let controllers = Controllers {
        context: Arc::new(context),
        concurrency: max_concurrent_reconciles,
        gates,
    };
    // The Lease is given back when nothing is written any more.
    let idle = CancellationToken::new();
    let claim = if leader_elect {
        let (candidate, claim) = Candidate::new(calling, &operator_namespace, identity);
        let idle = idle.clone();
        tasks.spawn(async move {
            candidate.run(idle).await;
            Ok(())
        });
        claim
    } else {
        let (claim, keep) = leader::unopposed(idle.clone());
        tasks.spawn(async move {
            keep.await;
            Ok(())
        });
        claim
    };
    tasks.spawn({
        let (stopping, idle) = (stopping.clone(), idle.clone());
        async move {
            tokio::select! {
                () = lead(&controllers, claim, &leads) => {}
                () = stopping.cancelled() => {}
            }
            drop(controllers);
            idle.cancel();
            Ok(())
        }
    });
    supervise(tasks, stopping, served, idle, ended).await
}

/// Runs the controllers while the claim is held.
async fn lead(
    controllers: &Controllers,
    mut claim: watch::Receiver<Claim>,
    leads: &prometheus_client::metrics::gauge::Gauge,
) {
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

/// Waits for the end: a signal, or a part that ended. Then lets the parts stop
/// in order: admission drains, controllers stop, the Lease is given back.
async fn supervise(
    mut tasks: JoinSet<anyhow::Result<()>>,
    stopping: CancellationToken,
    served: CancellationToken,
    idle: CancellationToken,
    ended: CancellationToken,
) -> anyhow::Result<()> {
    let mut outcome = Ok(());
    tokio::select! {
        () = stopping.cancelled() => tracing::info!("stopping"),
        Some(first) = tasks.join_next() => {
            outcome = first.context("a part of the operator panicked").and_then(|result| result);
            tracing::error!("a part of the operator ended, stopping");
            stopping.cancel();
        }
    }
    served.cancelled().await;
    idle.cancelled().await;
    // The candidate gives the Lease back now; what else runs has nothing to lose.
    ended.cancel();
    let rest = async { while tasks.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(Duration::from_secs(3), rest).await;
    outcome
}

struct Webhook {
    address: std::net::SocketAddr,
    endpoint: WebhookEndpoint,
    namespace: String,
    prefix: Prefix,
    client: Client,
}

impl Webhook {
    async fn start(
        self,
        tasks: &mut JoinSet<anyhow::Result<()>>,
        admission: Arc<Admission>,
        certificate: watch::Sender<bool>,
        stopping: &CancellationToken,
        ended: &CancellationToken,
        served: &CancellationToken,
    ) -> anyhow::Result<()> {
        let (endpoint, names, registration, drain) = match self.endpoint {
            WebhookEndpoint::Service(name) => (
                Endpoint::Service {
                    namespace: self.namespace.clone(),
                    name: name.clone(),
                    port: 443,
                },
                ServerNames::of_service(&name, &self.namespace),
                Registration::WhenMissing,
                Drain::default(),
            ),
            WebhookEndpoint::Url(url) => {
                let host = host_of(&url).context("--webhook-url is no https URL")?;
                let names = ServerNames::of_service(manifests::WEBHOOK_SERVICE, &self.namespace).and_host(&host);
                // No endpoint list has to forget this address first.
                let drain = Drain {
                    delay: Duration::ZERO,
                    ..Drain::default()
                };
                (Endpoint::Url(url), names, Registration::Always, drain)
            }
        };
        let resolver = CertificateResolver::new();
        let settings = certificates::Settings {
            configuration: webhook_configuration(manifests::NAME, &self.namespace, &endpoint, &self.prefix),
            namespace: self.namespace,
            registration,
            names,
            rotate_annotation: self.prefix.name("rotate-ca"),
            policy: secretwire_certs::Policy::default(),
        };
        let tls = server_config(Arc::clone(&resolver));
        let listener = TcpListener::bind(self.address)
            .await
            .with_context(|| format!("admission cannot be served on {}", self.address))?;
        tasks.spawn({
            let (client, ended) = (self.client, ended.clone());
            async move {
                certificates::run(client, settings, resolver, certificate, ended).await?;
                Ok(())
            }
        });
        tasks.spawn({
            let (stopping, served) = (stopping.clone(), served.clone());
            async move {
                serve(listener, tls, admission, drain, stopping).await;
                served.cancel();
                Ok(())
            }
        });
        Ok(())
    }
}

/// Host of `https://host[:port][/…]`.
fn host_of(url: &str) -> Option<String> {
    let uri: axum::http::Uri = url.parse().ok()?;
    (uri.scheme_str() == Some("https"))
        .then(|| uri.host().map(str::to_owned))
        .flatten()
}

async fn cluster_config(kubeconfig: Option<PathBuf>) -> anyhow::Result<Config> {
    match kubeconfig {
        Some(path) => {
            let file = Kubeconfig::read_from(&path)
                .with_context(|| format!("--kubeconfig {} cannot be read", path.display()))?;
            Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
                .await
                .with_context(|| format!("--kubeconfig {} names no usable cluster", path.display()))
        }
        None => Config::infer()
            .await
            .context("no cluster: set --kubeconfig or KUBECONFIG, or run in a pod"),
    }
}

/// Cancels on SIGTERM and SIGINT.
fn cancel_on_signal(token: CancellationToken) -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be handled")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be handled")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        token.cancel();
    })
}
