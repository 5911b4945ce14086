//! Does the wiring fit the pod? Selectors, mount paths and variable names, before anything is edited.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::problem::{Code, Problem};
use crate::selector::Selector;
use crate::wiring::Wiring;

use super::files::is_own_volume;
use super::pieces::Pieces;
use super::pod::{Container, array, containers};

/// All misfits. `seen_before` says that the pod carries our status, so volumes named like ours are ours.
pub(crate) fn check(
    pod: &Value,
    wiring: &Wiring,
    pieces: &Pieces<'_>,
    seen_before: bool,
) -> Vec<Problem> {
    let containers = containers(pod);
    let mut problems = selectors(&containers, wiring);
    for container in &containers {
        problems.extend(paths(container, wiring, seen_before));
        problems.extend(names(container, pieces));
    }
    problems
}

fn selectors(containers: &[Container<'_>], wiring: &Wiring) -> Vec<Problem> {
    let known: Vec<_> = containers
        .iter()
        .map(|container| (container.name, container.role))
        .collect();
    let misses = |key: String, selector: &Selector| {
        let mut texts = selector.unmatched(&known);
        if texts.is_empty()
            && !known
                .iter()
                .any(|(name, role)| selector.selects(name, *role))
        {
            texts.push("no container is selected".to_owned());
        }
        texts
            .into_iter()
            .map(move |text| Problem::new(Code::Sw302, format!("{key}.containers"), text))
    };
    let mounts = wiring
        .mounts
        .iter()
        .map(|mount| (format!("mount.{}", mount.id), &mount.containers));
    let envs = wiring
        .envs
        .iter()
        .map(|set| (format!("env.{}", set.id), &set.containers));
    mounts
        .chain(envs)
        .flat_map(|(key, selector)| misses(key, selector))
        .collect()
}

fn paths(container: &Container<'_>, wiring: &Wiring, seen_before: bool) -> Vec<Problem> {
    let name = container.name;
    let mut taken: BTreeMap<&str, String> = BTreeMap::new();
    for mount in array(&container.spec["volumeMounts"]) {
        let volume = mount["name"].as_str().unwrap_or_default();
        if let Some(path) = mount["mountPath"]
            .as_str()
            .filter(|_| !(seen_before && is_own_volume(volume)))
        {
            taken.insert(trimmed(path), format!("volume {volume:?}"));
        }
    }
    let mut problems = Vec::new();
    for mount in wiring
        .mounts
        .iter()
        .filter(|mount| mount.containers.selects(name, container.role))
    {
        let key = format!("mount.{}", mount.id);
        if let Some(by) = taken.get(mount.path.as_str()) {
            let text = format!(
                "container {name:?} has {by} at {}; choose another {key}.path",
                mount.path
            );
            problems.push(Problem::new(Code::Sw301, key, text));
        } else {
            taken.insert(&mount.path, key);
        }
    }
    problems
}

fn names(container: &Container<'_>, pieces: &Pieces<'_>) -> Vec<Problem> {
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    let mut problems = Vec::new();
    for piece in pieces
        .envs
        .iter()
        .filter(|piece| piece.set.containers.selects(container.name, container.role))
    {
        let id = piece.set.id.as_str();
        for (name, _) in &piece.entries {
            if let Some(other) = taken.get(name.as_str()) {
                let text =
                    format!("env.{other} sets {name:?} too; use env.{id}.prefix or env.{id}.keys");
                problems.push(Problem::new(Code::Sw301, format!("env.{id}"), text));
            } else {
                taken.insert(name, id);
            }
        }
    }
    problems
}

/// A mount path as we write it.
fn trimmed(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        path => path,
    }
}
