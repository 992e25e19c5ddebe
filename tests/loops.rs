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
