//! `wait` and `hold`.

use crate::problem::Problem;
use crate::wiring::{Wait, WaitMode};

use super::keys::Keys;
use super::value;

/// The waiting asked for, with defaults.
pub(super) fn compile(keys: &Keys<'_>, problems: &mut Vec<Problem>) -> Wait {
    let default = Wait::default();
    let mode = keys.word("wait", problems, |text| value::choice(text, &MODES));
    let hold = keys.word("hold", problems, value::duration);
    Wait {
        mode: mode.unwrap_or(default.mode),
        hold: hold.unwrap_or(default.hold),
    }
}

const MODES: [(&str, WaitMode); 4] = [
    ("none", WaitMode::None),
    ("hold", WaitMode::Hold),
    ("gate", WaitMode::Gate),
    ("auto", WaitMode::Auto),
];
