//! What a process and its threads are to themselves (limits, scheduling, signals, timers, attributes, ids …) is put back when a
//! later step fails.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use serde_json::json;
use std::process::Command;
use support::*;

/// Fails in every process.
const FAILS: &str = "{fcntl: [999, F_GETFD]}";

/// Steps that are undone. Each changes something that the target tells of itself, or that /proc shows.
const STEPS: &[&str] = &[
    "{umask: [0o027]}",
    // Attributes.
    "{prctl: [PR_SET_PDEATHSIG, SIGTERM]}",
    "{prctl: [PR_SET_DUMPABLE, 0]}",
    "{prctl: [PR_SET_KEEPCAPS, 1]}",
    "{prctl: [PR_SET_NAME, renamed]}",
    "{prctl: [PR_SET_SECUREBITS, SECBIT_NO_CAP_AMBIENT_RAISE]}",
    "{prctl: [PR_SET_TIMERSLACK, 5000]}",
    "{prctl: [PR_SET_TIMERSLACK, 0]}",
    "{prctl: [PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY]}",
    "{prctl: [PR_SET_CHILD_SUBREAPER, 1]}",
    "{prctl: [PR_SET_THP_DISABLE, 1]}",
    "{personality: [ADDR_NO_RANDOMIZE]}",
    "{keyctl: [KEYCTL_SET_REQKEY_KEYRING, 2]}",
    // Limits.
    "{prlimit64: {pid: 0, resource: RLIMIT_NOFILE, new_limit: {struct: {rlim_cur: 100, rlim_max: 20000}}}}",
    "{setrlimit: {resource: RLIMIT_CORE, rlim: {struct: {rlim_cur: 4096, rlim_max: RLIM_INFINITY}}}}",
    // Scheduling.
    "{setpriority: [PRIO_PROCESS, 0, 7]}",
    "{setpriority: [PRIO_PROCESS, 0, -7]}",
    "{sched_setscheduler: {pid: 0, policy: SCHED_BATCH, param: {struct: {sched_priority: 0}}}}",
    "{sched_setscheduler: {pid: 0, policy: [SCHED_IDLE, SCHED_RESET_ON_FORK], param: {struct: {sched_priority: 0}}}}",
    "{sched_setscheduler: {pid: 0, policy: SCHED_FIFO, param: {struct: {sched_priority: 1}}}}",
    "{sched_setattr: {pid: 0, attr: {struct: {sched_policy: SCHED_BATCH, sched_nice: 9}}}}",
    "{sched_setaffinity: {pid: 0, mask: {u64: [1]}}}",
    "{ioprio_set: [IOPRIO_WHO_PROCESS, 0, 0x4007]}",
    // Signals.
    "{rt_sigaction: {signum: SIGUSR1, act: {struct: {sa_handler: SIG_IGN}}}}",
    "{rt_sigaction: {signum: SIGPIPE, act: {struct: {sa_handler: SIG_DFL}}}}",
    "{rt_sigaction: {signum: SIGHUP, act: {struct: {sa_handler: SIG_IGN, sa_flags: SA_RESTART, sa_mask: [SIGUSR2]}}}}",
    "{rt_sigprocmask: {how: SIG_BLOCK, set: {struct: [SIGHUP, SIGUSR2]}}}",
    "{rt_sigprocmask: {how: SIG_UNBLOCK, set: {struct: [SIGUSR1]}}}",
    "{rt_sigprocmask: {how: SIG_SETMASK, set: {struct: []}}}",
    "{sigaltstack: {ss: {struct: {ss_flags: SS_DISABLE}}}}",
    // Timers.
    "{alarm: [5000]}",
    "{alarm: [0]}",
    "{setitimer: {which: ITIMER_REAL, new_value: {struct: {it_interval: {tv_sec: 3}, it_value: {tv_sec: 4000}}}}}",
    "{setitimer: {which: ITIMER_VIRTUAL, new_value: {struct: {it_value: {tv_sec: 4000}}}}}",
    "{setitimer: {which: ITIMER_PROF, new_value: {struct: {it_value: {tv_sec: 0}}}}}",
    "{timer_create: {clockid: CLOCK_MONOTONIC, timerid: {out: 4}}}",
    "{timer_settime: {timerid: 0, new_value: {struct: {it_value: {tv_sec: 1}}}}}",
    "{timer_settime: {timerid: 0, flags: TIMER_ABSTIME, new_value: {struct: {it_value: {tv_sec: 0}}}}}",
    // Ids, and what goes with them.
    "{setresuid: [-1, 1234, -1]}",
    "{setreuid: [-1, 1234]}",
    "{setfsuid: [1234]}",
    "{setgid: [1234]}",
    "{setregid: [1234, 1235]}",
    "{setresgid: [1234, 1235, 1236]}",
    "{setfsgid: [1234]}",
    "{setgroups: {list: {u32: [8, 9]}}}",
    "{setgroups: {size: 0, list: 0}}",
    "{setpgid: [0, 0]}",
    // Namespaces.
    "{unshare: [CLONE_NEWNET]}",
    "{unshare: [CLONE_NEWUTS|CLONE_NEWCGROUP]}",
];

fn teller(arguments: &[&str]) -> Target {
    Target::start(Command::new(c("teller")).args(arguments))
}

/// What a target tells of itself, and what can be seen of it.
fn state(target: &mut Target) -> (Vec<String>, Snapshot) {
    target.tell();
    let told = target.wait_for("state").split(' ').map(str::to_owned).collect();
    (told, target.snapshot())
}

fn assert_as_before(before: &(Vec<String>, Snapshot), target: &mut Target, step: &str) {
    let after = state(target);
    let gone: Vec<_> = before.0.iter().filter(|word| !after.0.contains(word)).collect();
    let come: Vec<_> = after.0.iter().filter(|word| !before.0.contains(word)).collect();
    assert!(gone.is_empty() && come.is_empty(), "{step}: gone: {gone:?}, come: {come:?}");
    assert_same(&before.1, &after.1);
}

fn plan(target: &Target, steps: &str) -> String {
    format!("version: 1\ntargets: [{}]\nsteps: [{steps}]\n", target.pid())
}

#[test]
fn each_call_is_taken_back_when_a_later_step_fails() {
    let directory = directory();
    let mut target = teller(&[]);
    for step in STEPS {
        let before = state(&mut target);
        let output = apply(directory.path(), &plan(&target, &format!("{step}, {FAILS}")), &[]);
        assert_code(&output, 1);
        let outcome = outcome(&output);
        assert_eq!(outcome["outcome"], "rolled_back", "{step}: {outcome:#}");
        let done = &outcome["targets"][0]["steps"][0];
        assert_eq!((&done["state"], &done["undone"]), (&json!("done"), &json!(true)), "{done:#}");
        assert_as_before(&before, &mut target, step);
        target.assert_well();
    }
}

#[test]
fn each_call_does_change_what_is_compared() {
    let directory = directory();
    for step in STEPS {
        let mut target = teller(&[]);
        let before = state(&mut target);
        assert_code(&apply(directory.path(), &plan(&target, step), &[]), 0);
        assert_ne!(state(&mut target), before, "{step}");
        target.assert_well();
    }
}
