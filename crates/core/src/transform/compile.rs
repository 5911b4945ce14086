use std::collections::BTreeSet;

use secretwire_api::{
    SecretTransformationSpec, Template, Transformation, TransformationRef, names::RAW_KEY,
};
use secretwire_gotemplate::ParsedCache;

use super::{Filters, Key, Output, Transform, TransformError};
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
        if !link.ignore_includes.unwrap_or_default() {
            includes.extend(spec.includes.iter().cloned());
        }
        if !link.ignore_excludes.unwrap_or_default() {
            excludes.extend(spec.excludes.iter().cloned());
        }
    }
    includes.sort();
    excludes.sort();
    build(
        named,
        Filters::compile(&includes, &excludes)?,
        exclude_raw,
        cache,
    )
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
    let mut keys = BTreeSet::new();
    for template in &named {
        if !known.insert(template.name.as_str()) {
            return Err(TransformError::DuplicateName(template.name.clone()));
        }
        if let Some(key) = &template.key {
            if key == RAW_KEY && !exclude_raw {
                return Err(TransformError::RawKey);
            }
            if !keys.insert(key.as_str()) {
                return Err(TransformError::DuplicateKey(key.clone()));
            }
        }
    }
    let outputs: Vec<_> = named
        .iter()
        .filter_map(|template| {
            let key = template.key.as_ref()?;
            Some(Output {
                key: if is_template(key) {
                    Key::EachSource(key_template(&template.name))
                } else {
                    Key::Fixed(key.clone())
                },
                template: template.name.clone(),
            })
        })
        .collect();
    let key_templates: Vec<_> = named
        .iter()
        .filter_map(|template| {
            let key = template.key.as_deref().filter(|key| is_template(key))?;
            Some((key_template(&template.name), key))
        })
        .collect();
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

fn key_template(name: &str) -> String {
    format!("{name} (key)")
}
