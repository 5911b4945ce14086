use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use secretwire_lab::{Lab, OperatorProcess};
use serde_json::{Value, json};

use crate::report::{Report, Row, spent};

/// Sends reviews of a pod that asks for files and variables, over real TLS.
pub(crate) async fn requests(
    lab: &Lab,
    operator: &OperatorProcess,
    count: usize,
    connections: usize,
    report: &mut Report,
) -> Result<()> {
    // The API server verifies the certificate in the end-to-end tests; here only time counts.
    let http = reqwest::Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .no_proxy()
        .build()?;
    let url = format!(
        "https://127.0.0.1:{}/mutate/pods?timeout=10s",
        operator.webhook_port()
    );
    let body = serde_json::to_vec(&review())?;
    let before = operator.usage()?;
    let api = lab.apiserver().mark();
    let started = Instant::now();
    let mut times: Vec<Duration> = stream::iter(0..count)
        .map(|_| admit(&http, &url, &body))
        .buffer_unordered(connections)
        .try_collect()
        .await?;
    let wall = started.elapsed();
    let after = operator.usage()?;
    times.sort();
    let at = |share: f64| {
        // The share of a count is far below what f64 counts exactly.
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss
        )]
        let index = (share * (count - 1) as f64) as usize;
        times[index].as_secs_f64() * 1000.0
    };
    #[allow(clippy::cast_precision_loss)]
    let rate = count as f64 / wall.as_secs_f64();
    report.row(Row {
        what: format!("{count} admissions, {connections} at a time"),
        wall,
        cpu: spent(before, after),
        peak: after.peak_resident,
        vault: 0,
        api: lab
            .apiserver()
            .requests(&api, Some(&secretwire_lab::User::Operator))?,
    });
    report.note(format!(
        "admission: {rate:.0} requests/s, p50 {:.2} ms, p99 {:.2} ms, client on the same two cores",
        at(0.5),
        at(0.99)
    ));
    Ok(())
}

async fn admit(http: &reqwest::Client, url: &str, body: &[u8]) -> Result<Duration> {
    let started = Instant::now();
    let answer = http
        .post(url)
        .header("content-type", "application/json")
        .body(body.to_vec())
        .send()
        .await?
        .error_for_status()?
        .bytes()
        .await?;
    let elapsed = started.elapsed();
    let answer: Value = serde_json::from_slice(&answer)?;
    ensure!(
        answer["response"]["patch"].is_string(),
        "no patch: {}",
        answer["response"]["status"]
    );
    Ok(elapsed)
}

fn review() -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "bench",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "namespace": "bench-0",
            "operation": "CREATE",
            "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
            "dryRun": false,
            "object": {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "generateName": "app-",
                    "namespace": "bench-0",
                    "labels": {"app": "app"},
                    "annotations": {
                        "secretwire.dev/mount.db": "vss/secret-0",
                        "secretwire.dev/mount.db.path": "/etc/db",
                        "secretwire.dev/env.db": "vss/secret-0",
                    },
                    "ownerReferences": [{
                        "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app",
                        "uid": "u", "controller": true,
                    }],
                },
                "spec": {"containers": [
                    {"name": "app", "image": "app", "env": [{"name": "A", "value": "b"}]},
                    {"name": "metrics", "image": "metrics"},
                ]},
            },
        },
    })
}
