use std::collections::BTreeMap;

use secretwire_api::{
    SecretTransformationSpec, Template, TemplateRef, Transformation, TransformationRef,
};

use super::*;

fn template(name: Option<&str>, text: &str) -> Template {
    Template {
        name: name.map(str::to_owned),
        text: text.to_owned(),
    }
}

fn link(name: &str) -> TransformationRef {
    TransformationRef {
        name: name.to_owned(),
        ..TransformationRef::default()
    }
}

fn try_compile(
    transformation: &Transformation,
    linked: &BTreeMap<ObjectKey, SecretTransformationSpec>,
) -> Result<Transform, TransformError> {
    let owner = ObjectKey::new("app", "db");
    compile(
        &owner,
        transformation,
        false,
        |key| {
            let spec = linked.get(key);
            spec.ok_or_else(|| TransformError::Missing(key.clone()))
        },
        &cache(),
    )
}

fn shared() -> SecretTransformationSpec {
    SecretTransformationSpec {
        templates: [
            (
                "url".to_owned(),
                template(Some("url"), r#"{{ template "host" }}"#),
            ),
            ("plain".to_owned(), template(None, "p")),
        ]
        .into(),
        source_templates: vec![template(None, r#"{{ define "host" }}h{{ end }}"#)],
        includes: vec!["^a".into()],
        excludes: vec!["^ab".into()],
    }
}

fn linked() -> BTreeMap<ObjectKey, SecretTransformationSpec> {
    [
        (ObjectKey::new("app", "shared"), shared()),
        (ObjectKey::new("other", "far"), shared()),
    ]
    .into()
}

fn keys(transform: &Transform) -> Vec<String> {
    transform
        .outputs
        .iter()
        .map(|output| output.key.to_string())
        .collect()
}

#[test]
fn a_link_without_template_refs_takes_every_template_and_the_filters() {
    let transformation = Transformation {
        transformation_refs: vec![link("shared")],
        ..Transformation::default()
    };
    let transform = try_compile(&transformation, &linked()).unwrap();
    assert_eq!(keys(&transform), ["plain", "url"]);
    assert_eq!(transform.outputs[0].template, "app/shared/plain");
    assert!(transform.filters.keep("ac"));
    assert!(!transform.filters.keep("ab"));
    assert!(!transform.filters.keep("b"));
}

#[test]
fn template_refs_pick_and_rename_also_unnamed_templates() {
    let transformation = Transformation {
        transformation_refs: vec![TransformationRef {
            template_refs: vec![TemplateRef {
                name: "plain".into(),
                key_override: Some("renamed".into()),
            }],
            ignore_includes: Some(true),
            ignore_excludes: Some(true),
            namespace: Some("other".into()),
            ..link("far")
        }],
        ..Transformation::default()
    };
    let transform = try_compile(&transformation, &linked()).unwrap();
    assert_eq!(keys(&transform), ["renamed"]);
    assert!(transform.filters.keep("b"));
}

#[test]
fn missing_repeated_and_unknown_links_are_named() {
    let of = |refs: Vec<TransformationRef>| {
        let transformation = Transformation {
            transformation_refs: refs,
            ..Transformation::default()
        };
        try_compile(&transformation, &linked()).unwrap_err()
    };
    let key = ObjectKey::new("app", "shared");
    assert_eq!(
        of(vec![link("none")]),
        TransformError::Missing(ObjectKey::new("app", "none"))
    );
    assert_eq!(
        of(vec![link("shared"), link("shared")]),
        TransformError::Repeated(key)
    );
    let unknown = of(vec![TransformationRef {
        template_refs: vec![TemplateRef {
            name: "ulr".into(),
            key_override: None,
        }],
        ..link("shared")
    }]);
    assert!(
        unknown.to_string().contains("it has: plain, url"),
        "{unknown}"
    );
}

#[test]
fn a_name_is_there_once_and_the_last_name_makes_a_key() {
    let inline = |name: Option<&str>| Transformation {
        templates: [("mine".to_owned(), template(name, "x"))].into(),
        transformation_refs: vec![TransformationRef {
            template_refs: vec![TemplateRef {
                name: "url".into(),
                key_override: Some("mine".into()),
            }],
            ..link("shared")
        }],
        ..Transformation::default()
    };
    assert_eq!(
        try_compile(&inline(Some("url")), &linked()).unwrap_err(),
        TransformError::DuplicateName("url".into())
    );
    let compiled = try_compile(&inline(None), &linked()).unwrap();
    assert_eq!(keys(&compiled), ["mine"]);
    assert_eq!(compiled.outputs[0].template, "url", "after `app/db/mine`");
}

#[test]
fn the_template_of_a_key_is_called_as_none_of_the_user() {
    let transformation = Transformation {
        templates: [
            ("{{ .Key }}".to_owned(), template(Some("a"), "x")),
            ("other".to_owned(), template(Some("a (key)"), "y")),
        ]
        .into(),
        ..Transformation::default()
    };
    let compiled = try_compile(&transformation, &linked()).unwrap();
    let outputs: Vec<_> = compiled
        .outputs
        .iter()
        .map(|output| output.key.clone())
        .collect();
    let each = Key::EachSource("a (key) (key)".to_owned());
    assert_eq!(outputs, [Key::Fixed("other".to_owned()), each]);
}

#[test]
fn the_key_raw_needs_exclude_raw() {
    let mut transformation = Transformation {
        templates: [("_raw".to_owned(), template(None, "x"))].into(),
        ..Transformation::default()
    };
    assert_eq!(
        try_compile(&transformation, &linked()).unwrap_err(),
        TransformError::RawKey
    );
    transformation.exclude_raw = Some(true);
    assert!(try_compile(&transformation, &linked()).is_ok());
}

#[test]
fn the_global_option_frees_the_key_raw_too() {
    let transformation = Transformation {
        templates: [("_raw".to_owned(), template(None, "x"))].into(),
        exclude_raw: Some(false),
        ..Transformation::default()
    };
    let owner = ObjectKey::new("app", "db");
    let none = |key: &ObjectKey| Err(TransformError::Missing(key.clone()));
    let compiled = compile(&owner, &transformation, true, none, &cache()).unwrap();
    assert!(compiled.exclude_raw);
    assert_eq!(keys(&compiled), ["_raw"]);
}

#[test]
fn empty_transformations_are_fine() {
    let transformation = Transformation {
        transformation_refs: vec![link("empty")],
        ..Transformation::default()
    };
    let empty = [(
        ObjectKey::new("app", "empty"),
        SecretTransformationSpec::default(),
    )];
    let transform = try_compile(&transformation, &empty.into()).unwrap();
    assert!(transform.set.is_none() && transform.outputs.is_empty());
    assert!(transform.filters.keep("any"));
}

#[test]
fn a_broken_template_fails_those_who_take_it_and_no_others() {
    let mut broken = shared();
    broken
        .templates
        .insert("broken".into(), template(None, "{{ nope }}"));
    let linked = [(ObjectKey::new("app", "shared"), broken)].into();
    let with = |template_refs: Vec<TemplateRef>| Transformation {
        transformation_refs: vec![TransformationRef {
            template_refs,
            ..link("shared")
        }],
        ..Transformation::default()
    };
    let named = |name: &str| TemplateRef {
        name: name.to_owned(),
        key_override: None,
    };
    let all = try_compile(&with(Vec::new()), &linked).unwrap_err();
    assert!(matches!(all, TransformError::Parse(_)), "{all:?}");
    assert!(try_compile(&with(vec![named("broken")]), &linked).is_err());
    assert!(try_compile(&with(vec![named("plain")]), &linked).is_ok());
}

#[test]
fn what_does_not_parse_is_told_with_its_place() {
    for (text, expected) in [
        ("a\n{{ nope }}", "app/db/k:2: function \"nope\" not defined"),
        ("{{ env \"HOME\" }}", "function \"env\" not defined"),
        ("{{ if }}", "missing value for if"),
    ] {
        let transformation = Transformation {
            templates: [("k".to_owned(), template(None, text))].into(),
            ..Transformation::default()
        };
        let error = try_compile(&transformation, &linked()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_shared_transformation_is_checked_as_a_whole() {
    let key = ObjectKey::new("app", "shared");
    assert_eq!(check(&key, &shared(), &cache()), Ok(()));
    let broken = SecretTransformationSpec {
        excludes: vec!["(".into()],
        ..shared()
    };
    assert!(matches!(
        check(&key, &broken, &cache()),
        Err(TransformError::Filter(_))
    ));
}

/// Fields and beginnings of what is said about them.
fn found(faults: &[Fault]) -> Vec<(&str, FaultKind)> {
    faults
        .iter()
        .map(|fault| (fault.field.as_str(), fault.kind))
        .collect()
}

#[test]
fn every_fault_of_a_transformation_is_found_at_its_field() {
    let named = |name: &str, key_override: Option<&str>| TemplateRef {
        name: name.to_owned(),
        key_override: key_override.map(str::to_owned),
    };
    let transformation = Transformation {
        templates: [
            ("_raw".to_owned(), template(None, "x")),
            ("a/b".to_owned(), template(None, "x")),
            (
                "broken".to_owned(),
                template(None, "a\nb {{ .Secrets.a | nope }}"),
            ),
            ("one".to_owned(), template(Some("same"), "x")),
            ("two".to_owned(), template(Some("same"), "x")),
            ("{{ .Key".to_owned(), template(None, "x")),
        ]
        .into(),
        transformation_refs: vec![
            TransformationRef {
                template_refs: vec![
                    named("t", Some("one")),
                    named("t", None),
                    named("_raw", None),
                ],
                ..link("shared")
            },
            link("shared"),
        ],
        includes: vec!["fine".into(), "(".into()],
        excludes: vec!["[".into()],
        ..Transformation::default()
    };
    let owner = ObjectKey::new("app", "db");
    let faults = Linter::new().inline(&owner, &transformation, false);
    let expected = [
        ("templates[_raw]", FaultKind::Key),
        ("templates[a/b]", FaultKind::Key),
        ("templates[broken].text", FaultKind::Template),
        ("templates[two].name", FaultKind::Duplicate),
        ("templates[{{ .Key]", FaultKind::Template),
        (
            "transformationRefs[0].templateRefs[0].keyOverride",
            FaultKind::Shadowed,
        ),
        (
            "transformationRefs[0].templateRefs[1].name",
            FaultKind::Duplicate,
        ),
        ("transformationRefs[0].templateRefs[2].name", FaultKind::Key),
        (
            "transformationRefs[0].templateRefs[2].name",
            FaultKind::Shadowed,
        ),
        ("transformationRefs[1]", FaultKind::Duplicate),
        ("includes[1]", FaultKind::Expression),
        ("excludes[0]", FaultKind::Expression),
    ];
    assert_eq!(found(&faults), expected);
    assert_eq!(faults[2].text, "line 2: function \"nope\" not defined");
    assert_eq!(
        faults[10].text,
        r#""(" is no regular expression (RE2): character 1: unclosed group"#
    );
    let with_raw_free = Linter::new().inline(&owner, &transformation, true);
    assert_eq!(with_raw_free.len(), faults.len() - 2);
}

#[test]
fn every_fault_of_a_shared_transformation_is_found_and_keys_are_for_its_users_to_judge() {
    let spec = SecretTransformationSpec {
        templates: [
            ("_raw".to_owned(), template(None, "x")),
            ("a/b".to_owned(), template(None, "x")),
            ("{{ .Key".to_owned(), template(None, "x")),
            ("url".to_owned(), template(Some("host"), "{{ nope }}")),
        ]
        .into(),
        source_templates: vec![template(Some("host"), "{{ end }}")],
        includes: vec!["*".into()],
        excludes: Vec::new(),
    };
    let faults = Linter::new().shared(&ObjectKey::new("app", "shared"), &spec);
    let expected = [
        ("sourceTemplates[0].text", FaultKind::Template),
        ("templates[url].name", FaultKind::Duplicate),
        ("templates[url].text", FaultKind::Template),
        ("templates[{{ .Key]", FaultKind::Template),
        ("includes[0]", FaultKind::Expression),
    ];
    assert_eq!(found(&faults), expected);
    assert_eq!(faults[2].text, "line 1: function \"nope\" not defined");
}

#[test]
fn what_is_found_is_what_compiling_refuses() {
    let with = |key: &str, text: &str, include: &str| Transformation {
        templates: [(key.to_owned(), template(None, text))].into(),
        includes: vec![include.to_owned()],
        ..Transformation::default()
    };
    for (transformation, fine) in [
        (with("url", "{{ .Secrets.a }}", "^a"), true),
        (with("{{ .Key }}", "{{ .Value }}", ""), true),
        (with("url", "{{ template \"elsewhere\" }}", ""), true),
        (with("_raw", "x", ""), false),
        (with("url", "{{", ""), false),
        (with("{{ .Key", "x", ""), false),
        (with("url", "x", "a{2,1}"), false),
    ] {
        let owner = ObjectKey::new("app", "db");
        let faults = Linter::new().inline(&owner, &transformation, false);
        let compiled = try_compile(&transformation, &BTreeMap::new());
        assert_eq!(faults.is_empty(), fine, "{faults:?}");
        assert_eq!(compiled.is_ok(), fine, "{compiled:?}");
    }
}

#[test]
fn fields_that_the_input_has_not_are_named_with_those_that_it_has() {
    let transformation = Transformation {
        templates: [
            (
                "agent".to_owned(),
                template(None, "x\n {{ .Data.data.password }}"),
            ),
            ("key".to_owned(), template(None, "{{ .Key }}")),
            (
                "{{ .Key }}".to_owned(),
                template(None, "{{ .Key }}{{ .Value }}{{ $.value }}"),
            ),
            (
                "fine".to_owned(),
                template(
                    None,
                    "{{ .Secrets.a }}{{ with .Metadata }}{{ .version }}{{ end }}{{ $.Labels }}",
                ),
            ),
        ]
        .into(),
        ..Transformation::default()
    };
    let faults = Linter::new().inline(&ObjectKey::new("app", "db"), &transformation, false);
    let expected = [
        ("templates[agent].text", FaultKind::Input),
        ("templates[key].text", FaultKind::Input),
        ("templates[{{ .Key }}].text", FaultKind::Input),
    ];
    assert_eq!(found(&faults), expected);
    let start = "line 2, column 5: the input has no .Data: it has .Secrets with the data of Vault";
    assert!(faults[0].text.starts_with(start), "{}", faults[0].text);

    let spec = SecretTransformationSpec {
        templates: transformation.templates,
        ..SecretTransformationSpec::default()
    };
    let faults = Linter::new().shared(&ObjectKey::new("app", "shared"), &spec);
    let expected = [
        ("templates[agent].text", FaultKind::Input),
        ("templates[{{ .Key }}].text", FaultKind::Input),
    ];
    assert_eq!(
        found(&faults),
        expected,
        "whoever takes a template may call it for keys"
    );
}

#[test]
fn a_bad_expression_is_told_with_the_object_that_has_it() {
    let linked = |include: &str| {
        let spec = SecretTransformationSpec {
            includes: vec![include.to_owned()],
            ..SecretTransformationSpec::default()
        };
        BTreeMap::from([(ObjectKey::new("app", "shared"), spec)])
    };
    let transformation = |own: &str| Transformation {
        includes: vec![own.to_owned()],
        transformation_refs: vec![link("shared")],
        ..Transformation::default()
    };
    let told = |own: &str, shared: &str| {
        let error = try_compile(&transformation(own), &linked(shared)).unwrap_err();
        error.to_string()
    };
    let of_another = told("a", "(");
    assert!(
        of_another.starts_with(r#"SecretTransformation app/shared: includes "(""#),
        "{of_another}"
    );
    let of_both = told("(", "(");
    assert!(of_both.starts_with(r#"includes "(""#), "{of_both}");
}
