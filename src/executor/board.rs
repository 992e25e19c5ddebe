//! What the tracing child has got to, in memory that it shares with the front end: if it dies, the front end still knows.

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous, munmap};
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// Which stage a run is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Phase {
    /// No target was touched.
    Before = 0,
    /// Threads are being stopped; nothing else was done.
    Freezing = 1,
    /// They stand still, and what the plan asks of them is looked at; nothing else was done.
    Asking = 2,
    /// Steps run.
    Forward = 3,
    /// All steps were done; what was kept for undo is released.
    Commit = 4,
    /// A step failed; what was done is undone.
    Rollback = 5,
    /// All threads have been let go.
    Released = 6,
}

const PHASES: [Phase; 7] =
    [Phase::Before, Phase::Freezing, Phase::Asking, Phase::Forward, Phase::Commit, Phase::Rollback, Phase::Released];

/// What is known of one step in one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Not begun.
    None,
    /// Its calls are being made.
    Begun,
    /// Made as expected, with this result.
    Done(i64),
    /// Passed over.
    Skipped,
    /// Taken back.
    Undone,
}

#[repr(C)]
struct Slot {
    mark: AtomicU32,
    result: AtomicI64,
}

/// The shared board: a phase, and a slot for each target and step.
#[derive(Debug)]
pub struct Board {
    memory: NonNull<libc::c_void>,
    length: usize,
    steps: usize,
    slots: usize,
}

impl Board {
    /// A board for so many targets and steps, shared with children forked from now on.
    pub fn new(targets: usize, steps: usize) -> Result<Self, Errno> {
        let slots = targets * steps;
        let length = size_of::<Slot>() * (slots + 1);
        let size = NonZeroUsize::new(length).ok_or(Errno::EINVAL)?;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice aliases nothing.
        let memory =
            unsafe { mmap_anonymous(None, size, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED)? };
        // Written to inside the stop: better faulted in before it. Older kernels do it at the first write.
        // SAFETY: the range is the mapping just made.
        let _advice = unsafe { madvise(memory, length, MmapAdvise::MADV_POPULATE_WRITE) };
        Ok(Self { memory, length, steps, slots })
    }

    /// Slot 0 is the board's own: its mark is the phase.
    fn slot(&self, index: usize) -> Option<&Slot> {
        // SAFETY: the mapping holds `slots + 1` slots, is zero-initialised, which is a valid Slot, and is accessed through
        // atomics only; it lives as long as `self`.
        (index <= self.slots).then(|| unsafe { &*self.memory.as_ptr().cast::<Slot>().add(index) })
    }

    fn step_slot(&self, target: usize, step: usize) -> Option<&Slot> {
        if step < self.steps { self.slot(1 + target * self.steps + step) } else { None }
    }

    /// Enters a phase.
    pub fn enter(&self, phase: Phase) {
        if let Some(slot) = self.slot(0) {
            slot.mark.store(phase as u32, Ordering::SeqCst);
        }
    }

    /// The present phase.
    pub fn phase(&self) -> Phase {
        let value = self.slot(0).map_or(0, |slot| slot.mark.load(Ordering::SeqCst));
        PHASES.get(value as usize).copied().unwrap_or(Phase::Before)
    }

    /// Notes what became of a step; of the latest repetition, if it is repeated.
    pub fn mark(&self, target: usize, step: usize, mark: Mark) {
        let Some(slot) = self.step_slot(target, step) else { return };
        let (number, result) = match mark {
            Mark::None => (0, 0),
            Mark::Begun => (1, 0),
            Mark::Done(result) => (2, result),
            Mark::Skipped => (3, 0),
            Mark::Undone => (4, 0),
        };
        slot.result.store(result, Ordering::SeqCst);
        slot.mark.store(number, Ordering::SeqCst);
    }

    /// What is known of a step.
    pub fn marked(&self, target: usize, step: usize) -> Mark {
        let Some(slot) = self.step_slot(target, step) else { return Mark::None };
        match slot.mark.load(Ordering::SeqCst) {
            1 => Mark::Begun,
            2 => Mark::Done(slot.result.load(Ordering::SeqCst)),
            3 => Mark::Skipped,
            4 => Mark::Undone,
            _ => Mark::None,
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no reference into it outlives `self`. It can't fail for a range that is mapped.
        let _unmapped = unsafe { munmap(self.memory, self.length) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_child_writes_is_seen_after_its_death() {
        let board = Board::new(2, 3).unwrap();
        // SAFETY: the child only stores atomics and exits.
        match unsafe { nix::unistd::fork() }.unwrap() {
            nix::unistd::ForkResult::Child => {
                board.enter(Phase::Rollback);
                board.mark(1, 2, Mark::Done(-9));
                // SAFETY: ends the child at once.
                unsafe { libc::_exit(0) }
            }
            nix::unistd::ForkResult::Parent { child } => {
                nix::sys::wait::waitpid(child, None).unwrap();
            }
        }
        assert_eq!(board.phase(), Phase::Rollback);
        assert_eq!(board.marked(1, 2), Mark::Done(-9));
        assert_eq!(board.marked(0, 2), Mark::None);
        assert_eq!(board.marked(5, 5), Mark::None);
    }
}
