//! What is done to descriptors, sockets and what they watch is put back when a later step fails, and left alone where
//! somebody else has changed it since.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

#[path = "undo_descriptors/sharing.rs"]
mod sharing;
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
    as_before(subject, steps, "rolled_back")
}

/// The same where no call was made at all.
fn refused(subject: &mut Subject, steps: &str) -> Value {
    as_before(subject, steps, "refused")
}

fn as_before(subject: &mut Subject, steps: &str, verdict: &str) -> Value {
    let before = (state(subject.target.pid()), subject.target.snapshot());
    let output = subject.run(steps);
    assert_code(&output, 1);
    let outcome = outcome(&output);
    assert_eq!(outcome["outcome"], verdict, "{outcome:#}");
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
    let groups = fs::read_to_string("/proc/net/igmp").unwrap();
    assert!(!groups.contains("030201EF"), "{groups}");
}

/// Fails unless the first step is in doubt, a problem says `why`, and the others are undone.
fn in_doubt((code, outcome): (i32, Value), why: &str) {
    assert_eq!((code, &outcome["outcome"]), (3, &json!("in_doubt")), "{outcome:#}");
    let step = &steps_of(&outcome)[0];
    assert_eq!((&step["state"], &step["undone"]), (&json!("in_doubt"), &json!(false)), "{outcome:#}");
    assert!(step["note"].as_str().unwrap().contains(why), "{why}: {step:#}");
    assert_eq!(steps_of(&outcome)[1]["undone"], true, "{outcome:#}");
}

#[test]
fn what_would_not_come_back_is_refused_before_it_is_done() {
    let mut subject = Subject::new();
    let cases = [
        ("{epoll_ctl: [29, EPOLL_CTL_DEL, 24]}", "one-shot"),
        ("{epoll_ctl: [29, EPOLL_CTL_MOD, 24, {struct: {events: EPOLLIN}}]}", "one-shot"),
        ("{listen: [27, 5]}", "`irreversible: true` allows it"),
        ("{listen: [14, 5]}", "`irreversible: true` allows it"),
        ("{signalfd4: [24, {struct: [SIGHUP]}, 8, 0]}", "can't be seen from outside"),
        ("{timerfd_settime: [24, 0, {struct: {it_value: {tv_sec: 5}}}]}", "can't be seen from outside"),
    ];
    for (step, why) in cases {
        // Whether a socket listens is seen by a call.
        let looked = step.starts_with("{listen");
        let failed = if looked { rolled_back(&mut subject, step) } else { refused(&mut subject, step) };
        assert!(failed["note"].as_str().unwrap().contains(why), "{failed:#}");
        assert!(failed["result"].is_null(), "{failed:#}");
    }
    // What is not there has its error, which a plan may go over.
    for step in [
        "{lseek: [99, 0, SEEK_SET], ignore: EBADF}",
        "{flock: [99, 'LOCK_SH|LOCK_NB'], ignore: EBADF}",
        "{epoll_ctl: [15, EPOLL_CTL_DEL, 99], ignore: EBADF}",
        "{epoll_ctl: [15, EPOLL_CTL_DEL, 14], returns: ENOENT}",
        "{setsockopt: [10, SOL_SOCKET, SO_KEEPALIVE, {i32: 1}], returns: [0, ENOTSOCK]}",
        "{fcntl: [10, F_SETPIPE_SZ, 4096], ignore: EBADF}",
        "{ioctl: [10, TCSETS, {struct: {c_iflag: 1}}], ignore: ENOTTY}",
        "{inotify_add_watch: [16, $HOME/none, IN_ACCESS], ignore: ENOENT}",
        "{inotify_add_watch: [16, $HOME, 'IN_ACCESS|IN_MASK_CREATE'], ignore: EEXIST}",
    ] {
        let done = rolled_back(&mut subject, &format!("{step}, {FAILS}"));
        assert!(done["state"] == "done" && done["errno"].is_string() && done["undone"] == false, "{done:#}");
    }
    let refused = [
        ("{bind: [14, 127.0.0.1:0]}", "plan::irreversible"),
        ("{dup: [14], capture: copy}, {bind: ['${copy}', 127.0.0.1:0]}", "program::not-undoable"),
        ("{inotify_rm_watch: [16, 1]}", "plan::irreversible"),
        ("{shutdown: [12, SHUT_WR]}", "plan::irreversible"),
        ("{fcntl: [20, F_ADD_SEALS, F_SEAL_GROW]}", "plan::irreversible"),
        ("{flock: [10, LOCK_UN]}", "plan::irreversible"),
        ("{setsockopt: [12, SOL_TCP, TCP_ULP, tls]}", "plan::irreversible"),
        ("{ioctl: [23, TCSETSF, {struct: {c_iflag: 1}}], timeout: 1s}", "plan::irreversible"),
        ("{ioctl: [23, 0x12345678]}", "plan::irreversible"),
        ("{dup: [10], capture: n}, {setsockopt: [12, SOL_SOCKET, '${n}', {i32: 1}]}", "program::not-undoable"),
    ];
    for (steps, code) in refused {
        let output = subject.run(steps);
        assert_code(&output, 1);
        assert_eq!(codes(&output), [code], "{steps}");
    }
}

#[test]
fn what_is_done_to_what_the_plan_made_goes_with_it() {
    let mut subject = Subject::new();
    let mut free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    free.set_ip([127, 0, 0, 1].into());
    let steps = format!(
        "{{socket: [AF_INET, SOCK_STREAM], capture: s}}, {{setsockopt: ['${{s}}', SOL_SOCKET, SO_REUSEADDR, {{i32: 1}}]}},
         {{bind: ['${{s}}', '{free}']}}, {{listen: ['${{s}}', 5]}}, {{epoll_ctl: [15, EPOLL_CTL_ADD, '${{s}}', {{struct: {{events: EPOLLIN}}}}]}},
         {{epoll_create1: [0], capture: e}}, {{epoll_ctl: ['${{e}}', EPOLL_CTL_ADD, 12, {{struct: {{events: EPOLLIN}}}}]}}, {FAILS}"
    );
    rolled_back(&mut subject, &steps);
    std::net::TcpListener::bind(free).unwrap();
    for address in ["$HOME/socket", "{struct: {sun_family: AF_UNIX, sun_path: socket}}", "./socketandmore, 10"] {
        let bind = format!("{{socket: [AF_UNIX, SOCK_STREAM], capture: s}}, {{bind: ['${{s}}', {address}]}}");
        rolled_back(&mut subject, &format!("{bind}, {{listen: ['${{s}}', 5]}}, {FAILS}"));
        assert!(!subject.home.join("socket").exists());
        // Whose the name is by now is looked at.
        let place = subject.home.join("socket");
        let (code, outcome) = subject.interfered(&bind, |_| {
            fs::remove_file(&place).unwrap();
            fs::write(&place, "theirs").unwrap();
        });
        assert_eq!((code, &outcome["outcome"]), (3, &json!("in_doubt")), "{outcome:#}");
        assert!(steps_of(&outcome)[1]["note"].as_str().unwrap().contains("names another file"), "{outcome:#}");
        assert_eq!(fs::read(&place).unwrap(), b"theirs");
        fs::remove_file(place).unwrap();
    }
}

/// The numbers of all open descriptors.
fn numbers(subject: &Subject) -> Vec<i32> {
    descriptors(subject.target.pid()).keys().map(|number| number.parse().unwrap()).collect()
}

#[test]
fn a_range_is_closed_but_for_what_is_kept() {
    let mut subject = Subject::new();
    // Descriptors that the plan opened before are in the range, too; and one that undo of an earlier step needs.
    let opened = "{dup2: [10, 11]}, {pipe2: [{out: 8}, 0]}, {dup: [24]}, {dup3: [24, 9, 0]}";
    for range in ["3, 0xffffffff", "0, -1", "11, 40"] {
        rolled_back(&mut subject, &format!("{opened}, {{close_range: [{range}]}}, {FAILS}"));
    }
    let failed = rolled_back(&mut subject, "{close_range: [20, 10]}");
    assert_eq!(failed["errno"], "EINVAL");
    rolled_back(&mut subject, &format!("{{close_range: [20, 10], ignore: EINVAL}}, {FAILS}"));
    // For good, what undo of the step before needs is spared all the same.
    let before = descriptors(subject.target.pid());
    let output =
        subject.run(&format!("{{dup2: [10, 11]}}, {{close_range: [12, 0xffffffff], irreversible: true}}, {FAILS}"));
    assert_code(&output, 3);
    assert_eq!(outcome(&output)["outcome"], "partial");
    let kept: Vec<_> = before.iter().filter(|(number, _)| number.parse::<i32>().unwrap() < 12).collect();
    assert_eq!(descriptors(subject.target.pid()).iter().collect::<Vec<_>>(), kept);
    assert_code(&subject.run("{close_range: [3, 0xffffffff]}"), 0);
    assert_eq!(numbers(&subject), [0, 1, 2]);
    subject.target.assert_well();
}

#[test]
fn a_range_spares_what_is_kept_where_the_plan_has_undo_of_its_own() {
    for closing in [
        "{close_range: [12, 0xffffffff], undo: [{getpid: []}]}",
        "{dup2: [10, 9], undo: [{close: [9]}, {close_range: [12, 0xffffffff]}]}",
        "{pipe2: [{out: 8}, 0], undo: [{close_range: [12, 0xffffffff]}, {close_range: [3, 9]}]}",
    ] {
        let mut subject = Subject::new();
        let before = descriptors(subject.target.pid());
        // Undo of the first step needs a duplicate that lies in the range.
        let output = subject.run(&format!("{{dup2: [10, 11]}}, {closing}, {FAILS}"));
        assert_code(&output, 1);
        assert_eq!(outcome(&output)["outcome"], "rolled_back", "{closing}");
        let kept: Vec<_> = before.iter().filter(|(number, _)| number.parse::<i32>().unwrap() < 12).collect();
        assert_eq!(descriptors(subject.target.pid()).iter().collect::<Vec<_>>(), kept, "{closing}");
        subject.target.assert_well();
    }
    // Record locks that the plan has not set itself would be gone for good.
    let mut subject = Subject::new();
    let lock = "{fcntl: [10, F_SETLK, {struct: {l_type: F_WRLCK, l_start: 3, l_len: 2}}]}";
    assert_code(&subject.run(lock), 0);
    let failed = refused(&mut subject, "{close_range: [10, 40], undo: [{getpid: []}]}");
    assert!(failed["note"].as_str().is_some_and(|note| note.contains("POSIX record locks")), "{failed:#}");
}

#[test]
fn a_range_that_can_t_be_kept_is_not_closed() {
    let mut subject = Subject::new();
    // Numbers 3 to 9 are free, and no others.
    let limit = libc::rlimit { rlim_cur: 30, rlim_max: 30 };
    let pid = subject.target.pid();
    // SAFETY: the limit is read only.
    let result = unsafe { libc::prlimit(pid, libc::RLIMIT_NOFILE, &raw const limit, std::ptr::null_mut()) };
    assert_eq!(result, 0);
    rolled_back(&mut subject, &format!("{{close_range: [10, 16]}}, {FAILS}"));
    let failed = rolled_back(&mut subject, "{close_range: [10, 17]}");
    assert!(failed["note"].as_str().unwrap().contains("no free descriptor number is left"), "{failed:#}");
    assert!(failed["result"].is_null(), "{failed:#}");
}

#[test]
fn expirations_that_nobody_has_read_are_kept() {
    let mut subject = Subject::new();
    assert_code(&subject.run("{timerfd_settime: [18, 0, {struct: {it_value: {tv_nsec: 1}}}]}"), 0);
    let info = format!("/proc/{}/fdinfo/18", subject.target.pid());
    wait_until("the timer expires", || fs::read_to_string(&info).unwrap().contains("ticks: 1"));
    rolled_back(
        &mut subject,
        &format!("{{timerfd_settime: [18, 0, {{struct: {{it_value: {{tv_sec: 50}}}}}}]}}, {FAILS}"),
    );
    assert!(fs::read_to_string(&info).unwrap().contains("ticks: 1"));
}
