//! Constants of calls on files, descriptors and mounts. Values are those of x86_64 (include/uapi of the kernel and its C headers).

use super::Set;

/// Open flags.
pub static OPEN: Set = Set::of(
    "open flags",
    &[
        ("O_RDONLY", 0),
        ("O_WRONLY", 1),
        ("O_RDWR", 2),
        ("O_CREAT", 0x40),
        ("O_EXCL", 0x80),
        ("O_NOCTTY", 0x100),
        ("O_TRUNC", 0x200),
        ("O_APPEND", 0x400),
        ("O_NONBLOCK", 0x800),
        ("O_DSYNC", 0x1000),
        ("O_ASYNC", 0x2000),
        ("O_DIRECT", 0x4000),
        ("O_LARGEFILE", 0x8000),
        ("O_DIRECTORY", 0x10000),
        ("O_NOFOLLOW", 0x20000),
        ("O_NOATIME", 0x40000),
        ("O_CLOEXEC", 0x80000),
        ("O_RSYNC", 0x101000),
        ("O_SYNC", 0x101000),
        ("O_PATH", 0x200000),
        ("O_TMPFILE", 0x410000),
    ],
)
.on_aarch64(&[
    ("O_DIRECT", Some(0x10000)),
    ("O_LARGEFILE", Some(0x20000)),
    ("O_DIRECTORY", Some(0x4000)),
    ("O_NOFOLLOW", Some(0x8000)),
    ("O_TMPFILE", Some(0x404000)),
]);

/// Access modes.
pub static ACCESS: Set = Set::of("access modes", &[("F_OK", 0), ("X_OK", 1), ("W_OK", 2), ("R_OK", 4)]);

/// Lseek whences.
pub static WHENCE: Set =
    Set::of("lseek whences", &[("SEEK_SET", 0), ("SEEK_CUR", 1), ("SEEK_END", 2), ("SEEK_DATA", 3), ("SEEK_HOLE", 4)]);

/// Fcntl commands.
pub static FCNTL: Set = Set::of(
    "fcntl commands",
    &[
        ("F_DUPFD", 0),
        ("F_GETFD", 1),
        ("F_SETFD", 2),
        ("F_GETFL", 3),
        ("F_SETFL", 4),
        ("F_GETLK", 5),
        ("F_SETLK", 6),
        ("F_SETLKW", 7),
        ("F_SETOWN", 8),
        ("F_GETOWN", 9),
        ("F_SETSIG", 0xa),
        ("F_GETSIG", 0xb),
        ("F_SETOWN_EX", 0xf),
        ("F_GETOWN_EX", 0x10),
        ("F_OFD_GETLK", 0x24),
        ("F_OFD_SETLK", 0x25),
        ("F_OFD_SETLKW", 0x26),
        ("F_SETLEASE", 0x400),
        ("F_GETLEASE", 0x401),
        ("F_NOTIFY", 0x402),
        ("F_DUPFD_CLOEXEC", 0x406),
        ("F_SETPIPE_SZ", 0x407),
        ("F_GETPIPE_SZ", 0x408),
        ("F_ADD_SEALS", 0x409),
        ("F_GET_SEALS", 0x40a),
        ("F_GET_RW_HINT", 0x40b),
        ("F_SET_RW_HINT", 0x40c),
        ("F_GET_FILE_RW_HINT", 0x40d),
        ("F_SET_FILE_RW_HINT", 0x40e),
        ("F_DUPFD_QUERY", 0x403),
        ("F_CREATED_QUERY", 0x404),
    ],
);

/// Descriptor flags.
pub static FD_FLAGS: Set = Set::of("descriptor flags", &[("FD_CLOEXEC", 1)]);

/// File seals.
pub static SEALS: Set = Set::of(
    "file seals",
    &[
        ("F_SEAL_SEAL", 1),
        ("F_SEAL_SHRINK", 2),
        ("F_SEAL_GROW", 4),
        ("F_SEAL_WRITE", 8),
        ("F_SEAL_FUTURE_WRITE", 0x10),
        ("F_SEAL_EXEC", 0x20),
    ],
);

/// Flock operations.
pub static FLOCK: Set = Set::of("flock operations", &[("LOCK_SH", 1), ("LOCK_EX", 2), ("LOCK_NB", 4), ("LOCK_UN", 8)]);

/// Dup3 flags.
pub static DUP3: Set = Set::of("dup3 flags", &[("O_CLOEXEC", 0x80000)]);

/// Pipe2 flags.
pub static PIPE2: Set = Set::of(
    "pipe2 flags",
    &[("O_NOTIFICATION_PIPE", 0x80), ("O_NONBLOCK", 0x800), ("O_DIRECT", 0x4000), ("O_CLOEXEC", 0x80000)],
)
.on_aarch64(&[("O_DIRECT", Some(0x10000))]);

/// Rename flags.
pub static RENAME: Set =
    Set::of("rename flags", &[("RENAME_NOREPLACE", 1), ("RENAME_EXCHANGE", 2), ("RENAME_WHITEOUT", 4)]);

/// Fallocate modes.
pub static FALLOC: Set = Set::of(
    "fallocate modes",
    &[
        ("FALLOC_FL_KEEP_SIZE", 1),
        ("FALLOC_FL_PUNCH_HOLE", 2),
        ("FALLOC_FL_NO_HIDE_STALE", 4),
        ("FALLOC_FL_COLLAPSE_RANGE", 8),
        ("FALLOC_FL_ZERO_RANGE", 0x10),
        ("FALLOC_FL_INSERT_RANGE", 0x20),
        ("FALLOC_FL_UNSHARE_RANGE", 0x40),
        ("FALLOC_FL_WRITE_ZEROES", 0x80),
    ],
);

/// Fadvise advice.
pub static FADVISE: Set = Set::of(
    "fadvise advice",
    &[
        ("POSIX_FADV_NORMAL", 0),
        ("POSIX_FADV_RANDOM", 1),
        ("POSIX_FADV_SEQUENTIAL", 2),
        ("POSIX_FADV_WILLNEED", 3),
        ("POSIX_FADV_DONTNEED", 4),
        ("POSIX_FADV_NOREUSE", 5),
    ],
);

/// Splice flags.
pub static SPLICE: Set = Set::of(
    "splice flags",
    &[("SPLICE_F_MOVE", 1), ("SPLICE_F_NONBLOCK", 2), ("SPLICE_F_MORE", 4), ("SPLICE_F_GIFT", 8)],
);

/// Sync_file_range flags.
pub static SYNC_RANGE: Set = Set::of(
    "sync_file_range flags",
    &[("SYNC_FILE_RANGE_WAIT_BEFORE", 1), ("SYNC_FILE_RANGE_WRITE", 2), ("SYNC_FILE_RANGE_WAIT_AFTER", 4)],
);

/// Preadv2 flags.
pub static RWF: Set = Set::of(
    "preadv2 flags",
    &[
        ("RWF_HIPRI", 1),
        ("RWF_DSYNC", 2),
        ("RWF_SYNC", 4),
        ("RWF_NOWAIT", 8),
        ("RWF_APPEND", 0x10),
        ("RWF_NOAPPEND", 0x20),
        ("RWF_ATOMIC", 0x40),
        ("RWF_DONTCACHE", 0x80),
    ],
);

/// Statx masks.
pub static STATX: Set = Set::of(
    "statx masks",
    &[
        ("STATX_TYPE", 1),
        ("STATX_MODE", 2),
        ("STATX_NLINK", 4),
        ("STATX_UID", 8),
        ("STATX_GID", 0x10),
        ("STATX_ATIME", 0x20),
        ("STATX_MTIME", 0x40),
        ("STATX_CTIME", 0x80),
        ("STATX_INO", 0x100),
        ("STATX_SIZE", 0x200),
        ("STATX_BLOCKS", 0x400),
        ("STATX_BASIC_STATS", 0x7ff),
        ("STATX_BTIME", 0x800),
        ("STATX_ALL", 0xfff),
        ("STATX_MNT_ID", 0x1000),
        ("STATX_DIOALIGN", 0x2000),
        ("STATX_MNT_ID_UNIQUE", 0x4000),
        ("STATX_SUBVOL", 0x8000),
        ("STATX_WRITE_ATOMIC", 0x10000),
        ("STATX_DIO_READ_ALIGN", 0x20000),
    ],
);

/// Xattr flags.
pub static XATTR: Set = Set::of("xattr flags", &[("XATTR_CREATE", 1), ("XATTR_REPLACE", 2)]);

/// Close_range flags.
pub static CLOSE_RANGE: Set = Set::of("close_range flags", &[("CLOSE_RANGE_UNSHARE", 2), ("CLOSE_RANGE_CLOEXEC", 4)]);

/// Memfd_create flags.
pub static MFD: Set = Set::of(
    "memfd_create flags",
    &[
        ("MFD_CLOEXEC", 1),
        ("MFD_ALLOW_SEALING", 2),
        ("MFD_HUGETLB", 4),
        ("MFD_NOEXEC_SEAL", 8),
        ("MFD_EXEC", 0x10),
        ("MFD_HUGE_64KB", 0x40000000),
        ("MFD_HUGE_512KB", 0x4c000000),
        ("MFD_HUGE_1MB", 0x50000000),
        ("MFD_HUGE_2MB", 0x54000000),
        ("MFD_HUGE_8MB", 0x5c000000),
        ("MFD_HUGE_16MB", 0x60000000),
        ("MFD_HUGE_32MB", 0x64000000),
        ("MFD_HUGE_256MB", 0x70000000),
        ("MFD_HUGE_512MB", 0x74000000),
        ("MFD_HUGE_1GB", 0x78000000),
        ("MFD_HUGE_2GB", 0x7c000000),
        ("MFD_HUGE_16GB", 0x88000000),
    ],
);

/// Memfd_secret flags.
pub static MEMFD_SECRET: Set = Set::of("memfd_secret flags", &[("FD_CLOEXEC", 1)]);

/// File mode bits.
pub static MODE: Set = Set::of(
    "file mode bits",
    &[
        ("S_IRWXU", 0x1c0),
        ("S_IRUSR", 0x100),
        ("S_IWUSR", 0x80),
        ("S_IXUSR", 0x40),
        ("S_IRWXG", 0x38),
        ("S_IRGRP", 0x20),
        ("S_IWGRP", 0x10),
        ("S_IXGRP", 8),
        ("S_IRWXO", 7),
        ("S_IROTH", 4),
        ("S_IWOTH", 2),
        ("S_IXOTH", 1),
        ("S_ISUID", 0x800),
        ("S_ISGID", 0x400),
        ("S_ISVTX", 0x200),
        ("S_IFSOCK", 0xc000),
        ("S_IFLNK", 0xa000),
        ("S_IFREG", 0x8000),
        ("S_IFBLK", 0x6000),
        ("S_IFDIR", 0x4000),
        ("S_IFCHR", 0x2000),
        ("S_IFIFO", 0x1000),
    ],
)
.open();

/// Stat flags.
pub static AT_STAT: Set =
    Set::of("stat flags", &[("AT_SYMLINK_NOFOLLOW", 0x100), ("AT_NO_AUTOMOUNT", 0x800), ("AT_EMPTY_PATH", 0x1000)]);

/// Statx flags.
pub static AT_STATX: Set = Set::of(
    "statx flags",
    &[
        ("AT_STATX_SYNC_AS_STAT", 0),
        ("AT_SYMLINK_NOFOLLOW", 0x100),
        ("AT_NO_AUTOMOUNT", 0x800),
        ("AT_EMPTY_PATH", 0x1000),
        ("AT_STATX_FORCE_SYNC", 0x2000),
        ("AT_STATX_DONT_SYNC", 0x4000),
    ],
);

/// Symlink flags.
pub static AT_NOFOLLOW: Set = Set::of("symlink flags", &[("AT_SYMLINK_NOFOLLOW", 0x100), ("AT_EMPTY_PATH", 0x1000)]);

/// Faccessat2 flags.
pub static AT_ACCESS: Set =
    Set::of("faccessat2 flags", &[("AT_SYMLINK_NOFOLLOW", 0x100), ("AT_EACCESS", 0x200), ("AT_EMPTY_PATH", 0x1000)]);

/// Unlinkat flags.
pub static AT_UNLINK: Set = Set::of("unlinkat flags", &[("AT_REMOVEDIR", 0x200)]);

/// Linkat flags.
pub static AT_LINK: Set = Set::of("linkat flags", &[("AT_SYMLINK_FOLLOW", 0x400), ("AT_EMPTY_PATH", 0x1000)]);

/// Name_to_handle_at flags.
pub static AT_HANDLE: Set = Set::of(
    "name_to_handle_at flags",
    &[
        ("AT_HANDLE_MNT_ID_UNIQUE", 1),
        ("AT_HANDLE_CONNECTABLE", 2),
        ("AT_HANDLE_FID", 0x200),
        ("AT_SYMLINK_FOLLOW", 0x400),
        ("AT_EMPTY_PATH", 0x1000),
    ],
);

/// Lock and lease types.
pub static LEASE: Set = Set::of("lock and lease types", &[("F_RDLCK", 0), ("F_WRLCK", 1), ("F_UNLCK", 2)]);
