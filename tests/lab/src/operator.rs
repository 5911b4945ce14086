//! The operator under test, as a process.

use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal};

use crate::{
    kubernetes::User,
    ports::Port,
    process::{Process, Program, Usage},
    tls,
    wait::{Probe, poll},
};

const READY: Duration = Duration::from_mins(1);
/// Longer than the drain of a well-behaved operator.
const STOP: Duration = Duration::from_secs(40);

/// How to run the operator.
#[derive(Clone, Debug)]
pub struct OperatorOptions {
    binary: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    user: User,
    webhook: Webhook,
    wait_ready: bool,
}

/// How the API server is to reach the operator's admission webhook.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Webhook {
    /// By URL on the loopback interface.
    Url,
    /// By URL at this address of this machine, for an API server elsewhere: it listens on all addresses.
    UrlAt(IpAddr),
    /// By the Service of the manifests: it listens on all addresses, and the test makes an `EndpointSlice` with
    /// [`Lab::host_address`](crate::Lab::host_address) and [`OperatorProcess::webhook_port`].
    Service,
    /// Not at all: admission is off.
    Off,
}

impl OperatorOptions {
    /// Runs `binary run`, as [`User::Operator`].
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let environment = [
            ("OPERATOR_NAMESPACE", User::OPERATOR_NAMESPACE),
            ("RUST_BACKTRACE", "1"),
        ];
        Self {
            binary: binary.into(),
            arguments: Vec::new(),
            environment: environment
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            user: User::Operator,
            webhook: Webhook::Url,
            wait_ready: true,
        }
    }

    /// One more argument, after the lab's own: of a flag given twice the last one counts only where the program says so.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// One more environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// What to log, as `RUST_LOG` says it.
    #[must_use]
    pub fn log_level(self, filter: impl Into<String>) -> Self {
        self.env("RUST_LOG", filter)
    }

    /// As whom it talks to the API server.
    #[must_use]
    pub fn user(mut self, user: User) -> Self {
        self.user = user;
        self
    }

    /// How its webhook is reached.
    #[must_use]
    pub fn webhook(mut self, webhook: Webhook) -> Self {
        self.webhook = webhook;
        self
    }

    /// Starts without waiting for readiness, for tests of what delays it.
    #[must_use]
    pub fn without_waiting(mut self) -> Self {
        self.wait_ready = false;
        self
    }

    pub(crate) fn identity(&self) -> &User {
        &self.user
    }
}

/// A running operator with its own ports. Dropping it kills it.
pub struct OperatorProcess {
    process: Mutex<Process>,
    pid: Pid,
    http: reqwest::Client,
    metrics: Port,
    health: Port,
    webhook: Port,
    log: PathBuf,
}

impl OperatorProcess {
    /// Starts an operator against any cluster, not only a lab's, as whom `kubeconfig` says and no matter as whom
    /// `options` say.
    ///
    /// # Errors
    /// It ended, or was not ready in time; the error quotes its log.
    pub async fn outside(
        options: &OperatorOptions,
        kubeconfig: &Path,
        log: PathBuf,
    ) -> Result<Self> {
        Self::start(options, kubeconfig, log, &tls::plain_http_client()?).await
    }

    pub(crate) async fn start(
        options: &OperatorOptions,
        kubeconfig: &Path,
        log: PathBuf,
        http: &reqwest::Client,
    ) -> Result<Self> {
        let (metrics, health, webhook) = (Port::reserve()?, Port::reserve()?, Port::reserve()?);
        let program = Program::new(&options.binary)
            .unproxied()
            .arg("run")
            .flag("kubeconfig", kubeconfig)
            .flag("metrics-bind-address", metrics.local())
            .flag("health-probe-bind-address", health.local());
        let program = match options.webhook {
            Webhook::Url => program
                .flag("webhook-bind-address", webhook.local())
                .flag("webhook-url", format!("https://{}", webhook.local())),
            Webhook::UrlAt(address) => {
                let reached = SocketAddr::new(address, webhook.number());
                program
                    .flag(
                        "webhook-bind-address",
                        format!("0.0.0.0:{}", webhook.number()),
                    )
                    .flag("webhook-url", format!("https://{reached}"))
            }
            Webhook::Service => program.flag(
                "webhook-bind-address",
                format!("0.0.0.0:{}", webhook.number()),
            ),
            Webhook::Off => program.flag("webhook-bind-address", ""),
        };
        let program = program.args(&options.arguments);
        let program = options
            .environment
            .iter()
            .fold(program, |program, (name, value)| program.env(name, value));
        let process = Process::spawn("the operator", &program, &log)?;
        let pid = process.pid();
        let operator = Self {
            process: Mutex::new(process),
            pid,
            http: http.clone(),
            metrics,
            health,
            webhook,
            log,
        };
        if options.wait_ready {
            operator.wait_ready(READY).await?;
        }
        Ok(operator)
    }

    /// Waits until `/readyz` says yes.
    ///
    /// # Errors
    /// It ended, or was not ready within `limit`.
    pub async fn wait_ready(&self, limit: Duration) -> Result<()> {
        let ready = poll("the operator to be ready", limit, || {
            let obituary = self.lock().obituary();
            async {
                if let Some(end) = obituary? {
                    return Err(end);
                }
                Ok(match self.readiness().await {
                    Ok(()) => Probe::Done(()),
                    Err(error) => Probe::NotYet(Some(format!("{error:#}"))),
                })
            }
        });
        ready
            .await
            .with_context(|| format!("see {}", self.log.display()))
    }

    /// One look at `/readyz`: an error says why it is not ready.
    ///
    /// # Errors
    /// It is not ready, or does not answer.
    pub async fn readiness(&self) -> Result<()> {
        let answer = self
            .http
            .get(format!("http://{}/readyz", self.health.local()))
            .send()
            .await?;
        if answer.status().is_success() {
            Ok(())
        } else {
            bail!("{}: {}", answer.status(), answer.text().await?)
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Kills it by SIGKILL and waits for its end.
    ///
    /// # Errors
    /// It does not end.
    pub async fn kill(&self) -> Result<()> {
        self.signal(Signal::KILL)?;
        self.wait(STOP).await.map(drop)
    }

    /// Asks it to end by SIGTERM and returns how it ended.
    ///
    /// # Errors
    /// It does not end in time.
    pub async fn terminate(&self) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.wait(STOP).await
    }

    /// Waits for its end. A death by signal shows as exit code 128 plus the signal.
    ///
    /// # Errors
    /// It has not ended within `limit`.
    pub async fn wait(&self, limit: Duration) -> Result<ExitStatus> {
        poll("the operator to end", limit, || {
            let exited = self.lock().exited();
            async move { Ok(exited?.map_or(Probe::NotYet(None), Probe::Done)) }
        })
        .await
    }

    /// Holds it still, as a process that gets no processor time: SIGSTOP.
    ///
    /// # Errors
    /// The signal cannot be sent.
    pub fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on after [`pause`](Self::pause).
    ///
    /// # Errors
    /// The signal cannot be sent.
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Its metrics, as text.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn metrics(&self) -> Result<String> {
        let answer = self
            .http
            .get(format!("http://{}/metrics", self.metrics.local()))
            .send()
            .await?;
        answer
            .error_for_status()?
            .text()
            .await
            .context("reading the operator's metrics")
    }

    /// What it has logged so far.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn log(&self) -> Result<String> {
        fs::read_to_string(&self.log).with_context(|| format!("reading {}", self.log.display()))
    }

    /// Its log file.
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// The port of its webhook.
    pub fn webhook_port(&self) -> u16 {
        self.webhook.number()
    }

    /// `127.0.0.1:PORT` of its metrics.
    pub fn metrics_addr(&self) -> String {
        self.metrics.local()
    }

    /// Processor time and memory so far.
    ///
    /// # Errors
    /// It ended.
    pub fn usage(&self) -> Result<Usage> {
        Usage::of(self.pid)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        self.lock().signal(signal)
    }

    fn lock(&self) -> MutexGuard<'_, Process> {
        // Nothing is half done inside, so a panic elsewhere does not matter.
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
