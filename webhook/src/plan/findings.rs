//! What the directory says of each reference, as one snapshot. Planning sees nothing else of it.

use std::collections::BTreeMap;

use crate::directory::{Directory, ResourceKey, Sighting, candidates, sightings};
use crate::problem::{Code, Problem};
use crate::reference::{RefKind, Reference};
use crate::similar::hint;
use crate::wiring::Wiring;

/// What is known of one reference.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Finding {
    /// It names this resource.
    Seen(ResourceKey, Box<Sighting>),
    /// It names nothing yet.
    Absent(String),
    /// It can never be resolved as written.
    Wrong(Code, String),
}

/// What is known of all references of one wiring.
pub(crate) type Findings = BTreeMap<Reference, Finding>;

/// Asks the directory for everything `wiring` refers to.
pub(crate) fn look(directory: &dyn Directory, namespace: &str, wiring: &Wiring) -> Findings {
    wiring
        .refs()
        .into_iter()
        .map(|reference| (reference.clone(), find(directory, namespace, reference)))
        .collect()
}

/// Every resource whose change could matter to `wiring`.
pub(crate) fn watched(directory: &dyn Directory, wiring: &Wiring) -> Vec<ResourceKey> {
    let keys = wiring.refs().into_iter().flat_map(candidates);
    keys.filter(|key| directory.serves(key.kind)).collect()
}

fn find(directory: &dyn Directory, namespace: &str, reference: &Reference) -> Finding {
    if let Some(other) = reference
        .namespace
        .as_deref()
        .filter(|other| *other != namespace)
    {
        let text = format!(
            "{other:?} is not the pod's namespace {namespace:?}, and a pod sees its own only"
        );
        return Finding::Wrong(Code::Sw204, text);
    }
    if let Some(kind) = reference.kind.filter(|kind| !directory.serves(*kind)) {
        return Finding::Wrong(Code::Sw201, format!("{kind} is not served by this version"));
    }
    let mut found: Vec<_> = sightings(directory, namespace, reference).collect();
    match (found.pop(), found.is_empty()) {
        (Some((key, sighting)), true) => Finding::Seen(key, Box::new(sighting)),
        (Some((last, _)), false) => {
            let kinds: Vec<_> = found
                .iter()
                .map(|(key, _)| key.kind)
                .chain([last.kind])
                .map(RefKind::as_str)
                .collect();
            let text = format!(
                "{:?} is ambiguous; say which: {}",
                reference.name,
                kinds.join(" or ")
            );
            Finding::Wrong(Code::Sw203, text)
        }
        (None, _) => Finding::Absent(format!("no {reference} in namespace {namespace:?}")),
    }
}

/// Adds to everything absent what may have been meant. Apart from [`look`], as that runs at every change while a pod is
/// held, and comparing with all names is the one thing here whose cost grows with the cluster.
pub(crate) fn suggest(directory: &dyn Directory, namespace: &str, findings: &mut Findings) {
    for (reference, finding) in findings {
        if let Finding::Absent(text) = finding {
            let kinds = candidates(reference).into_iter().map(|key| key.kind);
            let names: Vec<String> = kinds
                .filter(|kind| directory.serves(*kind))
                .flat_map(|kind| directory.names(namespace, kind))
                .collect();
            text.push_str(&hint(&reference.name, names.iter().map(String::as_str)));
        }
    }
}

/// What is wrong with the references themselves, for requests that are refused already.
pub(crate) fn unresolved(wiring: &Wiring, findings: &Findings) -> Vec<Problem> {
    let problem =
        |(key, reference, optional): (String, &Reference, bool)| match findings.get(reference)? {
            Finding::Wrong(code, text) => Some(Problem::new(*code, key, text)),
            Finding::Absent(text) if !optional => Some(Problem::new(Code::Sw201, key, text)),
            Finding::Absent(_) | Finding::Seen(..) => None,
        };
    wiring.uses().filter_map(problem).collect()
}
