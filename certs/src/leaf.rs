//! The certificate that one replica serves.

use std::{fmt, sync::Arc};

use rustls::sign::{CertifiedKey, SigningKey};
use rustls_pki_types::CertificateDer;

use crate::validity::Validity;

/// A certificate that one replica serves, with its private key. Held in memory only.
#[derive(Clone)]
pub struct Leaf {
    certified: Arc<CertifiedKey>,
    certificate: CertificateDer<'static>,
    issuer: CertificateDer<'static>,
    validity: Validity,
}

impl Leaf {
    pub(crate) fn new(
        certificate: CertificateDer<'static>,
        key: Arc<dyn SigningKey>,
        issuer: CertificateDer<'static>,
        validity: Validity,
    ) -> Self {
        Self {
            certified: Arc::new(CertifiedKey::new(vec![certificate.clone()], key)),
            certificate,
            issuer,
            validity,
        }
    }

    /// The certificate itself.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The authority that signed it.
    pub fn issuer(&self) -> &CertificateDer<'static> {
        &self.issuer
    }

    /// When it is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    pub(crate) fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaf")
            .field("validity", &self.validity)
            .field("key", &"[redacted]")
            .finish_non_exhaustive()
    }
}

/// The names that a served certificate is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerNames(Vec<String>);

impl ServerNames {
    /// Every name under which a Service is reached from inside a cluster.
    pub fn of_service(service: &str, namespace: &str) -> Self {
        Self(vec![
            service.to_owned(),
            format!("{service}.{namespace}"),
            format!("{service}.{namespace}.svc"),
            format!("{service}.{namespace}.svc.cluster.local"),
        ])
    }

    /// Adds a host name or an IP address, as a webhook that is registered by URL needs.
    #[must_use]
    pub fn and_host(mut self, host: &str) -> Self {
        // A URL writes an IPv6 address in brackets, a certificate without.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if !self.0.iter().any(|name| name == host) {
            self.0.push(host.to_owned());
        }
        self
    }

    pub(crate) fn as_slice(&self) -> &[String] {
        &self.0
    }
}
