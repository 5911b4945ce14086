//! Constraints such as `^1.2 || >=2.1, <3`.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::Regex;

use crate::funcs::FuncError;

use super::semver::{Version, compare_pre};

/// A version in which parts may be missing or wild. The stray bars are the original's.
const VERSION: &str = r"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";

const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";

/// ASCII white space as `\s` means it in Go.
const SPACE: &str = r"[\t\n\x0C\r ]";

/// The four expressions constraints are read with. Constant, so they compile; were they refused,
/// every constraint would be.
struct Grammar {
    one: Regex,
    range: Regex,
    each: Regex,
    all: Regex,
}

static GRAMMAR: LazyLock<Option<Grammar>> = LazyLock::new(|| {
    let (v, o, s) = (VERSION, OPERATORS, SPACE);
    Some(Grammar {
        one: Regex::new(&format!("^{s}*({o}){s}*({v}){s}*$")).ok()?,
        range: Regex::new(&format!("{s}*({v}){s}+-{s}+({v}){s}*")).ok()?,
        each: Regex::new(&format!("({o}){s}*({v})")).ok()?,
        all: Regex::new(&format!(
            "^({s}*({o}){s}*({v}){s}*)((?:{s}+|,{s}*)({o}){s}*({v}){s}*)*$"
        ))
        .ok()?,
    })
});

/// Alternatives, each of which is a list of conditions that all have to hold.
pub(super) struct Constraints(Vec<Vec<Constraint>>);

struct Constraint {
    operator: Operator,
    version: Version,
    /// Some part is wild or missing: any at all, the minor version, the patch.
    wild: bool,
    wild_minor: bool,
    wild_patch: bool,
}

#[derive(Clone, Copy)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

impl Constraints {
    /// `semver.NewConstraint`
    pub(super) fn parse(text: &str) -> Result<Self, FuncError> {
        let grammar = GRAMMAR.as_ref().ok_or_else(|| improper(text))?;
        let text = rewrite_ranges(grammar, text);
        let mut alternatives = Vec::new();
        for alternative in text.split("||") {
            if !grammar.all.is_match(alternative) {
                return Err(improper(alternative));
            }
            let conditions = grammar
                .each
                .find_iter(alternative)
                .map(|found| Constraint::parse(grammar, found.as_str()));
            alternatives.push(conditions.collect::<Result<_, _>>()?);
        }
        Ok(Self(alternatives))
    }

    /// Whether the version meets one of the alternatives.
    pub(super) fn allow(&self, version: &Version) -> bool {
        self.0
            .iter()
            .any(|conditions| conditions.iter().all(|one| one.allows(version)))
    }
}

fn improper(text: &str) -> FuncError {
    FuncError::revealing(
        format!("improper constraint: {text}"),
        "improper constraint",
    )
}

/// `1.2 - 1.4` means `>= 1.2, <= 1.4`.
fn rewrite_ranges(grammar: &Grammar, text: &str) -> String {
    let mut out = text.to_owned();
    for found in grammar.range.captures_iter(text) {
        let group = |i| found.get(i).map_or("", |group| group.as_str());
        let comparison = format!(">= {}, <= {} ", group(1), group(11));
        out = out.replacen(group(0), &comparison, 1);
    }
    out
}

impl Constraint {
    fn parse(grammar: &Grammar, text: &str) -> Result<Self, FuncError> {
        let found = grammar.one.captures(text).ok_or_else(|| improper(text))?;
        let group = |i| found.get(i).map_or("", |group| group.as_str());
        let is_wild =
            |part: &str| matches!(part.strip_prefix('.').unwrap_or(part), "" | "x" | "X" | "*");
        let (major, minor, patch, pre) = (group(3), group(4), group(5), group(6));
        let wild_major = is_wild(major);
        let wild_minor = !wild_major && is_wild(minor);
        let wild_patch = !wild_major && !wild_minor && is_wild(patch);
        let version = if wild_major {
            format!("0.0.0{pre}")
        } else if wild_minor {
            format!("{major}.0.0{pre}")
        } else if wild_patch {
            format!("{major}{minor}.0{pre}")
        } else {
            group(2).to_owned()
        };
        Ok(Self {
            operator: match group(1) {
                "!=" => Operator::NotEqual,
                ">" => Operator::Greater,
                "<" => Operator::Less,
                ">=" | "=>" => Operator::GreaterEqual,
                "<=" | "=<" => Operator::LessEqual,
                "~" | "~>" => Operator::Tilde,
                "^" => Operator::Caret,
                _ => Operator::Equal,
            },
            version: Version::parse(version.as_bytes())
                .map_err(|_| FuncError::new("constraint Parser Error"))?,
            wild: wild_major || wild_minor || wild_patch,
            wild_minor,
            wild_patch,
        })
    }

    fn allows(&self, version: &Version) -> bool {
        // Prereleases are only for those who ask for one.
        let unasked = !version.pre.is_empty() && self.version.pre.is_empty();
        if unasked && (self.wild || !matches!(self.operator, Operator::NotEqual)) {
            return false;
        }
        let order = version.compare(&self.version);
        match self.operator {
            Operator::Equal if self.wild => self.tilde(version),
            Operator::Equal => order.is_eq(),
            Operator::NotEqual if self.wild => self.differs(version),
            Operator::NotEqual => order.is_ne(),
            Operator::Greater if self.wild => self.greater(version),
            Operator::Greater => order.is_gt(),
            Operator::Less => order.is_lt(),
            Operator::GreaterEqual => order.is_ge(),
            Operator::LessEqual if self.wild => self.less_equal(version),
            Operator::LessEqual => order.is_le(),
            Operator::Tilde => self.tilde(version),
            Operator::Caret => self.caret(version),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let own = &self.version;
        if own.major != version.major || own.minor != version.minor && !self.wild_minor {
            return true;
        }
        if self.wild_minor {
            return false;
        }
        if own.patch != version.patch && !self.wild_patch {
            return true;
        }
        if self.wild_patch {
            let has_pre = !version.pre.is_empty() || !own.pre.is_empty();
            return has_pre && compare_pre(&version.pre, &own.pre).is_ne();
        }
        version.compare(own).is_ne()
    }

    fn greater(&self, version: &Version) -> bool {
        match version.major.cmp(&self.version.major) {
            Ordering::Greater => true,
            Ordering::Less => false,
            Ordering::Equal if self.wild_minor => false,
            Ordering::Equal if self.wild_patch => version.minor > self.version.minor,
            Ordering::Equal => version.compare(&self.version).is_gt(),
        }
    }

    fn less_equal(&self, version: &Version) -> bool {
        match version.major.cmp(&self.version.major) {
            Ordering::Greater => false,
            Ordering::Equal => version.minor <= self.version.minor || self.wild_minor,
            Ordering::Less => true,
        }
    }

    /// From the version on, within what is not wild down to the minor version.
    fn tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own).is_lt() {
            return false;
        }
        let any = own.major == 0 && own.minor == 0 && own.patch == 0;
        if any && !self.wild_minor && !self.wild_patch {
            return true;
        }
        version.major == own.major && (version.minor == own.minor || self.wild_minor)
    }

    /// From the version on, as long as the first number that is not zero stays.
    fn caret(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own).is_lt() {
            return false;
        }
        if own.major > 0 || self.wild_minor {
            return version.major == own.major;
        }
        if version.major > 0 {
            return false;
        }
        if own.minor > 0 || self.wild_patch {
            return version.minor == own.minor;
        }
        version.minor == 0 && own.patch == version.patch
    }
}
