//! Acting as a plain user.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Whether the tests run as root. What takes root is tested as root only.
pub fn is_root() -> bool {
    // SAFETY: geteuid takes nothing and can't fail.
    unsafe { libc::geteuid() == 0 }
}

/// A user without privileges: a number of nobody's where the tests run as root, else whoever runs them. What they run lies in a
/// directory that they can reach.
pub struct PlainUser {
    pub directory: tempfile::TempDir,
    criu_plan: PathBuf,
}

/// Nobody else's processes run under it.
pub const PLAIN_USER: u32 = 61_843;

impl PlainUser {
    pub fn new() -> Self {
        let directory = super::directory();
        let criu_plan = reachable(directory.path(), Path::new(env!("CARGO_BIN_EXE_criu-plan")));
        Self { directory, criu_plan }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A command of theirs; `options` are setpriv's.
    pub fn command_with(&self, options: &[&str], program: impl AsRef<OsStr>) -> Command {
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        let id = PLAIN_USER.to_string();
        command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]).args(options).arg("--").arg(program);
        command
    }

    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        self.command_with(&[], program)
    }

    /// A program of tests/targets, in reach.
    pub fn c(&self, name: &str) -> PathBuf {
        reachable(self.directory.path(), &super::c(name))
    }

    /// criu-plan, run by them.
    pub fn criu_plan(&self) -> Command {
        self.command(&self.criu_plan)
    }

    /// The shipped redirect, run by them.
    pub fn redirect(&self, pid: i32, log: &Path, arguments: &[&str]) -> Output {
        let plan = reachable(self.directory.path(), &super::redirect_plan());
        let mut command = self.criu_plan();
        command.arg("apply").arg(plan).args(["--output", "json"]).args(arguments);
        command.args(["--set", &format!("pid={pid}"), "--set", &format!("log={}", log.display())]);
        command.output().unwrap()
    }
}

/// A copy that everybody may read and run.
fn reachable(directory: &Path, file: &Path) -> PathBuf {
    let copy = directory.join(file.file_name().unwrap());
    if !copy.exists() {
        // Written by another process: a child forked meanwhile by another test would keep it open for writing, and running
        // it would fail.
        let status = Command::new("install").args(["-m", "755"]).arg(file).arg(&copy).status().unwrap();
        assert!(status.success());
    }
    copy
}
