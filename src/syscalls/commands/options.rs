//! How each socket option is set back. Those of a known set that do not stand here are put back as getsockopt tells them.

use super::socket::{option_types, set_of_level};
use crate::syscalls::constants::*;
use crate::syscalls::layouts::named;
use crate::syscalls::{Nature, Set};
use SetBack::{Buffer, By, Not, SwitchedOn, ToOld};

/// How a socket option is set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBack {
    /// To what getsockopt told before; what else is to be said of that.
    ToOld(&'static str),
    /// The size of a buffer: the option that tells it, and the one that sets it beyond the limit of the system.
    Buffer {
        /// SO_SNDBUF or SO_RCVBUF.
        option: u64,
        /// The same with privilege.
        forced: u64,
    },
    /// To what getsockopt told before, switched on first: its time is set only so (SO_LINGER).
    SwitchedOn,
    /// By this option of the same level, with the same value.
    By(u64),
    /// It can't be, because …
    Not(&'static str),
}

/// A socket option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketOption {
    /// Bytes of its value.
    pub size: usize,
    /// How it is set back.
    pub back: SetBack,
}

impl SocketOption {
    /// What undoing it takes.
    pub fn nature(&self) -> Nature {
        match self.back {
            ToOld("") | SwitchedOn => {
                Nature::Restores("the option is set back to its old value, if it is still what the step set")
            }
            ToOld(how) => Nature::Restores(how),
            Buffer { .. } => Nature::Restores(RESIZED),
            By(_) => Nature::Restores("what it added is taken away again, or what it took away added"),
            Not(why) => Nature::Irreversible(why),
        }
    }
}

/// The option of that number of a level; `None` if it is not known.
pub fn socket_option(level: u64, option: u64) -> Option<SocketOption> {
    let set = set_of_level(level)?;
    let name = set.name_of(u64::from(option as u32))?;
    let same = |other: &str| set.value(other) == set.value(name);
    let of_type = option_types(set).iter().find(|(other, _)| same(other)).map_or("int", |(_, of)| *of);
    let size = named(of_type).and_then(|shape| shape.size());
    let special = ways(set).iter().find(|(other, _)| same(other)).map(|(_, back)| *back);
    let back = special.unwrap_or(ToOld(""));
    Some(SocketOption { size: size.unwrap_or(0), back: if size.is_none() { unsized_value(back) } else { back } })
}

/// A value of no known size can't be read.
fn unsized_value(back: SetBack) -> SetBack {
    match back {
        ToOld(_) | SwitchedOn => Not("how long its value is is not known"),
        other => other,
    }
}

/// What is to be said of options of a set beyond what holds for all, a sentence for those of which the same is to be said.
pub fn option_remarks(set: &Set) -> Vec<String> {
    let mut groups: Vec<(SetBack, Vec<&'static str>)> = Vec::new();
    for (name, back) in ways(set) {
        let same = |other: &SetBack| match (other, back) {
            (Buffer { .. }, Buffer { .. }) => true,
            (other, back) => other == back,
        };
        match groups.iter_mut().find(|(other, _)| same(other)) {
            Some((_, names)) => names.push(name),
            None => groups.push((*back, vec![name])),
        }
    }
    let remark = |(back, names): &(SetBack, Vec<&'static str>)| {
        let names = names.join(", ");
        match back {
            SwitchedOn => None,
            ToOld(how) => Some(format!("undo of {names}: {how}")),
            Buffer { .. } => Some(format!("undo of {names}: {RESIZED}")),
            By(other) => Some(format!("{names} is undone by {}", set.name_of(*other).unwrap_or("another option"))),
            Not(why) => Some(format!("{names} can't be undone: {why}")),
        }
    };
    groups.iter().filter_map(remark).collect()
}

type Ways = &'static [(&'static str, SetBack)];

fn ways(set: &Set) -> Ways {
    WAYS.iter().find(|(of, _)| std::ptr::eq(*of, set)).map_or(&[], |(_, ways)| *ways)
}

const RESIZED: &str = "half of the old size is set, which the kernel doubles again, and so is whether the size was ever set \
                       (SO_BUF_LOCK, from Linux 5.14 on); a size beyond net.core.wmem_max or rmem_max takes CAP_NET_ADMIN";
const DEFAULT: SetBack = ToOld(
    "the old value is put back, if it is still what the step set; where it was the system's default, which may change \
     later, it stays what that was",
);
const PUSHED: SetBack =
    ToOld("the old value is put back, if it is still what the step set; what was held back is sent then");
const PRIVILEGED: SetBack = ToOld(
    "the old value is put back, if it is still what the step set; to take a socket away from its device takes CAP_NET_RAW",
);
const ERRORS: SetBack = ToOld(
    "the old value is put back, if it is still what the step set; errors that wait to be read are dropped with it",
);
const READ_ONLY: SetBack = Not("it can only be read");
const STAMPS: SetBack = Not("the ways to have packets stamped switch each other off");
const FILTER: SetBack = Not("a filter can't be read from a socket, nor put back");
const REPAIR: SetBack = Not("it is for what restores connections, whose state it changes in many ways");
const KEYS: SetBack = Not("keys can't be read");
const LEFT: SetBack = Not("what came meanwhile was missed, and which sources it was for is forgotten");
const WRITE_ONLY: SetBack = Not("it can't be read");
const VARIES: SetBack = Not("its value may be of any length");

static WAYS: &[(&Set, Ways)] = &[
    (
        &SO,
        &[
            ("SO_TYPE", READ_ONLY),
            ("SO_ERROR", READ_ONLY),
            ("SO_SNDLOWAT", READ_ONLY),
            ("SO_SNDBUF", Buffer { option: 7, forced: 0x20 }),
            ("SO_RCVBUF", Buffer { option: 8, forced: 0x21 }),
            ("SO_SNDBUFFORCE", Buffer { option: 7, forced: 0x20 }),
            ("SO_RCVBUFFORCE", Buffer { option: 8, forced: 0x21 }),
            ("SO_LINGER", SwitchedOn),
            ("SO_PEERCRED", READ_ONLY),
            ("SO_BINDTODEVICE", PRIVILEGED),
            ("SO_BINDTOIFINDEX", PRIVILEGED),
            ("SO_ATTACH_FILTER", FILTER),
            ("SO_ATTACH_BPF", FILTER),
            ("SO_DETACH_FILTER", FILTER),
            ("SO_ATTACH_REUSEPORT_CBPF", FILTER),
            ("SO_ATTACH_REUSEPORT_EBPF", FILTER),
            ("SO_DETACH_REUSEPORT_BPF", FILTER),
            ("SO_LOCK_FILTER", Not("a filter that is locked stays so")),
            ("SO_PEERNAME", READ_ONLY),
            ("SO_ACCEPTCONN", READ_ONLY),
            ("SO_PEERSEC", READ_ONLY),
            ("SO_TIMESTAMP", STAMPS),
            ("SO_TIMESTAMPNS", STAMPS),
            ("SO_TIMESTAMP_NEW", STAMPS),
            ("SO_TIMESTAMPNS_NEW", STAMPS),
            ("SO_PROTOCOL", READ_ONLY),
            ("SO_DOMAIN", READ_ONLY),
            ("SO_BPF_EXTENSIONS", READ_ONLY),
            ("SO_CNX_ADVICE", WRITE_ONLY),
            ("SO_MEMINFO", READ_ONLY),
            ("SO_INCOMING_NAPI_ID", READ_ONLY),
            ("SO_COOKIE", READ_ONLY),
            ("SO_PEERGROUPS", READ_ONLY),
            ("SO_TXTIME", Not("it is never switched off again")),
            ("SO_NETNS_COOKIE", READ_ONLY),
            ("SO_PEERPIDFD", READ_ONLY),
            ("SO_DEVMEM_LINEAR", READ_ONLY),
            ("SO_DEVMEM_DMABUF", READ_ONLY),
            ("SO_DEVMEM_DONTNEED", Not("what it gives back is gone")),
        ],
    ),
    (
        &TCP_OPTIONS,
        &[
            ("TCP_MAXSEG", Not("what was asked for before can't be read, but what came of it")),
            ("TCP_CORK", PUSHED),
            ("TCP_KEEPIDLE", DEFAULT),
            ("TCP_KEEPINTVL", DEFAULT),
            ("TCP_KEEPCNT", DEFAULT),
            ("TCP_SYNCNT", DEFAULT),
            ("TCP_LINGER2", DEFAULT),
            ("TCP_INFO", READ_ONLY),
            ("TCP_QUICKACK", Not("the kernel itself goes on to change it, so that it is no setting to be put back")),
            (
                "TCP_CONGESTION",
                ToOld("the old algorithm is set again, if the step's is still there; what either has measured is lost"),
            ),
            ("TCP_MD5SIG", KEYS),
            ("TCP_MD5SIG_EXT", KEYS),
            ("TCP_REPAIR", REPAIR),
            ("TCP_REPAIR_QUEUE", REPAIR),
            ("TCP_QUEUE_SEQ", REPAIR),
            ("TCP_REPAIR_OPTIONS", REPAIR),
            ("TCP_REPAIR_WINDOW", REPAIR),
            ("TCP_TIMESTAMP", REPAIR),
            ("TCP_CC_INFO", READ_ONLY),
            ("TCP_SAVED_SYN", READ_ONLY),
            ("TCP_ULP", Not("a protocol that was put above TCP is never taken off")),
            ("TCP_FASTOPEN_KEY", KEYS),
            ("TCP_ZEROCOPY_RECEIVE", READ_ONLY),
            ("TCP_AO_ADD_KEY", KEYS),
            ("TCP_AO_DEL_KEY", KEYS),
            ("TCP_AO_INFO", KEYS),
            ("TCP_AO_GET_KEYS", READ_ONLY),
            ("TCP_AO_REPAIR", REPAIR),
            ("TCP_IS_MPTCP", READ_ONLY),
        ],
    ),
    (
        &UDP_OPTIONS,
        &[("UDP_CORK", PUSHED), ("UDP_ENCAP", Not("a socket that takes encapsulated packets goes on to do so"))],
    ),
    (
        &IP_OPTIONS,
        &[
            ("IP_TTL", DEFAULT),
            ("IP_OPTIONS", VARIES),
            ("IP_ROUTER_ALERT", WRITE_ONLY),
            ("IP_RECVERR", ERRORS),
            ("IP_MTU", READ_ONLY),
            ("IP_MULTICAST_IF", Not("of the old interface no more than its address can be read")),
            ("IP_ADD_MEMBERSHIP", By(0x24)),
            ("IP_DROP_MEMBERSHIP", LEFT),
            ("IP_ADD_SOURCE_MEMBERSHIP", By(0x28)),
            ("IP_DROP_SOURCE_MEMBERSHIP", LEFT),
            ("IP_BLOCK_SOURCE", By(0x25)),
            ("IP_UNBLOCK_SOURCE", By(0x26)),
            ("MCAST_JOIN_GROUP", By(0x2d)),
            ("MCAST_LEAVE_GROUP", LEFT),
            ("IP_MSFILTER", VARIES),
            ("IP_PROTOCOL", READ_ONLY),
            ("IP_PKTOPTIONS", READ_ONLY),
            ("IP_IPSEC_POLICY", WRITE_ONLY),
            ("IP_XFRM_POLICY", WRITE_ONLY),
        ],
    ),
    (
        &IPV6_OPTIONS,
        &[
            ("IPV6_ADDRFORM", Not("an IPv6 socket that was made one of IPv4 stays so")),
            ("IPV6_UNICAST_HOPS", DEFAULT),
            ("IPV6_JOIN_GROUP", By(0x15)),
            ("IPV6_LEAVE_GROUP", LEFT),
            ("IPV6_JOIN_ANYCAST", By(0x1c)),
            ("IPV6_LEAVE_ANYCAST", LEFT),
            ("IPV6_MTU", Not("what was asked for before can't be read, but what came of it")),
            ("IPV6_RECVERR", ERRORS),
            ("IPV6_PKTINFO", WRITE_ONLY),
            ("IPV6_HOPLIMIT", WRITE_ONLY),
            ("IPV6_ROUTER_ALERT", WRITE_ONLY),
            ("IPV6_FLOWLABEL_MGR", Not("a flow label that was given up may be another's")),
            ("IPV6_HOPOPTS", VARIES),
            ("IPV6_RTHDRDSTOPTS", VARIES),
            ("IPV6_RTHDR", VARIES),
            ("IPV6_DSTOPTS", VARIES),
            ("IPV6_PATHMTU", READ_ONLY),
        ],
    ),
    (
        &NETLINK_OPTIONS,
        &[
            ("NETLINK_ADD_MEMBERSHIP", Not("whether the socket was a member before is not told")),
            ("NETLINK_DROP_MEMBERSHIP", LEFT),
            ("NETLINK_LIST_MEMBERSHIPS", READ_ONLY),
        ],
    ),
    (
        &PACKET_OPTIONS,
        &[
            ("PACKET_ADD_MEMBERSHIP", By(2)),
            ("PACKET_DROP_MEMBERSHIP", LEFT),
            ("PACKET_RECV_OUTPUT", WRITE_ONLY),
            ("PACKET_RX_RING", Not("what was in the old ring is gone")),
            ("PACKET_TX_RING", Not("what was in the old ring is gone")),
            ("PACKET_STATISTICS", READ_ONLY),
            ("PACKET_HDRLEN", READ_ONLY),
            ("PACKET_TX_TIMESTAMP", WRITE_ONLY),
            ("PACKET_FANOUT", Not("a socket leaves its group only as it is closed")),
            ("PACKET_FANOUT_DATA", FILTER),
            ("PACKET_ROLLOVER_STATS", READ_ONLY),
        ],
    ),
    (
        &TLS_OPTIONS,
        &[
            ("TLS_TX", KEYS),
            ("TLS_RX", KEYS),
            ("TLS_TX_ZEROCOPY_RO", Not("it is never switched off again")),
            ("TLS_RX_EXPECT_NO_PAD", Not("it is never switched off again")),
        ],
    ),
    (
        &VSOCK_OPTIONS,
        &[
            ("SO_VM_SOCKETS_PEER_HOST_VM_ID", READ_ONLY),
            ("SO_VM_SOCKETS_TRUSTED", READ_ONLY),
            ("SO_VM_SOCKETS_NONBLOCK_TXRX", WRITE_ONLY),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_of_options_that_there_are_each_once() {
        for (set, ways) in WAYS {
            let mut values: Vec<u64> = ways
                .iter()
                .map(|(name, _)| set.value(name).unwrap_or_else(|| panic!("{name} is none of the {}", set.name)))
                .collect();
            values.sort_unstable();
            let before = values.len();
            values.dedup();
            assert_eq!(values.len(), before, "{}", set.name);
            for (name, back) in *ways {
                if let By(other) = back {
                    assert!(set.name_of(*other).is_some(), "{name}");
                }
            }
        }
    }

    #[test]
    fn what_is_put_back_has_a_size() {
        let levels = SOL.members.iter().map(|(_, value)| *value);
        let mut count = 0;
        for level in levels {
            let Some(set) = set_of_level(level) else { continue };
            for (name, value) in set.members {
                let option = socket_option(level, *value).unwrap_or_else(|| panic!("{name}"));
                assert!(!matches!(option.back, ToOld(_)) || (1..=64).contains(&option.size), "{name}: {option:?}");
                count += 1;
            }
        }
        assert!(count > 200, "{count}");
        let of = |level: i32, option: i32| socket_option(level as u64, option as u64).map(|option| option.size);
        assert_eq!(of(libc::SOL_SOCKET, libc::SO_LINGER), Some(8));
        assert_eq!(of(libc::SOL_SOCKET, libc::SO_RCVTIMEO), Some(16));
        assert_eq!(of(libc::SOL_SOCKET, 9999), None);
        assert_eq!(of(4711, 1), None);
    }
}
