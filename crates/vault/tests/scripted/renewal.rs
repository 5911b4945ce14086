//! How a token is kept alive.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use secretwire_vault::{ErrorKind, Operation, Outcome, Session};

use crate::{
    server::answer,
    vault::{
        Jwt, LOGIN, RENEW, RENEWABLE, client, denied, kv_data, logged_session, pass, read, target,
        vault,
    },
};

#[tokio::test]
async fn a_token_is_renewed_at_two_thirds_of_its_life_over_and_over() {
    let server = vault(RENEWABLE, |seen| match seen.line().as_str() {
        RENEW => RENEWABLE.issue(1),
        _ => kv_data(),
    })
    .await;
    let (session, log) = logged_session(&server);
    session.read_kv(read("a")).await.unwrap();
    let identity = session.identity();
    for count in 1..=5 {
        pass(Duration::from_secs(330)).await;
        session.read_kv(read("a")).await.unwrap();
        assert_eq!(server.count(RENEW), count - 1, "too early");
        pass(Duration::from_secs(71)).await;
        log.until(Operation::Renew, count).await;
    }
    session.read_kv(read("a")).await.unwrap();
    assert_eq!(server.count(LOGIN), 1);
    assert_eq!(session.identity(), identity);
    let renewal = server
        .seen()
        .into_iter()
        .find(|seen| seen.line() == RENEW)
        .unwrap();
    assert_eq!(renewal.header("x-vault-token"), Some("hvs.1"));
    assert_eq!(renewal.body, "{}");
}

#[tokio::test]
async fn a_renewal_that_fails_is_tried_again_while_reads_go_on() {
    let renewals = AtomicU32::new(0);
    let server = vault(RENEWABLE, move |seen| match seen.line().as_str() {
        RENEW if renewals.fetch_add(1, Ordering::SeqCst) < 2 => answer(500, "{}"),
        RENEW => RENEWABLE.issue(1),
        _ => kv_data(),
    })
    .await;
    let (session, log) = logged_session(&server);
    session.read_kv(read("a")).await.unwrap();
    pass(Duration::from_secs(401)).await;
    for count in 1..=3 {
        log.until(Operation::Renew, count).await;
        session.read_kv(read("a")).await.unwrap();
        pass(Duration::from_secs(2)).await;
    }
    assert_eq!(
        log.all()
            .iter()
            .filter(|(op, _)| *op == Operation::Login)
            .count(),
        1
    );
    assert!(
        log.all()
            .contains(&(Operation::Renew, Outcome::Failed(ErrorKind::Server)))
    );
    pass(Duration::from_secs(300)).await;
    session.read_kv(read("a")).await.unwrap();
    assert_eq!(server.count(LOGIN), 1, "the third renewal counts");
}

#[tokio::test]
async fn a_token_that_may_not_renew_is_replaced_at_the_next_use() {
    let server = vault(RENEWABLE, |seen| match seen.line().as_str() {
        RENEW => denied(),
        _ => kv_data(),
    })
    .await;
    let (session, log) = logged_session(&server);
    session.read_kv(read("a")).await.unwrap();
    pass(Duration::from_secs(401)).await;
    log.until(Operation::Renew, 1).await;
    assert_eq!(server.count(LOGIN), 1, "nobody has asked for anything yet");
    session.read_kv(read("a")).await.unwrap();
    assert_eq!(server.count(LOGIN), 2);
    // The new one has a life of its own.
    pass(Duration::from_secs(401)).await;
    log.until(Operation::Renew, 2).await;
}

#[tokio::test]
async fn a_token_at_its_maximum_is_not_renewed_any_more() {
    let server = vault(RENEWABLE, |seen| match seen.line().as_str() {
        // Barely more than is left anyway.
        RENEW => crate::vault::Lifetime {
            seconds: 199,
            renewable: true,
        }
        .issue(1),
        _ => kv_data(),
    })
    .await;
    let (session, log) = logged_session(&server);
    session.read_kv(read("a")).await.unwrap();
    pass(Duration::from_secs(401)).await;
    log.until(Operation::Renew, 1).await;
    pass(Duration::from_secs(190)).await;
    session.read_kv(read("a")).await.unwrap();
    assert_eq!((server.count(RENEW), server.count(LOGIN)), (1, 1));
    pass(Duration::from_secs(10)).await;
    session.read_kv(read("a")).await.unwrap();
    assert_eq!((server.count(RENEW), server.count(LOGIN)), (1, 2));
}

#[tokio::test]
async fn renewing_ends_with_the_session() {
    let server = vault(RENEWABLE, |seen| match seen.line().as_str() {
        RENEW => RENEWABLE.issue(1),
        line if line.ends_with("seal-status") => answer(200, r#"{"sealed":false}"#),
        _ => kv_data(),
    })
    .await;
    let client = client(&server);
    let credentials = Arc::new(Jwt::default());
    let session = Session::new(client.clone(), target(), credentials.clone());
    session.read_kv(read("a")).await.unwrap();
    drop(session);
    assert_eq!(
        Arc::strong_count(&credentials),
        1,
        "something keeps the session"
    );
    pass(Duration::from_secs(401)).await;
    client.seal_status().await.unwrap();
    assert_eq!(server.count(RENEW), 0);
}
