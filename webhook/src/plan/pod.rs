//! Reading a pod, or a pod template, as raw JSON.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::selector::Role;

/// Where a container is, and what part it plays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Container<'a> {
    pub(crate) list: &'static str,
    pub(crate) index: usize,
    pub(crate) name: &'a str,
    pub(crate) role: Role,
    pub(crate) spec: &'a Value,
}

/// All containers, init containers first, in the pod's order.
pub(crate) fn containers(pod: &Value) -> Vec<Container<'_>> {
    let all = ["initContainers", "containers"]
        .into_iter()
        .flat_map(|list| {
            array(&pod["spec"][list])
                .iter()
                .enumerate()
                .map(move |(index, spec)| {
                    let role = match (list, spec["restartPolicy"].as_str()) {
                        ("containers", _) => Role::App,
                        (_, Some("Always")) => Role::Sidecar,
                        _ => Role::Init,
                    };
                    Container {
                        list,
                        index,
                        name: spec["name"].as_str().unwrap_or_default(),
                        role,
                        spec,
                    }
                })
        });
    all.collect()
}

/// The annotations of an object.
pub(crate) fn annotations(object: &Value) -> BTreeMap<String, String> {
    let map = object["metadata"]["annotations"].as_object();
    let entries = map.into_iter().flatten();
    entries
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// The elements of an array, none if it is no array.
pub(crate) fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Whether the pod has been given a node, which rules out a scheduling gate.
pub(crate) fn has_node(pod: &Value) -> bool {
    pod["spec"]["nodeName"]
        .as_str()
        .is_some_and(|name| !name.is_empty())
}

/// Whether a controller owns the pod that makes a new one at once, and to no harm, if it is deleted before it starts.
pub(crate) fn is_replaceable(pod: &Value) -> bool {
    array(&pod["metadata"]["ownerReferences"])
        .iter()
        .filter(|owner| owner["controller"] == true)
        .any(|owner| {
            let group = owner["apiVersion"]
                .as_str()
                .and_then(|version| version.split_once('/'))
                .map(|(group, _)| group);
            match owner["kind"].as_str() {
                Some("ReplicaSet" | "StatefulSet" | "DaemonSet") => group == Some("apps"),
                Some("ReplicationController") => group.is_none(),
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_owners_we_know_are_trusted_to_make_a_new_pod() {
        for (version, kind, controller, replaceable) in [
            ("apps/v1", "ReplicaSet", true, true),
            ("v1", "ReplicationController", true, true),
            ("apps/v1", "ReplicaSet", false, false),
            ("example.com/v1", "StatefulSet", true, false),
            ("apps/v1", "ReplicationController", true, false),
            ("batch/v1", "Job", true, false),
        ] {
            let owner = json!({ "apiVersion": version, "kind": kind, "controller": controller });
            let pod = json!({ "metadata": { "ownerReferences": [owner] } });
            assert_eq!(
                is_replaceable(&pod),
                replaceable,
                "{version} {kind} {controller}"
            );
        }
        assert!(!is_replaceable(&json!({ "metadata": {} })));
    }

    #[test]
    fn init_containers_that_restart_are_sidecars() {
        let pod = json!({ "spec": {
            "containers": [{ "name": "app" }],
            "initContainers": [{ "name": "setup" }, { "name": "mesh", "restartPolicy": "Always" }],
        } });
        let roles: Vec<_> = containers(&pod).iter().map(|c| (c.name, c.role)).collect();
        assert_eq!(
            roles,
            [
                ("setup", Role::Init),
                ("mesh", Role::Sidecar),
                ("app", Role::App)
            ]
        );
    }
}
