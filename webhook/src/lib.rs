//! Admission: annotation vocabulary, wiring model, JSON patch, checks of our own resources, axum server.
//!
//! The way of a pod: an `AdmissionReview` comes in ([`router`]), its annotations become a [`Wiring`] ([`wiring_of`]),
//! the wiring and what a [`Directory`] knows become a patch or a refusal ([`Admission`]). Deciding is pure and works on
//! raw JSON, so fields newer than this program survive. This crate knows nothing of Vault and calls no API.

pub use admission::{Admission, Policy};
pub use configuration::{Endpoint, validation_configuration, webhook_configuration};
pub use directory::{Directory, Readiness, Referent, ResourceKey, Sighting, is_ready};
pub use metrics::Metrics;
pub use names::{InvalidPrefix, Prefix};
pub use problem::{Code, Problem};
pub use reference::{RefKind, Reference};
pub use router::router;
pub use selector::Selector;
pub use server::{Drain, serve};
pub use status::{PodStatus, Use};
pub use vocabulary::wiring_of;
pub use wiring::{EnvSet, Item, Mount, Variable, Wait, WaitMode, Wiring};

mod admission;
mod configuration;
mod directory;
#[cfg(test)]
mod fake;
mod metrics;
mod names;
mod patch;
mod plan;
mod problem;
mod reference;
mod resource;
mod review;
mod router;
mod selector;
mod server;
mod similar;
mod stamp;
mod status;
mod vocabulary;
mod wiring;
