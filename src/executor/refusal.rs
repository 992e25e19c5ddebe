//! Why a target is not touched, or was let go untouched, in words.

use super::Options;
use super::choice::NoChoice;
use super::prepared::Prepared;
use super::threads::Unfit;
use crate::problem::Problem;
use crate::remote::PrepareError;
use crate::target::{Fault, Over, explain_denial};

/// A refusal: the code, and the end of "process … is refused: …".
pub fn refusal(target: &Prepared, code: &'static str, why: &str) -> Problem {
    Problem::error(code, format!("process {} ({}) is refused: {why}", target.process.pid, target.process.comm))
}

/// No thread can be chosen.
pub fn no_choice(target: &Prepared, why: NoChoice) -> Problem {
    match why {
        NoChoice::Compat => {
            refusal(target, "target::compat", "it runs 32-bit code, which this version does not support")
        }
        NoChoice::Unlike => refusal(
            target,
            "target::no-thread",
            "no thread may stand for the others (each has descriptors, credentials or namespaces of its own, or is in a wait that the plan's calls would break)",
        ),
        NoChoice::NoRoom => refusal(target, "target::no-room", "no memory in it is proven free for a landing frame")
            .help("try again when its main thread is less deep in its stack"),
        NoChoice::NoHandlerRoom => refusal(
            target,
            "target::no-room",
            "a step lets signals in while it waits, and none of its threads has room for a handler below a landing frame",
        )
        .help("leave the signal mask out of the step: without it the thread's own signals wait until it is let go"),
        NoChoice::Fault(fault) => refusal(target, "target::gone", &fault.to_string()),
    }
}

/// A thread that a step is for can't run it.
pub fn unfit(target: &Prepared, why: Unfit) -> Problem {
    match why {
        Unfit::Because(why) => refusal(target, "target::no-thread", &why),
        Unfit::Refused(problem) => problem,
        Unfit::NotPrepared(error) => not_prepared(target, error),
        Unfit::NoGround(fault) => refusal(target, "target::no-room", &format!("no memory for landing frames: {fault}")),
    }
}

/// A thread could not be moved onto its landing frame.
pub fn not_prepared(target: &Prepared, error: PrepareError) -> Problem {
    match error {
        PrepareError::ShadowStack => {
            refusal(target, "target::shadow-stack", "it uses a shadow stack (CET), which this version does not support")
        }
        PrepareError::Sequence => refusal(
            target,
            "target::sequence-unknown",
            "it runs its own code, and this kernel can't tell whether it is in a restartable sequence (rseq)",
        )
        .help("try again while one of its threads waits; a kernel of 5.13 or later can tell"),
        PrepareError::Memory(error) => {
            refusal(target, "target::unwritable", &format!("its memory can't be written: {error}"))
        }
        PrepareError::Unnoted(error) => {
            refusal(target, "run::journal", &format!("the journal can't be written: {error}"))
        }
        PrepareError::Fault(fault) => refusal(target, "target::gone", &fault.to_string()),
    }
}

/// It ended before its stop.
pub fn gone(target: &Prepared) -> Problem {
    Problem::error("target::gone", format!("{} ended before it could be stopped", target.process.title()))
}

/// There is no time for what must be looked at before anything is done.
pub fn no_time(over: Over) -> Problem {
    match over {
        Over::Signal(signal) => interrupted_before(signal),
        Over::Time(time) => {
            let message = format!("the targets were held for {time:?}, and not all that the plan asks was looked at");
            Problem::error("run::hold", message).help("nothing was done; `--hold` allows more")
        }
    }
}

fn interrupted_before(signal: i32) -> Problem {
    Problem::error("run::interrupted", format!("interrupted by signal {signal} before anything was done"))
}

/// Thread `tid` did not stop.
pub fn not_stopped(target: &Prepared, tid: i32, fault: Fault, options: &Options) -> Problem {
    let process = &target.process;
    let who = format!("process {} ({})", process.pid, process.comm);
    match fault {
        Fault::Gone => gone(target),
        Fault::Deadline => Problem::error(
            "target::not-stopped",
            format!("{who}: thread {tid} did not stop within {:?}", options.freeze_timeout),
        )
        .help("a thread in an uninterruptible wait (state D: a disk, a network file system, a vfork child that has not run its program yet) can't be stopped; try again, or give --freeze-timeout more time"),
        Fault::Interrupted(signal) => interrupted_before(signal),
        Fault::Refused(_) => explain_denial(process),
    }
}
