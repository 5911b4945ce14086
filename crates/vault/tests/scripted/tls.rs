//! Whom the client trusts, and by what name.

use std::sync::Arc;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use secretwire_vault::{Client, ConnectionSettings, Error, ErrorKind, TlsSettings};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};

use crate::server::{Server, answer};

#[tokio::test]
async fn a_server_name_is_asked_for_and_verified_instead_of_the_host() {
    let identity = identity("vault.internal");
    let server = server(&identity).await;
    let tls = TlsSettings {
        server_name: Some("Vault.Internal".to_owned()),
        ca_pem: Some(identity.cert.pem().into_bytes()),
        ..TlsSettings::default()
    };
    status(&server, tls).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.sni.as_deref(), Some("vault.internal"));
    assert_eq!(seen.header("host"), server.address.strip_prefix("https://"));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let identity = identity("vault.internal");
    let server = server(&identity).await;
    let ca_pem = Some(identity.cert.pem().into_bytes());
    for server_name in [None, Some("other.internal".to_owned())] {
        let tls = TlsSettings {
            server_name,
            ca_pem: ca_pem.clone(),
            ..TlsSettings::default()
        };
        refused(&server, tls).await;
    }
}

#[tokio::test]
async fn only_the_given_authority_is_trusted() {
    let theirs = identity("127.0.0.1");
    let server = server(&theirs).await;
    let trusting = |ca: &CertifiedKey<KeyPair>| TlsSettings {
        ca_pem: Some(ca.cert.pem().into_bytes()),
        ..TlsSettings::default()
    };
    refused(&server, trusting(&identity("127.0.0.1"))).await;
    refused(&server, TlsSettings::default()).await;
    status(&server, trusting(&theirs)).await.unwrap();
}

#[tokio::test]
async fn verification_can_be_skipped_and_the_name_still_asked_for() {
    let server = server(&identity("elsewhere")).await;
    let tls = TlsSettings {
        skip_verify: true,
        ..TlsSettings::default()
    };
    status(&server, tls.clone()).await.unwrap();
    status(
        &server,
        TlsSettings {
            server_name: Some("sni.internal".to_owned()),
            ..tls
        },
    )
    .await
    .unwrap();
    assert_eq!(server.seen()[1].sni.as_deref(), Some("sni.internal"));
}

async fn server(identity: &CertifiedKey<KeyPair>) -> Server {
    let key = PrivateKeyDer::try_from(identity.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![identity.cert.der().clone()], key)
        .unwrap();
    let tls = TlsAcceptor::from(Arc::new(config));
    Server::with_tls(tls, |_| answer(200, r#"{"sealed":false}"#)).await
}

fn identity(name: &str) -> CertifiedKey<KeyPair> {
    generate_simple_self_signed([name.to_owned()]).unwrap()
}

async fn status(server: &Server, tls: TlsSettings) -> Result<(), Error> {
    let settings = ConnectionSettings {
        tls,
        ..ConnectionSettings::new(&server.address)
    };
    Client::new(&settings)
        .unwrap()
        .seal_status()
        .await
        .map(drop)
}

async fn refused(server: &Server, tls: TlsSettings) {
    let error = status(server, tls).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(
        server.seen().is_empty(),
        "sent before the certificate was verified"
    );
}
