//! No input brings the engine down.

use proptest::collection::vec;
use proptest::prelude::*;
use secretwire_gotemplate::json::{self, Numbers, Style};
use secretwire_gotemplate::{Ctx, Limits, List, Map, Set, Value, fmt};

/// Small bounds, so that a case takes no time.
fn limits() -> Limits {
    Limits {
        output_bytes: 1 << 16,
        steps: 10_000,
        memory_bytes: 1 << 18,
        depth: 20,
        deadline: None,
    }
}

fn data() -> Value {
    let map: Map = [
        ("a".into(), Value::str(&b"x\xff\x00"[..])),
        (
            "l".into(),
            List::any(vec![Value::Int(1), Value::Nil]).into(),
        ),
        ("n".into(), Value::Number("1.5".into())),
        ("nil".into(), Value::Nil),
    ]
    .into_iter()
    .collect();
    map.into()
}

fn parse_and_render(text: &[u8]) {
    let mut set = Set::new();
    if set.parse("t", text).is_ok() {
        let _ = set.render("t", &data(), &limits());
    }
}

/// Fragments that make valid templates likely.
fn fragment() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "{{",
        "}}",
        "{{- ",
        " -}}",
        "if ",
        "else ",
        "end",
        "range ",
        "with ",
        "define \"x\"",
        "template \"x\" ",
        "block \"x\" ",
        "break",
        "continue",
        "$x",
        " := ",
        " = ",
        ", ",
        ".a",
        ".l",
        ".n",
        ".nil",
        ".",
        "$",
        "(",
        ")",
        " | ",
        " ",
        "\n",
        "index ",
        "slice ",
        "printf ",
        "\"%*[2]d %v\" ",
        "len ",
        "eq ",
        "lt ",
        "and ",
        "or ",
        "not ",
        "call ",
        "html ",
        "1",
        "-0x1p4",
        "1i",
        "'a'",
        "`raw`",
        "nil",
        "true",
        "/* c */",
        "é",
        "\u{feff}",
        "text",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn parsing_and_rendering_bytes(text in vec(any::<u8>(), 0..200)) {
        parse_and_render(&text);
    }

    #[test]
    fn parsing_and_rendering_fragments(parts in vec(fragment(), 0..40)) {
        parse_and_render(parts.concat().as_bytes());
    }

    #[test]
    fn rendering_one_action_of_fragments(parts in vec(fragment(), 0..12)) {
        parse_and_render(format!("{{{{{}}}}}", parts.concat()).as_bytes());
    }

    #[test]
    fn parsing_with_any_delimiters(left in ".{0,3}", right in ".{0,3}", text in ".{0,60}") {
        let mut set = Set::new().delims(&left, &right);
        let _ = set.parse("t", text.as_bytes());
    }

    #[test]
    fn formatting(format in "[%a-zA-Z0-9#+ .*\\[\\]-]{0,20}", n in any::<i64>(), x in any::<f64>()) {
        let mut ctx = Ctx::new(&limits());
        let args = [Value::Int(n), Value::Float64(x), data(), Value::Bytes(b"\x00z".into())];
        let _ = fmt::sprintf(&mut ctx, format.as_bytes(), &args);
    }

    #[test]
    fn reading_json(text in vec(any::<u8>(), 0..100)) {
        let _ = json::parse(&text, Numbers::Text);
    }

    #[test]
    fn json_survives_a_round_trip(text in "[a-z\"\\\\{}\\[\\]:,0-9. -]{0,40}") {
        if let Ok(value) = json::parse(text.as_bytes(), Numbers::Float) {
            let mut ctx = Ctx::new(&limits());
            let encoded = json::encode(&mut ctx, &value, Style::COMPACT).unwrap();
            let again = json::parse(&encoded, Numbers::Float).unwrap();
            prop_assert!(value.deep_equal(&again));
        }
    }
}
