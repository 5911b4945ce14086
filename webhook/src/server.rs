//! TLS accept loop and drain. What is served is decided by [`router`](crate::router).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use http::header::CONNECTION;
use http::{HeaderValue, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::admission::Admission;
use crate::router::router;

/// How a server stops.
#[derive(Clone, Copy, Debug)]
pub struct Drain {
    /// For how long it goes on serving, and tells clients to connect elsewhere: until no endpoint list names it.
    pub delay: Duration,
    /// How long requests in flight may take after that.
    pub limit: Duration,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            delay: Duration::from_secs(10),
            limit: Duration::from_secs(20),
        }
    }
}

/// Serves admission over TLS until `shutdown`, then drains. Returns when the last connection is gone or the drain's
/// limit is over. `tls` should offer `h2` and `http/1.1`.
pub async fn serve(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    admission: Arc<Admission>,
    drain: Drain,
    shutdown: CancellationToken,
) {
    let draining = Arc::new(AtomicBool::new(false));
    let app = router(admission).layer(middleware::from_fn_with_state(
        Arc::clone(&draining),
        close_when_draining,
    ));
    let graceful = GracefulShutdown::new();
    let acceptor = TlsAcceptor::from(tls);
    let mut connections = JoinSet::new();
    let stop = async {
        shutdown.cancelled().await;
        draining.store(true, Ordering::Relaxed);
        sleep(drain.delay).await;
    };
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(acceptor.clone(), stream, app.clone(), graceful.watcher()));
                }
                Err(error) => {
                    tracing::warn!(%error, "accepting a connection failed");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            // Taken up as they end, so that the set does not grow.
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let finish = async {
        graceful.shutdown().await;
        while connections.join_next().await.is_some() {}
    };
    if timeout(drain.limit, finish).await.is_err() {
        tracing::warn!("connections were cut at the end of the drain");
    }
}

async fn connection(acceptor: TlsAcceptor, stream: TcpStream, app: axum::Router, watcher: Watcher) {
    // A failure to set it costs latency only.
    let _ = stream.set_nodelay(true);
    let stream = match timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => return tracing::debug!("TLS handshake took too long"),
    };
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(HANDSHAKE)
        .max_concurrent_streams(STREAMS);
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    if let Err(error) = watcher.watch(served).await {
        tracing::debug!(error, "connection ended early");
    }
}

/// HTTP/2 connections are told by GOAWAY at the end of the delay; the header is for HTTP/1.1 only.
async fn close_when_draining(
    axum::extract::State(draining): axum::extract::State<Arc<AtomicBool>>,
    request: Request,
    next: Next,
) -> Response {
    let version = request.version();
    let mut response = next.run(request).await;
    if version <= Version::HTTP_11 && draining.load(Ordering::Relaxed) {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// For a TLS handshake, and for the answer to a keep-alive ping.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// For the headers of the next request. API servers drop idle connections after 90 s; ending them
/// from here first could cross with a request.
const IDLE: Duration = Duration::from_secs(120);
/// Between pings on a quiet HTTP/2 connection.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 250;
/// After a failed accept: out of file descriptors, mostly, which a tight loop does not cure.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
