//! Random names and tokens, and hexadecimal.

use std::{fmt::Write as _, fs::File, io::Read as _};

use anyhow::{Context as _, Result};

/// `bytes` random bytes from the kernel, as lower-case hexadecimal.
pub(crate) fn random(bytes: usize) -> Result<String> {
    let mut raw = vec![0; bytes];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut raw))
        .context("reading /dev/urandom")?;
    Ok(encode(&raw))
}

/// Lower-case hexadecimal.
pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
