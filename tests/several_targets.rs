//! Several targets in one transaction: numbers that cross between them, and all or nothing over all of them.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::*;

/// Processes of the kind `still descriptors`, each with a directory of its own, named a, b, c … in plans.
struct Group {
    targets: Vec<Target>,
    directory: tempfile::TempDir,
}

type State = (BTreeMap<String, (PathBuf, String)>, BTreeMap<PathBuf, Vec<u8>>);

impl Group {
    fn new(count: usize) -> Self {
        let directory = directory();
        let homes = (0..count).map(|number| directory.path().join(format!("home{number}")));
        let targets = homes.map(|home| {
            fs::create_dir(&home).unwrap();
            Target::start(Command::new(c("still")).arg("descriptors").arg(&home))
        });
        let targets: Vec<Target> = targets.collect();
        targets.iter().for_each(Target::until_asleep);
        Self { targets, directory }
    }

    fn home(&self, number: usize) -> PathBuf {
        self.directory.path().join(format!("home{number}"))
    }

    fn plan(&self, steps: &str) -> String {
        self.plan_with("", steps)
    }

    /// A plan over all of them, with more keys at its head. DIR is replaced in the steps.
    fn plan_with(&self, head: &str, steps: &str) -> String {
        let name = |number: usize| char::from(b'a' + number as u8);
        let targets = self.targets.iter().enumerate();
        let targets = targets.map(|(number, target)| match number {
            0..26 => format!("{{pid: {}, name: {}}}", target.pid(), name(number)),
            _ => target.pid().to_string(),
        });
        let steps = steps.replace("DIR", self.directory.path().to_str().unwrap());
        format!("version: 1\n{head}targets: [{}]\nsteps: [{steps}]\n", targets.collect::<Vec<_>>().join(", "))
    }

    fn run(&self, steps: &str) -> Output {
        apply(self.directory.path(), &self.plan(steps), &[])
    }

    fn states(&self) -> Vec<State> {
        let state = |(number, target): (usize, &Target)| (descriptors(target.pid()), files(&self.home(number)));
        self.targets.iter().enumerate().map(state).collect()
    }

    fn assert_well(&mut self) {
        self.targets.iter_mut().for_each(Target::assert_well);
    }
}

const FAILS: &str = "{fcntl: [999, F_GETFD], name: fails}";

/// The steps of a target in an outcome.
fn steps_of(outcome: &Value, target: usize) -> &Vec<Value> {
    outcome["targets"][target]["steps"].as_array().unwrap()
}

/// Fails unless a plan is refused with this problem alone, and nobody was touched.
fn refused(group: &mut Group, plan: &str, code: &str, says: &str) {
    let before: Vec<Untouched> = group.targets.iter().map(|target| Untouched::note(target.pid())).collect();
    let output = apply(group.directory.path(), plan, &[]);
    assert_code(&output, 1);
    assert_eq!(codes(&output), [code], "{plan}");
    let message = outcome(&output)["problems"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains(says), "{message}");
    let after: Vec<Untouched> = group.targets.iter().map(|target| Untouched::note(target.pid())).collect();
    assert_eq!(before, after);
}

#[test]
fn a_descriptor_goes_from_one_process_to_another() {
    let mut group = Group::new(2);
    let before = group.states();
    let steps =
        "{open: {pathname: DIR/shared, flags: [O_RDWR, O_CREAT, O_CLOEXEC], mode: 0o600}, target: a, capture: fd},
        {pidfd_open: ['${a.pid}'], target: b, capture: of_a},
        {pidfd_getfd: ['${of_a}', '${a.fd}'], target: b, capture: fd_in_b},
        {close: ['${of_a}'], target: b}";
    let output = group.run(&format!("{steps}, {{close: ['${{a.fd}}'], target: a}}"));
    assert_code(&output, 0);
    let outcome = outcome(&output);
    let number = outcome["targets"][1]["captures"]["fd_in_b"].as_i64().unwrap();
    let now = descriptors(group.targets[1].pid());
    assert_eq!(now[&number.to_string()].0, group.directory.path().join("shared"), "{outcome:#}");
    assert_eq!(group.states()[0], before[0]);
    // What was passed is shown as the number that it was.
    let shown = &steps_of(&outcome, 1)[1]["args"]["targetfd"];
    assert_eq!(*shown, json!(outcome["targets"][0]["captures"]["fd"].to_string()), "{outcome:#}");
    group.assert_well();

    let mut group = Group::new(2);
    let before = group.states();
    let output = group.run(&format!("{steps}, {FAILS}"));
    assert_code(&output, 1);
    assert_eq!(group.states(), before);
    assert!(!group.directory.path().join("shared").exists());
    group.assert_well();
}

#[test]
fn numbers_inside_memory_cross() {
    let mut group = Group::new(2);
    // Its file 10 has 9 bytes; an eventfd of 5 is at 15.
    let steps = "{fstat: [10, {out: 144}], target: a, capture: {statbuf: st}},
        {lseek: [10, '${a.st.st_size}-2', SEEK_SET], target: b, irreversible: true, when: '${a.st.st_size} == 9'},
        {lseek: [11, 3, SEEK_SET], target: b, irreversible: true, unless: '${a.st.st_size} == 9'},
        {write: [15, {u64: ['${a.st.st_size}']}, 8], target: b, irreversible: true}";
    let output = group.run(steps);
    assert_code(&output, 0);
    let states: Vec<Value> = steps_of(&outcome(&output), 1).iter().map(|step| step["state"].clone()).collect();
    assert_eq!(states, ["done", "skipped", "done"]);
    let (files, _) = &group.states()[1];
    assert!(files["10"].1.contains("pos:\t7\n"), "{}", files["10"].1);
    assert!(files["15"].1.contains("eventfd-count:                e"), "{}", files["15"].1);
    group.assert_well();
}

#[test]
fn a_number_is_what_it_is_when_it_is_used() {
    let mut group = Group::new(2);
    // The second stat fills the same memory anew.
    let steps = "{fstat: [10, {out: 144}], target: a, capture: {statbuf: st}},
        {lseek: [10, '${a.st.st_size}', SEEK_SET], target: b, irreversible: true},
        {fstat: [11, {ref: st}], target: a},
        {lseek: [11, '${a.st.st_size}', SEEK_SET], target: b, irreversible: true}";
    let output = group.run(steps);
    assert_code(&output, 0);
    let results: Vec<Value> = steps_of(&outcome(&output), 1).iter().map(|step| step["result"].clone()).collect();
    assert_eq!(results, [json!(9), json!(0)]);
    group.assert_well();
}

#[test]
fn elements_of_another_targets_list() {
    let mut group = Group::new(2);
    let list =
        "{fcntl: ['${each.number}', F_GETFD], for_each: {fd: {number: {min: 10, max: 13}}}, target: a, capture: flags}";
    let use_of = |number: usize| {
        format!("{list}, {{lseek: [10, '${{a.flags[{number}]}}+4', SEEK_SET], target: b, irreversible: true}}")
    };
    for (number, result) in [(0, 4), (1, 5), (3, 5)] {
        let output = group.run(&use_of(number));
        assert_code(&output, 0);
        assert_eq!(steps_of(&outcome(&output), 1)[0]["result"], result);
    }
    // It is known before anything is touched that there are but four.
    let plan = group.plan(&use_of(4));
    refused(&mut group, &plan, "program::capture", "`flags[4]` is no element that there is");
    group.assert_well();
}

#[test]
fn what_is_left_out_in_one_target_is_not_there_in_another() {
    let mut group = Group::new(2);
    let (home, other) = (group.home(1), group.home(0));
    // Each fact is about the process in which its step would run.
    let plan = |fact: &Path, compare: &str| {
        let fact = fact.display();
        group.plan(&format!(
            "{{dup: [10], target: a, capture: fd, when: {{cwd: {fact}}}}},
             {{lseek: [10, '${{a.fd}}', SEEK_SET], target: b, irreversible: true, when: [{{cwd: {}}}{compare}]}}",
            home.display()
        ))
    };
    let (without, compared, there) = (plan(&home, ""), plan(&home, ", '${a.fd} >= 0'"), plan(&other, ""));
    refused(&mut group, &without, "target::nothing-captured", "`${a.fd}`");
    let output = apply(group.directory.path(), &compared, &[]);
    assert_code(&output, 0);
    assert_eq!(steps_of(&outcome(&output), 1)[0]["state"], "skipped");
    let output = apply(group.directory.path(), &there, &[]);
    assert_code(&output, 0);
    assert_eq!(steps_of(&outcome(&output), 1)[0]["state"], "done");
    group.assert_well();
}

#[test]
fn a_target_that_is_left_alone_gives_nothing() {
    let mut group = Group::new(2);
    let head = format!("unless: [{{cwd: {}}}]\n", group.home(0).display());
    for step in ["{dup: ['${a.fd}'], target: b}", "{pidfd_open: ['${a.pid}'], target: b}"] {
        let plan = group.plan_with(&head, &format!("{{dup: [10], capture: fd}}, {step}"));
        refused(&mut group, &plan, "target::nothing-captured", "left out");
    }
    group.assert_well();
}

/// The process that `unshare` has started, in a pid namespace of its own.
fn inside(outer: &Target) -> i32 {
    let children = || fs::read_to_string(format!("/proc/{0}/task/{0}/children", outer.pid())).unwrap();
    children().trim().parse().unwrap()
}

#[test]
fn a_pid_is_the_one_that_the_other_process_knows() {
    let mut group = Group::new(1);
    let outer =
        Target::start(Command::new("unshare").args(["--pid", "--fork", "--kill-child"]).arg(c("still")).arg("plain"));
    let pids = (group.targets[0].pid(), inside(&outer));
    let plan = |steps: &str| {
        format!(
            "version: 1\ntargets: [{{pid: {}, name: out}}, {{pid: {}, name: in}}]\nsteps: [{steps}]\n",
            pids.0, pids.1
        )
    };
    // The one outside sees the one inside; inside it is the first.
    let steps = "{pidfd_open: ['${in.pid}'], target: out, capture: from_outside},
        {pidfd_open: ['${in.pid}'], target: in, capture: from_inside}";
    let output = apply(group.directory.path(), &plan(steps), &[]);
    assert_code(&output, 0);
    let outcome = outcome(&output);
    assert_eq!(steps_of(&outcome, 0)[0]["args"]["pid"], json!(pids.1.to_string()));
    assert_eq!(steps_of(&outcome, 1)[0]["args"]["pid"], json!("1"));
    for (target, pid, capture) in [(0, pids.0, "from_outside"), (1, pids.1, "from_inside")] {
        let number = outcome["targets"][target]["captures"][capture].as_i64().unwrap();
        let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{number}")).unwrap();
        assert!(info.contains(&format!("Pid:\t{}\n", pids.1)), "{info}");
    }
    // And not the other way round.
    let output = apply(group.directory.path(), &plan("{pidfd_open: ['${out.pid}'], target: in}"), &[]);
    assert_code(&output, 1);
    assert_eq!(codes(&output), ["target::no-number"]);
    group.assert_well();
}

#[test]
fn one_of_three_that_ends_takes_no_other_with_it() {
    let mut group = Group::new(3);
    let before = group.states();
    let gate = Gate::new(group.directory.path());
    let steps = format!("{{dup2: [10, 11]}}, {}, {{close: [12]}}", gate.step().replace("name: gate", "target: b"));
    let run = start(group.directory.path(), &group.plan(&steps), &[]);
    gate.wait_for(&group.targets[1]);
    group.targets[1].signal(libc::SIGKILL);
    let output = run.wait_with_output().unwrap();
    assert_code(&output, 3);
    let outcome = outcome(&output);
    let ended: Vec<&str> =
        outcome["targets"].as_array().unwrap().iter().map(|target| target["outcome"].as_str().unwrap()).collect();
    assert_eq!(ended, ["rolled_back", "in_doubt", "rolled_back"], "{outcome:#}");
    for number in [0, 2] {
        assert_eq!(descriptors(group.targets[number].pid()), before[number].0);
        group.targets[number].assert_well();
    }
}

#[test]
fn one_that_ends_before_its_turn_is_said_to_have_ended() {
    let mut group = Group::new(2);
    let before = group.states();
    let gate = Gate::new(group.directory.path());
    let steps = format!(
        "{{dup2: [10, 11], target: a}}, {}, {{dup: [10], target: b}}",
        gate.step().replace("name: gate", "target: a")
    );
    let run = start(group.directory.path(), &group.plan(&steps), &[]);
    gate.wait_for(&group.targets[0]);
    group.targets[1].signal(libc::SIGKILL);
    let _open = gate.let_on();
    let output = run.wait_with_output().unwrap();
    assert_code(&output, 3);
    let outcome = outcome(&output);
    assert_eq!(outcome["targets"][0]["outcome"], "rolled_back", "{outcome:#}");
    assert_eq!(outcome["targets"][1]["outcome"], "in_doubt");
    assert_eq!(codes(&output), ["run::step-failed", "run::not-restored"]);
    let help = outcome["problems"][1]["help"].as_str().unwrap();
    assert!(help.starts_with("no call of the plan had succeeded in it"), "{help}");
    assert_eq!(descriptors(group.targets[0].pid()), before[0].0);
    group.targets[0].assert_well();
}

#[test]
fn more_than_our_own_descriptors_allow_are_refused() {
    let group = Group::new(6);
    let path = group.directory.path().join("plan.yaml");
    fs::write(&path, group.plan("{dup: [0]}, {dup: [1]}, {dup: [2]}, {umask: [0o27]}")).unwrap();
    // From where not even the first target is found to where all are done: how many descriptors are open when criu-plan
    // starts is not for us to say.
    let mut ended = BTreeSet::new();
    for limit in (20..80).step_by(2).chain(80..=160) {
        let mut limited = Command::new("prlimit");
        limited.arg(format!("--nofile={limit}:{limit}")).arg(env!("CARGO_BIN_EXE_criu-plan"));
        let output = limited.arg("apply").arg(&path).args(["--output", "json"]).output().unwrap();
        let outcome = outcome(&output);
        let problems = outcome["problems"].as_array().unwrap();
        let told = |problem: &Value| problem["help"].as_str().unwrap_or_default().contains("ulimit -n");
        match outcome["outcome"].as_str().unwrap() {
            "applied" => assert_code(&output, 0),
            refused => {
                assert_eq!(refused, "refused", "{limit}: {outcome:#}");
                assert_code(&output, 1);
                assert!(!problems.is_empty() && problems.iter().all(told), "{limit}: {outcome:#}");
            }
        }
        ended.insert(outcome["outcome"].as_str().unwrap().to_owned());
    }
    assert!(["refused", "applied"].iter().all(|outcome| ended.contains(*outcome)), "{ended:?}");
}

#[test]
fn a_rollback_that_fails_in_one_is_done_in_the_others() {
    let mut group = Group::new(3);
    let before = group.states();
    let gate = Gate::new(group.directory.path());
    // Somebody writes to the file that was made in b, so that it is not removed.
    let steps = format!(
        "{{dup2: [10, 11]}}, {{open: [made, 'O_WRONLY|O_CREAT', 0o600]}}, {}, {FAILS}",
        gate.step().replace("name: gate", "target: a")
    );
    let run = start(group.directory.path(), &group.plan(&steps), &[]);
    gate.wait_for(&group.targets[0]);
    fs::write(group.home(1).join("made"), "theirs").unwrap();
    let _open = gate.let_on();
    let output = run.wait_with_output().unwrap();
    assert_code(&output, 3);
    let outcome = outcome(&output);
    let ended: Vec<&str> =
        outcome["targets"].as_array().unwrap().iter().map(|target| target["outcome"].as_str().unwrap()).collect();
    assert_eq!(ended, ["rolled_back", "in_doubt", "rolled_back"], "{outcome:#}");
    let mut expected = before;
    expected[1].1.insert(group.home(1).join("made"), b"theirs".to_vec());
    assert_eq!(group.states(), expected, "{outcome:#}");
    group.assert_well();
}

#[test]
fn a_hundred_targets() {
    let mut group = Group::new(100);
    let before = group.states();
    let steps = "{open: {pathname: DIR/log, flags: [O_WRONLY, O_CREAT, O_APPEND, O_CLOEXEC], mode: 0o600}, capture: log},
        {dup2: ['${log}', 11]}, {close: ['${log}']}, {lseek: [10, '${a.log}', SEEK_SET], undo: [{lseek: [10, 3, SEEK_SET]}]}";
    // A failure in the last of them takes back what the first did.
    let last = group.targets.len() - 1;
    let failing = group.plan(&format!("{steps}, {{fcntl: [999, F_GETFD], target: z}}"));
    let output = apply(group.directory.path(), &failing, &[]);
    assert_code(&output, 1);
    assert_eq!(codes(&output), ["run::step-failed"]);
    let rolled_back = outcome(&output);
    let targets = rolled_back["targets"].as_array().unwrap();
    assert_eq!(targets.len(), last + 1);
    assert!(targets.iter().all(|target| target["outcome"] == "rolled_back"), "{rolled_back:#}");
    assert_eq!(group.states(), before);
    assert!(!group.directory.path().join("log").exists());
    group.assert_well();

    let output = group.run(steps);
    assert_code(&output, 0);
    let log = group.directory.path().join("log");
    for (target, before) in group.targets.iter().zip(&before) {
        let mut expected = before.0.clone();
        let now = descriptors(target.pid());
        assert_eq!(now["11"].0, log);
        expected.insert("11".into(), now["11"].clone());
        expected.insert("10".into(), now["10"].clone());
        assert_eq!(now, expected);
    }
    group.assert_well();
}
