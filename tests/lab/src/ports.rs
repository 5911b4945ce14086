//! Ports that stay ours: a server that is stopped and started again must find its port free.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    process,
    sync::atomic::{AtomicU16, Ordering},
};

use anyhow::{Context as _, Result, bail};

use crate::directory;

/// Below the range from which the kernel picks ports for outgoing connections.
pub(crate) const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// A TCP port reserved among all labs of this user until dropped.
pub(crate) struct Port {
    number: u16,
    /// The kernel lets go of the lock when the process ends, however it ends.
    _reservation: File,
}

impl Port {
    /// Reserves a port on which nobody listens.
    pub(crate) fn reserve() -> Result<Self> {
        static TRIED: AtomicU16 = AtomicU16::new(0);
        let folder = directory::base().join("ports");
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        // Processes start at different places, so that they seldom try the same port.
        let start = process::id().wrapping_mul(97) % u32::from(COUNT);
        for _ in 0..COUNT {
            let step = u32::from(TRIED.fetch_add(1, Ordering::Relaxed));
            // The remainder is below COUNT, which is a u16.
            let number =
                FIRST + u16::try_from((start + step) % u32::from(COUNT)).unwrap_or_default();
            let path = folder.join(number.to_string());
            let reservation =
                File::create(&path).with_context(|| format!("creating {}", path.display()))?;
            if reservation.try_lock().is_ok() && is_free(number) {
                return Ok(Self {
                    number,
                    _reservation: reservation,
                });
            }
        }
        bail!("no free port in {FIRST}..{}", FIRST + COUNT)
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn local(&self) -> String {
        format!("127.0.0.1:{}", self.number)
    }
}

fn is_free(number: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, number)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_port_is_not_given_out_twice() {
        let ports: Vec<Port> = (0..50).map(|_| Port::reserve().unwrap()).collect();
        let mut numbers: Vec<u16> = ports.iter().map(Port::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 50);
    }

    #[test]
    fn a_port_on_which_somebody_listens_is_passed_over() {
        let taken = Port::reserve().unwrap();
        let listener = TcpListener::bind(taken.local()).unwrap();
        assert!(!is_free(taken.number()));
        drop(listener);
        assert!(is_free(taken.number()));
    }
}
