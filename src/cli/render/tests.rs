use secretwire_core::render::TEMPLATE_TIME;

use super::*;

const FILE: &str = r"
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultStaticSecret
metadata:
  name: db
  labels:
    tier: db
spec:
  vaultAuthRef: vault-auth
  mount: kv-v2
  path: production/db
  destination:
    name: db-secret
    create: true
    transformation:
      templates:
        url:
          text: '{{ .Secrets.user }}@{{ .Labels.tier }}'
      transformationRefs:
      - name: shared
---
# Of no concern here.
apiVersion: v1
kind: ConfigMap
metadata:
  name: other
---
apiVersion: secrets.hashicorp.com/v1beta1
kind: SecretTransformation
metadata:
  name: shared
spec:
  templates:
    port:
      text: '{{ .Secrets.port }}'
  excludes:
  - ^hidden$
";

const DATA: &str = r#"{"data":{"user":"app","port":5432,"hidden":"h"},"metadata":{"version":1}}"#;

fn job(file: &str) -> Job<'_> {
    Job {
        file,
        data: Some(DATA),
        namespace: "default",
        name: None,
        exclude_raw: false,
        format: None,
        template_time: TEMPLATE_TIME,
    }
}

fn problems(file: &str) -> Vec<String> {
    job(file).run().problems
}

/// A second resource that is like the first one.
fn two() -> String {
    let first = FILE.split("---").next().unwrap();
    format!("{FILE}---{}", first.replace("name: db\n", "name: db-2\n"))
}

#[test]
fn each_key_is_shown_with_origin_size_and_value() {
    let printed = job(FILE).run();
    assert_eq!(printed.problems, [""; 0]);
    assert_eq!(
        *printed.output,
        r#"VaultStaticSecret default/db (kv-v2) makes Secret db-secret (Opaque)
note: spec.type is omitted, and the data looks like kv-v2; in a cluster Vault is asked

_raw (73 bytes, _raw)
  {"data":{"hidden":"h","port":5432,"user":"app"},"metadata":{"version":1}}

port (4 bytes, template default/shared/port)
  5432

url (6 bytes, template default/db/url)
  app@db

user (3 bytes, source key)
  app
"#
    );
}

#[test]
fn the_type_of_the_resource_wins_over_the_looks_of_the_data() {
    let file = FILE.replace("  mount:", "  type: kv-v1\n  mount:");
    let printed = job(&file.replace(".Secrets.user", ".Secrets.data.user")).run();
    assert!(printed.output.contains("default/db (kv-v1)"));
    assert!(!printed.output.contains("note:"));
    assert!(
        printed.output.contains("\n  app@db\n"),
        "{}",
        *printed.output
    );

    let file = FILE.replace("  mount:", "  type: kv-v2\n  mount:");
    let flat = Job {
        data: Some(r#"{"user":"app"}"#),
        ..job(&file)
    };
    let told = flat.run().problems.concat();
    assert!(told.contains("is the engine really kv-v2?"), "{told}");
}

#[test]
fn without_data_the_secret_is_empty_and_that_is_said() {
    let printed = Job {
        data: None,
        ..job(FILE)
    }
    .run();
    assert!(printed.output.contains("note: no --data is given"));
    assert!(printed.output.contains("\n  <no value>@db\n"));
}

#[test]
fn json_is_the_data_of_one_secret_with_notes_beside_it() {
    let json = |file, name| {
        Job {
            format: Some(DataFormat::Json),
            name,
            exclude_raw: true,
            ..job(file)
        }
        .run()
    };
    let printed = json(FILE, None);
    assert_eq!(
        *printed.output,
        "{\"data\":{\"port\":\"NTQzMg==\",\"url\":\"YXBwQGRi\",\"user\":\"YXBw\"}}\n"
    );
    assert_eq!(printed.notes.len(), 1);

    let two = two();
    let told = json(&two, None).problems.concat();
    assert!(told.contains("--name (db, db-2)"), "{told}");
    assert_eq!(json(&two, Some("db-2")).output, printed.output);
    let told = json(&two, Some("db-3")).problems.concat();
    assert!(
        told.contains("no VaultStaticSecret db-3; it has: db, db-2"),
        "{told}"
    );
}

#[test]
fn resources_of_one_name_are_chosen_with_their_namespaces() {
    let other = two().replace("name: db-2\n", "name: db\n  namespace: other\n");
    let file = other.replace(
        "- name: shared",
        "- name: shared\n        namespace: default",
    );
    let named = |file, name| {
        Job {
            format: Some(DataFormat::Json),
            name,
            ..job(file)
        }
        .run()
    };
    for name in [None, Some("db")] {
        let told = named(&file, name).problems.concat();
        assert!(told.contains("--name (default/db, other/db)"), "{told}");
    }
    for name in ["default/db", "other/db"] {
        let printed = named(&file, Some(name));
        assert_eq!(printed.problems, [""; 0]);
        assert!(!printed.output.is_empty());
    }
    let told = named(&file, Some("another/db")).problems.concat();
    assert!(told.contains("it has: default/db, other/db"), "{told}");
}

#[test]
fn what_is_there_twice_is_named_with_its_place() {
    let twice = two().replace("name: db-2\n", "name: db\n");
    assert_eq!(
        problems(&twice),
        ["document 4, VaultStaticSecret: default/db is there already: drop one of the two"]
    );
    let shared = FILE.split("---").last().unwrap();
    assert_eq!(
        problems(&format!("{FILE}---{shared}")),
        ["document 4, SecretTransformation: default/shared is there already: drop one of the two"]
    );
    let key = FILE.replace("    port:\n", "    port: {text: x}\n    port:\n");
    assert_eq!(
        problems(&key),
        ["YAML: line 35, column 5: \"port\" is there already: drop one of the two"]
    );
}

#[test]
fn of_several_resources_those_that_work_are_shown_beside_the_problems_of_the_others() {
    let file = two().replacen("{{ .Secrets.user }}", "{{ .Secrets.user | nope }}", 1);
    let printed = job(&file).run();
    assert!(printed.output.starts_with("VaultStaticSecret default/db-2"));
    assert_eq!(
        printed.problems,
        [
            "VaultStaticSecret default/db: spec.destination.transformation.templates[url].text: \
             line 1: function \"nope\" not defined"
        ]
    );
}

#[test]
fn problems_name_document_and_field_and_are_told_together() {
    let file = FILE
        .replace("tier: db", "tier: 1")
        .replace("destination:", "destinatoin:")
        .replace("{{ .Secrets.port }}'", "x'\n      txt: y");
    let told = problems(&file);
    let expected = [
        "document 1, VaultStaticSecret: metadata.labels[tier]: it must be a string",
        "document 1, VaultStaticSecret: spec.destination: it is missing",
        "document 1, VaultStaticSecret: spec.destinatoin: there is no such field",
        "document 3, SecretTransformation: spec.templates[port].txt: there is no such field",
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn what_is_wrong_with_shared_templates_is_told_once() {
    let told = problems(&FILE.replace("{{ .Secrets.port }}", "{{ nope }}"));
    assert_eq!(
        told,
        [
            "SecretTransformation default/shared: spec.templates[port].text: line 1: \
             function \"nope\" not defined"
        ]
    );
    let told = problems(&FILE.replace("- name: shared", "- name: others"));
    assert_eq!(
        told,
        [
            "VaultStaticSecret default/db: spec.destination.transformation.transformationRefs: \
             SecretTransformation default/others does not exist"
        ]
    );
}

#[test]
fn a_type_that_kubernetes_would_refuse_is_refused() {
    let told = problems(&FILE.replace("create: true", "type: kubernetes.io/tls"));
    assert_eq!(
        told,
        [
            "VaultStaticSecret default/db: the API server refuses a Secret of type \
             kubernetes.io/tls without the keys tls.crt and tls.key"
        ]
    );
}

#[test]
fn templates_that_take_too_long_are_stopped() {
    let file = FILE.replace("{{ .Secrets.user }}", "{{ range until 1000000 }}{{ end }}");
    let told = Job {
        template_time: Duration::ZERO,
        ..job(&file)
    }
    .run()
    .problems
    .concat();
    assert!(told.contains("template takes too long"), "{told}");
}

#[test]
fn no_problem_quotes_a_value() {
    let data = DATA.replace("app", "hunter2");
    for text in [
        "{{ range .Secrets.user }}{{ end }}",
        "{{ template .Secrets.user }}",
        "{{ index .Secrets.user 99 }}",
        "{{ .Secrets.user.name }}",
        "{{ mustToDate \"2006-01-02\" .Secrets.user }}",
        "{{ mustRegexMatch .Secrets.user 1 }}",
    ] {
        let file = FILE.replace("{{ .Secrets.user }}", text);
        let printed = Job {
            data: Some(&data),
            ..job(&file)
        }
        .run();
        let told = printed.problems.concat();
        assert!(
            !told.is_empty() && !told.contains("hunter2"),
            "{text}: {told}"
        );
    }
}

#[test]
fn files_without_a_resource_say_what_they_have() {
    let only_shared = FILE.split("---").skip(1).collect::<Vec<_>>().join("---");
    assert_eq!(
        problems(&only_shared),
        ["the file has no VaultStaticSecret; it has: ConfigMap"]
    );
    assert_eq!(problems(""), ["the file has no VaultStaticSecret"]);
    assert!(problems("[a").concat().starts_with("YAML: "));
    assert_eq!(problems("a: b"), ["document 1: it has no `kind`"]);
}

#[test]
fn what_kubectl_prints_can_be_rendered() {
    let document = |text: &str| serde_saphyr::from_str::<serde_json::Value>(text).unwrap();
    let parts: Vec<_> = FILE.split("---").map(document).collect();
    let mut secret = parts[0].clone();
    secret["status"] = json!({"lastGeneration": "of another version"});
    secret["metadata"]["uid"] = json!("u");
    secret["spec"]["version"] = json!(null);
    let list = json!({"kind": "List", "items": [secret, parts[2]]}).to_string();
    assert_eq!(problems(&list), [""; 0]);
}
