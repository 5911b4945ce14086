//! What ends the demo before its time.

use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::getppid;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::interval,
};

const LOOK: Duration = Duration::from_secs(1);

/// Ctrl-C and its relatives, and the death of whoever started the demo.
pub(super) struct Interruption {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    parent: Option<rustix::process::Pid>,
}

impl Interruption {
    /// From here on signals do not end the process by themselves.
    pub(super) fn watch() -> Result<Self> {
        let listen = |kind| signal(kind).context("listening for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
            parent: getppid(),
        })
    }

    /// Returns when the demo is to end.
    pub(super) async fn came(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
            () = orphaned(self.parent) => {}
        }
    }

    /// Returns when somebody does not want to wait for the end. A closed terminal alone does not say so, although it
    /// hangs up and kills a make.
    pub(super) async fn insisted(&mut self) {
        self.interrupt.recv().await;
    }
}

/// A make that is killed takes nobody along, and then nobody is left to press Ctrl-C.
async fn orphaned(parent: Option<rustix::process::Pid>) {
    let mut look = interval(LOOK);
    while getppid() == parent {
        look.tick().await;
    }
}
