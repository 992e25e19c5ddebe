//! One process, found and held by its pidfd and its `/proc` directory, so that a reused pid is never mistaken for it.

use super::identity::identity;
use super::refusal::to_read_more;
use crate::problem::Problem;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use procfs::FromRead;
use procfs::process::{Stat, Status};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// `PF_KTHREAD` of include/linux/sched.h.
const PF_KTHREAD: u32 = 0x0020_0000;

/// A process as it was when it was found.
#[derive(Debug)]
pub struct Process {
    /// Its pid.
    pub pid: i32,
    /// Polled readable once it has ended.
    pub pidfd: OwnedFd,
    /// `/proc/PID`, bound to this very process: nothing is found in it any more once the process has ended.
    pub dir: OwnedFd,
    /// A thread that lives: the first one, or another if that has ended before the process.
    pub tid: i32,
    /// `/proc/PID/task/TID` of that thread: a first thread that has ended shows no memory and no descriptors.
    view: OwnedFd,
    /// The `status` file of that thread.
    status: File,
    /// Start time in clock ticks since boot (proc(5)).
    pub start_time: u64,
    /// Its name, lossily decoded.
    pub comm: String,
    /// State letter of proc(5).
    pub state: char,
    /// Effective user id.
    pub uid: u32,
    /// How many threads it had.
    pub threads: usize,
    /// Size of its descriptor table (`FDSize`).
    pub descriptor_table: usize,
    /// `Seccomp:` of its first thread: 0 none, 1 strict, 2 filters.
    pub seccomp: u32,
    /// Pid of who traces it, 0 if nobody.
    pub tracer: i32,
    /// It is a kernel thread.
    pub kernel: bool,
    /// Parent's pid.
    pub parent: i32,
    /// Device and inode of its executable, if that may be looked at.
    exe: Option<(u64, u64)>,
    main_stack: u64,
    namespace_pids: Vec<i32>,
    /// Signals that it has handlers for, bit 0 for signal 1.
    handled: u64,
}

/// Why a process is not to be had.
#[derive(Debug)]
pub enum Absence {
    /// It has ended, or there never was one of this number.
    Gone(i32),
    /// It may be there, but /proc does not show it to us, or not now.
    Unreadable(i32, io::Error),
    /// What is there is no process that can be held.
    Refused(Problem),
}

impl Absence {
    /// What an error means with which the kernel answers about a process.
    fn of(pid: i32, error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ESRCH) => Self::Gone(pid),
            _ => Self::Unreadable(pid, error),
        }
    }

    /// Whether it is we who lack something (descriptors, memory), so that nothing is told about the process.
    pub fn is_our_want(&self) -> bool {
        let Self::Unreadable(_, error) = self else { return false };
        matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM))
    }
}

impl From<Absence> for Problem {
    fn from(absence: Absence) -> Self {
        match absence {
            Absence::Gone(pid) => Problem::error("target::not-found", format!("there is no process {pid}"))
                .help("`ps -e` lists the processes; in a container the pid is that of this pid namespace"),
            Absence::Unreadable(pid, error) => {
                Problem::error("target::unreadable", format!("process {pid} can't be looked at: {error}"))
                    .help(to_read_more(&error))
            }
            Absence::Refused(problem) => problem,
        }
    }
}

impl Process {
    /// Finds a process by its pid.
    pub fn find(pid: i32) -> Result<Self, Absence> {
        let absent = |error: io::Error| Absence::of(pid, error);
        if pid <= 0 {
            return Err(Absence::Refused(Problem::error("target::not-found", format!("{pid} is no pid"))));
        }
        let dir = open_dir(pid).map_err(|errno| match errno {
            // /proc may hide the processes of others (its option hidepid=2).
            Errno::ENOENT if pidfd(pid).is_ok() => Absence::Unreadable(pid, io::ErrorKind::PermissionDenied.into()),
            errno => absent(errno.into()),
        })?;
        let status: Status = read_whole(&dir, "status").map_err(absent)?;
        if status.tgid != pid {
            return Err(Absence::Refused(
                Problem::error(
                    "target::thread",
                    format!("{pid} is a thread of process {} ({})", status.tgid, status.name),
                )
                .help(format!("name the process: {}", status.tgid)),
            ));
        }
        let pidfd = pidfd(pid).map_err(|errno| absent(errno.into()))?;
        if !names_in_proc(&pidfd, pid).map_err(absent)? {
            return Err(Absence::Refused(Problem::error(
                "target::foreign-proc",
                format!("/proc speaks of another process {pid} than the kernel does: it belongs to another pid namespace"),
            )
            .help("mount the proc file system of this pid namespace (`unshare --pid --fork --mount-proc`), or run criu-plan outside it")));
        }
        // Read after the pidfd is open and through the directory: both speak of one process, so it is this one.
        let stat: Stat = read_whole(&dir, "stat").map_err(absent)?;
        let (tid, view) = living_thread(&dir, pid, stat.state).map_err(absent)?;
        // That of a first thread that has ended shows no descriptor table.
        let status = if tid == pid { status } else { read_whole(&view, "status").map_err(absent)? };
        Ok(Self {
            pid,
            tid,
            start_time: stat.starttime,
            state: stat.state,
            kernel: stat.flags & PF_KTHREAD != 0,
            parent: stat.ppid,
            main_stack: stat.startstack,
            comm: stat.comm,
            uid: status.euid,
            threads: status.threads as usize,
            descriptor_table: status.fdsize as usize,
            seccomp: status.seccomp.unwrap_or(0),
            tracer: status.tracerpid,
            handled: status.sigcgt,
            namespace_pids: status.nspid.unwrap_or_default(),
            exe: exe_identity(&view),
            status: nix::fcntl::openat(&view, "status", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())
                .map_err(|errno| absent(errno.into()))?
                .into(),
            pidfd,
            dir,
            view,
        })
    }

    /// Opens a file of its living thread's `/proc` directory; `write` for reading and writing.
    pub fn open(&self, name: &str, write: bool) -> io::Result<File> {
        let access = if write { OFlag::O_RDWR } else { OFlag::O_RDONLY };
        let fd = nix::fcntl::openat(&self.view, name, access | OFlag::O_CLOEXEC, Mode::empty())?;
        Ok(fd.into())
    }

    /// Its executable's path, if that may be looked at.
    pub fn exe(&self) -> Option<PathBuf> {
        nix::fcntl::readlinkat(&self.view, "exe").ok().map(PathBuf::from)
    }

    /// Device and inode of its executable when it was found.
    pub fn exe_identity(&self) -> Option<(u64, u64)> {
        self.exe
    }

    /// Whether it lives and still runs the program that it ran when it was found. Quick: it is asked inside the stop.
    pub fn same_program(&self) -> bool {
        let now = exe_identity(&self.view);
        now.is_some() && now == self.exe
    }

    /// The inode of its pidfd, where the kernel gives each process one that none has had before (6.9).
    pub fn pidfd_inode(&self) -> Option<u64> {
        // PID_FS_MAGIC of linux/magic.h; the inode of an older kernel is one for all.
        const PIDFS: i64 = 0x5049_4446;
        let kind = nix::sys::statfs::fstatfs(&self.pidfd).ok()?.filesystem_type();
        (kind.0 as i64 == PIDFS).then(|| nix::sys::stat::fstat(&self.pidfd).ok().map(|found| found.st_ino))?
    }

    /// An address in the stack of its first thread, 0 if that may not be looked at.
    pub fn main_stack(&self) -> u64 {
        self.main_stack
    }

    /// What the kernel told the program at its start (getauxval(3)): `AT_BASE`, `AT_PHDR` …; 0 if it did not.
    pub fn auxiliary(&self, key: u64) -> u64 {
        let mut bytes = Vec::new();
        let read = self.open("auxv", false).and_then(|mut file| file.read_to_end(&mut bytes));
        let word = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes).unwrap_or(0);
        let pairs = bytes.chunks_exact(16).map(|pair| (word(&pair[..8]), word(&pair[8..])));
        read.ok().and_then(|_| pairs.into_iter().find(|(found, _)| *found == key)).map_or(0, |(_, value)| value)
    }

    /// Its pid in each of its pid namespaces, ours first.
    pub fn namespace_pids(&self) -> &[i32] {
        &self.namespace_pids
    }

    /// Its soft limit of open descriptors.
    pub fn descriptor_limit(&self) -> Option<usize> {
        let mut text = String::new();
        self.open("limits", false).ok()?.read_to_string(&mut text).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// `Seccomp:` of one of its threads at this moment. Quick: it is asked inside the stop.
    pub fn seccomp_of(&self, tid: i32) -> Option<u32> {
        let text = if tid == self.tid { status_text(&self.status) } else { status_text(&self.status_file(tid)?) };
        let text = text?;
        let at = memchr::memmem::find(&text, b"\nSeccomp:\t")? + b"\nSeccomp:\t".len();
        text.get(at..)?.split(|byte| *byte == b'\n').next()?.utf8_chunks().next()?.valid().parse().ok()
    }

    fn status_file(&self, tid: i32) -> Option<File> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        nix::fcntl::openat(&self.dir, format!("task/{tid}/status").as_str(), flags, Mode::empty()).ok().map(File::from)
    }

    /// The processor that its first thread was on last.
    pub fn processor(&self) -> Option<usize> {
        let stat: Stat = read(&self.view, "stat")?;
        usize::try_from(stat.processor?).ok()
    }

    /// How many seccomp filters one of its threads has, if the kernel tells (5.9 and later).
    pub fn seccomp_filters_of(&self, tid: i32) -> Option<u32> {
        let mut text = String::new();
        let fd = nix::fcntl::openat(
            &self.dir,
            format!("task/{tid}/status").as_str(),
            OFlag::O_RDONLY | OFlag::O_CLOEXEC,
            Mode::empty(),
        );
        File::from(fd.ok()?).read_to_string(&mut text).ok()?;
        text.lines().find_map(|line| line.strip_prefix("Seccomp_filters:"))?.trim().parse().ok()
    }

    /// Its umask at this moment.
    pub fn umask(&self) -> Option<u64> {
        let status: Status = read(&self.dir, &format!("task/{}/status", self.tid))?;
        status.umask.map(u64::from)
    }

    /// Whether it had a handler for a signal when it was found.
    pub fn catches(&self, signal: i32) -> bool {
        self.handled & (1 << (signal - 1)) != 0
    }

    /// `process 4711 (nginx)`.
    pub fn title(&self) -> String {
        format!("process {} ({})", self.pid, self.comm)
    }
}

/// Whether `/proc` has this very process under this pid. It has not where it was mounted for another pid namespace: the
/// process whose files are read there would not be the one that is traced.
fn names_in_proc(pidfd: &OwnedFd, pid: i32) -> io::Result<bool> {
    let info = match std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())) {
        // Where /proc does not know ourselves, it is another namespace's.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        info => info?,
    };
    let named = info.lines().find_map(|line| line.strip_prefix("Pid:"));
    // -1: it has ended, which is found out soon enough.
    Ok(named.is_some_and(|named| [pid, -1].iter().any(|known| named.trim().parse() == Ok(*known))))
}

/// All of a `status` file, in one read as a rule.
fn status_text(file: &File) -> Option<Vec<u8>> {
    let mut text = vec![0; 4096];
    let mut length = 0;
    loop {
        match file.read_at(text.get_mut(length..)?, length as u64).ok()? {
            0 => break,
            read => length += read,
        }
        if length < text.len() {
            break;
        }
        // A process of many groups.
        text.resize(text.len() * 2, 0);
    }
    text.truncate(length);
    Some(text)
}

/// A value of procfs from a file of a `/proc/PID` directory.
pub(super) fn read<T: FromRead>(dir: &OwnedFd, name: &str) -> Option<T> {
    read_whole(dir, name).ok()
}

/// The same, with the reason where there is none: the kernel's, or that the text is not understood.
fn read_whole<T: FromRead>(dir: &OwnedFd, name: &str) -> io::Result<T> {
    let fd = nix::fcntl::openat(dir, name, OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())?;
    let mut text = Vec::new();
    // By hand, so that the kernel's own error is known: ESRCH of a process that has ended meanwhile.
    File::from(fd).read_to_end(&mut text)?;
    T::from_read(text.as_slice()).map_err(io::Error::other)
}

/// A descriptor of the process; ESRCH if there is none.
fn pidfd(pid: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: pidfd_open takes two numbers and returns a new descriptor, which nobody else owns.
    unsafe {
        let fd = Errno::result(libc::syscall(libc::SYS_pidfd_open, pid, 0))?;
        Ok(OwnedFd::from_raw_fd(fd as i32))
    }
}

fn open_dir(pid: i32) -> Result<OwnedFd, Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    nix::fcntl::open(Path::new(&format!("/proc/{pid}")), flags, Mode::empty())
}

/// A thread that has not ended, and its directory.
fn living_thread(dir: &OwnedFd, pid: i32, state: char) -> io::Result<(i32, OwnedFd)> {
    let open = |tid: i32| {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        nix::fcntl::openat(dir, format!("task/{tid}").as_str(), flags, Mode::empty()).map(|fd| (tid, fd))
    };
    if !matches!(state, 'Z' | 'X' | 'x') {
        return Ok(open(pid)?);
    }
    let mut tasks = nix::dir::Dir::openat(dir, "task", OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
    let tids = tasks.iter().filter_map(|entry| entry.ok()?.file_name().to_str().ok()?.parse().ok());
    let living = tids.filter(|tid| *tid != pid).find_map(|tid| open(tid).ok());
    Ok(living.map_or_else(|| open(pid), Ok)?)
}

impl Process {
    /// The directory of its living thread.
    pub fn view(&self) -> &OwnedFd {
        &self.view
    }
}

fn exe_identity(dir: &OwnedFd) -> Option<(u64, u64)> {
    identity(dir, c"exe").ok().map(|exe| exe.file)
}

impl AsRawFd for Process {
    fn as_raw_fd(&self) -> i32 {
        self.dir.as_raw_fd()
    }
}

/// The process that a pidfile names.
pub fn find_by_pidfile(path: &Path) -> Result<Process, Problem> {
    let pid = pidfile(path)?;
    Process::find(pid).map_err(|absence| {
        let want = absence.is_our_want();
        let problem = Problem::from(absence);
        let message = format!("{}, which the pidfile {} names", problem.message, path.display());
        let problem = Problem { message, ..problem };
        // Where it is we who lack something the file may be right.
        if want { problem } else { problem.help("the pidfile may be left over from a process that has ended") }
    })
}

/// The pid in a pidfile.
fn pidfile(path: &Path) -> Result<i32, Problem> {
    let shown = path.display();
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(4096).read_to_string(&mut text)).map_err(|error| {
        Problem::error("target::pidfile", format!("the pidfile {shown} can't be read: {error}"))
            .help("name the file that the process writes its pid to; most remove it when they end")
    })?;
    match text.trim().parse::<i32>() {
        Ok(pid) if pid > 0 => Ok(pid),
        _ => Err(Problem::error("target::pidfile", format!("the pidfile {shown} holds no pid: {:?}", text.trim()))
            .help("it should hold one decimal number")),
    }
}
