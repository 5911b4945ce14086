//! Actions and control structures.

use std::mem;

use crate::quote::unquote;

use super::node::{Action, Branch, Node, Pipe, Range, TemplateCall};
use super::token::{Token, TokenKind};
use super::{Item, Parser, Scope, SyntaxError};

/// What `else` has led to.
enum ElseClause {
    /// Another arm, whose keyword is past.
    Arm,
    Body(Vec<Node>),
}

impl<'a> Parser<'a> {
    /// An action; its left delimiter is past.
    pub(super) fn action(&mut self) -> Result<Item, SyntaxError> {
        let token = self.next_non_space();
        Ok(Item::Node(match token.kind {
            TokenKind::Block => self.block()?,
            TokenKind::Break => self.leave_range("{{break}}", Node::Break)?,
            TokenKind::Continue => self.leave_range("{{continue}}", Node::Continue)?,
            TokenKind::Else => return self.else_(),
            TokenKind::End => {
                self.expect(TokenKind::RightDelim, "end")?;
                return Ok(Item::End);
            }
            TokenKind::If => Node::If(self.branch("if", TokenKind::If)?),
            TokenKind::Range => Node::Range(self.range()?),
            TokenKind::Template => self.template()?,
            TokenKind::With => Node::With(self.branch("with", TokenKind::With)?),
            _ => {
                let pos = token.pos;
                self.back_up(token);
                let pipe = self.pipeline("command", TokenKind::RightDelim)?;
                Node::Action(Action { pos, pipe })
            }
        }))
    }

    fn leave_range(&mut self, text: &str, node: Node) -> Result<Node, SyntaxError> {
        let token = self.next_non_space();
        if token.kind != TokenKind::RightDelim {
            return Err(self.unexpected(&token, text));
        }
        if self.scope.range_depth == 0 {
            return Err(self.error(format!("{text} outside {{{{range}}}}")));
        }
        Ok(node)
    }

    /// `{{else}}`, or the first half of `{{else if …}}`, which leaves the keyword in place.
    fn else_(&mut self) -> Result<Item, SyntaxError> {
        let next = self.peek_non_space().kind;
        if !matches!(next, TokenKind::If | TokenKind::With) {
            self.expect(TokenKind::RightDelim, "else")?;
        }
        Ok(Item::Else)
    }

    fn branch(&mut self, context: &str, keyword: TokenKind) -> Result<Branch, SyntaxError> {
        let vars = self.scope.vars.len();
        let mut branch = Branch {
            arms: Vec::new(),
            otherwise: Vec::new(),
        };
        loop {
            let pipe = self.pipeline(context, TokenKind::RightDelim)?;
            let (body, end) = self.item_list()?;
            branch.arms.push((pipe, body));
            if let Item::End = end {
                break;
            }
            if let ElseClause::Body(body) = self.else_clause(Some(keyword))? {
                branch.otherwise = body;
                break;
            }
        }
        self.scope.vars.truncate(vars);
        Ok(branch)
    }

    fn range(&mut self) -> Result<Range, SyntaxError> {
        let vars = self.scope.vars.len();
        let pipe = self.pipeline("range", TokenKind::RightDelim)?;
        self.scope.range_depth += 1;
        let (body, end) = self.item_list()?;
        self.scope.range_depth -= 1;
        let otherwise = match end {
            Item::End | Item::Node(_) => Vec::new(),
            Item::Else => match self.else_clause(None)? {
                ElseClause::Body(body) => body,
                ElseClause::Arm => Vec::new(),
            },
        };
        self.scope.vars.truncate(vars);
        Ok(Range {
            pipe,
            body,
            otherwise,
        })
    }

    fn else_clause(&mut self, arm_keyword: Option<TokenKind>) -> Result<ElseClause, SyntaxError> {
        if arm_keyword.is_some_and(|keyword| self.peek().kind == keyword) {
            self.next();
            return Ok(ElseClause::Arm);
        }
        let (body, end) = self.item_list()?;
        match end {
            Item::Else => Err(self.error(format!("expected end; found {}", Item::ELSE))),
            Item::End | Item::Node(_) => Ok(ElseClause::Body(body)),
        }
    }

    /// A definition and its use in one; the keyword is past.
    fn block(&mut self) -> Result<Node, SyntaxError> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, TokenKind::RightDelim)?;

        let outer = mem::replace(&mut self.scope, Scope::new());
        let (root, end) = self.item_list()?;
        let inner = mem::replace(&mut self.scope, outer);
        if let Item::Else = end {
            return Err(self.error(format!("unexpected {} in {CONTEXT}", Item::ELSE)));
        }
        let outer = mem::replace(&mut self.scope, inner);
        self.add(name.clone(), root)?;
        self.scope = outer;

        Ok(call(&token, name, Some(pipe)))
    }

    fn template(&mut self) -> Result<Node, SyntaxError> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let after = self.next_non_space();
        let pipe = if after.kind == TokenKind::RightDelim {
            None
        } else {
            self.back_up(after);
            Some(self.pipeline(CONTEXT, TokenKind::RightDelim)?)
        };
        Ok(call(&token, name, pipe))
    }

    pub(super) fn template_name(
        &self,
        token: &Token<'a>,
        context: &str,
    ) -> Result<String, SyntaxError> {
        match token.kind {
            TokenKind::String | TokenKind::RawString => {
                let name = unquote(&token.text).ok_or_else(|| self.error("invalid syntax"))?;
                Ok(String::from_utf8_lossy(&name).into_owned())
            }
            _ => Err(self.unexpected(token, context)),
        }
    }
}

fn call(token: &Token<'_>, name: String, pipe: Option<Pipe>) -> Node {
    Node::Template(TemplateCall {
        pos: token.pos,
        name,
        pipe,
    })
}
