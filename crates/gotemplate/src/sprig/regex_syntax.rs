//! Go's regular expression syntax, translated for the `regex` crate.
//!
//! Both match alike but for the text they accept: classes such as `\d` are ASCII in Go, set
//! operations and some flags are unknown to it, and its complaints are part of what templates see.
//! Flags are applied to each atom, so the translation has no flag of wider scope.

use super::regex_class::{self, Class};
use super::regex_escape::{INVALID_ESCAPE, parse_escape};

/// A pattern the `regex` crate understands.
#[derive(Debug)]
pub(super) struct Translation {
    pub(super) pattern: String,
    /// The names of the groups; the first entry is for the whole match.
    pub(super) group_names: Vec<Option<String>>,
}

/// Why Go refuses a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) code: &'static str,
    pub(super) expr: String,
}

impl SyntaxError {
    pub(super) fn new(code: &'static str, expr: &str) -> Self {
        Self {
            code,
            expr: expr.to_owned(),
        }
    }
}

const INVALID_NAMED_CAPTURE: &str = "invalid named capture";
const INVALID_PERL_OP: &str = "invalid or unsupported Perl syntax";
const INVALID_REPEAT_OP: &str = "invalid nested repetition operator";
const INVALID_REPEAT_SIZE: &str = "invalid repeat count";
const MISSING_PAREN: &str = "missing closing )";
const MISSING_REPEAT_ARGUMENT: &str = "missing argument to repetition operator";
const NESTING_DEPTH: &str = "expression nests too deeply";
const UNEXPECTED_PAREN: &str = "unexpected )";

/// The most repetitions, nested ones multiplied.
const MAX_REPEAT: u64 = 1000;

/// How deep groups may nest; the compiler recurses.
pub(super) const MAX_DEPTH: usize = 200;

/// Translates a pattern.
pub(super) fn translate(pattern: &str) -> Result<Translation, SyntaxError> {
    let mut translator = Translator {
        whole: pattern,
        rest: pattern,
        out: String::with_capacity(pattern.len() * 2),
        flags: Flags::default(),
        scope: Scope::default(),
        outer: Vec::new(),
        group_names: vec![None],
        last_repeat: None,
    };
    translator.run()?;
    Ok(Translation {
        pattern: translator.out,
        group_names: translator.group_names,
    })
}

#[derive(Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the four flags of the syntax"
)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_all: bool,
    swap_greed: bool,
}

/// What is open between two parentheses.
#[derive(Default)]
struct Scope {
    /// Where in the output the last atom starts; nothing to repeat if there is none.
    atom: Option<usize>,
    /// The product of nested repeat counts in the last atom, and the greatest of all atoms.
    atom_weight: u64,
    weight: u64,
    /// The flags to go back to at the closing parenthesis, and where the group starts.
    outer_flags: Flags,
    start: usize,
}

struct Translator<'a> {
    whole: &'a str,
    rest: &'a str,
    out: String,
    flags: Flags,
    scope: Scope,
    outer: Vec<Scope>,
    group_names: Vec<Option<String>>,
    last_repeat: Option<&'a str>,
}

impl<'a> Translator<'a> {
    fn run(&mut self) -> Result<(), SyntaxError> {
        while let Some(c) = self.rest.chars().next() {
            let here = self.rest;
            let mut repeat = None;
            match c {
                '(' => self.open()?,
                ')' => self.close()?,
                '|' => {
                    self.skip(1);
                    self.out.push('|');
                    self.scope.atom = None;
                }
                '^' => {
                    self.skip(1);
                    self.atom(if self.flags.multi_line {
                        "(?m:^)"
                    } else {
                        r"\A"
                    });
                }
                '$' => {
                    self.skip(1);
                    self.atom(if self.flags.multi_line {
                        "(?m:$)"
                    } else {
                        r"\z"
                    });
                }
                '.' => {
                    self.skip(1);
                    self.atom(if self.flags.dot_all {
                        "(?s:.)"
                    } else {
                        r"[^\n]"
                    });
                }
                '[' => self.class()?,
                '*' | '+' | '?' => {
                    self.skip(1);
                    self.repeat(here, &c.to_string(), 1)?;
                    repeat = Some(here);
                }
                '{' => {
                    if let Some(counts) = parse_counts(here) {
                        self.counted(here, &counts)?;
                        repeat = Some(here);
                    } else {
                        self.skip(1);
                        self.literal('{');
                    }
                }
                '\\' => self.escape()?,
                c => {
                    self.skip(c.len_utf8());
                    self.literal(c);
                }
            }
            self.last_repeat = repeat;
        }
        if self.outer.is_empty() {
            Ok(())
        } else {
            Err(SyntaxError::new(MISSING_PAREN, self.whole))
        }
    }

    fn skip(&mut self, len: usize) {
        self.rest = &self.rest[len..];
    }

    fn atom(&mut self, text: &str) {
        self.scope.atom = Some(self.out.len());
        self.scope.atom_weight = 1;
        self.scope.weight = self.scope.weight.max(1);
        self.out.push_str(text);
    }

    fn literal(&mut self, c: char) {
        let escaped = regex_class::escaped(c);
        if self.flags.fold_case {
            self.atom(&format!("(?i:{escaped})"));
        } else {
            self.atom(&escaped);
        }
    }

    fn class_atom(&mut self, class: &str) {
        if self.flags.fold_case {
            self.atom(&format!("(?i:{class})"));
        } else {
            self.atom(class);
        }
    }

    fn class(&mut self) -> Result<(), SyntaxError> {
        let (class, rest) = Class::parse(self.rest)?;
        self.rest = rest;
        self.class_atom(&class.into_pattern());
        Ok(())
    }

    fn counted(&mut self, here: &'a str, counts: &Counts) -> Result<(), SyntaxError> {
        self.skip(counts.len);
        let expr = &here[..counts.len];
        if counts.out_of_range() {
            return Err(SyntaxError::new(INVALID_REPEAT_SIZE, expr));
        }
        self.repeat(here, expr, counts.weight())
    }

    /// Repeats the last atom. `op` has been skipped already, a following `?` not yet.
    fn repeat(&mut self, here: &'a str, op: &str, count: u64) -> Result<(), SyntaxError> {
        let mut lazy = self.flags.swap_greed;
        if self.rest.starts_with('?') {
            self.skip(1);
            lazy = !lazy;
        }
        if let Some(last) = self.last_repeat {
            let expr = &last[..last.len() - self.rest.len()];
            return Err(SyntaxError::new(INVALID_REPEAT_OP, expr));
        }
        let expr = &here[..here.len() - self.rest.len()];
        let Some(start) = self.scope.atom else {
            return Err(SyntaxError::new(MISSING_REPEAT_ARGUMENT, expr));
        };
        self.scope.atom_weight *= count;
        if count > 1 && self.scope.atom_weight > MAX_REPEAT {
            return Err(SyntaxError::new(INVALID_REPEAT_SIZE, expr));
        }
        self.scope.weight = self.scope.weight.max(self.scope.atom_weight);
        self.out.insert_str(start, "(?:");
        self.out.push(')');
        self.out.push_str(op);
        if lazy {
            self.out.push('?');
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), SyntaxError> {
        let Some(after) = self.rest.strip_prefix("(?") else {
            self.skip(1);
            return self.open_group(GroupKind::Capture(None));
        };
        let named = after.strip_prefix("P<").filter(|rest| !rest.is_empty());
        if let Some(name) = named.or_else(|| after.strip_prefix('<').filter(|r| !r.is_empty())) {
            let Some(end) = name.find('>') else {
                return Err(SyntaxError::new(INVALID_NAMED_CAPTURE, self.rest));
            };
            let after = &name[end + 1..];
            let name = &name[..end];
            let valid = |c: char| c == '_' || c.is_ascii_alphanumeric();
            if name.is_empty() || !name.chars().all(valid) {
                let expr = &self.rest[..self.rest.len() - after.len()];
                return Err(SyntaxError::new(INVALID_NAMED_CAPTURE, expr));
            }
            self.rest = after;
            return self.open_group(GroupKind::Capture(Some(name.to_owned())));
        }
        self.flags_or_group(after)
    }

    fn open_group(&mut self, kind: GroupKind) -> Result<(), SyntaxError> {
        if self.outer.len() >= MAX_DEPTH {
            return Err(SyntaxError::new(NESTING_DEPTH, self.whole));
        }
        let scope = Scope {
            outer_flags: self.flags,
            start: self.out.len(),
            ..Scope::default()
        };
        self.outer.push(std::mem::replace(&mut self.scope, scope));
        match kind {
            GroupKind::Capture(name) => {
                self.group_names.push(name);
                self.out.push('(');
            }
            GroupKind::Plain => self.out.push_str("(?:"),
        }
        Ok(())
    }

    /// `(?flags)` or `(?flags:`; `after` is what follows the `(?`.
    fn flags_or_group(&mut self, after: &'a str) -> Result<(), SyntaxError> {
        let mut flags = self.flags;
        let mut on = true;
        let mut seen = false;
        let mut chars = after.char_indices();
        let mut end = after.len();
        for (at, c) in chars.by_ref() {
            end = at + c.len_utf8();
            match c {
                'i' => flags.fold_case = on,
                'm' => flags.multi_line = on,
                's' => flags.dot_all = on,
                'U' => flags.swap_greed = on,
                '-' if on => {
                    on = false;
                    seen = false;
                    continue;
                }
                ':' | ')' if on || seen => {
                    self.rest = &after[end..];
                    if c == ':' {
                        self.open_group(GroupKind::Plain)?;
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            seen = true;
        }
        let expr = &self.rest[..self.rest.len() - after.len() + end];
        Err(SyntaxError::new(INVALID_PERL_OP, expr))
    }

    fn close(&mut self) -> Result<(), SyntaxError> {
        let Some(outer) = self.outer.pop() else {
            return Err(SyntaxError::new(UNEXPECTED_PAREN, self.whole));
        };
        self.skip(1);
        self.out.push(')');
        let inner = std::mem::replace(&mut self.scope, outer);
        self.flags = inner.outer_flags;
        self.scope.atom = Some(inner.start);
        self.scope.atom_weight = inner.weight.max(1);
        self.scope.weight = self.scope.weight.max(inner.weight);
        Ok(())
    }

    fn escape(&mut self) -> Result<(), SyntaxError> {
        let simple = match self.rest.as_bytes().get(1) {
            Some(b'A') => Some(r"\A"),
            Some(b'b') => Some(r"(?-u:\b)"),
            Some(b'B') => Some(r"(?-u:\B)"),
            Some(b'z') => Some(r"\z"),
            Some(b'C') => return Err(SyntaxError::new(INVALID_ESCAPE, &self.rest[..2])),
            Some(b'Q') => {
                let quoted = &self.rest[2..];
                let (text, rest) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
                for c in text.chars() {
                    self.literal(c);
                }
                self.rest = rest;
                return Ok(());
            }
            _ => None,
        };
        if let Some(assertion) = simple {
            self.skip(2);
            self.atom(assertion);
            return Ok(());
        }
        if let Some((class, rest)) = regex_class::group_escape(self.rest)? {
            self.rest = rest;
            self.class_atom(&class);
            return Ok(());
        }
        let (code, rest) = parse_escape(self.rest)?;
        self.rest = rest;
        match char::from_u32(code) {
            Some(c) => self.literal(c),
            // A surrogate never occurs in text.
            None => self.atom(regex_class::NOTHING),
        }
        Ok(())
    }
}

enum GroupKind {
    Capture(Option<String>),
    Plain,
}

/// `{n}`, `{n,}` or `{n,m}`
struct Counts {
    min: Option<u64>,
    max: Option<u64>,
    unbounded: bool,
    len: usize,
}

impl Counts {
    fn out_of_range(&self) -> bool {
        let Some(min) = self.min else { return true };
        match self.max {
            _ if min > MAX_REPEAT => true,
            Some(max) => max > MAX_REPEAT || min > max,
            None => !self.unbounded,
        }
    }

    fn weight(&self) -> u64 {
        self.max.or(self.min).unwrap_or(1).max(1)
    }
}

/// `None` if the text is no counted repetition; then the brace stands for itself. Numbers too big
/// to be of use are `None` within.
fn parse_counts(text: &str) -> Option<Counts> {
    let number = |text: &str| {
        let len = text.bytes().take_while(u8::is_ascii_digit).count();
        if len == 0 || len > 1 && text.starts_with('0') {
            return None;
        }
        Some((text[..len].parse().ok().filter(|n| *n < 100_000_000), len))
    };
    let inner = text.strip_prefix('{')?;
    let (min, len) = number(inner)?;
    let after = &inner[len..];
    let (max, unbounded, after) = match after.strip_prefix(',') {
        None => (min, false, after),
        Some(after) if after.starts_with('}') => (None, true, after),
        Some(after) => {
            let (max, len) = number(after)?;
            (max, false, &after[len..])
        }
    };
    let rest = after.strip_prefix('}')?;
    Some(Counts {
        min,
        max,
        unbounded,
        len: text.len() - rest.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(pattern: &str) -> String {
        let error = translate(pattern).unwrap_err();
        format!("{}: `{}`", error.code, error.expr)
    }

    #[test]
    fn refuses_what_go_refuses() {
        for (pattern, wanted) in [
            ("a**", "invalid nested repetition operator: `**`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("(|*)", "missing argument to repetition operator: `*`"),
            ("(a", "missing closing ): `(a`"),
            ("a)", "unexpected ): `a)`"),
            ("[a", "missing closing ]: `[a`"),
            ("[z-a]", "invalid character class range: `z-a`"),
            (r"\8", r"invalid escape sequence: `\8`"),
            (r"\", "trailing backslash at end of expression: ``"),
            ("(?<n", "invalid named capture: `(?<n`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("(a{100}){11}", "invalid repeat count: `{11}`"),
            (r"\p{Nope}", r"invalid character class range: `\p{Nope}`"),
            ("[[:nope:]]", "invalid character class range: `[:nope:]`"),
        ] {
            assert_eq!(complaint(pattern), wanted, "{pattern}");
        }
    }

    #[test]
    fn translations_compile() {
        for pattern in [
            r"^(\w+)\.(?P<1st>[[:alpha:]\d&&~-]+)$",
            "(?i)a(?-i)b{,3}{x",
            r"(?s).(?-s).|\Q*+\E*",
            r"\p{Greek}\PL[\p{^Lu}\S]\x{D800}\B",
            "a(?i)*",
            "[]a][^]a]",
        ] {
            let translation = translate(pattern).unwrap();
            regex::bytes::Regex::new(&translation.pattern).unwrap();
        }
    }
}
