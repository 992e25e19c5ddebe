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
use nix::sys::uio::pread;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
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

/// What stays true until the target makes a call. (What an io_uring of its own does meanwhile nobody can stop, however often it
/// is looked.)
#[derive(Debug, Default)]
struct Seen {
    /// By number: what is open there.
    files: HashMap<i32, Identity>,
    /// Numbers that are open.
    open: HashSet<i32>,
    /// A number that is free.
    free: Option<i32>,
}

impl Seen {
    /// Forgets what a call may have changed, and notes what its result tells. Without a result, or where it is not known what
    /// the call changes, everything is forgotten.
    fn called(&mut self, name: &str, args: &[u64; 6], result: Option<i64>) {
        self.free = None;
        // Most calls on descriptors change the one that they give, or name, and no other.
        let changed = match (name, result) {
            ("dup2" | "dup3", Some(_)) => args[1] as i32,
            ("close", Some(_)) => args[0] as i32,
            ("open" | "openat" | "dup", Some(result)) => result as i32,
            ("fcntl", Some(result)) if matches!(args[1] as i32, libc::F_DUPFD | libc::F_DUPFD_CLOEXEC) => result as i32,
            ("fcntl", Some(_)) => return,
            _ => {
                *self = Self::default();
                return;
            }
        };
        self.files.remove(&changed);
        // An error leaves it what it was, which nobody needs to know.
        if name != "close" && changed >= 0 && result == Some(i64::from(changed)) {
            self.open.insert(changed);
        } else {
            self.open.remove(&changed);
        }
    }
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
        // What was found free in rehearsals was not taken.
        self.last_free.set(i32::MAX);
    }

    /// The target has made a call, with these arguments and this result if it is known what came of it.
    pub fn called(&self, name: &str, args: &[u64; 6], result: Option<i64>) {
        if let Some(seen) = self.seen.borrow_mut().as_mut() {
            seen.called(name, args, result);
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
            Some(file) => file,
            None => {
                opened = self.open_info(fd)?;
                &opened
            }
        };
        let mut text = [0; 1024];
        let length = pread(file, &mut text, 0)?;
        let mut text = text[..length].to_vec();
        // One read tells all of it, but for the watches of an epoll or inotify descriptor and a file of many locks.
        let mut more = [0; 4096];
        while text.len() >= 1000 {
            match pread(file, &mut more, text.len() as i64)? {
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
        let mut seen = self.seen.borrow_mut();
        if seen.as_ref().is_some_and(|seen| seen.open.contains(&fd)) {
            return Ok(true);
        }
        let open = match kcmp::same_file(self.tid, fd, fd) {
            Err(Errno::EBADF) => false,
            other => other?,
        };
        if let (true, Some(seen)) = (open, seen.as_mut()) {
            seen.open.insert(fd);
        }
        Ok(open)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: u64, second: u64) -> [u64; 6] {
        [number, second, 0, 0, 0, 0]
    }

    #[test]
    fn what_a_call_may_have_changed_is_looked_at_again() {
        let file = Identity { file: (1, 2), kind: SFlag::S_IFREG, size: 0, space: 0 };
        let seen = || Seen { files: [3, 4, 7].map(|fd| (fd, file)).into(), open: [3, 4, 7].into(), free: Some(254) };
        let known = |call: &str, args: [u64; 6], result: Option<i64>| {
            let mut seen = seen();
            seen.called(call, &args, result);
            assert_eq!(seen.free, None, "{call}");
            let mut known: Vec<i32> = seen.files.into_keys().collect();
            let mut open: Vec<i32> = seen.open.into_iter().collect();
            known.sort_unstable();
            open.sort_unstable();
            (known, open)
        };
        assert_eq!(known("dup2", of(3, 4), Some(4)), (vec![3, 7], vec![3, 4, 7]));
        assert_eq!(known("dup2", of(3, 4), Some(-9)), (vec![3, 7], vec![3, 7]));
        assert_eq!(known("close", of(7, 0), Some(0)), (vec![3, 4], vec![3, 4]));
        // Closed all the same (close(2), "Dealing with error returns").
        assert_eq!(known("close", of(7, 0), Some(-4)), (vec![3, 4], vec![3, 4]));
        assert_eq!(known("openat", of(3, 4), Some(5)), (vec![3, 4, 7], vec![3, 4, 5, 7]));
        assert_eq!(known("openat", of(3, 4), Some(-2)), (vec![3, 4, 7], vec![3, 4, 7]));
        assert_eq!(known("fcntl", of(3, libc::F_DUPFD as u64), Some(9)), (vec![3, 4, 7], vec![3, 4, 7, 9]));
        assert_eq!(known("fcntl", of(3, libc::F_GETFD as u64), Some(1)), (vec![3, 4, 7], vec![3, 4, 7]));
        for (call, result) in [("close", None), ("close_range", Some(0)), ("unshare", Some(0)), ("munmap", Some(0))] {
            assert_eq!(known(call, of(3, 4), result), (vec![], vec![]), "{call}");
        }
    }
}
