//! Facts: what plans and steps ask of a target before they do anything.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use support::*;

#[test]
fn a_plan_applied_twice_is_unchanged_and_attaches_to_nothing() {
    let directory = directory();
    let mut target = Target::life("threads 4", &directory.path().join("first"));
    let log = directory.path().join("log");
    assert_code(&redirect(target.pid(), &log), 0);
    let before = target.snapshot();
    let trace = directory.path().join("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-e", "trace=ptrace,pidfd_getfd", "-o"]).arg(&trace).arg(env!("CARGO_BIN_EXE_criu-plan"));
    strace.arg("apply").arg(redirect_plan()).args(["--output", "json"]);
    strace.args(["--set", &format!("pid={}", target.pid()), "--set", &format!("log={}", log.display())]);
    let output = strace.output().unwrap();
    assert_code(&output, 0);
    let outcome = outcome(&output);
    assert_eq!((&outcome["outcome"], &outcome["changed"]), (&"unchanged".into(), &false.into()), "{outcome:#}");
    let one = &outcome["targets"][0];
    assert_eq!((&one["outcome"], &one["stall_us"]), (&"unchanged".into(), &Value::Null));
    assert!(one["steps"].as_array().unwrap().iter().all(|step| step["state"] == "skipped"), "{one:#}");
    assert_eq!(one["steps"][0]["note"], "the plan's `unless` holds already");
    let trace = fs::read_to_string(&trace).unwrap();
    assert!(!trace.contains("ptrace("), "{trace}");
    assert_same(&before, &target.snapshot());
    target.assert_well();
    // The log is moved away: its path names another file, or none.
    fs::rename(&log, directory.path().join("log.1")).unwrap();
    assert_code(&redirect(target.pid(), &log), 0);
    wait_for_growth(&log, 0);
}

/// Which of these facts hold, asked by steps of one dry run.
fn hold(pid: i32, facts: &[&str]) -> Vec<bool> {
    let steps: String = facts.iter().map(|fact| format!("- getpid: []\n  when: {{ {fact} }}\n")).collect();
    let directory = directory();
    let output = apply(directory.path(), &format!("version: 1\ntargets: [{pid}]\nsteps:\n{steps}"), &["--dry-run"]);
    assert_code(&output, 0);
    let outcome = outcome(&output);
    let steps = outcome["targets"][0]["steps"].as_array().unwrap();
    steps.iter().map(|step| step["state"] == "planned").collect()
}

/// Fails unless each of these facts holds or not, as is said of it.
fn assert_facts(pid: i32, facts: &[(String, bool)]) {
    let texts: Vec<&str> = facts.iter().map(|(fact, _)| fact.as_str()).collect();
    let wrong: Vec<_> = facts.iter().zip(hold(pid, &texts)).filter(|((_, wanted), is)| wanted != is).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_fact_true_and_false() {
    let directory = directory();
    let log = directory.path().join("log");
    let gone = directory.path().join("gone");
    fs::hard_link(File::create(&log).map(|_| &log).unwrap(), directory.path().join("link")).unwrap();
    File::create(&gone).unwrap();
    // Mostly a hole: what it takes is less than its size.
    let large = directory.path().join("large");
    fs::write(&large, [1; 65_536]).unwrap();
    File::options().write(true).open(&large).unwrap().set_len(1 << 30).unwrap();
    let program = format!(
        "umask 027; ulimit -S -n 321; exec 6</dev/null 7>>{0} 8<{1} 9<>{0}; exec 3<{4}; rm {1}; cd {2}; exec {3} threads 3",
        log.display(),
        gone.display(),
        directory.path().display(),
        c("life").display(),
        large.display(),
    );
    let mut command = Command::new("sh");
    command.args(["-c", &program]).env("COLOUR", "blue").stdout(File::create(directory.path().join("out")).unwrap());
    let target = Target::start(&mut command);
    let at = |name: &str| directory.path().join(name).display().to_string();
    let exe = c("life").display().to_string();
    let yes = |fact: &str| (fact.to_owned(), true);
    let no = |fact: &str| (fact.to_owned(), false);
    assert_facts(
        target.pid(),
        &[
            yes(&format!("fd: {{ number: 7, path: {} }}", at("log"))),
            // Another name of the same file, and a path that is not the shortest.
            yes(&format!("fd: {{ number: 7, path: {} }}", at("link"))),
            yes(&format!("fd: {{ number: 7, path: {} }}", at("./log"))),
            no(&format!("fd: {{ number: 7, path: {} }}", at("out"))),
            no(&format!("fd: {{ number: 7, path: {} }}", at("missing"))),
            yes(&format!("fd: {{ path: {} }}", at("out"))),
            yes(&format!("fd: {{ number: 8, path: \"{} (deleted)\" }}", at("gone"))),
            no(&format!("fd: {{ number: 8, path: {} }}", at("gone"))),
            yes(&format!("fd: {{ number: 8, path: \"{}\" }}", at("*(deleted)"))),
            yes("fd: { number: 7, flags: [O_APPEND, O_WRONLY] }"),
            no("fd: { number: 7, flags: O_RDWR }"),
            no("fd: { number: 9, flags: [O_APPEND] }"),
            yes("fd: { number: 9, flags: O_RDWR, without: [O_APPEND, O_CLOEXEC] }"),
            yes("fd: { number: 6, kind: device }"),
            no("fd: { number: 6, kind: file }"),
            yes("fd: { number: 2, kind: pipe }"),
            yes(&format!("fd: {{ number: 8, path: \"{}\" }}", at("** (deleted)"))),
            no(&format!("fd: {{ number: 7, path: \"{}\" }}", at("** (deleted)"))),
            yes("fd: { number: 7, path: \"/**/log\" }"),
            yes("fd: { number: 3, min_space: 64KiB }"),
            no("fd: { number: 3, min_space: 1MiB }"),
            no("fd: { number: 7, min_space: 1 }"),
            no("fd: 1000"),
            yes("fd: { number: { min: 7, max: 9 } }"),
            yes(&format!("cwd: {}", at(""))),
            yes(&format!("cwd: \"{}\"", at("**"))),
            yes("cwd: \"/**\""),
            no("cwd: \"/there/is/no/such/**\""),
            no("cwd: /"),
            yes("root: /"),
            no("root: /srv"),
            yes(&format!("exe: {exe}")),
            yes("exe: \"*/life\""),
            no("exe: /bin/sh"),
            yes("umask: 0o027"),
            no("umask: 0o022"),
            yes("rlimit: { resource: RLIMIT_NOFILE, soft: 321 }"),
            yes("rlimit: { resource: RLIMIT_NOFILE, soft: { min: 300 }, hard: { min: 321 } }"),
            no("rlimit: { resource: RLIMIT_NOFILE, soft: { min: 322 } }"),
            no("rlimit: { resource: RLIMIT_NOFILE, soft: unlimited }"),
            yes("mapping: { name: \"[stack]\", perms: rw-p }"),
            no("mapping: { name: \"[stack]\", perms: r--p }"),
            yes(&format!("mapping: {{ path: {exe}, perms: \"r-?p\" }}")),
            no("mapping: { anonymous: true, perms: ---s }"),
            no("mapping: { min_size: 900GiB }"),
            yes("comm: life"),
            yes("comm: \"l?fe\""),
            no("comm: lif"),
            yes("cmdline: \"*life threads 3\""),
            no("cmdline: life"),
            yes("user: root"),
            yes("user: 0"),
            no("user: nobody"),
            no("user: there-is-no-such-user"),
            yes("cgroup: \"/*\""),
            no("cgroup: /there/is/no/such"),
            no("unit: there-is-no-such"),
            yes("threads: 4"),
            yes("threads: { min: 2 }"),
            no("threads: 1"),
            yes("seccomp: none"),
            no("seccomp: filter"),
            yes("env: { COLOUR: blue }"),
            no("env: { COLOUR: green }"),
            no("env: { NO_SUCH: \"*\" }"),
            no("listen: tcp/1"),
            yes("not: { comm: other }"),
            no("not: { comm: life, threads: 4 }"),
            yes("not: { comm: life, threads: 5 }"),
            yes("any: [{ comm: other }, { comm: life }]"),
            no("any: [{ comm: other }, { comm: life, threads: 5 }]"),
        ],
    );
}

#[test]
fn paths_are_those_of_the_targets_own_root() {
    let directory = directory();
    let jail = directory.path().join("jail");
    fs::create_dir(&jail).unwrap();
    fs::copy(musl("plain"), jail.join("plain")).unwrap();
    let log = File::create(jail.join("log")).unwrap();
    let target = Target::start(Command::new("chroot").arg(&jail).arg("/plain").stdout(log));
    let fact = |text: &str, holds| (text.to_owned(), holds);
    assert_facts(
        target.pid(),
        &[
            fact("fd: { number: 1, path: /log }", true),
            fact("fd: { number: 1, path: \"/lo*\" }", true),
            fact("exe: /plain", true),
            fact("cwd: /", true),
            (format!("root: {}", jail.display()), true),
            fact("root: /", false),
            (format!("fd: {{ number: 1, path: {}/log }}", jail.display()), false),
        ],
    );
}

#[test]
fn a_seccomp_filter_is_a_fact() {
    let directory = directory();
    let target = Target::life("no-dup2", &directory.path().join("first"));
    assert_eq!(hold(target.pid(), &["seccomp: filter", "seccomp: none"]), [true, false]);
}

#[test]
fn steps_are_left_out_by_facts_and_what_they_capture_with_them() {
    let directory = directory();
    let mut target = Target::life("plain", &directory.path().join("first"));
    let before = target.snapshot();
    let plan = format!(
        "version: 1
targets: [{}]
steps:
  - dup: [1]
    unless: {{ fd: {{ number: 1 }} }}
    capture: copy
  - close: [\"${{copy}}\"]
    when: \"${{copy}} >= 0\"
  - getpid: []
    unless:
      - {{ fd: {{ number: 1 }} }}
      - \"1 == 2\"
",
        target.pid()
    );
    let output = apply(directory.path(), &plan, &[]);
    assert_code(&output, 0);
    let outcome = outcome(&output);
    assert_eq!(outcome["outcome"], "unchanged", "{outcome:#}");
    let states: Vec<_> = (0..3).map(|step| outcome["targets"][0]["steps"][step]["state"].clone()).collect();
    assert_eq!(states, ["skipped", "skipped", "done"]);
    assert_eq!(outcome["targets"][0]["steps"][0]["note"], "its `unless` holds already");
    target.assert_well();
    assert_same(&before, &target.snapshot());
}

#[test]
fn only_the_targets_that_need_it_are_touched() {
    let directory = directory();
    let (a, b) = (directory.path().join("a"), directory.path().join("b"));
    let [mut first, mut second] = [&a, &b].map(|log| Target::life("plain", log));
    let plan = format!(
        "version: 1
targets: [{}, {}]
unless: {{ fd: {{ number: 1, path: {} }} }}
steps:
  - open: [{}, O_WRONLY|O_APPEND]
    capture: log
  - dup2: [\"${{log}}\", 1]
  - close: [\"${{log}}\"]
",
        first.pid(),
        second.pid(),
        a.display(),
        a.display()
    );
    for changed in [true, false] {
        let output = apply(directory.path(), &plan, &[]);
        assert_code(&output, 0);
        let outcome = outcome(&output);
        let targets = outcome["targets"].as_array().unwrap();
        assert_eq!(targets[0]["pid"], first.pid());
        assert_eq!(targets[0]["outcome"], "unchanged");
        assert_eq!(targets[0]["stall_us"], Value::Null);
        assert_eq!(targets[1]["pid"], second.pid());
        assert_eq!(targets[1]["outcome"], if changed { "applied" } else { "unchanged" });
        assert_eq!(outcome["changed"], changed);
        assert_eq!(second.link(1), a);
    }
    first.assert_well();
    second.assert_well();
}

#[test]
fn a_plan_whose_when_does_not_hold_leaves_the_target_alone() {
    let directory = directory();
    let target = Target::life("plain", &directory.path().join("first"));
    let plan =
        format!("version: 1\ntargets: [{}]\nwhen: {{ threads: {{ min: 2 }} }}\nsteps:\n- getpid: []\n", target.pid());
    let output = apply(directory.path(), &plan, &[]);
    assert_code(&output, 0);
    let outcome = outcome(&output);
    assert_eq!(outcome["outcome"], "unchanged");
    assert_eq!(outcome["targets"][0]["steps"][0]["note"], "the plan's `when` does not hold");
}

#[test]
fn a_target_that_is_not_as_expected_is_not_touched() {
    let directory = directory();
    let target = Target::life("plain", &directory.path().join("first"));
    let plan = format!(
        "version: 1\ntargets:\n- pid: {}\n  expect:\n    comm: life\n    threads: {{ min: 2 }}\n    user: nobody\nsteps:\n- getpid: []\n",
        target.pid()
    );
    let output = apply(directory.path(), &plan, &[]);
    assert_code(&output, 1);
    assert_eq!(codes(&output), ["target::unexpected", "target::unexpected"]);
    let problems = outcome(&output)["problems"].clone();
    assert_eq!((&problems[0]["line"], &problems[1]["line"]), (&6.into(), &7.into()));
    let said = problems[0]["message"].as_str().unwrap();
    assert!(said.ends_with("its threads is not as expected; it is 1"), "{said}");
}

/// The problem that a plan with these targets and steps has: its code and the text at its place.
fn mistake(text: &str) -> (String, String) {
    let read = criu_plan::plan::read(text.as_bytes(), &indexmap::IndexMap::new(), criu_plan::plan::Purpose::Check);
    let problems = read.expect_err(text);
    let problem = problems.iter().find(|problem| problem.severity == criu_plan::problem::Severity::Error).unwrap();
    let span = problem.places[0].0;
    (problem.code.to_owned(), text[span.start..span.end].to_owned())
}

#[test]
fn mistakes_are_told_at_their_place() {
    let step = |rest: &str| format!("version: 1\ntargets: [10]\nsteps:\n- getpid: []\n{rest}");
    let when = |fact: &str| step(&format!("  when: {fact}\n"));
    let target = |target: &str| format!("version: 1\ntargets: [{{ {target} }}]\nsteps:\n- getpid: []\n");
    let each = |over: &str| step(&format!("  for_each: {over}\n"));
    let cases = [
        (when("{ fdd: 1 }"), "plan::unknown-key", "fdd"),
        (when("{}"), "plan::nothing", "{}"),
        (when("{ fd: { nummer: 1 } }"), "plan::unknown-key", "nummer"),
        (when("{ fd: { number: one } }"), "plan::number", "one"),
        (when("{ fd: { flags: [MAP_SHARED] } }"), "plan::constant-of-another-set", "MAP_SHARED"),
        (when("{ fd: { kind: sockte } }"), "plan::kind-of-descriptor", "sockte"),
        (when("{ fd: { number: { min: 3, max: 2 } } }"), "plan::range", "{ min: 3, max: 2 }"),
        (when("{ umask: 022 }"), "plan::leading-zero", "022"),
        (when("{ rlimit: { soft: 3 } }"), "plan::missing-key", "{ soft: 3 }"),
        (when("{ rlimit: { resource: RLIMIT_NOFILE } }"), "plan::nothing", "{ resource: RLIMIT_NOFILE }"),
        (when("{ rlimit: { resource: RLIMIT_NOFILES, soft: 3 } }"), "plan::unknown-constant", "RLIMIT_NOFILES"),
        (when("{ mapping: { perms: rwp } }"), "plan::perms", "rwp"),
        (when("{ mapping: { min_size: 2MB } }"), "plan::size", "2MB"),
        (when("{ listen: 8080 }"), "plan::listen", "8080"),
        (when("{ listen: tcp/0 }"), "plan::listen", "tcp/0"),
        (when("{ seccomp: maybe }"), "plan::seccomp", "maybe"),
        (when("{ namespace: {} }"), "plan::nothing", "{}"),
        (when("{ namespace: { nett: /run/netns/a } }"), "plan::unknown-key", "nett"),
        (when("{ namespace: { net: [a] } }"), "plan::shape", "[a]"),
        (when("{ any: { comm: a } }"), "plan::shape", "{ comm: a }"),
        (when("{ comm: [a] }"), "plan::shape", "[a]"),
        (when("{ comm: \"${nobody}\" }"), "plan::undefined", "\"${nobody}\""),
        (when("\"1 ~ 2\""), "plan::condition", "\"1 ~ 2\""),
        (target("match: { comm: a }, pid: 3"), "plan::target", "{ comm: a }"),
        (target("name: a"), "plan::target", "{ name: a }"),
        (target("pid: 3, count: 2"), "plan::count", "2"),
        (target("match: { comm: a }, count: some"), "plan::count", "some"),
        (target("match: { com: a }"), "plan::unknown-key", "com"),
        (target("match: {}"), "plan::nothing", "{}"),
        (target("pid: 3, with: friends"), "plan::with", "friends"),
        (target("pid: 3, name: each"), "plan::name", "each"),
        (each("{ file: {} }"), "plan::unknown-key", "file"),
        (each("{ fd: {}, mapping: {} }"), "plan::for-each", "{ fd: {}, mapping: {} }"),
        (each("{ thread: { nam: a } }"), "plan::unknown-key", "nam"),
        (step("  thread: every\n"), "plan::thread", "every"),
        (step("  thread: 0\n"), "plan::thread", "0"),
        (step("  thread: all\n  for_each: { fd: {} }\n"), "plan::thread", "all"),
        (step("- close: [\"${each.number}\"]\n"), "plan::each", "\"${each.number}\""),
        (step("- close: [\"${each.start}\"]\n  for_each: { fd: {} }\n"), "plan::each", "\"${each.start}\""),
        (step("- close: [\"${each.path}\"]\n  for_each: { fd: {} }\n"), "plan::each", "\"${each.path}\""),
        (
            step("  for_each: { fd: {} }\n  when: { fd: { number: \"${each.nmber}\" } }\n"),
            "plan::each",
            "{ fd: { number: \"${each.nmber}\" } }",
        ),
        (step("  unless: { cwd: \"${each.path}\" }\n"), "plan::each", "{ cwd: \"${each.path}\" }"),
        (step("  for_each: { fd: {} }\n  when: { fd: { nmber: \"${each.number}\" } }\n"), "plan::unknown-key", "nmber"),
        (step("  for_each: { fd: {} }\n  thread: \"${each.tid}\"\n"), "plan::each", "\"${each.tid}\""),
        (
            step("- dup: [\"${each.number}\"]\n  for_each: { fd: {} }\n  capture: copies\n- close: [\"${copies}\"]\n"),
            "plan::list",
            "\"${copies}\"",
        ),
        ("version: 1\nunless: 3\ntargets: [10]\nsteps:\n- getpid: []\n".to_owned(), "plan::shape", "3"),
    ];
    for (text, code, place) in cases {
        assert_eq!(mistake(&text), (code.to_owned(), place.to_owned()), "{text}");
    }
}

#[test]
fn a_link_to_a_path_that_names_nothing_holds_for_nothing() {
    let directory = directory();
    let target = Target::life("plain", &directory.path().join("first"));
    assert!(!Path::new("/no/such/file").exists());
    assert_eq!(hold(target.pid(), &["cwd: /no/such/file", "exe: /no/such/file"]), [false, false]);
}
