//! Paths on the wire.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use secretwire_vault::VaultPath;

use crate::vault::{LONG, kv_data, read, session, vault};

#[test]
fn every_path_arrives_as_it_was_meant() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (server, session) = runtime.block_on(async {
        let server = vault(LONG, |_| kv_data()).await;
        let session = session(&server);
        (server, session)
    });
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(256)
    };
    let odd = r#"[a-z/ %?#&+=:;@\\"<>\[\]^`{|}~.äß€😀-]{1,24}"#;
    let path = odd.prop_filter("a path", |text| VaultPath::parse(text).is_ok());
    TestRunner::new(config)
        .run(&path, |text| {
            runtime.block_on(session.read_kv(read(&text))).unwrap();
            let target = server.seen().pop().unwrap().target;
            let meant = format!("/v1/kv/data/{}", VaultPath::parse(&text).unwrap());
            prop_assert!(target.is_ascii() && !target.contains('?'), "{target}");
            prop_assert_eq!(decoded(&target), meant);
            Ok(())
        })
        .unwrap();
}

fn decoded(target: &str) -> String {
    let mut bytes = target.bytes();
    let mut plain = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
            let hex = String::from_utf8(hex.to_vec()).unwrap();
            plain.push(u8::from_str_radix(&hex, 16).unwrap());
        } else {
            plain.push(byte);
        }
    }
    String::from_utf8(plain).unwrap()
}
