//! The parser: template text to syntax trees.
//!
//! It follows Go's parser step by step, including which token is the latest when an error is
//! found, since that decides the line in the message.

mod control;
mod expr;
mod lex;
pub(crate) mod node;
mod number;
mod token;

use std::mem;

use crate::quote::quoted;
use crate::stack;

use lex::Lexer;
use node::{Node, Tree, is_blank};
use token::{Token, TokenKind};

pub(crate) use number::Number;

/// Control structures and parentheses nested deeper than this are refused: parser and evaluator
/// recurse over them.
const MAX_NESTING: usize = 500;

/// Tokens that the texts of a set may have together: words, signs, and the text between actions. A tree takes many times
/// the memory of its text, some ten megabytes for this many.
const MAX_TOKENS: usize = 100_000;

/// What the parser must know beside the text.
pub(crate) struct Syntax<'a> {
    /// The name of the text, for messages.
    pub(crate) name: &'a str,
    pub(crate) left_delim: &'a [u8],
    pub(crate) right_delim: &'a [u8],
    /// Tokens that other texts of the set have.
    pub(crate) tokens_before: usize,
    /// Whether a function is known.
    pub(crate) has_function: &'a (dyn Fn(&str) -> bool + Sync),
}

/// A text that is not a template.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// What a text comes to.
pub(crate) struct Parsed {
    /// The template called like the text, and those it defines.
    pub(crate) trees: Vec<Tree>,
    pub(crate) tokens: usize,
}

/// Parses a text.
pub(crate) fn parse(text: &[u8], syntax: &Syntax<'_>) -> Result<Parsed, SyntaxError> {
    let mut lexer = Lexer::new(text, syntax.left_delim, syntax.right_delim);
    lexer.break_is_keyword = !(syntax.has_function)("break");
    lexer.continue_is_keyword = !(syntax.has_function)("continue");
    let mut parser = Parser {
        syntax,
        lexer,
        scope: Scope::new(),
        trees: Vec::new(),
        nesting: 0,
        tokens: 0,
    };
    let root = parser.top_level()?;
    parser.add(syntax.name.to_owned(), root)?;
    Ok(Parsed {
        trees: parser.trees,
        tokens: parser.tokens,
    })
}

struct Parser<'a> {
    syntax: &'a Syntax<'a>,
    lexer: Lexer<'a>,
    scope: Scope<'a>,
    trees: Vec<Tree>,
    nesting: usize,
    tokens: usize,
}

/// What belongs to one template and not to those defined inside it.
struct Scope<'a> {
    /// Up to three tokens looked at but not taken; the last is the next.
    lookahead: Vec<Token<'a>>,
    /// The line of the token read last, which messages name.
    line: usize,
    /// Variables that may be used.
    vars: Vec<String>,
    /// The line of the left delimiter of the current action; 0 outside.
    action_line: usize,
    range_depth: usize,
}

impl Scope<'_> {
    fn new() -> Self {
        Self {
            lookahead: Vec::new(),
            line: 0,
            vars: vec!["$".to_owned()],
            action_line: 0,
            range_depth: 0,
        }
    }
}

/// An item of a body: a node, or what ends the body.
enum Item {
    Node(Node),
    End,
    Else,
}

impl Item {
    const END: &str = "{{end}}";
    const ELSE: &str = "{{else}}";
}

impl<'a> Parser<'a> {
    /// The whole text, with its definitions.
    fn top_level(&mut self) -> Result<Vec<Node>, SyntaxError> {
        let mut root = Vec::new();
        while self.peek().kind != TokenKind::Eof {
            if self.peek().kind == TokenKind::LeftDelim {
                let delim = self.next();
                let token = self.next_non_space();
                if token.kind == TokenKind::Define {
                    let outer = mem::replace(&mut self.scope, Scope::new());
                    self.definition()?;
                    self.scope = outer;
                    continue;
                }
                self.back_up(token);
                self.back_up(delim);
            }
            match self.text_or_action()? {
                Item::Node(node) => root.push(node),
                Item::End => return Err(self.error(format!("unexpected {}", Item::END))),
                Item::Else => return Err(self.error(format!("unexpected {}", Item::ELSE))),
            }
        }
        Ok(root)
    }

    /// `{{define "name"}}` to its end; the keyword is past.
    fn definition(&mut self) -> Result<(), SyntaxError> {
        const CONTEXT: &str = "define clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        self.expect(TokenKind::RightDelim, CONTEXT)?;
        let (root, end) = self.item_list()?;
        if let Item::Else = end {
            return Err(self.error(format!("unexpected {} in {CONTEXT}", Item::ELSE)));
        }
        self.add(name, root)
    }

    /// Items up to `{{end}}` or `{{else}}`.
    fn item_list(&mut self) -> Result<(Vec<Node>, Item), SyntaxError> {
        let mut nodes = Vec::new();
        while self.peek_non_space().kind != TokenKind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => nodes.push(node),
                end => return Ok((nodes, end)),
            }
        }
        Err(self.error("unexpected EOF"))
    }

    fn text_or_action(&mut self) -> Result<Item, SyntaxError> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => Ok(Item::Node(Node::Text(token.text.into_owned()))),
            TokenKind::LeftDelim => {
                self.scope.action_line = token.line;
                let item = self.nested("control structures nested too deeply", Self::action);
                // Errors need the line no more: they have been made.
                self.scope.action_line = 0;
                item
            }
            _ => Err(self.unexpected(&token, "input")),
        }
    }

    /// Adds a template, unless one of that name is there and either of them is blank.
    fn add(&mut self, name: String, root: Vec<Node>) -> Result<(), SyntaxError> {
        match self.trees.iter_mut().find(|tree| tree.name == name) {
            None => self.trees.push(Tree { name, root }),
            Some(tree) if is_blank(&tree.root) => tree.root = root,
            Some(_) if is_blank(&root) => {}
            Some(_) => {
                let name = quoted(&name);
                let message = format!("template: multiple definition of template {name}");
                return Err(self.error(message));
            }
        }
        Ok(())
    }

    /// Runs a parser one level deeper.
    fn nested<T: Send>(
        &mut self,
        too_deep: &str,
        parse: impl FnOnce(&mut Self) -> Result<T, SyntaxError> + Send,
    ) -> Result<T, SyntaxError> {
        if self.nesting >= MAX_NESTING {
            return Err(self.error(too_deep));
        }
        self.nesting += 1;
        let result = stack::at_level(self.nesting, || parse(self));
        self.nesting -= 1;
        result.unwrap_or_else(|| Err(self.error(too_deep)))
    }

    fn next(&mut self) -> Token<'a> {
        match self.scope.lookahead.pop() {
            Some(token) => token,
            None => self.read(),
        }
    }

    fn read(&mut self) -> Token<'a> {
        let token = if self.syntax.tokens_before + self.tokens < MAX_TOKENS {
            self.lexer.next_token()
        } else {
            self.lexer.error(format!(
                "the templates of a set have more than {MAX_TOKENS} words and signs together"
            ))
        };
        self.tokens += 1;
        self.scope.line = token.line;
        token
    }

    fn back_up(&mut self, token: Token<'a>) {
        self.scope.lookahead.push(token);
    }

    fn peek(&mut self) -> &Token<'a> {
        if self.scope.lookahead.is_empty() {
            let token = self.read();
            self.scope.lookahead.push(token);
        }
        let last = self.scope.lookahead.len() - 1;
        &self.scope.lookahead[last]
    }

    fn next_non_space(&mut self) -> Token<'a> {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> &Token<'a> {
        let token = self.next_non_space();
        self.back_up(token);
        self.peek()
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Result<Token<'a>, SyntaxError> {
        let token = self.next_non_space();
        if token.kind == kind {
            Ok(token)
        } else {
            Err(self.unexpected(&token, context))
        }
    }

    fn unexpected(&self, token: &Token<'_>, context: &str) -> SyntaxError {
        let text = token.describe();
        if token.kind != TokenKind::Error {
            return self.error(format!("unexpected {text} in {context}"));
        }
        let started = self.scope.action_line;
        if started == 0 || started == token.line {
            return self.error(text);
        }
        let joint = if text.ends_with(" action") {
            ""
        } else {
            " in action"
        };
        let name = self.syntax.name;
        self.error(format!("{text}{joint} started at {name}:{started}"))
    }

    fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            line: self.scope.line,
            message: message.into(),
        }
    }
}
