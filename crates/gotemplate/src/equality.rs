//! When two values are the same: Go's `==` and `reflect.DeepEqual`.

use std::collections::HashSet;
use std::sync::Arc;

use crate::value::Value;

impl Value {
    /// Go's `reflect.DeepEqual`: same type, same content. A container equals itself, even if it holds
    /// not-a-number. Walks without recursion, since values can
    /// be nested deeper than the stack, and visits shared parts once.
    pub fn deep_equal(&self, other: &Self) -> bool {
        let mut seen = HashSet::new();
        let mut pending = vec![(self.clone(), other.clone())];
        while let Some(pair) = pending.pop() {
            match pair {
                (Self::List(a), Self::List(b)) => {
                    if a.elem() != b.elem() || a.len() != b.len() || a.is_nil() != b.is_nil() {
                        return false;
                    }
                    if a.address() != b.address() && seen.insert((a.address(), b.address())) {
                        pending.extend(a.items().iter().cloned().zip(b.items().iter().cloned()));
                    }
                }
                (Self::Map(a), Self::Map(b)) => {
                    if a.elem() != b.elem() || a.len() != b.len() || a.is_nil() != b.is_nil() {
                        return false;
                    }
                    if a.same(&b) || !seen.insert((a.address(), b.address())) {
                        continue;
                    }
                    for ((key, x), (other_key, y)) in a.entries().into_iter().zip(b.entries()) {
                        if key != other_key {
                            return false;
                        }
                        pending.push((x, y));
                    }
                }
                (Self::Object(a), Self::Object(b)) if !Arc::ptr_eq(&a, &b) => {
                    let (fields, others) = (a.fields(), b.fields());
                    let comparable = a.type_of() == b.type_of() && fields.len() == others.len();
                    if !comparable || fields.is_empty() || a.is_nil() != b.is_nil() {
                        return false;
                    }
                    let values =
                        |fields: Vec<(_, Self)>| fields.into_iter().map(|(_, value)| value);
                    pending.extend(values(fields).zip(values(others)));
                }
                (a, b) if !a.shallow_equal(&b) => return false,
                _ => {}
            }
        }
        true
    }

    /// Go's `==` on interface values of comparable types.
    #[expect(
        clippy::float_cmp,
        reason = "IEEE equality is Go's too: NaN differs from itself"
    )]
    pub(crate) fn shallow_equal(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nil, Self::Nil) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) | (Self::Int64(a), Self::Int64(b)) => a == b,
            (Self::Named(x, a), Self::Named(y, b)) => x == y && a == b,
            (Self::Int32(a), Self::Int32(b)) => a == b,
            (Self::Uint(a), Self::Uint(b)) | (Self::Uint64(a), Self::Uint64(b)) => a == b,
            (Self::Uint8(a), Self::Uint8(b)) => a == b,
            (Self::Float64(a), Self::Float64(b)) => a == b,
            (Self::Complex(a, b), Self::Complex(c, d)) => a == c && b == d,
            (Self::Str(a), Self::Str(b))
            | (Self::Number(a), Self::Number(b))
            | (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Func(a), Self::Func(b)) => Arc::ptr_eq(a, b),
            (Self::Object(a), Self::Object(b)) => Arc::ptr_eq(a, b) || a.equals(b.as_ref()),
            _ => false,
        }
    }
}
