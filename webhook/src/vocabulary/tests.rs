use std::time::Duration;

use crate::reference::RefKind;
use crate::selector::Selector;
use crate::wiring::{Item, Variable, WaitMode};

use super::*;

fn wired(annotations: &[(&str, &str)]) -> Result<Wiring, Vec<String>> {
    let prefix = Prefix::default();
    let named = |(key, value): &(&str, &str)| {
        let name = if key.contains('/') {
            (*key).to_owned()
        } else {
            prefix.name(key)
        };
        (name, (*value).to_owned())
    };
    let annotations = annotations.iter().map(named).collect();
    wiring_of(&annotations, &prefix)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn reads_mounts_with_every_modifier() {
    let wiring = wired(&[
        ("mount.db", "vss/db-credentials"),
        ("mount.db.path", "/etc//db/"),
        ("mount.db.items", "password=pw@0400, tls.*@0440,ca"),
        ("mount.db.mode", "0440"),
        ("mount.db.containers", "app,!metrics"),
        ("mount.db.optional", "true"),
        ("mount.plain", "other"),
    ])
    .unwrap();
    let [db, plain] = wiring.mounts.as_slice() else {
        panic!("{wiring:?}")
    };
    assert_eq!(db.reference.kind, Some(RefKind::VaultStaticSecret));
    assert_eq!(
        (db.path.as_str(), db.mode, db.optional),
        ("/etc/db", 0o440, true)
    );
    let item = |key: &str, path: Option<&str>, mode| Item {
        key: key.into(),
        path: path.map(Into::into),
        mode,
    };
    let items = [
        item("password", Some("pw"), Some(0o400)),
        item("tls.*", None, Some(0o440)),
        item("ca", None, None),
    ];
    assert_eq!(db.items.as_deref(), Some(items.as_slice()));
    assert_eq!(db.containers, Selector::parse("app,!metrics").unwrap());
    assert_eq!(
        (plain.path.as_str(), plain.mode, plain.optional),
        ("/secrets/plain", 0o444, false)
    );
    assert_eq!(
        (&plain.items, &plain.containers),
        (&None, &Selector::default())
    );
}

#[test]
fn reads_variables_with_every_modifier() {
    let wiring = wired(&[
        ("env.db", "vss/db"),
        ("env.db.prefix", "DB_"),
        ("env.db.keys", "USER=username, password"),
        ("env.db.containers", "@all"),
    ])
    .unwrap();
    let variable = |name: &str, key: &str| Variable {
        name: name.into(),
        key: key.into(),
    };
    assert_eq!(wiring.envs[0].prefix, "DB_");
    assert_eq!(
        wiring.envs[0].keys,
        Some(vec![
            variable("USER", "username"),
            variable("password", "password")
        ])
    );
    assert_eq!(wiring.refs().len(), 1);
}

#[test]
fn reads_how_to_wait() {
    assert_eq!(wired(&[]).unwrap().wait.mode, WaitMode::Auto);
    let wait = wired(&[("wait", "hold"), ("hold", "1m1.5s")]).unwrap().wait;
    assert_eq!(
        (wait.mode, wait.hold),
        (WaitMode::Hold, Duration::from_millis(61_500))
    );
}

#[test]
fn tells_every_mistake_at_once_in_order() {
    let problems = wired(&[
        ("mount.db.pth", "/etc/db"),
        ("mount.db", "vss/DB"),
        ("mount.bd.path", "/x"),
        ("env.a.keys", "A=b"),
        ("wait", "gates"),
    ])
    .unwrap_err();
    let expected = [
        "SW103 env.a.keys: there is no env.a",
        "SW103 mount.bd.path: there is no mount.bd; did you mean mount.db?",
        "SW102 mount.db: \"DB\" is not a resource name; write kind/name such as \"vss/db-credentials\"",
        "SW101 mount.db.pth: mount has no modifier \"pth\"; did you mean \"path\"?",
        "SW102 wait: \"gates\" is not one of none, hold, gate, auto; did you mean \"gate\"?",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn finds_the_key_that_was_meant() {
    for (key, meant) in [
        ("mount-db", "did you mean \"mount.db\"?"),
        ("mounts.db.path", "did you mean \"mount.db.path\"?"),
        ("evn.db", "did you mean \"env.db\"?"),
        ("wiat", "did you mean \"wait\"?"),
        ("mount", "mount needs an id: mount.<id>"),
        ("mount.", "SW105"),
        ("mount.DB", "SW105"),
        ("mount.a-very-long-id-of-25-chars", "SW105"),
        ("inject", "SW101 inject: unknown key"),
    ] {
        let problems = wired(&[(key, "vss/db")]).unwrap_err();
        assert!(problems[0].contains(meant), "{key}: {problems:?}");
    }
}

#[test]
fn known_words_that_are_not_served_are_refused_even_under_lint_warn() {
    for key in [
        "restart",
        "project.a",
        "project.a.token",
        "mount.db.subpath",
        "env.db.case",
        "wiring",
        "storage",
    ] {
        let problems = wired(&[
            ("lint", "warn"),
            ("mount.db", "db"),
            ("env.db", "db"),
            (key, "x"),
        ])
        .unwrap_err();
        assert!(
            problems[0].starts_with(&format!("SW101 {key}: this key is not supported")),
            "{problems:?}"
        );
    }
}

#[test]
fn lint_warn_turns_unknown_keys_into_warnings_and_nothing_else() {
    let wiring = wired(&[
        ("lint", "warn"),
        ("mount.db", "db"),
        ("mount.db.pth", "/x"),
        ("wiat", "none"),
    ])
    .unwrap();
    assert_eq!(wiring.warnings.len(), 2);
    assert!(wired(&[("lint", "warn"), ("mount.db", "db"), ("mount.db.mode", "9")]).is_err());
    assert!(wired(&[("lint", "maybe")]).is_err());
}

#[test]
fn an_ignored_pod_asks_for_nothing_whatever_else_it_says() {
    let wiring = wired(&[("ignore", "true"), ("mount.db", "!!"), ("nonsense", "")]).unwrap();
    assert!(wiring.is_empty() && wiring.refs().is_empty());
    assert!(wired(&[("ignore", "yes"), ("mount.db", "db")]).is_err());
    assert!(
        !wired(&[("ignore", "false"), ("mount.db", "db")])
            .unwrap()
            .is_empty()
    );
}

#[test]
fn warns_of_prefixes_that_look_like_ours() {
    let warned = |name: &str| !wired(&[(name, "vss/db")]).unwrap().warnings.is_empty();
    for name in [
        "secretwires.dev/mount.db",
        "secretwire.io/env.db",
        "secretwrie.dev/wait",
    ] {
        assert!(warned(name), "{name}");
    }
    for name in [
        "example.com/mount.db",
        "secretwire.io/team",
        "prometheus.io/scrape",
    ] {
        assert!(!warned(name), "{name}");
    }
}

#[test]
fn what_the_webhook_writes_is_no_mistake_when_read_again() {
    let wiring = wired(&[("mount.db", "db"), ("status", "{}"), ("stamp", "v1:0")]).unwrap();
    assert_eq!(wiring.warnings, []);
}

#[test]
fn paths_stay_where_a_volume_may_be() {
    for path in [
        "etc/db",
        "/",
        "/a/../b",
        "/a/./b",
        "/proc/1",
        "/sys",
        "/dev/shm",
        "/a:b",
        "/a\nb",
        "/var/run/secrets/kubernetes.io/serviceaccount",
        "/run/secrets/kubernetes.io",
    ] {
        let problems = wired(&[("mount.a", "db"), ("mount.a.path", path)]).unwrap_err();
        assert!(
            problems[0].starts_with("SW105 mount.a.path: "),
            "{path:?}: {problems:?}"
        );
    }
    for path in ["/device", "/var/run/secrets/app", "/a..b"] {
        assert!(
            wired(&[("mount.a", "db"), ("mount.a.path", path)]).is_ok(),
            "{path}"
        );
    }
}

#[test]
fn values_are_exact() {
    for (key, value) in [
        ("mount.a.mode", "0999"),
        ("mount.a.mode", "01777"),
        ("mount.a.mode", "+7"),
        ("mount.a.mode", ""),
        ("mount.a.optional", "True"),
        ("mount.a.items", "a,,b"),
        ("mount.a.items", "a=x,b=x"),
        ("mount.a.items", "a=/x"),
        ("mount.a.items", "a=../x"),
        ("mount.a.items", "a=..x"),
        ("mount.a.items", "a b"),
        ("mount.a.items", "a@rw"),
        ("mount.a.items", "tls.*=x"),
        ("mount.a.containers", "@apps"),
        ("env.a.keys", "=x"),
        ("env.a.keys", "A=x,A=y"),
        ("env.a.keys", "1A=x"),
        ("env.a.keys", "A=x y"),
        ("env.a.prefix", "1"),
        ("hold", "2"),
        ("hold", "-2s"),
        ("hold", "s"),
        ("hold", "1e3s"),
        ("hold", ""),
        ("wait", "Auto"),
    ] {
        let problems = wired(&[("mount.a", "db"), ("env.a", "db"), (key, value)]).unwrap_err();
        assert!(
            problems[0].starts_with(&format!("SW102 {key}: ")),
            "{key}={value}: {problems:?}"
        );
    }
    assert!(
        wired(&[
            ("env.a", "db"),
            ("env.a.prefix", "DB_"),
            ("env.a.keys", "1A=x")
        ])
        .is_ok()
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_annotations_break_the_parser(pairs in proptest::collection::btree_map(
        "(secretwire\\.dev/)?(mount|env|wait|hold|lint|[a-z.-]{0,8})(\\.[a-z0-9-]{0,3}){0,2}(\\.(path|items|keys|mode|prefix|containers))?",
        "(vss/|@|!|,|=|/|\\.\\.|[a-z0-9*]{1,3}|\\PC){0,6}",
        0..8,
    )) {
        let (wiring, problems) = read(&pairs, &Prefix::default());
        let again = read(&pairs, &Prefix::default());
        proptest::prop_assert_eq!((&wiring, &problems), (&again.0, &again.1));
        let mut sorted = problems.clone();
        sorted.sort();
        proptest::prop_assert_eq!(problems, sorted);
    }
}
