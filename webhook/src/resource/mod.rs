//! What can be said of one of our own resources by its spec alone.
//!
//! Nothing here asks the cluster or Vault: what they know may be different a moment later.

use secretwire_api::{SecretTransformationSpec, names};
use secretwire_core::{
    ObjectKey,
    transform::{Fault, FaultKind, Linter},
};
use serde::Deserialize;
use serde_json::Value;

use crate::directory::Referent;
use crate::problem::{Code, Problem};
use crate::review;

mod destination;
mod static_secret;

/// Kinds that are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    SecretTransformation,
    VaultStaticSecret,
}

impl Kind {
    /// The kind of a request, if it is one of ours.
    pub(crate) fn of(kind: &review::Kind) -> Option<Self> {
        if kind.group != names::GROUP {
            return None;
        }
        match kind.kind.as_str() {
            "SecretTransformation" => Some(Self::SecretTransformation),
            "VaultStaticSecret" => Some(Self::VaultStaticSecret),
            _ => None,
        }
    }
}

/// The object that is checked.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) kind: Kind,
    pub(crate) namespace: String,
    /// Its name, or the prefix of the one it will get.
    pub(crate) name: String,
    /// Whether all Secrets go without the `_raw` key.
    pub(crate) exclude_raw: bool,
}

impl Subject {
    fn key(&self) -> ObjectKey {
        ObjectKey::new(&self.namespace, &self.name)
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// What is wrong or looks so.
    pub(crate) problems: Vec<Problem>,
    /// The objects that it refers to.
    pub(crate) mentions: Vec<Mention>,
}

/// A reference to another object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) field: String,
    pub(crate) referent: Referent,
    pub(crate) key: ObjectKey,
}

impl Checked {
    fn add(&mut self, code: Code, field: impl Into<String>, text: impl Into<String>) {
        self.problems.push(Problem::new(code, field, text));
    }

    fn mention(&mut self, field: impl Into<String>, referent: Referent, key: ObjectKey) {
        self.mentions.push(Mention {
            field: field.into(),
            referent,
            key,
        });
    }

    /// Takes in the faults of a transformation that is at `field`.
    fn faults(&mut self, field: &str, faults: Vec<Fault>) {
        for fault in faults {
            let code = match fault.kind {
                FaultKind::Template => Code::Sw701,
                FaultKind::Expression => Code::Sw702,
                FaultKind::Duplicate => Code::Sw703,
                FaultKind::Shadowed => Code::Sw706,
                FaultKind::Key => Code::Sw704,
                FaultKind::Input => Code::Sw709,
            };
            self.add(code, format!("{field}.{}", fault.field), fault.text);
        }
    }
}

/// Finds everything that is wrong with a spec.
pub(crate) fn check(subject: &Subject, spec: &Value, linter: &Linter) -> Checked {
    let mut checked = Checked::default();
    let read = match subject.kind {
        Kind::SecretTransformation => SecretTransformationSpec::deserialize(spec)
            .map(|spec| checked.faults("spec", linter.shared(&subject.key(), &spec))),
        Kind::VaultStaticSecret => secretwire_api::VaultStaticSecretSpec::deserialize(spec)
            .map(|spec| static_secret::check(subject, &spec, linter, &mut checked)),
    };
    if read.is_err() {
        // The parser's message would quote values. The schema lets through only what an older or newer one meant.
        let text = "this version cannot read it, so it was not checked; see the status";
        checked.add(Code::Sw708, "spec", text);
    }
    checked
}

#[cfg(test)]
mod tests;
