//! Plans that ship: limits, umask, memory advice, terminals, namespaces, hardening and listeners. Each on a real program: what
//! a dry run touches, what the plan comes to, what a second run finds, and what a failure leaves.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

#[path = "plans_b/harden.rs"]
mod harden;
#[path = "plans_b/job.rs"]
mod job;
#[path = "plans_b/limits.rs"]
mod limits;
#[path = "plans_b/listener.rs"]
mod listener;
#[path = "plans_b/memory.rs"]
mod memory;
#[path = "plans_b/network.rs"]
mod network;
#[path = "plans_b/redis_server.rs"]
mod redis_server;
mod support;
#[path = "plans_b/terminal.rs"]
mod terminal;

use job::source;
use support::criu_plan;

#[test]
fn no_plan_that_ships_gives_a_warning() {
    let output = criu_plan().args(["validate", "--deny", "warnings"]).arg(source("plans")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
