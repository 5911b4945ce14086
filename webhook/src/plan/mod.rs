//! Wiring + what the directory knows → edits, warnings, or reasons to refuse. Pure, and on raw JSON.

pub(crate) use attach::{attach, mark};
pub(crate) use check::check;
pub(crate) use files::hex;
pub(crate) use findings::{Findings, look, suggest, unresolved, watched};
pub(crate) use pieces::{Lack, LackKind, Pieces};
pub(crate) use pod::{annotations, has_node, is_replaceable};

mod attach;
mod check;
mod files;
mod findings;
mod pieces;
mod pod;
mod variables;

/// The key that holds a secret as one JSON document; it is injected only where it is asked for by name.
const RAW: &str = "_raw";
