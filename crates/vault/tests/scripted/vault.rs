//! The parts of Vault that the scripts have in common.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use secretwire_vault::{
    Client, ConnectionSettings, Credentials, CredentialsError, KvRead, KvVersion, LoginBody,
    LoginTarget, Observer, Operation, Outcome, Session,
};
use tokio::sync::watch;

use crate::server::{Answer, Seen, Server, answer};

pub(crate) const LOGIN: &str = "PUT /v1/auth/kubernetes/login";
pub(crate) const RENEW: &str = "PUT /v1/auth/token/renew-self";

/// Logs in to tokens `hvs.1`, `hvs.2`, …; everything else is the script's.
pub(crate) async fn vault(
    token: Lifetime,
    script: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
) -> Server {
    let logins = AtomicU32::new(0);
    Server::new(move |seen| {
        if seen.line() != LOGIN {
            return script(seen);
        }
        token.issue(logins.fetch_add(1, Ordering::SeqCst) + 1)
    })
    .await
}

#[derive(Clone, Copy)]
pub(crate) struct Lifetime {
    pub(crate) seconds: u64,
    pub(crate) renewable: bool,
}

pub(crate) const LONG: Lifetime = Lifetime {
    seconds: 3600,
    renewable: false,
};
pub(crate) const RENEWABLE: Lifetime = Lifetime {
    seconds: 600,
    renewable: true,
};

impl Lifetime {
    pub(crate) fn issue(self, number: u32) -> Answer {
        let Self { seconds, renewable } = self;
        answer(
            200,
            format!(
                r#"{{"auth":{{"client_token":"hvs.{number}","accessor":"acc{number}","lease_duration":{seconds},"renewable":{renewable}}}}}"#
            ),
        )
    }
}

pub(crate) fn kv_data() -> Answer {
    answer(
        200,
        r#"{"data":{"data":{"k":"v"},"metadata":{"version":1}}}"#,
    )
}

pub(crate) fn denied() -> Answer {
    answer(403, r#"{"errors":["permission denied"]}"#)
}

pub(crate) fn client(server: &Server) -> Client {
    Client::new(&ConnectionSettings::new(&server.address)).unwrap()
}

/// A session, and the log of what its client did.
pub(crate) fn logged_session(server: &Server) -> (Session, Arc<Log>) {
    let log = Arc::new(Log(watch::Sender::new(Vec::new())));
    let settings = ConnectionSettings::new(&server.address);
    let client = Client::with_observer(&settings, log.clone()).unwrap();
    (
        Session::new(client, target(), Arc::new(Jwt::default())),
        log,
    )
}

/// Keeps what an observer is told.
pub(crate) struct Log(watch::Sender<Vec<(Operation, Outcome)>>);

impl Observer for Log {
    fn request(&self, operation: Operation, outcome: Outcome, _: Duration) {
        self.0.send_modify(|all| all.push((operation, outcome)));
    }
}

impl Log {
    pub(crate) fn all(&self) -> Vec<(Operation, Outcome)> {
        self.0.borrow().clone()
    }

    /// Waits for requests that no caller waits for.
    pub(crate) async fn until(&self, operation: Operation, count: usize) {
        let mut all = self.0.subscribe();
        let enough =
            all.wait_for(|all| all.iter().filter(|(done, _)| *done == operation).count() >= count);
        let deadline = Duration::from_secs(10);
        let done = tokio::time::timeout(deadline, enough).await;
        done.expect("the request in time")
            .expect("the log to live on");
    }
}

pub(crate) fn target() -> LoginTarget {
    LoginTarget::new(None, &"kubernetes".parse().unwrap())
}

pub(crate) fn session(server: &Server) -> Session {
    Session::new(client(server), target(), Arc::new(Jwt::default()))
}

pub(crate) fn read(path: &str) -> KvRead {
    KvRead {
        namespace: None,
        mount: "kv".parse().unwrap(),
        path: path.parse().unwrap(),
        version: KvVersion::V2,
        fixed: None,
    }
}

/// Gives a new JWT each time: `jwt1`, `jwt2`, …
#[derive(Default)]
pub(crate) struct Jwt {
    asked: AtomicU32,
}

impl Credentials for Jwt {
    fn obtain(&self) -> BoxFuture<'_, Result<LoginBody, CredentialsError>> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let jwt = format!("jwt{number}").into();
        Box::pin(async {
            Ok(LoginBody::Jwt {
                role: "app".to_owned(),
                jwt,
            })
        })
    }
}

/// Lets time pass at once. The clock stands still only in here: while it does, timers would run
/// ahead of the sockets.
pub(crate) async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}
