//! Whether the architecture that a plan is for has the calls that it uses.

use super::Step;
use super::reading::Problems;
use crate::problem::Problem;
use crate::syscalls::Arch;

/// What takes the place of calls that only older architectures have: those that came later dropped what a more general
/// call does as well.
const INSTEAD: &[(&str, &str)] = &[
    ("access", "faccessat: [AT_FDCWD, …]"),
    ("alarm", "setitimer"),
    ("chmod", "fchmodat: [AT_FDCWD, …]"),
    ("chown", "fchownat: [AT_FDCWD, …]"),
    ("creat", "openat: [AT_FDCWD, …, [O_WRONLY, O_CREAT, O_TRUNC], …]"),
    ("dup2", "dup3: [oldfd, newfd, 0]"),
    ("epoll_create", "epoll_create1: [0]"),
    ("epoll_wait", "epoll_pwait"),
    ("eventfd", "eventfd2: [initval, 0]"),
    ("futimesat", "utimensat"),
    ("getdents", "getdents64"),
    ("getpgrp", "getpgid: [0]"),
    ("inotify_init", "inotify_init1: [0]"),
    ("lchown", "fchownat: [AT_FDCWD, …, AT_SYMLINK_NOFOLLOW]"),
    ("link", "linkat: [AT_FDCWD, …, AT_FDCWD, …, 0]"),
    ("lstat", "newfstatat: [AT_FDCWD, …, AT_SYMLINK_NOFOLLOW]"),
    ("mkdir", "mkdirat: [AT_FDCWD, …]"),
    ("mknod", "mknodat: [AT_FDCWD, …]"),
    ("open", "openat: [AT_FDCWD, …]"),
    ("pause", "ppoll"),
    ("pipe", "pipe2: [{out: 8}, 0]"),
    ("poll", "ppoll"),
    ("readlink", "readlinkat: [AT_FDCWD, …]"),
    ("rename", "renameat2: [AT_FDCWD, …, AT_FDCWD, …, 0]"),
    ("rmdir", "unlinkat: [AT_FDCWD, …, AT_REMOVEDIR]"),
    ("select", "pselect6"),
    ("signalfd", "signalfd4"),
    ("stat", "newfstatat: [AT_FDCWD, …, 0]"),
    ("symlink", "symlinkat: [target, AT_FDCWD, …]"),
    ("time", "clock_gettime: [CLOCK_REALTIME, …]"),
    ("unlink", "unlinkat: [AT_FDCWD, …, 0]"),
    ("ustat", "statfs"),
    ("utime", "utimensat"),
    ("utimes", "utimensat"),
];

/// Reports each step whose call the architecture lacks.
pub fn check(arch: Arch, steps: &[Step], problems: &mut Problems) {
    for step in steps.iter().filter(|step| step.syscall.number(arch).is_none()) {
        let name = step.syscall.name;
        let problem = Problem::error("plan::no-such-call-here", format!("{} has no `{name}`", arch.name()));
        let instead = INSTEAD.iter().find(|(call, _)| *call == name);
        let help = match instead {
            Some((_, instead)) => format!("use `{instead}`, which both architectures have"),
            None => "nothing takes its place there".to_owned(),
        };
        problems.push(problem.help(help).at(step.span, ""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::{TABLE, by_name};

    #[test]
    fn what_is_used_instead_is_everywhere() {
        for (name, instead) in INSTEAD {
            assert!(by_name(name).is_some_and(|call| call.aarch64.is_none()), "{name}");
            let other = by_name(instead.split(':').next().unwrap()).unwrap_or_else(|| panic!("{instead}"));
            assert!(other.x86_64.is_some() && other.aarch64.is_some(), "{instead}");
        }
    }

    #[test]
    fn what_has_no_replacement_is_known() {
        let without: Vec<&str> = TABLE
            .iter()
            .filter(|call| call.aarch64.is_none() && call.forbidden.is_none())
            .map(|call| call.name)
            .filter(|name| !INSTEAD.iter().any(|(call, _)| call == name))
            .collect();
        assert_eq!(without, ["sysfs", "uretprobe"]);
    }
}
