//! System V shared memory, queues and semaphores, as IPC_STAT tells of them.

use super::{I32, I64, Layout, Type, U16, U32, U64, f, int, layout};
use crate::syscalls::Kind;

static IPC_PERM: Layout = layout(
    "ipc_perm",
    48,
    "sys/ipc.h",
    &[
        f("__key", 0, I32),
        f("uid", 4, U32),
        f("gid", 8, U32),
        f("cuid", 12, U32),
        f("cgid", 16, U32),
        f("mode", 20, int(4, false, Kind::Mode)),
        f("__seq", 24, U16),
    ],
);
const PERM: Type = Type::Struct(&IPC_PERM);

static SHMID_DS: Layout = layout(
    "shmid_ds",
    112,
    "sys/shm.h",
    &[
        f("shm_perm", 0, PERM),
        f("shm_segsz", 48, U64),
        f("shm_atime", 56, I64),
        f("shm_dtime", 64, I64),
        f("shm_ctime", 72, I64),
        f("shm_cpid", 80, I32),
        f("shm_lpid", 84, I32),
        f("shm_nattch", 88, U64),
    ],
);

static MSQID_DS: Layout = layout(
    "msqid_ds",
    120,
    "sys/msg.h",
    &[
        f("msg_perm", 0, PERM),
        f("msg_stime", 48, I64),
        f("msg_rtime", 56, I64),
        f("msg_ctime", 64, I64),
        f("__msg_cbytes", 72, U64),
        f("msg_qnum", 80, U64),
        f("msg_qbytes", 88, U64),
        f("msg_lspid", 96, I32),
        f("msg_lrpid", 100, I32),
    ],
);

static SEMID_DS: Layout = layout(
    "semid_ds",
    104,
    "sys/sem.h",
    &[f("sem_perm", 0, PERM), f("sem_otime", 48, I64), f("sem_ctime", 64, I64), f("sem_nsems", 80, U64)],
);

pub(super) static ALL: &[&Layout] = &[&IPC_PERM, &SHMID_DS, &MSQID_DS, &SEMID_DS];
