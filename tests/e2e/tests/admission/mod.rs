//! What the webhook does to pods and workloads.

mod authorities;
mod bystanders;
mod fleet;
pub(crate) mod load;
mod mistakes;
mod neighbours;
pub(crate) mod objects;
mod outage;
mod replicas;
pub(crate) mod stand;
mod templates;
mod waiting;
mod wiring;
