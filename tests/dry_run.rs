//! `apply --dry-run`: it tells what would be done, by whom, what undo would do and what is in the way, and touches nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use serde_json::Value;
use std::fs;
use std::process::{Command, Output};
use support::*;

/// A plan with a step of each sort: one that is taken back, one that decides as it is reached, one that one thread makes, one
/// that stays, one that may wait, one that is left out.
const STEPS: &str = "unless:
  - fd: { number: 1, path: DIR/log }
  - comm: nobody
steps:
  - name: the new log
    open: { pathname: DIR/log, flags: [O_WRONLY, O_CREAT, O_APPEND, O_CLOEXEC], mode: 0o644 }
    capture: log_fd
  - dup2: [\"${log_fd}\", 1]
  - close: [\"${log_fd}\"]
    when: \"${log_fd} != 1\"
  - getpid: []
  - name: of one thread
    prctl: [PR_SET_NO_NEW_PRIVS, 1]
    thread: leader
    irreversible: true
  - umask: [0o22]
    when: { comm: nobody }
  - write: [1, hello]
    timeout: 200ms
    irreversible: true
";

struct Stage {
    target: Target,
    directory: tempfile::TempDir,
}

fn stage(kind: &str) -> Stage {
    let target = Target::still(kind);
    until_paused(target.pid(), if kind == "thread" { 2 } else { 1 });
    Stage { target, directory: directory() }
}

/// Waits until so many threads of a process are in pause, where they stay.
fn until_paused(pid: i32, count: usize) {
    wait_until("its threads are in pause", || {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().map(|task| task.unwrap().path());
        let calls = tasks.map(|task| fs::read_to_string(task.join("syscall")).unwrap_or_default());
        calls.filter(|call| call.starts_with(&format!("{} ", libc::SYS_pause))).count() == count
    });
}

impl Stage {
    /// The plan's path.
    fn plan(&self, rest: &str) -> String {
        let pid = self.target.pid();
        let text =
            format!("version: 1\nname: try\ntargets: [{{ pid: {pid}, name: app, expect: {{ comm: still }} }}]\n{rest}");
        let path = self.directory.path().join("plan.yaml");
        fs::write(&path, text.replace("DIR", &self.directory.path().display().to_string())).unwrap();
        path.display().to_string()
    }

    fn dry(&self, rest: &str, arguments: &[&str]) -> Output {
        criu_plan().args(["apply", "--dry-run", &self.plan(rest)]).args(arguments).output().unwrap()
    }

    fn forecast(&self, rest: &str, arguments: &[&str]) -> Value {
        outcome(&self.dry(rest, &[arguments, &["--output", "json"]].concat()))
    }

    /// Without what is another one each time.
    fn redacted(&self, text: &str) -> String {
        let mut text = text.replace(&self.directory.path().display().to_string(), "DIR");
        let stdout = format!("; it is {}", self.target.link(1).display());
        text = text.replace(&stdout, "; it is STDOUT");
        text = text.replace(&format!("\"is\": \"{}\"", self.target.link(1).display()), "\"is\": \"STDOUT\"");
        let permission = ["we have CAP_SYS_PTRACE", "its user is ours"];
        text = permission.iter().fold(text, |text, why| text.replace(why, "PERMISSION"));
        let pid = self.target.pid();
        ["process ", "thread ", "\"pid\": ", "\"tid\": "]
            .iter()
            .fold(text, |text, before| text.replace(&format!("{before}{pid}"), &format!("{before}PID")))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_owned()).unwrap()
}

#[test]
fn for_people() {
    let stage = stage("plain");
    let output = stage.dry(STEPS, &[]);
    assert_code(&output, 0);
    insta::assert_snapshot!("human", stage.redacted(&text(&output.stdout)));
    let output = stage.dry("steps: [{ dup2: [2, 1] }]\n", &["--program", "--freeze-timeout", "300ms", "--hold", "2s"]);
    assert_code(&output, 0);
    insta::assert_snapshot!("program_human", stage.redacted(&text(&output.stdout)));
}

#[test]
fn for_programs() {
    let stage = stage("plain");
    let object = stage.forecast(STEPS, &[]);
    insta::assert_snapshot!("json", stage.redacted(&format!("{object:#}")));
    let object = stage.forecast(STEPS, &["--program"]);
    let program = &object["targets"][0]["steps"][1]["forecast"]["program"];
    insta::assert_snapshot!("program_json", format!("{program:#}"));
    assert_eq!(object["changed"], true);
}

/// Nothing is traced, signalled or written to, and the target does not run: the kernel counts that.
#[test]
fn touches_nothing() {
    let stage = stage("thread");
    let plan = stage.plan(&STEPS.replace("thread: leader", "thread: all"));
    let before = Untouched::note(stage.target.pid());
    let trace = stage.directory.path().join("trace");
    let calls = "trace=ptrace,process_vm_writev,process_vm_readv,kill,tkill,tgkill,pidfd_send_signal,rt_sigqueueinfo,pidfd_getfd,write,pwrite64,pwritev,fork,vfork,clone,clone3";
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", calls, "-e", "signal=none", "-o"]).arg(&trace).arg(env!("CARGO_BIN_EXE_criu-plan"));
    let output = strace.args(["apply", "--dry-run", "--program", &plan, "--output", "json"]).output().unwrap();
    assert_code(&output, 0);
    let trace = fs::read_to_string(&trace).unwrap();
    let other: Vec<&str> =
        trace.lines().filter(|line| !line.contains(" write(1, ") && !line.contains(" write(2, ")).collect();
    assert!(trace.contains(" write(1, "), "{trace}");
    assert_eq!(other, Vec::<&str>::new());
    assert_eq!(Untouched::note(stage.target.pid()), before);
    assert!(!stage.directory.path().join("log").exists());
}

/// Who makes the calls: whoever is asleep in a call that goes on exactly, rather than who runs.
#[test]
fn the_thread_is_the_one_that_makes_them() {
    let directory = directory();
    // One of its other threads is in a timed wait, and one in pause.
    let life = Target::life("busy-leader 2", &directory.path().join("stdout"));
    until_paused(life.pid(), 1);
    let steps = "steps:\n  - gettid: []\n    capture: tid\n";
    let plan = format!("version: 1\ntargets: [{}]\n{steps}", life.pid());
    let dry = outcome(&apply(directory.path(), &plan, &["--dry-run"]));
    let thread = dry["targets"][0]["forecast"]["thread"].clone();
    assert_eq!(thread["doing"], "asleep in pause", "{dry:#}");
    assert_ne!(thread["tid"], life.pid());
    assert_eq!(dry["targets"][0]["forecast"]["threads"], 3);
    let done = outcome(&apply(directory.path(), &plan, &[]));
    assert_eq!(done["targets"][0]["captures"]["tid"], thread["tid"], "{done:#}");
}

/// Also where there is hardly any room, the first thread has ended, or many would do.
#[test]
fn the_forecast_comes_true() {
    let directory = directory();
    for (kind, paused) in [("deep", 0), ("dead-leader", 0), ("on-alternate", 0), ("dispatch", 0), ("threads 16", 8)] {
        let life = Target::life(kind, &directory.path().join("stdout"));
        until_paused(life.pid(), paused);
        let plan = format!("version: 1\ntargets: [{}]\nsteps: [{{ gettid: [], capture: tid }}]\n", life.pid());
        let dry = outcome(&apply(directory.path(), &plan, &["--dry-run"]));
        assert_eq!(dry["problems"], Value::Array(Vec::new()), "{kind}");
        let done = outcome(&apply(directory.path(), &plan, &[]));
        assert_eq!(done["targets"][0]["captures"]["tid"], dry["targets"][0]["forecast"]["thread"]["tid"], "{kind}");
    }
}

#[test]
fn what_becomes_of_what_it_does() {
    let steps = "steps:\n  - getpid: []\n";
    for (kind, call, eintr, doing, then) in [
        ("epoll_wait_unlimited", 232, "reissue", "asleep in epoll_wait", "its call is made anew"),
        ("epoll_wait_unlimited", 232, "leave", "asleep in epoll_wait", "its call ends in EINTR (--eintr leave)"),
        ("poll_unlimited", 7, "reissue", "asleep in poll", "its wait ends on time"),
        ("read", 0, "reissue", "asleep in read", "its call goes on"),
    ] {
        let directory = directory();
        let target = Target::start(Command::new(c("waits")).args([kind, "1000"]));
        let waits = || fs::read_to_string(format!("/proc/{}/syscall", target.pid())).unwrap();
        wait_until("it is in the call", || waits().starts_with(&format!("{call} ")));
        let plan = format!("version: 1\ntargets: [{}]\n{steps}", target.pid());
        let dry = outcome(&apply(directory.path(), &plan, &["--dry-run", "--eintr", eintr]));
        let thread = &dry["targets"][0]["forecast"]["thread"];
        assert_eq!((&thread["doing"], &thread["then"]), (&doing.into(), &then.into()), "{kind}: {dry:#}");
    }
}

#[test]
fn a_stopped_target_is_seen_to_be_one() {
    let stage = stage("plain");
    stage.target.signal(libc::SIGSTOP);
    wait_until("it is stopped", || stage.target.status("State").starts_with('T'));
    let thread = stage.forecast("steps: [{ getpid: [] }]\n", &[])["targets"][0]["forecast"]["thread"].clone();
    assert_eq!((&thread["state"], &thread["doing"]), (&"T".into(), &"stopped in pause".into()));
}

#[test]
fn a_target_that_is_left_alone() {
    let stage = stage("plain");
    let object = stage.forecast("unless: { comm: still }\nsteps: [{ getpid: [] }]\n", &["--detailed-exitcode"]);
    let target = &object["targets"][0];
    assert_eq!(target["outcome"], "unchanged");
    assert_eq!(target["forecast"]["left_alone"], "the plan's `unless` holds already");
    assert_eq!(target["forecast"]["thread"], Value::Null);
    assert_eq!(target["steps"][0]["forecast"]["undo"], Value::Null);
    assert_eq!(object["changed"], false);
}

/// What would certainly be refused inside the stop is refused, with the steps shown, and as it would be then.
#[test]
fn what_would_be_refused() {
    let stage = stage("thread");
    let steps = "steps:\n  - prctl: [PR_SET_NO_NEW_PRIVS, 1]\n    irreversible: true\n";
    let dry = stage.dry(steps, &["--output", "json"]);
    assert_code(&dry, 1);
    assert_eq!(codes(&dry), ["target::per-thread-call"]);
    let object = outcome(&dry);
    assert_eq!((&object["outcome"], &object["changed"]), (&"refused".into(), &false.into()));
    assert_eq!(object["targets"][0]["steps"][0]["state"], "not_run");
    let done = criu_plan().args(["apply", &stage.plan(steps), "--output", "json"]).output().unwrap();
    assert_code(&done, 1);
    assert_eq!(told(&done, &[]), told(&dry, &[]));
}

#[test]
fn seccomp_as_far_as_it_is_known() {
    if !is_root() {
        return;
    }
    let stage = stage("filter");
    let object = stage.forecast("steps: [{ getpid: [] }]\n", &[]);
    let seccomp = &object["targets"][0]["forecast"]["seccomp"];
    assert_eq!((&seccomp["mode"], &seccomp["filters"]), (&"filter".into(), &1.into()));
    assert!(seccomp["says"].as_str().unwrap().starts_with("what they say can't be read before it is stopped"));
    let strict = Target::still("strict");
    let plan = format!("version: 1\ntargets: [{}]\nsteps: [{{ getpid: [] }}]\n", strict.pid());
    let (dry, done) = (apply(stage.directory.path(), &plan, &["--dry-run"]), apply(stage.directory.path(), &plan, &[]));
    assert_code(&dry, 1);
    assert_eq!(codes(&dry), ["target::seccomp-refuses"]);
    assert_eq!(told(&done, &[]), told(&dry, &[]));
}

/// What is likely to be in the way, but may be over by then, is a warning.
#[test]
fn an_uninterruptible_wait_is_a_warning() {
    let directory = directory();
    let target = Target::still("vfork");
    wait_until("it waits for its child", || target.status("State").starts_with('D'));
    let plan = format!("version: 1\ntargets: [{}]\nsteps: [{{ getpid: [] }}]\n", target.pid());
    let dry = apply(directory.path(), &plan, &["--dry-run"]);
    let problems = outcome(&dry)["problems"].clone();
    let warning = problems.as_array().unwrap().iter().find(|problem| problem["code"] == "target::not-stopped");
    let warning = warning.unwrap_or_else(|| panic!("{problems:#}"));
    assert_eq!(warning["severity"], "warning");
    assert!(warning["message"].as_str().unwrap().contains("is in an uninterruptible wait"), "{warning:#}");
}

#[test]
fn each_target_has_a_forecast() {
    let (one, other, directory) = (Target::still("plain"), Target::still("thread"), directory());
    until_paused(other.pid(), 2);
    let targets = format!("[{{ pid: {}, name: one }}, {{ pid: {}, name: other }}]", one.pid(), other.pid());
    let steps = "[{ getpid: [], target: one }, { dup2: [2, 1] }, { umask: [0o22], unless: { threads: 2 } }]";
    let dry = apply(directory.path(), &format!("version: 1\ntargets: {targets}\nsteps: {steps}\n"), &["--dry-run"]);
    assert_code(&dry, 0);
    let targets = outcome(&dry)["targets"].clone();
    let told = |index: usize| {
        let target = &targets[index];
        let undo = target["steps"].as_array().unwrap().iter().map(|step| step["forecast"]["undo"].clone());
        (target["forecast"]["threads"].clone(), undo.collect::<Vec<_>>())
    };
    assert_eq!(told(0), (1.into(), vec!["nothing".into(), "takes_back".into(), "takes_back".into()]));
    assert_eq!(told(1), (2.into(), vec!["takes_back".into(), Value::Null]));
    assert_eq!(targets[1]["steps"][1]["note"], "its `unless` holds already");
}

#[test]
fn only_a_dry_run_shows_its_program() {
    assert_code(&criu_plan().args(["apply", "--program", "plan.yaml"]).output().unwrap(), 64);
}
