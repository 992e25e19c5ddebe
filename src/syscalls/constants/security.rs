//! Constants of calls on rights, keys, filters and security modules. Values are those of x86_64 (include/uapi of the kernel and its C headers).

use super::Set;

/// Seccomp operations.
pub static SECCOMP: Set = Set::of(
    "seccomp operations",
    &[
        ("SECCOMP_SET_MODE_STRICT", 0),
        ("SECCOMP_SET_MODE_FILTER", 1),
        ("SECCOMP_GET_ACTION_AVAIL", 2),
        ("SECCOMP_GET_NOTIF_SIZES", 3),
    ],
);

/// Seccomp filter flags.
pub static SECCOMP_FILTER: Set = Set::of(
    "seccomp filter flags",
    &[
        ("SECCOMP_FILTER_FLAG_TSYNC", 1),
        ("SECCOMP_FILTER_FLAG_LOG", 2),
        ("SECCOMP_FILTER_FLAG_SPEC_ALLOW", 4),
        ("SECCOMP_FILTER_FLAG_NEW_LISTENER", 8),
        ("SECCOMP_FILTER_FLAG_TSYNC_ESRCH", 0x10),
        ("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0x20),
    ],
);

/// Landlock_create_ruleset flags.
pub static LANDLOCK_CREATE: Set = Set::of(
    "landlock_create_ruleset flags",
    &[("LANDLOCK_CREATE_RULESET_VERSION", 1), ("LANDLOCK_CREATE_RULESET_ERRATA", 2)],
);

/// Landlock rule types.
pub static LANDLOCK_RULE: Set =
    Set::of("landlock rule types", &[("LANDLOCK_RULE_PATH_BENEATH", 1), ("LANDLOCK_RULE_NET_PORT", 2)]);

/// Keyctl operations.
pub static KEYCTL: Set = Set::of(
    "keyctl operations",
    &[
        ("KEYCTL_GET_KEYRING_ID", 0),
        ("KEYCTL_JOIN_SESSION_KEYRING", 1),
        ("KEYCTL_UPDATE", 2),
        ("KEYCTL_REVOKE", 3),
        ("KEYCTL_CHOWN", 4),
        ("KEYCTL_SETPERM", 5),
        ("KEYCTL_DESCRIBE", 6),
        ("KEYCTL_CLEAR", 7),
        ("KEYCTL_LINK", 8),
        ("KEYCTL_UNLINK", 9),
        ("KEYCTL_SEARCH", 0xa),
        ("KEYCTL_READ", 0xb),
        ("KEYCTL_INSTANTIATE", 0xc),
        ("KEYCTL_NEGATE", 0xd),
        ("KEYCTL_SET_REQKEY_KEYRING", 0xe),
        ("KEYCTL_SET_TIMEOUT", 0xf),
        ("KEYCTL_ASSUME_AUTHORITY", 0x10),
        ("KEYCTL_GET_SECURITY", 0x11),
        ("KEYCTL_SESSION_TO_PARENT", 0x12),
        ("KEYCTL_REJECT", 0x13),
        ("KEYCTL_INSTANTIATE_IOV", 0x14),
        ("KEYCTL_INVALIDATE", 0x15),
        ("KEYCTL_GET_PERSISTENT", 0x16),
        ("KEYCTL_DH_COMPUTE", 0x17),
        ("KEYCTL_PKEY_QUERY", 0x18),
        ("KEYCTL_PKEY_ENCRYPT", 0x19),
        ("KEYCTL_PKEY_DECRYPT", 0x1a),
        ("KEYCTL_PKEY_SIGN", 0x1b),
        ("KEYCTL_PKEY_VERIFY", 0x1c),
        ("KEYCTL_RESTRICT_KEYRING", 0x1d),
        ("KEYCTL_MOVE", 0x1e),
        ("KEYCTL_CAPABILITIES", 0x1f),
        ("KEYCTL_WATCH_KEY", 0x20),
    ],
);

/// Special keyrings.
pub static KEYRING: Set = Set::of(
    "special keyrings",
    &[
        ("KEY_SPEC_REQUESTOR_KEYRING", -8i64 as u64),
        ("KEY_SPEC_REQKEY_AUTH_KEY", -7i64 as u64),
        ("KEY_SPEC_GROUP_KEYRING", -6i64 as u64),
        ("KEY_SPEC_USER_SESSION_KEYRING", -5i64 as u64),
        ("KEY_SPEC_USER_KEYRING", -4i64 as u64),
        ("KEY_SPEC_SESSION_KEYRING", -3i64 as u64),
        ("KEY_SPEC_PROCESS_KEYRING", -2i64 as u64),
        ("KEY_SPEC_THREAD_KEYRING", -1i64 as u64),
    ],
)
.open();

/// Bpf commands.
pub static BPF: Set = Set::of(
    "bpf commands",
    &[
        ("BPF_MAP_CREATE", 0),
        ("BPF_MAP_LOOKUP_ELEM", 1),
        ("BPF_MAP_UPDATE_ELEM", 2),
        ("BPF_MAP_DELETE_ELEM", 3),
        ("BPF_MAP_GET_NEXT_KEY", 4),
        ("BPF_PROG_LOAD", 5),
        ("BPF_OBJ_PIN", 6),
        ("BPF_OBJ_GET", 7),
        ("BPF_PROG_ATTACH", 8),
        ("BPF_PROG_DETACH", 9),
        ("BPF_PROG_TEST_RUN", 0xa),
        ("BPF_PROG_GET_NEXT_ID", 0xb),
        ("BPF_MAP_GET_NEXT_ID", 0xc),
        ("BPF_PROG_GET_FD_BY_ID", 0xd),
        ("BPF_MAP_GET_FD_BY_ID", 0xe),
        ("BPF_OBJ_GET_INFO_BY_FD", 0xf),
        ("BPF_LINK_CREATE", 0x1c),
        ("BPF_PROG_RUN", 0xa),
        ("BPF_BTF_GET_FD_BY_ID", 0x13),
        ("BPF_BTF_LOAD", 0x12),
        ("BPF_RAW_TRACEPOINT_OPEN", 0x11),
        ("BPF_PROG_QUERY", 0x10),
        ("BPF_TASK_FD_QUERY", 0x14),
        ("BPF_MAP_LOOKUP_AND_DELETE_ELEM", 0x15),
        ("BPF_MAP_FREEZE", 0x16),
        ("BPF_BTF_GET_NEXT_ID", 0x17),
        ("BPF_MAP_LOOKUP_BATCH", 0x18),
        ("BPF_MAP_LOOKUP_AND_DELETE_BATCH", 0x19),
        ("BPF_MAP_UPDATE_BATCH", 0x1a),
        ("BPF_MAP_DELETE_BATCH", 0x1b),
        ("BPF_LINK_UPDATE", 0x1d),
        ("BPF_LINK_GET_FD_BY_ID", 0x1e),
        ("BPF_LINK_GET_NEXT_ID", 0x1f),
        ("BPF_ENABLE_STATS", 0x20),
        ("BPF_ITER_CREATE", 0x21),
        ("BPF_LINK_DETACH", 0x22),
        ("BPF_PROG_BIND_MAP", 0x23),
        ("BPF_TOKEN_CREATE", 0x24),
    ],
)
.open();

/// Landlock_restrict_self flags.
pub static LANDLOCK_RESTRICT: Set = Set::of(
    "landlock_restrict_self flags",
    &[
        ("LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF", 1),
        ("LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON", 2),
        ("LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF", 4),
    ],
);

/// Security module attributes.
pub static LSM_ATTR: Set = Set::of(
    "security module attributes",
    &[
        ("LSM_ATTR_CURRENT", 0x64),
        ("LSM_ATTR_EXEC", 0x65),
        ("LSM_ATTR_FSCREATE", 0x66),
        ("LSM_ATTR_KEYCREATE", 0x67),
        ("LSM_ATTR_PREV", 0x68),
        ("LSM_ATTR_SOCKCREATE", 0x69),
    ],
);

/// Key permissions.
pub static KEY_PERM: Set = Set::of(
    "key permissions",
    &[
        ("KEY_POS_VIEW", 0x1000000),
        ("KEY_POS_READ", 0x2000000),
        ("KEY_POS_WRITE", 0x4000000),
        ("KEY_POS_SEARCH", 0x8000000),
        ("KEY_POS_LINK", 0x10000000),
        ("KEY_POS_SETATTR", 0x20000000),
        ("KEY_POS_ALL", 0x3f000000),
        ("KEY_USR_VIEW", 0x10000),
        ("KEY_USR_READ", 0x20000),
        ("KEY_USR_WRITE", 0x40000),
        ("KEY_USR_SEARCH", 0x80000),
        ("KEY_USR_LINK", 0x100000),
        ("KEY_USR_SETATTR", 0x200000),
        ("KEY_USR_ALL", 0x3f0000),
        ("KEY_GRP_VIEW", 0x100),
        ("KEY_GRP_READ", 0x200),
        ("KEY_GRP_WRITE", 0x400),
        ("KEY_GRP_SEARCH", 0x800),
        ("KEY_GRP_LINK", 0x1000),
        ("KEY_GRP_SETATTR", 0x2000),
        ("KEY_GRP_ALL", 0x3f00),
        ("KEY_OTH_VIEW", 1),
        ("KEY_OTH_READ", 2),
        ("KEY_OTH_WRITE", 4),
        ("KEY_OTH_SEARCH", 8),
        ("KEY_OTH_LINK", 0x10),
        ("KEY_OTH_SETATTR", 0x20),
        ("KEY_OTH_ALL", 0x3f),
    ],
);

/// Default keyrings of request_key.
pub static REQKEY: Set = Set::of(
    "default keyrings of request_key",
    &[
        ("KEY_REQKEY_DEFL_NO_CHANGE", -1i64 as u64),
        ("KEY_REQKEY_DEFL_DEFAULT", 0),
        ("KEY_REQKEY_DEFL_THREAD_KEYRING", 1),
        ("KEY_REQKEY_DEFL_PROCESS_KEYRING", 2),
        ("KEY_REQKEY_DEFL_SESSION_KEYRING", 3),
        ("KEY_REQKEY_DEFL_USER_KEYRING", 4),
        ("KEY_REQKEY_DEFL_USER_SESSION_KEYRING", 5),
        ("KEY_REQKEY_DEFL_GROUP_KEYRING", 6),
        ("KEY_REQKEY_DEFL_REQUESTOR_KEYRING", 7),
    ],
);

/// Keyctl move flags.
pub static KEY_MOVE: Set = Set::of("keyctl move flags", &[("KEYCTL_MOVE_EXCL", 1)]);
