use serde_json::json;

use super::*;

fn subject(kind: Kind) -> Subject {
    Subject {
        kind,
        namespace: "shop".into(),
        name: "db".into(),
        exclude_raw: false,
    }
}

/// A VaultStaticSecret that is fine, with a JSON merge patch.
fn static_secret(patch: &Value) -> Value {
    let mut spec = json!({
        "vaultAuthRef": "auth",
        "mount": "kv",
        "path": "apps/db",
        "refreshAfter": "30s",
        "destination": {"name": "db", "create": true},
    });
    json_patch::merge(&mut spec, patch);
    spec
}

fn checked(kind: Kind, spec: &Value) -> Checked {
    check(&subject(kind), spec, &Linter::new())
}

/// What is found in a VaultStaticSecret, as lines.
fn lines(patch: &Value) -> Vec<String> {
    let checked = checked(Kind::VaultStaticSecret, &static_secret(patch));
    checked.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_resource_that_can_work_has_no_problem() {
    assert_eq!(lines(&json!({})), Vec::<String>::new());
    let rich = json!({
        "vaultAuthRef": null,
        "rolloutRestartTargets": [{"kind": "Deployment", "name": "api"}],
        "destination": {
            "labels": {"app.kubernetes.io/part-of": "shop", "empty": ""},
            "annotations": {"example.com/note": "any text: äöü"},
            "type": "kubernetes.io/basic-auth",
            "transformation": {
                "excludeRaw": true,
                "templates": {
                    "url": {"text": "{{ .Secrets.host | upper }}"},
                    "_raw": {"text": "mine"},
                    "{{ .Key | lower }}": {"text": "{{ .Value }}"},
                },
                "includes": ["^a", "(?i)b|c"],
                "transformationRefs": [{"name": "shared", "namespace": "platform"}],
            },
        },
    });
    assert_eq!(lines(&rich), Vec::<String>::new());
}

#[test]
fn all_problems_are_found_at_once_with_field_cause_and_cure() {
    let found = lines(&json!({
        "vaultAuthRef": "a/b/c",
        "mount": "",
        "path": "../sys/raw",
        "refreshAfter": "99999999999999999999h",
        "rolloutRestartTargets": [{"kind": "Deployment", "name": "API"}],
        "destination": {
            "name": "Db_Secret",
            "labels": {"bad key": "x", "tier": "a b"},
            "transformation": {
                "templates": {"url": {"text": "one\ntwo {{ upercase .Secrets.host }}"}, "a/b": {"text": ""}},
                "excludes": ["(user"],
                "transformationRefs": [{"name": ""}],
            },
        },
    }));
    let expected = [
        "SW705 spec.vaultAuthRef: \"a/b/c\" is not a reference: write `name` or `namespace/name`",
        "SW705 spec.mount: \"\" is empty: write a path such as \"apps/db\"",
        "SW705 spec.path: \"../sys/raw\" has a `.` or `..` segment: write a path such as \"apps/db\"",
        "SW705 spec.refreshAfter: \"99999999999999999999h\" is not a duration: write one number and one of s, m, h, such as `90s`",
        "SW705 spec.rolloutRestartTargets[0].name: \"API\" is no name of a workload",
        "SW705 spec.destination.name: \"Db_Secret\" is no name of a Secret: use lower case letters, digits, `-` and `.`",
        "SW705 spec.destination.labels[bad key]: is no key of a label or annotation: write `name` or `domain/name`",
        "SW705 spec.destination.labels[tier]: \"a b\" is no value of a label: use letters, digits, `-`, `_` and `.`, at most 63",
        "SW704 spec.destination.transformation.templates[a/b]: \"a/b\" is no key of a Secret: use letters, digits, `-`, `_` and `.`, at most 253",
        "SW701 spec.destination.transformation.templates[url].text: line 2: function \"upercase\" not defined",
        "SW702 spec.destination.transformation.excludes[0]: \"(user\" is no regular expression (RE2): character 1: unclosed group",
        "SW705 spec.destination.transformation.transformationRefs[0].name: \"\" is no name of a SecretTransformation",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_has_no_effect_is_said_and_not_refused() {
    let checked = checked(
        Kind::VaultStaticSecret,
        &static_secret(&json!({
            "destination": {"create": false, "labels": {"a": "b"}, "annotations": {"a": "b"}, "type": "Opaque"},
        })),
    );
    let fields: Vec<_> = checked.problems.iter().map(|p| p.key.as_str()).collect();
    let expected = [
        "spec.destination.labels",
        "spec.destination.annotations",
        "spec.destination.type",
    ];
    assert_eq!(fields, expected);
    assert!(checked.problems.iter().all(|p| !p.code.denies_early()));
}

#[test]
fn references_are_resolved_to_the_objects_that_they_mean() {
    let spec = static_secret(&json!({
        "vaultAuthRef": "platform/auth",
        "destination": {"transformation": {"transformationRefs": [{"name": "shared"}]}},
    }));
    let mentions = checked(Kind::VaultStaticSecret, &spec).mentions;
    let found: Vec<_> = mentions
        .iter()
        .map(|mention| (mention.referent, mention.key.to_string()))
        .collect();
    let expected = [
        (Referent::VaultAuth, "platform/auth".to_owned()),
        (Referent::SecretTransformation, "shop/shared".to_owned()),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_shared_transformation_is_checked_too() {
    let spec = json!({
        "templates": {"url": {"text": "{{ if }}"}},
        "sourceTemplates": [{"text": "{{ define \"x\" }}"}],
        "includes": ["*"],
    });
    let checked = checked(Kind::SecretTransformation, &spec);
    let found: Vec<_> = checked.problems.iter().map(ToString::to_string).collect();
    let expected = [
        "SW701 spec.sourceTemplates[0].text: line 1: unexpected EOF",
        "SW701 spec.templates[url].text: line 1: missing value for if",
        "SW702 spec.includes[0]: \"*\" is no regular expression (RE2): character 1: repetition operator missing expression",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_spec_that_this_version_cannot_read_is_not_judged() {
    for spec in [Value::Null, json!({"mount": 7}), json!({"mount": "kv"})] {
        let checked = checked(Kind::VaultStaticSecret, &spec);
        let [problem] = checked.problems.as_slice() else {
            panic!("{checked:?}");
        };
        assert_eq!(problem.code, Code::Sw708);
        assert!(!problem.code.denies_early());
    }
}
