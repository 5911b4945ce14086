use std::net::SocketAddr;

use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use prometheus_client::registry::Registry;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::admission::Policy;
use crate::directory::{Directory, ResourceKey};
use crate::fake::{Fake, ready, static_secret, unsynced};
use crate::metrics::Metrics;
use crate::names::Prefix;

use super::*;

/// A running server, and what a client needs to reach it.
struct Running {
    address: SocketAddr,
    client: ClientConfig,
    directory: Arc<Fake>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn start(drain: Drain) -> Self {
        let issued = rcgen::generate_simple_self_signed(["webhook.test".to_owned()]).unwrap();
        let certificate = issued.cert.der().clone();
        let key = PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
        let mut server = ServerConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let client = ClientConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let directory = Arc::new(Fake::new().with("db", ready("db", &["username", "password"])));
        let metrics = Metrics::register(&mut Registry::default());
        let known: Arc<dyn Directory> = Arc::clone(&directory) as _;
        let admission = Arc::new(Admission::new(
            Policy::new(Prefix::default()),
            known,
            metrics,
        ));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(serve(
            listener,
            Arc::new(server),
            admission,
            drain,
            shutdown.clone(),
        ));
        Self {
            address,
            client,
            directory,
            shutdown,
            task,
        }
    }

    async fn connect(&self, protocol: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
        let mut config = self.client.clone();
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(self.address).await?;
        TlsConnector::from(Arc::new(config))
            .connect(ServerName::try_from("webhook.test").unwrap(), stream)
            .await
    }

    async fn http1(&self) -> http1::SendRequest<Full<Bytes>> {
        let stream = TokioIo::new(self.connect(b"http/1.1").await.unwrap());
        let (sender, connection) = http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        sender
    }
}

fn review(reference: &str) -> Request<Full<Bytes>> {
    let review = include_str!("../../fixtures/pod-create.json").replace("vss/db", reference);
    Request::post("https://webhook.test/mutate/pods?timeout=10s")
        .header("content-type", "application/json")
        .header("host", "webhook.test")
        .body(Full::from(review))
        .unwrap()
}

#[tokio::test]
async fn answers_over_http1_and_http2_while_a_client_stalls_in_its_handshake() {
    let server = Running::start(Drain::default()).await;
    let _stalled = TcpStream::connect(server.address).await.unwrap();
    let mut http1 = server.http1().await;
    for _ in 0..2 {
        let response = http1.send_request(review("vss/db")).await.unwrap();
        assert_eq!(
            (response.status(), response.headers().get(CONNECTION)),
            (StatusCode::OK, None)
        );
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(
            std::str::from_utf8(&body)
                .unwrap()
                .contains("\"allowed\":true")
        );
    }
    let stream = TokioIo::new(server.connect(b"h2").await.unwrap());
    let (mut http2, connection) = http2::handshake(TokioExecutor::new(), stream)
        .await
        .unwrap();
    tokio::spawn(connection);
    assert_eq!(
        http2.send_request(review("vss/db")).await.unwrap().status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn serves_on_after_shutdown_and_tells_clients_to_leave() {
    let server = Running::start(Drain {
        delay: Duration::from_secs(3600),
        limit: Duration::ZERO,
    })
    .await;
    let mut old = server.http1().await;
    server.shutdown.cancel();
    // New connections are still taken: endpoint lists lag behind. Told to leave once the signal is seen.
    let told = |response: Response<_>| {
        response
            .headers()
            .get(CONNECTION)
            .is_some_and(|value| value == "close")
    };
    while !told(
        server
            .http1()
            .await
            .send_request(review("vss/db"))
            .await
            .unwrap(),
    ) {}
    assert!(told(old.send_request(review("vss/db")).await.unwrap()));
    assert!(!server.task.is_finished());
}

#[tokio::test]
async fn requests_in_flight_are_answered_before_the_end() {
    let server = Running::start(Drain {
        delay: Duration::ZERO,
        limit: Duration::from_secs(60),
    })
    .await;
    server
        .directory
        .put(static_secret("slow"), unsynced("slow"));
    let mut sender = server.http1().await;
    let answer = tokio::spawn(async move {
        sender
            .send_request(review("vss/slow"))
            .await
            .unwrap()
            .status()
    });
    // Nudged: the request is being held.
    while server.directory.nudged().is_empty() {
        tokio::task::yield_now().await;
    }
    server.shutdown.cancel();
    while server.connect(b"http/1.1").await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!answer.is_finished());
    let slow = ResourceKey {
        name: "slow".into(),
        ..static_secret("slow")
    };
    server
        .directory
        .put(slow, ready("slow", &["username", "password"]));
    assert_eq!(answer.await.unwrap(), StatusCode::OK);
    server.task.await.unwrap();
}

#[tokio::test]
async fn a_drain_has_an_end() {
    let server = Running::start(Drain {
        delay: Duration::ZERO,
        limit: Duration::from_millis(50),
    })
    .await;
    let _stalled = TcpStream::connect(server.address).await.unwrap();
    let mut sender = server.http1().await;
    sender.send_request(review("vss/db")).await.unwrap();
    server.shutdown.cancel();
    server.task.await.unwrap();
}
