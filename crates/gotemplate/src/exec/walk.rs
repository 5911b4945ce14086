//! Bodies and control structures.

use std::mem;

use crate::error::Error;
use crate::fmt;
use crate::limits::LimitError;
use crate::parse::node::{Action, Branch, Node, Range, TemplateCall};
use crate::quote::quoted;
use crate::slot::Slot;
use crate::types::Kind;
use crate::value::Value;

use super::State;

/// How a body ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

/// Which of the two branching structures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BranchKind {
    If,
    With,
}

impl<'t> State<'t> {
    pub(super) fn walk_all(&mut self, dot: &Slot, nodes: &'t [Node]) -> Result<Flow, Error> {
        for node in nodes {
            let flow = self.walk(dot, node)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn walk(&mut self, dot: &Slot, node: &'t Node) -> Result<Flow, Error> {
        match node {
            Node::Text(text) => {
                self.step()?;
                self.write(text)?;
            }
            Node::Action(action) => self.walk_action(dot, action)?,
            Node::If(branch) => {
                return self.descend(|state| state.walk_branch(BranchKind::If, dot, branch));
            }
            Node::With(branch) => {
                return self.descend(|state| state.walk_branch(BranchKind::With, dot, branch));
            }
            Node::Range(range) => return self.descend(|state| state.walk_range(dot, range)),
            Node::Template(call) => self.descend(|state| state.walk_template(dot, call))?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn walk_action(&mut self, dot: &Slot, action: &'t Action) -> Result<(), Error> {
        self.step()?;
        self.at(action);
        let value = self.eval_pipeline(dot, &action.pipe)?;
        if action.pipe.decls.is_empty() {
            self.print(action, &value)?;
        }
        Ok(())
    }

    fn print(&mut self, action: &'t Action, value: &Slot) -> Result<(), Error> {
        self.at(action);
        match value.value() {
            None => self.write(b"<no value>"),
            Some(Value::Str(text)) => self.write(text),
            Some(Value::Func(func)) => {
                Err(self.error(format!("can't print {action} of type {func}")))
            }
            Some(value) => {
                let text = fmt::sprint(self.ctx, std::slice::from_ref(value))
                    .map_err(|limit| self.limit(limit))?;
                self.write(&text)
            }
        }
    }

    fn walk_branch(
        &mut self,
        kind: BranchKind,
        dot: &Slot,
        branch: &'t Branch,
    ) -> Result<Flow, Error> {
        let mark = self.vars.len();
        let flow = self.walk_arms(kind, dot, branch);
        self.vars.truncate(mark);
        flow
    }

    fn walk_arms(
        &mut self,
        kind: BranchKind,
        dot: &Slot,
        branch: &'t Branch,
    ) -> Result<Flow, Error> {
        for (pipe, body) in &branch.arms {
            let value = self.eval_pipeline(dot, pipe)?;
            if value.is_true() {
                let dot = match kind {
                    BranchKind::If => dot,
                    BranchKind::With => &value,
                };
                return self.walk_all(dot, body);
            }
        }
        self.walk_all(dot, &branch.otherwise)
    }

    fn walk_range(&mut self, dot: &Slot, range: &'t Range) -> Result<Flow, Error> {
        let mark = self.vars.len();
        let flow = self.walk_range_body(dot, range);
        self.vars.truncate(mark);
        flow
    }

    fn walk_range_body(&mut self, dot: &Slot, range: &'t Range) -> Result<Flow, Error> {
        let value = self.eval_pipeline(dot, &range.pipe)?.into_value();
        let int = |i: usize| Slot::Concrete(Value::Int(i64::try_from(i).unwrap_or(i64::MAX)));
        let mut ran = false;
        match &value {
            Value::List(list) => {
                let items = (0..list.len()).map_while(|i| Slot::element(list, i));
                for (i, item) in items.enumerate() {
                    ran = true;
                    if self.iterate(range, int(i), &item)? == Flow::Break {
                        break;
                    }
                }
            }
            Value::Bytes(bytes) => {
                for (i, &byte) in bytes.iter().enumerate() {
                    ran = true;
                    let item = Slot::Concrete(Value::Uint8(byte));
                    if self.iterate(range, int(i), &item)? == Flow::Break {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                for (key, item) in map.entries() {
                    ran = true;
                    let item = Slot::typed(*map.elem(), item);
                    if self.iterate(range, Slot::Concrete(Value::Str(key)), &item)? == Flow::Break {
                        break;
                    }
                }
            }
            Value::Nil => {}
            value if value.kind().is_integer() => ran = self.range_over_int(range, value)?,
            value => {
                return Err(self.about_value("range can't iterate over ", value, ""));
            }
        }
        if ran {
            return Ok(Flow::Next);
        }
        // A break in the else branch ends this range, as in Go; a continue is for the one around it.
        match self.walk_all(dot, &range.otherwise)? {
            Flow::Break => Ok(Flow::Next),
            flow => Ok(flow),
        }
    }

    fn range_over_int(&mut self, range: &'t Range, limit: &Value) -> Result<bool, Error> {
        if range.pipe.decls.len() > 1 {
            let tail = " to iterate over more than one variable";
            return Err(self.about_value("can't use ", limit, tail));
        }
        let end = match (limit.as_signed(), limit.as_unsigned()) {
            (Some(n), _) => u64::try_from(n).unwrap_or(0),
            (None, n) => n.unwrap_or(0),
        };
        for i in 0..end {
            // Counters stay below the limit, which is of the same type.
            let i = Slot::Concrete(limit.integer_like(i));
            if self.iterate(range, Slot::Invalid, &i)? == Flow::Break {
                break;
            }
        }
        Ok(end > 0)
    }

    fn iterate(&mut self, range: &'t Range, index: Slot, item: &Slot) -> Result<Flow, Error> {
        self.step()?;
        let pipe = &range.pipe;
        let mark = self.vars.len();
        match (pipe.decls.as_slice(), pipe.is_assign) {
            ([], _) => {}
            ([var], true) => self.set_var(var, item.clone())?,
            ([first, second, ..], true) => {
                self.set_var(first, index)?;
                self.set_var(second, item.clone())?;
            }
            ([_], false) => self.vars[mark - 1].1 = item.clone(),
            ([_, _, ..], false) => {
                self.vars[mark - 1].1 = item.clone();
                self.vars[mark - 2].1 = index;
            }
        }
        let flow = self.walk_all(item, &range.body);
        self.vars.truncate(mark);
        flow
    }

    fn walk_template(&mut self, dot: &Slot, call: &'t TemplateCall) -> Result<(), Error> {
        self.at(call);
        let Some(template) = self.set.template(&call.name) else {
            let name = quoted(&call.name);
            return Err(self.error(format!("template {name} not defined")));
        };
        let max_depth = self.ctx.limits().depth;
        if self.depth >= max_depth {
            return Err(self.limit(LimitError::Depth(max_depth)));
        }
        let dot = match &call.pipe {
            Some(pipe) => self.eval_pipeline(dot, pipe)?,
            None => Slot::Invalid,
        };
        let site = self.site;
        let caller = mem::replace(&mut self.template, template);
        let vars = mem::replace(&mut self.vars, vec![("$", dot.clone())]);
        self.depth += 1;
        // A failed render is over: only success needs the old state back.
        self.walk_all(&dot, &template.tree.root)?;
        self.depth -= 1;
        self.vars = vars;
        self.template = caller;
        self.site = site;
        Ok(())
    }

    /// An error that Go words around the value itself.
    fn about_value(&mut self, before: &str, value: &Value, after: &str) -> Error {
        let text = match value.kind() {
            Kind::Func => "0xc000000000".to_owned(),
            _ => match fmt::sprint(self.ctx, std::slice::from_ref(value)) {
                Ok(text) => String::from_utf8_lossy(&text).into_owned(),
                Err(limit) => return self.limit(limit),
            },
        };
        self.revealing(
            &format!("{before}{text}{after}"),
            &format!("{before}<redacted>{after}"),
        )
    }
}
