//! Compares the template engine with Go's; see the library.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};
use secretwire_gotemplate_fuzz::differential::{self, Source};
use secretwire_gotemplate_fuzz::{Case, Oracle, corpus, crash, speed};

/// Compares the template engine with Go's, and tries to crash it.
#[derive(Debug, Parser)]
struct Args {
    /// How long to fuzz.
    #[arg(long, global = true, default_value_t = 60)]
    seconds: u64,
    /// The same seed gives the same cases; one of chance if not given.
    #[arg(long, global = true)]
    seed: Option<u64>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare random templates with Go's own engine.
    Differential {
        /// Compare how damaged templates of the corpus parse, instead.
        #[arg(long)]
        damaged: bool,
        /// Kinds of disagreement to gather before giving up.
        #[arg(long, default_value_t = 10)]
        finds: usize,
    },
    /// Throw damaged templates of the corpus at the engine.
    Crash {
        /// The number of the first case.
        #[arg(long, default_value_t = 0)]
        from: u64,
    },
    /// Time both engines in turn; for a release build.
    Speed {
        /// How often each has its turn.
        #[arg(long, default_value_t = 9)]
        turns: usize,
        /// How often a turn does the work.
        #[arg(long, default_value_t = 2_000)]
        rounds: u32,
        /// Where the table is written to; printed only when not given.
        #[arg(long)]
        output: Option<PathBuf>,
    },
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let seed = args.seed.unwrap_or_else(|| u64::from(fastrand::u32(..)));
    let time = Duration::from_secs(args.seconds);
    let clean = match args.command {
        Command::Differential { damaged, finds } => {
            let source = if damaged {
                Source::Damaged(cases()?)
            } else {
                Source::Grammar
            };
            compare(source, seed, differential::Bounds { time, finds })?
        }
        Command::Crash { from } => try_to_crash(seed, crash::Bounds { from, time })?,
        Command::Speed {
            turns,
            rounds,
            output,
        } => {
            let comparison = speed::compare(&Oracle::build()?, turns, rounds)?.to_string();
            print!("{comparison}");
            if let Some(path) = output {
                fs::write(path, comparison)?;
            }
            true
        }
    };
    Ok(if clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn compare(source: Source, seed: u64, bounds: differential::Bounds) -> Result<bool> {
    let oracle = Oracle::build()?;
    println!("differential: seed {seed}, {:?}", bounds.time);
    let tally = differential::run(&oracle, source, seed, bounds)?;
    for find in &tally.finds {
        println!("\n{find}");
    }
    println!(
        "{} cases compared, {}; {} rendered; {} refused by the oracle",
        tally.compared,
        rate(tally.compared, tally.taken),
        percent(tally.rendered, tally.compared),
        tally.refused,
    );
    for (why, times) in &tally.deviations {
        println!("known deviation, {times} times: {why}");
    }
    let agreeing = tally.compared - tally.disagreements;
    println!("{} agree", percent(agreeing, tally.compared));
    Ok(tally.disagreements == 0)
}

fn try_to_crash(seed: u64, bounds: crash::Bounds) -> Result<bool> {
    let current = env::temp_dir().join(format!("gotemplate-fuzz-{seed}.txt"));
    println!(
        "crash: seed {seed}, {:?}; the case under way is in {}",
        bounds.time,
        current.display()
    );
    let tally = crash::run(cases()?, seed, bounds, &current)?;
    let all = tally.rendered + tally.failed;
    println!(
        "{all} cases, {}; {} rendered; the slowest took {:?}; memory grew by {} MiB",
        rate(all, tally.taken),
        percent(tally.rendered, all),
        tally.slowest,
        tally.growth >> 20,
    );
    if let Some(crash) = &tally.crash {
        println!("\ncase {} of seed {seed}:\n{crash}", crash.number);
    }
    Ok(tally.crash.is_none())
}

fn cases() -> Result<Vec<Case>> {
    let corpus = corpus()?;
    Ok(corpus.into_iter().map(|answered| answered.case).collect())
}

fn rate(cases: usize, taken: Duration) -> String {
    let a_minute = cases as u128 * 60_000 / taken.as_millis().max(1);
    format!("{a_minute} a minute")
}

/// Rounded down: all is only said when it is all.
fn percent(part: usize, whole: usize) -> String {
    let millis = part as u128 * 100_000 / whole.max(1) as u128;
    format!("{}.{:03} %", millis / 1000, millis % 1000)
}
