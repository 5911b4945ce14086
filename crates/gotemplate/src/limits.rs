//! What a render may cost, and the account of what it has cost so far.

use std::time::Instant;

use crate::bytestr::Str;
use crate::funcs::FuncError;
use crate::map::{InsertError, Map};
use crate::value::Value;

/// Bounds for one render. Templates come from anyone who may create a resource, so every loop,
/// recursion and growth has an end.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes written to the output.
    pub output_bytes: usize,
    /// Evaluation steps: one a node, one a function call, one a value visited.
    pub steps: u64,
    /// Bytes that functions may produce in all, whether or not they are kept.
    pub memory_bytes: usize,
    /// Nesting of `template` calls.
    pub depth: usize,
    /// When to give up.
    pub deadline: Option<Instant>,
}

impl Default for Limits {
    /// Generous for a Secret, whose data may not pass one mebibyte.
    fn default() -> Self {
        Self {
            output_bytes: 4 << 20,
            steps: 10_000_000,
            memory_bytes: 64 << 20,
            depth: 1_000,
            deadline: None,
        }
    }
}

/// A limit that a render ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// Too much output.
    #[error("output exceeds {0} bytes")]
    Output(usize),
    /// Too many steps.
    #[error("template takes more than {0} steps")]
    Steps(u64),
    /// Too much memory.
    #[error("functions produced more than {0} bytes")]
    Memory(usize),
    /// Too many nested `template` calls; worded as in Go.
    #[error("exceeded maximum template depth ({0})")]
    Depth(usize),
    /// A value nested deeper than it can be printed or encoded.
    #[error("value is nested more than {0} levels deep")]
    Nesting(usize),
    /// Too much time.
    #[error("template takes too long")]
    Deadline,
}

/// The account of one render; every function call gets it.
#[derive(Debug)]
pub struct Ctx {
    limits: Limits,
    steps_left: u64,
    memory_left: usize,
    clock_check_in: u32,
}

/// How many steps pass between two looks at the clock.
const CLOCK_INTERVAL: u32 = 512;

impl Ctx {
    /// A fresh account.
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: *limits,
            steps_left: limits.steps,
            memory_left: limits.memory_bytes,
            clock_check_in: CLOCK_INTERVAL,
        }
    }

    /// The bounds it was opened with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Pays for `steps` of work. Call it in proportion to the work a function does beyond looking
    /// at its arguments once.
    pub fn charge(&mut self, steps: usize) -> Result<(), LimitError> {
        let cost = u64::try_from(steps).unwrap_or(u64::MAX);
        self.steps_left = self
            .steps_left
            .checked_sub(cost)
            .ok_or(LimitError::Steps(self.limits.steps))?;
        let ticks = u32::try_from(steps).unwrap_or(u32::MAX);
        match self.clock_check_in.checked_sub(ticks) {
            Some(left) => self.clock_check_in = left,
            None => self.check_clock()?,
        }
        Ok(())
    }

    /// Pays for `bytes` of memory. A function that can produce much from little (`repeat`) calls it
    /// before it allocates; the evaluator charges the size of every result as far as its function
    /// has not.
    pub fn reserve(&mut self, bytes: usize) -> Result<(), LimitError> {
        self.memory_left = self
            .memory_left
            .checked_sub(bytes)
            .ok_or(LimitError::Memory(self.limits.memory_bytes))?;
        Ok(())
    }

    /// The most bytes a single result may still have.
    pub fn memory_left(&self) -> usize {
        self.memory_left
    }

    /// Sets an entry of a map, as Go would, and pays for the cycle check.
    pub fn insert(&mut self, map: &Map, key: Str, value: Value) -> Result<(), FuncError> {
        self.reserve(key.len() + 3 * size_of::<Value>())?;
        let visited = map
            .insert(key, value)
            .map_err(|error: InsertError| FuncError::new(error.to_string()))?;
        Ok(self.charge(visited)?)
    }

    fn check_clock(&mut self) -> Result<(), LimitError> {
        self.clock_check_in = CLOCK_INTERVAL;
        match self.limits.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(LimitError::Deadline),
            _ => Ok(()),
        }
    }
}
