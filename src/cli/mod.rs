//! The subcommands other than `run`.

pub(crate) mod manifests;
