//! Everything of a process's descriptors that can be seen from outside, and by duplicates of them.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Somebody who shares the open files of a process.
pub struct Peer {
    pidfd: OwnedFd,
}

fn owned(result: i64) -> OwnedFd {
    assert!(result >= 0, "{}", std::io::Error::last_os_error());
    // SAFETY: the caller has just got it from the kernel.
    unsafe { OwnedFd::from_raw_fd(result as i32) }
}

impl Peer {
    pub fn of(pid: i32) -> Self {
        // SAFETY: plain numbers.
        Self { pidfd: owned(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) }) }
    }

    /// A duplicate of a descriptor, which is of the same open file.
    pub fn share(&self, number: i32) -> OwnedFd {
        // SAFETY: plain numbers.
        owned(unsafe { libc::syscall(libc::SYS_pidfd_getfd, self.pidfd.as_raw_fd(), number, 0) })
    }
}

/// What a getter tells: result and memory.
fn asked(call: impl Fn(*mut u8) -> i32) -> String {
    let mut memory = [0u8; 64];
    let result = call(memory.as_mut_ptr());
    if result < 0 {
        format!("{}", std::io::Error::last_os_error())
    } else {
        let filled = memory.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        format!("{result} {:02x?}", &memory[..filled])
    }
}

fn option(fd: i32, level: i32, option: i32) -> String {
    asked(|memory| {
        let mut length = 64u32;
        // SAFETY: the memory has 64 bytes, as the length says.
        unsafe { libc::getsockopt(fd, level, option, memory.cast(), &raw mut length) }
    })
}

/// Commands of fcntl that tell something.
const FCNTL: [i32; 7] = [
    libc::F_GETFD,
    libc::F_GETFL,
    // F_GETSIG, F_GETOWN_EX, F_GET_RW_HINT
    11,
    16,
    1035,
    libc::F_GETLEASE,
    libc::F_GETPIPE_SZ,
];
/// TCGETS2, TIOCGWINSZ, TIOCGEXCL, TIOCGPKT, TIOCGPTLCK, FS_IOC_GETFLAGS.
const IOCTL: [u64; 6] = [0x802c_542a, 0x5413, 0x8004_5440, 0x8004_5438, 0x8004_5439, 0x8008_6601];
/// Options: (level, every option up to).
const OPTIONS: [(i32, i32); 3] = [(libc::SOL_SOCKET, 75), (libc::IPPROTO_TCP, 39), (libc::IPPROTO_IP, 53)];
/// Those that change by themselves, or whose reading changes something: SO_ERROR, SO_MEMINFO, SO_INCOMING_NAPI_ID,
/// SO_COOKIE, SO_PEERPIDFD …; TCP_INFO, TCP_QUICKACK, TCP_CC_INFO, TCP_SAVED_SYN, TCP_TIMESTAMP, TCP_ZEROCOPY_RECEIVE.
const LEFT_OUT: [(i32, &[i32]); 3] = [
    (libc::SOL_SOCKET, &[4, 49, 55, 56, 57, 77]),
    (libc::IPPROTO_TCP, &[11, 12, 24, 26, 28, 35]),
    (libc::IPPROTO_IP, &[]),
];

/// What of fdinfo counts. Timers are told below; inotify is told without what does not belong to it.
fn info(pid: i32, fd: i32) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).unwrap();
    let counts = |line: &&str| !["it_value", "settime flags"].iter().any(|word| line.starts_with(word));
    // The number of a lock in the list is no part of it.
    let plain = |line: &str| {
        line.strip_prefix("lock:\t").map_or(line.to_owned(), |lock| lock[lock.find(' ').unwrap()..].to_owned())
    };
    let mut lines: Vec<String> = text.lines().filter(counts).map(plain).collect();
    lines.sort();
    lines.join("\n")
}

/// When a timer expires, in milliseconds by CLOCK_BOOTTIME; 0 if it does not run.
fn due(pid: i32, fd: i32) -> Option<i64> {
    let text = fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix("it_value: ("))?;
    let (seconds, rest) = value.trim_end_matches(')').split_once(", ").unwrap();
    let left = seconds.parse::<i64>().unwrap() * 1000 + rest.parse::<i64>().unwrap() / 1_000_000;
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is what clock_gettime fills.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut now) };
    Some(if left == 0 { 0 } else { now.tv_sec * 1000 + now.tv_nsec / 1_000_000 + left })
}

/// Everything, by what it is.
pub fn state(pid: i32) -> BTreeMap<String, String> {
    let mut state = BTreeMap::new();
    let peer = Peer::of(pid);
    for entry in fs::read_dir(format!("/proc/{pid}/fd")).unwrap() {
        let number: i32 = entry.unwrap().file_name().to_str().unwrap().parse().unwrap();
        if number < 3 {
            continue;
        }
        let mut put = |what: String, value: String| state.insert(format!("{number} {what}"), value);
        let link = fs::read_link(format!("/proc/{pid}/fd/{number}")).unwrap();
        put("file".into(), link.display().to_string());
        put("info".into(), info(pid, number));
        if let Some(due) = due(pid, number) {
            put("due".into(), due.to_string());
        }
        let shared = peer.share(number);
        let fd = shared.as_raw_fd();
        for command in FCNTL {
            if command != libc::F_GETFD {
                // SAFETY: the memory is larger than what any of these fills.
                put(format!("fcntl {command}"), asked(|memory| unsafe { libc::fcntl(fd, command, memory) }));
            }
        }
        for request in IOCTL {
            // SAFETY: as above.
            put(format!("ioctl {request:x}"), asked(|memory| unsafe { libc::ioctl(fd, request, memory) }));
        }
        if link.to_str().unwrap().starts_with("socket:") {
            for (level, most) in OPTIONS {
                let left_out = LEFT_OUT.iter().find(|(of, _)| *of == level).unwrap().1;
                for name in (1..=most).filter(|name| !left_out.contains(name)) {
                    put(format!("option {level} {name}"), option(fd, level, name));
                }
            }
        }
    }
    state
}

/// What is not the same. A busy machine may come between the look at a timer and the look at the clock: the tests set
/// timers to what is seconds away from what they were.
pub fn differences(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let same = |what: &String| match (before.get(what), after.get(what)) {
        (Some(before), Some(after)) if what.ends_with(" due") => {
            let [before, after] = [before, after].map(|due| due.parse::<i64>().unwrap());
            (before == 0) == (after == 0) && (before - after).abs() < 1000
        }
        (before, after) => before == after,
    };
    let all: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differ = all.into_iter().filter(|what| !same(what));
    differ.map(|what| format!("{what}: {:?} became {:?}", before.get(what), after.get(what))).collect()
}
