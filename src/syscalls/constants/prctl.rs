//! Constants of prctl(2) and arch_prctl(2), and capabilities. Values are those of x86_64 (include/uapi of the kernel and its C headers).

use super::Set;

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
