//! No error that is shown holds a value of the data, whichever function meets it.

#![expect(clippy::unwrap_used, reason = "a test may")]

use secretwire_gotemplate::{FuncMap, Limits, List, Map, Set, Value, sprig};

/// What must not be seen: as a text, in a text that almost parses, and as a number.
const TEXT: &str = "hunter2";
const NUMBER: i64 = 98_765_432;

/// Builtins, which no table lists.
const BUILTINS: &[&str] = &[
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or",
    "print", "printf", "println", "slice", "urlquery",
];

/// Slow by design, and their complaints do not depend on what they are given.
const SLOW: &[&str] = &[
    "bcrypt",
    "derivePassword",
    "genCA",
    "genPrivateKey",
    "genSelfSignedCert",
    "htpasswd",
];

fn data() -> Value {
    let text = |text: &str| Value::str(text.as_bytes());
    let fields = [
        ("text", text(TEXT)),
        ("json", text(r#"{"a": hunter2}"#)),
        ("huge", text("1e98765432")),
        (
            "pem",
            text(
                "-----BEGIN hunter2 PRIVATE KEY-----\naHVudGVyMg==\n-----END hunter2 PRIVATE KEY-----\n",
            ),
        ),
        (
            "jwk",
            text(r#"{"kty":"hunter2","crv":"hunter2","x":"hunter2"}"#),
        ),
        ("number", Value::Int(NUMBER)),
        (
            "list",
            List::any(vec![text(TEXT), Value::Int(NUMBER)]).into(),
        ),
        ("dict", Map::strings([(TEXT, TEXT)]).into()),
    ];
    let fields: Map = fields
        .into_iter()
        .map(|(key, value)| (key.into(), value))
        .collect();
    fields.into()
}

fn check(funcs: &FuncMap, names: &[&str]) {
    let prototype = Set::new().funcs(funcs.clone().into());
    let (data, limits) = (
        data(),
        Limits {
            memory_bytes: 1 << 20,
            steps: 100_000,
            ..Limits::default()
        },
    );
    let arguments = [
        ".text", ".json", ".huge", ".pem", ".jwk", ".number", ".list", ".dict", "1",
    ];
    let mut failures = 0;
    for name in names.iter().filter(|name| !SLOW.contains(name)) {
        let mut calls = vec![String::new()];
        for arity in 0..=3 {
            for call in &calls {
                let mut set = prototype.clone();
                let template = format!("{{{{ {name}{call} }}}}");
                set.parse("t", template.as_bytes()).unwrap();
                let Err(error) = set.render("t", &data, &limits) else {
                    continue;
                };
                failures += 1;
                let shown = format!("{error} {error:?}");
                for secret in [TEXT, &NUMBER.to_string(), "aHVudGVyMg"] {
                    assert!(!shown.contains(secret), "{template}: {shown}");
                }
            }
            if arity < 3 {
                calls = calls
                    .iter()
                    .flat_map(|call| arguments.map(|argument| format!("{call} {argument}")))
                    .collect();
            }
        }
    }
    assert!(
        failures > 10 * names.len(),
        "only {failures} of the calls fail"
    );
}

#[test]
fn of_builtins() {
    check(&FuncMap::default(), BUILTINS);
}

#[test]
fn of_functions_that_vso_allows() {
    let funcs = sprig::vso();
    check(&funcs, &funcs.names());
}

#[test]
fn of_functions_of_external_secrets() {
    let funcs = sprig::eso();
    check(&funcs, &funcs.names());
}
