//! What the calls of a program would do, asked before any is made.

use super::prepared::Prepared;
use super::refusal::refusal;
use super::seccomp_gate::Gate;
use crate::problem::Problem;
use crate::program::{Action, Call, Program};
use crate::syscalls::{Arch, restart};

/// Every call that a program may make in these threads; `None` is any that stands for the process.
fn ops(program: &Program, of: impl Fn(Option<i32>) -> bool) -> impl Iterator<Item = &Call> {
    let calls = program.steps.iter().flat_map(move |step| {
        let ops = [&step.forward, &step.undo, &step.commit, &step.release].into_iter().flatten();
        ops.filter_map(|op| match &op.action {
            Action::Call(call) => Some((call.thread.or(step.thread), call)),
            _ => None,
        })
    });
    calls.filter(move |(thread, _)| of(*thread)).map(|(_, call)| call)
}

/// Whether one of these steps would overwrite what the kernel goes on with in a thread that is in a timed wait.
pub fn overwrites_restart(program: &Program, of: impl Fn(Option<i32>) -> bool) -> bool {
    ops(program, of)
        .any(|call| restart::sets_restart_block(call.syscall, |index| program.constant(*call.args.get(index)?)))
}

/// Whether a step would let signals in although we block them.
pub fn lets_signals_in(program: &Program) -> bool {
    ops(program, |_| true).any(|call| {
        let known = |index: usize| call.args.get(index).map_or(Some(0), |cell| program.constant(*cell));
        restart::puts_mask(call.syscall, known)
    })
}

/// Tries every call of these steps, and our own, on the filters before any is made.
pub fn foresee(target: &Prepared, gate: &Gate, ip: u64, of: impl Fn(Option<i32>) -> bool) -> Result<(), Problem> {
    if matches!(gate, Gate::Open) {
        return Ok(());
    }
    let refuse = |why: String| {
        refusal(target, "target::seccomp-refuses", &why).help(
            "leave the call out of the plan; `--seccomp suspend` switches the filters off while calls run, and is deadly for the target if criu-plan is killed in the middle of one",
        )
    };
    gate.foresee("rt_sigreturn", libc::SYS_rt_sigreturn as u32, ip, &[None; 6]).map_err(refuse)?;
    for call in ops(&target.program, of) {
        let Some(number) = call.syscall.number(Arch::X86_64) else { continue };
        // It acts on the mask that the thread goes on with, from outside.
        if call.syscall.name == "rt_sigprocmask" {
            continue;
        }
        let mut args = [None; 6];
        for (slot, cell) in args.iter_mut().zip(&call.args) {
            *slot = target.program.constant(*cell);
        }
        for empty in args.iter_mut().skip(call.args.len()) {
            *empty = Some(0);
        }
        gate.foresee(call.syscall.name, number, ip, &args).map_err(refuse)?;
    }
    Ok(())
}
