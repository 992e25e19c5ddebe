//! The journal: where it lies, who may touch it, what it holds, and what comes of a file system that has no room for it.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use support::*;

/// A target, and a directory for journals that only its owner can write to.
struct Stage {
    target: Target,
    directory: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let target = Target::life("plain", &directory.path().join("stdout"));
        Self { target, directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, journals: &Path) -> Command {
        let mut command = criu_plan();
        command.arg("apply").arg(redirect_plan()).args(["--output", "json", "--journal-dir"]).arg(journals);
        command.args(["--set", &format!("pid={}", self.target.pid())]);
        command.args(["--set", &format!("log={}", self.path("log").display())]);
        command
    }

    fn criu_plan(&self, arguments: &[&str], journals: &Path) -> Command {
        let mut command = criu_plan();
        command.args(arguments).args(["--output", "json", "--journal-dir"]).arg(journals);
        command
    }

    /// The only run on the target, as it is listed.
    fn run(&self, journals: &Path) -> Value {
        let output = self.criu_plan(&["journal"], journals).output().unwrap();
        assert_code(&output, 0);
        let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
        let runs = listed["runs"].as_array().unwrap().iter();
        let ours: Vec<&Value> = runs.filter(|run| self.target.was_in(run)).collect();
        assert_eq!(ours.len(), 1, "{ours:?}");
        ours[0].clone()
    }

    fn apply(&self, journals: &Path) -> Output {
        self.command(journals).output().unwrap()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn lines(file: &Path) -> Vec<Value> {
    fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_run_is_kept_as_lines_of_json_that_only_its_owner_can_read() {
    let stage = Stage::new();
    let journals = stage.path("journals");
    let output = stage.apply(&journals);
    assert_code(&output, 0);
    let files = files(&journals);
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!((mode(&journals), mode(&files[0])), (0o700, 0o600));
    let lines = lines(&files[0]);
    assert_eq!((&lines[0]["schema"], &lines[0]["phase"]), (&"criu-plan/journal/1".into(), &"applied ".into()));
    assert_eq!(lines[1]["begin"]["targets"][0]["pid"], stage.target.pid());
    let calls: Vec<&str> = lines.iter().filter_map(|line| line["call"]["call"].as_str()).collect();
    assert_eq!(calls, ["open", "fcntl", "dup2", "close", "close"]);
    let end = &lines.last().unwrap()["end"];
    assert_eq!((&end["outcome"], &end["recovered"]), (&"applied".into(), &false.into()));
    assert_eq!(end["report"]["targets"][0]["steps"][1]["result"], 1);
}

/// The problems that a run told, as `code: message`.
fn complaint(output: &Output) -> String {
    told(output, &[])
}

#[test]
fn only_so_many_runs_are_kept() {
    let stage = Stage::new();
    let journals = stage.path("journals");
    let plan = stage.path("plan.yaml");
    let pid = stage.target.pid();
    fs::write(&plan, format!("version: 1\ntargets: [{pid}]\nsteps:\n  - getpid: []\n")).unwrap();
    let run = || {
        let mut command = criu_plan();
        command.args(["apply", "--keep", "2", "--journal-dir"]).arg(&journals).arg(&plan);
        assert_code(&command.output().unwrap(), 0);
    };
    let mut known: Vec<PathBuf> = Vec::new();
    for round in 1..=4 {
        run();
        let now = files(&journals);
        assert_eq!(now.len(), round.min(2), "{now:?}");
        assert!(now.iter().any(|file| !known.contains(file)), "the run of this round is not there: {now:?}");
        known.extend(now);
    }
}

#[test]
fn a_directory_that_others_can_change_is_refused() {
    let stage = Stage::new();
    let refused = |journals: &Path, what: &str| {
        let output = stage.apply(journals);
        assert_code(&output, 1);
        let complaint = complaint(&output);
        assert!(complaint.starts_with("journal::unsafe-directory") && complaint.contains(what), "{complaint}");
        assert!(!stage.path("log").exists(), "the plan was run");
    };
    let writable = stage.path("writable");
    fs::create_dir(&writable).unwrap();
    for wrong in [0o777, 0o770, 0o720, 0o702] {
        fs::set_permissions(&writable, fs::Permissions::from_mode(wrong)).unwrap();
        refused(&writable, "can be written to by others");
    }
    // Nor one inside it: it could be exchanged for another.
    fs::set_permissions(&writable, fs::Permissions::from_mode(0o777)).unwrap();
    refused(&writable.join("inner"), "can be written to by everybody");
    let link = stage.path("link");
    std::os::unix::fs::symlink(stage.path("real"), &link).unwrap();
    fs::create_dir(stage.path("real")).unwrap();
    refused(&link, "is a symbolic link");
    let file = stage.path("file");
    fs::write(&file, "").unwrap();
    refused(&file, "no directory");
    if is_root() {
        let foreign = stage.path("foreign");
        fs::create_dir(&foreign).unwrap();
        std::os::unix::fs::chown(&foreign, Some(PLAIN_USER), None).unwrap();
        refused(&foreign, "belongs to somebody else");
    }
    assert_eq!(files(&stage.path("real")), Vec::<PathBuf>::new());
}

/// Runs a script as root in a mount namespace of its own, with `$RUN` being the command and its arguments.
fn in_own_mounts(script: &str, command: &Command) -> Output {
    let mut outer = Command::new("unshare");
    outer.args(["--mount", "--propagation", "private", "sh", "-ec", &format!("{script}\nexec \"$@\""), "sh"]);
    outer.arg(command.get_program()).args(command.get_args());
    outer.output().unwrap()
}

#[test]
fn a_disk_without_room_stops_the_plan_before_anything_is_touched() {
    if !is_root() {
        return; // To mount takes root.
    }
    let stage = Stage::new();
    let journals = stage.path("journals");
    fs::create_dir(&journals).unwrap();
    let disk = journals.display();
    let full = format!("mount -t tmpfs -o size=8k,mode=700 none {disk}; head -c 8192 /dev/zero > {disk}/f || true");
    let small = format!("mount -t tmpfs -o size=8k,mode=700 none {disk}");
    let read_only = format!("mount -t tmpfs -o ro,mode=700 none {disk}");
    // Where running runs lie: all that there is is a tmpfs without room.
    let no_memory = "mount -t tmpfs -o size=8k,mode=755 none /run; mount -t tmpfs -o size=8k,mode=1777 none /dev/shm";
    for (script, what) in [
        (full.as_str(), "No space left on device"),
        (&small, "No space left on device"),
        (&read_only, "Read-only file system"),
        (no_memory, "No space left on device"),
    ] {
        let output = in_own_mounts(script, &stage.command(&journals));
        assert_code(&output, 1);
        let complaint = complaint(&output);
        assert!(complaint.starts_with("journal::not-written") && complaint.contains(what), "{script}: {complaint}");
        assert!(!stage.path("log").exists(), "the plan was run");
        assert!(outcome(&output)["targets"].as_array().unwrap().is_empty(), "it was stopped");
    }
}

#[test]
fn without_a_directory_in_memory_nothing_is_done() {
    if !is_root() {
        return; // To mount takes root.
    }
    let stage = Stage::new();
    let script = "mount --bind /var /run; mount --bind /var /dev/shm";
    let output = in_own_mounts(script, &stage.command(&stage.path("journals")));
    assert_code(&output, 1);
    let complaint = complaint(&output);
    assert!(
        complaint.starts_with("journal::no-directory") && complaint.contains("/dev/shm/criu-plan-0"),
        "{complaint}"
    );
    assert!(!stage.path("log").exists());
}

#[test]
fn a_run_lies_in_memory_of_its_own_while_it_goes_on() {
    if !is_root() {
        return; // To mount takes root.
    }
    let stage = Stage::new();
    let script = "mount -t tmpfs -o mode=755 none /run; \"$@\"; exec stat -c '%a %F' /run/criu-plan >&2";
    let output = in_own_mounts(script, &stage.command(&stage.path("journals")));
    assert_code(&output, 0);
    assert!(String::from_utf8_lossy(&output.stderr).ends_with("700 directory\n"), "{output:?}");
}

#[test]
fn a_file_system_that_fills_up_in_the_middle_has_the_plan_rolled_back() {
    let stage = Stage::new();
    let (journals, trace) = (stage.path("journals"), stage.path("trace"));
    // Each process's fourth write: the child's announcement of dup2, and the front end's copy of the journal.
    let command = stage.command(&journals);
    let mut strace = Command::new("strace");
    strace.arg("-f").arg("-o").arg(&trace).args(["-e", "trace=write", "-e", "inject=write:error=ENOSPC:when=4"]);
    let output = strace.arg(command.get_program()).args(command.get_args()).output().unwrap();
    assert_code(&output, 1);
    let said = outcome(&output);
    assert_eq!(said["outcome"], "rolled_back", "{said:#}");
    assert!(told(&output, &[]).contains("the journal can't be written: No space left on device"), "{said:#}");
    assert!(stage.target.link(1) == stage.path("stdout") && !stage.path("log").exists());
    // That it could not be moved is told, and is made good later.
    assert_eq!(codes(&output), ["run::step-failed", "journal::not-kept"]);
    assert_eq!(files(&journals).iter().filter(|file| file.extension().is_some()).count(), 1, "but its place");
    let run = stage.run(&journals)["id"].as_str().unwrap().to_owned();
    let recovered = stage.criu_plan(&["recover", &run], &journals).output().unwrap();
    assert_code(&recovered, 0);
    let run = stage.run(&journals);
    assert_eq!((&run["state"], &run["outcome"]), (&"ended".into(), &"rolled_back".into()));
    assert!(run["path"].as_str().unwrap().starts_with(journals.to_str().unwrap()), "{run}");
}

#[test]
fn no_stop_waits_for_a_slow_disk() {
    let stage = Stage::new();
    let command = stage.command(&stage.path("journals"));
    let mut strace = Command::new("strace");
    strace.arg("-f").arg("-o").arg(stage.path("trace")).args(["-e", "trace=fsync,renameat,unlinkat"]);
    for call in ["fsync", "renameat", "unlinkat"] {
        strace.arg("-e").arg(format!("inject={call}:delay_enter=400000"));
    }
    let begun = std::time::Instant::now();
    let output = strace.arg(command.get_program()).args(command.get_args()).output().unwrap();
    let whole = begun.elapsed().as_micros() as u64;
    assert_code(&output, 0);
    let stall = outcome(&output)["targets"][0]["stall_us"].as_u64().unwrap();
    assert!(whole > 1_600_000 && stall < 400_000, "{stall} of {whole} µs");
}

#[test]
fn a_run_that_goes_on_is_shown_and_not_recovered() {
    let mut stage = Stage::new();
    let journals = stage.path("journals");
    let plan = stage.path("plan.yaml");
    let steps = "  - epoll_create1: [0]
    capture: poll
  - epoll_wait: [\"${poll}\", { out: 12 }, 1, 60000]
    timeout: 60s
    irreversible: true
";
    let pid = stage.target.pid();
    fs::write(&plan, format!("version: 1\nname: waits\ntargets: [{pid}]\nsteps:\n{steps}")).unwrap();
    let mut running = stage
        .criu_plan(&["apply", plan.to_str().unwrap(), "--hold", "60s"], &journals)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let call = format!("/proc/{pid}/syscall");
    // 232 is epoll_wait.
    wait_until("it waits in the second step", || fs::read_to_string(&call).is_ok_and(|call| call.starts_with("232 ")));
    let run = stage.run(&journals);
    assert_eq!((&run["state"], &run["plan"], &run["outcome"]), (&"running".into(), &"waits".into(), &Value::Null));
    let recovered = stage.criu_plan(&["recover", run["id"].as_str().unwrap()], &journals).output().unwrap();
    assert_code(&recovered, 1);
    let said: Value = serde_json::from_slice(&recovered.stdout).unwrap();
    assert_eq!(said["runs"][0]["problems"][0]["code"], "recover::alive", "{said:#}");
    // SAFETY: kill takes numbers only; the child has not been waited for, so the pid is its own.
    assert_eq!(unsafe { libc::kill(running.id() as i32, libc::SIGTERM) }, 0);
    assert_eq!(running.wait().unwrap().code(), Some(128 + libc::SIGTERM));
    let run = stage.run(&journals);
    assert_eq!((&run["state"], &run["outcome"]), (&"ended".into(), &"rolled_back".into()));
    stage.target.assert_well();
}

#[test]
fn a_run_is_shown_with_its_calls() {
    let stage = Stage::new();
    let journals = stage.path("journals");
    assert_code(&stage.apply(&journals), 0);
    let run = stage.run(&journals);
    let id = run["id"].as_str().unwrap();
    let show = |arguments: &[&str]| {
        let mut command = criu_plan();
        let output = command.args(["journal", "--journal-dir"]).arg(&journals).args(arguments).output().unwrap();
        assert_code(&output, 0);
        String::from_utf8(output.stdout).unwrap()
    };
    let redacted = |text: String| {
        let directory = stage.directory.path().display().to_string();
        text.replace(id, "RUN").replace(&directory, "DIR").replace(&stage.target.pid().to_string(), "PID")
    };
    assert_eq!(redacted(show(&["path", id])), "DIR/journals/RUN.jsonl\n");
    let listed = redacted(show(&["list"]));
    let line = listed.lines().find(|line| line.starts_with("RUN ") && line.contains("PID")).unwrap();
    assert!(line.contains("redirect-stdout") && line.ends_with("applied"), "{line}");
    let shown = redacted(show(&["show", id]));
    assert!(shown.contains("2 dup2(3, 1) = 1\n"), "{shown}");
    assert!(shown.contains("[PID] step 2 forward: dup2(0x3, 0x1, 0x0, 0x0, 0x0, 0x0) = 1\n"), "{shown}");
    let object: Value = serde_json::from_str(&show(&["show", id, "--output", "json"])).unwrap();
    assert_eq!((&object["schema"], &object["calls"][0]["syscall"]), (&"criu-plan/run/1".into(), &"open".into()));
    assert_eq!(object["targets"][0]["steps"][1]["result"], 1);
}

#[test]
fn an_unknown_run_is_refused() {
    let stage = Stage::new();
    for command in [&["journal", "show"][..], &["recover"]] {
        let output = criu_plan().args(command).arg("20000101T000000Z-1").output().unwrap();
        assert_code(&output, 1);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("journal::no-such-run"), "{said}");
    }
    drop(stage);
}

#[test]
fn a_damaged_journal_is_listed_and_left_alone() {
    let stage = Stage::new();
    let journals = stage.path("journals");
    assert_code(&stage.apply(&journals), 0);
    let file = files(&journals).remove(0);
    let text = fs::read_to_string(&file).unwrap();
    for wrong in [
        "",
        "not a journal\n",
        &text[..100],
        &text.replace("journal/1", "journal/9"),
        &text.replace("\"begin\"", "\"bgein\""),
    ] {
        fs::write(&file, wrong).unwrap();
        let output = stage.criu_plan(&["journal"], &journals).output().unwrap();
        assert_code(&output, 0);
        let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
        let path = file.to_str().unwrap();
        let run = listed["runs"].as_array().unwrap().iter().find(|run| run["path"] == path).unwrap();
        assert!(run["unreadable"].is_string(), "{run}");
    }
}
