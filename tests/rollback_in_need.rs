//! Rollback where things are short, and what is told where it does not come to its end.

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

const FAILS: &str = "{fcntl: [999, F_GETFD], name: fails}";
/// What takes part in rollback, each with something that it keeps: for all of them together four numbers.
const STEPS: [&str; 7] = [
    "{dup2: [10, 11]}",
    "{dup3: [15, 14, O_CLOEXEC]}",
    "{close: [12]}",
    "{close: [13]}",
    "{fcntl: [10, F_SETFL, O_NONBLOCK]}",
    "{fcntl: [16, F_SETFD, FD_CLOEXEC]}",
    "{umask: [0o77]}",
];

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

    fn run(&self, steps: &str) -> Output {
        let plan = format!("version: 1\ntargets: [{}]\nsteps: [{steps}]\n", self.target.pid());
        apply(self.directory.path(), &plan, &[])
    }

    /// Sets both limits of a resource.
    fn limit(&self, resource: libc::__rlimit_resource_t, to: u64) {
        let limit = libc::rlimit64 { rlim_cur: to, rlim_max: to };
        // SAFETY: prlimit reads one structure and is asked for none.
        let result = unsafe { libc::prlimit64(self.target.pid(), resource, &raw const limit, std::ptr::null_mut()) };
        assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
    }

    /// Fails unless all of it is as before after a failure behind these steps; what was undone.
    fn rolled_back(&mut self, steps: &str) -> Vec<bool> {
        let before = (self.state(), self.target.snapshot());
        let output = self.run(&format!("{steps}, {FAILS}"));
        assert_code(&output, 1);
        let outcome = outcome(&output);
        assert_eq!(outcome["outcome"], "rolled_back", "{outcome:#}");
        assert_eq!(self.state(), before.0, "{outcome:#}");
        assert_same(&before.1, &self.target.snapshot());
        self.target.assert_well();
        steps_of(&outcome).iter().map(|step| step["undone"].as_bool().unwrap()).collect()
    }
}

fn steps_of(outcome: &Value) -> &Vec<Value> {
    outcome["targets"][0]["steps"].as_array().unwrap()
}

#[test]
fn without_any_descriptor_number_left() {
    let mut subject = Subject::new();
    let before = subject.state().0.len();
    // Numbers below 17 are all that there can be, and none is left but as many as the steps keep duplicates.
    subject.limit(libc::RLIMIT_NOFILE, 17);
    let keeps = 4;
    let fill = vec!["{dup: [0]}"; 17 - before - keeps].join(", ");
    assert_code(&subject.run(&fill), 0);
    assert_eq!(subject.state().0.len(), 17 - keeps);
    assert_eq!(subject.rolled_back(&STEPS.join(", ")), [true, true, true, true, true, true, true, false]);
    // Each alone, too, with one number for each.
    assert_code(&subject.run("{dup: [0]}, {dup: [0]}, {dup: [0]}"), 0);
    for step in STEPS {
        assert_eq!(subject.rolled_back(step), [true, false], "{step}");
    }
    // With none at all what takes one fails before it does anything, and so do calls that take one themselves.
    assert_code(&subject.run("{dup: [0]}"), 0);
    let state = subject.state();
    for step in STEPS.iter().take(4).chain(&["{dup: [0]}", "{open: [/dev/null, O_RDONLY]}"]) {
        let output = subject.run(&format!("{{umask: [0o77]}}, {step}"));
        assert_code(&output, 1);
        let outcome = outcome(&output);
        let steps = steps_of(&outcome);
        assert_eq!((&steps[0]["undone"], &steps[1]["state"]), (&json!(true), &json!("failed")), "{outcome:#}");
        assert_eq!(subject.state(), state);
    }
    subject.target.assert_well();
}

#[test]
fn without_any_memory_left() {
    let mut subject = Subject::new();
    let status = fs::read_to_string(format!("/proc/{}/status", subject.target.pid())).unwrap();
    let size =
        status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap().trim().strip_suffix(" kB").unwrap();
    subject.limit(libc::RLIMIT_AS, size.parse::<u64>().unwrap() << 10);
    let steps = [&STEPS[..], &["{open: [new, 'O_WRONLY|O_CREAT', 0o600]}"]].concat().join(", ");
    assert!(subject.rolled_back(&steps)[..8].iter().all(|undone| *undone));
    // The plan's own mapping fails like any other call.
    let output = subject.run(&format!(
        "{}, {{mmap: [0, 65536, PROT_READ, 'MAP_PRIVATE|MAP_ANONYMOUS', -1, 0], irreversible: true}}",
        STEPS.join(", ")
    ));
    assert_code(&output, 1);
    assert_eq!(steps_of(&outcome(&output))[7]["errno"], "ENOMEM");
    // What does not fit where it needs no memory of its own is refused at once.
    let before = (subject.state(), subject.target.snapshot());
    let output = subject.run("{dup2: [10, 11]}, {read: [10, {out: 1048576}, 1048576], irreversible: true}");
    assert_code(&output, 1);
    assert_eq!(codes(&output), ["target::no-scratch-memory"]);
    assert_eq!(outcome(&output)["outcome"], "refused");
    assert_eq!(subject.state(), before.0);
    assert_same(&before.1, &subject.target.snapshot());
    subject.target.assert_well();
}

/// A first step, a second one that is not taken back and spoils what the first has left, and what is told: the op, what should
/// be, what is, and what it could not do for that.
const SPOILT: [(&str, &str, [&str; 3], Option<&str>); 6] = [
    (
        "{dup2: [10, 11]}",
        "{dup2: [15, 11], undo: none, irreversible: true}",
        [
            "check that descriptors 11 and 10 are one",
            "what descriptor 10 is (HOME/ten)",
            "another opening, of anon_inode:[eventfd]",
        ],
        Some("dup3("),
    ),
    (
        "{dup2: [10, 11]}",
        "{close: [11], irreversible: true}",
        ["check that descriptors 11 and 10 are one", "what descriptor 10 is (HOME/ten)", "closed"],
        Some("dup3("),
    ),
    (
        "{fcntl: [10, F_SETFL, O_NONBLOCK]}",
        "{fcntl: [10, F_SETFL, 'O_NONBLOCK|O_APPEND'], undo: none, irreversible: true}",
        ["fail: the flags of the descriptor", "2048 (0o4000, 0x800)", "3072 (0o6000, 0xc00)"],
        Some("fcntl(10, F_SETFL"),
    ),
    (
        "{close: [10]}",
        "{dup2: [11, 10], undo: none, irreversible: true}",
        ["fail: the number that it freed has been taken since", "as the step left it", "taken since"],
        None,
    ),
    (
        "{umask: [0o77]}",
        "{umask: [0o33], undo: none, irreversible: true}",
        ["fail: ", "63 (0o77, 0x3f)", "27 (0o33, 0x1b)"],
        Some("umask("),
    ),
    (
        "{lseek: [10, 1, SEEK_SET], undo: [{lseek: [12, 0, SEEK_SET]}, {lseek: [10, 3, SEEK_SET]}]}",
        "{getpid: []}",
        ["lseek(12, 0, SEEK_SET)", "made without an error", "ESPIPE"],
        Some("lseek(10, 3, SEEK_SET)"),
    ),
];

#[test]
fn what_is_and_what_should_be() {
    for (first, second, [op, expected, found], left) in SPOILT {
        let mut subject = Subject::new();
        let output = subject.run(&format!("{first}, {second}, {FAILS}"));
        assert_code(&output, 3);
        let outcome = outcome(&output);
        let step = &steps_of(&outcome)[0];
        assert_eq!(step["state"], "in_doubt", "{outcome:#}");
        let doubts = step["doubts"].as_array().unwrap();
        let part = |index: usize, name: &str| doubts[index][name].as_str().unwrap();
        let home = subject.home.display().to_string();
        for (name, part_of) in [("op", op), ("expected", expected), ("found", found)] {
            assert!(part(0, name).contains(&part_of.replace("HOME", &home)), "{first}: {name}: {doubts:#?}");
        }
        let not_made: Vec<usize> = (1..doubts.len()).filter(|index| part(*index, "found") == "not made").collect();
        match left {
            Some(left) => assert!(not_made.iter().any(|index| part(*index, "op").starts_with(left)), "{doubts:#?}"),
            None => assert!(not_made.is_empty(), "{doubts:#?}"),
        }
        // The problem names all of it, and so do the lines for people.
        let problem = outcome["problems"].as_array().unwrap().iter().find(|problem| problem["code"] == "run::in-doubt");
        let message = problem.unwrap()["message"].as_str().unwrap().to_owned();
        for doubt in doubts {
            for name in ["op", "purpose", "expected", "found"] {
                assert!(message.contains(doubt[name].as_str().unwrap()), "{message}");
            }
        }
        subject.target.assert_well();
    }
}

#[test]
fn a_person_is_told_op_by_op() {
    let subject = Subject::new();
    let plan = format!(
        "version: 1\ntargets: [{}]\nsteps: [{}, {}, {FAILS}]\n",
        subject.target.pid(),
        SPOILT[4].0,
        SPOILT[4].1
    );
    let path = subject.directory.path().join("plan.yaml");
    fs::write(&path, plan).unwrap();
    let output = criu_plan().arg("apply").arg(path).output().unwrap();
    assert_code(&output, 3);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("should be 63 (0o77, 0x3f), is 27 (0o33, 0x1b)"), "{text}");
    assert!(text.contains("umask(0o22): should be made, is not made"), "{text}");
}

#[test]
fn what_stays_after_an_irreversible_step_is_listed() {
    let mut subject = Subject::new();
    let output = subject.run(&format!(
        "{}, {{write: [15, {{u64: [1]}}, 8], irreversible: true, name: count}}, {{dup2: [2, 1]}},
         {{write: [15, {{u64: [1]}}, 8], irreversible: true}}, {FAILS}",
        STEPS.join(", ")
    ));
    assert_code(&output, 3);
    assert_eq!(codes(&output), ["run::step-failed", "run::partial"]);
    let outcome = outcome(&output);
    let message = outcome["problems"][1]["message"].as_str().unwrap();
    assert!(message.ends_with("step 8 (count) and step 10 (write) stay done, for they can't be undone"), "{message}");
    let undone: Vec<bool> = steps_of(&outcome).iter().map(|step| step["undone"].as_bool().unwrap()).collect();
    assert_eq!(undone, [true, true, true, true, true, true, true, false, true, false, false]);
    subject.target.assert_well();
}
