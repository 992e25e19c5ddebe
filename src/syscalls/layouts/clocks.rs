//! Times and timers.

use super::{I32, I64, Layout, Type, f, layout, one_of, sets};

pub(super) static TIMESPEC: Layout =
    layout("timespec", 16, "time.h", &[f("tv_sec", 0, I64), f("tv_nsec", 8, one_of(8, true, &sets::UTIME))]);
pub(super) static TIMEVAL: Layout = layout("timeval", 16, "sys/time.h", &[f("tv_sec", 0, I64), f("tv_usec", 8, I64)]);
static ITIMERSPEC: Layout = layout(
    "itimerspec",
    32,
    "time.h",
    &[f("it_interval", 0, Type::Struct(&TIMESPEC)), f("it_value", 16, Type::Struct(&TIMESPEC))],
);
static ITIMERVAL: Layout = layout(
    "itimerval",
    32,
    "sys/time.h",
    &[f("it_interval", 0, Type::Struct(&TIMEVAL)), f("it_value", 16, Type::Struct(&TIMEVAL))],
);
static TIMEZONE: Layout = layout("timezone", 8, "sys/time.h", &[f("tz_minuteswest", 0, I32), f("tz_dsttime", 4, I32)]);
static TMS: Layout = layout(
    "tms",
    32,
    "sys/times.h",
    &[f("tms_utime", 0, I64), f("tms_stime", 8, I64), f("tms_cutime", 16, I64), f("tms_cstime", 24, I64)],
);
static TIMEX: Layout = layout(
    "timex",
    208,
    "sys/timex.h",
    &[
        f("modes", 0, super::U32),
        f("offset", 8, I64),
        f("freq", 16, I64),
        f("maxerror", 24, I64),
        f("esterror", 32, I64),
        f("status", 40, I32),
        f("constant", 48, I64),
        f("precision", 56, I64),
        f("tolerance", 64, I64),
        f("time", 72, Type::Struct(&TIMEVAL)),
        f("tick", 88, I64),
        f("ppsfreq", 96, I64),
        f("jitter", 104, I64),
        f("shift", 112, I32),
        f("stabil", 120, I64),
        f("jitcnt", 128, I64),
        f("calcnt", 136, I64),
        f("errcnt", 144, I64),
        f("stbcnt", 152, I64),
        f("tai", 160, I32),
    ],
);
static UTIMBUF: Layout = layout("utimbuf", 16, "utime.h", &[f("actime", 0, I64), f("modtime", 8, I64)]);

pub(super) static ALL: &[&Layout] = &[&TIMESPEC, &TIMEVAL, &ITIMERSPEC, &ITIMERVAL, &TIMEZONE, &TMS, &TIMEX, &UTIMBUF];
