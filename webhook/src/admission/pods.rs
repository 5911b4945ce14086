//! The pod hook: wire, gate, hold the place, or refuse.

use std::time::Duration;

use tokio::time::Instant;

use crate::patch::{EditError, Editor};
use crate::plan::{
    Lack, LackKind, Pieces, annotations, attach, check, has_node, is_replaceable, mark,
};
use crate::problem::{Code, Problem};
use crate::review::{Operation, Refusal, Request};
use crate::status::PodStatus;
use crate::vocabulary::read;
use crate::wiring::{WaitMode, Wiring};

use super::{Admission, Hook, Outcome, Verdict, internal};

impl Admission {
    pub(super) async fn pod(
        &self,
        request: &Request,
        arrival: Instant,
        budget: Duration,
    ) -> Result<Verdict, EditError> {
        let is_pod = request.kind.group.is_empty() && request.kind.kind == "Pod";
        if !is_pod || request.operation != Operation::Create || !request.sub_resource.is_empty() {
            return Ok(Verdict::untouched(Vec::new()));
        }
        let annotations = annotations(&request.object);
        // A mirror pod shows what a node runs already.
        if annotations.contains_key("kubernetes.io/config.mirror") {
            return Ok(Verdict::untouched(Vec::new()));
        }
        let prefix = &self.policy.prefix;
        let (mut wiring, problems) = read(&annotations, prefix);
        if !problems.is_empty() {
            return Ok(self.misspelt(request, &wiring, problems));
        }
        if wiring.is_empty() {
            return Ok(Verdict::untouched(wiring.warnings));
        }
        if !self.directory.synced() {
            return Ok(internal(
                Hook::Pods,
                "the operator has just started and does not know its resources yet",
            ));
        }
        let status = annotations.get(&prefix.status());
        let seen_before = status.is_some_and(|text| PodStatus::parse(text).is_some());
        if status.is_some() && !seen_before {
            wiring.warnings.push(Problem::new(
                Code::Sw601,
                "status",
                "this key is ours, and is overwritten",
            ));
        }
        let dry_run = request.dry_run.unwrap_or(false);
        let findings = if dry_run {
            self.glance(&request.namespace, &wiring)
        } else {
            // A later pass over the same pod must not hold it a second time.
            let until = self
                .hold_until(&wiring, arrival, budget)
                .filter(|_| !seen_before);
            self.settle(&request.namespace, &wiring, until).await
        };
        let pieces = Pieces::gather(&wiring, &findings);
        PodRequest {
            admission: self,
            request,
            wiring: &wiring,
            seen_before,
            dry_run,
        }
        .decide(pieces)
    }
}

/// A pod that asks for something, when all waiting is done.
struct PodRequest<'a> {
    admission: &'a Admission,
    request: &'a Request,
    wiring: &'a Wiring,
    seen_before: bool,
    dry_run: bool,
}

impl PodRequest<'_> {
    fn decide(&self, mut pieces: Pieces<'_>) -> Result<Verdict, EditError> {
        let pod = &self.request.object;
        let mut wrong = check(pod, self.wiring, &pieces, self.seen_before);
        wrong.append(&mut pieces.wrong);
        if !wrong.is_empty() {
            return Ok(Verdict::denied(
                Refusal::Invalid,
                wrong,
                self.warnings(&pieces),
            ));
        }
        let can_gate = match self.wiring.wait.mode {
            WaitMode::None | WaitMode::Hold => false,
            WaitMode::Gate | WaitMode::Auto => !has_node(pod),
        };
        if !pieces.lacks.is_empty() {
            return if can_gate && is_replaceable(pod) {
                self.hold_place(pieces)
            } else {
                Ok(self.refuse(pieces))
            };
        }
        if pieces.unready.is_empty() || self.wiring.wait.mode == WaitMode::None {
            self.wire(pieces, false)
        } else if can_gate {
            self.wire(pieces, true)
        } else {
            Ok(self.refuse(pieces))
        }
    }

    /// Injects everything, and gates the pod if it has to wait.
    fn wire(&self, pieces: Pieces<'_>, gated: bool) -> Result<Verdict, EditError> {
        let mut editor = Editor::new(&self.request.object, &[]);
        let mut warnings = attach(&mut editor, &pieces, self.seen_before)?;
        warnings.extend(self.warnings(&pieces));
        let status = PodStatus::new(pieces.uses, false);
        mark(&mut editor, &self.admission.policy.prefix, &status, gated)?;
        let outcome = if gated {
            Outcome::Gated
        } else {
            Outcome::Patched
        };
        Ok(Verdict::edited(outcome, editor.into_operations(), warnings))
    }

    /// Gates a pod that cannot be wired yet. Its owner makes a wired one when the controller deletes this.
    fn hold_place(&self, pieces: Pieces<'_>) -> Result<Verdict, EditError> {
        let mut editor = Editor::new(&self.request.object, &[]);
        let mut warnings = self.warnings(&pieces);
        warnings.extend(pieces.lacks.into_iter().map(|lack| lack.problem));
        let status = PodStatus::new(pieces.uses, true);
        mark(&mut editor, &self.admission.policy.prefix, &status, true)?;
        Ok(Verdict::edited(
            Outcome::Placeholder,
            editor.into_operations(),
            warnings,
        ))
    }

    /// Refuses a pod that can neither be wired nor wait.
    fn refuse(&self, pieces: Pieces<'_>) -> Verdict {
        let warnings = self
            .wiring
            .warnings
            .iter()
            .chain(&pieces.warnings)
            .cloned()
            .collect();
        let lacking: Vec<Lack> = pieces.lacks.into_iter().chain(pieces.unready).collect();
        let refusal = if self.request.user_info.is_controller() {
            Refusal::NotYetForController
        } else if lacking.iter().all(|lack| lack.kind == LackKind::Pending) {
            Refusal::NotYet
        } else {
            Refusal::Invalid
        };
        let mut problems: Vec<_> = lacking.into_iter().map(|lack| lack.problem).collect();
        match self.wiring.wait.mode {
            WaitMode::Gate | WaitMode::Auto if has_node(&self.request.object) => {
                let text = "the pod has a nodeName and so cannot be gated; leave the node to the scheduler";
                problems.push(Problem::new(Code::Sw401, "wait", text));
            }
            WaitMode::Gate | WaitMode::Auto | WaitMode::Hold | WaitMode::None => {}
        }
        Verdict::denied(refusal, problems, warnings)
    }

    fn warnings(&self, pieces: &Pieces<'_>) -> Vec<Problem> {
        let mut warnings = self.wiring.warnings.clone();
        warnings.extend(pieces.warnings.iter().cloned());
        for lack in &pieces.unready {
            match lack.kind {
                LackKind::Failed => warnings.push(lack.problem.clone()),
                LackKind::Absent | LackKind::Pending => {}
            }
        }
        let waits = self.wiring.wait.mode != WaitMode::None && pieces.worth_waiting();
        if self.dry_run && waits {
            let lacking = pieces.lacks.iter().chain(&pieces.unready);
            warnings.extend(lacking.map(|lack| {
                let text = format!("would wait: {}", lack.problem.text);
                Problem::new(Code::Sw403, lack.problem.key.clone(), text)
            }));
        }
        warnings
    }
}
