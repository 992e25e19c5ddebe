//! swap-listener.

use crate::job::*;
use crate::redis_server::*;
use crate::support::*;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;

/// The descriptor by which a process listens on a loopback port.
fn listener(pid: i32, port: u16) -> i32 {
    let table = fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap();
    let own = format!("0100007F:{port:04X}");
    let line = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let inode = line.into_iter().find(|words| words[1] == own && words[3] == "0A").unwrap()[9].to_owned();
    let link = PathBuf::from(format!("socket:[{inode}]"));
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().map(|fd| fd.unwrap());
    let found = descriptors.into_iter().find(|fd| fs::read_link(fd.path()).is_ok_and(|to| to == link)).unwrap();
    found.file_name().to_str().unwrap().parse().unwrap()
}

/// How an epoll descriptor of a process waits for another, as the plan's comment says to look it up.
fn waits(pid: i32, listener: i32) -> Option<[(&'static str, String); 3]> {
    let infos = fs::read_dir(format!("/proc/{pid}/fdinfo")).unwrap().map(|info| info.unwrap());
    infos.into_iter().find_map(|info| {
        let text = fs::read_to_string(info.path()).ok()?;
        let words = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let line = words
            .into_iter()
            .find(|words| words.len() > 5 && words[0] == "tfd:" && words[1] == listener.to_string())?;
        let number = |name| format!("0x{}", line[line.iter().position(|word| *word == name).unwrap() + 1]);
        let epoll = info.file_name().to_str()?.to_owned();
        Some([("epoll", epoll), ("events", number("events:")), ("data", number("data:"))])
    })
}

/// Moves a server from its port to another, with failures and for good.
fn swapped(mut target: Target, port: u16, ask: impl Fn(u16) -> Ask, epoll: bool) {
    let pid = target.pid();
    let (number, new) = (listener(pid, port), free_port());
    let info = || fs::read_to_string(format!("/proc/{pid}/fdinfo/{number}")).unwrap();
    let flags = |info: String| info.lines().find(|line| line.starts_with("flags:")).map(str::to_owned);
    let registered = waits(pid, number);
    assert_eq!(registered.is_some(), epoll);
    let mut set = vec![("listener", number.to_string()), ("port", new.to_string())];
    set.extend(registered.clone().into_iter().flatten());
    let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let job = Job::new("swap-listener", pid, &set);
    // Accepted before, if it keeps connections.
    let mut kept = ask(port);
    kept().unwrap();
    let (link, had) = (target.link(number), flags(info()));
    let refused = |port: u16| TcpStream::connect(("127.0.0.1", port)).is_err();
    job.dry(|| (target.link(number), refused(new)));
    job.failing(Some("  - setsockopt"), 1, "rolled_back");
    job.failing(None, 1, "rolled_back");
    assert_eq!((target.link(number), flags(info()), waits(pid, number)), (link.clone(), had.clone(), registered));
    assert!(refused(new));
    ask(port)().unwrap();
    job.applied();
    assert_ne!(target.link(number), link);
    assert_eq!((flags(info()), listener(pid, new)), (had, number));
    ask(new)().unwrap();
    assert!(refused(port));
    job.unchanged();
    let client = Client::start(ask(new));
    client.wait_for(20);
    client.finish();
    target.assert_well();
}

#[test]
fn a_python_server_listens_elsewhere() {
    let mut command = Command::new("python3");
    command.arg(source("tests/targets/serve.py")).stdout(File::create("/dev/null").unwrap());
    let target = Target::spawn(&mut command);
    let port = target.wait_for("ready ").trim_start_matches("ready ").parse().unwrap();
    swapped(target, port, http, false);
}

/// Both of its threads wait in accept, and go on in the new socket.
#[test]
fn a_server_that_waits_in_accept_listens_elsewhere() {
    let mut command = Command::new(c("serve"));
    let target = Target::spawn(command.stdout(File::create("/dev/null").unwrap()));
    let port = target.wait_for("ready ").trim_start_matches("ready ").parse().unwrap();
    swapped(target, port, http, false);
}

#[test]
fn a_server_goes_on_with_ipv6() {
    if TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let mut command = Command::new(c("serve"));
    let mut target = Target::spawn(command.stdout(File::create("/dev/null").unwrap()));
    let port = target.wait_for("ready ").trim_start_matches("ready ").parse().unwrap();
    let (number, new) = (listener(target.pid(), port).to_string(), free_port());
    let set = [("listener", &*number), ("port", &new.to_string()), ("family", "AF_INET6"), ("address", "[::1]")];
    let job = Job::new("swap-listener", target.pid(), &set);
    job.applied();
    let mut stream = TcpStream::connect(("::1", new)).unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("ok\n"), "{answer}");
    job.unchanged();
    target.assert_well();
}

#[test]
fn redis_listens_elsewhere_and_keeps_its_connections() {
    let home = directory();
    let (target, port) = redis_server(Command::new("redis-server"), home.path());
    let mut kept = redis(port);
    kept().unwrap();
    swapped(target, port, redis, true);
}

#[test]
fn nginx_listens_elsewhere() {
    let directory = directory();
    let (port, home) = (free_port(), directory.path());
    fs::write(home.join("index.html"), "ok\n").unwrap();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {}/{name};", home.display()))
        .join("\n");
    let configuration = format!(
        "daemon off; master_process off; pid {home}/nginx.pid; error_log stderr notice;
         events {{ worker_connections 64; }}
         http {{ {temporary} access_log off; server {{ listen 127.0.0.1:{port}; root {home}; }} }}",
        home = home.display()
    );
    fs::write(home.join("nginx.conf"), configuration).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-e").arg("stderr").arg("-p").arg(home).arg("-c").arg(home.join("nginx.conf"));
    let target = Target::spawn(&mut command);
    wait_until("nginx answers", || http(port)().is_ok());
    swapped(target, port, http, true);
}
