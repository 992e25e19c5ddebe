//! General registers of an x86_64 thread: where it rests, how it is set to a call, and as what it lands if we die.

use libc::user_regs_struct;

/// The kernel's own error numbers for calls that a signal may restart (include/linux/errno.h).
pub const ERESTARTSYS: i64 = 512;
/// As above.
pub const ERESTARTNOINTR: i64 = 513;
/// Restarted unless a handler runs.
pub const ERESTARTNOHAND: i64 = 514;
/// Restarted by `restart_syscall`, with what the kernel has noted.
pub const ERESTART_RESTARTBLOCK: i64 = 516;

/// `restart_syscall`.
const RESTART_SYSCALL: u64 = libc::SYS_restart_syscall as u64;

/// What a stopped thread was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Running its own code, or between calls.
    Running,
    /// In a call that goes on exactly (-512, -513, -514).
    Exact,
    /// In a timed wait that `restart_syscall` goes on with (-516).
    Timed,
}

/// The call that a stop interrupted and the errno with which it would return, if the thread stands in one.
pub fn interrupted_call(registers: &user_regs_struct) -> Option<(u64, i64)> {
    let value = registers.rax as i64;
    ((registers.orig_rax as i64) >= 0 && (-4095..0).contains(&value)).then_some((registers.orig_rax, -value))
}

/// What a thread with these registers, stopped in a ptrace-stop, was doing.
pub fn rest_of(registers: &user_regs_struct) -> Rest {
    match interrupted_call(registers) {
        Some((_, ERESTARTSYS | ERESTARTNOINTR | ERESTARTNOHAND)) => Rest::Exact,
        Some((_, ERESTART_RESTARTBLOCK)) => Rest::Timed,
        _ => Rest::Running,
    }
}

/// The registers with which the thread goes on if we die: an interrupted call is made anew by hand, since `rt_sigreturn`
/// does not restart, and voids what `restart_syscall` needs. `code` are the bytes before `rip`, up to and with the
/// instruction that made the call.
pub fn landing(registers: &user_regs_struct, code: &[u8]) -> user_regs_struct {
    let mut landing = *registers;
    let Some((number, errno)) = interrupted_call(registers) else { return landing };
    if !matches!(errno, ERESTARTSYS | ERESTARTNOINTR | ERESTARTNOHAND | ERESTART_RESTARTBLOCK) {
        return landing;
    }
    let number = if number == RESTART_SYSCALL { original_number(code) } else { Some(number) };
    match number.map(|number| number as i64) {
        // A signal whose handler runs as the thread lands is what these wait for: made anew they might wait for ever.
        None | Some(libc::SYS_pause | libc::SYS_rt_sigsuspend) => landing.rax = -i64::from(libc::EINTR) as u64,
        Some(number) => {
            landing.rax = number as u64;
            landing.rip = landing.rip.wrapping_sub(2);
        }
    }
    landing
}

/// The number of a call that is in its second life as `restart_syscall`, from `mov $number, %eax` before `syscall`.
fn original_number(code: &[u8]) -> Option<u64> {
    let [.., 0xb8, a, b, c, d, 0x0f, 0x05] = *code else { return None };
    let number = u32::from_le_bytes([a, b, c, d]);
    matches!(i64::from(number), libc::SYS_poll | libc::SYS_nanosleep | libc::SYS_clock_nanosleep | libc::SYS_futex)
        .then_some(u64::from(number))
}

/// The registers of a thread of which no more is known than its stack pointer.
pub fn registers_at(rsp: u64) -> user_regs_struct {
    // SAFETY: user_regs_struct is plain integers, for which zero is a value.
    let nothing: user_regs_struct = unsafe { std::mem::zeroed() };
    user_regs_struct { rsp, ..nothing }
}

/// A thread that steps itself through its code (TF) must not be stepped through ours: SIGTRAP, blocked, would end it.
const TRAP_FLAG: u64 = 0x100;

/// The registers behind the `ret` of a call, whose `rsp` the word there was: at `entry`, the way into `rt_sigreturn`.
pub fn returned(own: &user_regs_struct, entry: u64, rsp: u64) -> user_regs_struct {
    user_regs_struct { rip: entry, rsp: rsp + 8, orig_rax: u64::MAX, eflags: own.eflags & !TRAP_FLAG, ..*own }
}

/// The registers that make a call: the thread's own but for the call's. `orig_rax` is -1 so that the kernel takes nothing
/// of the call that was interrupted for this one's.
pub fn calling(own: &user_regs_struct, syscall_ip: u64, rsp: u64, number: u64, args: [u64; 6]) -> user_regs_struct {
    let mut registers = *own;
    registers.rip = syscall_ip;
    registers.eflags &= !TRAP_FLAG;
    registers.rsp = rsp;
    registers.rax = number;
    registers.orig_rax = u64::MAX;
    [registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9] = args;
    registers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopped(number: i64, errno: i64) -> user_regs_struct {
        // SAFETY: user_regs_struct is plain integers.
        let mut registers: user_regs_struct = unsafe { std::mem::zeroed() };
        registers.orig_rax = number as u64;
        registers.rax = -errno as u64;
        registers.rip = 0x1002;
        registers
    }

    #[test]
    fn an_interrupted_read_is_made_anew() {
        let landed = landing(&stopped(libc::SYS_read, ERESTARTSYS), &[]);
        assert_eq!((landed.rax, landed.rip), (libc::SYS_read as u64, 0x1000));
    }

    #[test]
    fn pause_ends_so_that_no_wake_up_is_lost() {
        for number in [libc::SYS_pause, libc::SYS_rt_sigsuspend] {
            let landed = landing(&stopped(number, ERESTARTNOHAND), &[]);
            assert_eq!((landed.rax as i64, landed.rip), (-i64::from(libc::EINTR), 0x1002));
        }
    }

    #[test]
    fn restart_syscall_is_never_what_lands() {
        let again = stopped(libc::SYS_restart_syscall, ERESTART_RESTARTBLOCK);
        let poll = [0x90, 0xb8, 7, 0, 0, 0, 0x0f, 0x05];
        assert_eq!((landing(&again, &poll).rax, landing(&again, &poll).rip), (7, 0x1000));
        assert_eq!(landing(&again, &[0x90, 0x0f, 0x05]).rax as i64, -i64::from(libc::EINTR));
    }

    #[test]
    fn a_call_that_failed_by_itself_stays_failed() {
        let failed = stopped(libc::SYS_close, i64::from(libc::EINTR));
        assert_eq!(landing(&failed, &[]).rax, failed.rax);
        assert_eq!(landing(&failed, &[]).rip, failed.rip);
    }
}
