//! What is known of the cluster from watches, and who is told when it changes.

mod cache;
mod dependents;
mod owned;
mod scopes;
mod state;
mod triggers;
mod watch;

pub(crate) use cache::{Cache, key_of};
pub(crate) use owned::OwnedSecrets;
pub(crate) use scopes::Scopes;
pub(crate) use state::{Cluster, Guarded};
pub(crate) use triggers::Triggers;
