//! Sorts annotations into words and groups, and finds every key that is neither.

use std::collections::BTreeMap;

use crate::names::{Prefix, STAMP, STATUS, is_dns_label};
use crate::problem::{Code, Problem};
use crate::similar::{hint, nearest};

use super::bad;
use super::table::{VERBS, WORDS, verb, word};

/// What `lint` says of unknown keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lint {
    Deny,
    Warn,
}

/// The annotations under the prefix, sorted.
#[derive(Default)]
pub(super) struct Keys<'a> {
    words: BTreeMap<&'static str, &'a str>,
    groups: BTreeMap<(&'static str, &'a str), Group<'a>>,
    /// Keys no table has; `lint` decides what becomes of them.
    pub(super) unknown: Vec<Problem>,
    /// Keys that cannot be served whatever `lint` says.
    pub(super) problems: Vec<Problem>,
    /// Keys that are only suspicious.
    pub(super) oddities: Vec<Problem>,
}

/// All annotations of one verb and id.
pub(super) struct Group<'a> {
    pub(super) verb: &'static str,
    pub(super) id: &'a str,
    pub(super) base: Option<&'a str>,
    modifiers: BTreeMap<&'static str, &'a str>,
}

impl<'a> Keys<'a> {
    pub(super) fn sort(annotations: &'a BTreeMap<String, String>, prefix: &Prefix) -> Self {
        let mut keys = Self::default();
        for (name, value) in annotations {
            match prefix.strip(name) {
                Some(STATUS | STAMP) => {}
                Some(key) => keys.place(key, value),
                None => keys.oddities.extend(near_miss(name, prefix)),
            }
        }
        keys.orphans();
        keys
    }

    /// The value of a word, read by `parse`.
    pub(super) fn word<T>(
        &self,
        name: &'static str,
        problems: &mut Vec<Problem>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        parse(self.words.get(name)?)
            .map_err(|text| problems.push(bad(name, text)))
            .ok()
    }

    /// The groups of one verb that have a base key, by id.
    pub(super) fn groups(&self, verb: &'static str) -> impl Iterator<Item = &Group<'a>> {
        self.groups
            .values()
            .filter(move |group| group.verb == verb && group.base.is_some())
    }

    fn place(&mut self, key: &'a str, value: &'a str) {
        let mut parts = key.splitn(3, '.');
        let (first, id, modifier) = (parts.next().unwrap_or(key), parts.next(), parts.next());
        let Some(verb) = verb(first) else {
            return match word(key) {
                Some(word) if word.served => {
                    self.words.insert(word.name, value);
                }
                Some(_) => self.problems.push(unserved(key)),
                None => self.unknown.push(unknown(key)),
            };
        };
        let Some(id) = id else {
            let text = format!("{first} needs an id: {first}.<id>");
            return self.unknown.push(Problem::new(Code::Sw101, key, text));
        };
        if !is_dns_label(id, 24) {
            let text = "the id must be lower-case letters, digits and dashes, at most 24";
            return self.problems.push(Problem::new(Code::Sw105, key, text));
        }
        let known = modifier.map(|name| (name, verb.modifier(name)));
        match known {
            Some((name, None)) => {
                let near = hint(name, verb.modifiers.iter().map(|word| word.name));
                let text = format!("{first} has no modifier {name:?}{near}");
                return self.unknown.push(Problem::new(Code::Sw101, key, text));
            }
            Some((_, Some(word))) if !word.served => return self.problems.push(unserved(key)),
            _ if !verb.served => return self.problems.push(unserved(key)),
            _ => {}
        }
        let group = self.groups.entry((verb.name, id)).or_insert_with(|| Group {
            verb: verb.name,
            id,
            base: None,
            modifiers: BTreeMap::new(),
        });
        match known {
            Some((_, Some(word))) => {
                group.modifiers.insert(word.name, value);
            }
            _ => group.base = Some(value),
        }
    }

    /// Modifiers whose base key is missing.
    fn orphans(&mut self) {
        let based = |verb| {
            self.groups
                .values()
                .filter(move |g| g.verb == verb && g.base.is_some())
                .map(|g| g.id)
        };
        let orphans =
            self.groups
                .values()
                .filter(|group| group.base.is_none())
                .flat_map(|group| {
                    let near = nearest(group.id, based(group.verb))
                        .map(|id| format!("; did you mean {}.{id}?", group.verb));
                    let text = format!(
                        "there is no {}.{}{}",
                        group.verb,
                        group.id,
                        near.unwrap_or_default()
                    );
                    group.modifiers.keys().map(move |name| {
                        Problem::new(Code::Sw103, group.key_of(name), text.clone())
                    })
                });
        let orphans: Vec<_> = orphans.collect();
        self.problems.extend(orphans);
    }
}

impl Group<'_> {
    /// The base key.
    pub(super) fn key(&self) -> String {
        format!("{}.{}", self.verb, self.id)
    }

    /// The key of a modifier.
    pub(super) fn key_of(&self, modifier: &str) -> String {
        format!("{}.{}.{modifier}", self.verb, self.id)
    }

    /// The value of a modifier, read by `parse`; what is wrong with it goes to `problems` under `code`.
    pub(super) fn modifier<T>(
        &self,
        name: &'static str,
        code: Code,
        problems: &mut Vec<Problem>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.modifiers.get(name)?;
        parse(value)
            .map_err(|text| problems.push(Problem::new(code, self.key_of(name), text)))
            .ok()
    }
}

fn unserved(key: &str) -> Problem {
    Problem::new(
        Code::Sw101,
        key,
        "this key is not supported by this version; remove it",
    )
}

/// An unknown key, with the nearest known one: ids are left out of the comparison, and put back.
fn unknown(key: &str) -> Problem {
    let first_end = key.find(['.', '-', '_']).unwrap_or(key.len());
    let (first, rest) = key.split_at(first_end);
    let words = WORDS.iter().map(|word| word.name);
    let verbs = || VERBS.iter().map(|verb| verb.name);
    let exact = verbs().find(|verb| *verb == first);
    let near = match exact.or_else(|| nearest(first, verbs())) {
        Some(verb) if rest.len() > 1 => Some(format!("{verb}.{}", &rest[1..])),
        _ => nearest(key, words.chain(verbs())).map(str::to_owned),
    };
    let hint = near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
    Problem::new(Code::Sw101, key, format!("unknown key{hint}"))
}

/// A warning for a key of ours under a domain that looks like ours.
fn near_miss(name: &str, prefix: &Prefix) -> Option<Problem> {
    let (domain, key) = name.split_once('/')?;
    let ours = prefix.domain();
    let first = |text: &str| text.split('.').next().map(str::to_owned);
    let is_word = word(key).is_some() || first(key).is_some_and(|first| verb(&first).is_some());
    let is_near = nearest(domain, [ours]).is_some() || first(domain) == first(ours);
    let text = format!("not read; did you mean {:?}?", prefix.name(key));
    (is_word && is_near).then(|| Problem::new(Code::Sw101, name, text))
}
