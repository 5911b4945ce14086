//! Throws damaged templates at our engine: it must not panic, hang or fill the memory.

use std::fmt;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use fastrand::Rng;
use secretwire_gotemplate::Limits;

use crate::case::Case;
use crate::mutate::Pool;
use crate::shrink;

/// Tight, so that a case that stays within them takes next to no time.
const LIMITS: Limits = Limits {
    output_bytes: 1 << 16,
    steps: 20_000,
    memory_bytes: 4 << 20,
    depth: 50,
    deadline: None,
};

/// Far more than [`LIMITS`] allow, even unoptimised and on a busy machine.
const MAX_TIME: Duration = Duration::from_secs(10);

/// How much the process may grow, with room for what allocators keep to themselves.
const MAX_GROWTH: u64 = 192 << 20;

/// The message of the last panic, which may have been on another thread.
static LAST_PANIC: Mutex<Option<String>> = Mutex::new(None);

/// What a run has seen.
#[derive(Debug)]
pub struct Tally {
    /// How long it ran.
    pub taken: Duration,
    /// Cases that were rendered.
    pub rendered: usize,
    /// Cases that failed as they should.
    pub failed: usize,
    /// The slowest case.
    pub slowest: Duration,
    /// How much the process has grown, in bytes, where that can be seen.
    pub growth: u64,
    /// What went wrong; nothing after it was tried.
    pub crash: Option<Crash>,
}

/// A case that brought the engine down.
#[derive(Debug)]
pub struct Crash {
    /// The number of the case in its run.
    pub number: u64,
    case: Case,
    what: String,
}

/// Where to begin and when to stop.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The number of the first case; every case depends only on the seed and its number.
    pub from: u64,
    /// How long to run.
    pub time: Duration,
}

/// Damages `cases` and renders them. The case under way is kept at `current`, for crashes that take
/// the process along.
pub fn run(cases: Vec<Case>, seed: u64, bounds: Bounds, current: &Path) -> Result<Tally> {
    panic::set_hook(Box::new(|info| {
        *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(info.to_string());
    }));
    let outcome = rounds(&Pool::new(cases), seed, bounds, current);
    drop(panic::take_hook());
    outcome
}

fn rounds(pool: &Pool, seed: u64, bounds: Bounds, current: &Path) -> Result<Tally> {
    let mut tally = Tally {
        taken: Duration::ZERO,
        rendered: 0,
        failed: 0,
        slowest: Duration::ZERO,
        growth: 0,
        crash: None,
    };
    let at_first = peak_memory();
    let began = Instant::now();
    let mut number = bounds.from;
    while tally.crash.is_none() && began.elapsed() < bounds.time {
        let case = pool.damaged(&mut Rng::with_seed(
            seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        ));
        fs::write(current, format!("# seed {seed} case {number}\n{case}"))
            .with_context(|| format!("writing {}", current.display()))?;
        let started = Instant::now();
        let outcome = attempt(&case)?;
        let taken = started.elapsed();
        tally.slowest = tally.slowest.max(taken);
        tally.growth = peak_memory().saturating_sub(at_first);
        let what = match outcome {
            Outcome::Panicked(message) => Some(message),
            _ if taken > MAX_TIME => Some(format!("took {taken:?}")),
            _ if tally.growth > MAX_GROWTH => Some(format!("grew by {} bytes", tally.growth)),
            Outcome::Rendered => {
                tally.rendered += 1;
                None
            }
            Outcome::Failed => {
                tally.failed += 1;
                None
            }
        };
        if let Some(what) = what {
            tally.crash = Some(Crash {
                number,
                case: minimise(case)?,
                what,
            });
        }
        number += 1;
    }
    tally.taken = began.elapsed();
    fs::remove_file(current)?;
    Ok(tally)
}

enum Outcome {
    Rendered,
    Failed,
    Panicked(String),
}

fn attempt(case: &Case) -> Result<Outcome> {
    let data = case.value()?;
    let render = || case.render(&data, &LIMITS);
    Ok(match panic::catch_unwind(AssertUnwindSafe(render)) {
        Ok(Ok(_)) => Outcome::Rendered,
        Ok(Err(error)) => {
            // Messages are built from the template, and so could panic too.
            let _ = (error.to_string(), error.exact());
            Outcome::Failed
        }
        Err(_) => {
            let message = LAST_PANIC
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            Outcome::Panicked(message.unwrap_or_default())
        }
    })
}

/// The smallest case that panics or is slow; one that used much memory stays as it is, as the peak
/// does not come down again.
fn minimise(case: Case) -> Result<Case> {
    shrink::shrink(case, |candidate| {
        let started = Instant::now();
        let outcome = attempt(candidate)?;
        Ok(matches!(outcome, Outcome::Panicked(_)) || started.elapsed() > MAX_TIME)
    })
}

/// The most memory this process ever held, in bytes; zero where there is no such file.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB"));
    peak.and_then(|peak| peak.parse::<u64>().ok())
        .map_or(0, |kibibytes| kibibytes << 10)
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n  {}", self.case, self.what)
    }
}
