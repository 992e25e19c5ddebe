//! Typed memory in live processes: structures that calls read, what they fill, and values taken out of that.

#![allow(clippy::unwrap_used, clippy::panic)] // a test says what is wrong by ending

mod support;

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use support::*;

/// Applies steps to a program of its own; the outcome of the one target, which is well and as it was.
struct Run {
    directory: tempfile::TempDir,
    target: Target,
}

impl Run {
    fn new() -> Self {
        Self::of("plain")
    }

    /// On a kind of `life`.
    fn of(kind: &str) -> Self {
        let directory = directory();
        let mut command = Command::new(c("life"));
        let stdout = fs::File::create(directory.path().join("stdout")).unwrap();
        let target = Target::start(command.arg(kind).stdout(stdout));
        Self { directory, target }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// What came of the target; it must have gone well.
    fn apply(&mut self, steps: &str) -> Value {
        let output = self.output(steps);
        assert_code(&output, 0);
        outcome(&output)["targets"][0].clone()
    }

    fn output(&mut self, steps: &str) -> std::process::Output {
        let before = self.target.snapshot();
        let plan = format!("version: 1\ntargets: [{}]\nsteps:\n{steps}", self.target.pid());
        let output = apply(self.directory.path(), &plan, &[]);
        self.target.assert_well();
        assert_same(&before, &self.target.snapshot());
        output
    }
}

#[test]
fn structures_that_the_system_tells_of_itself() {
    let mut run = Run::new();
    let target = run.apply(
        r#"
- uname: [{ out: auto }]
  capture: { buf: name }
- sysinfo: [{ out: auto }]
  capture: { info: system }
- getrusage: [RUSAGE_SELF, { out: rusage }]
- getrlimit: [RLIMIT_NOFILE, { out: auto }]
  capture: { rlim: limit }
"#,
    );
    let captures = &target["captures"];
    let read = |name: &str| fs::read_to_string(format!("/proc/sys/kernel/{name}")).unwrap().trim().to_owned();
    assert_eq!(captures["name"]["sysname"], read("ostype"));
    assert_eq!(captures["name"]["release"], read("osrelease"));
    assert_eq!(captures["name"]["nodename"], read("hostname"));
    let memory = fs::read_to_string("/proc/meminfo").unwrap();
    let total: u64 = memory.lines().next().unwrap().split_whitespace().nth(1).unwrap().parse().unwrap();
    let unit = captures["system"]["mem_unit"].as_u64().unwrap();
    assert_eq!(captures["system"]["totalram"].as_u64().unwrap() * unit, total * 1024);
    assert!(target["steps"][2]["values"]["usage"]["ru_maxrss"].as_u64().unwrap() > 100);
    let limits = fs::read_to_string(format!("/proc/{}/limits", run.target.pid())).unwrap();
    let limit = limits.lines().find(|line| line.starts_with("Max open files")).unwrap().split_whitespace().nth(3);
    assert_eq!(captures["limit"]["rlim_cur"].to_string(), limit.unwrap());
}

#[test]
fn a_limit_is_read_and_set_from_what_was_read() {
    let mut run = Run::new();
    let target = run.apply(
        r#"
- prlimit64: { pid: 0, resource: RLIMIT_CORE, old_limit: { out: auto } }
  capture: { old_limit: core }
  irreversible: true
- prlimit64: { pid: 0, resource: RLIMIT_NOFILE, old_limit: { out: auto } }
  capture: { old_limit: files }
  irreversible: true
- prlimit64:
    pid: 0
    resource: RLIMIT_NOFILE
    new_limit: { struct: { rlim_cur: "${files.rlim_cur}-1", rlim_max: "${files.rlim_max}" } }
  irreversible: true
- prlimit64: { pid: 0, resource: RLIMIT_CORE, new_limit: { ref: core } }
  irreversible: true
- prlimit64: { pid: 0, resource: RLIMIT_NOFILE, old_limit: { out: auto } }
  capture: { old_limit: now }
  irreversible: true
"#,
    );
    let captures = &target["captures"];
    let before = captures["files"]["rlim_cur"].as_i64().unwrap();
    assert_eq!(captures["now"]["rlim_cur"], before - 1);
    assert_eq!(captures["now"]["rlim_max"], captures["files"]["rlim_max"]);
}

#[test]
fn files_are_described() {
    let mut run = Run::new();
    let file = run.path().join("file");
    fs::write(&file, "twelve bytes").unwrap();
    let target = run.apply(&format!(
        r#"
- stat: [{file}, {{ out: auto }}]
  capture: {{ statbuf: st }}
- statx: [AT_FDCWD, {file}, 0, STATX_BASIC_STATS, {{ out: statx }}]
  capture: {{ statxbuf: stx }}
- statfs: ["/proc", {{ out: auto }}]
  capture: {{ buf: proc }}
- getppid: []
  when: "${{st.st_size}} == 12"
  capture: twelve
- getppid: []
  when: "${{stx.stx_size}} != 12"
  capture: other
"#,
        file = file.display()
    ));
    let captures = &target["captures"];
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(&file).unwrap();
    assert_eq!(captures["st"]["st_size"], 12);
    assert_eq!(captures["st"]["st_ino"], metadata.ino());
    assert_eq!(captures["st"]["st_mode"], format!("{:#o}", metadata.mode()));
    assert_eq!(captures["st"]["st_mtim"]["tv_sec"], metadata.mtime());
    assert_eq!(captures["st"]["st_mtim"]["tv_nsec"], metadata.mtime_nsec());
    assert_eq!((&captures["stx"]["stx_size"], &captures["stx"]["stx_ino"]), (&json!(12), &json!(metadata.ino())));
    assert_eq!(captures["proc"]["f_type"], libc::PROC_SUPER_MAGIC);
    assert_eq!(captures["twelve"], std::process::id());
    assert!(captures.get("other").is_none());
}

#[test]
fn a_descriptor_travels_in_a_message() {
    let mut run = Run::new();
    let target = run.apply(
        r#"
- socketpair: [AF_UNIX, SOCK_STREAM, 0, { out: auto }]
  capture: { sv: ends }
- memfd_create: [sent, MFD_CLOEXEC]
  capture: sent
- sendmsg:
    sockfd: "${ends[0]}"
    msg:
      struct:
        msg_iov: [{ iov_base: "hello " }, { iov_base: { bytes: "776f726c64" } }]
        msg_control: [{ cmsg_level: SOL_SOCKET, cmsg_type: SCM_RIGHTS, cmsg_data: { i32: ["${sent}"] } }]
    flags: 0
  irreversible: true
  returns: 11
- recvmsg:
    sockfd: "${ends[1]}"
    msg:
      struct:
        msg_name: { out: 128 }
        msg_iov: [{ iov_base: { out: 6 } }, { iov_base: { out: 16 } }]
        msg_control: { out: 64 }
    flags: 0
  capture: { msg: message }
  irreversible: true
  returns: 11
- getpid: []
  capture: self
- kcmp: ["${self}", "${self}", KCMP_FILE, "${sent}", "${message.msg_control[0].cmsg_data[0]}"]
  returns: 0
- close: ["${message.msg_control[0].cmsg_data[0]}"]
  irreversible: true
- close: ["${sent}"]
- close: ["${ends[0]}"]
- close: ["${ends[1]}"]
"#,
    );
    let message = &target["captures"]["message"];
    assert_eq!(message["msg_iov"][0]["iov_base"], "hello ");
    assert_eq!(message["msg_iov"][1]["iov_base"], "world");
    let control = &message["msg_control"][0];
    assert_eq!((&control["cmsg_level"], &control["cmsg_type"]), (&json!("SOL_SOCKET"), &json!("SCM_RIGHTS")));
    let received = control["cmsg_data"][0].as_i64().unwrap();
    assert_ne!(received, target["captures"]["sent"].as_i64().unwrap());
}

#[test]
fn nothing_is_taken_out_of_a_message_that_brought_nothing() {
    let mut run = Run::new();
    let output = run.output(
        r#"
- socketpair: [AF_UNIX, SOCK_STREAM, 0, { out: auto }]
  capture: { sv: ends }
- sendmsg: ["${ends[0]}", { struct: { msg_iov: [{ iov_base: x }] } }, 0]
  irreversible: true
- recvmsg: ["${ends[1]}", { struct: { msg_iov: [{ iov_base: { out: 8 } }], msg_control: { out: 64 } } }, 0]
  capture: { msg: message }
  irreversible: true
- fcntl: ["${message.msg_control[0].cmsg_data[0]}", F_GETFD]
"#,
    );
    assert_code(&output, 3);
    let target = &outcome(&output)["targets"][0];
    assert_eq!(target["steps"][3]["state"], "failed");
    assert_eq!(target["steps"][3]["result"], Value::Null);
}

#[test]
fn every_spelling_of_a_socket_address() {
    let mut run = Run::new();
    let path = run.path().join("socket");
    let cases = [
        ("AF_INET", "\"127.0.0.1:0\"".to_owned(), json!({ "sin_family": "AF_INET", "sin_addr": "127.0.0.1" })),
        ("AF_INET6", "\"[::1]:0\"".to_owned(), json!({ "sin6_family": "AF_INET6", "sin6_addr": "::1" })),
        ("AF_UNIX", path.display().to_string(), json!({ "sun_family": "AF_LOCAL", "sun_path": path })),
        (
            "AF_UNIX",
            format!("\"@criu-plan-test-{}\"", std::process::id()),
            json!({ "sun_family": "AF_LOCAL", "sun_path": format!("@criu-plan-test-{}", std::process::id()) }),
        ),
        (
            "AF_INET",
            "{ struct: { sin_addr: 127.0.0.2, sin_port: 0 } }".to_owned(),
            json!({ "sin_family": "AF_INET", "sin_addr": "127.0.0.2" }),
        ),
    ];
    for (family, address, expected) in cases {
        let port = match family {
            "AF_INET" => "- getppid: []\n  when: \"${name.sin_port} >= 1024\"\n  capture: has_port\n",
            _ => "",
        };
        let target = run.apply(&format!(
            r#"
- socket: [{family}, SOCK_STREAM]
  capture: fd
- bind: {{ sockfd: "${{fd}}", addr: {address} }}
  irreversible: true
- getsockname: {{ sockfd: "${{fd}}", addr: {{ out: auto }} }}
  capture: {{ addr: name, addrlen: length }}
{port}- close: ["${{fd}}"]
"#
        ));
        let name = &target["captures"]["name"];
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&name[field], value, "{address}: {name}");
        }
        if family == "AF_INET" {
            assert_eq!(
                (name["sin_port"].as_u64().unwrap() >= 1024, target["captures"].get("has_port").is_some()),
                (true, true)
            );
            assert_eq!(target["captures"]["length"], 16);
        }
    }
}

#[test]
fn what_is_ready_is_told() {
    // A thread that sleeps may not poll: the kernel keeps but one wait to restart.
    let mut run = Run::of("busy");
    let target = run.apply(
        r#"
- pipe2: [{ out: auto }, O_CLOEXEC]
  capture: { pipefd: ends }
- epoll_create1: [EPOLL_CLOEXEC]
  capture: poller
- epoll_ctl: ["${poller}", EPOLL_CTL_ADD, "${ends[1]}", { struct: { events: [EPOLLOUT, EPOLLET], data: "${ends[1]}+1000" } }]
  irreversible: true
- epoll_ctl: ["${poller}", EPOLL_CTL_ADD, "${ends[0]}", { struct: { events: EPOLLIN, data: 7 } }]
  irreversible: true
- epoll_wait: { epfd: "${poller}", events: { out: "epoll_event[8]" }, timeout: 0 }
  capture: { return: ready, events: events }
  timeout: 1s
  irreversible: true
- poll:
    fds: { struct: [{ fd: "${ends[0]}", events: POLLIN }, { fd: "${ends[1]}", events: [POLLOUT] }, { fd: -1 }] }
    timeout: 0
  capture: { fds: polled }
  timeout: 1s
  returns: 1
- write: ["${events[0].data}-1000", "x"]
  irreversible: true
  returns: 1
- close: ["${poller}"]
- close: ["${ends[0]}"]
- close: ["${ends[1]}"]
"#,
    );
    let captures = &target["captures"];
    let events = captures["events"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    let write_end = captures["ends"][1].as_i64().unwrap();
    assert_eq!(events[0], json!({ "events": "EPOLLOUT", "data": write_end + 1000 }));
    assert_eq!(captures["polled"][0]["revents"], 0);
    assert_eq!(captures["polled"][1]["revents"], "POLLOUT");
    assert_eq!(captures["polled"][2]["fd"], -1);
}

#[test]
fn an_element_beyond_what_was_filled_is_no_value() {
    let mut run = Run::new();
    let output = run.output(
        r#"
- pipe2: [{ out: auto }, 0]
  capture: { pipefd: ends }
- write: ["${ends[1]}", { u32: [77] }]
  irreversible: true
- read: ["${ends[0]}", { out: 64, as: "u32[]" }]
  capture: { buf: numbers }
  irreversible: true
- close: ["${ends[0]}"]
  when: "${numbers[0]} == 77"
- close: ["${numbers[1]}"]
"#,
    );
    // What was written can't be taken back.
    assert_code(&output, 3);
    let outcome = outcome(&output);
    let steps = &outcome["targets"][0]["steps"];
    assert_eq!((&steps[3]["state"], &steps[3]["undone"]), (&json!("done"), &json!(true)));
    assert_eq!((&steps[4]["state"], &steps[4]["result"]), (&json!("failed"), &Value::Null));
}

#[test]
fn open_how_and_vectors() {
    let mut run = Run::new();
    let file = run.path().join("written");
    let target = run.apply(&format!(
        r#"
- openat2:
    dirfd: AT_FDCWD
    path: {file}
    how: {{ struct: {{ flags: [O_RDWR, O_CREAT, O_CLOEXEC], mode: 0o600, resolve: RESOLVE_NO_MAGICLINKS }} }}
  capture: fd
  irreversible: true
- writev: ["${{fd}}", {{ struct: [{{ iov_base: "one " }}, {{ iov_base: {{ base64: dHdv }} }}, {{ iov_base: {{ u8: [0x21, 10] }} }}] }}]
  irreversible: true
  returns: 9
- pread64: {{ fd: "${{fd}}", buf: {{ out: 64 }}, offset: 4 }}
  capture: {{ return: count, buf: text }}
- pwrite64: ["${{fd}}", {{ ref: text }}, "${{count}}", 9]
  irreversible: true
- close: ["${{fd}}"]
"#,
        file = file.display()
    ));
    assert_eq!(fs::read_to_string(&file).unwrap(), "one two!\ntwo!\n");
    assert_eq!((&target["captures"]["count"], &target["captures"]["text"]), (&json!(5), &json!("two!\n")));
}

#[test]
fn directories_are_listed() {
    let mut run = Run::new();
    let inner = run.path().join("inner");
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join("file"), "").unwrap();
    std::os::unix::fs::symlink("file", inner.join("a link with a long name")).unwrap();
    let target = run.apply(&format!(
        r#"
- open: [{inner}, O_RDONLY|O_DIRECTORY|O_CLOEXEC]
  capture: fd
- getdents64: {{ fd: "${{fd}}", dirp: {{ out: 4096 }} }}
  capture: {{ dirp: entries }}
  irreversible: true
- close: ["${{fd}}"]
"#,
        inner = inner.display()
    ));
    let entries = target["captures"]["entries"].as_array().unwrap();
    let mut found: Vec<_> =
        entries.iter().map(|entry| (entry["d_name"].as_str().unwrap(), entry["d_type"].as_str().unwrap())).collect();
    found.sort_unstable();
    assert_eq!(found, [(".", "DT_DIR"), ("..", "DT_DIR"), ("a link with a long name", "DT_LNK"), ("file", "DT_REG")]);
}

#[test]
fn timers_locks_and_signals() {
    let mut run = Run::new();
    let file = run.path().join("locked");
    fs::write(&file, "0123456789").unwrap();
    let target = run.apply(&format!(
        r#"
- timerfd_create: [CLOCK_MONOTONIC, TFD_CLOEXEC]
  capture: timer
- timerfd_settime:
    fd: "${{timer}}"
    flags: 0
    new_value: {{ struct: {{ it_value: {{ tv_sec: 1000, tv_nsec: 5 }}, it_interval: {{ tv_sec: 3 }} }} }}
    old_value: {{ out: auto }}
  capture: {{ old_value: before }}
  irreversible: true
- timerfd_gettime: ["${{timer}}", {{ out: auto }}]
  capture: {{ curr_value: left }}
- close: ["${{timer}}"]
- open: [{file}, O_RDWR|O_CLOEXEC]
  capture: fd
- fcntl: ["${{fd}}", F_GETLK, {{ struct: {{ l_type: F_WRLCK, l_whence: SEEK_SET, l_start: 2, l_len: 3 }} }}]
  capture: {{ arg: lock }}
- close: ["${{fd}}"]
- rt_sigaction: {{ signum: SIGUSR1, oldact: {{ out: auto }} }}
  capture: {{ oldact: action }}
  irreversible: true
"#,
        file = file.display()
    ));
    let captures = &target["captures"];
    assert_eq!(captures["before"]["it_value"], json!({ "tv_sec": 0, "tv_nsec": 0 }));
    let left = captures["left"]["it_value"]["tv_sec"].as_i64().unwrap();
    assert!((900..=1000).contains(&left), "{left}");
    assert_eq!(captures["left"]["it_interval"]["tv_sec"], 3);
    assert_eq!(captures["lock"]["l_type"], "F_UNLCK");
    assert_eq!(captures["lock"]["l_len"], 3);
    assert_eq!(captures["action"]["sa_handler"], "SIG_DFL");
    assert_eq!(captures["action"]["sa_mask"], json!([]));
}

#[test]
fn the_size_of_a_terminal() {
    let mut run = Run::new();
    let target = run.apply(
        r#"
- open: [/dev/ptmx, O_RDWR|O_NOCTTY|O_CLOEXEC]
  capture: fd
- ioctl: ["${fd}", TIOCSWINSZ, { struct: { ws_row: 33, ws_col: 0x84 } }]
  irreversible: true
- ioctl: ["${fd}", TIOCGWINSZ, { out: auto }]
  capture: { argp: size }
  irreversible: true
- ioctl: ["${fd}", TCGETS, { out: auto }]
  capture: { argp: terminal }
  irreversible: true
- close: ["${fd}"]
"#,
    );
    assert_eq!(target["captures"]["size"], json!({ "ws_row": 33, "ws_col": 132, "ws_xpixel": 0, "ws_ypixel": 0 }));
    assert!(target["captures"]["terminal"]["c_iflag"].as_str().unwrap().contains("ICRNL"));
}

#[test]
fn options_are_numbers_in_memory() {
    let mut run = Run::new();
    let target = run.apply(
        r#"
- socket: [AF_INET, SOCK_STREAM]
  capture: fd
- setsockopt: ["${fd}", SOL_SOCKET, SO_KEEPALIVE, { i32: 1 }]
  irreversible: true
- setsockopt: ["${fd}", SOL_SOCKET, SO_LINGER, { struct: { l_onoff: 1, l_linger: 5 } }]
  irreversible: true
- getsockopt: { sockfd: "${fd}", level: SOL_SOCKET, optname: SO_KEEPALIVE, optval: { out: auto } }
  capture: { optval: keepalive }
- getsockopt: { sockfd: "${fd}", level: SOL_SOCKET, optname: SO_LINGER, optval: { out: auto } }
  capture: { optval: linger, optlen: length }
- getppid: []
  when: ["${keepalive} == 1", "${linger.l_linger} == 5", "${length} == 8"]
  capture: as_set
- close: ["${fd}"]
"#,
    );
    assert_eq!(target["captures"]["linger"], json!({ "l_onoff": 1, "l_linger": 5 }));
    assert!(target["captures"].get("as_set").is_some(), "{target:#}");
}

#[test]
fn what_the_process_may_do() {
    let mut run = Run::new();
    let target = run.apply(
        r#"
- capget: { hdrp: { struct: {} }, datap: { out: auto } }
  capture: { datap: capabilities }
- sched_getattr: { pid: 0, attr: { out: auto } }
  capture: { attr: scheduling }
- landlock_create_ruleset:
    attr:
      struct: { handled_access_fs: [LANDLOCK_ACCESS_FS_EXECUTE, LANDLOCK_ACCESS_FS_WRITE_FILE] }
    flags: 0
  capture: ruleset
- open: [/usr, O_PATH|O_CLOEXEC]
  capture: usr
- landlock_add_rule:
    - "${ruleset}"
    - LANDLOCK_RULE_PATH_BENEATH
    - { struct: { allowed_access: LANDLOCK_ACCESS_FS_EXECUTE, parent_fd: "${usr}" } }
    - 0
  irreversible: true
- close: ["${usr}"]
- close: ["${ruleset}"]
"#,
    );
    let captures = &target["captures"];
    let effective = u64::from_str_radix(&run.target.status("CapEff"), 16).unwrap();
    assert_eq!(captures["capabilities"][0]["effective"], effective & 0xffff_ffff);
    assert_eq!(captures["capabilities"][1]["effective"], effective >> 32);
    assert!(captures["scheduling"]["size"].as_u64().unwrap() >= 48);
}

#[test]
fn what_does_not_fit_as_it_runs_fails_and_is_rolled_back() {
    let mut run = Run::new();
    let cases = [
        // -1 in an unsigned field.
        (
            "- socket: [AF_INET, SOCK_STREAM]\n  capture: fd\n- epoll_ctl: [\"${fd}\", EPOLL_CTL_ADD, \"${fd}\", { struct: { events: \"${fd}-1000\" } }]\n  irreversible: true\n",
            "does not fit",
        ),
        // A length beyond its memory.
        (
            "- socket: [AF_INET, SOCK_STREAM]\n  capture: fd\n- pread64: { fd: \"${fd}\", buf: { out: 16 }, count: \"${fd}+1000\" }\n",
            "larger than the memory",
        ),
        (
            "- socket: [AF_INET, SOCK_STREAM]\n  capture: fd\n- writev: [\"${fd}\", { struct: [{ iov_base: hello, iov_len: \"${fd}+1000\" }] }]\n  irreversible: true\n",
            "has only 6",
        ),
    ];
    for (steps, why) in cases {
        let output = run.output(steps);
        assert_code(&output, 1);
        let outcome = outcome(&output);
        assert_eq!(outcome["outcome"], "rolled_back");
        let note = outcome["targets"][0]["steps"][1]["note"].as_str().unwrap();
        assert!(note.contains(why), "{note}");
    }
}

#[test]
fn people_see_values_by_name() {
    let run = Run::new();
    let plan = format!(
        "version: 1\ntargets: [{}]\nsteps:\n- getsockname: [0, 0, 0]\n  ignore: [ENOTSOCK]\n- getrlimit: [RLIMIT_CORE, {{ out: auto }}]\n",
        run.target.pid()
    );
    let path = run.path().join("plan.yaml");
    fs::write(&path, plan).unwrap();
    let output = criu_plan().arg("apply").arg(&path).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("    rlim = {rlim_cur: "), "{text}");
}

/// A datagram from a name longer than the buffer for names: the kernel puts its length into `msg_namelen`, and would go by
/// that length the next time.
#[test]
fn a_message_used_again_is_not_written_beyond_its_name() {
    let mut run = Run::new();
    let long = run.path().join("a-socket-with-a-name-that-is-longer-than-what-is-asked-for");
    let receiver = run.path().join("r");
    let output = run.output(&format!(
        r#"
- socket: [AF_UNIX, SOCK_DGRAM]
  capture: to
- bind: ["${{to}}", {receiver}]
  irreversible: true
- socket: [AF_UNIX, SOCK_DGRAM]
  capture: from
- bind: ["${{from}}", {long}]
  irreversible: true
- sendto: ["${{from}}", one, 3, 0, {receiver}]
  irreversible: true
- sendto: ["${{from}}", two, 3, 0, {receiver}]
  irreversible: true
- recvmsg: ["${{to}}", {{ struct: {{ msg_name: {{ out: 16 }}, msg_iov: [{{ iov_base: {{ out: 8 }} }}] }} }}, 0]
  capture: {{ msg: message }}
  irreversible: true
- recvmsg: ["${{to}}", {{ ref: message }}, 0]
  irreversible: true
"#,
        receiver = receiver.display(),
        long = long.display(),
    ));
    assert_code(&output, 3);
    let steps = &outcome(&output)["targets"][0]["steps"];
    assert_eq!((&steps[6]["state"], &steps[6]["result"]), (&json!("done"), &json!(3)));
    assert_eq!((&steps[7]["state"], &steps[7]["result"]), (&json!("failed"), &Value::Null), "{steps:#}");
    let note = steps[7]["note"].as_str().unwrap();
    assert!(note.contains("larger by now than what it is for"), "{note}");
}

#[test]
fn a_message_used_again_serves_again() {
    let mut run = Run::new();
    let target = run.apply(
        r#"
- socketpair: [AF_UNIX, SOCK_STREAM, 0, { out: auto }]
  capture: { sv: ends }
- sendmsg: ["${ends[0]}", { struct: { msg_iov: [{ iov_base: "one " }, { iov_base: two }] } }, 0]
  capture: { msg: sent }
  irreversible: true
- sendmsg: ["${ends[0]}", { ref: sent }, 0]
  irreversible: true
  returns: 7
- readv: ["${ends[1]}", { struct: [{ iov_base: { out: 16 } }] }]
  capture: { iov: vector }
  irreversible: true
  returns: 14
- writev: ["${ends[1]}", { ref: vector }, 1]
  irreversible: true
  returns: 16
- close: ["${ends[0]}"]
- close: ["${ends[1]}"]
"#,
    );
    assert_eq!(target["captures"]["vector"][0]["iov_base"], "one twoone two");
}

/// What a call fills can be anything, and the kernel would follow it.
#[test]
fn a_message_written_over_since_is_not_used_again() {
    let mut run = Run::new();
    let output = run.output(
        r#"
- socketpair: [AF_UNIX, SOCK_STREAM, 0, { out: auto }]
  capture: { sv: ends }
- sendmsg: ["${ends[0]}", { struct: { msg_iov: [{ iov_base: "12345678123456781234567812345678" }] } }, 0]
  capture: { msg: message }
  irreversible: true
- read: ["${ends[1]}", { ref: message }, 32]
  irreversible: true
- sendmsg: ["${ends[0]}", { ref: message }, 0]
  irreversible: true
"#,
    );
    assert_code(&output, 3);
    let steps = &outcome(&output)["targets"][0]["steps"];
    assert_eq!((&steps[3]["state"], &steps[3]["result"]), (&json!("failed"), &Value::Null), "{steps:#}");
    assert!(steps[3]["note"].as_str().unwrap().contains("no longer points to what the plan made it point to"));
}

#[test]
fn interfaces_connections_and_rings() {
    let mut run = Run::new();
    let target = run.apply(
        r#"
- socket: [AF_INET, SOCK_STREAM]
  capture: fd
- ioctl: ["${fd}", SIOCGIFINDEX, { struct: { ifr_name: lo } }]
  capture: { argp: index }
- ioctl: ["${fd}", SIOCGIFFLAGS, { struct: { ifr_name: lo } }]
  capture: { argp: state }
- ioctl: ["${fd}", SIOCGIFMTU, { struct: { ifr_name: lo } }]
  capture: { argp: mtu }
- ioctl: ["${fd}", SIOCGIFNAME, { struct: { ifr_ifindex: "${index.ifr_ifindex}" } }]
  capture: { argp: name }
- getsockopt: { sockfd: "${fd}", level: IPPROTO_TCP, optname: TCP_INFO, optval: { out: auto } }
  capture: { optval: info }
- close: ["${fd}"]
- io_uring_setup: [4, { struct: { flags: [IORING_SETUP_CQSIZE], cq_entries: 16 } }]
  capture: { return: ring, p: parameters }
  ignore: [EPERM, ENOSYS]
- close: ["${ring}"]
  when: "${ring} >= 0"
- perf_event_open:
    attr: { struct: { type: PERF_TYPE_SOFTWARE, config: 9, flags: [disabled, exclude_kernel] } }
    pid: 0
    cpu: -1
    group_fd: -1
    flags: PERF_FLAG_FD_CLOEXEC
  thread: leader
  capture: counter
  ignore: [EPERM, EACCES, ENOSYS, ENOENT, EOPNOTSUPP]
- close: ["${counter}"]
  when: "${counter} >= 0"
"#,
    );
    let captures = &target["captures"];
    // SAFETY: the name is terminated.
    let index = unsafe { libc::if_nametoindex(c"lo".as_ptr()) };
    assert_eq!(captures["index"], json!({ "ifr_name": "lo", "ifr_ifindex": index }));
    assert_eq!(captures["name"]["ifr_name"], "lo");
    assert!(captures["state"]["ifr_flags"].as_str().unwrap().contains("IFF_LOOPBACK"), "{captures:#}");
    let mtu = fs::read_to_string("/sys/class/net/lo/mtu").unwrap();
    assert_eq!(captures["mtu"]["ifr_mtu"].to_string(), mtu.trim());
    assert_eq!(captures["info"]["tcpi_state"], "TCP_CLOSE");
    assert!(captures["info"]["tcpi_snd_cwnd"].as_u64().unwrap() > 0, "{captures:#}");
    if captures["ring"].as_i64().unwrap() >= 0 {
        let ring = &captures["parameters"];
        assert_eq!((&ring["sq_entries"], &ring["cq_entries"]), (&json!(4), &json!(16)));
        assert_ne!(ring["cq_off"]["cqes"], 0);
    }
}

#[test]
fn system_v_objects_are_described() {
    let mut run = Run::new();
    let target = run.apply(
        r#"
- shmget: [0, 12345, IPC_CREAT|0o640]
  capture: memory
  irreversible: true
- shmctl: ["${memory}", IPC_STAT, { out: auto }]
  capture: { buf: shm }
- shmctl: ["${memory}", IPC_RMID, 0]
  irreversible: true
- msgget: [0, IPC_CREAT|0o600]
  capture: queue
  irreversible: true
- msgsnd: { msqid: "${queue}", msgp: { bytes: "010000000000000061626364" }, msgsz: 4, msgflg: IPC_NOWAIT }
  irreversible: true
- msgctl: ["${queue}", IPC_STAT, { out: auto }]
  capture: { buf: msq }
- msgctl: ["${queue}", IPC_RMID, 0]
  irreversible: true
- semget: [0, 3, IPC_CREAT|0o600]
  capture: set
  irreversible: true
- semctl: ["${set}", 0, IPC_STAT, { out: auto }]
  capture: { arg: sem }
- semctl: ["${set}", 0, IPC_RMID]
  irreversible: true
"#,
    );
    let captures = &target["captures"];
    let pid = run.target.pid();
    assert_eq!((&captures["shm"]["shm_segsz"], &captures["shm"]["shm_cpid"]), (&json!(12345), &json!(pid)));
    assert_eq!((&captures["shm"]["shm_perm"]["mode"], &captures["shm"]["shm_nattch"]), (&json!("0o640"), &json!(0)));
    assert_eq!((&captures["msq"]["msg_qnum"], &captures["msq"]["__msg_cbytes"]), (&json!(1), &json!(4)));
    assert_eq!((&captures["msq"]["msg_lspid"], &captures["sem"]["sem_nsems"]), (&json!(pid), &json!(3)));
    assert_eq!(captures["sem"]["sem_perm"]["mode"], "0o600");
}
