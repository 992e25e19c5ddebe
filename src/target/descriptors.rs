//! The descriptors of a stopped process, looked at from outside.

use super::fdinfo::{FdInfo, Timer};
use super::identity::{Identity, identity};
use super::kcmp;
use super::locks::Locks;
use super::process::Process;
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, SFlag};
use nix::unistd::Whence;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;

/// A process's `fd/` and `fdinfo/`, opened before the stop.
#[derive(Debug)]
pub struct Descriptors {
    tid: i32,
    links: RefCell<Dir>,
    fdinfo: OwnedFd,
    locks: Locks,
    /// Every descriptor that can lead to a record lock, and its file, once they were asked for inside the stop.
    lockable: RefCell<Option<Vec<(i32, Identity)>>>,
    /// Numbers below this need no larger table and are within the limit.
    ceiling: usize,
    /// The number that was last found free.
    last_free: Cell<i32>,
    /// About the lowest free number.
    lowest: Cell<i32>,
    /// Files of fdinfo that were opened before the stop, by number.
    at_hand: RefCell<HashMap<i32, OwnedFd>>,
    /// What was seen since the target's last call, once nothing but its calls can change anything.
    seen: RefCell<Option<Seen>>,
}

/// What stays true until the target makes a call.
#[derive(Debug, Default)]
struct Seen {
    files: HashMap<i32, Identity>,
    free: Option<i32>,
}

/// How many files of fdinfo are kept open for one process.
const AT_HAND: usize = 4;

const DIRECTORY: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_CLOEXEC);

impl Descriptors {
    /// Opens them.
    pub fn open(process: &Process) -> io::Result<Self> {
        let limit = process.descriptor_limit().unwrap_or(0);
        Ok(Self {
            tid: process.tid,
            links: RefCell::new(Dir::openat(process.view(), "fd", DIRECTORY, Mode::empty())?),
            fdinfo: nix::fcntl::openat(process.view(), "fdinfo", DIRECTORY, Mode::empty())?,
            locks: Locks::new(process.pid, process.pidfd.try_clone()?),
            lockable: RefCell::new(None),
            ceiling: process.descriptor_table.min(limit),
            last_free: Cell::new(i32::MAX),
            lowest: Cell::new(0),
            at_hand: RefCell::default(),
            seen: RefCell::default(),
        })
    }

    /// Opens what the kernel tells of a descriptor, to have it at hand inside the stop: it is of the number, whatever that
    /// is open on by then (`seq_show` of fs/proc/fd.c).
    pub fn have_at_hand(&self, fd: i32) {
        let mut at_hand = self.at_hand.borrow_mut();
        if at_hand.len() < AT_HAND
            && let Ok(file) = self.open_info(fd)
        {
            at_hand.insert(fd, file);
        }
    }

    /// From now on nothing changes but by calls of the target, which [`Descriptors::called`] tells of.
    pub fn stands_still(&self) {
        self.seen.replace(Some(Seen::default()));
    }

    /// The target has made a call.
    pub fn called(&self) {
        if let Some(seen) = self.seen.borrow_mut().as_mut() {
            seen.files.clear();
            seen.free = None;
        }
    }

    fn open_info(&self, fd: i32) -> Result<OwnedFd, Errno> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        nix::fcntl::openat(&self.fdinfo, fd.to_string().as_str(), flags, Mode::empty())
    }

    fn info(&self, fd: i32) -> Result<FdInfo, Errno> {
        let at_hand = self.at_hand.borrow();
        let opened;
        let file = match at_hand.get(&fd) {
            Some(file) => {
                nix::unistd::lseek(file, 0, Whence::SeekSet)?;
                file
            }
            None => {
                opened = self.open_info(fd)?;
                &opened
            }
        };
        let mut text = [0; 1024];
        let length = nix::unistd::read(file, &mut text)?;
        let mut text = text[..length].to_vec();
        // One read tells all of it, but for the watches of an epoll or inotify descriptor and a file of many locks.
        let mut more = [0; 4096];
        while text.len() >= 1000 {
            match nix::unistd::read(file, &mut more)? {
                0 => break,
                length => text.extend_from_slice(&more[..length]),
            }
        }
        String::from_utf8(text).map(FdInfo).map_err(|_| Errno::EIO)
    }

    /// A descriptor's `flags:` of fdinfo, O_CLOEXEC included; `-EBADF` if it is closed.
    pub fn flags(&self, fd: i32) -> Result<i64, Errno> {
        match self.info(fd) {
            Ok(info) => info.flags().ok_or(Errno::EPROTO),
            Err(Errno::ENOENT) => Ok(-i64::from(libc::EBADF)),
            Err(errno) => Err(errno),
        }
    }

    /// What fdinfo tells of a descriptor, if it is open.
    pub fn told(&self, fd: i32) -> Option<FdInfo> {
        self.info(fd).ok()
    }

    /// Events and data with which `epoll` watches `fd`; `Some(None)` if it does not, `None` if that can't be told.
    pub fn watched(&self, epoll: i32, fd: i32) -> Option<Option<(u64, u64)>> {
        for (index, entry) in self.info(epoll).ok()?.watched(fd).into_iter().enumerate() {
            match kcmp::same_watched(self.tid, fd, epoll, index) {
                Ok(true) => return Some(Some(entry)),
                Ok(false) => {}
                Err(_) => return None,
            }
        }
        Some(None)
    }

    /// Its timer, if it is a timerfd.
    pub fn timer(&self, fd: i32) -> Option<Timer> {
        self.info(fd).ok()?.timer()
    }

    /// Whether two descriptors are of one file.
    pub fn same_file(&self, a: i32, b: i32) -> Option<bool> {
        Some(self.identity(a).ok()?.file == self.identity(b).ok()?.file)
    }

    /// The numbers of all open descriptors, lowest first.
    pub fn numbers(&self) -> Vec<i32> {
        let mut links = self.links.borrow_mut();
        let numbers = links.iter().filter_map(|entry| entry.ok()?.file_name().to_str().ok()?.parse().ok());
        let mut numbers: Vec<i32> = numbers.collect();
        numbers.sort_unstable();
        numbers
    }

    /// Whether it is open; ESRCH if the process has ended.
    pub fn is_open(&self, fd: i32) -> Result<bool, Errno> {
        match kcmp::same_file(self.tid, fd, fd) {
            Err(Errno::EBADF) => Ok(false),
            other => other,
        }
    }

    /// What it is open on, as a number that two files hardly have in common. Nothing if it is closed, or can't be looked at.
    pub fn mark(&self, fd: i32) -> Option<u64> {
        let of = self.identity(fd).ok()?;
        let mark = of.file.1 ^ of.file.0.rotate_right(16);
        // What has no kind (epoll, eventfd ...) shares one inode with all that have none.
        if of.kind != SFlag::empty() {
            return Some(mark);
        }
        let mut words = self.path(fd)?.into_bytes();
        words.extend(self.told(fd).and_then(|info| info.event_number()).unwrap_or_default().to_le_bytes());
        let mixed = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Some(words.into_iter().fold(mark, mixed))
    }

    /// What it is open on, as `/proc/PID/fd` shows it; `None` if it is closed.
    pub fn path(&self, fd: i32) -> Option<String> {
        let link = nix::fcntl::readlinkat(&*self.links.borrow(), fd.to_string().as_str()).ok()?;
        Some(link.to_string_lossy().into_owned())
    }

    /// Whether both are open, and one open file description.
    pub fn same_description(&self, a: i32, b: i32) -> bool {
        matches!(kcmp::same_file(self.tid, a, b), Ok(true))
    }

    /// The highest free number that needs no larger table and is none of `named`.
    ///
    /// Where many are asked for one after another those above the last one are taken: they are looked at only when none is
    /// left below.
    pub fn free_number(&self, named: &[i32]) -> Option<i32> {
        let free = |fd: &i32| matches!(kcmp::same_file(self.tid, *fd, *fd), Err(Errno::EBADF));
        let (top, last) = (self.ceiling as i32, self.last_free.get());
        let below = (3..last.min(top)).rev().chain((last.max(3)..top).rev());
        let found = below.into_iter().filter(|fd| !named.contains(fd)).find(free);
        self.last_free.set(found.unwrap_or(top));
        if let Some(seen) = self.seen.borrow_mut().as_mut() {
            seen.free = found;
        }
        found
    }

    /// Finds out about where the lowest free number is: to be called before the stop, since there may be many that are not.
    pub fn survey(&self) {
        let open = self.numbers();
        let free = open.iter().enumerate().find(|(index, number)| *index as i32 != **number);
        self.lowest.set(free.map_or(open.len(), |(index, _)| index) as i32);
    }

    /// The number that the kernel gives a descriptor which is opened now and must not have one below `least`; `None` if that
    /// takes too long to tell.
    pub fn next_number(&self, least: i32) -> Option<i32> {
        if self.seen.borrow().as_ref().is_some_and(|seen| seen.free == Some(least)) {
            return Some(least);
        }
        // The process has run since the survey: it may have closed some.
        const BELOW: i32 = 64;
        const LOOKS: i32 = 256;
        let from = if least > 0 { least } else { (self.lowest.get() - BELOW).max(0) };
        (from..from.saturating_add(LOOKS)).find(|fd| matches!(kcmp::same_file(self.tid, *fd, *fd), Err(Errno::EBADF)))
    }

    /// Whether the process has POSIX record locks on the file of `fd`, through whatever descriptor: closing one of them
    /// drops the locks. True if it can't be told.
    pub fn holds_posix_locks(&self, fd: i32) -> bool {
        let Ok(of) = self.identity(fd) else { return true };
        if !lockable(&of) {
            return false;
        }
        if let Some(held) = self.locks.held(fd, of.file.0) {
            return held;
        }
        self.shows_posix_lock(fd) || self.any_shows_posix_lock(of.file)
    }

    /// The same for a file by its device and inode, which the process need not have open.
    pub fn holds_posix_locks_on(&self, major: u32, minor: u32, inode: u64) -> bool {
        self.any_shows_posix_lock((libc::makedev(major, minor), inode))
    }

    fn any_shows_posix_lock(&self, file: (u64, u64)) -> bool {
        let mut listed = self.lockable.borrow_mut();
        let listed = listed.get_or_insert_with(|| self.list_lockable());
        listed.iter().any(|(number, other)| other.file == file && self.shows_posix_lock(*number))
    }

    /// Whether fdinfo tells of a lock that was taken through this descriptor. True if it can't be told.
    fn shows_posix_lock(&self, fd: i32) -> bool {
        // What was closed since it was listed is no reason.
        match self.info(fd) {
            Ok(info) => info.locks("POSIX").next().is_some(),
            Err(errno) => errno != Errno::ENOENT,
        }
    }

    /// Whether it is a file with something in it. True if it can't be told.
    pub fn holds_content(&self, fd: i32) -> bool {
        self.look(fd).map_or(true, |of| of.kind == SFlag::S_IFREG && of.size > 0)
    }

    /// Forgets which descriptors there are: a call may have locked a file through a new one.
    pub fn forget(&self) {
        self.lockable.borrow_mut().take();
    }

    /// What a descriptor is open on, as its link in /proc names it.
    pub fn link(&self, fd: i32) -> Option<String> {
        let link = nix::fcntl::readlinkat(&*self.links.borrow(), fd.to_string().as_str()).ok()?;
        Some(link.to_string_lossy().into_owned())
    }

    /// Device and inode of what a descriptor is open on.
    pub fn id(&self, fd: i32) -> Option<(u64, u64)> {
        self.identity(fd).ok().map(|of| of.file)
    }

    /// Its file, which is known until the next call; its size is not.
    fn identity(&self, fd: i32) -> Result<Identity, Errno> {
        let known = self.seen.borrow().as_ref().and_then(|seen| seen.files.get(&fd).copied());
        if let Some(known) = known {
            return Ok(known);
        }
        let found = self.look(fd)?;
        if let Some(seen) = self.seen.borrow_mut().as_mut() {
            seen.files.insert(fd, found);
        }
        Ok(found)
    }

    fn look(&self, fd: i32) -> Result<Identity, Errno> {
        let name = CString::new(fd.to_string()).map_err(|_| Errno::EINVAL)?;
        identity(&*self.links.borrow(), &name)
    }

    fn list_lockable(&self) -> Vec<(i32, Identity)> {
        let known = self.numbers().into_iter().filter_map(|number| Some((number, self.identity(number).ok()?)));
        known.filter(|(_, of)| lockable(of)).collect()
    }
}

/// Whether a process may have POSIX record locks on a file of this kind.
fn lockable(of: &Identity) -> bool {
    // Sockets and pipes can't be locked, and what has no kind (epoll, eventfd …) nobody locks.
    of.kind == SFlag::S_IFREG || of.kind == SFlag::S_IFCHR || of.kind == SFlag::S_IFBLK || of.kind == SFlag::S_IFDIR
}
