//! What the operator may do. Nothing here but what a named feature needs.

use secretwire_api::names;
use serde_json::{Value, json};

use super::{NAME, cluster_metadata, metadata};
use crate::{certificates, leader};

/// The operator's account and its rights, by file.
pub(super) fn objects(namespace: &str, kinds: &[&str]) -> Vec<(&'static str, Value)> {
    vec![
        (
            "rbac/service_account.yaml",
            json!({
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": metadata(NAME, namespace),
            }),
        ),
        (
            "rbac/cluster_role.yaml",
            json!({
                "apiVersion": RBAC,
                "kind": "ClusterRole",
                "metadata": cluster_metadata(NAME),
                "rules": cluster_rules(namespace, kinds),
            }),
        ),
        (
            "rbac/cluster_role_binding.yaml",
            json!({
                "apiVersion": RBAC,
                "kind": "ClusterRoleBinding",
                "metadata": cluster_metadata(NAME),
                "roleRef": role("ClusterRole", NAME),
                "subjects": account(namespace),
            }),
        ),
        (
            "rbac/role.yaml",
            json!({
                "apiVersion": RBAC,
                "kind": "Role",
                "metadata": metadata(NAME, namespace),
                "rules": own_rules(),
            }),
        ),
        (
            "rbac/role_binding.yaml",
            json!({
                "apiVersion": RBAC,
                "kind": "RoleBinding",
                "metadata": metadata(NAME, namespace),
                "roleRef": role("Role", NAME),
                "subjects": account(namespace),
            }),
        ),
    ]
}

fn cluster_rules(namespace: &str, kinds: &[&str]) -> Vec<Value> {
    let sub = |name: &str| kinds.iter().map(|kind| format!("{kind}/{name}")).collect();
    let status: Vec<String> = sub("status");
    let finalizers: Vec<String> = sub("finalizers");
    let group = names::GROUP;
    vec![
        rule(group, kinds, &["get", "list", "watch", "patch"]),
        rule(group, &status, &["patch"]),
        // To be named as owner that blocks deletion, where the cluster enforces that permission.
        rule(group, &finalizers, &["update"]),
        rule(
            "",
            &["secrets"],
            &[
                "get", "list", "watch", "create", "update", "patch", "delete",
            ],
        ),
        rule("", &["serviceaccounts/token"], &["create"]),
        rule("", &["pods"], &["get", "list", "watch", "patch", "delete"]),
        rule(
            "apps",
            &["daemonsets", "deployments", "statefulsets"],
            &["get", "patch"],
        ),
        rule("argoproj.io", &["rollouts"], &["get", "patch"]),
        rule("", &["events"], &["create", "patch"]),
        rule("events.k8s.io", &["events"], &["create", "patch"]),
        // Watched by name alone, and created by server-side apply, so that a name restricts each of these verbs.
        named(
            "admissionregistration.k8s.io",
            &[
                "mutatingwebhookconfigurations",
                "validatingwebhookconfigurations",
            ],
            &[NAME],
            &["get", "list", "watch", "create", "update", "patch"],
        ),
        named("", &["namespaces"], &[namespace], &["get"]),
    ]
}

/// Rights in the operator's own namespace. The Secrets are there for installations that take away the right to every
/// Secret and grant it by namespace.
fn own_rules() -> Vec<Value> {
    let write = ["get", "list", "watch", "update"];
    let secrets = [certificates::SECRET, names::HMAC_SECRET];
    vec![
        rule("coordination.k8s.io", &["leases"], &["create"]),
        named(
            "coordination.k8s.io",
            &["leases"],
            &[leader::LEASE],
            &["get", "update"],
        ),
        rule("", &["secrets"], &["create"]),
        named("", &["secrets"], &secrets, &write),
    ]
}

fn rule(group: &str, resources: &[impl AsRef<str>], verbs: &[&str]) -> Value {
    let resources: Vec<_> = resources.iter().map(AsRef::as_ref).collect();
    json!({ "apiGroups": [group], "resources": resources, "verbs": verbs })
}

fn named(group: &str, resources: &[&str], names: &[impl AsRef<str>], verbs: &[&str]) -> Value {
    let mut rule = rule(group, resources, verbs);
    let names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
    rule["resourceNames"] = json!(names);
    rule
}

fn role(kind: &str, name: &str) -> Value {
    json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name })
}

fn account(namespace: &str) -> Value {
    json!([{ "kind": "ServiceAccount", "name": NAME, "namespace": namespace }])
}

const RBAC: &str = "rbac.authorization.k8s.io/v1";
