//! The words of the vocabulary. Words that are known but not served by this version are told apart from typing
//! mistakes, and refused: a pod never starts without what it asked for.

/// A word that is used by itself: `wait`.
pub(super) struct Word {
    pub(super) name: &'static str,
    pub(super) served: bool,
}

/// A word that is used with an id, and the modifiers it takes: `mount.<id>.path`.
pub(super) struct Verb {
    pub(super) name: &'static str,
    pub(super) served: bool,
    pub(super) modifiers: &'static [Word],
}

/// The word of that name.
pub(super) fn word(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.name == name)
}

/// The verb of that name.
pub(super) fn verb(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}

impl Verb {
    pub(super) fn modifier(&self, name: &str) -> Option<&'static Word> {
        self.modifiers.iter().find(|word| word.name == name)
    }
}

const fn served(name: &'static str) -> Word {
    Word { name, served: true }
}

const fn later(name: &'static str) -> Word {
    Word {
        name,
        served: false,
    }
}

/// Words with an id.
pub(super) const VERBS: &[Verb] = &[
    Verb {
        name: "mount",
        served: true,
        modifiers: &[
            served("path"),
            served("items"),
            served("mode"),
            served("containers"),
            served("optional"),
            later("subpath"),
            later("readonly"),
            later("on-conflict"),
            later("storage"),
        ],
    },
    Verb {
        name: "env",
        served: true,
        modifiers: &[
            served("prefix"),
            served("keys"),
            served("containers"),
            served("optional"),
            later("case"),
            later("override"),
        ],
    },
    Verb {
        name: "project",
        served: false,
        modifiers: &[
            later("path"),
            later("items"),
            later("mode"),
            later("containers"),
            later("optional"),
            later("token"),
        ],
    },
];

/// Words without an id.
pub(super) const WORDS: &[Word] = &[
    served("wait"),
    served("hold"),
    served("ignore"),
    served("lint"),
    later("wiring"),
    later("storage"),
    later("wait-timeout"),
    later("on-unready"),
    later("fresh"),
    later("restart"),
    later("restart-on"),
    later("restart-debounce"),
    later("restart-window"),
    later("restart-max"),
    later("restart-strategy"),
    later("inject-at"),
    later("agent-position"),
];
