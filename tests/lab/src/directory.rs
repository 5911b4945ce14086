//! The one folder in which a lab keeps its configuration, data and logs.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, geteuid, test_kill_process};

/// Folders whose owner is gone are kept this long for whoever wants to read their logs.
const KEEP: Duration = Duration::from_hours(24);

/// A lab's folder. It is kept, and its path printed, unless [`discard`](Self::discard) was called.
pub(crate) struct Directory {
    path: PathBuf,
    discard: AtomicBool,
}

impl Directory {
    /// Makes a new folder, and sweeps those of labs that ended long ago.
    pub(crate) fn create() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let base = base();
        create_traversable(&base)?;
        sweep(&base);
        let path = base.join(format!(
            "{}-{}",
            process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        ));
        // A folder of this name is of an earlier process that had our id.
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).context("removing a stale lab folder");
            }
            _ => create_traversable(&path)?,
        }
        Ok(Self {
            path,
            discard: AtomicBool::new(false),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes `name`, for this user alone: most of the lab's files hold keys or tokens.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.file(name);
        write_private(&path, content)?;
        Ok(path)
    }

    /// Nothing went wrong: the folder goes when this is dropped.
    pub(crate) fn discard(&self) {
        self.discard.store(true, Ordering::Relaxed);
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if !self.discard.load(Ordering::Relaxed) {
            eprintln!("lab: logs and data are kept in {}", self.path.display());
        } else if let Err(error) = fs::remove_dir_all(&self.path) {
            eprintln!("lab: cannot remove {}: {error}", self.path.display());
        }
    }
}

/// Writes a file that only this user may read.
pub(crate) fn write_private(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    fs::write(path, content)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o600)))
        .with_context(|| format!("writing {}", path.display()))
}

/// The folder of all labs of this user.
pub(crate) fn base() -> PathBuf {
    std::env::temp_dir().join(format!("secretwire-lab-{}", geteuid().as_raw()))
}

/// PostgreSQL runs as another user and must be able to pass through.
fn create_traversable(path: &Path) -> Result<()> {
    fs::create_dir_all(path)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o711)))
        .with_context(|| format!("creating {}", path.display()))
}

fn sweep(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else {
        return;
    };
    for entry in entries.flatten() {
        if is_stale(&entry).unwrap_or(false) {
            // Another lab may be sweeping too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_stale(entry: &fs::DirEntry) -> Option<bool> {
    let name = entry.file_name().into_string().ok()?;
    let owner = Pid::from_raw(name.split_once('-')?.0.parse().ok()?)?;
    let age = SystemTime::now()
        .duration_since(entry.metadata().ok()?.modified().ok()?)
        .ok()?;
    Some(age > KEEP && test_kill_process(owner).is_err())
}
