//! Commands of calls on rights, keys, filters and on the kernel itself.

use super::{Command, Family, ask, c, family};
use crate::syscalls::constants::*;
use crate::syscalls::{Kind, Nature};
use Kind::{Any, Flags, Gid, In, InOut, Int, OneOf, Out, Size, Text, Uid, Uint};

pub(super) static FAMILIES: &[Family] = &[
    family("seccomp", "operation", SECCOMP_OPERATIONS),
    family("landlock_add_rule", "rule_type", LANDLOCK_RULES),
    family("keyctl", "operation", KEYCTL_OPERATIONS),
    family("bpf", "cmd", BPF_COMMANDS),
    family("syslog", "type", SYSLOG_ACTIONS),
    family("reboot", "cmd", REBOOT_COMMANDS),
    family("io_uring_register", "opcode", URING_OPERATIONS),
];

/// A filter of the plan's own is not among those that are tried before calls are made.
pub(super) const FILTERED: &str =
    "the calls by which the thread is let go would run through a filter that was not looked at";

static SECCOMP_OPERATIONS: &[Command] = &[
    c("SECCOMP_SET_MODE_STRICT", &[])
        .per_thread()
        .forbidden("the next call of the thread that is not read, write or exit would kill it"),
    c("SECCOMP_SET_MODE_FILTER", &[Flags(&SECCOMP_FILTER), In("struct sock_fprog")]).per_thread().forbidden(FILTERED),
    ask("SECCOMP_GET_ACTION_AVAIL", &[Uint, In("uint32_t")]),
    ask("SECCOMP_GET_NOTIF_SIZES", &[Uint, Out("struct seccomp_notif_sizes")]),
];

static LANDLOCK_RULES: &[Command] = &[
    c("LANDLOCK_RULE_PATH_BENEATH", &[In("struct landlock_path_beneath_attr")]),
    c("LANDLOCK_RULE_NET_PORT", &[In("struct landlock_net_port_attr")]),
];

/// A key or keyring: its number, or one of the special ones.
const KEY: Kind = OneOf(&KEYRING);

// Nearly all of them wait for a key that is being made; so they may wait where they take one.
static KEYCTL_OPERATIONS: &[Command] = &[
    ask("KEYCTL_GET_KEYRING_ID", &[KEY, Int]).may_wait(),
    c("KEYCTL_JOIN_SESSION_KEYRING", &[Text]).per_thread(),
    c("KEYCTL_UPDATE", &[KEY, In(""), Size]).may_wait(),
    c("KEYCTL_REVOKE", &[KEY]).may_wait(),
    c("KEYCTL_CHOWN", &[KEY, Uid, Gid]).may_wait(),
    c("KEYCTL_SETPERM", &[KEY, Flags(&KEY_PERM)]).may_wait(),
    ask("KEYCTL_DESCRIBE", &[KEY, Out(""), Size]),
    c("KEYCTL_CLEAR", &[KEY]).may_wait(),
    c("KEYCTL_LINK", &[KEY, KEY]).may_wait(),
    c("KEYCTL_UNLINK", &[KEY, KEY]).may_wait(),
    c("KEYCTL_SEARCH", &[KEY, Text, Text, KEY]).may_wait(),
    ask("KEYCTL_READ", &[KEY, Out(""), Size]).may_wait(),
    c("KEYCTL_INSTANTIATE", &[KEY, In(""), Size, KEY]),
    c("KEYCTL_NEGATE", &[KEY, Uint, KEY]),
    c("KEYCTL_SET_REQKEY_KEYRING", &[OneOf(&REQKEY)])
        .nature(Nature::Restores("the old default is put back"))
        .per_thread(),
    c("KEYCTL_SET_TIMEOUT", &[KEY, Uint]).may_wait(),
    c("KEYCTL_ASSUME_AUTHORITY", &[KEY]).per_thread(),
    ask("KEYCTL_GET_SECURITY", &[KEY, Out(""), Size]),
    c("KEYCTL_SESSION_TO_PARENT", &[]),
    c("KEYCTL_REJECT", &[KEY, Uint, Int, KEY]),
    c("KEYCTL_INSTANTIATE_IOV", &[KEY, In("struct iovec[]"), Uint, KEY]),
    c("KEYCTL_INVALIDATE", &[KEY]).may_wait(),
    c("KEYCTL_GET_PERSISTENT", &[Uid, KEY]).may_wait(),
    ask("KEYCTL_DH_COMPUTE", &[In("struct keyctl_dh_params"), Out(""), Size, In("struct keyctl_kdf_params")])
        .may_wait(),
    ask("KEYCTL_PKEY_QUERY", &[KEY, Any, Text, Out("struct keyctl_pkey_query")]).may_wait(),
    ask("KEYCTL_PKEY_ENCRYPT", &[In("struct keyctl_pkey_params"), Text, In(""), Out("")]).may_wait(),
    ask("KEYCTL_PKEY_DECRYPT", &[In("struct keyctl_pkey_params"), Text, In(""), Out("")]).may_wait(),
    ask("KEYCTL_PKEY_SIGN", &[In("struct keyctl_pkey_params"), Text, In(""), Out("")]).may_wait(),
    ask("KEYCTL_PKEY_VERIFY", &[In("struct keyctl_pkey_params"), Text, In(""), In("")]).may_wait(),
    c("KEYCTL_RESTRICT_KEYRING", &[KEY, Text, Text]).may_wait(),
    c("KEYCTL_MOVE", &[KEY, KEY, KEY, Flags(&KEY_MOVE)]).may_wait(),
    ask("KEYCTL_CAPABILITIES", &[Out(""), Size]),
    c("KEYCTL_WATCH_KEY", &[KEY, Kind::Fd, Int]).may_wait(),
];

static BPF_COMMANDS: &[Command] = &[
    ask("BPF_MAP_LOOKUP_ELEM", &[]),
    ask("BPF_MAP_GET_NEXT_KEY", &[]),
    ask("BPF_PROG_GET_NEXT_ID", &[]),
    ask("BPF_MAP_GET_NEXT_ID", &[]),
    ask("BPF_BTF_GET_NEXT_ID", &[]),
    ask("BPF_LINK_GET_NEXT_ID", &[]),
    ask("BPF_OBJ_GET_INFO_BY_FD", &[]),
    ask("BPF_PROG_QUERY", &[]),
    ask("BPF_TASK_FD_QUERY", &[]),
    ask("BPF_MAP_LOOKUP_BATCH", &[]),
];

static SYSLOG_ACTIONS: &[Command] = &[
    ask("SYSLOG_ACTION_OPEN", &[]),
    ask("SYSLOG_ACTION_CLOSE", &[]),
    c("SYSLOG_ACTION_READ", &[]).may_wait(),
    ask("SYSLOG_ACTION_READ_ALL", &[]),
    ask("SYSLOG_ACTION_SIZE_UNREAD", &[]),
    ask("SYSLOG_ACTION_SIZE_BUFFER", &[]),
];

const ENDS: &str = "it would end the machine while its processes are stopped";

static REBOOT_COMMANDS: &[Command] = &[
    c("LINUX_REBOOT_CMD_HALT", &[]).forbidden(ENDS),
    c("LINUX_REBOOT_CMD_KEXEC", &[]).forbidden(ENDS),
    c("LINUX_REBOOT_CMD_POWER_OFF", &[]).forbidden(ENDS),
    c("LINUX_REBOOT_CMD_RESTART", &[]).forbidden(ENDS),
    c("LINUX_REBOOT_CMD_RESTART2", &[Text]).forbidden(ENDS),
    c("LINUX_REBOOT_CMD_SW_SUSPEND", &[]).forbidden(ENDS),
];

static URING_OPERATIONS: &[Command] = &[
    c("IORING_REGISTER_BUFFERS", &[In("struct iovec[]"), Uint]),
    c("IORING_REGISTER_FILES", &[In("int[]"), Uint]),
    c("IORING_REGISTER_EVENTFD", &[In("int"), Uint]),
    c("IORING_REGISTER_EVENTFD_ASYNC", &[In("int"), Uint]),
    c("IORING_REGISTER_FILES_UPDATE", &[In("struct io_uring_files_update"), Uint]),
    c("IORING_REGISTER_PROBE", &[InOut("struct io_uring_probe"), Uint]),
    c("IORING_REGISTER_RING_FDS", &[InOut("struct io_uring_rsrc_update[]"), Uint]).per_thread(),
    c("IORING_UNREGISTER_RING_FDS", &[In("struct io_uring_rsrc_update[]"), Uint]).per_thread(),
];
