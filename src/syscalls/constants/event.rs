//! Constants of calls that wait for events. Values are those of x86_64 (include/uapi of the kernel and its C headers).

use super::Set;

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
