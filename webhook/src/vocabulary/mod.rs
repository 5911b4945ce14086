//! Annotations → wiring. Every mistake is collected; nothing is silently ignored.
//!
//! The words are data ([`table`]); sorting annotations into groups by id is common to all ([`keys`]); what a group
//! means is told by one module a verb ([`mount`], [`env`]). A new verb is a row, a module and a line below.

use std::collections::BTreeMap;

use crate::names::Prefix;
use crate::problem::{Code, Problem};
use crate::wiring::Wiring;

use keys::{Keys, Lint};

pub(crate) use value::{duration, is_variable_name};

mod env;
mod keys;
mod mount;
mod table;
mod value;
mod wait;

/// Reads the annotations of a pod, or of a pod template.
///
/// # Errors
/// All that is wrong, sorted by key.
pub fn wiring_of(
    annotations: &BTreeMap<String, String>,
    prefix: &Prefix,
) -> Result<Wiring, Vec<Problem>> {
    let (wiring, problems) = read(annotations, prefix);
    if problems.is_empty() {
        Ok(wiring)
    } else {
        Err(problems)
    }
}

/// What could be made of the annotations, and all that is wrong with them. Where something is, the wiring is good for
/// finding more problems only.
pub(crate) fn read(
    annotations: &BTreeMap<String, String>,
    prefix: &Prefix,
) -> (Wiring, Vec<Problem>) {
    let keys = Keys::sort(annotations, prefix);
    let mut problems = Vec::new();
    let ignore = keys
        .word("ignore", &mut problems, value::boolean)
        .unwrap_or(false);
    if ignore {
        return (
            Wiring {
                ignore,
                ..Wiring::default()
            },
            Vec::new(),
        );
    }
    let lint = keys
        .word("lint", &mut problems, value::lint)
        .unwrap_or(Lint::Deny);
    let mut wiring = Wiring {
        mounts: keys
            .groups("mount")
            .filter_map(|group| mount::compile(group, &mut problems))
            .collect(),
        envs: keys
            .groups("env")
            .filter_map(|group| env::compile(group, &mut problems))
            .collect(),
        wait: wait::compile(&keys, &mut problems),
        ignore,
        warnings: keys.oddities,
    };
    problems.extend(keys.problems);
    match lint {
        Lint::Deny => problems.extend(keys.unknown),
        Lint::Warn => wiring.warnings.extend(keys.unknown),
    }
    problems.sort();
    problems.dedup();
    (wiring, problems)
}

/// A problem of a value, at its key.
fn bad(key: &str, text: impl Into<String>) -> Problem {
    Problem::new(Code::Sw102, key, text)
}

#[cfg(test)]
mod tests;
