//! The Go program that answers cases with Go's own engine.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use secretwire_gotemplate::Value;
use secretwire_gotemplate::json::{self, Numbers};

use crate::answer::Answer;
use crate::case::Case;

/// Its source.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../gotemplate-oracle");

/// The built program.
#[derive(Debug, Clone)]
pub struct Oracle {
    program: PathBuf,
}

impl Oracle {
    /// Builds it, with the project's own Go caches so that nothing is fetched twice.
    pub fn build() -> Result<Self> {
        let cache = cache_directory()?;
        let program = cache.join("bin/gotemplate-oracle");
        let status = Command::new("go")
            .args(["build", "-o"])
            .arg(&program)
            .arg(".")
            .current_dir(SOURCE)
            .env("GOMODCACHE", cache.join("go/mod"))
            .env("GOCACHE", cache.join("go/build"))
            .env("GOFLAGS", "-mod=readonly")
            .status()
            .context("running go; is it installed?")?;
        ensure!(status.success(), "go build failed: {status}");
        Ok(Self { program })
    }

    /// One of its commands, run where it finds its files.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(name).current_dir(SOURCE);
        command
    }

    /// Starts to answer cases.
    pub fn serve(&self) -> Result<Serving> {
        let mut child = self
            .command("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("running {}", self.program.display()))?;
        let stdin = child.stdin.take().context("stdin is piped")?;
        let stdout = child.stdout.take().context("stdout is piped")?;
        Ok(Serving {
            child,
            stdin: Some(stdin),
            answers: BufReader::new(stdout),
        })
    }
}

fn cache_directory() -> Result<PathBuf> {
    if let Some(cache) = env::var_os("SECRETWIRE_CACHE") {
        return Ok(cache.into());
    }
    if let Some(cache) = env::var_os("XDG_CACHE_HOME") {
        return Ok(Path::new(&cache).join("secretwire"));
    }
    let home = env::home_dir().context("no home directory to keep a cache in")?;
    Ok(home.join(".cache/secretwire"))
}

/// A running oracle. It ends with this value.
#[derive(Debug)]
pub struct Serving {
    child: Child,
    stdin: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Serving {
    /// Where cases go, for who writes from another thread than reads.
    pub(crate) fn take_stdin(&mut self) -> Result<ChildStdin> {
        self.stdin.take().context("stdin was taken before")
    }

    /// Asks about one case; none if the oracle refuses it.
    pub fn ask(&mut self, case: &Case) -> Result<Option<Answer>> {
        let mut line = case.line()?;
        line.push(b'\n');
        let stdin = self.stdin.as_mut().context("stdin was taken before")?;
        stdin.write_all(&line).context("asking the oracle")?;
        self.read_answer()
    }

    /// The next answer; none if the oracle refused the case.
    pub(crate) fn read_answer(&mut self) -> Result<Option<Answer>> {
        let mut line = Vec::new();
        self.answers.read_until(b'\n', &mut line)?;
        ensure!(!line.is_empty(), "the oracle has died");
        match json::parse(line.trim_ascii_end(), Numbers::Text)? {
            Value::Map(fields) if fields.contains(b"refused") => Ok(None),
            Value::Map(fields) => Answer::read(&fields).map(Some),
            other => bail!("an answer is an object, not {other:?}"),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
