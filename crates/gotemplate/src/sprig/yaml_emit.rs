//! Block-style YAML with the layout of Go's `yaml.v2`.

use crate::runes;

use super::letters::chars;

/// Lines are folded at the first space past this column.
const WIDTH: usize = 80;

/// Longer keys are written as complex ones.
const MAX_SIMPLE_KEY: usize = 128;

/// Writes nodes one after the other.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the state of libyaml's emitter, which decides the layout"
)]
pub(super) struct Emitter {
    out: Vec<u8>,
    column: usize,
    /// None at the root.
    indent: Option<usize>,
    /// Whether the last thing written was white space, or part of the indentation.
    whitespace: bool,
    indention: bool,
    in_mapping: bool,
    simple_key: bool,
}

/// How a scalar can be written.
#[expect(clippy::struct_excessive_bools, reason = "four independent answers")]
struct Shape {
    multiline: bool,
    plain: bool,
    single_quoted: bool,
    block: bool,
}

impl Emitter {
    pub(super) fn new() -> Self {
        Self {
            out: Vec::new(),
            column: 0,
            indent: None,
            whitespace: true,
            indention: true,
            in_mapping: false,
            simple_key: false,
        }
    }

    /// The document, ended by a line break.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        if !self.out.ends_with(b"\n") {
            self.out.push(b'\n');
        }
        self.out
    }

    /// A sequence; within a mapping its dashes stand below the key.
    pub(super) fn sequence<T>(&mut self, items: &[T], write: fn(&mut Self, &T)) {
        if items.is_empty() {
            self.indicator("[]", true, false);
            return;
        }
        let outer = self.indent;
        if !self.in_mapping || self.indention {
            self.indent = Some(outer.map_or(0, |indent| indent + 2));
        }
        for item in items {
            self.new_line();
            self.indicator("-", true, true);
            self.in_mapping = false;
            write(self, item);
        }
        self.indent = outer;
    }

    /// A mapping.
    pub(super) fn mapping<K: AsRef<[u8]>, T>(
        &mut self,
        entries: &[(K, T)],
        write_key: fn(&mut Self, &K),
        write: fn(&mut Self, &T),
    ) {
        if entries.is_empty() {
            self.indicator("{}", true, false);
            return;
        }
        let outer = self.indent;
        self.indent = Some(outer.map_or(0, |indent| indent + 2));
        for (key, value) in entries {
            self.new_line();
            let bytes = key.as_ref();
            self.simple_key = bytes.len() <= MAX_SIMPLE_KEY && !chars(bytes).any(is_break);
            if self.simple_key {
                write_key(self, key);
                self.indicator(":", false, false);
            } else {
                self.indicator("?", true, true);
                write_key(self, key);
                self.new_line();
                self.indicator(":", true, true);
            }
            self.simple_key = false;
            self.in_mapping = true;
            write(self, value);
        }
        self.indent = outer;
    }

    /// A scalar that is not a string.
    pub(super) fn plain(&mut self, text: &str) {
        if !self.whitespace {
            self.put(' ');
        }
        for c in text.chars() {
            self.put(c);
        }
        self.whitespace = false;
        self.indention = false;
    }

    /// A string, without quotes only if it may be plain.
    pub(super) fn string(&mut self, bytes: &[u8], may_be_plain: bool) {
        let text: Vec<char> = chars(bytes).collect();
        let shape = Shape::of(&text);
        let outer = self.indent;
        self.indent = Some(outer.map_or(2, |indent| indent + 2));
        let literal = text.contains(&'\n');
        if literal && shape.block && !self.simple_key {
            self.literal(&text);
        } else if literal || !may_be_plain || self.simple_key && shape.multiline {
            self.double_quoted(&text);
        } else if shape.plain {
            self.folded(&text, Quotes::None);
        } else if shape.single_quoted {
            self.folded(&text, Quotes::Single);
        } else {
            self.double_quoted(&text);
        }
        self.indent = outer;
    }

    /// Plain or in single quotes, folded where it gets too long.
    fn folded(&mut self, text: &[char], quotes: Quotes) {
        let single = quotes == Quotes::Single;
        if single {
            self.indicator("'", true, false);
        } else if !self.whitespace {
            self.put(' ');
        }
        let mut after_space = false;
        let mut after_break = false;
        for (i, &c) in text.iter().enumerate() {
            if c == ' ' {
                let inner = !single || i > 0 && i + 1 < text.len();
                let folds = !self.simple_key && !after_space && self.column > WIDTH;
                if folds && inner && text.get(i + 1) != Some(&' ') {
                    self.new_line();
                } else {
                    self.put(c);
                }
                after_space = true;
            } else if is_break(c) {
                self.put_break(c);
                after_break = true;
            } else {
                if std::mem::take(&mut after_break) {
                    self.new_line();
                }
                if single && c == '\'' {
                    self.put(c);
                }
                self.put(c);
                self.indention = false;
                after_space = false;
            }
        }
        if single {
            self.indicator("'", false, false);
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn double_quoted(&mut self, text: &[char]) {
        self.indicator("\"", true, false);
        let mut after_space = false;
        for (i, &c) in text.iter().enumerate() {
            if !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                for c in escape(c).chars() {
                    self.put(c);
                }
                after_space = false;
            } else if c == ' ' {
                let inner = i > 0 && i + 1 < text.len();
                if !self.simple_key && !after_space && self.column > WIDTH && inner {
                    self.new_line();
                    if text.get(i + 1) == Some(&' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                after_space = true;
            } else {
                self.put(c);
                after_space = false;
            }
        }
        self.indicator("\"", false, false);
    }

    fn literal(&mut self, text: &[char]) {
        self.indicator("|", true, false);
        if text.first().is_some_and(|c| *c == ' ' || is_break(*c)) {
            self.indicator("2", false, false);
        }
        match text {
            [.., last] if !is_break(*last) => self.indicator("-", false, false),
            [_] => self.indicator("+", false, false),
            [.., before, _] if is_break(*before) => self.indicator("+", false, false),
            _ => {}
        }
        self.put_break('\n');
        self.whitespace = true;
        let mut after_break = true;
        for &c in text {
            if is_break(c) {
                self.put_break(c);
                after_break = true;
            } else {
                if std::mem::take(&mut after_break) {
                    self.new_line();
                }
                self.put(c);
                self.indention = false;
            }
        }
    }

    /// Goes to the indentation of the current node, on a new line unless it is just there.
    fn new_line(&mut self) {
        let indent = self.indent.unwrap_or(0);
        let beyond = self.column > indent || self.column == indent && !self.whitespace;
        if !self.indention || beyond {
            self.put_break('\n');
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, text: &str, after_space: bool, indention: bool) {
        if after_space && !self.whitespace {
            self.put(' ');
        }
        for c in text.chars() {
            self.put(c);
        }
        self.whitespace = false;
        self.indention &= indention;
    }

    fn put(&mut self, c: char) {
        runes::push(&mut self.out, c);
        self.column += 1;
    }

    fn put_break(&mut self, c: char) {
        runes::push(&mut self.out, c);
        self.column = 0;
        self.indention = true;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Single,
}

impl Shape {
    fn of(text: &[char]) -> Self {
        let edge = |c: Option<&char>| c.is_some_and(|c| *c == ' ' || is_break(*c));
        let pair = |first: fn(char) -> bool, second: fn(char) -> bool| {
            text.windows(2)
                .any(|pair| first(pair[0]) && second(pair[1]))
        };
        let is_space = |c: char| c == ' ';
        let multiline = text.iter().copied().any(is_break);
        let break_space = pair(is_break, is_space);
        let unusual = pair(is_space, is_break) || !text.iter().copied().all(is_printable);
        Self {
            multiline,
            plain: !(multiline
                || break_space
                || unusual
                || edge(text.first())
                || edge(text.last())
                || has_indicators(text)),
            single_quoted: !break_space && !unusual,
            block: !unusual && text.last() != Some(&' '),
        }
    }
}

/// Whether something in the text means something to YAML.
fn has_indicators(text: &[char]) -> bool {
    let blank_at = |i: usize| {
        text.get(i)
            .is_none_or(|c| matches!(c, ' ' | '\t') || is_break(*c))
    };
    let starts = match text {
        ['-', '-', '-', ..] | ['.', '.', '.', ..] => true,
        ['?' | ':' | '-', ..] => blank_at(1),
        [first, ..] => "#,[]{}&*!|>'\"%@`".contains(*first),
        [] => false,
    };
    starts
        || text.iter().enumerate().skip(1).any(|(i, c)| match c {
            ':' => blank_at(i + 1),
            '#' => blank_at(i - 1),
            _ => false,
        })
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Characters beyond the basic plane do not count as printable.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}') && c != '\u{feff}'
}

fn escape(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        c => {
            let code = u32::from(c);
            return match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}
