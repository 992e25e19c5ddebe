//! Constants that are newer than most headers, against linux-raw-sys.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

use criu_plan::syscalls::constants;

/// Name and value of constants of linux-raw-sys.
macro_rules! raw {
    ($($module:ident: $($name:ident)*;)*) => {
        [$($((stringify!($name), i64::from(linux_raw_sys::$module::$name) as u64)),*),*]
    };
}

#[test]
fn newer_constants_are_those_of_linux_raw_sys() {
    let raw = raw! {
        general:
            AT_HANDLE_CONNECTABLE AT_HANDLE_FID AT_HANDLE_MNT_ID_UNIQUE FALLOC_FL_WRITE_ZEROES FUTEX2_NUMA
            FUTEX2_PRIVATE FUTEX2_SIZE_U16 FUTEX2_SIZE_U32 FUTEX2_SIZE_U64 FUTEX2_SIZE_U8 F_CREATED_QUERY
            F_DUPFD_QUERY F_SEAL_EXEC MADV_GUARD_INSTALL MADV_GUARD_REMOVE MFD_EXEC MFD_NOEXEC_SEAL
            O_DIRECTORY O_LARGEFILE O_TMPFILE SCHED_EXT STATX_DIO_READ_ALIGN STATX_MNT_ID_UNIQUE
            STATX_SUBVOL STATX_WRITE_ATOMIC;
        io_uring:
            IORING_ENTER_ABS_TIMER IORING_ENTER_EXT_ARG_REG;
        landlock:
            LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF
            LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF;
        net:
            SO_DEVMEM_DMABUF SO_DEVMEM_DONTNEED SO_DEVMEM_LINEAR SO_INQ SO_PASSPIDFD SO_PASSRIGHTS
            SO_PEERPIDFD SO_RCVPRIORITY TCP_AO_ADD_KEY TCP_AO_DEL_KEY TCP_AO_GET_KEYS TCP_AO_INFO
            TCP_AO_REPAIR TCP_DELACK_MAX_US TCP_IS_MPTCP TCP_RTO_MAX_MS TCP_RTO_MIN_US;
        prctl:
            PR_FUTEX_HASH PR_GET_AUXV PR_GET_MDWE PR_GET_MEMORY_MERGE PR_GET_SHADOW_STACK_STATUS
            PR_LOCK_SHADOW_STACK_STATUS PR_MDWE_NO_INHERIT PR_MDWE_REFUSE_EXEC_GAIN PR_RISCV_V_GET_CONTROL
            PR_RISCV_V_SET_CONTROL PR_SET_MDWE PR_SET_MEMORY_MERGE PR_SET_SHADOW_STACK_STATUS
            PR_TIMER_CREATE_RESTORE_IDS;
    };
    assert!(raw.len() > 55);
    for (name, value) in raw {
        let (set, ours) = constants::find(name).unwrap_or_else(|| panic!("no set has {name}"));
        assert_eq!(ours as u32, value as u32, "{name} of the {}", set.name);
    }
}
