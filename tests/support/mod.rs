//! Targets made for the tests, and criu-plan run on them.
#![allow(dead_code, unused_imports)]

mod client;
mod gate;
mod journalled;
mod plain_user;
mod untouched;

pub use client::*;
pub use gate::*;
pub use plain_user::*;
pub use untouched::*;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long anything may take that is expected to happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for a condition; what it is, for the message.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Where built targets lie.
fn built() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

/// Builds a target if it is older than its source, with the command that `compile` makes for (source, result). Several
/// threads and test programs may want it at once: one builds it, and the others wait, for to replace a program that a test
/// already runs would show in that test (`(deleted)` in its maps).
fn build(source: &str, name: &str, compile: impl Fn(&Path, &Path) -> Command) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/targets").join(source);
    let result = built().join(name);
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let newest = changed(&source).max(changed(&source.with_file_name("common.h")));
    // Held until the end of this function.
    let lock = File::create(built().join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    if changed(&result) < newest {
        let own = built().join(format!("{name}.new"));
        let output = compile(&source, &own).output();
        let output =
            output.unwrap_or_else(|error| panic!("{name} can't be built ({error}); .ci/test installs what it takes"));
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        fs::rename(&own, &result).unwrap();
    }
    result
}

/// A program of tests/targets, built by the C compiler.
pub fn c(name: &str) -> PathBuf {
    build(&format!("{name}.c"), name, |source, result| {
        let mut command = Command::new("cc");
        command.args(["-O1", "-pthread", "-o"]).arg(result).arg(source);
        command
    })
}

/// The same, static and with musl.
pub fn musl(name: &str) -> PathBuf {
    build(&format!("{name}.c"), &format!("{name}-musl"), |source, result| {
        let mut command = Command::new("musl-gcc");
        command.args(["-O1", "-static", "-o"]).arg(result).arg(source);
        command
    })
}

/// A 32-bit program of tests/targets that needs no C library.
pub fn compat(name: &str) -> PathBuf {
    build(&format!("{name}.c"), &format!("{name}-32"), |source, result| {
        let mut command = Command::new("cc");
        command.args(["-m32", "-O1", "-nostdlib", "-static", "-fno-pie", "-no-pie", "-o"]).arg(result).arg(source);
        command
    })
}

/// A Go program of tests/targets.
pub fn go(name: &str) -> PathBuf {
    build(&format!("{name}.go"), &format!("{name}-go"), |source, result| {
        let mut command = Command::new("go");
        command.args(["build", "-o"]).arg(result).arg(source).env("GOCACHE", built().join("go-cache"));
        command
    })
}

/// A directory of its own for one test.
pub fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    // Targets of other users write here, too.
    fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    directory
}

/// Leaves a target no descriptor of whoever runs the tests, neither those above 2 nor a stdout that others write to, and none of
/// the signals ignored that a shell has its jobs ignore.
fn alone() -> std::io::Result<()> {
    // SAFETY: plain system calls on descriptors of the child that is to become the target; `own` and `theirs` are what fstat
    // fills. Descriptor 1 of the test itself is what the child has if it was given no other.
    unsafe {
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
        let (mut own, mut theirs): (libc::stat, libc::stat) = (std::mem::zeroed(), std::mem::zeroed());
        let parent = libc::stat(c"/proc/self/fd/1".as_ptr(), &raw mut own) == 0
            && libc::stat(PARENTS_STDOUT.get().map_or(std::ptr::null(), |path| path.as_ptr()), &raw mut theirs) == 0;
        if parent && (own.st_dev, own.st_ino) == (theirs.st_dev, theirs.st_ino) {
            libc::dup2(null, 1);
        }
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
        for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT] {
            libc::signal(signal, libc::SIG_DFL);
        }
    }
    Ok(())
}

/// `/proc/PID/fd/1` of the test program.
static PARENTS_STDOUT: std::sync::OnceLock<std::ffi::CString> = std::sync::OnceLock::new();

/// A running target, ended with this value.
pub struct Target {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    /// Tells it from another process that had its pid (clock ticks since boot).
    started: u64,
}

impl Target {
    /// Starts a program and waits until it says on stderr that it is ready.
    pub fn start(command: &mut Command) -> Self {
        let target = Self::spawn(command);
        target.wait_for("ready");
        target
    }

    /// Starts a program that does not say when it is ready.
    pub fn spawn(command: &mut Command) -> Self {
        PARENTS_STDOUT.get_or_init(|| std::ffi::CString::new(format!("/proc/{}/fd/1", std::process::id())).unwrap());
        // SAFETY: `alone` makes system calls only.
        unsafe { command.pre_exec(alone) };
        let deadline = Instant::now() + PATIENCE;
        let mut child = loop {
            match command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn() {
                Ok(child) => break child,
                // A program just written is busy while a child that another thread makes still holds it open.
                Err(error) if error.raw_os_error() == Some(libc::ETXTBSY) && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(error) => {
                    panic!("{command:?} can't be started ({error}); .ci/test installs what the tests use")
                }
            }
        };
        let input = child.stdin.take().unwrap();
        let (send, lines) = channel();
        let stderr = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let started = journalled::start_time(child.id() as i32);
        Self { child, input, lines, started }
    }

    /// A kind of `life`, its output going to a file.
    pub fn life(kind: &str, stdout: &Path) -> Self {
        Self::start(Command::new(c("life")).args(kind.split(' ')).stdout(File::create(stdout).unwrap()))
    }

    /// Waits for a line of stderr that begins so; the line.
    pub fn wait_for(&self, beginning: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.starts_with(beginning) => return line,
                Ok(line) => assert!(!line.starts_with("FAILED"), "{line}"),
                Err(error) => panic!("the target never said `{beginning}`: {error}"),
            }
        }
    }

    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Whether it has said nothing since.
    pub fn silent(&self) -> bool {
        self.lines.try_recv().is_err()
    }

    /// Sends a byte to its stdin.
    pub fn tell(&mut self) {
        self.input.write_all(b"x").unwrap();
    }

    /// Fails if it has ended or said that it was damaged.
    pub fn assert_well(&mut self) {
        while let Ok(line) = self.lines.try_recv() {
            assert!(!line.starts_with("FAILED"), "{line}");
        }
        if let Some(status) = self.child.try_wait().unwrap() {
            let rest: Vec<String> = self.lines.iter().collect();
            panic!("the target has ended: {status}, {rest:?}");
        }
        assert_eq!(self.status("TracerPid"), "0");
    }

    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// A line of its `status`.
    pub fn status(&self, name: &str) -> String {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
        line.trim().to_owned()
    }

    pub fn link(&self, descriptor: i32) -> PathBuf {
        fs::read_link(format!("/proc/{}/fd/{descriptor}", self.pid())).unwrap()
    }

    pub fn signal(&self, signal: i32) {
        // SAFETY: kill takes numbers only; the child has not been waited for, so the pid is its own.
        assert_eq!(unsafe { libc::kill(self.pid(), signal) }, 0);
    }

    /// What is to be the same before and after: mappings, descriptors but stdout, status but for accounting.
    pub fn snapshot(&self) -> Snapshot {
        // The first thread may have ended, which leaves it nothing to show.
        let directory = format!("/proc/{}/task", self.pid());
        let threads = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
        let alive = threads.into_iter().find(|thread| fs::read_link(thread.join("exe")).is_ok()).unwrap();
        let read = |name: &str| fs::read_to_string(alive.join(name)).unwrap();
        let accounting =
            ["Vm", "Rss", "Hugetlb", "voluntary", "nonvoluntary", "State", "Threads", "SigQ", "SigPnd", "ShdPnd"];
        let status = read("status");
        let status = status.lines().filter(|line| !accounting.iter().any(|word| line.starts_with(word)));
        let descriptors = fs::read_dir(alive.join("fd")).unwrap().filter_map(|entry| {
            let entry = entry.unwrap();
            let number: i32 = entry.file_name().to_str().unwrap().parse().unwrap();
            (number != 1).then(|| (number, fs::read_link(entry.path()).unwrap_or_default()))
        });
        Snapshot { maps: read("maps"), status: status.map(str::to_owned).collect(), descriptors: descriptors.collect() }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// A process as /proc shows it.
#[derive(Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub maps: String,
    pub status: Vec<String>,
    pub descriptors: BTreeMap<i32, PathBuf>,
}

/// Fails with what differs.
pub fn assert_same(before: &Snapshot, after: &Snapshot) {
    let lines = |snapshot: &Snapshot| -> BTreeSet<String> {
        let maps = snapshot.maps.lines().map(str::to_owned);
        maps.chain(snapshot.status.iter().cloned())
            .chain(snapshot.descriptors.iter().map(|fd| format!("{fd:?}")))
            .collect()
    };
    let (before, after) = (lines(before), lines(after));
    let gone: Vec<_> = before.difference(&after).collect();
    let come: Vec<_> = after.difference(&before).collect();
    assert!(gone.is_empty() && come.is_empty(), "gone: {gone:#?}\ncome: {come:#?}");
}

/// The redirect that ships.
pub fn redirect_plan() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/redirect.yaml")
}

/// criu-plan with arguments.
pub fn criu_plan() -> Command {
    Command::new(env!("CARGO_BIN_EXE_criu-plan"))
}

/// Redirects a target's stdout.
pub fn redirect(pid: i32, log: &Path) -> Output {
    let mut command = criu_plan();
    command.arg("apply").arg(redirect_plan());
    command.args(["--output", "json", "--set", &format!("pid={pid}"), "--set", &format!("log={}", log.display())]);
    command.output().unwrap()
}

/// Runs a plan given as text.
pub fn apply(directory: &Path, plan: &str, arguments: &[&str]) -> Output {
    let path = directory.join("plan.yaml");
    fs::write(&path, plan).unwrap();
    criu_plan().arg("apply").arg(path).args(["--output", "json"]).args(arguments).output().unwrap()
}

/// The outcome that a run printed.
pub fn outcome(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {} {}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    })
}

/// Codes of the problems that a run told.
pub fn codes(output: &Output) -> Vec<String> {
    let outcome = outcome(output);
    let problems = outcome["problems"].as_array().unwrap().clone();
    problems.iter().map(|problem| problem["code"].as_str().unwrap().to_owned()).collect()
}

/// The problems that a run told, each as `code: message` and its help, with names that differ from run to run replaced.
pub fn told(output: &Output, replace: &[(&str, &str)]) -> String {
    let outcome = outcome(output);
    let mut text = String::new();
    for problem in outcome["problems"].as_array().unwrap() {
        let part = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        text.push_str(&format!("{}: {}\n", part("code"), part("message")));
        if problem["help"].is_string() {
            text.push_str(&format!("  {}\n", part("help")));
        }
    }
    replace.iter().fold(text, |text, (from, to)| text.replace(from, to))
}

/// Fails, with all that was printed, unless the run ended so.
pub fn assert_code(output: &Output, code: i32) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
}

/// Waits until a file has grown beyond a length.
pub fn wait_for_growth(path: &Path, beyond: u64) {
    wait_until(&format!("{} grows", path.display()), || fs::metadata(path).is_ok_and(|file| file.len() > beyond));
}
