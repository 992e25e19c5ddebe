//! Calls that wait, each hit three times while it does: none shows EINTR, all have the result that they would have had, and
//! those with a time of their own end on time, but for those whose time the kernel tells nobody and that begin anew.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use support::*;

/// How a wait ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// By its own time, which the stops do not move.
    OnTime,
    /// By its own time, which begins anew at each stop.
    Anew,
    /// By what somebody does.
    Fed,
    /// By a handler: with EINTR.
    Handler,
}

/// Why an attempt has to be made again, with more time.
struct TooShort(String);

/// A target's state letter and, while it waits, the call that it waits in.
fn waiting(pid: i32) -> Option<(char, i64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let state = stat.rsplit_once(") ")?.1.chars().next()?;
    let call = fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
    Some((state, call.split(' ').next()?.trim().parse().unwrap_or(-1)))
}

/// Waits until the target waits in its call, the first time or again.
fn in_the_call(target: &Target, call: i64) -> Result<(), TooShort> {
    let mut ended = false;
    wait_until(&format!("the target waits in call {call}, not {:?}", waiting(target.pid())), || {
        let (state, now) = waiting(target.pid()).unwrap();
        ended = state == 'Z';
        ended || (state == 'S' && (now == call || now == libc::SYS_restart_syscall))
    });
    if ended { Err(TooShort("it was over before it had been hit three times".into())) } else { Ok(()) }
}

/// Redirects the target; `TooShort` if the wait was over just before.
fn hit(target: &Target, log: &Path) -> Result<(), TooShort> {
    let output = redirect(target.pid(), log);
    let failed = output.status.code() != Some(0);
    // It may be on its way to its end, and no zombie yet.
    let ended = || codes(&output).iter().any(|code| code == "target::changed" || code == "target::gone");
    if failed && (ended() || waiting(target.pid()).is_some_and(|(state, _)| state == 'Z')) {
        return Err(TooShort("it was over before it had been hit three times".into()));
    }
    assert_code(&output, 0);
    Ok(())
}

fn attempt(name: &str, call: i64, end: End, time: Duration) -> Result<(), TooShort> {
    let directory = directory();
    let stdout = File::create(directory.path().join("first")).unwrap();
    let arguments = [name, &time.as_millis().to_string()];
    let mut target = Target::start(Command::new(c("waits")).args(arguments).stdout(stdout));
    in_the_call(&target, call)?;
    let begun = Instant::now();
    for round in 0..3 {
        if matches!(end, End::OnTime | End::Anew) {
            // The last one in the middle: that is where a wait that begins anew differs most from one that goes on.
            std::thread::sleep((time * round / 4).saturating_sub(begun.elapsed()));
        }
        hit(&target, &directory.path().join(format!("log-{round}")))?;
        in_the_call(&target, call)?;
    }
    let last = begun.elapsed();
    match end {
        End::OnTime | End::Anew => {}
        End::Fed => target.tell(),
        End::Handler => target.signal(libc::SIGALRM),
    }
    // It checks its result itself.
    let line = target.wait_for("ok");
    let took = Duration::from_millis(line.split(' ').nth(1).unwrap().parse().unwrap());
    let earliest = if end == End::Anew { time + time / 2 } else { time };
    let latest = if end == End::Anew { last + time } else { time } + time * 2 / 5;
    let timed = matches!(end, End::OnTime | End::Anew);
    assert!(!timed || took >= earliest, "{name}: {took:?} of {time:?}: too early");
    if timed && took > latest { Err(TooShort(format!("it took {took:?} instead of {time:?}"))) } else { Ok(()) }
}

/// Tries again with a longer wait where the machine was too slow to hit it three times or to wake it on time.
fn check(name: &str, call: i64, end: End) {
    let mut why = String::new();
    for seconds in [2, 5, 10] {
        match attempt(name, call, end, Duration::from_secs(seconds)) {
            Ok(()) => return,
            Err(TooShort(reason)) => why = reason,
        }
    }
    panic!("{name}: {why}");
}

/// Checks several at once: most of the time they wait.
fn all(end: End, calls: &[(&str, i64)]) {
    std::thread::scope(|scope| {
        for (name, call) in calls {
            let run = move || check(name, *call, end);
            std::thread::Builder::new().name((*name).to_owned()).spawn_scoped(scope, run).unwrap();
        }
    });
}

#[test]
fn timed_waits_end_on_time() {
    all(
        End::OnTime,
        &[
            ("nanosleep", libc::SYS_nanosleep),
            ("clock_nanosleep", libc::SYS_clock_nanosleep),
            ("clock_nanosleep_absolute", libc::SYS_clock_nanosleep),
            ("poll", libc::SYS_poll),
            ("ppoll", libc::SYS_ppoll),
            ("select", libc::SYS_select),
            ("pselect6", libc::SYS_pselect6),
            ("futex", libc::SYS_futex),
            ("futex_bitset", libc::SYS_futex),
            ("futex_waitv", libc::SYS_futex_waitv),
            ("mq_timedreceive", libc::SYS_mq_timedreceive),
            ("mq_timedsend", libc::SYS_mq_timedsend),
        ],
    );
}

#[test]
fn timed_waits_that_any_stop_interrupts_begin_anew() {
    all(
        End::Anew,
        &[
            ("epoll_wait", libc::SYS_epoll_wait),
            ("epoll_pwait", libc::SYS_epoll_pwait),
            ("epoll_pwait2", libc::SYS_epoll_pwait2),
            ("rt_sigtimedwait", libc::SYS_rt_sigtimedwait),
            ("semtimedop", libc::SYS_semtimedop),
            ("io_getevents", libc::SYS_io_getevents),
            ("recv", libc::SYS_recvfrom),
            ("accept", libc::SYS_accept),
            ("send", libc::SYS_sendto),
            ("io_uring_enter", libc::SYS_io_uring_enter),
        ],
    );
}

#[test]
fn waits_for_others_go_on() {
    all(
        End::Fed,
        &[
            ("read", libc::SYS_read),
            ("readv", libc::SYS_readv),
            ("read_eventfd", libc::SYS_read),
            ("write", libc::SYS_write),
            ("writev", libc::SYS_writev),
            ("recv_unlimited", libc::SYS_recvfrom),
            ("recvmsg", libc::SYS_recvmsg),
            ("send_unlimited", libc::SYS_sendto),
            ("sendmsg", libc::SYS_sendmsg),
            ("open", libc::SYS_openat),
            ("accept_unlimited", libc::SYS_accept),
            ("accept4", libc::SYS_accept4),
            ("connect", libc::SYS_connect),
            ("wait4", libc::SYS_wait4),
            ("waitid", libc::SYS_waitid),
        ],
    );
}

#[test]
fn waits_for_events_messages_and_locks_go_on() {
    all(
        End::Fed,
        &[
            ("poll_unlimited", libc::SYS_poll),
            ("ppoll_unlimited", libc::SYS_ppoll),
            ("select_unlimited", libc::SYS_select),
            ("epoll_wait_unlimited", libc::SYS_epoll_wait),
            ("epoll_pwait_unlimited", libc::SYS_epoll_pwait),
            ("flock", libc::SYS_flock),
            ("fcntl_setlkw", libc::SYS_fcntl),
            ("fcntl_ofd_setlkw", libc::SYS_fcntl),
            ("futex_unlimited", libc::SYS_futex),
            ("futex_waitv_unlimited", libc::SYS_futex_waitv),
            ("mq_timedreceive_unlimited", libc::SYS_mq_timedreceive),
            ("semop", libc::SYS_semop),
            ("msgrcv", libc::SYS_msgrcv),
            ("msgsnd", libc::SYS_msgsnd),
            ("rt_sigtimedwait_unlimited", libc::SYS_rt_sigtimedwait),
            ("io_getevents_unlimited", libc::SYS_io_getevents),
            ("io_uring_enter_unlimited", libc::SYS_io_uring_enter),
        ],
    );
}

#[test]
fn waits_for_a_handler_go_on() {
    all(End::Handler, &[("pause", libc::SYS_pause), ("rt_sigsuspend", libc::SYS_rt_sigsuspend)]);
}
