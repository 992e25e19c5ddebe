//! POSIX record locks of a stopped process. Closing any descriptor of a file drops all that the process has on it.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use std::collections::HashSet;
use std::fs;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// File systems that answer by themselves: a descriptor of one can be asked for, and closed, whoever stands still.
const LOCAL: [&str; 14] = [
    "ext2", "ext3", "ext4", "xfs", "f2fs", "tmpfs", "ramfs", "devtmpfs", "devpts", "proc", "sysfs", "vfat", "squashfs",
    "erofs",
];

/// Asks the kernel for the locks on an open file by a copy of its descriptor.
#[derive(Debug)]
pub struct Locks {
    pid: i32,
    pidfd: OwnedFd,
    /// Devices of local file systems that are mounted.
    local: HashSet<u64>,
}

impl Locks {
    /// Prepares to ask about a process, before its stop.
    pub fn new(pid: i32, pidfd: OwnedFd) -> Self {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        Self { pid, pidfd, local: mounts.lines().filter_map(local_device).collect() }
    }

    /// Whether the process has one on the file of its descriptor `fd`, which is on `device`; `None` if that can't be told so.
    pub fn held(&self, fd: i32, device: u64) -> Option<bool> {
        if !self.local.contains(&device) {
            return None;
        }
        let copy = self.copy(fd).ok()?;
        let mut lock = libc::flock { l_type: libc::F_WRLCK as i16, l_whence: 0, l_start: 0, l_len: 0, l_pid: 0 };
        fcntl(&copy, FcntlArg::F_GETLK(&mut lock)).ok()?;
        match lock.l_type == libc::F_UNLCK as i16 {
            true => Some(false),
            // The lock that is told is one of perhaps several, and may be another process's.
            false => (lock.l_pid == self.pid).then_some(true),
        }
    }

    /// A copy of the descriptor. Closing it drops locks of this process only, which has none.
    fn copy(&self, fd: i32) -> Result<OwnedFd, Errno> {
        // SAFETY: pidfd_getfd takes numbers and returns a new descriptor, which nobody else owns.
        unsafe {
            let copy = Errno::result(libc::syscall(libc::SYS_pidfd_getfd, self.pidfd.as_raw_fd(), fd, 0))?;
            Ok(OwnedFd::from_raw_fd(copy as i32))
        }
    }
}

/// The device of a line of mountinfo (proc(5)) if the file system is a local one.
fn local_device(line: &str) -> Option<u64> {
    let (mount, file_system) = line.split_once(" - ")?;
    let (major, minor) = mount.split(' ').nth(2)?.split_once(':')?;
    let kind = file_system.split(' ').next()?;
    LOCAL.contains(&kind).then_some(libc::makedev(major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_file_systems_are_known_by_their_device() {
        let line = "29 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw";
        assert_eq!(local_device(line), Some(libc::makedev(254, 0)));
        assert_eq!(local_device("36 35 98:0 /mnt1 /mnt2 rw - nfs4 server:/ rw"), None);
        assert_eq!(local_device("nonsense"), None);
    }
}
