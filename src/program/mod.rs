//! The lowered plan: cells, buffers and ops in three sections. It knows neither YAML nor ptrace.

mod asked;
mod builder;
mod captures;
mod creation;
mod crossing;
mod expand;
mod listing;
mod lower;
mod memory;
mod natures;
mod opening;
mod ops;
mod privilege;
mod reckoning;
mod reuse;
mod reversal;
mod stored;
mod undo;
mod user_undo;

pub use asked::Asked;
pub use expand::uses_of_each;
pub use listing::{Line, call_text, lines, listing, op_text, undo_text};
pub use lower::lower;
pub use ops::*;
pub use reckoning::Reckoning;

use crate::problem::Problem;

/// What lowering asks about the surroundings of a target; answered without touching it.
pub trait Facts {
    /// What a path names as the target sees it (its root, its working directory).
    fn file(&self, path: &[u8]) -> FileFact;

    /// Size in bytes of the regular file that a path names; `None` if it names none.
    fn size(&self, path: &[u8]) -> Option<u64>;

    /// Asked once for each step: an error where there is no time for the rest.
    fn may_go_on(&self) -> Result<(), Problem> {
        Ok(())
    }

    /// How many mappings lie in a range of addresses; `None` if it can't be told.
    fn mappings(&self, start: u64, length: u64) -> Option<usize> {
        let _ = (start, length);
        None
    }
}

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFact {
    /// Nothing, or it can't be told.
    Missing,
    /// Something whose open does not wait: a regular file, a directory, `/dev/null` and its like, a pseudo-terminal.
    Plain,
    /// A FIFO or a device: opening it may wait for ever.
    MayBlock,
}
