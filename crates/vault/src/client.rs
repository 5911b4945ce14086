//! One Vault server.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderMap, Method, StatusCode, header};
use reqwest::Url;
use serde::Deserialize;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};
use zeroize::Zeroizing;

use crate::{
    error::Error,
    failure,
    observe::{Observer, Operation, Outcome, Unobserved},
    path::VaultPath,
    redirect::{MAX_HOPS, next_hop},
    response::bad_json,
    settings::{ConnectionSettings, SettingsError},
    transport::{Transport, reason},
};

/// A Vault server as one set of connection settings reaches it. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    /// Ends in `/v1`.
    base: Url,
    transport: Transport,
    timeout: Duration,
    observer: Arc<dyn Observer>,
    slots: Semaphore,
}

impl Client {
    /// Checks the settings and builds the client. Nothing goes over the network.
    pub fn new(settings: &ConnectionSettings) -> Result<Self, SettingsError> {
        Self::with_observer(settings, Arc::new(Unobserved))
    }

    /// As [`Client::new`], with someone to tell of every request.
    pub fn with_observer(
        settings: &ConnectionSettings,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, SettingsError> {
        let base = base_url(&settings.address)?;
        Ok(Self {
            inner: Arc::new(Inner {
                transport: Transport::new(settings, &base)?,
                base,
                timeout: settings.timeout,
                observer,
                slots: Semaphore::new(MAX_IN_FLIGHT),
            }),
        })
    }

    /// Whether the server is there, initialised and unsealed. Needs no token.
    pub async fn seal_status(&self) -> Result<SealStatus, Error> {
        let path = VaultPath::join(&["sys", "seal-status"]);
        let wire = Wire::get(&path, HeaderMap::new());
        let body = self.exchange(Operation::Read, &wire).await?.into_body()?;
        serde_json::from_str(&body).map_err(|error| bad_json(&path, &error))
    }

    /// Sends a request and takes in the whole answer, of whatever status.
    pub(crate) async fn exchange(
        &self,
        operation: Operation,
        wire: &Wire<'_>,
    ) -> Result<Reply, Error> {
        let _slot = self.inner.slot(operation).await;
        let began = Instant::now();
        let result = self.follow(wire).await;
        let failure = result
            .as_ref()
            .map_or_else(Some, |reply| reply.failure.as_ref());
        let outcome = failure.map_or(Outcome::Ok, |error| Outcome::Failed(error.kind()));
        let elapsed = began.elapsed();
        tracing::debug!(operation = operation.as_str(), path = %wire.path, ?outcome, ?elapsed, "vault request");
        self.inner.observer.request(operation, outcome, elapsed);
        result
    }

    async fn follow(&self, wire: &Wire<'_>) -> Result<Reply, Error> {
        let not_followed = |reason| Error::Redirect {
            path: wire.path.to_string(),
            reason,
        };
        let mut url = self.inner.url(wire);
        for _ in 0..=MAX_HOPS {
            let response = self.inner.send(wire, url.clone()).await?;
            let location = response.headers().get(header::LOCATION);
            let location = location.and_then(|value| value.to_str().ok());
            match next_hop(&url, &wire.method, response.status(), location).map_err(not_followed)? {
                Some(next) => url = next,
                None => return self.inner.take_in(wire, response).await,
            }
        }
        Err(not_followed(format!("more than {MAX_HOPS} in a row")))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.inner.base.as_str())
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// Logins and renewals do not queue behind reads of a slow server: they are few, and a token
    /// must not end while its renewal waits.
    async fn slot(&self, operation: Operation) -> Option<SemaphorePermit<'_>> {
        match operation {
            Operation::Login | Operation::Renew => None,
            // The semaphore is never closed; a closed one would only lift the limit.
            Operation::Read | Operation::Write => self.slots.acquire().await.ok(),
        }
    }

    fn url(&self, wire: &Wire<'_>) -> Url {
        let mut url = self.base.clone();
        // Fails only for URLs without a host, and `base` has one.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(wire.path.segments());
        }
        url.set_query(wire.query);
        url
    }

    async fn send(&self, wire: &Wire<'_>, url: Url) -> Result<reqwest::Response, Error> {
        let route = self
            .transport
            .route(url)
            .map_err(|reason| Error::Unreachable {
                path: wire.path.to_string(),
                reason,
            })?;
        let mut request = reqwest::Request::new(wire.method.clone(), route.url);
        *request.headers_mut() = wire.headers.clone();
        if let Some(host) = route.host {
            request.headers_mut().insert(header::HOST, host);
        }
        if let Some(body) = wire.body {
            let json = header::HeaderValue::from_static("application/json");
            request.headers_mut().insert(header::CONTENT_TYPE, json);
            *request.body_mut() = Some(body.to_vec().into());
        }
        route
            .client
            .execute(request)
            .await
            .map_err(|error| self.broken(wire, &error))
    }

    async fn take_in(&self, wire: &Wire<'_>, response: reqwest::Response) -> Result<Reply, Error> {
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let bytes = self.read_body(wire, response).await?;
        let body = into_text(bytes).ok_or_else(|| Error::BadAnswer {
            path: wire.path.to_string(),
            reason: "not UTF-8".to_owned(),
        })?;
        let failure = (!status.is_success())
            .then(|| failure::classify(wire.path.as_str(), status, retry_after, &body));
        Ok(Reply {
            status,
            body,
            failure,
        })
    }

    async fn read_body(
        &self,
        wire: &Wire<'_>,
        mut response: reqwest::Response,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let announced = response
            .content_length()
            .and_then(|len| usize::try_from(len).ok());
        let first = announced.unwrap_or(FIRST_BUFFER).min(MAX_BODY);
        let mut body = Zeroizing::new(Vec::with_capacity(first));
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.broken(wire, &error))?
        {
            let len = body.len() + chunk.len();
            if len > MAX_BODY {
                return Err(Error::TooLarge {
                    path: wire.path.to_string(),
                    limit: MAX_BODY,
                });
            }
            if len > body.capacity() {
                // A vector that grows by itself leaves its old buffer behind unwiped.
                let mut larger = Zeroizing::new(Vec::with_capacity(len * 2));
                larger.extend_from_slice(&body);
                body = larger;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn broken(&self, wire: &Wire<'_>, error: &reqwest::Error) -> Error {
        let path = wire.path.to_string();
        // A connection that is not made in time is a matter of reach, not of a slow answer.
        if error.is_timeout() && !error.is_connect() {
            Error::Timeout {
                path,
                after: self.timeout,
            }
        } else {
            Error::Unreachable {
                path,
                reason: reason(error),
            }
        }
    }
}

/// A request as it goes out.
pub(crate) struct Wire<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a VaultPath,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<&'a [u8]>,
}

impl<'a> Wire<'a> {
    pub(crate) fn get(path: &'a VaultPath, headers: HeaderMap) -> Self {
        Self {
            method: Method::GET,
            path,
            query: None,
            headers,
            body: None,
        }
    }

    pub(crate) fn put(path: &'a VaultPath, headers: HeaderMap, body: &'a [u8]) -> Self {
        Self {
            method: Method::PUT,
            path,
            query: None,
            headers,
            body: Some(body),
        }
    }
}

/// An answer of any status.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Zeroizing<String>,
    /// What the status means, where it is not 2xx.
    pub(crate) failure: Option<Error>,
}

impl Reply {
    /// The body of a 2xx answer.
    pub(crate) fn into_body(self) -> Result<Zeroizing<String>, Error> {
        match self.failure {
            Some(error) => Err(error),
            None => Ok(self.body),
        }
    }
}

/// The parts of `sys/seal-status` that tell whether a server can be used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SealStatus {
    /// No secret can be read while this is set.
    pub sealed: bool,
    /// Whether the server was ever set up.
    #[serde(default)]
    pub initialized: bool,
    /// The server's version.
    #[serde(default)]
    pub version: String,
    /// The cluster's name; only an unsealed server tells it.
    #[serde(default)]
    pub cluster_name: Option<String>,
}

fn base_url(address: &str) -> Result<Url, SettingsError> {
    let refuse = |reason: &str| SettingsError::Address {
        address: address.to_owned(),
        reason: reason.to_owned(),
    };
    let mut url: Url = address
        .trim()
        .parse()
        .map_err(|error| refuse(&format!("not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse("must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Not quoted back: it would put the password into a status.
        let address = String::new();
        let reason = "must not hold a user name or password".to_owned();
        return Err(SettingsError::Address { address, reason });
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("must not have a query or fragment"));
    }
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push("v1");
    }
    Ok(url)
}

fn into_text(mut bytes: Zeroizing<Vec<u8>>) -> Option<Zeroizing<String>> {
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Some(Zeroizing::new(text)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            None
        }
    }
}

/// Only the form in seconds: Vault sends no other. Bounded, as a header must not stop an operator
/// for days.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// Far above the largest Secret Kubernetes takes.
const MAX_BODY: usize = 8 << 20;
const LONGEST_WAIT: Duration = Duration::from_mins(5);
const FIRST_BUFFER: usize = 4 << 10;
/// Reads and writes at one server at the same time; more wait for their turn.
const MAX_IN_FLIGHT: usize = 64;
