//! One controller a kind.

mod auth;
mod connection;
pub(crate) mod finalizers;
pub(crate) mod gates;
mod run;
pub(crate) mod static_secret;
mod transformation;

pub(crate) use run::{Controllers, run};
