//! `secretwire-lab fetch`

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use clap::Args;
use secretwire_lab::Component;

/// Gets everything; what this machine cannot have is said, and the rest is got all the same.
#[derive(Args)]
pub(crate) struct Fetch {}

impl Fetch {
    pub(crate) async fn run(self) -> Result<()> {
        let mut missing = 0;
        for component in Component::ALL {
            if let Err(error) = secretwire_lab::fetch(&BTreeSet::from([component])).await {
                missing += 1;
                eprintln!("lab: SKIPPED {component:?}: {error:#}");
            }
        }
        match missing {
            0 => {
                eprintln!("lab: everything is there");
                Ok(())
            }
            _ => bail!(
                "{missing} of {} parts are missing; the lines above say why",
                Component::ALL.len()
            ),
        }
    }
}
