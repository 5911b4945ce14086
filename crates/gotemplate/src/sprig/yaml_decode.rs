//! YAML to the map that JSON would make of it.
//!
//! As in Go there are two steps: nodes become values whose maps may have keys of any scalar type,
//! and these become what JSON can hold. A complaint of the first comes before any of the second.

use std::collections::{BTreeMap, HashSet};

use saphyr_parser::Marker;

use crate::bytestr::Str;
use crate::float;
use crate::limits::{Ctx, LimitError};
use crate::list::List;
use crate::map::Map;
use crate::quote::quoted;
use crate::runes;
use crate::value::Value;

use super::MAX_NESTING;
use super::encoding::base64_decode;
use super::yaml_nodes::{Document, Fault, Node, NodeId, compose};
use super::yaml_resolve::{Scalar, is_timestamp, resolve};

const NAMESPACE: &str = "tag:yaml.org,2002:";

/// Reads the first document of a text; it must be a mapping or null.
pub(super) fn decode(ctx: &mut Ctx, text: &[u8]) -> Result<Map, Fault> {
    let value = convert(ctx, text).map_err(|fault| match fault {
        Fault::Text(text) => Fault::Text(format!("error converting YAML to JSON: {text}")),
        Fault::Limit(_) => fault,
    })?;
    let kind = match value {
        Value::Map(map) => return Ok(map),
        Value::Nil => return Ok(Map::any()),
        Value::Bool(_) => "bool",
        Value::Float64(_) => "number",
        Value::List(_) => "array",
        _ => "string",
    };
    Err(Fault::Text(format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go value \
         of type map[string]interface {{}}"
    )))
}

fn convert(ctx: &mut Ctx, text: &[u8]) -> Result<Value, Fault> {
    let Some(document) = compose(ctx, text)? else {
        return Ok(Value::Nil);
    };
    let mut decoder = Decoder {
        ctx,
        document: &document,
        within: HashSet::new(),
        depth: 0,
        count: 0,
        alias_count: 0,
    };
    let root = decoder.value(document.root)?;
    let value = to_json(ctx, root)?;
    refuse_infinite(&value)?;
    Ok(value)
}

/// A value as Go's YAML has it.
enum Decoded {
    Scalar(Key),
    List(Vec<Decoded>),
    Map(BTreeMap<Key, Decoded>),
}

/// A scalar, which is also what a key may be. A float is kept as its bits.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(u64),
    Text(Str),
}

struct Decoder<'a> {
    ctx: &'a mut Ctx,
    document: &'a Document<'a>,
    /// The aliases that are being followed.
    within: HashSet<NodeId>,
    depth: usize,
    /// Values so far, and those of them that came through aliases.
    count: u32,
    alias_count: u32,
}

impl Decoder<'_> {
    fn value(&mut self, id: NodeId) -> Result<Decoded, Fault> {
        self.visit()?;
        Ok(match self.document.node(id) {
            Node::Alias { target, at } => {
                return self.follow(id, *target, *at, Self::value);
            }
            Node::Scalar {
                text,
                tag,
                implicit,
            } => Decoded::Scalar(self.scalar(text, tag, *implicit)?),
            Node::Sequence(children) => self.nested(|decoder| {
                let items = children.iter().map(|child| decoder.value(*child));
                items.collect::<Result<_, _>>().map(Decoded::List)
            })?,
            Node::Mapping(children) => self.nested(|decoder| {
                let mut entries = BTreeMap::new();
                decoder.entries(children, &mut entries)?;
                Ok(Decoded::Map(entries))
            })?,
        })
    }

    /// Pays for a value, and refuses texts that consist of aliases for the most part.
    fn visit(&mut self) -> Result<(), Fault> {
        self.ctx.charge(1)?;
        self.ctx.reserve(3 * size_of::<Value>())?;
        self.count += 1;
        if !self.within.is_empty() {
            self.alias_count += 1;
        }
        let share = f64::from(self.alias_count) / f64::from(self.count);
        if self.alias_count > 100 && self.count > 1000 && share > allowed_alias_share(self.count) {
            return Err(yaml("document contains excessive aliasing"));
        }
        Ok(())
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= MAX_NESTING {
            return Err(LimitError::Nesting(MAX_NESTING).into());
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn follow<T>(
        &mut self,
        alias: NodeId,
        target: Option<NodeId>,
        at: Marker,
        read: impl FnOnce(&mut Self, NodeId) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let Some(target) = target else {
            let name = self.document.anchor_name(at);
            return Err(yaml(format!("unknown anchor '{name}' referenced")));
        };
        if !self.within.insert(alias) {
            let name = self.document.anchor_name(at);
            return Err(yaml(format!("anchor '{name}' value contains itself")));
        }
        let result = self.nested(|decoder| read(decoder, target));
        self.within.remove(&alias);
        result
    }

    /// Reads keys and values in turn into a map; of equal keys the last one counts.
    fn entries(
        &mut self,
        children: &[NodeId],
        into: &mut BTreeMap<Key, Decoded>,
    ) -> Result<(), Fault> {
        for pair in children.chunks_exact(2) {
            let [key, value] = [pair[0], pair[1]];
            if self.is_merge(key) {
                self.merge(value, into)?;
                continue;
            }
            match self.value(key)? {
                Decoded::Scalar(key) => {
                    let value = self.value(value)?;
                    into.insert(key, value);
                }
                collection => {
                    let shown = go_syntax(&collection);
                    return Err(yaml(format!("invalid map key: {shown}")));
                }
            }
        }
        Ok(())
    }

    fn is_merge(&self, key: NodeId) -> bool {
        matches!(self.document.node(key), Node::Scalar { text, tag, implicit }
            if text == "<<" && (*implicit || tag.strip_prefix(NAMESPACE) == Some("merge")))
    }

    /// The value of `<<`: a mapping or several, of which the first has precedence.
    fn merge(&mut self, value: NodeId, into: &mut BTreeMap<Key, Decoded>) -> Result<(), Fault> {
        match self.document.node(value) {
            Node::Sequence(children) => {
                for child in children.iter().rev() {
                    self.merge_one(*child, into)?;
                }
                Ok(())
            }
            _ => self.merge_one(value, into),
        }
    }

    fn merge_one(&mut self, id: NodeId, into: &mut BTreeMap<Key, Decoded>) -> Result<(), Fault> {
        let document = self.document;
        match document.node(id) {
            Node::Mapping(children) => {
                self.visit()?;
                self.nested(|decoder| decoder.entries(children, into))
            }
            Node::Alias { target, at }
                if target.is_some_and(|id| matches!(document.node(id), Node::Mapping(_))) =>
            {
                self.visit()?;
                self.follow(id, *target, *at, |decoder, id| decoder.merge_one(id, into))
            }
            _ => Err(yaml(
                "map merge requires map or sequence of maps as the value",
            )),
        }
    }

    fn scalar(&mut self, text: &str, tag: &str, implicit: bool) -> Result<Key, Fault> {
        self.ctx.reserve(text.len())?;
        let itself = || Key::Text(text.as_bytes().into());
        if tag.is_empty() && !implicit {
            return Ok(itself());
        }
        let wanted = tag.strip_prefix(NAMESPACE).unwrap_or(tag);
        let resolved = match wanted {
            "" | "bool" | "int" | "float" | "null" | "timestamp" => resolve(text.as_bytes()),
            "binary" => {
                return match base64_decode(text.as_bytes()) {
                    Ok(bytes) => Ok(Key::Text(bytes.into())),
                    Err(_) => Err(yaml("!!binary value contains invalid base64 data")),
                };
            }
            _ => Scalar::Text,
        };
        let (kind, key) = match resolved {
            Scalar::Null => ("null", Key::Null),
            Scalar::Bool(b) => ("bool", Key::Bool(b)),
            #[expect(clippy::cast_precision_loss, reason = "what the tag asks for")]
            Scalar::Int(n) if wanted == "float" => ("float", Key::Float((n as f64).to_bits())),
            Scalar::Int(n) => ("int", Key::Int(n)),
            Scalar::Uint(n) => ("int", Key::Uint(n)),
            Scalar::Float(x) => ("float", Key::Float(x.to_bits())),
            Scalar::Text if wanted == "timestamp" && is_timestamp(text.as_bytes()) => {
                ("timestamp", itself())
            }
            Scalar::Text => ("str", itself()),
        };
        match wanted {
            "bool" | "int" | "float" | "null" | "timestamp" if wanted != kind => Err(yaml(
                format!("cannot decode !!{kind} `{text}` as a !!{wanted}"),
            )),
            _ => Ok(key),
        }
    }
}

/// Go's bound on what share of the values may come through aliases.
fn allowed_alias_share(count: u32) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    let within = ((f64::from(count) - LOW) / (HIGH - LOW)).clamp(0.0, 1.0);
    0.99 - 0.89 * within
}

fn yaml(problem: impl AsRef<str>) -> Fault {
    Fault::Text(format!("yaml: {}", problem.as_ref()))
}

/// Keys become strings, numbers `float64`. Recurses no deeper than the decoder did.
fn to_json(ctx: &mut Ctx, decoded: Decoded) -> Result<Value, Fault> {
    ctx.charge(1)?;
    Ok(match decoded {
        Decoded::Scalar(scalar) => json_scalar(scalar),
        Decoded::List(items) => {
            let items = items.into_iter().map(|item| to_json(ctx, item));
            List::any(items.collect::<Result<_, _>>()?).into()
        }
        Decoded::Map(entries) => {
            let mut map = BTreeMap::new();
            for (key, value) in entries {
                let key = json_key(key, &value)?;
                map.insert(key, to_json(ctx, value)?);
            }
            map.into_iter().collect::<Map>().into()
        }
    })
}

fn json_scalar(scalar: Key) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of JSON are floats in Go"
    )]
    match scalar {
        Key::Null => Value::Nil,
        Key::Bool(b) => Value::Bool(b),
        Key::Int(n) => Value::Float64(n as f64),
        Key::Uint(n) => Value::Float64(n as f64),
        Key::Float(bits) => Value::Float64(f64::from_bits(bits)),
        Key::Text(text) => Value::Str(utf8(text)),
    }
}

fn json_key(key: Key, value: &Decoded) -> Result<Str, Fault> {
    let unsupported = |kind: &str, key: &str| {
        let value = go_syntax(value);
        Fault::Text(format!(
            "unsupported map key of type: {kind}, key: {key}, value: {value}"
        ))
    };
    let text = match key {
        Key::Null => return Err(unsupported("%!s(<nil>)", "<nil>")),
        Key::Uint(n) => return Err(unsupported("uint64", &format!("{n:#x}"))),
        Key::Text(text) => return Ok(utf8(text)),
        Key::Bool(b) => b.to_string(),
        Key::Int(n) => n.to_string(),
        Key::Float(bits) => float_key(f64::from_bits(bits)),
    };
    Ok(text.into_bytes().into())
}

/// With no more digits than a `float32` has, as Go's library has it.
fn float_key(x: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "the loss is Go's")]
    let narrow = x as f32;
    if narrow.is_nan() {
        return ".nan".to_owned();
    }
    if narrow.is_infinite() {
        return if narrow > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    // Digits that suffice for the narrow type are the shortest for the wide one as well.
    let digits = narrow.to_string().parse().unwrap_or(x);
    float::format(digits, b'g', None)
}

/// JSON has no other text; only `!!binary` can make some.
fn utf8(text: Str) -> Str {
    if std::str::from_utf8(&text).is_ok() {
        return text;
    }
    let mut rest: &[u8] = &text;
    let mut valid = Vec::with_capacity(text.len());
    while !rest.is_empty() {
        let (c, width) = runes::decode(rest);
        runes::push(&mut valid, c);
        rest = &rest[width..];
    }
    valid.into()
}

/// JSON has no infinity.
fn refuse_infinite(value: &Value) -> Result<(), Fault> {
    match value {
        Value::Float64(x) if !x.is_finite() => Err(Fault::Text(format!(
            "json: unsupported value: {}",
            float::format(*x, b'g', None)
        ))),
        Value::List(list) => list.items().iter().try_for_each(refuse_infinite),
        Value::Map(map) => map
            .entries()
            .iter()
            .try_for_each(|(_, value)| refuse_infinite(value)),
        _ => Ok(()),
    }
}

/// A value in a message, as `%#v` prints it.
fn go_syntax(value: &Decoded) -> String {
    let inner = |value: &Decoded| match value {
        Decoded::Scalar(Key::Null) => "interface {}(nil)".to_owned(),
        other => go_syntax(other),
    };
    match value {
        Decoded::Scalar(scalar) => scalar_syntax(scalar),
        Decoded::List(items) => {
            let items: Vec<String> = items.iter().map(inner).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Decoded::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| {
                let key = match key {
                    Key::Null => "interface {}(nil)".to_owned(),
                    key => scalar_syntax(key),
                };
                format!("{key}:{}", inner(value))
            });
            let entries: Vec<String> = entries.collect();
            format!(
                "map[interface {{}}]interface {{}}{{{}}}",
                entries.join(", ")
            )
        }
    }
}

fn scalar_syntax(scalar: &Key) -> String {
    match scalar {
        Key::Null => "<nil>".to_owned(),
        Key::Bool(b) => b.to_string(),
        Key::Int(n) => n.to_string(),
        Key::Uint(n) => format!("{n:#x}"),
        Key::Float(bits) => float::format(f64::from_bits(*bits), b'g', None),
        Key::Text(text) => quoted(&String::from_utf8_lossy(text)),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use crate::limits::Limits;

    use super::*;

    fn fault(text: &str) -> Fault {
        decode(&mut Ctx::new(&Limits::default()), text.as_bytes()).unwrap_err()
    }

    #[test]
    fn aliases_cannot_make_much_of_little() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            writeln!(text, "a{level}: &a{level} [{aliases}]").unwrap();
        }
        match fault(&text) {
            Fault::Text(text) => assert!(text.ends_with("excessive aliasing"), "{text}"),
            Fault::Limit(limit) => assert!(matches!(limit, LimitError::Memory(_)), "{limit}"),
        }
    }

    #[test]
    fn nesting_ends_before_the_stack_does() {
        let indented = (0..2_000).map(|level| " ".repeat(level) + "a:\n");
        let indented = indented.collect::<String>();
        let mut chained = "a0: &a0 [x]\n".to_owned();
        for level in 1..2_000 {
            writeln!(chained, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
        }
        for text in [indented, "- ".repeat(100_000), chained] {
            let limit = LimitError::Nesting(MAX_NESTING);
            assert!(matches!(fault(&text), Fault::Limit(found) if found == limit));
        }
        assert!(matches!(fault(&"[".repeat(100_000)), Fault::Text(_)));
    }
}
