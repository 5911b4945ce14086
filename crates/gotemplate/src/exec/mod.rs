//! The evaluator.
//!
//! It keeps to Go's order of evaluation and to Go's idea of the current node, because both show in
//! error messages.

mod call;
mod eval;
mod methods;
mod site;
mod walk;

use crate::error::{Error, ErrorKind};
use crate::limits::{Ctx, LimitError};
use crate::set::{Set, Template};
use crate::slot::Slot;
use crate::stack;
use crate::value::Value;

use site::Site;

/// How deep the evaluator may recurse, over structures, parentheses and template calls together.
const MAX_RECURSION: usize = 5_000;

/// Renders one template of a set.
pub(crate) fn execute(
    set: &Set,
    template: &Template,
    data: &Value,
    ctx: &mut Ctx,
) -> Result<Vec<u8>, Error> {
    let dot = Slot::of(data.clone());
    let mut state = State {
        set,
        template,
        site: Site::Start,
        vars: vec![("$", dot.clone())],
        depth: 0,
        recursion: 0,
        out: Vec::new(),
        ctx,
    };
    state.walk_all(&dot, &template.tree.root)?;
    Ok(state.out)
}

/// One render.
struct State<'t> {
    set: &'t Set,
    template: &'t Template,
    /// The node that errors are about.
    site: Site<'t>,
    /// Variables in scope, the latest last.
    vars: Vec<(&'t str, Slot)>,
    /// How many templates have called each other.
    depth: usize,
    recursion: usize,
    out: Vec<u8>,
    ctx: &'t mut Ctx,
}

impl<'t> State<'t> {
    fn at(&mut self, site: impl Into<Site<'t>>) {
        self.site = site.into();
    }

    fn var(&self, name: &str) -> Result<Slot, Error> {
        match self.vars.iter().rev().find(|(var, _)| *var == name) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }

    fn set_var(&mut self, name: &str, value: Slot) -> Result<(), Error> {
        match self.vars.iter_mut().rev().find(|(var, _)| *var == name) {
            Some((_, old)) => {
                *old = value;
                Ok(())
            }
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }

    /// Pays for a step and guards the stack.
    fn descend<T: Send>(
        &mut self,
        evaluate: impl FnOnce(&mut Self) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        self.step()?;
        if self.recursion >= MAX_RECURSION {
            return Err(self.limit(LimitError::Nesting(MAX_RECURSION)));
        }
        self.recursion += 1;
        let result = stack::at_level(self.recursion, || evaluate(self));
        self.recursion -= 1;
        result.unwrap_or_else(|| Err(self.limit(LimitError::Nesting(MAX_RECURSION))))
    }

    fn step(&mut self) -> Result<(), Error> {
        self.ctx.charge(1).map_err(|limit| self.limit(limit))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let max = self.ctx.limits().output_bytes;
        if bytes.len() > max.saturating_sub(self.out.len()) {
            return Err(self.limit(LimitError::Output(max)));
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn error(&self, message: impl AsRef<str>) -> Error {
        self.fail(ErrorKind::Execute, message.as_ref(), None)
    }

    /// An error whose message quotes values, with the form to show instead.
    fn revealing(&self, message: &str, redacted: &str) -> Error {
        self.fail(ErrorKind::Execute, message, Some(redacted))
    }

    fn limit(&self, limit: LimitError) -> Error {
        self.fail(ErrorKind::Limit(limit), &limit.to_string(), None)
    }

    fn fail(&self, kind: ErrorKind, message: &str, redacted: Option<&str>) -> Error {
        let name = &self.template.tree.name;
        let location = self.site.locate(&self.template.source);
        let prefix = self.site.prefix(self.template, location);
        Error::execute(
            kind,
            name,
            location,
            format!("{prefix}{message}"),
            redacted.map(|redacted| format!("{prefix}{redacted}")),
        )
    }
}
