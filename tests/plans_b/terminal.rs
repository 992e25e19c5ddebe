//! late-nohup, on jobs in a terminal.

use crate::job::*;
use crate::support::*;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// A job in a terminal of its own, ended with this value.
struct Terminal {
    master: BufReader<File>,
    job: Child,
}

impl Terminal {
    fn start(command: &mut Command) -> Self {
        // SAFETY: plain calls on a new descriptor; the name is written within `name`, and terminated.
        let (master, name) = unsafe {
            let master = libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC);
            let mut name = [0; 64];
            assert!(master >= 0 && libc::grantpt(master) == 0 && libc::unlockpt(master) == 0);
            assert_eq!(libc::ptsname_r(master, name.as_mut_ptr(), name.len()), 0);
            (File::from_raw_fd(master), std::ffi::CStr::from_ptr(name.as_ptr()).to_str().unwrap().to_owned())
        };
        let terminal = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open(name).unwrap();
        let end = || terminal.try_clone().unwrap();
        command.stdin(end()).stdout(end()).stderr(end());
        let fd = terminal.as_raw_fd();
        let lead = move || {
            // Whoever runs the tests may ignore what a job ends by.
            // SAFETY: system calls only, on a descriptor that the child has.
            let leads = unsafe {
                libc::signal(libc::SIGHUP, libc::SIG_DFL);
                libc::setsid() >= 0 && libc::ioctl(fd, libc::TIOCSCTTY, 0) == 0
            };
            if leads { Ok(()) } else { Err(std::io::Error::last_os_error()) }
        };
        // SAFETY: `lead` makes system calls only.
        let job = unsafe { command.pre_exec(lead) }.spawn().unwrap();
        let mut started = Self { master: BufReader::new(master), job };
        assert!(started.line().starts_with("line"));
        started
    }

    fn pid(&self) -> i32 {
        self.job.id() as i32
    }

    /// The next line on the terminal.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.master.read_line(&mut line).unwrap();
        line
    }

    /// Its descriptors, what they lead to, with their flags.
    fn descriptors(&self) -> BTreeMap<i32, (PathBuf, String)> {
        let directory = format!("/proc/{}/fd", self.pid());
        let one = |number: i32| {
            let info = fs::read_to_string(format!("/proc/{}/fdinfo/{number}", self.pid())).unwrap();
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim().to_owned();
            (number, (fs::read_link(format!("{directory}/{number}")).unwrap(), flags))
        };
        let numbers =
            fs::read_dir(&directory).unwrap().map(|fd| fd.unwrap().file_name().to_str().unwrap().parse().unwrap());
        numbers.map(one).collect()
    }

    fn status(&self, name: &str) -> String {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim_start_matches(':').trim().to_owned()
    }

    fn ignores_hangup(&self) -> bool {
        u64::from_str_radix(&self.status("SigIgn"), 16).unwrap() & 1 != 0
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _gone = self.job.kill();
        let _gone = self.job.wait();
    }
}

/// Takes a job out of its terminal: with failures, for good, and once more; then the terminal is hung up.
fn nohup(mut job: Terminal, log: &Path) {
    let plan = Job::new("late-nohup", job.pid(), &[("log", &log.display().to_string())]);
    let before = job.descriptors();
    assert!(before.values().filter(|(path, _)| path.starts_with("/dev/pts")).count() >= 4);
    plan.dry(|| (job.descriptors(), job.ignores_hangup(), log.exists()));
    // All is put back.
    plan.failing(Some("  - rt_sigaction: { signum: SIGHUP, act: { struct"), 1, "rolled_back");
    assert_eq!((job.descriptors(), job.ignores_hangup(), log.exists()), (before.clone(), false, false));
    assert!(job.line().starts_with("line"));
    plan.applied();
    assert!(job.ignores_hangup());
    for (number, (path, flags)) in job.descriptors() {
        let (was, had) = &before[&number];
        let expected = if !was.starts_with("/dev/pts") {
            was
        } else if number == 0 {
            Path::new("/dev/null")
        } else {
            log
        };
        assert_eq!(path, expected, "descriptor {number}");
        let close_on_exec = |flags: &str| u64::from_str_radix(flags, 8).unwrap() & libc::O_CLOEXEC as u64;
        assert_eq!(close_on_exec(&flags), close_on_exec(had), "descriptor {number}");
    }
    assert_eq!(before.len(), job.descriptors().len());
    // Once more it finds nothing to do.
    let again = plan.ends(&source("plans/late-nohup.yaml"), &[], 0, "unchanged");
    assert_eq!(again["changed"], false);
    // Whoever reads the terminal sees its end only when it is gone.
    let Terminal { master, .. } = &mut job;
    let gone = std::mem::replace(master, BufReader::new(File::open("/dev/null").unwrap()));
    drop(gone);
    let length = fs::metadata(log).unwrap().len();
    wait_for_growth(log, length + 20);
    assert!(job.job.try_wait().unwrap().is_none());
    let text = fs::read_to_string(log).unwrap();
    assert!(text.lines().filter(|line| line.starts_with("line")).count() > 3, "{text}");
}

#[test]
fn a_shell_loop_outlives_its_terminal() {
    let directory = directory();
    let program = "exec 7>&1; while :; do echo line; sleep 0.02; done";
    nohup(Terminal::start(Command::new("sh").args(["-c", program])), &directory.path().join("nohup.out"));
}

/// With two descriptors of the terminal that are close-on-exec, and threads.
const PRINTS: &str = "
import os, threading, time
copies = [os.dup(1), os.dup(2)]
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
while True:
    print('line', flush=True)
    time.sleep(0.02)
";

#[test]
fn a_python_job_outlives_its_terminal() {
    let directory = directory();
    nohup(Terminal::start(&mut python(PRINTS)), &directory.path().join("nohup.out"));
}

#[test]
fn a_late_nohup_that_fails_last_leaves_nothing() {
    let directory = directory();
    let log = directory.path().join("nohup.out");
    let mut job = Terminal::start(&mut python(PRINTS));
    let plan = Job::new("late-nohup", job.pid(), &[("log", &log.display().to_string())]);
    let before = job.descriptors();
    let outcome = plan.failing(None, 1, "rolled_back");
    // It only looked.
    assert_eq!(left_behind(&outcome), ["rt_sigaction"]);
    assert_eq!((job.descriptors(), job.ignores_hangup(), log.exists()), (before, false, false));
    assert!(job.line().starts_with("line"));
}

#[test]
fn without_the_plan_a_job_ends_with_its_terminal() {
    let mut job = Terminal::start(&mut python(PRINTS));
    job.master = BufReader::new(File::open("/dev/null").unwrap());
    wait_until("it has ended", || job.job.try_wait().unwrap().is_some());
}
