//! Constants that are newer than most headers, against linux-raw-sys.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

use criu_plan::plan::{Arg, Purpose, read_for};
use criu_plan::syscalls::{Arch, constants};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

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

/// `pub const NAME: TYPE = VALUE;` of the sources of linux-raw-sys for an architecture. (Only those of the one that is compiled
/// for can be named.)
fn sources(arch: &str) -> BTreeMap<String, u64> {
    let mut metadata = Command::new(std::env::var("CARGO").unwrap_or("cargo".into()));
    metadata
        .args(["metadata", "--offline", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.output().unwrap().stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "linux-raw-sys").unwrap();
    let source = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().join("src").join(arch);
    let mut found = BTreeMap::new();
    for file in std::fs::read_dir(source).unwrap() {
        for line in std::fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            let constant = line.strip_prefix("pub const ").and_then(|line| line.split_once(": "));
            let Some((name, rest)) = constant else { continue };
            let value = rest.split_once(" = ").and_then(|(_, value)| value.strip_suffix(';')?.parse::<i64>().ok());
            found.extend(value.map(|value| (name.to_owned(), value as u64)));
        }
    }
    found
}

#[test]
fn constants_of_aarch64_are_those_of_linux_raw_sys() {
    let (x86_64, aarch64) = (sources("x86_64"), sources("aarch64"));
    let (mut compared, mut wrong) = (0, Vec::new());
    // What it lacks the call for it needs no constants of.
    for set in constants::ALL.iter().filter(|set| set.name != "arch_prctl codes") {
        for (name, ours) in set.members {
            // Names are not distinct in all headers: only where x86_64 agrees the same constant is meant.
            let same = |a: u64, b: u64| a as u32 == b as u32;
            if x86_64.get(*name).is_none_or(|theirs| !same(*theirs, *ours)) {
                continue;
            }
            compared += 1;
            let own = set.value_on(Arch::Aarch64, name);
            let agrees = match (own, aarch64.get(*name)) {
                (Some(own), Some(theirs)) => same(own, *theirs),
                (None, None) => true,
                _ => false,
            };
            if !agrees {
                wrong.push(format!("{name} of the {}: {own:x?}, not {:x?}", set.name, aarch64.get(*name)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(compared > 800, "{compared}");
}

/// The flags of the first step of a plan for an architecture, or the codes of what is wrong with it.
fn flags(arch: Arch, step: &str) -> Result<u64, Vec<&'static str>> {
    let text = format!("version: 1\ntargets: [10]\nsteps:\n- {step}\n");
    match read_for(arch, text.as_bytes(), &IndexMap::new(), Purpose::Check) {
        Ok(reading) => {
            let index = reading.plan.steps[0].syscall.param("flags").unwrap();
            let Some(Arg::Number(number)) = reading.plan.steps[0].args[index].as_ref().map(|arg| &arg.value) else {
                panic!()
            };
            Ok(number.constant)
        }
        Err(problems) => Err(problems.iter().map(|problem| problem.code).collect()),
    }
}

#[test]
fn a_plan_goes_by_the_constants_of_its_architecture() {
    let open = "openat: [AT_FDCWD, /x, O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC]";
    assert_eq!(flags(Arch::X86_64, open), Ok(0x10000 | 0x20000 | 0x80000));
    assert_eq!(flags(Arch::Aarch64, open), Ok(0x4000 | 0x8000 | 0x80000));
    assert_eq!(flags(Arch::Aarch64, "openat: [AT_FDCWD, /x, [O_DIRECT, O_LARGEFILE]]"), Ok(0x10000 | 0x20000));
    let mapped = "mmap: [0, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT, -1, 0]\n  irreversible: true";
    assert_eq!(flags(Arch::X86_64, mapped), Ok(0x62));
    assert_eq!(flags(Arch::Aarch64, mapped), Err(vec!["plan::no-such-constant-here"]));
}
