//! Which processor we run on. A hand-over between tracer and tracee costs several times less on one processor than
//! between two, but before the stop a tracer would only steal the target's time there.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::fs;

/// The processor that a thread ran on last (fields 39 and 41 of `stat`, proc(5)). None of a real-time thread: we might
/// never get there.
pub fn last_processor(tid: i32) -> Option<usize> {
    let text = fs::read_to_string(format!("/proc/{tid}/stat")).ok()?;
    let (_, after) = text.rsplit_once(") ")?;
    let mut fields = after.split(' ').skip(36);
    let (processor, policy) = (fields.next()?, fields.nth(1)?.parse::<i32>().ok()?);
    if matches!(policy, libc::SCHED_FIFO | libc::SCHED_RR | libc::SCHED_DEADLINE) {
        return None;
    }
    processor.parse().ok()
}

/// Moves this process about, and back where it may run.
#[derive(Debug)]
pub struct Mover {
    allowed: Option<CpuSet>,
    at: Option<usize>,
}

impl Mover {
    /// It may run where it may run now.
    pub fn new() -> Self {
        Self { allowed: sched_getaffinity(Pid::from_raw(0)).ok(), at: None }
    }

    /// Moves nowhere from now on.
    pub fn stay(&mut self) {
        self.allowed = None;
    }

    /// Moves to a processor. It makes things faster at most, so that it is not allowed there is no failure.
    pub fn go(&mut self, processor: Option<usize>) {
        let Some(processor) = processor.filter(|processor| self.allowed.is_some() && self.at != Some(*processor))
        else {
            return;
        };
        let mut one = CpuSet::new();
        if one.set(processor).is_ok() && sched_setaffinity(Pid::from_raw(0), &one).is_ok() {
            self.at = Some(processor);
        }
    }

    /// Leaves the processor to the target that runs there again.
    pub fn leave(&mut self) {
        let (Some(mut others), Some(at)) = (self.allowed, self.at.take()) else { return };
        // With one processor there is nowhere to go; otherwise the target would wait until we are done.
        let _alone = others.unset(at).and_then(|()| sched_setaffinity(Pid::from_raw(0), &others));
    }
}

impl Default for Mover {
    fn default() -> Self {
        Self::new()
    }
}
