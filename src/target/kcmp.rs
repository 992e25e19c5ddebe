//! kcmp(2): whether two threads share a resource.

use nix::errno::Errno;

/// What may be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// The address space.
    Memory,
    /// The descriptor table.
    Files,
    /// Root, working directory, umask.
    Fs,
}

impl Resource {
    /// `enum kcmp_type` of linux/kcmp.h.
    fn number(self) -> libc::c_int {
        match self {
            Self::Memory => 1,
            Self::Files => 2,
            Self::Fs => 3,
        }
    }
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Files => "descriptor table",
            Self::Fs => "working directory and umask",
        })
    }
}

fn kcmp(a: i32, b: i32, kind: libc::c_int, first: libc::c_ulong, second: libc::c_ulong) -> Result<i64, Errno> {
    // SAFETY: kcmp takes plain numbers, and writes to no memory.
    Errno::result(unsafe { libc::syscall(libc::SYS_kcmp, a, b, kind, first, second) })
}

/// Whether two threads share a resource. EPERM if we may not look at one of them.
pub fn same(a: i32, b: i32, resource: Resource) -> Result<bool, Errno> {
    kcmp(a, b, resource.number(), 0, 0).map(|order| order == 0)
}

/// Whether two descriptors of a thread are one open file description; EBADF if either is closed.
pub fn same_file(tid: i32, first: i32, second: i32) -> Result<bool, Errno> {
    const KCMP_FILE: libc::c_int = 0;
    kcmp(tid, tid, KCMP_FILE, first as libc::c_ulong, second as libc::c_ulong).map(|order| order == 0)
}

/// Whether `fd` is what `epoll` watches as the `index`-th of those that were added under that number.
pub fn same_watched(tid: i32, fd: i32, epoll: i32, index: usize) -> Result<bool, Errno> {
    const KCMP_EPOLL_TFD: libc::c_int = 7;
    // struct kcmp_epoll_slot of linux/kcmp.h.
    let slot = [epoll as u32, fd as u32, index as u32];
    // The kernel reads the slot, which lives until the call returns.
    kcmp(tid, tid, KCMP_EPOLL_TFD, fd as libc::c_ulong, slot.as_ptr() as libc::c_ulong).map(|order| order == 0)
}
