//! `secretwire-lab up`

use anyhow::Result;
use clap::Args;
use secretwire_lab::Lab;
use tokio::signal::unix::{SignalKind, signal};

/// A cluster with all controllers.
#[derive(Args)]
pub(crate) struct Up {
    /// Add OpenBao
    #[arg(long)]
    vault: bool,
    /// Add a node that runs pods; where this machine cannot, say why and go on without
    #[arg(long)]
    node: bool,
    /// Add PostgreSQL
    #[arg(long)]
    postgres: bool,
}

impl Up {
    pub(crate) async fn run(self) -> Result<()> {
        // Before the start, which takes a while: an interrupt then must end the servers that run already.
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        let stopped = async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        tokio::pin!(stopped);
        let lab = tokio::select! {
            lab = self.start() => lab?,
            () = &mut stopped => {
                eprintln!("lab: interrupted before it was up");
                // A build may be running in a thread that nobody can stop; leaving ends it with all servers.
                std::process::exit(130);
            }
        };
        self.describe(&lab);
        stopped.await;
        eprintln!("lab: stopping");
        lab.stop().await
    }

    async fn start(&self) -> Result<Lab> {
        let mut builder = Lab::builder().controllers().scheduler();
        if self.vault {
            builder = builder.vault();
        }
        if self.postgres {
            builder = builder.postgres();
        }
        if self.node {
            match Lab::node_possible() {
                Ok(()) => builder = builder.node(),
                Err(reason) => eprintln!("lab: SKIPPED: no node, so pods stay pending: {reason}"),
            }
        }
        builder.start().await
    }

    /// Lines for a shell on standard output, words for people on standard error.
    fn describe(&self, lab: &Lab) {
        println!(
            "export KUBECONFIG={}",
            lab.apiserver().kubeconfig_path().display()
        );
        if self.vault {
            println!("export VAULT_ADDR={}", lab.vault().addr());
            println!("export VAULT_TOKEN={}", lab.vault().token());
        }
        if self.postgres {
            let postgres = lab.postgres();
            println!(
                "export DATABASE_URL=postgresql://{}:{}@{}/postgres",
                postgres.user(),
                postgres.password(),
                postgres.addr()
            );
        }
        eprintln!(
            "lab: up; logs are in {}; Ctrl-C stops and removes it",
            lab.path().display()
        );
    }
}
