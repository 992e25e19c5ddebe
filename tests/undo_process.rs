//! What a process and its threads are to themselves (limits, scheduling, signals, timers, attributes, ids …) is put back when a
//! later step fails.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

#[allow(dead_code)] // another test strikes in other ways
#[path = "kill_sweep/blow.rs"]
mod blow;
mod support;

use blow::{Blow, Calls, Party};
use serde_json::json;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};
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
    "{prctl: [PR_SET_MEMORY_MERGE, 1]}",
    "{personality: [ADDR_NO_RANDOMIZE]}",
    "{keyctl: [KEYCTL_SET_REQKEY_KEYRING, 2]}",
    "{prctl: [PR_SET_TSC, PR_TSC_SIGSEGV]}",
    // Those in effect are dropped; the permitted ones, and those inherited, are as they are.
    "{capset: {hdrp: {struct: {}}, datap: {struct: [{permitted: <low>, inheritable: 33}, {permitted: <high>}]}}}",
    "{prctl: [PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL]}",
    "{prctl: [PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_KILL]}",
    "{prctl: [PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN]}",
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
    "{sigaltstack: {ss: {struct: {ss_sp: \"${each.start}\", ss_size: 8192}}}, for_each: {mapping: {path: \"/**/libc.so.6\", perms: rw-p}}}",
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

/// These go off before they are put back, and nobody handles their signals.
const GO_OFF: &[&str] = &[
    "{setitimer: {which: ITIMER_REAL, new_value: {struct: {it_value: {tv_usec: 1}}}}}",
    "{timer_settime: {timerid: 0, new_value: {struct: {it_value: {tv_nsec: 1}}}}}",
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

/// A plan of these steps. <low> and <high> are the halves of what the target's capabilities permit.
fn plan(target: &Target, steps: &str) -> String {
    let permitted = u64::from_str_radix(&target.status("CapPrm"), 16).unwrap();
    let (low, high) = (permitted & u64::from(u32::MAX), permitted >> 32);
    let steps = steps.replace("<low>", &low.to_string()).replace("<high>", &high.to_string());
    format!("version: 1\ntargets: [{}]\nsteps: [{steps}]\n", target.pid())
}

#[test]
fn each_call_is_taken_back_when_a_later_step_fails() {
    if !is_root() {
        return;
    }
    let directory = directory();
    let mut target = teller(&[]);
    for step in STEPS.iter().chain(GO_OFF) {
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
    if !is_root() {
        return;
    }
    let directory = directory();
    for step in STEPS {
        let mut target = teller(&[]);
        let before = state(&mut target);
        assert_code(&apply(directory.path(), &plan(&target, step), &[]), 0);
        assert!(state(&mut target) != before, "{step}");
        target.assert_well();
    }
}

/// The step, made by every thread.
fn by_all_threads(step: &str) -> String {
    format!("{}, thread: all}}", step.strip_suffix('}').unwrap())
}

#[test]
fn each_thread_gets_its_own_back() {
    if !is_root() {
        return;
    }
    let directory = directory();
    let mut target = teller(&["threads"]);
    for step in STEPS.iter().chain(GO_OFF).filter(|step| !step.contains("for_each")) {
        let before = state(&mut target);
        let steps = format!("{}, {FAILS}", by_all_threads(step));
        let output = apply(directory.path(), &plan(&target, &steps), &[]);
        assert_code(&output, 1);
        let outcome = outcome(&output);
        assert_eq!(outcome["outcome"], "rolled_back", "{step}: {outcome:#}");
        let done = outcome["targets"][0]["steps"].as_array().unwrap();
        assert_eq!(done.iter().filter(|step| step["undone"] == json!(true)).count(), 2, "{step}: {outcome:#}");
        assert_as_before(&before, &mut target, step);
        target.assert_well();
    }
}

/// Applies a plan whose last step is refused before its call is made, and which then is as before; why.
fn refused(target: &mut Target, steps: &str, directory: &Path, run: &dyn Fn(&Path) -> Output) -> String {
    let before = state(target);
    let path = directory.join("plan.yaml");
    fs::write(&path, plan(target, steps)).unwrap();
    let output = run(&path);
    assert_code(&output, 1);
    let outcome = outcome(&output);
    assert_eq!(outcome["outcome"], "rolled_back", "{steps}: {outcome:#}");
    let last = outcome["targets"][0]["steps"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["state"], &last["result"]), (&json!("failed"), &json!(null)), "{steps}: {last:#}");
    assert_as_before(&before, target, steps);
    target.assert_well();
    last["note"].as_str().unwrap().to_owned()
}

fn by_whoever_runs_the_tests(path: &Path) -> Output {
    criu_plan().arg("apply").arg(path).args(["--output", "json"]).output().unwrap()
}

#[test]
fn what_a_thread_could_not_come_back_from_is_refused_before() {
    if !is_root() {
        return;
    }
    let directory = directory();
    let cases = [
        ("{setuid: [1234]}", "could not have again"),
        ("{setresuid: [1234, 1234, 1234]}", "could not have again"),
        ("{setreuid: [1234, 1234]}", "could not have again"),
        ("{capset: {hdrp: {struct: {}}, datap: {struct: [{permitted: 1}, {}]}}}", "drop capabilities"),
        ("{capset: {hdrp: {struct: {version: _LINUX_CAPABILITY_VERSION_1}}, datap: {struct: [{}, {}]}}}", "version 3"),
    ];
    for (step, why) in cases {
        let mut target = teller(&[]);
        let note = refused(&mut target, step, directory.path(), &by_whoever_runs_the_tests);
        assert!(note.contains(why) && note.contains("irreversible: true"), "{step}: {note}");
        let lasting = format!("{}, irreversible: true}}", step.strip_suffix('}').unwrap());
        assert_code(&apply(directory.path(), &plan(&target, &lasting), &[]), 0);
    }
    // With the effective user id go the capabilities that a nice value is lowered by.
    let mut target = teller(&[]);
    let steps = "{setresuid: [-1, 1234, -1]}, {setpriority: [PRIO_PROCESS, 0, 7]}";
    let note = refused(&mut target, steps, directory.path(), &by_whoever_runs_the_tests);
    assert!(note.contains("CAP_SYS_NICE"), "{note}");
}

#[test]
fn a_plain_user_who_could_not_go_back_is_refused_before() {
    let user = PlainUser::new();
    let cases = [
        (
            "{prlimit64: {pid: 0, resource: RLIMIT_NOFILE, new_limit: {struct: {rlim_cur: 9, rlim_max: 9}}}}",
            "CAP_SYS_RESOURCE",
        ),
        ("{setrlimit: {resource: RLIMIT_NPROC, rlim: {struct: {rlim_cur: 9, rlim_max: 9}}}}", "CAP_SYS_RESOURCE"),
        ("{setpriority: [PRIO_PROCESS, 0, 19]}", "CAP_SYS_NICE"),
        ("{sched_setscheduler: {pid: 0, policy: SCHED_IDLE, param: {struct: {sched_priority: 0}}}}", "CAP_SYS_NICE"),
        ("{sched_setattr: {pid: 0, attr: {struct: {sched_policy: SCHED_OTHER, sched_nice: 19}}}}", "CAP_SYS_NICE"),
    ];
    let by_them = |path: &Path| user.criu_plan().arg("apply").arg(path).args(["--output", "json"]).output().unwrap();
    for (step, why) in cases {
        let mut target = Target::start(&mut user.command(user.c("teller")));
        let note = refused(&mut target, step, user.directory.path(), &by_them);
        assert!(note.contains(why) && note.contains("irreversible: true"), "{step}: {note}");
        let lasting = format!("{}, irreversible: true}}", step.strip_suffix('}').unwrap());
        fs::write(user.path("plan.yaml"), plan(&target, &lasting)).unwrap();
        assert_code(&by_them(&user.path("plan.yaml")), 0);
    }
    // What takes no privilege is taken back.
    let mut target = Target::start(&mut user.command(user.c("teller")));
    let free = [
        "{prlimit64: {pid: 0, resource: RLIMIT_CORE, new_limit: {struct: {rlim_cur: 4096, rlim_max: RLIM_INFINITY}}}}",
        "{sched_setscheduler: {pid: 0, policy: SCHED_BATCH, param: {struct: {sched_priority: 0}}}}",
        "{rt_sigprocmask: {how: SIG_BLOCK, set: {struct: [SIGHUP]}}}",
        "{setresuid: [-1, -1, -1]}",
    ];
    for step in free {
        let before = state(&mut target);
        fs::write(user.path("plan.yaml"), plan(&target, &format!("{step}, {FAILS}"))).unwrap();
        let output = by_them(&user.path("plan.yaml"));
        assert_code(&output, 1);
        assert_eq!(outcome(&output)["targets"][0]["steps"][0]["undone"], true, "{step}");
        assert_as_before(&before, &mut target, step);
    }
}

#[test]
fn neither_a_signal_that_waits_nor_a_child_is_lost() {
    let directory = directory();
    let mut target = teller(&[]);
    target.signal(libc::SIGUSR1);
    let step = "{rt_sigaction: {signum: SIGUSR1, act: {struct: {sa_handler: SIG_IGN}}}}";
    let note = refused(&mut target, step, directory.path(), &by_whoever_runs_the_tests);
    assert!(note.contains("would be lost"), "{note}");
    assert_eq!(target.status("ShdPnd"), "0000000000000200");
    for act in ["sa_handler: SIG_IGN", "sa_flags: SA_NOCLDWAIT"] {
        let step = format!("{{rt_sigaction: {{signum: SIGCHLD, act: {{struct: {{{act}}}}}}}}}");
        let note = refused(&mut target, &step, directory.path(), &by_whoever_runs_the_tests);
        assert!(note.contains("a child that ends"), "{note}");
    }
}

#[test]
fn what_somebody_else_has_changed_meanwhile_is_left_alone() {
    let directory = directory();
    let (mut target, other) = (teller(&[]), teller(&[]));
    let limit = |soft: u32| format!("{{struct: {{rlim_cur: {soft}, rlim_max: 20000}}}}");
    let plan = format!(
        "version: 1
targets: [{{pid: {pid}, name: mine}}, {{pid: {}, name: other}}]
steps:
- prlimit64: {{pid: 0, resource: RLIMIT_NOFILE, new_limit: {}}}
  target: mine
- prlimit64: {{pid: {pid}, resource: RLIMIT_NOFILE, new_limit: {}}}
  target: other
  irreversible: true
- fcntl: [999, F_GETFD]
  target: mine
",
        other.pid(),
        limit(100),
        limit(50),
        pid = target.pid(),
    );
    let output = apply(directory.path(), &plan, &[]);
    assert_code(&output, 3);
    let outcome = outcome(&output);
    let step = &outcome["targets"][0]["steps"][0];
    assert_eq!(step["state"], "in_doubt", "{outcome:#}");
    assert!(step["note"].as_str().unwrap().contains("no longer what the step set"), "{step:#}");
    let (told, _) = state(&mut target);
    assert!(told.contains(&"limit7=50/20000".to_owned()), "{told:?}");
    target.assert_well();
}

#[test]
fn a_thread_comes_back_from_another_processs_network() {
    if !is_root() {
        return;
    }
    let directory = directory();
    let there = Target::start(Command::new("unshare").arg("-n").arg(c("teller")));
    let mut target = teller(&["threads"]);
    let before = state(&mut target);
    let steps = format!(
        "{{open: [/proc/{}/ns/net, O_RDONLY|O_CLOEXEC], capture: there}}, \
         {{setns: [\"${{there}}\", CLONE_NEWNET], thread: all}}",
        there.pid()
    );
    let output = apply(directory.path(), &plan(&target, &format!("{steps}, {FAILS}")), &[]);
    assert_code(&output, 1);
    assert_as_before(&before, &mut target, &steps);
    assert_code(&apply(directory.path(), &plan(&target, &steps), &[]), 0);
    let network = |pid: i32| fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
    assert_eq!(network(target.pid()), network(there.pid()));
}

#[test]
fn nothing_is_left_where_no_descriptor_is_free_to_keep_a_namespace() {
    if !is_root() {
        return;
    }
    let directory = directory();
    // Numbers 0 to 2 are taken; the first that is needed can be had, the second can't.
    let script = "ulimit -S -n 4; exec \"$0\"";
    let mut target = Target::start(Command::new("sh").args(["-c", script]).arg(c("teller")));
    let before = state(&mut target);
    let output = apply(directory.path(), &plan(&target, "{unshare: [CLONE_NEWNET]}"), &[]);
    assert_code(&output, 1);
    assert_eq!(outcome(&output)["outcome"], "rolled_back");
    assert_as_before(&before, &mut target, "unshare");
}

#[test]
fn whenever_criu_plan_dies_a_thread_has_its_old_mask_or_the_new_one() {
    const MASKS: [(&str, &str); 2] = [("[SIGTRAP, SIGUSR1]", "0000000000000210"), ("[SIGHUP]", "0000000000000001")];
    /// More landing frames than this are not left on one stack.
    const DEATHS: u32 = 8;
    let directory = directory();
    let both = &[Party::FrontEnd, Party::Child];
    let blow = Blow { counted: Party::Child, calls: Calls::Ptrace, victims: both };
    let mut target = teller(&[]);
    let (mut deaths, mut seen) = (0, [false; 2]);
    for k in 1.. {
        let old = target.status("SigBlk");
        let (words, new) = if old == MASKS[1].1 { MASKS[0] } else { MASKS[1] };
        let step = format!("{{rt_sigprocmask: {{how: SIG_SETMASK, set: {{struct: {words}}}}}}}");
        let path = directory.path().join("plan.yaml");
        fs::write(&path, plan(&target, &step)).unwrap();
        let fallen = blow.strike(criu_plan().arg("apply").arg(&path), k, directory.path());
        wait_until("it is let go", || target.status("TracerPid") == "0");
        // All signals are blocked until it has landed.
        wait_until("it sleeps", || target.status("State").starts_with('S'));
        let mask = target.status("SigBlk");
        assert!(mask == old || mask == new, "at call {k}: {mask} is neither {old} nor {new}");
        if !fallen.struck {
            assert_eq!(fallen.code, Some(0));
            assert_eq!(mask, new);
            break;
        }
        seen[usize::from(mask == new)] = true;
        target.assert_well();
        deaths += 1;
        if deaths % DEATHS == 0 {
            target = teller(&[]);
        }
    }
    assert_eq!(seen, [true; 2], "either was met");
}

#[test]
fn threads_in_all_kinds_of_waits_get_their_masks_and_stacks_back() {
    let directory = directory();
    let lines = directory.path().join("lines");
    let stdout = File::create(&lines).unwrap();
    // Each of its threads checks its mask and its stack after each wait.
    let mut target = Target::start(Command::new(c("sleeper")).arg("threads").stdout(stdout));
    let steps = "{rt_sigprocmask: {how: SIG_BLOCK, set: {struct: [SIGALRM, SIGHUP]}}, thread: all}, \
                 {rt_sigprocmask: {how: SIG_SETMASK, set: {struct: [SIGTERM]}}, thread: all}, \
                 {sigaltstack: {ss: {struct: {ss_flags: SS_DISABLE}}}, thread: all}";
    for _ in 0..5 {
        let output = apply(directory.path(), &plan(&target, &format!("{steps}, {FAILS}")), &[]);
        assert_code(&output, 1);
        assert_eq!(outcome(&output)["outcome"], "rolled_back");
        wait_for_growth(&lines, fs::metadata(&lines).unwrap().len() + 10);
        target.assert_well();
    }
}

/// Nothing undoes these, which `validate` says without any target.
#[test]
fn what_is_for_good_must_say_so() {
    let directory = directory();
    let steps = [
        "{prctl: [PR_SET_NO_NEW_PRIVS, 1]}",
        "{prctl: [PR_CAPBSET_DROP, CAP_KILL]}",
        "{prctl: [PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN]}",
        "{prctl: [PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, PR_SPEC_FORCE_DISABLE]}",
        "{prctl: [PR_SET_SECUREBITS, SECBIT_NOROOT_LOCKED]}",
        "{setpriority: [PRIO_USER, 7, 7]}",
        "{ioprio_set: [IOPRIO_WHO_PGRP, 0, 0x4007]}",
        "{timer_delete: [0]}",
        "{setsid: []}",
        "{unshare: [CLONE_NEWNS]}",
        "{unshare: [CLONE_NEWNET|CLONE_NEWIPC]}",
        "{setns: [3, CLONE_NEWUSER]}",
        "{setns: [3, 0]}",
        "{landlock_restrict_self: [3, 0]}",
    ];
    let path = directory.path().join("plan.yaml");
    let validate = |step: &str| {
        fs::write(&path, format!("version: 1\ntargets: [1]\nsteps: [{step}]\n")).unwrap();
        let output = criu_plan().arg("validate").arg(&path).args(["--format", "json"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for step in steps {
        assert!(validate(step).contains("plan::irreversible"), "{step}");
    }
    for step in STEPS {
        let text = validate(&step.replace("<low>", "1").replace("<high>", "1"));
        assert!(!text.contains("plan::irreversible"), "{step}: {text}");
    }
}
