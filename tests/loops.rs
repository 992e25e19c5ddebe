//! for_each: steps repeated over what the frozen target has.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use support::*;

/// A keeper of logs in a directory.
fn keeper(directory: &Path, count: usize) -> (Target, Vec<PathBuf>) {
    let logs: Vec<PathBuf> = (0..count).map(|log| directory.join(format!("{log}.log"))).collect();
    (Target::start(Command::new(c("keeper")).arg("logs").args(&logs)), logs)
}

/// `flags:` of a descriptor, as in fdinfo.
fn flags(pid: i32, fd: i32) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).unwrap();
    text.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim().to_owned()
}

fn states(outcome: &Value, step: u64) -> Vec<(String, String)> {
    let steps = outcome["targets"][0]["steps"].as_array().unwrap();
    let of_step = steps.iter().filter(|one| one["index"] == step);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    of_step.map(|one| (text(&one["each"]), text(&one["state"]))).collect()
}

/// What goes on where the old one was; it can't be undone yet.
const SEEK: &str = "  - lseek: [\"${fresh}\", \"${each.offset}\", SEEK_SET]
    for_each: *rotated
    irreversible: true
";

/// Opens every log in the directory that was rotated away anew, in the old one's place.
fn reopen(pid: i32, directory: &Path, then: &str, last: &str) -> String {
    format!(
        "version: 1
targets: [{pid}]
steps:
  - open: {{ pathname: \"${{each.file}}\", flags: \"${{each.flags}}+O_CREAT\", mode: 0o644 }}
    for_each: &rotated {{ fd: {{ path: \"{0}/*.log (deleted)\" }} }}
    capture: fresh
{then}  - dup3: [\"${{fresh}}\", \"${{each.number}}\", 0]
    for_each: *rotated
  - fcntl: [\"${{each.number}}\", F_SETFD, FD_CLOEXEC]
    for_each: {{ fd: {{ path: \"{0}/*.log (deleted)\", flags: O_CLOEXEC }} }}
  - close: [\"${{fresh}}\"]
    for_each: *rotated
{last}",
        directory.display(),
    )
}

#[test]
fn logs_that_were_rotated_away_are_opened_anew() {
    let directory = directory();
    let (mut target, logs) = keeper(directory.path(), 6);
    let rotated = [0, 1, 4];
    for log in rotated {
        wait_for_growth(&logs[log], 50);
        fs::remove_file(&logs[log]).unwrap();
    }
    let before: Vec<String> = (20..26).map(|fd| flags(target.pid(), fd)).collect();
    let plan = reopen(target.pid(), directory.path(), SEEK, "");
    let dry = apply(directory.path(), &plan, &["--dry-run"]);
    assert_code(&dry, 0);
    let planned: Vec<_> = states(&outcome(&dry), 2);
    let each = |state: &str| ["fd 20", "fd 21", "fd 24"].map(|fd| (fd.to_owned(), state.to_owned())).to_vec();
    assert_eq!(planned, each("planned"));
    assert!(target.link(20).display().to_string().ends_with("(deleted)"));
    let output = apply(directory.path(), &plan, &[]);
    assert_code(&output, 0);
    let outcome = outcome(&output);
    assert_eq!(states(&outcome, 2), each("done"));
    assert_eq!(states(&outcome, 3), [("fd 21".to_owned(), "done".to_owned())]);
    assert_eq!(outcome["targets"][0]["captures"]["fresh"].as_array().unwrap().len(), 3);
    for log in rotated {
        assert_eq!(target.link(20 + log as i32), logs[log]);
        wait_for_growth(&logs[log], 0);
    }
    let after: Vec<String> = (20..26).map(|fd| flags(target.pid(), fd)).collect();
    assert_eq!(before, after);
    // Without O_APPEND it went on where it was.
    let second = fs::read(&logs[1]).unwrap();
    assert!(second.starts_with(&[0; 50]) && second.ends_with(b"line\n"), "{second:?}");
    assert!(fs::read(&logs[0]).unwrap().starts_with(b"line\n"));
    target.assert_well();
    let again = apply(directory.path(), &plan, &[]);
    assert_code(&again, 0);
    let again = self::outcome(&again);
    assert_eq!(again["outcome"], "unchanged", "{again:#}");
    assert_eq!(again["targets"][0]["steps"][0]["note"], "nothing fits its `for_each`");
}

#[test]
fn each_repetition_is_undone() {
    let directory = directory();
    let (mut target, logs) = keeper(directory.path(), 5);
    logs.iter().for_each(|log| fs::remove_file(log).unwrap());
    let before = target.snapshot();
    let plan = reopen(target.pid(), directory.path(), "", "  - close: [999]\n");
    let output = apply(directory.path(), &plan, &[]);
    assert_code(&output, 1);
    let outcome = outcome(&output);
    assert_eq!(outcome["outcome"], "rolled_back", "{outcome:#}");
    let steps = outcome["targets"][0]["steps"].as_array().unwrap();
    let undone = steps.iter().filter(|step| step["undone"] == true && step["syscall"] == "dup3").count();
    assert_eq!(undone, 5);
    target.assert_well();
    assert_same(&before, &target.snapshot());
    // What the opens had made is taken away again.
    assert!(logs.iter().all(|log| !log.exists()));
}

#[test]
fn advice_for_many_mappings() {
    let directory = directory();
    let mut target = Target::life("mappings 3000", &directory.path().join("first"));
    let marked = |target: &Target| {
        let text = fs::read_to_string(format!("/proc/{}/smaps", target.pid())).unwrap();
        let mut readable = false;
        let (mut with, mut without) = (0, 0);
        for line in text.lines() {
            if line.contains(" 00:00 0") && line.contains('-') {
                readable = line.contains(" r--p ") && !line.contains('[');
            } else if line.starts_with("VmFlags:") && readable {
                if line.split_whitespace().any(|flag| flag == "dd") { with += 1 } else { without += 1 }
            }
        }
        (with, without)
    };
    let (none, all) = marked(&target);
    assert!(none == 0 && all >= 1500, "{none} {all}");
    let before = target.snapshot();
    let plan = format!(
        "version: 1
targets: [{}]
steps:
  - madvise: [\"${{each.start}}\", \"${{each.length}}\", MADV_DONTDUMP]
    for_each: {{ mapping: {{ perms: r--p, anonymous: true, max_size: 4KiB }} }}
    irreversible: true
",
        target.pid()
    );
    let output = apply(directory.path(), &plan, &[]);
    assert_code(&output, 0);
    assert_eq!(marked(&target), (all, 0));
    assert!(states(&outcome(&output), 0).iter().all(|(each, state)| each.starts_with("mapping ") && state == "done"));
    target.assert_well();
    assert_same(&before, &target.snapshot());
}

#[test]
fn close_on_exec_on_descriptors_that_leak() {
    let directory = directory();
    let (mut target, _) = keeper(directory.path(), 5);
    let plan = format!(
        "version: 1
targets: [{}]
steps:
  - fcntl: [\"${{each.number}}\", F_SETFD, FD_CLOEXEC]
    for_each: {{ fd: {{ number: {{ min: 20, max: 24 }}, without: O_CLOEXEC }} }}
",
        target.pid()
    );
    let output = apply(directory.path(), &plan, &[]);
    assert_code(&output, 0);
    let changed: BTreeSet<String> = states(&outcome(&output), 0).into_iter().map(|(each, _)| each).collect();
    assert_eq!(changed, ["fd 20", "fd 22", "fd 24"].map(str::to_owned).into());
    for fd in 20..25 {
        assert!(flags(target.pid(), fd).starts_with("02"), "{fd}");
    }
    let again = apply(directory.path(), &plan, &[]);
    assert_eq!(outcome(&again)["outcome"], "unchanged");
    target.assert_well();
}

#[test]
fn a_list_and_one_of_it() {
    let directory = directory();
    let (mut target, _) = keeper(directory.path(), 3);
    let plan = |index: usize| {
        format!(
            "version: 1
targets: [{}]
steps:
  - dup: [\"${{each.number}}\"]
    for_each: {{ fd: {{ number: {{ min: 20, max: 22 }} }} }}
    capture: copies
  - fcntl: [\"${{copies[{index}]}}\", F_GETFD]
    capture: flags
  - close: [\"${{copies}}\"]
    for_each: {{ fd: {{ number: {{ min: 20, max: 22 }} }} }}
",
            target.pid()
        )
    };
    let before = target.snapshot();
    let output = apply(directory.path(), &plan(2), &[]);
    assert_code(&output, 0);
    let captures = outcome(&output)["targets"][0]["captures"].clone();
    assert_eq!(captures["copies"].as_array().unwrap().len(), 3);
    assert_eq!(captures["flags"], 0);
    let output = apply(directory.path(), &plan(3), &[]);
    assert_code(&output, 1);
    assert_eq!(codes(&output), ["program::capture"]);
    assert_same(&before, &target.snapshot());
    target.assert_well();
}

#[test]
fn what_changes_all_the_time_is_as_it_stands_in_the_stop() {
    let directory = directory();
    let target = Target::life("churn", &directory.path().join("first"));
    let plan = format!(
        "version: 1\ntargets: [{}]\nsteps:\n- gettid: []\n  thread: all\n  capture: tids\n- getpid: []\n  for_each: {{ mapping: {{ anonymous: true }} }}\n",
        target.pid()
    );
    for _ in 0..10 {
        let output = apply(directory.path(), &plan, &[]);
        assert_code(&output, 0);
        let outcome = outcome(&output);
        let tids = outcome["targets"][0]["captures"]["tids"].as_array().unwrap();
        assert_eq!(tids.len(), states(&outcome, 0).len());
        assert!(tids.contains(&target.pid().into()));
    }
}

#[test]
fn what_comes_and_goes_is_never_missed_by_a_step() {
    let directory = directory();
    let mut target = Target::start(Command::new(c("keeper")).arg("flips"));
    let plan = format!(
        "version: 1
targets: [{0}]
unless: {{ not: {{ fd: 30 }} }}
steps:
  - fcntl: [30, F_GETFD]
  - dup3: [\"${{each.number}}\", 31, O_CLOEXEC]
    for_each: {{ fd: 30 }}
  - close: [31]
",
        target.pid()
    );
    let (mut done, mut left) = (0, 0);
    let begun = Instant::now();
    while (done == 0 || left == 0 || done + left < 60) && begun.elapsed() < PATIENCE {
        let output = apply(directory.path(), &plan, &[]);
        assert_code(&output, 0);
        match outcome(&output)["outcome"].as_str().unwrap() {
            "applied" => done += 1,
            "unchanged" => left += 1,
            other => panic!("{other}"),
        }
    }
    assert!(done > 0 && left > 0, "{done} {left}");
    target.assert_well();
}

/// Facts about each repetition decide which of them are made.
#[test]
fn facts_of_each_repetition() {
    let directory = directory();
    let (mut target, logs) = keeper(directory.path(), 4);
    fs::remove_file(&logs[2]).unwrap();
    let before = target.snapshot();
    let over = format!("for_each: {{ fd: {{ path: \"{}/*\" }} }}", directory.path().display());
    let plan = format!(
        "version: 1
targets: [{}]
steps:
  - fcntl: [\"${{each.number}}\", F_GETFD]
    {over}
    when: {{ fd: {{ number: \"${{each.number}}\", path: \"{}\" }} }}
    capture: only
  - fcntl: [\"${{each.number}}\", F_GETFD]
    {over}
    unless: {{ not: {{ fd: {{ number: \"${{each.number}}\", path: \"*/[012].log*\" }} }} }}
    capture: some
  - getpid: []
    when: \"${{some[2]}} >= 0\"
",
        target.pid(),
        logs[1].display(),
    );
    let output = apply(directory.path(), &plan, &[]);
    assert_code(&output, 0);
    let outcome = outcome(&output);
    let state = |fd: i32, state: &str| (format!("fd {fd}"), state.to_owned());
    assert_eq!(
        states(&outcome, 0),
        [state(20, "skipped"), state(21, "done"), state(22, "skipped"), state(23, "skipped")]
    );
    assert_eq!(states(&outcome, 1), [state(20, "done"), state(21, "done"), state(22, "done"), state(23, "skipped")]);
    let captures = &outcome["targets"][0]["captures"];
    assert_eq!(captures["only"], serde_json::json!([null, 1, null, null]), "{captures:#}");
    assert_eq!(captures["some"].as_array().unwrap().len(), 4);
    assert_eq!(outcome["targets"][0]["steps"][0]["note"], "its `when` does not hold");
    target.assert_well();
    assert_same(&before, &target.snapshot());
}

/// Texts anywhere in memory may have parts of what the step is repeated over.
#[test]
fn texts_in_memory_of_each_repetition() {
    let directory = directory();
    let (mut target, _logs) = keeper(directory.path(), 2);
    let before = target.snapshot();
    let log = directory.path().join("told");
    let over = format!("for_each: {{ fd: {{ path: \"{}/*.log\" }} }}", directory.path().display());
    let plan = format!(
        "version: 1
targets: [{}]
steps:
  - open: [{}, O_WRONLY|O_CREAT|O_APPEND, 0o600]
    capture: told
    irreversible: true
  - writev: [\"${{told}}\", {{ struct: [{{ iov_base: \"fd ${{each.number}} \" }}, {{ iov_base: \"is ${{each.file}}!\\n\" }}] }}]
    {over}
    irreversible: true
  - write: [\"${{told}}\", \"${{each.path}}\\n\"]
    {over}
    irreversible: true
  - socket: [AF_UNIX, SOCK_DGRAM]
    {over}
    capture: sockets
  - bind: {{ sockfd: \"${{sockets}}\", addr: {{ struct: {{ sun_path: \"${{each.file}}.sock\" }} }} }}
    {over}
    irreversible: true
  - connect: {{ sockfd: \"${{sockets}}\", addr: \"${{each.file}}.sock\" }}
    {over}
    irreversible: true
    timeout: 1s
  - close: [\"${{sockets}}\"]
    {over}
  - close: [\"${{told}}\"]
",
        target.pid(),
        log.display(),
    );
    assert_code(&apply(directory.path(), &plan, &[]), 0);
    let log_of = |number: i32| directory.path().join(format!("{number}.log")).display().to_string();
    let told: String = (0..2).map(|log| format!("fd {} is {}!\n", 20 + log, log_of(log))).collect();
    let told = told + &(0..2).map(|log| format!("{}\n", log_of(log))).collect::<String>();
    assert_eq!(fs::read_to_string(&log).unwrap(), told);
    for number in 0..2 {
        let socket = fs::symlink_metadata(format!("{}.sock", log_of(number))).unwrap();
        assert!(std::os::unix::fs::FileTypeExt::is_socket(&socket.file_type()));
    }
    target.assert_well();
    assert_same(&before, &target.snapshot());
}

/// A text that turns out too long is told with its repetition, before anything is done.
#[test]
fn what_does_not_fit_in_one_repetition_is_refused() {
    let directory = directory();
    let long = directory.path().join("a".repeat(120));
    fs::create_dir(&long).unwrap();
    let (mut target, _logs) = keeper(&long, 1);
    let plan = format!(
        "version: 1\ntargets: [{}]\nsteps:\n- socket: [AF_UNIX, SOCK_DGRAM]\n  capture: fd\n- bind: {{ sockfd: \"${{fd}}\", addr: \"${{each.path}}\" }}\n  for_each: {{ fd: {{ path: \"{}/*.log\" }} }}\n  irreversible: true\n",
        target.pid(),
        long.display(),
    );
    let output = apply(directory.path(), &plan, &[]);
    assert_code(&output, 1);
    assert_eq!((&outcome(&output)["outcome"], codes(&output)), (&"refused".into(), vec!["plan::address".to_owned()]));
    target.assert_well();
}

#[test]
fn a_thread_that_a_step_is_repeated_over_may_be_named() {
    let directory = directory();
    let target = Target::start(Command::new(c("keeper")).args(["workers", "3"]));
    let steps =
        "- gettid: []\n  for_each: { thread: { name: \"worker-*\" } }\n  thread: \"${each.tid}\"\n  capture: tids\n";
    let output = apply(directory.path(), &format!("version: 1\ntargets: [{}]\nsteps:\n{steps}", target.pid()), &[]);
    assert_code(&output, 0);
    let tids = outcome(&output)["targets"][0]["captures"]["tids"].clone();
    let own: BTreeSet<i64> = tids.as_array().unwrap().iter().map(|tid| tid.as_i64().unwrap()).collect();
    assert_eq!((own.len(), own.contains(&i64::from(target.pid()))), (3, false));
}
