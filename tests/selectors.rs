//! How targets are found among other processes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::*;

/// A program of this test's own, so that no other process is called so.
fn program(directory: &Path, name: &str) -> PathBuf {
    let path = directory.join(name);
    fs::copy(c("life"), &path).unwrap();
    path
}

fn start(program: &Path, kind: &str) -> Target {
    Target::start(Command::new(program).args(kind.split(' ')).stdout(std::process::Stdio::null()))
}

/// Plans a look at whatever a target entry finds.
fn find(directory: &Path, target: &str) -> Output {
    apply(directory, &format!("version: 1\ntargets: [{{ {target} }}]\nsteps: [{{ getpid: [] }}]\n"), &["--dry-run"])
}

fn found(directory: &Path, target: &str) -> BTreeSet<i32> {
    let output = find(directory, target);
    assert_code(&output, 0);
    let outcome = outcome(&output);
    outcome["targets"].as_array().unwrap().iter().map(|target| target["pid"].as_i64().unwrap() as i32).collect()
}

/// The code of the problem, and all that is said of it.
fn refused(directory: &Path, target: &str) -> (String, String) {
    let output = find(directory, target);
    assert_code(&output, 1);
    let problem = outcome(&output)["problems"][0].clone();
    let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    (text("code"), format!("{}\n{}", text("message"), text("help")))
}

#[test]
fn by_what_they_are() {
    let directory = directory();
    let here = directory.path();
    let one = program(here, "sel-one");
    let other = program(here, "sel-other");
    let [a, b] = ["plain", "threads 3"].map(|kind| start(&one, kind));
    let c = start(&other, "plain");
    let set = |targets: &[&Target]| targets.iter().map(|target| target.pid()).collect::<BTreeSet<_>>();
    assert_eq!(found(here, "match: { comm: sel-other }"), set(&[&c]));
    assert_eq!(found(here, "match: { comm: sel-one, threads: 4 }"), set(&[&b]));
    assert_eq!(found(here, "match: { comm: \"sel-*\", cmdline: \"*sel-one plain\" }"), set(&[&a]));
    assert_eq!(found(here, &format!("match: {{ exe: {} }}", other.display())), set(&[&c]));
    assert_eq!(found(here, &format!("match: {{ exe: \"{}/sel-on?\" }}, count: 2", here.display())), set(&[&a, &b]));
    assert_eq!(found(here, "match: { comm: \"sel-o*\", user: root }, count: any"), set(&[&a, &b, &c]));
    assert_eq!(found(here, "match: { comm: \"sel-o*\", not: { comm: sel-one } }"), set(&[&c]));
}

#[test]
fn none_or_too_many() {
    let directory = directory();
    let here = directory.path();
    let program = program(here, "sel-many");
    let targets: Vec<Target> = (0..7).map(|_| start(&program, "plain")).collect();
    let (code, text) = refused(here, "match: { comm: sel-many }");
    assert_eq!(code, "target::wrong-count");
    assert!(text.starts_with("7 processes fit this `match`, and there must be 1: "), "{text}");
    for target in &targets[..5] {
        assert!(text.contains(&format!("{} (sel-many) {} plain", target.pid(), program.display())), "{text}");
    }
    assert!(text.contains("and 2 more"), "{text}");
    assert!(text.contains("`count: 7` or `count: any`"), "{text}");
    let (code, text) = refused(here, "match: { comm: sel-many }, count: 8");
    assert_eq!(code, "target::wrong-count");
    assert!(text.contains("there must be 8"), "{text}");
    let (code, text) = refused(here, "match: { comm: sel-many, user: nobody, exe: /no/such }, count: any");
    assert_eq!(code, "target::not-found");
    assert!(text.contains("`comm` holds for 7") && text.contains("`exe` holds for none"), "{text}");
    let output = apply(
        here,
        &format!(
            "version: 1\ntargets: [{{ match: {{ comm: sel-many }}, count: any }}, {}]\nsteps: [{{ getpid: [] }}]\n",
            targets[0].pid()
        ),
        &[],
    );
    assert_eq!(codes(&output), ["target::twice"]);
}

#[test]
fn by_user() {
    let directory = directory();
    let here = directory.path();
    let program = program(here, "sel-user");
    let _root = start(&program, "plain");
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&program).arg("plain");
    let other = Target::start(command.stdout(std::process::Stdio::null()));
    assert_eq!(found(here, "match: { comm: sel-user, user: nobody }"), BTreeSet::from([other.pid()]));
    assert_eq!(found(here, "match: { comm: sel-user, user: 65534 }"), BTreeSet::from([other.pid()]));
}

const LISTEN: &str = "
import socket, sys, time
kind, at = sys.argv[1:3]
family = {'tcp': socket.AF_INET, 'udp': socket.AF_INET, 'tcp6': socket.AF_INET6, 'unix': socket.AF_UNIX}[kind]
s = socket.socket(family, socket.SOCK_DGRAM if kind == 'udp' else socket.SOCK_STREAM)
s.bind(at if kind == 'unix' else ('::1' if kind == 'tcp6' else '127.0.0.1', 0))
if kind != 'udp': s.listen()
print('ready', s.getsockname()[1] if kind != 'unix' else 0, file=sys.stderr, flush=True)
time.sleep(600)
";

#[test]
fn by_where_they_listen() {
    let directory = directory();
    let here = directory.path();
    let path = here.join("a socket.sock").display().to_string();
    let listen = |kind: &str| {
        let target = Target::spawn(Command::new("python3").args(["-c", LISTEN, kind, &path]));
        let port: u16 = target.wait_for("ready").rsplit(' ').next().unwrap().parse().unwrap();
        (target, port)
    };
    let [(tcp, tcp_port), (udp, udp_port), (tcp6, tcp6_port), (unix, _)] = ["tcp", "udp", "tcp6", "unix"].map(listen);
    let alone = |target: &Target| BTreeSet::from([target.pid()]);
    assert_eq!(found(here, &format!("match: {{ listen: tcp/{tcp_port} }}")), alone(&tcp));
    assert_eq!(found(here, &format!("match: {{ listen: tcp4/{tcp_port} }}")), alone(&tcp));
    assert_eq!(found(here, &format!("match: {{ listen: udp/{udp_port} }}")), alone(&udp));
    assert_eq!(found(here, &format!("match: {{ listen: tcp6/{tcp6_port} }}")), alone(&tcp6));
    assert_eq!(found(here, &format!("match: {{ listen: tcp/{tcp6_port} }}")), alone(&tcp6));
    assert_eq!(found(here, &format!("match: {{ listen: \"unix:{path}\" }}")), alone(&unix));
    assert_eq!(refused(here, &format!("match: {{ listen: tcp6/{tcp_port} }}")).0, "target::not-found");
    assert_eq!(refused(here, &format!("match: {{ listen: udp/{tcp_port} }}")).0, "target::not-found");
}

/// Where the cgroup hierarchy of version 2 is mounted.
fn cgroups() -> PathBuf {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let fields: Vec<Vec<&str>> = mounts.lines().map(|line| line.split(' ').collect()).collect();
    PathBuf::from(fields.iter().find(|fields| fields[2] == "cgroup2").expect("cgroup2 is mounted nowhere")[1])
}

#[test]
fn by_cgroup_and_unit() {
    let directory = directory();
    let here = directory.path();
    let slice = cgroups().join("criuplantest.slice");
    let unit = slice.join("sel-unit.service");
    fs::create_dir_all(&unit).unwrap();
    let program = program(here, "sel-unit");
    let inside = start(&program, "plain");
    let outside = start(&program, "plain");
    fs::write(unit.join("cgroup.procs"), inside.pid().to_string()).unwrap();
    let find = |fact: &str| found(here, &format!("match: {{ comm: sel-unit, {fact} }}"));
    let results = [
        find("unit: sel-unit.service"),
        find("unit: sel-unit"),
        find("unit: \"sel-*\""),
        find("cgroup: /criuplantest.slice/sel-unit.service"),
        find("cgroup: \"/criuplantest.slice/*\""),
    ];
    let others = find("not: { unit: sel-unit }");
    let (inside_pid, outside_pid) = (inside.pid(), outside.pid());
    drop(inside);
    wait_until("the cgroup is empty", || fs::remove_dir(&unit).is_ok());
    fs::remove_dir(&slice).unwrap();
    assert!(results.iter().all(|found| *found == BTreeSet::from([inside_pid])), "{results:?}");
    assert_eq!(others, BTreeSet::from([outside_pid]));
}

#[test]
fn with_those_that_they_started() {
    let directory = directory();
    let here = directory.path();
    let child = program(here, "sel-child");
    let shell = here.join("sel-parent");
    fs::copy(fs::canonicalize("/bin/sh").unwrap(), &shell).unwrap();
    let run = child.display();
    let script = format!("{run} plain >/dev/null & sh -c '{run} plain >/dev/null & wait' & wait");
    let parent = Target::start(Command::new(&shell).args(["-c", &script]));
    // The other one and its shell.
    parent.wait_for("ready");
    let of = |with: &str| found(here, &format!("match: {{ comm: sel-parent }}, with: {with}"));
    let (children, descendants) = (of("children"), of("descendants"));
    assert_eq!(found(here, "match: { comm: sel-parent }"), BTreeSet::from([parent.pid()]));
    assert_eq!((children.len(), descendants.len()), (3, 4), "{children:?} {descendants:?}");
    assert!(children.is_subset(&descendants) && children.contains(&parent.pid()));
    assert_eq!(found(here, &format!("pid: {}, with: descendants", parent.pid())), descendants);
    for pid in descendants.iter().filter(|pid| **pid != parent.pid()) {
        // SAFETY: kill takes numbers only; these are our own processes' children.
        unsafe { libc::kill(*pid, libc::SIGKILL) };
    }
}

#[test]
fn every_one_of_a_name_gets_the_plan() {
    let directory = directory();
    let here = directory.path();
    let program = program(here, "sel-each");
    let mut targets: Vec<Target> = (0..3).map(|_| start(&program, "plain")).collect();
    let log = here.join("log");
    let plan = format!(
        "version: 1
targets: [{{ name: app, match: {{ comm: sel-each }}, count: 3 }}]
steps:
  - open: [{}, O_WRONLY|O_CREAT|O_APPEND, 0o644]
    capture: log
    target: app
  - dup2: [\"${{app.log}}\", 1]
  - close: [\"${{log}}\"]
",
        log.display()
    );
    let output = apply(here, &plan, &[]);
    assert_code(&output, 0);
    for target in &mut targets {
        assert_eq!(target.link(1), log);
        target.assert_well();
    }
    assert_eq!(outcome(&output)["targets"].as_array().unwrap().len(), 3);
}

#[test]
fn never_criu_plan_itself_or_who_started_it() {
    let directory = directory();
    let here = directory.path();
    let plan = here.join("sel-own-words.yaml");
    fs::write(&plan, "version: 1\ntargets: [{ match: { cmdline: \"*sel-own-words*\" } }]\nsteps: [{ getpid: [] }]\n")
        .unwrap();
    // Both the shell and criu-plan have the words among their arguments.
    let script =
        format!("{} apply {} --dry-run --output json; exit $?", env!("CARGO_BIN_EXE_criu-plan"), plan.display());
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_code(&output, 1);
    assert_eq!(codes(&output), ["target::not-found"]);
    // Kernel threads are no targets either.
    assert_eq!(refused(here, "match: { comm: kthreadd }").0, "target::not-found");
}
