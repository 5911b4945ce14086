use tokio::time::Instant;

use crate::fake::{ready, static_secret, unsynced};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_hold_ends_with_the_change_it_waits_for() {
    let directory = Arc::new(Fake::new().with("a", unsynced("a")));
    let admission = admission(&directory);
    let pod = pod(&[("env.a", "vss/a")]);
    let begin = Instant::now();
    let sync = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        directory.put(static_secret("other"), ready("other", &["k"]));
        tokio::time::sleep(Duration::from_millis(300)).await;
        directory.put(static_secret("a"), ready("a", &["k"]));
    };
    let (response, ()) = tokio::join!(ask(&admission, creation(&pod)), sync);
    assert_eq!(begin.elapsed().as_millis(), 1000);
    let wired = patched(&pod, &response);
    assert!(!is_gated(&wired) && wired["spec"]["containers"][0].get("env").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_hold_is_bounded_by_the_pod_the_policy_and_the_api_server() {
    for (hold, budget, expected) in [
        ("2s", 10, 2000),
        ("1m", 30, 8000),
        ("8s", 5, 3500),
        ("2s", 1, 0),
    ] {
        let directory = Arc::new(Fake::new().with("a", unsynced("a")));
        let admission = admission(&directory);
        let request = creation(&pod(&[("env.a", "vss/a"), ("hold", hold)]));
        let request: Request = serde_json::from_value(request).unwrap();
        let begin = Instant::now();
        admission
            .answer(Hook::Pods, &request, Duration::from_secs(budget))
            .await;
        assert_eq!(begin.elapsed().as_millis(), expected, "{hold} {budget}");
    }
}

#[tokio::test(start_paused = true)]
async fn wait_hold_refuses_in_the_end_and_never_gates() {
    let directory = Fake::new().with("a", unsynced("a"));
    let pod = owned(
        pod(&[("env.a", "vss/a"), ("wait", "hold"), ("hold", "1s")]),
        "ReplicaSet",
    );
    let begin = Instant::now();
    let (code, causes) = refused(directory, &pod).await;
    assert_eq!((code, begin.elapsed().as_millis()), (429, 1000));
    assert_eq!(
        causes,
        ["SW402 env.a: VaultStaticSecret \"a\" is not ready: not synced"]
    );
}

#[tokio::test(start_paused = true)]
async fn beyond_the_limit_pods_are_gated_at_once() {
    let directory = Arc::new(Fake::new().with("a", unsynced("a")));
    let mut admission = admission(&directory);
    admission.holds = Semaphore::new(1);
    let pod = owned(pod(&[("env.a", "vss/a")]), "ReplicaSet");
    let begin = Instant::now();
    let timed = async {
        let response = ask(&admission, creation(&pod)).await;
        (response, begin.elapsed().as_millis())
    };
    let again = async {
        let response = ask(&admission, creation(&pod)).await;
        (response, begin.elapsed().as_millis())
    };
    let ((first, first_took), (second, second_took)) = tokio::join!(timed, again);
    assert_eq!((first_took, second_took), (2000, 0));
    for response in [first, second] {
        assert!(status(&patched(&pod, &response)).incomplete);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_neither_holds_nor_nudges_and_says_what_it_would_wait_for() {
    let directory = Arc::new(Fake::new().with("a", unsynced("a")));
    let admission = admission(&directory);
    let mut request = creation(&owned(pod(&[("env.a", "vss/a")]), "ReplicaSet"));
    request["dryRun"] = json!(true);
    let begin = Instant::now();
    let response = ask(&admission, request).await;
    assert_eq!(
        (begin.elapsed().as_millis(), directory.nudged().len()),
        (0, 0)
    );
    let warnings = response["warnings"].as_array().unwrap();
    let expected = "SW403 env.a: would wait: VaultStaticSecret \"a\" is not ready: not synced";
    assert!(warnings.contains(&json!(expected)), "{warnings:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pod_is_held_once_however_often_the_hook_is_called() {
    let directory = Arc::new(Fake::new().with("a", unsynced("a")));
    let admission = admission(&directory);
    let pod = owned(pod(&[("env.a", "vss/a")]), "ReplicaSet");
    let placed = patched(&pod, &ask(&admission, creation(&pod)).await);
    let begin = Instant::now();
    let again = ask(&admission, creation(&placed)).await;
    assert_eq!((begin.elapsed().as_millis(), again.get("patch")), (0, None));
}
