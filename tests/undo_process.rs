//! What a process is to itself (umask, limits, scheduling, signals, credentials …) is put back when a later step fails.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use serde_json::json;
use std::fs;
use std::process::Command;
use support::*;

/// Steps that are undone, and what tells that they were.
const STEPS: [&str; 2] = ["{umask: [0o027]}", "{umask: [0o777]}"];

/// Fails in every process.
const FAILS: &str = "{fcntl: [999, F_GETFD]}";

fn state(pid: i32) -> String {
    fs::read_to_string(format!("/proc/{pid}/status"))
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("Umask"))
        .collect()
}

#[test]
fn each_call_is_taken_back_when_a_later_step_fails() {
    let directory = directory();
    let mut target = Target::start(Command::new(c("still")).arg("descriptors").arg(directory.path()));
    target.until_asleep();
    for step in STEPS {
        let before = state(target.pid());
        let plan = format!("version: 1\ntargets: [{}]\nsteps: [{step}, {FAILS}]\n", target.pid());
        let output = apply(directory.path(), &plan, &[]);
        assert_code(&output, 1);
        let outcome = outcome(&output);
        assert_eq!(outcome["outcome"], "rolled_back", "{step}: {outcome:#}");
        let done = &outcome["targets"][0]["steps"][0];
        assert_eq!((&done["state"], &done["undone"]), (&json!("done"), &json!(true)), "{done:#}");
        assert_eq!(state(target.pid()), before, "{step}");
        target.assert_well();
    }
}
