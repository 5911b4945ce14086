//! What only the distribution has: PostgreSQL, and the container tools of a node.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
};

use anyhow::{Context as _, Result, bail};
use rustix::process::geteuid;

use super::program;

/// Packages, and how to see that they are there.
pub(super) struct Packages {
    names: &'static [&'static str],
    missing: fn() -> Vec<&'static str>,
}

/// A PostgreSQL server.
pub(super) static POSTGRES: Packages = Packages {
    names: &["postgresql"],
    missing: || {
        if postgres_folder().is_some() {
            vec![]
        } else {
            vec!["postgres"]
        }
    },
};

/// What a kubelet needs around it.
pub(super) static NODE: Packages = Packages {
    names: &[
        "containerd",
        "runc",
        "busybox-static",
        "containernetworking-plugins",
        "iptables",
        "iproute2",
        "util-linux",
    ],
    missing: || {
        let programs = [
            "containerd",
            "ctr",
            "runc",
            "busybox",
            "iptables",
            "ip",
            "unshare",
            "nsenter",
        ];
        let mut missing: Vec<_> = programs
            .into_iter()
            .filter(|name| program(name).is_none())
            .collect();
        if !Path::new("/usr/lib/cni/ptp").is_file() {
            missing.push("/usr/lib/cni/ptp");
        }
        missing
    },
};

/// The module with which Python makes environments.
pub(super) static PYTHON: Packages = Packages {
    names: &["python3-venv"],
    missing: || vec!["venv"],
};

/// Whether `packages` are there or can be installed; else says what to install.
pub(super) fn obtainable(packages: &Packages) -> Result<()> {
    let missing = (packages.missing)();
    let (names, list) = (packages.names.join(" "), missing.join(", "));
    if missing.is_empty() {
        Ok(())
    } else if program("apt-get").is_none() {
        bail!("{list} not found, and this machine has no apt-get; install the like of: {names}")
    } else if !geteuid().is_root() {
        bail!("{list} not found, and only root can install it: apt-get install {names}")
    } else {
        Ok(())
    }
}

/// Installs `packages` where something of them is missing.
pub(super) fn ensure(packages: &Packages) -> Result<()> {
    /// Installers of this process would only wait for each other's lock.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    obtainable(packages)?;
    if (packages.missing)().is_empty() {
        return Ok(());
    }
    apt(&["update"])?;
    let install = ["install", "--yes", "--no-install-recommends"];
    apt(&[&install, packages.names].concat())
}

/// The programs of the newest PostgreSQL.
pub(super) fn postgres_folder() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max()?;
    let folder = PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"));
    folder.join("postgres").is_file().then_some(folder)
}

/// Not under a supervisor: a package manager that is killed leaves the machine's packages half configured.
fn apt(arguments: &[&str]) -> Result<()> {
    let what = format!("apt-get {}", arguments.join(" "));
    eprintln!("lab: {what}");
    let status = Command::new("apt-get")
        .args(["-o", "DPkg::Lock::Timeout=300", "--quiet"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .with_context(|| what.clone())?;
    if status.success() {
        Ok(())
    } else {
        bail!("{what} failed with {status}")
    }
}
