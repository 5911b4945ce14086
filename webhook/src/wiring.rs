//! The wiring model: what a pod asks for, whatever the spelling. Plain data; everything in it has been validated.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::problem::Problem;
use crate::reference::Reference;
use crate::selector::Selector;

/// Everything one pod (or pod template) asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wiring {
    /// Files, by id.
    pub mounts: Vec<Mount>,
    /// Environment variables, by id.
    pub envs: Vec<EnvSet>,
    /// What to do while secrets are not there.
    pub wait: Wait,
    /// The pod opts out: nothing is injected.
    pub ignore: bool,
    /// What is odd, but harmless.
    pub warnings: Vec<Problem>,
}

impl Wiring {
    /// Every use by its base key, with the resource it names, and whether the pod may start without it.
    pub(crate) fn uses(&self) -> impl Iterator<Item = (String, &Reference, bool)> {
        let mounts = self.mounts.iter().map(|mount| {
            (
                format!("mount.{}", mount.id),
                &mount.reference,
                mount.optional,
            )
        });
        let envs = self
            .envs
            .iter()
            .map(|env| (format!("env.{}", env.id), &env.reference, env.optional));
        mounts.chain(envs)
    }

    /// Every resource named.
    pub fn refs(&self) -> BTreeSet<&Reference> {
        let mounts = self.mounts.iter().map(|mount| &mount.reference);
        mounts
            .chain(self.envs.iter().map(|env| &env.reference))
            .collect()
    }

    /// Whether the pod asks for nothing, and so must not be touched.
    pub fn is_empty(&self) -> bool {
        self.ignore || (self.mounts.is_empty() && self.envs.is_empty())
    }
}

/// `mount.<id>`: a Secret as a directory.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    /// The id.
    pub id: String,
    /// Whose Secret.
    pub reference: Reference,
    /// Where, absolute and normalised.
    pub path: String,
    /// Which keys; `None` is all but `_raw`.
    pub items: Option<Vec<Item>>,
    /// File mode.
    pub mode: u32,
    /// In which containers.
    pub containers: Selector,
    /// The pod may start without it.
    pub optional: bool,
}

/// One entry of `mount.<id>.items`.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// A key, or a glob over the keys the Secret has.
    pub key: String,
    /// The file's path below the mount; the key itself when left out, and always for a glob.
    pub path: Option<String>,
    /// File mode, when it differs from the mount's.
    pub mode: Option<u32>,
}

/// `env.<id>`: keys of a Secret as environment variables.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvSet {
    /// The id.
    pub id: String,
    /// Whose Secret.
    pub reference: Reference,
    /// Put before every variable's name.
    pub prefix: String,
    /// Which keys; `None` is all but `_raw`.
    pub keys: Option<Vec<Variable>>,
    /// In which containers.
    pub containers: Selector,
    /// The pod may start without it.
    pub optional: bool,
}

/// One entry of `env.<id>.keys`.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// The variable, without the set's prefix.
    pub name: String,
    /// The Secret's key.
    pub key: String,
}

/// `wait` and `hold`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// How.
    pub mode: WaitMode,
    /// At most how long within admission.
    pub hold: Duration,
}

impl Default for Wait {
    fn default() -> Self {
        Self {
            mode: WaitMode::Auto,
            hold: Duration::from_secs(2),
        }
    }
}

/// What to do while secrets are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitMode {
    /// Wire what is known and let the pod go.
    None,
    /// Wait within admission, then refuse.
    Hold,
    /// A scheduling gate at once.
    Gate,
    /// Hold, then gate.
    Auto,
}
