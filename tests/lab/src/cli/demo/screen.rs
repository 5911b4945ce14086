//! What the audience sees: a line for each step, with the time, and the commands that anybody could type.

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
    pin::pin,
    time::Duration,
};

use anyhow::Result;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// As far as ticks and times reach.
const MARGIN: &str = "             ";
/// A line on a wide terminal.
const LONGEST: usize = 110;
const FRAMES: [char; 8] = ['⣷', '⣯', '⣟', '⡿', '⢿', '⣻', '⣽', '⣾'];
const FRAME: Duration = Duration::from_millis(120);

/// Standard output. A terminal gets colours and a line that moves while a step is under way; anything else gets text.
pub(super) struct Screen {
    started: Instant,
    live: bool,
    colours: bool,
}

impl Screen {
    pub(super) fn new() -> Self {
        let live =
            io::stdout().is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb");
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            started: Instant::now(),
            live,
            colours: live && !refused,
        }
    }

    pub(super) fn title(&self, text: &str) {
        self.line(&format!("\n{}\n", self.styled(BOLD, text)));
    }

    /// Something to know, in plain words.
    pub(super) fn say(&self, text: &str) {
        self.line(text);
    }

    /// A command that a person could type at this point, and a word on it.
    pub(super) fn command(&self, text: &str, why: &str) {
        let comment = if why.is_empty() {
            String::new()
        } else {
            format!("   # {why}")
        };
        self.line(&self.styled(DIM, &format!("{MARGIN}$ {text}{comment}")));
    }

    /// What an object says about itself, on one line.
    pub(super) fn detail(&self, text: &str) {
        let mut line: String = text.chars().take(LONGEST).collect();
        if line.len() < text.len() {
            line.push('…');
        }
        self.line(&format!("{MARGIN}{}", self.styled(CYAN, &line)));
    }

    /// What is left out, and why: not to be overlooked.
    pub(super) fn skipped(&self, text: &str) {
        self.line(&self.styled(YELLOW, &format!("  !  {}  SKIPPED: {text}", self.clock())));
    }

    /// Shows `doing` while `work` goes on. Then ticks it off by what `told` makes of the result and of the time it took.
    pub(super) async fn step<T>(
        &self,
        doing: &str,
        work: impl Future<Output = Result<T>>,
        told: impl FnOnce(&T, Duration) -> String,
    ) -> Result<T> {
        let begun = Instant::now();
        let result = self.watched(doing, work).await;
        match &result {
            Ok(value) => self.line(&format!(
                "  {}  {}  {}",
                self.styled(GREEN, "✓"),
                self.clock(),
                told(value, begun.elapsed())
            )),
            Err(_) => self.line(&self.styled(RED, &format!("  ✗  {}  {doing}", self.clock()))),
        }
        result
    }

    async fn watched<T>(&self, doing: &str, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if !self.live {
            return work.await;
        }
        let mut frames = FRAMES.iter().cycle();
        let mut beat = interval(FRAME);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                result = &mut work => return result,
                _ = beat.tick() => {
                    let frame = frames.next().unwrap_or(&' ');
                    let line = self.styled(CYAN, &format!("  {frame}  {}  {doing}", self.clock()));
                    write(&format!("{CLEAR}{line}"));
                }
            }
        }
    }

    /// Says what went wrong, below the step that did.
    pub(super) fn failed(&self, text: &str) {
        for line in text.lines() {
            self.line(&format!("{MARGIN}{}", self.styled(RED, line)));
        }
    }

    /// Seconds since the start.
    fn clock(&self) -> String {
        format!("{:>5.1}s", self.started.elapsed().as_secs_f64())
    }

    /// A whole line, in the place of a moving one.
    fn line(&self, text: &str) {
        let clear = if self.live { CLEAR } else { "" };
        write(&format!("{clear}{text}\n"));
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.colours {
            format!("{style}{text}{RESET}")
        } else {
            text.to_owned()
        }
    }
}

fn write(text: &str) {
    let mut output = io::stdout().lock();
    // Nobody looks any more: that must not keep the servers from being stopped.
    let _ = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
}

/// `1.7 s`, as steps tell how long something took.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

const CLEAR: &str = "\r\x1b[K";
const RESET: &str = "\x1b[0m";
const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33;1m";
const CYAN: &str = "\x1b[36m";
