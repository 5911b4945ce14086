//! From the resources to Vault: which server, as whom.

mod connect;
mod credentials;
mod identity;
mod method;
mod observe;

pub(crate) use connect::{ConnectError, Connector};
pub(crate) use identity::{Identities, IdentityError};
pub(crate) use observe::VaultMetrics;
