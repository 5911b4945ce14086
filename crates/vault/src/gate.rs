//! When a login may be tried, so that neither a Vault that is down nor one that says no sees a
//! storm of them.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    backoff::Backoff,
    error::{Error, Retry},
    login::CredentialsError,
};

/// Keeps the failed login that is still remembered, and the time of the last login that a 403 led
/// to.
#[derive(Default)]
pub(crate) struct LoginGate {
    backoff: Backoff,
    closed: Option<Closed>,
    relogged: Option<Instant>,
}

struct Closed {
    failure: LoginFailure,
    until: Instant,
}

/// What stopped a login.
#[derive(Clone)]
pub(crate) enum LoginFailure {
    Request(Error),
    Credentials(CredentialsError),
}

impl LoginGate {
    /// The remembered failure, while its pause lasts.
    pub(crate) fn refusal(&self, now: Instant) -> Option<Error> {
        let closed = self.closed.as_ref().filter(|closed| now < closed.until)?;
        Some(closed.failure.clone().into_error(closed.until - now))
    }

    /// Whether a 403 may lead to a login now; the answer yes is given once in a while only, as a
    /// policy that denies a path goes on denying it.
    pub(crate) fn may_relogin(&mut self, now: Instant) -> bool {
        if self
            .relogged
            .is_some_and(|last| now < last + RELOGIN_PERIOD)
        {
            return false;
        }
        self.relogged = Some(now);
        true
    }

    pub(crate) fn succeeded(&mut self) {
        self.backoff = Backoff::default();
    }

    pub(crate) fn failed(&mut self, failure: LoginFailure, now: Instant) -> Error {
        let pause = self.backoff.next_pause().max(failure.asked_to_wait());
        self.closed = Some(Closed {
            failure: failure.clone(),
            until: now + pause,
        });
        failure.into_error(pause)
    }
}

impl LoginFailure {
    fn into_error(self, retry_after: Duration) -> Error {
        match self {
            Self::Request(error) => Error::Login {
                source: Box::new(error),
                retry_after,
            },
            Self::Credentials(source) => Error::Credentials {
                source,
                retry_after,
            },
        }
    }

    fn asked_to_wait(&self) -> Duration {
        match self {
            Self::Request(error) => match error.retry() {
                Retry::After(wait) => wait,
                Retry::Backoff | Retry::OnChange => Duration::ZERO,
            },
            Self::Credentials(_) => Duration::ZERO,
        }
    }
}

const RELOGIN_PERIOD: Duration = Duration::from_secs(30);
