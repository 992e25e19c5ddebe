//! What ops ask of a stopped target.

use super::Cell;
use crate::plan::shown;
use crate::syscalls::Kind;
use crate::syscalls::constants::{NAMESPACES, RLIMIT};
use serde::{Deserialize, Serialize};

/// What can be seen of a stopped process from outside, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asked {
    /// Its umask.
    Umask,
    /// The file position of a descriptor.
    Offset(Cell),
    /// 1 if two descriptors are one open file description, else 0.
    SameDescription(Cell, Cell),
    /// 1 if two descriptors are of one file, else 0.
    SameFile(Cell, Cell),
    /// The lock that a descriptor's description has by flock(2): LOCK_SH, LOCK_EX or LOCK_UN.
    Flock(Cell),
    /// 1 if the process has POSIX record locks on the file of a descriptor, else 0.
    PosixLocks(Cell),
    /// How many open file description locks a descriptor's description has.
    DescriptionLocks(Cell),
    /// The signals that a signalfd reads.
    SignalMask(Cell),
    /// The events for which an epoll descriptor watches another one, -ENOENT if it does not.
    EpollEvents(Cell, Cell),
    /// What it then tells of that one; 0 if it does not watch it.
    EpollData(Cell, Cell),
    /// The mask of a watch of an inotify descriptor, -ENOENT if it has no such watch.
    WatchMask(Cell, Cell),
    /// When the timer of a timerfd expires next, in nanoseconds by `TimerClock`; 0 if it does not run.
    TimerDue(Cell),
    /// After how many nanoseconds it expires again, 0 if it does not.
    TimerInterval(Cell),
    /// How often it has expired since that was last read.
    TimerTicks(Cell),
    /// The clock by which it is to be started again.
    TimerClock(Cell),
    /// The flags with which it is to be started again: without TFD_TIMER_ABSTIME by the time that is left.
    TimerFlags(Cell),
    /// The time of a clock in nanoseconds, as the target sees it.
    Now(Cell),
    /// What a descriptor is open on, as a number that two files hardly have in common: its mark. Nothing if it can't be told.
    Mark(Cell),
    /// 1 if a descriptor is open, 0 if it is closed. Where a run is brought to its end later, 2 if it is open on something else
    /// than what has this mark.
    Open(Cell, Option<Cell>),
    /// Capabilities that are in effect in the thread at work, as far as they count for the whole machine: none in a user
    /// namespace that is not the first.
    Privileges,
    /// A soft limit of its process (setrlimit): its number.
    Limit(u64),
    /// The ambient capabilities of the thread at work.
    Ambient,
    /// The capabilities that the thread at work may ever have.
    Bounding,
    /// The signals that wait for the thread at work or for the process, bit 0 for signal 1.
    Pending,
    /// The stack pointer that the thread at work goes on with.
    StackPointer,
    /// A clock that goes on in a suspended machine, in nanoseconds.
    Clock,
    /// Whether the timer of this number runs by a clock of the world (1), or by processor time (0).
    PosixTimerClock(Cell),
    /// The signal by which the timer of this number tells the process, or this thread, that it has gone off; 0 if it does not.
    PosixTimerSignal(Cell),
    /// The namespace of one kind (CLONE_NEW*) that the thread at work is in, by its inode number.
    Namespace(u64),
    /// Whether no other process is in its process group.
    AloneInGroup,
    /// An address that PR_SET_MM sets, by the number of that command.
    MemoryMark(u64),
}

impl Asked {
    /// The cells that it goes by.
    pub fn of(self) -> Vec<Cell> {
        match self {
            Self::Umask
            | Self::Privileges
            | Self::Limit(_)
            | Self::Ambient
            | Self::Bounding
            | Self::Pending
            | Self::StackPointer
            | Self::Clock
            | Self::Namespace(_)
            | Self::AloneInGroup
            | Self::MemoryMark(_) => Vec::new(),
            Self::Offset(fd)
            | Self::Flock(fd)
            | Self::PosixLocks(fd)
            | Self::DescriptionLocks(fd)
            | Self::SignalMask(fd)
            | Self::TimerDue(fd)
            | Self::TimerInterval(fd)
            | Self::TimerTicks(fd)
            | Self::TimerClock(fd)
            | Self::TimerFlags(fd)
            | Self::Mark(fd) => vec![fd],
            Self::Now(clock) => vec![clock],
            Self::PosixTimerClock(timer) | Self::PosixTimerSignal(timer) => vec![timer],
            Self::Open(fd, mark) => [fd].into_iter().chain(mark).collect(),
            Self::SameDescription(a, b)
            | Self::SameFile(a, b)
            | Self::EpollEvents(a, b)
            | Self::EpollData(a, b)
            | Self::WatchMask(a, b) => vec![a, b],
        }
    }

    /// Whether it is about the descriptors of the process.
    pub fn is_of_descriptors(self) -> bool {
        let apart = matches!(self, Self::Now(_) | Self::PosixTimerClock(_) | Self::PosixTimerSignal(_));
        !apart && !self.of().is_empty()
    }

    /// In words, with what cells are called.
    pub fn describe(self, name: &dyn Fn(&Cell) -> String) -> String {
        match self {
            Self::Umask => "the umask".into(),
            Self::Offset(fd) => format!("file position of descriptor {}", name(&fd)),
            Self::SameDescription(a, b) => format!("whether descriptors {} and {} are one", name(&a), name(&b)),
            Self::SameFile(a, b) => format!("whether descriptors {} and {} are of one file", name(&a), name(&b)),
            Self::Flock(fd) => format!("flock of descriptor {}", name(&fd)),
            Self::PosixLocks(fd) => format!("whether POSIX locks are on the file of descriptor {}", name(&fd)),
            Self::DescriptionLocks(fd) => format!("locks of the description of descriptor {}", name(&fd)),
            Self::SignalMask(fd) => format!("signals that descriptor {} reads", name(&fd)),
            Self::EpollEvents(epoll, fd) => format!("events of descriptor {} in epoll {}", name(&fd), name(&epoll)),
            Self::EpollData(epoll, fd) => format!("data of descriptor {} in epoll {}", name(&fd), name(&epoll)),
            Self::WatchMask(fd, watch) => format!("mask of watch {} of inotify {}", name(&watch), name(&fd)),
            Self::TimerDue(fd) => format!("when timer {} expires", name(&fd)),
            Self::TimerInterval(fd) => format!("interval of timer {}", name(&fd)),
            Self::TimerTicks(fd) => format!("unread expirations of timer {}", name(&fd)),
            Self::TimerClock(fd) => format!("clock of timer {}", name(&fd)),
            Self::TimerFlags(fd) => format!("flags of timer {}", name(&fd)),
            Self::Now(clock) => format!("time of clock {}", name(&clock)),
            Self::Mark(fd) => format!("mark of descriptor {}", name(&fd)),
            Self::Open(fd, None) => format!("whether descriptor {} is open", name(&fd)),
            Self::Open(fd, Some(mark)) => format!("whether descriptor {} is open, by its {}", name(&fd), name(&mark)),
            Self::Privileges => "capabilities in effect in the first user namespace".into(),
            Self::Limit(resource) => format!("its limit {}", shown(Kind::OneOf(&RLIMIT), resource)),
            Self::Ambient => "ambient capabilities".into(),
            Self::Bounding => "the capability bounding set".into(),
            Self::Pending => "pending signals".into(),
            Self::StackPointer => "its stack pointer".into(),
            Self::Clock => "the time".into(),
            Self::PosixTimerClock(timer) => format!("whether timer {} does not run by processor time", name(&timer)),
            Self::PosixTimerSignal(timer) => format!("the signal of timer {}", name(&timer)),
            Self::Namespace(kind) => format!("its namespace {}", shown(Kind::Flags(&NAMESPACES), kind)),
            Self::AloneInGroup => "whether it is alone in its process group".into(),
            Self::MemoryMark(command) => format!("the address that PR_SET_MM {command} sets"),
        }
    }
}
