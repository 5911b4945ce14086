//! The certificate authority that signs what the webhook serves.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData as _,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use zeroize::Zeroizing;

use crate::{
    bundle::pem_block,
    defect::Defect,
    leaf::{Leaf, ServerNames},
    policy::Policy,
    validity::Validity,
};

/// A certificate authority with its private key (P-256).
pub struct Authority {
    certificate: CertificateDer<'static>,
    key: Zeroizing<Vec<u8>>,
    validity: Validity,
}

/// A certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The key or the certificate was refused by the cryptographic library.
    #[error("signing a certificate failed")]
    Sign(#[from] rcgen::Error),
    /// The TLS library does not take the new key.
    #[error("loading the new private key failed")]
    Load(#[from] rustls::Error),
    /// The clock shows a time that certificates cannot express.
    #[error("the clock shows {0}, which no certificate can express")]
    Clock(Timestamp),
}

impl Authority {
    /// Makes a new authority that signs from now on.
    pub fn generate(now: Timestamp, policy: &Policy) -> Result<Self, IssueError> {
        let key = Zeroizing::new(KeyPair::generate()?);
        let validity = whole_seconds(now - policy.backdate, now + policy.ca_life);
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, NAME);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_before = date(validity.not_before)?;
        params.not_after = date(validity.not_after)?;
        Ok(Self {
            certificate: params.self_signed(&*key)?.der().clone(),
            key: Zeroizing::new(key.serialize_der()),
            validity,
        })
    }

    /// Reads a stored authority; the names are those of the data keys, for the error.
    pub(crate) fn from_pem(
        (certificate_name, certificate): (&'static str, &[u8]),
        (key_name, key): (&'static str, &[u8]),
    ) -> Result<Self, Defect> {
        let unparsable = |key| move || Defect::Unparsable { key };
        let certificate = CertificateDer::from_pem_slice(certificate)
            .ok()
            .ok_or_else(unparsable(certificate_name))?;
        let (_, parsed) = X509Certificate::from_der(&certificate)
            .ok()
            .ok_or_else(unparsable(certificate_name))?;
        let validity = Validity::of(&parsed).ok_or_else(unparsable(certificate_name))?;
        if !parsed.is_ca() {
            return Err(Defect::NotAnAuthority {
                key: certificate_name,
            });
        }
        let key = private_key(key).ok_or_else(unparsable(key_name))?;
        if key.subject_public_key_info() != parsed.public_key().raw {
            return Err(Defect::ForeignKey { key: key_name });
        }
        let key = Zeroizing::new(key.serialize_der());
        Ok(Self {
            certificate,
            key,
            validity,
        })
    }

    /// The certificate that peers have to trust.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// When the certificate is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Makes a certificate for these names, with a key that never leaves memory.
    pub fn issue(
        &self,
        now: Timestamp,
        policy: &Policy,
        names: &ServerNames,
    ) -> Result<Leaf, IssueError> {
        // A leaf that outlives its issuer would be served after it stopped to be accepted.
        let validity = whole_seconds(
            (now - policy.backdate).max(self.validity.not_before),
            (now + policy.leaf_life).min(self.validity.not_after),
        );
        let mut params = CertificateParams::new(names.as_slice())?;
        params
            .distinguished_name
            .push(DnType::CommonName, "secretwire-webhook");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = date(validity.not_before)?;
        params.not_after = date(validity.not_after)?;

        let signer = Zeroizing::new(KeyPair::try_from(&PrivatePkcs8KeyDer::from(&**self.key))?);
        let issuer = Issuer::from_ca_cert_der(&self.certificate, &*signer)?;
        let key = Zeroizing::new(KeyPair::generate()?);
        let certificate = params.signed_by(&*key, &issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialized_der()));
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key)?;
        Ok(Leaf::new(
            certificate.der().clone(),
            key,
            self.certificate.clone(),
            validity,
        ))
    }

    pub(crate) fn certificate_pem(&self) -> Zeroizing<String> {
        pem_block("CERTIFICATE", &self.certificate)
    }

    pub(crate) fn key_pem(&self) -> Zeroizing<String> {
        pem_block("PRIVATE KEY", &self.key)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("validity", &self.validity)
            .field("key", &"[redacted]")
            .finish_non_exhaustive()
    }
}

/// Whether a published certificate carries the name of our authorities.
pub(crate) fn is_ours(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate).is_ok_and(|(_, parsed)| {
        let mut names = parsed.subject().iter_common_name();
        parsed.is_ca() && names.any(|name| name.as_str() == Ok(NAME))
    })
}

fn private_key(pem: &[u8]) -> Option<Zeroizing<KeyPair>> {
    let key = PrivateKeyDer::from_pem_slice(pem).ok()?;
    let key = Zeroizing::new(key.secret_der().to_vec());
    KeyPair::try_from(key.as_slice()).ok().map(Zeroizing::new)
}

/// Certificates count in whole seconds; what is remembered must agree with what a peer will read.
fn whole_seconds(from: Timestamp, to: Timestamp) -> Validity {
    let cut = |at: Timestamp| at - SignedDuration::from_nanos(at.subsec_nanosecond().into());
    Validity {
        not_before: cut(from),
        not_after: cut(to),
    }
}

fn date(at: Timestamp) -> Result<OffsetDateTime, IssueError> {
    OffsetDateTime::from_unix_timestamp(at.as_second()).map_err(|_| IssueError::Clock(at))
}

const NAME: &str = "secretwire-webhook-ca";

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-03-01T12:00:00.5Z".parse().unwrap()
    }

    fn names() -> ServerNames {
        ServerNames::of_service("hook", "ops")
    }

    fn reread(authority: &Authority) -> Result<Authority, Defect> {
        Authority::from_pem(
            ("tls.crt", authority.certificate_pem().as_bytes()),
            ("tls.key", authority.key_pem().as_bytes()),
        )
    }

    #[test]
    fn a_stored_authority_comes_back_with_its_validity() {
        let made = Authority::generate(now(), &Policy::default()).unwrap();
        let read = reread(&made).unwrap();
        assert_eq!(read.certificate(), made.certificate());
        assert_eq!(read.validity(), made.validity());
        assert_eq!(read.key, made.key);
    }

    #[test]
    fn a_leaf_carries_the_service_names_and_ends_before_its_issuer() {
        let policy = Policy::default();
        let authority = Authority::generate(now(), &policy).unwrap();
        let late = authority.validity().not_after - SignedDuration::from_hours(1);
        let leaf = authority.issue(late, &policy, &names()).unwrap();
        assert_eq!(leaf.validity().not_after, authority.validity().not_after);
        let (_, parsed) = X509Certificate::from_der(leaf.certificate()).unwrap();
        let san = parsed.subject_alternative_name().unwrap().unwrap();
        let sans: Vec<_> = san
            .value
            .general_names
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            sans,
            [
                "DNSName(hook)",
                "DNSName(hook.ops)",
                "DNSName(hook.ops.svc)",
                "DNSName(hook.ops.svc.cluster.local)"
            ]
        );
    }

    #[test]
    fn a_certificate_for_a_server_is_no_authority() {
        let policy = Policy::default();
        let authority = Authority::generate(now(), &policy).unwrap();
        let leaf = authority.issue(now(), &policy, &names()).unwrap();
        let found = Authority::from_pem(
            (
                "tls.crt",
                pem_block("CERTIFICATE", leaf.certificate()).as_bytes(),
            ),
            ("tls.key", authority.key_pem().as_bytes()),
        );
        assert_eq!(found.err(), Some(Defect::NotAnAuthority { key: "tls.crt" }));
    }

    #[test]
    fn refuses_the_key_of_another_authority() {
        let policy = Policy::default();
        let one = Authority::generate(now(), &policy).unwrap();
        let other = Authority::generate(now(), &policy).unwrap();
        let found = Authority::from_pem(
            ("next.crt", one.certificate_pem().as_bytes()),
            ("next.key", other.key_pem().as_bytes()),
        );
        assert_eq!(found.err(), Some(Defect::ForeignKey { key: "next.key" }));
    }

    #[test]
    fn debug_output_holds_no_key() {
        let authority = Authority::generate(now(), &Policy::default()).unwrap();
        let text = format!("{authority:?}");
        assert!(text.contains("[redacted]"));
        assert!(!text.contains(&format!("{:?}", &authority.key[..8])[1..20]));
    }

    #[test]
    fn knows_its_own_certificates_from_foreign_ones() {
        let policy = Policy::default();
        let authority = Authority::generate(now(), &policy).unwrap();
        let leaf = authority.issue(now(), &policy, &names()).unwrap();
        assert!(is_ours(authority.certificate()));
        assert!(!is_ours(leaf.certificate()));
        assert!(!is_ours(&CertificateDer::from(vec![0x30, 0x00])));
    }
}
