/// Why stored certificate data cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Defect {
    /// A key of the data map is absent.
    #[error("{key} is missing")]
    Missing {
        /// The absent key.
        key: &'static str,
    },
    /// A value is not what its key says.
    #[error("{key} cannot be parsed")]
    Unparsable {
        /// The key of the value.
        key: &'static str,
    },
    /// `ca.crt` and `tls.crt` differ, so somebody edited one of them.
    #[error("ca.crt and tls.crt differ")]
    Mismatch,
    /// The certificate may not sign others.
    #[error("{key} is not a certificate authority")]
    NotAnAuthority {
        /// The key of the certificate.
        key: &'static str,
    },
    /// The private key belongs to another certificate.
    #[error("{key} does not belong to the certificate beside it")]
    ForeignKey {
        /// The key of the private key.
        key: &'static str,
    },
}
