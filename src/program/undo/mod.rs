//! How calls are undone that do more than give, replace or close a descriptor; a file for each family of them.
//!
//! An undo is right whether its call was not made, failed or succeeded, and also where it is run later by another
//! criu-plan that has the cells from the journal: what the step left may be unknown then, and the result a guess.

mod advice;
mod aside;
mod attributes;
pub mod files;
mod identity;
mod landlock;
mod limits;
mod locking;
mod mappings;
mod moving;
mod namespaces;
mod pieces;
mod policy;
mod protection;
mod reading;
mod scheduling;
mod signals;
mod timers;
mod umask;
mod unmapping;
mod value;

use super::BufferId;
use super::builder::Own;
use super::lower::Lowering;
use super::natures::Sections;
use crate::plan::Step;

impl Lowering<'_> {
    /// The sections of a call that is undone by putting back what was, from the family that knows how.
    pub fn restores(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Option<Sections> {
        self.umask(step, own)
            .or_else(|| self.memory_restores(step, own))
            .or_else(|| self.of_process(step, own, buffers))
            .or_else(|| self.files(step, own))
    }

    /// Those of the calls that are about memory.
    fn memory_restores(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        None.or_else(|| self.mapping(step, own))
            .or_else(|| self.attaching(step, own))
            .or_else(|| self.moving(step, own))
            .or_else(|| self.heap(step, own))
            .or_else(|| self.protection(step, own))
            .or_else(|| self.advice(step, own))
            .or_else(|| self.locking(step, own))
            .or_else(|| self.unmapping(step, own))
            .or_else(|| self.memory_policy(step, own))
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
