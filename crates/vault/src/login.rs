//! Logging in: where, and with what.

use std::{collections::BTreeMap, error::Error as StdError, fmt, sync::Arc};

use futures::future::BoxFuture;
use http::HeaderMap;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    path::{Mount, Namespace, VaultPath},
    settings::SettingsError,
    transport::header_map,
};

/// Where an identity logs in.
#[derive(Clone, Debug)]
pub struct LoginTarget {
    pub(crate) namespace: Option<Namespace>,
    pub(crate) path: VaultPath,
    pub(crate) headers: HeaderMap,
}

impl LoginTarget {
    /// The auth method mounted at `mount`, in `namespace` or the root.
    pub fn new(namespace: Option<Namespace>, mount: &Mount) -> Self {
        let path = VaultPath::join(&["auth", mount.as_str(), "login"]);
        Self {
            namespace,
            path,
            headers: HeaderMap::new(),
        }
    }

    /// Adds headers to the login request, and to no other.
    pub fn with_headers(
        mut self,
        headers: &BTreeMap<String, String>,
    ) -> Result<Self, SettingsError> {
        self.headers = header_map(headers)?;
        Ok(self)
    }
}

/// Gives what a login needs. Asked at every login, so that short-lived tokens and replaced
/// credentials are picked up.
pub trait Credentials: Send + Sync {
    /// The body of the next login.
    fn obtain(&self) -> BoxFuture<'_, Result<LoginBody, CredentialsError>>;
}

/// What is sent to log in.
pub enum LoginBody {
    /// The `kubernetes` and `jwt` methods.
    Jwt {
        /// The role to log in as.
        role: String,
        /// The token that proves who asks.
        jwt: Zeroizing<String>,
    },
    /// The `approle` method.
    AppRole {
        /// The role's ID.
        role_id: String,
        /// The secret that goes with it.
        secret_id: Zeroizing<String>,
    },
}

impl LoginBody {
    pub(crate) fn to_json(&self) -> serde_json::Result<Zeroizing<Vec<u8>>> {
        // Large enough from the start: a buffer that grows leaves its old self behind unwiped.
        let mut json = Zeroizing::new(Vec::with_capacity(self.json_bound()));
        match self {
            Self::Jwt { role, jwt } => serde_json::to_writer(&mut *json, &Jwt { role, jwt })?,
            Self::AppRole { role_id, secret_id } => {
                serde_json::to_writer(&mut *json, &AppRole { role_id, secret_id })?;
            }
        }
        Ok(json)
    }

    fn json_bound(&self) -> usize {
        let (public, secret) = match self {
            Self::Jwt { role, jwt } => (role, jwt),
            Self::AppRole { role_id, secret_id } => (role_id, secret_id),
        };
        FRAME + LONGEST_ESCAPE * (public.len() + secret.len())
    }
}

impl fmt::Debug for LoginBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, id) = match self {
            Self::Jwt { role, .. } => ("Jwt", role),
            Self::AppRole { role_id, .. } => ("AppRole", role_id),
        };
        f.debug_struct(method)
            .field("id", id)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Jwt<'a> {
    role: &'a str,
    jwt: &'a str,
}

#[derive(Serialize)]
struct AppRole<'a> {
    role_id: &'a str,
    secret_id: &'a str,
}

/// Why there are no credentials. Its text must not hold any.
#[derive(Clone, Debug)]
pub struct CredentialsError {
    message: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl CredentialsError {
    /// A failure in words.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    /// Keeps the failure behind this one.
    #[must_use]
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for CredentialsError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

/// Braces, names and quotes.
const FRAME: usize = 32;
/// `\u0000`.
const LONGEST_ESCAPE: usize = 6;
