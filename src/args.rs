//! The command line, and the one place that reads the environment.

use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum, error::ErrorKind};
use secretwire_core::backoff::Backoff;

use crate::settings::{
    GlobalTransformationOptions, Settings, SettingsError, WebhookEndpoint, at_least, bind_address,
    check_vault_auth_options, go_duration, share,
};

/// Secrets from Vault or OpenBao into Kubernetes workloads.
///
/// Serves the resources of the Vault Secrets Operator (secrets.hashicorp.com/v1beta1)
/// and wires workloads that carry secretwire.dev/… annotations.
#[derive(Debug, Parser)]
#[command(
    name = "secretwire",
    version,
    max_term_width = 100,
    args_override_self = true
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the controller and the admission webhook.
    Run(Box<RunArgs>),
    /// Print what `kubectl apply -f -` needs to install Secretwire.
    Manifests(ManifestsArgs),
    /// Show what a VaultStaticSecret would produce, without a cluster and without Vault.
    Render(RenderArgs),
    /// Print the version.
    Version,
}

/// What `manifests` takes.
#[derive(Debug, Args)]
pub(crate) struct ManifestsArgs {
    /// Print the CustomResourceDefinitions only.
    #[arg(long)]
    pub(crate) crds: bool,
    /// Namespace to install into.
    #[arg(long, default_value = "secretwire-system")]
    pub(crate) namespace: String,
    /// Register the webhook by this URL instead of by Service, for an operator outside the cluster.
    #[arg(long)]
    pub(crate) webhook_url: Option<String>,
}

/// What `render` takes. Values are printed: they are those that the user gave.
#[derive(Debug, Args)]
pub(crate) struct RenderArgs {
    /// YAML with VaultStaticSecrets and the SecretTransformations that they name; `-` is standard input.
    pub(crate) file: PathBuf,
    /// JSON of what Vault answers: the object `data` (KV v2: with `data` and `metadata` inside), or all of it; `-` is
    /// standard input. Without it the secret is taken to be empty.
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,
    /// The VaultStaticSecret to show, with its namespace where several have that name; all of them when omitted.
    #[arg(long, value_name = "[NAMESPACE/]NAME")]
    pub(crate) name: Option<String>,
    /// Namespace of resources that name none.
    #[arg(short, long, default_value = "default")]
    pub(crate) namespace: String,
    /// Print the data of one Secret as Kubernetes has it.
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<DataFormat>,
    /// As for `run`: exclude-raw.
    #[arg(long, default_value = "")]
    pub(crate) global_transformation_options: String,
}

/// Formats of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataFormat {
    /// One JSON object.
    Json,
}

/// What `run` takes: the flags of the Vault Secrets Operator, and its own.
///
/// One dash works as two do. A VSO_* variable that is set wins over its flag.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Kubeconfig file; else KUBECONFIG, else the pod's ServiceAccount.
    #[arg(long, help_heading = "Cluster")]
    kubeconfig: Option<PathBuf>,
    /// Namespaces to serve, separated by commas; all when empty.
    #[arg(long, value_delimiter = ',', help_heading = "Cluster")]
    watch_namespaces: Vec<String>,
    /// Create or update the CustomResourceDefinitions at start.
    #[arg(long, help_heading = "Cluster", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true")]
    install_crds: bool,
    /// Let one replica lead, by a Lease; admission is served by every replica.
    #[arg(long, help_heading = "Cluster", num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true", action = clap::ArgAction::Set)]
    leader_elect: bool,

    /// Where admission is served; empty turns it off.
    #[arg(long, default_value = ":9443", help_heading = "Admission")]
    webhook_bind_address: String,
    /// Register the webhook by this URL instead of by Service.
    #[arg(long, help_heading = "Admission")]
    webhook_url: Option<String>,
    /// Name of the Service in the operator's namespace that leads to the webhook.
    #[arg(long, default_value = "secretwire-webhook", help_heading = "Admission")]
    webhook_service: String,
    /// Prefix of the annotations, labels and gates.
    #[arg(long, default_value = "secretwire.dev", help_heading = "Admission")]
    annotation_prefix: String,

    /// Where metrics are served; empty turns them off.
    #[arg(long, default_value = ":8080", help_heading = "Operation")]
    metrics_bind_address: String,
    /// Where /healthz and /readyz are served.
    #[arg(long, default_value = ":8081", help_heading = "Operation")]
    health_probe_bind_address: String,
    /// Resources of a kind that are worked on at the same time.
    #[arg(long, default_value_t = 100, help_heading = "Operation")]
    max_concurrent_reconciles: u16,
    /// Options for all transformations, separated by commas: exclude-raw.
    #[arg(long, default_value = "", help_heading = "Operation")]
    global_transformation_options: String,
    /// Options for all VaultAuths, separated by commas: allow-default-globals.
    #[arg(
        long,
        default_value = "allow-default-globals",
        help_heading = "Operation"
    )]
    global_vault_auth_options: String,

    /// Wait after the first failed read.
    #[arg(long, default_value = "5s", value_parser = go_duration, help_heading = "Back-off on failed reads")]
    backoff_initial_interval: Duration,
    /// Longest wait between reads that fail.
    #[arg(long, default_value = "60s", value_parser = go_duration, help_heading = "Back-off on failed reads")]
    backoff_max_interval: Duration,
    /// Give up after failing for this long; 0s never gives up.
    #[arg(long, default_value = "0s", value_parser = go_duration, help_heading = "Back-off on failed reads")]
    backoff_max_elapsed_time: Duration,
    /// Share by which a wait is made longer or shorter at random.
    #[arg(long, default_value_t = 0.5, help_heading = "Back-off on failed reads")]
    backoff_randomization_factor: f64,
    /// What each wait is longer than the one before.
    #[arg(long, default_value_t = 1.5, help_heading = "Back-off on failed reads")]
    backoff_multiplier: f64,

    /// Logging: error, warn, info, debug or trace, or a filter such as secretwire=debug.
    #[arg(
        long,
        alias = "log-level",
        default_value = "info",
        value_parser = crate::telemetry::filter,
        help_heading = "Logging"
    )]
    zap_log_level: String,
    /// Format of the log.
    #[arg(long, value_enum, default_value_t = LogFormat::Console, help_heading = "Logging")]
    zap_encoder: LogFormat,

    #[command(flatten)]
    accepted: AcceptedArgs,
}

/// Flags that installations of VSO set and that have nothing to steer here.
#[derive(Debug, Args)]
struct AcceptedArgs {
    /// Accepted for compatibility: sessions are few and never evicted.
    #[arg(long, help_heading = "Accepted for compatibility, without effect")]
    client_cache_size: Option<u64>,
    /// Accepted for compatibility.
    #[arg(
        long,
        help_heading = "Accepted for compatibility, without effect",
        allow_hyphen_values = true
    )]
    client_cache_num_locks: Option<i64>,
    /// Accepted for compatibility: Vault tokens are kept in memory only.
    #[arg(long, help_heading = "Accepted for compatibility, without effect")]
    client_cache_persistence_model: Option<String>,
    /// Accepted for compatibility.
    #[arg(long, help_heading = "Accepted for compatibility, without effect")]
    max_concurrent_reconciles_vds: Option<u16>,
    /// Accepted for compatibility: idle resources make no API calls to limit.
    #[arg(long, help_heading = "Accepted for compatibility, without effect")]
    kube_client_qps: Option<f64>,
    /// Accepted for compatibility.
    #[arg(long, help_heading = "Accepted for compatibility, without effect")]
    kube_client_burst: Option<u64>,
    /// Accepted for compatibility.
    #[arg(long, help_heading = "Accepted for compatibility, without effect")]
    min_refresh_after_hvsa: Option<String>,
    /// Accepted for compatibility.
    #[arg(long, help_heading = "Accepted for compatibility, without effect")]
    zap_time_encoding: Option<String>,
    /// Accepted for compatibility.
    #[arg(long, help_heading = "Accepted for compatibility, without effect")]
    zap_stacktrace_level: Option<String>,
    /// Accepted for compatibility.
    #[arg(long, help_heading = "Accepted for compatibility, without effect", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    zap_devel: Option<bool>,
}

impl AcceptedArgs {
    /// What should be said at start, as someone may rely on it.
    fn warnings(&self) -> Vec<String> {
        let model = self.client_cache_persistence_model.as_deref();
        model
            .filter(|model| !matches!(*model, "" | "none"))
            .map(|model| {
                format!("client-cache-persistence-model {model}: tokens are kept in memory only")
            })
            .into_iter()
            .collect()
    }
}

/// Formats of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One line a message, for people.
    Console,
    /// One JSON object a message.
    Json,
}

/// Environment variables and the flags that they override, as in VSO.
const VARIABLES: [(&str, &str); 13] = [
    ("VSO_CLIENT_CACHE_SIZE", "client-cache-size"),
    ("VSO_CLIENT_CACHE_NUM_LOCKS", "client-cache-num-locks"),
    (
        "VSO_CLIENT_CACHE_PERSISTENCE_MODEL",
        "client-cache-persistence-model",
    ),
    ("VSO_MAX_CONCURRENT_RECONCILES", "max-concurrent-reconciles"),
    (
        "VSO_GLOBAL_TRANSFORMATION_OPTIONS",
        "global-transformation-options",
    ),
    ("VSO_GLOBAL_VAULT_AUTH_OPTIONS", "global-vault-auth-options"),
    ("VSO_BACKOFF_INITIAL_INTERVAL", "backoff-initial-interval"),
    ("VSO_BACKOFF_MAX_INTERVAL", "backoff-max-interval"),
    ("VSO_BACKOFF_MAX_ELAPSED_TIME", "backoff-max-elapsed-time"),
    (
        "VSO_BACKOFF_RANDOMIZATION_FACTOR",
        "backoff-randomization-factor",
    ),
    ("VSO_BACKOFF_MULTIPLIER", "backoff-multiplier"),
    ("VSO_KUBE_CLIENT_QPS", "kube-client-qps"),
    ("VSO_KUBE_CLIENT_BURST", "kube-client-burst"),
];

/// What the process was started with.
pub(crate) struct Invocation {
    /// Arguments, the program's name first.
    pub(crate) arguments: Vec<OsString>,
    /// Looks up an environment variable.
    pub(crate) variable: fn(&str) -> Option<String>,
}

impl Invocation {
    /// Of this process.
    pub(crate) fn of_process() -> Self {
        Self {
            arguments: std::env::args_os().collect(),
            variable: |name| std::env::var(name).ok().filter(|value| !value.is_empty()),
        }
    }

    /// Parses the command line.
    pub(crate) fn parse(&self) -> Result<Cli, clap::Error> {
        let cli = Cli::try_parse_from(self.normalized())?;
        match &cli.command {
            Command::Render(render) if render.reads_standard_input_twice() => Err(Cli::command()
                .error(
                    ErrorKind::ArgumentConflict,
                    "FILE and --data cannot both be `-`",
                )),
            _ => Ok(cli),
        }
    }

    /// Go's flags take one dash or two; and VSO's variables win over its flags.
    fn normalized(&self) -> Vec<OsString> {
        if self.arguments.get(1).is_none_or(|command| command != "run") {
            return self.arguments.clone();
        }
        let mut arguments: Vec<OsString> = self
            .arguments
            .iter()
            .map(|argument| match argument.to_str() {
                Some(text) if is_go_style(text) => OsString::from(format!("-{text}")),
                _ => argument.clone(),
            })
            .collect();
        for (variable, flag) in VARIABLES {
            if let Some(value) = (self.variable)(variable) {
                arguments.push(format!("--{flag}={value}").into());
            }
        }
        arguments
    }
}

/// `-metrics-bind-address=…`, but neither `-h` nor a number.
fn is_go_style(argument: &str) -> bool {
    let name = argument.strip_prefix('-').unwrap_or_default();
    name.len() > 1 && name.starts_with(|c: char| c.is_ascii_lowercase())
}

impl RenderArgs {
    fn reads_standard_input_twice(&self) -> bool {
        let standard_input = Path::new("-");
        self.file == standard_input && self.data.as_deref() == Some(standard_input)
    }
}

impl RunArgs {
    /// The typed settings. Fails on values that no single flag's parser can judge.
    pub(crate) fn settings(
        self,
        variable: fn(&str) -> Option<String>,
    ) -> Result<Settings, SettingsError> {
        check_vault_auth_options(&self.global_vault_auth_options)?;
        let webhook_bind_address =
            optional_address("webhook-bind-address", &self.webhook_bind_address)?;
        Ok(Settings {
            kubeconfig: self.kubeconfig,
            watch_namespaces: self
                .watch_namespaces
                .into_iter()
                .filter(|n| !n.is_empty())
                .collect(),
            install_crds: self.install_crds,
            leader_elect: self.leader_elect,
            operator_namespace: operator_namespace(variable),
            identity: identity(variable),
            webhook_bind_address,
            webhook_endpoint: match self.webhook_url {
                Some(url) => WebhookEndpoint::Url(url),
                None => WebhookEndpoint::Service(self.webhook_service),
            },
            annotation_prefix: self.annotation_prefix.trim_end_matches('/').to_owned(),
            metrics_bind_address: optional_address(
                "metrics-bind-address",
                &self.metrics_bind_address,
            )?,
            health_probe_bind_address: optional_address(
                "health-probe-bind-address",
                &self.health_probe_bind_address,
            )?,
            max_concurrent_reconciles: self.max_concurrent_reconciles.max(1),
            transformation: GlobalTransformationOptions::parse(
                &self.global_transformation_options,
            )?,
            backoff: Backoff {
                initial: self.backoff_initial_interval,
                max: self.backoff_max_interval,
                multiplier: at_least(
                    "backoff-multiplier",
                    self.backoff_multiplier,
                    f64::MIN_POSITIVE,
                )?,
                randomization: share(
                    "backoff-randomization-factor",
                    self.backoff_randomization_factor,
                )?,
                max_elapsed: self.backoff_max_elapsed_time,
            },
            log_filter: self.zap_log_level,
            log_format: self.zap_encoder,
            warnings: self.accepted.warnings(),
        })
    }
}

fn optional_address(flag: &'static str, text: &str) -> Result<Option<SocketAddr>, SettingsError> {
    if text.is_empty() || text == "0" {
        Ok(None)
    } else {
        bind_address(flag, text).map(Some)
    }
}

/// File that tells a pod its namespace.
const NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

fn operator_namespace(variable: fn(&str) -> Option<String>) -> String {
    std::fs::read_to_string(NAMESPACE_FILE)
        .ok()
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .or_else(|| variable("OPERATOR_NAMESPACE"))
        .unwrap_or_else(|| "default".to_owned())
}

/// Tells this process from its replicas and predecessors.
fn identity(variable: fn(&str) -> Option<String>) -> String {
    let host = variable("OPERATOR_POD_NAME")
        .or_else(|| variable("HOSTNAME"))
        .unwrap_or_else(|| "secretwire".to_owned());
    let unique = variable("OPERATOR_POD_UID").unwrap_or_else(|| std::process::id().to_string());
    format!("{host}_{unique}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str], variable: fn(&str) -> Option<String>) -> Result<Cli, clap::Error> {
        Invocation {
            arguments: arguments.iter().map(OsString::from).collect(),
            variable,
        }
        .parse()
    }

    fn settings(arguments: &[&str], variable: fn(&str) -> Option<String>) -> Settings {
        match parse(arguments, variable).unwrap().command {
            Command::Run(run) => run.settings(variable).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn one_dash_and_go_booleans_are_understood() {
        let settings = settings(
            &[
                "secretwire",
                "run",
                "-leader-elect=false",
                "-backoff-max-interval",
                "1m30s",
            ],
            none,
        );
        assert!(!settings.leader_elect);
        assert_eq!(settings.backoff.max, Duration::from_secs(90));
    }

    #[test]
    fn a_variable_of_vso_wins_over_its_flag() {
        let settings = settings(
            &["secretwire", "run", "--max-concurrent-reconciles", "7"],
            |name| (name == "VSO_MAX_CONCURRENT_RECONCILES").then(|| "9".to_owned()),
        );
        assert_eq!(settings.max_concurrent_reconciles, 9);
    }

    #[test]
    fn unknown_flags_and_values_are_refused_with_the_valid_ones_named() {
        let error = parse(&["secretwire", "run", "--webhook-bind-adress=:1"], none).unwrap_err();
        assert!(
            error.to_string().contains("--webhook-bind-address"),
            "{error}"
        );
        let error = parse(&["secretwire", "run", "--zap-encoder=xml"], none).unwrap_err();
        assert!(error.to_string().contains("console, json"), "{error}");
    }

    #[test]
    fn both_inputs_of_render_cannot_be_standard_input() {
        let error = parse(&["secretwire", "render", "-", "--data", "-"], none).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(parse(&["secretwire", "render", "a", "--data=-", "-ojson"], none).is_ok());
    }

    #[test]
    fn an_empty_address_turns_a_server_off() {
        let settings = settings(&["secretwire", "run", "--webhook-bind-address="], none);
        assert_eq!(settings.webhook_bind_address, None);
    }
}
