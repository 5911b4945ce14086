//! What users of the Vault Secrets Operator rely on when the data of a Secret is made, case by case, through the public
//! interface alone.

#![expect(clippy::unwrap_used, reason = "a test may")]

use secretwire_api::{
    KvType, SecretTransformationSpec, Template, TemplateRef, Transformation, TransformationRef,
};
use secretwire_core::{
    ObjectKey,
    render::{Metadata, render},
    transform::{TransformError, cache, check, compile},
};

type Data = Vec<(String, String)>;

const ANSWER: &str = r#"{"data":{"host":"h","user":"u"},"metadata":{"version":3}}"#;

/// What the resource `app/db` makes of an answer, with the SecretTransformation `app/shared`.
fn built_with(
    answer: &str,
    kv: KvType,
    transformation: &Transformation,
    shared: &SecretTransformationSpec,
    global_exclude_raw: bool,
) -> Result<Data, String> {
    let linked = |key: &ObjectKey| {
        if *key == ObjectKey::new("app", "shared") {
            Ok(shared)
        } else {
            Err(TransformError::Missing(key.clone()))
        }
    };
    let owner = ObjectKey::new("app", "db");
    let transform = compile(&owner, transformation, global_exclude_raw, linked, &cache());
    let transform = transform.map_err(|error| error.to_string())?;
    let metadata = Metadata {
        annotations: [("team".to_owned(), "payments".to_owned())].into(),
        labels: [("tier".to_owned(), "db".to_owned())].into(),
    };
    let rendered = render(answer, kv, &transform, &metadata, None);
    let data = rendered.map_err(|error| error.to_string())?.data;
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    Ok(data
        .expose()
        .map(|(key, value)| (key.to_owned(), text(value)))
        .collect())
}

fn built(transformation: &Transformation) -> Result<Data, String> {
    let shared = SecretTransformationSpec::default();
    built_with(ANSWER, KvType::V2, transformation, &shared, false)
}

fn linked(
    transformation: &Transformation,
    shared: &SecretTransformationSpec,
) -> Result<Data, String> {
    built_with(ANSWER, KvType::V2, transformation, shared, false)
}

fn keys(data: Result<Data, String>) -> Vec<String> {
    data.unwrap().into_iter().map(|(key, _)| key).collect()
}

fn text(text: &str) -> Template {
    Template {
        name: None,
        text: text.to_owned(),
    }
}

/// `excludeRaw`, and one template for the key `out`.
fn one(template: &str) -> Transformation {
    Transformation {
        exclude_raw: Some(true),
        excludes: vec![".".to_owned()],
        templates: [("out".to_owned(), text(template))].into(),
        ..Transformation::default()
    }
}

fn output(template: &str) -> Result<String, String> {
    built(&one(template)).map(|data| data[0].1.clone())
}

fn filters(includes: &[&str], excludes: &[&str], exclude_raw: bool) -> Transformation {
    let owned = |list: &[&str]| list.iter().map(|&one| one.to_owned()).collect();
    Transformation {
        includes: owned(includes),
        excludes: owned(excludes),
        exclude_raw: Some(exclude_raw),
        ..Transformation::default()
    }
}

/// A link to `app/shared` that takes its template `url`, under another key if told so.
fn link(key_override: Option<&str>) -> TransformationRef {
    TransformationRef {
        name: "shared".to_owned(),
        template_refs: vec![TemplateRef {
            name: "url".to_owned(),
            key_override: key_override.map(str::to_owned),
        }],
        ..TransformationRef::default()
    }
}

fn links(links: &[TransformationRef]) -> Transformation {
    Transformation {
        transformation_refs: links.to_vec(),
        exclude_raw: Some(true),
        ..Transformation::default()
    }
}

fn shared() -> SecretTransformationSpec {
    SecretTransformationSpec {
        templates: [("url".to_owned(), text("{{ .Secrets.host }}"))].into(),
        includes: vec!["^user$".to_owned()],
        excludes: vec!["^host$".to_owned()],
        ..SecretTransformationSpec::default()
    }
}

mod data_build {
    use super::*;

    #[test]
    fn nil_data_and_nil_raw() {
        let none = SecretTransformationSpec::default();
        for kv in [KvType::V1, KvType::V2] {
            let answer = if kv == KvType::V1 {
                "null"
            } else {
                r#"{"data":null}"#
            };
            let data = built_with(answer, kv, &Transformation::default(), &none, false);
            assert!(data.unwrap().iter().all(|(key, _)| key == "_raw"), "{kv:?}");
        }
        let data = built_with("null", KvType::V1, &Transformation::default(), &none, false);
        assert_eq!(data.unwrap(), [("_raw".to_owned(), "null".to_owned())]);
    }

    #[test]
    fn value_that_cannot_be_encoded() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        let answer = format!(r#"{{"data":{{"deep":{deep}}}}}"#);
        let transformation = filters(&[], &[], true);
        let none = SecretTransformationSpec::default();
        let data = built_with(&answer, KvType::V2, &transformation, &none, false);
        assert!(data.unwrap_err().contains("deep"));
    }

    #[test]
    fn source_key_raw() {
        let answer = r#"{"data":{"_raw":"mine"}}"#;
        let none = SecretTransformationSpec::default();
        let with = |exclude_raw| {
            let transformation = filters(&[], &[], exclude_raw);
            built_with(answer, KvType::V2, &transformation, &none, false)
        };
        assert!(with(false).unwrap_err().contains("_raw"));
        assert_eq!(
            with(true).unwrap(),
            [("_raw".to_owned(), "mine".to_owned())]
        );
    }

    #[test]
    fn template_b64enc_b64dec() {
        assert_eq!(output("{{ .Secrets.user | b64enc }}").unwrap(), "dQ==");
        assert_eq!(output(r#"{{ "dQ==" | b64dec }}"#).unwrap(), "u");
    }

    #[test]
    fn metadata_wrap_data_labels_annotations_in_templates() {
        let template = "{{ .Metadata.version }} {{ .Labels.tier }} {{ .Annotations.team }} {{ if .WrapData }}wrapped{{ end }}";
        assert_eq!(output(template).unwrap(), "3 db payments ");
    }

    #[test]
    fn undefined_function() {
        let error = output("{{ .Secrets.user | env }}").unwrap_err();
        assert!(error.contains(r#"function "env" not defined"#), "{error}");
    }

    #[test]
    fn range_error_redacted() {
        let answer = r#"{"data":{"user":"hunter2"}}"#;
        let transformation = one("{{ range .Secrets.user }}{{ end }}");
        let none = SecretTransformationSpec::default();
        let error = built_with(answer, KvType::V2, &transformation, &none, false).unwrap_err();
        assert!(
            error.ends_with("range can't iterate over <redacted>"),
            "{error}"
        );
    }

    #[test]
    fn include_exclude_both() {
        for (includes, excludes, expected) in [
            (&["^user$"][..], &[][..], &["_raw", "user"][..]),
            (&[], &["^user$"], &["_raw", "host"]),
            // Disjoint.
            (&["^user$"], &["^host$"], &["_raw", "user"]),
            // Greedy: excludes come first.
            (&["."], &["."], &["_raw"]),
        ] {
            assert_eq!(keys(built(&filters(includes, excludes, false))), expected);
        }
        // Greedy with excludeRaw.
        assert_eq!(
            keys(built(&filters(&["."], &["."], true))),
            Vec::<String>::new()
        );
    }
}

mod transformation {
    use super::*;

    #[test]
    fn duplicate_template_name_inline_vs_ref() {
        let mut transformation = links(&[link(None)]);
        let template = Template {
            name: Some("same".to_owned()),
            ..text("x")
        };
        transformation
            .templates
            .insert("mine".to_owned(), template.clone());
        let mut object = shared();
        object.templates.insert("url".to_owned(), template);
        let error = linked(&transformation, &object).unwrap_err();
        assert!(
            error.contains(r#"two templates are called "same""#),
            "{error}"
        );
    }

    #[test]
    fn duplicate_ref() {
        let error = linked(&links(&[link(None), link(None)]), &shared()).unwrap_err();
        assert!(error.contains("app/shared is named twice"), "{error}");
    }

    #[test]
    fn ref_missing() {
        let missing = TransformationRef {
            name: "none".to_owned(),
            ..link(None)
        };
        let error = linked(&links(&[missing]), &shared()).unwrap_err();
        assert!(error.contains("app/none does not exist"), "{error}");
    }

    #[test]
    fn key_missing() {
        let mut object = shared();
        object.templates.clear();
        let error = linked(&links(&[link(None)]), &object).unwrap_err();
        assert!(error.contains(r#"has no template "url""#), "{error}");
    }

    #[test]
    fn invalid_status() {
        // What makes the status invalid is found where it is used, and stops only those that use it.
        let mut object = shared();
        object
            .templates
            .insert("broken".to_owned(), text("{{ nope }}"));
        assert!(check(&ObjectKey::new("app", "shared"), &object, &cache()).is_err());
        assert!(linked(&links(&[link(None)]), &object).is_ok());
        let all = TransformationRef {
            template_refs: Vec::new(),
            ..link(None)
        };
        let error = linked(&links(&[all]), &object).unwrap_err();
        assert!(error.contains(r#"function "nope" not defined"#), "{error}");
    }

    #[test]
    fn key_override() {
        let data = linked(&links(&[link(Some("DATABASE"))]), &shared()).unwrap();
        let expected = [("DATABASE", "h"), ("user", "u")];
        assert_eq!(
            data,
            expected.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn ignore_includes_excludes() {
        let with = |includes, excludes| {
            let link = TransformationRef {
                ignore_includes: Some(includes),
                ignore_excludes: Some(excludes),
                ..link(None)
            };
            keys(linked(&links(&[link]), &shared()))
        };
        let mut object = shared();
        object.includes = vec!["^host$".to_owned()];
        assert_eq!(with(false, false), ["url", "user"]);
        assert_eq!(with(true, false), ["url", "user"]);
        assert_eq!(with(true, true), ["host", "url", "user"]);
        assert_eq!(keys(linked(&links(&[link(None)]), &object)), ["url"]);
    }

    #[test]
    fn empty_object_allowed() {
        let all = TransformationRef {
            template_refs: Vec::new(),
            ..link(None)
        };
        let empty = SecretTransformationSpec::default();
        assert_eq!(keys(linked(&links(&[all]), &empty)), ["host", "user"]);
    }

    #[test]
    fn global_exclude_raw() {
        let transformation = filters(&[], &[], false);
        let none = SecretTransformationSpec::default();
        let with = |global| built_with(ANSWER, KvType::V2, &transformation, &none, global);
        assert_eq!(keys(with(false)), ["_raw", "host", "user"]);
        assert_eq!(keys(with(true)), ["host", "user"]);
    }
}
