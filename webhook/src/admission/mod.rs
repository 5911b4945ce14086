//! One admission request: what is decided, and how it is answered, counted and logged.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use json_patch::PatchOperation;
use secretwire_core::transform::Linter;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::directory::Directory;
use crate::metrics::{Answered, Metrics};
use crate::names::Prefix;
use crate::patch::EditError;
use crate::plan::{Findings, look, suggest, unresolved};
use crate::problem::{Code, Problem};
use crate::review::{Place, Refusal, Request, Response};
use crate::wiring::Wiring;

use workloads::TemplateKind;

mod hold;
mod pods;
mod resources;
mod workloads;

/// What the installation decides for all objects.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Prefix of all our annotations, labels and gates.
    pub prefix: Prefix,
    /// The longest hold a pod can ask for.
    pub longest_hold: Duration,
    /// How many pods are held at once; beyond it pods are gated without a hold.
    pub concurrent_holds: usize,
    /// Whether all Secrets go without the `_raw` key.
    pub exclude_raw: bool,
}

impl Policy {
    /// The defaults: holds of up to 8 s, 64 at once.
    pub fn new(prefix: Prefix) -> Self {
        Self {
            prefix,
            longest_hold: Duration::from_secs(8),
            concurrent_holds: 64,
            exclude_raw: false,
        }
    }
}

/// Answers admission requests for pods, workloads and our own resources.
pub struct Admission {
    policy: Policy,
    directory: Arc<dyn Directory>,
    metrics: Metrics,
    holds: Semaphore,
    linter: Arc<Linter>,
}

/// Which path was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    Pods,
    Workloads,
    Resources,
}

impl Hook {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pods => "pods",
            Self::Workloads => "workloads",
            Self::Resources => "resources",
        }
    }
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing to do.
    Untouched,
    /// Wired, or stamped.
    Patched,
    /// Wired, and kept from starting until the secrets are there.
    Gated,
    /// Kept from starting, and to be replaced.
    Placeholder,
    /// Refused.
    Denied(Refusal),
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Untouched => "untouched",
            Self::Patched => "patched",
            Self::Gated => "gated",
            Self::Placeholder => "placeholder",
            Self::Denied(_) => "denied",
        }
    }
}

/// The decision on one object.
#[derive(Debug)]
struct Verdict {
    outcome: Outcome,
    operations: Vec<PatchOperation>,
    /// Why it is refused.
    reasons: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Verdict {
    fn untouched(warnings: Vec<Problem>) -> Self {
        Self::edited(Outcome::Untouched, Vec::new(), warnings)
    }

    fn denied(refusal: Refusal, mut reasons: Vec<Problem>, warnings: Vec<Problem>) -> Self {
        reasons.sort();
        reasons.dedup();
        Self {
            outcome: Outcome::Denied(refusal),
            operations: Vec::new(),
            reasons,
            warnings,
        }
    }

    /// A second pass that finds everything in place has touched nothing.
    fn edited(
        outcome: Outcome,
        operations: Vec<PatchOperation>,
        mut warnings: Vec<Problem>,
    ) -> Self {
        warnings.sort();
        let outcome = if operations.is_empty() {
            Outcome::Untouched
        } else {
            outcome
        };
        Self {
            outcome,
            operations,
            reasons: Vec::new(),
            warnings,
        }
    }

    /// The code it is counted and logged under.
    fn code(&self) -> Option<Code> {
        self.reasons
            .first()
            .or(self.warnings.first())
            .map(|problem| problem.code)
    }
}

impl Admission {
    /// Answers by what `directory` knows.
    pub fn new(policy: Policy, directory: Arc<dyn Directory>, metrics: Metrics) -> Self {
        let holds = Semaphore::new(policy.concurrent_holds);
        Self {
            policy,
            directory,
            metrics,
            holds,
            linter: Arc::new(Linter::new()),
        }
    }

    /// Answers one request within `budget`. A panic while deciding is an answer too: an unwind would cut the
    /// connection, and with it the requests that share it.
    pub(crate) async fn answer(&self, hook: Hook, request: &Request, budget: Duration) -> Response {
        let arrival = Instant::now();
        let decided = AssertUnwindSafe(self.decide(hook, request, arrival, budget))
            .catch_unwind()
            .await;
        let verdict = match decided {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(error)) => {
                tracing::error!(%error, uid = request.uid, "admission produced an edit that does not apply");
                internal(hook, SEE_LOG)
            }
            Err(_) => {
                tracing::error!(uid = request.uid, "admission panicked");
                internal(hook, SEE_LOG)
            }
        };
        let response = self.respond(hook, request, &verdict);
        let code = verdict.code();
        self.metrics.answered(&Answered {
            hook,
            operation: request.operation,
            outcome: verdict.outcome,
            code,
            took: arrival.elapsed(),
            patch_length: response.patch_length(),
        });
        tracing::info!(
            hook = hook.as_str(),
            namespace = request.namespace,
            name = request.subject(),
            uid = request.uid,
            verdict = verdict.outcome.as_str(),
            code = code.map(Code::as_str),
            "admission answered"
        );
        response
    }

    async fn decide(
        &self,
        hook: Hook,
        request: &Request,
        arrival: Instant,
        budget: Duration,
    ) -> Result<Verdict, EditError> {
        match hook {
            Hook::Pods => self.pod(request, arrival, budget).await,
            Hook::Workloads => self.workload(request),
            Hook::Resources => Ok(self.resource(request).await),
        }
    }

    fn respond(&self, hook: Hook, request: &Request, verdict: &Verdict) -> Response {
        let place = match hook {
            Hook::Pods | Hook::Workloads => Place::Annotations {
                path: TemplateKind::of(request)
                    .map_or("metadata.annotations", TemplateKind::annotations),
                domain: self.policy.prefix.domain(),
            },
            Hook::Resources => Place::Fields,
        };
        match verdict.outcome {
            Outcome::Denied(refusal) => Response::refuse(
                request,
                refusal,
                &place,
                &verdict.reasons,
                &verdict.warnings,
            ),
            Outcome::Untouched | Outcome::Patched | Outcome::Gated | Outcome::Placeholder => {
                Response::allow(request, &verdict.operations, &verdict.warnings)
            }
        }
    }

    /// What is known of the wiring's references now, without waiting.
    fn glance(&self, namespace: &str, wiring: &Wiring) -> Findings {
        let mut findings = look(self.directory.as_ref(), namespace, wiring);
        suggest(self.directory.as_ref(), namespace, &mut findings);
        findings
    }

    /// A refusal for what is written in the annotations, with whatever else is certain by now.
    fn misspelt(&self, request: &Request, wiring: &Wiring, mut reasons: Vec<Problem>) -> Verdict {
        let mut rest = Vec::new();
        if self.directory.synced() {
            rest = unresolved(wiring, &self.glance(&request.namespace, wiring));
        }
        if request.kind.kind == "Pod" {
            reasons.append(&mut rest);
        }
        rest.extend(wiring.warnings.iter().cloned());
        Verdict::denied(Refusal::Invalid, reasons, rest)
    }
}

/// A failure of ours: pods wait for better times, all else passes.
fn internal(hook: Hook, text: &str) -> Verdict {
    let problem = Problem::new(Code::Sw900, "admission", text);
    match hook {
        Hook::Pods => Verdict::denied(Refusal::Unable, vec![problem], Vec::new()),
        Hook::Workloads | Hook::Resources => Verdict::untouched(vec![problem]),
    }
}

const SEE_LOG: &str = "internal error; see the operator's log";

#[cfg(test)]
mod tests;
