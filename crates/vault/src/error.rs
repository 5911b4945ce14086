//! What can go wrong, told apart by what a caller can do about it.

use std::{fmt, time::Duration};

use crate::{kv::KvVersion, login::CredentialsError};

/// A failed request. Texts name the path and Vault's own words; they never hold a token or a body.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The server is sealed or was never initialised.
    #[error("Vault is sealed or not initialized: {0}")]
    Sealed(Refusal),
    /// No active node, or this node has not caught up yet.
    #[error("Vault has no active node ready: {0}")]
    Standby(Refusal),
    /// Nothing at this path.
    #[error("not found: {0}")]
    NotFound(Refusal),
    /// The KV version exists, but its data was deleted or destroyed.
    #[error("{path}: version {version} is {}", if *.destroyed { "destroyed" } else { "deleted" })]
    Deleted {
        /// The path read.
        path: String,
        /// The version that has no data.
        version: u32,
        /// Destroyed data cannot be undeleted.
        destroyed: bool,
        /// When it was or will be deleted, as Vault writes it.
        deletion_time: Option<String>,
    },
    /// 403, after a fresh login where one was due.
    #[error("permission denied: {0}")]
    Denied(Refusal),
    /// 429.
    #[error("rate limited: {refusal}")]
    RateLimited {
        /// The answer.
        refusal: Refusal,
        /// What the `Retry-After` header asks for.
        retry_after: Option<Duration>,
    },
    /// Any other 4xx: the request itself is at fault.
    #[error("Vault refused the request: {0}")]
    Rejected(Refusal),
    /// Any other 5xx.
    #[error("Vault failed: {0}")]
    Server(Refusal),
    /// No connection: DNS, TCP, TLS, or it broke on the way.
    #[error("{path}: Vault is unreachable: {reason}")]
    Unreachable {
        /// The path asked for.
        path: String,
        /// What the connection said.
        reason: String,
    },
    /// No full answer within the connection's timeout.
    #[error("{path}: no answer within {after:?}")]
    Timeout {
        /// The path asked for.
        path: String,
        /// The timeout.
        after: Duration,
    },
    /// The answer is bigger than this client takes in.
    #[error("{path}: the answer is larger than {limit} bytes")]
    TooLarge {
        /// The path asked for.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// The answer is not what Vault would send.
    #[error("{path}: unexpected answer: {reason}")]
    BadAnswer {
        /// The path asked for.
        path: String,
        /// What is wrong with it, without quoting it.
        reason: String,
    },
    /// A redirect that is not followed.
    #[error("{path}: redirect not followed: {reason}")]
    Redirect {
        /// The path asked for.
        path: String,
        /// Why not.
        reason: String,
    },
    /// The mount is KV of the other version.
    #[error("{path}: the mount is not KV version {used}")]
    WrongKvVersion {
        /// The path asked for.
        path: String,
        /// The version the read was made for.
        used: KvVersion,
    },
    /// The mount is not a KV engine at all.
    #[error("{mount}: the mount is of type {engine}, not kv")]
    NotKv {
        /// The mount.
        mount: String,
        /// Its type.
        engine: String,
    },
    /// The login failed; until `retry_after` has passed callers get this same failure.
    #[error("login failed")]
    Login {
        /// The failed login request.
        #[source]
        source: Box<Error>,
        /// When the next login will be tried at the earliest.
        retry_after: Duration,
    },
    /// The credentials for a login could not be had.
    #[error("no credentials to log in with")]
    Credentials {
        /// What the [`Credentials`](crate::Credentials) said.
        #[source]
        source: CredentialsError,
        /// When they will be asked again at the earliest.
        retry_after: Duration,
    },
}

impl Error {
    /// The kind of failure, for metrics, conditions and decisions.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Sealed(_) => ErrorKind::Sealed,
            Self::Standby(_) => ErrorKind::Standby,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Deleted { .. } => ErrorKind::Deleted,
            Self::Denied(_) => ErrorKind::Denied,
            Self::RateLimited { .. } => ErrorKind::RateLimited,
            Self::Rejected(_) => ErrorKind::Rejected,
            Self::Server(_) => ErrorKind::Server,
            Self::Unreachable { .. } => ErrorKind::Unreachable,
            Self::Timeout { .. } => ErrorKind::Timeout,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::BadAnswer { .. } => ErrorKind::BadAnswer,
            Self::Redirect { .. } => ErrorKind::Redirect,
            Self::WrongKvVersion { .. } => ErrorKind::WrongKvVersion,
            Self::NotKv { .. } => ErrorKind::NotKv,
            Self::Login { .. } => ErrorKind::Login,
            Self::Credentials { .. } => ErrorKind::Credentials,
        }
    }

    /// What a caller should do next.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Sealed(_)
            | Self::Standby(_)
            | Self::Server(_)
            | Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::BadAnswer { .. }
            | Self::RateLimited {
                retry_after: None, ..
            } => Retry::Backoff,
            Self::RateLimited {
                retry_after: Some(wait),
                ..
            }
            | Self::Login {
                retry_after: wait, ..
            }
            | Self::Credentials {
                retry_after: wait, ..
            } => Retry::After(*wait),
            Self::NotFound(_)
            | Self::Deleted { .. }
            | Self::Denied(_)
            | Self::Rejected(_)
            | Self::TooLarge { .. }
            | Self::Redirect { .. }
            | Self::WrongKvVersion { .. }
            | Self::NotKv { .. } => Retry::OnChange,
        }
    }

    /// The request that failed first: what stopped the login, else this error itself.
    pub fn cause(&self) -> &Self {
        match self {
            Self::Login { source, .. } => source.cause(),
            other => other,
        }
    }
}

/// When a failed request is worth repeating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It may pass by itself: again soon, with growing pauses.
    Backoff,
    /// Not before this time has passed.
    After(Duration),
    /// Something has to change first, in Vault or in the configuration: no sooner than the usual
    /// period.
    OnChange,
}

/// [`Error`] without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// [`Error::Sealed`].
    Sealed,
    /// [`Error::Standby`].
    Standby,
    /// [`Error::NotFound`].
    NotFound,
    /// [`Error::Deleted`].
    Deleted,
    /// [`Error::Denied`].
    Denied,
    /// [`Error::RateLimited`].
    RateLimited,
    /// [`Error::Rejected`].
    Rejected,
    /// [`Error::Server`].
    Server,
    /// [`Error::Unreachable`].
    Unreachable,
    /// [`Error::Timeout`].
    Timeout,
    /// [`Error::TooLarge`].
    TooLarge,
    /// [`Error::BadAnswer`].
    BadAnswer,
    /// [`Error::Redirect`].
    Redirect,
    /// [`Error::WrongKvVersion`].
    WrongKvVersion,
    /// [`Error::NotKv`].
    NotKv,
    /// [`Error::Login`].
    Login,
    /// [`Error::Credentials`].
    Credentials,
}

/// A non-2xx answer: the path, the status and Vault's own error strings, bounded and with
/// everything that looks like a token taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The path asked for.
    pub path: String,
    /// The HTTP status.
    pub status: u16,
    /// Vault's `errors`, joined; empty when it sent none.
    pub errors: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: status {}", self.path, self.status)?;
        if !self.errors.is_empty() {
            write!(f, " ({})", self.errors)?;
        }
        Ok(())
    }
}
