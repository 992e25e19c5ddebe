//! Undo that the plan itself says, on live processes.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use support::*;

/// A process of the kind `still descriptors` in a directory of its own.
struct Subject {
    target: Target,
    directory: tempfile::TempDir,
    home: PathBuf,
}

type State = (BTreeMap<String, (PathBuf, String)>, BTreeMap<PathBuf, Vec<u8>>);

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
        (descriptors(self.target.pid()), files(&self.home))
    }

    fn plan(&self, steps: &str) -> String {
        format!("version: 1\ntargets: [{{pid: {}, name: app}}]\nsteps: [{steps}]\n", self.target.pid())
    }

    fn run(&self, steps: &str, arguments: &[&str]) -> Output {
        apply(self.directory.path(), &self.plan(steps), arguments)
    }

    /// The outcome of steps with a failure behind them, which everything was taken back for.
    fn rolled_back(&mut self, steps: &str) -> Value {
        let (before, snapshot) = (self.state(), self.target.snapshot());
        let output = self.run(&format!("{steps}, {FAILS}"), &["--trace"]);
        assert_code(&output, 1);
        let outcome = outcome(&output);
        assert_eq!(outcome["outcome"], "rolled_back", "{outcome:#}");
        assert_eq!(self.state(), before, "{outcome:#}");
        assert_same(&snapshot, &self.target.snapshot());
        self.target.assert_well();
        outcome
    }
}

const FAILS: &str = "{fcntl: [999, F_GETFD], name: fails}";

fn steps_of(outcome: &Value) -> &Vec<Value> {
    outcome["targets"][0]["steps"].as_array().unwrap()
}

/// The names of the calls that a run made in the target.
fn made(outcome: &Value) -> Vec<String> {
    let lines = outcome["targets"][0]["trace"].as_array().unwrap();
    lines.iter().map(|line| line.as_str().unwrap().split('(').next().unwrap().to_owned()).collect()
}

#[test]
fn it_takes_the_place_of_what_the_table_knows() {
    let mut subject = Subject::new();
    let outcome = subject.rolled_back(
        "{lseek: [10, 1, SEEK_SET], undo: [{lseek: [10, 3, SEEK_SET]}]}, {dup2: [10, 50], undo: [{close: [50]}]}",
    );
    assert_eq!(made(&outcome), ["lseek", "dup2", "fcntl", "close", "lseek"], "{outcome:#}");
    for (step, undo) in steps_of(&outcome).iter().zip(["lseek(10, 3, SEEK_SET)", "close(50)"]) {
        assert_eq!((&step["undone"], &step["undo"]), (&json!(true), &json!([undo])));
    }
    // Where all goes well nothing of it runs.
    let output = subject.run("{lseek: [10, 1, SEEK_SET], undo: [{lseek: [10, 3, SEEK_SET]}]}", &["--trace"]);
    assert_code(&output, 0);
    assert_eq!(made(&support::outcome(&output)), ["lseek"]);
    assert!(subject.state().0["10"].1.contains("pos:\t1\n"));
    subject.target.assert_well();
}

#[test]
fn it_uses_what_was_captured_before_by_the_step_and_by_itself() {
    let mut subject = Subject::new();
    // The old position is asked first; undo goes back to it. The file's size is used, too, and an old file is opened anew.
    let outcome = subject.rolled_back(
        "{lseek: [10, 0, SEEK_CUR], capture: before},
         {fstat: [10, {out: 144}], capture: {statbuf: st}},
         {lseek: [10, 7, SEEK_SET], capture: left, undo: [
           {lseek: [10, '${left}-6', SEEK_SET], returns: 1},
           {lseek: [10, '${st.st_size}', SEEK_SET], returns: 9},
           {lseek: [10, '${before}', SEEK_SET], returns: 3}]},
         {fstat: [11, {ref: st}]},
         {pipe2: [{out: 8}, 0], capture: {pipefd: ends}, undo: [{close: ['${ends[0]}']}, {close: ['${app.ends[1]}']}]},
         {dup2: [2, 50], undo: [
           {dup: [50], capture: copy}, {close: [50]}, {close: ['${copy}']}]}",
    );
    let undone: Vec<&Value> = steps_of(&outcome).iter().map(|step| &step["undone"]).collect();
    assert_eq!(undone, [false, false, true, false, true, true, false]);
}

#[test]
fn what_it_uses_of_its_own_step_is_there_even_if_that_is_refused() {
    let mut subject = Subject::new();
    let before = subject.state();
    let steps = "{pipe2: [{out: 8}, 0], returns: 5, capture: {pipefd: ends}, undo: [{close: ['${ends[0]}']}, {close: ['${ends[1]}']}]}";
    let output = subject.run(steps, &[]);
    assert_code(&output, 1);
    let outcome = outcome(&output);
    assert_eq!((&outcome["outcome"], &steps_of(&outcome)[0]["undone"]), (&json!("rolled_back"), &json!(true)));
    assert_eq!(subject.state(), before);
    subject.target.assert_well();
}

#[test]
fn it_runs_only_if_its_step_had_an_effect() {
    let mut subject = Subject::new();
    // A directory that was there before is not removed, whether the error is gone over or not.
    fs::create_dir(subject.home.join("there")).unwrap();
    for call in ["{mkdir: [there, 0o700], ignore: EEXIST", "{mkdir: [there, 0o700], returns: [0, EEXIST]"] {
        let outcome = subject.rolled_back(&format!("{call}, undo: [{{rmdir: [there]}}]}}"));
        assert_eq!(made(&outcome), ["mkdir", "fcntl"]);
        assert_eq!(steps_of(&outcome)[0]["undone"], false);
    }
    let outcome = subject.rolled_back("{mkdir: [new, 0o700], undo: [{rmdir: [new]}]}");
    assert_eq!(made(&outcome), ["mkdir", "fcntl", "rmdir"]);
    let output = subject.run("{mkdir: [there, 0o700], undo: [{rmdir: [there]}]}", &["--trace"]);
    assert_code(&output, 1);
    assert_eq!(made(&support::outcome(&output)), ["mkdir"]);
    // Nor if it was skipped.
    let outcome = subject
        .rolled_back("{getpid: [], capture: own}, {mkdir: [new, 0o700], when: '${own} == 0', undo: [{rmdir: [new]}]}");
    assert_eq!(made(&outcome), ["getpid", "fcntl"]);
    assert!(subject.home.join("there").is_dir());
    subject.target.assert_well();
}

#[test]
fn its_conditions_are_decided_on_undo() {
    let mut subject = Subject::new();
    let cases = [
        ("when: '${at} == 5'", true),
        ("when: '${at} != 5'", false),
        ("when: ['${at} > 4', '${at} < 6']", true),
        ("when: ['${at} > 4', '${at} < 5']", false),
        ("unless: '${at} == 5'", false),
        ("unless: '${at} == 4'", true),
        ("unless: ['${at} > 4', '${at} < 6']", false),
        ("unless: ['${at} > 4', '${at} < 5']", true),
        ("when: '${at} == 5', unless: '${left} == 1'", false),
        ("when: '${at} == 5', unless: '${left} == 2'", true),
    ];
    for (condition, runs) in cases {
        let outcome = subject.rolled_back(&format!(
            "{{lseek: [10, 1, SEEK_SET], capture: left, undo: [
               {{lseek: [10, 5, SEEK_SET], capture: at}}, {{gettid: [], {condition}}}, {{lseek: [10, 3, SEEK_SET]}}]}}"
        ));
        assert_eq!(made(&outcome).contains(&"gettid".to_owned()), runs, "{condition}");
    }
}

#[test]
fn an_error_in_it_is_in_doubt_unless_it_is_ignored() {
    let mut subject = Subject::new();
    let steps = |ignore: &str| {
        format!(
            "{{dup2: [10, 11]}}, {{lseek: [10, 1, SEEK_SET], undo: [{{rmdir: [none]{ignore}}}, {{lseek: [10, 3, SEEK_SET]}}]}}, {FAILS}"
        )
    };
    let before = subject.state();
    let output = subject.run(&steps(", ignore: ENOENT"), &[]);
    assert_code(&output, 1);
    assert_eq!(subject.state(), before);
    let output = subject.run(&steps(""), &[]);
    assert_code(&output, 3);
    let outcome = outcome(&output);
    let states: Vec<(&Value, &Value)> =
        steps_of(&outcome).iter().map(|step| (&step["state"], &step["undone"])).collect();
    // The other step is undone all the same.
    assert_eq!(states[..2], [(&json!("done"), &json!(true)), (&json!("in_doubt"), &json!(false))], "{outcome:#}");
    assert_eq!(codes(&output), ["run::step-failed", "run::in-doubt"]);
    let message = outcome["problems"][1]["message"].as_str().unwrap();
    assert!(message.contains("rmdir") && message.contains("ENOENT"), "{message}");
    assert!(subject.state().0["10"].1.contains("pos:\t1\n"));
    subject.target.assert_well();
}

#[test]
fn with_irreversible_it_runs_and_the_step_is_said_to_stay() {
    let mut subject = Subject::new();
    let output = subject.run(
        &format!("{{write: [15, {{u64: [4]}}, 8], irreversible: true, undo: [{{read: [15, {{out: 8}}, 8], timeout: 1s}}]}}, {FAILS}"),
        &["--trace"],
    );
    assert_code(&output, 3);
    assert_eq!(made(&outcome(&output)), ["write", "fcntl", "read"]);
    assert_eq!(codes(&output), ["run::step-failed", "run::partial"]);
    subject.target.assert_well();
}

#[test]
fn each_repetition_has_its_own() {
    let mut subject = Subject::new();
    let outcome = subject.rolled_back(
        "{fcntl: ['${each.number}', F_DUPFD, 60], for_each: {fd: {number: {min: 10, max: 13}}}, capture: copy, undo: [
            {close: ['${copy}']},
            {open: {pathname: '/proc/self/fd/${each.number}', flags: O_RDONLY, mode: 0}, when: '${each.number} == 11', capture: again},
            {close: ['${again}'], when: '${each.number} == 11'}]}",
    );
    assert_eq!(steps_of(&outcome).iter().filter(|step| step["undone"] == true).count(), 4);
    assert_eq!(made(&outcome).iter().filter(|call| *call == "open").count(), 1);
}

#[test]
fn it_runs_in_the_thread_of_its_step() {
    let directory = directory();
    let mut target = Target::still("thread");
    let tids = || -> Vec<(i32, String)> {
        let tasks = fs::read_dir(format!("/proc/{}/task", target.pid())).unwrap();
        let tid = |entry: fs::DirEntry| entry.file_name().to_str().unwrap().parse().unwrap();
        let mut all: Vec<i32> = tasks.map(|entry| tid(entry.unwrap())).collect();
        all.sort_unstable();
        let comm = |tid: i32| fs::read_to_string(format!("/proc/{}/task/{tid}/comm", target.pid())).unwrap();
        all.into_iter().map(|tid| (tid, comm(tid))).collect()
    };
    let before = tids();
    let plan = format!(
        "version: 1\ntargets: [{}]\nsteps: [{{prctl: [PR_SET_NAME, renamed], thread: all, undo: [{{prctl: [PR_SET_NAME, still]}}]}}, {FAILS}]\n",
        target.pid()
    );
    let output = apply(directory.path(), &plan, &["--trace"]);
    assert_code(&output, 1);
    assert_eq!(tids(), before);
    assert_eq!(steps_of(&outcome(&output)).iter().filter(|step| step["undone"] == true).count(), before.len());
    target.assert_well();
}

#[test]
fn it_runs_in_a_thread_that_it_names() {
    let directory = directory();
    let mut target = Target::start(Command::new(c("still")).arg("thread"));
    target.until_asleep();
    let pid = target.pid();
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let tids = tasks.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse::<i32>().unwrap());
    let other = tids.into_iter().find(|tid| *tid != pid).unwrap();
    // The step runs in one thread, its undo tells of another.
    let run = |thread: &str, first: i32, second: i32| {
        let plan = format!(
            "version: 1\ntargets: [{pid}]\nsteps: [{{getpid: [], {thread}undo: [
               {{gettid: [], returns: {first}}}, {{gettid: [], thread: {other}, returns: {other}}},
               {{gettid: [], thread: leader, returns: {pid}}}, {{gettid: [], returns: {second}}}]}}, {FAILS}]\n"
        );
        let output = apply(directory.path(), &plan, &[]);
        assert_code(&output, 1);
        assert_eq!(steps_of(&outcome(&output))[0]["undone"], true);
    };
    let before = target.snapshot();
    run("thread: leader, ", pid, pid);
    run(&format!("thread: {other}, "), other, other);
    assert_same(&before, &target.snapshot());
    // One that is not there is refused.
    let plan =
        format!("version: 1\ntargets: [{pid}]\nsteps: [{{getpid: [], undo: [{{gettid: [], thread: 1}}]}}, {FAILS}]\n");
    let output = apply(directory.path(), &plan, &[]);
    assert_code(&output, 1);
    assert_eq!(codes(&output), ["target::no-such-thread"]);
    target.assert_well();
}

#[test]
fn it_may_use_numbers_of_other_targets() {
    let (mut a, mut b) = (Subject::new(), Subject::new());
    let before = (a.state(), b.state());
    let plan = |failing: &str| {
        format!(
            "version: 1\ntargets: [{{pid: {}, name: a}}, {{pid: {}, name: b}}]\nsteps: [
               {{lseek: [10, 0, SEEK_CUR], target: a, capture: at}},
               {{lseek: [10, 1, SEEK_SET], undo: [{{lseek: [10, '${{a.at}}', SEEK_SET]}}]}}, {failing}]\n",
            a.target.pid(),
            b.target.pid()
        )
    };
    let output = apply(a.directory.path(), &plan("{fcntl: [999, F_GETFD], target: b}"), &[]);
    assert_code(&output, 1);
    assert_eq!((a.state(), b.state()), before);
    a.target.assert_well();
    b.target.assert_well();
}

#[test]
fn it_drops_no_record_locks() {
    let mut subject = Subject::new();
    let lock = "{fcntl: [10, F_SETLK, {struct: {l_type: F_WRLCK}, type: flock}], irreversible: true}";
    assert_code(&subject.run(lock, &[]), 0);
    let before = subject.state();
    assert!(before.0["10"].1.contains("POSIX"), "{}", before.0["10"].1);
    // What it would close is refused before the step's call, as far as that is known then.
    for step in [
        "{dup: [10], capture: copy, undo: [{close: ['${copy}']}]}",
        "{fcntl: [10, F_DUPFD, 40], capture: copy, undo: [{close: ['${copy}']}]}",
        "{dup2: [10, 50], undo: [{close: [50]}]}",
        "{dup2: [11, 10], undo: [{getpid: []}]}",
        "{close: [10], undo: [{getpid: []}]}",
    ] {
        let output = subject.run(step, &["--trace"]);
        assert_code(&output, 1);
        let outcome = outcome(&output);
        assert!(steps_of(&outcome)[0]["note"].as_str().unwrap().contains("POSIX record locks"), "{outcome:#}");
        assert!(made(&outcome).is_empty());
        assert_eq!(subject.state(), before);
    }
    // Else the undo does not go on.
    for undo in ["{close: [10]}", "{dup2: [11, 10]}"] {
        let output = subject.run(&format!("{{getpid: [], undo: [{undo}]}}, {FAILS}"), &[]);
        assert_code(&output, 3);
        assert_eq!(steps_of(&outcome(&output))[0]["state"], "in_doubt");
        assert_eq!(subject.state(), before);
    }
    // One of another file is closed.
    let output = subject.run(&format!("{{dup: [11], capture: copy, undo: [{{close: ['${{copy}}']}}]}}, {FAILS}"), &[]);
    assert_code(&output, 1);
    assert_eq!(subject.state(), before);
    let allowed = "{dup: [10], capture: copy, irreversible: true, undo: [{close: ['${copy}']}]}";
    assert_code(&subject.run(&format!("{allowed}, {FAILS}"), &[]), 3);
    assert!(!subject.state().0["10"].1.contains("POSIX"));
    subject.target.assert_well();
}

#[test]
fn a_dry_run_shows_it() {
    let subject = Subject::new();
    let path = subject.directory.path().join("plan.yaml");
    fs::write(&path, subject.plan("{mkdir: [new, 0o700], undo: [{rmdir: [new]}]}")).unwrap();
    let output = criu_plan().args(["apply", "--dry-run"]).arg(path).output().unwrap();
    assert_code(&output, 0);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("undo: as the plan says: rmdir(\"new\")"), "{text}");
    assert!(!subject.home.join("new").exists());
}
