//! Constants of calls on mounts and filesystems. Values are those of x86_64 (include/uapi of the kernel and its C headers).

use super::Set;

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

/// Mount_setattr flags.
pub static AT_TREE: Set = Set::of(
    "mount_setattr flags",
    &[("AT_SYMLINK_NOFOLLOW", 0x100), ("AT_NO_AUTOMOUNT", 0x800), ("AT_EMPTY_PATH", 0x1000), ("AT_RECURSIVE", 0x8000)],
);

/// Fsconfig commands.
pub static FSCONFIG: Set = Set::of(
    "fsconfig commands",
    &[
        ("FSCONFIG_SET_FLAG", 0),
        ("FSCONFIG_SET_STRING", 1),
        ("FSCONFIG_SET_BINARY", 2),
        ("FSCONFIG_SET_PATH", 3),
        ("FSCONFIG_SET_PATH_EMPTY", 4),
        ("FSCONFIG_SET_FD", 5),
        ("FSCONFIG_CMD_CREATE", 6),
        ("FSCONFIG_CMD_RECONFIGURE", 7),
        ("FSCONFIG_CMD_CREATE_EXCL", 8),
    ],
);
