//! A target that criu-plan is killed over, and what must hold afterwards.

use super::blow::{Blow, Fallen, Party};
use crate::support::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A kind of target.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    pub start: fn(&Path) -> Target,
    /// A runtime changes its mappings and descriptors all the time.
    pub restless: bool,
    /// It takes a processor to itself: one at a time.
    pub busy: bool,
}

/// A running target and what it was before a run.
pub struct Patient {
    pub kind: Kind,
    pub target: Target,
    directory: tempfile::TempDir,
    before: Before,
    served: u32,
}

struct Before {
    stdout: PathBuf,
    size: usize,
    snapshot: Snapshot,
    signals: Signals,
}

/// By thread: what it ignores and catches. What it blocks it watches itself, since that changes as it runs.
type Signals = BTreeMap<i32, Vec<String>>;

impl Patient {
    pub fn new(kind: Kind) -> Self {
        let directory = directory();
        let stdout = directory.path().join("first");
        let target = (kind.start)(&stdout);
        wait_for_growth(&stdout, 0);
        let before = Before::of(&target);
        Self { kind, target, directory, before, served: 0 }
    }

    /// Where its files lie.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The redirect to a log, as a command to be struck.
    pub fn command(&self, log: &Path) -> Command {
        let mut command = criu_plan();
        command.arg("apply").arg(redirect_plan()).args(["--output", "json"]);
        // Stopped at each of its own calls by who counts them, it takes its time.
        command.args(["--freeze-timeout", "10s", "--hold", "30s"]);
        command.args(["--set", &format!("pid={}", self.target.pid()), "--set", &format!("log={}", log.display())]);
        command
    }

    /// All that must hold after a blow.
    pub fn examine(&mut self, log: &Path, victims: &[Party], fallen: &Fallen) {
        wait_until("it runs, traced by nobody", || self.runs_free());
        let child_died = fallen.struck && victims.contains(&Party::Child);
        // Before its call is made anew nothing can keep the kernel from it.
        let allowed = usize::from(child_died && !fallen.settled);
        let interrupted = self.goes_on();
        assert!(interrupted <= allowed, "{interrupted} calls have ended in EINTR");
        let stdout = self.target.link(1);
        assert!(stdout == self.before.stdout || stdout == log, "stdout is {}", stdout.display());
        if !self.kind.restless {
            wait_until("it ignores and catches the signals that it did", || {
                signals(&self.target) == self.before.signals
            });
        }
        if !child_died {
            self.nothing_is_left(&stdout, log);
        }
        if !fallen.struck || !victims.contains(&Party::FrontEnd) {
            self.it_was_told_truly(&stdout, log, fallen);
        }
        self.before = Before::of(&self.target);
        self.target.forget_runs();
    }

    /// No thread is stopped or traced.
    fn runs_free(&self) -> bool {
        tasks(&self.target).all(|status| {
            let of = |name: &str| field(&status, name).unwrap_or_default();
            of("TracerPid") == "0" && !of("State").starts_with(['T', 't'])
        })
    }

    /// It comes two rounds further, checking itself; how many calls have ended in EINTR since the run began.
    fn goes_on(&mut self) -> usize {
        let file = PathBuf::from(format!("/proc/{}/fd/1", self.target.pid()));
        for _ in 0..2 {
            let size = fs::metadata(&file).map_or(0, |file| file.len());
            wait_until("it goes on", || {
                self.target.assert_well();
                fs::metadata(&file).is_ok_and(|file| file.len() > size)
            });
        }
        let written = fs::read(&file).unwrap();
        let old = if self.target.link(1) == self.before.stdout { self.before.size } else { 0 };
        String::from_utf8_lossy(&written[old..]).matches("EINTR").count()
    }

    /// Where the child has lived on it has left all as it was, or done it all.
    fn nothing_is_left(&self, stdout: &Path, log: &Path) {
        assert!(stdout == log || !log.exists(), "rolled back, but the log is still there");
        let strays = self.strays();
        assert!(strays.is_empty(), "descriptors were left: {strays:?}");
        if !self.kind.restless {
            let same = |snapshot: &Snapshot| {
                snapshot.maps == self.before.snapshot.maps && snapshot.descriptors == self.before.snapshot.descriptors
            };
            let now = self.target.snapshot();
            if !same(&now) {
                assert_same(&self.before.snapshot, &now);
            }
        }
    }

    /// What the front end said is so.
    fn it_was_told_truly(&self, stdout: &Path, log: &Path, fallen: &Fallen) {
        let said: serde_json::Value = serde_json::from_slice(&fallen.said)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&fallen.said)));
        let (redirected, target) = (stdout == log, &said["targets"][0]);
        if !fallen.struck {
            assert_eq!((fallen.code, &said["outcome"]), (Some(0), &"applied".into()), "{said:#}");
            assert!(redirected);
            return;
        }
        // Nobody has to look at a target in which nothing was begun.
        let code = if target["outcome"] == "refused" { 1 } else { 3 };
        assert_eq!((fallen.code, &said["problems"][0]["code"]), (Some(code), &"run::child-died".into()), "{said:#}");
        let state = target["steps"][1]["state"].as_str().unwrap();
        match (target["outcome"].as_str().unwrap(), state) {
            ("refused", _) => assert!(!redirected && !log.exists() && self.strays().is_empty(), "{said:#}"),
            ("in_doubt", "done") => assert!(redirected, "{said:#}"),
            ("in_doubt", "not_run") => assert!(!redirected, "{said:#}"),
            ("in_doubt", "in_doubt") => {}
            _ => panic!("{said:#}"),
        }
    }

    /// Descriptors that a run has left: of old logs and of this one.
    fn strays(&self) -> Vec<i32> {
        let descriptors = self.target.snapshot().descriptors.into_iter();
        descriptors.filter(|(_, link)| link.starts_with(self.directory.path())).map(|(number, _)| number).collect()
    }

    /// Another plan is applied, as ever: it redirects stdout, and closes what was left.
    pub fn is_still_served(&mut self) {
        self.served += 1;
        let next = self.directory.path().join(format!("next-{}", self.served));
        let mut plan = format!(
            "version: 1\ntargets: [{}]\nsteps:\n  - open: [{:?}, [O_WRONLY, O_CREAT, O_APPEND, O_CLOEXEC], 0o644]\n    capture: log\n  - dup2: [\"${{log}}\", 1]\n  - close: [\"${{log}}\"]\n",
            self.target.pid(),
            next.display().to_string(),
        );
        for stray in self.strays() {
            plan.push_str(&format!("  - close: [{stray}]\n"));
        }
        let output: Output = apply(self.directory.path(), &plan, &[]);
        assert_code(&output, 0);
        wait_until("it runs on", || self.runs_free());
        assert_eq!(self.goes_on(), 0, "calls have ended in EINTR");
        assert_eq!(self.target.link(1), next);
        assert_eq!(self.strays(), Vec::<i32>::new());
        self.before = Before::of(&self.target);
    }

    /// How many calls a whole run counts.
    pub fn count(&mut self, blow: Blow) -> u32 {
        let log = self.directory.path().join("whole");
        let fallen = blow.strike(&mut self.command(&log), u32::MAX, self.directory.path());
        self.examine(&log, blow.victims, &fallen);
        self.is_still_served();
        fallen.counted
    }
}

impl Drop for Patient {
    /// Ends the target, and removes the journals of the runs that were cut off over it: nothing is left of what they did.
    fn drop(&mut self) {
        self.target.signal(libc::SIGKILL);
        wait_until("it has ended", || !self.target.is_alive());
        self.target.forget_runs();
    }
}

impl Before {
    fn of(target: &Target) -> Self {
        let stdout = target.link(1);
        let size = fs::metadata(&stdout).unwrap().len() as usize;
        Self { stdout, size, snapshot: target.snapshot(), signals: signals(target) }
    }
}

fn tasks(target: &Target) -> impl Iterator<Item = String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", target.pid())).into_iter().flatten().flatten();
    tasks.filter_map(|task| fs::read_to_string(task.path().join("status")).ok())
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

fn signals(target: &Target) -> Signals {
    let of = |status: String| {
        let tid = field(&status, "Pid")?.parse().ok()?;
        Some((tid, ["SigIgn", "SigCgt"].map(|name| field(&status, name).unwrap().to_owned()).to_vec()))
    };
    tasks(target).filter_map(of).collect()
}
