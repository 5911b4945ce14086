//! `mount.<id>` and its modifiers.

use std::collections::BTreeSet;

use crate::problem::{Code, Problem};
use crate::reference::Reference;
use crate::selector::Selector;
use crate::wiring::{Item, Mount};

use super::bad;
use super::keys::Group;
use super::value;

/// The mount a group describes; `None` when it has a problem that leaves nothing to describe.
pub(super) fn compile(group: &Group<'_>, problems: &mut Vec<Problem>) -> Option<Mount> {
    let path = group.modifier("path", Code::Sw105, problems, value::mount_path);
    let items = group.modifier("items", Code::Sw102, problems, items);
    let mode = group.modifier("mode", Code::Sw102, problems, value::mode);
    let containers = group.modifier("containers", Code::Sw102, problems, Selector::parse);
    let optional = group.modifier("optional", Code::Sw102, problems, value::boolean);
    let reference = Reference::parse(group.base?)
        .map_err(|text| problems.push(bad(&group.key(), text)))
        .ok()?;
    Some(Mount {
        id: group.id.to_owned(),
        reference,
        path: path.unwrap_or_else(|| format!("/secrets/{}", group.id)),
        items,
        mode: mode.unwrap_or(READ_ONLY),
        containers: containers.unwrap_or_default(),
        optional: optional.unwrap_or(false),
    })
}

/// `key[=path][@mode],…`
fn items(text: &str) -> Result<Vec<Item>, String> {
    let mut paths = BTreeSet::new();
    value::list(text)?
        .into_iter()
        .map(|element| {
            let item = item(element)?;
            let path = item.path.as_deref().unwrap_or(&item.key);
            if paths.insert(path.to_owned()) {
                Ok(item)
            } else {
                Err(format!("two items write {path:?}"))
            }
        })
        .collect()
}

fn item(element: &str) -> Result<Item, String> {
    let (rest, mode) = match element.rsplit_once('@') {
        Some((rest, mode)) => (rest, Some(value::mode(mode)?)),
        None => (element, None),
    };
    let (key, path) = match rest.split_once('=') {
        Some((key, path)) => (
            value::secret_key(key.trim(), false)?,
            Some(value::file_path(path.trim())?),
        ),
        None => (value::secret_key(rest.trim(), true)?, None),
    };
    if key.starts_with("..") && path.is_none() {
        return Err(format!("{key:?} cannot be a file name; write {key}=<path>"));
    }
    Ok(Item {
        key: key.to_owned(),
        path,
        mode,
    })
}

const READ_ONLY: u32 = 0o444;
