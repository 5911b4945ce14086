use k8s_openapi::api::core::v1::Secret;

use super::*;

fn owner() -> Owner {
    Owner {
        kind: "VaultStaticSecret",
        key: ObjectKey::new("app", "db"),
        uid: "uid-1".into(),
    }
}

fn destination() -> Destination {
    Destination {
        name: "db-secret".into(),
        create: true,
        ..Default::default()
    }
}

fn data(value: &str) -> SecretData {
    let mut data = SecretData::default();
    data.insert("password", value);
    data
}

fn plan(destination: &Destination, data: &SecretData, live: Option<&Secret>) -> SecretStep {
    plan_secret(&owner(), destination, data, live, Strictness::Contains)
}

fn created(destination: &Destination) -> Secret {
    match plan(destination, &data("a"), None) {
        SecretStep::Create(secret) => {
            let mut secret = *secret;
            secret.metadata.resource_version = Some("1".into());
            secret
        }
        other => panic!("{other:?}"),
    }
}

fn foreign() -> Secret {
    Secret {
        metadata: ObjectMeta {
            name: Some("db-secret".into()),
            ..Default::default()
        },
        ..Default::default()
    }
}

#[test]
fn planning_over_what_was_applied_keeps_it() {
    let mut destination = destination();
    destination.labels = [("tier".to_owned(), "db".to_owned())].into();
    destination.annotations = [("note".to_owned(), "hello".to_owned())].into();
    let live = created(&destination);
    assert_eq!(
        plan(&destination, &data("a"), Some(&live)),
        SecretStep::Keep
    );
}

#[test]
fn a_created_secret_carries_owner_labels_and_reference_as_vso_writes_them() {
    let mut destination = destination();
    destination.labels = [(label::NAME.to_owned(), "mine".to_owned())].into();
    let secret = created(&destination);
    let labels = secret.metadata.labels.unwrap();
    assert_eq!(labels[label::NAME], "vault-secrets-operator");
    assert_eq!(labels[label::MANAGED_BY], "hashicorp-vso");
    assert_eq!(labels[label::COMPONENT], "secret-sync");
    assert_eq!(labels[label::OWNER_UID], "uid-1");
    let reference = &secret.metadata.owner_references.unwrap()[0];
    assert_eq!(
        (reference.controller, reference.block_owner_deletion),
        (None, None)
    );
    assert_eq!(secret.type_.as_deref(), Some("Opaque"));
}

#[test]
fn changed_or_edited_data_is_replaced_on_the_version_it_was_planned_on() {
    let live = created(&destination());
    match plan(&destination(), &data("b"), Some(&live)) {
        SecretStep::Replace(secret) => {
            assert_eq!(secret.metadata.resource_version.as_deref(), Some("1"));
            assert_eq!(secret.data.unwrap()["password"].0, b"b");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_others_added_stays_until_the_resource_is_edited() {
    let mut live = created(&destination());
    live.metadata.annotations = Some([("other/tool".to_owned(), "x".to_owned())].into());
    assert_eq!(
        plan(&destination(), &data("a"), Some(&live)),
        SecretStep::Keep
    );
    let exact = plan_secret(
        &owner(),
        &destination(),
        &data("a"),
        Some(&live),
        Strictness::Exact,
    );
    assert!(matches!(exact, SecretStep::Replace(_)));
}

#[test]
fn stripped_labels_and_references_are_put_right() {
    let mut without_labels = created(&destination());
    without_labels.metadata.labels = None;
    let mut without_reference = created(&destination());
    without_reference.metadata.owner_references = None;
    for live in [without_labels, without_reference] {
        assert!(matches!(
            plan(&destination(), &data("a"), Some(&live)),
            SecretStep::Replace(_)
        ));
    }
}

#[test]
fn a_foreign_secret_is_left_alone_unless_overwrite_is_set() {
    assert!(matches!(
        plan(&destination(), &data("a"), Some(&foreign())),
        SecretStep::Refuse(Conflict::Foreign { .. })
    ));
    let overwrite = Destination {
        overwrite: true,
        ..destination()
    };
    assert!(matches!(
        plan(&overwrite, &data("a"), Some(&foreign())),
        SecretStep::Replace(_)
    ));
}

#[test]
fn a_secret_of_another_resource_is_left_alone_even_with_overwrite() {
    let overwrite = Destination {
        overwrite: true,
        ..destination()
    };
    let mut live = created(&overwrite);
    live.metadata.owner_references.as_mut().unwrap()[0].uid = "uid-2".into();
    live.metadata.owner_references.as_mut().unwrap()[0].name = "other".into();
    match plan(&overwrite, &data("a"), Some(&live)) {
        SecretStep::Refuse(conflict @ Conflict::OtherOwner { .. }) => {
            assert!(conflict.to_string().contains("VaultStaticSecret \"other\""));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_type_change_and_immutable_data_recreate_the_secret() {
    let live = created(&destination());
    let tls = Destination {
        type_: Some("kubernetes.io/tls".into()),
        ..destination()
    };
    assert!(matches!(
        plan(&tls, &data("a"), Some(&live)),
        SecretStep::Recreate(_)
    ));
    let mut immutable = created(&destination());
    immutable.immutable = Some(true);
    assert!(matches!(
        plan(&destination(), &data("b"), Some(&immutable)),
        SecretStep::Recreate(_)
    ));
}

#[test]
fn without_create_only_data_is_touched() {
    let existing = Destination {
        create: false,
        ..destination()
    };
    assert_eq!(
        plan(&existing, &data("a"), None),
        SecretStep::Refuse(Conflict::Missing("db-secret".into()))
    );
    let mut live = foreign();
    live.type_ = Some("custom/type".into());
    match plan(&existing, &data("a"), Some(&live)) {
        SecretStep::Replace(secret) => {
            assert_eq!(secret.metadata, live.metadata);
            assert_eq!(secret.type_, live.type_);
            assert_eq!(plan(&existing, &data("a"), Some(&secret)), SecretStep::Keep);
        }
        other => panic!("{other:?}"),
    }
    live.immutable = Some(true);
    assert_eq!(
        plan(&existing, &data("a"), Some(&live)),
        SecretStep::Refuse(Conflict::Immutable("db-secret".into()))
    );
}
