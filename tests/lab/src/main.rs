//! `secretwire-lab`: the lab on the command line.

mod cli;

use anyhow::Result;
use clap::Parser;

#[tokio::main]
async fn main() -> Result<()> {
    cli::Arguments::parse().run().await
}
