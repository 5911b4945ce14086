use secretwire_api::{Template, Transformation};

use super::*;
use crate::{
    ObjectKey,
    transform::{self, TransformError},
};

fn transform_of(transformation: &Transformation) -> Transform {
    let owner = ObjectKey::new("app", "db");
    let none = |key: &ObjectKey| Err(TransformError::Missing(key.clone()));
    transform::compile(&owner, transformation, false, none, &transform::cache()).unwrap()
}

fn try_render(
    answer: &str,
    kv: KvType,
    transformation: &Transformation,
) -> Result<SecretData, RenderError> {
    let metadata = Metadata {
        annotations: [("team".to_owned(), "payments".to_owned())].into(),
        labels: [("tier".to_owned(), "db".to_owned())].into(),
    };
    let transform = transform_of(transformation);
    render(answer, kv, &transform, &metadata, None).map(|rendered| rendered.data)
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
fn a_mistyped_field_of_the_input_is_an_error_and_a_key_that_is_missing_is_not() {
    let of = |text| try_render(V2, KvType::V2, &templates(&[("a", text)]));
    for (text, field) in [
        ("{{ .Secret.user }}", "Secret"),
        ("{{ .Key }}", "Key"),
        ("{{ .secrets }}", "secrets"),
    ] {
        let error = of(text).unwrap_err().to_string();
        let told = format!("can't evaluate field {field} in type SecretInput");
        assert!(error.contains(&told), "{error}");
    }
    let data = of("{{ .Secrets.usr }}{{ .Metadata.none }}{{ .Labels.none }}").unwrap();
    let (_, text) = data.expose().next().unwrap();
    assert_eq!(text, b"<no value><no value><no value>");
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
fn templates_are_stopped_as_soon_as_they_made_too_much() {
    let mib = "{{ repeat 1048576 \"x\" }}";
    let answer = r#"{"a":"1","b":"2","c":"3"}"#;
    for transformation in [
        templates(&[("a", mib), ("b", mib), ("c", mib)]),
        templates(&[("{{ .Key }}", mib)]),
    ] {
        assert_eq!(
            try_render(answer, KvType::V1, &transformation).unwrap_err(),
            RenderError::TooLarge(2 * MAX_SECRET_BYTES)
        );
    }
}

#[test]
fn a_key_that_is_made_of_a_value_is_not_told() {
    let answer = r#"{"password":"hunter2"}"#;
    for (key, problem) in [
        ("{{ .Value }}/", "is not accepted by Kubernetes"),
        ("{{ .Value | trunc 0 }}_raw", "is made already"),
    ] {
        let transformation = Transformation {
            exclude_raw: None,
            ..templates(&[(key, "x")])
        };
        let error = try_render(answer, KvType::V1, &transformation).unwrap_err();
        let told = error.to_string();
        assert!(
            told.ends_with(&format!("for the source key \"password\" {problem}")),
            "{told}"
        );
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_v1_answer_read_as_v2_asks_for_the_type() {
    assert_eq!(
        try_render(r#"{"a":"b"}"#, KvType::V2, &Transformation::default()).unwrap_err(),
        RenderError::NoData
    );
}

#[test]
fn no_data_at_all_makes_raw_null_and_still_a_secret() {
    let nothing = Transformation::default();
    assert_eq!(
        rendered("null", KvType::V1, &nothing),
        pairs(&[("_raw", "null")])
    );
    assert_eq!(rendered("null", KvType::V1, &templates(&[])), pairs(&[]));
}

#[test]
fn a_value_that_cannot_be_encoded_is_told_by_its_key() {
    let deep = "[".repeat(200) + &"]".repeat(200);
    let answer = format!(r#"{{"deep":{deep},"user":"u"}}"#);
    assert_eq!(
        try_render(&answer, KvType::V1, &templates(&[])).unwrap_err(),
        RenderError::Value {
            key: "deep".into(),
            source: JsonError::TooDeep,
        }
    );
    let left_out = Transformation {
        excludes: vec!["^deep$".into()],
        ..templates(&[])
    };
    assert_eq!(
        rendered(&answer, KvType::V1, &left_out),
        pairs(&[("user", "u")])
    );
}

#[test]
fn templates_see_what_filters_leave_out() {
    let transformation = Transformation {
        includes: vec!["^port$".into()],
        ..templates(&[("copy", "{{ .Secrets.user }}")])
    };
    assert_eq!(
        rendered(V2, KvType::V2, &transformation),
        pairs(&[("copy", "a<b"), ("port", "5432")])
    );
}

#[test]
fn filters_keep_what_is_included_and_not_excluded() {
    let answer = r#"{"foo":"1","bar":"2","baz":"3"}"#;
    for (case, includes, excludes, expected) in [
        ("include", &["^b"][..], &[][..], &["bar", "baz"][..]),
        ("exclude", &[], &["^b"], &["foo"]),
        ("both disjoint", &["^b"], &["^foo$"], &["bar", "baz"]),
        ("both overlapping", &["^b"], &["z$"], &["bar"]),
        ("both greedy", &[".*"], &[".*"], &[]),
    ] {
        let owned = |list: &[&str]| list.iter().map(|&item| item.to_owned()).collect();
        for exclude_raw in [false, true] {
            let transformation = Transformation {
                includes: owned(includes),
                excludes: owned(excludes),
                exclude_raw: Some(exclude_raw),
                ..Transformation::default()
            };
            let data = try_render(answer, KvType::V1, &transformation).unwrap();
            let mut keys: Vec<_> = data.keys().collect();
            assert_eq!(keys.contains(&"_raw"), !exclude_raw, "{case}");
            keys.retain(|key| *key != "_raw");
            assert_eq!(keys, expected, "{case}");
        }
    }
}

#[test]
fn each_key_is_told_with_its_origin() {
    let transformation = Transformation {
        exclude_raw: None,
        ..templates(&[
            ("url", "x"),
            ("user", "x"),
            (r#"{{ if eq .Key "port" }}PORT{{ end }}"#, "{{ .Value }}"),
        ])
    };
    let transform = transform_of(&transformation);
    let made = render(V2, KvType::V2, &transform, &Metadata::default(), None).unwrap();
    let of_template = |key: &str, source: Option<&str>| Origin::Template {
        name: format!("app/db/{key}"),
        source: source.map(str::to_owned),
    };
    let each = r#"{{ if eq .Key "port" }}PORT{{ end }}"#;
    let expected = [
        ("PORT", of_template(each, Some("port"))),
        ("_raw", Origin::Raw),
        ("n", Origin::Source),
        ("port", Origin::Source),
        ("tls", Origin::Source),
        ("url", of_template("url", None)),
        ("user", of_template("user", None)),
    ];
    let expected = expected.map(|(key, origin)| (key.to_owned(), origin));
    assert_eq!(made.origins, BTreeMap::from(expected));
    assert!(made.origins.keys().map(String::as_str).eq(made.data.keys()));
}

#[test]
fn a_template_that_makes_a_key_twice_is_refused() {
    let transformation = templates(&[("{{ \"same\" }}", "{{ .Value }}")]);
    let error = try_render(V2, KvType::V2, &transformation).unwrap_err();
    assert!(error.to_string().contains("is made already"), "{error}");
    assert!(try_render(r#"{"one":"1"}"#, KvType::V1, &transformation).is_ok());
}
