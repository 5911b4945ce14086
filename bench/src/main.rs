//! Measures the operator against a real API server and a real OpenBao: what a
//! mass of resources costs to sync, to keep and to rotate, and how fast admission
//! answers. Prints a table, and writes it where it is committed.

mod admission;
mod cluster;
mod report;
mod sync;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use secretwire_lab::Lab;

use report::Report;

/// Benchmarks of the operator.
#[derive(Debug, Parser)]
struct Args {
    /// The operator, built with `--release`.
    #[arg(long, default_value = "target/release/secretwire")]
    binary: PathBuf,
    /// Resources to sync.
    #[arg(long, default_value_t = 1000)]
    resources: usize,
    /// Namespaces that they are in.
    #[arg(long, default_value_t = 20)]
    namespaces: usize,
    /// Pods to admit.
    #[arg(long, default_value_t = 20_000)]
    admissions: usize,
    /// Admissions under way at the same time.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Where the table is written to; printed only when not given.
    #[arg(long)]
    output: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let lab = Lab::builder().vault().start().await?;
    let mut report = Report::new(&args.binary)?;
    let outcome = measure(&lab, &args, &mut report).await;
    lab.stop().await?;
    outcome?;
    print!("{report}");
    if let Some(path) = args.output {
        std::fs::write(path, report.to_string())?;
    }
    Ok(())
}

async fn measure(lab: &Lab, args: &Args, report: &mut Report) -> Result<()> {
    let load = cluster::Load {
        resources: args.resources,
        namespaces: args.namespaces,
    };
    cluster::prepare(lab, &args.binary, load).await?;
    let operator = sync::cold(lab, &args.binary, load, report).await?;
    sync::idle(lab, &operator, load, report).await?;
    sync::rotation(lab, &operator, load, report).await?;
    admission::requests(lab, &operator, args.admissions, args.connections, report).await?;
    sync::restart(lab, operator, &args.binary, load, report).await
}
