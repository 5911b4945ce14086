//! Logging.

use tracing_subscriber::{EnvFilter, filter::ParseError, fmt};

use crate::args::LogFormat;

/// VSO's chart also knows `debug-extended` and `trace`, and numbers.
fn directive(level: &str) -> &str {
    match level {
        "debug-extended" | "5" => "debug",
        "6" => "trace",
        other => other,
    }
}

/// Starts logging to standard error.
pub(crate) fn start(filter: &str, format: LogFormat) -> Result<(), ParseError> {
    let filter = EnvFilter::try_new(directive(filter))?;
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Console => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}
