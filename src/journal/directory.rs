//! Directories that nobody else can change: what lies in them decides what is done to processes.

use crate::problem::Problem;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{FileStat, Mode, fstat, mkdirat};
use nix::unistd::{Uid, geteuid};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

/// A directory that was found to be safe.
#[derive(Debug)]
pub struct Directory {
    /// Open for reading.
    pub fd: OwnedFd,
    /// How it is called.
    pub path: PathBuf,
}

/// Why there is none.
#[derive(Debug)]
pub enum Unusable {
    /// It is not there, or can't be made or opened.
    Absent(Errno),
    /// Somebody else could change it: which one, and how.
    Unsafe(PathBuf, &'static str),
}

impl Unusable {
    /// As it is told.
    pub fn problem(&self, path: &Path) -> Problem {
        match self {
            Self::Absent(errno) => {
                let message = format!("the directory {} for journals can't be used: {}", path.display(), errno.desc());
                Problem::error("journal::no-directory", message)
                    .help("nothing was touched; `--journal-dir` names another directory for finished runs")
            }
            Self::Unsafe(at, why) => {
                let message = format!("{} is no safe place for journals: {} {why}", path.display(), at.display());
                Problem::error("journal::unsafe-directory", message).help(
                    "what lies there tells `criu-plan recover` what to do in processes, so nobody else may write to it: look who made it, and remove it or correct owner and mode (0700)",
                )
            }
        }
    }
}

const DIRECTORY: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_CLOEXEC).union(OFlag::O_NOFOLLOW);

/// Opens a directory of ours, one component after another. With `make` what is missing of it is made.
pub fn open(path: &Path, make: bool) -> Result<Directory, Unusable> {
    let mut at = PathBuf::from("/");
    let mut dir = nix::fcntl::open("/", DIRECTORY | OFlag::O_PATH, Mode::empty()).map_err(Unusable::Absent)?;
    let mut names = path.components().filter(|part| *part != Component::RootDir).peekable();
    while let Some(name) = names.next() {
        let Component::Normal(name) = name else { return Err(Unusable::Absent(Errno::EINVAL)) };
        let last = names.peek().is_none();
        let access = if last { OFlag::O_RDONLY } else { OFlag::O_PATH };
        at.push(name);
        let opened = match openat(&dir, name, DIRECTORY | access, Mode::empty()) {
            Err(Errno::ENOENT) if make => {
                match mkdirat(&dir, name, Mode::S_IRWXU) {
                    Ok(()) | Err(Errno::EEXIST) => {}
                    Err(errno) => return Err(Unusable::Absent(errno)),
                }
                openat(&dir, name, DIRECTORY | access, Mode::empty())
            }
            other => other,
        };
        dir = opened.map_err(|errno| match errno {
            // What O_NOFOLLOW and O_DIRECTORY make of a symbolic link.
            Errno::ENOTDIR | Errno::ELOOP => Unusable::Unsafe(at.clone(), "is a symbolic link or no directory"),
            errno => Unusable::Absent(errno),
        })?;
        let found = fstat(&dir).map_err(Unusable::Absent)?;
        if let Some(why) = danger(&found, last) {
            return Err(Unusable::Unsafe(at, why));
        }
    }
    Ok(Directory { fd: dir, path: at })
}

/// How somebody else could change a directory, or what it is called.
fn danger(found: &FileStat, last: bool) -> Option<&'static str> {
    let owner = Uid::from_raw(found.st_uid);
    let mode = Mode::from_bits_truncate(found.st_mode);
    let others = mode.contains(Mode::S_IWOTH);
    if last {
        return match () {
            () if owner != geteuid() => Some("belongs to somebody else"),
            () if others || mode.contains(Mode::S_IWGRP) => Some("can be written to by others"),
            () => None,
        };
    }
    match () {
        () if owner != geteuid() && !owner.is_root() => Some("belongs to somebody else"),
        () if others && !mode.contains(Mode::S_ISVTX) => Some("can be written to by everybody"),
        () => None,
    }
}

/// A path without symbolic links in what leads to its last component, as far as that is there.
pub fn resolved(path: &Path) -> PathBuf {
    let mut there = path.parent();
    while let Some(parent) = there {
        if let (Ok(real), Ok(rest)) = (parent.canonicalize(), path.strip_prefix(parent)) {
            return real.join(rest);
        }
        there = parent.parent();
    }
    path.to_owned()
}
