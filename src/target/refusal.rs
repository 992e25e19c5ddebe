//! What keeps a process from being a target, found out before anything is touched.

use super::cgroup;
use super::permission;
use super::process::Process;
use crate::problem::Problem;
use std::fs;
use std::os::unix::fs::FileExt;

/// Everything that speaks against a process.
pub fn refusals(process: &Process) -> Vec<Problem> {
    let refuse = |code, why: &str| Problem::error(code, format!("{} is refused: {why}", process.title()));
    if process.kernel {
        return vec![
            refuse("target::kernel-thread", "it is a kernel thread and has no program to change")
                .help("name a process that runs a program; `ps` shows kernel threads in brackets"),
        ];
    }
    if matches!(process.state, 'Z' | 'X' | 'x') && process.threads <= 1 {
        return vec![
            refuse("target::zombie", "it has ended and waits for its parent to notice")
                .help("nothing runs in it any more; its parent is the one to look at"),
        ];
    }
    let mut problems = Vec::new();
    if process.pid == std::process::id() as i32 {
        problems.push(refuse("target::self", "it is criu-plan itself").help("name the process that is to be changed"));
    } else if is_ancestor(process.pid) {
        problems.push(
            refuse("target::ancestor", "it waits for criu-plan (it is one of its ancestors), which would wait for it")
                .help("run criu-plan from another shell, or detached (`setsid`)"),
        );
    }
    if process.tracer != 0 {
        problems.push(traced(process, process.tracer));
    }
    if let Some(group) = cgroup::frozen(process) {
        problems.push(
            refuse("target::frozen", &format!("its cgroup {group} is frozen, so its threads can't be stopped"))
                .help("thaw the cgroup first"),
        );
    }
    if let Some(problem) = permission::denied(process) {
        problems.push(problem);
    } else if is_32_bit(process) {
        problems.push(
            refuse("target::compat", "it is a 32-bit program, which this version does not support")
                .help("a debugger of its own architecture, such as gdb, can make single calls in it"),
        );
    }
    problems
}

/// The refusal of a process that `tracer` traces.
pub fn traced(process: &Process, tracer: i32) -> Problem {
    let comm = fs::read_to_string(format!("/proc/{tracer}/comm")).unwrap_or_default();
    let message = format!("{} is refused: process {tracer} ({}) traces it already", process.title(), comm.trim_end());
    Problem::error("target::traced", message)
        .help("a process has one tracer at a time: end the debugger or strace first")
}

/// Whether a process is our parent, or its parent, and so on.
fn is_ancestor(pid: i32) -> bool {
    let parent = |pid: i32| procfs::process::Process::new(pid).and_then(|process| process.stat()).map(|stat| stat.ppid);
    let mut at = nix::unistd::getppid().as_raw();
    while at > 1 {
        if at == pid {
            return true;
        }
        at = parent(at).unwrap_or(0);
    }
    false
}

/// `EI_CLASS` of its executable (elf(5)).
fn is_32_bit(process: &Process) -> bool {
    let mut header = [0u8; 5];
    let read = process.open("exe", false).and_then(|exe| exe.read_exact_at(&mut header, 0));
    read.is_ok() && header == *b"\x7fELF\x01"
}

/// Whether seccomp filters of other processes may be read, and switched off: it takes CAP_SYS_ADMIN, and no filter of our own
/// (kernel/seccomp.c, `seccomp_get_filter`).
pub fn can_read_filters() -> bool {
    let Ok(status) = procfs::process::Process::myself().and_then(|own| own.status()) else { return false };
    const CAP_SYS_ADMIN: u64 = 1 << 21;
    status.capeff & CAP_SYS_ADMIN != 0 && status.seccomp.unwrap_or(0) == 0
}

/// The refusal of a target whose filters can't be read.
pub fn seccomp_unreadable(process: &Process) -> Problem {
    Problem::error(
        "target::seccomp-unreadable",
        format!("{} is refused: it runs under seccomp filters, and only root may read what they allow", process.title()),
    )
    .help("run criu-plan as root, or give `--seccomp assume-allowed` if you know that the filters let the plan's calls through: one that they kill would kill the process")
}

/// The refusal of a target whose filters can't be switched off.
pub fn seccomp_not_suspended(process: &Process) -> Problem {
    Problem::error(
        "target::seccomp-not-suspended",
        format!("{} is refused: it runs under seccomp filters, and only root may suspend them", process.title()),
    )
    .help("run criu-plan as root")
}

/// What to do where something of a process can't be read.
pub fn to_read_more(error: &std::io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(libc::EMFILE | libc::ENFILE) => {
            "criu-plan itself needs a dozen descriptors for each target: allow it more (`ulimit -n`), or apply the plan to fewer at once"
        }
        _ => "run criu-plan as root, or as the user whose process it is",
    }
}
