//! Open files that somebody else has, too, and locks on them.

use crate::state::{differences, state};
use crate::support::*;
use crate::{FAILS, Subject, in_doubt, rolled_back, steps_of};
use libc::{SYS_fcntl, SYS_flock, SYS_ioctl, SYS_lseek, SYS_setsockopt, SYS_signalfd4, SYS_timerfd_settime};
use std::fs;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// An argument behind the descriptor: a number, or memory that holds these.
enum Arg {
    Number(i32),
    Memory(&'static [i64]),
}
use Arg::{Memory, Number};

/// Makes a call on a descriptor, and fails if that fails.
fn act(fd: BorrowedFd<'_>, call: i64, args: &[Arg]) {
    let arg = |index: usize| match args.get(index) {
        Some(Number(number)) => *number as usize,
        Some(Memory(memory)) => memory.as_ptr() as usize,
        None => 0,
    };
    // SAFETY: the calls of the tests below only read their memory, which is as large as they take it for.
    let result = unsafe { libc::syscall(call, fd.as_raw_fd(), arg(0), arg(1), arg(2), arg(3)) };
    assert!(result >= 0, "{call}: {}", std::io::Error::last_os_error());
}

#[test]
fn who_shares_an_open_file_is_not_overruled() {
    let mut subject = Subject::new();
    // Type and whence of a flock, its start, length and pid.
    const LOCK: [i64; 4] = [libc::F_WRLCK as i64, 5, 1, 0];
    let cases: [(&str, i32, i64, &[Arg], &str); 9] = [
        ("{lseek: [10, 7, SEEK_SET]}", 10, SYS_lseek, &[Number(1), Number(libc::SEEK_SET)], "the file position"),
        (
            "{fcntl: [24, F_SETFL, O_NONBLOCK]}",
            24,
            SYS_fcntl,
            &[Number(libc::F_SETFL), Number(libc::O_APPEND)],
            "the flags of the descriptor",
        ),
        ("{flock: [10, 'LOCK_EX|LOCK_NB']}", 10, SYS_flock, &[Number(libc::LOCK_SH)], "the lock is no longer"),
        (
            "{fcntl: [25, F_OFD_SETLK, {struct: {l_type: F_RDLCK, l_len: 2}}]}",
            25,
            SYS_fcntl,
            &[Number(libc::F_OFD_SETLK), Memory(&LOCK)],
            "the locks of the open file",
        ),
        (
            "{fcntl: [20, F_SETPIPE_SZ, 4096]}",
            20,
            SYS_fcntl,
            &[Number(libc::F_SETPIPE_SZ), Number(16384)],
            "the size of the pipe",
        ),
        (
            "{timerfd_settime: [17, 0, {struct: {it_value: {tv_sec: 50}}}]}",
            17,
            SYS_timerfd_settime,
            &[Number(0), Memory(&[0, 0, 77, 0])],
            "the timer",
        ),
        (
            "{signalfd4: [19, {struct: [SIGHUP]}, 8, 0]}",
            19,
            SYS_signalfd4,
            &[Memory(&[0]), Number(8), Number(0)],
            "the signals",
        ),
        (
            "{setsockopt: [12, SOL_TCP, TCP_KEEPIDLE, {i32: 77}]}",
            12,
            SYS_setsockopt,
            &[Number(libc::IPPROTO_TCP), Number(libc::TCP_KEEPIDLE), Memory(&[99]), Number(4)],
            "the option",
        ),
        (
            "{ioctl: [23, TIOCSWINSZ, {struct: {ws_row: 30, ws_col: 100}}]}",
            22,
            SYS_ioctl,
            &[Number(libc::TIOCSWINSZ as i32), Memory(&[0x0005_0005])],
            "the size of the window",
        ),
    ];
    for (step, number, call, args, why) in cases {
        let pid = subject.target.pid();
        let mut theirs = None;
        let ended = subject.interfered(step, |peer| {
            act(peer.share(number).as_fd(), call, args);
            theirs = Some(state(pid));
        });
        in_doubt(ended, why);
        let differing = differences(&theirs.unwrap(), &state(pid));
        assert!(differing.is_empty(), "{step}: {differing:#?}");
    }
}

/// A second open file of the one that the target has as descriptor 10.
fn other_file(subject: &Subject) -> fs::File {
    fs::File::options().read(true).write(true).open(subject.home.join("ten")).unwrap()
}

fn lock(file: &fs::File, operation: i32) {
    act(file.as_fd(), SYS_flock, &[Number(operation)]);
}

fn flock_of(subject: &Subject) -> Option<&'static str> {
    let text = fs::read_to_string(format!("/proc/{}/fdinfo/10", subject.target.pid())).unwrap();
    let lock = text.lines().find(|line| line.contains("FLOCK"))?;
    Some(if lock.contains("WRITE") { "exclusive" } else { "shared" })
}

#[test]
fn a_lock_that_is_changed_is_the_old_one_again_unless_somebody_came_between() {
    let mut subject = Subject::new();
    assert_code(&subject.run("{flock: [10, 'LOCK_SH|LOCK_NB']}"), 0);
    rolled_back(&mut subject, &format!("{{flock: [10, 'LOCK_EX|LOCK_NB']}}, {FAILS}"));
    assert_eq!(flock_of(&subject), Some("shared"));
    // The kernel drops the lock before it finds that it can't be exclusive.
    let other = other_file(&subject);
    lock(&other, libc::LOCK_SH);
    let failed = rolled_back(&mut subject, "{flock: [10, 'LOCK_EX|LOCK_NB']}");
    assert_eq!(failed["errno"], "EAGAIN", "{failed:#}");
    assert_eq!(flock_of(&subject), Some("shared"));
    lock(&other, libc::LOCK_UN);
    // What is exclusive and becomes shared may not become exclusive again.
    assert_code(&subject.run("{flock: [10, 'LOCK_EX|LOCK_NB']}"), 0);
    rolled_back(&mut subject, &format!("{{flock: [10, 'LOCK_SH|LOCK_NB']}}, {FAILS}"));
    assert_eq!(flock_of(&subject), Some("exclusive"));
    let ended = subject.interfered("{flock: [10, 'LOCK_SH|LOCK_NB']}", |_| lock(&other, libc::LOCK_SH));
    in_doubt(ended, "somebody else has a lock");
    assert_eq!(flock_of(&subject), Some("shared"), "it keeps what it has");
}

#[test]
fn record_locks_are_given_back_and_never_lost() {
    let mut subject = Subject::new();
    // A lock that somebody else holds: one of the open file, for the test closes other descriptors of that file.
    let other = other_file(&subject);
    let set = |lock| act(other.as_fd(), SYS_fcntl, &[Number(libc::F_OFD_SETLK), Memory(lock)]);
    set(&[libc::F_WRLCK as i64, 0, 4, 0]);
    let want = "{fcntl: [10, F_SETLK, {struct: {l_type: F_WRLCK, l_start: 2, l_len: 4}}]}";
    assert_eq!(rolled_back(&mut subject, want)["errno"], "EAGAIN");
    set(&[libc::F_UNLCK as i64, 0, 0, 0]);
    // One that was there: others may come to hold what is changed of it.
    assert_code(&subject.run(want), 0);
    for change in [want, "{fcntl: [10, F_SETLK, {struct: {l_type: F_UNLCK}}]}"] {
        let refused = super::refused(&mut subject, change);
        assert!(refused["note"].as_str().unwrap().contains("there are locks on this file already"), "{refused:#}");
    }
    assert_code(&subject.run("{fcntl: [10, F_SETLK, {struct: {l_type: F_UNLCK}}], irreversible: true}"), 0);
    // A duplicate that is kept of the same file would take the lock with it.
    let kept = format!("{{close: [25]}}, {want}");
    rolled_back(&mut subject, &kept);
    let output = subject.run(&kept);
    assert!(steps_of(&outcome(&output))[1]["note"].as_str().unwrap().contains("keeps a duplicate of this file"));
}
