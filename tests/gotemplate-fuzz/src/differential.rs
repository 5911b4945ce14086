//! Gives random templates to both engines and compares.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use fastrand::Rng;

use crate::answer::Answer;
use crate::case::Case;
use crate::deviations;
use crate::mutate::Pool;
use crate::oracle::{Oracle, Serving};
use crate::shrink;
use crate::tokens;

/// How many cases the oracle may be ahead of us.
const AHEAD: usize = 256;

/// What a run has seen.
#[derive(Debug, Default)]
pub struct Tally {
    /// How long it ran.
    pub taken: Duration,
    /// Cases that both engines have answered.
    pub compared: usize,
    /// Those of them that rendered.
    pub rendered: usize,
    /// Cases the oracle took too long for.
    pub refused: usize,
    /// Known differences, by reason.
    pub deviations: BTreeMap<&'static str, usize>,
    /// Disagreements in all.
    pub disagreements: usize,
    /// The first of each kind, made small.
    pub finds: Vec<Find>,
}

/// A disagreement.
#[derive(Debug)]
pub struct Find {
    case: Case,
    go: Answer,
    ours: Answer,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How long to run.
    pub time: Duration,
    /// How many kinds of disagreement to gather.
    pub finds: usize,
}

/// Where cases come from.
#[derive(Debug)]
pub enum Source {
    /// The oracle's grammar: templates that mostly parse and often render.
    Grammar,
    /// Damaged versions of these, which are parsed only: not all would end in Go.
    Damaged(Vec<Case>),
}

/// What no template is called, so that a text that parses is not rendered.
const NOTHING: &str = "nothing";

/// Compares cases of `seed` within `bounds`.
pub fn run(oracle: &Oracle, source: Source, seed: u64, bounds: Bounds) -> Result<Tally> {
    let mut serving = oracle.serve()?;
    let stdin = serving.take_stdin()?;
    match source {
        Source::Grammar => {
            let (mut generator, lines) = generate(oracle, seed)?;
            let outcome = compare(oracle, &mut serving, &feed(lines, stdin), bounds);
            generator.kill()?;
            generator.wait()?;
            outcome
        }
        Source::Damaged(cases) => {
            let lines = damaged(Pool::new(cases), seed);
            compare(oracle, &mut serving, &feed(lines, stdin), bounds)
        }
    }
}

fn generate(oracle: &Oracle, seed: u64) -> Result<(Child, impl Iterator<Item = Vec<u8>> + use<>)> {
    let mut generator = oracle
        .command("fuzzgen")
        .args(["-seed", &seed.to_string(), "-count", &i64::MAX.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .context("running the generator")?;
    let lines = generator.stdout.take().context("stdout is piped")?;
    let lines = BufReader::new(lines).split(b'\n').map_while(Result::ok);
    Ok((generator, lines))
}

fn damaged(pool: Pool, seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let mut random = Rng::with_seed(seed);
    (1..).map_while(move |number: u64| {
        let mut case = pool.damaged(&mut random);
        case.name = format!("seed {seed} damaged case {number}");
        NOTHING.clone_into(&mut case.render);
        case.data = None;
        for template in &mut case.templates {
            template.text = String::from_utf8_lossy(&template.text)
                .into_owned()
                .into_bytes();
        }
        case.line().ok()
    })
}

/// Hands cases to the oracle and to the channel.
fn feed(
    lines: impl Iterator<Item = Vec<u8>> + Send + 'static,
    mut to: ChildStdin,
) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::sync_channel(AHEAD);
    thread::spawn(move || {
        for mut line in lines {
            line.push(b'\n');
            // Either end closes when the run is over.
            if to.write_all(&line).is_err() || sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn compare(
    oracle: &Oracle,
    serving: &mut Serving,
    cases: &Receiver<Vec<u8>>,
    bounds: Bounds,
) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut kinds = BTreeSet::new();
    let started = Instant::now();
    while started.elapsed() < bounds.time && tally.finds.len() < bounds.finds {
        let line = cases.recv().context("the generator has died")?;
        let case = Case::parse(line.trim_ascii_end())?;
        let ours = case.answer()?;
        let asked = serving.read_answer();
        let Some(go) = asked.with_context(|| format!("at this case:\n{case}"))? else {
            tally.refused += 1;
            continue;
        };
        tally.compared += 1;
        tally.rendered += usize::from(matches!(go, Answer::Output(_)));
        if go.agrees(&ours) {
            continue;
        }
        if let Some(known) = deviations::explain(&case, &go, &ours) {
            *tally.deviations.entry(known.why).or_default() += 1;
            continue;
        }
        tally.disagreements += 1;
        let find = minimise(oracle, Find { case, go, ours })?;
        if kinds.insert(find.kind()) {
            tally.finds.push(find);
        }
    }
    tally.taken = started.elapsed();
    Ok(tally)
}

/// The smallest case on which both engines still disagree.
fn minimise(oracle: &Oracle, find: Find) -> Result<Find> {
    let mut serving = oracle.serve()?;
    let mut smallest = find;
    let case = smallest.case.clone();
    shrink::shrink(case, |candidate| {
        let go = match serving.ask(candidate) {
            Ok(Some(go)) => go,
            Ok(None) => return Ok(false),
            Err(_) => {
                // Go does not survive a map that holds itself, say.
                serving = oracle.serve()?;
                return Ok(false);
            }
        };
        let ours = candidate.answer()?;
        let holds = !go.agrees(&ours) && deviations::explain(candidate, &go, &ours).is_none();
        if holds {
            smallest = Find {
                case: candidate.clone(),
                go,
                ours,
            };
        }
        Ok(holds)
    })?;
    Ok(smallest)
}

impl Find {
    /// The names in the template, which tell apart most mistakes.
    fn kind(&self) -> BTreeSet<Vec<u8>> {
        let texts = self.case.templates.iter().map(|template| &template.text);
        texts
            .flat_map(|text| {
                tokens::words(text, [b"{{", b"}}"])
                    .into_iter()
                    .map(|word| text[word].to_vec())
            })
            .filter(|word| word.first().is_some_and(u8::is_ascii_alphabetic))
            .collect()
    }
}

impl fmt::Display for Find {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.case)?;
        writeln!(f, "  go:   {}", self.go)?;
        writeln!(f, "  ours: {}", self.ours)
    }
}
