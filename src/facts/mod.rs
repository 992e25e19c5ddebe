//! What can be true of a process and what it can have several of, as values: plans ask, `target` answers, lowering builds on
//! the answers. It knows neither plans nor processes.

mod found;
mod pattern;
mod text;

pub use found::{Each, Found, FoundStep};
pub use pattern::{FdKind, FdPattern, MappingPattern, Range, ThreadPattern, is_pattern};

/// Something that holds for a process or does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// It has such a descriptor.
    Fd(FdPattern),
    /// It has such a mapping.
    Mapping(MappingPattern),
    /// Its working directory.
    Cwd(String),
    /// Its root directory.
    Root(String),
    /// Its executable.
    Exe(String),
    /// Its umask.
    Umask(Range),
    /// Its limit of a resource.
    Rlimit {
        /// RLIMIT_*.
        resource: u64,
        /// The soft limit; `RLIM_INFINITY` if there is none.
        soft: Range,
        /// The hard limit.
        hard: Range,
    },
    /// Its name, as in `ps -o comm`.
    Comm(String),
    /// Its command line, arguments joined by spaces.
    Cmdline(String),
    /// Name or number of its effective user.
    User(String),
    /// The path of its cgroup, in any of the hierarchies.
    Cgroup(String),
    /// The systemd unit that it belongs to.
    Unit(String),
    /// It has a socket open that listens there.
    Listen(Listen),
    /// How many threads it has.
    Threads(Range),
    /// All of its threads are in the namespace of this kind that a file stands for.
    Namespace(&'static str, String),
    /// `Seccomp:` of its first thread: 0 none, 1 strict, 2 filters.
    Seccomp(u64),
    /// A variable of the environment that it was started with.
    Env(String, String),
    /// Not all of these hold.
    Not(Vec<Fact>),
    /// One of these groups holds.
    Any(Vec<Vec<Fact>>),
}

/// Where a socket listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Listen {
    /// TCP, by version of IP if one is given.
    Tcp(Option<IpVersion>, u16),
    /// UDP: bound to the port and not connected.
    Udp(Option<IpVersion>, u16),
    /// A path, or `@name`.
    Unix(String),
}

/// 4 or 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum IpVersion {
    V4,
    V6,
}

/// What a step is repeated over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repetition {
    /// Every such descriptor, by number.
    Fd(FdPattern),
    /// Every such mapping, by address.
    Mapping(MappingPattern),
    /// Every such thread, which also runs the step.
    Thread(ThreadPattern),
}

impl Repetition {
    /// Names of the numbers that a repetition has, as in `${each.start}`.
    pub fn numbers(&self) -> &'static [&'static str] {
        match self {
            Self::Fd(_) => &["number", "flags", "offset"],
            Self::Mapping(_) => &["start", "end", "length", "offset", "prot"],
            Self::Thread(_) => &["tid"],
        }
    }

    /// Names of its texts.
    pub fn texts(&self) -> &'static [&'static str] {
        match self {
            Self::Fd(_) => &["path", "file"],
            Self::Mapping(_) => &["path"],
            Self::Thread(_) => &["name"],
        }
    }
}

/// How the processes that a plan runs in are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// `pid: 4711`.
    Pid(i32),
    /// `pidfile: /run/app.pid`.
    Pidfile(std::path::PathBuf),
    /// `match:` the processes for which all of these hold, and how many there must be.
    Match(Vec<Fact>, Count),
}

/// How many processes a `match` may find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exactly(usize),
    /// One or more.
    Any,
}

/// Which other processes come with those that were selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum With {
    /// Those that they started.
    Children,
    /// Those that they started, and those that these started, and so on.
    Descendants,
}
