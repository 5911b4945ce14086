//! Pipelines, commands and operands.

use crate::quote::{quoted, unquote};

use super::node::{Command, Operand, OperandKind, Pipe};
use super::number::Number;
use super::token::{Token, TokenKind};
use super::{Parser, SyntaxError};

impl Parser<'_> {
    /// Declarations, then commands up to `end`.
    pub(super) fn pipeline(&mut self, context: &str, end: TokenKind) -> Result<Pipe, SyntaxError> {
        let mut pipe = Pipe {
            pos: self.peek_non_space().pos,
            is_assign: false,
            decls: Vec::new(),
            cmds: Vec::new(),
        };
        while self.declaration(&mut pipe, context)? {}
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => {
                    self.check_pipeline(&pipe, context)?;
                    return Ok(pipe);
                }
                TokenKind::Bool
                | TokenKind::CharConstant
                | TokenKind::Complex
                | TokenKind::Dot
                | TokenKind::Field
                | TokenKind::Identifier
                | TokenKind::Number
                | TokenKind::Nil
                | TokenKind::RawString
                | TokenKind::String
                | TokenKind::Variable
                | TokenKind::LeftParen => {
                    self.back_up(token);
                    let command = self.command()?;
                    pipe.cmds.push(command);
                }
                _ => return Err(self.unexpected(&token, context)),
            }
        }
    }

    /// A variable that is declared or assigned; tells whether another may follow.
    fn declaration(&mut self, pipe: &mut Pipe, context: &str) -> Result<bool, SyntaxError> {
        if self.peek_non_space().kind != TokenKind::Variable {
            return Ok(false);
        }
        let variable = self.next();
        // In `$x foo` the space tells that `$x` is an argument: it must be put back too.
        let after = self.peek().clone();
        let next = self.peek_non_space().clone();
        let name = variable.as_text().into_owned();
        match next.kind {
            TokenKind::Assign | TokenKind::Declare => {
                pipe.is_assign = next.kind == TokenKind::Assign;
                self.next_non_space();
                self.declare(pipe, name);
                Ok(false)
            }
            TokenKind::Char if *next.text == *b"," => {
                self.next_non_space();
                self.declare(pipe, name);
                if context != "range" || pipe.decls.len() >= 2 {
                    return Err(self.error(format!("too many declarations in {context}")));
                }
                match self.peek_non_space().kind {
                    TokenKind::Variable | TokenKind::RightDelim | TokenKind::RightParen => Ok(true),
                    _ => Err(self.error("range can only initialize variables")),
                }
            }
            _ => {
                if after.kind == TokenKind::Space {
                    self.back_up(after);
                }
                self.back_up(variable);
                Ok(false)
            }
        }
    }

    fn declare(&mut self, pipe: &mut Pipe, name: String) {
        self.scope.vars.push(name.clone());
        pipe.decls.push(name);
    }

    fn check_pipeline(&self, pipe: &Pipe, context: &str) -> Result<(), SyntaxError> {
        if pipe.cmds.is_empty() {
            return Err(self.error(format!("missing value for {context}")));
        }
        // Only the first command may begin with something that cannot be executed.
        let bad = pipe.cmds.iter().skip(1).position(|cmd| {
            matches!(
                cmd.args[0].kind,
                OperandKind::Bool(_)
                    | OperandKind::Dot
                    | OperandKind::Nil
                    | OperandKind::Number(_)
                    | OperandKind::String { .. }
            )
        });
        match bad {
            None => Ok(()),
            Some(i) => {
                let stage = i + 2;
                Err(self.error(format!("non executable command in pipeline stage {stage}")))
            }
        }
    }

    /// Operands up to a pipe or the end of the pipeline; takes the pipe, leaves the end.
    fn command(&mut self) -> Result<Command, SyntaxError> {
        let mut command = Command {
            pos: self.peek_non_space().pos,
            args: Vec::new(),
        };
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                command.args.push(operand);
            }
            let token = self.next();
            match token.kind {
                TokenKind::Space => continue,
                TokenKind::RightDelim | TokenKind::RightParen => self.back_up(token),
                TokenKind::Pipe => {}
                _ => return Err(self.unexpected(&token, "operand")),
            }
            break;
        }
        if command.args.is_empty() {
            return Err(self.error("empty command"));
        }
        Ok(command)
    }

    /// A term, possibly followed by fields.
    fn operand(&mut self) -> Result<Option<Operand>, SyntaxError> {
        let Some(term) = self.term()? else {
            return Ok(None);
        };
        if self.peek().kind != TokenKind::Field {
            return Ok(Some(term));
        }
        let pos = self.peek().pos;
        let mut fields = Vec::new();
        while self.peek().kind == TokenKind::Field {
            let token = self.next();
            fields.extend(field_names(&token));
        }
        let kind = match term.kind {
            OperandKind::Field(mut names) => {
                names.append(&mut fields);
                OperandKind::Field(names)
            }
            OperandKind::Variable(mut names) => {
                names.append(&mut fields);
                OperandKind::Variable(names)
            }
            OperandKind::Bool(_)
            | OperandKind::String { .. }
            | OperandKind::Number(_)
            | OperandKind::Nil
            | OperandKind::Dot => {
                let term = quoted(&term.to_string());
                return Err(self.error(format!("unexpected . after term {term}")));
            }
            OperandKind::Identifier(_) | OperandKind::Pipe(_) | OperandKind::Chain(..) => {
                OperandKind::Chain(Box::new(term), fields)
            }
        };
        Ok(Some(Operand { pos, kind }))
    }

    fn term(&mut self) -> Result<Option<Operand>, SyntaxError> {
        let token = self.next_non_space();
        let pos = token.pos;
        let kind = match token.kind {
            TokenKind::Identifier => self.function(&token.as_text())?,
            TokenKind::Dot => OperandKind::Dot,
            TokenKind::Nil => OperandKind::Nil,
            TokenKind::Variable => self.variable(&token.as_text())?,
            TokenKind::Field => OperandKind::Field(field_names(&token)),
            TokenKind::Bool => OperandKind::Bool(*token.text == *b"true"),
            TokenKind::CharConstant | TokenKind::Complex | TokenKind::Number => {
                let number = Number::parse(&token.as_text(), token.kind)
                    .map_err(|message| self.error(message))?;
                OperandKind::Number(number)
            }
            TokenKind::LeftParen => {
                let pipe = self.nested("max expression depth exceeded", |parser| {
                    parser.pipeline("parenthesized pipeline", TokenKind::RightParen)
                })?;
                // The position is the pipeline's, inside the parenthesis.
                let pos = pipe.pos;
                let kind = OperandKind::Pipe(pipe);
                return Ok(Some(Operand { pos, kind }));
            }
            TokenKind::String | TokenKind::RawString => {
                let value = unquote(&token.text).ok_or_else(|| self.error("invalid syntax"))?;
                OperandKind::String {
                    literal: token.as_text().into_owned(),
                    value: value.into(),
                }
            }
            _ => {
                self.back_up(token);
                return Ok(None);
            }
        };
        Ok(Some(Operand { pos, kind }))
    }

    fn function(&self, name: &str) -> Result<OperandKind, SyntaxError> {
        if (self.syntax.has_function)(name) {
            Ok(OperandKind::Identifier(name.to_owned()))
        } else {
            Err(self.error(format!("function {} not defined", quoted(name))))
        }
    }

    fn variable(&self, name: &str) -> Result<OperandKind, SyntaxError> {
        if self.scope.vars.iter().any(|var| var == name) {
            Ok(OperandKind::Variable(vec![name.to_owned()]))
        } else {
            Err(self.error(format!("undefined variable {}", quoted(name))))
        }
    }
}

/// `.a` as the names it stands for.
fn field_names(token: &Token<'_>) -> Vec<String> {
    let text = token.as_text();
    let names = text.strip_prefix('.').unwrap_or(&text);
    names.split('.').map(str::to_owned).collect()
}
