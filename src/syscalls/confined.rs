//! Calls whose effect ends with a descriptor: it lies in what one call has made and nobody else can have yet, so that nothing
//! of it stays once the descriptor is closed again. What reaches others (connect, a write to a file or terminal, a bind to a
//! path) is not here, and must not be.

use super::Syscall;

/// A line of the table.
struct Confined {
    calls: &'static [&'static str],
    /// Calls that have made the descriptor: their first use of a descriptor is the one that counts.
    makers: &'static [&'static str],
    /// Which arguments are meant.
    only: Only,
}

enum Only {
    /// All.
    Any,
    /// The argument of that index is one of these.
    One(usize, &'static [u64]),
    /// Socket options that are the socket's own: those of firewalls and multicast routing are the network's (levels and
    /// numbers of linux/in.h, linux/netfilter_ipv4/ip_tables.h, linux/mroute.h).
    SocketOptions,
}

const FILES: &[&str] = &["open", "openat", "openat2", "creat"];
const POSITIONED: &[&str] = &["open", "openat", "openat2", "creat", "memfd_create"];
const SOCKET: &[&str] = &["socket"];
const MEMORY: &[&str] = &["memfd_create"];
const ANY: &[&str] = &[
    "open",
    "openat",
    "openat2",
    "creat",
    "memfd_create",
    "socket",
    "eventfd",
    "eventfd2",
    "timerfd_create",
    "epoll_create",
    "epoll_create1",
    "inotify_init",
    "inotify_init1",
];

const fn all(calls: &'static [&'static str], makers: &'static [&'static str]) -> Confined {
    Confined { calls, makers, only: Only::Any }
}

#[rustfmt::skip]
static TABLE: &[Confined] = &[
    // The position and the lock of an open file of one's own. (flock is given up by the last close.)
    all(&["lseek", "flock"], POSITIONED),
    all(&["getdents", "getdents64"], FILES),
    // What lies in memory that has no name.
    all(&["read", "readv", "preadv2", "write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate", "fallocate"], MEMORY),
    all(&["read", "write"], &["eventfd", "eventfd2"]),
    all(&["timerfd_settime", "read"], &["timerfd_create"]),
    all(&["epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2"], &["epoll_create", "epoll_create1"]),
    all(&["inotify_add_watch", "inotify_rm_watch", "read"], &["inotify_init", "inotify_init1"]),
    all(&["landlock_add_rule"], &["landlock_create_ruleset"]),
    all(&["signalfd", "signalfd4"], &["signalfd", "signalfd4"]),
    // A socket that is not connected. What `bind` may be given is for its address to say.
    all(&["listen", "bind"], SOCKET),
    Confined { calls: &["setsockopt"], makers: SOCKET, only: Only::SocketOptions },
    // F_SETOWN, F_SETSIG, F_SETOWN_EX, F_OFD_SETLK; F_ADD_SEALS.
    Confined { calls: &["fcntl"], makers: ANY, only: Only::One(1, &[8, 10, 15, 37]) },
    Confined { calls: &["fcntl"], makers: MEMORY, only: Only::One(1, &[1033]) },
    // FIONBIO, FIONCLEX, FIOCLEX, FIOASYNC.
    Confined { calls: &["ioctl"], makers: ANY, only: Only::One(1, &[0x5421, 0x5450, 0x5451, 0x5452]) },
];

impl Only {
    fn means(&self, known: &impl Fn(usize) -> Option<u64>) -> bool {
        match self {
            Self::Any => true,
            Self::One(index, values) => known(*index).is_some_and(|value| values.contains(&value)),
            Self::SocketOptions => match (known(1), known(2)) {
                // SOL_SOCKET, IPPROTO_TCP, IPPROTO_UDP.
                (Some(1 | 6 | 17), Some(_)) => true,
                // IPPROTO_IP, IPPROTO_IPV6.
                (Some(0 | 41), Some(option)) => !matches!(option, 64 | 65 | 96 | 97 | 128 | 129 | 200..),
                _ => false,
            },
        }
    }
}

/// Whether what a call does on a descriptor, which is its first argument, is gone once that is closed; `maker` has made it.
/// `known` gives the value of an argument that is a constant.
pub fn ends_with_descriptor(maker: &Syscall, call: &Syscall, known: impl Fn(usize) -> Option<u64>) -> bool {
    let of = |line: &&Confined| line.calls.contains(&call.name) && line.makers.contains(&maker.name);
    TABLE.iter().filter(of).any(|line| line.only.means(&known))
}

/// The same in sentences.
pub fn sentences(call: &Syscall) -> Vec<String> {
    let fd = call.params.first().map_or("", |param| param.name);
    let sentence = |line: &Confined| {
        let (makers, only) = (line.makers.join(", "), line.only.describe(call));
        format!("if the plan itself opened `{fd}` ({makers}){only}: nothing of it stays once that is closed on undo")
    };
    TABLE.iter().filter(|line| line.calls.contains(&call.name)).map(sentence).collect()
}

impl Only {
    fn describe(&self, call: &Syscall) -> String {
        match self {
            Self::Any if call.name == "bind" => " and `addr` is no path".to_owned(),
            Self::Any => String::new(),
            Self::One(index, values) => {
                let Some(param) = call.params.get(*index) else { return String::new() };
                let name = |value: &u64| param.kind.set().and_then(|set| set.name_of(*value)).unwrap_or("another");
                format!(" and `{}` is {}", param.name, values.iter().map(name).collect::<Vec<_>>().join(" or "))
            }
            Self::SocketOptions => " and the option is the socket's own".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::{Kind, by_name};

    #[test]
    fn the_table_names_calls_that_there_are() {
        for line in TABLE {
            for call in line.calls.iter().map(|name| by_name(name).expect(name)) {
                assert!(matches!(call.params[0].kind, Kind::Fd), "{}", call.name);
                assert!(!matches!(call.name, "connect" | "accept" | "accept4" | "sendto" | "sendmsg" | "sendmmsg"));
            }
            for maker in line.makers.iter().map(|name| by_name(name).expect(name)) {
                assert_eq!(maker.returns, crate::syscalls::Returns::Fd, "{}", maker.name);
            }
        }
    }

    #[test]
    fn what_a_file_holds_and_what_the_network_goes_by_stay() {
        let ends = |maker: &str, call: &str, args: &[u64]| {
            let (maker, call) = (by_name(maker).expect(maker), by_name(call).expect(call));
            ends_with_descriptor(maker, call, |index| args.get(index).copied())
        };
        for call in ["write", "ftruncate", "fchmod", "fsetxattr", "read"] {
            assert!(!ends("open", call, &[]), "{call}");
        }
        assert!(
            !ends("socket", "connect", &[])
                && !ends("dup", "lseek", &[])
                && !ends("pidfd_getfd", "setsockopt", &[3, 1, 9])
        );
        assert!(ends("socket", "setsockopt", &[3, 1, 9]) && ends("socket", "setsockopt", &[3, 6, 18]));
        // IPT_SO_SET_REPLACE, MRT_ADD_VIF, IP_VS_SO_SET_ADD; an option that is not known.
        for option in [64, 202, 1154] {
            assert!(!ends("socket", "setsockopt", &[3, 0, option]), "{option}");
        }
        assert!(!ends("socket", "setsockopt", &[3, 0]) && !ends("memfd_create", "fcntl", &[3, 6]));
    }
}
