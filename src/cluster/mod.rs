//! What is known of the cluster from watches, and who is told when it changes.

mod cache;
mod owned;
mod triggers;
mod watch;

pub(crate) use cache::{Cache, key_of};
pub(crate) use owned::OwnedSecrets;
pub(crate) use triggers::Triggers;
pub(crate) use watch::{Cluster, Guarded, Scopes};
