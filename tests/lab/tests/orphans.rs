//! Nothing that a lab starts may outlive it, whatever ends the lab.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow, ensure};
use rustix::process::{Pid, Signal, kill_process};
use secretwire_lab::{Lab, await_condition};

const DEADLINE: Duration = Duration::from_secs(30);

/// A `secretwire-lab up` that is up.
struct Up {
    child: Child,
    folder: PathBuf,
}

fn up(options: &[&str]) -> Result<Up> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_secretwire-lab"))
        .args(["up", "--vault"])
        .args(options)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let output = child.stdout.take().context("no pipe")?;
    let mut folder = None;
    for line in BufReader::new(output).lines() {
        let line = line?;
        if let Some(path) = line.strip_prefix("export KUBECONFIG=") {
            folder = Path::new(path).parent().map(Path::to_owned);
        }
        // The last line, so that all of it is up.
        if line.starts_with("export VAULT_TOKEN=") {
            break;
        }
    }
    Ok(Up {
        child,
        folder: folder.context("the lab did not come up")?,
    })
}

/// The names of live processes that have the lab's folder in their command line.
fn servers_of(folder: &Path) -> Vec<String> {
    let text = folder.display().to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(&text))
        .collect()
}

async fn all_gone(folder: &Path) -> Result<()> {
    await_condition("all servers to be gone", DEADLINE, async || {
        let left = servers_of(folder);
        if left.is_empty() {
            Ok(Some(()))
        } else {
            Err(anyhow!("{left:#?}"))
        }
    })
    .await
}

fn send(child: &Child, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(i32::try_from(child.id())?).context("no process id")?;
    Ok(kill_process(pid, signal)?)
}

#[tokio::test]
async fn a_killed_lab_takes_all_its_servers_along() -> Result<()> {
    let mut up = up(&[])?;
    // etcd, API server, controller manager, scheduler and OpenBao, each with its supervisor.
    assert!(
        servers_of(&up.folder).len() >= 5,
        "{:#?}",
        servers_of(&up.folder)
    );
    send(&up.child, Signal::KILL)?;
    up.child.wait()?;
    all_gone(&up.folder).await?;
    Ok(fs::remove_dir_all(&up.folder)?)
}

#[tokio::test]
async fn a_killed_lab_takes_its_node_along() -> Result<()> {
    if let Err(reason) = Lab::node_possible() {
        eprintln!("SKIPPED: no node was killed: {reason}");
        return Ok(());
    }
    let mut up = up(&["--node"])?;
    let servers = servers_of(&up.folder);
    ensure!(
        servers.iter().any(|line| line.contains("kubelet")),
        "{servers:#?}"
    );
    send(&up.child, Signal::KILL)?;
    up.child.wait()?;
    all_gone(&up.folder).await?;
    // The kernel takes the mounts away a moment after the last process.
    await_condition("the mounts to be gone", DEADLINE, async || {
        let folder = up.folder.display().to_string();
        let left = fs::read_to_string("/proc/mounts")?
            .lines()
            .filter(|line| line.contains(&folder))
            .count();
        Ok((left == 0).then_some(()))
    })
    .await?;
    Ok(fs::remove_dir_all(&up.folder)?)
}

#[tokio::test]
async fn an_interrupted_lab_stops_its_servers_and_leaves_nothing_behind() -> Result<()> {
    for signal in [Signal::INT, Signal::TERM] {
        let mut up = up(&[])?;
        send(&up.child, signal)?;
        assert!(up.child.wait()?.success());
        all_gone(&up.folder).await?;
        assert!(!up.folder.exists());
    }
    Ok(())
}

#[tokio::test]
async fn a_lab_that_is_dropped_by_a_panic_takes_its_servers_along_and_keeps_its_logs() -> Result<()>
{
    let panicked = tokio::spawn(async {
        let lab = Lab::builder().start().await.unwrap();
        std::panic::panic_any(lab.path().to_owned());
    })
    .await;
    let payload = panicked.unwrap_err().into_panic();
    let folder = payload
        .downcast_ref::<PathBuf>()
        .context("it panicked for another reason")?;
    all_gone(folder).await?;
    assert!(folder.join("kube-apiserver.log").is_file());
    Ok(fs::remove_dir_all(folder)?)
}
