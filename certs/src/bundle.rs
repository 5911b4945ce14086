//! Sets of authority certificates in the form of a `caBundle`.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use zeroize::Zeroizing;

/// The authorities that an API server trusts for a webhook: the content of `caBundle`, without order or repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle(BTreeSet<Vec<u8>>);

impl Bundle {
    /// Reads what is published. Text between the certificates and blocks that are none are skipped, as the API
    /// server does.
    pub fn from_pem(pem: &[u8]) -> Self {
        CertificateDer::pem_slice_iter(pem)
            .filter_map(Result::ok)
            .collect()
    }

    /// The text to publish; equal bundles give equal text.
    pub fn to_pem(&self) -> String {
        self.0
            .iter()
            .map(|der| pem_block("CERTIFICATE", der).to_string())
            .collect()
    }

    /// Whether no certificate is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the authority is in it.
    pub fn contains(&self, authority: &CertificateDer<'_>) -> bool {
        self.0.contains(authority.as_ref())
    }

    /// The certificates.
    pub fn certificates(&self) -> impl Iterator<Item = CertificateDer<'static>> {
        self.0.iter().cloned().map(CertificateDer::from)
    }
}

impl FromIterator<CertificateDer<'static>> for Bundle {
    fn from_iter<I: IntoIterator<Item = CertificateDer<'static>>>(certificates: I) -> Self {
        Self(certificates.into_iter().map(|c| c.to_vec()).collect())
    }
}

/// One PEM block. Wiped on drop, since private keys pass through here too.
pub(crate) fn pem_block(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    // Room for all of it at once: growing would leave copies of a key behind.
    let mut pem = Zeroizing::new(String::with_capacity(
        body.len() + body.len() / LINE + 2 * label.len() + 40,
    ));
    pem.push_str("-----BEGIN ");
    pem.push_str(label);
    pem.push_str("-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(LINE));
        pem.push_str(line);
        pem.push('\n');
        rest = tail;
    }
    pem.push_str("-----END ");
    pem.push_str(label);
    pem.push_str("-----\n");
    pem
}

const LINE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn certificates(contents: &[&[u8]]) -> Bundle {
        contents
            .iter()
            .map(|c| CertificateDer::from(c.to_vec()))
            .collect()
    }

    #[test]
    fn reads_back_what_it_writes() {
        let bundle = certificates(&[&[7; 48], &[8; 100], b"x"]);
        assert_eq!(Bundle::from_pem(bundle.to_pem().as_bytes()), bundle);
    }

    #[test]
    fn order_and_repeats_do_not_matter() {
        let one = certificates(&[b"a", b"b", b"a"]);
        let other = certificates(&[b"b", b"a"]);
        assert_eq!(one, other);
        assert_eq!(one.to_pem(), other.to_pem());
    }

    #[test]
    fn skips_text_that_is_no_certificate() {
        let wanted = certificates(&[b"a"]);
        let published = format!(
            "# added by hand\n{}{}trailing",
            pem_block("PRIVATE KEY", b"k").as_str(),
            wanted.to_pem()
        );
        assert_eq!(Bundle::from_pem(published.as_bytes()), wanted);
        assert!(Bundle::from_pem(b"garbage").is_empty());
    }
}
