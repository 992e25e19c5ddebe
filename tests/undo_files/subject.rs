//! A process whose files a test changes.

use crate::steps::CAPABILITIES;
use crate::support::*;
use crate::tree::*;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A process with a directory of its own, in which it works.
pub struct Subject {
    pub target: Target,
    pub directory: tempfile::TempDir,
    pub home: PathBuf,
}

/// Fails in every process.
pub const FAILS: &str = "{fcntl: [999, F_GETFD], name: fails}";

impl Subject {
    pub fn new() -> Self {
        Self::within(directory())
    }

    pub fn within(directory: tempfile::TempDir) -> Self {
        let home = directory.path().join("home");
        fs::create_dir(&home).unwrap();
        furnish(&home);
        let target = Target::start(Command::new(c("still")).arg("descriptors").arg(&home));
        target.until_asleep();
        Self { target, directory, home }
    }

    pub fn plan(&self, steps: &str) -> String {
        let steps = steps.replace("HOME", self.home.to_str().unwrap());
        format!("version: 1\ntargets: [{}]\nsteps: [{steps}]\n", self.target.pid())
    }

    pub fn run(&self, steps: &str) -> Output {
        apply(self.directory.path(), &self.plan(steps), &[])
    }

    pub fn cwd(&self) -> PathBuf {
        fs::read_link(format!("/proc/{}/cwd", self.target.pid())).unwrap()
    }

    /// Runs steps and fails unless they were rolled back and all is as it was; the outcome.
    pub fn rolled_back(&mut self, steps: &str) -> Value {
        let before = (tree(&self.home), self.cwd(), descriptors(self.target.pid()), self.target.snapshot());
        let output = self.run(steps);
        assert_code(&output, 1);
        let outcome = outcome(&output);
        assert_eq!(outcome["outcome"], "rolled_back", "{steps}: {outcome:#}");
        assert_tree(&before.0, &tree(&self.home), steps);
        assert_eq!(self.cwd(), before.1, "{steps}");
        assert_eq!(descriptors(self.target.pid()), before.2, "{steps}");
        assert_same(&before.3, &self.target.snapshot());
        self.target.assert_well();
        outcome
    }

    /// Runs steps that must succeed.
    pub fn applied(&mut self, steps: &str) {
        let before = descriptors(self.target.pid());
        let output = self.run(steps);
        assert_code(&output, 0);
        assert_eq!(outcome(&output)["outcome"], "applied", "{steps}");
        let names = |of: &std::collections::BTreeMap<String, _>| of.keys().cloned().collect::<Vec<String>>();
        let now: std::collections::BTreeMap<String, ()> =
            descriptors(self.target.pid()).into_keys().map(|name| (name, ())).collect();
        assert_eq!(names(&now), before.keys().cloned().collect::<Vec<_>>(), "{steps}");
        self.target.assert_well();
    }

    /// Runs a step with a gate behind it and a failure behind that; at the gate somebody else acts. The exit code and outcome.
    pub fn interfered(&mut self, steps: &str, act: impl FnOnce(&Path)) -> (i32, Value) {
        let gate = Gate::new(self.directory.path());
        let plan = self.plan(&format!("{steps}, {}, {FAILS}", gate.step()));
        let run = start(self.directory.path(), &plan, &[]);
        gate.wait_for(&self.target);
        act(&self.home);
        let open = gate.let_on();
        let output = run.wait_with_output().unwrap();
        drop(open);
        fs::remove_file(self.directory.path().join("gate")).unwrap();
        self.target.assert_well();
        (output.status.code().unwrap(), outcome(&output))
    }

    /// The same; the step must be in doubt, for a reason that says `why`.
    pub fn in_doubt(&mut self, step: &str, why: &str, act: impl FnOnce(&Path)) {
        let before = descriptors(self.target.pid());
        let (code, outcome) = self.interfered(step, act);
        assert_eq!((code, &outcome["outcome"]), (3, &json!("in_doubt")), "{step}: {outcome:#}");
        let done = &outcome["targets"][0]["steps"][0];
        assert_eq!((&done["state"], &done["undone"]), (&json!("in_doubt"), &json!(false)), "{step}: {outcome:#}");
        let problems = outcome["problems"].as_array().unwrap();
        let told = problems.iter().find(|problem| problem["code"] == "run::in-doubt").unwrap();
        assert!(told["message"].as_str().unwrap().contains(why), "{step}: {told:#}");
        assert_eq!(descriptors(self.target.pid()), before, "{step}");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    /// Names that criu-plan has left.
    pub fn left(&self) -> Vec<PathBuf> {
        tree(&self.home).into_keys().filter(|path| path.to_str().unwrap().contains(".criu-plan")).collect()
    }
}

/// With a program that has capabilities, where those can be given.
pub fn subject() -> Subject {
    let subject = Subject::new();
    if is_root() {
        set_attribute(&subject.path("program"), c"security.capability", CAPABILITIES);
    }
    subject
}
