//! How calls are undone that do more than give, replace or close a descriptor; a file for each family of them.
//!
//! An undo is right whether its call was not made, failed or succeeded, and also where it is run later by another
//! criu-plan that has the cells from the journal: what the step left may be unknown then, and the result a guess.

pub mod files;
mod umask;
mod value;

use super::BufferId;
use super::builder::Own;
use super::lower::Lowering;
use super::natures::Sections;
use crate::plan::Step;

impl Lowering<'_> {
    /// The sections of a call that is undone by putting back what was, from the family that knows how.
    pub fn restores(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Option<Sections> {
        let _ = buffers;
        self.umask(step, own).or_else(|| self.files(step, own))
    }
}
