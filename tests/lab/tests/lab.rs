//! The lab itself: what the suites that use it take for granted.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    ops::Not as _,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::{
    authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
    core::v1::{ConfigMap, ServiceAccount},
};
use kube::{
    Api,
    api::{ObjectMeta, PostParams},
};
use reqwest::Method;
use secretwire_lab::{Lab, Mark, User, await_condition};
use serde_json::json;

const DEADLINE: Duration = Duration::from_secs(30);

fn named(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    }
}

#[tokio::test]
async fn vault_that_is_stopped_and_started_keeps_its_data_and_ports() -> Result<()> {
    let lab = Lab::builder().vault().start().await?;
    let (vault, addr) = (lab.vault(), lab.vault().addr());
    assert_eq!(
        vault
            .kv_put("app/db", &json!({"password": "first"}))
            .await?,
        1
    );
    vault.kv1_put("app/db", &json!({"password": "old"})).await?;

    vault.stop().await?;
    assert!(
        vault
            .api(Method::GET, "kv-v2/data/app/db", None)
            .await
            .is_err()
    );
    vault.start().await?;
    assert_eq!(vault.addr(), addr);
    let secret = vault.api(Method::GET, "kv-v2/data/app/db", None).await?;
    assert_eq!(secret["data"]["data"]["password"], "first");
    assert_eq!(
        vault
            .kv_put("app/db", &json!({"password": "second"}))
            .await?,
        2
    );

    vault.seal().await?;
    let error = vault
        .api(Method::GET, "kv-v1/app/db", None)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("503"), "{error}");
    vault.unseal().await?;
    assert_eq!(
        vault.api(Method::GET, "kv-v1/app/db", None).await?["data"]["password"],
        "old"
    );
    lab.stop().await
}

#[tokio::test]
async fn service_accounts_log_in_to_vault_and_its_audit_log_shows_each_request_once() -> Result<()>
{
    let lab = Lab::builder().controllers().vault().start().await?;
    let (vault, namespace) = (lab.vault(), lab.namespace("login").await?);
    vault
        .policy(
            "app",
            r#"path "kv-v2/data/app" { capabilities = ["read"] }"#,
        )
        .await?;
    let role = json!({"bound_service_account_names": ["default"], "bound_service_account_namespaces": [namespace.name()],
                      "token_policies": ["app"]});
    vault.role("kubernetes", "app", &role).await?;
    let role = json!({"role_type": "jwt", "user_claim": "sub", "bound_audiences": [lab.apiserver().issuer()],
                      "token_policies": ["app"]});
    vault.role("jwt", "app", &role).await?;
    vault.kv_put("app", &json!({"key": "value"})).await?;

    let jwt = lab
        .apiserver()
        .token(namespace.name(), "default", &[])
        .await?;
    let mark = vault.mark();
    for method in ["kubernetes", "jwt"] {
        let login = json!({"role": "app", "jwt": jwt});
        let answer = vault
            .api(Method::POST, &format!("auth/{method}/login"), Some(&login))
            .await?;
        assert_eq!(
            answer["auth"]["token_policies"],
            json!(["app", "default"]),
            "{method}"
        );
    }
    let refused = json!({"role": "app", "jwt": "x.y.z"});
    assert!(
        vault
            .api(Method::POST, "auth/kubernetes/login", Some(&refused))
            .await
            .is_err()
    );

    let requests = vault.requests(&mark)?;
    let paths: Vec<_> = requests
        .iter()
        .map(|request| (request.path.as_str(), request.error.is_some()))
        .collect();
    assert_eq!(
        paths,
        [
            ("auth/kubernetes/login", false),
            ("auth/jwt/login", false),
            ("auth/kubernetes/login", true)
        ]
    );
    assert!(
        vault
            .requests(&Mark::START)?
            .iter()
            .any(|request| request.path == "kv-v2/data/app" && request.identity == "root")
    );
    lab.stop().await
}

#[tokio::test]
async fn the_tls_listener_is_valid_under_its_own_authority_only() -> Result<()> {
    let lab = Lab::builder().vault().start().await?;
    let url = format!("{}/v1/sys/health", lab.vault().tls_addr());
    let trusting = |ca: &str| -> Result<reqwest::Client> {
        let ca = reqwest::Certificate::from_pem(ca.as_bytes())?;
        Ok(reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([ca])
            .build()?)
    };
    assert!(
        trusting(lab.vault().ca_pem())?
            .get(&url)
            .send()
            .await?
            .status()
            .is_success()
    );
    assert!(
        trusting(lab.apiserver().ca_pem())?
            .get(&url)
            .send()
            .await
            .is_err()
    );
    lab.stop().await
}

#[tokio::test]
async fn two_labs_run_side_by_side_and_know_nothing_of_each_other() -> Result<()> {
    let (one, two) = tokio::try_join!(Lab::builder().start(), Lab::builder().start())?;
    assert_ne!(one.apiserver().url(), two.apiserver().url());
    let namespace = one.namespace("only-in-one").await?;
    let there = one.kubectl(&["get", "namespace", namespace.name()]).await?;
    let not_there = two.kubectl(&["get", "namespace", namespace.name()]).await?;
    ensure!(there.status.success(), "{there:?}");
    ensure!(
        String::from_utf8_lossy(&not_there.stderr).contains("NotFound"),
        "{not_there:?}"
    );
    one.stop().await?;
    two.namespace("still-there").await?;
    two.stop().await
}

#[tokio::test]
async fn an_api_server_that_is_stopped_and_started_keeps_its_objects_and_counts_requests_by_user()
-> Result<()> {
    let lab = Lab::builder().start().await?;
    let client = lab.apiserver().client().await?;
    let namespace = lab.namespace("restart").await?;
    let maps: Api<ConfigMap> = Api::namespaced(client, namespace.name());
    let data = BTreeMap::from([("key".to_owned(), "value".to_owned())]);
    maps.create(
        &PostParams::default(),
        &ConfigMap {
            metadata: named("kept"),
            data: Some(data),
            ..ConfigMap::default()
        },
    )
    .await?;

    lab.apiserver().stop().await?;
    lab.apiserver().start().await?;
    let mark = lab.apiserver().mark();
    assert_eq!(
        maps.get("kept").await?.data.context("no data")?["key"],
        "value"
    );
    // The answer reaches the client before the line reaches the log.
    let requests = await_condition("the read in the audit log", DEADLINE, async || {
        let requests = lab.apiserver().requests(&mark, Some(&User::Admin))?;
        Ok(requests.into_iter().find(|request| request.name == "kept"))
    })
    .await?;
    assert_eq!(
        (
            requests.verb.as_str(),
            requests.resource.as_str(),
            requests.code
        ),
        ("get", "configmaps", Some(200))
    );
    assert!(
        lab.apiserver()
            .requests(&mark, Some(&User::Operator))?
            .is_empty()
    );
    lab.stop().await
}

#[tokio::test]
async fn the_operators_user_has_only_the_rights_that_its_manifests_grant() -> Result<()> {
    let lab = Lab::builder().start().await?;
    let namespace = lab.namespace("rights").await?;
    let may_list_secrets = async |user: &User| -> Result<bool> {
        let reviews: Api<SelfSubjectAccessReview> =
            Api::all(lab.apiserver().client_for(user).await?);
        let attributes = ResourceAttributes {
            verb: Some("list".to_owned()),
            resource: Some("secrets".to_owned()),
            namespace: Some(namespace.name().to_owned()),
            ..ResourceAttributes::default()
        };
        let spec = SelfSubjectAccessReviewSpec {
            resource_attributes: Some(attributes),
            ..SelfSubjectAccessReviewSpec::default()
        };
        let review = SelfSubjectAccessReview {
            spec,
            ..SelfSubjectAccessReview::default()
        };
        Ok(reviews
            .create(&PostParams::default(), &review)
            .await?
            .status
            .context("no answer")?
            .allowed)
    };
    assert!(may_list_secrets(&User::Admin).await?);
    assert!(!may_list_secrets(&User::Operator).await?);

    let accounts: Api<ServiceAccount> =
        Api::namespaced(lab.apiserver().client().await?, namespace.name());
    accounts
        .create(
            &PostParams::default(),
            &ServiceAccount {
                metadata: named("app"),
                ..ServiceAccount::default()
            },
        )
        .await?;
    let app = User::service_account(namespace.name(), "app");
    assert!(!may_list_secrets(&app).await?);

    let subject = |user: &User| {
        let name = user.name();
        json!({"kind": "User", "name": name, "apiGroup": "rbac.authorization.k8s.io"})
    };
    // A role of its own: `admin` and the like are put together by the controller manager.
    let (metadata, group) = (
        json!({"name": "readers", "namespace": namespace.name()}),
        "rbac.authorization.k8s.io",
    );
    let role = json!({
        "apiVersion": format!("{group}/v1"), "kind": "Role", "metadata": metadata,
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}],
    });
    let binding = json!({
        "apiVersion": format!("{group}/v1"), "kind": "RoleBinding", "metadata": metadata,
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "readers"},
        "subjects": [subject(&User::Operator), subject(&app)],
    });
    lab.apply(&format!("{role}\n---\n{binding}")).await?;
    for user in [&User::Operator, &app] {
        await_condition("the binding to count", DEADLINE, async || {
            Ok(may_list_secrets(user).await?.then_some(()))
        })
        .await?;
    }
    lab.stop().await
}

#[tokio::test]
async fn a_lab_listens_on_no_port_that_it_has_not_reserved() -> Result<()> {
    let lab = Lab::builder().controllers().vault().start().await?;
    let reservations = lab.path().with_file_name("ports");
    let ports = listening(&lab)?;
    ensure!(ports.len() >= 7, "only {ports:?}");
    let stray: Vec<u16> = ports
        .into_iter()
        .filter(|port| {
            File::open(reservations.join(port.to_string()))
                .is_ok_and(|file| file.try_lock().is_err())
                .not()
        })
        .collect();
    ensure!(stray.is_empty(), "not reserved: {stray:?}");
    lab.stop().await
}

/// The TCP ports on which the servers of `lab` listen.
fn listening(lab: &Lab) -> Result<BTreeSet<u16>> {
    let folder = lab.path().display().to_string();
    let mut sockets = BTreeSet::new();
    for process in fs::read_dir("/proc")?.flatten() {
        // A process, or one of its descriptors, may be gone by the time it is looked at.
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        if !String::from_utf8_lossy(&line).contains(&folder) {
            continue;
        }
        let descriptors = fs::read_dir(process.path().join("fd"));
        sockets.extend(
            descriptors
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
                .filter_map(|target| {
                    let target = target.to_str()?;
                    Some(
                        target
                            .strip_prefix("socket:[")?
                            .strip_suffix(']')?
                            .to_owned(),
                    )
                }),
        );
    }
    let mut ports = BTreeSet::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in fs::read_to_string(table).unwrap_or_default().lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // The local address, the state (0A is listening) and the inode.
            if let [_, local, _, "0A", _, _, _, _, _, inode, ..] = fields[..]
                && sockets.contains(inode)
            {
                let (_, port) = local.rsplit_once(':').context("an address with a port")?;
                ports.insert(u16::from_str_radix(port, 16)?);
            }
        }
    }
    Ok(ports)
}
