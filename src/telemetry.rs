//! Logging.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, fmt};

use crate::args::LogFormat;

/// Levels by name; VSO's chart also writes `debug-extended`, and numbers.
const LEVELS: [(&str, &str); 9] = [
    ("off", "off"),
    ("error", "error"),
    ("warn", "warn"),
    ("info", "info"),
    ("debug", "debug"),
    ("debug-extended", "debug"),
    ("trace", "trace"),
    ("5", "debug"),
    ("6", "trace"),
];

/// A level, or a filter by module, as the log understands it.
pub(crate) fn filter(text: &str) -> Result<String, String> {
    if let Some((_, level)) = LEVELS.iter().find(|(name, _)| *name == text) {
        return Ok((*level).to_owned());
    }
    let is_filter = text.contains('=') && EnvFilter::try_new(text).is_ok();
    if is_filter {
        return Ok(text.to_owned());
    }
    Err(
        "write error, warn, info, debug or trace, or a filter such as secretwire=debug,info"
            .to_owned(),
    )
}

/// Starts logging to standard error, by a filter that [`filter`] made.
pub(crate) fn start(filter: &str, format: LogFormat) {
    let builder = fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_ansi(stderr().is_terminal())
        .with_writer(stderr);
    match format {
        LogFormat::Console => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_level_is_refused_and_not_taken_for_a_module() {
        assert_eq!(filter("debug-extended").as_deref(), Ok("debug"));
        assert_eq!(
            filter("secretwire=trace,info").as_deref(),
            Ok("secretwire=trace,info")
        );
        assert!(filter("loud").unwrap_err().contains("trace"));
        assert!(filter("secretwire=loud").is_err());
    }
}
