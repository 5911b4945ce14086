//! `*time.Location` as a value.

use std::any::Any;
use std::sync::Arc;

use crate::funcs::{Func, FuncError};
use crate::object::Object;
use crate::types::{Kind, Type};
use crate::value::Value;

use super::TEXT;
use super::time::{Time, Zone};

pub(super) const LOCATION: Type = Type::Object("*time.Location", Kind::Pointer);

/// `*time.Location`
pub(super) struct Location {
    zone: Zone,
    /// As part of a time, UTC is a pointer to nothing.
    is_nil: bool,
}

impl Location {
    pub(super) fn of(time: &Time) -> Value {
        Value::Object(Arc::new(Self {
            zone: time.zone.clone(),
            is_nil: false,
        }))
    }

    /// The field of a time that holds its zone.
    pub(super) fn field_of(time: &Time) -> Value {
        Value::Object(Arc::new(Self {
            zone: time.zone.clone(),
            is_nil: matches!(time.zone, Zone::Utc),
        }))
    }

    /// The zone that an argument points at.
    pub(super) fn zone(value: &Value) -> Result<Zone, FuncError> {
        match value {
            Value::Object(object) => object.as_any().and_then(<dyn Any>::downcast_ref::<Self>),
            _ => None,
        }
        .map(|location| location.zone.clone())
        .ok_or_else(|| FuncError::new("time: missing Location in call to Time.In"))
    }
}

impl Object for Location {
    fn type_of(&self) -> Type {
        LOCATION
    }

    fn is_nil(&self) -> bool {
        self.is_nil
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.zone.name().as_bytes().to_vec())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    /// Not the tables of the zone: the name tells one from another.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("name", self.zone.name().into())]
    }

    fn method(self: Arc<Self>, name: &str) -> Option<Func> {
        let text = Value::str(self.zone.name());
        (name == "String").then(|| Func::bound("String", &[], TEXT, move |_, _| Ok(text.clone())))
    }
}
