//! The control groups below which the kubelet puts its pods, so that nodes of two labs do not meet.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, test_kill_process};

const ROOT: &str = "/sys/fs/cgroup";
const PREFIX: &str = "secretwire-lab-";

/// One group, in every hierarchy there is.
pub(crate) struct Cgroup {
    name: String,
}

impl Cgroup {
    pub(super) fn possible() -> Result<(), String> {
        match hierarchies().first() {
            Some(hierarchy) => {
                let probe = hierarchy.join(format!("{PREFIX}probe"));
                let made = fs::create_dir(&probe).and_then(|()| fs::remove_dir(&probe));
                made.map_err(|error| {
                    format!(
                        "a real node needs control groups: {}: {error}",
                        probe.display()
                    )
                })
            }
            None => Err(format!(
                "a real node needs control groups, and {ROOT} has none"
            )),
        }
    }

    /// The group of the lab in `folder`.
    pub(super) fn of(folder: &Path) -> Result<Self> {
        let lab = folder
            .file_name()
            .context("a lab without a folder")?
            .to_string_lossy();
        Ok(Self {
            name: format!("{PREFIX}{lab}"),
        })
    }

    /// Makes the group where it is missing, and sweeps those of labs that were killed.
    pub(super) fn create(&self) -> Result<()> {
        for hierarchy in hierarchies() {
            sweep(&hierarchy);
            let path = hierarchy.join(&self.name);
            fs::create_dir_all(&path).with_context(|| format!("creating {}", path.display()))?;
        }
        Ok(())
    }

    /// As the kubelet names it.
    pub(super) fn kubelet_root(&self) -> String {
        format!("/{}", self.name)
    }

    /// Removes it; fails while there are processes in it.
    pub(super) fn remove(&self) -> Result<()> {
        for hierarchy in hierarchies() {
            let path = hierarchy.join(&self.name);
            remove(&path).with_context(|| format!("removing {}", path.display()))?;
        }
        Ok(())
    }
}

/// One in version 2, and one for each controller in version 1; a hybrid has both, and the kubelet makes groups in all.
fn hierarchies() -> Vec<PathBuf> {
    let root = PathBuf::from(ROOT);
    if root.join("cgroup.controllers").is_file() {
        return vec![root];
    }
    let controllers = fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    // Names of two controllers may be links to one hierarchy.
    controllers
        .filter(|path| path.is_dir() && !path.is_symlink())
        .collect()
}

fn remove(path: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove(&entry.path())?;
        }
    }
    fs::remove_dir(path)
}

fn sweep(hierarchy: &Path) {
    for entry in fs::read_dir(hierarchy).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name
            .strip_prefix(PREFIX)
            .and_then(|lab| Pid::from_raw(lab.split_once('-')?.0.parse().ok()?));
        if owner.is_some_and(|owner| test_kill_process(owner).is_err()) {
            // Another lab may be sweeping too.
            let _ = remove(&entry.path());
        }
    }
}
