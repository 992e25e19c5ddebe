//! io_uring and performance counters.

use super::{FD, I32, Layout, Type, U16, U32, U64, f, flags, layout, one_of, sets};

static SQRING_OFFSETS: Layout = layout(
    "io_sqring_offsets",
    40,
    "linux/io_uring.h",
    &[
        f("head", 0, U32),
        f("tail", 4, U32),
        f("ring_mask", 8, U32),
        f("ring_entries", 12, U32),
        f("flags", 16, U32),
        f("dropped", 20, U32),
        f("array", 24, U32),
    ],
);
static CQRING_OFFSETS: Layout = layout(
    "io_cqring_offsets",
    40,
    "linux/io_uring.h",
    &[
        f("head", 0, U32),
        f("tail", 4, U32),
        f("ring_mask", 8, U32),
        f("ring_entries", 12, U32),
        f("overflow", 16, U32),
        f("cqes", 20, U32),
        f("flags", 24, U32),
    ],
);
static URING_PARAMS: Layout = layout(
    "io_uring_params",
    120,
    "linux/io_uring.h",
    &[
        f("sq_entries", 0, U32),
        f("cq_entries", 4, U32),
        f("flags", 8, flags(4, &sets::URING_SETUP)),
        f("sq_thread_cpu", 12, U32),
        f("sq_thread_idle", 16, U32),
        f("features", 20, flags(4, &sets::URING_FEATURES)),
        f("wq_fd", 24, FD),
        f("sq_off", 40, Type::Struct(&SQRING_OFFSETS)),
        f("cq_off", 80, Type::Struct(&CQRING_OFFSETS)),
    ],
);

/// As of Linux 5.13. Its bit-fields are one field here, `flags`; of each union it is the more general member.
static PERF_EVENT_ATTR: Layout = layout(
    "perf_event_attr",
    128,
    "linux/perf_event.h",
    &[
        f("type", 0, one_of(4, false, &sets::PERF_TYPE)),
        f("size", 4, U32).or(128),
        f("config", 8, U64),
        f("sample_period", 16, U64),
        f("sample_type", 24, U64),
        f("read_format", 32, U64),
        f("flags", 40, flags(8, &sets::PERF_ATTR)),
        f("wakeup_events", 48, U32),
        f("bp_type", 52, U32),
        f("config1", 56, U64),
        f("config2", 64, U64),
        f("branch_sample_type", 72, U64),
        f("sample_regs_user", 80, U64),
        f("sample_stack_user", 88, U32),
        f("clockid", 92, I32),
        f("sample_regs_intr", 96, U64),
        f("aux_watermark", 104, U32),
        f("sample_max_stack", 108, U16),
        f("aux_sample_size", 112, U32),
        f("sig_data", 120, U64),
    ],
);

pub(super) static ALL: &[&Layout] = &[&SQRING_OFFSETS, &CQRING_OFFSETS, &URING_PARAMS, &PERF_EVENT_ATTR];
