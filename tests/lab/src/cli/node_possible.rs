use anyhow::{Result, bail};
use secretwire_lab::Lab;

/// Fails with the reason where a real node cannot run.
pub(crate) fn run() -> Result<()> {
    match Lab::node_possible() {
        Ok(()) => Ok(()),
        Err(reason) => bail!("no real node here: {reason}"),
    }
}
