//! Whether one thread of a process may stand for another.

use super::kcmp::{Resource, same};
use std::fs;

/// Lines of `status` (proc(5)) that say as whom, and under what restrictions, a thread acts.
const CREDENTIALS: [&str; 11] = [
    "Uid:",
    "Gid:",
    "Groups:",
    "CapInh:",
    "CapPrm:",
    "CapEff:",
    "CapBnd:",
    "CapAmb:",
    "NoNewPrivs:",
    "Seccomp:",
    "Umask:",
];
/// Links of `ns/` that a thread can have of its own.
const NAMESPACES: [&str; 6] = ["cgroup", "ipc", "mnt", "net", "user", "uts"];

/// Whether two threads of process `pid` share descriptors and file-system attributes and act with the same credentials,
/// restrictions and namespaces, so that either may make a call for both. `false` too if it can't be told.
pub fn alike(pid: i32, a: i32, b: i32) -> bool {
    let shares = |resource| matches!(same(a, b, resource), Ok(true));
    shares(Resource::Files)
        && shares(Resource::Fs)
        && credentials(pid, a).is_some_and(|of_a| credentials(pid, b) == Some(of_a))
        && NAMESPACES.iter().all(|name| {
            let link = |tid| fs::read_link(format!("/proc/{pid}/task/{tid}/ns/{name}")).ok();
            link(a) == link(b)
        })
}

fn credentials(pid: i32, tid: i32) -> Option<Vec<String>> {
    let status = fs::read_to_string(format!("/proc/{pid}/task/{tid}/status")).ok()?;
    let matters = |line: &&str| CREDENTIALS.iter().any(|name| line.starts_with(name));
    Some(status.lines().filter(matters).map(str::to_owned).collect())
}
