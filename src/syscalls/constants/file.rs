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

/// Eventfd flags.
pub static EFD: Set =
    Set::of("eventfd flags", &[("EFD_SEMAPHORE", 1), ("EFD_NONBLOCK", 0x800), ("EFD_CLOEXEC", 0x80000)]);

/// Signalfd flags.
pub static SFD: Set = Set::of("signalfd flags", &[("SFD_NONBLOCK", 0x800), ("SFD_CLOEXEC", 0x80000)]);

/// Timerfd_create flags.
pub static TFD: Set = Set::of("timerfd_create flags", &[("TFD_NONBLOCK", 0x800), ("TFD_CLOEXEC", 0x80000)]);

/// Timerfd_settime flags.
pub static TFD_TIMER: Set =
    Set::of("timerfd_settime flags", &[("TFD_TIMER_ABSTIME", 1), ("TFD_TIMER_CANCEL_ON_SET", 2)]);

/// Epoll_create1 flags.
pub static EPOLL_CREATE: Set = Set::of("epoll_create1 flags", &[("EPOLL_CLOEXEC", 0x80000)]);

/// Epoll_ctl operations.
pub static EPOLL_CTL: Set =
    Set::of("epoll_ctl operations", &[("EPOLL_CTL_ADD", 1), ("EPOLL_CTL_DEL", 2), ("EPOLL_CTL_MOD", 3)]);

/// Inotify masks.
pub static INOTIFY: Set = Set::of(
    "inotify masks",
    &[
        ("IN_ACCESS", 1),
        ("IN_MODIFY", 2),
        ("IN_ATTRIB", 4),
        ("IN_CLOSE_WRITE", 8),
        ("IN_CLOSE_NOWRITE", 0x10),
        ("IN_CLOSE", 0x18),
        ("IN_OPEN", 0x20),
        ("IN_MOVED_FROM", 0x40),
        ("IN_MOVED_TO", 0x80),
        ("IN_MOVE", 0xc0),
        ("IN_CREATE", 0x100),
        ("IN_DELETE", 0x200),
        ("IN_DELETE_SELF", 0x400),
        ("IN_MOVE_SELF", 0x800),
        ("IN_ALL_EVENTS", 0xfff),
        ("IN_ONLYDIR", 0x1000000),
        ("IN_DONT_FOLLOW", 0x2000000),
        ("IN_EXCL_UNLINK", 0x4000000),
        ("IN_MASK_CREATE", 0x10000000),
        ("IN_MASK_ADD", 0x20000000),
        ("IN_ISDIR", 0x40000000),
        ("IN_ONESHOT", 0x80000000),
    ],
);

/// Inotify_init1 flags.
pub static INOTIFY_INIT: Set = Set::of("inotify_init1 flags", &[("IN_NONBLOCK", 0x800), ("IN_CLOEXEC", 0x80000)]);

/// Fanotify_init flags.
pub static FAN_INIT: Set = Set::of(
    "fanotify_init flags",
    &[
        ("FAN_CLASS_NOTIF", 0),
        ("FAN_CLOEXEC", 1),
        ("FAN_NONBLOCK", 2),
        ("FAN_CLASS_CONTENT", 4),
        ("FAN_CLASS_PRE_CONTENT", 8),
        ("FAN_UNLIMITED_QUEUE", 0x10),
        ("FAN_UNLIMITED_MARKS", 0x20),
        ("FAN_ENABLE_AUDIT", 0x40),
        ("FAN_REPORT_PIDFD", 0x80),
        ("FAN_REPORT_TID", 0x100),
        ("FAN_REPORT_FID", 0x200),
        ("FAN_REPORT_DIR_FID", 0x400),
        ("FAN_REPORT_NAME", 0x800),
        ("FAN_REPORT_DFID_NAME", 0xc00),
        ("FAN_REPORT_TARGET_FID", 0x1000),
        ("FAN_REPORT_DFID_NAME_TARGET", 0x1e00),
        ("FAN_REPORT_FD_ERROR", 0x2000),
        ("FAN_REPORT_MNT", 0x4000),
    ],
);

/// Fanotify_mark flags.
pub static FAN_MARK: Set = Set::of(
    "fanotify_mark flags",
    &[
        ("FAN_MARK_INODE", 0),
        ("FAN_MARK_ADD", 1),
        ("FAN_MARK_REMOVE", 2),
        ("FAN_MARK_DONT_FOLLOW", 4),
        ("FAN_MARK_ONLYDIR", 8),
        ("FAN_MARK_MOUNT", 0x10),
        ("FAN_MARK_IGNORED_MASK", 0x20),
        ("FAN_MARK_IGNORED_SURV_MODIFY", 0x40),
        ("FAN_MARK_FLUSH", 0x80),
        ("FAN_MARK_FILESYSTEM", 0x100),
        ("FAN_MARK_EVICTABLE", 0x200),
        ("FAN_MARK_IGNORE", 0x400),
        ("FAN_MARK_IGNORE_SURV", 0x440),
        ("FAN_MARK_MNTNS", 0x110),
    ],
);

/// Fanotify events.
pub static FAN_EVENTS: Set = Set::of(
    "fanotify events",
    &[
        ("FAN_ACCESS", 1),
        ("FAN_MODIFY", 2),
        ("FAN_ATTRIB", 4),
        ("FAN_CLOSE_WRITE", 8),
        ("FAN_CLOSE_NOWRITE", 0x10),
        ("FAN_OPEN", 0x20),
        ("FAN_MOVED_FROM", 0x40),
        ("FAN_MOVED_TO", 0x80),
        ("FAN_CREATE", 0x100),
        ("FAN_DELETE", 0x200),
        ("FAN_DELETE_SELF", 0x400),
        ("FAN_MOVE_SELF", 0x800),
        ("FAN_OPEN_EXEC", 0x1000),
        ("FAN_Q_OVERFLOW", 0x4000),
        ("FAN_FS_ERROR", 0x8000),
        ("FAN_OPEN_PERM", 0x10000),
        ("FAN_ACCESS_PERM", 0x20000),
        ("FAN_OPEN_EXEC_PERM", 0x40000),
        ("FAN_EVENT_ON_CHILD", 0x8000000),
        ("FAN_RENAME", 0x10000000),
        ("FAN_ONDIR", 0x40000000),
        ("FAN_PRE_ACCESS", 0x100000),
        ("FAN_MNT_ATTACH", 0x1000000),
        ("FAN_MNT_DETACH", 0x2000000),
    ],
);

/// Mount flags.
pub static MS: Set = Set::of(
    "mount flags",
    &[
        ("MS_RDONLY", 1),
        ("MS_NOSUID", 2),
        ("MS_NODEV", 4),
        ("MS_NOEXEC", 8),
        ("MS_SYNCHRONOUS", 0x10),
        ("MS_REMOUNT", 0x20),
        ("MS_MANDLOCK", 0x40),
        ("MS_DIRSYNC", 0x80),
        ("MS_NOSYMFOLLOW", 0x100),
        ("MS_NOATIME", 0x400),
        ("MS_NODIRATIME", 0x800),
        ("MS_BIND", 0x1000),
        ("MS_MOVE", 0x2000),
        ("MS_REC", 0x4000),
        ("MS_SILENT", 0x8000),
        ("MS_POSIXACL", 0x10000),
        ("MS_UNBINDABLE", 0x20000),
        ("MS_PRIVATE", 0x40000),
        ("MS_SLAVE", 0x80000),
        ("MS_SHARED", 0x100000),
        ("MS_RELATIME", 0x200000),
        ("MS_KERNMOUNT", 0x400000),
        ("MS_I_VERSION", 0x800000),
        ("MS_STRICTATIME", 0x1000000),
        ("MS_LAZYTIME", 0x2000000),
    ],
);

/// Umount flags.
pub static UMOUNT: Set =
    Set::of("umount flags", &[("MNT_FORCE", 1), ("MNT_DETACH", 2), ("MNT_EXPIRE", 4), ("UMOUNT_NOFOLLOW", 8)]);

/// Open_tree flags.
pub static OPEN_TREE: Set = Set::of(
    "open_tree flags",
    &[
        ("OPEN_TREE_CLONE", 1),
        ("AT_SYMLINK_NOFOLLOW", 0x100),
        ("AT_NO_AUTOMOUNT", 0x800),
        ("AT_EMPTY_PATH", 0x1000),
        ("AT_RECURSIVE", 0x8000),
        ("OPEN_TREE_CLOEXEC", 0x80000),
    ],
);

/// Move_mount flags.
pub static MOVE_MOUNT: Set = Set::of(
    "move_mount flags",
    &[
        ("MOVE_MOUNT_F_SYMLINKS", 1),
        ("MOVE_MOUNT_F_AUTOMOUNTS", 2),
        ("MOVE_MOUNT_F_EMPTY_PATH", 4),
        ("MOVE_MOUNT_T_SYMLINKS", 0x10),
        ("MOVE_MOUNT_T_AUTOMOUNTS", 0x20),
        ("MOVE_MOUNT_T_EMPTY_PATH", 0x40),
        ("MOVE_MOUNT_SET_GROUP", 0x100),
        ("MOVE_MOUNT_BENEATH", 0x200),
    ],
);

/// Fsopen flags.
pub static FSOPEN: Set = Set::of("fsopen flags", &[("FSOPEN_CLOEXEC", 1)]);

/// Fsmount flags.
pub static FSMOUNT: Set = Set::of("fsmount flags", &[("FSMOUNT_CLOEXEC", 1)]);

/// Fspick flags.
pub static FSPICK: Set = Set::of(
    "fspick flags",
    &[("FSPICK_CLOEXEC", 1), ("FSPICK_SYMLINK_NOFOLLOW", 2), ("FSPICK_NO_AUTOMOUNT", 4), ("FSPICK_EMPTY_PATH", 8)],
);

/// Mount attributes.
pub static MOUNT_ATTR: Set = Set::of(
    "mount attributes",
    &[
        ("MOUNT_ATTR_RELATIME", 0),
        ("MOUNT_ATTR_RDONLY", 1),
        ("MOUNT_ATTR_NOSUID", 2),
        ("MOUNT_ATTR_NODEV", 4),
        ("MOUNT_ATTR_NOEXEC", 8),
        ("MOUNT_ATTR_NOATIME", 0x10),
        ("MOUNT_ATTR_STRICTATIME", 0x20),
        ("MOUNT_ATTR_NODIRATIME", 0x80),
        ("MOUNT_ATTR_IDMAP", 0x100000),
        ("MOUNT_ATTR_NOSYMFOLLOW", 0x200000),
    ],
);

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

/// Mount_setattr flags.
pub static AT_TREE: Set = Set::of(
    "mount_setattr flags",
    &[("AT_SYMLINK_NOFOLLOW", 0x100), ("AT_NO_AUTOMOUNT", 0x800), ("AT_EMPTY_PATH", 0x1000), ("AT_RECURSIVE", 0x8000)],
);

/// Lock and lease types.
pub static LEASE: Set = Set::of("lock and lease types", &[("F_RDLCK", 0), ("F_WRLCK", 1), ("F_UNLCK", 2)]);

/// Dnotify events.
pub static DNOTIFY: Set = Set::of(
    "dnotify events",
    &[
        ("DN_ACCESS", 1),
        ("DN_MODIFY", 2),
        ("DN_CREATE", 4),
        ("DN_DELETE", 8),
        ("DN_RENAME", 0x10),
        ("DN_ATTRIB", 0x20),
        ("DN_MULTISHOT", 0x80000000),
    ],
);
