//! How a Vault server is reached.

use std::{collections::BTreeMap, fmt, time::Duration};

/// One Vault server as configured. Nothing is parsed until [`Client::new`](crate::Client::new).
#[derive(Clone)]
pub struct ConnectionSettings {
    /// The server's URL, `http` or `https`; a path in it is kept as a prefix.
    pub address: String,
    /// Sent with every request.
    pub headers: BTreeMap<String, String>,
    /// How the server is verified.
    pub tls: TlsSettings,
    /// The limit for one request to one server, from connecting to the last byte of the answer.
    pub timeout: Duration,
}

impl ConnectionSettings {
    /// Settings for an address, everything else as Vault's own clients have it.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            headers: BTreeMap::new(),
            tls: TlsSettings::default(),
            timeout: Duration::from_mins(1),
        }
    }
}

impl fmt::Debug for ConnectionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            address,
            headers,
            tls,
            timeout,
        } = self;
        f.debug_struct("ConnectionSettings")
            .field("address", address)
            // Their values may be credentials for a proxy.
            .field("headers", &headers.keys())
            .field("tls", tls)
            .field("timeout", timeout)
            .finish()
    }
}

/// How the server's certificate is verified.
#[derive(Clone, Debug, Default)]
pub struct TlsSettings {
    /// PEM bundle that replaces the system's roots.
    pub ca_pem: Option<Vec<u8>>,
    /// The DNS name to ask for (SNI) and to verify, where it is not the address's host.
    pub server_name: Option<String>,
    /// Accept any certificate.
    pub skip_verify: bool,
}

/// Settings that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The address is no URL of a server.
    #[error("address {address:?}: {reason}")]
    Address {
        /// As configured.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Not the name or value of an HTTP header.
    #[error("header {name:?}: not a valid {part}")]
    Header {
        /// The header's name.
        name: String,
        /// Which part is invalid.
        part: &'static str,
    },
    /// The namespace belongs to the login and to the read, not to the connection.
    #[error(
        "header {name:?} is not allowed here: set the namespace where the login and the secret are configured"
    )]
    NamespaceHeader {
        /// The header's name as configured.
        name: String,
    },
    /// The CA bundle is of no use.
    #[error("CA bundle: {reason}")]
    Ca {
        /// What is wrong with it.
        reason: String,
    },
    /// Not a DNS name.
    #[error("TLS server name {name:?}: not a DNS name")]
    ServerName {
        /// As configured.
        name: String,
    },
    /// A request needs some time.
    #[error("timeout: must be more than zero")]
    Timeout,
    /// The TLS set-up failed, for example because the system has no roots.
    #[error("TLS: {reason}")]
    Tls {
        /// What the TLS library said.
        reason: String,
    },
}

impl SettingsError {
    /// The setting at fault, by its usual name in configuration files.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Address { .. } => "address",
            Self::Header { .. } | Self::NamespaceHeader { .. } => "headers",
            Self::Ca { .. } => "caCert",
            Self::ServerName { .. } => "tlsServerName",
            Self::Timeout => "timeout",
            Self::Tls { .. } => "tls",
        }
    }
}
