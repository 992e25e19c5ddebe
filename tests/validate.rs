//! `criu-plan validate`: which plans it looks at, what it prints in which format, and how it ends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test says what is wrong by ending

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const GOOD: &str = "version: 1\ntargets: [4711]\nsteps:\n  - getpid: []\n";
const ODD: &str = "version: 1\ntargets: [4711]\nsteps:\n  - dup: [1]\n    capture: copy\n";
const BAD: &str = "version: 1\ntargets: [4711]\nsteps:\n  - clsoe: [1]\n  - dup: [1]\n    undo: none\n";

/// A directory with good, odd and bad plans, and what is no plan.
fn plans() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("good.yaml", GOOD);
    write("below/odd.yml", ODD);
    write("below/further/bad.yaml", BAD);
    write("below/readme.txt", "no plan");
    write(".github/workflow.yaml", "on: push\n");
    write(".hidden.yaml", "nor this\n");
    std::os::unix::fs::symlink("..", directory.path().join("below/round-in-a-circle.yaml")).unwrap();
    directory
}

fn validate(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_criu-plan"))
        .arg("validate")
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn directories_are_searched() {
    let directory = plans();
    let output = validate(directory.path(), &["."]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(out(&output), "3 plans checked: 1 invalid, 2 errors, 1 warning\n");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("[./below/further/bad.yaml:4:5]") && told.contains("[./below/odd.yml:5:14]"), "{told}");
    let output = validate(directory.path(), &["good.yaml", "below/odd.yml"]);
    assert_eq!((output.status.code(), out(&output)), (Some(0), "2 plans checked: all valid, 1 warning\n".into()));
    let output = validate(directory.path(), &["good.yaml"]);
    assert_eq!((output.status.code(), out(&output)), (Some(0), "1 plan checked: valid\n".into()));
    assert_eq!(output.stderr, b"");
}

#[test]
fn a_directory_without_plans_and_a_file_that_is_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let output = validate(directory.path(), &[".", "none.yaml", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    let codes: Vec<_> = object["problems"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert_eq!(codes, ["plan::no-plans", "plan::unreadable"]);
    assert_eq!(object["problems"][1]["file"], "none.yaml");
}

#[test]
fn standard_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_criu-plan"))
        .args(["validate", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(BAD.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["problems"][0]["file"], "stdin");
}

#[test]
fn warnings_are_denied_on_demand() {
    let directory = plans();
    let output = validate(directory.path(), &["below/odd.yml", "--deny", "warnings"]);
    assert_eq!((output.status.code(), out(&output)), (Some(1), "1 plan checked: invalid, 1 error\n".into()));
    let output = validate(directory.path(), &["good.yaml", "--deny", "warnings"]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn variables_and_architectures() {
    let directory = tempfile::tempdir().unwrap();
    let plan = "version: 1\nvars:\n  fd: { required: true }\ntargets: [1]\nsteps:\n  - dup2: [1, \"${fd}\"]\n";
    fs::write(directory.path().join("plan.yaml"), plan).unwrap();
    let code = |arguments: &[&str]| validate(directory.path(), &[&["plan.yaml"], arguments].concat()).status.code();
    assert_eq!(code(&[]), Some(0), "a required variable is an unknown value");
    assert_eq!(code(&["--set", "fd=5"]), Some(0));
    assert_eq!(code(&["--set", "fd=five"]), Some(1));
    assert_eq!(code(&["--set", "df=5"]), Some(1));
    assert_eq!(code(&["--set", "fd"]), Some(64));
    assert_eq!(code(&["--arch", "x86_64"]), Some(0));
    assert_eq!(code(&["--arch", "aarch64"]), Some(1));
    assert_eq!(code(&["--arch", "m68k"]), Some(64));
    assert_eq!(validate(directory.path(), &[]).status.code(), Some(64));
}

#[test]
fn the_json_object() {
    let directory = plans();
    let output = validate(directory.path(), &["--format", "json", "."]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stderr, b"");
    insta::assert_snapshot!(out(&output));
}

#[test]
fn annotations_for_github() {
    let directory = plans();
    let output = validate(directory.path(), &["--format", "github", "."]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stderr, b"");
    insta::assert_snapshot!(out(&output));
}

/// What the standard demands of the parts that are written (SARIF 2.1.0, sections 3.13 to 3.30).
#[test]
fn a_sarif_log() {
    let directory = plans();
    let output = validate(directory.path(), &["--format", "sarif", "."]);
    assert_eq!(output.status.code(), Some(1));
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let set = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(keys(&log), set(&["$schema", "runs", "version"]));
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(keys(run), set(&["tool", "columnKind", "results"]));
    assert!(["utf16CodeUnits", "unicodeCodePoints"].contains(&run["columnKind"].as_str().unwrap()));
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "criu-plan");
    let rules = driver["rules"].as_array().unwrap();
    assert!(rules.iter().all(|rule| rule["id"].is_string() && rule["shortDescription"]["text"].is_string()));
    let ids: BTreeSet<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len(), "every rule once");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].as_str().unwrap().ends_with("ml"));
        let number = |name: &str| place["region"][name].as_u64().unwrap();
        assert!(number("startLine") >= 1 && number("startColumn") >= 1);
        assert!((number("startLine"), number("startColumn")) < (number("endLine"), number("endColumn")));
    }
}

#[test]
fn a_sarif_log_of_nothing_wrong() {
    let directory = plans();
    let output = validate(directory.path(), &["--format", "sarif", "good.yaml"]);
    assert_eq!(output.status.code(), Some(0));
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(log["runs"][0]["results"], Value::Array(Vec::new()));
}
