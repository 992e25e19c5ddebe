//! What a newcomer sees: help, bad usage, and the plan that the README shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test says what is wrong by ending

use std::fs;
use std::process::{Command, Output};

fn criu_plan(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_criu-plan")).args(arguments).env("COLUMNS", "100").output().unwrap()
}

const COMMANDS: [&str; 9] =
    ["apply", "exec", "rehearse", "recover", "journal", "validate", "explain", "syscalls", "schema"];

#[test]
fn help_names_every_command() {
    let output = criu_plan(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    for command in COMMANDS {
        assert!(text.contains(&format!("\n  {command} ")), "{command}: {text}");
    }
    assert!(text.contains("Exit codes: 0 done"), "{text}");
}

#[test]
fn help_of_every_command() {
    for command in COMMANDS {
        let output = criu_plan(&[command, "--help"]);
        assert_eq!(output.status.code(), Some(0), "{command}");
        insta::assert_snapshot!(format!("help_{command}"), String::from_utf8(output.stdout).unwrap());
    }
}

#[test]
fn bad_usage_is_64_and_says_why() {
    let cases: &[(&[&str], &str)] = &[
        (&[], "Usage"),
        (&["aply"], "apply"),
        (&["apply"], "<PLAN>"),
        (&["apply", "a", "b"], "unexpected argument"),
        (&["apply", "a", "--set", "x"], "NAME=VALUE"),
        (&["apply", "a", "--hold", "5"], "500ms, 2s or 1m"),
        (&["apply", "a", "--output", "xml"], "json"),
        (&["apply", "a", "--seccomp", "off"], "suspend"),
        (&["exec", "getpid"], "--target <PID>"),
        (&["exec", "-t", "1"], "<SYSCALL>"),
        (&["rehearse", "plan"], "<CMD>"),
        (&["validate"], "<PLAN>"),
        (&["validate", "--deny", "errors", "x"], "warnings"),
        (&["explain", "opne"], "did you mean `open`?"),
    ];
    for (arguments, words) in cases {
        let output = criu_plan(arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {told}");
        assert!(told.contains(words), "{arguments:?}: {told}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
    }
}

#[test]
fn the_plan_in_the_readme_is_valid() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let plans: Vec<&str> = readme.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!plans.is_empty());
    for (index, plan) in plans.iter().enumerate() {
        let path = directory.path().join(format!("{index}.yaml"));
        fs::write(&path, plan).unwrap();
        let output = criu_plan(&["validate", "--deny", "warnings", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Every `criu-plan …` line of the README is one that the command line understands, with every option that it has.
#[test]
fn the_commands_in_the_readme_are_understood() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let commands: Vec<&str> =
        readme.lines().filter_map(|line| line.strip_prefix("criu-plan ")).filter(|line| !line.contains('|')).collect();
    assert!(commands.len() >= 3);
    for command in commands {
        let words: Vec<String> =
            command.split('#').next().unwrap().split_whitespace().map(|word| word.replace('\'', "")).collect();
        // With --help behind the subcommand its options are read, and nothing is run.
        let name = words[0].as_str();
        assert!(COMMANDS.contains(&name), "{command}");
        let help = String::from_utf8(criu_plan(&[name, "--help"]).stdout).unwrap();
        for option in words.iter().filter(|word| word.starts_with("--")) {
            assert!(help.contains(option.split('=').next().unwrap()), "{command}: {option}");
        }
    }
}

/// The README's first command, with the binary that the tests have.
#[test]
fn the_first_command_of_the_readme() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("demo.log");
    let setting = format!("log={}", log.display());
    let plan = concat!(env!("CARGO_MANIFEST_DIR"), "/plans/redirect.yaml");
    let output = criu_plan(&[
        "rehearse",
        plan,
        "--watch",
        "500ms",
        "--set",
        &setting,
        "--",
        "sh",
        "-c",
        "while :; do date; sleep 0.05; done",
    ]);
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    assert!(out.contains("applied"), "{out}");
    assert!(fs::metadata(&log).unwrap().len() > 0);
    let last = fs::read_to_string(&log).unwrap();
    assert!(err.contains(last.lines().next().unwrap()), "what the file got is shown: {err}");
}
