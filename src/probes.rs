//! Plain HTTP: probes and metrics.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::Context as _;
use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use prometheus_client::{encoding::text, registry::Registry};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

/// What `/readyz` goes by.
#[derive(Clone)]
pub(crate) struct Readiness {
    /// The caches have been filled once.
    pub(crate) caches: Arc<AtomicBool>,
    /// API servers accept the certificate that is served; true where admission is off.
    pub(crate) certificate: watch::Receiver<bool>,
    /// The process is on its way out.
    pub(crate) stopping: CancellationToken,
}

impl Readiness {
    /// What is missing, nothing when ready.
    fn missing(&self) -> Vec<&'static str> {
        let parts = [
            (!self.stopping.is_cancelled(), "stopping"),
            (self.caches.load(Ordering::Acquire), "caches are not filled"),
            (
                *self.certificate.borrow(),
                "webhook certificate is not published",
            ),
        ];
        parts
            .into_iter()
            .filter_map(|(fine, what)| (!fine).then_some(what))
            .collect()
    }
}

/// The probes' routes.
pub(crate) fn probes(readiness: Readiness) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(readyz))
        .with_state(readiness)
}

async fn readyz(State(readiness): State<Readiness>) -> impl IntoResponse {
    let missing = readiness.missing();
    if missing.is_empty() {
        (StatusCode::OK, "ok".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, missing.join("; "))
    }
}

/// The metrics' route.
pub(crate) fn metrics(registry: Arc<Registry>) -> Router {
    Router::new()
        .route("/metrics", get(scrape))
        .with_state(registry)
}

async fn scrape(State(registry): State<Arc<Registry>>) -> impl IntoResponse {
    const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let mut body = String::new();
    // Writing to a String cannot fail.
    let _ = text::encode(&mut body, &registry);
    ([("content-type", TYPE)], body)
}

/// Serves until the token is cancelled.
pub(crate) async fn serve(
    what: &'static str,
    address: SocketAddr,
    router: Router,
    end: CancellationToken,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("{what} cannot be served on {address}"))?;
    axum::serve(listener, router)
        .with_graceful_shutdown(end.cancelled_owned())
        .await
        .with_context(|| format!("serving {what} ended"))
}
