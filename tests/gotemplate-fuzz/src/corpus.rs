//! The committed cases with Go's answers.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use secretwire_gotemplate::Value;
use secretwire_gotemplate::json::{self, Numbers};

use crate::answer::Answer;
use crate::case::Case;

/// A case with Go's answer.
#[derive(Debug)]
pub struct Answered {
    /// The corpus file it is in, without its extension.
    pub file: String,
    /// The case.
    pub case: Case,
    /// What Go makes of it.
    pub go: Answer,
}

/// Where the committed corpus is.
const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../gotemplate-oracle/corpus");

/// Reads all of them, by file and in order.
pub fn corpus() -> Result<Vec<Answered>> {
    let entries = fs::read_dir(DIRECTORY)?;
    let paths: Result<Vec<_>, _> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect();
    let mut paths = paths?;
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        read(&path, &mut all).with_context(|| format!("reading {}", path.display()))?;
    }
    Ok(all)
}

fn read(path: &Path, all: &mut Vec<Answered>) -> Result<()> {
    let stem = path.file_stem().context("a corpus file has a name")?;
    let Value::List(cases) = json::parse(&fs::read(path)?, Numbers::Text)? else {
        bail!("not a list");
    };
    for case in cases.items() {
        let Value::Map(fields) = case else {
            bail!("a case is an object");
        };
        all.push(Answered {
            file: stem.to_string_lossy().into_owned(),
            case: Case::read(fields)?,
            go: Answer::read(fields)?,
        });
    }
    Ok(())
}
