use super::*;
use crate::limits::Limits;
use crate::list::List;
use crate::map::Map;

fn printed(format: &str, args: &[Value]) -> String {
    let mut ctx = Ctx::new(&Limits::default());
    String::from_utf8(sprintf(&mut ctx, format.as_bytes(), args).unwrap()).unwrap()
}

#[test]
fn numbers_follow_flags_width_and_precision() {
    let n = Value::Int(42);
    for (format, want) in [
        ("%d|%5d|%-5d|%05d|%+d|% d", "42|   42|42   |00042|+42| 42"),
        (
            "%x|%X|%#x|%o|%#o|%O|%b|%#b",
            "2a|2A|0x2a|52|052|0o52|101010|0b101010",
        ),
        (
            "%.5d|%8.5d|%c|%q|%U|%#U",
            "00042|   00042|*|'*'|U+002A|U+002A '*'",
        ),
    ] {
        let args = vec![n.clone(); format.split('|').count()];
        assert_eq!(printed(format, &args), want);
    }
    let x = Value::Float64(1.23457);
    for (format, want) in [
        (
            "%v|%f|%.2f|%8.3f|%-8.1f|%08.2f",
            "1.23457|1.234570|1.23|   1.235|1.2     |00001.23",
        ),
        (
            "%e|%E|%g|%G|%+.1f|%#.0f",
            "1.234570e+00|1.234570E+00|1.23457|1.23457|+1.2|1.",
        ),
    ] {
        let args = vec![x.clone(); format.split('|').count()];
        assert_eq!(printed(format, &args), want);
    }
}

#[test]
fn mistakes_show_as_go_shows_them() {
    let s = Value::str("x");
    assert_eq!(printed("%d", std::slice::from_ref(&s)), "%!d(string=x)");
    assert_eq!(printed("%d %d", &[Value::Int(1)]), "1 %!d(MISSING)");
    assert_eq!(
        printed("%d", &[Value::Int(1), s.clone(), Value::Nil]),
        "1%!(EXTRA string=x, <nil>)"
    );
    assert_eq!(
        printed("%z %!", &[Value::Bool(true)]),
        "%!z(bool=true) %!!(MISSING)"
    );
    assert_eq!(
        printed("%[5]d %[2]d", &[Value::Int(1), Value::Int(2)]),
        "%!d(BADINDEX) 2"
    );
    assert_eq!(printed("%*d", &[s, Value::Int(1)]), "%!(BADWIDTH)1");
    assert_eq!(printed("%", &[]), "%!(NOVERB)");
    assert_eq!(
        printed("%d", &[Value::Number("7".into())]),
        "%!d(json.Number=7)"
    );
}

#[test]
fn containers_show_as_go_shows_them() {
    let list = List::any(vec![Value::Int(1), Value::str("a b"), Value::Nil]);
    let map: Map = [
        ("b".into(), Value::from(list)),
        ("a".into(), Value::Float64(1e6)),
    ]
    .into_iter()
    .collect();
    let map = Value::from(map);
    assert_eq!(
        printed("%v", std::slice::from_ref(&map)),
        "map[a:1e+06 b:[1 a b <nil>]]"
    );
    assert_eq!(
        printed("%#v", std::slice::from_ref(&map)),
        r#"map[string]interface {}{"a":1e+06, "b":[]interface {}{1, "a b", interface {}(nil)}}"#
    );
    assert_eq!(printed("%T", &[map]), "map[string]interface {}");
    assert_eq!(
        printed("%q", &[List::strings(["a", "b"]).into()]),
        r#"["a" "b"]"#
    );
    assert_eq!(
        printed("%s %x %v", &vec![Value::Bytes(b"hi".into()); 3]),
        "hi 6869 [104 105]"
    );
}

#[test]
fn a_printout_stops_at_the_limit() {
    let limits = Limits {
        memory_bytes: 1000,
        ..Limits::default()
    };
    let mut ctx = Ctx::new(&limits);
    assert_eq!(
        sprintf(&mut ctx, b"%999999d", &[Value::Int(1)]),
        Err(LimitError::Memory(1000))
    );
}

#[test]
fn a_value_nested_too_deep_is_an_error_and_frees_without_overflow() {
    let mut value = Value::Nil;
    for _ in 0..200_000 {
        value = Value::from(List::any(vec![value]));
    }
    let mut ctx = Ctx::new(&Limits::default());
    assert!(matches!(
        sprint(&mut ctx, &[value]),
        Err(LimitError::Nesting(_))
    ));
}
