//! What the kernel offers: every system call with its parameters, the constants they take, and each call's nature.

mod commands;
mod confined;
pub mod constants;
mod describe;
pub mod errno;
pub mod layouts;
pub mod memory;
mod particulars;
pub mod restart;
mod table;

pub use commands::{
    Command, SetBack, SocketOption, argument_kind, commands, option_remarks, option_types, socket_option,
};
pub use confined::ends_with_descriptor;
pub use constants::Set;
pub use particulars::{Particulars, exceptions, particulars};
pub use table::TABLE;

use std::collections::HashMap;
use std::sync::LazyLock;

/// An instruction set that plans are checked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Arch {
    /// 64-bit x86, the one that plans are applied on.
    #[default]
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit ARM, checked only.
    Aarch64,
}

impl Arch {
    /// As `uname -m` says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }
}

/// What an argument is, which decides how it may be written.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A descriptor.
    Fd,
    /// A directory descriptor or `AT_FDCWD`.
    DirFd,
    /// A NUL-terminated file name in memory.
    Path,
    /// NUL-terminated text that names no file.
    Text,
    /// Any of the set's members, joined with `|`.
    Flags(&'static Set),
    /// Exactly one of the set's members.
    OneOf(&'static Set),
    /// File mode bits (octal, or S_I* names).
    Mode,
    /// A plain signed number.
    Int,
    /// A plain unsigned number.
    Uint,
    /// A count of bytes.
    Size,
    /// How many bytes long the memory is that the parameter of this name points to.
    SizeOf(&'static str),
    /// How many elements the array has that the parameter of this name points to.
    CountOf(&'static str),
    /// The kernel takes no other value (the size of its `sigset_t`).
    Exactly(u64),
    /// A file offset.
    Offset,
    /// An address in the target; not memory of ours.
    Addr,
    /// A process or thread id.
    Pid,
    /// A user id; -1 leaves it as it is.
    Uid,
    /// A group id; -1 leaves it as it is.
    Gid,
    /// A signal number or SIG* name.
    Signal,
    /// Memory the call reads: bytes, text or a structure; the name of its C type, "" if none.
    In(&'static str),
    /// Memory the call fills; the name of its C type, "" if plain bytes.
    Out(&'static str),
    /// Memory the call reads and fills.
    InOut(&'static str),
    /// Depends on another argument (the third of fcntl, ioctl, prctl…): number, constant or memory.
    Any,
}

impl Kind {
    /// The constants that it takes by name.
    pub fn set(self) -> Option<&'static Set> {
        match self {
            Self::Flags(set) | Self::OneOf(set) => Some(set),
            Self::Signal => Some(&constants::SIGNALS),
            Self::Mode => Some(&constants::MODE),
            _ => None,
        }
    }
}

/// One parameter, by its name in the man page.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// As in the man page's synopsis.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Whether leaving it out means something (it is then 0), as `mode` of open without O_CREAT.
    pub optional: bool,
}

/// What a successful call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returns {
    /// 0.
    Zero,
    /// A descriptor.
    Fd,
    /// A number: bytes, a pid, an old value …
    Number,
    /// An address (printed in hexadecimal).
    Address,
    /// It does not return.
    Never,
}

/// Whether the call may wait for somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocking {
    /// Never for longer than a disk takes.
    No,
    /// On what the descriptor or path is (open of a FIFO, read of a socket).
    Maybe,
    /// That is what it is for (pause, poll, wait4).
    Yes,
}

/// Whom the call's effect is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The process: any thread may run it.
    Process,
    /// Only the thread that runs it (credentials, prctl no_new_privs, setns, sched_*).
    Thread,
}

/// What it takes to undo the call (design §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// It changes nothing.
    Inert,
    /// Its result is a new descriptor, released by closing it (open, socket, dup, eventfd2 …).
    GivesFd,
    /// It fills `int[2]` (its only out argument) with two new descriptors (pipe2, socketpair).
    GivesPair,
    /// It replaces descriptor `newfd` (dup2, dup3).
    ReplacesFd,
    /// It closes descriptor `fd` (close).
    ClosesFd,
    /// Its nature depends on the command: fcntl.
    Fcntl,
    /// Undo puts back what was; how, as a sentence that may go on after a colon.
    Restores(&'static str),
    /// It cannot be undone; the reason, as the end of "… because …".
    Irreversible(&'static str),
}

/// What an argument says about the memory that another one points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Its length in bytes.
    Bytes,
    /// Its length in elements.
    Elements,
    /// It points to the length in bytes, which the call changes to what it has filled (`socklen_t *`).
    BytesAt,
}

/// One system call.
#[derive(Debug, Clone, Copy)]
pub struct Syscall {
    /// The kernel's name, which is the man page's.
    pub name: &'static str,
    /// What it does, in a line that goes on from its name: "opens a file …".
    pub does: &'static str,
    /// Number on x86_64, if it has it.
    pub x86_64: Option<u32>,
    /// Number on aarch64, if it has it.
    pub aarch64: Option<u32>,
    /// In the order of the man page's synopsis; at most 6.
    pub params: &'static [Param],
    /// What success returns.
    pub returns: Returns,
    /// What undoing it takes.
    pub nature: Nature,
    /// Whether it may wait.
    pub blocking: Blocking,
    /// Whom it changes.
    pub scope: Scope,
    /// Set if no plan may use it: why, as the end of "… is forbidden: …".
    pub forbidden: Option<&'static str>,
    /// The call that does the same on every architecture, as a step: `openat: [AT_FDCWD, pathname, flags, mode]`.
    pub instead: Option<&'static str>,
    /// The first kernel that has it, if that is not older than 3.0.
    pub since: Option<&'static str>,
}

impl Syscall {
    /// Its number on `arch`.
    pub fn number(&self, arch: Arch) -> Option<u32> {
        match arch {
            Arch::X86_64 => self.x86_64,
            Arch::Aarch64 => self.aarch64,
        }
    }

    /// The index of a parameter by its name.
    pub fn param(&self, name: &str) -> Option<usize> {
        self.params.iter().position(|p| p.name == name)
    }

    /// The parameter whose memory the one at `index` measures.
    pub fn measured(&self, index: usize) -> Option<(usize, Measure)> {
        match self.params.get(index)?.kind {
            Kind::SizeOf(name) => Some((self.param(name)?, Measure::Bytes)),
            Kind::CountOf(name) => Some((self.param(name)?, Measure::Elements)),
            Kind::InOut("socklen_t" | "__u32") => Some((index.checked_sub(1)?, Measure::BytesAt)),
            _ => None,
        }
    }
}

impl PartialEq for Syscall {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The call of that name.
pub fn by_name(name: &str) -> Option<&'static Syscall> {
    static INDEX: LazyLock<HashMap<&'static str, &'static Syscall>> =
        LazyLock::new(|| TABLE.iter().map(|call| (call.name, call)).collect());
    INDEX.get(name).copied()
}

/// The call of that number.
pub fn by_number(arch: Arch, number: u32) -> Option<&'static Syscall> {
    TABLE.iter().find(|call| call.number(arch) == Some(number))
}

/// Two letters side by side changed places, and all others are the same.
fn is_transposed(a: &str, b: &str) -> bool {
    let mut differing = (0..a.len()).filter(|index| a.as_bytes().get(*index) != b.as_bytes().get(*index));
    let (Some(first), Some(second), None) = (differing.next(), differing.next(), differing.next()) else {
        return false;
    };
    let at = |text: &str, index: usize| text.as_bytes().get(index).copied();
    a.len() == b.len() && second == first + 1 && at(a, first) == at(b, second) && at(a, second) == at(b, first)
}

/// The candidate that a misspelt word most likely stands for.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let closeness = |candidate: &&str| {
        let candidate = candidate.to_lowercase();
        // In short words two letters that changed places are half of the word to the measure.
        if is_transposed(&word, &candidate) { 0.97 } else { strsim::jaro_winkler(&word, &candidate) }
    };
    candidates
        .into_iter()
        .map(|candidate| (closeness(&candidate), candidate))
        .filter(|(closeness, _)| *closeness > 0.84)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
