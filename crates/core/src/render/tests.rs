use secretwire_api::{Template, Transformation};

use super::*;
use crate::{ObjectKey, transform};

fn transform_of(transformation: &Transformation) -> Transform {
    let owner = ObjectKey::new("app", "db");
    transform::compile(&owner, transformation, false, |_| None, &transform::cache()).unwrap()
}

fn try_render(
    answer: &str,
    kv: KvType,
    transformation: &Transformation,
) -> Result<SecretData, RenderError> {
    let metadata = Metadata {
        labels: [("tier".to_owned(), "db".to_owned())].into(),
        ..Metadata::default()
    };
    render(answer, kv, &transform_of(transformation), &metadata, None)
}

fn rendered(answer: &str, kv: KvType, transformation: &Transformation) -> Vec<(String, String)> {
    try_render(answer, kv, transformation)
        .unwrap()
        .expose()
        .map(|(key, value)| (key.to_owned(), String::from_utf8(value.to_vec()).unwrap()))
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|&(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn templates(templates: &[(&str, &str)]) -> Transformation {
    Transformation {
        exclude_raw: Some(true),
        templates: templates
            .iter()
            .map(|&(key, text)| {
                let template = Template {
                    name: None,
                    text: text.to_owned(),
                };
                (key.to_owned(), template)
            })
            .collect(),
        ..Transformation::default()
    }
}

const V2: &str =
    r#"{"data":{"tls":true,"port":5432,"n":null,"user":"a<b"},"metadata":{"version":1}}"#;

#[test]
fn kv_v2_gives_the_inner_fields_and_the_whole_answer_as_raw() {
    assert_eq!(
        rendered(V2, KvType::V2, &Transformation::default()),
        pairs(&[
            (
                "_raw",
                r#"{"data":{"n":null,"port":5432,"tls":true,"user":"a\u003cb"},"metadata":{"version":1}}"#
            ),
            ("n", "null"),
            ("port", "5432"),
            ("tls", "true"),
            ("user", "a<b"),
        ])
    );
}

#[test]
fn kv_v1_gives_the_fields_themselves() {
    assert_eq!(
        rendered(r#"{"a":"b"}"#, KvType::V1, &Transformation::default()),
        pairs(&[("_raw", r#"{"a":"b"}"#), ("a", "b")])
    );
}

#[test]
fn filters_spare_raw_and_rendered_templates() {
    let transformation = Transformation {
        includes: vec!["^user$".into()],
        excludes: vec!["raw".into(), "url".into()],
        exclude_raw: None,
        ..templates(&[("url", "x")])
    };
    let keys: Vec<_> = rendered(V2, KvType::V2, &transformation)
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    assert_eq!(keys, ["_raw", "url", "user"]);
}

#[test]
fn templates_see_secrets_metadata_and_labels_and_win_over_source_keys() {
    let transformation = Transformation {
        includes: vec!["user".into()],
        ..templates(&[(
            "user",
            "{{ .Secrets.user }}:{{ .Secrets.port }}:{{ .Metadata.version }}:{{ .Labels.tier }}",
        )])
    };
    assert_eq!(
        rendered(V2, KvType::V2, &transformation),
        pairs(&[("user", "a<b:5432:1:db")])
    );
}

#[test]
fn a_key_that_is_a_template_is_made_for_each_source_key() {
    let transformation = Transformation {
        excludes: vec![".".into()],
        ..templates(&[(
            r#"{{ if ne .Key "n" }}APP_{{ .Key | upper }}{{ end }}"#,
            "<{{ .Value }}>",
        )])
    };
    assert_eq!(
        rendered(V2, KvType::V2, &transformation),
        pairs(&[
            ("APP_PORT", "<5432>"),
            ("APP_TLS", "<true>"),
            ("APP_USER", "<a<b>")
        ])
    );
}

#[test]
fn bytes_survive_templates() {
    let answer = r#"{"keystore":"/u3+7QAAAAI="}"#;
    let data = try_render(
        answer,
        KvType::V1,
        &templates(&[("ks", r#"{{ get .Secrets "keystore" | b64dec }}"#)]),
    )
    .unwrap();
    let (_, bytes) = data.expose().find(|(key, _)| *key == "ks").unwrap();
    assert_eq!(bytes, [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2]);
}

#[test]
fn what_one_template_sets_the_next_does_not_see_at_the_top() {
    let transformation = templates(&[
        ("a", r#"{{ $_ := set . "Extra" "x" }}{{ .Extra }}"#),
        ("b", "{{ .Extra }}"),
    ]);
    let made = rendered("{}", KvType::V1, &transformation);
    assert_eq!(made, pairs(&[("a", "x"), ("b", "<no value>")]));
}

#[test]
fn template_errors_name_the_place_and_not_the_value() {
    let transformation = templates(&[("a", "line\n{{ range .Secrets.password }}{{ end }}")]);
    let error = try_render(r#"{"password":"hunter2"}"#, KvType::V1, &transformation).unwrap_err();
    assert!(error.to_string().contains("app/db/a:2"), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn a_source_key_named_raw_needs_exclude_raw() {
    let answer = r#"{"_raw":"mine"}"#;
    assert_eq!(
        try_render(answer, KvType::V1, &Transformation::default()).unwrap_err(),
        RenderError::RawInSource
    );
    assert_eq!(
        rendered(answer, KvType::V1, &templates(&[])),
        pairs(&[("_raw", "mine")])
    );
}

#[test]
fn keys_that_kubernetes_refuses_are_named() {
    for key in ["a/b", "", "schlüssel", "..", "a b"] {
        let answer = format!(r#"{{"{key}":"hunter2"}}"#);
        let error = try_render(&answer, KvType::V1, &Transformation::default()).unwrap_err();
        assert_eq!(error, RenderError::InvalidKey(key.to_owned()));
        assert!(!error.to_string().contains("hunter2"));
    }
    let error = try_render("{}", KvType::V1, &templates(&[("a/b", "x")])).unwrap_err();
    assert!(error.to_string().contains("a/b"), "{error}");
}

#[test]
fn too_much_data_is_told_before_kubernetes_refuses_it() {
    let answer = format!(r#"{{"big":"{}"}}"#, "x".repeat(600 * 1024));
    assert!(matches!(
        try_render(&answer, KvType::V1, &Transformation::default()),
        Err(RenderError::TooLarge(_))
    ));
    assert!(try_render(&answer, KvType::V1, &templates(&[])).is_ok());
}

#[test]
fn a_v1_answer_read_as_v2_asks_for_the_type() {
    assert_eq!(
        try_render(r#"{"a":"b"}"#, KvType::V2, &Transformation::default()).unwrap_err(),
        RenderError::NoData
    );
}
