//! Deep recursion without deep stacks.

use std::panic;
use std::thread;

/// Levels of recursion that fit on any thread's stack, unoptimised code included.
const LEVELS_A_STACK: usize = 150;

/// Enough for [`LEVELS_A_STACK`] levels several times over.
const STACK_BYTES: usize = 4 << 20;

/// Runs `work` at recursion level `level`, now and then on a thread of its own: templates may nest
/// deeper than the caller's stack, which can be that of a small worker thread, allows. Level zero
/// and all usual templates stay where they are. Without a thread to be had there is no result.
pub(crate) fn at_level<T: Send>(level: usize, work: impl FnOnce() -> T + Send) -> Option<T> {
    if level == 0 || !level.is_multiple_of(LEVELS_A_STACK) {
        return Some(work());
    }
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(STACK_BYTES);
        let handle = builder.spawn_scoped(scope, work).ok()?;
        match handle.join() {
            Ok(result) => Some(result),
            Err(payload) => panic::resume_unwind(payload),
        }
    })
}
