//! A set of variables and its Secret → entries of a container's `env`.

use serde_json::{Value, json};

use crate::directory::Sighting;
use crate::vocabulary::is_variable_name;
use crate::wiring::EnvSet;

use super::files::{empty, require, usable_keys};
use super::pieces::Obstacle;

/// What a set comes to.
pub(super) struct Entries {
    /// The entries by name, sorted.
    pub(super) entries: Vec<(String, Value)>,
    /// Keys that make no variable name.
    pub(super) unusable: Vec<String>,
}

/// The entries of a set. Always explicit ones: `envFrom` would export `_raw`, the whole secret as
/// JSON, too.
pub(super) fn entries(set: &EnvSet, sighting: &Sighting) -> Result<Entries, Obstacle> {
    let (mut pairs, mut unusable) = (Vec::new(), Vec::new());
    if let Some(variables) = &set.keys {
        for variable in variables {
            require(&variable.key, set.optional, sighting)?;
            pairs.push((
                format!("{}{}", set.prefix, variable.name),
                variable.key.as_str(),
            ));
        }
    } else {
        for key in usable_keys(sighting)? {
            let name = format!("{}{key}", set.prefix);
            if is_variable_name(&name) {
                pairs.push((name, key));
            } else {
                unusable.push(key.to_owned());
            }
        }
        if pairs.is_empty() {
            return Err(empty(sighting));
        }
    }
    pairs.sort();
    let entries = pairs.into_iter().map(|(name, key)| {
        let entry = entry(&name, key, set.optional, sighting);
        (name, entry)
    });
    Ok(Entries {
        entries: entries.collect(),
        unusable,
    })
}

fn entry(name: &str, key: &str, optional: bool, sighting: &Sighting) -> Value {
    let mut source = json!({ "name": sighting.destination, "key": key });
    if optional {
        source["optional"] = true.into();
    }
    json!({ "name": name, "valueFrom": { "secretKeyRef": source } })
}
