//! The cache: binaries by version, the Go caches that make rebuilds short, and the Python environment.

use std::{
    env, fs,
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

/// `$SECRETWIRE_CACHE`, else `$XDG_CACHE_HOME/secretwire`, else `~/.cache/secretwire`.
pub(super) struct Cache {
    root: PathBuf,
}

impl Cache {
    pub(super) fn locate() -> Result<Self> {
        let variable = |name| {
            env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let root = variable("SECRETWIRE_CACHE")
            .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("secretwire")))
            .or_else(|| Some(variable("HOME")?.join(".cache/secretwire")))
            .context("no place for the cache: set SECRETWIRE_CACHE or HOME")?;
        Ok(Self { root })
    }

    pub(super) fn folder(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Where the last making of `name` is logged.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.root.join("logs").join(format!("{name}.log"))
    }

    /// Runs `make` unless `is_there`, while no other process makes the same thing.
    pub(super) fn once(
        &self,
        name: &str,
        is_there: impl Fn() -> bool,
        make: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        if is_there() {
            return Ok(());
        }
        let _lock = self.lock(name)?;
        // Whoever held the lock before us may have made it.
        if is_there() { Ok(()) } else { make() }
    }

    /// The kernel releases it when this process ends, however it ends.
    fn lock(&self, name: &str) -> Result<File> {
        let path = self.root.join("locks").join(name);
        let locking = || format!("locking {}", path.display());
        create_parent(&path)?;
        let file = File::create(&path).with_context(locking)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                eprintln!("lab: {name}: waiting for another process that is getting it");
                file.lock().with_context(locking)?;
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(locking),
        }
        Ok(file)
    }
}

/// Makes the folder in which `path` will be.
pub(super) fn create_parent(path: &Path) -> Result<()> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        thread,
    };

    use super::*;

    #[test]
    fn two_that_want_the_same_thing_at_once_make_it_once() {
        let root = env::temp_dir().join(format!(
            "secretwire-lab-cache-{}",
            crate::hex::random(6).unwrap()
        ));
        let count = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let cache = Cache { root: root.clone() };
                    let thing = cache.folder("thing");
                    let make = || {
                        count.fetch_add(1, Ordering::SeqCst);
                        fs::write(&thing, "made").context("making")
                    };
                    cache.once("thing", || thing.exists(), make).unwrap();
                });
            }
        });
        assert_eq!(count.into_inner(), 1);
        fs::remove_dir_all(root).unwrap();
    }
}
