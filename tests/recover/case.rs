//! A plan, and targets that it is run on.

use super::state::State;
use crate::support::*;
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A plan and on how many processes it runs.
#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    pub steps: &'static str,
    pub targets: usize,
}

/// Fresh targets and what they are.
pub struct Stage {
    pub directory: tempfile::TempDir,
    pub targets: Vec<Target>,
    before: Vec<State>,
}

impl Stage {
    pub fn new(case: Case) -> Self {
        // Journals want a directory that others can't write to.
        let directory = tempfile::tempdir().unwrap();
        let target = |index: usize| {
            // At the same addresses each time, so that two of them can be compared.
            let mut command = Command::new("setarch");
            command
                .arg("-R")
                .arg(c("plain"))
                .stdout(File::create(directory.path().join(format!("out-{index}"))).unwrap());
            let target = Target::start(&mut command);
            wait_for_growth(&directory.path().join(format!("out-{index}")), 0);
            target
        };
        let targets: Vec<Target> = (0..case.targets).map(target).collect();
        let mut stage = Self { directory, targets, before: Vec::new() };
        let pids: Vec<String> = stage.targets.iter().map(|target| target.pid().to_string()).collect();
        let log = stage.log().display().to_string();
        let old = stage.directory.path().join("old");
        fs::write(&old, "").unwrap();
        let old = old.display().to_string();
        let plan = format!(
            "version: 1\ntargets: [{}]\nsteps:{}",
            pids.join(", "),
            case.steps.replace("LOG", &log).replace("OLD", &old)
        );
        fs::write(stage.directory.path().join("plan.yaml"), plan).unwrap();
        stage.before = stage.states();
        stage
    }

    pub fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    fn states(&self) -> Vec<State> {
        self.targets.iter().map(|target| State::of(target, &self.log())).collect()
    }

    fn journals(&self) -> PathBuf {
        self.directory.path().join("journals")
    }

    /// criu-plan with the journals of this stage.
    pub fn criu_plan(&self, arguments: &[&str]) -> Command {
        let mut command = criu_plan();
        command.args(arguments).args(["--output", "json", "--journal-dir"]).arg(self.journals());
        command
    }

    /// The plan, as a command. Stopped at each of its own calls by who counts them it takes its time.
    pub fn apply(&self) -> Command {
        let plan = self.directory.path().join("plan.yaml").display().to_string();
        self.criu_plan(&["apply", &plan, "--freeze-timeout", "10s", "--hold", "30s"])
    }

    pub fn recover(&self, run: &str) -> Command {
        self.criu_plan(&["recover", run, "--freeze-timeout", "10s", "--hold", "30s"])
    }

    /// The run on these targets, if it left a trace, and how it stands.
    pub fn run(&self) -> Option<(String, String)> {
        let output = self.criu_plan(&["journal"]).output().unwrap();
        assert_code(&output, 0);
        let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        listed["runs"]
            .as_array()
            .unwrap()
            .iter()
            .find(|run| self.targets[0].was_in(run))
            .map(|run| (text(&run["id"]), text(&run["state"])))
    }

    /// Recovers the run, if there is one that needs it. (Before it says what it is about it has touched nothing.)
    pub fn recover_all(&self) {
        wait_until("no criu-plan is at work", || self.run().is_none_or(|(_, state)| state != "running"));
        if let Some((run, _)) = self.run() {
            self.recover_well(&run);
        }
    }

    /// Recovers the run, if there is one. Whether it is known by then how the umask is, which is as it was; otherwise it may
    /// be what the plan makes of it, too.
    pub fn recover_or_doubt(&mut self, was: &str, becomes: &str) -> bool {
        wait_until("no criu-plan is at work", || self.run().is_none_or(|(_, state)| state != "running"));
        let Some((run, _)) = self.run() else { return true };
        let output = self.recover(&run).output().unwrap();
        self.targets[0].assert_well();
        let (umask, said) = (self.targets[0].status("Umask"), String::from_utf8_lossy(&output.stdout).into_owned());
        match output.status.code() {
            Some(0) => assert_eq!(umask, was, "{said}"),
            code => {
                assert_eq!(code, Some(3), "{said}");
                assert!(umask == was || umask == becomes, "{umask}: {said}");
                // Whoever asks again is told why, too.
                let again = self.recover(&run).output().unwrap();
                assert_code(&again, 3);
                let shown = self.criu_plan(&["journal", "show", &run]).output().unwrap();
                let recovered = ("/runs/0/problems", "/runs/0/outcome");
                let each = [(&output, recovered), (&again, recovered), (&shown, ("/problems", "/outcome"))];
                for (output, (problems, outcome)) in each {
                    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
                    let told = said.pointer(problems).unwrap().to_string();
                    assert!(told.contains("what its umask returned was not told any more"), "{said:#}");
                    assert_eq!(said.pointer(outcome), Some(&"in_doubt".into()), "{said:#}");
                }
            }
        }
        output.status.code() == Some(0)
    }

    pub fn recover_well(&self, run: &str) {
        let output: Output = self.recover(run).output().unwrap();
        if output.status.code() != Some(0) {
            let told =
                criu_plan().args(["journal", "show", run, "--journal-dir"]).arg(self.journals()).output().unwrap();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            panic!("{}{}\n{}", text(&output.stdout), text(&output.stderr), text(&told.stdout));
        }
        assert_eq!(
            self.run().map(|(_, state)| state).as_deref(),
            Some("ended"),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }

    /// Fails unless all targets are as they were, or all are as `done` says.
    pub fn examine(&mut self, done: &[State]) {
        for target in &mut self.targets {
            wait_until("it is traced by nobody", || target.status("TracerPid") == "0");
            target.assert_well();
        }
        let now = self.states();
        if now == self.before {
            return;
        }
        let alike: Vec<State> = now.iter().map(|state| state.alike(self.directory.path())).collect();
        if alike == done {
            return;
        }
        let differences = |from: &[State], to: &[State]| -> String {
            from.iter().zip(to).map(|(from, to)| from.differences(to)).collect::<Vec<_>>().join("--\n")
        };
        panic!(
            "neither as it was:\n{}nor as it was to become:\n{}",
            differences(&self.before, &now),
            differences(done, &alike)
        );
    }

    /// It goes on writing lines, wherever its stdout leads.
    pub fn goes_on(&self) {
        for target in &self.targets {
            let out = PathBuf::from(format!("/proc/{}/fd/1", target.pid()));
            let size = fs::metadata(&out).map_or(0, |file| file.len());
            wait_for_growth(&out, size);
        }
    }
}

impl Case {
    /// What the plan makes of its targets when nobody disturbs it.
    pub fn done(self) -> Vec<State> {
        let stage = Stage::new(self);
        let output = stage.apply().output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stdout));
        stage.states().iter().map(|state| state.alike(stage.directory.path())).collect()
    }
}

/// A directory's path.
pub fn path(stage: &Stage) -> &Path {
    stage.directory.path()
}
