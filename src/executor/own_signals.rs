//! What a thread goes on with once it is let go: its signal mask. While calls run in it all signals are blocked, so
//! rt_sigprocmask(2) is no call here.

use super::machine::Machine;
use nix::sys::uio::{RemoteIoVec, process_vm_writev};
use nix::unistd::Pid;
use std::io::IoSlice;

/// SIGKILL and SIGSTOP, which nobody blocks.
const NEVER_BLOCKED: u64 = 1 << (libc::SIGKILL - 1) | 1 << (libc::SIGSTOP - 1);

impl Machine<'_> {
    /// rt_sigprocmask(how, set, oldset, sigsetsize) on the mask that the thread at work goes on with.
    pub(super) fn own_mask(&mut self, [how, set, old, size, ..]: [u64; 6]) -> i64 {
        let changed = self.change_mask(how, set, old, size);
        changed.map_or_else(|errno| -i64::from(errno), |()| 0)
    }

    /// As in the kernel the new mask is in force even where the old one can't be told.
    fn change_mask(&mut self, how: u64, set: u64, old: u64, size: u64) -> Result<(), i32> {
        if size != 8 {
            return Err(libc::EINVAL);
        }
        let before = self.runner.own_mask();
        let memory = &self.target.memory;
        if set != 0 {
            let given = memory.read_u64(set).map_err(|_| libc::EFAULT)? & !NEVER_BLOCKED;
            let mask = match how as i32 {
                libc::SIG_BLOCK => before | given,
                libc::SIG_UNBLOCK => before & !given,
                libc::SIG_SETMASK => given,
                _ => return Err(libc::EINVAL),
            };
            self.runner.set_own_mask(mask, memory).map_err(|_| libc::EFAULT)?;
        }
        if old == 0 { Ok(()) } else { self.tell(old, &before.to_le_bytes()) }
    }

    /// Writes where the thread itself may write; `/proc/PID/mem` would not heed what is read-only.
    fn tell(&self, address: u64, bytes: &[u8]) -> Result<(), i32> {
        let there = [RemoteIoVec { base: address as usize, len: bytes.len() }];
        let written = process_vm_writev(Pid::from_raw(self.thread()), &[IoSlice::new(bytes)], &there);
        if written == Ok(bytes.len()) { Ok(()) } else { Err(libc::EFAULT) }
    }

    /// Whether memory that goes with the plan would become the stack of the thread's signal handlers.
    pub(super) fn borrowed_stack(&self, stack: u64) -> bool {
        const SS_DISABLE: u64 = 2;
        let word = |offset: u64| self.target.memory.read_u64(stack.wrapping_add(offset)).unwrap_or(0);
        let (start, flags, length) = (word(0), word(8), word(16));
        stack != 0 && flags & SS_DISABLE == 0 && self.stands_on(start, start.saturating_add(length))
    }
}
