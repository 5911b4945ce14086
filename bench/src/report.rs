use std::{fmt, path::Path, time::Duration};

use anyhow::{Context as _, Result};
use secretwire_lab::{ApiRequest, Usage};

/// The table of one run.
pub(crate) struct Report {
    size: u64,
    rows: Vec<Row>,
    notes: Vec<String>,
}

/// One measurement.
pub(crate) struct Row {
    /// What was done.
    pub(crate) what: String,
    /// How long it took.
    pub(crate) wall: Duration,
    /// Processor time of the operator meanwhile.
    pub(crate) cpu: Duration,
    /// Most memory the operator ever held so far, in bytes.
    pub(crate) peak: u64,
    /// Requests to Vault.
    pub(crate) vault: usize,
    /// Requests of the operator to the API server.
    pub(crate) api: Vec<ApiRequest>,
}

impl Report {
    pub(crate) fn new(binary: &Path) -> Result<Self> {
        let size = std::fs::metadata(binary)
            .with_context(|| format!("{} is not there: build it first", binary.display()))?
            .len();
        Ok(Self {
            size,
            rows: Vec::new(),
            notes: Vec::new(),
        })
    }

    pub(crate) fn row(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}

/// Processor time between two readings.
pub(crate) fn spent(before: Usage, after: Usage) -> Duration {
    after.cpu.saturating_sub(before.cpu)
}

/// `create 1000, patch 1000, …`, most first.
fn by_verb(requests: &[ApiRequest]) -> String {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for request in requests {
        *counts.entry(request.verb.as_str()).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(verb, count)| (std::cmp::Reverse(count), verb));
    let parts: Vec<_> = counts
        .iter()
        .map(|(verb, count)| format!("{verb} {count}"))
        .collect();
    parts.join(", ")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| | wall s | CPU s | peak MiB | Vault requests | API requests | by verb |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        for row in &self.rows {
            writeln!(
                f,
                "| {} | {:.1} | {:.2} | {:.1} | {} | {} | {} |",
                row.what,
                row.wall.as_secs_f64(),
                row.cpu.as_secs_f64(),
                mebibytes(row.peak),
                row.vault,
                row.api.len(),
                by_verb(&row.api),
            )?;
        }
        writeln!(f)?;
        for note in &self.notes {
            writeln!(f, "- {note}")?;
        }
        writeln!(f, "- binary: {:.1} MiB", mebibytes(self.size))
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "one digit after the point is shown"
)]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
