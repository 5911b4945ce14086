//! Calls: counting, evaluating and checking arguments.

use crate::builtins;
use crate::error::{Error, ErrorKind};
use crate::funcs::{Args, Code, Func, FuncError};
use crate::limits::Ctx;
use crate::parse::node::{Operand, OperandKind};
use crate::slot::Slot;
use crate::types::{Kind, Type};
use crate::value::Value;

use super::State;
use super::site::Site;

/// A function about to be called.
pub(super) struct Call<'f, 't> {
    pub(super) func: &'f Func,
    /// The name it goes by in the template.
    pub(super) name: &'t str,
    /// Where errors of the function itself are reported.
    pub(super) node: Site<'t>,
}

impl<'t> State<'t> {
    /// Calls a function or method. `args` begins with the function itself, unless it is empty;
    /// `last` comes down the pipeline.
    pub(super) fn eval_call(
        &mut self,
        dot: &Slot,
        call: &Call<'_, 't>,
        args: &'t [Operand],
        last: Slot,
    ) -> Result<Slot, Error> {
        let args = args.get(1..).unwrap_or_default();
        self.check_count(call, args.len(), &last)?;
        let func = call.func;
        if let Code::Unusable(complaint) = func.code {
            return Err(self.error(complaint));
        }
        if let Code::And | Code::Or = func.code {
            return self.eval_logic(dot, func, args, last);
        }
        let mut slots = Vec::with_capacity(args.len() + 1);
        for (i, arg) in args.iter().enumerate() {
            slots.push(self.eval_arg(dot, Some(param(func, i)), arg)?);
        }
        if !last.is_missing() {
            let ty = param(func, slots.len());
            slots.push(self.validate(last, Some(ty))?);
        }
        self.step()?;
        let result = match &func.code {
            Code::Plain(body) => self.apply(func, slots, body),
            Code::Bound(body) => self.apply(func, slots, |ctx, args| body(ctx, args)),
            Code::Reflect(body) => body(self.ctx, &slots),
            Code::Call => {
                let callee = match args.first() {
                    Some(arg) => arg.to_string(),
                    None => slots[0].describe(),
                };
                builtins::call(self.ctx, &callee, &slots)
            }
            Code::And | Code::Or | Code::Unusable(_) => Ok(Slot::Invalid),
        };
        result.map_err(|error| self.call_failed(call, &error))
    }

    fn apply(
        &mut self,
        func: &Func,
        slots: Vec<Slot>,
        body: impl FnOnce(&mut Ctx, &Args<'_>) -> Result<Value, FuncError>,
    ) -> Result<Slot, FuncError> {
        let values: Vec<Value> = slots.into_iter().map(Slot::into_value).collect();
        let before = self.ctx.memory_left();
        let value = body(self.ctx, &Args::new(&values))?;
        // What the function has paid for by itself is not charged again.
        let paid = before - self.ctx.memory_left();
        self.ctx.reserve(value.fresh_size().saturating_sub(paid))?;
        Ok(Slot::typed(func.result(), value))
    }

    fn call_failed(&mut self, call: &Call<'_, 't>, error: &FuncError) -> Error {
        self.site = call.node;
        let kind = match error.limit() {
            Some(limit) => ErrorKind::Limit(limit),
            None => ErrorKind::Execute,
        };
        let name = call.name;
        self.fail(
            kind,
            &format!("error calling {name}: {}", error.exact()),
            Some(&format!("error calling {name}: {}", error.redacted())),
        )
    }

    fn check_count(&self, call: &Call<'_, 't>, given: usize, last: &Slot) -> Result<(), Error> {
        let name = call.name;
        let total = given + usize::from(!last.is_missing());
        let declared = call.func.params().len();
        if call.func.is_variadic() {
            let fixed = declared - 1;
            if total < fixed {
                // Go forgets the piped argument in this count.
                return Err(self.error(format!(
                    "wrong number of args for {name}: want at least {fixed} got {given}"
                )));
            }
        } else if total != declared {
            return Err(self.error(format!(
                "wrong number of args for {name}: want {declared} got {total}"
            )));
        }
        Ok(())
    }

    /// `and` and `or` evaluate no further than they must.
    fn eval_logic(
        &mut self,
        dot: &Slot,
        func: &Func,
        args: &'t [Operand],
        last: Slot,
    ) -> Result<Slot, Error> {
        let stop_at = matches!(func.code, Code::Or);
        let mut value = Slot::Invalid;
        for arg in args {
            value = self.eval_arg(dot, Some(Type::Reflect), arg)?;
            if value.is_true() == stop_at {
                return Ok(value);
            }
        }
        Ok(if last.is_missing() { value } else { last })
    }

    /// Evaluates an argument for a parameter of type `ty`; no type takes everything.
    pub(super) fn eval_arg(
        &mut self,
        dot: &Slot,
        ty: Option<Type>,
        arg: &'t Operand,
    ) -> Result<Slot, Error> {
        self.at(arg);
        let value = match &arg.kind {
            OperandKind::Dot => dot.clone(),
            OperandKind::Nil => {
                return match ty {
                    Some(ty) if ty.can_be_nil() => Ok(nil_of(ty)),
                    Some(ty) => Err(self.error(format!("cannot assign nil to {ty}"))),
                    None => Ok(Slot::Invalid),
                };
            }
            OperandKind::Field(names) => {
                self.eval_field_node(dot, arg, names, &[], Slot::Missing)?
            }
            OperandKind::Variable(names) => {
                self.eval_variable(dot, arg, names, &[], Slot::Missing)?
            }
            OperandKind::Pipe(pipe) => self.descend(|state| state.eval_pipeline(dot, pipe))?,
            OperandKind::Identifier(name) => {
                self.eval_function(dot, name, arg.into(), &[], Slot::Missing)?
            }
            OperandKind::Chain(operand, names) => self
                .descend(|state| state.eval_chain(dot, arg, operand, names, &[], Slot::Missing))?,
            OperandKind::Bool(_) | OperandKind::Number(_) | OperandKind::String { .. } => {
                return self.eval_constant(dot, ty, arg);
            }
        };
        self.validate(value, ty)
    }

    /// A constant takes on the type of the parameter.
    fn eval_constant(
        &mut self,
        dot: &Slot,
        ty: Option<Type>,
        arg: &'t Operand,
    ) -> Result<Slot, Error> {
        let Some(ty) = ty.filter(|ty| !matches!(ty, Type::Any | Type::Reflect)) else {
            return self.eval_literal(dot, arg);
        };
        let number = match &arg.kind {
            OperandKind::Number(number) => Some(number),
            _ => None,
        };
        let (value, expected) = match ty.kind() {
            Kind::Bool => match arg.kind {
                OperandKind::Bool(b) => (Some(Value::Bool(b)), "bool"),
                _ => (None, "bool"),
            },
            Kind::String => match &arg.kind {
                OperandKind::String { value, .. } if ty == Type::Number => {
                    (Some(Value::Number(value.clone())), "string")
                }
                OperandKind::String { value, .. } => (Some(Value::Str(value.clone())), "string"),
                _ => (None, "string"),
            },
            Kind::Int | Kind::Int32 | Kind::Int64 => {
                let int = number.and_then(|number| number.int);
                let value = int.map(|int| Value::zero(ty).integer_like(int.cast_unsigned()));
                (value, "integer")
            }
            Kind::Uint | Kind::Uint8 | Kind::Uint64 => {
                let uint = number.and_then(|number| number.uint);
                let value = uint.map(|uint| Value::zero(ty).integer_like(uint));
                (value, "unsigned integer")
            }
            Kind::Float64 => {
                let float = number.and_then(|number| number.float);
                (float.map(Value::Float64), "float")
            }
            Kind::Complex128 => {
                let complex = number.and_then(|number| number.complex);
                (complex.map(|(re, im)| Value::Complex(re, im)), "complex")
            }
            _ => return Err(self.error(format!("can't handle {arg} for arg of type {ty}"))),
        };
        match value {
            Some(value) => Ok(Slot::Concrete(value)),
            None => Err(self.error(format!("expected {expected}; found {arg}"))),
        }
    }

    /// Checks that a value can be given to a parameter of type `ty`.
    fn validate(&mut self, value: Slot, ty: Option<Type>) -> Result<Slot, Error> {
        let Some(ty) = ty else {
            return Ok(value);
        };
        if !value.is_valid() {
            if ty.can_be_nil() {
                return Ok(nil_of(ty));
            }
            return Err(self.error(format!("invalid value; expected {ty}")));
        }
        if matches!(ty, Type::Any | Type::Reflect) {
            return Ok(value);
        }
        let value = match value {
            Slot::Iface(Value::Nil) => value,
            other => other.unwrap_interface(),
        };
        match value.static_type() {
            Some(actual) if actual != ty => {
                Err(self.error(format!("wrong type for value; expected {ty}; got {actual}")))
            }
            _ => Ok(value),
        }
    }
}

/// The type of the `i`th parameter.
fn param(func: &Func, i: usize) -> Type {
    let params = func.params();
    let last = params.last().copied().unwrap_or(Type::Any);
    params.get(i).copied().unwrap_or(last)
}

/// An untyped nil as a parameter of type `ty`.
fn nil_of(ty: Type) -> Slot {
    match ty {
        Type::Reflect => Slot::Invalid,
        ty => Slot::zero(ty),
    }
}
