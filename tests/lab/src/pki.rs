//! The lab's own certificate authority and the service account key.

use std::{net::IpAddr, time::Duration};

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};
use time::OffsetDateTime;

/// Labs live for hours; clocks that differ a little must not matter.
const BACKDATE: Duration = Duration::from_mins(10);
const VALIDITY: Duration = Duration::from_hours(7 * 24);

/// Issues the serving certificates of one lab.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its private key, both PEM.
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let mut params = params(name)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)
            .context("making the lab's CA")?;
        Ok(Self { issuer })
    }

    pub(crate) fn certificate_pem(&self) -> String {
        self.issuer.pem()
    }

    /// The controller manager signs certificate requests with it.
    pub(crate) fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// A serving certificate for the given names and addresses.
    pub(crate) fn serving(
        &self,
        name: &str,
        dns_names: &[&str],
        addresses: &[IpAddr],
    ) -> Result<Identity> {
        let mut params = params(name)?;
        for dns_name in dns_names {
            params
                .subject_alt_names
                .push(SanType::DnsName((*dns_name).try_into()?));
        }
        params
            .subject_alt_names
            .extend(addresses.iter().copied().map(SanType::IpAddress));
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .with_context(|| format!("signing a certificate for {name}"))?;
        Ok(Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

/// A P-256 key pair as the API server wants it for service account tokens.
pub(crate) struct TokenKey {
    pub(crate) private: String,
    pub(crate) public: String,
}

impl TokenKey {
    pub(crate) fn generate() -> Result<Self> {
        let key = KeyPair::generate().context("generating the service account key")?;
        Ok(Self {
            private: key.serialize_pem(),
            public: key.public_key_pem(),
        })
    }
}

fn params(name: &str) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::now_utc() - BACKDATE;
    params.not_after = OffsetDateTime::now_utc() + VALIDITY;
    Ok(params)
}
