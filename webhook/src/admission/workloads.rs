//! The workload hook: says early what is wrong, and stamps pod templates, so that the first rotation check after a
//! creation restarts nothing.

use serde_json::{Value, json};

use crate::patch::{EditError, Editor};
use crate::plan::{Pieces, annotations, check};
use crate::problem::{Code, Problem};
use crate::review::{Operation, Refusal, Request};
use crate::stamp::stamp;
use crate::vocabulary::read;

use super::{Admission, Outcome, Verdict};

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
        let (wiring, problems) = read(&annotations(template), &self.policy.prefix);
        if !problems.is_empty() {
            return Ok(self.misspelt(request, &wiring, problems));
        }
        if wiring.is_empty() {
            return Ok(Verdict::untouched(wiring.warnings));
        }
        let mut editor = Editor::new(template, kind.path());
        if !self.directory.synced() {
            self.restamp(&mut editor, kind, request, None)?;
            let text = "resources are not known yet, so only the syntax was checked";
            let warnings = vec![Problem::new(Code::Sw900, "admission", text)];
            return Ok(Verdict::edited(
                Outcome::Patched,
                editor.into_operations(),
                warnings,
            ));
        }
        let findings = self.glance(&request.namespace, &wiring);
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
        problems.extend(wiring.warnings.iter().cloned());
        let (reasons, warnings): (Vec<_>, Vec<_>) = problems
            .into_iter()
            .partition(|problem| problem.code.denies_early());
        if !reasons.is_empty() {
            return Ok(Verdict::denied(Refusal::Invalid, reasons, warnings));
        }
        let current = stamp(&pieces.frozen).filter(|_| pieces.frozen.len() == wiring.envs.len());
        self.restamp(&mut editor, kind, request, current)?;
        Ok(Verdict::edited(
            Outcome::Patched,
            editor.into_operations(),
            warnings,
        ))
    }

    /// Writes the stamp the template should carry, if it is not there. A template that changes anyway, or is new, gets
    /// the current one; one that does not change keeps what it had, as an apply may have dropped it.
    fn restamp(
        &self,
        editor: &mut Editor,
        kind: TemplateKind,
        request: &Request,
        current: Option<String>,
    ) -> Result<(), EditError> {
        if kind != TemplateKind::Rolling {
            return Ok(());
        }
        let name = self.policy.prefix.stamp();
        let of = |object: &Value| {
            kind.template(object)["metadata"]["annotations"][&name]
                .as_str()
                .map(str::to_owned)
        };
        let carried = of(&request.old_object).filter(|_| of(&request.object).is_none());
        let bare = |object: &Value| without(kind.template(object), &name);
        let changes = request.operation == Operation::Create
            || bare(&request.object) != bare(&request.old_object);
        match if changes {
            current.or(carried)
        } else {
            carried
        } {
            Some(stamp) => editor.set(&["metadata", "annotations"], &name, json!(stamp)),
            None => Ok(()),
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
