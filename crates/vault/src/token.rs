//! A Vault token and the times of its life.

use std::{fmt, fmt::Write as _, time::Duration};

use blake2::{Blake2b, Digest, digest::consts::U32};
use http::HeaderValue;
use tokio::time::Instant;

use crate::response::Auth;

/// A token as last issued or renewed.
#[derive(Clone)]
pub(crate) struct Token {
    /// Same for all renewals of one login.
    pub(crate) login: u64,
    pub(crate) obtained: Instant,
    /// The value of `X-Vault-Token`, marked sensitive.
    pub(crate) header: HeaderValue,
    identity: Option<String>,
    life: Life,
}

/// Until when, and whether that can be moved.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Life {
    since: Instant,
    /// `None` lives for ever.
    ttl: Option<Duration>,
    renewable: bool,
}

impl Token {
    /// `asked` is when the request that brought it went out: its life counts from there at the
    /// latest. `None` when the token cannot be a header's value.
    pub(crate) fn issued(login: u64, auth: &Auth, asked: Instant) -> Option<Self> {
        let mut header = HeaderValue::from_str(&auth.client_token).ok()?;
        header.set_sensitive(true);
        if header.is_empty() {
            return None;
        }
        Some(Self {
            login,
            obtained: Instant::now(),
            header,
            identity: auth.accessor.as_deref().map(identity),
            life: Life::new(auth, asked),
        })
    }

    /// The same token after it renewed itself. A renewal that moves the end hardly at all has met
    /// the token's maximum: there is no use in another.
    pub(crate) fn renewed(&self, auth: &Auth, asked: Instant) -> Self {
        let mut life = Life::new(auth, asked);
        if let (Some(old), Some(new)) = (self.life.end(), life.end()) {
            life.renewable &= new > old + LEAST_GAIN;
        }
        Self {
            life,
            ..self.clone()
        }
    }

    /// The same token, never to be renewed again.
    pub(crate) fn final_term(&self) -> Self {
        Self {
            life: Life {
                renewable: false,
                ..self.life
            },
            ..self.clone()
        }
    }

    /// Hex BLAKE2b-256 of the accessor.
    pub(crate) fn identity(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    pub(crate) fn is_alive(&self, now: Instant) -> bool {
        self.life.end().is_none_or(|end| now < end)
    }

    /// When to renew: at two thirds of its life, a little earlier by chance so that many tokens of
    /// one moment do not renew in one moment.
    pub(crate) fn renewal(&self) -> Option<Instant> {
        let ttl = self.life.ttl.filter(|_| self.life.renewable)?;
        Some(self.life.since + ttl.mul_f64(RENEW_AT - RENEW_SPREAD * fastrand::f64()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}

impl Life {
    fn new(auth: &Auth, since: Instant) -> Self {
        let ttl = Some(auth.ttl).filter(|ttl| !ttl.is_zero());
        Self {
            since,
            ttl,
            renewable: auth.renewable,
        }
    }

    fn end(self) -> Option<Instant> {
        self.ttl.map(|ttl| self.since + ttl)
    }
}

fn identity(accessor: &str) -> String {
    let digest = Blake2b::<U32>::digest(accessor.as_bytes());
    digest
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

const RENEW_AT: f64 = 2.0 / 3.0;
const RENEW_SPREAD: f64 = 0.1;
const LEAST_GAIN: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn auth(ttl: u64, renewable: bool) -> Auth {
        Auth {
            client_token: Zeroizing::new("hvs.secret".to_owned()),
            accessor: Some("abc".to_owned()),
            ttl: Duration::from_secs(ttl),
            renewable,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn renews_shortly_before_two_thirds_of_its_life() {
        let now = Instant::now();
        let token = Token::issued(1, &auth(600, true), now).unwrap();
        for _ in 0..100 {
            let due = token.renewal().unwrap() - now;
            assert!(
                due > Duration::from_secs(339) && due <= Duration::from_secs(400),
                "{due:?}"
            );
        }
        assert_eq!(
            Token::issued(1, &auth(600, false), now).unwrap().renewal(),
            None
        );
    }

    #[tokio::test(start_paused = true)]
    async fn lives_until_its_ttl_and_for_ever_without_one() {
        let now = Instant::now();
        let token = Token::issued(1, &auth(600, false), now).unwrap();
        assert!(token.is_alive(now + Duration::from_secs(599)));
        assert!(!token.is_alive(now + Duration::from_secs(600)));
        let root = Token::issued(1, &auth(0, true), now).unwrap();
        assert!(root.is_alive(now + Duration::from_hours(24 * 365 * 20)));
        assert_eq!(root.renewal(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn stops_renewing_once_a_renewal_gains_nothing() {
        let now = Instant::now();
        let token = Token::issued(1, &auth(600, true), now).unwrap();
        let later = now + Duration::from_secs(400);
        assert!(token.renewed(&auth(600, true), later).renewal().is_some());
        let capped = token.renewed(&auth(200, true), later);
        assert_eq!(capped.renewal(), None);
        assert!(capped.is_alive(later + Duration::from_secs(199)));
        assert!(!capped.is_alive(later + Duration::from_secs(200)));
    }

    #[tokio::test(start_paused = true)]
    async fn is_named_by_the_hash_of_its_accessor() {
        let token = Token::issued(1, &auth(600, true), Instant::now()).unwrap();
        // BLAKE2b-256 of "abc".
        let expected = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";
        assert_eq!(token.identity(), Some(expected));
        let batch = Auth {
            accessor: None,
            ..auth(600, false)
        };
        assert_eq!(
            Token::issued(1, &batch, Instant::now()).unwrap().identity(),
            None
        );
        assert!(!format!("{token:?}").contains("secret"));
    }
}
