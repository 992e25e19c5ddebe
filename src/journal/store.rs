//! Where journals lie: those of running runs on tmpfs, those of finished ones where they last.

use super::directory::{self, Directory, Unusable};
use super::line::Begin;
use super::log::{self, Log};
use super::run::Run;
use crate::problem::Problem;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{Mode, fstatat};
use nix::sys::statfs::{FsType, TMPFS_MAGIC, fstatfs, statfs};
use nix::unistd::{UnlinkatFlags, User, fsync, geteuid, unlinkat};
use std::fs::{File, TryLockError};
use std::io::{self, BufReader, Read, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// What may be said about journals.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where finished runs are kept.
    pub directory: Option<PathBuf>,
    /// How many of them.
    pub keep: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { directory: None, keep: 100 }
    }
}

/// The directories.
#[derive(Debug)]
pub struct Store {
    /// On tmpfs; new runs begin in the first.
    running: Vec<Directory>,
    finished: Result<Directory, Problem>,
    keep: usize,
}

/// A run that was found.
#[derive(Debug)]
pub struct Found {
    /// Its id.
    pub id: String,
    /// Its file.
    pub path: PathBuf,
    /// How it stands.
    pub state: State,
    /// What its journal says, or why it can't be read.
    pub run: Result<Run, String>,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A criu-plan is at work on it.
    Alive,
    /// Its criu-plan has died.
    Abandoned,
    /// Its criu-plan has died before it had written anything, or touched anybody.
    Empty,
    /// It has ended, or nothing is left to do but to say so.
    Ended,
}

/// A journal on tmpfs whose lock we hold.
#[derive(Debug)]
pub struct Entry {
    /// The run's id.
    pub id: String,
    /// Which of the directories.
    place: usize,
    /// What is written to it.
    pub log: Log,
}

/// `RAMFS_MAGIC` of linux/magic.h.
const RAMFS: FsType = FsType(0x8584_58f6);
/// How long another's look at a journal is waited for.
const GLANCE: Duration = Duration::from_millis(500);
const SUFFIX: &str = ".jsonl";

fn in_memory(kind: FsType) -> bool {
    kind == TMPFS_MAGIC || kind == RAMFS
}

/// Where running runs may lie, the best first.
fn candidates() -> Vec<PathBuf> {
    let user = geteuid();
    let own = if user.is_root() { Some(PathBuf::from("/run")) } else { absolute("XDG_RUNTIME_DIR") };
    let shared = PathBuf::from(format!("/dev/shm/criu-plan-{user}"));
    own.map(|base| directory::resolved(&base.join("criu-plan"))).into_iter().chain([shared]).collect()
}

/// A path in the environment, if it is absolute (others are to be ignored, says the XDG specification).
fn absolute(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Where finished runs lie if nothing is said.
fn lasting() -> PathBuf {
    let user = geteuid();
    if user.is_root() {
        return PathBuf::from("/var/lib/criu-plan");
    }
    // Who becomes another user may keep the HOME of the first.
    let own = |home: &PathBuf| std::fs::metadata(home).is_ok_and(|found| found.uid() == user.as_raw());
    let of_record = || User::from_uid(user).ok()?.map(|user| user.dir).filter(own);
    let home = || absolute("HOME").filter(own).or_else(of_record);
    let base = absolute("XDG_STATE_HOME").or_else(|| Some(home()?.join(".local/state")));
    // A user without a home, such as a service's.
    base.map_or_else(|| PathBuf::from(format!("/var/tmp/criu-plan-{user}")), |base| base.join("criu-plan"))
}

/// Opens a directory for running runs; `None` if it is no place for them.
fn running(path: &Path, make: bool) -> Result<Option<Directory>, Problem> {
    let base = path.parent().unwrap_or(path);
    if !statfs(base).is_ok_and(|found| in_memory(found.filesystem_type())) {
        return Ok(None);
    }
    match directory::open(path, make) {
        Ok(found) => {
            let kind = fstatfs(&found.fd).map(|found| found.filesystem_type());
            Ok(kind.is_ok_and(in_memory).then_some(found))
        }
        Err(Unusable::Absent(_)) => Ok(None),
        Err(danger) => Err(danger.problem(path)),
    }
}

/// Opens the directory of finished runs.
fn finished(options: &Options, make: bool) -> Result<Directory, Problem> {
    let path = match &options.directory {
        Some(path) => std::path::absolute(path).unwrap_or_else(|_| path.clone()),
        None => lasting(),
    };
    let path = directory::resolved(&path);
    directory::open(&path, make).map_err(|unusable| unusable.problem(&path))
}

impl Store {
    /// Opens the directories that there are. With `make` that of finished runs is made if it is missing.
    pub fn look(options: &Options, make: bool) -> Result<Self, Problem> {
        let running =
            candidates().iter().filter_map(|path| running(path, false).transpose()).collect::<Result<_, _>>()?;
        Ok(Self { running, finished: finished(options, make), keep: options.keep })
    }

    /// Opens the directories for a new run, and makes what is missing of them.
    pub fn open(options: &Options) -> Result<Self, Problem> {
        let candidates = candidates();
        let mut found = Vec::new();
        for path in &candidates {
            // One is enough to write to; in the others there may be runs to be recovered.
            found.extend(running(path, found.is_empty())?);
        }
        if found.is_empty() {
            let names: Vec<String> = candidates.iter().map(|path| path.display().to_string()).collect();
            let message =
                format!("there is no directory in memory for the journal: neither {} can be used", names.join(" nor "));
            return Err(Problem::error("journal::no-directory", message).help(
                "mount a tmpfs at /run or /dev/shm that you may write to, or set XDG_RUNTIME_DIR to such a directory",
            ));
        }
        Ok(Self { running: found, finished: Ok(finished(options, true)?), keep: options.keep })
    }

    /// The directory of finished runs, if there is one.
    pub fn finished(&self) -> Option<&Path> {
        self.finished.as_ref().ok().map(|directory| directory.path.as_path())
    }

    /// The directories of running runs.
    pub fn running(&self) -> impl Iterator<Item = &Path> {
        self.running.iter().map(|directory| directory.path.as_path())
    }

    /// Whether a run's file lies where running ones do.
    pub fn is_running(&self, found: &Found) -> bool {
        self.running.iter().any(|directory| found.path.parent() == Some(&directory.path))
    }

    /// Begins a journal whose lines will take about `length` bytes, both here and where it is to be kept.
    pub fn begin(&self, length: u64) -> Result<Entry, Problem> {
        let (directory, finished) = (&self.running[0], self.finished.as_ref().map_err(Problem::clone)?);
        let full = |directory: &Directory, error: io::Error| {
            let message = format!("no journal can be written in {}: {error}", directory.path.display());
            Problem::error("journal::not-written", message)
                .help("nothing was touched; make room there, or see to it that it can be written to")
        };
        let (id, file) = create(directory).map_err(|error| full(directory, error))?;
        let entry = Log::begin(file).and_then(|log| {
            log.reserve(length)?;
            Ok(Entry { id: id.clone(), place: 0, log })
        });
        let entry = entry.map_err(|error| {
            self.forget(0, &id);
            full(directory, error)
        })?;
        // What a full disk has no room for it says now.
        let place = hidden(&id);
        let reserved = open_at(finished, &place, OFlag::O_WRONLY | OFlag::O_CREAT);
        reserved.map_err(io::Error::from).and_then(|file| log::reserve(&file, length)).map_err(|error| {
            self.discard(&entry);
            full(finished, error)
        })?;
        Ok(entry)
    }

    /// Takes the lock of an abandoned run: `None` if a criu-plan is at work on it, or if it is no longer there. A journal that
    /// breaks off before it says anything is removed.
    pub fn claim(&self, found: &Found) -> Result<Option<(Run, Entry)>, Problem> {
        let unreadable = |why: String| unreadable(&found.path, &why);
        let Some(place) = self.running.iter().position(|directory| found.path.parent() == Some(&directory.path)) else {
            return Ok(None);
        };
        let name = format!("{}{SUFFIX}", found.id);
        let flags = OFlag::O_RDWR | OFlag::O_APPEND;
        let mut file = match open_at(&self.running[place], &name, flags) {
            Ok(file) => file,
            Err(Errno::ENOENT) => return Ok(None),
            Err(errno) => return Err(unreadable(errno.desc().into())),
        };
        if !locked(&file).map_err(|error| unreadable(error.to_string()))? {
            return Ok(None);
        }
        // It may have been finished between.
        if fstatat(&self.running[place].fd, name.as_str(), AtFlags::AT_SYMLINK_NOFOLLOW).is_err() {
            return Ok(None);
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(|error| unreadable(error.to_string()))?;
        if Run::never_begun(&text) {
            self.forget(place, &found.id);
            return Ok(None);
        }
        let run = Run::read(&text).map_err(unreadable)?;
        // What was cut off is taken away.
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let log = file.set_len(whole as u64).and_then(|()| Log::resume(file, run.latest));
        let log = log.map_err(|error| unreadable(error.to_string()))?;
        Ok(Some((run, Entry { id: found.id.clone(), place, log })))
    }

    /// Moves a run that has ended to where it is kept, and forgets the oldest of those that are too many.
    pub fn finish(&self, entry: &Entry) -> Result<(), Problem> {
        let place = self.running[entry.place].path.join(format!("{}{SUFFIX}", entry.id));
        let stays = |why: String| {
            Problem::warning("journal::not-kept", format!("the journal of run {} stays in memory: {why}", entry.id))
                .help(format!("it lies in {} until the next reboot; `criu-plan recover` moves it", place.display()))
        };
        let finished = self.finished.as_ref().map_err(|problem| stays(problem.message.clone()))?;
        self.keep_run(finished, entry)
            .map_err(|error| stays(format!("it can't be moved to {}: {error}", finished.path.display())))
    }

    fn keep_run(&self, finished: &Directory, entry: &Entry) -> io::Result<()> {
        use std::os::unix::fs::FileExt;
        let (place, name) = (hidden(&entry.id), format!("{}{SUFFIX}", entry.id));
        let mut kept = open_at(finished, &place, OFlag::O_WRONLY | OFlag::O_CREAT)?;
        let source = entry.log.file();
        let mut text = vec![0; source.metadata()?.len() as usize];
        source.read_exact_at(&mut text, 0)?;
        kept.write_all(&text)?;
        // What was reserved and not used is given back.
        kept.set_len(text.len() as u64)?;
        kept.sync_all()?;
        renameat(&finished.fd, place.as_str(), &finished.fd, name.as_str())?;
        fsync(&finished.fd)?;
        self.forget(entry.place, &entry.id);
        self.prune(finished)
    }

    /// Removes a journal of which nothing is to be kept.
    pub fn discard(&self, entry: &Entry) {
        self.forget(entry.place, &entry.id);
        if let Ok(finished) = &self.finished {
            let _absent = unlinkat(&finished.fd, hidden(&entry.id).as_str(), UnlinkatFlags::NoRemoveDir);
        }
    }

    fn forget(&self, place: usize, id: &str) {
        let _absent = unlinkat(&self.running[place].fd, format!("{id}{SUFFIX}").as_str(), UnlinkatFlags::NoRemoveDir);
    }

    /// Removes the oldest finished runs beyond the number that is kept, and places of runs that were never finished.
    fn prune(&self, finished: &Directory) -> io::Result<()> {
        let names = names(finished)?;
        let is_running = |id: &str| {
            let name = format!("{id}{SUFFIX}");
            self.running.iter().any(|at| fstatat(&at.fd, name.as_str(), AtFlags::AT_SYMLINK_NOFOLLOW).is_ok())
        };
        let (kept, places): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| !name.starts_with('.'));
        let left = places.into_iter().filter(|name| !is_running(id_of(name)));
        let surplus = kept.len().saturating_sub(self.keep);
        for name in kept.into_iter().take(surplus).chain(left) {
            let _absent = unlinkat(&finished.fd, name.as_str(), UnlinkatFlags::NoRemoveDir);
        }
        Ok(())
    }

    /// Every run there is, the oldest first.
    pub fn runs(&self) -> Result<Vec<Found>, Problem> {
        self.those(|_| true)
    }

    /// The run of this id; no other is read.
    pub fn run(&self, id: &str) -> Result<Option<Found>, Problem> {
        Ok(self.those(|name| id_of(name) == id)?.pop())
    }

    /// Runs whose criu-plan is no more, and which had begun to change what they are about: the id and the beginning of each.
    /// What can't be read is passed over.
    pub fn cut_off(&self) -> impl Iterator<Item = (String, Begin)> {
        self.running.iter().flat_map(|directory| {
            let journals = names(directory).unwrap_or_default().into_iter().filter(|name| !name.starts_with('.'));
            journals.filter_map(|name| {
                let mut file = open_at(directory, &name, OFlag::O_RDONLY).ok()?;
                // Nobody else's lock is tried for nothing, and it may have ended while we looked.
                Run::unfinished(BufReader::new(&file))?;
                file.try_lock_shared().ok()?;
                file.rewind().ok()?;
                Some((id_of(&name).to_owned(), Run::unfinished(BufReader::new(file))?))
            })
        })
    }

    fn those(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<Found>, Problem> {
        let mut runs: Vec<Found> = Vec::new();
        let finished = self.finished.iter().map(|at| (at, true));
        for (directory, over) in self.running.iter().map(|at| (at, false)).chain(finished) {
            let listed = names(directory).map_err(|error| unreadable(&directory.path, &error.to_string()))?;
            let journals = listed.iter().filter(|name| !name.starts_with('.') && wanted(name));
            runs.extend(journals.filter_map(|name| look(directory, name, over)));
        }
        runs.sort_by(|a, b| a.id.cmp(&b.id));
        // One that was moved while we looked is there twice.
        runs.dedup_by(|a, b| a.id == b.id);
        Ok(runs)
    }
}

/// The problem of a journal that can't be read.
pub fn unreadable(path: &Path, why: &str) -> Problem {
    Problem::error("journal::unreadable", format!("{} can't be read: {why}", path.display()))
        .help("it may have been written by another version of criu-plan, which then can recover the run")
}

/// Looks at a journal; nothing if it is gone.
fn look(directory: &Directory, name: &str, over: bool) -> Option<Found> {
    let (id, path) = (id_of(name).to_owned(), directory.path.join(name));
    let mut file = match open_at(directory, name, OFlag::O_RDONLY) {
        Ok(file) => file,
        Err(Errno::ENOENT) => return None,
        Err(errno) => {
            let run = Err(errno.desc().to_owned());
            return Some(Found { id, path, state: State::Ended, run });
        }
    };
    // A shared lock is in nobody's way who only looks, too.
    let alive = !over && matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    let mut text = Vec::new();
    let read = file.read_to_end(&mut text).map_err(|error| error.to_string());
    if !over && read.is_ok() && Run::never_begun(&text) {
        return Some(Found {
            id,
            path,
            state: if alive { State::Alive } else { State::Empty },
            run: Err("it has only begun".into()),
        });
    }
    let run = read.and_then(|_| Run::read(&text));
    let state = match &run {
        _ if alive => State::Alive,
        _ if over => State::Ended,
        Ok(run) if run.end.is_some() => State::Ended,
        _ => State::Abandoned,
    };
    Some(Found { id, path, state, run })
}

/// Whether the lock could be had, if need be once somebody has had a look.
fn locked(file: &File) -> io::Result<bool> {
    let until = Instant::now() + GLANCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() > until => return Ok(false),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// A new file for a run, locked: its id, which no other run has, and the file.
fn create(directory: &Directory) -> io::Result<(String, File)> {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let now: String = now.chars().filter(|letter| !matches!(letter, '-' | ':')).collect();
    let stem = format!("{now}-{}", std::process::id());
    let mut id = stem.clone();
    for again in 2.. {
        let flags = OFlag::O_RDWR | OFlag::O_APPEND | OFlag::O_CREAT | OFlag::O_EXCL;
        match open_at(directory, &format!("{id}{SUFFIX}"), flags) {
            Err(Errno::EEXIST) => {}
            // Whoever came between and has found it empty may have removed it.
            Ok(file) if locked(&file)? && file.metadata()?.nlink() > 0 => return Ok((id, file)),
            Ok(_) => {}
            Err(errno) => return Err(errno.into()),
        }
        id = format!("{stem}-{again}");
    }
    Err(Errno::EEXIST.into())
}

fn open_at(directory: &Directory, name: &str, flags: OFlag) -> Result<File, Errno> {
    let flags = flags | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
    openat(directory.fd.as_fd(), name, flags, Mode::S_IRUSR | Mode::S_IWUSR).map(File::from)
}

/// Where a run's place is kept before it is finished.
fn hidden(id: &str) -> String {
    format!(".{id}{SUFFIX}")
}

/// The id in a file's name.
fn id_of(name: &str) -> &str {
    name.trim_start_matches('.').trim_end_matches(SUFFIX)
}

/// Names of journals in a directory, in order.
fn names(directory: &Directory) -> io::Result<Vec<String>> {
    let mut dir = nix::dir::Dir::openat(&directory.fd, ".", OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
    let entries = dir.iter().filter_map(|entry| entry.ok()?.file_name().to_str().ok().map(str::to_owned));
    let mut names: Vec<String> = entries.filter(|name| name.ends_with(SUFFIX)).collect();
    names.sort();
    Ok(names)
}
