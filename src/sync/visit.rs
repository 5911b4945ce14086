use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use jiff::SignedDuration;
use kube::{Resource, ResourceExt, runtime::controller::Action};
use secretwire_core::{
    ObjectKey, schedule,
    secret::Strictness,
    visit::{self, Nudge, Reason, Remembered, Right, Seen, Visit},
};

use super::{
    Context, Delivered, Report, SyncError, Syncable,
    memory::{Entry, Failing},
    propagate, report, write,
};
use crate::{cluster::key_of, controllers::finalizers};

/// Wait for an object that may only be on its way before it is said to be missing.
const EARLY: Duration = Duration::from_millis(500);
/// For how long after its creation a resource's objects may be on their way.
const GRACE: SignedDuration = SignedDuration::from_secs(3);
/// Wait after a status write that failed, before jitter.
const STATUS_RETRY: Duration = Duration::from_secs(2);

/// Visits one resource: does what is due, and says when to come back.
pub(crate) async fn visit<K: Syncable>(object: Arc<K>, context: Arc<Context>) -> Action {
    let key = key_of(&*object);
    let uid = object.uid().unwrap_or_default();
    if object.meta().deletion_timestamp.is_some() {
        context.memory.forget(&key);
        // Its Secret is garbage-collected; only VSO's finalizer may be in the way.
        return finalizers::release(&*object, K::FINALIZER, &context.kube).await;
    }
    let reason = match due(&*object, &key, &uid, &context) {
        Visit::Wait(wait) => return wait.map_or_else(Action::await_change, Action::requeue),
        Visit::Go(reason) => reason,
    };
    let before = context
        .memory
        .with(&key, &uid, |entry| {
            entry.map(|entry| entry.delivered.clone())
        })
        .unwrap_or_else(|| object.delivered());
    let started = context.clock.instant();
    let result = sync(&*object, reason, &before, &context).await;
    context
        .metrics
        .synced::<K>(result.is_ok(), context.clock.instant() - started);

    let previous = context.memory.with(&key, &uid, |entry| {
        entry.and_then(|entry| entry.failing.clone())
    });
    if matches!(result, Err(SyncError::Superseded)) {
        // Whatever was asked for since: the read that gave way to it is still to be made.
        let now = context.clock.instant();
        context.memory.make_due(&key, &uid, now);
        return Action::requeue(Duration::ZERO);
    }
    // The next visit is for the same reason only where nothing or an older spec is remembered.
    if let Err(error) = &result
        && matches!(reason, Reason::First | Reason::Edited)
        && error.may_be_early()
        && is_new(&*object, &context)
    {
        return Action::requeue(EARLY);
    }
    let report = Report::new(result, before);
    let reported = report::report(&*object, &report, previous.as_ref(), &context).await;
    let (wait, failing) = next(&*object, &report, previous, &context);
    let wait = if reported.is_ok() {
        let planned = planned(reason, &key, &uid, &context);
        [wait, planned].into_iter().flatten().min()
    } else {
        Some(STATUS_RETRY)
    };
    let remembered = Remembered {
        generation: object.meta().generation.unwrap_or_default(),
        metadata: metadata_digest(&*object),
        due: wait.map(|wait| context.clock.instant() + wait),
        secret: right(&*object, reason, &report, &key, &uid, &context).filter(|_| reported.is_ok()),
    };
    context.memory.remember(
        key,
        Entry {
            uid,
            remembered,
            delivered: report.delivered,
            failing,
        },
    );
    wait.map_or_else(Action::await_change, Action::requeue)
}

/// Waits until something is asked for that can be had without the read that goes on: the caches
/// show another generation of the resource, or none, or templates changed and what they render is
/// at hand.
async fn overtaken<K: Syncable>(object: &K, reason: Reason, before: &Delivered, context: &Context) {
    let key = key_of(object);
    let renders = match reason {
        Reason::Nudged | Reason::Due => write::holds_raw(object, before),
        // What is at hand was asked for already, or is not used by the next visit either.
        Reason::First | Reason::Edited | Reason::Retransformed | Reason::Drifted => false,
    };
    let mut changes = context.cluster.changes();
    while K::generation_of(&key, &context.cluster) == object.meta().generation
        && !(renders && context.cluster.is_nudged(&key, Nudge::Render))
    {
        if changes.changed().await.is_err() {
            // The watches have ended, and the process with them.
            std::future::pending::<()>().await;
        }
    }
}

/// Whether the resource was created just now.
fn is_new<K: Resource>(object: &K, context: &Context) -> bool {
    let created = object.meta().creation_timestamp.as_ref();
    created.is_some_and(|created| context.clock.now().duration_since(created.0) < GRACE)
}

fn due<K: Syncable>(object: &K, key: &ObjectKey, uid: &str, context: &Context) -> Visit {
    let secret = ObjectKey::new(&key.namespace, &object.destination().name);
    let version = context.cluster.secrets.version(&secret);
    let seen = Seen {
        generation: object.meta().generation.unwrap_or_default(),
        metadata: metadata_digest(object),
        secret: version.as_ref().map(|(version, _)| version.as_str()),
        nudge: context.cluster.take_nudge(key),
    };
    context.memory.with(key, uid, |entry| {
        visit::decide(
            entry.map(|entry| &entry.remembered),
            seen,
            context.clock.instant(),
        )
    })
}

/// resolve → read → render → write → propagate.
async fn sync<K: Syncable>(
    object: &K,
    reason: Reason,
    before: &Delivered,
    context: &Context,
) -> Result<report::Synced, SyncError> {
    let namespace = object.namespace().unwrap_or_default();
    object.period()?;
    let identity = context
        .identities
        .resolve(object.vault_auth_ref(), &namespace)
        .await?;
    let at_hand = match reason {
        Reason::Retransformed => write::raw_at_hand(object, before, context).await,
        Reason::First | Reason::Edited | Reason::Nudged | Reason::Drifted | Reason::Due => None,
    };
    let data = tokio::select! {
        data = object.read(&identity.session, at_hand, context) => data,
        // What is asked for now is not to wait for a Vault that does not answer.
        () = overtaken(object, reason, before, context) => return Err(SyncError::Superseded),
    };
    let data = data.inspect_err(|error| {
        if error.is_unreachable() {
            context.connector.distrust(&identity.connection);
        }
    })?;
    let digest = context.mac_key.digest(&data);
    let strictness = match reason {
        Reason::Edited => Strictness::Exact,
        Reason::First | Reason::Nudged | Reason::Retransformed | Reason::Drifted | Reason::Due => {
            Strictness::Contains
        }
    };
    let written = write::write(object, &data, &digest, before, strictness, context).await?;
    let restart = propagate::restart(object, before.digest.as_deref(), &digest, context).await?;
    Ok(report::Synced {
        digest,
        written,
        restart,
    })
}

/// When to come back, and what is known of the failures.
fn next<K: Syncable>(
    object: &K,
    report: &Report,
    previous: Option<Failing>,
    context: &Context,
) -> (Option<Duration>, Option<Failing>) {
    match &report.result {
        Ok(_) => {
            let period = object.period().ok().flatten();
            let wait = period.map(|period| schedule::jittered(period, context.clock.chance()));
            (wait, None)
        }
        Err(error) => {
            let now = context.clock.instant();
            let failing = Failing {
                failures: previous.as_ref().map_or(0, |failing| failing.failures) + 1,
                since: previous.map_or(now, |failing| failing.since),
                message: error.to_string(),
            };
            let wait = context
                .backoff
                .wait(
                    failing.failures,
                    now - failing.since,
                    context.clock.chance(),
                )
                .map(|wait| wait.max(error.not_before()));
            (wait, Some(failing))
        }
    }
}

/// Wait for the read that was planned before this visit, where this one may have done without.
fn planned(reason: Reason, key: &ObjectKey, uid: &str, context: &Context) -> Option<Duration> {
    if reason != Reason::Retransformed {
        return None;
    }
    let due = context.memory.with(key, uid, |entry| {
        entry.and_then(|entry| entry.remembered.due)
    })?;
    Some(due.saturating_duration_since(context.clock.instant()))
}

/// The destination, where it is right now and a watch shows when it is not.
fn right<K: Syncable>(
    object: &K,
    reason: Reason,
    report: &Report,
    key: &ObjectKey,
    uid: &str,
    context: &Context,
) -> Option<Right> {
    let synced = report.result.as_ref().ok()?;
    if !object.destination().create {
        return None;
    }
    let now = context.clock.instant();
    let version = synced.written.destination.resource_version.clone();
    context.memory.with(key, uid, |entry| {
        let before = entry.and_then(|entry| entry.remembered.secret.as_ref());
        match before {
            Some(before) if before.version == version => Some(before.clone()),
            Some(before) if reason == Reason::Drifted && synced.written.changed => Some(Right {
                version,
                since: now,
                repairs: before.next_repair(now),
            }),
            Some(_) | None => Some(Right {
                version,
                since: now,
                repairs: 0,
            }),
        }
    })
}

/// Labels and annotations of the resource: what templates may use.
fn metadata_digest<K: Resource>(object: &K) -> u64 {
    let mut hasher = DefaultHasher::new();
    object.meta().labels.hash(&mut hasher);
    object.meta().annotations.hash(&mut hasher);
    hasher.finish()
}
