use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::{bundle::Bundle, leaf::ServerNames};

fn start() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn policy() -> Policy {
    Policy {
        ca_life: hours(24 * 30),
        leaf_life: hours(24),
        backdate: SignedDuration::from_mins(10),
        settle: SignedDuration::from_secs(60),
    }
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

fn authority(now: Timestamp) -> Arc<Authority> {
    Arc::new(Authority::generate(now, &policy()).unwrap())
}

fn leaf(now: Timestamp, issuer: &Authority) -> Leaf {
    let names = ServerNames::of_service("hook", "ops");
    issuer.issue(now, &policy(), &names).unwrap()
}

/// What one replica holds, at first in the quiet middle of an authority's life.
struct Scene {
    slots: CaSlots,
    leaf: Option<Leaf>,
    coverage: Coverage,
    rotate: bool,
}

impl Scene {
    fn quiet() -> Self {
        let current = authority(start());
        let leaf = leaf(start(), &current);
        let slots = CaSlots {
            current,
            next: None,
            retained: None,
        };
        let mut scene = Self {
            slots,
            leaf: Some(leaf),
            coverage: Coverage::default(),
            rotate: false,
        };
        scene.publish(start());
        scene
    }

    fn publish(&mut self, now: Timestamp) {
        self.coverage.observe(now, vec![self.slots.bundle()]);
    }

    fn view(&self) -> View<'_> {
        View {
            stored: Stored::Sound {
                slots: &self.slots,
                rotate: self.rotate,
            },
            remembered: Some(&self.slots),
            leaf: self.leaf.as_ref(),
            coverage: &self.coverage,
        }
    }

    fn due(&self, now: Timestamp) -> Step {
        due(now, &policy(), &self.view())
    }

    fn store(&mut self, now: Timestamp, change: Change) {
        self.slots = change.apply(now, &policy(), &self.view()).unwrap();
        self.rotate = false;
    }
}

#[test]
fn sleeps_until_the_leaf_is_due() {
    let scene = Scene::quiet();
    let until = scene.leaf.as_ref().unwrap().validity().renew_at();
    assert_eq!(scene.due(start()), Step::Wait { until });
    assert_eq!(scene.due(until), Step::Issue);
}

type Case = (&'static str, Timestamp, fn(&mut Scene), Step);

#[test]
fn decides_by_what_is_wrong() {
    let ahead = start() + hours(24 * 300);
    let behind = start() - hours(24);
    let later = start() + hours(24 * 21);
    let cases: [Case; 7] = [
        (
            "nothing served yet",
            start(),
            |s| s.leaf = None,
            Step::Issue,
        ),
        (
            "a bundle edited by hand",
            start(),
            |s| s.coverage.observe(start(), vec![Bundle::default()]),
            Step::Publish,
        ),
        (
            "nothing registered",
            start(),
            |s| s.coverage.observe(start(), vec![]),
            Step::Publish,
        ),
        (
            "somebody asks",
            start(),
            |s| s.rotate = true,
            Step::Store(Change::Introduce),
        ),
        (
            "two thirds of the life",
            later,
            |s| s.leaf = Some(leaf(start() + hours(24 * 21), &s.slots.current)),
            Step::Store(Change::Introduce),
        ),
        (
            "the clock jumped past the end",
            ahead,
            |_| {},
            Step::Store(Change::Create),
        ),
        (
            "made by a clock that ran ahead",
            behind,
            |_| {},
            Step::Store(Change::Create),
        ),
    ];
    for (case, now, change, expected) in cases {
        let mut scene = Scene::quiet();
        change(&mut scene);
        assert_eq!(scene.due(now), expected, "{case}");
    }
}

#[test]
fn a_lost_secret_is_put_back_from_memory_and_created_without() {
    let scene = Scene::quiet();
    for stored in [Stored::Missing, Stored::Broken] {
        let mut view = scene.view();
        view.stored = stored;
        assert_eq!(due(start(), &policy(), &view), Step::Store(Change::Restore));
        let expired = start() + hours(24 * 300);
        assert_eq!(due(expired, &policy(), &view), Step::Store(Change::Create));
        view.remembered = None;
        assert_eq!(due(start(), &policy(), &view), Step::Store(Change::Create));
    }
}

#[test]
fn deleting_the_secret_keeps_the_authority_and_starts_a_rotation() {
    let scene = Scene::quiet();
    let mut view = scene.view();
    view.stored = Stored::Missing;
    let restored = Change::Restore.apply(start(), &policy(), &view).unwrap();
    assert_eq!(
        restored.current.certificate(),
        scene.slots.current.certificate()
    );
    assert!(restored.next.is_some());
    view.stored = Stored::Broken;
    let repaired = Change::Restore.apply(start(), &policy(), &view).unwrap();
    assert_eq!(repaired.bundle(), scene.slots.bundle());
}

#[test]
fn a_new_authority_keeps_trust_in_what_others_still_serve() {
    let scene = Scene::quiet();
    let mut view = scene.view();
    view.stored = Stored::Missing;
    view.remembered = None;
    let created = Change::Create.apply(start(), &policy(), &view).unwrap();
    assert!(created.bundle().contains(scene.slots.current.certificate()));
    assert_ne!(
        created.current.certificate(),
        scene.slots.current.certificate()
    );
}

#[test]
fn a_rotation_takes_its_steps_in_order() {
    let mut scene = Scene::quiet();
    let old = scene.slots.current.certificate().clone();
    scene.rotate = true;
    assert_eq!(scene.due(start()), Step::Store(Change::Introduce));
    scene.store(start(), Change::Introduce);
    let new = scene.slots.next.as_ref().unwrap().certificate().clone();
    assert_eq!(scene.due(start()), Step::Publish);
    scene.publish(start());
    let settled = start() + policy().settle;
    assert_eq!(scene.due(start()), Step::Wait { until: settled });

    assert_eq!(scene.due(settled), Step::Store(Change::Promote));
    scene.store(settled, Change::Promote);
    assert_eq!(scene.slots.signer().certificate(), &new);
    assert_eq!(scene.due(settled), Step::Issue);
    scene.leaf = Some(leaf(settled, &scene.slots.current));
    assert!(scene.slots.bundle().contains(&old));

    let end = settled + policy().retention();
    scene.leaf = Some(leaf(end, &scene.slots.current));
    assert_eq!(scene.due(end), Step::Store(Change::Forget));
    scene.store(end, Change::Forget);
    assert_eq!(scene.due(end), Step::Publish);
    scene.publish(end);
    assert!(!scene.slots.bundle().contains(&old));
    assert!(matches!(scene.due(end), Step::Wait { .. }));
}

#[test]
fn an_edit_during_the_settling_time_starts_it_anew() {
    let mut scene = Scene::quiet();
    scene.store(start(), Change::Introduce);
    scene.publish(start());
    let edited = start() + SignedDuration::from_secs(50);
    scene.coverage.observe(edited, vec![Bundle::default()]);
    assert_eq!(scene.due(edited), Step::Publish);
    scene.publish(edited);
    let settled = edited + policy().settle;
    assert_eq!(
        scene.due(start() + policy().settle),
        Step::Wait { until: settled }
    );
}

#[test]
fn keeps_the_accepted_leaf_while_an_unannounced_authority_settles() {
    let mut scene = Scene::quiet();
    scene.store(start(), Change::Create);
    assert_eq!(scene.due(start()), Step::Publish);
    scene.publish(start());
    let settled = start() + policy().settle;
    assert_eq!(scene.due(start()), Step::Wait { until: settled });
    assert_eq!(scene.due(settled), Step::Issue);
}

#[test]
fn leaves_an_authority_that_nobody_accepts_at_once() {
    let mut scene = Scene::quiet();
    scene.slots = CaSlots::of(Authority::generate(start(), &policy()).unwrap());
    scene.publish(start());
    assert_eq!(scene.due(start()), Step::Issue);
}

/// A cluster in miniature: one shared Secret, one published bundle, three replicas that take turns.
struct World {
    now: Timestamp,
    secret: Option<Result<CaSlots, ()>>,
    rotate: bool,
    published: Bundle,
    /// Bundles that were replaced, with the moment of it; an API server may still work with one of them.
    past: Vec<(Timestamp, Bundle)>,
    replicas: [Replica; 3],
}

#[derive(Default)]
struct Replica {
    remembered: Option<CaSlots>,
    leaf: Option<Leaf>,
    coverage: Coverage,
    ready_since: Option<Timestamp>,
}

#[derive(Clone, Debug)]
enum Event {
    /// The replica looks, and carries out this many steps.
    Turn(usize, usize),
    Restart(usize),
    Seconds(u16),
    Hours(u8),
    DeleteSecret,
    DamageSecret,
    AskForRotation,
}

impl World {
    fn new() -> Self {
        Self {
            now: start(),
            secret: None,
            rotate: false,
            published: Bundle::default(),
            past: Vec::new(),
            replicas: Default::default(),
        }
    }

    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Turn(index, steps) => {
                for _ in 0..steps {
                    if let Step::Wait { .. } = self.turn(index) {
                        break;
                    }
                }
            }
            Event::Restart(index) => self.replicas[index] = Replica::default(),
            Event::Seconds(count) => self.pass(SignedDuration::from_secs(count.into())),
            Event::Hours(count) => {
                for _ in 0..count {
                    self.pass(SignedDuration::from_mins(60));
                    (0..3).for_each(|index| self.happen(&Event::Turn(index, 4)));
                }
            }
            Event::DeleteSecret => self.secret = None,
            Event::DamageSecret => self.secret = Some(Err(())),
            Event::AskForRotation => self.rotate = true,
        }
    }

    fn pass(&mut self, time: SignedDuration) {
        self.now += time;
        let stale = self.now - policy().settle;
        self.past.retain(|(replaced, _)| *replaced > stale);
    }

    fn turn(&mut self, index: usize) -> Step {
        let replica = &mut self.replicas[index];
        let entries = vec![self.published.clone(), self.published.clone()];
        replica.coverage.observe(self.now, entries);
        if let Some(Ok(slots)) = &self.secret {
            replica.remembered = Some(slots.clone());
        }
        let view = View {
            stored: match &self.secret {
                None => Stored::Missing,
                Some(Err(())) => Stored::Broken,
                Some(Ok(slots)) => Stored::Sound {
                    slots,
                    rotate: self.rotate,
                },
            },
            remembered: replica.remembered.as_ref(),
            leaf: replica.leaf.as_ref(),
            coverage: &replica.coverage,
        };
        let step = due(self.now, &policy(), &view);
        match step {
            Step::Store(change) => {
                let slots = change.apply(self.now, &policy(), &view).unwrap();
                replica.remembered = Some(slots.clone());
                self.secret = Some(Ok(slots));
                self.rotate = false;
            }
            Step::Issue => {
                let slots = replica.remembered.as_ref().unwrap();
                replica.leaf = Some(leaf(self.now, slots.signer()));
            }
            Step::Publish => {
                let bundle = replica.remembered.as_ref().unwrap().bundle();
                let replaced = std::mem::replace(&mut self.published, bundle);
                self.past.push((self.now, replaced));
            }
            Step::Wait { .. } => {
                let issuer = replica.leaf.as_ref().unwrap().issuer();
                if replica.coverage.since(issuer).is_some() {
                    replica.ready_since.get_or_insert(self.now);
                }
            }
        }
        step
    }

    /// Each replica that gets calls serves a leaf that every API server accepts.
    fn check(&self) -> Result<(), TestCaseError> {
        for replica in &self.replicas {
            let (Some(ready), Some(leaf)) = (replica.ready_since, &replica.leaf) else {
                continue;
            };
            if !leaf.validity().contains(self.now) {
                continue; // it has had no turn for longer than the life of a leaf
            }
            prop_assert!(self.published.contains(leaf.issuer()));
            let known = self.past.iter().filter(|(replaced, _)| *replaced > ready);
            for (_, bundle) in known {
                prop_assert!(bundle.contains(leaf.issuer()));
            }
        }
        Ok(())
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => (0..3_usize, 1..6_usize).prop_map(|(index, steps)| Event::Turn(index, steps)),
        2 => (0..3_usize).prop_map(Event::Restart),
        5 => (1..90_u16).prop_map(Event::Seconds),
        2 => (1..30_u8).prop_map(Event::Hours),
        1 => Just(Event::DeleteSecret),
        1 => Just(Event::DamageSecret),
        2 => Just(Event::AskForRotation),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_served_leaf_is_always_covered_by_what_is_published(
        events in proptest::collection::vec(event(), 1..60),
    ) {
        let mut world = World::new();
        for event in &events {
            world.happen(event);
            world.check()?;
        }
    }

    #[test]
    fn every_mishap_ends_in_a_quiet_state(
        events in proptest::collection::vec(event(), 1..30),
    ) {
        let mut world = World::new();
        for event in &events {
            world.happen(event);
        }
        for _ in 0..4 {
            world.pass(policy().settle);
            (0..3).for_each(|index| world.happen(&Event::Turn(index, 8)));
        }
        for index in 0..3 {
            let step = world.turn(index);
            prop_assert!(matches!(step, Step::Wait { .. }), "{step:?}");
            let serving = world.replicas[index].leaf.as_ref().unwrap();
            prop_assert!(world.published.contains(serving.issuer()));
        }
    }
}
