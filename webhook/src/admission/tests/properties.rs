//! Properties of the pod hook over generated pods and directories.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::directory::{Readiness, Sighting};
use crate::fake::{ready, static_secret};

use super::*;

const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];
const KEYS: [&str; 4] = ["user", "password", "tls.crt", "1st"];

/// One id: its base key, and some of the modifiers.
fn group(
    verb: &'static str,
    id: &'static str,
    modifiers: Vec<(&'static str, &'static str)>,
) -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![
        12 => select(vec!["vss/alpha", "beta", "vss/gamma"]),
        1 => Just("vss/missing"),
    ];
    let most = modifiers.len();
    (name, subsequence(modifiers, 0..=most)).prop_map(move |(name, modifiers)| {
        let key = format!("{verb}.{id}");
        let modifiers = modifiers.into_iter();
        let modifiers =
            modifiers.map(|(modifier, value)| (format!("{key}.{modifier}"), value.into()));
        [(key.clone(), name.to_owned())]
            .into_iter()
            .chain(modifiers)
            .collect()
    })
}

/// Annotations, most of them sensible together.
fn annotations() -> impl Strategy<Value = Vec<(String, String)>> {
    let groups = (
        option::of(group(
            "mount",
            "a",
            vec![("path", "/etc/x"), ("containers", "@all,!init-0")],
        )),
        option::of(group(
            "mount",
            "b",
            vec![
                ("items", "u*,tls.*"),
                ("mode", "0400"),
                ("optional", "true"),
            ],
        )),
        option::of(group(
            "mount",
            "c",
            vec![("items", "user=u@0400"), ("optional", "true")],
        )),
        option::of(group(
            "env",
            "a",
            vec![("keys", "USER=user"), ("optional", "true")],
        )),
        option::of(group(
            "env",
            "b",
            vec![("prefix", "P_"), ("containers", "@all")],
        )),
    );
    let words = prop_oneof![
        8 => Just(vec![]),
        2 => Just(vec![("wait", "gate")]),
        2 => Just(vec![("wait", "none")]),
        1 => Just(vec![("typo", "x"), ("lint", "warn")]),
        1 => Just(vec![("env.c.keys", "x")]),
    ];
    (groups, words).prop_map(|((a, b, c, d, e), words)| {
        let groups = [a, b, c, d, e].into_iter().flatten().flatten();
        let words = words
            .into_iter()
            .map(|(word, value)| (word.to_owned(), value.to_owned()));
        // Never a hold: these tests run without a clock.
        groups
            .chain(words)
            .chain([("hold".to_owned(), "0s".to_owned())])
            .collect()
    })
}

fn container(name: String) -> impl Strategy<Value = Value> {
    let env = option::of(subsequence(vec!["user", "P_user", "OTHER"], 0..3));
    let mounts = option::of(subsequence(vec!["/data", "/secrets/a", "/var/log"], 0..2));
    (env, mounts, any::<bool>()).prop_map(move |(env, mounts, sidecar)| {
        let mut container =
            json!({ "name": name, "image": "x", "futureField": { "kept": [1, null] } });
        if let Some(env) = env {
            container["env"] = env
                .iter()
                .map(|name| json!({ "name": name, "value": "own" }))
                .collect();
        }
        if let Some(mounts) = mounts {
            let mount = |path| json!({ "name": "own", "mountPath": path });
            container["volumeMounts"] = mounts.into_iter().map(mount).collect();
        }
        if sidecar && name.starts_with("init") {
            container["restartPolicy"] = json!("Always");
        }
        container
    })
}

fn generated_pod() -> impl Strategy<Value = Value> {
    let apps = (
        container("app-0".into()),
        option::of(container("app-1".into())),
    );
    let inits = option::of((container("init-0".into()), container("init-1".into())));
    let extras = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (annotations(), apps, inits, extras).prop_map(
        |(annotations, apps, inits, (labels, volumes, owner, node))| {
            let pairs: Vec<_> = annotations
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str()))
                .collect();
            let mut pod = pod(&pairs);
            pod["metadata"]["annotations"]["example.com/other"] = json!("kept");
            pod["spec"]["containers"] = [Some(apps.0), apps.1].into_iter().flatten().collect();
            if let Some((first, second)) = inits {
                pod["spec"]["initContainers"] = json!([first, second]);
            }
            if labels {
                pod["metadata"]["labels"] = json!({ "app": "x" });
            }
            if volumes {
                pod["spec"]["volumes"] = json!([{ "name": "own", "emptyDir": {} }]);
            }
            if node {
                pod["spec"]["nodeName"] = json!("node-1");
            }
            if owner { owned(pod, "ReplicaSet") } else { pod }
        },
    )
}

fn sighting() -> impl Strategy<Value = Sighting> {
    let keys = option::weighted(0.8, subsequence(KEYS.to_vec(), 0..=4));
    let readiness = select(vec![
        Readiness::Ready,
        Readiness::Pending {
            message: "p".into(),
        },
        Readiness::Failed {
            message: "f".into(),
        },
    ]);
    (keys, readiness, any::<bool>(), any::<bool>()).prop_map(
        |(keys, readiness, exclude_raw, creates)| {
            let known = keys.is_some();
            let made = ready("x", &keys.unwrap_or_default());
            Sighting {
                keys: made.keys.clone().filter(|_| known),
                readiness,
                exclude_raw,
                creates_destination: creates,
                secret_resource_version: made.secret_resource_version.clone().filter(|_| known),
                ..made
            }
        },
    )
}

fn directory() -> impl Strategy<Value = [Option<Sighting>; 3]> {
    [
        option::weighted(0.95, sighting()),
        option::weighted(0.95, sighting()),
        option::weighted(0.95, sighting()),
    ]
}

fn filled(sightings: &[Option<Sighting>; 3]) -> Arc<Fake> {
    let fake = Fake::new();
    for (name, sighting) in NAMES.iter().zip(sightings) {
        if let Some(sighting) = sighting {
            let destination = format!("{name}-secret");
            fake.put(
                static_secret(name),
                Sighting {
                    destination,
                    ..sighting.clone()
                },
            );
        }
    }
    Arc::new(fake)
}

fn answer(admission: &Admission, pod: &Value) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(ask(admission, creation(pod)))
}

/// The pod without what the webhook may add.
fn rest(pod: &Value) -> Value {
    let mut pod = pod.clone();
    let is_ours = |name: &Value| name.as_str().is_some_and(|name| name.starts_with("sw-"));
    let metadata = pod["metadata"].as_object_mut().unwrap();
    for (map, key) in [
        ("labels", "secretwire.dev/wired"),
        ("annotations", "secretwire.dev/status"),
    ] {
        if let Some(map) = metadata.get_mut(map).and_then(Value::as_object_mut) {
            map.remove(key);
        }
    }
    metadata.retain(|field, value| field != "labels" || value != &json!({}));
    let spec = pod["spec"].as_object_mut().unwrap();
    spec.remove("schedulingGates");
    let prune =
        |object: &mut serde_json::Map<String, Value>, list: &str, ours: &dyn Fn(&Value) -> bool| {
            if let Some(array) = object.get_mut(list).and_then(Value::as_array_mut) {
                array.retain(|value| !ours(value));
                if array.is_empty() {
                    object.remove(list);
                }
            }
        };
    prune(spec, "volumes", &|volume| is_ours(&volume["name"]));
    for list in ["containers", "initContainers"] {
        for container in spec
            .get_mut(list)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let container = container.as_object_mut().unwrap();
            prune(container, "volumeMounts", &|mount| is_ours(&mount["name"]));
            prune(container, "env", &|entry| entry.get("valueFrom").is_some());
        }
    }
    pod
}

/// Whether `_raw` is projected or exported anywhere.
fn exposes_raw(pod: &Value, sightings: &[Option<Sighting>; 3]) -> bool {
    let whole_with_raw = pod["spec"]["volumes"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|volume| {
            let name = volume["secret"]["secretName"].as_str().unwrap_or_default();
            let whole = volume["secret"]["items"]
                .as_array()
                .is_none_or(Vec::is_empty);
            let raw = NAMES.iter().zip(sightings).any(|(known, sighting)| {
                name == format!("{known}-secret")
                    && sighting
                        .as_ref()
                        .is_some_and(|sighting| !sighting.exclude_raw)
            });
            !name.is_empty() && whole && raw
        });
    let mut spec = pod["spec"].clone();
    spec.as_object_mut().unwrap().remove("nodeName");
    whole_with_raw || spec.to_string().contains("_raw")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn admission_converges_and_changes_nothing_else(pod in generated_pod(), sightings in directory()) {
        let admission = admission(&filled(&sightings));
        let response = answer(&admission, &pod);
        // Equal questions get equal bytes.
        prop_assert_eq!(response.to_string(), answer(&admission, &pod).to_string());
        if response["allowed"] == false { eprintln!("DENIED {}", response["status"]["message"]);
            prop_assert!(!response["status"]["details"]["causes"].as_array().unwrap().is_empty());
            return Ok(());
        }
        let once = patched(&pod, &response);
        let asks = |name: &String| name.starts_with("secretwire.dev/mount") || name.starts_with("secretwire.dev/env");
        if !pod["metadata"]["annotations"].as_object().unwrap().keys().any(asks) {
            prop_assert_eq!(once, pod);
            return Ok(());
        }
        let again = answer(&admission, &once);
        prop_assert_eq!(again["allowed"].clone(), json!(true), "{}", again);
        prop_assert_eq!(again.get("patch"), None);
        prop_assert_eq!(rest(&once), rest(&pod));
        prop_assert!(!exposes_raw(&once, &sightings));
        // A pod that goes on without a gate has all it asks for; one with a node never has a gate.
        let gates = once["spec"].get("schedulingGates").is_some();
        prop_assert!(!gates || once["spec"].get("nodeName").is_none());
        prop_assert!(gates || !status(&once).incomplete);
        for warning in response["warnings"].as_array().into_iter().flatten() {
            let text = warning.as_str().unwrap();
            prop_assert!(text.chars().count() <= 120 && !text.chars().any(char::is_control));
        }
    }

    #[test]
    fn the_order_of_annotations_does_not_matter(pod in generated_pod(), sightings in directory()) {
        let admission = admission(&filled(&sightings));
        // As a JSON map is sorted here, the order is turned around on the wire.
        let pairs = pod["metadata"]["annotations"].as_object().unwrap().iter().rev();
        let turned: Vec<_> = pairs.map(|(key, value)| format!("{}:{value}", json!(key))).collect();
        let mut text = pod.clone();
        text["metadata"]["annotations"] = json!("HERE");
        let text = text.to_string().replace("\"HERE\"", &format!("{{{}}}", turned.join(",")));
        let turned: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(answer(&admission, &turned).to_string(), answer(&admission, &pod).to_string());
    }
}
