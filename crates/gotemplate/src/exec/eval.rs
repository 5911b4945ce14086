//! Pipelines, commands, fields and constants.

use crate::builtins;
use crate::error::Error;
use crate::object::Object;
use crate::parse::Number;
use crate::parse::node::{Command, Operand, OperandKind, Pipe};
use crate::quote::quoted;
use crate::set::MissingKey;
use crate::slot::Slot;
use crate::types::{Kind, Type};
use crate::value::Value;

use super::call::Call;
use super::{State, methods};

impl<'t> State<'t> {
    /// The value of a pipeline; sets or pushes its variables.
    pub(super) fn eval_pipeline(&mut self, dot: &Slot, pipe: &'t Pipe) -> Result<Slot, Error> {
        self.at(pipe);
        let mut value = Slot::Missing;
        for cmd in &pipe.cmds {
            value = self.eval_command(dot, cmd, value)?.unwrap_interface();
        }
        for name in &pipe.decls {
            if pipe.is_assign {
                self.set_var(name, value.clone())?;
            } else {
                self.vars.push((name, value.clone()));
            }
        }
        Ok(value)
    }

    fn eval_command(&mut self, dot: &Slot, cmd: &'t Command, last: Slot) -> Result<Slot, Error> {
        let first = &cmd.args[0];
        match &first.kind {
            OperandKind::Field(names) => self.eval_field_node(dot, first, names, &cmd.args, last),
            OperandKind::Chain(operand, names) => {
                self.eval_chain(dot, first, operand, names, &cmd.args, last)
            }
            OperandKind::Identifier(name) => {
                self.at(first);
                self.eval_function(dot, name, cmd.into(), &cmd.args, last)
            }
            OperandKind::Pipe(pipe) => {
                self.not_a_function(&cmd.args, &last)?;
                self.descend(|state| state.eval_pipeline(dot, pipe))
            }
            OperandKind::Variable(names) => self.eval_variable(dot, first, names, &cmd.args, last),
            OperandKind::Bool(_)
            | OperandKind::Dot
            | OperandKind::Nil
            | OperandKind::Number(_)
            | OperandKind::String { .. } => {
                self.at(first);
                self.not_a_function(&cmd.args, &last)?;
                match &first.kind {
                    OperandKind::Nil => Err(self.error("nil is not a command")),
                    _ => self.eval_literal(dot, first),
                }
            }
        }
    }

    /// Literals, and dot, where any type will do.
    pub(super) fn eval_literal(&mut self, dot: &Slot, operand: &'t Operand) -> Result<Slot, Error> {
        Ok(match &operand.kind {
            OperandKind::Bool(b) => Slot::Concrete(Value::Bool(*b)),
            OperandKind::Dot => dot.clone(),
            OperandKind::Number(number) => return self.ideal_constant(operand, number),
            OperandKind::String { value, .. } => Slot::Concrete(Value::Str(value.clone())),
            _ => return Err(self.error(format!("can't evaluate command {operand}"))),
        })
    }

    /// A number where nothing says which type is wanted: its spelling tells.
    fn ideal_constant(&mut self, operand: &'t Operand, number: &Number) -> Result<Slot, Error> {
        self.at(operand);
        if let Some((re, im)) = number.complex {
            return Ok(Slot::Concrete(Value::Complex(re, im)));
        }
        match (number.float, number.int) {
            (Some(float), _) if number.looks_like_float() => {
                Ok(Slot::Concrete(Value::Float64(float)))
            }
            (_, Some(int)) => Ok(Slot::Concrete(Value::Int(int))),
            _ => Err(self.error(format!("{} overflows int", number.text))),
        }
    }

    fn not_a_function(&self, args: &[Operand], last: &Slot) -> Result<(), Error> {
        if args.len() > 1 || !last.is_missing() {
            let operand = &args[0];
            return Err(self.error(format!("can't give argument to non-function {operand}")));
        }
        Ok(())
    }

    pub(super) fn eval_field_node(
        &mut self,
        dot: &Slot,
        field: &'t Operand,
        names: &'t [String],
        args: &'t [Operand],
        last: Slot,
    ) -> Result<Slot, Error> {
        self.at(field);
        self.eval_field_chain(dot, dot.clone(), field, names, args, last)
    }

    pub(super) fn eval_chain(
        &mut self,
        dot: &Slot,
        chain: &'t Operand,
        operand: &'t Operand,
        names: &'t [String],
        args: &'t [Operand],
        last: Slot,
    ) -> Result<Slot, Error> {
        self.at(chain);
        let receiver = self.eval_arg(dot, None, operand)?;
        self.eval_field_chain(dot, receiver, chain, names, args, last)
    }

    pub(super) fn eval_variable(
        &mut self,
        dot: &Slot,
        variable: &'t Operand,
        names: &'t [String],
        args: &'t [Operand],
        last: Slot,
    ) -> Result<Slot, Error> {
        self.at(variable);
        let value = self.var(&names[0])?;
        if names.len() == 1 {
            if !args.is_empty() {
                self.not_a_function(args, &last)?;
            }
            return Ok(value);
        }
        self.eval_field_chain(dot, value, variable, &names[1..], args, last)
    }

    /// `.X.Y.Z`; only the last name, if it is a method, gets the arguments.
    fn eval_field_chain(
        &mut self,
        dot: &Slot,
        mut receiver: Slot,
        node: &'t Operand,
        names: &'t [String],
        args: &'t [Operand],
        last: Slot,
    ) -> Result<Slot, Error> {
        let Some((name, before)) = names.split_last() else {
            return Ok(receiver);
        };
        for name in before {
            receiver = self.eval_field(dot, receiver, node, name, &[], Slot::Missing)?;
        }
        self.eval_field(dot, receiver, node, name, args, last)
    }

    fn eval_field(
        &mut self,
        dot: &Slot,
        receiver: Slot,
        node: &'t Operand,
        name: &'t str,
        args: &'t [Operand],
        last: Slot,
    ) -> Result<Slot, Error> {
        let Some(ty) = receiver.static_type() else {
            if self.set.on_missing_key() == MissingKey::Error {
                let name = quoted(name);
                return Err(self.error(format!("nil data; no entry for key {name}")));
            }
            return Ok(Slot::Invalid);
        };
        let receiver = receiver.into_value();
        if receiver.kind() == Kind::Invalid {
            return Err(self.error(format!("nil pointer evaluating {ty}.{name}")));
        }
        if let Some(method) = methods::find(&receiver, name) {
            let call = Call {
                func: &method,
                name,
                node: node.into(),
            };
            return self.eval_call(dot, &call, args, last);
        }
        let has_args = args.len() > 1 || !last.is_missing();
        match &receiver {
            Value::Map(map) => {
                if has_args {
                    return Err(self.error(format!("{name} is not a method but has arguments")));
                }
                match map.get(name.as_bytes()) {
                    Some(value) => Ok(Slot::typed(*map.elem(), value)),
                    None => self.missing_entry(name, *map.elem()),
                }
            }
            Value::Object(object) if is_unexported(object.as_ref(), name) => {
                Err(self.error(format!("{name} is an unexported field of struct type {ty}")))
            }
            Value::Object(object) => match object.field(name) {
                Some(_) if has_args => Err(self.error(format!(
                    "{name} has arguments but cannot be invoked as function"
                ))),
                Some(value) => Ok(Slot::of(value)),
                None if object.fields().iter().any(|(field, _)| *field == name) => {
                    let message = format!("{name} is an unexported field of struct type {ty}");
                    Err(self.error(message))
                }
                None => Err(self.error(format!("can't evaluate field {name} in type {ty}"))),
            },
            _ => Err(self.error(format!("can't evaluate field {name} in type {ty}"))),
        }
    }

    fn missing_entry(&self, name: &str, elem: Type) -> Result<Slot, Error> {
        match self.set.on_missing_key() {
            MissingKey::Default => Ok(Slot::Invalid),
            MissingKey::Zero => Ok(Slot::zero(elem)),
            MissingKey::Error => {
                let name = quoted(name);
                Err(self.error(format!("map has no entry for key {name}")))
            }
        }
    }

    pub(super) fn eval_function(
        &mut self,
        dot: &Slot,
        name: &'t str,
        node: super::Site<'t>,
        args: &'t [Operand],
        last: Slot,
    ) -> Result<Slot, Error> {
        let set = self.set;
        let Some(func) = set.functions().get(name).or_else(|| builtins::find(name)) else {
            return Err(self.error(format!("{} is not a defined function", quoted(name))));
        };
        self.eval_call(dot, &Call { func, name, node }, args, last)
    }
}

/// Whether a struct has a field of that name, but not for templates.
fn is_unexported(object: &dyn Object, name: &str) -> bool {
    name.starts_with(char::is_lowercase) && object.fields().iter().any(|(field, _)| *field == name)
}
