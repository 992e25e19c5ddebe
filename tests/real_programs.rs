//! The redirect that ships, on programs that people run, while they are used: nobody who uses them notices.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use support::*;

/// Redirects a process. Its stdout is then a file that is appended to.
fn redirected(pid: i32, log: &Path) {
    let output = redirect(pid, log);
    assert_code(&output, 0);
    assert_eq!(outcome(&output)["outcome"], "applied");
    assert_eq!(fs::read_link(format!("/proc/{pid}/fd/1")).unwrap(), log);
    let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/1")).unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
    let flags = i32::from_str_radix(flags.trim(), 8).unwrap();
    let asked = libc::O_ACCMODE | libc::O_APPEND | libc::O_CLOEXEC;
    assert_eq!(flags & asked, libc::O_WRONLY | libc::O_APPEND, "{info}");
}

/// A directory, and in it the file that a program's output goes to at first.
fn outputs() -> (tempfile::TempDir, PathBuf, File) {
    let directory = directory();
    let first = directory.path().join("first");
    let file = File::create(&first).unwrap();
    (directory, first, file)
}

/// Redirects a server that prints something for each request while it is asked.
fn asked_all_the_time(mut target: Target, directory: &Path, ask: Ask) {
    let client = Client::start(ask);
    client.wait_for(20);
    for round in 0..3 {
        let log = directory.join(format!("log-{round}"));
        redirected(target.pid(), &log);
        client.wait_for(20);
        wait_for_growth(&log, 0);
    }
    client.finish();
    target.assert_well();
}

/// Starts a server of tests/targets, which says its port, and redirects it.
fn server(command: &mut Command) {
    let (directory, first, stdout) = outputs();
    let target = Target::spawn(command.stdout(stdout));
    let port = target.wait_for("ready ").trim_start_matches("ready ").parse().unwrap();
    http(port)().unwrap();
    wait_for_growth(&first, 0);
    asked_all_the_time(target, directory.path(), http(port));
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/targets").join(name)
}

#[test]
fn a_python_server() {
    server(Command::new("python3").arg(source("serve.py")));
}

#[test]
fn a_java_server() {
    server(Command::new("java").args(["-Xmx64m"]).arg(source("Serve.java")));
}

#[test]
fn a_go_server() {
    server(&mut Command::new(go("serve")));
}

#[test]
fn a_static_musl_server() {
    server(&mut Command::new(musl("serve")));
}

#[test]
fn redis() {
    let (directory, _, stdout) = outputs();
    let port = free_port();
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "verbose"]);
    command.args(["--port", &port.to_string(), "--dir"]).arg(directory.path());
    let mut target = Target::spawn(command.stdout(stdout));
    // Connections are kept, so that redis has no reason to close a descriptor.
    let mut connections = vec![support::redis(port)];
    wait_until("redis answers", || connections[0]().is_ok());
    assert_ne!(target.status("Threads"), "1");
    let client = Client::start(support::redis(port));
    client.wait_for(50);
    for round in 0..3 {
        let before = target.snapshot();
        let log = directory.path().join(format!("log-{round}"));
        redirected(target.pid(), &log);
        client.wait_for(50);
        assert_same(&before, &target.snapshot());
        // It prints who connects.
        connections.push(support::redis(port));
        connections.last_mut().unwrap()().unwrap();
        wait_for_growth(&log, 0);
    }
    client.finish();
    target.assert_well();
}

/// The processes that a process has started.
fn children(pid: i32) -> Vec<i32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

/// Ends the children of a process that is about to be killed, which leaves it no time to do so.
struct Orphans(i32);

impl Drop for Orphans {
    fn drop(&mut self) {
        let kill = |pid: i32, signal: i32| {
            // SAFETY: kill takes numbers only; the process is the test's own, or has just been named by its parent.
            unsafe { libc::kill(pid, signal) }
        };
        // Stopped it can't start others in their place.
        kill(self.0, libc::SIGSTOP);
        wait_until("it is stopped", || {
            fs::read_to_string(format!("/proc/{}/stat", self.0))
                .map_or(true, |stat| stat.contains(") T ") || stat.contains(") Z "))
        });
        for child in children(self.0) {
            kill(child, libc::SIGKILL);
        }
    }
}

#[test]
fn nginx_with_workers_and_threads() {
    let (directory, first, stdout) = outputs();
    let (port, home) = (free_port(), directory.path());
    fs::create_dir(home.join("www")).unwrap();
    fs::write(home.join("www/index.html"), "ok\n").unwrap();
    let user = if is_root() { "user nobody nogroup;" } else { "" };
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {}/{name};", home.display()))
        .join("\n");
    let configuration = format!(
        "{user} daemon off; worker_processes 2; pid {home}/nginx.pid; error_log stderr notice;
         thread_pool default threads=4;
         events {{ worker_connections 64; }}
         http {{
           {temporary} access_log {home}/access.log; aio threads; sendfile off;
           server {{ listen 127.0.0.1:{port}; root {home}/www; }}
         }}",
        home = home.display()
    );
    fs::write(home.join("nginx.conf"), configuration).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-e").arg("stderr").arg("-p").arg(home).arg("-c").arg(home.join("nginx.conf"));
    let mut master = Target::spawn(command.stdout(stdout));
    let _workers = Orphans(master.pid());
    wait_until("nginx answers", || http(port)().is_ok());
    wait_until("both workers run", || children(master.pid()).len() == 2);
    let workers = children(master.pid());
    for worker in &workers {
        let threads = || fs::read_dir(format!("/proc/{worker}/task")).unwrap().count();
        wait_until("its threads run", || threads() == 5);
    }
    let client = Client::start(http(port));
    client.wait_for(20);
    for round in 0..2 {
        for pid in [&[master.pid()], &workers[..]].concat() {
            let log = home.join(format!("log-{pid}-{round}"));
            redirected(pid, &log);
            // It prints nothing by itself.
            let output =
                criu_plan().args(["exec", "-t", &pid.to_string(), "write", "1", "&hello", "5"]).output().unwrap();
            assert_code(&output, 0);
            assert_eq!(fs::read_to_string(&log).unwrap(), "hello");
            client.wait_for(20);
        }
    }
    assert_eq!(children(master.pid()), workers);
    assert_eq!(fs::read_to_string(&first).unwrap(), "");
    // The master does its work, too: new workers have its new stdout.
    master.signal(libc::SIGHUP);
    wait_until("the workers are new ones", || {
        let now = children(master.pid());
        now.len() == 2 && now.iter().all(|pid| !workers.contains(pid))
    });
    client.wait_for(20);
    client.finish();
    for worker in children(master.pid()) {
        assert_eq!(fs::read_link(format!("/proc/{worker}/fd/1")).unwrap(), master.link(1));
    }
    master.assert_well();
    let access = fs::read_to_string(home.join("access.log")).unwrap();
    assert!(access.lines().all(|line| line.contains("\" 200 ")), "{access}");
}

#[test]
fn a_shell_loop() {
    let (directory, first, stdout) = outputs();
    let program = "echo ready >&2; i=0; while :; do echo line $i; i=$((i+1)); sleep 0.01; done";
    let mut target = Target::start(Command::new("sh").args(["-c", program]).stdout(stdout));
    let mut logs = vec![first];
    for round in 0..5 {
        wait_for_growth(logs.last().unwrap(), 0);
        let log = directory.path().join(format!("log-{round}"));
        redirected(target.pid(), &log);
        logs.push(log);
    }
    wait_for_growth(logs.last().unwrap(), 0);
    target.assert_well();
    drop(target);
    // Each line is in one of the files, once and in order.
    let lines: String = logs.iter().map(|log| fs::read_to_string(log).unwrap()).collect();
    let expected: String = (0..lines.lines().count()).map(|number| format!("line {number}\n")).collect();
    assert_eq!(lines, expected);
}
