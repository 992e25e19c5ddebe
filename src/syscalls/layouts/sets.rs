//! Constants that only fields of structures take.

use crate::syscalls::Set;

/// Events of poll(2).
pub static POLL: Set = Set::of(
    "poll events",
    &[
        ("POLLIN", 0x1),
        ("POLLPRI", 0x2),
        ("POLLOUT", 0x4),
        ("POLLERR", 0x8),
        ("POLLHUP", 0x10),
        ("POLLNVAL", 0x20),
        ("POLLRDNORM", 0x40),
        ("POLLRDBAND", 0x80),
        ("POLLWRNORM", 0x100),
        ("POLLWRBAND", 0x200),
        ("POLLMSG", 0x400),
        ("POLLRDHUP", 0x2000),
    ],
);

/// Events of epoll(7).
pub static EPOLL: Set = Set::of(
    "epoll events",
    &[
        ("EPOLLIN", 0x1),
        ("EPOLLPRI", 0x2),
        ("EPOLLOUT", 0x4),
        ("EPOLLERR", 0x8),
        ("EPOLLHUP", 0x10),
        ("EPOLLRDNORM", 0x40),
        ("EPOLLRDBAND", 0x80),
        ("EPOLLWRNORM", 0x100),
        ("EPOLLWRBAND", 0x200),
        ("EPOLLMSG", 0x400),
        ("EPOLLRDHUP", 0x2000),
        ("EPOLLEXCLUSIVE", 1 << 28),
        ("EPOLLWAKEUP", 1 << 29),
        ("EPOLLONESHOT", 1 << 30),
        ("EPOLLET", 1 << 31),
    ],
);

/// How openat2(2) resolves a path.
pub static RESOLVE: Set = Set::of(
    "openat2 resolve flags",
    &[
        ("RESOLVE_NO_XDEV", 0x1),
        ("RESOLVE_NO_MAGICLINKS", 0x2),
        ("RESOLVE_NO_SYMLINKS", 0x4),
        ("RESOLVE_BENEATH", 0x8),
        ("RESOLVE_IN_ROOT", 0x10),
        ("RESOLVE_CACHED", 0x20),
    ],
);

/// Nanoseconds that utimensat(2) gives a meaning of their own.
pub static UTIME: Set = Set::of("utimensat times", &[("UTIME_NOW", 0x3fff_ffff), ("UTIME_OMIT", 0x3fff_fffe)]).open();

/// Limits.
pub static RLIM: Set = Set::of("limits", &[("RLIM_INFINITY", u64::MAX), ("RLIM64_INFINITY", u64::MAX)]).open();

/// Kinds of record locks.
pub static LOCK_TYPE: Set = Set::of("lock types", &[("F_RDLCK", 0), ("F_WRLCK", 1), ("F_UNLCK", 2)]);

/// Kinds of owners of a descriptor.
pub static OWNER: Set = Set::of("owner types", &[("F_OWNER_TID", 0), ("F_OWNER_PID", 1), ("F_OWNER_PGRP", 2)]);

/// Kinds of directory entries.
pub static ENTRY: Set = Set::of(
    "directory entry types",
    &[
        ("DT_UNKNOWN", 0),
        ("DT_FIFO", 1),
        ("DT_CHR", 2),
        ("DT_DIR", 4),
        ("DT_BLK", 6),
        ("DT_REG", 8),
        ("DT_LNK", 10),
        ("DT_SOCK", 12),
        ("DT_WHT", 14),
    ],
);

/// Dispositions that are no function.
pub static HANDLER: Set = Set::of("signal dispositions", &[("SIG_DFL", 0), ("SIG_IGN", 1)]).open();

/// Flags of sigaction(2).
pub static SA: Set = Set::of(
    "sigaction flags",
    &[
        ("SA_NOCLDSTOP", 0x1),
        ("SA_NOCLDWAIT", 0x2),
        ("SA_SIGINFO", 0x4),
        ("SA_UNSUPPORTED", 0x400),
        ("SA_EXPOSE_TAGBITS", 0x800),
        ("SA_RESTORER", 0x400_0000),
        ("SA_ONSTACK", 0x800_0000),
        ("SA_RESTART", 0x1000_0000),
        ("SA_NODEFER", 0x4000_0000),
        ("SA_RESETHAND", 0x8000_0000),
    ],
);

/// Flags of sigaltstack(2).
pub static SS: Set =
    Set::of("alternate stack flags", &[("SS_ONSTACK", 1), ("SS_DISABLE", 2), ("SS_AUTODISARM", 1 << 31)]);

/// Flags of sched_setattr(2).
pub static SCHED_FLAGS: Set = Set::of(
    "scheduling flags",
    &[
        ("SCHED_FLAG_RESET_ON_FORK", 0x1),
        ("SCHED_FLAG_RECLAIM", 0x2),
        ("SCHED_FLAG_DL_OVERRUN", 0x4),
        ("SCHED_FLAG_KEEP_POLICY", 0x8),
        ("SCHED_FLAG_KEEP_PARAMS", 0x10),
        ("SCHED_FLAG_UTIL_CLAMP_MIN", 0x20),
        ("SCHED_FLAG_UTIL_CLAMP_MAX", 0x40),
    ],
);

/// Versions of capget(2).
pub static CAP_VERSION: Set = Set::of(
    "capability versions",
    &[
        ("_LINUX_CAPABILITY_VERSION_3", 0x2008_0522),
        ("_LINUX_CAPABILITY_VERSION_2", 0x2007_1026),
        ("_LINUX_CAPABILITY_VERSION_1", 0x1998_0330),
    ],
);

/// What landlock rules allow in files.
pub static LANDLOCK_FS: Set = Set::of(
    "landlock file accesses",
    &[
        ("LANDLOCK_ACCESS_FS_EXECUTE", 1),
        ("LANDLOCK_ACCESS_FS_WRITE_FILE", 1 << 1),
        ("LANDLOCK_ACCESS_FS_READ_FILE", 1 << 2),
        ("LANDLOCK_ACCESS_FS_READ_DIR", 1 << 3),
        ("LANDLOCK_ACCESS_FS_REMOVE_DIR", 1 << 4),
        ("LANDLOCK_ACCESS_FS_REMOVE_FILE", 1 << 5),
        ("LANDLOCK_ACCESS_FS_MAKE_CHAR", 1 << 6),
        ("LANDLOCK_ACCESS_FS_MAKE_DIR", 1 << 7),
        ("LANDLOCK_ACCESS_FS_MAKE_REG", 1 << 8),
        ("LANDLOCK_ACCESS_FS_MAKE_SOCK", 1 << 9),
        ("LANDLOCK_ACCESS_FS_MAKE_FIFO", 1 << 10),
        ("LANDLOCK_ACCESS_FS_MAKE_BLOCK", 1 << 11),
        ("LANDLOCK_ACCESS_FS_MAKE_SYM", 1 << 12),
        ("LANDLOCK_ACCESS_FS_REFER", 1 << 13),
        ("LANDLOCK_ACCESS_FS_TRUNCATE", 1 << 14),
        ("LANDLOCK_ACCESS_FS_IOCTL_DEV", 1 << 15),
    ],
);

/// What landlock rules allow in the network.
pub static LANDLOCK_NET: Set = Set::of(
    "landlock network accesses",
    &[("LANDLOCK_ACCESS_NET_BIND_TCP", 1), ("LANDLOCK_ACCESS_NET_CONNECT_TCP", 2)],
);

/// What landlock keeps inside a domain.
pub static LANDLOCK_SCOPE: Set =
    Set::of("landlock scopes", &[("LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET", 1), ("LANDLOCK_SCOPE_SIGNAL", 2)]);

/// Kinds of control messages at SOL_SOCKET.
pub static SCM: Set = Set::of(
    "control message types",
    &[("SCM_RIGHTS", 1), ("SCM_CREDENTIALS", 2), ("SCM_SECURITY", 3), ("SCM_PIDFD", 4)],
)
.open();

/// How a timer notifies.
pub static SIGEV: Set =
    Set::of("notifications", &[("SIGEV_SIGNAL", 0), ("SIGEV_NONE", 1), ("SIGEV_THREAD", 2), ("SIGEV_THREAD_ID", 4)])
        .open();

/// Input modes of termios.
pub static IFLAG: Set = Set::of(
    "terminal input modes",
    &[
        ("IGNBRK", 0o1),
        ("BRKINT", 0o2),
        ("IGNPAR", 0o4),
        ("PARMRK", 0o10),
        ("INPCK", 0o20),
        ("ISTRIP", 0o40),
        ("INLCR", 0o100),
        ("IGNCR", 0o200),
        ("ICRNL", 0o400),
        ("IUCLC", 0o1000),
        ("IXON", 0o2000),
        ("IXANY", 0o4000),
        ("IXOFF", 0o10000),
        ("IMAXBEL", 0o20000),
        ("IUTF8", 0o40000),
    ],
);

/// Output modes of termios, those in use.
pub static OFLAG: Set = Set::of(
    "terminal output modes",
    &[
        ("OPOST", 0o1),
        ("OLCUC", 0o2),
        ("ONLCR", 0o4),
        ("OCRNL", 0o10),
        ("ONOCR", 0o20),
        ("ONLRET", 0o40),
        ("OFILL", 0o100),
        ("OFDEL", 0o200),
    ],
);

/// Local modes of termios.
pub static LFLAG: Set = Set::of(
    "terminal local modes",
    &[
        ("ISIG", 0o1),
        ("ICANON", 0o2),
        ("ECHO", 0o10),
        ("ECHOE", 0o20),
        ("ECHOK", 0o40),
        ("ECHONL", 0o100),
        ("NOFLSH", 0o200),
        ("TOSTOP", 0o400),
        ("ECHOCTL", 0o1000),
        ("ECHOPRT", 0o2000),
        ("ECHOKE", 0o4000),
        ("FLUSHO", 0o10000),
        ("PENDIN", 0o40000),
        ("IEXTEN", 0o100000),
    ],
);

/// Terminal control flags.
pub static CFLAG: Set = Set::of(
    "terminal control flags",
    &[
        ("CS6", 0x10),
        ("CS7", 0x20),
        ("CS8", 0x30),
        ("CSTOPB", 0x40),
        ("CREAD", 0x80),
        ("PARENB", 0x100),
        ("PARODD", 0x200),
        ("HUPCL", 0x400),
        ("CLOCAL", 0x800),
        ("CRTSCTS", 0x80000000),
    ],
);

/// States of a TCP connection.
pub static TCP_STATE: Set = Set::of(
    "TCP states",
    &[
        ("TCP_ESTABLISHED", 1),
        ("TCP_SYN_SENT", 2),
        ("TCP_SYN_RECV", 3),
        ("TCP_FIN_WAIT1", 4),
        ("TCP_FIN_WAIT2", 5),
        ("TCP_TIME_WAIT", 6),
        ("TCP_CLOSE", 7),
        ("TCP_CLOSE_WAIT", 8),
        ("TCP_LAST_ACK", 9),
        ("TCP_LISTEN", 10),
        ("TCP_CLOSING", 11),
    ],
)
.open();

/// Flags of a network interface, as far as SIOCSIFFLAGS has room for them.
pub static IFF: Set = Set::of(
    "interface flags",
    &[
        ("IFF_UP", 0x1),
        ("IFF_BROADCAST", 0x2),
        ("IFF_DEBUG", 0x4),
        ("IFF_LOOPBACK", 0x8),
        ("IFF_POINTOPOINT", 0x10),
        ("IFF_NOTRAILERS", 0x20),
        ("IFF_RUNNING", 0x40),
        ("IFF_NOARP", 0x80),
        ("IFF_PROMISC", 0x100),
        ("IFF_ALLMULTI", 0x200),
        ("IFF_MASTER", 0x400),
        ("IFF_SLAVE", 0x800),
        ("IFF_MULTICAST", 0x1000),
        ("IFF_PORTSEL", 0x2000),
        ("IFF_AUTOMEDIA", 0x4000),
        ("IFF_DYNAMIC", 0x8000),
    ],
);

/// Flags of io_uring_setup(2).
pub static URING_SETUP: Set = Set::of(
    "io_uring set-up flags",
    &[
        ("IORING_SETUP_IOPOLL", 1 << 0),
        ("IORING_SETUP_SQPOLL", 1 << 1),
        ("IORING_SETUP_SQ_AFF", 1 << 2),
        ("IORING_SETUP_CQSIZE", 1 << 3),
        ("IORING_SETUP_CLAMP", 1 << 4),
        ("IORING_SETUP_ATTACH_WQ", 1 << 5),
        ("IORING_SETUP_R_DISABLED", 1 << 6),
        ("IORING_SETUP_SUBMIT_ALL", 1 << 7),
        ("IORING_SETUP_COOP_TASKRUN", 1 << 8),
        ("IORING_SETUP_TASKRUN_FLAG", 1 << 9),
        ("IORING_SETUP_SQE128", 1 << 10),
        ("IORING_SETUP_CQE32", 1 << 11),
        ("IORING_SETUP_SINGLE_ISSUER", 1 << 12),
        ("IORING_SETUP_DEFER_TASKRUN", 1 << 13),
        ("IORING_SETUP_NO_MMAP", 1 << 14),
        ("IORING_SETUP_REGISTERED_FD_ONLY", 1 << 15),
        ("IORING_SETUP_NO_SQARRAY", 1 << 16),
    ],
);

/// What io_uring says that it can do.
pub static URING_FEATURES: Set = Set::of(
    "io_uring features",
    &[
        ("IORING_FEAT_SINGLE_MMAP", 1 << 0),
        ("IORING_FEAT_NODROP", 1 << 1),
        ("IORING_FEAT_SUBMIT_STABLE", 1 << 2),
        ("IORING_FEAT_RW_CUR_POS", 1 << 3),
        ("IORING_FEAT_CUR_PERSONALITY", 1 << 4),
        ("IORING_FEAT_FAST_POLL", 1 << 5),
        ("IORING_FEAT_POLL_32BITS", 1 << 6),
        ("IORING_FEAT_SQPOLL_NONFIXED", 1 << 7),
        ("IORING_FEAT_EXT_ARG", 1 << 8),
        ("IORING_FEAT_NATIVE_WORKERS", 1 << 9),
        ("IORING_FEAT_RSRC_TAGS", 1 << 10),
        ("IORING_FEAT_CQE_SKIP", 1 << 11),
        ("IORING_FEAT_LINKED_FILE", 1 << 12),
        ("IORING_FEAT_REG_REG_RING", 1 << 13),
    ],
);

/// Kinds of performance events; others are those of /sys/bus/event_source/devices.
pub static PERF_TYPE: Set = Set::of(
    "kinds of performance events",
    &[
        ("PERF_TYPE_HARDWARE", 0),
        ("PERF_TYPE_SOFTWARE", 1),
        ("PERF_TYPE_TRACEPOINT", 2),
        ("PERF_TYPE_HW_CACHE", 3),
        ("PERF_TYPE_RAW", 4),
        ("PERF_TYPE_BREAKPOINT", 5),
    ],
)
.open();

/// The bit-fields of `struct perf_event_attr` by their names (`precise_ip`, of two bits, is 0x8000 to 0x18000).
pub static PERF_ATTR: Set = Set::of(
    "bits of perf_event_attr",
    &[
        ("disabled", 1 << 0),
        ("inherit", 1 << 1),
        ("pinned", 1 << 2),
        ("exclusive", 1 << 3),
        ("exclude_user", 1 << 4),
        ("exclude_kernel", 1 << 5),
        ("exclude_hv", 1 << 6),
        ("exclude_idle", 1 << 7),
        ("mmap", 1 << 8),
        ("comm", 1 << 9),
        ("freq", 1 << 10),
        ("inherit_stat", 1 << 11),
        ("enable_on_exec", 1 << 12),
        ("task", 1 << 13),
        ("watermark", 1 << 14),
        ("mmap_data", 1 << 17),
        ("sample_id_all", 1 << 18),
        ("exclude_host", 1 << 19),
        ("exclude_guest", 1 << 20),
        ("exclude_callchain_kernel", 1 << 21),
        ("exclude_callchain_user", 1 << 22),
        ("mmap2", 1 << 23),
        ("comm_exec", 1 << 24),
        ("use_clockid", 1 << 25),
        ("context_switch", 1 << 26),
        ("write_backward", 1 << 27),
        ("namespaces", 1 << 28),
        ("ksymbol", 1 << 29),
        ("bpf_event", 1 << 30),
        ("aux_output", 1 << 31),
        ("cgroup", 1 << 32),
        ("text_poke", 1 << 33),
        ("build_id", 1 << 34),
        ("inherit_thread", 1 << 35),
        ("remove_on_exec", 1 << 36),
        ("sigtrap", 1 << 37),
    ],
);

/// Every one.
pub static ALL: &[&Set] = &[
    &POLL,
    &EPOLL,
    &RESOLVE,
    &UTIME,
    &RLIM,
    &LOCK_TYPE,
    &OWNER,
    &ENTRY,
    &HANDLER,
    &SA,
    &SS,
    &SCHED_FLAGS,
    &CAP_VERSION,
    &LANDLOCK_FS,
    &LANDLOCK_NET,
    &LANDLOCK_SCOPE,
    &SCM,
    &SIGEV,
    &IFLAG,
    &OFLAG,
    &LFLAG,
    &CFLAG,
    &TCP_STATE,
    &IFF,
    &URING_SETUP,
    &URING_FEATURES,
    &PERF_TYPE,
    &PERF_ATTR,
];
