//! Sets of symbolic constants, each for one kind of argument.

mod file;
mod ioctl;
mod memory;
mod process;
mod socket;

pub use file::*;
pub use ioctl::*;
pub use memory::*;
pub use process::*;
pub use socket::*;

/// A named set of constants.
#[derive(Debug)]
pub struct Set {
    /// What the set is called in messages: "open flags".
    pub name: &'static str,
    /// Name and value; where several names share a value the first is used in output.
    pub members: &'static [(&'static str, u64)],
}

impl Set {
    /// A member's value.
    pub fn value(&self, name: &str) -> Option<u64> {
        self.members.iter().find(|(member, _)| *member == name).map(|(_, value)| *value)
    }

    /// The member of exactly this value.
    pub fn name_of(&self, value: u64) -> Option<&'static str> {
        self.members.iter().find(|(_, member)| *member == value).map(|(name, _)| *name)
    }

    /// A value as members joined with `|`, the widest first to be recognised; bits of no member in hexadecimal.
    pub fn spell(&self, value: u64) -> String {
        if let Some(name) = self.name_of(value) {
            return name.to_owned();
        }
        let mut wide: Vec<&(&str, u64)> = self.members.iter().filter(|(_, member)| *member != 0).collect();
        // Members of several bits (O_SYNC) come before their parts; the order of the table decides among equals.
        wide.sort_by_key(|(_, member)| std::cmp::Reverse(member.count_ones()));
        let (mut left, mut found) = (value, Vec::new());
        for member in wide {
            if left & member.1 == member.1 {
                left &= !member.1;
                found.push(member);
            }
        }
        let order = |name: &str| self.members.iter().position(|(member, _)| *member == name);
        found.sort_by_key(|(name, _)| order(name));
        let mut names: Vec<String> = found.into_iter().map(|(name, _)| (*name).to_owned()).collect();
        // The access mode of an open is a number in two bits, of which 0 has a name too.
        if let (true, Some(zero)) =
            (value & 3 == 0 && self.members.first().is_some_and(|member| member.1 == 0), self.name_of(0))
        {
            names.insert(0, zero.to_owned());
        }
        if left != 0 {
            names.push(format!("{left:#x}"));
        }
        if names.is_empty() { "0".to_owned() } else { names.join("|") }
    }
}

/// Every set.
pub static ALL: &[&Set] = &[
    &OPEN,
    &AT,
    &ACCESS,
    &WHENCE,
    &FCNTL,
    &FD_FLAGS,
    &SEALS,
    &FLOCK,
    &DUP3,
    &PIPE2,
    &RENAME,
    &FALLOC,
    &FADVISE,
    &SPLICE,
    &SYNC_RANGE,
    &RWF,
    &STATX,
    &XATTR,
    &CLOSE_RANGE,
    &MFD,
    &MEMFD_SECRET,
    &EFD,
    &SFD,
    &TFD,
    &TFD_TIMER,
    &EPOLL_CREATE,
    &EPOLL_CTL,
    &INOTIFY,
    &INOTIFY_INIT,
    &FAN_INIT,
    &FAN_MARK,
    &FAN_EVENTS,
    &MS,
    &UMOUNT,
    &OPEN_TREE,
    &MOVE_MOUNT,
    &FSOPEN,
    &FSMOUNT,
    &FSPICK,
    &MOUNT_ATTR,
    &PROT,
    &MAP,
    &MADVISE,
    &MREMAP,
    &MSYNC,
    &MLOCK,
    &MCL,
    &PKEY,
    &MPOL,
    &MPOL_MF,
    &MPOL_F,
    &SHM,
    &UFFD,
    &SIGNALS,
    &SIGMASK_HOW,
    &RLIMIT,
    &RUSAGE,
    &PRIO,
    &IOPRIO_WHO,
    &SCHED,
    &CLONE,
    &WAIT,
    &IDTYPE,
    &PERSONALITY,
    &PRCTL,
    &CAP_AMBIENT,
    &SET_MM,
    &CAPS,
    &ARCH_PRCTL,
    &CLOCK,
    &TIMER,
    &ITIMER,
    &FUTEX,
    &MEMBARRIER,
    &KCMP,
    &SECCOMP,
    &SECCOMP_FILTER,
    &GRND,
    &PIDFD,
    &PERF,
    &LANDLOCK_CREATE,
    &LANDLOCK_RULE,
    &URING_ENTER,
    &IPC,
    &IPC_CTL,
    &SEM_CTL,
    &KEYCTL,
    &KEYRING,
    &BPF,
    &FSCONFIG,
    &DOMAIN,
    &SOCK_TYPE,
    &SOCK_FLAGS,
    &PROTOCOL,
    &SOL,
    &SHUTDOWN,
    &MSG,
    &SO,
    &TCP_OPTIONS,
    &IP_OPTIONS,
    &IPV6_OPTIONS,
    &IOCTL,
];

/// A constant by its name in whatever set has it.
pub fn find(name: &str) -> Option<(&'static Set, u64)> {
    ALL.iter().find_map(|set| set.value(name).map(|value| (*set, value)))
}
