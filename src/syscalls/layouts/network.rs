//! Sockets, their addresses and messages, and what waits for descriptors.

use super::{BE32, FD, I32, Int, Layout, PORT, Type, U16, U32, U64, f, flags, layout, one_of, sets};
use crate::syscalls::Kind;
use crate::syscalls::constants::{DOMAIN, MSG};

const FAMILY: Type = one_of(2, false, &DOMAIN);

/// Any address, in as much room as the longest takes (`struct sockaddr_storage`).
pub static SOCKADDR: Layout =
    layout("sockaddr", 128, "", &[f("sa_family", 0, FAMILY), f("sa_data", 2, Type::Bytes(126))]);

/// IPv4.
pub static SOCKADDR_IN: Layout = layout(
    "sockaddr_in",
    16,
    "netinet/in.h",
    &[f("sin_family", 0, FAMILY).or(2), f("sin_port", 2, PORT), f("sin_addr", 4, Type::Inet(4))],
);

/// IPv6.
pub static SOCKADDR_IN6: Layout = layout(
    "sockaddr_in6",
    28,
    "netinet/in.h",
    &[
        f("sin6_family", 0, FAMILY).or(10),
        f("sin6_port", 2, PORT),
        f("sin6_flowinfo", 4, BE32),
        f("sin6_addr", 8, Type::Inet(16)),
        f("sin6_scope_id", 24, U32),
    ],
);

/// UNIX.
pub static SOCKADDR_UN: Layout =
    layout("sockaddr_un", 110, "sys/un.h", &[f("sun_family", 0, FAMILY).or(1), f("sun_path", 2, Type::SocketPath)]);

static SOCKADDR_NL: Layout = layout(
    "sockaddr_nl",
    12,
    "linux/netlink.h",
    &[f("nl_family", 0, FAMILY).or(16), f("nl_pid", 4, U32), f("nl_groups", 8, U32)],
);

static SOCKADDR_VM: Layout = layout(
    "sockaddr_vm",
    16,
    "linux/vm_sockets.h",
    &[f("svm_family", 0, FAMILY).or(40), f("svm_port", 4, U32), f("svm_cid", 8, U32)],
);

/// What a `struct sockaddr` is, by its family.
pub static FAMILIES: &[&Layout] = &[&SOCKADDR_IN, &SOCKADDR_IN6, &SOCKADDR_UN, &SOCKADDR_NL, &SOCKADDR_VM];

static IOVEC: Layout =
    layout("iovec", 16, "sys/uio.h", &[f("iov_base", 0, Type::Pointer("")), f("iov_len", 8, U64).bytes_of("iov_base")]);

static MSGHDR: Layout = layout(
    "msghdr",
    56,
    "sys/socket.h",
    &[
        f("msg_name", 0, Type::Pointer("struct sockaddr")),
        f("msg_namelen", 8, U32).bytes_of("msg_name"),
        f("msg_iov", 16, Type::Pointer("struct iovec[]")),
        f("msg_iovlen", 24, U64).elements_of("msg_iov"),
        f("msg_control", 32, Type::Pointer("struct cmsghdr[]")),
        f("msg_controllen", 40, U64).bytes_of("msg_control"),
        f("msg_flags", 48, flags(4, &MSG)),
    ],
);

static MMSGHDR: Layout =
    layout("mmsghdr", 64, "sys/socket.h", &[f("msg_hdr", 0, Type::Struct(&MSGHDR)), f("msg_len", 56, U32)]);

static LINGER: Layout = layout("linger", 8, "sys/socket.h", &[f("l_onoff", 0, I32), f("l_linger", 4, I32)]);
static UCRED: Layout = layout("ucred", 12, "sys/socket.h", &[f("pid", 0, I32), f("uid", 4, U32), f("gid", 8, U32)]);
static IP_MREQ: Layout =
    layout("ip_mreq", 8, "netinet/in.h", &[f("imr_multiaddr", 0, Type::Inet(4)), f("imr_interface", 4, Type::Inet(4))]);
static IP_MREQN: Layout = layout(
    "ip_mreqn",
    12,
    "netinet/in.h",
    &[f("imr_multiaddr", 0, Type::Inet(4)), f("imr_address", 4, Type::Inet(4)), f("imr_ifindex", 8, I32)],
);
static IPV6_MREQ: Layout = layout(
    "ipv6_mreq",
    20,
    "netinet/in.h",
    &[f("ipv6mr_multiaddr", 0, Type::Inet(16)), f("ipv6mr_interface", 16, I32)],
);

static POLLFD: Layout = layout(
    "pollfd",
    8,
    "poll.h",
    &[f("fd", 0, FD), f("events", 4, flags(2, &sets::POLL)), f("revents", 6, flags(2, &sets::POLL))],
);

/// Packed on x86_64.
static EPOLL_EVENT: Layout = layout(
    "epoll_event",
    12,
    "sys/epoll.h",
    &[
        f("events", 0, flags(4, &sets::EPOLL)),
        f("data", 4, Type::Int(Int { size: 8, signed: false, swapped: false, kind: Kind::Any })),
    ],
);

static SOCK_FILTER: Layout = layout(
    "sock_filter",
    8,
    "linux/filter.h",
    &[f("code", 0, U16), f("jt", 2, super::U8), f("jf", 3, super::U8), f("k", 4, U32)],
);
static SOCK_FPROG: Layout = layout(
    "sock_fprog",
    16,
    "linux/filter.h",
    &[f("len", 0, U16).elements_of("filter"), f("filter", 8, Type::Pointer("struct sock_filter[]"))],
);

pub(super) static ALL: &[&Layout] = &[
    &SOCKADDR,
    &SOCKADDR_IN,
    &SOCKADDR_IN6,
    &SOCKADDR_UN,
    &SOCKADDR_NL,
    &SOCKADDR_VM,
    &IOVEC,
    &MSGHDR,
    &MMSGHDR,
    &LINGER,
    &UCRED,
    &IP_MREQ,
    &IP_MREQN,
    &IPV6_MREQ,
    &POLLFD,
    &EPOLL_EVENT,
    &SOCK_FILTER,
    &SOCK_FPROG,
];
