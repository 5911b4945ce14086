//! The certificate in use, replaceable while connections are being accepted.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::{
    ServerConfig,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use crate::leaf::Leaf;

/// Hands the current certificate to each TLS handshake. Until one is loaded, handshakes fail.
#[derive(Debug, Default)]
pub struct CertificateResolver {
    current: ArcSwapOption<CertifiedKey>,
}

impl CertificateResolver {
    /// A resolver with nothing loaded yet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Serves this certificate from the next handshake on; open connections are not touched.
    pub fn load(&self, leaf: &Leaf) {
        self.current.store(Some(leaf.certified()));
    }

    /// Whether a certificate is there to serve.
    pub fn is_loaded(&self) -> bool {
        self.current.load().is_some()
    }
}

impl ResolvesServerCert for CertificateResolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current.load_full()
    }
}

/// TLS 1.2 and 1.3 with HTTP/2 and HTTP/1.1, without client certificates. Uses the crypto provider of the process.
pub fn server_config(resolver: Arc<CertificateResolver>) -> Arc<ServerConfig> {
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use jiff::Timestamp;
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};
    use rustls_pki_types::{CertificateDer, ServerName};

    use super::*;
    use crate::{authority::Authority, leaf::ServerNames, policy::Policy};

    const HOST: &str = "hook.ops.svc";

    fn authority() -> Authority {
        // Real time, since the client of these tests looks at the clock.
        Authority::generate(Timestamp::now(), &Policy::default()).unwrap()
    }

    fn leaf_of(authority: &Authority) -> Leaf {
        let names = ServerNames::of_service("hook", "ops").and_host("[::1]");
        authority
            .issue(Timestamp::now(), &Policy::default(), &names)
            .unwrap()
    }

    /// Runs a handshake in memory; answers the negotiated protocol.
    fn shake_hands(
        server: &Arc<ServerConfig>,
        trusted: &CertificateDer<'static>,
        host: &str,
    ) -> Result<Vec<u8>, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone())?;
        let mut config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let mut client = ClientConnection::new(Arc::new(config), name)?;
        let mut server = ServerConnection::new(Arc::clone(server))?;
        while client.is_handshaking() || server.is_handshaking() {
            let mut wire = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut wire).unwrap();
            }
            server.read_tls(&mut wire.as_slice()).unwrap();
            server.process_new_packets()?;
            let mut wire = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut wire).unwrap();
            }
            let mut unread = wire.as_slice();
            while !unread.is_empty() {
                client.read_tls(&mut unread).unwrap();
                client.process_new_packets()?;
            }
        }
        client.writer().write_all(b"hello").unwrap();
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets()?;
        let mut said = [0; 5];
        server.reader().read_exact(&mut said).unwrap();
        assert_eq!(&said, b"hello");
        Ok(client.alpn_protocol().unwrap_or_default().to_vec())
    }

    #[test]
    fn serves_names_and_addresses_to_a_client_that_trusts_the_authority() {
        let authority = authority();
        let resolver = CertificateResolver::new();
        let config = server_config(Arc::clone(&resolver));
        resolver.load(&leaf_of(&authority));
        for host in [HOST, "hook", "::1"] {
            let protocol = shake_hands(&config, authority.certificate(), host).unwrap();
            assert_eq!(protocol, b"http/1.1", "{host}");
        }
        assert!(shake_hands(&config, authority.certificate(), "other.svc").is_err());
    }

    #[test]
    fn a_loaded_leaf_is_served_from_the_next_handshake_on() {
        let (old, new) = (authority(), authority());
        let resolver = CertificateResolver::new();
        let config = server_config(Arc::clone(&resolver));
        resolver.load(&leaf_of(&old));
        assert!(shake_hands(&config, old.certificate(), HOST).is_ok());
        resolver.load(&leaf_of(&new));
        assert!(shake_hands(&config, new.certificate(), HOST).is_ok());
        assert!(shake_hands(&config, old.certificate(), HOST).is_err());
    }

    #[test]
    fn without_a_certificate_handshakes_fail_instead_of_panicking() {
        let resolver = CertificateResolver::new();
        assert!(!resolver.is_loaded());
        let config = server_config(resolver);
        assert!(shake_hands(&config, authority().certificate(), HOST).is_err());
    }
}
