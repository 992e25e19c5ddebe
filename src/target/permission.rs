//! Whether we may trace a process, and if not, which of the kernel's rules it is (ptrace(2), "Ptrace access mode checking").

use super::process::Process;
use super::refusal::traced;
use crate::problem::Problem;
use procfs::process::Status;
use std::fs;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;

const CAP_SYS_PTRACE: u64 = 1 << 19;

/// The refusal of a process that we may not trace, as far as it can be told without trying: its memory is opened under the
/// same rules.
pub fn denied(process: &Process) -> Option<Problem> {
    match process.open("mem", true) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Some(explain_denial(process)),
        _ => yama(process),
    }
}

/// Why we may trace a process that nothing was found to speak against.
pub fn granted_by() -> &'static str {
    let capable = own_status().is_some_and(|own| own.capeff & CAP_SYS_PTRACE != 0);
    if capable { "we have CAP_SYS_PTRACE" } else { "its user is ours" }
}

fn own_status() -> Option<Status> {
    procfs::process::Process::myself().and_then(|own| own.status()).ok()
}

fn their_status(process: &Process) -> Option<Status> {
    use procfs::FromRead;
    process.open("status", false).ok().and_then(|file| Status::from_read(file).ok())
}

fn yama(process: &Process) -> Option<Problem> {
    let scope = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").ok()?;
    let capable = own_status().is_some_and(|own| own.capeff & CAP_SYS_PTRACE != 0);
    let (why, help) = yama_denies(&scope, capable)?;
    Some(refusal(process, why).help(help))
}

/// Why Yama's `ptrace_scope` (Documentation/admin-guide/LSM/Yama.rst), which opening files of /proc does not ask, keeps us
/// from a process, and what to do.
fn yama_denies(scope: &str, capable: bool) -> Option<(&'static str, &'static str)> {
    Some(match scope.trim().parse::<u32>().ok()? {
        0 => return None,
        1 | 2 if capable => return None,
        1 => (
            "yama's ptrace_scope is 1: only descendants may be traced without CAP_SYS_PTRACE",
            "run criu-plan as root, or set kernel.yama.ptrace_scope to 0",
        ),
        2 => ("yama's ptrace_scope is 2: tracing takes CAP_SYS_PTRACE", "run criu-plan as root"),
        _ => ("yama's ptrace_scope is 3: nobody may trace", "it can be changed by a reboot only"),
    })
}

fn refusal(process: &Process, why: &str) -> Problem {
    Problem::error("target::not-permitted", format!("{} may not be traced: {why}", process.title()))
}

/// Told by the mapping of users, which everybody may read; the namespace itself is hidden from those who may not trace.
fn in_another_user_namespace(process: &Process) -> bool {
    let mut theirs = String::new();
    let read = process.open("uid_map", false).and_then(|mut file| file.read_to_string(&mut theirs));
    read.is_ok() && fs::read_to_string("/proc/self/uid_map").is_ok_and(|own| own != theirs)
}

/// Says which rule it is that keeps us from a process.
pub fn explain_denial(process: &Process) -> Problem {
    if let Some(problem) = yama(process) {
        return problem;
    }
    let (Some(own), Some(their)) = (own_status(), their_status(process)) else {
        return refusal(process, "the kernel does not allow it");
    };
    if their.tracerpid != 0 {
        return traced(process, their.tracerpid);
    }
    let same_ids = [their.ruid, their.euid, their.suid].iter().all(|id| *id == own.fuid)
        && [their.rgid, their.egid, their.sgid].iter().all(|id| *id == own.fgid);
    if !same_ids {
        let who = nix::unistd::User::from_uid(their.euid.into()).ok().flatten();
        let who = who.map_or_else(|| their.euid.to_string(), |user| format!("{} ({})", user.uid, user.name));
        return refusal(process, &format!("its user is {who}, ours is {}, and CAP_SYS_PTRACE is missing", own.fuid))
            .help("run criu-plan as root, or as that user");
    }
    let more_capable = their.capprm & !own.capprm != 0;
    // The files of a process that is not dumpable belong to root; its directory does not.
    let owner = process.open("status", false).and_then(|file| file.metadata()).map_or(their.euid, |file| file.uid());
    if owner != their.euid {
        return refusal(process, "it is not dumpable (PR_SET_DUMPABLE, or it ran a set-uid program)")
            .help("run criu-plan as root");
    }
    if in_another_user_namespace(process) {
        return refusal(process, "it is in another user namespace, where we have no CAP_SYS_PTRACE")
            .help("run criu-plan as root of the initial user namespace");
    }
    if more_capable {
        return refusal(process, "it has capabilities that we have not").help("run criu-plan as root");
    }
    refusal(process, "a security module forbids it (AppArmor, SELinux or Landlock)")
        .help("look for a denial in the kernel's or the audit log")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yama_by_scope_and_capability() {
        let denied = |scope, capable| yama_denies(scope, capable).map(|(why, _)| why);
        for scope in ["0\n", "", "garbage"] {
            assert_eq!((denied(scope, false), denied(scope, true)), (None, None), "{scope:?}");
        }
        assert!(denied("1\n", false).is_some_and(|why| why.contains("only descendants")));
        assert!(denied("2\n", false).is_some_and(|why| why.contains("takes CAP_SYS_PTRACE")));
        assert_eq!((denied("1\n", true), denied("2\n", true)), (None, None));
        for capable in [false, true] {
            assert!(denied("3\n", capable).is_some_and(|why| why.contains("nobody")));
        }
    }
}
