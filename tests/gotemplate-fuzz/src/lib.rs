//! Compares `secretwire-gotemplate` with Go's `text/template` and sprig.
//!
//! The Go side is the oracle in `tests/gotemplate-oracle`, whose README describes the format of cases
//! and answers. Two fuzzers are built on it: [`differential`] renders random templates with both
//! engines, [`crash`] throws damaged ones at ours alone; [`speed`] times both. The corpus test of the crate shares
//! [`Case`], [`Answer`] and [`deviations`] with them.

mod answer;
mod case;
mod case_file;
mod corpus;
pub mod crash;
mod data;
pub mod deviations;
pub mod differential;
mod mutate;
mod oracle;
mod shrink;
pub mod speed;
mod tokens;

pub use answer::Answer;
pub use case::{Case, Profile, Template};
pub use corpus::{Answered, corpus};
pub use oracle::{Oracle, Serving};
