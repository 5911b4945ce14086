use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The Kubernetes Secret that the data is written to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    /// Name of the Secret, in the namespace of this resource.
    pub name: String,
    /// true: the Secret is created, owned and deleted with this resource.
    /// false: the Secret must exist; only its data is replaced.
    #[serde(default)]
    pub create: bool,
    /// With `create: true`, permit taking over an existing Secret that no
    /// resource of this API owns. Its data is replaced.
    #[serde(default)]
    pub overwrite: bool,
    /// Labels of the Secret, with `create: true`. The operator's own labels win.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations of the Secret, with `create: true`. They replace all others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Type of the Secret, with `create: true`; `Opaque` when omitted. A change
    /// deletes the Secret and creates it anew.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    /// What to make of the data on its way from Vault to the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transformation: Option<Transformation>,
}

/// What to make of the data on its way from Vault to the Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transformation {
    /// Go templates by the key of the Secret that each one renders.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<String, Template>,
    /// `SecretTransformation` objects to take templates and filters from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transformation_refs: Vec<TransformationRef>,
    /// Regular expressions (RE2) on source keys; only keys that match one are
    /// kept. Empty keeps all. Not applied to `_raw` or rendered templates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub includes: Vec<String>,
    /// Regular expressions (RE2) on source keys; keys that match one are left
    /// out, before `includes`. Not applied to `_raw` or rendered templates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<String>,
    /// Leave the key `_raw` out of the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude_raw: Option<bool>,
}

/// A Go text/template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Template {
    /// Name by which other templates may call this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The template.
    pub text: String,
}

/// Link to a `SecretTransformation`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TransformationRef {
    /// Name of the `SecretTransformation`.
    pub name: String,
    /// Its namespace; the namespace of this resource when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Templates to take, by key; all of them when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub template_refs: Vec<TemplateRef>,
    /// Do not take its `includes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_includes: Option<bool>,
    /// Do not take its `excludes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_excludes: Option<bool>,
}

/// One template of a `SecretTransformation`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateRef {
    /// Key of the template in the `SecretTransformation`.
    pub name: String,
    /// Key in the Secret; `name` when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_override: Option<String>,
}

/// A workload, in the namespace of this resource, to restart when the Secret's data has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RolloutRestartTarget {
    /// Kind of the workload.
    pub kind: RolloutRestartTargetKind,
    /// Name of the workload.
    pub name: String,
}

/// Kinds of workloads that can be restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum RolloutRestartTargetKind {
    /// `Deployment` of apps/v1.
    Deployment,
    /// `DaemonSet` of apps/v1.
    DaemonSet,
    /// `StatefulSet` of apps/v1.
    StatefulSet,
    /// `Rollout` of argoproj.io/v1alpha1.
    #[serde(rename = "argo.Rollout")]
    ArgoRollout,
}
