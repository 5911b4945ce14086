use crate::directory::{Readiness, Sighting, is_ready};
use crate::fake::{outdated, ready, static_secret};

use super::*;

#[tokio::test]
async fn what_is_known_but_not_ready_is_wired_behind_a_gate() {
    let pod = pod(&[("wait", "gate"), ("mount.a", "vss/a"), ("env.a", "vss/a")]);
    let directory = Arc::new(Fake::new().with("a", outdated("a", &["k"])));
    let admission = admission(&directory);
    let gated = patched(&pod, &ask(&admission, creation(&pod)).await);
    assert!(is_gated(&gated) && gated["spec"].get("volumes").is_some());
    assert_eq!(directory.nudged(), [static_secret("a")]);
    let awaited = status(&gated).awaited();
    assert!(!is_ready(directory.as_ref(), "shop", &awaited));
    // Ready before the second pass: the gate is taken away again.
    directory.put(static_secret("a"), ready("a", &["k"]));
    assert!(is_ready(directory.as_ref(), "shop", &awaited));
    let free = patched(&gated, &ask(&admission, creation(&gated)).await);
    assert!(!is_gated(&free) && free["spec"]["volumes"] == gated["spec"]["volumes"]);
}

#[tokio::test]
async fn a_failed_sync_gates_the_pod_and_says_why() {
    let failed = Sighting {
        readiness: Readiness::Failed {
            message: "permission denied".into(),
        },
        ..ready("a", &["k"])
    };
    // No paused clock and no hold: a failed sync is not waited for.
    let (wired, warnings) =
        admitted(Fake::new().with("a", failed), &pod(&[("mount.a", "vss/a")])).await;
    assert!(is_gated(&wired));
    assert_eq!(
        warnings,
        ["SW205 mount.a: VaultStaticSecret \"a\" failed to sync: permission denied"]
    );
}

#[tokio::test]
async fn pods_of_owners_that_make_new_ones_become_placeholders() {
    let wanting = pod(&[("wait", "gate"), ("mount.a", "vss/a"), ("env.b", "b")]);
    for kind in ["ReplicaSet", "StatefulSet", "DaemonSet"] {
        let pod = owned(wanting.clone(), kind);
        let (placed, warnings) = admitted(Fake::new().with("a", ready("a", &["k"])), &pod).await;
        let mut rest = placed.clone();
        assert!(is_gated(&placed) && status(&placed).incomplete, "{kind}");
        assert_eq!(status(&placed).awaited().len(), 2);
        // Never a half injection: nothing but the gate and our marks.
        rest["spec"]
            .as_object_mut()
            .unwrap()
            .remove("schedulingGates");
        assert_eq!(rest["spec"], pod["spec"]);
        assert_eq!(
            warnings,
            ["SW201 env.b: no resource \"b\" in namespace \"shop\""]
        );
    }
    let (code, causes) = refused(
        Fake::new().with("a", ready("a", &["k"])),
        &owned(wanting, "Job"),
    )
    .await;
    assert_eq!((code, causes.len()), (422, 1));
}

#[tokio::test]
async fn a_placeholder_is_wired_in_full_by_a_later_pass() {
    let directory = Arc::new(Fake::new());
    let admission = admission(&directory);
    let pod = owned(pod(&[("wait", "gate"), ("env.a", "vss/a")]), "ReplicaSet");
    let placed = patched(&pod, &ask(&admission, creation(&pod)).await);
    directory.put(static_secret("a"), ready("a", &["k"]));
    let wired = patched(&placed, &ask(&admission, creation(&placed)).await);
    assert!(!is_gated(&wired) && !status(&wired).incomplete);
    assert_eq!(wired["spec"]["containers"][0]["env"][0]["name"], "k");
}

#[tokio::test(start_paused = true)]
async fn a_pod_on_a_given_node_cannot_be_gated() {
    let mut pod = owned(pod(&[("mount.a", "vss/a")]), "ReplicaSet");
    pod["spec"]["nodeName"] = json!("node-1");
    let (code, causes) = refused(Fake::new().with("a", outdated("a", &["k"])), &pod).await;
    assert_eq!(code, 429);
    assert!(
        causes[1].starts_with("SW401 wait: the pod has a nodeName"),
        "{causes:?}"
    );
}
