//! The subcommands, a file each.

mod demo;
mod fetch;
mod node_possible;
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
    /// Tell the story of a secret, on real servers, as it happens
    Demo(demo::Demo),
    /// Get every server that is missing; with all there, do nothing
    Fetch(fetch::Fetch),
    /// Say whether a real node can run here, and if not, why
    NodePossible,
    /// Start a cluster that stays up until interrupted
    Up(up::Up),
}

impl Arguments {
    pub(crate) async fn run(self) -> Result<()> {
        match self.command {
            Command::Demo(command) => Box::pin(command.run()).await,
            Command::Fetch(command) => command.run().await,
            Command::NodePossible => node_possible::run(),
            Command::Up(command) => command.run().await,
        }
    }
}
