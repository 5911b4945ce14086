//! The syntax tree of a template.
//!
//! `Display` gives back template text as Go writes it in its messages. Positions are byte offsets
//! and, for fields and variables with several names, those of the last but the first name: that is
//! what Go reports.

use std::fmt;

use crate::bytestr::Str;
use crate::quote::quoted;

use super::number::Number;

/// One named template.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) name: String,
    pub(crate) root: Vec<Node>,
}

/// A piece of a template body.
#[derive(Debug)]
pub(crate) enum Node {
    Text(Vec<u8>),
    Action(Action),
    If(Branch),
    With(Branch),
    Range(Range),
    Template(TemplateCall),
    Break,
    Continue,
}

/// `{{pipeline}}`
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) pos: usize,
    pub(crate) pipe: Pipe,
}

/// `{{if}}` or `{{with}}`, with its `else if` or `else with` arms.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) arms: Vec<(Pipe, Vec<Node>)>,
    pub(crate) otherwise: Vec<Node>,
}

/// `{{range}}`
#[derive(Debug)]
pub(crate) struct Range {
    pub(crate) pipe: Pipe,
    pub(crate) body: Vec<Node>,
    pub(crate) otherwise: Vec<Node>,
}

/// `{{template "name" pipeline}}`, also what `{{block}}` leaves behind.
#[derive(Debug)]
pub(crate) struct TemplateCall {
    pub(crate) pos: usize,
    pub(crate) name: String,
    pub(crate) pipe: Option<Pipe>,
}

/// Commands joined by `|`, and the variables that take the result.
#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) pos: usize,
    pub(crate) is_assign: bool,
    pub(crate) decls: Vec<String>,
    pub(crate) cmds: Vec<Command>,
}

/// Operands separated by spaces.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) pos: usize,
    pub(crate) args: Vec<Operand>,
}

/// An operand and where it stands.
#[derive(Debug)]
pub(crate) struct Operand {
    pub(crate) pos: usize,
    pub(crate) kind: OperandKind,
}

#[derive(Debug)]
pub(crate) enum OperandKind {
    Bool(bool),
    /// An operand followed by field names.
    Chain(Box<Operand>, Vec<String>),
    Dot,
    Field(Vec<String>),
    /// The name of a function.
    Identifier(String),
    Nil,
    Number(Number),
    Pipe(Pipe),
    String {
        literal: String,
        value: Str,
    },
    /// The name with its dollar sign, then field names.
    Variable(Vec<String>),
}

/// Whether a body holds nothing but white space, so that it does not replace another.
pub(crate) fn is_blank(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| match node {
        Node::Text(text) => String::from_utf8_lossy(text).trim().is_empty(),
        _ => false,
    })
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{{}}}}}", self.pipe)
    }
}

impl fmt::Display for TemplateCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{template {}", quoted(&self.name))?;
        if let Some(pipe) = &self.pipe {
            write!(f, " {pipe}")?;
        }
        f.write_str("}}")
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.decls.is_empty() {
            let sign = if self.is_assign { "=" } else { ":=" };
            write!(f, "{} {sign} ", self.decls.join(", "))?;
        }
        for (i, cmd) in self.cmds.iter().enumerate() {
            if i > 0 {
                f.write_str(" | ")?;
            }
            cmd.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, arg) in self.args.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            match &arg.kind {
                OperandKind::Pipe(pipe) => write!(f, "({pipe})")?,
                _ => arg.fmt(f)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            OperandKind::Bool(b) => b.fmt(f),
            OperandKind::Chain(operand, fields) => {
                match &operand.kind {
                    OperandKind::Pipe(pipe) => write!(f, "({pipe})")?,
                    _ => operand.fmt(f)?,
                }
                write_fields(f, fields)
            }
            OperandKind::Dot => f.write_str("."),
            OperandKind::Field(fields) => write_fields(f, fields),
            OperandKind::Identifier(name) => f.write_str(name),
            OperandKind::Nil => f.write_str("nil"),
            OperandKind::Number(number) => f.write_str(&number.text),
            OperandKind::Pipe(pipe) => pipe.fmt(f),
            OperandKind::String { literal, .. } => f.write_str(literal),
            OperandKind::Variable(names) => f.write_str(&names.join(".")),
        }
    }
}

fn write_fields(f: &mut fmt::Formatter<'_>, fields: &[String]) -> fmt::Result {
    fields.iter().try_for_each(|name| write!(f, ".{name}"))
}
