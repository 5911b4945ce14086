//! Pieces → edits of the pod. Compares with what is there, so that a second pass over our own output does nothing, and
//! a container that another webhook added in between is wired too.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::names::Prefix;
use crate::patch::{EditError, Editor};
use crate::problem::{Code, Problem};
use crate::status::PodStatus;

use super::files::is_own_volume;
use super::pieces::Pieces;
use super::pod::{array, containers};

/// Injects all pieces; the warnings say which variables the pod has already.
pub(crate) fn attach(
    editor: &mut Editor,
    pieces: &Pieces<'_>,
    seen_before: bool,
) -> Result<Vec<Problem>, EditError> {
    if seen_before {
        sweep(editor, pieces)?;
    }
    volumes(editor, pieces)?;
    mounts(editor, pieces)?;
    variables(editor, pieces)
}

/// Writes label, status and gate. A gate that is no longer needed is taken away again.
pub(crate) fn mark(
    editor: &mut Editor,
    prefix: &Prefix,
    status: &PodStatus,
    gated: bool,
) -> Result<(), EditError> {
    editor.set(
        &["metadata", "labels"],
        &prefix.wired_label(),
        json!("true"),
    )?;
    editor.set(
        &["metadata", "annotations"],
        &prefix.status(),
        json!(status.render()),
    )?;
    let gate = json!({ "name": prefix.gate() });
    let present = array(&editor.object()["spec"]["schedulingGates"]).contains(&gate);
    match (present, gated) {
        (false, true) => editor.append(&["spec", "schedulingGates"], gate),
        (true, false) => editor.remove_where(&["spec", "schedulingGates"], |other| *other == gate),
        (true, true) | (false, false) => Ok(()),
    }
}

/// Removes volumes of an earlier pass that are not wanted any more, with their mounts: the Secret got other keys
/// between two passes, or the pod is a copy of one that was wired.
fn sweep(editor: &mut Editor, pieces: &Pieces<'_>) -> Result<(), EditError> {
    let wanted: BTreeSet<&str> = pieces
        .volumes
        .iter()
        .map(|piece| piece.name.as_str())
        .collect();
    let is_stale = |value: &Value| {
        value["name"]
            .as_str()
            .is_some_and(|name| is_own_volume(name) && !wanted.contains(name))
    };
    let places: Vec<_> = containers(editor.object())
        .iter()
        .map(|container| (container.list, container.index))
        .collect();
    for (list, index) in places {
        editor.remove_where(
            &["spec", list, &index.to_string(), "volumeMounts"],
            is_stale,
        )?;
    }
    editor.remove_where(&["spec", "volumes"], is_stale)
}

fn volumes(editor: &mut Editor, pieces: &Pieces<'_>) -> Result<(), EditError> {
    for piece in &pieces.volumes {
        let present = array(&editor.object()["spec"]["volumes"]);
        match present
            .iter()
            .position(|volume| volume["name"] == piece.name.as_str())
        {
            Some(index) if present[index] == piece.volume => {}
            Some(index) => editor.replace(&["spec", "volumes"], index, piece.volume.clone())?,
            None => editor.append(&["spec", "volumes"], piece.volume.clone())?,
        }
    }
    Ok(())
}

fn mounts(editor: &mut Editor, pieces: &Pieces<'_>) -> Result<(), EditError> {
    let mut missing = Vec::new();
    for container in containers(editor.object()) {
        for piece in &pieces.volumes {
            let present = array(&container.spec["volumeMounts"]).iter().any(|mount| {
                mount["name"] == piece.name.as_str()
                    && mount["mountPath"] == piece.mount.path.as_str()
            });
            if !present
                && piece
                    .mount
                    .containers
                    .selects(container.name, container.role)
            {
                let mount =
                    json!({ "name": piece.name, "mountPath": piece.mount.path, "readOnly": true });
                missing.push((container.list, container.index, mount));
            }
        }
    }
    missing.into_iter().try_for_each(|(list, index, mount)| {
        editor.append(&["spec", list, &index.to_string(), "volumeMounts"], mount)
    })
}

/// Our variables come first, so that the container's own may refer to them as `$(NAME)`.
fn variables(editor: &mut Editor, pieces: &Pieces<'_>) -> Result<Vec<Problem>, EditError> {
    let (mut missing, mut warnings) = (Vec::new(), Vec::new());
    for container in containers(editor.object()) {
        let present = array(&container.spec["env"]);
        let mut entries = Vec::new();
        for piece in pieces
            .envs
            .iter()
            .filter(|piece| piece.set.containers.selects(container.name, container.role))
        {
            let mut kept = Vec::new();
            for (name, entry) in &piece.entries {
                match present.iter().find(|other| other["name"] == name.as_str()) {
                    None => entries.push(entry.clone()),
                    Some(other) if other == entry => {}
                    Some(_) => kept.push(name.as_str()),
                }
            }
            if !kept.is_empty() {
                let text = format!(
                    "container {:?} keeps its own {}",
                    container.name,
                    kept.join(", ")
                );
                warnings.push(Problem::new(
                    Code::Sw301,
                    format!("env.{}", piece.set.id),
                    text,
                ));
            }
        }
        missing.push((container.list, container.index, entries));
    }
    missing.into_iter().try_for_each(|(list, index, entries)| {
        editor.prepend(&["spec", list, &index.to_string(), "env"], entries)
    })?;
    Ok(warnings)
}
