//! Steps whose effect ends with a descriptor that the plan opened: they need no `irreversible`, and nothing stays of them.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use criu_plan::plan::{Purpose, read};
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use support::*;

/// Applies steps to a program of its own, which must be well and as it was; with the result of the last one.
fn run(directory: &Path, steps: &str) -> (i32, Value) {
    let mut target = Target::life("plain", &directory.join("stdout"));
    let before = target.snapshot();
    let output = apply(directory, &format!("version: 1\ntargets: [{}]\nsteps:\n{steps}", target.pid()), &[]);
    target.assert_well();
    assert_same(&before, &target.snapshot());
    (output.status.code().unwrap(), outcome(&output))
}

const FAILS: &str = "- fcntl: [999, F_GETFD]\n  name: fails\n";

#[test]
fn what_ends_with_its_descriptor_is_rolled_back() {
    let cases = [
        "- open: [DIR/file, O_RDWR|O_CLOEXEC]\n  capture: fd\n- lseek: [\"${fd}\", 3, SEEK_SET]\n- flock: [\"${fd}\", LOCK_EX|LOCK_NB]\n- fcntl: [\"${fd}\", F_SETSIG, SIGUSR1]\n",
        "- memfd_create: [mem, MFD_CLOEXEC|MFD_ALLOW_SEALING]\n  capture: fd\n- ftruncate: [\"${fd}\", 4096]\n- pwrite64: [\"${fd}\", text, 4, 0]\n- fcntl: [\"${fd}\", F_ADD_SEALS, F_SEAL_WRITE]\n",
        "- socket: [AF_INET, SOCK_STREAM]\n  capture: fd\n- setsockopt: [\"${fd}\", SOL_SOCKET, SO_REUSEADDR, { i32: 1 }]\n- setsockopt: [\"${fd}\", IPPROTO_TCP, TCP_NODELAY, { i32: 1 }]\n- bind: [\"${fd}\", \"127.0.0.1:0\"]\n- listen: [\"${fd}\", 5]\n- ioctl: [\"${fd}\", FIONBIO, { i32: 1 }]\n",
        "- socket: [AF_UNIX, SOCK_STREAM]\n  capture: fd\n- bind: [\"${fd}\", \"@criu-plan-private-PID\"]\n",
        "- timerfd_create: [CLOCK_MONOTONIC, TFD_CLOEXEC]\n  capture: fd\n- timerfd_settime: [\"${fd}\", 0, { struct: { it_value: { tv_sec: 60 } } }, 0]\n",
        "- epoll_create1: [0]\n  capture: fd\n- epoll_ctl: [\"${fd}\", EPOLL_CTL_ADD, 0, { struct: { events: EPOLLIN } }]\n- epoll_wait: [\"${fd}\", { out: \"epoll_event[4]\" }, 4, 0]\n  timeout: 1s\n",
        "- inotify_init1: [IN_NONBLOCK]\n  capture: fd\n- inotify_add_watch: [\"${fd}\", DIR, IN_CREATE]\n",
        "- eventfd2: [0, 0]\n  capture: fd\n- write: [\"${fd}\", { u64: 3 }]\n",
        // What is closed in between has another number, and a duplicate is put where another was.
        "- socket: [AF_INET, SOCK_STREAM]\n  capture: fd\n- dup2: [\"${fd}\", 0]\n- close: [1]\n- listen: [\"${fd}\", 5]\n",
    ];
    for case in cases {
        let directory = directory();
        fs::write(directory.path().join("file"), "precious").unwrap();
        let pid = std::process::id().to_string();
        let steps = case.replace("DIR", directory.path().to_str().unwrap()).replace("PID", &pid);
        let (code, outcome) = run(directory.path(), &format!("{steps}{FAILS}"));
        assert_eq!((code, &outcome["outcome"]), (1, &json!("rolled_back")), "{case}: {outcome:#}");
        let steps = outcome["targets"][0]["steps"].as_array().unwrap();
        let made = steps.iter().filter(|step| step["state"] == "done");
        assert!(made.clone().count() > 1 && made.clone().all(|step| step["undone"] == true), "{case}: {outcome:#}");
        assert_eq!(fs::read(directory.path().join("file")).unwrap(), b"precious");
    }
}

/// The number of a descriptor of the plan's own may come to be another's: then it is not touched.
#[test]
fn a_descriptor_that_another_has_taken_the_place_of_is_let_alone() {
    let directory = directory();
    // The lowest free number in this program; standard input comes to be there.
    let steps =
        "- socket: [AF_INET, SOCK_STREAM]\n  capture: fd\n  returns: 3\n- dup2: [0, 3]\n- listen: [\"${fd}\", 5]\n";
    let (code, outcome) = run(directory.path(), steps);
    assert_eq!((code, &outcome["outcome"]), (1, &json!("rolled_back")), "{outcome:#}");
    let failed = &outcome["targets"][0]["steps"][2];
    assert_eq!((&failed["state"], &failed["result"]), (&json!("failed"), &Value::Null));
    assert!(failed["note"].as_str().unwrap().contains("another by now"), "{failed:#}");
}

/// Codes of errors that reading tells of.
fn mistakes(steps: &str) -> Vec<String> {
    let text = format!("version: 1\ntargets: [10]\nsteps:\n{steps}");
    let told = read(text.as_bytes(), &IndexMap::new(), Purpose::Run).map(|_| ()).err().unwrap_or_default();
    let errors = told.iter().filter(|problem| problem.severity == criu_plan::problem::Severity::Error);
    errors.map(|problem| problem.code.to_string()).collect()
}

#[test]
fn what_reaches_others_needs_the_word_all_the_same() {
    let socket = "- socket: [AF_INET, SOCK_STREAM]\n  capture: fd\n";
    let file = "- open: [/f, O_RDWR]\n  capture: fd\n";
    for (makes, step) in [
        (socket, "- connect: [\"${fd}\", \"127.0.0.1:80\"]\n  timeout: 1s\n"),
        (socket, "- bind: [\"${fd}\", /run/x.sock]\n"),
        (socket, "- bind: [\"${fd}\", { bytes: \"01002f72756e2f7800\" }]\n"),
        // A firewall's rules, and an option that is not known.
        (socket, "- setsockopt: [\"${fd}\", SOL_IP, 64, { out: 64 }, 64]\n"),
        (socket, "- getpid: []\n  capture: n\n- setsockopt: [\"${fd}\", SOL_IP, \"${n}\", { i32: 1 }]\n"),
        (file, "- write: [\"${fd}\", x]\n"),
        (file, "- ftruncate: [\"${fd}\", 0]\n"),
        // Not the plan's own, or not for sure.
        ("", "- lseek: [3, 0, SEEK_SET]\n"),
        ("- dup: [1]\n  capture: fd\n", "- lseek: [\"${fd}\", 0, SEEK_SET]\n"),
        (file, "- lseek: [\"${fd}+1\", 0, SEEK_SET]\n"),
        (
            "- open: [/f, O_RDWR]\n  capture: fd\n  undo: none\n  irreversible: true\n",
            "- lseek: [\"${fd}\", 0, SEEK_SET]\n",
        ),
        // It may have been sent somewhere, or closed.
        (file, "- sendmsg: [5, { struct: {} }]\n  irreversible: true\n- lseek: [\"${fd}\", 0, SEEK_SET]\n"),
        (file, "- dup2: [1, \"${fd}\"]\n- lseek: [\"${fd}\", 0, SEEK_SET]\n"),
    ] {
        assert_eq!(mistakes(&format!("{makes}{step}")), ["plan::irreversible"], "{makes}{step}");
    }
    for (makes, step) in [(socket, "- listen: [\"${fd}\", 5]\n"), (file, "- lseek: [\"${fd}\", 0, SEEK_SET]\n")] {
        assert_eq!(mistakes(&format!("{makes}{step}")), Vec::<String>::new());
    }
}
