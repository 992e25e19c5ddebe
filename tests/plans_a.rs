//! Plans that ship, on descriptors: each on a real program, its effect and its rollback observed.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::*;

type Sets<'a> = &'a [(&'a str, &'a str)];

/// Runs a plan with these variables.
fn run(plan: &Path, pid: i32, sets: Sets<'_>, options: &[&str]) -> Output {
    let mut command = criu_plan();
    command.arg("apply").arg(plan).args(["--output", "json", "--set", &format!("pid={pid}")]).args(options);
    sets.iter().for_each(|(name, value)| {
        command.args(["--set", &format!("{name}={value}")]);
    });
    command.output().unwrap()
}

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plans").join(name)
}

/// One of the plans, as far as it can be told apart from others by what it leaves.
struct Job<'a> {
    plan: &'a str,
    sets: Sets<'a>,
}

impl Job<'_> {
    fn outcome(&self, pid: i32, options: &[&str], code: i32) -> serde_json::Value {
        let output = run(&shipped(self.plan), pid, self.sets, options);
        assert_code(&output, code);
        outcome(&output)
    }

    /// What a dry run says would be; nothing is touched.
    fn dry(&self, target: &Target) {
        let before = (target.snapshot(), descriptors(target.pid()));
        let dry = self.outcome(target.pid(), &["--dry-run"], 0);
        let planned = dry["targets"][0]["steps"].as_array().unwrap().iter().any(|step| step["state"] == "planned");
        assert!(planned, "{dry:#}");
        assert_eq!(descriptors(target.pid()), before.1);
        assert_same(&before.0, &target.snapshot());
    }

    fn applied(&self, target: &mut Target) -> serde_json::Value {
        let done = self.outcome(target.pid(), &[], 0);
        assert_eq!(done["outcome"], "applied", "{done:#}");
        assert_well(target);
        done
    }

    /// Applied once more it finds nothing to do.
    fn unchanged(&self, target: &mut Target) -> serde_json::Value {
        let again = self.outcome(target.pid(), &[], 0);
        assert_eq!(again["outcome"], "unchanged", "{again:#}");
        assert_well(target);
        again
    }

    /// The same, by what /proc tells: it was not stopped.
    fn left_alone(&self, target: &mut Target) {
        let again = self.unchanged(target);
        assert!(again["targets"][0]["stall_us"].is_null(), "{again:#}");
    }

    /// With a step at the end that fails.
    fn failed(&self, target: &mut Target, code: i32, as_: &str) -> serde_json::Value {
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
    fn rolled_back(&self, target: &mut Target) {
        let before = (target.snapshot(), descriptors(target.pid()));
        self.failed(target, 1, "rolled_back");
        assert_eq!(descriptors(target.pid()), before.1);
        assert_same(&before.0, &target.snapshot());
    }

    /// With a step at the end that fails, the report says that something stays.
    fn partial(&self, target: &mut Target) {
        self.failed(target, 3, "partial");
    }

    /// It is refused, and nothing is touched.
    fn refused(&self, target: &mut Target, code: &str) {
        let before = descriptors(target.pid());
        let output = run(&shipped(self.plan), target.pid(), self.sets, &[]);
        assert_code(&output, 1);
        assert_eq!(codes(&output), [code]);
        assert_eq!(descriptors(target.pid()), before);
        assert_well(target);
    }
}

/// It runs, and nobody holds it. What it has said is left for the test to read.
fn assert_well(target: &mut Target) {
    assert!(target.is_alive());
    assert_eq!(target.status("TracerPid"), "0");
}

/// A program that says on stderr when it is ready, and goes on a line at a time as it is told.
fn python(program: &str, arguments: &[&str], directory: &Path) -> Target {
    Target::start(&mut python_command(program, arguments, directory))
}

fn python_command(program: &str, arguments: &[&str], directory: &Path) -> Command {
    let begin = "import os, sys, socket, time, mmap, subprocess
def say(*words): sys.stderr.write(' '.join(map(str, words)) + '\\n'); sys.stderr.flush()
def told(): return os.read(0, 1) == b'x' or os._exit(0)
";
    let mut command = Command::new("python3");
    command.args(["-c", &format!("{begin}{program}")]).args(arguments).current_dir(directory);
    command.stdout(File::create(directory.join("stdout")).unwrap());
    command
}

/// Flags of a descriptor, O_CLOEXEC among them, and its offset.
fn info(pid: i32, fd: i32) -> (i32, u64) {
    let text = fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).unwrap();
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    (i32::from_str_radix(&field("flags:"), 8).unwrap(), field("pos:").parse().unwrap())
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The descriptor that a line of the target's names: `ready 7`.
fn number_in(line: &str) -> i32 {
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn all_are_valid_without_warnings() {
    let output = criu_plan().args(["validate", "--deny", "warnings"]).arg(shipped("")).output().unwrap();
    assert_code(&output, 0);
}

#[test]
fn stdout_and_stderr_of_a_shell_loop() {
    let directory = directory();
    let (first, log) = (directory.path().join("first"), directory.path().join("log"));
    let program = "echo ready >&2; i=0; while :; do echo out $i; echo err $i >&2; i=$((i+1)); sleep 0.01; done";
    let mut command = Command::new("sh");
    let mut target = Target::start(command.args(["-c", program]).stdout(File::create(&first).unwrap()));
    wait_for_growth(&first, 0);
    let job = Job { plan: "redirect-both.yaml", sets: &[("log", &text(&log))] };
    job.applied(&mut target);
    assert_eq!((target.link(1), target.link(2)), (log.clone(), log.clone()));
    wait_until("both are in the log", || {
        let text = fs::read_to_string(&log).unwrap();
        text.contains("out ") && text.contains("err ")
    });
    job.left_alone(&mut target);
}

#[test]
fn stdout_and_stderr_come_back() {
    let directory = directory();
    let log = directory.path().join("log");
    let mut target = python("say('ready')\nwhile True: told()", &[], directory.path());
    target.until_asleep();
    let job = Job { plan: "redirect-both.yaml", sets: &[("log", &text(&log))] };
    job.dry(&target);
    job.rolled_back(&mut target);
    assert!(!log.exists());
}

#[test]
fn stdout_and_stderr_that_were_closed() {
    for closed in ["1", "2", "12", "01", "02", "012"] {
        let directory = directory();
        let log = directory.path().join("log");
        let program = "say('ready')
for fd in sys.argv[1]: os.close(int(fd))
while True:
    for fd in (1, 2):
        try: os.write(fd, b'%d\\n' % fd)
        except OSError: pass
    time.sleep(0.005)";
        let mut target = python(program, &[closed], directory.path());
        wait_until("they are closed", || {
            closed.chars().all(|fd| !descriptors(target.pid()).contains_key(&fd.to_string()))
        });
        let before: Vec<String> = descriptors(target.pid()).into_keys().collect();
        let job = Job { plan: "redirect-both.yaml", sets: &[("log", &text(&log))] };
        job.failed(&mut target, 1, "rolled_back");
        assert_eq!(descriptors(target.pid()).into_keys().collect::<Vec<_>>(), before);
        job.applied(&mut target);
        wait_until("both are in the log", || {
            let text = fs::read_to_string(&log).unwrap();
            text.contains('1') && text.contains('2')
        });
        let mut after = [&before[..], &["1".to_owned(), "2".to_owned()]].concat();
        after.sort();
        after.dedup();
        assert_eq!(descriptors(target.pid()).into_keys().collect::<Vec<_>>(), after, "{closed}");
        for fd in [1, 2] {
            assert_eq!((info(target.pid(), fd).0 & libc::O_CLOEXEC, target.link(fd)), (0, log.clone()), "{closed}");
        }
        job.left_alone(&mut target);
    }
}

#[test]
fn logs_of_nginx_that_were_rotated_away() {
    let directory = directory();
    let (port, home) = (free_port(), directory.path());
    fs::create_dir_all(home.join("www")).unwrap();
    fs::create_dir_all(home.join("logs/deep")).unwrap();
    fs::write(home.join("www/index.html"), "ok\n").unwrap();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {}/{name};", home.display()))
        .join("\n");
    let configuration = format!(
        "daemon off; master_process off; pid {home}/nginx.pid; error_log {home}/logs/error.log info;
         events {{ worker_connections 64; }}
         http {{ {temporary} access_log {home}/logs/deep/access.log;
                 server {{ listen 127.0.0.1:{port}; root {home}/www; }} }}",
        home = home.display()
    );
    fs::write(home.join("nginx.conf"), configuration).unwrap();
    let (access, error) = (home.join("logs/deep/access.log"), home.join("logs/error.log"));
    let mut command = Command::new("nginx");
    command.arg("-e").arg(&error).arg("-p").arg(home).arg("-c").arg(home.join("nginx.conf"));
    let mut target = Target::spawn(command.stdout(File::create(home.join("stdout")).unwrap()));
    wait_until("nginx answers", || http(port)().is_ok());
    wait_for_growth(&access, 0);
    let logs = format!("{}/logs/**/*.log", home.display());
    let job = Job { plan: "reopen-deleted-logs.yaml", sets: &[("logs", &logs)] };
    job.left_alone(&mut target);
    let flags = |target: &Target| -> BTreeMap<String, i32> {
        let all = descriptors(target.pid()).into_iter();
        let logs = all.filter(|(_, (path, _))| path.display().to_string().contains(".log"));
        logs.map(|(number, _)| (number.clone(), info(target.pid(), number.parse().unwrap()).0)).collect()
    };
    let before = flags(&target);
    assert!(before.len() >= 2, "{before:?}");
    fs::remove_file(&access).unwrap();
    fs::remove_file(&error).unwrap();
    job.applied(&mut target);
    assert_eq!(flags(&target), before);
    http(port)().unwrap();
    wait_for_growth(&access, 0);
    assert!(error.exists());
    job.left_alone(&mut target);
    // As logrotate does it: renamed, the new one made; renamed, compressed and removed.
    let job = Job { plan: "reopen-rotated-log.yaml", sets: &[("log", &text(&access))] };
    job.left_alone(&mut target);
    fs::rename(&access, home.join("logs/deep/access.log.1")).unwrap();
    File::create(&access).unwrap();
    job.failed(&mut target, 1, "rolled_back");
    job.applied(&mut target);
    http(port)().unwrap();
    wait_for_growth(&access, 0);
    job.left_alone(&mut target);
    fs::rename(&access, home.join("logs/deep/access.log-20261127")).unwrap();
    fs::remove_file(home.join("logs/deep/access.log-20261127")).unwrap();
    job.failed(&mut target, 1, "rolled_back");
    assert!(!access.exists());
    job.applied(&mut target);
    http(port)().unwrap();
    wait_for_growth(&access, 0);
    assert_eq!(flags(&target), before);
}

/// Opens argv[1:] on 20, 21 … with different flags, writes to each, waits; then writes once more each time it is told.
const LOGS: &str = "
for number, path in enumerate(sys.argv[1:]):
    fd = os.open(path, os.O_CREAT | [os.O_WRONLY | os.O_APPEND, os.O_RDWR][number % 2], 0o644)
    os.dup2(fd, 20 + number, inheritable=number != 1); os.close(fd)
    os.write(20 + number, b'before\\n')
say('ready')
while told():
    for number in range(len(sys.argv) - 1): os.write(20 + number, b'after\\n')
    say('written')
";

#[test]
fn logs_are_reopened_with_flags_and_offset() {
    let directory = directory();
    let logs: Vec<PathBuf> = ["a.log", "b.log", "c.txt", "d.log"].map(|name| directory.path().join(name)).to_vec();
    let paths: Vec<String> = logs.iter().map(|log| text(log)).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut target = python(LOGS, &paths, directory.path());
    target.until_asleep();
    logs.iter().take(3).for_each(|log| fs::remove_file(log).unwrap());
    let glob = format!("{}/*.log", directory.path().display());
    let job = Job { plan: "reopen-deleted-logs.yaml", sets: &[("logs", &glob)] };
    let before: Vec<_> = (20..24).map(|fd| info(target.pid(), fd)).collect();
    job.dry(&target);
    assert!(!logs[0].exists());
    // What was set in the file that is gone again can't be taken back, and all else is.
    let untouched = descriptors(target.pid());
    job.partial(&mut target);
    assert_eq!(descriptors(target.pid()), untouched);
    assert!(!logs[0].exists() && !logs[1].exists());
    job.applied(&mut target);
    // An O_APPEND file's offset is 0 until it writes.
    let after: Vec<_> = (20..24).map(|fd| info(target.pid(), fd)).collect();
    assert_eq!((after[0], &after[1..]), ((before[0].0, 0), &before[1..]));
    assert_eq!((target.link(20), target.link(21)), (logs[0].clone(), logs[1].clone()));
    assert!(text(&target.link(22)).ends_with("c.txt (deleted)"));
    target.tell();
    target.wait_for("written");
    assert_eq!(fs::read(&logs[0]).unwrap(), b"after\n");
    assert_eq!(fs::read(&logs[1]).unwrap(), b"\0\0\0\0\0\0\0after\n");
    assert_eq!(fs::read(&logs[3]).unwrap(), b"before\nafter\n");
    job.left_alone(&mut target);
}

#[test]
fn appending_logs_that_were_rotated_away_come_back_whole() {
    let directory = directory();
    let log = directory.path().join("a.log");
    let mut target = python(LOGS, &[&text(&log)], directory.path());
    target.until_asleep();
    fs::remove_file(&log).unwrap();
    let glob = format!("{}/**", directory.path().display());
    Job { plan: "reopen-deleted-logs.yaml", sets: &[("logs", &glob)] }.rolled_back(&mut target);
    assert!(!log.exists());
}

#[test]
fn a_shell_loop_whose_log_is_emptied_in_place() {
    let directory = directory();
    let log = directory.path().join("log");
    let program = "exec >\"$0\"; echo ready >&2; while :; do echo line; sleep 0.01; done";
    let mut target = Target::start(Command::new("sh").args(["-c", program]).arg(&log));
    let job = Job { plan: "append-after-copytruncate.yaml", sets: &[("log", &text(&log))] };
    let empty = || File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
    wait_for_growth(&log, 50);
    empty();
    wait_for_growth(&log, 0);
    assert_eq!(fs::read(&log).unwrap()[0], 0);
    job.applied(&mut target);
    assert_eq!(info(target.pid(), 1).0 & (libc::O_APPEND | libc::O_ACCMODE), libc::O_APPEND | libc::O_WRONLY);
    empty();
    wait_for_growth(&log, 10);
    assert!(fs::read(&log).unwrap().starts_with(b"line\nline\n"));
    job.left_alone(&mut target);
}

#[test]
fn appending_is_taken_back() {
    let directory = directory();
    let logs = ["a.log", "b.log"].map(|name| text(&directory.path().join(name)));
    let mut target = python(LOGS, &[&logs[0], &logs[1]], directory.path());
    target.until_asleep();
    // 20 appends already; 21 is open for reading and writing.
    let glob = format!("{}/*.log", directory.path().display());
    let job = Job { plan: "append-after-copytruncate.yaml", sets: &[("log", &glob)] };
    job.dry(&target);
    job.rolled_back(&mut target);
    let before = [20, 21].map(|fd| info(target.pid(), fd));
    job.applied(&mut target);
    let after = [20, 21].map(|fd| info(target.pid(), fd));
    assert_eq!(after, [before[0], (before[1].0 | libc::O_APPEND, before[1].1)]);
    job.left_alone(&mut target);
}

/// Bytes that a descriptor's file takes.
fn space(pid: i32, fd: i32) -> u64 {
    fs::metadata(format!("/proc/{pid}/fd/{fd}")).unwrap().blocks() * 512
}

/// Large and small deleted files on 20 to 24, and one that is there.
const DELETED: &str = "
def hold(number, name, size, flags):
    fd = os.open(name, os.O_CREAT | os.O_RDWR, 0o644)
    os.write(fd, b'x' * size); os.close(fd)
    fd = os.open(name, flags); os.lseek(fd, 0, os.SEEK_END); os.dup2(fd, number); os.close(fd)
    if name != 'there': os.unlink(name)
M = 1 << 20
os.makedirs('deep/er'); hold(20, 'deep/er/writer', 3 * M, os.O_WRONLY | os.O_APPEND)
hold(21, 'both', 2 * M, os.O_RDWR)
hold(22, 'small', 4096, os.O_RDWR)
hold(23, 'reader', 2 * M, os.O_RDONLY)
hold(24, 'there', 2 * M, os.O_RDWR)
say('ready')
while told():
    if len(sys.argv) > 1: mapped = mmap.mmap(22, 4096)
    os.write(20, b'after'); os.write(21, b'after')
    say('written')
";

#[test]
fn space_of_deleted_files_is_given_back() {
    let directory = directory();
    let mut target = python(DELETED, &[], directory.path());
    target.until_asleep();
    let pid = target.pid();
    let files = format!("{}/**", directory.path().display());
    let job = Job { plan: "free-deleted-space.yaml", sets: &[("files", &files), ("least", "1MiB")] };
    let before: Vec<u64> = (20..25).map(|fd| space(pid, fd)).collect();
    assert!(before[0] >= 3 << 20 && before[1] >= 2 << 20, "{before:?}");
    job.dry(&target);
    assert_eq!((20..25).map(|fd| space(pid, fd)).collect::<Vec<_>>(), before);
    job.applied(&mut target);
    assert_eq!((20..25).map(|fd| space(pid, fd)).collect::<Vec<_>>(), [&[0, 0], &before[2..]].concat());
    job.left_alone(&mut target);
    target.tell();
    target.wait_for("written");
    // The one goes on at the end, the other where it was, with a hole before.
    let size = |fd: i32| fs::metadata(format!("/proc/{pid}/fd/{fd}")).unwrap().len();
    assert_eq!((size(20), size(21)), (5, (2 << 20) + 5));
    job.left_alone(&mut target);
}

#[test]
fn space_that_was_given_back_stays_so() {
    let directory = directory();
    let mut target = python(DELETED, &[], directory.path());
    target.until_asleep();
    let files = format!("{}/**", directory.path().display());
    Job { plan: "free-deleted-space.yaml", sets: &[("files", &files), ("least", "1MiB")] }.partial(&mut target);
    assert_eq!(space(target.pid(), 20), 0);
}

#[test]
fn deleted_files_that_are_mapped_are_left_alone() {
    let directory = directory();
    let mut target = python(DELETED, &["map"], directory.path());
    target.tell();
    target.wait_for("written");
    let files = format!("{}/**", directory.path().display());
    let job = Job { plan: "free-deleted-space.yaml", sets: &[("files", &files), ("least", "1MiB")] };
    job.refused(&mut target, "target::unexpected");
    assert!(space(target.pid(), 20) > 0);
}

/// Waits for somebody who never says anything, and tells that he has gone.
const STUCK: &str = "
listener = socket.socket(); listener.bind(('127.0.0.1', 0)); listener.listen()
peer = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
say('ready', listener.fileno(), peer.fileno())
say('end', peer.recv(1))
try: peer.send(b'x')
except BrokenPipeError: say('broken')
peer.close()
while told(): pass
";

#[test]
fn a_connection_that_a_program_is_stuck_on() {
    let directory = directory();
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = peer.local_addr().unwrap().port().to_string();
    let mut target = Target::spawn(&mut python_command(STUCK, &[&port], directory.path()));
    let line = target.wait_for("ready ");
    let (mut accepted, _) = peer.accept().unwrap();
    target.until_asleep();
    let fd = number_in(&line);
    let listener = line.split(' ').nth(1).unwrap().to_owned();
    let (fd, link) = (fd.to_string(), text(&target.link(fd)));
    let job = Job { plan: "break-connection.yaml", sets: &[("fd", &fd), ("socket", &link)] };
    job.dry(&target);
    // Another socket than was meant, no socket at all, one that is not connected.
    let other = [("fd", fd.as_str()), ("socket", "socket:[1]")];
    Job { plan: job.plan, sets: &other }.refused(&mut target, "target::unexpected");
    Job { plan: job.plan, sets: &[("fd", "1")] }.refused(&mut target, "target::unexpected");
    Job { plan: job.plan, sets: &[("fd", &listener)] }.refused(&mut target, "run::step-failed");
    assert!(target.silent());
    let done = job.applied(&mut target);
    let address = &done["targets"][0]["steps"][0]["values"]["addr"];
    assert!(address.to_string().contains(&port), "{done:#}");
    target.wait_for("end b''");
    target.wait_for("broken");
    assert_eq!(accepted.read(&mut [0; 1]).unwrap(), 0);
    wait_until("it has closed it", || !descriptors(target.pid()).contains_key(&fd));
    job.refused(&mut target, "target::unexpected");
}

#[test]
fn a_broken_connection_stays_broken() {
    let directory = directory();
    let peer = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = peer.local_addr().unwrap().port().to_string();
    let mut target = Target::spawn(&mut python_command(STUCK, &[&port], directory.path()));
    let fd = number_in(&target.wait_for("ready ")).to_string();
    Job { plan: "break-connection.yaml", sets: &[("fd", &fd)] }.partial(&mut target);
    target.wait_for("end b''");
}

/// A filesystem of its own, if that can be: what is to be unmounted.
struct Mounted(PathBuf);

impl Mounted {
    fn new(path: &Path) -> Self {
        fs::create_dir(path).unwrap();
        if is_root() {
            assert!(Command::new("mount").args(["-t", "tmpfs", "none"]).arg(path).status().unwrap().success());
        }
        Self(path.to_owned())
    }

    /// Whether it can be unmounted.
    fn unmount(&self) -> bool {
        let path = CString::new(text(&self.0)).unwrap();
        // SAFETY: the path is terminated, and it is the test's own mount that goes.
        unsafe { libc::umount2(path.as_ptr(), 0) == 0 }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let path = CString::new(text(&self.0)).unwrap();
        // SAFETY: as above. It fails if it is unmounted already.
        unsafe { libc::umount2(path.as_ptr(), libc::MNT_DETACH) };
    }
}

/// Has files, a directory and what was deleted open below argv[1], works there if argv[2] says so.
const USER: &str = "
mount, how = sys.argv[1], sys.argv[2]
os.makedirs(mount + '/a/b', exist_ok=True)
def hold(number, path, flags, inheritable=True):
    fd = os.open(path, flags, 0o644)
    os.dup2(fd, number, inheritable); os.close(fd)
hold(20, mount + '/a/log', os.O_CREAT | os.O_WRONLY | os.O_APPEND)
hold(21, mount + '/a/b/data', os.O_CREAT | os.O_RDWR, False)
hold(22, mount, os.O_RDONLY | os.O_DIRECTORY)
hold(23, mount + '/gone', os.O_CREAT | os.O_RDWR); os.unlink(mount + '/gone')
hold(24, mount + '2', os.O_CREAT | os.O_RDWR)
os.write(21, b'x' * 4096)
if how == 'cwd': os.chdir(mount + '/a')
if how == 'map': mapped = mmap.mmap(21, 4096)
say('ready')
while told():
    os.write(20, b'after'); os.write(24, b'after')
    say('written in', os.getcwd())
";

#[test]
fn a_filesystem_that_is_to_be_unmounted() {
    let directory = directory();
    let mounted = Mounted::new(&directory.path().join("disk"));
    let mut target = python(USER, &[&text(&mounted.0), "cwd"], directory.path());
    target.until_asleep();
    let job = Job { plan: "leave-filesystem.yaml", sets: &[("mount", &text(&mounted.0))] };
    if is_root() {
        assert!(!mounted.unmount());
    }
    job.dry(&target);
    // The working directory can't be put back; the descriptors are.
    let before = descriptors(target.pid());
    job.partial(&mut target);
    assert_eq!(descriptors(target.pid()), before);
    assert_eq!(fs::read_link(format!("/proc/{}/cwd", target.pid())).unwrap(), Path::new("/"));
    let flags = |fd: i32| info(target.pid(), fd).0 & libc::O_CLOEXEC;
    let cloexec = [20, 21, 22, 23].map(flags);
    drop(target);

    let mut target = python(USER, &[&text(&mounted.0), "cwd"], directory.path());
    job.applied(&mut target);
    for fd in 20..24 {
        assert_eq!(target.link(fd), Path::new("/dev/null"));
    }
    assert_eq!([20, 21, 22, 23].map(|fd| info(target.pid(), fd).0 & libc::O_CLOEXEC), cloexec);
    assert_eq!(target.link(24), directory.path().join("disk2"));
    assert_eq!(fs::metadata(mounted.0.join("a/b/data")).unwrap().len(), 4096);
    if is_root() {
        assert!(mounted.unmount());
    }
    target.tell();
    target.wait_for("written in /");
    assert_eq!(fs::read(directory.path().join("disk2")).unwrap(), b"after");
    job.left_alone(&mut target);
}

#[test]
fn descriptors_on_a_filesystem_come_back() {
    let directory = directory();
    let mounted = Mounted::new(&directory.path().join("disk"));
    let mut target = python(USER, &[&text(&mounted.0), "elsewhere"], directory.path());
    target.until_asleep();
    Job { plan: "leave-filesystem.yaml", sets: &[("mount", &text(&mounted.0))] }.rolled_back(&mut target);
}

#[test]
fn a_filesystem_that_is_mapped_is_not_left_by_half() {
    let directory = directory();
    let mounted = Mounted::new(&directory.path().join("disk"));
    let mut target = python(USER, &[&text(&mounted.0), "map"], directory.path());
    let job = Job { plan: "leave-filesystem.yaml", sets: &[("mount", &text(&mounted.0))] };
    job.refused(&mut target, "target::unexpected");
}

/// An option of a socket of another process.
fn option(pid: i32, fd: i32, level: i32, name: i32) -> i32 {
    // SAFETY: these take numbers only; what they return is checked and is this function's own.
    let socket = unsafe {
        let process = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        assert!(process >= 0);
        let process = OwnedFd::from_raw_fd(process as i32);
        let socket = libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0);
        assert!(socket >= 0, "{}", std::io::Error::last_os_error());
        OwnedFd::from_raw_fd(socket as i32)
    };
    let (mut value, mut length) = (0, size_of::<i32>() as libc::socklen_t);
    // SAFETY: both are what getsockopt fills, and the length is that of the value.
    let result = unsafe { libc::getsockopt(socket.as_raw_fd(), level, name, (&raw mut value).cast(), &raw mut length) };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
    value
}

/// SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT.
fn keepalive(pid: i32, fd: i32) -> [i32; 4] {
    let tcp = |name| option(pid, fd, libc::IPPROTO_TCP, name);
    let on = option(pid, fd, libc::SOL_SOCKET, libc::SO_KEEPALIVE);
    [on, tcp(libc::TCP_KEEPIDLE), tcp(libc::TCP_KEEPINTVL), tcp(libc::TCP_KEEPCNT)]
}

fn sockets(pid: i32) -> Vec<i32> {
    let all = descriptors(pid).into_iter();
    let sockets = all.filter(|(_, (path, _))| text(path).starts_with("socket:"));
    sockets.map(|(number, _)| number.parse().unwrap()).collect()
}

#[test]
fn keepalive_on_the_connections_of_redis() {
    let directory = directory();
    let port = free_port();
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--tcp-keepalive", "0"]);
    command.args(["--port", &port.to_string(), "--dir"]).arg(directory.path());
    let mut target = Target::spawn(command.stdout(File::create(directory.path().join("stdout")).unwrap()));
    let client = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        let mut answer = [0; 7];
        stream.write_all(b"PING\r\n").and_then(|()| stream.read_exact(&mut answer)).ok()?;
        Some(stream)
    };
    let mut clients = Vec::new();
    wait_until("redis answers", || {
        clients.extend(client());
        !clients.is_empty()
    });
    clients.extend([client().unwrap(), client().unwrap()]);
    let before = sockets(target.pid());
    assert!(before.len() >= 4, "{before:?}");
    assert!(before.iter().all(|fd| keepalive(target.pid(), *fd)[0] == 0));
    let job = Job { plan: "keepalive.yaml", sets: &[("idle", "45"), ("interval", "7")] };
    job.dry(&target);
    assert!(before.iter().all(|fd| keepalive(target.pid(), *fd)[0] == 0));
    job.applied(&mut target);
    for fd in &before {
        assert_eq!(keepalive(target.pid(), *fd), [1, 45, 7, 6]);
    }
    job.unchanged(&mut target);
    // Who comes now gets it from the socket that listens.
    clients.push(client().unwrap());
    let now = sockets(target.pid());
    assert_eq!(now.len(), before.len() + 1);
    assert!(now.iter().all(|fd| keepalive(target.pid(), *fd) == [1, 45, 7, 6]));
    job.unchanged(&mut target);
}

#[test]
fn keepalive_for_tcp_only() {
    let directory = directory();
    let program = "
pair = socket.socketpair(); udp = socket.socket(type=socket.SOCK_DGRAM)
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6)
six = socket.socket(socket.AF_INET6) if socket.has_ipv6 else socket.socket()
tcp = socket.socket(); tcp.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
say('ready', pair[0].fileno(), udp.fileno(), netlink.fileno(), six.fileno(), tcp.fileno())
while told(): pass";
    let mut target = Target::spawn(&mut python_command(program, &[], directory.path()));
    let line = target.wait_for("ready ");
    let numbers: Vec<i32> = line.split(' ').skip(1).map(|word| word.parse().unwrap()).collect();
    let job = Job { plan: "keepalive.yaml", sets: &[] };
    job.partial(&mut target);
    for fd in &numbers[..3] {
        assert_eq!(option(target.pid(), *fd, libc::SOL_SOCKET, libc::SO_KEEPALIVE), 0);
    }
    for fd in &numbers[3..] {
        assert_eq!(keepalive(target.pid(), *fd), [1, 60, 10, 6]);
    }
    job.unchanged(&mut target);
}

/// Starts a command whenever it is told, and tells which descriptors that has.
const STARTER: &str = "
listener = socket.socket(); listener.bind(('127.0.0.1', 0)); listener.listen(); listener.set_inheritable(True)
log = os.open('log', os.O_CREAT | os.O_WRONLY); os.dup2(log, 30)
say('ready')
while told():
    names = subprocess.run(['ls', '/proc/self/fd'], close_fds=False, stdout=subprocess.PIPE).stdout.split()
    say('fds', *sorted(int(name) for name in names))
";

#[test]
fn descriptors_that_leak_into_commands() {
    let directory = directory();
    let mut target = python(STARTER, &[], directory.path());
    target.until_asleep();
    let leaking = |target: &mut Target| {
        target.tell();
        let line = target.wait_for("fds ");
        target.until_asleep();
        line.split(' ').skip(1).map(|word| word.parse::<i32>().unwrap()).collect::<Vec<_>>()
    };
    let listener = sockets(target.pid())[0];
    let before = leaking(&mut target);
    assert!(before.contains(&listener) && before.contains(&30), "{before:?}");
    let job = Job { plan: "close-on-exec.yaml", sets: &[] };
    job.dry(&target);
    job.rolled_back(&mut target);
    assert_eq!(leaking(&mut target), before);
    // One of them only.
    Job { plan: job.plan, sets: &[("first", "10"), ("last", "30")] }.applied(&mut target);
    let after = leaking(&mut target);
    assert!(after.contains(&listener) && !after.contains(&30), "{after:?}");
    job.applied(&mut target);
    // What ls itself opens is the last.
    assert_eq!(leaking(&mut target), [0, 1, 2, 3]);
    assert_eq!([0, 1, 2].map(|fd| info(target.pid(), fd).0 & libc::O_CLOEXEC), [0; 3]);
    job.left_alone(&mut target);
}
