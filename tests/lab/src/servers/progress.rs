//! Running installers and compilers with a sign of life.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::cache::create_parent;
use crate::process::{Process, Program};

/// Between two looks at a command that takes seconds at least.
const LOOK: Duration = Duration::from_millis(50);
const REPORT: Duration = Duration::from_secs(15);

/// Runs `program` to its end, its output going to `log`. Says what is being done, then now and then how long it has
/// taken and how many lines of output there were, which for compilers is how many packages. Blocks.
pub(super) fn run(what: &str, program: &Program, log: &Path) -> Result<()> {
    create_parent(log)?;
    // An error quotes the end of the log, which must not be an earlier run's.
    fs::write(log, "").with_context(|| format!("writing {}", log.display()))?;
    let start = Instant::now();
    eprintln!("lab: {what}");
    let mut process = Process::spawn(what, program, log)?;
    let mut next = start + REPORT;
    let status = loop {
        if let Some(status) = process.exited()? {
            break status;
        }
        if Instant::now() >= next {
            let lines = String::from_utf8_lossy(&fs::read(log).unwrap_or_default())
                .lines()
                .count();
            eprintln!(
                "lab: {what}: {} s, {lines} lines of output",
                start.elapsed().as_secs()
            );
            next += REPORT;
        }
        thread::sleep(LOOK);
    };
    if let (false, Some(end)) = (status.success(), process.obituary()?) {
        return Err(end);
    }
    eprintln!("lab: {what}: done in {} s", start.elapsed().as_secs());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_quotes_the_end_of_its_own_output() {
        let log = std::env::temp_dir().join(format!(
            "secretwire-lab-progress-{}",
            crate::hex::random(6).unwrap()
        ));
        fs::write(&log, "of an earlier run\n").unwrap();
        let error = run(
            "testing",
            &Program::new("sh").args(["-c", "echo broken >&2; exit 3"]),
            &log,
        )
        .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("testing") && text.contains("broken") && text.contains("exit status: 3"),
            "{text}"
        );
        assert!(!text.contains("earlier"), "{text}");
        fs::remove_file(log).unwrap();
    }
}
