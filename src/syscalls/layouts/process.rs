//! Signals, limits, scheduling, and what the system says of itself.

use super::clocks::TIMEVAL;
use super::{I32, I64, Layout, Type, U16, U32, U64, f, flags, int, layout, one_of, sets};
use crate::syscalls::Kind;
use crate::syscalls::constants::SCHED;

const TIME: Type = Type::Struct(&TIMEVAL);

/// The kernel's, which is not the C library's.
static SIGACTION: Layout = layout(
    "sigaction",
    32,
    "asm/signal.h",
    &[
        f("sa_handler", 0, one_of(8, false, &sets::HANDLER)),
        f("sa_flags", 8, flags(8, &sets::SA)),
        f("sa_restorer", 16, U64),
        f("sa_mask", 24, Type::Signals),
    ],
);
static STACK: Layout = layout(
    "stack_t",
    24,
    "signal.h",
    &[f("ss_sp", 0, U64), f("ss_flags", 8, flags(4, &sets::SS)), f("ss_size", 16, U64)],
);
static SIGINFO: Layout = layout(
    "siginfo_t",
    128,
    "signal.h",
    &[
        f("si_signo", 0, int(4, true, Kind::Signal)),
        f("si_errno", 4, I32),
        f("si_code", 8, I32),
        f("si_pid", 16, I32),
        f("si_uid", 20, U32),
        f("si_status", 24, I32),
    ],
);
static SIGEVENT: Layout = layout(
    "sigevent",
    64,
    "signal.h",
    &[
        f("sigev_value", 0, U64),
        f("sigev_signo", 8, int(4, true, Kind::Signal)),
        f("sigev_notify", 12, one_of(4, true, &sets::SIGEV)),
        f("sigev_notify_thread_id", 16, I32),
    ],
);

static SCHED_ATTR: Layout = layout(
    "sched_attr",
    56,
    "linux/sched/types.h",
    &[
        f("size", 0, U32).or(56),
        f("sched_policy", 4, one_of(4, false, &SCHED)),
        f("sched_flags", 8, flags(8, &sets::SCHED_FLAGS)),
        f("sched_nice", 16, I32),
        f("sched_priority", 20, U32),
        f("sched_runtime", 24, U64),
        f("sched_deadline", 32, U64),
        f("sched_period", 40, U64),
        f("sched_util_min", 48, U32),
        f("sched_util_max", 52, U32),
    ],
);
static SCHED_PARAM: Layout = layout("sched_param", 4, "sched.h", &[f("sched_priority", 0, I32)]);

const LIMIT: Type = one_of(8, false, &sets::RLIM);
static RLIMIT: Layout = layout("rlimit", 16, "sys/resource.h", &[f("rlim_cur", 0, LIMIT), f("rlim_max", 8, LIMIT)]);
static RLIMIT64: Layout = layout("rlimit64", 16, "sys/resource.h", &[f("rlim_cur", 0, LIMIT), f("rlim_max", 8, LIMIT)]);

static RUSAGE: Layout = layout(
    "rusage",
    144,
    "sys/resource.h",
    &[
        f("ru_utime", 0, TIME),
        f("ru_stime", 16, TIME),
        f("ru_maxrss", 32, I64),
        f("ru_ixrss", 40, I64),
        f("ru_idrss", 48, I64),
        f("ru_isrss", 56, I64),
        f("ru_minflt", 64, I64),
        f("ru_majflt", 72, I64),
        f("ru_nswap", 80, I64),
        f("ru_inblock", 88, I64),
        f("ru_oublock", 96, I64),
        f("ru_msgsnd", 104, I64),
        f("ru_msgrcv", 112, I64),
        f("ru_nsignals", 120, I64),
        f("ru_nvcsw", 128, I64),
        f("ru_nivcsw", 136, I64),
    ],
);
static SYSINFO: Layout = layout(
    "sysinfo",
    112,
    "sys/sysinfo.h",
    &[
        f("uptime", 0, I64),
        f("loads", 8, Type::Array(&U64, 3)),
        f("totalram", 32, U64),
        f("freeram", 40, U64),
        f("sharedram", 48, U64),
        f("bufferram", 56, U64),
        f("totalswap", 64, U64),
        f("freeswap", 72, U64),
        f("procs", 80, U16),
        f("totalhigh", 88, U64),
        f("freehigh", 96, U64),
        f("mem_unit", 104, U32),
    ],
);
static UTSNAME: Layout = layout(
    "utsname",
    390,
    "sys/utsname.h",
    &[
        f("sysname", 0, Type::Text(65)),
        f("nodename", 65, Type::Text(65)),
        f("release", 130, Type::Text(65)),
        f("version", 195, Type::Text(65)),
        f("machine", 260, Type::Text(65)),
        f("domainname", 325, Type::Text(65)),
    ],
);

pub(super) static ALL: &[&Layout] = &[
    &SIGACTION,
    &STACK,
    &SIGINFO,
    &SIGEVENT,
    &SCHED_ATTR,
    &SCHED_PARAM,
    &RLIMIT,
    &RLIMIT64,
    &RUSAGE,
    &SYSINFO,
    &UTSNAME,
];
