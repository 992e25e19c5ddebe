//! What is put right in a thread as soon as it stands still, so that the stop itself is not seen.

use super::registers::{ERESTART_RESTARTBLOCK, ERESTARTNOHAND, interrupted_call};
use crate::syscalls::{self, restart};
use crate::target::{Fault, Stop, Tracee};
use libc::user_regs_struct;

/// What may be put right.
#[derive(Clone, Copy)]
pub struct SettleRule<'a> {
    /// Calls that end in EINTR whenever their thread is stopped are made anew (`--eintr reissue`).
    pub reissue: bool,
    /// Whether the thread's seccomp filters may kill it for `restart_syscall`: timed waits are then made anew. It is asked
    /// for threads in a timed wait only.
    pub restart_barred: &'a dyn Fn(Tracee) -> bool,
}

/// Puts a thread that has just stopped right and returns its registers.
///
/// `rax = -ERESTARTNOHAND` leaves it to the kernel, as the thread is let go by whomever: the call is made anew if no
/// handler runs, and ends in EINTR if one does, as it would have without us. So our death at any later point is as good as
/// letting it go. In a group-stop EINTR is what SIGSTOP does natively, and stays.
pub fn settle(tracee: Tracee, stop: Stop, rule: SettleRule<'_>) -> Result<user_regs_struct, Fault> {
    let mut registers = tracee.registers()?;
    let anew = match interrupted_call(&registers) {
        Some((number, errno)) if errno == i64::from(libc::EINTR) => {
            rule.reissue && stop == Stop::Event && ends_in_eintr(number)
        }
        // A second life as restart_syscall has lost its number: it can't be made anew.
        Some((number, ERESTART_RESTARTBLOCK)) => {
            number != libc::SYS_restart_syscall as u64 && (rule.restart_barred)(tracee)
        }
        _ => false,
    };
    if anew {
        registers.rax = -ERESTARTNOHAND as u64;
        tracee.set_rax(registers.rax)?;
    }
    Ok(registers)
}

fn ends_in_eintr(number: u64) -> bool {
    u32::try_from(number)
        .ok()
        .and_then(|number| syscalls::by_number(syscalls::Arch::X86_64, number))
        .is_some_and(restart::interrupted_by_any_stop)
}
