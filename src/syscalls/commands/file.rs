//! Commands of fcntl, madvise, fsconfig and of calls on mounts.

use super::{Command, Family, ask, c, family};
use crate::syscalls::Kind;
use crate::syscalls::constants::*;
use Kind::{DirFd, Fd, Flags, In, InOut, Int, OneOf, Out, Path, Pid, Signal, Size, Text};

pub(super) static FAMILIES: &[Family] = &[
    family("fcntl", "cmd", FCNTL_COMMANDS),
    family("madvise", "advice", MADVISE_ADVICE),
    family("fsconfig", "cmd", FSCONFIG_COMMANDS),
];

const LOCK: &[Kind] = &[In("struct flock")];

const LOCKED: &str = "the lock is given back. Where there are locks on the file already it needs `irreversible: true`, for others may come to hold what it changes of them";
const OWNED: &str = "its signals go to whom they went before, if they still go where the step sent them; what is checked then are the rights of the thread that set it back";
const HINTED: &str = "the old hint is put back, if it is still what the step set";

static FCNTL_COMMANDS: &[Command] = &[
    c("F_DUPFD", &[Fd]),
    c("F_DUPFD_CLOEXEC", &[Fd]),
    ask("F_DUPFD_QUERY", &[Fd]),
    ask("F_CREATED_QUERY", &[]),
    ask("F_GETFD", &[]),
    c("F_SETFD", &[Flags(&FD_FLAGS)]),
    ask("F_GETFL", &[]),
    c("F_SETFL", &[Flags(&OPEN)]),
    ask("F_GETLK", &[InOut("struct flock")]),
    c("F_SETLK", LOCK).restores(LOCKED),
    c("F_SETLKW", LOCK).waits().restores(LOCKED),
    ask("F_OFD_GETLK", &[InOut("struct flock")]),
    c("F_OFD_SETLK", LOCK).restores(LOCKED),
    c("F_OFD_SETLKW", LOCK).waits().restores(LOCKED),
    ask("F_GETOWN", &[]),
    c("F_SETOWN", &[Pid]).restores(OWNED),
    ask("F_GETOWN_EX", &[Out("struct f_owner_ex")]),
    c("F_SETOWN_EX", &[In("struct f_owner_ex")]).restores(OWNED),
    ask("F_GETSIG", &[]),
    c("F_SETSIG", &[Signal]).restores("the old signal is set again, if it is still what the step set"),
    ask("F_GETLEASE", &[]),
    c("F_SETLEASE", &[OneOf(&LEASE)])
        .restores("the lease is given back, or taken again unless somebody has opened the file since"),
    c("F_NOTIFY", &[Flags(&DNOTIFY)]).lasts("what was to be told before can't be read"),
    ask("F_GETPIPE_SZ", &[]),
    c("F_SETPIPE_SZ", &[Size])
        .restores("the pipe gets its old size back, unless more is in it then, or the old size takes privilege"),
    ask("F_GET_SEALS", &[]),
    c("F_ADD_SEALS", &[Flags(&SEALS)]).lasts("a seal is never taken off"),
    ask("F_GET_RW_HINT", &[Out("uint64_t")]),
    c("F_SET_RW_HINT", &[In("uint64_t")]).restores(HINTED),
    ask("F_GET_FILE_RW_HINT", &[Out("uint64_t")]),
    c("F_SET_FILE_RW_HINT", &[In("uint64_t")]).restores(HINTED),
];

const GONE: &str = "what the memory held is gone";
const ADVISED: &str =
    "where neither of MADV_HUGEPAGE and MADV_NOHUGEPAGE was advised before, no advice goes back to that";

// What a program can't see but by its speed counts as no change, as with fsync and readahead.
static MADVISE_ADVICE: &[Command] = &[
    ask("MADV_WILLNEED", &[]),
    ask("MADV_COLD", &[]),
    ask("MADV_PAGEOUT", &[]),
    ask("MADV_POPULATE_READ", &[]),
    ask("MADV_COLLAPSE", &[]),
    c("MADV_POPULATE_WRITE", &[]).lasts("what it copies of a private file mapping stays a copy"),
    c("MADV_HUGEPAGE", &[]).lasts(ADVISED),
    c("MADV_NOHUGEPAGE", &[]).lasts(ADVISED),
    c("MADV_DONTNEED", &[]).lasts(GONE),
    c("MADV_DONTNEED_LOCKED", &[]).lasts(GONE),
    c("MADV_FREE", &[]).lasts(GONE),
    c("MADV_REMOVE", &[]).lasts(GONE),
    c("MADV_GUARD_INSTALL", &[]).lasts(GONE),
    c("MADV_GUARD_REMOVE", &[]).lasts("which pages it let in again can't be told"),
    c("MADV_HWPOISON", &[]).lasts("the kernel gives the pages up as broken"),
    c("MADV_SOFT_OFFLINE", &[]).lasts("the kernel gives the pages up as broken"),
];

static FSCONFIG_COMMANDS: &[Command] = &[
    c("FSCONFIG_SET_FLAG", &[Text, Int, Int]),
    c("FSCONFIG_SET_STRING", &[Text, Text, Int]),
    c("FSCONFIG_SET_BINARY", &[Text, In(""), Size]),
    c("FSCONFIG_SET_PATH", &[Text, Path, DirFd]),
    c("FSCONFIG_SET_PATH_EMPTY", &[Text, Path, DirFd]),
    c("FSCONFIG_SET_FD", &[Text, Int, Fd]),
    c("FSCONFIG_CMD_CREATE", &[]).may_wait(),
    c("FSCONFIG_CMD_CREATE_EXCL", &[]).may_wait(),
    c("FSCONFIG_CMD_RECONFIGURE", &[]).may_wait(),
];
