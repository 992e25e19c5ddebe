//! Constants of calls on memory. Values are those of x86_64 (include/uapi of the kernel and its C headers).

use super::Set;

/// Memory protections.
pub static PROT: Set = Set::of(
    "memory protections",
    &[
        ("PROT_NONE", 0),
        ("PROT_READ", 1),
        ("PROT_WRITE", 2),
        ("PROT_EXEC", 4),
        ("PROT_SEM", 8),
        ("PROT_GROWSDOWN", 0x1000000),
        ("PROT_GROWSUP", 0x2000000),
    ],
);

/// Mmap flags.
pub static MAP: Set = Set::of(
    "mmap flags",
    &[
        ("MAP_SHARED", 1),
        ("MAP_PRIVATE", 2),
        ("MAP_SHARED_VALIDATE", 3),
        ("MAP_FIXED", 0x10),
        ("MAP_ANONYMOUS", 0x20),
        ("MAP_32BIT", 0x40),
        ("MAP_GROWSDOWN", 0x100),
        ("MAP_DENYWRITE", 0x800),
        ("MAP_EXECUTABLE", 0x1000),
        ("MAP_LOCKED", 0x2000),
        ("MAP_NORESERVE", 0x4000),
        ("MAP_POPULATE", 0x8000),
        ("MAP_NONBLOCK", 0x10000),
        ("MAP_STACK", 0x20000),
        ("MAP_HUGETLB", 0x40000),
        ("MAP_SYNC", 0x80000),
        ("MAP_FIXED_NOREPLACE", 0x100000),
        ("MAP_HUGE_16KB", 0x38000000),
        ("MAP_HUGE_64KB", 0x40000000),
        ("MAP_HUGE_512KB", 0x4c000000),
        ("MAP_HUGE_1MB", 0x50000000),
        ("MAP_HUGE_2MB", 0x54000000),
        ("MAP_HUGE_8MB", 0x5c000000),
        ("MAP_HUGE_16MB", 0x60000000),
        ("MAP_HUGE_32MB", 0x64000000),
        ("MAP_HUGE_256MB", 0x70000000),
        ("MAP_HUGE_512MB", 0x74000000),
        ("MAP_HUGE_1GB", 0x78000000),
        ("MAP_HUGE_2GB", 0x7c000000),
        ("MAP_HUGE_16GB", 0x88000000),
        ("MAP_FAILED", -1i64 as u64),
    ],
)
.on_aarch64(&[("MAP_32BIT", None)]);

/// Madvise advice.
pub static MADVISE: Set = Set::of(
    "madvise advice",
    &[
        ("MADV_NORMAL", 0),
        ("MADV_RANDOM", 1),
        ("MADV_SEQUENTIAL", 2),
        ("MADV_WILLNEED", 3),
        ("MADV_DONTNEED", 4),
        ("MADV_FREE", 8),
        ("MADV_REMOVE", 9),
        ("MADV_DONTFORK", 0xa),
        ("MADV_DOFORK", 0xb),
        ("MADV_MERGEABLE", 0xc),
        ("MADV_UNMERGEABLE", 0xd),
        ("MADV_HUGEPAGE", 0xe),
        ("MADV_NOHUGEPAGE", 0xf),
        ("MADV_DONTDUMP", 0x10),
        ("MADV_DODUMP", 0x11),
        ("MADV_WIPEONFORK", 0x12),
        ("MADV_KEEPONFORK", 0x13),
        ("MADV_COLD", 0x14),
        ("MADV_PAGEOUT", 0x15),
        ("MADV_POPULATE_READ", 0x16),
        ("MADV_POPULATE_WRITE", 0x17),
        ("MADV_DONTNEED_LOCKED", 0x18),
        ("MADV_COLLAPSE", 0x19),
        ("MADV_HWPOISON", 0x64),
        ("MADV_SOFT_OFFLINE", 0x65),
        ("MADV_GUARD_INSTALL", 0x66),
        ("MADV_GUARD_REMOVE", 0x67),
    ],
);

/// Mremap flags.
pub static MREMAP: Set =
    Set::of("mremap flags", &[("MREMAP_MAYMOVE", 1), ("MREMAP_FIXED", 2), ("MREMAP_DONTUNMAP", 4)]);

/// Msync flags.
pub static MSYNC: Set = Set::of("msync flags", &[("MS_ASYNC", 1), ("MS_INVALIDATE", 2), ("MS_SYNC", 4)]);

/// Mlock2 flags.
pub static MLOCK: Set = Set::of("mlock2 flags", &[("MLOCK_ONFAULT", 1)]);

/// Mlockall flags.
pub static MCL: Set = Set::of("mlockall flags", &[("MCL_CURRENT", 1), ("MCL_FUTURE", 2), ("MCL_ONFAULT", 4)]);

/// Protection key rights.
pub static PKEY: Set = Set::of("protection key rights", &[("PKEY_DISABLE_ACCESS", 1), ("PKEY_DISABLE_WRITE", 2)]);

/// Memory policies.
pub static MPOL: Set = Set::of(
    "memory policies",
    &[
        ("MPOL_DEFAULT", 0),
        ("MPOL_PREFERRED", 1),
        ("MPOL_BIND", 2),
        ("MPOL_INTERLEAVE", 3),
        ("MPOL_LOCAL", 4),
        ("MPOL_PREFERRED_MANY", 5),
        ("MPOL_WEIGHTED_INTERLEAVE", 6),
        ("MPOL_F_NUMA_BALANCING", 0x2000),
        ("MPOL_F_RELATIVE_NODES", 0x4000),
        ("MPOL_F_STATIC_NODES", 0x8000),
    ],
);

/// Mbind flags.
pub static MPOL_MF: Set =
    Set::of("mbind flags", &[("MPOL_MF_STRICT", 1), ("MPOL_MF_MOVE", 2), ("MPOL_MF_MOVE_ALL", 4)]);

/// Get_mempolicy flags.
pub static MPOL_F: Set =
    Set::of("get_mempolicy flags", &[("MPOL_F_NODE", 1), ("MPOL_F_ADDR", 2), ("MPOL_F_MEMS_ALLOWED", 4)]);

/// Shmat flags.
pub static SHM: Set =
    Set::of("shmat flags", &[("SHM_RDONLY", 0x1000), ("SHM_RND", 0x2000), ("SHM_REMAP", 0x4000), ("SHM_EXEC", 0x8000)]);

/// Userfaultfd flags.
pub static UFFD: Set =
    Set::of("userfaultfd flags", &[("UFFD_USER_MODE_ONLY", 1), ("O_NONBLOCK", 0x800), ("O_CLOEXEC", 0x80000)]);

/// Shmget flags.
pub static SHMGET: Set = Set::of(
    "shmget flags",
    &[("IPC_CREAT", 0x200), ("IPC_EXCL", 0x400), ("SHM_NORESERVE", 0x1000), ("SHM_HUGETLB", 0x800)],
)
.open();
