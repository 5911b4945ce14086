//! Running an operator, with a stand-in that has its flags and its endpoints and does nothing else.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf, time::Duration};

use anyhow::Result;
use secretwire_lab::{Lab, OperatorOptions, User, Webhook};

/// Answers `/readyz` and `/metrics`, shows what it was given, and ends with 3 on SIGTERM.
const STAND_IN: &str = r#"#!/usr/bin/env python3
import http.server, os, signal, sys, threading

flags = dict(argument[2:].split("=", 1) for argument in sys.argv[2:] if "=" in argument)
print(sys.argv[1], os.environ["OPERATOR_NAMESPACE"], os.environ["EXTRA"], "--extra" in sys.argv, flush=True)
if "--refuse" in sys.argv:
    sys.exit("wrong use: --refuse")
open(flags["kubeconfig"]).close()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = {"/readyz": b"ok", "/metrics": b"stand_in_up 1\n"}[self.path]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass

def serve(address):
    host, port = address.split(":")
    server = http.server.ThreadingHTTPServer((host, int(port)), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

signal.signal(signal.SIGTERM, lambda *_: os._exit(3))
print("webhook", flags["webhook-bind-address"], flags.get("webhook-url"), flush=True)
serve(flags["metrics-bind-address"])
serve(flags["health-probe-bind-address"])
while True:
    signal.pause()
"#;

fn stand_in(lab: &Lab) -> Result<PathBuf> {
    let path = lab.path().join("stand-in");
    fs::write(&path, STAND_IN)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

#[tokio::test]
async fn an_operator_is_run_watched_and_ended_in_every_way() -> Result<()> {
    let lab = Lab::builder().start().await?;
    let options = OperatorOptions::new(stand_in(&lab)?).env("EXTRA", "more");

    let operator = lab.operator(&options.clone().arg("--extra")).await?;
    let log = operator.log()?;
    assert!(
        log.starts_with("run secretwire-system more True\n"),
        "{log}"
    );
    let port = operator.webhook_port();
    assert!(
        log.contains(&format!(
            "webhook 127.0.0.1:{port} https://127.0.0.1:{port}\n"
        )),
        "{log}"
    );
    assert_eq!(operator.metrics().await?, "stand_in_up 1\n");
    let usage = operator.usage()?;
    assert!(
        usage.cpu > Duration::ZERO && usage.resident > 1 << 20,
        "{usage:?}"
    );
    // Two at once, as replicas.
    let replica = lab
        .operator(&options.clone().user(User::Admin).webhook(Webhook::Service))
        .await?;
    assert!(replica.log()?.contains(&format!(
        "webhook 0.0.0.0:{} None\n",
        replica.webhook_port()
    )));
    assert_ne!(replica.pid(), operator.pid());

    assert_eq!(operator.terminate().await?.code(), Some(3));
    assert!(operator.readiness().await.is_err());
    assert!(operator.usage().is_err());
    replica.kill().await?;
    assert!(replica.readiness().await.is_err());
    lab.stop().await
}

#[tokio::test]
async fn an_operator_that_does_not_come_up_is_an_error_with_its_last_words() -> Result<()> {
    let lab = Lab::builder().start().await?;
    let options = OperatorOptions::new(stand_in(&lab)?)
        .env("EXTRA", "")
        .arg("--refuse")
        .webhook(Webhook::Off);
    let error = lab
        .operator(&options)
        .await
        .err()
        .map(|error| format!("{error:#}"))
        .unwrap_or_default();
    assert!(
        error.contains("exit status: 1") && error.contains("wrong use: --refuse"),
        "{error}"
    );
    lab.stop().await
}
