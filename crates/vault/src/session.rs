//! One identity at one Vault.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::FutureExt;
use http::{HeaderMap, HeaderName};
use tokio::{sync::watch, time::Instant};

use crate::{
    call::Call,
    client::{Client, Reply, Wire},
    error::Error,
    flight::Flights,
    gate::{LoginFailure, LoginGate},
    kv::KvState,
    lock::lock,
    login::{Credentials, LoginBody, LoginTarget},
    observe::Operation,
    path::{Namespace, VaultPath},
    renewal::keep_alive,
    response::{Auth, Response},
    token::Token,
    transport::NAMESPACE,
};

/// One identity at one Vault: everyone who reads as it shares its token. Cheap to clone.
///
/// The first use logs in. The token is renewed in the background until it cannot be any more; the
/// first use after its end logs in again. A 403 leads to one fresh login and one more try, as
/// policies are fixed at login. However many callers wait, there is one login at a time, and after
/// a failed one the callers get that failure until a growing pause is over.
///
/// When the last clone is dropped the background task ends. The token is not revoked: leases may
/// hang on it.
#[derive(Clone)]
pub struct Session {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) client: Client,
    target: LoginTarget,
    credentials: Arc<dyn Credentials>,
    tokens: watch::Sender<Option<Arc<Token>>>,
    logins: Flights<(), Result<Arc<Token>, Error>>,
    login_count: AtomicU64,
    gate: Mutex<LoginGate>,
    pub(crate) kv: KvState,
}

impl Session {
    /// A session that has yet to log in. Nothing goes over the network.
    pub fn new(client: Client, target: LoginTarget, credentials: Arc<dyn Credentials>) -> Self {
        Self {
            inner: Arc::new(Inner {
                client,
                target,
                credentials,
                tokens: watch::Sender::new(None),
                logins: Flights::new(),
                login_count: AtomicU64::new(0),
                gate: Mutex::default(),
                kv: KvState::new(),
            }),
        }
    }

    /// Logs in if there is no live token. For checking an identity; reads do it by themselves.
    pub async fn log_in(&self) -> Result<(), Error> {
        self.inner.token().await.map(drop)
    }

    /// A stable, public name of the current token: hex BLAKE2b-256 of its accessor. `None` before
    /// the first login and for batch tokens.
    pub fn identity(&self) -> Option<String> {
        let token = self.inner.tokens.borrow();
        token
            .as_ref()
            .and_then(|token| token.identity())
            .map(str::to_owned)
    }

    /// Makes any request as this identity.
    pub async fn request(&self, call: Call) -> Result<Response, Error> {
        let body = self.inner.send(&call).await?.into_body()?;
        Response::parse(&call.path, body)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("target", &self.inner.target)
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// Sends with the token; the answer may have any status.
    pub(crate) async fn send(self: &Arc<Self>, call: &Call) -> Result<Reply, Error> {
        let began = Instant::now();
        let token = self.token().await?;
        let reply = self.send_with(&token, call).await?;
        let denied = match &reply.failure {
            // A token from within this call is as fresh as one can be.
            Some(denied @ Error::Denied(_)) if token.obtained < began => denied.clone(),
            _ => return Ok(reply),
        };
        let fresh = self.replacement(&token, denied).await?;
        self.send_with(&fresh, call).await
    }

    async fn send_with(&self, token: &Token, call: &Call) -> Result<Reply, Error> {
        let wire = Wire {
            method: call.method.clone(),
            path: &call.path,
            query: call.query.as_deref(),
            headers: self.headers(token, call.namespace.as_ref()),
            body: call.body.as_ref().map(|body| body.as_slice()),
        };
        self.client.exchange(call.operation(), &wire).await
    }

    pub(crate) fn headers(&self, token: &Token, namespace: Option<&Namespace>) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(2);
        headers.insert(TOKEN, token.header.clone());
        if let Some(namespace) = namespace.or(self.target.namespace.as_ref()) {
            headers.insert(NAMESPACE, namespace.header());
        }
        headers
    }

    /// The live token, by a login if need be.
    async fn token(self: &Arc<Self>) -> Result<Arc<Token>, Error> {
        if let Some(token) = self.live_token() {
            return Ok(token);
        }
        let settled = || {
            self.live_token()
                .map(Ok)
                .or_else(|| self.refusal().map(Err))
        };
        self.logins
            .join((), settled, || Arc::clone(self).fresh_login().boxed())
            .await
    }

    /// Another token than the one that was denied; the denial where it is too early for one.
    async fn replacement(
        self: &Arc<Self>,
        stale: &Token,
        denied: Error,
    ) -> Result<Arc<Token>, Error> {
        let settled = || {
            if let Some(newer) = self.live_token().filter(|token| token.login != stale.login) {
                return Some(Ok(newer));
            }
            let mut gate = lock(&self.gate);
            let now = Instant::now();
            if gate.refusal(now).is_some() || !gate.may_relogin(now) {
                return Some(Err(denied));
            }
            None
        };
        self.logins
            .join((), settled, || Arc::clone(self).fresh_login().boxed())
            .await
    }

    fn live_token(&self) -> Option<Arc<Token>> {
        self.tokens
            .borrow()
            .as_ref()
            .filter(|token| token.is_alive(Instant::now()))
            .cloned()
    }

    fn refusal(&self) -> Option<Error> {
        lock(&self.gate).refusal(Instant::now())
    }

    async fn fresh_login(self: Arc<Self>) -> Result<Arc<Token>, Error> {
        match self.try_login().await {
            Ok(token) => {
                let token = Arc::new(token);
                lock(&self.gate).succeeded();
                self.tokens.send_replace(Some(Arc::clone(&token)));
                if token.login == 1 {
                    let weak = Arc::downgrade(&self);
                    tokio::spawn(keep_alive(weak, self.tokens.subscribe()));
                }
                Ok(token)
            }
            Err(failure) => Err(lock(&self.gate).failed(failure, Instant::now())),
        }
    }

    async fn try_login(&self) -> Result<Token, LoginFailure> {
        let body = self
            .credentials
            .obtain()
            .await
            .map_err(LoginFailure::Credentials)?;
        let asked = Instant::now();
        let auth = self
            .login_request(&body)
            .await
            .map_err(LoginFailure::Request)?;
        let number = self.login_count.load(Ordering::Relaxed) + 1;
        let token = Token::issued(number, &auth, asked).ok_or_else(|| {
            LoginFailure::Request(bad_login(
                &self.target.path,
                "there is no usable token in it",
            ))
        })?;
        // Logins are one at a time: no other can have counted meanwhile.
        self.login_count.store(number, Ordering::Relaxed);
        Ok(token)
    }

    async fn login_request(&self, body: &LoginBody) -> Result<Auth, Error> {
        let path = &self.target.path;
        let json = body
            .to_json()
            .map_err(|_| bad_login(path, "the credentials are not JSON"))?;
        let mut headers = self.target.headers.clone();
        if let Some(namespace) = &self.target.namespace {
            headers.insert(NAMESPACE, namespace.header());
        }
        let wire = Wire::put(path, headers, &json);
        let body = self
            .client
            .exchange(Operation::Login, &wire)
            .await?
            .into_body()?;
        let auth = Response::parse(path, body)?.auth;
        auth.ok_or_else(|| bad_login(path, "there is no token in it"))
    }

    /// Swaps a token for what became of it, unless another login has replaced it already.
    pub(crate) fn replace(&self, old: &Arc<Token>, new: Option<Token>) {
        self.tokens.send_if_modified(|current| {
            let same = current
                .as_ref()
                .is_some_and(|token| token.login == old.login);
            if same {
                *current = new.map(Arc::new);
            }
            same
        });
    }
}

fn bad_login(path: &VaultPath, reason: &str) -> Error {
    Error::BadAnswer {
        path: path.to_string(),
        reason: reason.to_owned(),
    }
}

const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
