//! When a session logs in, with what, and what a failure leads to.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use futures::future::{BoxFuture, join_all, try_join_all};
use secretwire_vault::{
    Call, Credentials, CredentialsError, Error, ErrorKind, KvRead, LoginBody, LoginTarget, Retry,
    Session,
};

use crate::{
    server::{Server, answer},
    vault::{
        Jwt, LOGIN, LONG, Lifetime, client, denied, kv_data, pass, read, session, target, vault,
    },
};

#[tokio::test]
async fn a_hundred_first_users_share_one_login() {
    let server = vault(LONG, |_| kv_data()).await;
    let session = session(&server);
    assert_eq!(session.identity(), None);
    let reads = (0..100).map(|n| session.read_kv(read(&format!("a{n}"))));
    try_join_all(reads).await.unwrap();
    assert_eq!(server.count(LOGIN), 1);
    assert_eq!(server.lines().len(), 101);
    assert_eq!(server.seen()[0].body, r#"{"role":"app","jwt":"jwt1"}"#);
    assert_eq!(session.identity().map(|hex| hex.len()), Some(64));
}

#[tokio::test]
async fn login_headers_and_namespaces_go_where_they_belong() {
    let server = vault(LONG, |_| kv_data()).await;
    let namespace = Some("team/a".parse().unwrap());
    let headers = BTreeMap::from([("X-Login".to_owned(), "yes".to_owned())]);
    let target = LoginTarget::new(namespace, &"/kubernetes/".parse().unwrap());
    let target = target.with_headers(&headers).unwrap();
    let session = Session::new(client(&server), target, Arc::new(Jwt::default()));
    session.read_kv(read("own")).await.unwrap();
    let other = Some("team/b".parse().unwrap());
    session
        .read_kv(KvRead {
            namespace: other,
            ..read("other")
        })
        .await
        .unwrap();

    let seen: Vec<_> = server
        .seen()
        .iter()
        .map(|seen| {
            let header = |name| seen.header(name).map(str::to_owned);
            (
                header("x-vault-namespace").unwrap(),
                header("x-login"),
                header("x-vault-token"),
            )
        })
        .collect();
    let (a, b) = ("team/a".to_owned(), "team/b".to_owned());
    let token = Some("hvs.1".to_owned());
    assert_eq!(
        seen,
        [
            (a.clone(), Some("yes".to_owned()), None),
            (a, None, token.clone()),
            (b, None, token)
        ]
    );
}

#[tokio::test]
async fn an_app_role_logs_in_with_its_two_ids() {
    struct AppRole;
    impl Credentials for AppRole {
        fn obtain(&self) -> BoxFuture<'_, Result<LoginBody, CredentialsError>> {
            let secret_id = "quote\"\n".to_owned().into();
            Box::pin(async {
                Ok(LoginBody::AppRole {
                    role_id: "r".to_owned(),
                    secret_id,
                })
            })
        }
    }

    let server = Server::new(|_| LONG.issue(1)).await;
    let target = LoginTarget::new(None, &"approle".parse().unwrap());
    Session::new(client(&server), target, Arc::new(AppRole))
        .log_in()
        .await
        .unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.line(), "PUT /v1/auth/approle/login");
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.body, r#"{"role_id":"r","secret_id":"quote\"\n"}"#);
}

#[tokio::test]
async fn a_batch_token_works_and_has_no_identity() {
    let server = Server::new(|seen| {
        if seen.line() != LOGIN {
            return kv_data();
        }
        answer(
            200,
            r#"{"auth":{"client_token":"hvb.1","accessor":"","lease_duration":60}}"#,
        )
    })
    .await;
    let session = session(&server);
    session.read_kv(read("a")).await.unwrap();
    assert_eq!(session.identity(), None);
    assert_eq!(server.seen()[1].header("x-vault-token"), Some("hvb.1"));
}

#[tokio::test]
async fn a_hundred_callers_of_a_failing_login_are_one_login_a_pause() {
    let server = Server::new(|_| answer(503, r#"{"errors":["Vault is sealed"]}"#)).await;
    let session = session(&server);
    let callers = |count: usize| {
        let session = session.clone();
        async move { join_all((0..count).map(|n| session.read_kv(read(&format!("a{n}"))))).await }
    };
    for result in callers(100).await {
        let error = result.unwrap_err();
        assert_eq!(
            (error.kind(), error.cause().kind()),
            (ErrorKind::Login, ErrorKind::Sealed)
        );
        let Retry::After(wait) = error.retry() else {
            panic!("{error}")
        };
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
    }
    // Still the same pause: the failure is remembered, the wait has become shorter.
    callers(100).await;
    assert_eq!(server.lines(), [LOGIN]);

    pass(Duration::from_secs(1)).await;
    callers(100).await;
    assert_eq!(server.lines(), [LOGIN, LOGIN]);
    // Pauses grow.
    let error = session.log_in().await.unwrap_err();
    let Retry::After(wait) = error.retry() else {
        panic!("{error}")
    };
    assert!(wait > Duration::from_millis(900), "{wait:?}");
}

#[tokio::test]
async fn a_login_works_again_after_the_pause() {
    let up = Arc::new(AtomicBool::new(false));
    let is_up = Arc::clone(&up);
    let server = Server::new(move |_| {
        if is_up.load(Ordering::SeqCst) {
            LONG.issue(1)
        } else {
            denied()
        }
    })
    .await;
    let session = session(&server);
    assert_eq!(
        session.log_in().await.unwrap_err().cause().kind(),
        ErrorKind::Denied
    );
    up.store(true, Ordering::SeqCst);
    session.log_in().await.unwrap_err();
    pass(Duration::from_secs(1)).await;
    session.log_in().await.unwrap();
    // Fresh credentials each time.
    assert_eq!(server.seen()[1].body, r#"{"role":"app","jwt":"jwt2"}"#);
}

#[tokio::test]
async fn pauses_are_short_again_after_a_login_that_worked() {
    let up = Arc::new(AtomicBool::new(false));
    let is_up = Arc::clone(&up);
    let short = Lifetime {
        seconds: 60,
        renewable: false,
    };
    let server = Server::new(move |_| {
        if is_up.load(Ordering::SeqCst) {
            short.issue(1)
        } else {
            denied()
        }
    })
    .await;
    let session = session(&server);
    for pause in [1, 2, 4] {
        session.log_in().await.unwrap_err();
        pass(Duration::from_secs(pause)).await;
    }
    up.store(true, Ordering::SeqCst);
    session.log_in().await.unwrap();
    up.store(false, Ordering::SeqCst);
    pass(Duration::from_secs(61)).await;
    let Retry::After(wait) = session.log_in().await.unwrap_err().retry() else {
        panic!("no pause")
    };
    assert!(wait <= Duration::from_secs(1), "{wait:?}");
    assert_eq!(server.count(LOGIN), 5);
}

#[tokio::test]
async fn a_login_waits_as_long_as_a_rate_limit_asks() {
    let server = Server::new(|_| answer(429, "{}").with("retry-after", "20")).await;
    let session = session(&server);
    let error = session.log_in().await.unwrap_err();
    assert_eq!(error.retry(), Retry::After(Duration::from_secs(20)));
    pass(Duration::from_secs(19)).await;
    session.log_in().await.unwrap_err();
    assert_eq!(server.count(LOGIN), 1);
}

#[tokio::test]
async fn missing_credentials_are_not_asked_for_without_a_pause_either() {
    #[derive(Default)]
    struct Missing(AtomicU32);
    impl Credentials for Missing {
        fn obtain(&self) -> BoxFuture<'_, Result<LoginBody, CredentialsError>> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Err(CredentialsError::new("ServiceAccount app does not exist")) })
        }
    }

    let server = Server::new(|_| kv_data()).await;
    let missing = Arc::new(Missing::default());
    let session = Session::new(client(&server), target(), missing.clone());
    for _ in 0..10 {
        let Error::Credentials { source, .. } = session.log_in().await.unwrap_err() else {
            panic!("not for want of credentials")
        };
        assert_eq!(source.to_string(), "ServiceAccount app does not exist");
    }
    assert_eq!(missing.0.load(Ordering::SeqCst), 1);
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn an_answer_without_a_token_is_a_failed_login() {
    for body in [r#"{"auth":null}"#, r#"{"auth":{"client_token":""}}"#, "{}"] {
        let server = Server::new(move |_| answer(200, body)).await;
        let error = session(&server).log_in().await.unwrap_err();
        assert_eq!(error.cause().kind(), ErrorKind::BadAnswer, "{body}");
    }
}

#[tokio::test]
async fn a_denied_read_logs_in_anew_and_tries_once_more() {
    let server = vault(LONG, |seen| match seen.header("x-vault-token") {
        Some("hvs.2") => kv_data(),
        _ if seen.target.ends_with("before") => kv_data(),
        _ => denied(),
    })
    .await;
    let session = session(&server);
    session.read_kv(read("before")).await.unwrap();
    let reads = (0..100).map(|n| session.read_kv(read(&format!("a{n}"))));
    try_join_all(reads).await.unwrap();
    assert_eq!(server.count(LOGIN), 2);
    assert_eq!(server.lines().len(), 2 + 1 + 200);
}

#[tokio::test]
async fn a_policy_that_denies_does_not_lead_to_a_login_a_read() {
    let server = vault(LONG, |seen| {
        if seen.target.ends_with("allowed") {
            kv_data()
        } else {
            denied()
        }
    })
    .await;
    let session = session(&server);
    // The token came with this very call: another would be no different.
    assert_eq!(
        session.read_kv(read("no")).await.unwrap_err().kind(),
        ErrorKind::Denied
    );
    assert_eq!(server.lines(), [LOGIN, "GET /v1/kv/data/no"]);

    for _ in 0..20 {
        assert_eq!(
            session.read_kv(read("no")).await.unwrap_err().kind(),
            ErrorKind::Denied
        );
    }
    session.read_kv(read("allowed")).await.unwrap();
    assert_eq!(server.count(LOGIN), 2);
    assert_eq!(server.count("GET /v1/kv/data/no"), 1 + 20 + 1);

    pass(Duration::from_secs(31)).await;
    session.read_kv(read("no")).await.unwrap_err();
    assert_eq!(server.count(LOGIN), 3);
}

#[tokio::test]
async fn a_failed_relogin_leaves_the_token_to_those_it_serves() {
    let logins = AtomicU32::new(0);
    let server = Server::new(move |seen| match seen.line().as_str() {
        LOGIN if logins.fetch_add(1, Ordering::SeqCst) == 0 => LONG.issue(1),
        LOGIN => answer(500, "{}"),
        line if line.ends_with("allowed") => kv_data(),
        _ => denied(),
    })
    .await;
    let session = session(&server);
    session.read_kv(read("allowed")).await.unwrap();
    let error = session.read_kv(read("no")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.cause().kind()),
        (ErrorKind::Login, ErrorKind::Server)
    );
    assert_eq!(
        session.read_kv(read("no")).await.unwrap_err().kind(),
        ErrorKind::Denied
    );
    session.read_kv(read("allowed")).await.unwrap();
    assert_eq!(server.count(LOGIN), 2);
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_is_used_to_its_end() {
    let server = vault(
        Lifetime {
            seconds: 600,
            renewable: false,
        },
        |_| kv_data(),
    )
    .await;
    let session = session(&server);
    session.read_kv(read("a")).await.unwrap();
    pass(Duration::from_secs(590)).await;
    session.read_kv(read("a")).await.unwrap();
    assert_eq!(server.count(LOGIN), 1);
    pass(Duration::from_secs(11)).await;
    session.read_kv(read("a")).await.unwrap();
    let lines = server.lines();
    assert_eq!(lines[3..], [LOGIN, "GET /v1/kv/data/a"]);
    assert_eq!(server.seen()[4].header("x-vault-token"), Some("hvs.2"));
}

#[tokio::test]
async fn any_request_can_be_made_as_the_identity() {
    let server = vault(LONG, |seen| {
        if seen.method == "DELETE" {
            return answer(204, "");
        }
        answer(
            200,
            r#"{"lease_id":"db/creds/x/1","lease_duration":60,"renewable":true,"data":{"u":1},"warnings":["w"]}"#,
        )
    })
    .await;
    let session = session(&server);
    let call = Call::new(http::Method::POST, "db/creds/x".parse().unwrap())
        .with_body(b"{\"a\":1}".to_vec().into());
    let response = session.request(call).await.unwrap();
    let lease = response.lease.unwrap();
    assert_eq!(
        (lease.id.as_str(), lease.duration.as_secs()),
        ("db/creds/x/1", 60)
    );
    assert_eq!(response.data.unwrap().expose(), r#"{"u":1}"#);
    assert_eq!(response.warnings, ["w"]);
    let seen = &server.seen()[1];
    assert_eq!(
        (seen.line().as_str(), seen.body.as_str()),
        ("POST /v1/db/creds/x", r#"{"a":1}"#)
    );

    let call = Call::new(http::Method::DELETE, "kv/x".parse().unwrap());
    assert!(session.request(call).await.unwrap().data.is_none());
}
