//! The descriptors of a stopped process, looked at from outside.

use super::kcmp;
use super::process::Process;
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{Mode, SFlag, fstatat};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;

/// A process's `fd/` and `fdinfo/`, opened before the stop.
#[derive(Debug)]
pub struct Descriptors {
    tid: i32,
    links: RefCell<Dir>,
    fdinfo: OwnedFd,
    /// Numbers below this need no larger table and are within the limit.
    ceiling: usize,
}

const DIRECTORY: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_CLOEXEC);

impl Descriptors {
    /// Opens them.
    pub fn open(process: &Process) -> io::Result<Self> {
        let limit = process.descriptor_limit().unwrap_or(0);
        Ok(Self {
            tid: process.tid,
            links: RefCell::new(Dir::openat(process.view(), "fd", DIRECTORY, Mode::empty())?),
            fdinfo: nix::fcntl::openat(process.view(), "fdinfo", DIRECTORY, Mode::empty())?,
            ceiling: process.descriptor_table.min(limit),
        })
    }

    fn info(&self, fd: i32) -> Result<String, Errno> {
        let name = fd.to_string();
        let file = nix::fcntl::openat(&self.fdinfo, name.as_str(), OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())?;
        let mut text = String::new();
        File::from(file).read_to_string(&mut text).map_err(|_| Errno::EIO)?;
        Ok(text)
    }

    /// A descriptor's `flags:` of fdinfo, O_CLOEXEC included; `-EBADF` if it is closed.
    pub fn flags(&self, fd: i32) -> Result<i64, Errno> {
        let text = match self.info(fd) {
            Ok(text) => text,
            Err(Errno::ENOENT) => return Ok(-i64::from(libc::EBADF)),
            Err(errno) => return Err(errno),
        };
        let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
        flags.and_then(|flags| i64::from_str_radix(flags.trim(), 8).ok()).ok_or(Errno::EPROTO)
    }

    /// Whether both are open, and one open file description.
    pub fn same_description(&self, a: i32, b: i32) -> bool {
        matches!(kcmp::same_file(self.tid, a, b), Ok(true))
    }

    /// The highest free number that needs no larger table and is none of `named`.
    pub fn free_number(&self, named: &[i32]) -> Option<i32> {
        let free = |fd: &i32| matches!(kcmp::same_file(self.tid, *fd, *fd), Err(Errno::EBADF));
        (3..self.ceiling as i32).rev().filter(|fd| !named.contains(fd)).find(free)
    }

    /// Whether the process has POSIX record locks on the file of `fd`, through whatever descriptor: closing one of them
    /// drops the locks. True if it can't be told.
    pub fn holds_posix_locks(&self, fd: i32) -> bool {
        let mut links = self.links.borrow_mut();
        let stat = |name: &str, links: &Dir| fstatat(links, name, AtFlags::empty());
        let Ok(file) = stat(&fd.to_string(), &links) else { return true };
        let kind = SFlag::from_bits_truncate(file.st_mode & SFlag::S_IFMT.bits());
        if kind == SFlag::S_IFSOCK || kind == SFlag::S_IFIFO {
            return false;
        }
        let numbers: Vec<i32> =
            links.iter().filter_map(|entry| entry.ok()?.file_name().to_str().ok()?.parse().ok()).collect();
        numbers.into_iter().any(|number| {
            let same = stat(&number.to_string(), &links)
                .is_ok_and(|other| (other.st_dev, other.st_ino) == (file.st_dev, file.st_ino));
            same && self
                .info(number)
                .map_or(true, |text| text.lines().any(|line| line.starts_with("lock:") && line.contains("POSIX")))
        })
    }
}
