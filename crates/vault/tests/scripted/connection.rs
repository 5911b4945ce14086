//! Settings, limits and failures of a connection.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::try_join_all;
use secretwire_vault::{Client, ConnectionSettings, Error, ErrorKind, Operation, Outcome, Retry};
use tokio::sync::Semaphore;

use crate::{
    server::{Server, answer},
    vault::{LOGIN, LONG, Lifetime, kv_data, logged_session, read, session, vault},
};

#[tokio::test]
async fn seal_status_needs_no_token_and_says_who_asks() {
    let server = Server::new(|_| {
        answer(
            200,
            r#"{"sealed":false,"initialized":true,"version":"1.18.1","t":1}"#,
        )
    })
    .await;
    let mut settings = ConnectionSettings::new(format!("{}/edge/", server.address));
    settings
        .headers
        .insert("X-Team".to_owned(), "blue".to_owned());
    let status = Client::new(&settings).unwrap().seal_status().await.unwrap();
    assert!(status.initialized && !status.sealed);
    assert_eq!(status.version, "1.18.1");

    let seen = &server.seen()[0];
    assert_eq!(seen.line(), "GET /edge/v1/sys/seal-status");
    assert_eq!(seen.header("x-vault-token"), None);
    assert_eq!(seen.header("x-vault-request"), Some("true"));
    assert_eq!(seen.header("x-team"), Some("blue"));
    assert_eq!(
        seen.header("user-agent"),
        Some(concat!("secretwire/", env!("CARGO_PKG_VERSION")))
    );
}

#[test]
fn settings_that_cannot_work_name_the_field_at_fault() {
    type Change = fn(&mut ConnectionSettings);

    let settings = |change: Change| {
        let mut settings = ConnectionSettings::new("https://vault:8200");
        change(&mut settings);
        Client::new(&settings)
            .err()
            .map(|error| (error.field(), error.to_string()))
    };
    let cases: [(Change, &str); 13] = [
        (|s| s.address = String::new(), "address"),
        (|s| s.address = "vault:8200".to_owned(), "address"),
        (
            |s| s.address = "unix:///run/vault.sock".to_owned(),
            "address",
        ),
        (
            |s| s.address = "https://u:hunter2@vault".to_owned(),
            "address",
        ),
        (|s| s.address = "https://vault?x=1".to_owned(), "address"),
        (
            |s| drop(s.headers.insert("x-vault-NAMESPACE".into(), "a".into())),
            "headers",
        ),
        (
            |s| drop(s.headers.insert("a b".into(), "a".into())),
            "headers",
        ),
        (
            |s| drop(s.headers.insert("a".into(), "a\nb".into())),
            "headers",
        ),
        (
            |s| s.tls.ca_pem = Some(b"no certificate".to_vec()),
            "caCert",
        ),
        (|s| s.tls.ca_pem = Some(NOT_X509.to_vec()), "caCert"),
        (
            |s| s.tls.server_name = Some("not a name".to_owned()),
            "tlsServerName",
        ),
        (
            |s| s.tls.server_name = Some("10.0.0.1".to_owned()),
            "tlsServerName",
        ),
        (|s| s.timeout = Duration::ZERO, "timeout"),
    ];
    for (change, field) in cases {
        let (named, text) = settings(change).expect(field);
        assert_eq!(named, field, "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert_eq!(settings(|_| ()), None);
    // Nobody looks at the bundle then.
    let unread = settings(|s| {
        s.tls.skip_verify = true;
        s.tls.ca_pem = Some(Vec::new());
    });
    assert_eq!(unread, None);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let server = Server::new(|_| kv_data()).await;
    let address = server.address.clone();
    drop(server);
    tokio::task::yield_now().await;
    let error = Client::new(&ConnectionSettings::new(address))
        .unwrap()
        .seal_status()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    assert_eq!(error.retry(), Retry::Backoff);
    assert!(error.to_string().contains("sys/seal-status"), "{error}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_times_out() {
    let server = Server::answering(None, |_| Box::pin(std::future::pending())).await;
    let mut settings = ConnectionSettings::new(&server.address);
    settings.timeout = Duration::from_millis(50);
    let error = Client::new(&settings)
        .unwrap()
        .seal_status()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_cut_off_with_and_without_a_length() {
    let server = vault(LONG, |seen| {
        let large = answer(200, " ".repeat((8 << 20) + 1));
        if seen.target.ends_with("streamed") {
            large.chunked()
        } else {
            large
        }
    })
    .await;
    let session = session(&server);
    for path in ["announced", "streamed"] {
        let error = session.read_kv(read(path)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{path}: {error}");
    }
}

#[tokio::test]
async fn an_answer_larger_than_the_first_buffer_comes_through_whole() {
    let value = "x".repeat(3 << 20);
    let body = format!(r#"{{"data":{{"k":"{value}"}}}}"#);
    let server = vault(LONG, move |_| answer(200, body.clone()).chunked()).await;
    let secret = session(&server).read_kv(read("large")).await.unwrap();
    assert_eq!(secret.expose(), format!(r#"{{"k":"{value}"}}"#));
}

#[tokio::test]
async fn an_answer_that_is_not_vaults_is_not_quoted() {
    for body in [
        r#"{"data":{"password":"hunter2""#,
        r#"{"lease_duration":"hunter2"}"#,
        "hunter2",
        "[]",
        r#"{"data":null}"#,
        "{}",
    ] {
        let server = vault(LONG, move |_| answer(200, body)).await;
        let error = session(&server).read_kv(read("a")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadAnswer, "{body}");
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn failures_are_told_apart() {
    let cases = [
        (400, "", ErrorKind::Rejected, Retry::OnChange),
        (404, "", ErrorKind::NotFound, Retry::OnChange),
        (412, "", ErrorKind::Standby, Retry::Backoff),
        (500, "", ErrorKind::Server, Retry::Backoff),
        (503, "Vault is sealed", ErrorKind::Sealed, Retry::Backoff),
    ];
    for (status, text, kind, retry) in cases {
        let body = format!(r#"{{"errors":["{text}"]}}"#);
        let server = vault(LONG, move |_| answer(status, body.clone())).await;
        let error = session(&server).read_kv(read("a/b")).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (kind, retry), "{error}");
        let line = error.to_string();
        assert!(
            line.contains("kv/data/a/b") && line.contains(&status.to_string()),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_rate_limit_says_how_long_to_wait() {
    let server = vault(LONG, |_| answer(429, "{}").with("Retry-After", "7")).await;
    let error = session(&server).read_kv(read("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry(), Retry::After(Duration::from_secs(7)));
}

#[tokio::test]
async fn terms_beyond_all_clocks_are_bounded() {
    let forever = Lifetime {
        seconds: u64::MAX,
        renewable: true,
    };
    let server = vault(forever, |_| {
        answer(429, "{}").with("Retry-After", u64::MAX.to_string())
    });
    let server = server.await;
    let error = session(&server).read_kv(read("a")).await.unwrap_err();
    assert_eq!(error.retry(), Retry::After(Duration::from_mins(5)));
}

#[tokio::test]
async fn no_more_than_64_reads_are_under_way_and_none_is_lost() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, peak) = (Arc::clone(&now), Arc::clone(&most));
    let go = Arc::new(Semaphore::new(0));
    let server = Server::answering(None, move |seen| {
        let (count, peak, go) = (Arc::clone(&count), Arc::clone(&peak), Arc::clone(&go));
        Box::pin(async move {
            if seen.line() == LOGIN {
                return LONG.issue(1);
            }
            let under_way = count.fetch_add(1, Ordering::SeqCst) + 1;
            peak.fetch_max(under_way, Ordering::SeqCst);
            if under_way == 64 {
                go.add_permits(200);
            }
            go.acquire().await.unwrap().forget();
            count.fetch_sub(1, Ordering::SeqCst);
            kv_data()
        })
    })
    .await;
    let session = session(&server);
    let reads = (0..200).map(|n| session.read_kv(read(&format!("a{n}"))));
    try_join_all(reads).await.unwrap();
    assert_eq!(most.load(Ordering::SeqCst), 64);
    assert_eq!(server.lines().len(), 1 + 200);
}

#[tokio::test]
async fn every_request_is_told_to_the_observer() {
    let server = vault(LONG, |seen| {
        if seen.target.ends_with("gone") {
            answer(404, "{}")
        } else {
            kv_data()
        }
    })
    .await;
    let (session, log) = logged_session(&server);
    session.read_kv(read("there")).await.unwrap();
    session.read_kv(read("gone")).await.unwrap_err();
    assert_eq!(
        log.all(),
        [
            (Operation::Login, Outcome::Ok),
            (Operation::Read, Outcome::Ok),
            (Operation::Read, Outcome::Failed(ErrorKind::NotFound)),
        ]
    );
}

#[tokio::test]
async fn nothing_shows_a_token_or_credential() {
    let server = vault(LONG, |_| {
        answer(
            403,
            r#"{"errors":["token hvs.CAESIAbcdefghijklmnop is bad"]}"#,
        )
    })
    .await;
    let session = session(&server);
    let error = session.read_kv(read("a")).await.unwrap_err();
    assert!(matches!(error, Error::Denied(_)));
    let mut settings = ConnectionSettings::new(&server.address);
    settings
        .headers
        .insert("Proxy-Authorization".to_owned(), "Basic hunter2".to_owned());
    let client = Client::new(&settings).unwrap();
    let shown = format!("{error} {error:?} {session:?} {client:?} {settings:?}");
    assert!(
        !shown.contains("hvs.") && !shown.contains("jwt1"),
        "{shown}"
    );
}

const NOT_X509: &[u8] = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
