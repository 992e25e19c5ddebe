//! What of a target must be so whatever the plan does, asked inside the stop, and for a dry run without one.

use super::prepared::Prepared;
use super::refusal::refusal;
use crate::problem::Problem;
use crate::program::StepCode;
use crate::syscalls::Scope;

/// Nobody who shares its memory, descriptors or working directory would go on running.
pub fn shares_nothing(target: &Prepared) -> Result<(), Problem> {
    match target.sharers.now(&target.process)?.first() {
        None => Ok(()),
        Some(sharer) => Err(refusal(
            target,
            "target::shared",
            &format!("process {} ({}) shares its {} and would go on running", sharer.pid, sharer.comm, sharer.what),
        )
        .help("stop or wait for that process; criu-plan stops the threads of its targets only")),
    }
}

/// In a process of several threads every call that changes one only says which.
pub fn names_threads(target: &Prepared, threads: usize) -> Result<(), Problem> {
    let of_no_thread = |step: &&StepCode| step.thread.is_none() && step.skip.is_none();
    let mut steps = target.program.steps.iter().filter(of_no_thread);
    let per_thread = steps.find_map(|step| {
        let undo = step.undo_steps.iter().filter(|undo| undo.thread.is_none());
        let calls = undo.map(|undo| (undo.syscall, &undo.particulars)).chain([(step.syscall, &step.particulars)]);
        calls.filter(|(_, particulars)| particulars.scope == Scope::Thread).map(|(call, _)| call.name).next()
    });
    match per_thread {
        Some(call) if threads > 1 => Err(refusal(
            target,
            "target::per-thread-call",
            &format!("{call} changes one thread only, and it has {threads}"),
        )
        .help("add `thread: all`, `thread: leader` or `for_each: { thread: { name: … } }` to the step")),
        _ => Ok(()),
    }
}
