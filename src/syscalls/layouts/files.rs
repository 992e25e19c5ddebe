//! Files, directories, mounts and terminals.

use super::clocks::TIMESPEC;
use super::{Field, I32, I64, Int, Layout, Tail, Type, U8, U16, U32, U64, f, flags, int, layout, one_of, sets};
use crate::syscalls::Kind;
use crate::syscalls::constants::{MOUNT_ATTR, OPEN, STATX, WHENCE};

const MODE: Type = int(4, false, Kind::Mode);
const TIME: Type = Type::Struct(&TIMESPEC);
const TIMESTAMP: Type = Type::Struct(&STATX_TIMESTAMP);

static STAT: Layout = layout(
    "stat",
    144,
    "sys/stat.h",
    &[
        f("st_dev", 0, U64),
        f("st_ino", 8, U64),
        f("st_nlink", 16, U64),
        f("st_mode", 24, MODE),
        f("st_uid", 28, U32),
        f("st_gid", 32, U32),
        f("st_rdev", 40, U64),
        f("st_size", 48, I64),
        f("st_blksize", 56, I64),
        f("st_blocks", 64, I64),
        f("st_atim", 72, TIME),
        f("st_mtim", 88, TIME),
        f("st_ctim", 104, TIME),
    ],
);

static STATX_TIMESTAMP: Layout =
    layout("statx_timestamp", 16, "linux/stat.h", &[f("tv_sec", 0, I64), f("tv_nsec", 8, U32)]);

static STATX_LAYOUT: Layout = layout(
    "statx",
    256,
    "linux/stat.h",
    &[
        f("stx_mask", 0, flags(4, &STATX)),
        f("stx_blksize", 4, U32),
        f("stx_attributes", 8, U64),
        f("stx_nlink", 16, U32),
        f("stx_uid", 20, U32),
        f("stx_gid", 24, U32),
        f("stx_mode", 28, int(2, false, Kind::Mode)),
        f("stx_ino", 32, U64),
        f("stx_size", 40, U64),
        f("stx_blocks", 48, U64),
        f("stx_attributes_mask", 56, U64),
        f("stx_atime", 64, TIMESTAMP),
        f("stx_btime", 80, TIMESTAMP),
        f("stx_ctime", 96, TIMESTAMP),
        f("stx_mtime", 112, TIMESTAMP),
        f("stx_rdev_major", 128, U32),
        f("stx_rdev_minor", 132, U32),
        f("stx_dev_major", 136, U32),
        f("stx_dev_minor", 140, U32),
        f("stx_mnt_id", 144, U64),
        f("stx_dio_mem_align", 152, U32),
        f("stx_dio_offset_align", 156, U32),
    ],
);

static STATFS: Layout = layout(
    "statfs",
    120,
    "sys/vfs.h",
    &[
        f("f_type", 0, I64),
        f("f_bsize", 8, I64),
        f("f_blocks", 16, U64),
        f("f_bfree", 24, U64),
        f("f_bavail", 32, U64),
        f("f_files", 40, U64),
        f("f_ffree", 48, U64),
        f("f_fsid", 56, Type::Array(&I32, 2)),
        f("f_namelen", 64, I64),
        f("f_frsize", 72, I64),
        f("f_flags", 80, I64),
    ],
);

static FLOCK: Layout = layout(
    "flock",
    32,
    "fcntl.h",
    &[
        f("l_type", 0, one_of(2, true, &sets::LOCK_TYPE)),
        f("l_whence", 2, one_of(2, true, &WHENCE)),
        f("l_start", 8, I64),
        f("l_len", 16, I64),
        f("l_pid", 24, I32),
    ],
);

static F_OWNER_EX: Layout =
    layout("f_owner_ex", 8, "fcntl.h", &[f("type", 0, one_of(4, true, &sets::OWNER)), f("pid", 4, I32)]);

static OPEN_HOW: Layout = layout(
    "open_how",
    24,
    "linux/openat2.h",
    &[
        f("flags", 0, flags(8, &OPEN)),
        f("mode", 8, int(8, false, Kind::Mode)),
        f("resolve", 16, flags(8, &sets::RESOLVE)),
    ],
);

const DIRENT64: &[Field] =
    &[f("d_ino", 0, U64), f("d_off", 8, I64), f("d_reclen", 16, U16), f("d_type", 18, one_of(1, false, &sets::ENTRY))];
/// No header of the kernel has it (getdents64(2)).
static LINUX_DIRENT64: Layout =
    Layout { name: "linux_dirent64", size: 19, fields: DIRENT64, tail: Tail::Name, header: "" };
static LINUX_DIRENT: Layout = Layout {
    name: "linux_dirent",
    size: 18,
    fields: &[f("d_ino", 0, U64), f("d_off", 8, U64), f("d_reclen", 16, U16)],
    tail: Tail::Name,
    header: "",
};

static MOUNT_ATTR_LAYOUT: Layout = layout(
    "mount_attr",
    32,
    "linux/mount.h",
    &[
        f("attr_set", 0, flags(8, &MOUNT_ATTR)),
        f("attr_clr", 8, flags(8, &MOUNT_ATTR)),
        f("propagation", 16, U64),
        f("userns_fd", 24, int(8, false, Kind::Fd)),
    ],
);

static XATTR_ARGS: Layout = layout(
    "xattr_args",
    16,
    "",
    &[f("value", 0, Type::Pointer("")), f("size", 8, U32).bytes_of("value"), f("flags", 12, U32)],
);

static CACHESTAT_RANGE: Layout = layout("cachestat_range", 16, "", &[f("off", 0, U64), f("len", 8, U64)]);
static CACHESTAT: Layout = layout(
    "cachestat",
    40,
    "",
    &[
        f("nr_cache", 0, U64),
        f("nr_dirty", 8, U64),
        f("nr_writeback", 16, U64),
        f("nr_evicted", 24, U64),
        f("nr_recently_evicted", 32, U64),
    ],
);

const TERMIOS_FIELDS: &[Field] = &[
    f("c_iflag", 0, flags(4, &sets::IFLAG)),
    f("c_oflag", 4, flags(4, &sets::OFLAG)),
    f("c_cflag", 8, flags(4, &sets::CFLAG)),
    f("c_lflag", 12, flags(4, &sets::LFLAG)),
    f("c_line", 16, U8),
    f("c_cc", 17, Type::Array(&U8, 19)),
];
/// The kernel's, which is not the C library's.
static TERMIOS: Layout = layout("termios", 36, "asm/termbits.h", TERMIOS_FIELDS);
static TERMIOS2: Layout = layout(
    "termios2",
    44,
    "asm/termbits.h",
    &[
        f("c_iflag", 0, flags(4, &sets::IFLAG)),
        f("c_oflag", 4, flags(4, &sets::OFLAG)),
        f("c_cflag", 8, flags(4, &sets::CFLAG)),
        f("c_lflag", 12, flags(4, &sets::LFLAG)),
        f("c_line", 16, U8),
        f("c_cc", 17, Type::Array(&U8, 19)),
        f("c_ispeed", 36, U32),
        f("c_ospeed", 40, U32),
    ],
);
static WINSIZE: Layout = layout(
    "winsize",
    8,
    "sys/ioctl.h",
    &[f("ws_row", 0, U16), f("ws_col", 2, U16), f("ws_xpixel", 4, U16), f("ws_ypixel", 6, U16)],
);

static MQ_ATTR: Layout = layout(
    "mq_attr",
    64,
    "mqueue.h",
    &[f("mq_flags", 0, flags(8, &OPEN)), f("mq_maxmsg", 8, I64), f("mq_msgsize", 16, I64), f("mq_curmsgs", 24, I64)],
);
static SEMBUF: Layout = layout(
    "sembuf",
    6,
    "sys/sem.h",
    &[
        f("sem_num", 0, U16),
        f("sem_op", 2, Type::Int(Int::plain(2, true))),
        f("sem_flg", 4, Type::Int(Int::plain(2, true))),
    ],
);
static IO_EVENT: Layout = layout(
    "io_event",
    32,
    "linux/aio_abi.h",
    &[f("data", 0, U64), f("obj", 8, U64), f("res", 16, I64), f("res2", 24, I64)],
);

pub(super) static ALL: &[&Layout] = &[
    &STAT,
    &STATX_TIMESTAMP,
    &STATX_LAYOUT,
    &STATFS,
    &FLOCK,
    &F_OWNER_EX,
    &OPEN_HOW,
    &LINUX_DIRENT64,
    &LINUX_DIRENT,
    &MOUNT_ATTR_LAYOUT,
    &XATTR_ARGS,
    &CACHESTAT_RANGE,
    &CACHESTAT,
    &TERMIOS,
    &TERMIOS2,
    &WINSIZE,
    &MQ_ATTR,
    &SEMBUF,
    &IO_EVENT,
];
