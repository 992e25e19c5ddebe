//! `struct ifreq` of the ioctls on network interfaces, and `struct tcp_info`.
//!
//! What lies behind the name in an ifreq depends on the request, so there is a layout for each member of its union: the one
//! with `ifr_flags` is called `ifreq_flags`, and so on.

use super::network::SOCKADDR_IN;
use super::{I32, Layout, Type, U8, U16, U32, U64, f, flags, layout, one_of, sets};

const NAME: Type = Type::Text(16);
/// Requests by ioctl know IPv4 only.
const ADDRESS: Type = Type::Struct(&SOCKADDR_IN);

/// A hardware address: its kind (ARPHRD_*), and in the first bytes of `sa_data` the address.
static SOCKADDR_HW: Layout =
    layout("sockaddr_hw", 16, "sys/socket.h", &[f("sa_family", 0, U16), f("sa_data", 2, Type::Bytes(14))]);

macro_rules! requests {
    ($($layout:ident $name:literal $field:literal $ty:expr;)*) => {
        $(static $layout: Layout = layout($name, 40, "net/if.h", &[f("ifr_name", 0, NAME), f($field, 16, $ty)]);)*
        pub(super) static ALL: &[&Layout] = &[&SOCKADDR_HW, $(&$layout,)* &TCP_INFO];
    };
}

requests! {
    IFREQ "ifreq" "ifr_data" Type::Pointer("");
    IFREQ_ADDR "ifreq_addr" "ifr_addr" ADDRESS;
    IFREQ_DSTADDR "ifreq_dstaddr" "ifr_dstaddr" ADDRESS;
    IFREQ_BROADADDR "ifreq_broadaddr" "ifr_broadaddr" ADDRESS;
    IFREQ_NETMASK "ifreq_netmask" "ifr_netmask" ADDRESS;
    IFREQ_HWADDR "ifreq_hwaddr" "ifr_hwaddr" Type::Struct(&SOCKADDR_HW);
    IFREQ_FLAGS "ifreq_flags" "ifr_flags" flags(2, &sets::IFF);
    IFREQ_IFINDEX "ifreq_ifindex" "ifr_ifindex" I32;
    IFREQ_METRIC "ifreq_metric" "ifr_metric" I32;
    IFREQ_MTU "ifreq_mtu" "ifr_mtu" I32;
    IFREQ_QLEN "ifreq_qlen" "ifr_qlen" I32;
    IFREQ_NEWNAME "ifreq_newname" "ifr_newname" NAME;
}

/// As of Linux 5.4; the kernel fills what there is room for. (The bit-fields at 6 and 7 have no names here.)
static TCP_INFO: Layout = layout(
    "tcp_info",
    232,
    "linux/tcp.h",
    &[
        f("tcpi_state", 0, one_of(1, false, &sets::TCP_STATE)),
        f("tcpi_ca_state", 1, U8),
        f("tcpi_retransmits", 2, U8),
        f("tcpi_probes", 3, U8),
        f("tcpi_backoff", 4, U8),
        f("tcpi_options", 5, U8),
        f("tcpi_rto", 8, U32),
        f("tcpi_ato", 12, U32),
        f("tcpi_snd_mss", 16, U32),
        f("tcpi_rcv_mss", 20, U32),
        f("tcpi_unacked", 24, U32),
        f("tcpi_sacked", 28, U32),
        f("tcpi_lost", 32, U32),
        f("tcpi_retrans", 36, U32),
        f("tcpi_fackets", 40, U32),
        f("tcpi_last_data_sent", 44, U32),
        f("tcpi_last_ack_sent", 48, U32),
        f("tcpi_last_data_recv", 52, U32),
        f("tcpi_last_ack_recv", 56, U32),
        f("tcpi_pmtu", 60, U32),
        f("tcpi_rcv_ssthresh", 64, U32),
        f("tcpi_rtt", 68, U32),
        f("tcpi_rttvar", 72, U32),
        f("tcpi_snd_ssthresh", 76, U32),
        f("tcpi_snd_cwnd", 80, U32),
        f("tcpi_advmss", 84, U32),
        f("tcpi_reordering", 88, U32),
        f("tcpi_rcv_rtt", 92, U32),
        f("tcpi_rcv_space", 96, U32),
        f("tcpi_total_retrans", 100, U32),
        f("tcpi_pacing_rate", 104, U64),
        f("tcpi_max_pacing_rate", 112, U64),
        f("tcpi_bytes_acked", 120, U64),
        f("tcpi_bytes_received", 128, U64),
        f("tcpi_segs_out", 136, U32),
        f("tcpi_segs_in", 140, U32),
        f("tcpi_notsent_bytes", 144, U32),
        f("tcpi_min_rtt", 148, U32),
        f("tcpi_data_segs_in", 152, U32),
        f("tcpi_data_segs_out", 156, U32),
        f("tcpi_delivery_rate", 160, U64),
        f("tcpi_busy_time", 168, U64),
        f("tcpi_rwnd_limited", 176, U64),
        f("tcpi_sndbuf_limited", 184, U64),
        f("tcpi_delivered", 192, U32),
        f("tcpi_delivered_ce", 196, U32),
        f("tcpi_bytes_sent", 200, U64),
        f("tcpi_bytes_retrans", 208, U64),
        f("tcpi_dsack_dups", 216, U32),
        f("tcpi_reord_seen", 220, U32),
        f("tcpi_rcv_ooopack", 224, U32),
        f("tcpi_snd_wnd", 228, U32),
    ],
);
