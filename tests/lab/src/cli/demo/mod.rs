//! `secretwire-lab demo`

mod acts;
mod cluster;
mod given;
mod interruption;
mod kubeconfig;
mod overlay;
mod own;
mod screen;
mod stage;
mod story;
mod vault;

use std::{future::pending, path::PathBuf, process, time::Duration};

use anyhow::{Result, anyhow};
use clap::{Args, builder::FalseyValueParser};
use secretwire_lab::OperatorProcess;

use given::Given;
use interruption::Interruption;
use own::Own;
use screen::Screen;
use stage::{Operator, Stage};

const ENVIRONMENT: &str = "\
With both KUBECONFIG and VAULT_ADDR set it uses those servers, makes things of its own there, and removes them at
the end. VAULT_TOKEN is needed then; VAULT_NAMESPACE, VAULT_CACERT and VAULT_AUTH_MOUNT (default: kubernetes) are
heeded. DEMO_WEBHOOK_HOST is this machine's IP address as the API server sees it, where that is not the one by
which this machine reaches the API server.";
/// Longer than anybody watches.
const FOR_EVER: Duration = Duration::from_hours(24 * 365);
/// As a shell tells of a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Tells the story of a secret, on real servers, as it happens.
///
/// Starts servers for it, or uses those that the environment names.
#[derive(Args)]
#[command(after_help = ENVIRONMENT)]
pub(crate) struct Demo {
    /// End with the story: with 0 if every step was seen
    #[arg(long, env = "ONCE", value_parser = FalseyValueParser::new())]
    once: bool,
    /// Leave out the node of an own cluster, which runs pods
    #[arg(long)]
    without_node: bool,
    /// The operator's executable; else the one beside this program
    #[arg(long, env = "SECRETWIRE_BIN")]
    operator: Option<PathBuf>,
}

/// How it ended.
enum End {
    Told,
    Interrupted,
    Failed(anyhow::Error),
}

impl Demo {
    /// Ends the process: whatever still runs in the background is not waited for.
    pub(crate) async fn run(self) -> Result<()> {
        let mut interruption = Interruption::watch()?;
        let screen = Screen::new();
        let operator = Operator::find(self.operator.as_deref())?;
        let mut servers = match Given::by_environment(operator)? {
            Ok(given) => Servers::Given(Box::new(given)),
            Err(operator) => Servers::Own(Box::new(Own::new(operator, !self.without_node))),
        };
        let mut stage = None;
        let mut told = false;
        let end = tokio::select! {
            result = self.perform(&screen, &mut servers, &mut stage, &mut told) => match result {
                Ok(()) => End::Told,
                Err(error) => End::Failed(error),
            },
            () = interruption.came() => End::Interrupted,
        };
        if let End::Failed(error) = &end {
            screen.failed(&describe(error, stage.as_ref()));
        }
        let code = match end {
            End::Told => 0,
            End::Interrupted if told => 0,
            End::Interrupted => INTERRUPTED,
            End::Failed(_) => 1,
        };
        if matches!(end, End::Interrupted) {
            screen.say("\n  Stopping what was started; Ctrl-C again kills it.");
        }
        tokio::select! {
            stopped = servers.stop(stage, code == 1) => if let Err(error) = stopped {
                screen.failed(&format!("{error:#}"));
                process::exit(1);
            },
            () = interruption.insisted() => {}
        }
        process::exit(code)
    }

    async fn perform(
        &self,
        screen: &Screen,
        servers: &mut Servers,
        place: &mut Option<Stage>,
        told: &mut bool,
    ) -> Result<()> {
        screen.title("Secretwire: secrets from Vault into pods, live");
        let stage = place.insert(Box::pin(servers.prepare(screen)).await?);
        Box::pin(servers.install(screen, stage)).await?;
        let alive = async {
            let Some(operator) = servers.operator() else {
                return pending().await;
            };
            match operator.wait(FOR_EVER).await {
                Ok(status) => anyhow!(
                    "Secretwire ended with {status}; see {}",
                    operator.log_path().display()
                ),
                Err(error) => error,
            }
        };
        let show = async {
            Box::pin(story::tell(screen, stage)).await?;
            *told = true;
            if self.once {
                screen.say("\n  Every step of the story was seen.");
                return Ok(());
            }
            screen.say(&ending(stage));
            pending().await
        };
        tokio::select! {
            result = show => result,
            error = alive => Err(error),
        }
    }
}

/// Where the story plays.
enum Servers {
    Own(Box<Own>),
    Given(Box<Given>),
}

impl Servers {
    async fn prepare(&mut self, screen: &Screen) -> Result<Stage> {
        match self {
            Self::Own(own) => Box::pin(own.prepare(screen)).await,
            Self::Given(given) => given.prepare(screen).await,
        }
    }

    async fn install(&mut self, screen: &Screen, stage: &Stage) -> Result<()> {
        match self {
            Self::Own(own) => own.install(screen, stage).await,
            Self::Given(given) => given.install(screen, stage).await,
        }
    }

    fn operator(&self) -> Option<&OperatorProcess> {
        match self {
            Self::Own(own) => own.operator(),
            Self::Given(given) => given.operator(),
        }
    }

    async fn stop(self, stage: Option<Stage>, failed: bool) -> Result<()> {
        match self {
            Self::Own(own) => own.stop(failed).await,
            Self::Given(given) => given.stop(stage.as_ref(), failed).await,
        }
    }
}

/// What was awaited and what was seen is in the error.
fn describe(error: &anyhow::Error, stage: Option<&Stage>) -> String {
    match stage {
        Some(stage) => format!("{error:#}\nlogs: {}", stage.folder.display()),
        None => format!("{error:#}"),
    }
}

/// What to try next.
fn ending(stage: &Stage) -> String {
    let kubeconfig = stage.kubeconfig.display();
    let (kv, tools) = (&stage.names.kv, stage.tools());
    let vault = if stage.own_servers {
        stage.vault.exports()
    } else {
        String::new()
    };
    format!(
        "
  It stays up until Ctrl-C. In another shell:

      export KUBECONFIG={kubeconfig}{vault}{tools}

      kubectl get vaultstaticsecrets,secrets,pods
      bao kv put {kv}/production/db username=app password=third      # then watch: kubectl get pods --watch
      kubectl delete secret db-secret; kubectl get secret db-secret    # it is back
      kubectl describe pod worker                                      # what was done to it, and why it waited
      tail -f {log}",
        log = stage.operator_log.display(),
    )
}
