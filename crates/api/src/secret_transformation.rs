use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Condition, Template};

/// Templates and filters that other resources share.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, CustomResource, Serialize, Deserialize, JsonSchema,
)]
#[kube(
    group = "secrets.hashicorp.com",
    version = "v1beta1",
    kind = "SecretTransformation",
    namespaced,
    status = "SecretTransformationStatus",
    printcolumn(
        name = "Healthy",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Healthy\")].status"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    )
)]
#[serde(rename_all = "camelCase")]
pub struct SecretTransformationSpec {
    /// Go templates by key; the key is the one of the Secret unless whoever
    /// takes the template names another.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<String, Template>,
    /// Go templates that others call; they make no key of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_templates: Vec<Template>,
    /// Regular expressions (RE2) on source keys to keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub includes: Vec<String>,
    /// Regular expressions (RE2) on source keys to leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<String>,
}

/// Last check of the templates and filters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SecretTransformationStatus {
    /// Whether everything parses.
    #[serde(default)]
    #[schemars(required)]
    pub valid: bool,
    /// What does not, when not valid.
    #[serde(default)]
    #[schemars(required)]
    pub error: String,
    /// State of the object in detail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}
