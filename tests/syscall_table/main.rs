//! The table of system calls and their constants, against everything on this machine that knows better.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test says what is wrong by ending

mod raw_numbers;

use criu_plan::syscalls::{Arch, TABLE, by_name, by_number, constants, errno};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

/// Name, number on x86_64, number on aarch64, count of parameters.
fn facts() -> Vec<(&'static str, Option<u32>, Option<u32>, usize)> {
    let line = |line: &'static str| {
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap();
        let name = word();
        (name, word().parse().ok(), word().parse().ok(), word().parse().unwrap())
    };
    include_str!("facts.txt").lines().filter(|line| !line.starts_with('#')).map(line).collect()
}

#[test]
fn every_call_with_its_numbers_and_parameters() {
    let facts = facts();
    assert!(facts.len() > 360);
    let mut wrong = Vec::new();
    for (name, x86_64, aarch64, parameters) in &facts {
        match by_name(name) {
            None => wrong.push(format!("{name} is not in the table")),
            Some(call) if (call.x86_64, call.aarch64) != (*x86_64, *aarch64) => {
                wrong.push(format!("{name}: {:?} {:?}, not {x86_64:?} {aarch64:?}", call.x86_64, call.aarch64));
            }
            // Those that no plan may use take nothing.
            Some(call) if call.params.len() != *parameters && call.forbidden.is_none() => {
                wrong.push(format!("{name} has {} parameters, not {parameters}", call.params.len()));
            }
            Some(_) => {}
        }
    }
    let known: BTreeSet<_> = facts.iter().map(|fact| fact.0).collect();
    wrong.extend(
        TABLE.iter().filter(|call| !known.contains(call.name)).map(|call| format!("{}: no such call", call.name)),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn names_numbers_and_parameters_are_distinct() {
    let names: BTreeSet<_> = TABLE.iter().map(|call| call.name).collect();
    assert_eq!(names.len(), TABLE.len());
    for arch in [Arch::X86_64, Arch::Aarch64] {
        let numbers: Vec<_> = TABLE.iter().filter_map(|call| call.number(arch)).collect();
        assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
        assert!(numbers.iter().all(|number| by_number(arch, *number).unwrap().number(arch) == Some(*number)));
    }
    for call in TABLE {
        assert!(call.params.len() <= 6, "{}", call.name);
        let names: BTreeSet<_> = call.params.iter().map(|param| param.name).collect();
        assert_eq!(names.len(), call.params.len(), "{}", call.name);
    }
}

#[test]
fn numbers_of_x86_64_are_those_of_linux_raw_sys() {
    assert!(raw_numbers::RAW.len() > 350);
    for (name, number) in raw_numbers::RAW {
        // The kernel's headers know a few that were never implemented.
        if let Some(call) = by_name(name) {
            assert_eq!(call.x86_64, Some(*number), "{name}");
        }
    }
    let raw: HashMap<_, _> = raw_numbers::RAW.iter().copied().collect();
    let unknown: Vec<_> = TABLE
        .iter()
        .filter(|call| call.x86_64.is_some() && !raw.contains_key(call.name))
        .map(|call| call.name)
        .collect();
    assert!(unknown.len() < 15, "newer than the crate: {unknown:?}");
}

/// Macros of a header, resolved to numbers.
fn macros(header: &str, defines: &[&str]) -> BTreeMap<String, u32> {
    let mut command = Command::new("cc");
    command.args(["-E", "-dM", "-x", "c", "-"]).args(defines.iter().map(|name| format!("-D{name}")));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "#include <{header}>").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let all: HashMap<String, String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("#define ")?.split_once(' '))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let resolved = |value: &str| -> Option<u32> {
        let mut value = value.trim();
        // `__NR_fcntl` is `__NR3264_fcntl`, which is a number.
        while let Some(meant) = all.get(value) {
            value = meant.trim();
        }
        value.parse().ok()
    };
    all.iter().filter_map(|(name, value)| Some((name.strip_prefix("__NR_")?.to_owned(), resolved(value)?))).collect()
}

#[test]
fn numbers_of_both_architectures_are_those_of_the_headers() {
    let generic = [
        "__ARCH_WANT_RENAMEAT",
        "__ARCH_WANT_NEW_STAT",
        "__ARCH_WANT_SET_GET_RLIMIT",
        "__ARCH_WANT_SYS_CLONE3",
        "__ARCH_WANT_MEMFD_SECRET",
    ];
    // aarch64 has the numbers of asm-generic.
    for (arch, header, defines) in
        [(Arch::X86_64, "asm/unistd_64.h", &[][..]), (Arch::Aarch64, "asm-generic/unistd.h", &generic[..])]
    {
        let numbers = macros(header, defines);
        assert!(numbers.len() > 290, "{header}: {}", numbers.len());
        let compared = TABLE.iter().filter_map(|call| Some((call, numbers.get(call.name)?)));
        let mut count = 0;
        for (call, number) in compared {
            assert_eq!(call.number(arch), Some(*number), "{} in {header}", call.name);
            count += 1;
        }
        assert!(count > 290, "{header}: {count} compared");
    }
}

/// Headers that can be read together.
const GROUPS: [&[&str]; 2] = [
    &[
        "fcntl.h",
        "unistd.h",
        "signal.h",
        "sched.h",
        "termios.h",
        "time.h",
        "errno.h",
        "sys/stat.h",
        "sys/mman.h",
        "sys/socket.h",
        "netinet/in.h",
        "netinet/tcp.h",
        "netinet/udp.h",
        "sys/un.h",
        "sys/ioctl.h",
        "sys/resource.h",
        "sys/personality.h",
        "sys/prctl.h",
        "sys/epoll.h",
        "sys/eventfd.h",
        "sys/timerfd.h",
        "sys/signalfd.h",
        "sys/inotify.h",
        "sys/fanotify.h",
        "sys/mount.h",
        "sys/wait.h",
        "sys/time.h",
        "sys/file.h",
        "sys/xattr.h",
        "sys/random.h",
        "sys/ipc.h",
        "sys/shm.h",
        "sys/sem.h",
        "sys/msg.h",
        "sys/ptrace.h",
        "sys/timex.h",
        "sys/quota.h",
        "sys/reboot.h",
        "sys/swap.h",
        "sys/klog.h",
        "poll.h",
        "linux/capability.h",
        "linux/futex.h",
        "linux/membarrier.h",
        "linux/kcmp.h",
        "linux/seccomp.h",
        "linux/landlock.h",
        "linux/bpf.h",
        "linux/keyctl.h",
        "linux/perf_event.h",
        "linux/mempolicy.h",
        "linux/userfaultfd.h",
        "linux/close_range.h",
        "linux/memfd.h",
        "linux/ioprio.h",
        "linux/rseq.h",
        "asm/prctl.h",
        "linux/sockios.h",
        "linux/filter.h",
        "linux/kexec.h",
        "linux/lsm.h",
        "linux/aio_abi.h",
        "linux/module.h",
        "linux/reboot.h",
        "linux/vm_sockets.h",
        "linux/securebits.h",
        "linux/rtc.h",
        "linux/icmp.h",
    ],
    &[
        "linux/fcntl.h",
        "linux/mount.h",
        "linux/fs.h",
        "linux/stat.h",
        "linux/sched.h",
        "linux/mman.h",
        "linux/prctl.h",
        "linux/socket.h",
        "linux/in.h",
        "linux/in6.h",
        "linux/tcp.h",
        "linux/udp.h",
        "linux/net.h",
        "linux/un.h",
        "asm/socket.h",
        "asm/termios.h",
        "linux/wait.h",
        "linux/eventpoll.h",
        "linux/fanotify.h",
        "linux/inotify.h",
        "linux/xattr.h",
        "linux/timerfd.h",
        "linux/signalfd.h",
        "linux/eventfd.h",
        "linux/openat2.h",
        "linux/io_uring.h",
        "linux/pidfd.h",
        "linux/random.h",
        "linux/loop.h",
        "linux/blkzoned.h",
        "linux/kd.h",
        "linux/vt.h",
        "linux/if_tun.h",
        "linux/falloc.h",
        "linux/fsmap.h",
        "linux/nsfs.h",
        "linux/tls.h",
        "linux/netlink.h",
        "linux/if_packet.h",
        "linux/mqueue.h",
        "linux/hdreg.h",
        "linux/shm.h",
        "linux/sem.h",
        "linux/dm-ioctl.h",
        "linux/if_alg.h",
        "linux/cachestat.h",
        "linux/reboot.h",
        "linux/securebits.h",
        "linux/rtc.h",
        "linux/icmp.h",
        "linux/vm_sockets.h",
        "linux/lsm.h",
    ],
];

/// A program that prints every name with its value; each name is an expression of its own.
fn program(headers: &[&str], names: &BTreeSet<&str>) -> String {
    let mut text = "#define _GNU_SOURCE\n".to_owned();
    for header in headers {
        text.push_str(&format!("#if __has_include(<{header}>)\n#include <{header}>\n#endif\n"));
    }
    text.push_str("int printf(const char *, ...);\nint main(void) {\n");
    for name in names {
        text.push_str(&format!("printf(\"{name} %lld\\n\", (long long)({name}));\n"));
    }
    text + "return 0;\n}\n"
}

/// Values of those names that the headers know.
fn values(headers: &[&str], names: &BTreeSet<&'static str>) -> BTreeMap<String, u64> {
    let directory = tempfile::tempdir().unwrap();
    let (source, binary) = (directory.path().join("constants.c"), directory.path().join("constants"));
    let compile = |names: &BTreeSet<&str>, arguments: &[&str]| {
        fs::write(&source, program(headers, names)).unwrap();
        let mut command = Command::new("cc");
        command.args(["-w", "-fmax-errors=0", "-fdiagnostics-color=never"]).args(arguments).arg("-o").arg(&binary);
        command.env("LC_ALL", "C").arg(&source).output().unwrap()
    };
    let told = String::from_utf8_lossy(&compile(names, &["-fsyntax-only"]).stderr).into_owned();
    let text = program(headers, names);
    let name_at = |line: usize| text.lines().nth(line - 1)?.strip_prefix("printf(\"")?.split(' ').next();
    let unknown: BTreeSet<&str> = told
        .lines()
        .filter(|line| line.contains(": error: "))
        .filter_map(|line| name_at(line.split(':').nth(1)?.parse().ok()?))
        .collect();
    let known: BTreeSet<&str> = names.iter().copied().filter(|name| !unknown.contains(name)).collect();
    let compiled = compile(&known, &[]);
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let printed = Command::new(&binary).output().unwrap().stdout;
    let line = |line: &str| {
        let (name, value) = line.split_once(' ').unwrap();
        (name.to_owned(), value.parse::<i64>().unwrap() as u64)
    };
    String::from_utf8(printed).unwrap().lines().map(line).collect()
}

/// Whether two values are one to the kernel, which takes most as 32 bits.
fn same(ours: u64, theirs: u64) -> bool {
    let narrow = |value: u64| value >> 32 == 0 || (value as i64) >> 31 == -1;
    ours == theirs || (ours as u32 == theirs as u32 && narrow(ours) && narrow(theirs))
}

#[test]
fn constants_are_those_of_the_headers() {
    let names: BTreeSet<&str> = constants::ALL.iter().flat_map(|set| set.members).map(|(name, _)| *name).collect();
    let mut compared = BTreeSet::new();
    let mut wrong = Vec::new();
    for headers in GROUPS {
        let values = values(headers, &names);
        for (set, (name, ours)) in constants::ALL.iter().flat_map(|set| set.members.iter().map(move |one| (set, one))) {
            if let Some(theirs) = values.get(*name) {
                compared.insert(*name);
                // The C library says 0 where the kernel's value is what counts in a system call.
                let libc_says_none = *name == "O_LARGEFILE" && *theirs == 0;
                if !same(*ours, *theirs) && !libc_says_none {
                    wrong.push(format!("{name} of the {}: {ours:#x}, not {theirs:#x}", set.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let unknown: Vec<_> = names.iter().filter(|name| !compared.contains(*name)).collect();
    assert!(
        unknown.len() * 10 < names.len(),
        "{} of {} constants are in no header: {unknown:?}",
        unknown.len(),
        names.len()
    );
}

#[test]
fn errors_are_those_of_the_headers() {
    let names: BTreeSet<&'static str> = errno::names().collect();
    let values = values(&["errno.h"], &names);
    assert_eq!(values.len(), names.len());
    for (name, value) in values {
        assert_eq!(errno::number(&name).map(|number| number as u64), Some(value), "{name}");
    }
}
