//! A step that waits until the test lets it on: an open of a FIFO.

use super::{Target, wait_until};
use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A FIFO that a plan opens for reading.
pub struct Gate {
    fifo: PathBuf,
}

impl Gate {
    pub fn new(directory: &Path) -> Self {
        let fifo = directory.join("gate");
        assert!(Command::new("mkfifo").args(["-m", "666"]).arg(&fifo).status().unwrap().success());
        Self { fifo }
    }

    /// The step that waits.
    pub fn step(&self) -> String {
        format!(
            "{{open: {{pathname: {}, flags: O_RDONLY}}, timeout: 30s, capture: gate, name: gate}}",
            self.fifo.display()
        )
    }

    /// Waits until a target waits in that step. Opens of other steps are told by their flags.
    pub fn wait_for(&self, target: &Target) {
        let inside = || fs::read_to_string(format!("/proc/{}/syscall", target.pid())).unwrap_or_default();
        wait_until("the target waits in the step", || {
            let call = inside();
            let words: Vec<&str> = call.split(' ').collect();
            matches!(words.as_slice(), ["2", _, "0x0", ..]) && target.status("State").starts_with('S')
        });
    }

    /// Lets the step on; it is open as long as the result is kept.
    pub fn let_on(&self) -> File {
        let mut options = File::options();
        options.write(true).custom_flags(libc::O_NONBLOCK);
        let mut opened = None;
        // There is no reader until the step waits.
        wait_until("the gate is waited at", || {
            opened = options.open(&self.fifo).ok();
            opened.is_some()
        });
        opened.unwrap()
    }
}

/// Starts a run of a plan given as text, which may hold its targets for long unless the arguments say otherwise.
pub fn start(directory: &Path, plan: &str, arguments: &[&str]) -> Child {
    let path = directory.join("plan.yaml");
    fs::write(&path, plan).unwrap();
    let mut command = super::criu_plan();
    command.arg("apply").arg(path).args(["--output", "json"]).args(arguments);
    if !arguments.contains(&"--hold") {
        command.args(["--hold", "30s"]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}
