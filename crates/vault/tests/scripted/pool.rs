//! Sessions by key.

use secretwire_vault::Sessions;

use crate::vault::{LOGIN, LONG, kv_data, read, session, vault};

#[tokio::test]
async fn one_key_is_one_login_until_it_is_dropped() {
    let server = vault(LONG, |_| kv_data()).await;
    let sessions = Sessions::new();
    assert!(sessions.is_empty());
    for key in [("auth", 1), ("auth", 1), ("auth", 2)] {
        let session = sessions.get_or_create(&key, || session(&server));
        session.read_kv(read("a")).await.unwrap();
    }
    assert_eq!((sessions.len(), server.count(LOGIN)), (2, 2));

    sessions.retain(|(_, generation)| *generation == 2);
    assert!(sessions.get(&("auth", 1)).is_none());
    let kept = sessions.get(&("auth", 2)).unwrap();
    kept.read_kv(read("a")).await.unwrap();
    assert_eq!((sessions.len(), server.count(LOGIN)), (1, 2));
}
