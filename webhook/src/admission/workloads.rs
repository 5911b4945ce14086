//! The workload hook: says early what is wrong, and stamps pod templates, so that the first rotation check after a
//! creation restarts nothing.

use serde_json::{Value, json};

use crate::patch::{EditError, Editor};
use crate::plan::{Pieces, annotations, check, look};
use crate::review::{Operation, Refusal, Request};
use crate::stamp::stamp;
use crate::vocabulary::wiring_of;
use crate::wiring::Wiring;

use super::{Admission, Hook, Outcome, Verdict, internal};

/// A kind with a pod template in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TemplateKind {
    /// Replaces its pods when the template changes.
    Rolling,
    /// Runs to its end, and is never restarted.
    Job,
    /// Makes Jobs.
    CronJob,
}

impl TemplateKind {
    pub(super) fn of(request: &Request) -> Option<Self> {
        match (request.kind.group.as_str(), request.kind.kind.as_str()) {
            ("apps", "Deployment" | "StatefulSet" | "DaemonSet") => Some(Self::Rolling),
            ("batch", "Job") => Some(Self::Job),
            ("batch", "CronJob") => Some(Self::CronJob),
            _ => None,
        }
    }

    /// Where the template's annotations are, for messages.
    pub(super) fn annotations(self) -> &'static str {
        match self {
            Self::Rolling | Self::Job => "spec.template.metadata.annotations",
            Self::CronJob => "spec.jobTemplate.spec.template.metadata.annotations",
        }
    }

    fn path(self) -> &'static [&'static str] {
        match self {
            Self::Rolling | Self::Job => &["spec", "template"],
            Self::CronJob => &["spec", "jobTemplate", "spec", "template"],
        }
    }

    fn template(self, object: &Value) -> &Value {
        self.path()
            .iter()
            .fold(object, |value, field| &value[*field])
    }
}

impl Admission {
    pub(super) fn workload(&self, request: &Request) -> Result<Verdict, EditError> {
        let changes = matches!(request.operation, Operation::Create | Operation::Update);
        let Some(kind) =
            TemplateKind::of(request).filter(|_| changes && request.sub_resource.is_empty())
        else {
            return Ok(Verdict::untouched(Vec::new()));
        };
        let template = kind.template(&request.object);
        let wiring = match wiring_of(&annotations(template), &self.policy.prefix) {
            Ok(wiring) => wiring,
            Err(problems) => return Ok(Verdict::denied(Refusal::Invalid, problems)),
        };
        if wiring.is_empty() {
            return Ok(Verdict::untouched(wiring.warnings));
        }
        if !self.directory.synced() {
            return Ok(internal(
                Hook::Workloads,
                "resources are not known yet, so only the syntax was checked",
            ));
        }
        let findings = look(self.directory.as_ref(), &request.namespace, &wiring);
        let pieces = Pieces::gather(&wiring, &findings);
        let mut problems = check(template, &wiring, &pieces, false);
        problems.extend(pieces.wrong.iter().chain(&pieces.warnings).cloned());
        problems.extend(
            pieces
                .lacks
                .iter()
                .chain(&pieces.unready)
                .map(|lack| lack.problem.clone()),
        );
        if problems
            .iter()
            .any(|problem| problem.code.denies_workload())
        {
            return Ok(Verdict::denied(Refusal::Invalid, problems));
        }
        problems.extend(wiring.warnings.iter().cloned());
        let mut editor = Editor::new(template, kind.path());
        if let Some(stamp) = self.stamp_for(kind, request, &wiring, &pieces) {
            editor.set(
                &["metadata", "annotations"],
                &self.policy.prefix.stamp(),
                json!(stamp),
            )?;
        }
        Ok(Verdict::edited(
            Outcome::Patched,
            editor.into_operations(),
            problems,
        ))
    }

    /// The stamp the template should carry, if it is to be changed. A template that changes anyway, or is new, gets
    /// the current one; one that does not change keeps what it had, as an apply may have dropped it.
    fn stamp_for(
        &self,
        kind: TemplateKind,
        request: &Request,
        wiring: &Wiring,
        pieces: &Pieces<'_>,
    ) -> Option<String> {
        if kind != TemplateKind::Rolling {
            return None;
        }
        let name = self.policy.prefix.stamp();
        let of = |object: &Value| {
            kind.template(object)["metadata"]["annotations"][&name]
                .as_str()
                .map(str::to_owned)
        };
        let current = || stamp(&pieces.frozen).filter(|_| pieces.frozen.len() == wiring.envs.len());
        if request.operation == Operation::Create {
            return current();
        }
        let carried = || of(&request.old_object).filter(|_| of(&request.object).is_none());
        let bare = |object: &Value| without(kind.template(object), &name);
        if bare(&request.object) == bare(&request.old_object) {
            carried()
        } else {
            current().or_else(carried)
        }
    }
}

/// The template without one annotation, as it is compared.
fn without(template: &Value, annotation: &str) -> Value {
    let mut bare = template.clone();
    if let Some(annotations) = bare
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut)
    {
        annotations.remove(annotation);
    }
    bare
}
