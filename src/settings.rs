//! What the operator runs with: parsed and checked, so nothing later reads strings.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use secretwire_core::backoff::Backoff;

use crate::args::LogFormat;

/// Everything `run` is steered by.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Kubeconfig file, where one was named.
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Namespaces to serve; empty means all.
    pub(crate) watch_namespaces: Vec<String>,
    /// Apply the CRDs at start.
    pub(crate) install_crds: bool,
    /// Take part in leader election.
    pub(crate) leader_elect: bool,
    /// The operator's own namespace.
    pub(crate) operator_namespace: String,
    /// Tells this process from its replicas.
    pub(crate) identity: String,
    /// Where admission is served; None: not at all.
    pub(crate) webhook_bind_address: Option<SocketAddr>,
    /// How the API server reaches admission.
    pub(crate) webhook_endpoint: WebhookEndpoint,
    /// Prefix of annotations, labels and gates, without the slash.
    pub(crate) annotation_prefix: String,
    /// Where metrics are served.
    pub(crate) metrics_bind_address: Option<SocketAddr>,
    /// Where probes are served.
    pub(crate) health_probe_bind_address: Option<SocketAddr>,
    /// Resources of a kind worked on at the same time.
    pub(crate) max_concurrent_reconciles: u16,
    /// Options for all transformations.
    pub(crate) transformation: GlobalTransformationOptions,
    /// Waits after failed reads.
    pub(crate) backoff: Backoff,
    /// What is logged.
    pub(crate) log_filter: String,
    /// How it is logged.
    pub(crate) log_format: LogFormat,
    /// What should be said at start.
    pub(crate) warnings: Vec<String>,
}

/// How the API server reaches admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WebhookEndpoint {
    /// Through this Service in the operator's namespace.
    Service(String),
    /// By this URL.
    Url(String),
}

/// A flag's value that does not work. Names the flag and what would.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingsError {
    /// Not an address to listen on.
    #[error(
        "--{flag} {value:?} is no address: write `:PORT`, `HOST:PORT`, or nothing to turn it off"
    )]
    Address {
        /// The flag.
        flag: &'static str,
        /// Its value.
        value: String,
    },
    /// Not an option of this list.
    #[error("--{flag} has no option {value:?}; valid: {valid}")]
    Option {
        /// The flag.
        flag: &'static str,
        /// The unknown option.
        value: String,
        /// Those there are.
        valid: &'static str,
    },
    /// A number outside its range.
    #[error("--{flag} {value} is out of range: {valid}")]
    Range {
        /// The flag.
        flag: &'static str,
        /// Its value.
        value: String,
        /// The range.
        valid: &'static str,
    },
}

/// Options for all transformations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GlobalTransformationOptions {
    /// Leave `_raw` out of every Secret.
    pub(crate) exclude_raw: bool,
}

impl GlobalTransformationOptions {
    /// Parses the comma-separated list.
    pub(crate) fn parse(list: &str) -> Result<Self, SettingsError> {
        let mut options = Self::default();
        for option in items(list) {
            match option {
                "exclude-raw" => options.exclude_raw = true,
                other => {
                    return Err(SettingsError::Option {
                        flag: "global-transformation-options",
                        value: other.to_owned(),
                        valid: "exclude-raw",
                    });
                }
            }
        }
        Ok(options)
    }
}

/// Checks the options for all VaultAuths; they steer VaultAuthGlobal, which is not served yet.
pub(crate) fn check_vault_auth_options(list: &str) -> Result<(), SettingsError> {
    const VALID: &str = "allow-default-globals";
    match items(list).find(|&option| option != VALID) {
        Some(other) => Err(SettingsError::Option {
            flag: "global-vault-auth-options",
            value: other.to_owned(),
            valid: VALID,
        }),
        None => Ok(()),
    }
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// An address to listen on; without a host, all of them.
pub(crate) fn bind_address(flag: &'static str, text: &str) -> Result<SocketAddr, SettingsError> {
    let full = if text.starts_with(':') {
        format!("0.0.0.0{text}")
    } else {
        text.replacen("localhost:", "127.0.0.1:", 1)
    };
    full.parse().map_err(|_| SettingsError::Address {
        flag,
        value: text.to_owned(),
    })
}

/// A number that is not below `least`.
pub(crate) fn at_least(flag: &'static str, value: f64, least: f64) -> Result<f64, SettingsError> {
    if value >= least && value.is_finite() {
        Ok(value)
    } else {
        Err(SettingsError::Range {
            flag,
            value: value.to_string(),
            valid: "greater than 0",
        })
    }
}

/// A number from 0 to 1.
pub(crate) fn share(flag: &'static str, value: f64) -> Result<f64, SettingsError> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(SettingsError::Range {
            flag,
            value: value.to_string(),
            valid: "0 to 1",
        })
    }
}

/// A duration as Go's flags take it, such as `1m30s` or `500ms`.
pub(crate) fn go_duration(text: &str) -> Result<Duration, String> {
    let invalid = || format!("{text:?} is no duration: write for example 90s, 1m30s or 500ms");
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .filter(|&end| end > 0)
            .ok_or_else(invalid)?;
        let number: f64 = rest[..digits].parse().map_err(|_| invalid())?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        seconds += number
            * match &rest[..unit] {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return Err(invalid()),
            };
        rest = &rest[unit..];
    }
    if text.is_empty() {
        return Err(invalid());
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_several_units_add_up() {
        assert_eq!(
            go_duration("1h1m1.5s"),
            Ok(Duration::from_millis(3_661_500))
        );
        assert_eq!(go_duration("500ms"), Ok(Duration::from_millis(500)));
        for text in ["", "s", "5", "1d", "-5s"] {
            assert!(go_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn unknown_global_options_name_the_valid_ones() {
        let error = GlobalTransformationOptions::parse("exclude-raw,no-raw").unwrap_err();
        assert!(error.to_string().contains("no-raw"));
        assert!(error.to_string().contains("valid: exclude-raw"));
    }

    #[test]
    fn addresses_may_leave_the_host_out() {
        assert_eq!(
            bind_address("f", ":9443").unwrap().to_string(),
            "0.0.0.0:9443"
        );
        assert!(bind_address("f", "9443").is_err());
    }
}
