//! A plan that ships, applied in all the ways that the tests need.

use crate::support::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A plan that ships, applied with these settings.
pub struct Job {
    name: &'static str,
    set: Vec<String>,
}

impl Job {
    pub fn new(name: &'static str, pid: i32, set: &[(&str, &str)]) -> Self {
        let pid = format!("pid={pid}");
        Self { name, set: set.iter().map(|(name, value)| format!("{name}={value}")).chain([pid]).collect() }
    }

    pub fn text(&self) -> String {
        fs::read_to_string(source(&format!("plans/{}.yaml", self.name))).unwrap()
    }

    pub fn run(&self, plan: &Path, more: &[&str]) -> Output {
        let set = self.set.iter().flat_map(|set| ["--set", set]);
        criu_plan().arg("apply").arg(plan).args(["--output", "json"]).args(set).args(more).output().unwrap()
    }

    /// Fails unless it ends so; the outcome.
    pub fn ends(&self, plan: &Path, more: &[&str], code: i32, ended: &str) -> Value {
        let output = self.run(plan, more);
        assert_code(&output, code);
        let outcome = outcome(&output);
        assert_eq!(outcome["outcome"], ended, "{outcome:#}");
        outcome
    }

    pub fn applied(&self) -> Value {
        self.ends(&source(&format!("plans/{}.yaml", self.name)), &[], 0, "applied")
    }

    pub fn unchanged(&self) {
        let outcome = self.ends(&source(&format!("plans/{}.yaml", self.name)), &[], 0, "unchanged");
        assert_eq!(outcome["targets"][0]["stall_us"], Value::Null, "it was stopped: {outcome:#}");
    }

    /// A dry run, which plans something and touches nothing of what is observed.
    pub fn dry<T: PartialEq + std::fmt::Debug>(&self, observe: impl Fn() -> T) {
        let before = observe();
        let outcome = self.ends(&source(&format!("plans/{}.yaml", self.name)), &["--dry-run"], 0, "planned");
        let steps = outcome["targets"][0]["steps"].as_array().unwrap();
        assert!(steps.iter().any(|step| step["state"] == "planned"), "{outcome:#}");
        assert_eq!(before, observe());
    }

    /// The same plan with a step that fails before this text of it, or as its last.
    pub fn failing(&self, before: Option<&str>, code: i32, ended: &str) -> Value {
        let directory = directory();
        let path = directory.path().join("failing.yaml");
        // It changes nothing, so that what comes behind it is lowered as ever.
        let fails = "  - fcntl: [999, F_GETFD]\n";
        let text = match before {
            Some(place) => {
                let text = self.text();
                assert!(text.contains(place), "{place:?} is not in the plan");
                text.replacen(place, &format!("{fails}{place}"), 1)
            }
            None => self.text() + fails,
        };
        fs::write(&path, text).unwrap();
        self.ends(&path, &[], code, ended)
    }
}

/// The calls that a failed run made and that are not undone: those that change nothing, too.
pub fn left_behind(outcome: &Value) -> Vec<&str> {
    let steps = outcome["targets"][0]["steps"].as_array().unwrap();
    let stays = steps.iter().filter(|step| step["state"] == "done" && step["undone"] == false);
    stays.map(|step| step["syscall"].as_str().unwrap()).collect()
}

pub fn python(program: &str) -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", program]);
    command
}

/// A file of every thread, by thread id.
pub fn of_threads(pid: i32, name: &str) -> BTreeMap<i32, String> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let read = |entry: fs::DirEntry| {
        let path = entry.path().join(name);
        let link = || fs::read_link(&path).ok().map(|link| link.display().to_string());
        let text = fs::read_to_string(&path).ok().or_else(link)?;
        Some((entry.file_name().to_str()?.parse().ok()?, text))
    };
    threads.filter_map(|entry| read(entry.unwrap())).collect()
}
