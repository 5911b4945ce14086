//! The wire types of `admission.k8s.io/v1`. Objects stay raw JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use json_patch::PatchOperation;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::problem::{Code, Problem, clip};

/// What the API server sends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReviewIn {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) request: Request,
}

/// The question.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    pub(crate) uid: String,
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) sub_resource: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) namespace: String,
    pub(crate) operation: Operation,
    #[serde(default)]
    pub(crate) user_info: UserInfo,
    #[serde(default)]
    pub(crate) object: Value,
    #[serde(default)]
    pub(crate) old_object: Value,
    #[serde(default)]
    pub(crate) dry_run: Option<bool>,
}

/// Kind of the object in the request.
#[derive(Deserialize)]
pub(crate) struct Kind {
    #[serde(default)]
    pub(crate) group: String,
    pub(crate) kind: String,
}

/// What is done to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Operation {
    Create,
    Update,
    Delete,
    Connect,
}

impl Operation {
    /// The value of the metric's label.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }
}

/// Who asks.
#[derive(Default, Deserialize)]
pub(crate) struct UserInfo {
    #[serde(default)]
    pub(crate) username: String,
}

impl UserInfo {
    /// Whether a controller of the cluster asks. Such clients hold a worker while they retry, so they get no hint to.
    pub(crate) fn is_controller(&self) -> bool {
        self.username == "system:kube-controller-manager"
            || self
                .username
                .starts_with("system:serviceaccount:kube-system:")
    }
}

/// What the API server gets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReviewOut {
    api_version: &'static str,
    kind: &'static str,
    response: Response,
}

/// The answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Response {
    uid: String,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Status {
    code: u16,
    reason: &'static str,
    message: String,
    details: Details,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    group: String,
    kind: String,
    causes: Vec<Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u32>,
}

#[derive(Serialize)]
struct Cause {
    reason: &'static str,
    message: String,
    field: String,
}

/// Why a request is refused, which decides what the client does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It has to be changed.
    Invalid,
    /// It will do soon; an interactive client retries by itself.
    NotYet,
    /// It will do soon, and a controller asks, which retries anyway.
    NotYetForController,
    /// We cannot tell.
    Unable,
}

impl Refusal {
    fn code(self) -> u16 {
        match self {
            Self::Invalid => 422,
            Self::NotYet => 429,
            Self::NotYetForController => 403,
            Self::Unable => 503,
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Invalid => "Invalid",
            Self::NotYet => "TooManyRequests",
            Self::NotYetForController => "Forbidden",
            Self::Unable => "ServiceUnavailable",
        }
    }

    fn retry_after_seconds(self) -> Option<u32> {
        match self {
            Self::NotYet | Self::Unable => Some(1),
            Self::Invalid | Self::NotYetForController => None,
        }
    }
}

impl Response {
    /// Lets the object pass, changed by `operations`.
    pub(crate) fn allow(
        request: &Request,
        operations: &[PatchOperation],
        warnings: &[Problem],
    ) -> Self {
        let patch = match operations {
            [] => None,
            // As a Value first: that is total, and writing a Value as text is too.
            _ => Some(STANDARD.encode(json!(operations).to_string())),
        };
        let patch_type = patch.is_some().then_some("JSONPatch");
        let uid = request.uid.clone();
        Self {
            uid,
            allowed: true,
            status: None,
            patch,
            patch_type,
            warnings: lines(warnings),
        }
    }

    /// Refuses the object. `place` says what the problems' keys name.
    pub(crate) fn refuse(
        request: &Request,
        refusal: Refusal,
        place: &Place<'_>,
        problems: &[Problem],
        warnings: &[Problem],
    ) -> Self {
        let shown = || problems.iter().take(CAUSES);
        let mut message = shown()
            .map(|problem| problem.line(CAUSE_LENGTH))
            .collect::<Vec<_>>()
            .join("; ");
        let cause = |problem: &Problem| Cause {
            reason: CAUSE_REASON,
            message: place.message(problem),
            field: place.field(problem),
        };
        let mut causes: Vec<_> = shown().map(cause).collect();
        if problems.len() > CAUSES {
            let rest = format!("and {} more", problems.len() - CAUSES);
            message = format!("{message}; {rest}");
            // Clients that print causes leave out the message.
            causes.push(Cause {
                reason: CAUSE_REASON,
                message: rest,
                field: place.whole().to_owned(),
            });
        }
        let details = Details {
            name: request.subject().to_owned(),
            group: request.kind.group.clone(),
            kind: request.kind.kind.clone(),
            causes,
            retry_after_seconds: refusal.retry_after_seconds(),
        };
        let status = Status {
            code: refusal.code(),
            reason: refusal.reason(),
            message,
            details,
        };
        let uid = request.uid.clone();
        let (status, warnings) = (Some(status), lines(warnings));
        Self {
            uid,
            allowed: false,
            status,
            patch: None,
            patch_type: None,
            warnings,
        }
    }

    /// Length of the patch on the wire.
    pub(crate) fn patch_length(&self) -> usize {
        self.patch.as_ref().map_or(0, String::len)
    }

    /// The answer as the review that is sent.
    pub(crate) fn into_review(self) -> ReviewOut {
        ReviewOut {
            api_version: API_VERSION,
            kind: KIND,
            response: self,
        }
    }
}

impl Request {
    /// The object's name, or the prefix a name will be made from.
    pub(crate) fn subject(&self) -> &str {
        let generate_name = || {
            self.object["metadata"]["generateName"]
                .as_str()
                .unwrap_or_default()
        };
        if self.name.is_empty() {
            generate_name()
        } else {
            &self.name
        }
    }
}

/// What the keys of problems name.
pub(crate) enum Place<'a> {
    /// Annotations.
    Annotations {
        /// Path of the annotations, dotted.
        path: &'a str,
        /// The prefix of the keys.
        domain: &'a str,
    },
    /// Fields, by their paths.
    Fields,
}

impl Place<'_> {
    fn field(&self, problem: &Problem) -> String {
        match (self, problem.code) {
            (_, Code::Sw900) => String::new(),
            (Self::Annotations { path, domain }, _) => format!("{path}[{domain}/{}]", problem.key),
            (Self::Fields, _) => problem.key.clone(),
        }
    }

    /// What all keys are below.
    fn whole(&self) -> &str {
        match self {
            Self::Annotations { path, .. } => path,
            Self::Fields => "spec",
        }
    }

    /// What clients print after the field.
    fn message(&self, problem: &Problem) -> String {
        match self {
            Self::Annotations { .. } => problem.line(CAUSE_LENGTH),
            Self::Fields => {
                let text = format!("{}: {}", problem.code.as_str(), problem.text);
                clip(&text, CAUSE_LENGTH)
            }
        }
    }
}

/// Warnings as the API server takes them: each short, all together short, none twice.
fn lines(warnings: &[Problem]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in warnings
        .iter()
        .map(|warning| clip(&warning.to_string(), WARNING_LENGTH))
    {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.truncate(WARNINGS);
    lines
}

pub(crate) const API_VERSION: &str = "admission.k8s.io/v1";
pub(crate) const KIND: &str = "AdmissionReview";
/// Problems that are told one by one.
const CAUSES: usize = 10;
const CAUSE_REASON: &str = "FieldValueInvalid";
const CAUSE_LENGTH: usize = 200;
const WARNINGS: usize = 30;
const WARNING_LENGTH: usize = 120;
