//! The operator's executable.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

/// Names another executable than the one that `cargo build -p secretwire` makes.
const VARIABLE: &str = "SECRETWIRE_BIN";

/// Where the operator's executable is.
///
/// # Errors
/// It is not there; the text says how to get it.
pub fn operator_binary() -> Result<PathBuf> {
    let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/debug/secretwire");
    let path = env::var_os(VARIABLE).map_or_else(built, PathBuf::from);
    ensure!(
        path.is_file(),
        "no operator at {}: run `cargo build -p secretwire`, or set {VARIABLE}",
        path.display()
    );
    Ok(path)
}

/// What the operator prints for its installation. It runs outside the cluster here.
pub(crate) fn manifests() -> Result<String> {
    // Each operator registers its own URL when it starts.
    let arguments = ["manifests", "--webhook-url", "https://127.0.0.1:9443"];
    let output = Command::new(operator_binary()?)
        .args(arguments)
        .output()
        .context("running `secretwire manifests`")?;
    ensure!(
        output.status.success(),
        "`secretwire manifests`: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).context("`secretwire manifests` prints no UTF-8")
}
