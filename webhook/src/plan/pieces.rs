//! Wiring and findings → the volumes and variables to inject, and whatever stands in the way.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::directory::{Readiness, ResourceKey, Sighting};
use crate::problem::{Code, Problem, clip};
use crate::reference::Reference;
use crate::status::Use;
use crate::wiring::{EnvSet, Mount, Wiring};

use super::files::{self, volume_name};
use super::findings::{Finding, Findings};
use super::variables::{self, Entries};

/// What is to be injected, as far as it is known.
#[derive(Debug, Default)]
pub(crate) struct Pieces<'a> {
    pub(crate) volumes: Vec<VolumePiece<'a>>,
    pub(crate) envs: Vec<EnvPiece<'a>>,
    /// For the status annotation.
    pub(crate) uses: BTreeMap<String, Use>,
    /// What is not known yet and without which wiring would be half.
    pub(crate) lacks: Vec<Lack>,
    /// What is wired and not ready.
    pub(crate) unready: Vec<Lack>,
    /// What cannot be served as written.
    pub(crate) wrong: Vec<Problem>,
    pub(crate) warnings: Vec<Problem>,
    /// Resources behind the uses whose change only a restart brings to a process.
    pub(crate) frozen: Vec<&'a Sighting>,
}

/// A volume and the mount it is for.
#[derive(Debug)]
pub(crate) struct VolumePiece<'a> {
    pub(crate) mount: &'a Mount,
    pub(crate) name: String,
    pub(crate) volume: Value,
}

/// Variables and the set they are from.
#[derive(Debug)]
pub(crate) struct EnvPiece<'a> {
    pub(crate) set: &'a EnvSet,
    /// Entries of a container's `env`, sorted by name.
    pub(crate) entries: Vec<(String, Value)>,
}

/// Something that time may bring.
#[derive(Clone, Debug)]
pub(crate) struct Lack {
    pub(crate) problem: Problem,
    pub(crate) kind: LackKind,
}

/// How something is lacking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LackKind {
    /// The resource does not exist.
    Absent,
    /// Its first sync is under way.
    Pending,
    /// Its sync failed, so there is nothing to wait for within admission.
    Failed,
}

/// Why a piece cannot be made.
pub(super) enum Obstacle {
    /// Key names are needed and not known.
    Unknown,
    /// Waiting will not help.
    Wrong(Code, String),
}

impl<'a> Pieces<'a> {
    /// Makes all pieces that can be made.
    pub(crate) fn gather(wiring: &'a Wiring, findings: &'a Findings) -> Self {
        let mut pieces = Self::default();
        for mount in &wiring.mounts {
            let key = format!("mount.{}", mount.id);
            let finding = findings.get(&mount.reference);
            if let Some((resource, sighting)) =
                pieces.sight(&key, finding, mount.optional, &mount.reference)
            {
                let made = files::volume(mount, sighting);
                if let Some(volume) = pieces.keep(&key, resource, sighting, mount.optional, made) {
                    let name = volume_name(&mount.id, &volume);
                    let volume = json!({ "name": name, "secret": volume });
                    pieces.volumes.push(VolumePiece {
                        mount,
                        name,
                        volume,
                    });
                }
            }
        }
        for set in &wiring.envs {
            let key = format!("env.{}", set.id);
            let finding = findings.get(&set.reference);
            if let Some((resource, sighting)) =
                pieces.sight(&key, finding, set.optional, &set.reference)
            {
                let made = variables::entries(set, sighting);
                if let Some(Entries { entries, unusable }) =
                    pieces.keep(&key, resource, sighting, set.optional, made)
                {
                    if !unusable.is_empty() {
                        let text = format!("left out, no variable names: {}", unusable.join(", "));
                        pieces.warnings.push(Problem::new(Code::Sw102, key, text));
                    }
                    pieces.envs.push(EnvPiece { set, entries });
                }
                pieces.frozen.push(sighting);
            }
        }
        pieces
    }

    /// Whether a short wait may bring what is missing.
    pub(crate) fn worth_waiting(&self) -> bool {
        let mut all = self.lacks.iter().chain(&self.unready);
        self.wrong.is_empty() && all.any(|lack| lack.kind != LackKind::Failed)
    }

    /// The resource found, or a note of why there is none.
    fn sight(
        &mut self,
        key: &str,
        finding: Option<&'a Finding>,
        optional: bool,
        reference: &Reference,
    ) -> Option<(&'a ResourceKey, &'a Sighting)> {
        let text = match finding {
            Some(Finding::Seen(resource, sighting)) => return Some((resource, sighting)),
            Some(Finding::Wrong(code, text)) => {
                self.wrong.push(Problem::new(*code, key, text));
                return None;
            }
            Some(Finding::Absent(text)) => text.clone(),
            None => format!("{reference} was not looked for"),
        };
        if optional {
            self.warnings.push(Problem::new(
                Code::Sw201,
                key,
                format!("left out, as it is optional: {text}"),
            ));
            return None;
        }
        self.lacks.push(Lack {
            problem: Problem::new(Code::Sw201, key, text),
            kind: LackKind::Absent,
        });
        let used = Use {
            kind: reference.kind,
            name: reference.name.clone(),
            uid: None,
            secret: None,
            resource_version: None,
            optional: false,
        };
        self.uses.insert(key.to_owned(), used);
        None
    }

    /// Notes how ready the resource is, and sorts out what could not be made of it.
    fn keep<T>(
        &mut self,
        key: &str,
        resource: &ResourceKey,
        sighting: &Sighting,
        optional: bool,
        made: Result<T, Obstacle>,
    ) -> Option<T> {
        let used = Use {
            kind: Some(resource.kind),
            name: resource.name.clone(),
            uid: Some(sighting.uid.clone()),
            secret: Some(sighting.destination.clone()),
            resource_version: sighting.secret_resource_version.clone(),
            optional,
        };
        let lack = lack(key, resource, sighting);
        let homeless = !sighting.creates_destination && sighting.secret_resource_version.is_none();
        if homeless && !optional && lack.is_some() {
            let text = format!(
                "{} {:?} does not create its Secret {:?}, which does not exist; create it, or set destination.create",
                resource.kind, resource.name, sighting.destination
            );
            self.wrong.push(Problem::new(Code::Sw207, key, text));
            return None;
        }
        match made {
            Ok(piece) => {
                self.uses.insert(key.to_owned(), used);
                self.unready.extend(lack.filter(|_| !optional));
                Some(piece)
            }
            Err(Obstacle::Wrong(code, text)) => {
                self.wrong.push(Problem::new(code, key, text));
                None
            }
            Err(Obstacle::Unknown) if optional => {
                let text = format!(
                    "left out, as it is optional and Secret {:?} is not there",
                    sighting.destination
                );
                self.warnings.push(Problem::new(Code::Sw402, key, text));
                None
            }
            Err(Obstacle::Unknown) => {
                self.uses.insert(key.to_owned(), used);
                self.lacks
                    .push(lack.unwrap_or_else(|| keys_unknown(key, sighting)));
                None
            }
        }
    }
}

fn lack(key: &str, resource: &ResourceKey, sighting: &Sighting) -> Option<Lack> {
    let ResourceKey { kind, name } = resource;
    match &sighting.readiness {
        Readiness::Ready => None,
        Readiness::Pending { message } => {
            let text = format!("{kind} {name:?} is not ready: {}", clip(message, QUOTED));
            Some(Lack {
                problem: Problem::new(Code::Sw402, key, text),
                kind: LackKind::Pending,
            })
        }
        Readiness::Failed { message } => {
            let text = format!("{kind} {name:?} failed to sync: {}", clip(message, QUOTED));
            Some(Lack {
                problem: Problem::new(Code::Sw205, key, text),
                kind: LackKind::Failed,
            })
        }
    }
}

fn keys_unknown(key: &str, sighting: &Sighting) -> Lack {
    let text = format!(
        "the keys of Secret {:?} are not known yet",
        sighting.destination
    );
    Lack {
        problem: Problem::new(Code::Sw402, key, text),
        kind: LackKind::Pending,
    }
}

/// Of a resource's own message, which comes last in ours.
const QUOTED: usize = 120;
