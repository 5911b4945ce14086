use std::collections::{BTreeMap, BTreeSet};

use secretwire_api::{
    SecretTransformationSpec, Template, Transformation, TransformationRef, names::RAW_KEY,
};
use secretwire_gotemplate::ParsedCache;

use super::{FilterError, Filters, Key, Output, Transform, TransformError};
use crate::ObjectKey;

/// A template, and the key that it makes, if any.
pub(super) struct Named<'a> {
    pub(super) key: Option<String>,
    pub(super) name: String,
    pub(super) text: &'a str,
}

/// Makes a transformation usable. `owner` is the resource; `linked` finds
/// SecretTransformations, or says why they cannot be used.
pub fn compile<'a>(
    owner: &ObjectKey,
    transformation: &'a Transformation,
    exclude_raw: bool,
    linked: impl Fn(&ObjectKey) -> Result<&'a SecretTransformationSpec, TransformError>,
    cache: &ParsedCache,
) -> Result<Transform, TransformError> {
    let exclude_raw = exclude_raw || transformation.exclude_raw.unwrap_or_default();
    let mut includes = transformation.includes.clone();
    let mut excludes = transformation.excludes.clone();
    // Where expressions come from that are not the resource's own, to be told of a bad one.
    let mut origins: BTreeMap<&str, ObjectKey> = BTreeMap::new();
    let mut named: Vec<Named<'a>> = transformation
        .templates
        .iter()
        .map(|(key, template)| Named::output(owner, key, key, template))
        .collect();
    let mut seen = BTreeSet::new();
    for link in &transformation.transformation_refs {
        let key = linked_key(link, &owner.namespace);
        let spec = linked(&key)?;
        if !seen.insert(key.clone()) {
            return Err(TransformError::Repeated(key));
        }
        named.extend(sources(&key, &spec.source_templates));
        if link.template_refs.is_empty() {
            for (template_key, template) in &spec.templates {
                let taken = named.iter().any(|other| other.name == *template_key);
                if !taken {
                    named.push(Named::output(&key, template_key, template_key, template));
                }
            }
        }
        for wanted in &link.template_refs {
            let template =
                spec.templates
                    .get(&wanted.name)
                    .ok_or_else(|| TransformError::NoTemplate {
                        object: key.clone(),
                        template: wanted.name.clone(),
                        known: spec
                            .templates
                            .keys()
                            .cloned()
                            .collect::<Vec<_>>()
                            .join(", "),
                    })?;
            let output = wanted.key_override.as_deref().filter(|k| !k.is_empty());
            let output = output.unwrap_or(&wanted.name);
            named.push(Named::output(&key, &wanted.name, output, template));
        }
        for (ignored, all, more) in [
            (link.ignore_includes, &mut includes, &spec.includes),
            (link.ignore_excludes, &mut excludes, &spec.excludes),
        ] {
            if !ignored.unwrap_or_default() {
                origins.extend(
                    more.iter()
                        .map(|expression| (expression.as_str(), key.clone())),
                );
                all.extend(more.iter().cloned());
            }
        }
    }
    for own in transformation
        .includes
        .iter()
        .chain(&transformation.excludes)
    {
        origins.remove(own.as_str());
    }
    includes.sort();
    excludes.sort();
    let filters = Filters::compile(&includes, &excludes).map_err(|error| FilterError {
        origin: origins.remove(error.expression.as_str()),
        ..error
    })?;
    build(named, filters, exclude_raw, cache)
}

/// The SecretTransformation that a link of a resource in `namespace` means.
pub fn linked_key(link: &TransformationRef, namespace: &str) -> ObjectKey {
    let named = link.namespace.as_deref().filter(|n| !n.is_empty());
    ObjectKey::new(named.unwrap_or(namespace), &link.name)
}

/// Whether the templates and filters of a SecretTransformation can be used.
pub fn check(
    object: &ObjectKey,
    spec: &SecretTransformationSpec,
    cache: &ParsedCache,
) -> Result<(), TransformError> {
    let mut named: Vec<_> = sources(object, &spec.source_templates).collect();
    for (key, template) in &spec.templates {
        named.push(Named::output(object, key, key, template));
    }
    let filters = Filters::compile(&spec.includes, &spec.excludes)?;
    build(named, filters, true, cache).map(drop)
}

impl<'a> Named<'a> {
    pub(super) fn output(
        object: &ObjectKey,
        key: &str,
        output: &str,
        template: &'a Template,
    ) -> Self {
        Self {
            key: Some(output.to_owned()),
            name: name_of(template, || format!("{object}/{key}")),
            text: &template.text,
        }
    }
}

pub(super) fn sources<'a>(
    object: &ObjectKey,
    templates: &'a [Template],
) -> impl Iterator<Item = Named<'a>> {
    templates
        .iter()
        .enumerate()
        .map(move |(index, template)| Named {
            key: None,
            name: name_of(template, || format!("{object}/{index}")),
            text: &template.text,
        })
}

fn name_of(template: &Template, unnamed: impl FnOnce() -> String) -> String {
    let name = template.name.clone().filter(|name| !name.is_empty());
    name.unwrap_or_else(unnamed)
}

fn build(
    mut named: Vec<Named<'_>>,
    filters: Filters,
    exclude_raw: bool,
    cache: &ParsedCache,
) -> Result<Transform, TransformError> {
    // Sources first, as no key sorts before any; then by key and name.
    named.sort_by(|a, b| (&a.key, &a.name).cmp(&(&b.key, &b.name)));
    let mut known = BTreeSet::new();
    for template in &named {
        if !known.insert(template.name.as_str()) {
            return Err(TransformError::DuplicateName(template.name.clone()));
        }
        if template.key.as_deref() == Some(RAW_KEY) && !exclude_raw {
            return Err(TransformError::RawKey);
        }
    }
    let mut outputs: Vec<Output> = Vec::new();
    let mut key_templates = Vec::new();
    for (index, template) in named.iter().enumerate() {
        let Some(key) = &template.key else { continue };
        let next = named.get(index + 1);
        if next.is_some_and(|next| next.key.as_ref() == Some(key)) {
            // The last by name makes the key.
            continue;
        }
        let key = if is_template(key) {
            let name = key_template(&template.name, &known);
            key_templates.push((name.clone(), key.as_str()));
            Key::EachSource(name)
        } else {
            Key::Fixed(key.clone())
        };
        outputs.push(Output {
            key,
            template: template.name.clone(),
        });
    }
    let texts: Vec<(&str, &[u8])> = named
        .iter()
        .map(|template| (template.name.as_str(), template.text.as_bytes()))
        .chain(
            key_templates
                .iter()
                .map(|(name, text)| (name.as_str(), text.as_bytes())),
        )
        .collect();
    let set = if texts.is_empty() {
        None
    } else {
        let parsed = cache.get_or_parse(&texts);
        Some(parsed.map_err(|error| TransformError::Parse(error.to_string()))?)
    };
    Ok(Transform {
        set,
        outputs,
        filters,
        exclude_raw,
    })
}

/// A key of `templates` that is itself a template is rendered for each source key.
pub(super) fn is_template(key: &str) -> bool {
    key.contains("{{")
}

/// What the template of the key of the template `name` is called: as none of those that users named.
fn key_template(name: &str, known: &BTreeSet<&str>) -> String {
    let mut free = format!("{name} (key)");
    while known.contains(free.as_str()) {
        free.push_str(" (key)");
    }
    free
}
