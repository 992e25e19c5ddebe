//! Constants of calls on the kernel itself. Values are those of x86_64 (include/uapi of the kernel and its C headers).

use super::Set;

/// Kernel log actions.
pub static SYSLOG: Set = Set::of(
    "kernel log actions",
    &[
        ("SYSLOG_ACTION_CLOSE", 0),
        ("SYSLOG_ACTION_OPEN", 1),
        ("SYSLOG_ACTION_READ", 2),
        ("SYSLOG_ACTION_READ_ALL", 3),
        ("SYSLOG_ACTION_READ_CLEAR", 4),
        ("SYSLOG_ACTION_CLEAR", 5),
        ("SYSLOG_ACTION_CONSOLE_OFF", 6),
        ("SYSLOG_ACTION_CONSOLE_ON", 7),
        ("SYSLOG_ACTION_CONSOLE_LEVEL", 8),
        ("SYSLOG_ACTION_SIZE_UNREAD", 9),
        ("SYSLOG_ACTION_SIZE_BUFFER", 0xa),
    ],
);

/// Swapon flags.
pub static SWAP: Set = Set::of(
    "swapon flags",
    &[
        ("SWAP_FLAG_DISCARD", 0x10000),
        ("SWAP_FLAG_DISCARD_ONCE", 0x20000),
        ("SWAP_FLAG_DISCARD_PAGES", 0x40000),
        ("SWAP_FLAG_PREFER", 0x8000),
    ],
)
.open();

/// Reboot magic.
pub static REBOOT_MAGIC: Set = Set::of("reboot magic", &[("LINUX_REBOOT_MAGIC1", 0xfee1dead)]);

/// Reboot magic numbers.
pub static REBOOT_MAGIC2: Set = Set::of(
    "reboot magic numbers",
    &[
        ("LINUX_REBOOT_MAGIC2", 0x28121969),
        ("LINUX_REBOOT_MAGIC2A", 0x5121996),
        ("LINUX_REBOOT_MAGIC2B", 0x16041998),
        ("LINUX_REBOOT_MAGIC2C", 0x20112000),
    ],
);

/// Reboot commands.
pub static REBOOT: Set = Set::of(
    "reboot commands",
    &[
        ("LINUX_REBOOT_CMD_CAD_OFF", 0),
        ("LINUX_REBOOT_CMD_CAD_ON", 0x89abcdef),
        ("LINUX_REBOOT_CMD_HALT", 0xcdef0123),
        ("LINUX_REBOOT_CMD_KEXEC", 0x45584543),
        ("LINUX_REBOOT_CMD_POWER_OFF", 0x4321fedc),
        ("LINUX_REBOOT_CMD_RESTART", 0x1234567),
        ("LINUX_REBOOT_CMD_RESTART2", 0xa1b2c3d4),
        ("LINUX_REBOOT_CMD_SW_SUSPEND", 0xd000fce2),
    ],
);

/// Module loading flags.
pub static MODULE_INIT: Set = Set::of(
    "module loading flags",
    &[("MODULE_INIT_IGNORE_MODVERSIONS", 1), ("MODULE_INIT_IGNORE_VERMAGIC", 2), ("MODULE_INIT_COMPRESSED_FILE", 4)],
);

/// Module removal flags.
pub static MODULE_DELETE: Set = Set::of("module removal flags", &[("O_NONBLOCK", 0x800), ("O_TRUNC", 0x200)]);

/// Kexec_load flags.
pub static KEXEC: Set = Set::of(
    "kexec_load flags",
    &[
        ("KEXEC_ON_CRASH", 1),
        ("KEXEC_PRESERVE_CONTEXT", 2),
        ("KEXEC_UPDATE_ELFCOREHDR", 4),
        ("KEXEC_ARCH_386", 0x30000),
        ("KEXEC_ARCH_X86_64", 0x3e0000),
    ],
);

/// Kexec_file_load flags.
pub static KEXEC_FILE: Set = Set::of(
    "kexec_file_load flags",
    &[("KEXEC_FILE_UNLOAD", 1), ("KEXEC_FILE_ON_CRASH", 2), ("KEXEC_FILE_NO_INITRAMFS", 4), ("KEXEC_FILE_DEBUG", 8)],
);
