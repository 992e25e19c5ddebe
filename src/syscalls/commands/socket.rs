//! Socket options by level, and protocols by domain.

use super::{Command, Family, c, family};
use crate::syscalls::constants::*;
use crate::syscalls::{Kind, Set, Syscall};
use Kind::{Flags, OneOf};

pub(super) static FAMILIES: &[Family] = &[
    family("setsockopt", "level", LEVELS),
    family("getsockopt", "level", LEVELS),
    family("socket", "domain", DOMAINS),
    family("socketpair", "domain", DOMAINS),
];

static DOMAINS: &[Command] = &[c("AF_NETLINK", &[Flags(&SOCK_TYPE), OneOf(&NETLINK_PROTOCOL)])];

static LEVELS: &[Command] = &[
    level("SOL_SOCKET", &[OneOf(&SO)]),
    level("SOL_IP", &[OneOf(&IP_OPTIONS)]),
    level("SOL_TCP", &[OneOf(&TCP_OPTIONS)]),
    level("SOL_UDP", &[OneOf(&UDP_OPTIONS)]),
    level("SOL_IPV6", &[OneOf(&IPV6_OPTIONS)]),
    level("SOL_RAW", &[OneOf(&RAW_OPTIONS)]),
    level("SOL_NETLINK", &[OneOf(&NETLINK_OPTIONS)]),
    level("SOL_PACKET", &[OneOf(&PACKET_OPTIONS)]),
    level("SOL_TLS", &[OneOf(&TLS_OPTIONS)]),
    level("AF_VSOCK", &[OneOf(&VSOCK_OPTIONS)]),
];

const fn level(name: &'static str, options: &'static [Kind]) -> Command {
    c(name, options)
}

/// Options whose value is no `int`: the set they are of, and the C type of the value.
static VALUES: &[(&Set, &[(&str, &str)])] = &[
    (
        &SO,
        &[
            ("SO_LINGER", "struct linger"),
            ("SO_RCVTIMEO", "struct timeval"),
            ("SO_SNDTIMEO", "struct timeval"),
            ("SO_RCVTIMEO_NEW", "struct timeval"),
            ("SO_SNDTIMEO_NEW", "struct timeval"),
            ("SO_BINDTODEVICE", "char[16]"),
            ("SO_ATTACH_FILTER", "struct sock_fprog"),
            ("SO_ATTACH_REUSEPORT_CBPF", "struct sock_fprog"),
            ("SO_PEERCRED", "struct ucred"),
            ("SO_PEERNAME", "struct sockaddr"),
            ("SO_PEERSEC", ""),
            ("SO_PEERGROUPS", "gid_t[]"),
            ("SO_MAX_PACING_RATE", "uint64_t"),
            ("SO_MEMINFO", "uint32_t[9]"),
            ("SO_COOKIE", "uint64_t"),
            ("SO_NETNS_COOKIE", "uint64_t"),
            ("SO_TXTIME", "struct sock_txtime"),
        ],
    ),
    (
        &TCP_OPTIONS,
        &[
            ("TCP_INFO", "struct tcp_info"),
            ("TCP_CONGESTION", "char[16]"),
            ("TCP_ULP", "char[16]"),
            ("TCP_MD5SIG", "struct tcp_md5sig"),
            ("TCP_MD5SIG_EXT", "struct tcp_md5sig"),
            ("TCP_REPAIR_OPTIONS", "struct tcp_repair_opt[]"),
            ("TCP_REPAIR_WINDOW", "struct tcp_repair_window"),
            ("TCP_CC_INFO", ""),
            ("TCP_SAVED_SYN", ""),
            ("TCP_FASTOPEN_KEY", "char[16]"),
            ("TCP_ZEROCOPY_RECEIVE", "struct tcp_zerocopy_receive"),
        ],
    ),
    (
        &IP_OPTIONS,
        &[
            ("IP_OPTIONS", ""),
            ("IP_PKTOPTIONS", ""),
            ("IP_RETOPTS", "int"),
            ("IP_MULTICAST_IF", "struct ip_mreqn"),
            ("IP_ADD_MEMBERSHIP", "struct ip_mreqn"),
            ("IP_DROP_MEMBERSHIP", "struct ip_mreqn"),
            ("IP_ADD_SOURCE_MEMBERSHIP", "struct ip_mreq_source"),
            ("IP_DROP_SOURCE_MEMBERSHIP", "struct ip_mreq_source"),
            ("IP_BLOCK_SOURCE", "struct ip_mreq_source"),
            ("IP_UNBLOCK_SOURCE", "struct ip_mreq_source"),
            ("IP_MSFILTER", "struct ip_msfilter"),
            ("MCAST_JOIN_GROUP", "struct group_req"),
            ("MCAST_LEAVE_GROUP", "struct group_req"),
            ("IP_LOCAL_PORT_RANGE", "uint32_t"),
        ],
    ),
    (
        &IPV6_OPTIONS,
        &[
            ("IPV6_JOIN_GROUP", "struct ipv6_mreq"),
            ("IPV6_LEAVE_GROUP", "struct ipv6_mreq"),
            ("IPV6_ADD_MEMBERSHIP", "struct ipv6_mreq"),
            ("IPV6_DROP_MEMBERSHIP", "struct ipv6_mreq"),
            ("IPV6_JOIN_ANYCAST", "struct ipv6_mreq"),
            ("IPV6_LEAVE_ANYCAST", "struct ipv6_mreq"),
            ("IPV6_PKTINFO", "struct in6_pktinfo"),
            ("IPV6_PATHMTU", "struct ip6_mtuinfo"),
            ("IPV6_FLOWLABEL_MGR", "struct in6_flowlabel_req"),
            ("IPV6_HOPOPTS", ""),
            ("IPV6_RTHDR", ""),
            ("IPV6_DSTOPTS", ""),
            ("IPV6_RTHDRDSTOPTS", ""),
        ],
    ),
    (&RAW_OPTIONS, &[("ICMP_FILTER", "struct icmp_filter")]),
    (&NETLINK_OPTIONS, &[("NETLINK_LIST_MEMBERSHIPS", "uint32_t[]")]),
    (
        &PACKET_OPTIONS,
        &[
            ("PACKET_ADD_MEMBERSHIP", "struct packet_mreq"),
            ("PACKET_DROP_MEMBERSHIP", "struct packet_mreq"),
            ("PACKET_STATISTICS", "struct tpacket_stats"),
            ("PACKET_RX_RING", "struct tpacket_req"),
            ("PACKET_TX_RING", "struct tpacket_req"),
            ("PACKET_FANOUT_DATA", "struct sock_fprog"),
            ("PACKET_ROLLOVER_STATS", "struct tpacket_rollover_stats"),
        ],
    ),
    (&TLS_OPTIONS, &[("TLS_TX", "struct tls_crypto_info"), ("TLS_RX", "struct tls_crypto_info")]),
    (
        &VSOCK_OPTIONS,
        &[
            ("SO_VM_SOCKETS_BUFFER_SIZE", "uint64_t"),
            ("SO_VM_SOCKETS_BUFFER_MIN_SIZE", "uint64_t"),
            ("SO_VM_SOCKETS_BUFFER_MAX_SIZE", "uint64_t"),
            ("SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD", "struct timeval"),
            ("SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW", "struct timeval"),
        ],
    ),
];

/// The options of a set whose value is no `int`.
pub(super) fn option_types(set: &Set) -> &'static [(&'static str, &'static str)] {
    VALUES.iter().find(|(of, _)| std::ptr::eq(*of, set)).map_or(&[], |(_, options)| *options)
}

/// The options of a level.
pub(super) fn set_of_level(level: u64) -> Option<&'static Set> {
    let is = |command: &&Command| SOL.value(command.name).is_some_and(|value| value as u32 == level as u32);
    LEVELS.iter().find(is)?.arguments.first()?.set()
}

/// The value of a socket option, once level and option are known.
pub(super) fn option_value(call: &Syscall, index: usize, known: &impl Fn(usize) -> Option<u64>) -> Option<Kind> {
    const OPTION: usize = 2;
    if !matches!(call.name, "setsockopt" | "getsockopt") || index != OPTION + 1 {
        return None;
    }
    let (_, level) = super::chosen(call, known)?;
    let set = level.arguments.first()?.set()?;
    let option = set.name_of(known(OPTION)?)?;
    let value = set.value(option);
    let of_type = option_types(set).iter().find(|(name, _)| set.value(name) == value).map_or("int", |(_, of)| *of);
    Some(if call.name == "setsockopt" { Kind::In(of_type) } else { Kind::Out(of_type) })
}
