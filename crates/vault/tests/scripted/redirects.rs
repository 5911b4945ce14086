//! Redirects, seen from both servers.

use secretwire_vault::{ErrorKind, Retry};

use crate::{
    server::{Server, answer},
    vault::{LOGIN, LONG, kv_data, read, session, vault},
};

#[tokio::test]
async fn a_standby_leads_to_the_active_node_with_token_and_body() {
    let active = vault(LONG, |_| kv_data()).await;
    let address = active.address.clone();
    let standby = Server::new(move |seen| {
        answer(307, "").with("Location", format!("{address}{}", seen.target))
    })
    .await;
    let session = session(&standby);
    session.read_kv(read("a")).await.unwrap();
    assert_eq!(active.lines(), [LOGIN, "GET /v1/kv/data/a"]);
    assert_eq!(active.seen()[0].body, r#"{"role":"app","jwt":"jwt1"}"#);
    assert_eq!(active.seen()[1].header("x-vault-token"), Some("hvs.1"));
    assert_eq!(standby.lines(), active.lines());
}

#[tokio::test]
async fn another_scheme_is_not_followed() {
    let server = vault(LONG, |_| {
        answer(307, "").with("Location", "https://127.0.0.1:1/")
    })
    .await;
    let error = session(&server).read_kv(read("a")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Redirect, Retry::OnChange)
    );
    assert!(error.to_string().contains("from http to https"), "{error}");
}

#[tokio::test]
async fn a_circle_ends() {
    let server = vault(LONG, |seen| {
        answer(307, "").with("Location", seen.target.clone())
    })
    .await;
    let error = session(&server).read_kv(read("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Redirect);
    assert_eq!(server.count("GET /v1/kv/data/a"), 4);
}

#[tokio::test]
async fn a_login_is_not_turned_into_a_read() {
    let server = Server::new(|_| answer(302, "").with("Location", "/v1/elsewhere")).await;
    let error = session(&server).log_in().await.unwrap_err();
    assert_eq!(error.cause().kind(), ErrorKind::Redirect);
    assert_eq!(server.lines(), [LOGIN]);
}
