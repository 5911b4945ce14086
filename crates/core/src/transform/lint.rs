//! All that is wrong with a transformation by itself, for whoever can still change it. What only the linked objects
//! know is left to [`compile`](super::compile).

use std::collections::BTreeSet;

use secretwire_api::{
    SecretTransformationSpec, TemplateRef, Transformation, TransformationRef, names::RAW_KEY,
};
use secretwire_gotemplate::{Error, InputField, Set};

use super::{
    compile::{Named, is_template, sources},
    filters::{compile_one, complaint},
    linked_key, prototype,
};
use crate::{
    ObjectKey,
    render::{INPUT_FIELDS, KEY_FIELDS, is_valid_key},
};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field, below the transformation.
    pub field: String,
    /// What sort of fault it is.
    pub kind: FaultKind,
    /// Place in the field, cause and cure.
    pub text: String,
}

/// Sorts of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A template that does not parse.
    Template,
    /// A regular expression that does not compile.
    Expression,
    /// Something twice that can be there once.
    Duplicate,
    /// A template whose key another makes.
    Shadowed,
    /// A key that the Secret cannot have.
    Key,
    /// A field that the input of templates has not.
    Input,
}

/// Finds what is wrong with transformations.
#[derive(Debug)]
pub struct Linter {
    prototype: Set,
}

impl Default for Linter {
    fn default() -> Self {
        Self::new()
    }
}

impl Linter {
    /// One that knows the functions that resources may call.
    pub fn new() -> Self {
        Self {
            prototype: prototype(),
        }
    }

    /// Looks at the transformation of the resource `owner`.
    pub fn inline(
        &self,
        owner: &ObjectKey,
        transformation: &Transformation,
        exclude_raw: bool,
    ) -> Vec<Fault> {
        let raw_is_free = exclude_raw || transformation.exclude_raw.unwrap_or_default();
        let mut pass = Pass::new(&self.prototype, raw_is_free);
        for (key, template) in &transformation.templates {
            let field = format!("templates[{key}]");
            pass.key(&field, key);
            let named = Named::output(owner, key, key, template);
            pass.template(&field, &named, is_template(key));
        }
        pass.links(owner, &transformation.transformation_refs);
        pass.filters(&transformation.includes, &transformation.excludes);
        pass.faults
    }

    /// Looks at the SecretTransformation `object`. Whether its keys can be those of a Secret is for those to say who take
    /// them, perhaps under other keys.
    pub fn shared(&self, object: &ObjectKey, spec: &SecretTransformationSpec) -> Vec<Fault> {
        let mut pass = Pass::new(&self.prototype, true);
        for (index, named) in sources(object, &spec.source_templates).enumerate() {
            pass.template(&format!("sourceTemplates[{index}]"), &named, true);
        }
        for (key, template) in &spec.templates {
            let field = format!("templates[{key}]");
            if is_template(key) {
                pass.parse(field.clone(), "key", key);
            }
            let named = Named::output(object, key, key, template);
            // Whoever takes it may call it for each key.
            pass.template(&field, &named, true);
        }
        pass.filters(&spec.includes, &spec.excludes);
        pass.faults
    }
}

/// What has been seen so far.
struct Pass<'a> {
    prototype: &'a Set,
    /// Whether a template may make the key `_raw`.
    raw_is_free: bool,
    names: BTreeSet<String>,
    keys: BTreeSet<String>,
    faults: Vec<Fault>,
}

impl<'a> Pass<'a> {
    fn new(prototype: &'a Set, raw_is_free: bool) -> Self {
        Self {
            prototype,
            raw_is_free,
            names: BTreeSet::new(),
            keys: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    fn template(&mut self, field: &str, named: &Named<'_>, for_keys: bool) {
        if !self.names.insert(named.name.clone()) {
            let text = format!(
                "another template is called {:?} too: rename one",
                named.name
            );
            self.add(format!("{field}.name"), FaultKind::Duplicate, text);
        }
        let field = format!("{field}.text");
        let Some(set) = self.parse(field.clone(), &named.name, named.text) else {
            return;
        };
        // A template without a key is called by others, with what they like.
        if named.key.is_some() {
            self.input(&field, &set.input_fields(&named.name), for_keys);
        }
    }

    fn input(&mut self, field: &str, asked: &[InputField], for_keys: bool) {
        let known =
            |name: &str| INPUT_FIELDS.contains(&name) || for_keys && KEY_FIELDS.contains(&name);
        for asked in asked.iter().filter(|asked| !known(&asked.name)) {
            let text = format!(
                "line {}, column {}: the input has no .{}: it has .Secrets with the data of Vault, .Metadata, \
                 .Annotations and .Labels",
                asked.line,
                asked.column + 1,
                asked.name
            );
            self.add(field, FaultKind::Input, text);
        }
    }

    fn links(&mut self, owner: &ObjectKey, links: &[TransformationRef]) {
        let mut seen = BTreeSet::new();
        for (index, link) in links.iter().enumerate() {
            let field = format!("transformationRefs[{index}]");
            let key = linked_key(link, &owner.namespace);
            self.template_refs(&field, &link.template_refs);
            if !seen.insert(key.clone()) {
                let text = format!("{key} is named twice: name its templates in one entry");
                self.add(field, FaultKind::Duplicate, text);
            }
        }
    }

    fn template_refs(&mut self, link: &str, wanted: &[TemplateRef]) {
        let mut names = BTreeSet::new();
        for (index, template) in wanted.iter().enumerate() {
            let field = format!("{link}.templateRefs[{index}]");
            if !names.insert(template.name.as_str()) {
                let text = format!("template {:?} is named twice: drop one", template.name);
                self.add(format!("{field}.name"), FaultKind::Duplicate, text);
                continue;
            }
            match template.key_override.as_deref().filter(|k| !k.is_empty()) {
                Some(key) => self.key(&format!("{field}.keyOverride"), key),
                None => self.key(&format!("{field}.name"), &template.name),
            }
        }
    }

    fn key(&mut self, field: &str, key: &str) {
        if key == RAW_KEY && !self.raw_is_free {
            let text =
                "`_raw` holds the whole answer of Vault: set excludeRaw, or choose another key";
            self.add(field, FaultKind::Key, text);
        } else if is_template(key) {
            self.parse(field.to_owned(), "key", key);
        } else if !is_valid_key(key) {
            let text = format!(
                "{key:?} is no key of a Secret: use letters, digits, `-`, `_` and `.`, at most 253"
            );
            self.add(field, FaultKind::Key, text);
        }
        if !self.keys.insert(key.to_owned()) {
            let text = format!(
                "another template makes the key {key:?} too, and the one whose name sorts last wins: set keyOverride"
            );
            self.add(field, FaultKind::Shadowed, text);
        }
    }

    fn parse(&mut self, field: String, name: &str, text: &str) -> Option<Set> {
        // Texts see each other's definitions only when they run, so each is parsed by itself.
        let mut set = self.prototype.clone();
        match set.parse(name, text.as_bytes()) {
            Ok(()) => Some(set),
            Err(error) => {
                self.add(field, FaultKind::Template, located(&error));
                None
            }
        }
    }

    fn filters(&mut self, includes: &[String], excludes: &[String]) {
        let count = includes.len() + excludes.len();
        for (field, expressions) in [("includes", includes), ("excludes", excludes)] {
            for (index, expression) in expressions.iter().enumerate() {
                if let Err(cause) = compile_one(expression, count) {
                    let text = complaint(expression, &cause);
                    self.add(format!("{field}[{index}]"), FaultKind::Expression, text);
                }
            }
        }
    }

    fn add(&mut self, field: impl Into<String>, kind: FaultKind, text: impl Into<String>) {
        self.faults.push(Fault {
            field: field.into(),
            kind,
            text: text.into(),
        });
    }
}

/// Go's message with the line first, and without the template's name, which the field says.
fn located(error: &Error) -> String {
    let message = error.to_string();
    let place = format!("template: {}:{}: ", error.template(), error.line());
    let cause = message.strip_prefix(&place).unwrap_or(&message);
    match error.column() {
        Some(column) => format!("line {}, column {}: {cause}", error.line(), column + 1),
        None => format!("line {}: {cause}", error.line()),
    }
}
