//! A model of what a process's descriptor calls do.

use criu_plan::program::{Facts, FileFact};
use std::collections::{BTreeMap, BTreeSet};

/// Size of the descriptor table and limit on numbers.
pub const TABLE: i32 = 64;
/// A descriptor on whose file the process has POSIX locks.
pub const LOCKED: i32 = 4;

type Descriptors = BTreeMap<i32, (usize, bool)>;

#[derive(Debug, Clone, PartialEq)]
struct File {
    inode: u64,
    size: u64,
    fifo: bool,
}

/// An open file description.
#[derive(Debug, Clone, PartialEq)]
struct Description {
    inode: u64,
    flags: i32,
}

#[derive(Debug, Clone)]
pub struct Kernel {
    fds: Descriptors,
    descriptions: Vec<Description>,
    files: BTreeMap<Vec<u8>, File>,
    inodes: u64,
    locked: BTreeSet<u64>,
    pub size_of_new_files: u64,
    /// A descriptor of a file with locks was closed or duplicated: undo or release would drop the locks.
    pub locks_at_stake: bool,
    /// Memory at addresses.
    pub memory: BTreeMap<u64, Vec<u8>>,
}

const SETTABLE: i32 = libc::O_APPEND | libc::O_ASYNC | libc::O_DIRECT | libc::O_NOATIME | libc::O_NONBLOCK;

impl Kernel {
    /// Descriptors 0 to 2 on one terminal, 3 close-on-exec, 4 with POSIX locks and 7 a second on its file; two files, a FIFO.
    pub fn new() -> Self {
        let mut kernel = Self {
            fds: BTreeMap::new(),
            descriptions: Vec::new(),
            files: BTreeMap::new(),
            inodes: 100,
            locked: BTreeSet::from([50]),
            size_of_new_files: 0,
            locks_at_stake: false,
            memory: BTreeMap::new(),
        };
        let description = |inode, flags| Description { inode, flags };
        kernel.descriptions = vec![
            description(10, libc::O_RDWR),
            description(20, libc::O_WRONLY | libc::O_APPEND),
            description(50, libc::O_RDWR),
            description(50, libc::O_RDONLY),
        ];
        kernel.fds =
            [(0, (0, false)), (1, (0, false)), (2, (0, false)), (3, (1, true)), (4, (2, false)), (7, (3, true))].into();
        kernel.make(b"/there");
        kernel.make(b"/fifo");
        kernel.files.get_mut(&b"/fifo"[..]).unwrap().fifo = true;
        kernel
    }

    pub fn make(&mut self, path: &[u8]) -> u64 {
        self.inodes += 1;
        self.files.insert(path.to_vec(), File { inode: self.inodes, size: self.size_of_new_files, fifo: false });
        self.inodes
    }

    /// Everything that a process or its neighbours could see.
    pub fn state(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        let open: Vec<_> = self.fds.iter().map(|(fd, of)| (*fd, *of, self.descriptions[of.0].clone())).collect();
        (open, self.files.clone(), self.locked.clone())
    }

    pub fn descriptors(&self) -> &Descriptors {
        &self.fds
    }

    pub fn flags(&self, fd: i32) -> i64 {
        self.fds.get(&fd).map_or(-i64::from(libc::EBADF), |(description, cloexec)| {
            i64::from(self.descriptions[*description].flags | if *cloexec { libc::O_CLOEXEC } else { 0 })
        })
    }

    /// What a descriptor is open on.
    pub fn file(&self, fd: i32) -> Option<u64> {
        self.fds.get(&fd).map(|(description, _)| self.descriptions[*description].inode)
    }

    pub fn same(&self, a: i32, b: i32) -> bool {
        self.fds.get(&a).is_some_and(|(a, _)| self.fds.get(&b).is_some_and(|(b, _)| a == b))
    }

    /// As the product asks: true also where it can't be told.
    pub fn holds_locks(&self, fd: i32) -> bool {
        self.fds.get(&fd).is_none_or(|(description, _)| self.locked.contains(&self.descriptions[*description].inode))
    }

    pub fn is_empty(&self, fd: i32) -> bool {
        let inode = |(description, _): &(usize, bool)| self.descriptions[*description].inode;
        let file = self.fds.get(&fd).map(inode).and_then(|inode| self.files.values().find(|file| file.inode == inode));
        file.is_none_or(|file| file.size == 0)
    }

    pub fn highest_free(&self, named: &[i32]) -> Option<i32> {
        (3..TABLE).rev().find(|fd| !self.fds.contains_key(fd) && !named.contains(fd))
    }

    fn lowest_free(&self, from: i32) -> Result<i32, i32> {
        (from..TABLE).find(|fd| !self.fds.contains_key(fd)).ok_or(libc::EMFILE)
    }

    fn close(&mut self, fd: i32) -> Result<i64, i32> {
        let (description, _) = self.fds.remove(&fd).ok_or(libc::EBADF)?;
        self.locks_at_stake |= self.locked.remove(&self.descriptions[description].inode);
        Ok(0)
    }

    fn give(&mut self, inode: u64, flags: i32) -> Result<i64, i32> {
        let fd = self.lowest_free(0)?;
        let kept = flags & (libc::O_ACCMODE | SETTABLE);
        self.descriptions.push(Description { inode, flags: kept });
        self.fds.insert(fd, (self.descriptions.len() - 1, flags & libc::O_CLOEXEC != 0));
        Ok(i64::from(fd))
    }

    fn open(&mut self, path: &[u8], flags: i32) -> Result<i64, i32> {
        let inode = match self.files.get(path) {
            Some(_) if flags & (libc::O_CREAT | libc::O_EXCL) == libc::O_CREAT | libc::O_EXCL => {
                return Err(libc::EEXIST);
            }
            Some(file) => file.inode,
            None if flags & libc::O_CREAT != 0 => self.make(path),
            None => return Err(libc::ENOENT),
        };
        self.give(inode, flags)
    }

    fn dup_to(&mut self, old: i32, new: i32, cloexec: bool) -> Result<i64, i32> {
        let (description, _) = *self.fds.get(&old).ok_or(libc::EBADF)?;
        if !(0..TABLE).contains(&new) {
            return Err(libc::EBADF);
        }
        if self.fds.contains_key(&new) {
            self.close(new)?;
        }
        self.locks_at_stake |= self.locked.contains(&self.descriptions[description].inode);
        self.fds.insert(new, (description, cloexec));
        Ok(i64::from(new))
    }

    fn dup_from(&mut self, old: i32, from: i32, cloexec: bool) -> Result<i64, i32> {
        if !self.fds.contains_key(&old) {
            return Err(libc::EBADF);
        }
        let new = self.lowest_free(from)?;
        self.dup_to(old, new, cloexec)
    }

    fn fcntl(&mut self, fd: i32, command: i32, arg: i32) -> Result<i64, i32> {
        let (description, cloexec) = self.fds.get_mut(&fd).ok_or(libc::EBADF)?;
        let description = &mut self.descriptions[*description];
        match command {
            libc::F_GETFD => return Ok(i64::from(*cloexec)),
            libc::F_SETFD => *cloexec = arg & 1 != 0,
            libc::F_GETFL => return Ok(i64::from(description.flags)),
            libc::F_SETFL => description.flags = description.flags & !SETTABLE | arg & SETTABLE,
            libc::F_DUPFD | libc::F_DUPFD_CLOEXEC => return self.dup_from(fd, arg, command == libc::F_DUPFD_CLOEXEC),
            _ => return Err(libc::EINVAL),
        }
        Ok(0)
    }

    fn pipe(&mut self, address: u64, flags: i32) -> Result<i64, i32> {
        for (offset, mode) in [(0, libc::O_RDONLY), (4, libc::O_WRONLY)] {
            let fd = self.give(1001, mode | flags)?;
            self.write(address, offset, &(fd as i32).to_le_bytes());
        }
        Ok(0)
    }

    fn path(&self, address: u64) -> Vec<u8> {
        let bytes = &self.memory[&address];
        bytes[..bytes.iter().position(|byte| *byte == 0).unwrap()].to_vec()
    }

    fn write(&mut self, address: u64, offset: usize, bytes: &[u8]) {
        self.memory.get_mut(&address).unwrap()[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    /// statx(2) of a path, or of a descriptor if that is empty.
    fn statx(&mut self, fd: i32, path: u64, address: u64) -> Result<i64, i32> {
        let path = self.path(path);
        let inode = match self.files.get(&path) {
            Some(file) => file.inode,
            None if path.is_empty() => self.descriptions[self.fds.get(&fd).ok_or(libc::EBADF)?.0].inode,
            None => return Err(libc::ENOENT),
        };
        let size = self.files.values().find(|file| file.inode == inode).map_or(0, |file| file.size);
        for (offset, value) in [(32, inode), (40, size), (136, 1)] {
            self.write(address, offset, &value.to_le_bytes());
        }
        Ok(0)
    }

    /// renameat2(2) with RENAME_NOREPLACE.
    fn rename(&mut self, from: u64, to: u64) -> Result<i64, i32> {
        let (from, to) = (self.path(from), self.path(to));
        match (self.files.contains_key(&from), self.files.contains_key(&to)) {
            (false, _) => Err(libc::ENOENT),
            (_, true) => Err(libc::EEXIST),
            _ => {
                let file = self.files.remove(&from).unwrap();
                self.files.insert(to, file);
                Ok(0)
            }
        }
    }

    /// Makes a call; the raw result.
    pub fn call(&mut self, name: &str, args: &[u64]) -> i64 {
        let int = |index: usize| args.get(index).copied().unwrap_or(0) as i32;
        let result = match name {
            "open" => self.open(&self.path(args[0]), int(1)),
            "close" => self.close(int(0)),
            "dup" => self.dup_from(int(0), 0, false),
            "dup2" if int(0) == int(1) && self.fds.contains_key(&int(0)) => Ok(i64::from(int(1))),
            "dup2" => self.dup_to(int(0), int(1), false),
            "dup3" if int(0) == int(1) => Err(libc::EINVAL),
            "dup3" => self.dup_to(int(0), int(1), int(2) & libc::O_CLOEXEC != 0),
            "fcntl" => self.fcntl(int(0), int(1), int(2)),
            "socket" => self.give(1000, libc::O_RDWR),
            "pipe2" => self.pipe(args[0], int(1)),
            "statx" => self.statx(int(0), args[1], args[4]),
            "renameat2" if args[4] == u64::from(libc::RENAME_NOREPLACE) => self.rename(args[1], args[3]),
            "unlinkat" => self.files.remove(&self.path(args[1])).map(|_| 0).ok_or(libc::ENOENT),
            "getpid" => Ok(1),
            other => panic!("the model has no {other}"),
        };
        result.unwrap_or_else(|errno| -i64::from(errno))
    }
}

impl Facts for Kernel {
    fn file(&self, path: &[u8]) -> FileFact {
        match self.files.get(path) {
            None => FileFact::Missing,
            Some(file) if file.fifo => FileFact::MayBlock,
            Some(_) => FileFact::Plain,
        }
    }

    fn size(&self, path: &[u8]) -> Option<u64> {
        self.files.get(path).filter(|file| !file.fifo).map(|file| file.size)
    }
}
