//! JSON as Go's `encoding/json` reads and writes it.

mod decode;
mod encode;

pub(crate) use decode::parse_what_fits;
pub use decode::{Numbers, SyntaxError, parse};
pub use encode::{Style, encode};

#[cfg(test)]
mod tests {
    use crate::limits::{Ctx, Limits};

    use super::*;

    fn round_trip(text: &str, style: Style<'_>) -> String {
        let value = parse(text.as_bytes(), Numbers::Float).unwrap();
        let mut ctx = Ctx::new(&Limits::default());
        String::from_utf8(encode(&mut ctx, &value, style).unwrap()).unwrap()
    }

    #[test]
    fn writes_what_go_writes() {
        for (text, want) in [
            (
                r#"{"b":1,"a":[true,null,"x"]}"#,
                r#"{"a":[true,null,"x"],"b":1}"#,
            ),
            ("1e21", "1e+21"),
            ("0.0000001", "1e-7"),
            ("123456789012345678", "123456789012345680"),
            (
                r#""<&>\u2028\u0001\b""#,
                r#""\u003c\u0026\u003e\u2028\u0001\b""#,
            ),
            (r#""\ud83d\ude00 \ud800""#, "\"😀 \u{fffd}\""),
        ] {
            assert_eq!(round_trip(text, Style::COMPACT), want);
        }
        assert_eq!(round_trip("\"<a>\"", Style::RAW), "\"<a>\"");
        assert_eq!(
            round_trip(r#"{"a":[1,{}],"b":[]}"#, Style::PRETTY),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}"
        );
    }

    #[test]
    fn names_mistakes_as_go_does() {
        for (text, want) in [
            ("", "unexpected end of JSON input"),
            ("{\"a\":", "unexpected end of JSON input"),
            (
                "{a}",
                "invalid character 'a' looking for beginning of object key string",
            ),
            (
                "[1,]",
                "invalid character ']' looking for beginning of value",
            ),
            ("[1 2]", "invalid character '2' after array element"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            (
                "nul ",
                "invalid character ' ' in literal null (expecting 'l')",
            ),
            ("1 2", "invalid character '2' after top-level value"),
            (
                "tru",
                "invalid character ' ' in literal true (expecting 'e')",
            ),
            ("\"abc", "unexpected end of JSON input"),
            ("-x", "invalid character 'x' in numeric literal"),
            ("01", "invalid character '1' after top-level value"),
            ("\"\\q\"", "invalid character 'q' in string escape code"),
            ("\"\n\"", "invalid character '\\n' in string literal"),
        ] {
            let error = parse(text.as_bytes(), Numbers::Float).unwrap_err();
            assert_eq!(error.to_string(), want, "{text}");
        }
    }

    #[test]
    fn nesting_ends_where_gos_does() {
        let deep = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
        assert!(parse(&deep(10_000), Numbers::Text).is_ok());
        let error = parse(&deep(10_001), Numbers::Text).unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid character '[' exceeded max depth"
        );
    }
}
