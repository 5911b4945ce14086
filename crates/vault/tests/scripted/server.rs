//! An HTTP/1.1 server that answers by script and keeps every request.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query, still encoded.
    pub(crate) target: String,
    headers: HashMap<String, String>,
    pub(crate) body: String,
    /// The name asked for in the TLS handshake.
    pub(crate) sni: Option<String>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }
}

/// An answer to give.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    chunked: bool,
}

pub(crate) fn answer(status: u16, body: impl Into<String>) -> Answer {
    Answer {
        status,
        headers: Vec::new(),
        body: body.into().into_bytes(),
        chunked: false,
    }
}

impl Answer {
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sent without announcing its length.
    pub(crate) fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = vec![format!("HTTP/1.1 {} Scripted", self.status)];
        head.extend(
            self.headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        let size = self.body.len();
        if self.chunked {
            head.push(format!("transfer-encoding: chunked\r\n\r\n{size:x}\r\n"));
            [head.join("\r\n").as_bytes(), &self.body, b"\r\n0\r\n\r\n"].concat()
        } else {
            head.push(format!("content-length: {size}\r\n\r\n"));
            [head.join("\r\n").as_bytes(), &self.body].concat()
        }
    }
}

type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;
type Script = Arc<dyn Fn(Seen) -> Answering + Send + Sync>;

/// Runs until dropped.
pub(crate) struct Server {
    pub(crate) address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn new(script: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::answering(None, move |seen| {
            let answer = script(&seen);
            Box::pin(async { answer })
        })
        .await
    }

    pub(crate) async fn with_tls(
        tls: TlsAcceptor,
        script: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::answering(Some(tls), move |seen| {
            let answer = script(&seen);
            Box::pin(async { answer })
        })
        .await
    }

    pub(crate) async fn answering(
        tls: Option<TlsAcceptor>,
        script: impl Fn(Seen) -> Answering + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let address = format!("{scheme}://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let log = Arc::clone(&seen);
        let script: Script = Arc::new(script);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, script, tls) = (Arc::clone(&log), Arc::clone(&script), tls.clone());
                tokio::spawn(async move {
                    let Some(tls) = tls else {
                        return serve(stream, None, log, script).await;
                    };
                    // A client that does not like the certificate hangs up here.
                    let Ok(stream) = tls.accept(stream).await else {
                        return;
                    };
                    let sni = stream.get_ref().1.server_name().map(str::to_owned);
                    serve(stream, sni, log, script).await;
                });
            }
        });
        Self {
            address,
            seen,
            accepting,
        }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Method and target of every request so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(Seen::line).collect()
    }

    pub(crate) fn count(&self, line: &str) -> usize {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .filter(|seen| seen.line() == line)
            .count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    sni: Option<String>,
    log: Arc<Mutex<Vec<Seen>>>,
    script: Script,
) {
    let mut stream = BufStream::new(stream);
    while let Some(mut seen) = read_request(&mut stream).await {
        seen.sni.clone_from(&sni);
        log.lock().unwrap().push(seen.clone());
        let bytes = script(seen).await.bytes();
        // A client that has heard enough may be gone.
        if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Seen> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).expect("an ASCII head");
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8(body).expect("a text body");
    Some(Seen {
        method,
        target,
        headers,
        body,
        sni: None,
    })
}
