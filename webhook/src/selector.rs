//! Container selectors: `@app,@sidecar,app-*,!metrics`.

use crate::similar::hint;

/// The part a container plays in its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    App,
    Init,
    /// An init container that keeps running.
    Sidecar,
}

/// Which containers of a pod are meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector(Vec<Term>);

#[derive(Clone, Debug, PartialEq)]
struct Term {
    exclude: bool,
    pattern: Pattern,
}

#[derive(Clone, Debug, PartialEq)]
enum Pattern {
    App,
    Init,
    Sidecar,
    All,
    /// A container's name, or a glob.
    Name(String),
}

impl Selector {
    /// Parses a comma-separated list; the error is the sentence for the user.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let terms: Vec<Term> = text
            .split(',')
            .map(|word| Term::parse(word.trim()))
            .collect::<Result<_, _>>()?;
        Ok(Self(terms))
    }

    /// Whether the container is meant. A selector of exclusions only starts from the regular containers.
    pub(crate) fn selects(&self, name: &str, role: Role) -> bool {
        let includes = self
            .0
            .iter()
            .any(|term| !term.exclude && term.pattern.matches(name, role))
            || (self.0.iter().all(|term| term.exclude) && role == Role::App);
        includes
            && !self
                .0
                .iter()
                .any(|term| term.exclude && term.pattern.matches(name, role))
    }

    /// The names and globs that are asked for and that no container has, as sentences.
    pub(crate) fn unmatched(&self, containers: &[(&str, Role)]) -> Vec<String> {
        self.0
            .iter()
            .filter_map(|term| match &term.pattern {
                Pattern::Name(name) if !term.exclude => Some((name, &term.pattern)),
                _ => None,
            })
            .filter(|(_, pattern)| {
                !containers
                    .iter()
                    .any(|(name, role)| pattern.matches(name, *role))
            })
            .map(|(name, _)| {
                format!(
                    "no container matches {name:?}{}",
                    hint(name, containers.iter().map(|(name, _)| *name))
                )
            })
            .collect()
    }
}

impl Default for Selector {
    fn default() -> Self {
        Self(vec![Term {
            exclude: false,
            pattern: Pattern::App,
        }])
    }
}

impl Term {
    fn parse(word: &str) -> Result<Self, String> {
        let (exclude, rest) = word
            .strip_prefix('!')
            .map_or((false, word), |rest| (true, rest));
        let pattern = match rest {
            "@app" => Pattern::App,
            "@init" => Pattern::Init,
            "@sidecar" => Pattern::Sidecar,
            "@all" => Pattern::All,
            _ if rest.starts_with('@') => {
                let near = hint(rest, GROUPS);
                return Err(format!(
                    "unknown group {rest:?}{near}; groups are @app, @init, @sidecar, @all"
                ));
            }
            "" => return Err("a container name is missing".to_owned()),
            _ if rest
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-*?".contains(c)) =>
            {
                Pattern::Name(rest.to_owned())
            }
            _ => return Err(format!("{rest:?} is not a container name")),
        };
        Ok(Self { exclude, pattern })
    }
}

impl Pattern {
    fn matches(&self, name: &str, role: Role) -> bool {
        match self {
            Self::App => role == Role::App,
            Self::Init => role == Role::Init,
            Self::Sidecar => role == Role::Sidecar,
            Self::All => true,
            Self::Name(pattern) => glob(pattern, name),
        }
    }
}

/// Whether `pattern`, with `*` for any text and `?` for one character, covers all of `text`.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

const GROUPS: [&str; 4] = ["@app", "@init", "@sidecar", "@all"];

#[cfg(test)]
mod tests {
    use super::*;

    const POD: [(&str, Role); 5] = [
        ("setup", Role::Init),
        ("mesh", Role::Sidecar),
        ("app", Role::App),
        ("app-cache", Role::App),
        ("metrics", Role::App),
    ];

    fn selected(text: &str) -> Vec<&'static str> {
        let selector = Selector::parse(text).unwrap();
        POD.iter()
            .filter(|(name, role)| selector.selects(name, *role))
            .map(|(name, _)| *name)
            .collect()
    }

    #[test]
    fn groups_names_globs_and_exclusions_combine() {
        assert_eq!(selected("@app"), ["app", "app-cache", "metrics"]);
        assert_eq!(
            selected("@app, @sidecar, !metrics"),
            ["mesh", "app", "app-cache"]
        );
        assert_eq!(
            selected("@all,!@init"),
            ["mesh", "app", "app-cache", "metrics"]
        );
        assert_eq!(selected("app*"), ["app", "app-cache"]);
        assert_eq!(selected("!metrics"), ["app", "app-cache"]);
        assert_eq!(selected("setup"), ["setup"]);
        assert!(Selector::default().selects("x", Role::App));
    }

    #[test]
    fn names_that_no_container_has_are_told_with_the_nearest() {
        let told = Selector::parse("metrcs,@sidecar,!gone,x*")
            .unwrap()
            .unmatched(&POD);
        assert_eq!(
            told,
            [
                "no container matches \"metrcs\"; did you mean \"metrics\"?",
                "no container matches \"x*\""
            ]
        );
    }

    #[test]
    fn refuses_what_is_no_selector() {
        assert!(
            Selector::parse("@apps")
                .unwrap_err()
                .contains("did you mean \"@app\"")
        );
        assert!(Selector::parse("app,,x").unwrap_err().contains("missing"));
        assert!(
            Selector::parse("App")
                .unwrap_err()
                .contains("not a container name")
        );
    }

    #[test]
    fn globs_cover_the_whole_text() {
        for (pattern, text, fits) in [
            ("tls.*", "tls.crt", true),
            ("*", "", true),
            ("a?c", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b", "ac", false),
            ("tls", "tls.crt", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }
}
