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
