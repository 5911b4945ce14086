//! Reads from the key/value engines.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use futures::future::{join_all, try_join_all};
use secretwire_vault::{Error, ErrorKind, KvRead, KvVersion};

use crate::{
    server::answer,
    vault::{LOGIN, LONG, kv_data, read, session, vault},
};

#[tokio::test]
async fn each_engine_is_read_by_its_own_path() {
    let server = vault(LONG, |_| kv_data()).await;
    let session = session(&server);
    let v1 = KvRead {
        version: KvVersion::V1,
        ..read("a/b")
    };
    let fixed = |fixed| KvRead {
        fixed,
        ..read("a/b")
    };
    session.read_kv(v1.clone()).await.unwrap();
    session
        .read_kv(KvRead {
            fixed: Some(3),
            ..v1
        })
        .await
        .unwrap();
    session.read_kv(fixed(None)).await.unwrap();
    session.read_kv(fixed(Some(0))).await.unwrap();
    session.read_kv(fixed(Some(3))).await.unwrap();
    assert_eq!(
        server.lines()[1..],
        [
            "GET /v1/kv/a/b",
            "GET /v1/kv/a/b",
            "GET /v1/kv/data/a/b",
            "GET /v1/kv/data/a/b",
            "GET /v1/kv/data/a/b?version=3",
        ]
    );
    assert_eq!(server.seen()[1].header("x-vault-token"), Some("hvs.1"));
}

#[tokio::test]
async fn data_is_the_servers_own_text() {
    let server = vault(LONG, |_| {
        answer(200, r#"{"request_id":"x", "data": {"n": 3.0, "big":9007199254740993 , "u":"\u003c"}, "warnings":null}"#)
    })
    .await;
    let secret = session(&server).read_kv(read("a")).await.unwrap();
    assert_eq!(
        secret.expose(),
        r#"{"n": 3.0, "big":9007199254740993 , "u":"\u003c"}"#
    );
    assert_eq!(format!("{secret:?}"), "SecretJson([49 bytes])");
}

#[tokio::test]
async fn what_a_404_means_is_told_apart() {
    let server = vault(LONG, |seen| {
        let body = match seen.target.rsplit('/').next().unwrap() {
            "deleted" => {
                r#"{"data":{"data":null,"metadata":{"version":4,"destroyed":false,"deletion_time":"2026-01-02T03:04:05Z"}}}"#
            }
            "destroyed" => {
                r#"{"data":{"data":null,"metadata":{"version":2,"destroyed":true,"deletion_time":""}}}"#
            }
            "plain" => {
                r#"{"warnings":["Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use."]}"#
            }
            "html" => "<html>",
            _ => r#"{"errors":[]}"#,
        };
        answer(404, body)
    })
    .await;
    let session = session(&server);
    let error = |read| {
        let session = session.clone();
        async move { session.read_kv(read).await.unwrap_err() }
    };
    match error(read("deleted")).await {
        Error::Deleted {
            path,
            version,
            destroyed,
            deletion_time,
        } => {
            assert_eq!(
                (path.as_str(), version, destroyed),
                ("kv/data/deleted", 4, false)
            );
            assert_eq!(deletion_time.as_deref(), Some("2026-01-02T03:04:05Z"));
        }
        other => panic!("{other}"),
    }
    let destroyed = error(read("destroyed")).await;
    assert_eq!(
        destroyed.to_string(),
        "kv/data/destroyed: version 2 is destroyed"
    );
    assert_eq!(error(read("absent")).await.kind(), ErrorKind::NotFound);
    assert_eq!(error(read("html")).await.kind(), ErrorKind::NotFound);
    let v1 = KvRead {
        version: KvVersion::V1,
        ..read("plain")
    };
    assert_eq!(error(v1).await.kind(), ErrorKind::WrongKvVersion);
}

#[tokio::test]
async fn a_hundred_equal_reads_are_one_request_and_a_later_one_another() {
    let server = vault(LONG, |_| kv_data()).await;
    let session = session(&server);
    let reads = (0..100).map(|_| session.read_kv(read("a")));
    let secrets = try_join_all(reads).await.unwrap();
    assert!(
        secrets
            .iter()
            .all(|secret| Arc::ptr_eq(secret, &secrets[0]))
    );
    assert_eq!(server.lines(), [LOGIN, "GET /v1/kv/data/a"]);

    session.read_kv(read("a")).await.unwrap();
    assert_eq!(server.count("GET /v1/kv/data/a"), 2);
}

#[tokio::test]
async fn reads_that_differ_are_not_mixed_up() {
    let server = vault(LONG, |seen| {
        let namespace = seen.header("x-vault-namespace").unwrap_or("root");
        answer(200, format!(r#"{{"data":"{} {namespace}"}}"#, seen.target))
    })
    .await;
    let session = session(&server);
    let reads = [
        read("a"),
        read("b"),
        KvRead {
            fixed: Some(1),
            ..read("a")
        },
        KvRead {
            version: KvVersion::V1,
            ..read("a")
        },
        KvRead {
            namespace: Some("team".parse().unwrap()),
            ..read("a")
        },
        KvRead {
            mount: "kv2".parse().unwrap(),
            ..read("a")
        },
    ];
    let answers = join_all(reads.map(|read| session.read_kv(read))).await;
    let answers: Vec<_> = answers
        .iter()
        .map(|a| a.as_ref().unwrap().expose())
        .collect();
    assert_eq!(
        answers,
        [
            r#""/v1/kv/data/a root""#,
            r#""/v1/kv/data/b root""#,
            r#""/v1/kv/data/a?version=1 root""#,
            r#""/v1/kv/a root""#,
            r#""/v1/kv/data/a team""#,
            r#""/v1/kv2/data/a root""#,
        ]
    );
}

#[tokio::test]
async fn the_version_of_a_mount_is_asked_once() {
    let server = vault(LONG, |seen| {
        let info = match seen.target.as_str() {
            "/v1/sys/internal/ui/mounts/team/kv" => r#"{"type":"kv","options":{"version":"2"}}"#,
            "/v1/sys/internal/ui/mounts/old" => r#"{"type":"kv","options":null}"#,
            "/v1/sys/internal/ui/mounts/older" => r#"{"type":"generic"}"#,
            _ => r#"{"type":"pki","options":{"version":"2"}}"#,
        };
        answer(200, format!(r#"{{"data":{info}}}"#))
    })
    .await;
    let session = session(&server);
    let ask = |mount: &str| session.mount_version(None, mount.parse().unwrap());
    let versions = try_join_all((0..50).map(|_| ask("team/kv"))).await.unwrap();
    assert_eq!(versions, [KvVersion::V2; 50]);
    assert_eq!(ask("team/kv").await.unwrap(), KvVersion::V2);
    assert_eq!(server.count("GET /v1/sys/internal/ui/mounts/team/kv"), 1);
    assert_eq!(ask("old").await.unwrap(), KvVersion::V1);
    assert_eq!(ask("older").await.unwrap(), KvVersion::V1);
    let error = ask("pki").await.unwrap_err();
    assert_eq!(error.to_string(), "pki: the mount is of type pki, not kv");
}

#[tokio::test]
async fn a_mount_that_was_upgraded_is_asked_again() {
    let upgraded = Arc::new(AtomicBool::new(false));
    let lookups = Arc::new(AtomicU32::new(0));
    let (is_v2, counted) = (Arc::clone(&upgraded), Arc::clone(&lookups));
    let server = vault(LONG, move |seen| {
        let v2 = is_v2.load(Ordering::SeqCst);
        if seen.target.contains("/ui/mounts/") {
            counted.fetch_add(1, Ordering::SeqCst);
            let version = if v2 { "2" } else { "1" };
            return answer(
                200,
                format!(r#"{{"data":{{"type":"kv","options":{{"version":"{version}"}}}}}}"#),
            );
        }
        answer(
            404,
            r#"{"warnings":["Invalid path for a versioned K/V secrets engine."]}"#,
        )
    })
    .await;
    let session = session(&server);
    let mount = || "kv".parse().unwrap();
    assert_eq!(
        session.mount_version(None, mount()).await.unwrap(),
        KvVersion::V1
    );
    upgraded.store(true, Ordering::SeqCst);
    assert_eq!(
        session.mount_version(None, mount()).await.unwrap(),
        KvVersion::V1
    );
    let v1 = KvRead {
        version: KvVersion::V1,
        ..read("a")
    };
    assert_eq!(
        session.read_kv(v1).await.unwrap_err().kind(),
        ErrorKind::WrongKvVersion
    );
    assert_eq!(
        session.mount_version(None, mount()).await.unwrap(),
        KvVersion::V2
    );
    assert_eq!(lookups.load(Ordering::SeqCst), 2);
}
