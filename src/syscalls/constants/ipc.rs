//! Constants of System V IPC, and of io_uring. Values are those of x86_64 (include/uapi of the kernel and its C headers).

use super::Set;

/// Io_uring_enter flags.
pub static URING_ENTER: Set = Set::of(
    "io_uring_enter flags",
    &[
        ("IORING_ENTER_GETEVENTS", 1),
        ("IORING_ENTER_SQ_WAKEUP", 2),
        ("IORING_ENTER_SQ_WAIT", 4),
        ("IORING_ENTER_EXT_ARG", 8),
        ("IORING_ENTER_REGISTERED_RING", 0x10),
        ("IORING_ENTER_ABS_TIMER", 0x20),
        ("IORING_ENTER_EXT_ARG_REG", 0x40),
    ],
);

/// IPC flags.
pub static IPC: Set = Set::of("IPC flags", &[("IPC_CREAT", 0x200), ("IPC_EXCL", 0x400), ("IPC_NOWAIT", 0x800)]).open();

/// Io_uring_register operations.
pub static URING_REGISTER: Set = Set::of(
    "io_uring_register operations",
    &[
        ("IORING_REGISTER_BUFFERS", 0),
        ("IORING_UNREGISTER_BUFFERS", 1),
        ("IORING_REGISTER_FILES", 2),
        ("IORING_UNREGISTER_FILES", 3),
        ("IORING_REGISTER_EVENTFD", 4),
        ("IORING_UNREGISTER_EVENTFD", 5),
        ("IORING_REGISTER_FILES_UPDATE", 6),
        ("IORING_REGISTER_EVENTFD_ASYNC", 7),
        ("IORING_REGISTER_PROBE", 8),
        ("IORING_REGISTER_PERSONALITY", 9),
        ("IORING_UNREGISTER_PERSONALITY", 0xa),
        ("IORING_REGISTER_RESTRICTIONS", 0xb),
        ("IORING_REGISTER_ENABLE_RINGS", 0xc),
        ("IORING_REGISTER_FILES2", 0xd),
        ("IORING_REGISTER_FILES_UPDATE2", 0xe),
        ("IORING_REGISTER_BUFFERS2", 0xf),
        ("IORING_REGISTER_BUFFERS_UPDATE", 0x10),
        ("IORING_REGISTER_IOWQ_AFF", 0x11),
        ("IORING_UNREGISTER_IOWQ_AFF", 0x12),
        ("IORING_REGISTER_IOWQ_MAX_WORKERS", 0x13),
        ("IORING_REGISTER_RING_FDS", 0x14),
        ("IORING_UNREGISTER_RING_FDS", 0x15),
        ("IORING_REGISTER_PBUF_RING", 0x16),
        ("IORING_UNREGISTER_PBUF_RING", 0x17),
        ("IORING_REGISTER_SYNC_CANCEL", 0x18),
        ("IORING_REGISTER_FILE_ALLOC_RANGE", 0x19),
        ("IORING_REGISTER_PBUF_STATUS", 0x1a),
        ("IORING_REGISTER_NAPI", 0x1b),
        ("IORING_UNREGISTER_NAPI", 0x1c),
        ("IORING_REGISTER_CLOCK", 0x1d),
        ("IORING_REGISTER_CLONE_BUFFERS", 0x1e),
    ],
)
.open();

/// Shmctl commands.
pub static SHM_CTL: Set = Set::of(
    "shmctl commands",
    &[
        ("IPC_RMID", 0),
        ("IPC_SET", 1),
        ("IPC_STAT", 2),
        ("IPC_INFO", 3),
        ("SHM_LOCK", 0xb),
        ("SHM_UNLOCK", 0xc),
        ("SHM_STAT", 0xd),
        ("SHM_INFO", 0xe),
        ("SHM_STAT_ANY", 0xf),
    ],
);

/// Msgctl commands.
pub static MSG_CTL: Set = Set::of(
    "msgctl commands",
    &[
        ("IPC_RMID", 0),
        ("IPC_SET", 1),
        ("IPC_STAT", 2),
        ("IPC_INFO", 3),
        ("MSG_STAT", 0xb),
        ("MSG_INFO", 0xc),
        ("MSG_STAT_ANY", 0xd),
    ],
);

/// Semctl commands.
pub static SEM_CTL: Set = Set::of(
    "semctl commands",
    &[
        ("IPC_RMID", 0),
        ("IPC_SET", 1),
        ("IPC_STAT", 2),
        ("IPC_INFO", 3),
        ("GETPID", 0xb),
        ("GETVAL", 0xc),
        ("GETALL", 0xd),
        ("GETNCNT", 0xe),
        ("GETZCNT", 0xf),
        ("SETVAL", 0x10),
        ("SETALL", 0x11),
        ("SEM_STAT", 0x12),
        ("SEM_INFO", 0x13),
        ("SEM_STAT_ANY", 0x14),
    ],
);

/// Message queue flags.
pub static MSGRCV: Set = Set::of(
    "message queue flags",
    &[("IPC_NOWAIT", 0x800), ("MSG_NOERROR", 0x1000), ("MSG_EXCEPT", 0x2000), ("MSG_COPY", 0x4000)],
);
