//! criu-plan is killed at one of its calls, and then `recover` brings the run to its end: each target is exactly as it was, or
//! exactly as the plan makes it, and a second time there is nothing to do.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending
#![allow(dead_code)] // of what it shares with the sweep without recovery it uses a part

#[path = "kill_sweep/blow.rs"]
mod blow;
#[path = "recover/case.rs"]
mod case;
#[path = "recover/state.rs"]
mod state;
mod support;
#[path = "recover/sweep.rs"]
mod sweep;

use case::Case;
use sweep::sweep;

/// Files, duplicates, pipes: what most plans are about. (Nothing is written to the file that the plan makes: it would stay.)
const DESCRIPTORS: &str = "
  - open: [\"LOG\", [O_WRONLY, O_CREAT, O_APPEND, O_CLOEXEC], 0o644]
    capture: log
  - dup2: [\"${log}\", 2]
  - close: [\"${log}\"]
  - pipe2: [{ out: 8 }, O_CLOEXEC]
    capture: { pipefd: ends }
  - close: [\"${ends[0]}\"]
  - umask: [0o27]
";

/// Stdout goes to a file that is there, and the process writes to it all the time.
const REDIRECTS: &str = "
  - open: [\"OLD\", [O_WRONLY, O_CREAT, O_APPEND, O_CLOEXEC], 0o644]
    capture: log
  - dup2: [\"${log}\", 1]
  - close: [\"${log}\"]
  - socket: [AF_UNIX, SOCK_STREAM, 0]
    capture: socket
  - fcntl: [\"${socket}\", F_SETFD, FD_CLOEXEC]
";

/// A plan that fails at its end: all that is left to be done is to take it back.
const FAILS: &str = "
  - open: [\"LOG\", [O_WRONLY, O_CREAT, O_APPEND, O_CLOEXEC], 0o644]
    capture: log
  - dup2: [\"${log}\", 2]
  - close: [0]
  - umask: [0o27]
  - close: [9999]
";

/// What a process is apart from its descriptors: where it is, what it may have, memory, dispositions.
const VALUES: &str = "
  - chdir: [/]
  - prlimit64: { pid: 0, resource: RLIMIT_NOFILE, new_limit: { struct: { rlim_cur: 512, rlim_max: 4096 } } }
  - mmap: [0, 16384, [PROT_READ, PROT_WRITE], [MAP_PRIVATE, MAP_ANONYMOUS], -1, 0]
    capture: memory
  - mprotect: [\"${memory}\", 16384, PROT_READ]
  - umask: [0o27]
  - rt_sigaction: { signum: SIGUSR1, act: { struct: { sa_handler: SIG_IGN } } }
  - setpriority: [PRIO_PROCESS, 0, 5]
";

/// Nothing comes after a close that is held back.
const HELD_BACK: &str = "
  - eventfd2: [0, EFD_CLOEXEC]
    capture: event
  - close: [\"${event}\"]
";

/// Undo that the plan itself says, for calls whose results show.
const OF_ITS_OWN: &str = "
  - dup: [2]
    capture: copy
    undo:
      - close: [\"${copy}\"]
  - eventfd2: [0, EFD_CLOEXEC]
    capture: event
    undo:
      - close: [\"${event}\"]
  - pipe2: [{ out: 8 }, O_CLOEXEC]
    capture: { pipefd: ends }
    undo:
      - close: [\"${ends[0]}\"]
      - close: [\"${ends[1]}\"]
  - umask: [0o27]
";

/// Undo of the plan's own that goes by a number which nobody knows if we die before it is told.
const BLIND: &str = "
  - umask: [0o27]
    capture: before
    undo:
      - umask: [\"${before}\"]
  - close: [9999]
";

#[test]
fn undo_of_ones_own() {
    sweep(Case { name: "undo of one's own", steps: OF_ITS_OWN, targets: 1 });
}

#[test]
fn undo_that_would_be_blind_is_not_run() {
    sweep::blind(Case { name: "blind", steps: BLIND, targets: 1 });
}

#[test]
fn a_run_that_was_cut_off_is_told_to_whoever_comes_next() {
    sweep::warned(Case { name: "a rollback", steps: FAILS, targets: 1 });
}

#[test]
fn values_and_memory() {
    sweep(Case { name: "values", steps: VALUES, targets: 1 });
}

#[test]
fn what_is_held_back() {
    sweep(Case { name: "held back", steps: HELD_BACK, targets: 1 });
}

#[test]
fn descriptors_and_umask() {
    sweep(Case { name: "descriptors", steps: DESCRIPTORS, targets: 1 });
}

#[test]
fn a_rollback() {
    sweep(Case { name: "a rollback", steps: FAILS, targets: 1 });
}

#[test]
fn two_processes() {
    sweep(Case { name: "two processes", steps: REDIRECTS, targets: 2 });
}
