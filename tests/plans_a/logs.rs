//! reopen-deleted-logs, reopen-rotated-log, append-after-copytruncate.

use crate::job::*;
use crate::support::*;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

#[test]
fn logs_of_nginx_that_were_rotated_away() {
    let directory = directory();
    let (port, home) = (free_port(), directory.path());
    fs::create_dir_all(home.join("www")).unwrap();
    fs::create_dir_all(home.join("logs/deep")).unwrap();
    fs::write(home.join("www/index.html"), "ok\n").unwrap();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {}/{name};", home.display()))
        .join("\n");
    let configuration = format!(
        "daemon off; master_process off; pid {home}/nginx.pid; error_log {home}/logs/error.log info;
         events {{ worker_connections 64; }}
         http {{ {temporary} access_log {home}/logs/deep/access.log;
                 server {{ listen 127.0.0.1:{port}; root {home}/www; }} }}",
        home = home.display()
    );
    fs::write(home.join("nginx.conf"), configuration).unwrap();
    let (access, error) = (home.join("logs/deep/access.log"), home.join("logs/error.log"));
    let mut command = Command::new("nginx");
    command.arg("-e").arg(&error).arg("-p").arg(home).arg("-c").arg(home.join("nginx.conf"));
    let mut target = Target::spawn(command.stdout(File::create(home.join("stdout")).unwrap()));
    wait_until("nginx answers", || http(port)().is_ok());
    wait_for_growth(&access, 0);
    let logs = format!("{}/logs/**/*.log", home.display());
    let job = Job { plan: "reopen-deleted-logs.yaml", sets: &[("logs", &logs)] };
    job.left_alone(&mut target);
    let flags = |target: &Target| -> BTreeMap<String, i32> {
        let all = descriptors(target.pid()).into_iter();
        let logs = all.filter(|(_, (path, _))| path.display().to_string().contains(".log"));
        logs.map(|(number, _)| (number.clone(), info(target.pid(), number.parse().unwrap()).0)).collect()
    };
    let before = flags(&target);
    assert!(before.len() >= 2, "{before:?}");
    fs::remove_file(&access).unwrap();
    fs::remove_file(&error).unwrap();
    job.applied(&mut target);
    assert_eq!(flags(&target), before);
    http(port)().unwrap();
    wait_for_growth(&access, 0);
    assert!(error.exists());
    job.left_alone(&mut target);
    // As logrotate does it: renamed, the new one made; renamed, compressed and removed.
    let job = Job { plan: "reopen-rotated-log.yaml", sets: &[("log", &text(&access))] };
    job.left_alone(&mut target);
    fs::rename(&access, home.join("logs/deep/access.log.1")).unwrap();
    File::create(&access).unwrap();
    job.failed(&mut target, 1, "rolled_back");
    job.applied(&mut target);
    http(port)().unwrap();
    wait_for_growth(&access, 0);
    job.left_alone(&mut target);
    fs::rename(&access, home.join("logs/deep/access.log-20261127")).unwrap();
    fs::remove_file(home.join("logs/deep/access.log-20261127")).unwrap();
    job.failed(&mut target, 1, "rolled_back");
    assert!(!access.exists());
    job.applied(&mut target);
    http(port)().unwrap();
    wait_for_growth(&access, 0);
    assert_eq!(flags(&target), before);
}

/// Opens argv[1:] on 20, 21 … with different flags, writes to each, waits; then writes once more each time it is told.
const LOGS: &str = "
for number, path in enumerate(sys.argv[1:]):
    fd = os.open(path, os.O_CREAT | [os.O_WRONLY | os.O_APPEND, os.O_RDWR][number % 2], 0o644)
    os.dup2(fd, 20 + number, inheritable=number != 1); os.close(fd)
    os.write(20 + number, b'before\\n')
say('ready')
while told():
    for number in range(len(sys.argv) - 1): os.write(20 + number, b'after\\n')
    say('written')
";

#[test]
fn logs_are_reopened_with_flags_and_offset() {
    let directory = directory();
    let logs: Vec<PathBuf> = ["a.log", "b.log", "c.txt", "d.log"].map(|name| directory.path().join(name)).to_vec();
    let paths: Vec<String> = logs.iter().map(|log| text(log)).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut target = python(LOGS, &paths, directory.path());
    target.until_asleep();
    logs.iter().take(3).for_each(|log| fs::remove_file(log).unwrap());
    let glob = format!("{}/*.log", directory.path().display());
    let job = Job { plan: "reopen-deleted-logs.yaml", sets: &[("logs", &glob)] };
    let before: Vec<_> = (20..24).map(|fd| info(target.pid(), fd)).collect();
    job.dry(&target);
    assert!(!logs[0].exists());
    job.rolled_back(&mut target);
    assert!(!logs[0].exists() && !logs[1].exists());
    job.applied(&mut target);
    // An O_APPEND file's offset is 0 until it writes.
    let after: Vec<_> = (20..24).map(|fd| info(target.pid(), fd)).collect();
    assert_eq!((after[0], &after[1..]), ((before[0].0, 0), &before[1..]));
    assert_eq!((target.link(20), target.link(21)), (logs[0].clone(), logs[1].clone()));
    assert!(text(&target.link(22)).ends_with("c.txt (deleted)"));
    target.tell();
    target.wait_for("written");
    assert_eq!(fs::read(&logs[0]).unwrap(), b"after\n");
    assert_eq!(fs::read(&logs[1]).unwrap(), b"\0\0\0\0\0\0\0after\n");
    assert_eq!(fs::read(&logs[3]).unwrap(), b"before\nafter\n");
    job.left_alone(&mut target);
}

#[test]
fn appending_logs_that_were_rotated_away_come_back_whole() {
    let directory = directory();
    let log = directory.path().join("a.log");
    let mut target = python(LOGS, &[&text(&log)], directory.path());
    target.until_asleep();
    fs::remove_file(&log).unwrap();
    let glob = format!("{}/**", directory.path().display());
    Job { plan: "reopen-deleted-logs.yaml", sets: &[("logs", &glob)] }.rolled_back(&mut target);
    assert!(!log.exists());
}

#[test]
fn a_shell_loop_whose_log_is_emptied_in_place() {
    let directory = directory();
    let log = directory.path().join("log");
    let program = "exec >\"$0\"; echo ready >&2; while :; do echo line; sleep 0.01; done";
    let mut target = Target::start(Command::new("sh").args(["-c", program]).arg(&log));
    let job = Job { plan: "append-after-copytruncate.yaml", sets: &[("log", &text(&log))] };
    let empty = || File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
    wait_for_growth(&log, 50);
    empty();
    wait_for_growth(&log, 0);
    assert_eq!(fs::read(&log).unwrap()[0], 0);
    job.applied(&mut target);
    assert_eq!(info(target.pid(), 1).0 & (libc::O_APPEND | libc::O_ACCMODE), libc::O_APPEND | libc::O_WRONLY);
    empty();
    wait_for_growth(&log, 10);
    assert!(fs::read(&log).unwrap().starts_with(b"line\nline\n"));
    job.left_alone(&mut target);
}

#[test]
fn appending_is_taken_back() {
    let directory = directory();
    let logs = ["a.log", "b.log"].map(|name| text(&directory.path().join(name)));
    let mut target = python(LOGS, &[&logs[0], &logs[1]], directory.path());
    target.until_asleep();
    // 20 appends already; 21 is open for reading and writing.
    let glob = format!("{}/*.log", directory.path().display());
    let job = Job { plan: "append-after-copytruncate.yaml", sets: &[("log", &glob)] };
    job.dry(&target);
    job.rolled_back(&mut target);
    let before = [20, 21].map(|fd| info(target.pid(), fd));
    job.applied(&mut target);
    let after = [20, 21].map(|fd| info(target.pid(), fd));
    assert_eq!(after, [before[0], (before[1].0 | libc::O_APPEND, before[1].1)]);
    job.left_alone(&mut target);
}
