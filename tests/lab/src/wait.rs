//! Waiting by asking: poll until something holds or a deadline passes, never sleep and hope.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep_until, timeout_at};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Polls `probe` until it yields a value, and returns that.
///
/// `Ok(None)` and `Err` both mean "not yet"; an `Err` also says what was seen instead, and the last one is part of the
/// error at the deadline. A probe that hangs is cut off there too.
///
/// # Errors
/// The deadline passed; the text names `what` and what was seen last.
pub async fn await_condition<T, F, Fut>(what: &str, deadline: Duration, mut probe: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>>>,
{
    poll(what, deadline, || {
        let attempt = probe();
        async move {
            Ok(match attempt.await {
                Ok(Some(value)) => Probe::Done(value),
                Ok(None) => Probe::NotYet(None),
                Err(error) => Probe::NotYet(Some(format!("{error:#}"))),
            })
        }
    })
    .await
}

/// What one look showed.
pub(crate) enum Probe<T> {
    Done(T),
    NotYet(Option<String>),
}

/// Like [`await_condition`], but an `Err` of the probe ends the waiting at once: there is nothing left to wait for.
pub(crate) async fn poll<T, F, Fut>(what: &str, limit: Duration, mut probe: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Probe<T>>>,
{
    let deadline = Instant::now() + limit;
    let mut pause = FIRST_PAUSE;
    let mut last_seen = None;
    loop {
        match timeout_at(deadline, probe()).await {
            Ok(Ok(Probe::Done(value))) => return Ok(value),
            Ok(Ok(Probe::NotYet(seen))) => last_seen = seen,
            Ok(Err(error)) => return Err(error.context(format!("waiting for {what}"))),
            Err(_elapsed) => {
                let seen = last_seen.as_deref().unwrap_or("nothing");
                bail!(
                    "gave up after {limit:?} waiting for {what}: the last look did not return; before it: {seen}"
                );
            }
        }
        let next = Instant::now() + pause;
        if next >= deadline {
            let seen = last_seen
                .as_deref()
                .unwrap_or("the condition does not hold");
            bail!("gave up after {limit:?} waiting for {what}; last seen: {seen}");
        }
        sleep_until(next).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::pending};

    use anyhow::anyhow;

    use super::*;

    #[tokio::test]
    async fn the_deadline_message_names_the_condition_and_what_was_seen_last() {
        let looks = Cell::new(0);
        let error =
            await_condition::<(), _, _>("the Secret to appear", Duration::from_millis(200), || {
                looks.set(looks.get() + 1);
                let seen = anyhow!("phase Pending at look {}", looks.get());
                async { Err(seen) }
            })
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("the Secret to appear") && error.contains("200ms"),
            "{error}"
        );
        assert!(
            error.ends_with(&format!("phase Pending at look {}", looks.get())),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_hanging_probe_is_cut_off_at_the_deadline() {
        let error = await_condition::<(), _, _>("an answer", Duration::from_millis(50), pending)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("did not return"), "{error}");
    }

    #[tokio::test]
    async fn a_failing_look_is_tried_again() {
        let looks = Cell::new(0);
        let value = await_condition("the third look", Duration::from_secs(5), || {
            looks.set(looks.get() + 1);
            let look = looks.get();
            async move {
                if look < 3 {
                    Err(anyhow!("too early"))
                } else {
                    Ok(Some(look))
                }
            }
        })
        .await
        .unwrap();
        assert_eq!(value, 3);
    }
}
