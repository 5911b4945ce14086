//! The destination Secret, and the transformation on the way to it.

use secretwire_api::{Destination, TransformationRef};
use secretwire_core::transform::{Linter, linked_key};

use crate::directory::Referent;
use crate::names::{is_dns_label, is_dns_subdomain, is_label_value, is_qualified_name};
use crate::problem::Code;

use super::{Checked, Subject};

pub(super) fn check(
    subject: &Subject,
    destination: &Destination,
    linter: &Linter,
    checked: &mut Checked,
) {
    if !is_dns_subdomain(&destination.name) {
        let text = format!(
            "{:?} is no name of a Secret: use lower case letters, digits, `-` and `.`",
            destination.name
        );
        checked.add(Code::Sw705, "spec.destination.name", text);
    }
    if destination.create {
        metadata(destination, checked);
    } else {
        without_effect(destination, checked);
    }
    let Some(transformation) = &destination.transformation else {
        return;
    };
    let faults = linter.inline(&subject.key(), transformation, subject.exclude_raw);
    checked.faults(TRANSFORMATION, faults);
    for (index, link) in transformation.transformation_refs.iter().enumerate() {
        let field = format!("{TRANSFORMATION}.transformationRefs[{index}]");
        link_to(subject, &field, link, checked);
    }
}

/// Labels and annotations that the API server would refuse.
fn metadata(destination: &Destination, checked: &mut Checked) {
    let maps = [
        ("labels", &destination.labels),
        ("annotations", &destination.annotations),
    ];
    for (field, map) in maps {
        for key in map.keys().filter(|key| !is_qualified_name(key)) {
            let text = "is no key of a label or annotation: write `name` or `domain/name`";
            let field = format!("spec.destination.{field}[{key}]");
            checked.add(Code::Sw705, field, text);
        }
    }
    for (key, value) in &destination.labels {
        if !is_label_value(value) {
            let text = format!(
                "{value:?} is no value of a label: use letters, digits, `-`, `_` and `.`, at most 63"
            );
            checked.add(Code::Sw705, format!("spec.destination.labels[{key}]"), text);
        }
    }
}

/// With `create: false` only the data is written.
fn without_effect(destination: &Destination, checked: &mut Checked) {
    let set = [
        ("labels", !destination.labels.is_empty()),
        ("annotations", !destination.annotations.is_empty()),
        (
            "type",
            destination.type_.as_ref().is_some_and(|t| !t.is_empty()),
        ),
        ("overwrite", destination.overwrite),
    ];
    for (field, _) in set.iter().filter(|(_, set)| *set) {
        let field = format!("spec.destination.{field}");
        let text = "has no effect unless destination.create is set";
        checked.add(Code::Sw706, field, text);
    }
}

fn link_to(subject: &Subject, field: &str, link: &TransformationRef, checked: &mut Checked) {
    let key = linked_key(link, &subject.namespace);
    if !is_dns_subdomain(&key.name) {
        let text = format!("{:?} is no name of a SecretTransformation", key.name);
        checked.add(Code::Sw705, format!("{field}.name"), text);
    } else if !is_dns_label(&key.namespace, 63) {
        let text = format!("{:?} is no name of a namespace", key.namespace);
        checked.add(Code::Sw705, format!("{field}.namespace"), text);
    } else {
        checked.mention(field, Referent::SecretTransformation, key);
    }
}

const TRANSFORMATION: &str = "spec.destination.transformation";
