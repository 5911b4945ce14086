//! The end-to-end suites, a module each. `SECRETWIRE_BIN` names the operator to test; without it the one that
//! `cargo build -p secretwire` made is used.

mod admission;
mod node;
mod sync;
mod templates;
mod validation;
