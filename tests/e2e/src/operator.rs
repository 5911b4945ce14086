//! A running operator whose words are read to the end.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    ops::Deref,
    process::ExitStatus,
    sync::{Mutex, PoisonError},
    thread,
};

use anyhow::{Context as _, Result};
use secretwire_lab::OperatorProcess;

use crate::Leaks;

/// A running operator. When it ends its log is searched for secret values, and a find fails the test.
pub struct Operator {
    process: OperatorProcess,
    /// How far the log has been searched.
    searched: Mutex<u64>,
}

impl Operator {
    pub(crate) fn new(process: OperatorProcess) -> Self {
        Self {
            process,
            searched: Mutex::new(0),
        }
    }

    /// Searches metrics, and what was logged since the last search.
    ///
    /// # Errors
    /// A secret value got out, or the operator does not answer.
    pub async fn search(&self) -> Result<()> {
        Leaks::new().check("metrics of the operator", &self.process.metrics().await?)?;
        self.search_log()
    }

    /// Kills it by SIGKILL.
    ///
    /// # Errors
    /// It does not end, or logged a secret value.
    pub async fn kill(self) -> Result<()> {
        self.process.kill().await?;
        self.search_log()
    }

    /// Asks it to end by SIGTERM and returns how it ended.
    ///
    /// # Errors
    /// It does not end in time, or a secret value got out.
    pub async fn terminate(self) -> Result<ExitStatus> {
        Leaks::new().check("metrics of the operator", &self.process.metrics().await?)?;
        let status = self.process.terminate().await?;
        self.search_log()?;
        Ok(status)
    }

    fn search_log(&self) -> Result<()> {
        let mut searched = self.searched.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.process.log_path();
        let mut text = String::new();
        let mut log = File::open(path)?;
        log.seek(SeekFrom::Start(*searched))?;
        log.read_to_string(&mut text)
            .with_context(|| format!("reading {}", path.display()))?;
        // The last line may be half written: it is looked at now, and once more when it is whole.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        *searched += u64::try_from(whole)?;
        Leaks::new().check(&path.display().to_string(), &text)
    }
}

impl Deref for Operator {
    type Target = OperatorProcess;

    fn deref(&self) -> &OperatorProcess {
        &self.process
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        if let Err(leak) = self.search_log()
            && !thread::panicking()
        {
            panic!("{leak:#}");
        }
    }
}
