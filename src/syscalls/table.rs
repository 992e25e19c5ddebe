//! The table of system calls, one line each.

use super::Syscall;

/// Every system call, ordered by x86_64 number, then those that only aarch64 has.
pub static TABLE: &[Syscall] = &[];
