//! Capabilities, landlock, control messages, futexes.

use super::{FD, I32, Layout, Tail, Type, U32, U64, f, flags, layout, one_of, sets};
use crate::syscalls::constants::SOL;

static CAP_USER_HEADER: Layout = layout(
    "cap_user_header",
    8,
    "linux/capability.h",
    &[f("version", 0, one_of(4, false, &sets::CAP_VERSION)).or(0x2008_0522), f("pid", 4, I32)],
);
static CAP_USER_DATA: Layout = layout(
    "cap_user_data",
    12,
    "linux/capability.h",
    &[f("effective", 0, U32), f("permitted", 4, U32), f("inheritable", 8, U32)],
);

static LANDLOCK_RULESET_ATTR: Layout = layout(
    "landlock_ruleset_attr",
    24,
    "",
    &[
        f("handled_access_fs", 0, flags(8, &sets::LANDLOCK_FS)),
        f("handled_access_net", 8, flags(8, &sets::LANDLOCK_NET)),
        f("scoped", 16, flags(8, &sets::LANDLOCK_SCOPE)),
    ],
);
/// Packed.
static LANDLOCK_PATH_BENEATH_ATTR: Layout = layout(
    "landlock_path_beneath_attr",
    12,
    "linux/landlock.h",
    &[f("allowed_access", 0, flags(8, &sets::LANDLOCK_FS)), f("parent_fd", 8, FD)],
);
static LANDLOCK_NET_PORT_ATTR: Layout = layout(
    "landlock_net_port_attr",
    16,
    "",
    &[f("allowed_access", 0, flags(8, &sets::LANDLOCK_NET)), f("port", 8, U64)],
);

/// A control message; its data lie behind it.
pub static CMSG: Layout = Layout {
    name: "cmsghdr",
    size: 16,
    fields: &[
        f("cmsg_len", 0, U64),
        f("cmsg_level", 8, one_of(4, true, &SOL)).or(1),
        f("cmsg_type", 12, one_of(4, true, &sets::SCM)).or(1),
    ],
    tail: Tail::Control,
    header: "sys/socket.h",
};

static FUTEX_WAITV: Layout = layout(
    "futex_waitv",
    24,
    "linux/futex.h",
    &[
        f("val", 0, U64),
        f("uaddr", 8, U64),
        f("flags", 16, U32),
        f("__reserved", 20, Type::Int(super::Int::plain(4, false))),
    ],
);

pub(super) static ALL: &[&Layout] = &[
    &CAP_USER_HEADER,
    &CAP_USER_DATA,
    &LANDLOCK_RULESET_ATTR,
    &LANDLOCK_PATH_BENEATH_ATTR,
    &LANDLOCK_NET_PORT_ATTR,
    &CMSG,
    &FUTEX_WAITV,
];
