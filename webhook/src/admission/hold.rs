//! Waiting within admission: short, bounded in time and number, woken by changes.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::plan::{Findings, Pieces, look, suggest, watched};
use crate::wiring::{WaitMode, Wiring};

use super::Admission;

impl Admission {
    /// What the directory knows of the wiring's references, once it is all ready or waiting is over.
    pub(super) async fn settle(
        &self,
        namespace: &str,
        wiring: &Wiring,
        until: Option<Instant>,
    ) -> Findings {
        let directory = self.directory.as_ref();
        let keys = watched(directory, wiring);
        // Subscribed before the first look: a change between look and wait is not lost.
        let mut changes = directory.changes(namespace, &keys);
        let mut findings = look(directory, namespace, wiring);
        if Pieces::gather(wiring, &findings).worth_waiting() {
            directory.nudge(namespace, &keys);
            if let (Some(until), Ok(_permit)) = (until, self.holds.try_acquire()) {
                let _counted = self.metrics.hold();
                while let Ok(Ok(())) = timeout_at(until, changes.changed()).await {
                    findings = look(directory, namespace, wiring);
                    if !Pieces::gather(wiring, &findings).worth_waiting() {
                        break;
                    }
                }
            }
        }
        suggest(directory, namespace, &mut findings);
        findings
    }

    /// Until when a pod may be held, if at all.
    pub(super) fn hold_until(
        &self,
        wiring: &Wiring,
        arrival: Instant,
        budget: Duration,
    ) -> Option<Instant> {
        match wiring.wait.mode {
            WaitMode::None | WaitMode::Gate => None,
            WaitMode::Hold | WaitMode::Auto => {
                let room = budget.saturating_sub(ROOM_TO_ANSWER);
                Some(arrival + wiring.wait.hold.min(self.policy.longest_hold).min(room))
            }
        }
    }
}

/// Kept from the API server's timeout, so that the answer is there in time.
const ROOM_TO_ANSWER: Duration = Duration::from_millis(1500);
