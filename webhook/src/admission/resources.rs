//! The hook of our own resources: says at apply what their status would say later.

use std::sync::Arc;

use serde_json::Value;

use crate::problem::{Code, Problem};
use crate::resource::{self, Checked, Kind, Mention, Subject};
use crate::review::{Operation, Refusal, Request};

use super::{Admission, Verdict, internal};

impl Admission {
    pub(super) async fn resource(&self, request: &Request) -> Verdict {
        let Some(kind) = Kind::of(&request.kind).filter(|_| is_edited(request)) else {
            return Verdict::untouched(Vec::new());
        };
        let subject = Subject {
            kind,
            namespace: request.namespace.clone(),
            name: request.subject().to_owned(),
            exclude_raw: self.policy.exclude_raw,
        };
        let spec = request.object["spec"].clone();
        let linter = Arc::clone(&self.linter);
        // Large templates and expressions take a while, and pods are not to wait for it.
        let checked =
            tokio::task::spawn_blocking(move || resource::check(&subject, &spec, &linter));
        let Ok(checked) = checked.await else {
            tracing::error!(uid = request.uid, "checking a resource panicked");
            return internal(super::Hook::Resources, super::SEE_LOG);
        };
        let Checked { problems, mentions } = checked;
        let (reasons, mut warnings): (Vec<_>, Vec<_>) = problems
            .into_iter()
            .partition(|problem| problem.code.denies_early());
        warnings.extend(self.missing(&mentions));
        if reasons.is_empty() {
            Verdict::untouched(warnings)
        } else {
            Verdict::denied(Refusal::Invalid, reasons, warnings)
        }
    }

    /// What the resource refers to and is not there: perhaps it is applied next, so nothing is refused for it.
    fn missing(&self, mentions: &[Mention]) -> Vec<Problem> {
        if !self.directory.synced() {
            return Vec::new();
        }
        mentions
            .iter()
            .filter(|mention| {
                let key = &mention.key;
                !self
                    .directory
                    .exists(mention.referent, &key.namespace, &key.name)
            })
            .map(|mention| {
                let kind = mention.referent.as_str();
                let text = format!("{kind} {} does not exist yet", mention.key);
                Problem::new(Code::Sw707, mention.field.clone(), text)
            })
            .collect()
    }
}

/// Whether somebody asks for something new. An object that was stored before this version, or while it was away, must be
/// able to lose its finalizers and to get labels, whatever is in it.
fn is_edited(request: &Request) -> bool {
    let changes = match request.operation {
        Operation::Create => true,
        Operation::Update => request.object["spec"] != request.old_object["spec"],
        Operation::Delete | Operation::Connect => false,
    };
    let leaves = !matches!(request.object["metadata"]["deletionTimestamp"], Value::Null);
    changes && !leaves && request.sub_resource.is_empty()
}
