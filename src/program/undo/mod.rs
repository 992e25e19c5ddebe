//! How calls are undone that do more than give, replace or close a descriptor; a file for each family of them.
//!
//! An undo is right whether its call was not made, failed or succeeded, and also where it is run later by another
//! criu-plan that has the cells from the journal: what the step left may be unknown then, and the result a guess.

mod attributes;
mod identity;
mod landlock;
mod limits;
mod namespaces;
mod reading;
mod scheduling;
mod signals;
mod timers;
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
        self.umask(step, own).or_else(|| self.of_process(step, own, buffers))
    }

    /// What a process and its threads are to themselves.
    fn of_process(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Option<Sections> {
        self.attributes(step, own)
            .or_else(|| self.limits(step, own, buffers))
            .or_else(|| self.scheduling(step, own, buffers))
            .or_else(|| self.signals(step, own, buffers))
            .or_else(|| self.timers(step, own, buffers))
            .or_else(|| self.identity(step, own, buffers))
            .or_else(|| self.namespaces(step, own))
            .or_else(|| self.landlock(step, own))
    }
}
