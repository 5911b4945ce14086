//! Where we differ from Go on purpose. The corpus test and the fuzzer share this list.

use crate::answer::Answer;
use crate::case::Case;

/// A difference that stays.
#[derive(Debug)]
pub struct Deviation {
    /// Why we differ.
    pub why: &'static str,
    /// Names of cases in the corpus that show it.
    pub examples: &'static [&'static str],
    recognises: fn(&Case, &Answer, &Answer) -> bool,
}

/// Methods of Go's versions and times that ours do not have.
const UNWANTED_METHODS: &[&str] = &[
    "AppendBinary",
    "GobDecode",
    "GobEncode",
    "MarshalBinary",
    "Scan",
    "UnmarshalBinary",
    "UnmarshalJSON",
    "UnmarshalText",
];

/// All of them.
pub const ALL: &[Deviation] = &[
    Deviation {
        why: "lists have no spare capacity for slices to grow into",
        examples: &["{{ slice .l 4 }}", "{{ slice .l 0 4 }}"],
        recognises: |_, _, ours| {
            error_has(ours, "error calling slice: index out of range")
                || error_has(ours, "reflect.Value.Slice: slice index out of bounds")
        },
    },
    Deviation {
        why: "our bound for templates that call each other is lower, and in the message",
        examples: &[r#"{{ define "inf" }}{{ template "inf" }}{{ end }}{{ template "inf" }}"#],
        recognises: |_, go, ours| {
            let depth = "exceeded maximum template depth";
            error_has(go, depth) && matches!(ours, Answer::Limit(text) if text.contains(depth))
        },
    },
    Deviation {
        why: "expressions and control structures nest no more than 500 deep",
        examples: &["parentheses 600 deep", "control structures 600 deep"],
        recognises: |_, _, ours| {
            error_has(ours, "max expression depth exceeded")
                || error_has(ours, "control structures nested too deeply")
        },
    },
    Deviation {
        why: "values nested more than some hundred levels deep are not encoded",
        examples: &[
            r#"{{ fromJson (printf "%s%s" (repeat 9000 "[") (repeat 9000 "]")) | toJson | len }}"#,
        ],
        recognises: |_, _, ours| matches!(ours, Answer::Limit(text) if text.contains("value is nested more than")),
    },
    Deviation {
        why: "a dict cannot hold itself: Go would die of printing it",
        examples: &[r#"{{ $d := dict }}{{ $_ := set $d "self" (list $d) }}"#],
        recognises: |_, _, ours| error_has(ours, "a map cannot contain itself"),
    },
    Deviation {
        why: "versions and times lack the methods that change them or write them in binary",
        examples: &[
            r#"{{ $v := semver "1.2.3" }}{{ $v.Scan "4.5.6" }}{{ $v }}"#,
            r#"{{ (mustToDate "2006" "2024").MarshalBinary | len }}"#,
        ],
        recognises: |_, _, ours| {
            UNWANTED_METHODS
                .iter()
                .any(|name| error_has(ours, &format!("can't evaluate field {name} in type ")))
        },
    },
    Deviation {
        why: "Go takes a percent sign in a template's name for a format directive",
        examples: &["a name with quotes and percent signs"],
        recognises: |case, go, _| {
            error_has(go, "%!")
                && case
                    .templates
                    .iter()
                    .any(|template| template.name.contains('%'))
        },
    },
    Deviation {
        why: "our YAML parser has its own words for a syntax error, and allows tabs where YAML 1.2 does",
        examples: &[r#"{{ fromYaml "a: [1" }}"#, r#"{{ fromYaml "\ta: 1" }}"#],
        recognises: |_, go, ours| mentions_bad_yaml(go) || mentions_bad_yaml(ours),
    },
];

/// The deviation that explains why two answers differ.
pub fn explain(case: &Case, go: &Answer, ours: &Answer) -> Option<&'static Deviation> {
    ALL.iter()
        .find(|deviation| (deviation.recognises)(case, go, ours))
}

fn error_has(answer: &Answer, part: &str) -> bool {
    matches!(answer, Answer::Error(text) if text.contains(part))
}

/// Whether the complaint of `fromYaml` about the syntax is to be seen.
fn mentions_bad_yaml(answer: &Answer) -> bool {
    let text = answer.to_string();
    text.contains("error converting YAML to JSON: yaml: line ")
        || text.contains("YAML to JSON: yaml: found character that cannot start any token")
}
