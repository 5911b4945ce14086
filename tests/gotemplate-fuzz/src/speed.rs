//! Times both engines on the same typical template set.

use std::fmt;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use secretwire_gotemplate::json::{self, Numbers};
use secretwire_gotemplate::{Limits, Set, Value};

use crate::case::Case;
use crate::oracle::Oracle;

/// The template set, which the oracle reads too.
const CASE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../gotemplate-oracle/bench.json"
);

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The set is parsed, then each template rendered: what a first sync costs.
    ParseAndRender,
    /// Each template of a set that was parsed before is rendered: what every later sync costs.
    Render,
}

impl Work {
    const ALL: [Self; 2] = [Self::ParseAndRender, Self::Render];

    const fn name(self) -> &'static str {
        match self {
            Self::ParseAndRender => "parse and render",
            Self::Render => "render, parsed before",
        }
    }
}

/// How long both engines take for the same work.
#[derive(Debug)]
pub struct Comparison {
    case: String,
    templates: usize,
    rounds: u32,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    work: Work,
    go: Timings,
    ours: Timings,
}

/// One time a turn, sorted.
#[derive(Debug)]
struct Timings(Vec<Duration>);

/// Times both in turn, `turns` times each, so that a machine that slows down slows down both.
pub fn compare(oracle: &Oracle, turns: usize, rounds: u32) -> Result<Comparison> {
    ensure!(turns > 0 && rounds > 0, "nothing to time");
    let case = Case::parse(&fs::read(Path::new(CASE))?)?;
    let mut rows = Vec::new();
    for work in Work::ALL {
        let (mut go, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..turns {
            go.push(go_time(oracle, work, rounds)?);
            ours.push(our_time(&case, work, rounds)?);
        }
        rows.push(Row {
            work,
            go: Timings::new(go),
            ours: Timings::new(ours),
        });
    }
    Ok(Comparison {
        templates: case.templates.len(),
        case: case.name,
        rounds,
        rows,
    })
}

fn go_time(oracle: &Oracle, work: Work, rounds: u32) -> Result<Duration> {
    let mut command = oracle.command("bench");
    command.args(["-n", &rounds.to_string()]);
    if work == Work::Render {
        command.arg("-parsed");
    }
    let output = command.output().context("running the oracle")?;
    ensure!(output.status.success(), "the oracle's bench failed");
    let Value::Map(fields) = json::parse(output.stdout.trim_ascii_end(), Numbers::Text)? else {
        bail!("the oracle's bench prints an object");
    };
    let nanos = fields.get(b"ns_per_op").context("ns_per_op is missing")?;
    let nanos = nanos.as_str().context("ns_per_op is a number")?.to_text();
    Ok(Duration::from_nanos(nanos.parse()?))
}

fn our_time(case: &Case, work: Work, rounds: u32) -> Result<Duration> {
    let data = case.value()?;
    let empty = case.options();
    let parsed = parse(case, &empty)?;
    let round = || -> Result<()> {
        match work {
            Work::ParseAndRender => render_all(case, &parse(case, &empty)?, &data),
            Work::Render => render_all(case, &parsed, &data),
        }
    };
    for _ in 0..rounds / 10 {
        round()?;
    }
    let started = Instant::now();
    for _ in 0..rounds {
        round()?;
    }
    Ok(started.elapsed() / rounds)
}

fn parse(case: &Case, empty: &Set) -> Result<Set> {
    let mut set = empty.clone();
    for template in &case.templates {
        set.parse(&template.name, &template.text)?;
    }
    Ok(set)
}

fn render_all(case: &Case, set: &Set, data: &Value) -> Result<()> {
    for template in &case.templates {
        black_box(set.render(&template.name, data, &Limits::default())?);
    }
    Ok(())
}

impl Timings {
    fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    fn median(&self) -> Duration {
        self.0[self.0.len() / 2]
    }

    fn fastest(&self) -> Duration {
        self.0[0]
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let turns = self.rows.first().map_or(0, |row| row.ours.0.len());
        writeln!(f, "# Templates\n")?;
        writeln!(
            f,
            "The {} templates of \"{}\", by `secretwire-gotemplate` and by Go's `text/template` with sprig in turn, {turns} \
             turns of {} rounds. Medians, with the fastest turn in parentheses. Go's parse includes that a new set takes \
             its functions by reflection, which has to be done for every set.\n",
            self.templates, self.case, self.rounds
        )?;
        writeln!(f, "| | ours, µs | Go, µs | ours / Go |")?;
        writeln!(f, "|---|---|---|---|")?;
        for row in &self.rows {
            let (ours, go) = (row.ours.median(), row.go.median());
            writeln!(
                f,
                "| {} | {:.1} ({:.1}) | {:.1} ({:.1}) | {:.2} |",
                row.work.name(),
                micros(ours),
                micros(row.ours.fastest()),
                micros(go),
                micros(row.go.fastest()),
                ours.as_secs_f64() / go.as_secs_f64(),
            )?;
        }
        Ok(())
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
