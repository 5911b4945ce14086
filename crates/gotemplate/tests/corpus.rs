//! Every case of the corpus must come out as Go's own engine has it, errors included.
//!
//! The corpus lives in `tests/gotemplate-oracle/corpus`; its README describes the format. Another
//! directory in the same format, such as fuzzer output with Go's answers, can be named in
//! `GOTEMPLATE_CORPUS`.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secretwire_gotemplate::json::{self, Numbers};
use secretwire_gotemplate::sprig;
use secretwire_gotemplate::{
    ErrorKind, FuncMap, Limits, List, Map, MissingKey, Set, Str, Type, Value,
};

/// Where Go differs from us on purpose, with the reason.
const DELIBERATE: &[(&str, &str)] = &[
    ("{{ slice .l 4 }}", "our slices have no spare capacity"),
    ("{{ slice .l 0 4 }}", "our slices have no spare capacity"),
    (
        r#"{{ define "inf" }}{{ template "inf" }}{{ end }}{{ template "inf" }}"#,
        "our depth limit is lower, and in the message",
    ),
    (
        r#"{{ fromJson (printf "%s%s" (repeat 9000 "[") (repeat 9000 "]")) | toJson | len }}"#,
        "we do not encode values nested as deep as we read them",
    ),
    (
        "a name with quotes and percent signs",
        "Go takes the percent sign for a format directive",
    ),
];

/// Functions that are listed for a profile and still to be written.
const UNWRITTEN: &[&str] = &["fromYaml"];

/// What the oracle answers, instead of Go, where Go would fill the memory.
const ORACLE_LIMIT: &str = "oracle: output limit exceeded";

struct Case {
    file: String,
    name: String,
    fields: Map,
}

#[derive(Debug, PartialEq)]
enum Answer {
    Output(Vec<u8>),
    Error(String),
}

#[test]
fn go_builtins_answer_as_go_does() {
    check("text", &Arc::new(FuncMap::new()));
}

#[test]
fn the_functions_vso_allows_answer_as_go_does() {
    check("vso", &Arc::new(sprig::vso()));
}

#[test]
fn the_functions_of_external_secrets_answer_as_there() {
    check("eso", &Arc::new(sprig::eso()));
}

fn check(profile: &str, funcs: &Arc<FuncMap>) {
    let mut failures = Vec::new();
    let mut total = 0;
    for case in cases().filter(|case| case.text("profile") == profile) {
        if DELIBERATE.iter().any(|(name, _)| *name == case.name) {
            continue;
        }
        total += 1;
        let (want, got) = (case.answer(), case.run(funcs));
        if want != got && !got.lacks_unwritten_function() {
            let want = want.show();
            let got = got.show();
            failures.push(format!(
                "{}: {}\n  go:   {want}\n  rust: {got}",
                case.file, case.name
            ));
        }
    }
    assert!(total > 0, "no case of profile {profile}");
    assert!(
        failures.is_empty(),
        "{} of {total} cases differ\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn cases() -> impl Iterator<Item = Case> {
    let dir = env::var_os("GOTEMPLATE_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/gotemplate-oracle/corpus"),
        PathBuf::from,
    );
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.into_iter().flat_map(|path| {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        let Value::List(cases) = json::parse(&fs::read(&path).unwrap(), Numbers::Text).unwrap()
        else {
            panic!("{file} is not a list");
        };
        let cases: Vec<Case> = cases
            .items()
            .iter()
            .map(|case| {
                let Value::Map(fields) = case else {
                    panic!("{file} holds something else than cases")
                };
                Case {
                    name: text_of(&fields.get(b"name").unwrap()),
                    file: file.clone(),
                    fields: fields.clone(),
                }
            })
            .collect();
        cases
    })
}

impl Case {
    fn text(&self, key: &str) -> String {
        self.fields
            .get(key.as_bytes())
            .map(|value| text_of(&value))
            .unwrap_or_default()
    }

    fn answer(&self) -> Answer {
        if let Some(output) = self.fields.get(b"output") {
            return Answer::Output(output.as_str().unwrap().to_vec());
        }
        match self.fields.get(b"output_base64") {
            Some(output) => Answer::Output(STANDARD.decode(output.as_str().unwrap()).unwrap()),
            None => Answer::Error(one_replacement_a_run(&self.text("error"))),
        }
    }

    fn run(&self, funcs: &Arc<FuncMap>) -> Answer {
        match self.render(funcs) {
            Ok(output) => Answer::Output(output),
            Err(error) if matches!(error.kind(), ErrorKind::Limit(_)) => {
                Answer::Error(ORACLE_LIMIT.to_owned())
            }
            Err(error) => Answer::Error(one_replacement_a_run(error.exact())),
        }
    }

    fn render(&self, funcs: &Arc<FuncMap>) -> Result<Vec<u8>, secretwire_gotemplate::Error> {
        let profile = self.text("profile");
        let missing_key = match self.text("missingkey").as_str() {
            "error" => MissingKey::Error,
            "" if profile == "eso" => MissingKey::Error,
            "zero" => MissingKey::Zero,
            _ => MissingKey::Default,
        };
        let mut set = Set::new().missing_key(missing_key).funcs(Arc::clone(funcs));
        if let Some(Value::List(delims)) = self.fields.get(b"delims") {
            let [left, right] = delims.items() else {
                panic!("two delimiters expected")
            };
            set = set.delims(&text_of(left), &text_of(right));
        }
        let Some(Value::List(templates)) = self.fields.get(b"templates") else {
            panic!("{} has no templates", self.name);
        };
        for template in templates.items() {
            let Value::Map(template) = template else {
                panic!("a template is an object")
            };
            let field = |key: &[u8]| template.get(key).unwrap();
            set.parse(&text_of(&field(b"name")), field(b"text").as_str().unwrap())?;
        }
        let data = self
            .fields
            .get(b"data")
            .map_or(Value::Nil, |data| typed(&data));
        let data = root_of(&profile, data);
        // Enough for every case that ends by itself.
        let limits = Limits {
            steps: 3_000_000,
            ..Limits::default()
        };
        set.render(&self.text("render"), &data, &limits)
    }
}

/// The oracle writes one U+FFFD for a run of bytes that are not UTF-8, our messages one for each.
fn one_replacement_a_run(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    chars.dedup_by(|a, b| *a == char::REPLACEMENT_CHARACTER && a == b);
    chars.into_iter().collect()
}

impl Answer {
    fn lacks_unwritten_function(&self) -> bool {
        let Self::Error(text) = self else {
            return false;
        };
        UNWRITTEN
            .iter()
            .any(|name| text.ends_with(&format!("function \"{name}\" not defined")))
    }

    fn show(&self) -> String {
        match self {
            Self::Output(bytes) => format!("output {:?}", String::from_utf8_lossy(bytes)),
            Self::Error(text) => format!("error {text}"),
        }
    }
}

/// External Secrets hands its data over as strings.
fn root_of(profile: &str, data: Value) -> Value {
    let is_string = |(_, value): &(Str, Value)| matches!(value, Value::Str(_));
    match &data {
        Value::Map(map) if profile == "eso" && map.entries().iter().all(is_string) => strings(map),
        _ => data,
    }
}

fn strings(map: &Map) -> Value {
    Map::of(&Type::String, map.entries().into_iter().collect()).into()
}

/// Replaces the corpus' type tags by values of those types.
fn typed(value: &Value) -> Value {
    match value {
        Value::List(list) => List::any(list.items().iter().map(typed).collect()).into(),
        Value::Map(map) => match map.entries().as_slice() {
            [(tag, content)] if tag.starts_with(b"$") => tagged(&tag.to_text(), content),
            entries => {
                let entries: BTreeMap<Str, Value> = entries
                    .iter()
                    .map(|(key, value)| (key.clone(), typed(value)))
                    .collect();
                Map::of(&Type::Any, entries).into()
            }
        },
        other => other.clone(),
    }
}

fn tagged(tag: &str, content: &Value) -> Value {
    let bytes = || Str::from(STANDARD.decode(content.as_str().unwrap()).unwrap());
    match (tag, content) {
        ("$int", _) => Value::Int(text_of(content).parse().unwrap()),
        ("$int64", _) => Value::Int64(text_of(content).parse().unwrap()),
        ("$uint64", _) => Value::Uint64(text_of(content).parse().unwrap()),
        ("$float64", _) => Value::Float64(text_of(content).parse().unwrap()),
        ("$bytes", _) => Value::Bytes(bytes()),
        ("$binary", _) => Value::Str(bytes()),
        ("$strings", Value::List(list)) => List::strings(list.items().iter().cloned()).into(),
        ("$stringmap", Value::Map(map)) => strings(map),
        _ => panic!("unknown tag {tag}"),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_text().into_owned()
}
