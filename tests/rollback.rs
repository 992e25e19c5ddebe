//! A step that fails takes back what was done, in every target, and the report says what was undone and what was not.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::*;

/// A process with descriptors of many kinds, and a directory that is its own.
struct Subject {
    target: Target,
    directory: tempfile::TempDir,
    /// Where its files are.
    home: PathBuf,
}

/// All of it that a plan of these tests may change.
#[derive(Debug, PartialEq, Eq)]
struct State {
    descriptors: BTreeMap<String, (PathBuf, String)>,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Subject {
    fn new() -> Self {
        let directory = directory();
        let home = directory.path().join("home");
        fs::create_dir(&home).unwrap();
        let target = Target::start(Command::new(c("still")).arg("descriptors").arg(&home));
        target.until_asleep();
        Self { target, directory, home }
    }

    fn state(&self) -> State {
        State { descriptors: descriptors(self.target.pid()), files: files(&self.home) }
    }

    /// Runs steps (a YAML list), with HOME and PID replaced.
    fn run(&self, steps: &str) -> std::process::Output {
        apply(self.directory.path(), &self.plan(steps), &[])
    }

    fn plan(&self, steps: &str) -> String {
        let steps = steps.replace("HOME", self.home.to_str().unwrap()).replace("PID", &self.target.pid().to_string());
        format!("version: 1\ntargets: [{}]\nsteps: [{steps}]\n", self.target.pid())
    }
}

/// Fails in every process.
const FAILS: &str = "{fcntl: [999, F_GETFD], name: fails}";

/// Each call that can be undone, in each of its ways.
const STEPS: [&str; 34] = [
    "{open: [HOME/new, 'O_WRONLY|O_CREAT', 0o600]}",
    "{open: [HOME/new, 'O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC', 0o600]}",
    "{open: [HOME/new, 'O_WRONLY|O_CREAT|O_TRUNC|O_APPEND', 0o600]}",
    "{open: [HOME/ten, O_RDONLY]}",
    "{open: [HOME/ten, 'O_WRONLY|O_CREAT|O_APPEND', 0o600]}",
    "{open: [HOME/eleven, 'O_WRONLY|O_TRUNC']}",
    "{openat: [14, made, 'O_WRONLY|O_CREAT', 0o600]}",
    "{openat: [AT_FDCWD, made, 'O_WRONLY|O_CREAT', 0o600]}",
    "{openat: [14, ten, 'O_RDONLY|O_CLOEXEC']}",
    "{openat2: [14, made, {bytes: '410000000000000080010000000000000000000000000000'}, 24]}",
    "{creat: [HOME/new, 0o640]}",
    "{dup: [10]}",
    "{dup: [12]}",
    "{dup2: [10, 11]}",
    "{dup2: [11, 10]}",
    "{dup2: [10, 12]}",
    "{dup2: [12, 1]}",
    "{dup2: [10, 30]}",
    "{dup3: [10, 11, 0]}",
    "{dup3: [10, 13, O_CLOEXEC]}",
    "{dup3: [15, 31, O_CLOEXEC]}",
    "{close: [10]}",
    "{close: [11]}",
    "{close: [13]}",
    "{close: [16]}",
    "{fcntl: [10, F_SETFD, FD_CLOEXEC]}",
    "{fcntl: [11, F_SETFD, 0]}",
    "{fcntl: [10, F_SETFL, O_NONBLOCK]}",
    "{fcntl: [13, F_SETFL, 0]}",
    "{fcntl: [10, F_DUPFD, 20]}",
    "{fcntl: [10, F_DUPFD_CLOEXEC, 20]}",
    "{socket: [AF_UNIX, SOCK_STREAM]}",
    "{eventfd2: [1, EFD_CLOEXEC]}",
    "{memfd_create: [mem, MFD_CLOEXEC]}",
];
/// Those that give a descriptor in no special way.
const GIVERS: [&str; 7] = [
    "{epoll_create1: [0]}",
    "{timerfd_create: [CLOCK_MONOTONIC, 0]}",
    "{inotify_init1: [0]}",
    "{eventfd: [1]}",
    "{pidfd_open: [PID]}",
    "{pipe2: [{out: 8}, O_CLOEXEC]}",
    "{socketpair: [AF_UNIX, SOCK_STREAM, 0, {out: 8}]}",
];

fn steps_of(outcome: &Value) -> &Vec<Value> {
    outcome["targets"][0]["steps"].as_array().unwrap()
}

/// Fails unless a run was rolled back and left things as they were; the outcome.
fn rolled_back(subject: &mut Subject, steps: &str) -> Value {
    let before = (subject.state(), subject.target.snapshot());
    let output = subject.run(steps);
    assert_code(&output, 1);
    let outcome = outcome(&output);
    assert_eq!(outcome["outcome"], "rolled_back", "{outcome:#}");
    assert_eq!((&outcome["changed"], &outcome["targets"][0]["outcome"]), (&json!(false), &json!("rolled_back")));
    assert_eq!(codes(&output), ["run::step-failed"], "{outcome:#}");
    assert_eq!(subject.state(), before.0, "{steps}: {outcome:#}");
    assert_same(&before.1, &subject.target.snapshot());
    subject.target.assert_well();
    outcome
}

#[test]
fn each_call_is_taken_back_when_a_later_step_fails() {
    let mut subject = Subject::new();
    for step in STEPS.iter().chain(&GIVERS) {
        let outcome = rolled_back(&mut subject, &format!("{step}, {FAILS}"));
        let [done, failed] = steps_of(&outcome).as_slice() else { panic!("{outcome:#}") };
        assert!(done["result"].as_i64().unwrap() >= 0, "{done:#}");
        assert_eq!((&done["state"], &done["undone"]), (&json!("done"), &json!(true)), "{done:#}");
        assert_eq!((&failed["state"], &failed["errno"]), (&json!("failed"), &json!("EBADF")));
        assert_eq!(failed["undone"], false);
    }
}

#[test]
fn each_call_is_taken_back_when_its_own_result_is_refused() {
    let mut subject = Subject::new();
    for step in STEPS.iter().chain(&GIVERS) {
        let refused = step.strip_suffix('}').unwrap();
        let outcome = rolled_back(&mut subject, &format!("{refused}, returns: 12345}}"));
        let step = &steps_of(&outcome)[0];
        assert!(step["result"].as_i64().unwrap() >= 0, "{step:#}");
        assert_eq!((&step["state"], &step["undone"]), (&json!("failed"), &json!(true)), "{step:#}");
    }
}

#[test]
fn all_calls_of_one_plan_are_taken_back() {
    let mut subject = Subject::new();
    // Several files of one name are one file; what is closed or replaced is so for the steps that follow.
    let calls = [0, 6, 13, 11, 25, 27, 17, 19, 30, 21, 31, 32, 33].map(|index: usize| STEPS[index]);
    let steps = [&calls[..], &GIVERS].concat().join(", ");
    let outcome = rolled_back(&mut subject, &format!("{steps}, {FAILS}, {{getpid: []}}"));
    let states: Vec<&str> = steps_of(&outcome).iter().map(|step| step["state"].as_str().unwrap()).collect();
    assert_eq!(states[..20], ["done"; 20]);
    assert_eq!(states[20..], ["failed", "not_run"]);
    assert!(steps_of(&outcome)[..20].iter().all(|step| step["undone"] == true), "{outcome:#}");
}

#[test]
fn a_redirect_that_fails_late_is_taken_back() {
    let mut subject = Subject::new();
    for exists in [false, true] {
        let log = subject.home.join("log");
        if exists {
            fs::write(&log, "old").unwrap();
        }
        let steps = format!(
            "{{open: [HOME/log, 'O_WRONLY|O_CREAT|O_APPEND|O_CLOEXEC', 0o644], capture: log}},
             {{dup2: ['${{log}}', 1]}}, {{close: ['${{log}}']}}, {FAILS}"
        );
        let outcome = rolled_back(&mut subject, &steps);
        assert_eq!(steps_of(&outcome)[1]["undone"], true);
        assert_eq!(log.exists(), exists);
    }
}

#[test]
fn steps_that_change_nothing_or_were_skipped_are_not_called_undone() {
    let mut subject = Subject::new();
    let outcome = rolled_back(
        &mut subject,
        &format!(
            "{{getpid: [], capture: own}}, {{close: [10], when: '${{own}} == 0'}}, {{close: [98], ignore: EBADF}}, {FAILS}"
        ),
    );
    let shown: Vec<_> = steps_of(&outcome).iter().map(|step| (step["state"].clone(), step["undone"].clone())).collect();
    let expected = [("done", false), ("skipped", false), ("done", false), ("failed", false)];
    assert_eq!(shown, expected.map(|(state, undone)| (json!(state), json!(undone))));
}

#[test]
fn after_an_irreversible_step_the_failure_is_partial() {
    let mut subject = Subject::new();
    let before = subject.state();
    let steps = format!(
        "{{dup2: [12, 16]}}, {{write: [10, ' and more', 9], irreversible: true}}, {{open: [HOME/new, 'O_WRONLY|O_CREAT', 0o600]}}, {FAILS}"
    );
    let output = subject.run(&steps);
    assert_code(&output, 3);
    let outcome = outcome(&output);
    assert_eq!((&outcome["outcome"], &outcome["changed"]), (&json!("partial"), &json!(true)), "{outcome:#}");
    let undone: Vec<_> = steps_of(&outcome).iter().map(|step| step["undone"].as_bool().unwrap()).collect();
    assert_eq!(undone, [true, false, true, false]);
    let mut expected = before;
    expected.files.insert(subject.home.join("ten"), b"some text and more".to_vec());
    let info = &mut expected.descriptors.get_mut("10").unwrap().1;
    *info = info.replace("pos:\t3\n", "pos:\t18\n");
    assert_eq!(subject.state(), expected);
    subject.target.assert_well();
    // An irreversible step that itself failed did nothing.
    let output = subject.run("{dup2: [12, 16]}, {write: [11, x, 1], irreversible: true, returns: 2, name: short}");
    assert_code(&output, 3);
    let output = subject.run(&format!("{{dup2: [12, 16]}}, {{write: [14, x, 1], irreversible: true}}, {FAILS}"));
    assert_code(&output, 1);
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&outcome["outcome"], &outcome["changed"]), (&json!("rolled_back"), &json!(false)), "{outcome:#}");
}

/// Runs steps with a gate behind them and a failure behind that; at the gate somebody else acts. The exit code and outcome.
fn interfered(subject: &mut Subject, steps: &str, act: impl FnOnce(&Path)) -> (i32, Value) {
    let gate = Gate::new(subject.directory.path());
    let plan = subject.plan(&format!("{steps}, {}, {FAILS}", gate.step()));
    let run = start(subject.directory.path(), &plan, &[]);
    gate.wait_for(&subject.target);
    act(&subject.home);
    let _open = gate.let_on();
    let output = run.wait_with_output().unwrap();
    subject.target.assert_well();
    (output.status.code().unwrap(), outcome(&output))
}

/// Fails unless the first step is in doubt and a problem says `why`.
fn in_doubt((code, outcome): (i32, Value), why: &str) {
    assert_eq!((code, &outcome["outcome"]), (3, &json!("in_doubt")), "{outcome:#}");
    let step = &steps_of(&outcome)[0];
    assert_eq!((&step["state"], &step["undone"]), (&json!("in_doubt"), &json!(false)), "{outcome:#}");
    let told =
        outcome["problems"].as_array().unwrap().iter().find(|problem| problem["code"] == "run::in-doubt").unwrap();
    assert!(told["message"].as_str().unwrap().contains(why), "{told:#}");
    assert_eq!(steps_of(&outcome)[1]["undone"], true, "the others are undone: {outcome:#}");
}

const MAKES: &str = "{open: [HOME/new, 'O_WRONLY|O_CREAT', 0o666]}";

#[test]
fn a_file_made_that_somebody_wrote_to_stays() {
    let mut subject = Subject::new();
    let mut before = subject.state();
    let ended = interfered(&mut subject, MAKES, |home| {
        File::options().write(true).open(home.join("new")).unwrap().write_all(b"theirs").unwrap();
    });
    in_doubt(ended, "has been written to since");
    before.files.insert(subject.home.join("new"), b"theirs".to_vec());
    assert_eq!(subject.state(), before);
}

#[test]
fn a_file_made_whose_name_somebody_gave_to_another_stays() {
    let mut subject = Subject::new();
    let mut before = subject.state();
    let ended = interfered(&mut subject, MAKES, |home| {
        fs::write(home.join("other"), "theirs").unwrap();
        fs::rename(home.join("other"), home.join("new")).unwrap();
    });
    in_doubt(ended, "names another file");
    before.files.insert(subject.home.join("new"), b"theirs".to_vec());
    assert_eq!(subject.state(), before);
}

#[test]
fn a_file_made_that_somebody_removed_is_no_doubt() {
    let mut subject = Subject::new();
    let before = subject.state();
    let (code, outcome) = interfered(&mut subject, MAKES, |home| fs::remove_file(home.join("new")).unwrap());
    assert_eq!((code, &outcome["outcome"]), (1, &json!("rolled_back")), "{outcome:#}");
    assert_eq!(subject.state(), before);
}

#[test]
fn flags_that_somebody_who_shares_the_file_changed_stay() {
    let directory = directory();
    let stdout = File::create(directory.path().join("out")).unwrap();
    let shared = stdout.try_clone().unwrap();
    let target = Target::start(Command::new(c("still")).arg("plain").stdout(stdout));
    let mut subject = Subject { target, home: directory.path().join("home"), directory };
    fs::create_dir(&subject.home).unwrap();
    // SAFETY: fcntl with F_GETFL and F_SETFL takes numbers only, and the descriptor is open.
    let set = |flags: i32| assert_eq!(unsafe { libc::fcntl(shared.as_raw_fd(), libc::F_SETFL, flags) }, 0);
    // SAFETY: as above.
    let get = || unsafe { libc::fcntl(shared.as_raw_fd(), libc::F_GETFL) } & (libc::O_NONBLOCK | libc::O_APPEND);
    let step = "{fcntl: [1, F_SETFL, O_NONBLOCK]}";
    in_doubt(interfered(&mut subject, step, |_| set(libc::O_APPEND)), "flags");
    assert_eq!(get(), libc::O_APPEND);
    fs::remove_file(subject.directory.path().join("gate")).unwrap();
    // Left alone they are put back.
    let (code, outcome) = interfered(&mut subject, step, |_| assert_eq!(get(), libc::O_NONBLOCK));
    assert_eq!((code, &outcome["outcome"]), (1, &json!("rolled_back")), "{outcome:#}");
    assert_eq!(get(), libc::O_APPEND);
}

/// Two processes, and a plan over both: the first is `a`, the second `b`.
fn of_two(a: &Subject, b: &Subject, steps: &str) -> String {
    let pids = [a, b].map(|subject| subject.target.pid().to_string());
    let steps = steps.replace("PID_B", &pids[1]);
    format!("version: 1\ntargets: [{{pid: {}, name: a}}, {{pid: {}, name: b}}]\nsteps: [{steps}]\n", pids[0], pids[1])
}

#[test]
fn a_failure_in_one_target_rolls_back_the_other() {
    let (mut a, mut b) = (Subject::new(), Subject::new());
    let before = (a.state(), b.state());
    for failing in ["a", "b"] {
        let steps = format!("{{dup2: [10, 11]}}, {{close: [12]}}, {{fcntl: [999, F_GETFD], target: {failing}}}");
        let output = apply(a.directory.path(), &of_two(&a, &b, &steps), &[]);
        assert_code(&output, 1);
        let outcome = outcome(&output);
        assert_eq!(outcome["outcome"], "rolled_back");
        for target in outcome["targets"].as_array().unwrap() {
            assert_eq!(target["outcome"], "rolled_back", "{outcome:#}");
            let steps = target["steps"].as_array().unwrap();
            assert!(steps[..2].iter().all(|step| step["undone"] == true), "{outcome:#}");
        }
        assert_eq!((a.state(), b.state()), before);
        a.target.assert_well();
        b.target.assert_well();
    }
}

#[test]
fn a_target_that_ends_half_way_takes_no_other_with_it() {
    // By its own hand, by the other's, by somebody else's.
    for kills in ["b", "a", "else"] {
        let (mut a, b) = (Subject::new(), Subject::new());
        let before = a.state();
        let gate = Gate::new(a.directory.path());
        let step = match kills {
            "else" => gate.step().replace("name: gate", "target: b"),
            who => format!("{{kill: [PID_B, SIGKILL], irreversible: true, target: {who}}}"),
        };
        let steps = format!("{{dup2: [10, 11]}}, {step}, {{dup2: [11, 10]}}");
        let run = start(a.directory.path(), &of_two(&a, &b, &steps), &[]);
        if kills == "else" {
            gate.wait_for(&b.target);
            b.target.signal(libc::SIGKILL);
        }
        let output = run.wait_with_output().unwrap();
        assert_code(&output, 3);
        let outcome = outcome(&output);
        assert_eq!(a.state(), before, "{outcome:#}");
        a.target.assert_well();
        // Said once for the step, once for what can't be undone.
        let partial: &[&str] = if kills == "a" { &["run::partial"] } else { &[] };
        assert_eq!(codes(&output), [&["run::step-failed", "run::in-doubt"], partial].concat(), "{outcome:#}");
        let help = outcome["problems"][1]["help"].as_str().unwrap();
        assert!(help.contains("went with it"), "{help}");
        let ended = [&outcome["targets"][0]["outcome"], &outcome["targets"][1]["outcome"]];
        assert_eq!(ended, [if kills == "a" { "partial" } else { "rolled_back" }, "in_doubt"], "{outcome:#}");
    }
}

/// Whether there is something to empty is looked up before the stop; it may have come since.
#[test]
fn what_was_empty_when_looked_at_and_is_not_any_more_is_not_emptied() {
    let opens = [
        "{open: [HOME/eleven, 'O_WRONLY|O_TRUNC']}",
        "{open: [HOME/eleven, 'O_WRONLY|O_CREAT|O_TRUNC', 0o600]}",
        "{openat2: [AT_FDCWD, HOME/eleven, {struct: {flags: [O_RDWR, O_TRUNC]}}, 24]}",
        "{creat: [HOME/new, 0o600]}",
        "{open: [HOME/new, 'O_WRONLY|O_CREAT|O_TRUNC', 0o600]}",
    ];
    for open in opens {
        let mut subject = Subject::new();
        let gate = Gate::new(subject.directory.path());
        let run = start(subject.directory.path(), &subject.plan(&format!("{}, {open}", gate.step())), &[]);
        gate.wait_for(&subject.target);
        for name in ["eleven", "new"] {
            fs::write(subject.home.join(name), "precious").unwrap();
        }
        let _open = gate.let_on();
        let output = run.wait_with_output().unwrap();
        assert_code(&output, 1);
        let outcome = outcome(&output);
        assert_eq!(outcome["outcome"], "rolled_back", "{open}: {outcome:#}");
        let note = steps_of(&outcome)[1]["note"].as_str().unwrap();
        assert!(note.contains("something in it by now"), "{open}: {note}");
        for name in ["eleven", "new"] {
            assert_eq!(fs::read(subject.home.join(name)).unwrap(), b"precious", "{open}: {outcome:#}");
        }
        subject.target.assert_well();
    }
}

/// Nor is what a path has come to name by a step of the plan.
#[test]
fn what_a_step_moves_in_the_way_is_not_emptied() {
    let mut subject = Subject::new();
    fs::write(subject.home.join("precious"), "precious").unwrap();
    let steps = "{rename: [HOME/precious, HOME/eleven], irreversible: true}, {open: [HOME/eleven, 'O_WRONLY|O_TRUNC']}";
    let output = subject.run(steps);
    assert_ne!(output.status.code(), Some(0));
    let found = ["eleven", "precious"].map(|name| fs::read(subject.home.join(name)).unwrap_or_default());
    assert!(found.contains(&b"precious".to_vec()), "{:#}", outcome(&output));
    // With the word it is.
    let step = "{open: [HOME/eleven, 'O_WRONLY|O_TRUNC'], irreversible: true, capture: fd}, {close: ['${fd}']}";
    assert_code(&subject.run(step), 0);
    assert_eq!(fs::read(subject.home.join("eleven")).unwrap(), b"");
    subject.target.assert_well();
}
