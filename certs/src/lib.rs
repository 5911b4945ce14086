//! Webhook certificates: own authority, short-lived leaf certificates, rotation with overlap, hot swap in rustls.
//!
//! The crate decides and computes; it reads no clock and calls no server. The caller gathers what is stored and what
//! is published, asks [`due`] for the next [`Step`], carries it out, and asks again.
//!
//! One authority is shared by all replicas through a Secret ([`CaSlots`]); each replica signs its own [`Leaf`] in
//! memory. A new authority signs only after every webhook entry has published it for a while, and an old one stays
//! published until the last leaf it signed has expired, so no admission call ever meets an unknown issuer.

mod authority;
mod bundle;
mod coverage;
mod defect;
mod leaf;
mod policy;
mod resolver;
mod rotate;
mod slots;
mod validity;

pub use authority::{Authority, IssueError};
pub use bundle::Bundle;
pub use coverage::Coverage;
pub use defect::Defect;
pub use leaf::{Leaf, ServerNames};
pub use policy::Policy;
pub use resolver::{CertificateResolver, server_config};
pub use rotate::{Change, Step, Stored, View, due};
pub use slots::CaSlots;
pub use validity::Validity;
