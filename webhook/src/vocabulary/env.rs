//! `env.<id>` and its modifiers.

use std::collections::BTreeSet;

use crate::problem::{Code, Problem};
use crate::reference::Reference;
use crate::selector::Selector;
use crate::wiring::{EnvSet, Variable};

use super::bad;
use super::keys::Group;
use super::value;

/// The variables a group describes; `None` when it has a problem that leaves nothing to describe.
pub(super) fn compile(group: &Group<'_>, problems: &mut Vec<Problem>) -> Option<EnvSet> {
    let prefix = group
        .modifier("prefix", Code::Sw102, problems, prefix)
        .unwrap_or_default();
    let keys = group.modifier("keys", Code::Sw102, problems, |text| {
        variables(text, &prefix)
    });
    let containers = group.modifier("containers", Code::Sw102, problems, Selector::parse);
    let optional = group.modifier("optional", Code::Sw102, problems, value::boolean);
    let reference = Reference::parse(group.base?)
        .map_err(|text| problems.push(bad(&group.key(), text)))
        .ok()?;
    Some(EnvSet {
        id: group.id.to_owned(),
        reference,
        prefix,
        keys,
        containers: containers.unwrap_or_default(),
        optional: optional.unwrap_or(false),
    })
}

fn prefix(text: &str) -> Result<String, String> {
    if text.is_empty() || value::is_variable_name(text) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} cannot begin the name of a variable"))
}

/// `[VARIABLE=]key,…`
fn variables(text: &str, prefix: &str) -> Result<Vec<Variable>, String> {
    let mut names = BTreeSet::new();
    value::list(text)?
        .into_iter()
        .map(|element| {
            let (name, key) = element.split_once('=').unwrap_or((element, element));
            let (name, key) = (name.trim(), value::secret_key(key.trim(), false)?);
            if name.is_empty() || !value::is_variable_name(&format!("{prefix}{name}")) {
                return Err(format!("{name:?} is not the name of a variable"));
            }
            if !names.insert(name) {
                return Err(format!("{name:?} is set twice"));
            }
            Ok(Variable {
                name: name.to_owned(),
                key: key.to_owned(),
            })
        })
        .collect()
}
