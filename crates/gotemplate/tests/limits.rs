//! Hostile templates end in a clear error, soon, and without overflowing the stack.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::time::{Duration, Instant};

use secretwire_gotemplate::{
    ErrorKind, Func, FuncMap, LimitError, Limits, List, Map, Set, Type, Value,
};

fn render_with(text: &str, limits: &Limits) -> Result<Vec<u8>, secretwire_gotemplate::Error> {
    static TABLE: &[Func] = &[
        Func::variadic("list", &[Type::Any], Type::List(&Type::Any), |_, args| {
            Ok(List::any(args.all().to_vec()).into())
        }),
        Func::fixed(
            "set",
            &[Type::Map(&Type::Any), Type::String, Type::Any],
            Type::Map(&Type::Any),
            |ctx, args| {
                ctx.insert(args.map(0)?, args.str(1)?.clone(), args.value(2)?.clone())?;
                Ok(args.value(0)?.clone())
            },
        ),
    ];
    let mut set = Set::new().funcs(FuncMap::from_table(TABLE).into());
    set.parse("t", text.as_bytes())?;
    set.render("t", &Map::any().into(), limits)
}

fn limit_of(text: &str, limits: &Limits) -> LimitError {
    let error = render_with(text, limits).unwrap_err();
    match error.kind() {
        ErrorKind::Limit(limit) => limit,
        other => panic!("{other:?}: {error}"),
    }
}

#[test]
fn endless_output_stops_at_the_byte_limit() {
    let limits = Limits {
        output_bytes: 1000,
        ..Limits::default()
    };
    let text = "{{range 1000000}}0123456789{{end}}";
    assert_eq!(limit_of(text, &limits), LimitError::Output(1000));
    let message = render_with(text, &limits).unwrap_err().to_string();
    assert_eq!(
        message,
        r#"template: t:1:8: executing "t" at <1000000>: output exceeds 1000 bytes"#
    );
}

#[test]
fn endless_loops_stop_at_the_step_limit() {
    let limits = Limits {
        steps: 100_000,
        ..Limits::default()
    };
    let text = "{{range 1000000000}}{{range 1000000000}}{{end}}{{end}}";
    assert_eq!(limit_of(text, &limits), LimitError::Steps(limits.steps));
}

#[test]
fn endless_recursion_stops_at_the_depth_limit() {
    let text =
        r#"{{define "a"}}{{with 1}}{{if 1}}{{template "a"}}{{end}}{{end}}{{end}}{{template "a"}}"#;
    assert!(matches!(
        limit_of(text, &Limits::default()),
        LimitError::Depth(_) | LimitError::Nesting(_)
    ));
}

#[test]
fn a_deadline_ends_a_render() {
    let limits = Limits {
        deadline: Some(Instant::now()),
        ..Limits::default()
    };
    assert_eq!(
        limit_of("{{range 100000}}{{end}}", &limits),
        LimitError::Deadline
    );
}

#[test]
fn doubling_values_stops_at_the_memory_limit_when_shown() {
    let limits = Limits {
        memory_bytes: 1 << 20,
        ..Limits::default()
    };
    let text = "{{$x := list 1}}{{range 60}}{{$x = list $x $x}}{{end}}{{$x}}";
    let started = Instant::now();
    assert!(matches!(limit_of(text, &limits), LimitError::Memory(_)));
    assert!(started.elapsed() < Duration::from_secs(20));
    let text = r#"{{$x := "0123456789"}}{{range 60}}{{$x = print $x $x}}{{end}}"#;
    assert!(matches!(
        limit_of(text, &Limits::default()),
        LimitError::Memory(_)
    ));
}

#[test]
fn a_value_nested_deeper_than_the_stack_is_built_and_freed() {
    let text = "{{$x := list 1}}{{range 300000}}{{$x = list $x}}{{end}}{{len $x}}";
    assert_eq!(render_with(text, &Limits::default()).unwrap(), b"1");
}

#[test]
fn a_map_cannot_be_put_into_itself() {
    let text = r#"{{$x := set . "a" (list .)}}"#;
    let error = render_with(text, &Limits::default()).unwrap_err();
    assert!(
        error.exact().ends_with("a map cannot contain itself"),
        "{error}"
    );
}

#[test]
fn nested_structures_are_refused_before_they_overflow_the_stack() {
    let parens = format!("{{{{{}1{}}}}}", "(".repeat(100_000), ")".repeat(100_000));
    let error = render_with(&parens, &Limits::default()).unwrap_err();
    assert_eq!(
        error.exact(),
        "template: t:1: max expression depth exceeded"
    );

    let ifs = format!(
        "{}{}",
        "{{if 1}}".repeat(100_000),
        "{{end}}".repeat(100_000)
    );
    assert_eq!(
        render_with(&ifs, &Limits::default()).unwrap_err().kind(),
        ErrorKind::Parse
    );

    // The deepest that is accepted must also run, on a thread with the usual small stack.
    let deepest = format!("{}x{}", "{{with 1}}".repeat(499), "{{end}}".repeat(499));
    let chain = format!("{{{{if 0}}}}{}{{{{end}}}}", "{{else if 0}}a".repeat(5_000));
    let recursive = format!(
        r#"{{{{define "a"}}}}{}{{{{template "a"}}}}{}{{{{end}}}}{{{{template "a"}}}}"#,
        "{{if (eq 1 (len (print 1)))}}".repeat(40),
        "{{end}}".repeat(40)
    );
    let calls = format!("{{{{{}1{}}}}}", "(print ".repeat(499), ")".repeat(499));
    let failing = format!(
        "{{{{{}{}}}}}",
        "(print ".repeat(499),
        "(len 1)".to_owned() + &")".repeat(499)
    );
    let run = move || {
        assert_eq!(render_with(&calls, &Limits::default()).unwrap(), b"1");
        assert!(render_with(&failing, &Limits::default()).is_err());
        assert_eq!(render_with(&deepest, &Limits::default()).unwrap(), b"x");
        assert_eq!(render_with(&chain, &Limits::default()).unwrap(), b"");
        limit_of(&recursive, &Limits::default());
    };
    std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn error_texts_leave_values_out() {
    let mut set = Set::new();
    set.parse("t", b"{{range .password}}{{end}}").unwrap();
    let data: Map = [("password".into(), Value::str("hunter2"))]
        .into_iter()
        .collect();
    let error = set
        .render("t", &data.into(), &Limits::default())
        .unwrap_err();
    assert!(error.exact().contains("hunter2"));
    for shown in [
        error.to_string(),
        format!("{error:?}"),
        error.redacted().to_owned(),
    ] {
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("range can't iterate over <redacted>"));
    }
    assert_eq!((error.line(), error.column()), (1, Some(8)));
}

#[test]
fn debug_output_shows_no_content() {
    let data: Map = [("key".into(), Value::str("hunter2"))]
        .into_iter()
        .collect();
    let value = Value::from(List::any(vec![
        data.into(),
        Value::Bytes(b"hunter2".into()),
    ]));
    assert!(!format!("{value:?}").contains("hunter2"));
    assert!(!format!("{:?}", Value::str("hunter2")).contains("hunter2"));
}

#[test]
fn templates_whose_trees_would_fill_the_memory_are_refused_together_too() {
    let mut set = Set::new();
    let half = "{{.}}".repeat(20_000);
    set.parse("one", half.as_bytes()).unwrap();
    let error = set.parse("two", half.as_bytes()).unwrap_err();
    let words =
        "template: two:1: the templates of a set have more than 100000 words and signs together";
    assert_eq!(error.exact(), words);
    assert_eq!(set.names(), ["one"]);
}
