//! The place in a template that an error is about.

use crate::parse::node::{Action, Command, Operand, Pipe, TemplateCall};
use crate::quote::quoted;
use crate::set::{Source, Template};

/// The current node.
#[derive(Clone, Copy)]
pub(super) enum Site<'t> {
    /// Nothing has been evaluated yet.
    Start,
    Action(&'t Action),
    Command(&'t Command),
    Operand(&'t Operand),
    Pipe(&'t Pipe),
    Template(&'t TemplateCall),
}

impl Site<'_> {
    /// Line from 1, column in bytes from 0.
    pub(super) fn locate(self, source: &Source) -> Option<(usize, usize)> {
        let pos = match self {
            Self::Start => return None,
            Self::Action(action) => action.pos,
            Self::Command(command) => command.pos,
            Self::Operand(operand) => operand.pos,
            Self::Pipe(pipe) => pipe.pos,
            Self::Template(call) => call.pos,
        };
        Some(source.place(pos))
    }

    /// Everything before the message proper.
    pub(super) fn prefix(self, template: &Template, location: Option<(usize, usize)>) -> String {
        let name = &template.tree.name;
        let context = match self {
            Self::Start => String::new(),
            Self::Action(action) => action.to_string(),
            Self::Command(command) => command.to_string(),
            Self::Operand(operand) => operand.to_string(),
            Self::Pipe(pipe) => pipe.to_string(),
            Self::Template(call) => call.to_string(),
        };
        match location {
            None => format!("template: {name}: "),
            Some((line, column)) => {
                let source = &template.source.name;
                let name = quoted(name);
                format!("template: {source}:{line}:{column}: executing {name} at <{context}>: ")
            }
        }
    }
}

impl<'t> From<&'t Action> for Site<'t> {
    fn from(action: &'t Action) -> Self {
        Self::Action(action)
    }
}

impl<'t> From<&'t Command> for Site<'t> {
    fn from(command: &'t Command) -> Self {
        Self::Command(command)
    }
}

impl<'t> From<&'t Operand> for Site<'t> {
    fn from(operand: &'t Operand) -> Self {
        Self::Operand(operand)
    }
}

impl<'t> From<&'t Pipe> for Site<'t> {
    fn from(pipe: &'t Pipe) -> Self {
        Self::Pipe(pipe)
    }
}

impl<'t> From<&'t TemplateCall> for Site<'t> {
    fn from(call: &'t TemplateCall) -> Self {
        Self::Template(call)
    }
}
