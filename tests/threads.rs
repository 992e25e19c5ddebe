//! Steps that run in a thread of their choice, or in every one.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::*;

fn workers(count: usize) -> Target {
    Target::start(Command::new(c("keeper")).args(["workers", &count.to_string()]))
}

/// A file of every thread, by thread id.
fn of_threads(pid: i32, name: &str) -> BTreeMap<i32, String> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let read = |entry: fs::DirEntry| {
        let tid = entry.file_name().to_str()?.parse().ok()?;
        let path = entry.path().join(name);
        let link = || fs::read_link(&path).ok().map(|link| link.display().to_string());
        Some((tid, fs::read_to_string(&path).ok().or_else(link)?.trim_end().to_owned()))
    };
    threads.filter_map(|entry| read(entry.unwrap())).collect()
}

fn plan(pid: i32, steps: &str) -> String {
    format!("version: 1\ntargets: [{pid}]\nsteps:\n{steps}")
}

#[test]
fn all_threads_are_renamed_or_those_of_a_name() {
    let directory = directory();
    let mut target = workers(8);
    let before = target.snapshot();
    let some =
        "- prctl: [PR_SET_NAME, chosen]\n  for_each: { thread: { name: \"worker-[0-2]\" } }\n  irreversible: true\n";
    assert_code(&apply(directory.path(), &plan(target.pid(), some), &[]), 0);
    let names: Vec<String> = of_threads(target.pid(), "comm").into_values().collect();
    let count = |name: &str| names.iter().filter(|one| *one == name).count();
    assert_eq!((count("chosen"), count("keeper"), count("worker-3"), names.len()), (3, 1, 1, 9), "{names:?}");
    let all = "- prctl: [PR_SET_NAME, everybody]\n  thread: all\n  irreversible: true\n";
    let output = apply(directory.path(), &plan(target.pid(), all), &[]);
    assert_code(&output, 0);
    assert_eq!(outcome(&output)["targets"][0]["steps"].as_array().unwrap().len(), 9);
    assert!(of_threads(target.pid(), "comm").values().all(|name| name == "everybody"));
    target.assert_well();
    let after = target.snapshot();
    assert_eq!((before.maps, before.descriptors), (after.maps, after.descriptors));
}

#[test]
fn each_thread_runs_its_own_and_none_is_changed() {
    let directory = directory();
    let mut target = workers(12);
    let before = target.snapshot();
    let steps = "- gettid: []\n  thread: all\n  capture: tids\n- getpid: []\n  thread: leader\n- getpid: []\n";
    let output = apply(directory.path(), &plan(target.pid(), steps), &[]);
    assert_code(&output, 0);
    let tids = outcome(&output)["targets"][0]["captures"]["tids"].clone();
    let own: Vec<i32> = of_threads(target.pid(), "comm").into_keys().collect();
    assert_eq!(serde_json::to_value(own).unwrap(), tids);
    target.assert_well();
    assert_same(&before, &target.snapshot());
}

#[test]
fn hundreds_of_threads_on_small_stacks() {
    let directory = directory();
    let mut target = Target::life("threads 300", &directory.path().join("first"));
    let before = target.snapshot();
    let steps = "- gettid: []\n  thread: all\n  capture: tids\n";
    let output = apply(directory.path(), &plan(target.pid(), steps), &["--hold", "20s", "--freeze-timeout", "10s"]);
    assert_code(&output, 0);
    assert_eq!(outcome(&output)["targets"][0]["captures"]["tids"].as_array().unwrap().len(), 301);
    target.assert_well();
    assert_same(&before, &target.snapshot());
}

#[test]
fn a_program_whose_threads_have_no_stack_of_their_own() {
    let directory = directory();
    let log = directory.path().join("log");
    let mut target = Target::start(Command::new(go("lines")).stdout(fs::File::create(&log).unwrap()));
    let steps = "- gettid: []\n  thread: all\n  capture: tids\n";
    let output = apply(directory.path(), &plan(target.pid(), steps), &[]);
    assert_code(&output, 0);
    assert!(outcome(&output)["targets"][0]["captures"]["tids"].as_array().unwrap().len() > 1);
    let length = fs::metadata(&log).unwrap().len();
    wait_for_growth(&log, length);
    target.assert_well();
}

#[test]
fn processors_of_every_thread() {
    let directory = directory();
    let mut target = workers(4);
    let steps = "- sched_setaffinity: [0, 8, { bytes: \"0100000000000000\" }]\n  thread: all\n  irreversible: true\n";
    assert_code(&apply(directory.path(), &plan(target.pid(), steps), &[]), 0);
    for (tid, status) in of_threads(target.pid(), "status") {
        assert!(status.contains("Cpus_allowed_list:\t0\n"), "{tid}");
    }
    target.assert_well();
}

#[test]
fn a_network_namespace_is_joined_by_all_threads() {
    let directory = directory();
    let mut target = workers(5);
    let elsewhere = Target::start(Command::new("unshare").args(["-n", "sh", "-c", "echo ready >&2; exec sleep 600"]));
    let namespace = fs::read_link(format!("/proc/{}/ns/net", elsewhere.pid())).unwrap().display().to_string();
    let steps = format!(
        "- open: [/proc/{}/ns/net, O_RDONLY|O_CLOEXEC]
  capture: there
- setns: [\"${{there}}\", CLONE_NEWNET]
  thread: all
  irreversible: true
- close: [\"${{there}}\"]
",
        elsewhere.pid()
    );
    let before = target.snapshot();
    assert!(of_threads(target.pid(), "ns/net").values().all(|own| *own != namespace));
    assert_code(&apply(directory.path(), &plan(target.pid(), &steps), &[]), 0);
    let joined = of_threads(target.pid(), "ns/net");
    assert_eq!(joined.len(), 6);
    assert!(joined.values().all(|own| *own == namespace), "{joined:?}");
    target.assert_well();
    assert_same(&before, &target.snapshot());
}

#[test]
fn a_step_that_fails_in_one_thread_takes_all_back() {
    let directory = directory();
    let mut target = workers(4);
    let before = target.snapshot();
    let steps = "- dup2: [1, 30]\n- fcntl: [30, F_SETFD, FD_CLOEXEC]\n  thread: all\n- dup: [999]\n  thread: leader\n";
    let output = apply(directory.path(), &plan(target.pid(), steps), &[]);
    assert_code(&output, 1);
    let outcome = outcome(&output);
    assert_eq!(outcome["outcome"], "rolled_back", "{outcome:#}");
    let steps = outcome["targets"][0]["steps"].as_array().unwrap();
    assert_eq!(steps.iter().filter(|step| step["undone"] == true).count(), 1 + 5);
    target.assert_well();
    assert_same(&before, &target.snapshot());
}

#[test]
fn which_threads_there_are() {
    let directory = directory();
    let mut target = workers(2);
    let refused = |steps: &str| {
        let output = apply(directory.path(), &plan(target.pid(), steps), &[]);
        assert_code(&output, 1);
        assert_eq!(outcome(&output)["outcome"], "refused");
        codes(&output)
    };
    let rename = "- prctl: [PR_SET_NAME, x]\n  irreversible: true\n";
    assert_eq!(refused(rename), ["target::per-thread-call"]);
    assert_eq!(refused(&format!("{rename}  thread: 1\n")), ["target::no-such-thread"]);
    let tid = of_threads(target.pid(), "comm").into_iter().find(|(_, name)| name == "worker-1").unwrap().0;
    let output = apply(directory.path(), &plan(target.pid(), &format!("{rename}  thread: {tid}\n")), &[]);
    assert_code(&output, 0);
    assert_eq!(of_threads(target.pid(), "comm")[&tid], "x");
    let output = apply(directory.path(), &plan(target.pid(), &format!("{rename}  thread: leader\n")), &[]);
    assert_code(&output, 0);
    assert_eq!(of_threads(target.pid(), "comm")[&target.pid()], "x");
    target.assert_well();
}

#[test]
fn a_first_thread_that_has_ended_runs_nothing() {
    let directory = directory();
    let mut target = Target::life("dead-leader", &directory.path().join("first"));
    let run = |steps: &str| apply(directory.path(), &plan(target.pid(), steps), &[]);
    assert_eq!(codes(&run("- getpid: []\n  thread: leader\n")), ["target::no-such-thread"]);
    let output = run("- gettid: []\n  thread: all\n  capture: tids\n");
    assert_code(&output, 0);
    assert_eq!(outcome(&output)["targets"][0]["captures"]["tids"].as_array().unwrap().len(), 1);
    target.assert_well();
}

/// The children of a process.
fn children(pid: u32) -> Vec<i32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

#[test]
fn whenever_criu_plan_is_killed_all_threads_go_on() {
    let directory = directory();
    let mut target = workers(10);
    let step = "- gettid: []\n  thread: all\n";
    let path = directory.path().join("plan.yaml");
    fs::write(&path, plan(target.pid(), &step.repeat(20))).unwrap();
    let mut killed_inside = 0;
    for round in 0..25 {
        let mut run = criu_plan();
        run.arg("apply").arg(&path).stdout(Stdio::null()).stderr(Stdio::null());
        let mut run = run.spawn().unwrap();
        let begun = Instant::now();
        while target.status("TracerPid") == "0" && run.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < PATIENCE);
        }
        // Another point of the stop in each round.
        let until = Instant::now() + Duration::from_micros(700 * round);
        while Instant::now() < until {}
        for tracer in children(run.id()) {
            // SAFETY: kill takes numbers only; the child of a process of ours that has not been waited for.
            killed_inside += i32::from(unsafe { libc::kill(tracer, libc::SIGKILL) } == 0);
        }
        run.wait().unwrap();
        wait_until("nobody traces it", || target.status("TracerPid") == "0");
    }
    assert!(killed_inside > 5, "{killed_inside}");
    // Each looks after its stack and its mask; give each time to say that something is wrong.
    let switches = || of_threads(target.pid(), "schedstat");
    let before = switches();
    wait_until("every thread has run", || switches().iter().all(|(tid, now)| before.get(tid) != Some(now)));
    target.assert_well();
}

#[test]
fn a_stopped_process_stays_stopped() {
    let directory = directory();
    let mut target = workers(4);
    target.signal(libc::SIGSTOP);
    wait_until("it is stopped", || target.status("State").starts_with('T'));
    let steps = "- gettid: []\n  thread: all\n  capture: tids\n";
    let output = apply(directory.path(), &plan(target.pid(), steps), &[]);
    assert_code(&output, 0);
    assert_eq!(outcome(&output)["targets"][0]["captures"]["tids"].as_array().unwrap().len(), 5);
    let stopped = || of_threads(target.pid(), "status").values().all(|status| status.contains("State:\tT"));
    wait_until("every thread is stopped again", stopped);
    target.signal(libc::SIGCONT);
    wait_until("it goes on", || !target.status("State").starts_with('T'));
    target.assert_well();
}

/// What a path names is looked up once, as the first thread sees it.
#[test]
fn a_thread_in_a_directory_of_its_own_is_given_no_path() {
    let directory = directory();
    let mut target = Target::life("own-fs", &directory.path().join("first"));
    let apart = of_threads(target.pid(), "cwd").into_iter().find(|(_, cwd)| cwd == "/proc").unwrap().0;
    let before = target.snapshot();
    let run = |steps: &str| apply(directory.path(), &plan(target.pid(), steps), &[]);
    for thread in [format!("{apart}"), "all".to_owned()] {
        let output = run(&format!("- open: [self, O_RDONLY|O_CLOEXEC]\n  thread: {thread}\n  undo: auto\n"));
        assert_code(&output, 1);
        assert_eq!(
            (codes(&output), outcome(&output)["outcome"].as_str()),
            (vec!["target::no-thread".into()], Some("refused"))
        );
        let message = outcome(&output)["problems"][0]["message"].to_string();
        assert!(message.contains("a working directory of its own"), "{message}");
    }
    // What takes no path it may run, and the first thread may run both.
    assert_code(&run(&format!("- getcwd: [{{ out: 256 }}, 256]\n  thread: {apart}\n")), 0);
    let opened = run("- open: [/proc, O_RDONLY|O_CLOEXEC]\n  thread: leader\n  capture: fd\n- close: [\"${fd}\"]\n");
    assert_code(&opened, 0);
    target.assert_well();
    assert_same(&before, &target.snapshot());
}
