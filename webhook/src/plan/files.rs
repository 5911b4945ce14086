//! A mount and its Secret → the `secret` part of a volume.

use std::collections::BTreeSet;
use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::directory::{Readiness, Sighting};
use crate::problem::Code;
use crate::selector::glob;
use crate::similar::hint;
use crate::wiring::{Item, Mount};

use super::RAW;
use super::pieces::Obstacle;

/// The volume source. Modes are always written, so the API server has nothing to default and a second pass finds
/// what the first one made.
pub(super) fn volume(mount: &Mount, sighting: &Sighting) -> Result<Value, Obstacle> {
    let items = match &mount.items {
        None if sighting.exclude_raw => None,
        None => Some(all(sighting)?),
        Some(items) => Some(chosen(mount, items, sighting)?),
    };
    let mut source = json!({ "secretName": sighting.destination, "defaultMode": mount.mode });
    if let Some(items) = items {
        source["items"] = items.into();
    }
    if mount.optional {
        source["optional"] = true.into();
    }
    Ok(source)
}

/// A volume name that says whose it is and changes with its content.
pub(super) fn volume_name(id: &str, source: &Value) -> String {
    format!(
        "sw-{id}-{}",
        hex(digest(&SHA256, source.to_string().as_bytes()).as_ref(), 4)
    )
}

/// Whether `name` has the form of [`volume_name`], for any id.
pub(super) fn is_own_volume(name: &str) -> bool {
    name.strip_prefix("sw-")
        .and_then(|rest| rest.rsplit_once('-'))
        .is_some_and(|(id, hash)| {
            !id.is_empty()
                && hash.len() == 8
                && hash
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
}

/// The first `bytes` bytes of a digest in lower-case hexadecimal.
pub(crate) fn hex(digest: &[u8], bytes: usize) -> String {
    digest
        .iter()
        .take(bytes)
        .fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Every key but `_raw`.
fn all(sighting: &Sighting) -> Result<Vec<Value>, Obstacle> {
    let keys = usable_keys(sighting)?;
    // The kubelet refuses file names that begin with two dots.
    let files: Vec<_> = keys
        .into_iter()
        .filter(|key| !key.starts_with(".."))
        .collect();
    if files.is_empty() {
        // An empty list would mean every key to the kubelet, `_raw` included.
        return Err(empty(sighting));
    }
    Ok(files
        .into_iter()
        .map(|key| json!({ "key": key, "path": key }))
        .collect())
}

/// The keys of the Secret but `_raw`, sorted.
pub(super) fn usable_keys(sighting: &Sighting) -> Result<BTreeSet<&str>, Obstacle> {
    let keys = sighting.keys.as_deref().ok_or(Obstacle::Unknown)?;
    Ok(keys
        .iter()
        .map(String::as_str)
        .filter(|key| *key != RAW)
        .collect())
}

/// What to say of a Secret that has nothing to inject: wrong once it is synced, not there yet before.
pub(super) fn empty(sighting: &Sighting) -> Obstacle {
    match sighting.readiness {
        Readiness::Ready => {
            let text = format!("Secret {:?} has no keys to use", sighting.destination);
            Obstacle::Wrong(Code::Sw206, text)
        }
        Readiness::Pending { .. } | Readiness::Failed { .. } => Obstacle::Unknown,
    }
}

/// An error when `key` is certain to be missing: a Secret that is not synced may still get it.
pub(super) fn require(key: &str, optional: bool, sighting: &Sighting) -> Result<(), Obstacle> {
    let Some(keys) = sighting
        .keys
        .as_deref()
        .filter(|_| sighting.readiness == Readiness::Ready && !optional)
    else {
        return Ok(());
    };
    if keys.iter().any(|known| known == key) {
        return Ok(());
    }
    let near = hint(key, keys.iter().map(String::as_str));
    let text = format!("Secret {:?} has no key {key:?}{near}", sighting.destination);
    Err(Obstacle::Wrong(Code::Sw206, text))
}

fn chosen(mount: &Mount, items: &[Item], sighting: &Sighting) -> Result<Vec<Value>, Obstacle> {
    let mut files: Vec<(String, String, Option<u32>)> = Vec::new();
    for item in items {
        if item.path.is_none() && item.key.contains(['*', '?']) {
            let keys = usable_keys(sighting)?;
            let before = files.len();
            let fits = keys
                .into_iter()
                .filter(|key| glob(&item.key, key) && !key.starts_with(".."));
            files.extend(fits.map(|key| (key.to_owned(), key.to_owned(), item.mode)));
            if files.len() == before && !mount.optional {
                return Err(match sighting.readiness {
                    Readiness::Ready => {
                        let text = format!(
                            "Secret {:?} has no key like {:?}",
                            sighting.destination, item.key
                        );
                        Obstacle::Wrong(Code::Sw206, text)
                    }
                    Readiness::Pending { .. } | Readiness::Failed { .. } => Obstacle::Unknown,
                });
            }
        } else {
            require(&item.key, mount.optional, sighting)?;
            let path = item.path.clone().unwrap_or_else(|| item.key.clone());
            files.push((item.key.clone(), path, item.mode));
        }
    }
    let mut paths = BTreeSet::new();
    if let Some((_, path, _)) = files.iter().find(|(_, path, _)| !paths.insert(path)) {
        return Err(Obstacle::Wrong(
            Code::Sw305,
            format!("two items write {path:?}"),
        ));
    }
    if files.is_empty() {
        return Err(Obstacle::Unknown);
    }
    let value = |(key, path, mode): (String, String, Option<u32>)| match mode {
        Some(mode) => json!({ "key": key, "path": path, "mode": mode }),
        None => json!({ "key": key, "path": path }),
    };
    Ok(files.into_iter().map(value).collect())
}
