//! Commands of calls on processes and threads: prctl, futex, membarrier, waitid, priorities, System V IPC.

use super::security::FILTERED;
use super::{Command, Family, ask, c, family};
use crate::syscalls::constants::*;
use crate::syscalls::{Kind, Nature};
use Kind::{Addr, Fd, Flags, In, Int, OneOf, Out, Pid, Signal, Size, Text, Uid, Uint};

pub(super) static FAMILIES: &[Family] = &[
    family("prctl", "option", PRCTL_OPTIONS),
    family("arch_prctl", "code", ARCH_PRCTL_CODES),
    // The flags of FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME stand above the operation.
    Family { mask: 0x7f, ..family("futex", "futex_op", FUTEX_OPERATIONS) },
    family("membarrier", "cmd", MEMBARRIER_COMMANDS),
    family("waitid", "idtype", &[c("P_PID", &[Pid]), c("P_PGID", &[Pid]), c("P_PIDFD", &[Fd])]),
    family("getpriority", "which", &[c("PRIO_PROCESS", &[Pid]), c("PRIO_PGRP", &[Pid]), c("PRIO_USER", &[Uid])]),
    family("setpriority", "which", PRIORITIES),
    family("ioprio_set", "which", IO_PRIORITIES),
    family("ioprio_get", "which", IO_PRIORITIES),
    family("shmctl", "cmd", SHM_COMMANDS),
    family("semctl", "cmd", SEM_COMMANDS),
    family("msgctl", "cmd", MSG_COMMANDS),
];

const KEPT: &str = "the kernel never takes it back";
const COUNTERS: &str = "which of its counters were on can't be read";
const BACK: Nature = Nature::Restores("the old value is put back");
const DUMPABLE: Nature = Nature::Restores(
    "the old value is put back; where that is 2, which no call sets, the step needs `irreversible: true`",
);
const SECURE: Nature = Nature::Restores("the old bits are put back");
const AMBIENT: Nature = Nature::Restores(
    "what was raised is raised again, and what was not is lowered; where the securebits keep it from raising one the step \
     needs `irreversible: true`",
);

static PRCTL_OPTIONS: &[Command] = &[
    c("PR_SET_PDEATHSIG", &[Signal]).nature(BACK).per_thread(),
    ask("PR_GET_PDEATHSIG", &[Out("int")]),
    ask("PR_GET_DUMPABLE", &[]),
    c("PR_SET_DUMPABLE", &[Uint]).nature(DUMPABLE),
    ask("PR_GET_UNALIGN", &[Out("int")]),
    c("PR_SET_UNALIGN", &[Uint]).nature(BACK).per_thread(),
    ask("PR_GET_KEEPCAPS", &[]),
    c("PR_SET_KEEPCAPS", &[Uint]).nature(BACK).per_thread(),
    ask("PR_GET_FPEMU", &[Out("int")]),
    c("PR_SET_FPEMU", &[Uint]).nature(BACK).per_thread(),
    ask("PR_GET_FPEXC", &[Out("int")]),
    c("PR_SET_FPEXC", &[Uint]).nature(BACK).per_thread(),
    ask("PR_GET_TIMING", &[]),
    // There is but one way of it.
    ask("PR_SET_TIMING", &[OneOf(&TIMING)]),
    c("PR_SET_NAME", &[Text]).nature(BACK).per_thread(),
    ask("PR_GET_NAME", &[Out("char[16]")]),
    ask("PR_GET_ENDIAN", &[Out("int")]),
    c("PR_SET_ENDIAN", &[Uint]).nature(BACK).per_thread(),
    ask("PR_GET_SECCOMP", &[]),
    c("PR_SET_SECCOMP", &[OneOf(&SECCOMP_MODE), In("struct sock_fprog")]).per_thread().forbidden(FILTERED),
    ask("PR_CAPBSET_READ", &[OneOf(&CAPS)]),
    c("PR_CAPBSET_DROP", &[OneOf(&CAPS)]).per_thread().lasts(KEPT),
    ask("PR_GET_TSC", &[Out("int")]),
    c("PR_SET_TSC", &[OneOf(&TSC)]).nature(BACK).per_thread(),
    ask("PR_GET_SECUREBITS", &[]),
    c("PR_SET_SECUREBITS", &[Flags(&SECUREBITS)]).nature(SECURE).per_thread(),
    ask("PR_GET_TIMERSLACK", &[]),
    c("PR_SET_TIMERSLACK", &[Uint]).nature(BACK).per_thread(),
    c("PR_TASK_PERF_EVENTS_DISABLE", &[]).lasts(COUNTERS),
    c("PR_TASK_PERF_EVENTS_ENABLE", &[]).lasts(COUNTERS),
    c("PR_MCE_KILL", &[OneOf(&MCE_KILL), OneOf(&MCE_POLICY)]).nature(BACK).per_thread(),
    ask("PR_MCE_KILL_GET", &[]),
    c("PR_SET_MM", &[OneOf(&SET_MM), Addr, Uint]).nature(Nature::Restores("the old address is put back")),
    ask("PR_GET_CHILD_SUBREAPER", &[Out("int")]),
    c("PR_SET_CHILD_SUBREAPER", &[Uint]).nature(BACK),
    ask("PR_GET_NO_NEW_PRIVS", &[]),
    c("PR_SET_NO_NEW_PRIVS", &[Uint]).per_thread().lasts(KEPT),
    ask("PR_GET_TID_ADDRESS", &[Out("int *")]),
    ask("PR_GET_THP_DISABLE", &[]),
    c("PR_SET_THP_DISABLE", &[Uint]).nature(BACK),
    ask("PR_GET_FP_MODE", &[]),
    c("PR_SET_FP_MODE", &[Uint]).nature(BACK),
    ask("PR_SVE_GET_VL", &[]),
    c("PR_SVE_SET_VL", &[Uint]).nature(BACK).per_thread(),
    ask("PR_SME_GET_VL", &[]),
    c("PR_SME_SET_VL", &[Uint]).nature(BACK).per_thread(),
    c("PR_CAP_AMBIENT", &[OneOf(&CAP_AMBIENT), OneOf(&CAPS)]).nature(AMBIENT).per_thread(),
    ask("PR_GET_SPECULATION_CTRL", &[OneOf(&SPEC)]),
    c("PR_SET_SPECULATION_CTRL", &[OneOf(&SPEC), Flags(&SPEC_CTRL)]).nature(BACK).per_thread(),
    c("PR_PAC_RESET_KEYS", &[])
        .per_thread()
        .forbidden("return addresses that are signed with the old keys would be wrong"),
    ask("PR_GET_TAGGED_ADDR_CTRL", &[]),
    c("PR_SET_TAGGED_ADDR_CTRL", &[Uint]).nature(BACK).per_thread(),
    ask("PR_GET_IO_FLUSHER", &[]),
    c("PR_SET_IO_FLUSHER", &[Uint]).nature(BACK).per_thread(),
    c("PR_SET_SYSCALL_USER_DISPATCH", &[OneOf(&DISPATCH), Addr, Size, Addr])
        .per_thread()
        .forbidden("the calls by which the thread is let go would raise SIGSYS in it"),
    c("PR_SCHED_CORE", &[OneOf(&SCHED_CORE), Pid, OneOf(&SCHED_CORE_SCOPE), Addr])
        .lasts("a cookie that was replaced can't be had again")
        .per_thread(),
    ask("PR_GET_MDWE", &[]),
    c("PR_SET_MDWE", &[Flags(&MDWE)]).lasts(KEPT),
    ask("PR_GET_MEMORY_MERGE", &[]),
    c("PR_SET_MEMORY_MERGE", &[Uint]).nature(BACK),
    ask("PR_GET_AUXV", &[Out(""), Size]),
    c("PR_SET_VMA", &[OneOf(&VMA), Addr, Size, Text]).lasts("each mapping of the range may have had another name"),
    c("PR_SET_PTRACER", &[OneOf(&PTRACER)]).lasts("who was allowed before can't be read"),
    ask("PR_GET_SHADOW_STACK_STATUS", &[Out("unsigned long")]),
    c("PR_SET_SHADOW_STACK_STATUS", &[Uint]).per_thread().forbidden(SHADOW),
    c("PR_LOCK_SHADOW_STACK_STATUS", &[Uint]).per_thread().forbidden(SHADOW),
];

const SHADOW: &str = "return addresses on the stack and on the shadow stack would differ";
const SEGMENT: &str = "the thread library of the target finds its data by this register";

static ARCH_PRCTL_CODES: &[Command] = &[
    c("ARCH_SET_FS", &[Addr]).per_thread().forbidden(SEGMENT),
    c("ARCH_SET_GS", &[Addr]).per_thread().forbidden(SEGMENT),
    ask("ARCH_GET_FS", &[Out("unsigned long")]),
    ask("ARCH_GET_GS", &[Out("unsigned long")]),
    ask("ARCH_GET_CPUID", &[]),
    c("ARCH_SET_CPUID", &[Uint]).nature(BACK).per_thread(),
    ask("ARCH_GET_XCOMP_SUPP", &[Out("uint64_t")]),
    ask("ARCH_GET_XCOMP_PERM", &[Out("uint64_t")]),
    c("ARCH_REQ_XCOMP_PERM", &[Uint]).lasts(KEPT),
    ask("ARCH_GET_XCOMP_GUEST_PERM", &[Out("uint64_t")]),
    c("ARCH_REQ_XCOMP_GUEST_PERM", &[Uint]).lasts(KEPT),
    c("ARCH_SHSTK_ENABLE", &[Uint]).per_thread().forbidden(SHADOW),
    c("ARCH_SHSTK_DISABLE", &[Uint]).per_thread().forbidden(SHADOW),
    c("ARCH_SHSTK_LOCK", &[Uint]).per_thread().forbidden(SHADOW),
    c("ARCH_SHSTK_UNLOCK", &[Uint]).per_thread().forbidden(SHADOW),
    ask("ARCH_SHSTK_STATUS", &[Out("unsigned long")]),
    ask("ARCH_GET_UNTAG_MASK", &[Out("unsigned long")]),
    c("ARCH_ENABLE_TAGGED_ADDR", &[Uint]).lasts(KEPT),
    ask("ARCH_GET_MAX_TAG_BITS", &[Out("unsigned long")]),
];

const TIMEOUT: Kind = In("struct timespec");
const LOCKS: &str = "the thread would own the lock without knowing it";

// The arguments behind the operation: val, timeout or val2, uaddr2, val3.
static FUTEX_OPERATIONS: &[Command] = &[
    ask("FUTEX_WAIT", &[Uint, TIMEOUT]).waits(),
    ask("FUTEX_WAIT_BITSET", &[Uint, TIMEOUT, Addr, Uint]).waits(),
    c("FUTEX_WAKE", &[Uint]),
    c("FUTEX_WAKE_BITSET", &[Uint, Uint, Addr, Uint]),
    c("FUTEX_REQUEUE", &[Uint, Uint, Addr]),
    c("FUTEX_CMP_REQUEUE", &[Uint, Uint, Addr, Uint]),
    c("FUTEX_CMP_REQUEUE_PI", &[Uint, Uint, Addr, Uint]),
    c("FUTEX_WAKE_OP", &[Uint, Uint, Addr, Uint]),
    c("FUTEX_LOCK_PI", &[Uint, TIMEOUT]).waits().per_thread().forbidden(LOCKS),
    c("FUTEX_LOCK_PI2", &[Uint, TIMEOUT]).waits().per_thread().forbidden(LOCKS),
    c("FUTEX_TRYLOCK_PI", &[]).per_thread().forbidden(LOCKS),
    c("FUTEX_WAIT_REQUEUE_PI", &[Uint, TIMEOUT, Addr]).waits().per_thread().forbidden(LOCKS),
    c("FUTEX_UNLOCK_PI", &[]).per_thread(),
];

const REGISTERED: &str = "a registration can't be withdrawn";

static MEMBARRIER_COMMANDS: &[Command] = &[
    c("MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED", &[]).lasts(REGISTERED),
    c("MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED", &[]).lasts(REGISTERED),
    c("MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE", &[]).lasts(REGISTERED),
    c("MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ", &[]).lasts(REGISTERED),
];

const EACH: &str = "each of the processes may have had another";

// With id 0 they are the thread's own, else another's, whoever makes the call (`particulars`).
static PRIORITIES: &[Command] =
    &[c("PRIO_PROCESS", &[Pid]).per_thread(), c("PRIO_PGRP", &[Pid]).lasts(EACH), c("PRIO_USER", &[Uid]).lasts(EACH)];
static IO_PRIORITIES: &[Command] = &[
    c("IOPRIO_WHO_PROCESS", &[Pid]).per_thread(),
    c("IOPRIO_WHO_PGRP", &[Pid]).lasts(EACH),
    c("IOPRIO_WHO_USER", &[Uid]).lasts(EACH),
];

const REMOVED: &str = "what it removes is gone for every process";

static SHM_COMMANDS: &[Command] = &[
    c("IPC_RMID", &[]).lasts(REMOVED),
    c("IPC_SET", &[In("struct shmid_ds")]),
    ask("IPC_STAT", &[Out("struct shmid_ds")]),
    ask("IPC_INFO", &[Out("struct shminfo")]),
    ask("SHM_INFO", &[Out("struct shm_info")]),
    ask("SHM_STAT", &[Out("struct shmid_ds")]),
    ask("SHM_STAT_ANY", &[Out("struct shmid_ds")]),
    c("SHM_LOCK", &[]),
    c("SHM_UNLOCK", &[]),
];

static SEM_COMMANDS: &[Command] = &[
    c("IPC_RMID", &[]).lasts(REMOVED),
    c("IPC_SET", &[In("struct semid_ds")]),
    ask("IPC_STAT", &[Out("struct semid_ds")]),
    ask("IPC_INFO", &[Out("struct seminfo")]),
    ask("SEM_INFO", &[Out("struct seminfo")]),
    ask("SEM_STAT", &[Out("struct semid_ds")]),
    ask("SEM_STAT_ANY", &[Out("struct semid_ds")]),
    ask("GETALL", &[Out("unsigned short[]")]),
    ask("GETVAL", &[]),
    ask("GETPID", &[]),
    ask("GETNCNT", &[]),
    ask("GETZCNT", &[]),
    c("SETALL", &[In("unsigned short[]")]),
    c("SETVAL", &[Int]),
];

static MSG_COMMANDS: &[Command] = &[
    c("IPC_RMID", &[]).lasts(REMOVED),
    c("IPC_SET", &[In("struct msqid_ds")]),
    ask("IPC_STAT", &[Out("struct msqid_ds")]),
    ask("IPC_INFO", &[Out("struct msginfo")]),
    ask("MSG_INFO", &[Out("struct msginfo")]),
    ask("MSG_STAT", &[Out("struct msqid_ds")]),
    ask("MSG_STAT_ANY", &[Out("struct msqid_ds")]),
];
