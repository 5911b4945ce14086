//! The envelope around every answer.

use std::{borrow::Cow, fmt, ops::Range, time::Duration};

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::{error::Error, path::VaultPath, secret::SecretJson};

/// A 2xx answer.
#[derive(Debug)]
pub struct Response {
    /// `data`, where there is any.
    pub data: Option<SecretJson>,
    /// The lease that came with the data.
    pub lease: Option<Lease>,
    /// The token that was issued, for logins and the like.
    pub auth: Option<Auth>,
    /// What the server wants known.
    pub warnings: Vec<String>,
}

/// A lease on what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Names the lease in `sys/leases/…`.
    pub id: String,
    /// How long it runs from now.
    pub duration: Duration,
    /// Whether it can be extended.
    pub renewable: bool,
}

/// A token as issued or renewed.
pub struct Auth {
    /// The token.
    pub client_token: Zeroizing<String>,
    /// Names the token without being it; batch tokens have none.
    pub accessor: Option<String>,
    /// How long it lives from now; zero is for ever.
    pub ttl: Duration,
    /// Whether it can be renewed.
    pub renewable: bool,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("ttl", &self.ttl)
            .field("renewable", &self.renewable)
            .finish_non_exhaustive()
    }
}

impl Response {
    pub(crate) fn parse(path: &VaultPath, body: Zeroizing<String>) -> Result<Self, Error> {
        if body.is_empty() {
            // 204: done, and nothing to say.
            return Ok(Self {
                data: None,
                lease: None,
                auth: None,
                warnings: Vec::new(),
            });
        }
        let envelope = Envelope::parse(&body).map_err(|error| bad_json(path, &error))?;
        let data = envelope.data.map(|data| range_in(&body, data.get()));
        let lease = envelope
            .lease_id
            .filter(|id| !id.is_empty())
            .map(|id| Lease {
                id: id.into_owned(),
                duration: term(envelope.lease_duration),
                renewable: envelope.renewable,
            });
        let auth = envelope.auth.map(|auth| Auth {
            client_token: Zeroizing::new(auth.client_token.into_owned()),
            accessor: auth
                .accessor
                .filter(|text| !text.is_empty())
                .map(Cow::into_owned),
            ttl: term(auth.lease_duration),
            renewable: auth.renewable,
        });
        let warnings = envelope
            .warnings
            .unwrap_or_default()
            .into_iter()
            .map(Cow::into_owned)
            .collect();
        let data = data.map(|range| SecretJson::new(body, range));
        Ok(Self {
            data,
            lease,
            auth,
            warnings,
        })
    }
}

/// Borrows everything: the data is not parsed, only found.
#[derive(Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow, default)]
    pub(crate) data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    lease_id: Option<Cow<'a, str>>,
    #[serde(default)]
    lease_duration: u64,
    #[serde(default)]
    renewable: bool,
    #[serde(borrow, default)]
    auth: Option<RawAuth<'a>>,
    #[serde(borrow, default)]
    pub(crate) warnings: Option<Vec<Cow<'a, str>>>,
}

impl<'a> Envelope<'a> {
    pub(crate) fn parse(body: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(body)
    }
}

#[derive(Deserialize)]
struct RawAuth<'a> {
    #[serde(borrow)]
    client_token: Cow<'a, str>,
    #[serde(borrow, default)]
    accessor: Option<Cow<'a, str>>,
    #[serde(default)]
    lease_duration: u64,
    #[serde(default)]
    renewable: bool,
}

/// Tells where an answer stops making sense; serde's own words would quote it.
pub(crate) fn bad_json(path: &VaultPath, error: &serde_json::Error) -> Error {
    Error::BadAnswer {
        path: path.to_string(),
        reason: format!(
            "not Vault's JSON at line {}, column {}",
            error.line(),
            error.column()
        ),
    }
}

/// Bounded so that it can be added to any clock; far beyond any real lease.
fn term(seconds: u64) -> Duration {
    Duration::from_secs(seconds).min(LONGEST_TERM)
}

/// Where `part`, a slice of `whole`, lies in it.
fn range_in(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}

const LONGEST_TERM: Duration = Duration::from_hours(24 * 365 * 10);
