use serde_json::json;

use super::*;
use crate::fake_api::FakeApi;

const PATH: &str = "/apis/coordination.k8s.io/v1/namespaces/ops/leases/b0d477c0.hashicorp.com";

fn spec(holder: &str, seconds: i32) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(holder.to_owned()),
        lease_duration_seconds: Some(seconds),
        ..LeaseSpec::default()
    }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn chooses_by_holder_and_by_how_long_nothing_has_changed() {
    let cases = [
        ("free", Some(spec("", 15)), seconds(0), Move::Take),
        ("never held", None, seconds(0), Move::Take),
        ("its own", Some(spec("me", 15)), seconds(60), Move::Renew),
        (
            "just renewed",
            Some(spec("other", 15)),
            seconds(0),
            Move::Wait,
        ),
        (
            "about to end",
            Some(spec("other", 15)),
            seconds(14),
            Move::Wait,
        ),
        ("ended", Some(spec("other", 15)), seconds(15), Move::Take),
        (
            "longer by its own word",
            Some(spec("other", 60)),
            seconds(59),
            Move::Wait,
        ),
        ("nonsense", Some(spec("other", -1)), seconds(14), Move::Wait),
    ];
    for (case, spec, unchanged, expected) in cases {
        assert_eq!(choose("me", spec.as_ref(), unchanged), expected, "{case}");
    }
}

#[test]
fn counts_a_transition_only_when_the_holder_changes() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let first = held("a", None, at(1));
    let renewed = held("a", Some(first.clone()), at(2));
    let taken = held("b", Some(renewed.clone()), at(3));
    assert_eq!(first.lease_transitions, Some(0));
    assert_eq!(renewed.lease_transitions, Some(0));
    assert_eq!(taken.lease_transitions, Some(1));
    let acquired = |spec: &LeaseSpec| spec.acquire_time.as_ref().map(|time| time.0);
    assert_eq!(acquired(&renewed), Some(at(1)));
    assert_eq!(acquired(&taken), Some(at(3)));
}

struct Running {
    claim: watch::Receiver<Claim>,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    fn start(api: &FakeApi, identity: &str) -> Self {
        let (candidate, claim) = Candidate::new(api.client(), "ops", identity.to_owned());
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(candidate.run(shutdown.clone()));
        Self {
            claim,
            shutdown,
            task,
        }
    }

    /// How long it took until the claim was as wanted.
    async fn until(&mut self, wanted: impl FnMut(&Claim) -> bool) -> Duration {
        let started = Instant::now();
        timeout(seconds(120), self.claim.wait_for(wanted))
            .await
            .expect("the claim never became as wanted")
            .unwrap();
        started.elapsed()
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }
}

fn holder_in(api: &FakeApi) -> String {
    let lease = api.object(PATH).unwrap();
    lease["spec"]["holderIdentity"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn only_one_of_two_holds_and_the_other_knows_who() {
    let api = FakeApi::default();
    let mut first = Running::start(&api, "first");
    first.until(|claim| *claim == Claim::Held).await;
    let mut second = Running::start(&api, "second");
    let holder = Some("first".to_owned());
    let waiting = Claim::Waiting { holder };
    second.until(|claim| *claim == waiting).await;
    tokio::time::sleep(seconds(60)).await;
    assert_eq!(*first.claim.borrow(), Claim::Held);
    assert_eq!(*second.claim.borrow(), waiting);
}

#[tokio::test(start_paused = true)]
async fn a_graceful_stop_hands_over_within_two_seconds() {
    let api = FakeApi::default();
    let mut first = Running::start(&api, "first");
    first.until(|claim| *claim == Claim::Held).await;
    let mut second = Running::start(&api, "second");
    second
        .until(|claim| matches!(claim, Claim::Waiting { holder: Some(_) }))
        .await;
    first.stop().await;
    assert_eq!(holder_in(&api), "");
    let waited = second.until(|claim| *claim == Claim::Held).await;
    assert!(waited <= seconds(2), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_killed_holder_is_followed_when_its_lease_has_ended() {
    let api = FakeApi::default();
    let mut first = Running::start(&api, "first");
    first.until(|claim| *claim == Claim::Held).await;
    first.task.abort();
    let mut second = Running::start(&api, "second");
    let waited = second.until(|claim| *claim == Claim::Held).await;
    assert!((seconds(15)..seconds(18)).contains(&waited), "{waited:?}");
    assert_eq!(api.object(PATH).unwrap()["spec"]["leaseTransitions"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_holder_cut_off_from_the_api_stops_before_anybody_else_may_start() {
    let api = FakeApi::default();
    let mut running = Running::start(&api, "me");
    running.until(|claim| *claim == Claim::Held).await;
    tokio::time::sleep(seconds(30)).await;
    api.set_down(true);
    let waited = running.until(|claim| *claim != Claim::Held).await;
    assert!(waited <= DEADLINE, "{waited:?}");
    api.set_down(false);
    let waited = running.until(|claim| *claim == Claim::Held).await;
    assert!(waited <= seconds(3), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_was_replaced_steps_back() {
    let api = FakeApi::default();
    let mut running = Running::start(&api, "me");
    running.until(|claim| *claim == Claim::Held).await;
    let mut lease = api.object(PATH).unwrap();
    lease["spec"]["holderIdentity"] = json!("usurper");
    api.put(PATH, lease);
    let holder = Some("usurper".to_owned());
    running
        .until(|claim| {
            *claim
                == Claim::Waiting {
                    holder: holder.clone(),
                }
        })
        .await;
    assert_eq!(holder_in(&api), "usurper");
}

#[tokio::test(start_paused = true)]
async fn a_foreign_edit_or_deletion_is_overcome() {
    let api = FakeApi::default();
    let mut running = Running::start(&api, "me");
    running.until(|claim| *claim == Claim::Held).await;
    let mut lease = api.object(PATH).unwrap();
    lease["metadata"]["annotations"] = json!({ "note": "edited" });
    api.put(PATH, lease);
    tokio::time::sleep(seconds(20)).await;
    api.delete(PATH);
    tokio::time::sleep(seconds(20)).await;
    assert_eq!(holder_in(&api), "me");
    assert_eq!(*running.claim.borrow(), Claim::Held);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_holder_makes_one_call_every_five_seconds() {
    let api = FakeApi::default();
    let mut running = Running::start(&api, "me");
    running.until(|claim| *claim == Claim::Held).await;
    api.take_calls();
    tokio::time::sleep(seconds(61)).await;
    let calls = api.take_calls();
    assert_eq!(calls, vec![format!("PUT {PATH}"); 12]);
}

#[tokio::test(start_paused = true)]
async fn without_election_the_claim_holds_until_shutdown() {
    let shutdown = CancellationToken::new();
    let (mut claim, keep) = unopposed(shutdown.clone());
    assert_eq!(*claim.borrow_and_update(), Claim::Held);
    shutdown.cancel();
    keep.await;
    assert_eq!(*claim.borrow(), Claim::Waiting { holder: None });
}
