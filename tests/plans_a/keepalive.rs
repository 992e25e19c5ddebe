//! keepalive.

use crate::job::*;
use crate::support::*;
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::Command;

/// An option of a socket of another process.
fn option(pid: i32, fd: i32, level: i32, name: i32) -> i32 {
    // SAFETY: these take numbers only; what they return is checked and is this function's own.
    let socket = unsafe {
        let process = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        assert!(process >= 0);
        let process = OwnedFd::from_raw_fd(process as i32);
        let socket = libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0);
        assert!(socket >= 0, "{}", std::io::Error::last_os_error());
        OwnedFd::from_raw_fd(socket as i32)
    };
    let (mut value, mut length) = (0, size_of::<i32>() as libc::socklen_t);
    // SAFETY: both are what getsockopt fills, and the length is that of the value.
    let result = unsafe { libc::getsockopt(socket.as_raw_fd(), level, name, (&raw mut value).cast(), &raw mut length) };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
    value
}

/// SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT.
fn keepalive(pid: i32, fd: i32) -> [i32; 4] {
    let tcp = |name| option(pid, fd, libc::IPPROTO_TCP, name);
    let on = option(pid, fd, libc::SOL_SOCKET, libc::SO_KEEPALIVE);
    [on, tcp(libc::TCP_KEEPIDLE), tcp(libc::TCP_KEEPINTVL), tcp(libc::TCP_KEEPCNT)]
}

#[test]
fn keepalive_on_the_connections_of_redis() {
    let directory = directory();
    let port = free_port();
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--tcp-keepalive", "0"]);
    command.args(["--port", &port.to_string(), "--dir"]).arg(directory.path());
    let mut target = Target::spawn(command.stdout(File::create(directory.path().join("stdout")).unwrap()));
    let client = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        let mut answer = [0; 7];
        stream.write_all(b"PING\r\n").and_then(|()| stream.read_exact(&mut answer)).ok()?;
        Some(stream)
    };
    let mut clients = Vec::new();
    wait_until("redis answers", || {
        clients.extend(client());
        !clients.is_empty()
    });
    clients.extend([client().unwrap(), client().unwrap()]);
    let before = sockets(target.pid());
    assert!(before.len() >= 4, "{before:?}");
    assert!(before.iter().all(|fd| keepalive(target.pid(), *fd)[0] == 0));
    let job = Job { plan: "keepalive.yaml", sets: &[("idle", "45"), ("interval", "7")] };
    job.dry(&target);
    assert!(before.iter().all(|fd| keepalive(target.pid(), *fd)[0] == 0));
    job.applied(&mut target);
    for fd in &before {
        assert_eq!(keepalive(target.pid(), *fd), [1, 45, 7, 6]);
    }
    job.unchanged(&mut target);
    // Who comes now gets it from the socket that listens.
    clients.push(client().unwrap());
    let now = sockets(target.pid());
    assert_eq!(now.len(), before.len() + 1);
    assert!(now.iter().all(|fd| keepalive(target.pid(), *fd) == [1, 45, 7, 6]));
    job.unchanged(&mut target);
}

#[test]
fn keepalive_for_tcp_only() {
    let directory = directory();
    let program = "
pair = socket.socketpair(); udp = socket.socket(type=socket.SOCK_DGRAM)
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6)
six = socket.socket(socket.AF_INET6) if socket.has_ipv6 else socket.socket()
tcp = socket.socket(); tcp.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
say('ready', pair[0].fileno(), udp.fileno(), netlink.fileno(), six.fileno(), tcp.fileno())
while told(): pass";
    let mut target = Target::spawn(&mut python_command(program, &[], directory.path()));
    let line = target.wait_for("ready ");
    let numbers: Vec<i32> = line.split(' ').skip(1).map(|word| word.parse().unwrap()).collect();
    let job = Job { plan: "keepalive.yaml", sets: &[] };
    let before: Vec<_> = numbers[3..].iter().map(|fd| keepalive(target.pid(), *fd)).collect();
    job.failed(&mut target, 1, "rolled_back");
    assert_eq!(before, numbers[3..].iter().map(|fd| keepalive(target.pid(), *fd)).collect::<Vec<_>>());
    job.applied(&mut target);
    for fd in &numbers[..3] {
        assert_eq!(option(target.pid(), *fd, libc::SOL_SOCKET, libc::SO_KEEPALIVE), 0);
    }
    for fd in &numbers[3..] {
        assert_eq!(keepalive(target.pid(), *fd), [1, 60, 10, 6]);
    }
    let again = job.unchanged(&mut target);
    // The lists go together: there is nothing where there was no TCP.
    let of = |name: &str| again["targets"][0]["captures"][name].as_array().unwrap().clone();
    let tcp: Vec<bool> = of("tcp").iter().map(|result| *result == 0).collect();
    assert!(tcp.contains(&true) && tcp.contains(&false), "{again:#}");
    for (name, value) in [("idle_was", 60), ("interval_was", 10), ("count_was", 6), ("keepalive_was", 1)] {
        let expected = tcp.iter().map(|tcp| if *tcp { value.into() } else { serde_json::Value::Null });
        assert_eq!(of(name), expected.collect::<Vec<_>>(), "{name}");
    }
}
