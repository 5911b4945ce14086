//! What to do about one destination Secret.

use std::collections::BTreeMap;

use k8s_openapi::{
    ByteString,
    api::core::v1::Secret,
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference},
};
use secretwire_api::{
    Destination,
    names::{API_VERSION, label},
};

use crate::{ObjectKey, SecretData};

/// Type of a Secret that names none.
const OPAQUE: &str = "Opaque";

/// The resource that a Secret belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Kind of the resource.
    pub kind: &'static str,
    /// Its namespace and name.
    pub key: ObjectKey,
    /// Its UID.
    pub uid: String,
}

impl Owner {
    fn reference(&self) -> OwnerReference {
        OwnerReference {
            api_version: API_VERSION.to_owned(),
            kind: self.kind.to_owned(),
            name: self.key.name.clone(),
            uid: self.uid.clone(),
            ..Default::default()
        }
    }

    fn labels(&self) -> [(&'static str, &str); 4] {
        [
            (label::MANAGED_BY, label::MANAGED_BY_VALUE),
            (label::NAME, label::NAME_VALUE),
            (label::COMPONENT, label::COMPONENT_SECRET_SYNC),
            (label::OWNER_UID, &self.uid),
        ]
    }
}

/// How closely labels and annotations of a Secret are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// What is wanted must be there; what others added is left alone.
    Contains,
    /// Nothing else may be there: the resource was edited, and what it no
    /// longer asks for has to go.
    Exact,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub enum SecretStep {
    /// Nothing: all is as wanted.
    Keep,
    /// Create this Secret.
    Create(Box<Secret>),
    /// Replace the Secret by this one, which carries the resourceVersion it was planned on.
    Replace(Box<Secret>),
    /// Delete the Secret, then create this one: type and immutable data cannot be changed.
    Recreate(Box<Secret>),
    /// Leave the Secret alone.
    Refuse(Conflict),
}

/// Why a Secret is left alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// With `create: false` the Secret must exist.
    #[error("Secret {0:?} does not exist: create it, or set destination.create to have it created")]
    Missing(String),
    /// Someone else's.
    #[error(
        "Secret {name:?} exists and is not owned by this resource ({owner}): choose another \
         destination.name, delete the Secret, or set destination.overwrite to take it over"
    )]
    Foreign {
        /// Name of the Secret.
        name: String,
        /// Who owns it, as far as it says.
        owner: String,
    },
    /// Another resource of this API owns it; `overwrite` does not help.
    #[error(
        "Secret {name:?} is owned by {owner}: two resources cannot write one Secret, \
         choose another destination.name"
    )]
    OtherOwner {
        /// Name of the Secret.
        name: String,
        /// Who owns it.
        owner: String,
    },
    /// With `create: false` an immutable Secret cannot be changed.
    #[error(
        "Secret {0:?} is immutable: recreate it without `immutable`, or set destination.create"
    )]
    Immutable(String),
}

/// Decides what brings `live` to what `destination` and `data` want.
pub fn plan_secret(
    owner: &Owner,
    destination: &Destination,
    data: &SecretData,
    live: Option<&Secret>,
    strictness: Strictness,
) -> SecretStep {
    match (destination.create, live) {
        (false, None) => SecretStep::Refuse(Conflict::Missing(destination.name.clone())),
        (false, Some(live)) => plan_data_only(destination, data, live),
        (true, None) => SecretStep::Create(Box::new(owned(owner, destination, data))),
        (true, Some(live)) => plan_owned(owner, destination, data, live, strictness),
    }
}

fn plan_data_only(destination: &Destination, data: &SecretData, live: &Secret) -> SecretStep {
    if same_data(data, live) {
        return SecretStep::Keep;
    }
    if live.immutable == Some(true) {
        return SecretStep::Refuse(Conflict::Immutable(destination.name.clone()));
    }
    SecretStep::Replace(Box::new(Secret {
        data: Some(bytes(data)),
        string_data: None,
        ..live.clone()
    }))
}

fn plan_owned(
    owner: &Owner,
    destination: &Destination,
    data: &SecretData,
    live: &Secret,
    strictness: Strictness,
) -> SecretStep {
    if let Some(conflict) = conflict(owner, destination, live) {
        return SecretStep::Refuse(conflict);
    }
    let want = owned(owner, destination, data);
    if live.type_.as_deref().unwrap_or(OPAQUE) != want.type_.as_deref().unwrap_or(OPAQUE) {
        return SecretStep::Recreate(Box::new(want));
    }
    let unchanged = same_data(data, live)
        && same_map(
            want.metadata.labels.as_ref(),
            live.metadata.labels.as_ref(),
            strictness,
        )
        && same_map(
            want.metadata.annotations.as_ref(),
            live.metadata.annotations.as_ref(),
            strictness,
        )
        && want.metadata.owner_references == live.metadata.owner_references;
    if unchanged {
        return SecretStep::Keep;
    }
    if live.immutable == Some(true) {
        return SecretStep::Recreate(Box::new(want));
    }
    // Finalizers and the like of others survive; the resourceVersion makes the
    // API server refuse what was planned on an old view.
    SecretStep::Replace(Box::new(Secret {
        metadata: ObjectMeta {
            labels: want.metadata.labels,
            annotations: want.metadata.annotations,
            owner_references: want.metadata.owner_references,
            managed_fields: None,
            ..live.metadata.clone()
        },
        ..want
    }))
}

/// A Secret is ours when it says so by ownerReference, or by our UID in its
/// labels where someone stripped the reference.
fn conflict(owner: &Owner, destination: &Destination, live: &Secret) -> Option<Conflict> {
    let references = live
        .metadata
        .owner_references
        .as_deref()
        .unwrap_or_default();
    let labels = live.metadata.labels.as_ref();
    let has = |(key, value): (&str, &str)| {
        labels
            .and_then(|labels| labels.get(key))
            .map(String::as_str)
            == Some(value)
    };
    let ours = match references {
        [] => owner.labels().into_iter().all(has),
        all => all.iter().all(|reference| reference.uid == owner.uid),
    };
    if ours {
        return None;
    }
    let name = destination.name.clone();
    let described = references.first().map_or_else(
        || "it has no owner".to_owned(),
        |reference| format!("{} {:?}", reference.kind, reference.name),
    );
    let held = owner.labels().into_iter().take(3).all(has);
    if destination.overwrite && !held {
        return None;
    }
    Some(if held {
        Conflict::OtherOwner {
            name,
            owner: described,
        }
    } else {
        Conflict::Foreign {
            name,
            owner: described,
        }
    })
}

fn owned(owner: &Owner, destination: &Destination, data: &SecretData) -> Secret {
    let mut labels = destination.labels.clone();
    for (key, value) in owner.labels() {
        labels.insert(key.to_owned(), value.to_owned());
    }
    Secret {
        metadata: ObjectMeta {
            name: Some(destination.name.clone()),
            namespace: Some(owner.key.namespace.clone()),
            labels: Some(labels),
            annotations: Some(destination.annotations.clone()).filter(|map| !map.is_empty()),
            owner_references: Some(vec![owner.reference()]),
            ..Default::default()
        },
        type_: Some(
            destination
                .type_
                .clone()
                .filter(|t| !t.is_empty())
                .unwrap_or_else(|| OPAQUE.to_owned()),
        ),
        data: Some(bytes(data)),
        ..Default::default()
    }
}

fn bytes(data: &SecretData) -> BTreeMap<String, ByteString> {
    data.expose()
        .map(|(key, value)| (key.to_owned(), ByteString(value.to_vec())))
        .collect()
}

fn same_data(data: &SecretData, live: &Secret) -> bool {
    let live = live.data.as_ref();
    live.map_or(0, BTreeMap::len) == data.len()
        && data.expose().all(|(key, value)| {
            live.and_then(|live| live.get(key))
                .is_some_and(|live| live.0 == value)
        })
}

fn same_map(
    want: Option<&BTreeMap<String, String>>,
    live: Option<&BTreeMap<String, String>>,
    strictness: Strictness,
) -> bool {
    let none = BTreeMap::new();
    let (want, live) = (want.unwrap_or(&none), live.unwrap_or(&none));
    match strictness {
        Strictness::Exact => want == live,
        Strictness::Contains => want.iter().all(|(key, value)| live.get(key) == Some(value)),
    }
}

#[cfg(test)]
mod tests;
