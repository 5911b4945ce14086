//! Every case of the corpus must come out as Go's own engine has it, errors included.
//!
//! The corpus lives in `tests/gotemplate-oracle/corpus`; its README describes the format.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeSet;

use secretwire_gotemplate_fuzz::{Answered, Profile, corpus, deviations};

#[test]
fn go_builtins_answer_as_go_does() {
    check(Profile::Text);
}

#[test]
fn the_functions_vso_allows_answer_as_go_does() {
    check(Profile::Vso);
}

#[test]
fn the_functions_of_external_secrets_answer_as_there() {
    check(Profile::Eso);
}

#[test]
fn every_deviation_shows_in_its_examples() {
    let corpus = corpus().unwrap();
    for deviation in deviations::ALL {
        for name in deviation.examples {
            let example = corpus.iter().find(|answered| answered.case.name == *name);
            let Answered { case, go, .. } = example.unwrap_or_else(|| panic!("no case {name}"));
            let ours = case.answer().unwrap();
            assert!(!go.agrees(&ours), "{name} comes out as in Go by now");
            let found = deviations::explain(case, go, &ours).map(|found| found.why);
            assert_eq!(found, Some(deviation.why), "{name}");
        }
    }
}

fn check(profile: Profile) {
    let deliberate: BTreeSet<&str> = deviations::ALL
        .iter()
        .flat_map(|deviation| deviation.examples.iter().copied())
        .collect();
    let mut failures = Vec::new();
    let mut total = 0;
    for Answered { file, case, go } in corpus().unwrap() {
        if case.profile != profile || deliberate.contains(case.name.as_str()) {
            continue;
        }
        total += 1;
        let ours = case.answer().unwrap();
        if !go.agrees(&ours) {
            let name = &case.name;
            failures.push(format!("{file}: {name}\n  go:   {go}\n  rust: {ours}"));
        }
    }
    assert!(total > 0, "no case of profile {}", profile.name());
    assert!(
        failures.is_empty(),
        "{} of {total} cases differ\n{}",
        failures.len(),
        failures.join("\n")
    );
}
