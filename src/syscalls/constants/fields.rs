//! Constants that stand in fields of structures. Values are those of x86_64 (include/uapi of the kernel and its C headers).

use super::Set;

/// Signal action flags.
pub static SA: Set = Set::of(
    "signal action flags",
    &[
        ("SA_NOCLDSTOP", 1),
        ("SA_NOCLDWAIT", 2),
        ("SA_SIGINFO", 4),
        ("SA_RESTORER", 0x4000000),
        ("SA_ONSTACK", 0x8000000),
        ("SA_RESTART", 0x10000000),
        ("SA_NODEFER", 0x40000000),
        ("SA_RESETHAND", 0x80000000),
        ("SA_UNSUPPORTED", 0x400),
        ("SA_EXPOSE_TAGBITS", 0x800),
    ],
);

/// Signal handlers.
pub static HANDLERS: Set = Set::of("signal handlers", &[("SIG_DFL", 0), ("SIG_IGN", 1)]).open();

/// Alternate stack flags.
pub static SS: Set =
    Set::of("alternate stack flags", &[("SS_ONSTACK", 1), ("SS_DISABLE", 2), ("SS_AUTODISARM", 0x80000000)]);

/// Timer notifications.
pub static SIGEV: Set = Set::of(
    "timer notifications",
    &[("SIGEV_SIGNAL", 0), ("SIGEV_NONE", 1), ("SIGEV_THREAD", 2), ("SIGEV_THREAD_ID", 4)],
);

/// Poll events.
pub static POLL: Set = Set::of(
    "poll events",
    &[
        ("POLLIN", 1),
        ("POLLPRI", 2),
        ("POLLOUT", 4),
        ("POLLERR", 8),
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

/// Epoll events.
pub static EPOLL: Set = Set::of(
    "epoll events",
    &[
        ("EPOLLIN", 1),
        ("EPOLLPRI", 2),
        ("EPOLLOUT", 4),
        ("EPOLLERR", 8),
        ("EPOLLHUP", 0x10),
        ("EPOLLRDNORM", 0x40),
        ("EPOLLRDBAND", 0x80),
        ("EPOLLWRNORM", 0x100),
        ("EPOLLWRBAND", 0x200),
        ("EPOLLMSG", 0x400),
        ("EPOLLRDHUP", 0x2000),
        ("EPOLLEXCLUSIVE", 0x10000000),
        ("EPOLLWAKEUP", 0x20000000),
        ("EPOLLONESHOT", 0x40000000),
        ("EPOLLET", 0x80000000),
    ],
);

/// F_SETOWN_EX owners.
pub static OWNER: Set = Set::of("F_SETOWN_EX owners", &[("F_OWNER_TID", 0), ("F_OWNER_PID", 1), ("F_OWNER_PGRP", 2)]);

/// Write life hints.
pub static HINT: Set = Set::of(
    "write life hints",
    &[
        ("RWH_WRITE_LIFE_NOT_SET", 0),
        ("RWH_WRITE_LIFE_NONE", 1),
        ("RWH_WRITE_LIFE_SHORT", 2),
        ("RWH_WRITE_LIFE_MEDIUM", 3),
        ("RWH_WRITE_LIFE_LONG", 4),
        ("RWH_WRITE_LIFE_EXTREME", 5),
    ],
);

/// Path resolution flags.
pub static RESOLVE: Set = Set::of(
    "path resolution flags",
    &[
        ("RESOLVE_NO_XDEV", 1),
        ("RESOLVE_NO_MAGICLINKS", 2),
        ("RESOLVE_NO_SYMLINKS", 4),
        ("RESOLVE_BENEATH", 8),
        ("RESOLVE_IN_ROOT", 0x10),
        ("RESOLVE_CACHED", 0x20),
    ],
);

/// Sched_setattr flags.
pub static SCHED_FLAGS: Set = Set::of(
    "sched_setattr flags",
    &[
        ("SCHED_FLAG_RESET_ON_FORK", 1),
        ("SCHED_FLAG_RECLAIM", 2),
        ("SCHED_FLAG_DL_OVERRUN", 4),
        ("SCHED_FLAG_KEEP_POLICY", 8),
        ("SCHED_FLAG_KEEP_PARAMS", 0x10),
        ("SCHED_FLAG_UTIL_CLAMP_MIN", 0x20),
        ("SCHED_FLAG_UTIL_CLAMP_MAX", 0x40),
    ],
);

/// Landlock file rights.
pub static LANDLOCK_FS: Set = Set::of(
    "landlock file rights",
    &[
        ("LANDLOCK_ACCESS_FS_EXECUTE", 1),
        ("LANDLOCK_ACCESS_FS_WRITE_FILE", 2),
        ("LANDLOCK_ACCESS_FS_READ_FILE", 4),
        ("LANDLOCK_ACCESS_FS_READ_DIR", 8),
        ("LANDLOCK_ACCESS_FS_REMOVE_DIR", 0x10),
        ("LANDLOCK_ACCESS_FS_REMOVE_FILE", 0x20),
        ("LANDLOCK_ACCESS_FS_MAKE_CHAR", 0x40),
        ("LANDLOCK_ACCESS_FS_MAKE_DIR", 0x80),
        ("LANDLOCK_ACCESS_FS_MAKE_REG", 0x100),
        ("LANDLOCK_ACCESS_FS_MAKE_SOCK", 0x200),
        ("LANDLOCK_ACCESS_FS_MAKE_FIFO", 0x400),
        ("LANDLOCK_ACCESS_FS_MAKE_BLOCK", 0x800),
        ("LANDLOCK_ACCESS_FS_MAKE_SYM", 0x1000),
        ("LANDLOCK_ACCESS_FS_REFER", 0x2000),
        ("LANDLOCK_ACCESS_FS_TRUNCATE", 0x4000),
        ("LANDLOCK_ACCESS_FS_IOCTL_DEV", 0x8000),
    ],
);

/// Landlock network rights.
pub static LANDLOCK_NET: Set =
    Set::of("landlock network rights", &[("LANDLOCK_ACCESS_NET_BIND_TCP", 1), ("LANDLOCK_ACCESS_NET_CONNECT_TCP", 2)]);

/// Landlock scopes.
pub static LANDLOCK_SCOPE: Set =
    Set::of("landlock scopes", &[("LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET", 1), ("LANDLOCK_SCOPE_SIGNAL", 2)]);

/// Terminal input flags.
pub static TERM_IN: Set = Set::of(
    "terminal input flags",
    &[
        ("IGNBRK", 1),
        ("BRKINT", 2),
        ("IGNPAR", 4),
        ("PARMRK", 8),
        ("INPCK", 0x10),
        ("ISTRIP", 0x20),
        ("INLCR", 0x40),
        ("IGNCR", 0x80),
        ("ICRNL", 0x100),
        ("IUCLC", 0x200),
        ("IXON", 0x400),
        ("IXANY", 0x800),
        ("IXOFF", 0x1000),
        ("IMAXBEL", 0x2000),
        ("IUTF8", 0x4000),
    ],
);

/// Terminal output flags.
pub static TERM_OUT: Set = Set::of(
    "terminal output flags",
    &[
        ("OPOST", 1),
        ("OLCUC", 2),
        ("ONLCR", 4),
        ("OCRNL", 8),
        ("ONOCR", 0x10),
        ("ONLRET", 0x20),
        ("OFILL", 0x40),
        ("OFDEL", 0x80),
    ],
);

/// Terminal control flags.
pub static TERM_CONTROL: Set = Set::of(
    "terminal control flags",
    &[
        ("CS5", 0),
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

/// Terminal local flags.
pub static TERM_LOCAL: Set = Set::of(
    "terminal local flags",
    &[
        ("ISIG", 1),
        ("ICANON", 2),
        ("ECHO", 8),
        ("ECHOE", 0x10),
        ("ECHOK", 0x20),
        ("ECHONL", 0x40),
        ("NOFLSH", 0x80),
        ("TOSTOP", 0x100),
        ("ECHOCTL", 0x200),
        ("ECHOPRT", 0x400),
        ("ECHOKE", 0x800),
        ("FLUSHO", 0x1000),
        ("PENDIN", 0x4000),
        ("IEXTEN", 0x8000),
    ],
);

/// Interface flags.
pub static IFF: Set = Set::of(
    "interface flags",
    &[
        ("IFF_UP", 1),
        ("IFF_BROADCAST", 2),
        ("IFF_DEBUG", 4),
        ("IFF_LOOPBACK", 8),
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

/// Control messages.
pub static SCM: Set =
    Set::of("control messages", &[("SCM_RIGHTS", 1), ("SCM_CREDENTIALS", 2), ("SCM_SECURITY", 3), ("SCM_PIDFD", 4)]);

/// Io_uring_setup flags.
pub static URING_SETUP: Set = Set::of(
    "io_uring_setup flags",
    &[
        ("IORING_SETUP_IOPOLL", 1),
        ("IORING_SETUP_SQPOLL", 2),
        ("IORING_SETUP_SQ_AFF", 4),
        ("IORING_SETUP_CQSIZE", 8),
        ("IORING_SETUP_CLAMP", 0x10),
        ("IORING_SETUP_ATTACH_WQ", 0x20),
        ("IORING_SETUP_R_DISABLED", 0x40),
        ("IORING_SETUP_SUBMIT_ALL", 0x80),
        ("IORING_SETUP_COOP_TASKRUN", 0x100),
        ("IORING_SETUP_TASKRUN_FLAG", 0x200),
        ("IORING_SETUP_SQE128", 0x400),
        ("IORING_SETUP_CQE32", 0x800),
        ("IORING_SETUP_SINGLE_ISSUER", 0x1000),
        ("IORING_SETUP_DEFER_TASKRUN", 0x2000),
        ("IORING_SETUP_NO_MMAP", 0x4000),
        ("IORING_SETUP_REGISTERED_FD_ONLY", 0x8000),
        ("IORING_SETUP_NO_SQARRAY", 0x10000),
    ],
);

/// Capability versions.
pub static CAP_VERSION: Set = Set::of(
    "capability versions",
    &[
        ("_LINUX_CAPABILITY_VERSION_1", 0x19980330),
        ("_LINUX_CAPABILITY_VERSION_2", 0x20071026),
        ("_LINUX_CAPABILITY_VERSION_3", 0x20080522),
    ],
);

/// Time stamping flags.
pub static TIMESTAMPING: Set = Set::of(
    "time stamping flags",
    &[
        ("SOF_TIMESTAMPING_TX_HARDWARE", 1),
        ("SOF_TIMESTAMPING_TX_SOFTWARE", 2),
        ("SOF_TIMESTAMPING_RX_HARDWARE", 4),
        ("SOF_TIMESTAMPING_RX_SOFTWARE", 8),
        ("SOF_TIMESTAMPING_SOFTWARE", 0x10),
        ("SOF_TIMESTAMPING_SYS_HARDWARE", 0x20),
        ("SOF_TIMESTAMPING_RAW_HARDWARE", 0x40),
    ],
);

/// Perf event types.
pub static PERF_TYPE: Set = Set::of(
    "perf event types",
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
