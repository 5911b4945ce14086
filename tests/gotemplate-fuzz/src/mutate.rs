//! Damages template texts.

use std::collections::BTreeSet;

use fastrand::Rng;

use crate::case::{Case, Profile, Template};
use crate::tokens;

/// Longer texts are cut, as time is better spent on many.
const MAX_TEXT: usize = 32 << 10;

/// Numbers at which something tends to happen.
const NUMBERS: &[&str] = &[
    "-1",
    "0",
    "1",
    "63",
    "64",
    "255",
    "65536",
    "1000000",
    "2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1e308",
    "0x1p-1074",
    "1e999999999",
];

/// What damaged cases are made of.
#[derive(Debug)]
pub(crate) struct Pool {
    cases: Vec<Case>,
    /// Every word in their texts, once.
    words: Vec<Vec<u8>>,
}

impl Pool {
    pub(crate) fn new(cases: Vec<Case>) -> Self {
        let mut words = BTreeSet::new();
        for template in cases.iter().flat_map(|case| &case.templates) {
            for word in tokens::words(&template.text, [b"{{", b"}}"]) {
                words.insert(template.text[word].to_vec());
            }
        }
        Self {
            cases,
            words: words.into_iter().collect(),
        }
    }

    /// A case that the state of `random` determines.
    pub(crate) fn damaged(&self, random: &mut Rng) -> Case {
        let mut case = self.case(random).clone();
        if one_in(random, 3) {
            case.data.clone_from(&self.case(random).data);
        }
        if one_in(random, 4) {
            case.profile = Profile::ALL[random.usize(..Profile::ALL.len())];
        }
        match random.u8(..20) {
            0 => case.templates[0].text = noise(random),
            1 => case.templates[0].text = self.babble(random),
            2 => case.templates.push(self.case(random).templates[0].clone()),
            _ => {}
        }
        for _ in 0..=random.usize(..6) {
            let i = random.usize(..case.templates.len());
            self.damage(random, &mut case.templates[i]);
        }
        case
    }

    fn case(&self, random: &mut Rng) -> &Case {
        &self.cases[random.usize(..self.cases.len())]
    }

    fn word(&self, random: &mut Rng) -> &[u8] {
        &self.words[random.usize(..self.words.len())]
    }

    /// Words in any order, in delimiters.
    fn babble(&self, random: &mut Rng) -> Vec<u8> {
        let mut text = b"{{ ".to_vec();
        for _ in 0..random.usize(1..12) {
            text.extend_from_slice(self.word(random));
            text.push(b' ');
        }
        text.extend_from_slice(b"}}");
        text
    }

    fn damage(&self, random: &mut Rng, template: &mut Template) {
        let text = &mut template.text;
        let start = random.usize(..=text.len());
        let end = (start + random.usize(..12)).min(text.len());
        match random.u8(..10) {
            0 if start < text.len() => text[start] ^= 1 << random.u8(..8),
            1 => text.insert(start, random.u8(..)),
            2 => drop(text.drain(start..end)),
            3 => insert(text, start, self.word(random)),
            4 => {
                let most = 1 << random.u8(2..10);
                let repeated = text[start..end].repeat(random.usize(2..most));
                insert(text, start, &repeated);
            }
            5 => {
                let other = &self.case(random).templates[0].text;
                let from = random.usize(..=other.len());
                let length = random.usize(..=(other.len() - from).min(200));
                insert(text, start, &other[from..from + length]);
            }
            6 => text.truncate(end),
            7 => insert(
                text,
                start,
                NUMBERS[random.usize(..NUMBERS.len())].as_bytes(),
            ),
            _ => self.exchange_word(random, text),
        }
        text.truncate(MAX_TEXT);
    }

    /// Puts another word, or a number, in the place of one.
    fn exchange_word(&self, random: &mut Rng, text: &mut Vec<u8>) {
        let words = tokens::words(text, [b"{{", b"}}"]);
        if words.is_empty() {
            return;
        }
        let old = words[random.usize(..words.len())].clone();
        let new = if one_in(random, 4) {
            NUMBERS[random.usize(..NUMBERS.len())].as_bytes()
        } else {
            self.word(random)
        };
        text.splice(old, new.iter().copied());
    }
}

fn noise(random: &mut Rng) -> Vec<u8> {
    let mut text: Vec<u8> = (0..random.usize(..200)).map(|_| random.u8(..)).collect();
    if random.bool() {
        insert(&mut text, 0, b"{{");
    }
    text
}

fn insert(text: &mut Vec<u8>, at: usize, what: &[u8]) {
    text.splice(at..at, what.iter().copied());
}

fn one_in(random: &mut Rng, n: usize) -> bool {
    random.usize(..n) == 0
}
