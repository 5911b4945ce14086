//! The operator itself, in the cluster.

use serde_json::{Value, json};

use super::{NAME, WEBHOOK_SERVICE, metadata};

/// The operator's Deployment and what goes with it, by file.
pub(super) fn objects(namespace: &str) -> Vec<(&'static str, Value)> {
    vec![
        (
            "webhook/service.yaml",
            json!({
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": metadata(WEBHOOK_SERVICE, namespace),
                "spec": {
                    "selector": selector(),
                    "ports": [{ "name": "webhook", "port": 443, "targetPort": "webhook" }],
                },
            }),
        ),
        ("operator/deployment.yaml", deployment(namespace)),
        (
            "operator/pod_disruption_budget.yaml",
            json!({
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": metadata(NAME, namespace),
                "spec": { "minAvailable": 1, "selector": { "matchLabels": selector() } },
            }),
        ),
    ]
}

fn deployment(namespace: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(NAME, namespace),
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": selector() },
            // Admission is served throughout an upgrade: a new replica is ready before an old one goes.
            "strategy": { "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } },
            "template": { "metadata": { "labels": selector() }, "spec": pod() },
        },
    })
}

fn pod() -> Value {
    json!({
        "serviceAccountName": NAME,
        // The webhook serves on while endpoints are withdrawn, then finishes what it has begun.
        "terminationGracePeriodSeconds": 45,
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "topologySpreadConstraints": [{
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": { "matchLabels": selector() },
        }],
        "containers": [{
            "name": NAME,
            "image": concat!("secretwire:", env!("CARGO_PKG_VERSION")),
            "args": [
                "run",
                "--webhook-bind-address=:9443",
                format!("--webhook-service={WEBHOOK_SERVICE}"),
                "--metrics-bind-address=:8080",
                "--health-probe-bind-address=:8081",
                "--zap-encoder=json",
            ],
            "env": [
                downward("OPERATOR_NAMESPACE", "metadata.namespace"),
                downward("OPERATOR_POD_NAME", "metadata.name"),
                downward("OPERATOR_POD_UID", "metadata.uid"),
            ],
            "ports": [
                { "name": "webhook", "containerPort": 9443 },
                { "name": "metrics", "containerPort": 8080 },
                { "name": "probes", "containerPort": 8081 },
            ],
            "livenessProbe": probe("/healthz", 20),
            "readinessProbe": probe("/readyz", 5),
            "resources": {
                "requests": { "cpu": "20m", "memory": "64Mi" },
                "limits": { "memory": "256Mi" },
            },
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "capabilities": { "drop": ["ALL"] },
                "readOnlyRootFilesystem": true,
            },
        }],
    })
}

fn selector() -> Value {
    json!({ "app.kubernetes.io/name": NAME, "app.kubernetes.io/component": "operator" })
}

fn downward(variable: &str, field: &str) -> Value {
    json!({ "name": variable, "valueFrom": { "fieldRef": { "fieldPath": field } } })
}

fn probe(path: &str, period: u32) -> Value {
    json!({ "httpGet": { "path": path, "port": "probes" }, "periodSeconds": period })
}
