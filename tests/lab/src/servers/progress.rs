//! Running installers and compilers with a sign of life.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

const PERIOD: Duration = Duration::from_secs(15);
/// How much output an error quotes.
const TAIL_LINES: usize = 30;

/// Runs `command` to its end. Says what is being done, then now and then how long it has taken and how many lines of
/// output there were, which for compilers is how many packages.
pub(super) fn run(what: &str, command: &mut Command) -> Result<()> {
    let start = Instant::now();
    eprintln!("lab: {what}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{what}: cannot run {}", command.get_program().display()))?;
    let (sender, lines) = channel();
    let output = child.stderr.take().context("no pipe")?;
    let reader = thread::spawn(move || {
        // Fails when the child writes what is not text; its exit status still counts.
        BufReader::new(output)
            .lines()
            .map_while(Result::ok)
            .try_for_each(|line| sender.send(line))
    });
    let mut seen: Vec<String> = Vec::new();
    let mut next = start + PERIOD;
    loop {
        match lines.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(line) => seen.push(line),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                eprintln!(
                    "lab: {what}: {} s, {} lines of output",
                    start.elapsed().as_secs(),
                    seen.len()
                );
                next += PERIOD;
            }
        }
    }
    let status = child.wait()?;
    let _ = reader.join();
    if !status.success() {
        bail!(
            "{what} failed with {status}:\n{}",
            seen[seen.len().saturating_sub(TAIL_LINES)..].join("\n")
        );
    }
    eprintln!("lab: {what}: done in {} s", start.elapsed().as_secs());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_quotes_the_end_of_the_output() {
        let error = run(
            "testing",
            Command::new("sh").args(["-c", "echo broken >&2; exit 3"]),
        )
        .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("testing failed") && text.contains("broken") && text.contains('3'),
            "{text}"
        );
    }
}
