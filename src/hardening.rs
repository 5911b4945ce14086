//! Keeps the process's memory to itself.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// No core dump, and no reading of this process's memory by its own user.
/// A system that refuses is told of, and not a reason to refuse to work.
pub(crate) fn forbid_core_dumps() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    if let Err(error) = setrlimit(Resource::Core, none) {
        eprintln!("secretwire: core dumps cannot be turned off: {error}");
    }
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        eprintln!("secretwire: memory cannot be made private: {error}");
    }
}
