//! What the lexer hands to the parser.

use std::borrow::Cow;

use crate::quote::{Style, quote};
use crate::runes;

/// A token of the template text.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind,
    /// Where it starts, in bytes.
    pub(super) pos: usize,
    /// Its text, or the message of an error.
    pub(super) text: Cow<'a, [u8]>,
    /// The line it starts on, from 1.
    pub(super) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// The lexer gives up; the text is the message.
    Error,
    Assign,
    Bool,
    /// A printable ASCII character without another meaning, such as a comma.
    Char,
    CharConstant,
    /// A complex constant with two parts.
    Complex,
    Declare,
    Eof,
    /// `.Name`
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    /// Template text outside actions.
    Text,
    /// `$` or `$name`
    Variable,
    Block,
    Break,
    Continue,
    Define,
    Dot,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl TokenKind {
    /// The keyword spelled `word`.
    pub(super) fn keyword(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"block" => Self::Block,
            b"break" => Self::Break,
            b"continue" => Self::Continue,
            b"define" => Self::Define,
            b"else" => Self::Else,
            b"end" => Self::End,
            b"if" => Self::If,
            b"nil" => Self::Nil,
            b"range" => Self::Range,
            b"template" => Self::Template,
            b"with" => Self::With,
            _ => return None,
        })
    }

    fn is_keyword(self) -> bool {
        matches!(
            self,
            Self::Block
                | Self::Break
                | Self::Continue
                | Self::Define
                | Self::Dot
                | Self::Else
                | Self::End
                | Self::If
                | Self::Nil
                | Self::Range
                | Self::Template
                | Self::With
        )
    }
}

impl Token<'_> {
    /// The text as UTF-8; identifiers and literals made of ASCII always are.
    pub(super) fn as_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.text)
    }

    /// How messages name the token.
    pub(super) fn describe(&self) -> String {
        const SHOWN: usize = 10;
        let text = match self.kind {
            TokenKind::Eof => return "EOF".to_owned(),
            TokenKind::Error => return self.as_text().into_owned(),
            kind if kind.is_keyword() => return format!("<{}>", self.as_text()),
            _ if self.text.len() > SHOWN => {
                let mut text = quote(runes::truncate(&self.text, SHOWN), Style::Unicode);
                text.extend_from_slice(b"...");
                text
            }
            _ => quote(&self.text, Style::Unicode),
        };
        String::from_utf8_lossy(&text).into_owned()
    }
}
