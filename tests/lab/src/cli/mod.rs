//! The subcommands, a file each.

mod fetch;
mod up;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Real servers for tests, demo and benchmarks.
#[derive(Parser)]
#[command(name = "secretwire-lab", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Get every server that is missing; with all there, do nothing
    Fetch(fetch::Fetch),
    /// Start a cluster that stays up until interrupted
    Up(up::Up),
}

impl Arguments {
    pub(crate) async fn run(self) -> Result<()> {
        match self.command {
            Command::Fetch(command) => command.run().await,
            Command::Up(command) => command.run().await,
        }
    }
}
