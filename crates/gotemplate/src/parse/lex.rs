//! The lexer: template text to tokens.

use std::borrow::Cow;

use crate::quote::{Style, quote};
use crate::runes;

use super::token::{Token, TokenKind};

/// Cuts a template text into tokens, one call a token.
pub(super) struct Lexer<'a> {
    input: &'a [u8],
    left_delim: &'a [u8],
    right_delim: &'a [u8],
    pos: usize,
    /// Where the current token starts.
    start: usize,
    /// The line of `counted`, to which newlines have been counted.
    line: usize,
    counted: usize,
    paren_depth: usize,
    inside_action: bool,
    /// Whether `break` and `continue` are keywords; not if functions bear these names.
    pub(super) break_is_keyword: bool,
    pub(super) continue_is_keyword: bool,
}

/// Attached to a delimiter, with a space between, it trims the text beyond.
const TRIM_MARKER: u8 = b'-';
/// The marker and its space.
const TRIM_MARKER_LEN: usize = 2;
const COMMENT_START: &[u8] = b"/*";
const COMMENT_END: &[u8] = b"*/";

impl<'a> Lexer<'a> {
    pub(super) fn new(input: &'a [u8], left_delim: &'a [u8], right_delim: &'a [u8]) -> Self {
        Self {
            input,
            left_delim,
            right_delim,
            pos: 0,
            start: 0,
            line: 1,
            counted: 0,
            paren_depth: 0,
            inside_action: false,
            break_is_keyword: true,
            continue_is_keyword: true,
        }
    }

    /// The next token; `Eof` again and again at the end.
    pub(super) fn next_token(&mut self) -> Token<'a> {
        if self.inside_action {
            return self.inside_action();
        }
        // Comments yield nothing, so the text goes on after them.
        loop {
            if let Some(token) = self.text() {
                return token;
            }
        }
    }

    fn text(&mut self) -> Option<Token<'a>> {
        let Some(until) = find(self.rest(), self.left_delim) else {
            self.pos = self.input.len();
            let kind = if self.pos > self.start {
                TokenKind::Text
            } else {
                TokenKind::Eof
            };
            return Some(self.emit(kind));
        };
        let delim_at = self.pos + until;
        let delim_end = delim_at + self.left_delim.len();
        self.pos = delim_at;
        if has_left_trim_marker(&self.input[delim_end..]) {
            let text = &self.input[self.start..delim_at];
            self.pos -= text.len() - trim_spaces_end(text).len();
        }
        let text = (self.pos > self.start).then(|| self.emit(TokenKind::Text));
        self.pos = delim_at;
        self.ignore();
        text.or_else(|| self.left_delim())
    }

    /// The left delimiter is at hand. A comment yields no token.
    fn left_delim(&mut self) -> Option<Token<'a>> {
        self.pos += self.left_delim.len();
        let marker = if has_left_trim_marker(self.rest()) {
            TRIM_MARKER_LEN
        } else {
            0
        };
        if self.input[self.pos + marker..].starts_with(COMMENT_START) {
            self.pos += marker;
            self.ignore();
            return self.comment();
        }
        let token = self.emit(TokenKind::LeftDelim);
        self.inside_action = true;
        self.pos += marker;
        self.ignore();
        self.paren_depth = 0;
        Some(token)
    }

    fn comment(&mut self) -> Option<Token<'a>> {
        self.pos += COMMENT_START.len();
        let Some(until) = find(self.rest(), COMMENT_END) else {
            return Some(self.error("unclosed comment"));
        };
        self.pos += until + COMMENT_END.len();
        let Some(trims) = self.right_delim_ahead() else {
            return Some(self.error("comment ends before closing delimiter"));
        };
        self.skip_right_delim(trims);
        None
    }

    /// Whether the right delimiter is next, and if so whether it trims.
    fn right_delim_ahead(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_trim_marker(rest) && rest[TRIM_MARKER_LEN..].starts_with(self.right_delim) {
            Some(true)
        } else {
            rest.starts_with(self.right_delim).then_some(false)
        }
    }

    fn right_delim(&mut self, trims: bool) -> Token<'a> {
        if trims {
            self.pos += TRIM_MARKER_LEN;
            self.ignore();
        }
        self.pos += self.right_delim.len();
        let token = self.emit(TokenKind::RightDelim);
        if trims {
            self.skip_spaces();
            self.ignore();
        }
        self.inside_action = false;
        token
    }

    fn skip_right_delim(&mut self, trims: bool) {
        self.pos += self.right_delim.len();
        if trims {
            self.pos += TRIM_MARKER_LEN;
            self.skip_spaces();
        }
        self.ignore();
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.pos += rest.iter().take_while(|&&b| is_space(b)).count();
    }

    fn inside_action(&mut self) -> Token<'a> {
        if let Some(trims) = self.right_delim_ahead() {
            if self.paren_depth == 0 {
                return self.right_delim(trims);
            }
            return self.error("unclosed left paren");
        }
        let Some(c) = self.advance() else {
            return self.error("unclosed action");
        };
        match c {
            ' ' | '\t' | '\r' | '\n' => {
                self.pos -= 1;
                self.space()
            }
            '=' => self.emit(TokenKind::Assign),
            ':' => {
                if self.advance() == Some('=') {
                    self.emit(TokenKind::Declare)
                } else {
                    self.error("expected :=")
                }
            }
            '|' => self.emit(TokenKind::Pipe),
            '"' => self.quoted(b'"', TokenKind::String, "unterminated quoted string"),
            '\'' => self.quoted(
                b'\'',
                TokenKind::CharConstant,
                "unterminated character constant",
            ),
            '`' => self.raw_string(),
            '$' => self.field_or_variable(TokenKind::Variable),
            '.' if self.peek_byte().is_some_and(|b| !b.is_ascii_digit()) => {
                self.field_or_variable(TokenKind::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.pos -= 1;
                self.number()
            }
            '(' => {
                self.paren_depth += 1;
                self.emit(TokenKind::LeftParen)
            }
            ')' => match self.paren_depth.checked_sub(1) {
                Some(depth) => {
                    self.paren_depth = depth;
                    self.emit(TokenKind::RightParen)
                }
                None => self.error("unexpected right paren"),
            },
            c if runes::is_alphanumeric(c) => self.identifier(),
            c if c.is_ascii() && runes::is_print(c) => self.emit(TokenKind::Char),
            c => self.error(format!(
                "unrecognized character in action: {}",
                code_point(c)
            )),
        }
    }

    /// A run of spaces; the last belongs to the right delimiter if that trims.
    fn space(&mut self) -> Token<'a> {
        self.skip_spaces();
        let last = &self.input[self.pos - 1..];
        if has_right_trim_marker(last) && last[TRIM_MARKER_LEN..].starts_with(self.right_delim) {
            self.pos -= 1;
            if self.pos == self.start {
                return self.right_delim(true);
            }
        }
        self.emit(TokenKind::Space)
    }

    /// A word; its first character is past.
    fn identifier(&mut self) -> Token<'a> {
        if let Err(bad) = self.rest_of_word() {
            return bad;
        }
        let word = &self.input[self.start..self.pos];
        let kind = match TokenKind::keyword(word) {
            Some(TokenKind::Break) if !self.break_is_keyword => TokenKind::Identifier,
            Some(TokenKind::Continue) if !self.continue_is_keyword => TokenKind::Identifier,
            Some(keyword) => keyword,
            None if matches!(word, b"true" | b"false") => TokenKind::Bool,
            None => TokenKind::Identifier,
        };
        self.emit(kind)
    }

    /// A field or variable; the point or dollar sign is past.
    fn field_or_variable(&mut self, kind: TokenKind) -> Token<'a> {
        if self.at_terminator() {
            return self.emit(match kind {
                TokenKind::Variable => kind,
                _ => TokenKind::Dot,
            });
        }
        match self.rest_of_word() {
            Ok(()) => self.emit(kind),
            Err(bad) => bad,
        }
    }

    fn rest_of_word(&mut self) -> Result<(), Token<'a>> {
        loop {
            let (c, width) = runes::decode(self.rest());
            if width == 0 || !runes::is_alphanumeric(c) {
                if self.at_terminator() {
                    return Ok(());
                }
                return Err(self.error(format!("bad character {}", code_point(c))));
            }
            self.pos += width;
        }
    }

    /// Whether a word may end here.
    fn at_terminator(&self) -> bool {
        match self.peek_byte() {
            None | Some(b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            Some(b) if is_space(b) => true,
            Some(_) => self.rest().starts_with(self.right_delim),
        }
    }

    /// A quoted string or character; the opening quote is past.
    fn quoted(&mut self, end: u8, kind: TokenKind, unterminated: &'static str) -> Token<'a> {
        loop {
            match self.advance_byte() {
                Some(b'\\') => {
                    if matches!(self.advance_byte(), None | Some(b'\n')) {
                        return self.error(unterminated);
                    }
                }
                None | Some(b'\n') => return self.error(unterminated),
                Some(b) if b == end => return self.emit(kind),
                Some(_) => {}
            }
        }
    }

    fn raw_string(&mut self) -> Token<'a> {
        match find(self.rest(), b"`") {
            Some(until) => {
                self.pos += until + 1;
                self.emit(TokenKind::RawString)
            }
            None => self.error("unterminated raw quoted string"),
        }
    }

    /// A number, loosely: the parser finds out what is wrong with `089` or `0x0.2`.
    fn number(&mut self) -> Token<'a> {
        if !self.scan_number() {
            return self.bad_number();
        }
        if matches!(self.peek_byte(), Some(b'+' | b'-')) {
            // Two parts make a complex constant, which ends in `i`.
            if !self.scan_number() || self.input[self.pos - 1] != b'i' {
                return self.bad_number();
            }
            return self.emit(TokenKind::Complex);
        }
        self.emit(TokenKind::Number)
    }

    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        let mut exponent: &[u8] = b"eE";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
                exponent = b"pP";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
                exponent = b"";
            } else if self.accept(b"bB") {
                digits = b"01_";
                exponent = b"";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        let (c, width) = runes::decode(self.rest());
        if width > 0 && runes::is_alphanumeric(c) {
            self.pos += width;
            return false;
        }
        true
    }

    fn bad_number(&mut self) -> Token<'a> {
        let text = quote(&self.input[self.start..self.pos], Style::Unicode);
        self.error(format!(
            "bad number syntax: {}",
            String::from_utf8_lossy(&text)
        ))
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let found = self.peek_byte().is_some_and(|b| valid.contains(&b));
        self.pos += usize::from(found);
        found
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    fn rest(&self) -> &'a [u8] {
        &self.input[self.pos..]
    }

    fn peek_byte(&self) -> Option<u8> {
        self.input.get(self.pos).copied()
    }

    fn advance_byte(&mut self) -> Option<u8> {
        let byte = self.peek_byte()?;
        self.pos += 1;
        Some(byte)
    }

    fn advance(&mut self) -> Option<char> {
        let (c, width) = runes::decode(self.rest());
        self.pos += width;
        (width > 0).then_some(c)
    }

    fn emit(&mut self, kind: TokenKind) -> Token<'a> {
        let line = self.line_of_start();
        let token = Token {
            kind,
            pos: self.start,
            text: Cow::Borrowed(&self.input[self.start..self.pos]),
            line,
        };
        self.start = self.pos;
        token
    }

    /// Nothing follows an error.
    /// A last token, which says why there are no more.
    pub(super) fn error(&mut self, message: impl Into<String>) -> Token<'a> {
        let token = Token {
            kind: TokenKind::Error,
            pos: self.start,
            text: Cow::Owned(message.into().into_bytes()),
            line: self.line_of_start(),
        };
        self.pos = self.input.len();
        self.start = self.pos;
        token
    }

    /// Drops what lies between `start` and here.
    fn ignore(&mut self) {
        self.start = self.pos;
    }

    fn line_of_start(&mut self) -> usize {
        self.line += runes::newlines(&self.input[self.counted..self.start]);
        self.counted = self.start;
        self.line
    }
}

/// Trims the four template spaces; `trim_ascii_end` knows one more.
fn trim_spaces_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&b| !is_space(b));
    &text[..end.map_or(0, |at| at + 1)]
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

fn has_left_trim_marker(bytes: &[u8]) -> bool {
    matches!(bytes, [TRIM_MARKER, space, ..] if is_space(*space))
}

fn has_right_trim_marker(bytes: &[u8]) -> bool {
    matches!(bytes, [space, TRIM_MARKER, ..] if is_space(*space))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let &first = needle.first()?;
    let mut from = 0;
    while let Some(at) = haystack[from..].iter().position(|&b| b == first) {
        if haystack[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// A character as `%#U` shows it.
fn code_point(c: char) -> String {
    let code = u32::from(c);
    if runes::is_print(c) {
        format!("U+{code:04X} '{c}'")
    } else {
        format!("U+{code:04X}")
    }
}
