//! What a path names for a target: in its root, its mount namespace, its working directory.

use super::inventory::FileId;
use super::process::Process;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::Mode;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Nothing, or it can't be told.
    Missing,
    /// Something whose open does not wait.
    Plain,
    /// A FIFO or a device: opening it may wait for ever.
    MayBlock,
}

/// Major numbers of Documentation/admin-guide/devices.txt whose open does not wait: memory devices (null, zero, full,
/// random …), /dev/tty and /dev/ptmx, and the pseudo-terminals.
fn opens_at_once(major: u32) -> bool {
    matches!(major, 1 | 5 | 136..=143)
}

/// A process's root and working directory.
#[derive(Debug)]
pub struct Files<'a> {
    process: &'a Process,
    at_hand: bool,
}

impl<'a> Files<'a> {
    /// Of this process, which runs: the file system may be its own.
    pub fn new(process: &'a Process) -> Self {
        Self { process, at_hand: false }
    }

    /// The same asked inside the stop: what the kernel does not have at hand is taken for missing.
    pub fn at_hand(process: &'a Process) -> Self {
        Self { process, at_hand: true }
    }

    /// What a path names for it, and the size in bytes of a regular file.
    pub fn named(&self, path: &[u8]) -> (Named, Option<u64>) {
        let stat = self.open(path).and_then(|file| look(&file, !self.at_hand));
        let Some(stat) = stat else { return (Named::Missing, None) };
        match u32::from(stat.stx_mode) & libc::S_IFMT {
            libc::S_IFIFO | libc::S_IFBLK => (Named::MayBlock, None),
            libc::S_IFCHR if !opens_at_once(stat.stx_rdev_major) => (Named::MayBlock, None),
            libc::S_IFREG => (Named::Plain, Some(stat.stx_size)),
            _ => (Named::Plain, None),
        }
    }

    /// Device and inode of what a path names for it.
    pub fn id(&self, path: &[u8]) -> Option<FileId> {
        let stat = look(&self.open(path)?, !self.at_hand)?;
        Some((libc::makedev(stat.stx_dev_major, stat.stx_dev_minor), stat.stx_ino))
    }

    /// Opens a path as the process would see it, without opening the file itself. Links that lead out of the root are
    /// resolved inside it, as they are for the process.
    fn open(&self, path: &[u8]) -> Option<OwnedFd> {
        let how = |resolve| OpenHow::new().flags(OFlag::O_PATH | OFlag::O_CLOEXEC).mode(Mode::empty()).resolve(resolve);
        let directory = |name: &str| {
            nix::fcntl::openat(
                self.process.view(),
                name,
                OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
                Mode::empty(),
            )
            .ok()
        };
        let mut resolve = ResolveFlag::RESOLVE_IN_ROOT;
        if self.at_hand {
            resolve |= ResolveFlag::from_bits_retain(libc::RESOLVE_CACHED);
        }
        let root = directory("root")?;
        let whole = if path.first() == Some(&b'/') {
            path.to_vec()
        } else {
            // The kernel gives the working directory's path from the process's root down only for this link's text.
            let cwd = nix::fcntl::readlinkat(self.process.view(), "cwd").ok()?;
            let base = nix::fcntl::readlinkat(self.process.view(), "root").ok()?;
            let inside = std::path::Path::new(&cwd).strip_prefix(&base).ok()?;
            [b"/", inside.as_os_str().as_bytes(), b"/", path].concat()
        };
        openat2(&root, std::ffi::OsStr::from_bytes(&whole), how(resolve)).ok()
    }
}

/// What statx(2) tells of an open file; unless its file system may be waited for, what the kernel has at hand.
fn look(file: &OwnedFd, may_wait: bool) -> Option<libc::statx> {
    let flags = if may_wait { libc::AT_STATX_SYNC_AS_STAT } else { libc::AT_STATX_DONT_SYNC } | libc::AT_EMPTY_PATH;
    let wanted = libc::STATX_TYPE | libc::STATX_INO | libc::STATX_SIZE;
    // SAFETY: struct statx is plain integers, for which zero is a value.
    let mut stat: libc::statx = unsafe { std::mem::zeroed() };
    // SAFETY: the name is terminated, and `stat` is what statx fills.
    let result = unsafe { libc::statx(file.as_raw_fd(), c"".as_ptr(), flags, wanted, &raw mut stat) };
    (result == 0).then_some(stat)
}
