//! What is done to descriptors, sockets and what they watch is put back when a later step fails, and left alone where
//! somebody else has changed it since.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

#[path = "undo_descriptors/state.rs"]
mod state;
mod support;

use serde_json::{Value, json};
use state::{Peer, differences, state};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use support::*;

/// Fails in every process.
const FAILS: &str = "{fcntl: [999, F_GETFD], name: fails}";

/// What can be undone, each in its ways; $HOME is a directory.
const STEPS: &[&str] = &[
    "{lseek: [10, 7, SEEK_SET]}",
    "{lseek: [10, -1, SEEK_END]}",
    "{flock: [10, 'LOCK_SH|LOCK_NB']}",
    "{flock: [10, 'LOCK_EX|LOCK_NB']}",
    "{fcntl: [10, F_SETLK, {struct: {l_type: F_WRLCK, l_start: 3, l_len: 2}}]}",
    "{fcntl: [10, F_SETLKW, {struct: {l_type: F_RDLCK, l_whence: SEEK_CUR, l_len: 2}}], timeout: 1s}",
    "{fcntl: [10, F_OFD_SETLK, {struct: {l_type: F_WRLCK, l_whence: SEEK_END, l_len: -2}}]}",
    "{fcntl: [10, F_SETOWN, $PID]}",
    "{fcntl: [13, F_SETOWN_EX, {struct: {type: F_OWNER_PGRP, pid: $GROUP}}]}",
    "{fcntl: [13, F_SETSIG, SIGUSR1]}",
    "{fcntl: [21, F_SETPIPE_SZ, 4096]}",
    "{fcntl: [20, F_SETPIPE_SZ, 262144]}",
    "{fcntl: [10, F_SET_RW_HINT, {u64: 2}]}",
    "{fcntl: [24, F_SETFL, 'O_NONBLOCK|O_ASYNC']}",
    "{epoll_ctl: [15, EPOLL_CTL_ADD, 14, {struct: {events: [EPOLLIN, EPOLLOUT], data: 14}}]}",
    "{epoll_ctl: [15, EPOLL_CTL_MOD, 12, {struct: {events: EPOLLOUT, data: 5}}]}",
    "{epoll_ctl: [15, EPOLL_CTL_MOD, 13, {struct: {events: [EPOLLIN, EPOLLONESHOT], data: 5}}]}",
    "{epoll_ctl: [15, EPOLL_CTL_DEL, 12]}",
    "{epoll_ctl: [15, EPOLL_CTL_DEL, 13]}",
    "{inotify_add_watch: [16, $HOME/ten, IN_ACCESS]}",
    "{inotify_add_watch: [16, $HOME/ten, 'IN_ACCESS|IN_MASK_CREATE|IN_ONESHOT']}",
    "{inotify_add_watch: [16, $HOME, IN_MOVE_SELF]}",
    "{inotify_add_watch: [16, $HOME, 'IN_MOVE_SELF|IN_MASK_ADD|IN_EXCL_UNLINK']}",
    "{timerfd_settime: [17, 0, {struct: {it_value: {tv_sec: 5}}}]}",
    "{timerfd_settime: [17, TFD_TIMER_ABSTIME, {struct: {it_value: {tv_nsec: 1}, it_interval: {tv_sec: 1}}}]}",
    "{timerfd_settime: [17, 0, {struct: {it_value: {tv_sec: 0}}}]}",
    "{timerfd_settime: [18, 0, {struct: {it_value: {tv_nsec: 1}}}]}",
    "{timerfd_settime: [18, 0, {struct: {it_value: {tv_sec: 50}, it_interval: {tv_sec: 3}}}]}",
    "{timerfd_settime: [28, TFD_TIMER_ABSTIME, {struct: {it_value: {tv_sec: 4000000000}}}]}",
    "{signalfd4: [19, {struct: [SIGHUP]}, 8, 0]}",
    "{signalfd: [19, {struct: []}, 8]}",
    "{mq_getsetattr: [26, {struct: {mq_flags: O_NONBLOCK}}]}",
    "{listen: [11, 3]}",
    "{ioctl: [24, FIONBIO, {i32: 1}]}",
    "{ioctl: [13, FIOASYNC, {i32: 1}]}",
    "{ioctl: [10, FIOCLEX]}",
    "{ioctl: [11, FIONCLEX]}",
    "{ioctl: [13, FIOSETOWN, {i32: $PID}]}",
    "{ioctl: [23, TCSETS, {struct: {c_lflag: 0, c_oflag: 5, c_cflag: 0o277}}]}",
    "{ioctl: [23, TCSETSW, {struct: {c_iflag: 1}}], timeout: 1s}",
    "{ioctl: [23, TIOCSWINSZ, {struct: {ws_row: 30, ws_col: 100}}]}",
    "{ioctl: [23, TIOCEXCL]}",
    "{ioctl: [22, TIOCPKT, {i32: 1}]}",
    "{ioctl: [22, TIOCSPTLCK, {i32: 1}]}",
    "{ioctl: [10, FS_IOC_SETFLAGS, {i32: 0x80}], ignore: [ENOTTY, EOPNOTSUPP]}",
    "{close_range: [10, 19]}",
    "{close_range: [3, 0xffffffff]}",
    "{close_range: [20, 20]}",
    "{close_range: [3, 0xffffffff, CLOSE_RANGE_CLOEXEC]}",
];

/// Options of sockets.
const OPTIONS: &[&str] = &[
    "{setsockopt: [12, SOL_SOCKET, SO_KEEPALIVE, {i32: 1}]}",
    "{setsockopt: [12, SOL_TCP, TCP_KEEPIDLE, {i32: 77}]}",
    "{setsockopt: [12, SOL_TCP, TCP_NODELAY, {i32: 1}]}",
    "{setsockopt: [12, SOL_TCP, TCP_CORK, {i32: 1}]}",
    "{setsockopt: [12, SOL_TCP, TCP_USER_TIMEOUT, {i32: 9000}]}",
    "{setsockopt: [12, SOL_TCP, TCP_CONGESTION, reno]}",
    "{setsockopt: [11, SOL_TCP, TCP_DEFER_ACCEPT, {i32: 5}]}",
    "{setsockopt: [12, SOL_SOCKET, SO_LINGER, {struct: {l_onoff: 1, l_linger: 5}}]}",
    "{setsockopt: [12, SOL_SOCKET, SO_RCVTIMEO, {struct: {tv_sec: 5, tv_usec: 250000}}]}",
    "{setsockopt: [12, SOL_SOCKET, SO_SNDTIMEO, {struct: {tv_sec: 1}}]}",
    "{setsockopt: [12, SOL_SOCKET, SO_SNDBUF, {i32: 9000}]}",
    "{setsockopt: [12, SOL_SOCKET, SO_RCVBUF, {i32: 4000000}]}",
    "{setsockopt: [14, SOL_SOCKET, SO_RCVBUF, {i32: 3000}]}",
    "{setsockopt: [14, SOL_SOCKET, SO_SNDBUFFORCE, {i32: 3000000}]}",
    "{setsockopt: [14, SOL_SOCKET, SO_BROADCAST, {i32: 1}]}",
    "{setsockopt: [14, SOL_SOCKET, SO_BINDTODEVICE, lo]}",
    "{setsockopt: [14, SOL_SOCKET, SO_PRIORITY, {i32: 3}]}",
    "{setsockopt: [14, SOL_SOCKET, SO_MARK, {i32: 9}]}",
    "{setsockopt: [14, SOL_SOCKET, SO_MAX_PACING_RATE, {u64: 100000}]}",
    "{setsockopt: [14, SOL_SOCKET, SO_REUSEPORT, {i32: 1}]}",
    "{setsockopt: [14, SOL_IP, IP_TOS, {i32: 16}]}",
    "{setsockopt: [14, SOL_IP, IP_TTL, {i32: 7}]}",
    "{setsockopt: [14, SOL_IP, IP_PKTINFO, {i32: 1}]}",
    "{setsockopt: [14, SOL_IP, IP_MULTICAST_TTL, {i32: 4}]}",
    "{setsockopt: [14, SOL_IP, IP_ADD_MEMBERSHIP, {struct: {imr_multiaddr: 239.1.2.3, imr_address: 127.0.0.1}}]}",
    "{setsockopt: [27, SOL_SOCKET, SO_PASSCRED, {i32: 1}]}",
];

struct Subject {
    target: Target,
    directory: tempfile::TempDir,
    home: PathBuf,
}

impl Subject {
    fn new() -> Self {
        let directory = directory();
        let home = directory.path().join("home");
        fs::create_dir(&home).unwrap();
        let target = Target::start(Command::new(c("holder")).arg(&home));
        target.until_asleep();
        Self { target, directory, home }
    }

    fn plan(&self, steps: &str) -> String {
        let pid = self.target.pid();
        // SAFETY: getpgid takes a number only.
        let group = unsafe { libc::getpgid(pid) };
        let steps = steps.replace("$HOME", self.home.to_str().unwrap());
        let steps = steps.replace("$PID", &pid.to_string()).replace("$GROUP", &group.to_string());
        format!("version: 1\ntargets: [{pid}]\nsteps: [{steps}]\n")
    }

    fn run(&self, steps: &str) -> Output {
        apply(self.directory.path(), &self.plan(steps), &[])
    }

    /// Runs steps with a gate behind them and a failure behind that; at the gate somebody else acts.
    fn interfered(&mut self, steps: &str, act: impl FnOnce(&Peer)) -> (i32, Value) {
        let gate = Gate::new(self.directory.path());
        let plan = self.plan(&format!("{steps}, {}, {FAILS}", gate.step()));
        let run = start(self.directory.path(), &plan, &[]);
        gate.wait_for(&self.target);
        act(&Peer::of(self.target.pid()));
        let open = gate.let_on();
        let output = run.wait_with_output().unwrap();
        drop(open);
        fs::remove_file(self.directory.path().join("gate")).unwrap();
        self.target.assert_well();
        (output.status.code().unwrap(), outcome(&output))
    }
}

fn steps_of(outcome: &Value) -> &Vec<Value> {
    outcome["targets"][0]["steps"].as_array().unwrap()
}

/// Fails unless a run was rolled back and left things as they were; its first step.
fn rolled_back(subject: &mut Subject, steps: &str) -> Value {
    let before = (state(subject.target.pid()), subject.target.snapshot());
    let output = subject.run(steps);
    assert_code(&output, 1);
    let outcome = outcome(&output);
    assert_eq!(outcome["outcome"], "rolled_back", "{outcome:#}");
    let differing = differences(&before.0, &state(subject.target.pid()));
    assert!(differing.is_empty(), "{steps}: {differing:#?}");
    assert_same(&before.1, &subject.target.snapshot());
    subject.target.assert_well();
    steps_of(&outcome)[0].clone()
}

fn is_taken_back(subject: &mut Subject, steps: &[&str]) {
    for step in steps {
        let done = rolled_back(subject, &format!("{step}, {FAILS}"));
        let skipped = done["errno"].is_string() && step.contains("ignore");
        assert!(skipped || (done["state"] == "done" && done["undone"] == true), "{done:#}");
        let refused = step.strip_suffix('}').unwrap();
        if !step.contains("ignore") {
            let failed = rolled_back(subject, &format!("{refused}, returns: 12345}}"));
            assert_eq!((&failed["state"], &failed["undone"]), (&json!("failed"), &json!(true)), "{failed:#}");
        }
    }
}

#[test]
fn each_call_is_taken_back() {
    is_taken_back(&mut Subject::new(), STEPS);
}

#[test]
fn each_option_is_taken_back() {
    is_taken_back(&mut Subject::new(), OPTIONS);
}
