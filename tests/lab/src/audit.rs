//! Reading audit logs: what servers were really asked, beside what anybody claims.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

/// A moment from which requests are counted.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    offset: u64,
    time: Timestamp,
}

impl Mark {
    /// Everything since the lab started.
    pub const START: Self = Self {
        offset: 0,
        time: Timestamp::UNIX_EPOCH,
    };

    /// Now, for the log at `path`.
    pub(crate) fn now(path: &Path) -> Self {
        let offset = path.metadata().map_or(0, |metadata| metadata.len());
        Self {
            offset,
            time: Timestamp::now(),
        }
    }

    /// Requests are logged when they end, so one from before the mark may stand after it.
    pub(crate) fn covers(&self, received: Timestamp) -> bool {
        received >= self.time
    }
}

/// The whole lines of the log at `path` after `mark`; a line that is still being written is left for the next time.
pub(crate) fn lines<T: DeserializeOwned>(path: &Path, mark: &Mark) -> Result<Vec<T>> {
    let reading = || format!("reading {}", path.display());
    let mut file = File::open(path).with_context(reading)?;
    file.seek(SeekFrom::Start(mark.offset))
        .with_context(reading)?;
    let mut text = String::new();
    file.read_to_string(&mut text).with_context(reading)?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).with_context(reading))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_half_written_line_is_left_for_the_next_time() {
        let path = std::env::temp_dir().join(format!(
            "secretwire-lab-audit-{}",
            crate::hex::random(6).unwrap()
        ));
        fs::write(&path, "1\n2\n3").unwrap();
        assert_eq!(lines::<u32>(&path, &Mark::START).unwrap(), [1, 2]);
        let mark = Mark {
            offset: 2,
            ..Mark::START
        };
        fs::write(&path, "1\n2\n3\n").unwrap();
        assert_eq!(lines::<u32>(&path, &mark).unwrap(), [2, 3]);
        fs::remove_file(path).unwrap();
    }
}
