//! What the corpus cannot hold: host objects, function values, and sets built in steps.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::sync::Arc;

use secretwire_gotemplate::{
    Func, FuncError, Kind, Limits, Map, Object, STRING_LIST, Set, Type, Value,
};

/// Go: `type Version struct { Major int }` with a `String` and a `Bump` method, used by pointer.
struct Version {
    major: i64,
}

impl Object for Version {
    fn type_of(&self) -> Type {
        Type::Object("*host.Version", Kind::Pointer)
    }

    fn field(&self, name: &str) -> Option<Value> {
        (name == "Major").then_some(Value::Int(self.major))
    }

    fn method(self: Arc<Self>, name: &str) -> Option<Func> {
        if name != "Bump" {
            return None;
        }
        let body = move |_: &mut _, args: &secretwire_gotemplate::Args<'_>| {
            let by = args.int(0)?;
            let major = self
                .major
                .checked_add(by)
                .ok_or_else(|| FuncError::new("version overflow"))?;
            Ok(Value::Object(Arc::new(Version { major })))
        };
        let result = Type::Object("*host.Version", Kind::Pointer);
        Some(Func::bound("Bump", &[Type::Int], result, body))
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(format!("v{}", self.major).into_bytes())
    }
}

/// Go: a struct without methods.
struct Pair;

impl Object for Pair {
    fn type_of(&self) -> Type {
        Type::Object("host.Pair", Kind::Struct)
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.fields()
            .into_iter()
            .find_map(|(field, value)| (field == name).then_some(value))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Left", Value::Int(1)), ("Right", Value::str("r"))]
    }
}

fn data() -> Value {
    let join = Func::bound(
        "join",
        &[STRING_LIST, Type::String],
        Type::String,
        |_, args| {
            let parts: Vec<&[u8]> = args
                .list(0)?
                .items()
                .iter()
                .filter_map(|item| item.as_str().map(AsRef::as_ref))
                .collect();
            Ok(Value::str(parts.join(args.str(1)?.as_bytes())))
        },
    );
    let map: Map = [
        ("v".into(), Value::Object(Arc::new(Version { major: 3 }))),
        ("pair".into(), Value::Object(Arc::new(Pair))),
        ("join".into(), Value::Func(Arc::new(join))),
        (
            "parts".into(),
            secretwire_gotemplate::List::strings(["a", "b"]).into(),
        ),
    ]
    .into_iter()
    .collect();
    map.into()
}

fn render(text: &str) -> Result<String, String> {
    let mut set = Set::new();
    set.parse("t", text.as_bytes()).unwrap();
    set.render("t", &data(), &Limits::default())
        .map(|output| String::from_utf8(output).unwrap())
        .map_err(|error| error.exact().to_owned())
}

#[test]
fn objects_have_fields_methods_and_a_text() {
    assert_eq!(
        render("{{.v}} {{.v.Major}} {{.v.Bump 2}} {{3 | .v.Bump}}").unwrap(),
        "v3 3 v5 v6"
    );
    assert_eq!(
        render("{{(.v.Bump 1).Major}} {{printf \"%T %s\" .v .v}}").unwrap(),
        "4 *host.Version v3"
    );
    assert_eq!(
        render("{{.pair}} {{printf \"%+v\" .pair}} {{.pair.Right}}").unwrap(),
        "{1 r} {Left:1 Right:r} r"
    );
}

#[test]
fn objects_fail_as_go_structs_do() {
    for (text, want) in [
        (
            "{{.v.Nope}}",
            r#"template: t:1:4: executing "t" at <.v.Nope>: can't evaluate field Nope in type interface {}"#,
        ),
        (
            "{{.v.Bump}}",
            r#"template: t:1:4: executing "t" at <.v.Bump>: wrong number of args for Bump: want 1 got 0"#,
        ),
        (
            "{{.v.Bump 9223372036854775807}}",
            r#"template: t:1:4: executing "t" at <.v.Bump>: error calling Bump: version overflow"#,
        ),
        (
            "{{.v.Major 1}}",
            r#"template: t:1:4: executing "t" at <.v.Major>: Major has arguments but cannot be invoked as function"#,
        ),
    ] {
        assert_eq!(render(text).unwrap_err(), want);
    }
}

#[test]
fn call_runs_function_values() {
    assert_eq!(render(r#"{{call .join .parts "-"}}"#).unwrap(), "a-b");
    for (text, want) in [
        (
            "{{call .join .parts}}",
            "error calling call: wrong number of args for .join: got 1 want 2",
        ),
        (
            "{{call .join .parts 1}}",
            "error calling call: arg 1: value has type int; should be string",
        ),
        (
            "{{call .parts}}",
            "error calling call: non-function .parts of type []string",
        ),
        ("{{call .none}}", "error calling call: call of nil"),
        (
            "{{.join}}",
            "can't print {{.join}} of type func([]string, string) string",
        ),
    ] {
        let error = render(text).unwrap_err();
        assert!(error.ends_with(want), "{error}");
    }
}

#[test]
fn later_texts_replace_templates_unless_they_are_blank() {
    let mut set = Set::new();
    set.parse("a", b"{{define \"x\"}}1{{end}}{{template \"x\"}}")
        .unwrap();
    set.parse("b", b"{{define \"x\"}} \n {{end}}").unwrap();
    let render = |set: &Set| set.render("a", &Value::Nil, &Limits::default()).unwrap();
    assert_eq!(render(&set), b"1");
    set.parse("c", b"{{define \"x\"}}2{{end}}").unwrap();
    assert_eq!(render(&set), b"2");
    assert_eq!(set.names(), ["a", "b", "c", "x"]);
}

/// The parser lets both through when another range is around; who is meant is Go's choice.
#[test]
fn leaving_a_range_from_its_else_branch_does_what_go_does() {
    let ranges = |leave: &str| {
        format!(
            "{{{{range 2}}}}a{{{{range 0}}}}{{{{else}}}}b{{{{{leave}}}}}c{{{{end}}}}d{{{{end}}}}"
        )
    };
    assert_eq!(render(&ranges("break")).unwrap(), "abdabd");
    assert_eq!(render(&ranges("continue")).unwrap(), "abab");
}

#[test]
fn bytes_pass_through_unchanged() {
    let keystore: Vec<u8> = (0..=255).collect();
    let data: Map = [("k".into(), Value::str(keystore.clone()))]
        .into_iter()
        .collect();
    let mut set = Set::new();
    set.parse("t", b"{{ $x := .k }}{{ with $x }}{{ . }}{{ end }}")
        .unwrap();
    let output = set.render("t", &data.into(), &Limits::default()).unwrap();
    assert_eq!(output, keystore);
}
