//! Outcomes as people and programs see them, and the exit code of each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use serde_json::Value;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use support::*;

struct Stage {
    target: Target,
    directory: tempfile::TempDir,
}

fn stage() -> Stage {
    let directory = directory();
    Stage { target: Target::life("plain", &directory.path().join("stdout")), directory }
}

impl Stage {
    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// A plan for the target, of these steps; `DIR` stands for the directory.
    fn plan(&self, steps: &str) -> String {
        let text = format!(
            "version: 1\nname: try\ntargets:\n  - {{ pid: {}, name: app }}\nsteps:\n{steps}",
            self.target.pid()
        );
        let path = self.path("plan.yaml");
        fs::write(&path, text.replace("DIR", &self.directory.path().display().to_string())).unwrap();
        path
    }

    fn run(&self, steps: &str, arguments: &[&str]) -> Output {
        criu_plan().args(["apply", &self.plan(steps)]).args(arguments).output().unwrap()
    }

    /// Runs a plan for people and, on a target of its own, for programs; both ways must end with the code.
    fn both(self, name: &str, steps: &str, arguments: &[&str], code: i32) {
        let human = self.run(steps, arguments);
        assert_code(&human, code);
        let told = format!("{}── stderr\n{}", text(&human.stdout), text(&human.stderr));
        insta::assert_snapshot!(format!("{name}_human"), self.redacted(&told));
        let second = stage();
        let json = second.run(steps, &[arguments, &["--output", "json"]].concat());
        assert_code(&json, code);
        let mut object = outcome(&json);
        check_shape(&object);
        for target in object["targets"].as_array_mut().unwrap() {
            if !target["stall_us"].is_null() {
                target["stall_us"] = "TIME".into();
            }
            // Addresses differ each time; `--trace` has tests of its own.
            target.as_object_mut().unwrap().remove("trace");
        }
        insta::assert_snapshot!(format!("{name}_json"), second.redacted(&format!("{object:#}")));
    }

    /// Whether the target has a descriptor.
    fn has(&self, descriptor: i32) -> bool {
        Path::new(&format!("/proc/{}/fd/{descriptor}", self.target.pid())).symlink_metadata().is_ok()
    }

    /// Without what is another one each time.
    fn redacted(&self, text: &str) -> String {
        let text = text.replace(&self.directory.path().display().to_string(), "DIR");
        let text = text.replace(&self.target.pid().to_string(), "PID");
        let text = match text.split_once("criu-plan recover ").map(|(before, after)| (before, after.split_once('`'))) {
            Some((before, Some((_, after)))) => format!("{before}criu-plan recover RUN`{after}"),
            _ => text,
        };
        let mut parts = text.split("held for ");
        let mut all = parts.next().unwrap().to_owned();
        for part in parts {
            all.push_str("held for TIME");
            all.push_str(part.trim_start_matches(|letter: char| !letter.is_control()));
        }
        all
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_owned()).unwrap()
}

/// Every key that the object is documented to have, with its type.
fn check_shape(object: &Value) {
    assert_eq!(object["schema"], "criu-plan/outcome/1");
    assert!(object["outcome"].is_string() && object["changed"].is_boolean());
    for target in object["targets"].as_array().unwrap() {
        assert!(target["pid"].is_i64() && target["comm"].is_string() && target["outcome"].is_string());
        assert!(target["stall_us"].is_u64() || target["stall_us"].is_null());
        assert!(target["captures"].is_object());
        for (index, step) in target["steps"].as_array().unwrap().iter().enumerate() {
            assert_eq!(step["index"], index);
            assert!(step["name"].is_string() || step["name"].is_null());
            assert!(step["syscall"].is_string() && step["args"].is_object() && step["undone"].is_boolean());
            assert!(step["lasting"].is_boolean());
            assert!(step["result"].is_i64() || step["result"].is_null());
            assert!(step["errno"].is_string() || step["errno"].is_null());
        }
    }
    for problem in object["problems"].as_array().unwrap() {
        let keys: Vec<&String> = problem.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["code", "severity", "message", "help", "file", "line", "column"]);
    }
}

const REDIRECT: &str = "  - name: the new log
    open: { pathname: DIR/log, flags: [O_WRONLY, O_CREAT, O_APPEND, O_CLOEXEC], mode: 0o644 }
    capture: log_fd
  - dup2: [\"${log_fd}\", 1]
  - close: [\"${log_fd}\"]
    when: \"${log_fd} != 1\"
";

#[test]
fn applied() {
    stage().both("applied", REDIRECT, &[], 0);
}

#[test]
fn unchanged() {
    stage().both("unchanged", "  - getpid: []\n  - close: [99]\n    ignore: EBADF\n", &["--detailed-exitcode"], 0);
}

#[test]
fn planned() {
    let stage = stage();
    let output = stage.run(REDIRECT, &["--dry-run", "--output", "json"]);
    assert_code(&output, 0);
    // tests/dry_run.rs looks at all that it tells.
    check_shape(&outcome(&output));
    assert_eq!(outcome(&output)["outcome"], "planned");
    assert!(!Path::new(&stage.path("log")).exists());
}

#[test]
fn refused() {
    stage().both("refused", "  - close: [1]\n    target: other\n  - pause: []\n", &[], 1);
}

#[test]
fn rolled_back() {
    let steps = format!("{REDIRECT}  - close: [99]\n  - getpid: []\n");
    stage().both("rolled_back", &steps, &[], 1);
}

#[test]
fn partial() {
    let steps = "  - dup2: [1, 9]\n  - write: [1, done, 4]\n    irreversible: true\n  - close: [99]\n";
    stage().both("partial", steps, &[], 3);
}

/// Only what had its effect stays: not a call that failed, nor one that was never made, nor anything in a run that went well.
#[test]
fn what_stays_is_marked() {
    let run = |steps: &str, code: i32| -> Vec<bool> {
        let output = stage().run(steps, &["--output", "json"]);
        assert_code(&output, code);
        let steps = outcome(&output)["targets"][0]["steps"].as_array().unwrap().clone();
        steps.iter().map(|step| step["lasting"].as_bool().unwrap()).collect()
    };
    let write = "  - write: [1, done, 4]\n    irreversible: true\n";
    let (nothing, fails) = ("  - write: [99, x]\n    irreversible: true\n    ignore: [EBADF]\n", "  - close: [99]\n");
    assert_eq!(run(write, 0), [false]);
    let steps = format!("  - dup2: [1, 9]\n{write}{nothing}{write}    when: \"1 == 2\"\n{fails}{write}");
    assert_eq!(run(&steps, 3), [false, true, false, false, false, false]);
}

/// The tracing process is killed in the middle: what is known is told, and that a person has to look.
#[test]
fn in_doubt() {
    let mut stage = stage();
    let path = stage.plan(
        "  - dup2: [1, 40]
  - epoll_create1: [0]
    capture: poll
  - epoll_wait: [\"${poll}\", { out: 12 }, 1, 2000]
    timeout: 4s
    irreversible: true
  - dup2: [1, 41]
",
    );
    let mut command = criu_plan();
    command.args(["apply", &path, "--output", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let front = command.spawn().unwrap();
    // 232 is epoll_wait.
    let call = format!("/proc/{}/syscall", stage.target.pid());
    wait_until("it waits in the third step", || fs::read_to_string(&call).is_ok_and(|call| call.starts_with("232 ")));
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", front.id())).unwrap();
    let child: i32 = children.trim().parse().unwrap();
    // SAFETY: kill takes numbers only; the child's parent waits for it, so the pid is its own.
    assert_eq!(unsafe { libc::kill(child, libc::SIGKILL) }, 0);
    let output = front.wait_with_output().unwrap();
    assert_code(&output, 3);
    let mut object = outcome(&output);
    check_shape(&object);
    object["targets"][0].as_object_mut().unwrap().remove("trace");
    object["targets"][0]["stall_us"] = "TIME".into();
    insta::assert_snapshot!("in_doubt_json", stage.redacted(&format!("{object:#}")));
    let length = fs::metadata(stage.path("stdout")).unwrap().len();
    wait_for_growth(Path::new(&stage.path("stdout")), length);
    stage.target.assert_well();
    assert_eq!((stage.has(40), stage.has(41)), (true, false));
}

#[test]
fn skipped_steps() {
    let steps = "  - dup: [1]
    capture: copy
  - close: [\"${copy}\"]
    unless: \"${copy} < 0\"
  - name: never
    close: [0]
    when: [\"${copy} > 0\", \"${copy} > 1000\"]
";
    stage().both("skipped", steps, &[], 0);
}

#[test]
fn captures_and_buffers() {
    let steps = "  - getcwd: [{ out: 64 }, 64]
    capture: { return: length, buf: where }
  - pipe2: [{ out: 8 }, O_CLOEXEC]
    capture: { pipefd: ends }
  - close: [\"${ends[0]}\"]
  - close: [\"${ends[1]}\"]
";
    let stage = stage();
    let output = stage.run(steps, &["--output", "json"]);
    assert_code(&output, 0);
    let object = outcome(&output);
    check_shape(&object);
    let target = &object["targets"][0];
    let directory = fs::read_link(format!("/proc/{}/cwd", stage.target.pid())).unwrap();
    let directory = directory.to_str().unwrap();
    assert_eq!(target["captures"]["where"], directory);
    assert_eq!(target["captures"]["length"], directory.len() + 1);
    assert_eq!(target["captures"]["ends"].as_array().unwrap().len(), 2);
    let buffer = target["steps"][0]["buffers"]["buf"].as_str().unwrap();
    assert_eq!(buffer.len(), 128);
    let human = stage.run(steps, &[]);
    assert!(text(&human.stdout).contains(&format!("  where = {directory:?}\n")), "{}", text(&human.stdout));
}

#[test]
fn exit_codes() {
    let stage = stage();
    let code = |steps: &str, arguments: &[&str]| stage.run(steps, arguments).status.code().unwrap();
    let duplicate = "  - dup2: [1, 9]\n";
    assert_eq!(code(duplicate, &[]), 0);
    assert_eq!(code(duplicate, &["--detailed-exitcode"]), 2);
    assert_eq!(code(duplicate, &["--detailed-exitcode", "--dry-run"]), 2);
    assert_eq!(code("  - getpid: []\n", &["--detailed-exitcode", "--dry-run"]), 0);
    assert_eq!(code("  - close: [99]\n", &["--detailed-exitcode"]), 1);
    assert_eq!(code(duplicate, &["--set", "no=variable"]), 1);
    assert_eq!(code(duplicate, &["--no-such-option"]), 64);
    let output = criu_plan().args(["apply", "/there/is/none.yaml"]).output().unwrap();
    assert_code(&output, 1);
}

/// A signal takes back what was done, and the exit code says which one it was.
#[test]
fn interrupted() {
    for (signal, code) in [(libc::SIGINT, 130), (libc::SIGTERM, 143), (libc::SIGHUP, 129)] {
        let mut stage = stage();
        let before = stage.target.snapshot();
        let path = stage.plan("  - dup2: [1, 40]\n  - pause: []\n    timeout: 4s\n    irreversible: true\n");
        let mut child =
            criu_plan().args(["apply", &path]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until("the first step is done", || stage.has(40));
        // SAFETY: kill takes numbers only; the child has not been waited for, so the pid is its own.
        assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
        let mut told = String::new();
        child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(code), "{told}");
        assert!(told.contains("everything is as it was"), "{told}");
        assert_same(&before, &stage.target.snapshot());
        stage.target.assert_well();
    }
}

/// A name of the target's own choosing can't steer the terminal.
#[test]
fn what_a_terminal_would_obey_is_not_printed() {
    let directory = directory();
    let name = directory.path().join("\u{1b}[31mred");
    fs::copy(c("life"), &name).unwrap();
    let stdout = fs::File::create(directory.path().join("stdout")).unwrap();
    let target = Target::start(Command::new(&name).arg("plain").stdout(stdout));
    let path = directory.path().join("plan.yaml");
    fs::write(&path, format!("version: 1\ntargets: [{}]\nsteps:\n  - close: [99]\n", target.pid())).unwrap();
    let output = criu_plan().arg("apply").arg(path).output().unwrap();
    assert_code(&output, 1);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(out.contains("[31mred") && err.contains("[31mred"), "{out}{err}");
    assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'), "{out:?}{err:?}");
}
