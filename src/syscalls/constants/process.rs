//! Constants of calls on processes, threads, signals and time. Values are those of x86_64 (include/uapi of the kernel and its C headers).

use super::Set;

/// Signals.
pub static SIGNALS: Set = Set::of(
    "signals",
    &[
        ("SIGHUP", 1),
        ("SIGINT", 2),
        ("SIGQUIT", 3),
        ("SIGILL", 4),
        ("SIGTRAP", 5),
        ("SIGABRT", 6),
        ("SIGBUS", 7),
        ("SIGFPE", 8),
        ("SIGKILL", 9),
        ("SIGUSR1", 0xa),
        ("SIGSEGV", 0xb),
        ("SIGUSR2", 0xc),
        ("SIGPIPE", 0xd),
        ("SIGALRM", 0xe),
        ("SIGTERM", 0xf),
        ("SIGSTKFLT", 0x10),
        ("SIGCHLD", 0x11),
        ("SIGCONT", 0x12),
        ("SIGSTOP", 0x13),
        ("SIGTSTP", 0x14),
        ("SIGTTIN", 0x15),
        ("SIGTTOU", 0x16),
        ("SIGURG", 0x17),
        ("SIGXCPU", 0x18),
        ("SIGXFSZ", 0x19),
        ("SIGVTALRM", 0x1a),
        ("SIGPROF", 0x1b),
        ("SIGWINCH", 0x1c),
        ("SIGIO", 0x1d),
        ("SIGPWR", 0x1e),
        ("SIGSYS", 0x1f),
        ("SIGPOLL", 0x1d),
        ("SIGIOT", 6),
    ],
)
.open();

/// Sigprocmask operations.
pub static SIGMASK_HOW: Set =
    Set::of("sigprocmask operations", &[("SIG_BLOCK", 0), ("SIG_UNBLOCK", 1), ("SIG_SETMASK", 2)]);

/// Resource limits.
pub static RLIMIT: Set = Set::of(
    "resource limits",
    &[
        ("RLIMIT_CPU", 0),
        ("RLIMIT_FSIZE", 1),
        ("RLIMIT_DATA", 2),
        ("RLIMIT_STACK", 3),
        ("RLIMIT_CORE", 4),
        ("RLIMIT_RSS", 5),
        ("RLIMIT_NPROC", 6),
        ("RLIMIT_NOFILE", 7),
        ("RLIMIT_MEMLOCK", 8),
        ("RLIMIT_AS", 9),
        ("RLIMIT_LOCKS", 0xa),
        ("RLIMIT_SIGPENDING", 0xb),
        ("RLIMIT_MSGQUEUE", 0xc),
        ("RLIMIT_NICE", 0xd),
        ("RLIMIT_RTPRIO", 0xe),
        ("RLIMIT_RTTIME", 0xf),
    ],
);

/// Getrusage targets.
pub static RUSAGE: Set =
    Set::of("getrusage targets", &[("RUSAGE_SELF", 0), ("RUSAGE_CHILDREN", -1i64 as u64), ("RUSAGE_THREAD", 1)]);

/// Priority targets.
pub static PRIO: Set = Set::of("priority targets", &[("PRIO_PROCESS", 0), ("PRIO_PGRP", 1), ("PRIO_USER", 2)]);

/// Ioprio targets.
pub static IOPRIO_WHO: Set =
    Set::of("ioprio targets", &[("IOPRIO_WHO_PROCESS", 1), ("IOPRIO_WHO_PGRP", 2), ("IOPRIO_WHO_USER", 3)]);

/// Scheduling policies.
pub static SCHED: Set = Set::of(
    "scheduling policies",
    &[
        ("SCHED_OTHER", 0),
        ("SCHED_FIFO", 1),
        ("SCHED_RR", 2),
        ("SCHED_BATCH", 3),
        ("SCHED_IDLE", 5),
        ("SCHED_DEADLINE", 6),
        ("SCHED_RESET_ON_FORK", 0x40000000),
        ("SCHED_EXT", 7),
        ("SCHED_NORMAL", 0),
    ],
);

/// Namespaces and clone flags.
pub static CLONE: Set = Set::of(
    "namespaces and clone flags",
    &[
        ("CLONE_NEWTIME", 0x80),
        ("CLONE_VM", 0x100),
        ("CLONE_FS", 0x200),
        ("CLONE_FILES", 0x400),
        ("CLONE_SIGHAND", 0x800),
        ("CLONE_PIDFD", 0x1000),
        ("CLONE_PTRACE", 0x2000),
        ("CLONE_VFORK", 0x4000),
        ("CLONE_PARENT", 0x8000),
        ("CLONE_THREAD", 0x10000),
        ("CLONE_NEWNS", 0x20000),
        ("CLONE_SYSVSEM", 0x40000),
        ("CLONE_SETTLS", 0x80000),
        ("CLONE_PARENT_SETTID", 0x100000),
        ("CLONE_CHILD_CLEARTID", 0x200000),
        ("CLONE_DETACHED", 0x400000),
        ("CLONE_UNTRACED", 0x800000),
        ("CLONE_CHILD_SETTID", 0x1000000),
        ("CLONE_NEWCGROUP", 0x2000000),
        ("CLONE_NEWUTS", 0x4000000),
        ("CLONE_NEWIPC", 0x8000000),
        ("CLONE_NEWUSER", 0x10000000),
        ("CLONE_NEWPID", 0x20000000),
        ("CLONE_NEWNET", 0x40000000),
        ("CLONE_IO", 0x80000000),
    ],
);

/// Waitid id types.
pub static IDTYPE: Set = Set::of("waitid id types", &[("P_ALL", 0), ("P_PID", 1), ("P_PGID", 2), ("P_PIDFD", 3)]);

/// Clocks.
pub static CLOCK: Set = Set::of(
    "clocks",
    &[
        ("CLOCK_REALTIME", 0),
        ("CLOCK_MONOTONIC", 1),
        ("CLOCK_PROCESS_CPUTIME_ID", 2),
        ("CLOCK_THREAD_CPUTIME_ID", 3),
        ("CLOCK_MONOTONIC_RAW", 4),
        ("CLOCK_REALTIME_COARSE", 5),
        ("CLOCK_MONOTONIC_COARSE", 6),
        ("CLOCK_BOOTTIME", 7),
        ("CLOCK_REALTIME_ALARM", 8),
        ("CLOCK_BOOTTIME_ALARM", 9),
        ("CLOCK_TAI", 0xb),
    ],
)
.open();

/// Timer flags.
pub static TIMER: Set = Set::of("timer flags", &[("TIMER_ABSTIME", 1)]);

/// Interval timers.
pub static ITIMER: Set = Set::of("interval timers", &[("ITIMER_REAL", 0), ("ITIMER_VIRTUAL", 1), ("ITIMER_PROF", 2)]);

/// Futex operations.
pub static FUTEX: Set = Set::of(
    "futex operations",
    &[
        ("FUTEX_WAIT", 0),
        ("FUTEX_WAKE", 1),
        ("FUTEX_FD", 2),
        ("FUTEX_REQUEUE", 3),
        ("FUTEX_CMP_REQUEUE", 4),
        ("FUTEX_WAKE_OP", 5),
        ("FUTEX_LOCK_PI", 6),
        ("FUTEX_UNLOCK_PI", 7),
        ("FUTEX_TRYLOCK_PI", 8),
        ("FUTEX_WAIT_BITSET", 9),
        ("FUTEX_WAKE_BITSET", 0xa),
        ("FUTEX_WAIT_REQUEUE_PI", 0xb),
        ("FUTEX_CMP_REQUEUE_PI", 0xc),
        ("FUTEX_LOCK_PI2", 0xd),
        ("FUTEX_PRIVATE_FLAG", 0x80),
        ("FUTEX_CLOCK_REALTIME", 0x100),
    ],
);

/// Membarrier commands.
pub static MEMBARRIER: Set = Set::of(
    "membarrier commands",
    &[
        ("MEMBARRIER_CMD_QUERY", 0),
        ("MEMBARRIER_CMD_GLOBAL", 1),
        ("MEMBARRIER_CMD_GLOBAL_EXPEDITED", 2),
        ("MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED", 4),
        ("MEMBARRIER_CMD_PRIVATE_EXPEDITED", 8),
        ("MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED", 0x10),
        ("MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE", 0x20),
        ("MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE", 0x40),
        ("MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ", 0x80),
        ("MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ", 0x100),
        ("MEMBARRIER_CMD_GET_REGISTRATIONS", 0x200),
    ],
);

/// Kcmp types.
pub static KCMP: Set = Set::of(
    "kcmp types",
    &[
        ("KCMP_FILE", 0),
        ("KCMP_VM", 1),
        ("KCMP_FILES", 2),
        ("KCMP_FS", 3),
        ("KCMP_SIGHAND", 4),
        ("KCMP_IO", 5),
        ("KCMP_SYSVSEM", 6),
        ("KCMP_EPOLL_TFD", 7),
    ],
);

/// Getrandom flags.
pub static GRND: Set = Set::of("getrandom flags", &[("GRND_NONBLOCK", 1), ("GRND_RANDOM", 2), ("GRND_INSECURE", 4)]);

/// Pidfd_open flags.
pub static PIDFD: Set = Set::of("pidfd_open flags", &[("PIDFD_THREAD", 0x80), ("PIDFD_NONBLOCK", 0x800)]);

/// Perf_event_open flags.
pub static PERF: Set = Set::of(
    "perf_event_open flags",
    &[
        ("PERF_FLAG_FD_NO_GROUP", 1),
        ("PERF_FLAG_FD_OUTPUT", 2),
        ("PERF_FLAG_PID_CGROUP", 4),
        ("PERF_FLAG_FD_CLOEXEC", 8),
    ],
);

/// Namespaces.
pub static NAMESPACES: Set = Set::of(
    "namespaces",
    &[
        ("CLONE_NEWTIME", 0x80),
        ("CLONE_NEWNS", 0x20000),
        ("CLONE_NEWCGROUP", 0x2000000),
        ("CLONE_NEWUTS", 0x4000000),
        ("CLONE_NEWIPC", 0x8000000),
        ("CLONE_NEWUSER", 0x10000000),
        ("CLONE_NEWPID", 0x20000000),
        ("CLONE_NEWNET", 0x40000000),
    ],
);

/// Unshare flags.
pub static UNSHARE: Set = Set::of(
    "unshare flags",
    &[
        ("CLONE_NEWTIME", 0x80),
        ("CLONE_FS", 0x200),
        ("CLONE_FILES", 0x400),
        ("CLONE_SYSVSEM", 0x40000),
        ("CLONE_NEWNS", 0x20000),
        ("CLONE_NEWCGROUP", 0x2000000),
        ("CLONE_NEWUTS", 0x4000000),
        ("CLONE_NEWIPC", 0x8000000),
        ("CLONE_NEWUSER", 0x10000000),
        ("CLONE_NEWPID", 0x20000000),
        ("CLONE_NEWNET", 0x40000000),
        ("CLONE_VM", 0x100),
        ("CLONE_SIGHAND", 0x800),
        ("CLONE_THREAD", 0x10000),
    ],
);

/// Wait4 options.
pub static WAIT4: Set = Set::of(
    "wait4 options",
    &[
        ("WNOHANG", 1),
        ("WUNTRACED", 2),
        ("WCONTINUED", 8),
        ("__WNOTHREAD", 0x20000000),
        ("__WALL", 0x40000000),
        ("__WCLONE", 0x80000000),
    ],
);

/// Waitid options.
pub static WAITID: Set = Set::of(
    "waitid options",
    &[
        ("WNOHANG", 1),
        ("WSTOPPED", 2),
        ("WEXITED", 4),
        ("WCONTINUED", 8),
        ("WNOWAIT", 0x1000000),
        ("__WNOTHREAD", 0x20000000),
        ("__WALL", 0x40000000),
        ("__WCLONE", 0x80000000),
    ],
);

/// Futex2 flags.
pub static FUTEX2: Set = Set::of(
    "futex2 flags",
    &[
        ("FUTEX2_SIZE_U8", 0),
        ("FUTEX2_SIZE_U16", 1),
        ("FUTEX2_SIZE_U32", 2),
        ("FUTEX2_SIZE_U64", 3),
        ("FUTEX2_NUMA", 4),
        ("FUTEX2_PRIVATE", 0x80),
    ],
);

/// Membarrier flags.
pub static MEMBARRIER_FLAGS: Set = Set::of("membarrier flags", &[("MEMBARRIER_CMD_FLAG_CPU", 1)]);

/// Pidfd_send_signal flags.
pub static PIDFD_SIGNAL: Set = Set::of(
    "pidfd_send_signal flags",
    &[("PIDFD_SIGNAL_THREAD", 1), ("PIDFD_SIGNAL_THREAD_GROUP", 2), ("PIDFD_SIGNAL_PROCESS_GROUP", 4)],
);
