//! Secrets from Vault into Kubernetes workloads: operator and admission webhook in one binary.

mod app;
mod args;
mod backoff;
mod certificates;
mod cli;
mod clock;
mod cluster;
mod controllers;
mod directory;
mod events;
#[cfg(test)]
mod fake_api;
mod hardening;
mod hmac_key;
mod leader;
mod manifests;
mod metrics;
mod probes;
mod settings;
mod sync;
mod telemetry;
mod vault;

use std::process::ExitCode;

use args::{Command, Invocation, RunArgs};

/// Wipes every allocation when it is freed: buffers of libraries hold secrets too.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// Exit code for arguments that do not work, as clap has it.
const WRONG_USE: u8 = 2;

fn main() -> ExitCode {
    let invocation = Invocation::of_process();
    let cli = match invocation.parse() {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let outcome = match cli.command {
        Command::Run(run_args) => run(*run_args, &invocation),
        Command::Manifests(options) => cli::manifests::print(&options),
        Command::Render(options) => cli::render::print(&options),
        Command::Version => {
            println!("secretwire {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("secretwire: {error:#}");
            if error.is::<settings::SettingsError>() {
                ExitCode::from(WRONG_USE)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

fn run(run_args: RunArgs, invocation: &Invocation) -> anyhow::Result<()> {
    hardening::forbid_core_dumps();
    let settings = run_args.settings(invocation.variable)?;
    telemetry::start(&settings.log_filter, settings.log_format);
    // Fails only when one is installed already, which then is this one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(app::run(settings))
}
