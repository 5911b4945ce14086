//! The subcommands other than `run`.

pub(crate) mod manifests;
pub(crate) mod render;

use std::io::{ErrorKind, Write as _};

/// Writes to standard output, as far as somebody reads it.
fn write_out(text: &str) -> std::io::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        // `| head` has read enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
