//! Sets of symbolic constants, each for one kind of argument.

mod event;
mod file;
mod ioctl;
mod ipc;
mod kernel;
mod memory;
mod mount;
mod prctl;
mod process;
mod security;
mod socket;

pub use event::*;
pub use file::*;
pub use ioctl::*;
pub use ipc::*;
pub use kernel::*;
pub use memory::*;
pub use mount::*;
pub use prctl::*;
pub use process::*;
pub use security::*;
pub use socket::*;

use super::Arch;

/// A named set of constants.
#[derive(Debug)]
pub struct Set {
    /// What the set is called in messages: "open flags".
    pub name: &'static str,
    /// Name and value on x86_64; where several names share a value the first is used in output.
    pub members: &'static [(&'static str, u64)],
    /// Members that have another value on aarch64, or that it has not.
    pub aarch64: &'static [(&'static str, Option<u64>)],
    /// Whether other numbers than the members mean something too (ids, requests of drivers).
    pub open: bool,
}

impl Set {
    /// A set with the same values on every architecture.
    pub const fn of(name: &'static str, members: &'static [(&'static str, u64)]) -> Self {
        Self { name, members, aarch64: &[], open: false }
    }

    /// With members that differ on aarch64.
    pub const fn on_aarch64(mut self, members: &'static [(&'static str, Option<u64>)]) -> Self {
        self.aarch64 = members;
        self
    }

    /// With other numbers that mean something too.
    pub const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// A member's value on an architecture.
    pub fn value_on(&self, arch: Arch, name: &str) -> Option<u64> {
        let differs = self.aarch64.iter().find(|(member, _)| arch == Arch::Aarch64 && *member == name);
        differs.map_or_else(|| self.value(name), |(_, value)| *value)
    }

    /// A member's value on x86_64.
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
    &MODE,
    &AT_STAT,
    &AT_STATX,
    &AT_NOFOLLOW,
    &AT_ACCESS,
    &AT_UNLINK,
    &AT_LINK,
    &AT_HANDLE,
    &AT_TREE,
    &LEASE,
    &DNOTIFY,
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
    &SHMGET,
    &SIGNALS,
    &SIGMASK_HOW,
    &RLIMIT,
    &RUSAGE,
    &PRIO,
    &IOPRIO_WHO,
    &SCHED,
    &CLONE,
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
    &KEYCTL,
    &KEYRING,
    &BPF,
    &FSCONFIG,
    &NAMESPACES,
    &UNSHARE,
    &WAIT4,
    &WAITID,
    &SECCOMP_MODE,
    &TSC,
    &TIMING,
    &MCE_KILL,
    &MCE_POLICY,
    &SPEC,
    &SPEC_CTRL,
    &DISPATCH,
    &SCHED_CORE,
    &SCHED_CORE_SCOPE,
    &MDWE,
    &SECUREBITS,
    &VMA,
    &PTRACER,
    &FUTEX2,
    &MEMBARRIER_FLAGS,
    &LANDLOCK_RESTRICT,
    &URING_REGISTER,
    &PIDFD_SIGNAL,
    &LSM_ATTR,
    &SHM_CTL,
    &MSG_CTL,
    &SEM_CTL,
    &MSGRCV,
    &KEY_PERM,
    &REQKEY,
    &KEY_MOVE,
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
    &UDP_OPTIONS,
    &NETLINK_OPTIONS,
    &PACKET_OPTIONS,
    &RAW_OPTIONS,
    &TLS_OPTIONS,
    &VSOCK_OPTIONS,
    &NETLINK_PROTOCOL,
    &IOCTL,
    &TC_FLUSH,
    &TC_FLOW,
    &MODEM,
    &FS_FLAGS,
    &SYSLOG,
    &SWAP,
    &REBOOT_MAGIC,
    &REBOOT_MAGIC2,
    &REBOOT,
    &MODULE_INIT,
    &MODULE_DELETE,
    &KEXEC,
    &KEXEC_FILE,
];

/// A constant by its name in whatever set has it.
pub fn find(name: &str) -> Option<(&'static Set, u64)> {
    ALL.iter().chain(super::layouts::sets::ALL).find_map(|set| set.value(name).map(|value| (*set, value)))
}
