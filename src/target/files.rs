//! What a path names for a target: in its root, its mount namespace, its working directory.

use super::process::Process;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{Mode, SFlag, fstat, major};
use std::os::fd::OwnedFd;
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
fn opens_at_once(major: u64) -> bool {
    matches!(major, 1 | 5 | 136..=143)
}

/// A process's root and working directory.
#[derive(Debug)]
pub struct Files<'a> {
    process: &'a Process,
}

impl<'a> Files<'a> {
    /// Of this process.
    pub fn new(process: &'a Process) -> Self {
        Self { process }
    }

    /// What a path names for it. Asked before the stop: the file system may be the target's own.
    pub fn named(&self, path: &[u8]) -> Named {
        let Some(file) = self.open(path) else { return Named::Missing };
        let Ok(stat) = fstat(&file) else { return Named::Missing };
        let kind = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits());
        match kind {
            SFlag::S_IFIFO | SFlag::S_IFBLK => Named::MayBlock,
            SFlag::S_IFCHR if !opens_at_once(major(stat.st_rdev)) => Named::MayBlock,
            _ => Named::Plain,
        }
    }

    /// Size in bytes of the regular file that a path names for it.
    pub fn size(&self, path: &[u8]) -> Option<u64> {
        let stat = fstat(self.open(path)?).ok()?;
        (SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFREG)
            .then_some(stat.st_size as u64)
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
        openat2(&root, std::ffi::OsStr::from_bytes(&whole), how(ResolveFlag::RESOLVE_IN_ROOT)).ok()
    }
}
