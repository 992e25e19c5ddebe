//! Runs that are interrupted, that are killed, that take too long, or whose output goes nowhere: the target is let go, as it
//! was, and the exit code says what came of it.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use support::*;

/// A target, and a run in it that has redirected its stdout and waits at a gate.
struct Waiting {
    target: Target,
    directory: tempfile::TempDir,
    gate: Gate,
    before: Snapshot,
    run: Child,
}

impl Waiting {
    fn start(arguments: &[&str]) -> Self {
        let directory = directory();
        let target = Target::life("plain", &directory.path().join("first"));
        let gate = Gate::new(directory.path());
        let before = target.snapshot();
        let log = directory.path().join("log");
        let open = format!("{{open: [{}, 'O_WRONLY|O_CREAT|O_APPEND|O_CLOEXEC', 0o644], capture: log}}", log.display());
        let plan = format!(
            "version: 1\ntargets: [{}]\nsteps: [{open}, {{dup2: ['${{log}}', 1]}}, {}]\n",
            target.pid(),
            gate.step()
        );
        let run = start(directory.path(), &plan, arguments);
        gate.wait_for(&target);
        assert_eq!(target.link(1), log);
        Self { target, directory, gate, before, run }
    }

    /// The process that traces.
    fn tracer(&self) -> i32 {
        self.target.status("TracerPid").parse().unwrap()
    }

    fn front_end(&self) -> i32 {
        self.run.id() as i32
    }

    /// Fails unless the target goes on as before the run, and nothing is left.
    fn assert_as_before(&mut self) {
        wait_until("the target is let go", || self.target.status("TracerPid") == "0");
        let first = self.directory.path().join("first");
        assert_eq!(self.target.link(1), first);
        assert!(!self.directory.path().join("log").exists());
        assert_same(&self.before, &self.target.snapshot());
        wait_for_growth(&first, fs::metadata(&first).unwrap().len());
        self.target.assert_well();
    }
}

fn kill(pid: i32, signal: i32) {
    // SAFETY: kill takes numbers only; the pid is a child of ours that was not waited for, or its child.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
}

/// Whether a process has ended; one that nobody waits for counts.
fn has_ended(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .map_or(true, |stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['Z', 'X'])))
}

/// The end of a run, which must come soon.
fn ended(mut run: Child) -> Output {
    wait_until("the run ends", || run.try_wait().unwrap().is_some());
    run.wait_with_output().unwrap()
}

#[test]
fn signals_roll_back() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        let mut waiting = Waiting::start(&[]);
        let tracer = waiting.tracer();
        assert_ne!(tracer, waiting.front_end());
        kill(waiting.front_end(), signal);
        waiting.assert_as_before();
        let output = ended(waiting.run);
        assert_code(&output, 128 + signal);
        let outcome = outcome(&output);
        assert_eq!((&outcome["outcome"], &outcome["changed"]), (&json!("rolled_back"), &json!(false)), "{outcome:#}");
        assert!(outcome["problems"][0]["message"].as_str().unwrap().contains(&format!("signal {signal}")));
        assert!(has_ended(tracer));
    }
}

#[test]
fn a_signal_of_the_terminal_does_not_reach_the_tracing_process() {
    let waiting = Waiting::start(&[]);
    let group_and_session = |pid: i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let fields = stat.rsplit(") ").next().unwrap().split(' ').map(str::to_owned).collect::<Vec<_>>();
        (fields[2].clone(), fields[3].clone())
    };
    // In a session of its own it would compete for the processor as a group of its own (sched(7), autogroup).
    let (group, session) = group_and_session(waiting.tracer());
    assert_eq!(group, waiting.tracer().to_string());
    assert_eq!(group_and_session(waiting.front_end()).1, session);
    let _open = waiting.gate.let_on();
    assert_code(&ended(waiting.run), 0);
}

#[test]
fn a_front_end_that_is_killed_leaves_nothing() {
    let mut waiting = Waiting::start(&[]);
    let tracer = waiting.tracer();
    kill(waiting.front_end(), libc::SIGKILL);
    waiting.assert_as_before();
    wait_until("the tracing process ends", || has_ended(tracer));
    assert_eq!(ended(waiting.run).status.signal(), Some(libc::SIGKILL));
}

#[test]
fn a_front_end_that_is_killed_while_threads_are_being_stopped_leaves_nothing() {
    let directory = directory();
    let mut target = Target::spawn(Command::new(c("still")).arg("vfork"));
    target.wait_for("child ");
    let plan = format!("version: 1\ntargets: [{}]\nsteps: [{{dup2: [2, 1]}}]\n", target.pid());
    let mut run = start(directory.path(), &plan, &["--freeze-timeout", "30s"]);
    wait_until("it is traced", || target.status("TracerPid") != "0");
    let tracer: i32 = target.status("TracerPid").parse().unwrap();
    run.kill().unwrap();
    wait_until("it is let go", || target.status("TracerPid") == "0");
    wait_until("the tracing process ends", || has_ended(tracer));
    run.wait().unwrap();
    target.assert_well();
}

#[test]
fn a_tracing_process_that_is_killed_is_reported() {
    let mut waiting = Waiting::start(&[]);
    kill(waiting.tracer(), libc::SIGKILL);
    let output = ended(waiting.run);
    assert_code(&output, 3);
    let outcome = outcome(&output);
    assert_eq!((&outcome["outcome"], &outcome["changed"]), (&json!("in_doubt"), &json!(true)), "{outcome:#}");
    let target = &outcome["targets"][0];
    assert_eq!((&target["outcome"], &target["pid"]), (&json!("in_doubt"), &json!(waiting.target.pid())));
    let states: Vec<&Value> = target["steps"].as_array().unwrap().iter().map(|step| &step["state"]).collect();
    assert_eq!(states, ["done", "done", "in_doubt"]);
    assert_eq!(target["steps"][1]["result"], 1);
    let problem = &outcome["problems"][0];
    assert_eq!(problem["code"], "run::child-died");
    assert!(problem["message"].as_str().unwrap().contains("SIGKILL"), "{problem:#}");
    // Its thread is in our call, hears signals, and is itself again when the call returns.
    assert_eq!(waiting.target.status("TracerPid"), "0");
    assert_eq!(waiting.target.status("SigBlk"), "0000000000000000");
    let _open = waiting.gate.let_on();
    wait_for_growth(&waiting.directory.path().join("log"), 0);
    waiting.target.assert_well();
}

#[test]
fn a_tracing_process_that_is_killed_before_a_step_has_touched_nothing() {
    let directory = directory();
    // It takes a second to stop, which it does not.
    let mut target = Target::spawn(Command::new(c("still")).arg("vfork"));
    target.wait_for("child ");
    let plan = format!("version: 1\ntargets: [{}]\nsteps: [{{dup2: [2, 1]}}]\n", target.pid());
    let run = start(directory.path(), &plan, &["--freeze-timeout", "30s"]);
    wait_until("it is traced", || target.status("TracerPid") != "0");
    kill(target.status("TracerPid").parse().unwrap(), libc::SIGKILL);
    let output = ended(run);
    assert_code(&output, 1);
    let outcome = outcome(&output);
    assert_eq!((&outcome["outcome"], &outcome["changed"]), (&json!("refused"), &json!(false)), "{outcome:#}");
    assert_eq!(codes(&output), ["run::child-died"]);
    wait_until("it is let go", || target.status("TracerPid") == "0");
    target.assert_well();
}

#[test]
fn a_signal_while_threads_are_being_stopped_refuses() {
    let directory = directory();
    let mut target = Target::spawn(Command::new(c("still")).arg("vfork"));
    target.wait_for("child ");
    let plan = format!("version: 1\ntargets: [{}]\nsteps: [{{dup2: [2, 1]}}]\n", target.pid());
    let run = start(directory.path(), &plan, &["--freeze-timeout", "30s"]);
    wait_until("it is traced", || target.status("TracerPid") != "0");
    kill(run.id() as i32, libc::SIGINT);
    let output = ended(run);
    assert_code(&output, 128 + libc::SIGINT);
    assert_eq!(
        (&outcome(&output)["outcome"], codes(&output)),
        (&json!("refused"), vec!["run::interrupted".to_owned()])
    );
    target.assert_well();
}

#[test]
fn a_front_end_that_is_stopped_does_not_keep_the_target() {
    let mut waiting = Waiting::start(&["--hold", "1s"]);
    kill(waiting.front_end(), libc::SIGSTOP);
    // While it is stopped.
    waiting.assert_as_before();
    assert!(waiting.run.try_wait().unwrap().is_none());
    kill(waiting.front_end(), libc::SIGCONT);
    let output = ended(waiting.run);
    assert_code(&output, 1);
    assert_eq!(outcome(&output)["outcome"], "rolled_back");
}

#[test]
fn a_target_that_is_stopped_while_a_step_waits_stays_stopped() {
    let mut waiting = Waiting::start(&[]);
    waiting.target.signal(libc::SIGSTOP);
    // The signal ends the wait, and the step with it.
    let output = ended(std::mem::replace(&mut waiting.run, Command::new("true").spawn().unwrap()));
    assert_code(&output, 1);
    assert_eq!(outcome(&output)["outcome"], "rolled_back");
    wait_until("it is stopped", || waiting.target.status("State").starts_with('T'));
    waiting.target.signal(libc::SIGCONT);
    waiting.assert_as_before();
    waiting.run.wait().unwrap();
}

#[test]
fn a_target_that_gets_a_signal_while_a_step_waits_loses_nothing() {
    let directory = directory();
    // It has no children, whose ends would be signals as well.
    let handled = "trap 'echo handled >&2' USR1; echo ready >&2; while :; do :; done";
    let mut target = Target::start(Command::new("sh").args(["-c", handled]).stdout(Stdio::null()));
    let gate = Gate::new(directory.path());
    let plan = format!("version: 1\ntargets: [{}]\nsteps: [{{dup2: [0, 1]}}, {}]\n", target.pid(), gate.step());
    let run = start(directory.path(), &plan, &[]);
    gate.wait_for(&target);
    target.signal(libc::SIGUSR1);
    let output = ended(run);
    assert_code(&output, 1);
    assert_eq!(outcome(&output)["outcome"], "rolled_back");
    target.wait_for("handled");
    target.assert_well();
}

#[test]
fn what_is_held_too_long_is_let_go() {
    let begun = Instant::now();
    let mut waiting = Waiting::start(&["--hold", "700ms"]);
    waiting.assert_as_before();
    assert!(begun.elapsed() > Duration::from_millis(700));
    let output = ended(waiting.run);
    assert_code(&output, 1);
    let outcome = outcome(&output);
    assert_eq!((&outcome["outcome"], &outcome["changed"]), (&json!("rolled_back"), &json!(false)), "{outcome:#}");
    let step = &outcome["targets"][0]["steps"][2];
    assert_eq!((&step["state"], &step["undone"]), (&json!("failed"), &json!(false)));
    let stall = outcome["targets"][0]["stall_us"].as_u64().unwrap();
    assert!(stall > 700_000, "{stall}");
}

#[test]
fn a_step_that_takes_longer_than_its_own_time_fails() {
    let directory = directory();
    let mut target = Target::life("plain", &directory.path().join("first"));
    let steps = "{dup2: [2, 1]}, {pause: [], timeout: 100ms}";
    let plan = format!("version: 1\ntargets: [{}]\nsteps: [{steps}]\n", target.pid());
    let output = apply(directory.path(), &plan, &["--hold", "30s"]);
    assert_code(&output, 1);
    assert_eq!(outcome(&output)["outcome"], "rolled_back");
    assert_eq!(target.link(1), directory.path().join("first"));
    target.assert_well();
}

#[test]
fn signals_that_whoever_started_it_ignored_or_blocked() {
    let directory = directory();
    let mut target = Target::life("plain", &directory.path().join("first"));
    for (round, option) in ["--ignore-signal", "--block-signal"].into_iter().enumerate() {
        let log = directory.path().join(format!("log-{round}"));
        let mut command = Command::new("env");
        command.arg(option).arg(env!("CARGO_BIN_EXE_criu-plan")).arg("apply").arg(redirect_plan());
        command.args(["--output", "json", "--set", &format!("pid={}", target.pid())]);
        let output = command.args(["--set", &format!("log={}", log.display())]).output().unwrap();
        assert_code(&output, 0);
        assert_eq!((&outcome(&output)["outcome"], target.link(1)), (&json!("applied"), log));
        target.assert_well();
    }
}

#[test]
fn output_that_goes_nowhere() {
    let directory = directory();
    let mut target = Target::life("plain", &directory.path().join("first"));
    let plan = redirect_plan();
    for (round, (command, streams)) in [
        ("apply", ">&-"),
        ("apply", "2>&-"),
        ("apply", "<&- >&- 2>&-"),
        ("apply", ">/dev/full"),
        ("apply", ">/dev/full 2>&1"),
        ("apply --trace", "2>/dev/full"),
        ("apply --output json", "| head -c 0"),
        ("apply --output json --trace", "2>&1 | head -c 1"),
        ("apply --output json", ">/dev/full 2>&1"),
    ]
    .into_iter()
    .enumerate()
    {
        let log = directory.path().join(format!("log-{round}"));
        let pipeline = format!(
            "{{ \"$0\" {command} {} --set pid={} --set log={}; echo $? >{}/code; }} {streams}",
            plan.display(),
            target.pid(),
            log.display(),
            directory.path().display()
        );
        let output = Command::new("sh").args(["-c", &pipeline, env!("CARGO_BIN_EXE_criu-plan")]).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains("panicked"), "{streams}");
        assert_eq!(text.contains("standard output can't be written"), streams == ">/dev/full", "{streams}: {text}");
        let code = fs::read_to_string(directory.path().join("code")).unwrap();
        assert_eq!((code.trim(), target.link(1)), ("0", log), "{command} {streams}");
        target.assert_well();
    }
}

#[test]
fn a_target_that_our_output_goes_through() {
    // More than a pipe holds, and nobody but the target empties it.
    let steps = vec!["{getpid: [], name: a step with a name that takes some room in the report}"; 600].join(", ");
    let directory = directory();
    let path = directory.path().join("plan.yaml");
    let file = directory.path().join("output");
    let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(File::create(&file).unwrap()).spawn().unwrap();
    fs::write(&path, format!("version: 1\ntargets: [{}]\nsteps: [{steps}]\n", cat.id())).unwrap();
    let pipe = cat.stdin.take().unwrap();
    let mut command = criu_plan();
    command.arg("apply").arg(path).args(["--output", "json"]).stdout(pipe);
    let run = command.spawn().unwrap();
    // It holds the other end of the pipe, which would keep cat waiting.
    drop(command);
    assert_code(&ended(run), 0);
    wait_until("cat has passed on everything", || cat.try_wait().unwrap().is_some());
    assert!(cat.wait().unwrap().success());
    let mut text = String::new();
    File::open(file).unwrap().read_to_string(&mut text).unwrap();
    assert!(text.len() > 65_536);
    let outcome: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(outcome["targets"][0]["steps"].as_array().unwrap().len(), 600);
}
