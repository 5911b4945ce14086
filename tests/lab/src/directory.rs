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
/// And no more than this many; each takes some hundred megabytes.
const KEEP_COUNT: usize = 8;

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

/// Removes what labs left behind whose process is gone: the old, and the oldest of many. A lab in a `static` is never
/// dropped, so its folder stays even when all went well.
fn sweep(base: &Path) {
    let entries = fs::read_dir(base).into_iter().flatten().flatten();
    let mut left: Vec<(SystemTime, PathBuf)> =
        entries.filter_map(|entry| abandoned(&entry)).collect();
    left.sort_unstable_by(|one, other| other.cmp(one));
    let now = SystemTime::now();
    for (place, (time, path)) in left.into_iter().enumerate() {
        if place >= KEEP_COUNT || now.duration_since(time).is_ok_and(|age| age > KEEP) {
            // Another lab may be sweeping too.
            let _ = fs::remove_dir_all(path);
        }
    }
}

fn abandoned(entry: &fs::DirEntry) -> Option<(SystemTime, PathBuf)> {
    let name = entry.file_name().into_string().ok()?;
    let owner = Pid::from_raw(name.split_once('-')?.0.parse().ok()?)?;
    let time = entry.metadata().ok()?.modified().ok()?;
    test_kill_process(owner)
        .is_err()
        .then(|| (time, entry.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_folders_of_ended_labs_and_those_of_living_ones_are_kept() {
        let base = std::env::temp_dir().join(format!(
            "secretwire-lab-sweep-{}",
            crate::hex::random(6).unwrap()
        ));
        // No process has the greatest id.
        let ended = |index: usize| base.join(format!("{}-{index}", i32::MAX));
        let now = SystemTime::now();
        for index in 0..KEEP_COUNT + 2 {
            fs::create_dir_all(ended(index)).unwrap();
            let age = Duration::from_mins(u64::try_from(index).unwrap());
            fs::File::open(ended(index))
                .unwrap()
                .set_modified(now - age)
                .unwrap();
        }
        fs::File::open(ended(1))
            .unwrap()
            .set_modified(now - KEEP - Duration::from_mins(1))
            .unwrap();
        let living = base.join(format!("{}-0", process::id()));
        fs::create_dir_all(&living).unwrap();
        fs::File::open(&living)
            .unwrap()
            .set_modified(now - KEEP * 2)
            .unwrap();
        sweep(&base);
        let kept: Vec<usize> = (0..KEEP_COUNT + 2)
            .filter(|index| ended(*index).exists())
            .collect();
        let expected: Vec<usize> = (0..=KEEP_COUNT).filter(|index| *index != 1).collect();
        assert_eq!(kept, expected);
        assert!(living.exists());
        fs::remove_dir_all(base).unwrap();
    }
}
