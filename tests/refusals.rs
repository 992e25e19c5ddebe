//! What is refused, with what words, and that nothing is touched.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use insta::assert_snapshot;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use support::*;

/// Runs the shipped redirect.
fn redirect_with(pid: &str, log: &Path, arguments: &[&str]) -> Output {
    let mut command = criu_plan();
    command.arg("apply").arg(redirect_plan()).args(["--output", "json", "--set", &format!("pid={pid}")]);
    command.args(["--set", &format!("log={}", log.display())]).args(arguments).output().unwrap()
}

/// Fails unless a run was refused; what it told, with pids replaced.
fn told_refused(output: &Output, replace: &[(i32, &str)]) -> String {
    assert_code(output, 1);
    let outcome = outcome(output);
    assert_eq!((&outcome["outcome"], &outcome["changed"]), (&"refused".into(), &false.into()), "{outcome:#}");
    let numbers: Vec<(String, &str)> = replace.iter().map(|(pid, name)| (pid.to_string(), *name)).collect();
    told(output, &numbers.iter().map(|(pid, name)| (pid.as_str(), *name)).collect::<Vec<_>>())
}

/// Redirects `pid`, which must be refused, and leave a waiting process alone.
fn refused(watched: &Target, pid: i32, replace: &[(i32, &str)]) -> String {
    let directory = directory();
    let log = directory.path().join("log");
    let before = Untouched::note(watched.pid());
    let output = redirect_with(&pid.to_string(), &log, &[]);
    assert_eq!(Untouched::note(watched.pid()), before);
    assert!(!log.exists());
    told_refused(&output, &[replace, &[(watched.pid(), "[pid]")]].concat())
}

/// The same as a plain user, of a process of any user's.
fn refused_to(user: &PlainUser, target: &Target) -> String {
    let before = Untouched::note(target.pid());
    let log = user.path("log");
    let output = user.redirect(target.pid(), &log, &[]);
    assert_eq!(Untouched::note(target.pid()), before);
    assert!(!log.exists());
    told_refused(&output, &[(target.pid(), "[pid]")])
}

/// Starts a kind of `still` as a plain user.
fn still_of(user: &PlainUser, options: &[&str], kind: &str) -> Target {
    let target = Target::start(user.command_with(options, user.c("still")).args(kind.split(' ')));
    target.until_asleep();
    target
}

#[test]
fn a_pid_that_nobody_has() {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    let pid = child.id() as i32;
    let watched = Target::still("plain");
    assert_snapshot!(refused(&watched, pid, &[(pid, "[gone]")]), @r"
    target::not-found: there is no process [gone]
      `ps -e` lists the processes; in a container the pid is that of this pid namespace
    ");
}

#[test]
fn a_pid_that_is_none() {
    let directory = directory();
    let output = redirect_with("0", &directory.path().join("log"), &[]);
    assert_snapshot!(told_refused(&output, &[]), @r"
    plan::pid: `0` is no pid
      a pid is a number above 0; variables are declared under `vars:`
    ");
}

#[test]
fn a_thread() {
    let target = Target::spawn(Command::new(c("still")).arg("thread"));
    let line = target.wait_for("thread ");
    let tid: i32 = line.trim_start_matches("thread ").parse().unwrap();
    target.until_asleep();
    assert_snapshot!(refused(&target, tid, &[(tid, "[tid]")]), @r"
    target::thread: [tid] is a thread of process [pid] (still)
      name the process: [pid]
    ");
}

#[test]
fn a_kernel_thread() {
    const PF_KTHREAD: u64 = 0x0020_0000;
    let kernel = |pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let flags = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(6)?.parse::<u64>().ok());
        flags.is_some_and(|flags| flags & PF_KTHREAD != 0)
    };
    // In a container there is none to see.
    let Some(pid) = (2..100).find(kernel) else { return };
    let comm = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
    let output = redirect_with(&pid.to_string(), Path::new("/nowhere/log"), &[]);
    let told = told_refused(&output, &[]).replace(comm.trim_end(), "[comm]").replace(&format!(" {pid} "), " [pid] ");
    assert_snapshot!(told, @r"
    target::kernel-thread: process [pid] ([comm]) is refused: it is a kernel thread and has no program to change
      name a process that runs a program; `ps` shows kernel threads in brackets
    ");
}

#[test]
fn a_zombie() {
    let parent = Target::spawn(Command::new(c("still")).arg("zombie"));
    let pid = parent.wait_for("zombie ").trim_start_matches("zombie ").parse().unwrap();
    parent.until_asleep();
    assert_snapshot!(refused(&parent, pid, &[(pid, "[zombie]")]), @r"
    target::zombie: process [zombie] (still) is refused: it has ended and waits for its parent to notice
      nothing runs in it any more; its parent is the one to look at
    ");
}

#[test]
fn one_that_is_traced() {
    let target = Target::still("plain");
    let mut strace = Command::new("strace")
        .args(["-o", "/dev/null", "-p", &target.pid().to_string()])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("strace has attached", || target.status("TracerPid") == strace.id().to_string());
    target.until_asleep();
    let text = refused(&target, target.pid(), &[(strace.id() as i32, "[tracer]")]);
    strace.kill().unwrap();
    strace.wait().unwrap();
    assert_snapshot!(text, @r"
    target::traced: process [pid] (still) is refused: process [tracer] (strace) traces it already
      a process has one tracer at a time: end the debugger or strace first
    ");
}

#[test]
fn a_process_of_another_user() {
    if !is_root() {
        return;
    }
    let user = PlainUser::new();
    let text = refused_to(&user, &Target::still("plain")).replace(&PLAIN_USER.to_string(), "[user]");
    assert_snapshot!(text, @r"
    target::not-permitted: process [pid] (still) may not be traced: its user is 0 (root), ours is [user], and CAP_SYS_PTRACE is missing
      run criu-plan as root, or as that user
    ");
}

#[test]
fn a_process_that_is_not_dumpable() {
    let user = PlainUser::new();
    let target = still_of(&user, &[], "undumpable");
    assert_snapshot!(refused_to(&user, &target), @r"
    target::not-permitted: process [pid] (still) may not be traced: it is not dumpable (PR_SET_DUMPABLE, or it ran a set-uid program)
      run criu-plan as root
    ");
}

#[test]
fn a_process_with_more_capabilities() {
    if !is_root() {
        return;
    }
    let user = PlainUser::new();
    let options = ["--inh-caps", "+net_bind_service", "--ambient-caps", "+net_bind_service"];
    let target = still_of(&user, &options, "plain");
    assert_ne!(target.status("CapPrm"), "0000000000000000");
    assert_snapshot!(refused_to(&user, &target), @r"
    target::not-permitted: process [pid] (still) may not be traced: it has capabilities that we have not
      run criu-plan as root
    ");
}

#[test]
fn a_process_in_somebody_elses_user_namespace() {
    if !is_root() {
        return;
    }
    let user = PlainUser::new();
    let target = Target::still(&format!("namespace {PLAIN_USER}"));
    assert_eq!(target.status("Uid").split_whitespace().next(), Some(&*PLAIN_USER.to_string()));
    assert_snapshot!(refused_to(&user, &target), @r"
    target::not-permitted: process [pid] (still) may not be traced: it is in another user namespace, where we have no CAP_SYS_PTRACE
      run criu-plan as root of the initial user namespace
    ");
}

#[test]
fn a_32_bit_process() {
    let target = Target::start(&mut Command::new(compat("compat")));
    target.until_asleep();
    assert_snapshot!(refused(&target, target.pid(), &[]), @r"
    target::compat: process [pid] (compat-32) is refused: it is a 32-bit program, which this version does not support
      a debugger of its own architecture, such as gdb, can make single calls in it
    ");
}

/// A cgroup of its own, thawed and removed in the end.
struct Cgroup {
    directory: PathBuf,
    freeze: &'static str,
    thawed: &'static str,
}

impl Cgroup {
    /// In a hierarchy of this type that is mounted with this option; `None` if there is none or it may not be used.
    fn new(kind: &str, option: &str, freeze: &'static str, thawed: &'static str) -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        let point = mounts.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            (fields[2] == kind && fields[3].split(',').any(|found| found == option)).then(|| fields[1].to_owned())
        })?;
        let directory = Path::new(&point).join(format!("criu-plan-test-{}-{freeze}", std::process::id()));
        fs::create_dir(&directory).ok()?;
        Some(Self { directory, freeze, thawed })
    }

    fn freeze(&self, pid: i32, frozen: &str, shown: (&str, &str)) {
        fs::write(self.directory.join("cgroup.procs"), pid.to_string()).unwrap();
        fs::write(self.directory.join(self.freeze), frozen).unwrap();
        let state = || fs::read_to_string(self.directory.join(shown.0)).unwrap();
        wait_until("the cgroup is frozen", || state().lines().any(|line| line == shown.1));
    }

    fn thaw(&self) {
        fs::write(self.directory.join(self.freeze), self.thawed).unwrap();
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        self.thaw();
        // Whoever is left in it goes back to the root.
        for pid in fs::read_to_string(self.directory.join("cgroup.procs")).unwrap_or_default().lines() {
            let _gone = fs::write(self.directory.parent().unwrap().join("cgroup.procs"), pid);
        }
        let _removed = fs::remove_dir(&self.directory);
    }
}

#[test]
fn a_process_in_a_frozen_cgroup() {
    if !is_root() {
        return;
    }
    let name = |cgroup: &Cgroup| cgroup.directory.file_name().unwrap().to_str().unwrap().to_owned();
    let mut target = Target::still("plain");
    if let Some(cgroup) = Cgroup::new("cgroup2", "rw", "cgroup.freeze", "0") {
        cgroup.freeze(target.pid(), "1", ("cgroup.events", "frozen 1"));
        let text = refused(&target, target.pid(), &[]).replace(&name(&cgroup), "[cgroup]");
        assert_snapshot!(text, @r"
        target::frozen: process [pid] (still) is refused: its cgroup /[cgroup] is frozen, so its threads can't be stopped
          thaw the cgroup first
        ");
    }
    if let Some(cgroup) = Cgroup::new("cgroup", "freezer", "freezer.state", "THAWED") {
        cgroup.freeze(target.pid(), "FROZEN", ("freezer.state", "FROZEN"));
        let text = refused(&target, target.pid(), &[]).replace(&name(&cgroup), "[cgroup]");
        assert_snapshot!(text, @r"
        target::frozen: process [pid] (still) is refused: its cgroup /[cgroup] is frozen, so its threads can't be stopped
          thaw the cgroup first
        ");
        // Frozen from above.
        let below = cgroup.directory.join("below");
        fs::create_dir(&below).unwrap();
        cgroup.thaw();
        fs::write(below.join("cgroup.procs"), target.pid().to_string()).unwrap();
        fs::write(cgroup.directory.join("freezer.state"), "FROZEN").unwrap();
        let state = || fs::read_to_string(below.join("freezer.state")).unwrap();
        wait_until("it is frozen from above", || state() == "FROZEN\n");
        let text = refused(&target, target.pid(), &[]).replace(&name(&cgroup), "[cgroup]");
        cgroup.thaw();
        fs::write(cgroup.directory.join("cgroup.procs"), target.pid().to_string()).unwrap();
        fs::remove_dir(&below).unwrap();
        assert_snapshot!(text, @r"
        target::frozen: process [pid] (still) is refused: its cgroup /[cgroup]/below is frozen, so its threads can't be stopped
          thaw the cgroup first
        ");
    }
    target.until_asleep();
    target.assert_well();
}

#[test]
fn seccomp_filters_that_may_not_be_read() {
    let user = PlainUser::new();
    let mut target = still_of(&user, &[], "filter");
    assert_snapshot!(refused_to(&user, &target), @r"
    target::seccomp-unreadable: process [pid] (still) is refused: it runs under seccomp filters, and only root may read what they allow
      run criu-plan as root, or give `--seccomp assume-allowed` if you know that the filters let the plan's calls through: one that they kill would kill the process
    ");
    let suspended = user.redirect(target.pid(), &user.path("log"), &["--seccomp", "suspend"]);
    assert_snapshot!(told_refused(&suspended, &[(target.pid(), "[pid]")]), @r"
    target::seccomp-not-suspended: process [pid] (still) is refused: it runs under seccomp filters, and only root may suspend them
      run criu-plan as root
    ");
    target.assert_well();
    assert!(!user.path("log").exists());
    // They let the redirect through.
    assert_code(&user.redirect(target.pid(), &user.path("log"), &["--seccomp", "assume-allowed"]), 0);
    assert_eq!(target.link(1), user.path("log"));
    target.assert_well();
}

#[test]
fn seccomp_filters_that_would_kill() {
    if !is_root() {
        return;
    }
    let directory = directory();
    let mut target = Target::still("no-dup2");
    let before = descriptors(target.pid());
    let log = directory.path().join("log");
    let output = redirect_with(&target.pid().to_string(), &log, &[]);
    assert_snapshot!(told_refused(&output, &[(target.pid(), "[pid]")]), @r"
    target::seccomp-refuses: process [pid] (still) is refused: the target's seccomp filters would kill the process for it: dup2
      leave the call out of the plan; `--seccomp suspend` switches the filters off while calls run, and is deadly for the target if criu-plan is killed in the middle of one
    ");
    assert_eq!(descriptors(target.pid()), before);
    assert!(!log.exists());
    target.assert_well();
    // With the filters off the call is made.
    assert_code(&redirect_with(&target.pid().to_string(), &log, &["--seccomp", "suspend"]), 0);
    assert_eq!(target.link(1), log);
    // They are on again afterwards.
    assert_eq!(target.status("Seccomp"), "2");
    target.assert_well();
    // Taken on trust, the call does what the help says of it.
    let other = directory.path().join("other");
    let output = redirect_with(&target.pid().to_string(), &other, &["--seccomp", "assume-allowed"]);
    assert_code(&output, 3);
    assert_eq!(outcome(&output)["outcome"], "in_doubt");
}

#[test]
fn the_strict_mode_of_seccomp() {
    if !is_root() {
        return;
    }
    let mut target = Target::still("strict");
    let before = descriptors(target.pid());
    let directory = directory();
    let output = redirect_with(&target.pid().to_string(), &directory.path().join("log"), &[]);
    assert_snapshot!(told_refused(&output, &[(target.pid(), "[pid]")]), @r"
    target::seccomp-refuses: process [pid] (still) is refused: the target's seccomp filters would kill the thread for it: open
      leave the call out of the plan; `--seccomp suspend` switches the filters off while calls run, and is deadly for the target if criu-plan is killed in the middle of one
    ");
    assert_eq!(descriptors(target.pid()), before);
    target.assert_well();
}

#[test]
fn an_ancestor_and_itself() {
    let directory = directory();
    let plan = directory.path().join("plan.yaml");
    let pidfile = directory.path().join("pid");
    let text = format!("version: 1\ntargets: [{{pidfile: {}}}]\nsteps: [{{getpid: []}}]\n", pidfile.display());
    fs::write(&plan, text).unwrap();
    let shell = |then: &str| {
        let script =
            format!("echo $$ >{}; {then} \"$0\" apply {} --output json; exit $?", pidfile.display(), plan.display());
        let output = Command::new("sh").args(["-c", &script, env!("CARGO_BIN_EXE_criu-plan")]).output().unwrap();
        let pid = fs::read_to_string(&pidfile).unwrap().trim().parse().unwrap();
        told_refused(&output, &[(pid, "[pid]")])
    };
    assert_snapshot!(shell(""), @r"
    target::ancestor: process [pid] (sh) is refused: it waits for criu-plan (it is one of its ancestors), which would wait for it
      run criu-plan from another shell, or detached (`setsid`)
    ");
    assert_snapshot!(shell("exec"), @r"
    target::self: process [pid] (criu-plan) is refused: it is criu-plan itself
      name the process that is to be changed
    ");
    assert_snapshot!(shell("env sh -c '\"$@\"; exit $?' sh"), @r"
    target::ancestor: process [pid] (sh) is refused: it waits for criu-plan (it is one of its ancestors), which would wait for it
      run criu-plan from another shell, or detached (`setsid`)
    ");
}

/// Runs a plan that changes its targets, given their list, which must be refused and leave a process alone.
fn plan_refused(watched: &Target, targets: &str) -> String {
    let directory = directory();
    let plan = format!("version: 1\ntargets: {targets}\nsteps: [{{dup2: [2, 1]}}]\n");
    let before = Untouched::note(watched.pid());
    let output = apply(directory.path(), &plan, &[]);
    assert_eq!(Untouched::note(watched.pid()), before);
    told_refused(&output, &[(watched.pid(), "[pid]")])
}

#[test]
fn a_target_twice() {
    let target = Target::still("plain");
    let pid = target.pid();
    assert_snapshot!(plan_refused(&target, &format!("[{pid}, {pid}]")), @r"
    target::twice: process [pid] is a target twice
      name each process once; steps without `target:` run in all targets
    ");
}

#[test]
fn pidfiles() {
    let directory = directory();
    let target = Target::still("plain");
    let path = directory.path().join("app.pid");
    let refused = || {
        let text = plan_refused(&target, &format!("[{{pidfile: {}}}]", path.display()));
        text.replace(directory.path().to_str().unwrap(), "[dir]")
    };
    assert_snapshot!(refused(), @r"
    target::pidfile: the pidfile [dir]/app.pid can't be read: No such file or directory (os error 2)
      name the file that the process writes its pid to; most remove it when they end
    ");
    for (content, code) in [
        ("", "target::pidfile"),
        ("\n", "target::pidfile"),
        ("-1", "target::pidfile"),
        ("0", "target::pidfile"),
        ("99999999999", "target::pidfile"),
        ("\u{0}\u{0}", "target::pidfile"),
    ] {
        fs::write(&path, content).unwrap();
        assert!(refused().starts_with(code), "{content:?}");
    }
    fs::write(&path, "nginx 12").unwrap();
    assert_snapshot!(refused(), @r#"
    target::pidfile: the pidfile [dir]/app.pid holds no pid: "nginx 12"
      it should hold one decimal number
    "#);
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert_snapshot!(refused(), @r"
    target::pidfile: the pidfile [dir]/app.pid can't be read: stream did not contain valid UTF-8
      name the file that the process writes its pid to; most remove it when they end
    ");
    let mut stale = Command::new("true").spawn().unwrap();
    stale.wait().unwrap();
    fs::write(&path, format!("{}\n", stale.id())).unwrap();
    assert_snapshot!(refused().replace(&stale.id().to_string(), "[gone]"), @r"
    target::not-found: there is no process [gone], which the pidfile [dir]/app.pid names
      the pidfile may be left over from a process that has ended
    ");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_snapshot!(refused(), @r"
    target::pidfile: the pidfile [dir]/app.pid can't be read: Is a directory (os error 21)
      name the file that the process writes its pid to; most remove it when they end
    ");
}

#[test]
fn another_program_than_expected() {
    let target = Target::still("plain");
    let exe = target.status("Name");
    assert_eq!(exe, "still");
    let expect = "{ exe: /usr/bin/app, comm: app, user: \"12345\" }";
    let targets = format!("[{{pid: {}, expect: {expect}}}]", target.pid());
    let text = plan_refused(&target, &targets);
    let text = text.replace(c("still").to_str().unwrap(), "[exe]");
    assert_snapshot!(text, @r"
    target::unexpected: process [pid] (still): exe is [exe], not /usr/bin/app
      the plan's `expect` keeps it from touching another process; nothing was done
    target::unexpected: process [pid] (still): comm is still, not app
      the plan's `expect` keeps it from touching another process; nothing was done
    target::unexpected: process [pid] (still): user is root, not 12345
      the plan's `expect` keeps it from touching another process; nothing was done
    ");
}

#[test]
fn one_bad_target_of_two() {
    let good = Target::still("plain");
    let parent = Target::spawn(Command::new(c("still")).arg("zombie"));
    let zombie: i32 = parent.wait_for("zombie ").trim_start_matches("zombie ").parse().unwrap();
    let text = plan_refused(&good, &format!("[{}, {zombie}, 4194304]", good.pid()));
    assert_snapshot!(text.replace(&zombie.to_string(), "[zombie]"), @r"
    target::zombie: process [zombie] (still) is refused: it has ended and waits for its parent to notice
      nothing runs in it any more; its parent is the one to look at
    target::not-found: there is no process 4194304
      `ps -e` lists the processes; in a container the pid is that of this pid namespace
    ");
    // Found out only once both stand still: what the filters of the second say.
    if is_root() {
        let filtered = Target::still("no-dup2");
        let directory = directory();
        let plan = format!("version: 1\ntargets: [{}, {}]\nsteps: [{{dup2: [2, 1]}}]\n", good.pid(), filtered.pid());
        let before = [&good, &filtered].map(|target| descriptors(target.pid()));
        let output = apply(directory.path(), &plan, &[]);
        assert_snapshot!(told_refused(&output, &[(good.pid(), "[good]"), (filtered.pid(), "[pid]")]), @r"
        target::seccomp-refuses: process [pid] (still) is refused: the target's seccomp filters would kill the process for it: dup2
          leave the call out of the plan; `--seccomp suspend` switches the filters off while calls run, and is deadly for the target if criu-plan is killed in the middle of one
        ");
        assert_eq!([&good, &filtered].map(|target| descriptors(target.pid())), before);
        assert!([good, filtered].iter_mut().all(|target| {
            target.assert_well();
            true
        }));
    }
}

#[test]
fn a_parent_whose_vfork_child_never_runs_a_program() {
    let directory = directory();
    let mut target = Target::spawn(Command::new(c("still")).arg("vfork"));
    let child: i32 = target.wait_for("child ").trim_start_matches("child ").parse().unwrap();
    wait_until("it waits for its child", || target.status("State").starts_with('D'));
    let before = descriptors(target.pid());
    let log = directory.path().join("log");
    let output = redirect_with(&target.pid().to_string(), &log, &["--freeze-timeout", "200ms"]);
    assert_snapshot!(told_refused(&output, &[(target.pid(), "[pid]")]), @r"
    target::not-stopped: process [pid] (still): thread [pid] did not stop within 200ms
      a thread in an uninterruptible wait (state D: a disk, a network file system, a vfork child that has not run its program yet) can't be stopped; try again, or give --freeze-timeout more time
    ");
    assert!(!log.exists());
    assert_eq!(descriptors(target.pid()), before);
    target.assert_well();
    // It goes on when its child lets it.
    // SAFETY: kill takes numbers only; the child is the target's and has not been waited for.
    assert_eq!(unsafe { libc::kill(child, libc::SIGKILL) }, 0);
    wait_until("it waits for signals", || target.status("State").starts_with('S'));
    assert_code(&redirect_with(&target.pid().to_string(), &log, &[]), 0);
    target.assert_well();
}

#[test]
fn one_that_runs_a_new_program_all_the_time() {
    let directory = directory();
    let first = directory.path().join("first");
    let stdout = fs::File::create(&first).unwrap();
    let mut target = Target::start(Command::new(c("still")).arg("exec-loop").stdout(stdout));
    let mut present = first;
    for round in 0..25 {
        let log = directory.path().join(format!("log-{round}"));
        let output = redirect_with(&target.pid().to_string(), &log, &[]);
        match output.status.code() {
            Some(0) => present = log,
            _ => {
                assert_code(&output, 1);
                assert!(!log.exists(), "{}", String::from_utf8_lossy(&output.stdout));
            }
        }
        assert_eq!(target.link(1), present);
        wait_for_growth(&present, fs::metadata(&present).unwrap().len());
        target.assert_well();
    }
}

#[test]
fn bad_usage() {
    let target = Target::still("plain");
    let pid = target.pid().to_string();
    let lines: [&[&str]; 9] = [
        &["exec", "-t", &pid, "close", "abc"],
        &["exec", "-t", &pid, "close", "1", "2"],
        &["exec", "-t", &pid, "clsoe", "1"],
        &["exec", "-t", &pid, "close", "99999999999999999999"],
        &["exec", "-t", &pid, "exit", "1"],
        &["exec", "-t", "abc", "close", "1"],
        &["exec", "-t", &pid, "--hold", "5x", "close", "1"],
        &["exec", "-t", &pid, "--seccomp", "ignore", "close", "1"],
        &["exec", "close", "1"],
    ];
    let before = Untouched::note(target.pid());
    for line in lines {
        let output = criu_plan().args(line).output().unwrap();
        assert_code(&output, 64);
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{line:?}");
    }
    assert_eq!(Untouched::note(target.pid()), before);
}
