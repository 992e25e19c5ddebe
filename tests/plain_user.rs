//! A plain user and a process of theirs: everything but what takes privileges.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Output};
use support::*;

/// A `life` of theirs, its output going to a file of theirs.
fn life_of(user: &PlainUser, kind: &str) -> Target {
    let first = user.path("first");
    let script = format!("exec \"$0\" {kind} >{}", first.display());
    let target = Target::start(user.command("sh").args(["-c", &script]).arg(user.c("life")));
    if is_root() {
        assert_eq!(target.status("Uid"), [PLAIN_USER; 4].map(|id| id.to_string()).join("\t"));
        assert_eq!(target.status("CapPrm"), "0000000000000000");
    }
    target
}

#[test]
fn redirects_a_process_of_theirs() {
    for kind in ["plain", "threads 16", "busy", "signals"] {
        let user = PlainUser::new();
        let mut target = life_of(&user, kind);
        for round in 0..2 {
            let before = target.snapshot();
            let log = user.path(&format!("log-{round}"));
            let output = user.redirect(target.pid(), &log, &[]);
            assert_code(&output, 0);
            assert_eq!(outcome(&output)["outcome"], "applied");
            assert_eq!(target.link(1), log);
            wait_for_growth(&log, 0);
            target.assert_well();
            assert_same(&before, &target.snapshot());
            if is_root() {
                assert_eq!(fs::metadata(&log).unwrap().uid(), PLAIN_USER);
            }
        }
    }
}

#[test]
fn a_failure_is_rolled_back() {
    let user = PlainUser::new();
    let mut target = life_of(&user, "plain");
    let before = (descriptors(target.pid()).remove("0"), target.snapshot());
    let log = user.path("log");
    let plan = user.path("plan.yaml");
    let open = format!("{{open: [{}, 'O_WRONLY|O_CREAT', 0o600], capture: log}}", log.display());
    let steps = format!("{open}, {{dup2: ['${{log}}', 1]}}, {{close: [0]}}, {{close: [999]}}");
    fs::write(&plan, format!("version: 1\ntargets: [{}]\nsteps: [{steps}]\n", target.pid())).unwrap();
    let output = user.criu_plan().arg("apply").arg(plan).args(["--output", "json"]).output().unwrap();
    assert_code(&output, 1);
    assert_eq!(outcome(&output)["outcome"], "rolled_back");
    assert!(!log.exists());
    assert_eq!(target.link(1), user.path("first"));
    assert_eq!((descriptors(target.pid()).remove("0"), target.snapshot()), before);
    target.assert_well();
}

/// `criu-plan exec` run by them.
fn exec(user: &PlainUser, target: &Target, words: &[&str]) -> Output {
    user.criu_plan().args(["exec", "-t", &target.pid().to_string()]).args(words).output().unwrap()
}

#[test]
fn runs_single_calls_in_a_process_of_theirs() {
    let user = PlainUser::new();
    let mut target = life_of(&user, "plain");
    let output = exec(&user, &target, &["getppid"]);
    assert_code(&output, 0);
    let expected = format!("getppid() = {0} ({0:#x})\n", std::process::id());
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    let path = format!("&{}", user.path("made").display());
    let output = exec(&user, &target, &["open", &path, "O_RDWR|O_CREAT", "0600"]);
    assert_code(&output, 0);
    assert_eq!(target.link(3), user.path("made"));
    // What they may not do, their process may not either.
    let output = exec(&user, &target, &["open", "&/etc/shadow", "O_WRONLY"]);
    assert_code(&output, 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("EACCES"));
    target.assert_well();
}

#[test]
fn a_stopped_process_of_theirs_stays_stopped() {
    let user = PlainUser::new();
    let mut target = life_of(&user, "plain");
    target.signal(libc::SIGSTOP);
    wait_until("it is stopped", || target.status("State").starts_with('T'));
    let log = user.path("log");
    assert_code(&exec(&user, &target, &["getpid"]), 0);
    wait_until("it is stopped again", || target.status("State").starts_with('T'));
    assert_code(&user.redirect(target.pid(), &log, &[]), 0);
    wait_until("it is stopped again", || target.status("State").starts_with('T'));
    assert_eq!(fs::metadata(&log).unwrap().len(), 0);
    target.signal(libc::SIGCONT);
    wait_for_growth(&log, 0);
    target.assert_well();
}

#[test]
fn may_read_what_needs_no_privileges_in_a_dry_run() {
    let user = PlainUser::new();
    let mut target = life_of(&user, "plain");
    let output = user.redirect(target.pid(), &user.path("log"), &["--dry-run"]);
    assert_code(&output, 0);
    assert_eq!(outcome(&output)["outcome"], "planned");
    assert!(!user.path("log").exists());
    // Of a process that is not theirs nothing is planned.
    if is_root() {
        let other = Target::start(Command::new(c("life")).arg("plain").stdout(File::create("/dev/null").unwrap()));
        let output = user.redirect(other.pid(), &user.path("log"), &["--dry-run"]);
        assert_code(&output, 1);
        assert_eq!(codes(&output), ["target::not-permitted"]);
    }
    target.assert_well();
}
