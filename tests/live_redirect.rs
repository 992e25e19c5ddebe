//! The main job on every kind of process: its stdout goes elsewhere, and nothing else about it changes.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use std::fs::{self, File};
use std::process::Command;
use support::*;

/// Redirects a target three times, and checks all that must hold.
fn redirected(mut target: Target, directory: &std::path::Path, compare: bool) {
    for round in 0..3 {
        let before = target.snapshot();
        let log = directory.join(format!("log-{round}"));
        let output = redirect(target.pid(), &log);
        assert_code(&output, 0);
        let outcome = outcome(&output);
        assert_eq!((&outcome["outcome"], &outcome["changed"]), (&"applied".into(), &true.into()), "{outcome:#}");
        assert!(outcome["targets"][0]["stall_us"].as_u64().unwrap() > 0);
        wait_for_growth(&log, 0);
        target.assert_well();
        if compare {
            assert_same(&before, &target.snapshot());
        }
    }
}

fn life(kind: &str) {
    let directory = directory();
    redirected(Target::life(kind, &directory.path().join("first")), directory.path(), true);
}

/// A test for each kind of `life`.
macro_rules! kinds {
    ($($name:ident $kind:literal)*) => {$(
        #[test]
        fn $name() {
            life($kind);
        }
    )*};
}

kinds! {
    a_plain_process "plain"
    one_that_computes_all_the_time "busy"
    seventeen_threads "threads 16"
    a_thousand_threads "threads 1000"
    forty_thousand_mappings "mappings 40000"
    a_first_thread_that_has_ended "dead-leader"
    an_alternate_stack_at_hand "alternate"
    on_its_alternate_stack "on-alternate"
    on_a_small_fiber_stack "fiber"
    on_a_fiber_stack_in_a_frame "fiber-in-frame"
    signals_all_the_time "signals"
    blocked_and_ignored_signals "masks"
    a_filter_that_kills_mmap "no-mmap"
    a_filter_that_kills_restart_syscall "no-restart"
    memory_deny_write_execute "mdwe"
    syscall_user_dispatch "dispatch"
}

#[test]
fn threads_that_come_and_go() {
    let directory = directory();
    redirected(Target::life("churn", &directory.path().join("first")), directory.path(), false);
}

#[test]
fn children_spawned_all_the_time() {
    let directory = directory();
    redirected(Target::life("spawns", &directory.path().join("first")), directory.path(), false);
}

#[test]
fn stdout_closed_before() {
    let directory = directory();
    let mut target = Target::life("closed", &directory.path().join("first"));
    let log = directory.path().join("log");
    assert_code(&redirect(target.pid(), &log), 0);
    wait_for_growth(&log, 0);
    target.assert_well();
    let flags = fs::read_to_string(format!("/proc/{}/fdinfo/1", target.pid())).unwrap();
    assert!(flags.contains("flags:\t0102001"), "appending, not close-on-exec: {flags}");
}

#[test]
fn a_stopped_process_stays_stopped() {
    let directory = directory();
    let mut target = Target::life("plain", &directory.path().join("first"));
    target.signal(libc::SIGSTOP);
    wait_until("it is stopped", || target.status("State").starts_with('T'));
    let log = directory.path().join("log");
    assert_code(&redirect(target.pid(), &log), 0);
    wait_until("it is stopped again", || target.status("State").starts_with('T'));
    assert_eq!(fs::metadata(&log).unwrap().len(), 0);
    target.signal(libc::SIGCONT);
    wait_for_growth(&log, 0);
    target.assert_well();
}

#[test]
fn a_static_musl_program() {
    let directory = directory();
    let stdout = File::create(directory.path().join("first")).unwrap();
    redirected(Target::start(Command::new(musl("plain")).stdout(stdout)), directory.path(), true);
}

#[test]
fn a_go_program() {
    let directory = directory();
    let stdout = File::create(directory.path().join("first")).unwrap();
    // Its runtime maps memory and opens descriptors of its own all the time.
    redirected(Target::start(Command::new(go("lines")).stdout(stdout)), directory.path(), false);
}

#[test]
fn a_java_program() {
    let directory = directory();
    let stdout = File::create(directory.path().join("first")).unwrap();
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/targets/Lines.java");
    redirected(Target::start(Command::new("java").arg(source).stdout(stdout)), directory.path(), false);
}

#[test]
fn a_python_program() {
    let directory = directory();
    let stdout = File::create(directory.path().join("first")).unwrap();
    let program = "import sys,time\nprint('ready',file=sys.stderr,flush=True)\nwhile True: print('line',flush=True); time.sleep(0.02)";
    redirected(Target::start(Command::new("python3").args(["-c", program]).stdout(stdout)), directory.path(), true);
}

#[test]
fn a_shell_loop() {
    let directory = directory();
    let stdout = File::create(directory.path().join("first")).unwrap();
    let program = "echo ready >&2; while :; do echo line; sleep 0.02; done";
    redirected(Target::start(Command::new("sh").args(["-c", program]).stdout(stdout)), directory.path(), false);
}
