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

/// Personalities.
pub static PERSONALITY: Set = Set::of(
    "personalities",
    &[
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
        ("PER_LINUX32", 8),
    ],
);

/// Prctl options.
pub static PRCTL: Set = Set::of(
    "prctl options",
    &[
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
        ("PR_RISCV_V_SET_CONTROL", 0x45),
        ("PR_RISCV_V_GET_CONTROL", 0x46),
        ("PR_GET_SHADOW_STACK_STATUS", 0x4a),
        ("PR_SET_SHADOW_STACK_STATUS", 0x4b),
        ("PR_LOCK_SHADOW_STACK_STATUS", 0x4c),
        ("PR_TIMER_CREATE_RESTORE_IDS", 0x4d),
        ("PR_FUTEX_HASH", 0x4e),
    ],
);

/// Ambient capability commands.
pub static CAP_AMBIENT: Set = Set::of(
    "ambient capability commands",
    &[
        ("PR_CAP_AMBIENT_IS_SET", 1),
        ("PR_CAP_AMBIENT_RAISE", 2),
        ("PR_CAP_AMBIENT_LOWER", 3),
        ("PR_CAP_AMBIENT_CLEAR_ALL", 4),
    ],
);

/// PR_SET_MM commands.
pub static SET_MM: Set = Set::of(
    "PR_SET_MM commands",
    &[
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
);

/// Capabilities.
pub static CAPS: Set = Set::of(
    "capabilities",
    &[
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
);

/// Arch_prctl codes.
pub static ARCH_PRCTL: Set = Set::of(
    "arch_prctl codes",
    &[
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
        ("ARCH_SHSTK_ENABLE", 0x5001),
        ("ARCH_SHSTK_DISABLE", 0x5002),
        ("ARCH_SHSTK_LOCK", 0x5003),
        ("ARCH_SHSTK_UNLOCK", 0x5004),
        ("ARCH_SHSTK_STATUS", 0x5005),
        ("ARCH_GET_UNTAG_MASK", 0x4001),
        ("ARCH_ENABLE_TAGGED_ADDR", 0x4002),
        ("ARCH_GET_MAX_TAG_BITS", 0x4003),
    ],
);

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

/// Seccomp operations.
pub static SECCOMP: Set = Set::of(
    "seccomp operations",
    &[
        ("SECCOMP_SET_MODE_STRICT", 0),
        ("SECCOMP_SET_MODE_FILTER", 1),
        ("SECCOMP_GET_ACTION_AVAIL", 2),
        ("SECCOMP_GET_NOTIF_SIZES", 3),
    ],
);

/// Seccomp filter flags.
pub static SECCOMP_FILTER: Set = Set::of(
    "seccomp filter flags",
    &[
        ("SECCOMP_FILTER_FLAG_TSYNC", 1),
        ("SECCOMP_FILTER_FLAG_LOG", 2),
        ("SECCOMP_FILTER_FLAG_SPEC_ALLOW", 4),
        ("SECCOMP_FILTER_FLAG_NEW_LISTENER", 8),
        ("SECCOMP_FILTER_FLAG_TSYNC_ESRCH", 0x10),
        ("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0x20),
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

/// Landlock_create_ruleset flags.
pub static LANDLOCK_CREATE: Set = Set::of(
    "landlock_create_ruleset flags",
    &[("LANDLOCK_CREATE_RULESET_VERSION", 1), ("LANDLOCK_CREATE_RULESET_ERRATA", 2)],
);

/// Landlock rule types.
pub static LANDLOCK_RULE: Set =
    Set::of("landlock rule types", &[("LANDLOCK_RULE_PATH_BENEATH", 1), ("LANDLOCK_RULE_NET_PORT", 2)]);

/// Io_uring_enter flags.
pub static URING_ENTER: Set = Set::of(
    "io_uring_enter flags",
    &[
        ("IORING_ENTER_GETEVENTS", 1),
        ("IORING_ENTER_SQ_WAKEUP", 2),
        ("IORING_ENTER_SQ_WAIT", 4),
        ("IORING_ENTER_EXT_ARG", 8),
        ("IORING_ENTER_REGISTERED_RING", 0x10),
        ("IORING_ENTER_ABS_TIMER", 0x20),
        ("IORING_ENTER_EXT_ARG_REG", 0x40),
    ],
);

/// IPC flags.
pub static IPC: Set = Set::of("IPC flags", &[("IPC_CREAT", 0x200), ("IPC_EXCL", 0x400), ("IPC_NOWAIT", 0x800)]).open();

/// Keyctl operations.
pub static KEYCTL: Set = Set::of(
    "keyctl operations",
    &[
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
);

/// Special keyrings.
pub static KEYRING: Set = Set::of(
    "special keyrings",
    &[
        ("KEY_SPEC_REQUESTOR_KEYRING", -8i64 as u64),
        ("KEY_SPEC_REQKEY_AUTH_KEY", -7i64 as u64),
        ("KEY_SPEC_GROUP_KEYRING", -6i64 as u64),
        ("KEY_SPEC_USER_SESSION_KEYRING", -5i64 as u64),
        ("KEY_SPEC_USER_KEYRING", -4i64 as u64),
        ("KEY_SPEC_SESSION_KEYRING", -3i64 as u64),
        ("KEY_SPEC_PROCESS_KEYRING", -2i64 as u64),
        ("KEY_SPEC_THREAD_KEYRING", -1i64 as u64),
    ],
)
.open();

/// Bpf commands.
pub static BPF: Set = Set::of(
    "bpf commands",
    &[
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
        ("BPF_PROG_RUN", 0xa),
        ("BPF_BTF_GET_FD_BY_ID", 0x13),
        ("BPF_BTF_LOAD", 0x12),
        ("BPF_RAW_TRACEPOINT_OPEN", 0x11),
        ("BPF_PROG_QUERY", 0x10),
        ("BPF_TASK_FD_QUERY", 0x14),
        ("BPF_MAP_LOOKUP_AND_DELETE_ELEM", 0x15),
        ("BPF_MAP_FREEZE", 0x16),
        ("BPF_BTF_GET_NEXT_ID", 0x17),
        ("BPF_MAP_LOOKUP_BATCH", 0x18),
        ("BPF_MAP_LOOKUP_AND_DELETE_BATCH", 0x19),
        ("BPF_MAP_UPDATE_BATCH", 0x1a),
        ("BPF_MAP_DELETE_BATCH", 0x1b),
        ("BPF_LINK_UPDATE", 0x1d),
        ("BPF_LINK_GET_FD_BY_ID", 0x1e),
        ("BPF_LINK_GET_NEXT_ID", 0x1f),
        ("BPF_ENABLE_STATS", 0x20),
        ("BPF_ITER_CREATE", 0x21),
        ("BPF_LINK_DETACH", 0x22),
        ("BPF_PROG_BIND_MAP", 0x23),
        ("BPF_TOKEN_CREATE", 0x24),
    ],
)
.open();

/// Fsconfig commands.
pub static FSCONFIG: Set = Set::of(
    "fsconfig commands",
    &[
        ("FSCONFIG_SET_FLAG", 0),
        ("FSCONFIG_SET_STRING", 1),
        ("FSCONFIG_SET_BINARY", 2),
        ("FSCONFIG_SET_PATH", 3),
        ("FSCONFIG_SET_PATH_EMPTY", 4),
        ("FSCONFIG_SET_FD", 5),
        ("FSCONFIG_CMD_CREATE", 6),
        ("FSCONFIG_CMD_RECONFIGURE", 7),
        ("FSCONFIG_CMD_CREATE_EXCL", 8),
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

/// Seccomp modes.
pub static SECCOMP_MODE: Set =
    Set::of("seccomp modes", &[("SECCOMP_MODE_DISABLED", 0), ("SECCOMP_MODE_STRICT", 1), ("SECCOMP_MODE_FILTER", 2)]);

/// Time stamp counter modes.
pub static TSC: Set = Set::of("time stamp counter modes", &[("PR_TSC_ENABLE", 1), ("PR_TSC_SIGSEGV", 2)]);

/// Timing modes.
pub static TIMING: Set = Set::of("timing modes", &[("PR_TIMING_STATISTICAL", 0), ("PR_TIMING_TIMESTAMP", 1)]);

/// Machine check commands.
pub static MCE_KILL: Set = Set::of("machine check commands", &[("PR_MCE_KILL_CLEAR", 0), ("PR_MCE_KILL_SET", 1)]);

/// Machine check policies.
pub static MCE_POLICY: Set =
    Set::of("machine check policies", &[("PR_MCE_KILL_LATE", 0), ("PR_MCE_KILL_EARLY", 1), ("PR_MCE_KILL_DEFAULT", 2)]);

/// Speculation features.
pub static SPEC: Set = Set::of(
    "speculation features",
    &[("PR_SPEC_STORE_BYPASS", 0), ("PR_SPEC_INDIRECT_BRANCH", 1), ("PR_SPEC_L1D_FLUSH", 2)],
);

/// Speculation settings.
pub static SPEC_CTRL: Set = Set::of(
    "speculation settings",
    &[
        ("PR_SPEC_NOT_AFFECTED", 0),
        ("PR_SPEC_PRCTL", 1),
        ("PR_SPEC_ENABLE", 2),
        ("PR_SPEC_DISABLE", 4),
        ("PR_SPEC_FORCE_DISABLE", 8),
        ("PR_SPEC_DISABLE_NOEXEC", 0x10),
    ],
);

/// User dispatch modes.
pub static DISPATCH: Set = Set::of("user dispatch modes", &[("PR_SYS_DISPATCH_OFF", 0), ("PR_SYS_DISPATCH_ON", 1)]);

/// Core scheduling commands.
pub static SCHED_CORE: Set = Set::of(
    "core scheduling commands",
    &[
        ("PR_SCHED_CORE_GET", 0),
        ("PR_SCHED_CORE_CREATE", 1),
        ("PR_SCHED_CORE_SHARE_TO", 2),
        ("PR_SCHED_CORE_SHARE_FROM", 3),
    ],
);

/// Core scheduling scopes.
pub static SCHED_CORE_SCOPE: Set = Set::of(
    "core scheduling scopes",
    &[
        ("PR_SCHED_CORE_SCOPE_THREAD", 0),
        ("PR_SCHED_CORE_SCOPE_THREAD_GROUP", 1),
        ("PR_SCHED_CORE_SCOPE_PROCESS_GROUP", 2),
    ],
);

/// Memory-deny-write-execute flags.
pub static MDWE: Set =
    Set::of("memory-deny-write-execute flags", &[("PR_MDWE_REFUSE_EXEC_GAIN", 1), ("PR_MDWE_NO_INHERIT", 2)]);

/// Secure bits.
pub static SECUREBITS: Set = Set::of(
    "secure bits",
    &[
        ("SECBIT_NOROOT", 1),
        ("SECBIT_NOROOT_LOCKED", 2),
        ("SECBIT_NO_SETUID_FIXUP", 4),
        ("SECBIT_NO_SETUID_FIXUP_LOCKED", 8),
        ("SECBIT_KEEP_CAPS", 0x10),
        ("SECBIT_KEEP_CAPS_LOCKED", 0x20),
        ("SECBIT_NO_CAP_AMBIENT_RAISE", 0x40),
        ("SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED", 0x80),
    ],
);

/// Mapping attributes.
pub static VMA: Set = Set::of("mapping attributes", &[("PR_SET_VMA_ANON_NAME", 0)]);

/// Permitted tracers.
pub static PTRACER: Set = Set::of("permitted tracers", &[("PR_SET_PTRACER_ANY", -1i64 as u64)]).open();

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

/// Landlock_restrict_self flags.
pub static LANDLOCK_RESTRICT: Set = Set::of(
    "landlock_restrict_self flags",
    &[
        ("LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF", 1),
        ("LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON", 2),
        ("LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF", 4),
    ],
);

/// Io_uring_register operations.
pub static URING_REGISTER: Set = Set::of(
    "io_uring_register operations",
    &[
        ("IORING_REGISTER_BUFFERS", 0),
        ("IORING_UNREGISTER_BUFFERS", 1),
        ("IORING_REGISTER_FILES", 2),
        ("IORING_UNREGISTER_FILES", 3),
        ("IORING_REGISTER_EVENTFD", 4),
        ("IORING_UNREGISTER_EVENTFD", 5),
        ("IORING_REGISTER_FILES_UPDATE", 6),
        ("IORING_REGISTER_EVENTFD_ASYNC", 7),
        ("IORING_REGISTER_PROBE", 8),
        ("IORING_REGISTER_PERSONALITY", 9),
        ("IORING_UNREGISTER_PERSONALITY", 0xa),
        ("IORING_REGISTER_RESTRICTIONS", 0xb),
        ("IORING_REGISTER_ENABLE_RINGS", 0xc),
        ("IORING_REGISTER_FILES2", 0xd),
        ("IORING_REGISTER_FILES_UPDATE2", 0xe),
        ("IORING_REGISTER_BUFFERS2", 0xf),
        ("IORING_REGISTER_BUFFERS_UPDATE", 0x10),
        ("IORING_REGISTER_IOWQ_AFF", 0x11),
        ("IORING_UNREGISTER_IOWQ_AFF", 0x12),
        ("IORING_REGISTER_IOWQ_MAX_WORKERS", 0x13),
        ("IORING_REGISTER_RING_FDS", 0x14),
        ("IORING_UNREGISTER_RING_FDS", 0x15),
        ("IORING_REGISTER_PBUF_RING", 0x16),
        ("IORING_UNREGISTER_PBUF_RING", 0x17),
        ("IORING_REGISTER_SYNC_CANCEL", 0x18),
        ("IORING_REGISTER_FILE_ALLOC_RANGE", 0x19),
        ("IORING_REGISTER_PBUF_STATUS", 0x1a),
        ("IORING_REGISTER_NAPI", 0x1b),
        ("IORING_UNREGISTER_NAPI", 0x1c),
        ("IORING_REGISTER_CLOCK", 0x1d),
        ("IORING_REGISTER_CLONE_BUFFERS", 0x1e),
    ],
)
.open();

/// Pidfd_send_signal flags.
pub static PIDFD_SIGNAL: Set = Set::of(
    "pidfd_send_signal flags",
    &[("PIDFD_SIGNAL_THREAD", 1), ("PIDFD_SIGNAL_THREAD_GROUP", 2), ("PIDFD_SIGNAL_PROCESS_GROUP", 4)],
);

/// Security module attributes.
pub static LSM_ATTR: Set = Set::of(
    "security module attributes",
    &[
        ("LSM_ATTR_CURRENT", 0x64),
        ("LSM_ATTR_EXEC", 0x65),
        ("LSM_ATTR_FSCREATE", 0x66),
        ("LSM_ATTR_KEYCREATE", 0x67),
        ("LSM_ATTR_PREV", 0x68),
        ("LSM_ATTR_SOCKCREATE", 0x69),
    ],
);

/// Shmctl commands.
pub static SHM_CTL: Set = Set::of(
    "shmctl commands",
    &[
        ("IPC_RMID", 0),
        ("IPC_SET", 1),
        ("IPC_STAT", 2),
        ("IPC_INFO", 3),
        ("SHM_LOCK", 0xb),
        ("SHM_UNLOCK", 0xc),
        ("SHM_STAT", 0xd),
        ("SHM_INFO", 0xe),
        ("SHM_STAT_ANY", 0xf),
    ],
);

/// Msgctl commands.
pub static MSG_CTL: Set = Set::of(
    "msgctl commands",
    &[
        ("IPC_RMID", 0),
        ("IPC_SET", 1),
        ("IPC_STAT", 2),
        ("IPC_INFO", 3),
        ("MSG_STAT", 0xb),
        ("MSG_INFO", 0xc),
        ("MSG_STAT_ANY", 0xd),
    ],
);

/// Semctl commands.
pub static SEM_CTL: Set = Set::of(
    "semctl commands",
    &[
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
        ("SEM_STAT", 0x12),
        ("SEM_INFO", 0x13),
        ("SEM_STAT_ANY", 0x14),
    ],
);

/// Message queue flags.
pub static MSGRCV: Set = Set::of(
    "message queue flags",
    &[("IPC_NOWAIT", 0x800), ("MSG_NOERROR", 0x1000), ("MSG_EXCEPT", 0x2000), ("MSG_COPY", 0x4000)],
);

/// Key permissions.
pub static KEY_PERM: Set = Set::of(
    "key permissions",
    &[
        ("KEY_POS_VIEW", 0x1000000),
        ("KEY_POS_READ", 0x2000000),
        ("KEY_POS_WRITE", 0x4000000),
        ("KEY_POS_SEARCH", 0x8000000),
        ("KEY_POS_LINK", 0x10000000),
        ("KEY_POS_SETATTR", 0x20000000),
        ("KEY_POS_ALL", 0x3f000000),
        ("KEY_USR_VIEW", 0x10000),
        ("KEY_USR_READ", 0x20000),
        ("KEY_USR_WRITE", 0x40000),
        ("KEY_USR_SEARCH", 0x80000),
        ("KEY_USR_LINK", 0x100000),
        ("KEY_USR_SETATTR", 0x200000),
        ("KEY_USR_ALL", 0x3f0000),
        ("KEY_GRP_VIEW", 0x100),
        ("KEY_GRP_READ", 0x200),
        ("KEY_GRP_WRITE", 0x400),
        ("KEY_GRP_SEARCH", 0x800),
        ("KEY_GRP_LINK", 0x1000),
        ("KEY_GRP_SETATTR", 0x2000),
        ("KEY_GRP_ALL", 0x3f00),
        ("KEY_OTH_VIEW", 1),
        ("KEY_OTH_READ", 2),
        ("KEY_OTH_WRITE", 4),
        ("KEY_OTH_SEARCH", 8),
        ("KEY_OTH_LINK", 0x10),
        ("KEY_OTH_SETATTR", 0x20),
        ("KEY_OTH_ALL", 0x3f),
    ],
);

/// Default keyrings of request_key.
pub static REQKEY: Set = Set::of(
    "default keyrings of request_key",
    &[
        ("KEY_REQKEY_DEFL_NO_CHANGE", -1i64 as u64),
        ("KEY_REQKEY_DEFL_DEFAULT", 0),
        ("KEY_REQKEY_DEFL_THREAD_KEYRING", 1),
        ("KEY_REQKEY_DEFL_PROCESS_KEYRING", 2),
        ("KEY_REQKEY_DEFL_SESSION_KEYRING", 3),
        ("KEY_REQKEY_DEFL_USER_KEYRING", 4),
        ("KEY_REQKEY_DEFL_USER_SESSION_KEYRING", 5),
        ("KEY_REQKEY_DEFL_GROUP_KEYRING", 6),
        ("KEY_REQKEY_DEFL_REQUESTOR_KEYRING", 7),
    ],
);

/// Keyctl move flags.
pub static KEY_MOVE: Set = Set::of("keyctl move flags", &[("KEYCTL_MOVE_EXCL", 1)]);
