//! Plans that ship: output, logs, space, connections, filesystems and leaks. Each on a real program: its effect, a second run
//! and its rollback are observed.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

#[path = "plans_a/connection.rs"]
mod connection;
#[path = "plans_a/filesystem.rs"]
mod filesystem;
#[path = "plans_a/job.rs"]
mod job;
#[path = "plans_a/keepalive.rs"]
mod keepalive;
#[path = "plans_a/leaks.rs"]
mod leaks;
#[path = "plans_a/logs.rs"]
mod logs;
#[path = "plans_a/output.rs"]
mod output;
#[path = "plans_a/space.rs"]
mod space;
mod support;

use job::shipped;
use support::{assert_code, criu_plan};

#[test]
fn all_are_valid_without_warnings() {
    let output = criu_plan().args(["validate", "--deny", "warnings"]).arg(shipped("")).output().unwrap();
    assert_code(&output, 0);
}
