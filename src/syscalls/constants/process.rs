//! Constants of calls on processes, threads, signals and time. Values are those of x86_64 (include/uapi of the kernel and its C headers).

use super::Set;

/// Signals.
pub static SIGNALS: Set = Set {
    name: "signals",
    members: &[
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
    ],
};

/// Sigprocmask operations.
pub static SIGMASK_HOW: Set =
    Set { name: "sigprocmask operations", members: &[("SIG_BLOCK", 0), ("SIG_UNBLOCK", 1), ("SIG_SETMASK", 2)] };

/// Resource limits.
pub static RLIMIT: Set = Set {
    name: "resource limits",
    members: &[
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
};

/// Getrusage targets.
pub static RUSAGE: Set = Set {
    name: "getrusage targets",
    members: &[("RUSAGE_SELF", 0), ("RUSAGE_CHILDREN", -1i64 as u64), ("RUSAGE_THREAD", 1)],
};

/// Priority targets.
pub static PRIO: Set =
    Set { name: "priority targets", members: &[("PRIO_PROCESS", 0), ("PRIO_PGRP", 1), ("PRIO_USER", 2)] };

/// Ioprio targets.
pub static IOPRIO_WHO: Set = Set {
    name: "ioprio targets",
    members: &[("IOPRIO_WHO_PROCESS", 1), ("IOPRIO_WHO_PGRP", 2), ("IOPRIO_WHO_USER", 3)],
};

/// Scheduling policies.
pub static SCHED: Set = Set {
    name: "scheduling policies",
    members: &[
        ("SCHED_OTHER", 0),
        ("SCHED_FIFO", 1),
        ("SCHED_RR", 2),
        ("SCHED_BATCH", 3),
        ("SCHED_IDLE", 5),
        ("SCHED_DEADLINE", 6),
        ("SCHED_RESET_ON_FORK", 0x40000000),
    ],
};

/// Namespaces and clone flags.
pub static CLONE: Set = Set {
    name: "namespaces and clone flags",
    members: &[
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
};

/// Wait options.
pub static WAIT: Set = Set {
    name: "wait options",
    members: &[
        ("WNOHANG", 1),
        ("WSTOPPED", 2),
        ("WUNTRACED", 2),
        ("WEXITED", 4),
        ("WCONTINUED", 8),
        ("WNOWAIT", 0x1000000),
        ("__WNOTHREAD", 0x20000000),
        ("__WALL", 0x40000000),
        ("__WCLONE", 0x80000000),
    ],
};

/// Waitid id types.
pub static IDTYPE: Set =
    Set { name: "waitid id types", members: &[("P_ALL", 0), ("P_PID", 1), ("P_PGID", 2), ("P_PIDFD", 3)] };

/// Personalities.
pub static PERSONALITY: Set = Set {
    name: "personalities",
    members: &[
        ("PER_LINUX", 0),
        ("UNAME26", 0x20000),
        ("ADDR_NO_RANDOMIZE", 0x40000),
        ("FDPIC_FUNCPTRS", 0x80000),
        ("MMAP_PAGE_ZERO", 0x100000),
        ("ADDR_COMPAT_LAYOUT", 0x200000),
        ("READ_IMPLIES_EXEC", 0x400000),
        ("ADDR_LIMIT_32BIT", 0x800000),
        ("SHORT_INODE", 0x1000000),
        ("WHOLE_SECONDS", 0x2000000),
        ("STICKY_TIMEOUTS", 0x4000000),
        ("ADDR_LIMIT_3GB", 0x8000000),
    ],
};

/// Prctl options.
pub static PRCTL: Set = Set {
    name: "prctl options",
    members: &[
        ("PR_FPEMU_NOPRINT", 1),
        ("PR_SET_PDEATHSIG", 1),
        ("PR_FPEMU_SIGFPE", 2),
        ("PR_GET_PDEATHSIG", 2),
        ("PR_GET_DUMPABLE", 3),
        ("PR_SET_DUMPABLE", 4),
        ("PR_GET_UNALIGN", 5),
        ("PR_SET_UNALIGN", 6),
        ("PR_GET_KEEPCAPS", 7),
        ("PR_SET_KEEPCAPS", 8),
        ("PR_GET_FPEMU", 9),
        ("PR_SET_FPEMU", 0xa),
        ("PR_GET_FPEXC", 0xb),
        ("PR_SET_FPEXC", 0xc),
        ("PR_GET_TIMING", 0xd),
        ("PR_SET_TIMING", 0xe),
        ("PR_SET_NAME", 0xf),
        ("PR_GET_NAME", 0x10),
        ("PR_GET_ENDIAN", 0x13),
        ("PR_SET_ENDIAN", 0x14),
        ("PR_GET_SECCOMP", 0x15),
        ("PR_SET_SECCOMP", 0x16),
        ("PR_CAPBSET_READ", 0x17),
        ("PR_CAPBSET_DROP", 0x18),
        ("PR_GET_TSC", 0x19),
        ("PR_SET_TSC", 0x1a),
        ("PR_GET_SECUREBITS", 0x1b),
        ("PR_SET_SECUREBITS", 0x1c),
        ("PR_SET_TIMERSLACK", 0x1d),
        ("PR_GET_TIMERSLACK", 0x1e),
        ("PR_TASK_PERF_EVENTS_DISABLE", 0x1f),
        ("PR_TASK_PERF_EVENTS_ENABLE", 0x20),
        ("PR_MCE_KILL", 0x21),
        ("PR_MCE_KILL_GET", 0x22),
        ("PR_SET_MM", 0x23),
        ("PR_SET_CHILD_SUBREAPER", 0x24),
        ("PR_GET_CHILD_SUBREAPER", 0x25),
        ("PR_SET_NO_NEW_PRIVS", 0x26),
        ("PR_GET_NO_NEW_PRIVS", 0x27),
        ("PR_GET_TID_ADDRESS", 0x28),
        ("PR_SET_THP_DISABLE", 0x29),
        ("PR_GET_THP_DISABLE", 0x2a),
        ("PR_MPX_ENABLE_MANAGEMENT", 0x2b),
        ("PR_MPX_DISABLE_MANAGEMENT", 0x2c),
        ("PR_SET_FP_MODE", 0x2d),
        ("PR_GET_FP_MODE", 0x2e),
        ("PR_CAP_AMBIENT", 0x2f),
        ("PR_SVE_SET_VL", 0x32),
        ("PR_SVE_GET_VL", 0x33),
        ("PR_GET_SPECULATION_CTRL", 0x34),
        ("PR_SET_SPECULATION_CTRL", 0x35),
        ("PR_PAC_RESET_KEYS", 0x36),
        ("PR_SET_TAGGED_ADDR_CTRL", 0x37),
        ("PR_GET_TAGGED_ADDR_CTRL", 0x38),
        ("PR_SET_IO_FLUSHER", 0x39),
        ("PR_GET_IO_FLUSHER", 0x3a),
        ("PR_SET_SYSCALL_USER_DISPATCH", 0x3b),
        ("PR_PAC_SET_ENABLED_KEYS", 0x3c),
        ("PR_PAC_GET_ENABLED_KEYS", 0x3d),
        ("PR_SCHED_CORE", 0x3e),
        ("PR_SME_SET_VL", 0x3f),
        ("PR_SME_GET_VL", 0x40),
        ("PR_SET_MDWE", 0x41),
        ("PR_GET_MDWE", 0x42),
        ("PR_SET_MEMORY_MERGE", 0x43),
        ("PR_GET_MEMORY_MERGE", 0x44),
        ("PR_GET_AUXV", 0x41555856),
        ("PR_SET_VMA", 0x53564d41),
        ("PR_SET_PTRACER", 0x59616d61),
    ],
};

/// Ambient capability commands.
pub static CAP_AMBIENT: Set = Set {
    name: "ambient capability commands",
    members: &[
        ("PR_CAP_AMBIENT_IS_SET", 1),
        ("PR_CAP_AMBIENT_RAISE", 2),
        ("PR_CAP_AMBIENT_LOWER", 3),
        ("PR_CAP_AMBIENT_CLEAR_ALL", 4),
    ],
};

/// PR_SET_MM commands.
pub static SET_MM: Set = Set {
    name: "PR_SET_MM commands",
    members: &[
        ("PR_SET_MM_START_CODE", 1),
        ("PR_SET_MM_END_CODE", 2),
        ("PR_SET_MM_START_DATA", 3),
        ("PR_SET_MM_END_DATA", 4),
        ("PR_SET_MM_START_STACK", 5),
        ("PR_SET_MM_START_BRK", 6),
        ("PR_SET_MM_BRK", 7),
        ("PR_SET_MM_ARG_START", 8),
        ("PR_SET_MM_ARG_END", 9),
        ("PR_SET_MM_ENV_START", 0xa),
        ("PR_SET_MM_ENV_END", 0xb),
        ("PR_SET_MM_AUXV", 0xc),
        ("PR_SET_MM_EXE_FILE", 0xd),
        ("PR_SET_MM_MAP", 0xe),
        ("PR_SET_MM_MAP_SIZE", 0xf),
    ],
};

/// Capabilities.
pub static CAPS: Set = Set {
    name: "capabilities",
    members: &[
        ("CAP_CHOWN", 0),
        ("CAP_DAC_OVERRIDE", 1),
        ("CAP_DAC_READ_SEARCH", 2),
        ("CAP_FOWNER", 3),
        ("CAP_FSETID", 4),
        ("CAP_KILL", 5),
        ("CAP_SETGID", 6),
        ("CAP_SETUID", 7),
        ("CAP_SETPCAP", 8),
        ("CAP_LINUX_IMMUTABLE", 9),
        ("CAP_NET_BIND_SERVICE", 0xa),
        ("CAP_NET_BROADCAST", 0xb),
        ("CAP_NET_ADMIN", 0xc),
        ("CAP_NET_RAW", 0xd),
        ("CAP_IPC_LOCK", 0xe),
        ("CAP_IPC_OWNER", 0xf),
        ("CAP_SYS_MODULE", 0x10),
        ("CAP_SYS_RAWIO", 0x11),
        ("CAP_SYS_CHROOT", 0x12),
        ("CAP_SYS_PTRACE", 0x13),
        ("CAP_SYS_PACCT", 0x14),
        ("CAP_SYS_ADMIN", 0x15),
        ("CAP_SYS_BOOT", 0x16),
        ("CAP_SYS_NICE", 0x17),
        ("CAP_SYS_RESOURCE", 0x18),
        ("CAP_SYS_TIME", 0x19),
        ("CAP_SYS_TTY_CONFIG", 0x1a),
        ("CAP_MKNOD", 0x1b),
        ("CAP_LEASE", 0x1c),
        ("CAP_AUDIT_WRITE", 0x1d),
        ("CAP_AUDIT_CONTROL", 0x1e),
        ("CAP_SETFCAP", 0x1f),
        ("CAP_MAC_OVERRIDE", 0x20),
        ("CAP_MAC_ADMIN", 0x21),
        ("CAP_SYSLOG", 0x22),
        ("CAP_WAKE_ALARM", 0x23),
        ("CAP_BLOCK_SUSPEND", 0x24),
        ("CAP_AUDIT_READ", 0x25),
        ("CAP_PERFMON", 0x26),
        ("CAP_BPF", 0x27),
        ("CAP_CHECKPOINT_RESTORE", 0x28),
    ],
};

/// Arch_prctl codes.
pub static ARCH_PRCTL: Set = Set {
    name: "arch_prctl codes",
    members: &[
        ("ARCH_SET_GS", 0x1001),
        ("ARCH_SET_FS", 0x1002),
        ("ARCH_GET_FS", 0x1003),
        ("ARCH_GET_GS", 0x1004),
        ("ARCH_GET_CPUID", 0x1011),
        ("ARCH_SET_CPUID", 0x1012),
        ("ARCH_GET_XCOMP_SUPP", 0x1021),
        ("ARCH_GET_XCOMP_PERM", 0x1022),
        ("ARCH_REQ_XCOMP_PERM", 0x1023),
        ("ARCH_GET_XCOMP_GUEST_PERM", 0x1024),
        ("ARCH_REQ_XCOMP_GUEST_PERM", 0x1025),
    ],
};

/// Clocks.
pub static CLOCK: Set = Set {
    name: "clocks",
    members: &[
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
};

/// Timer flags.
pub static TIMER: Set = Set { name: "timer flags", members: &[("TIMER_ABSTIME", 1)] };

/// Interval timers.
pub static ITIMER: Set =
    Set { name: "interval timers", members: &[("ITIMER_REAL", 0), ("ITIMER_VIRTUAL", 1), ("ITIMER_PROF", 2)] };

/// Futex operations.
pub static FUTEX: Set = Set {
    name: "futex operations",
    members: &[
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
};

/// Membarrier commands.
pub static MEMBARRIER: Set = Set {
    name: "membarrier commands",
    members: &[
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
    ],
};

/// Kcmp types.
pub static KCMP: Set = Set {
    name: "kcmp types",
    members: &[
        ("KCMP_FILE", 0),
        ("KCMP_VM", 1),
        ("KCMP_FILES", 2),
        ("KCMP_FS", 3),
        ("KCMP_SIGHAND", 4),
        ("KCMP_IO", 5),
        ("KCMP_SYSVSEM", 6),
        ("KCMP_EPOLL_TFD", 7),
    ],
};

/// Seccomp operations.
pub static SECCOMP: Set = Set {
    name: "seccomp operations",
    members: &[
        ("SECCOMP_SET_MODE_STRICT", 0),
        ("SECCOMP_SET_MODE_FILTER", 1),
        ("SECCOMP_GET_ACTION_AVAIL", 2),
        ("SECCOMP_GET_NOTIF_SIZES", 3),
    ],
};

/// Seccomp filter flags.
pub static SECCOMP_FILTER: Set = Set {
    name: "seccomp filter flags",
    members: &[
        ("SECCOMP_FILTER_FLAG_TSYNC", 1),
        ("SECCOMP_FILTER_FLAG_LOG", 2),
        ("SECCOMP_FILTER_FLAG_SPEC_ALLOW", 4),
        ("SECCOMP_FILTER_FLAG_NEW_LISTENER", 8),
        ("SECCOMP_FILTER_FLAG_TSYNC_ESRCH", 0x10),
        ("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0x20),
    ],
};

/// Getrandom flags.
pub static GRND: Set =
    Set { name: "getrandom flags", members: &[("GRND_NONBLOCK", 1), ("GRND_RANDOM", 2), ("GRND_INSECURE", 4)] };

/// Pidfd_open flags.
pub static PIDFD: Set = Set { name: "pidfd_open flags", members: &[("PIDFD_THREAD", 0x80), ("PIDFD_NONBLOCK", 0x800)] };

/// Perf_event_open flags.
pub static PERF: Set = Set {
    name: "perf_event_open flags",
    members: &[
        ("PERF_FLAG_FD_NO_GROUP", 1),
        ("PERF_FLAG_FD_OUTPUT", 2),
        ("PERF_FLAG_PID_CGROUP", 4),
        ("PERF_FLAG_FD_CLOEXEC", 8),
    ],
};

/// Landlock_create_ruleset flags.
pub static LANDLOCK_CREATE: Set = Set {
    name: "landlock_create_ruleset flags",
    members: &[("LANDLOCK_CREATE_RULESET_VERSION", 1), ("LANDLOCK_CREATE_RULESET_ERRATA", 2)],
};

/// Landlock rule types.
pub static LANDLOCK_RULE: Set =
    Set { name: "landlock rule types", members: &[("LANDLOCK_RULE_PATH_BENEATH", 1), ("LANDLOCK_RULE_NET_PORT", 2)] };

/// Io_uring_enter flags.
pub static URING_ENTER: Set = Set {
    name: "io_uring_enter flags",
    members: &[
        ("IORING_ENTER_GETEVENTS", 1),
        ("IORING_ENTER_SQ_WAKEUP", 2),
        ("IORING_ENTER_SQ_WAIT", 4),
        ("IORING_ENTER_EXT_ARG", 8),
        ("IORING_ENTER_REGISTERED_RING", 0x10),
    ],
};

/// IPC flags.
pub static IPC: Set =
    Set { name: "IPC flags", members: &[("IPC_CREAT", 0x200), ("IPC_EXCL", 0x400), ("IPC_NOWAIT", 0x800)] };

/// IPC commands.
pub static IPC_CTL: Set =
    Set { name: "IPC commands", members: &[("IPC_RMID", 0), ("IPC_SET", 1), ("IPC_STAT", 2), ("IPC_INFO", 3)] };

/// Semctl commands.
pub static SEM_CTL: Set = Set {
    name: "semctl commands",
    members: &[
        ("IPC_RMID", 0),
        ("IPC_SET", 1),
        ("IPC_STAT", 2),
        ("IPC_INFO", 3),
        ("GETPID", 0xb),
        ("GETVAL", 0xc),
        ("GETALL", 0xd),
        ("GETNCNT", 0xe),
        ("GETZCNT", 0xf),
        ("SETVAL", 0x10),
        ("SETALL", 0x11),
    ],
};

/// Keyctl operations.
pub static KEYCTL: Set = Set {
    name: "keyctl operations",
    members: &[
        ("KEYCTL_GET_KEYRING_ID", 0),
        ("KEYCTL_JOIN_SESSION_KEYRING", 1),
        ("KEYCTL_UPDATE", 2),
        ("KEYCTL_REVOKE", 3),
        ("KEYCTL_CHOWN", 4),
        ("KEYCTL_SETPERM", 5),
        ("KEYCTL_DESCRIBE", 6),
        ("KEYCTL_CLEAR", 7),
        ("KEYCTL_LINK", 8),
        ("KEYCTL_UNLINK", 9),
        ("KEYCTL_SEARCH", 0xa),
        ("KEYCTL_READ", 0xb),
        ("KEYCTL_INSTANTIATE", 0xc),
        ("KEYCTL_NEGATE", 0xd),
        ("KEYCTL_SET_REQKEY_KEYRING", 0xe),
        ("KEYCTL_SET_TIMEOUT", 0xf),
        ("KEYCTL_ASSUME_AUTHORITY", 0x10),
        ("KEYCTL_GET_SECURITY", 0x11),
        ("KEYCTL_SESSION_TO_PARENT", 0x12),
        ("KEYCTL_REJECT", 0x13),
        ("KEYCTL_INSTANTIATE_IOV", 0x14),
        ("KEYCTL_INVALIDATE", 0x15),
        ("KEYCTL_GET_PERSISTENT", 0x16),
        ("KEYCTL_DH_COMPUTE", 0x17),
        ("KEYCTL_PKEY_QUERY", 0x18),
        ("KEYCTL_PKEY_ENCRYPT", 0x19),
        ("KEYCTL_PKEY_DECRYPT", 0x1a),
        ("KEYCTL_PKEY_SIGN", 0x1b),
        ("KEYCTL_PKEY_VERIFY", 0x1c),
        ("KEYCTL_RESTRICT_KEYRING", 0x1d),
        ("KEYCTL_MOVE", 0x1e),
        ("KEYCTL_CAPABILITIES", 0x1f),
        ("KEYCTL_WATCH_KEY", 0x20),
    ],
};

/// Special keyrings.
pub static KEYRING: Set = Set {
    name: "special keyrings",
    members: &[
        ("KEY_SPEC_REQUESTOR_KEYRING", -8i64 as u64),
        ("KEY_SPEC_REQKEY_AUTH_KEY", -7i64 as u64),
        ("KEY_SPEC_GROUP_KEYRING", -6i64 as u64),
        ("KEY_SPEC_USER_SESSION_KEYRING", -5i64 as u64),
        ("KEY_SPEC_USER_KEYRING", -4i64 as u64),
        ("KEY_SPEC_SESSION_KEYRING", -3i64 as u64),
        ("KEY_SPEC_PROCESS_KEYRING", -2i64 as u64),
        ("KEY_SPEC_THREAD_KEYRING", -1i64 as u64),
    ],
};

/// Bpf commands.
pub static BPF: Set = Set {
    name: "bpf commands",
    members: &[
        ("BPF_MAP_CREATE", 0),
        ("BPF_MAP_LOOKUP_ELEM", 1),
        ("BPF_MAP_UPDATE_ELEM", 2),
        ("BPF_MAP_DELETE_ELEM", 3),
        ("BPF_MAP_GET_NEXT_KEY", 4),
        ("BPF_PROG_LOAD", 5),
        ("BPF_OBJ_PIN", 6),
        ("BPF_OBJ_GET", 7),
        ("BPF_PROG_ATTACH", 8),
        ("BPF_PROG_DETACH", 9),
        ("BPF_PROG_TEST_RUN", 0xa),
        ("BPF_PROG_GET_NEXT_ID", 0xb),
        ("BPF_MAP_GET_NEXT_ID", 0xc),
        ("BPF_PROG_GET_FD_BY_ID", 0xd),
        ("BPF_MAP_GET_FD_BY_ID", 0xe),
        ("BPF_OBJ_GET_INFO_BY_FD", 0xf),
        ("BPF_LINK_CREATE", 0x1c),
    ],
};

/// Fsconfig commands.
pub static FSCONFIG: Set = Set {
    name: "fsconfig commands",
    members: &[
        ("FSCONFIG_SET_FLAG", 0),
        ("FSCONFIG_SET_STRING", 1),
        ("FSCONFIG_SET_BINARY", 2),
        ("FSCONFIG_SET_PATH", 3),
        ("FSCONFIG_SET_PATH_EMPTY", 4),
        ("FSCONFIG_SET_FD", 5),
        ("FSCONFIG_CMD_CREATE", 6),
        ("FSCONFIG_CMD_RECONFIGURE", 7),
    ],
};
