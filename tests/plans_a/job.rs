//! A plan that ships, run on a target.

use crate::support::*;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub type Sets<'a> = &'a [(&'a str, &'a str)];

/// Runs a plan with these variables.
pub fn run(plan: &Path, pid: i32, sets: Sets<'_>, options: &[&str]) -> Output {
    let mut command = criu_plan();
    command.arg("apply").arg(plan).args(["--output", "json", "--set", &format!("pid={pid}")]).args(options);
    sets.iter().for_each(|(name, value)| {
        command.args(["--set", &format!("{name}={value}")]);
    });
    command.output().unwrap()
}

pub fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plans").join(name)
}

/// One of the plans, as far as it can be told apart from others by what it leaves.
pub struct Job<'a> {
    pub plan: &'a str,
    pub sets: Sets<'a>,
}

impl Job<'_> {
    pub fn outcome(&self, pid: i32, options: &[&str], code: i32) -> serde_json::Value {
        let output = run(&shipped(self.plan), pid, self.sets, options);
        assert_code(&output, code);
        outcome(&output)
    }

    /// What a dry run says would be; nothing is touched.
    pub fn dry(&self, target: &Target) {
        let before = (target.snapshot(), descriptors(target.pid()));
        let dry = self.outcome(target.pid(), &["--dry-run"], 0);
        let planned = dry["targets"][0]["steps"].as_array().unwrap().iter().any(|step| step["state"] == "planned");
        assert!(planned, "{dry:#}");
        assert_eq!(descriptors(target.pid()), before.1);
        assert_same(&before.0, &target.snapshot());
    }

    pub fn applied(&self, target: &mut Target) -> serde_json::Value {
        let done = self.outcome(target.pid(), &[], 0);
        assert_eq!(done["outcome"], "applied", "{done:#}");
        assert_well(target);
        done
    }

    /// Applied once more it finds nothing to do.
    pub fn unchanged(&self, target: &mut Target) -> serde_json::Value {
        let again = self.outcome(target.pid(), &[], 0);
        assert_eq!(again["outcome"], "unchanged", "{again:#}");
        assert_well(target);
        again
    }

    /// The same, by what /proc tells: it was not stopped.
    pub fn left_alone(&self, target: &mut Target) {
        let again = self.unchanged(target);
        assert!(again["targets"][0]["stall_us"].is_null(), "{again:#}");
    }

    /// With a step at the end that fails.
    pub fn failed(&self, target: &mut Target, code: i32, as_: &str) -> serde_json::Value {
        let directory = directory();
        let copy = directory.path().join(self.plan);
        let text = fs::read_to_string(shipped(self.plan)).unwrap();
        fs::write(&copy, text + "  - close: [999999]\n").unwrap();
        let output = run(&copy, target.pid(), self.sets, &[]);
        assert_code(&output, code);
        let failed = outcome(&output);
        assert_eq!(failed["outcome"], as_, "{failed:#}");
        assert_well(target);
        failed
    }

    /// With a step at the end that fails, all is as it was, for a process that waits.
    pub fn rolled_back(&self, target: &mut Target) {
        let before = (target.snapshot(), descriptors(target.pid()));
        self.failed(target, 1, "rolled_back");
        assert_eq!(descriptors(target.pid()), before.1);
        assert_same(&before.0, &target.snapshot());
    }

    /// With a step at the end that fails, the report says that something stays.
    pub fn partial(&self, target: &mut Target) {
        self.failed(target, 3, "partial");
    }

    /// It is refused, and nothing is touched.
    pub fn refused(&self, target: &mut Target, code: &str) {
        let before = descriptors(target.pid());
        let output = run(&shipped(self.plan), target.pid(), self.sets, &[]);
        assert_code(&output, 1);
        assert_eq!(codes(&output), [code]);
        assert_eq!(descriptors(target.pid()), before);
        assert_well(target);
    }
}

/// It runs, and nobody holds it. What it has said is left for the test to read.
pub fn assert_well(target: &mut Target) {
    assert!(target.is_alive());
    assert_eq!(target.status("TracerPid"), "0");
}

/// A program that says on stderr when it is ready, and goes on a line at a time as it is told.
pub fn python(program: &str, arguments: &[&str], directory: &Path) -> Target {
    Target::start(&mut python_command(program, arguments, directory))
}

pub fn python_command(program: &str, arguments: &[&str], directory: &Path) -> Command {
    let begin = "import os, sys, fcntl, socket, time, mmap, subprocess
def say(*words): sys.stderr.write(' '.join(map(str, words)) + '\\n'); sys.stderr.flush()
def told(): return os.read(0, 1) == b'x' or os._exit(0)
";
    let mut command = Command::new("python3");
    command.args(["-c", &format!("{begin}{program}")]).args(arguments).current_dir(directory);
    command.stdout(File::create(directory.join("stdout")).unwrap());
    command
}

/// Flags of a descriptor, O_CLOEXEC among them, and its offset.
pub fn info(pid: i32, fd: i32) -> (i32, u64) {
    let text = fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).unwrap();
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    (i32::from_str_radix(&field("flags:"), 8).unwrap(), field("pos:").parse().unwrap())
}

pub fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The sockets that a process has open.
pub fn sockets(pid: i32) -> Vec<i32> {
    let all = descriptors(pid).into_iter();
    let sockets = all.filter(|(_, (path, _))| text(path).starts_with("socket:"));
    sockets.map(|(number, _)| number.parse().unwrap()).collect()
}
