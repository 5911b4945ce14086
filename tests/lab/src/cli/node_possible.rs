use anyhow::{Result, bail};
use clap::Args;
use secretwire_lab::Lab;

/// Says whether a real node can run here.
#[derive(Args)]
pub(crate) struct NodePossible {}

impl NodePossible {
    /// Fails with the reason where it cannot.
    pub(crate) fn run(&self) -> Result<()> {
        match Lab::node_possible() {
            Ok(()) => Ok(()),
            Err(reason) => bail!("no real node here: {reason}"),
        }
    }
}
