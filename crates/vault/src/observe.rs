//! The hook through which a caller counts requests.

use std::time::Duration;

use crate::error::ErrorKind;

/// Is told of every request that went to Vault.
pub trait Observer: Send + Sync {
    /// One request ended. `elapsed` runs from sending it to its last byte, redirects included.
    fn request(&self, operation: Operation, outcome: Outcome, elapsed: Duration);
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A login.
    Login,
    /// A token renewing itself.
    Renew,
    /// Anything that only reads.
    Read,
    /// Anything that may change something.
    Write,
}

impl Operation {
    /// A stable lower-case name for metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Renew => "renew",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A 2xx answer.
    Ok,
    /// Anything else.
    Failed(ErrorKind),
}

/// An [`Observer`] that looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn request(&self, _: Operation, _: Outcome, _: Duration) {}
}
