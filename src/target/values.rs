//! Values of a process and of its threads that can be read from outside, at any moment.

use super::process::{Process, read};
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::Mode;
use procfs::process::{Stat, Status};
use std::fs::{self, File};
use std::io::Read;

/// `PROC_USER_INIT_INO` of include/linux/proc_ns.h: the first user namespace.
const FIRST_USER_NAMESPACE: u64 = 0xefff_fffd;

impl Process {
    /// What `status` shows of one of its threads.
    pub fn status_of(&self, tid: i32) -> Option<Status> {
        read(&self.dir, &format!("task/{tid}/status"))
    }

    /// Capabilities that are in effect in a thread and count for the whole machine: those of another user namespace than the
    /// first do not. None if it can't be told.
    pub fn privileges(&self, tid: i32) -> u64 {
        if self.namespace(tid, libc::CLONE_NEWUSER as u64) == Some(FIRST_USER_NAMESPACE) {
            self.status_of(tid).map_or(0, |status| status.capeff)
        } else {
            0
        }
    }

    /// The namespace of one kind (CLONE_NEW*) that a thread is in, by its inode number.
    pub fn namespace(&self, tid: i32, kind: u64) -> Option<u64> {
        let name = match i32::try_from(kind).ok()? {
            libc::CLONE_NEWUSER => "user",
            libc::CLONE_NEWNET => "net",
            libc::CLONE_NEWUTS => "uts",
            libc::CLONE_NEWCGROUP => "cgroup",
            _ => return None,
        };
        let link = format!("task/{tid}/ns/{name}");
        nix::sys::stat::fstatat(&self.dir, link.as_str(), AtFlags::empty()).ok().map(|found| found.st_ino)
    }

    /// A soft limit, by its RLIMIT_* number.
    pub fn soft_limit(&self, resource: u64) -> Option<u64> {
        let (pid, resource) = (self.pid, u32::try_from(resource).ok()?);
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: with no new limit the call fills `limit`, which outlives it, and changes nothing.
        let told = unsafe { libc::prlimit(pid, resource, std::ptr::null(), &raw mut limit) };
        (told == 0).then_some(limit.rlim_cur)
    }

    /// Whether no other process is in its process group.
    pub fn alone_in_group(&self) -> Option<bool> {
        let own: Stat = read(&self.dir, "stat")?;
        let pids =
            fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
        let group = |pid: i32| {
            let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // Behind the name: state, parent, group.
            text.get(text.rfind(')')? + 1..)?.split_whitespace().nth(2)?.parse::<i32>().ok()
        };
        Some(!pids.into_iter().any(|pid| pid != self.pid && group(pid) == Some(own.pgrp)))
    }

    /// The address that a command of PR_SET_MM sets, if it is one that can be read.
    pub fn memory_mark(&self, command: u64) -> Option<u64> {
        let stat: Stat = read(&self.dir, "stat")?;
        match command {
            1 => Some(stat.startcode),
            2 => Some(stat.endcode),
            3 => stat.start_data,
            4 => stat.end_data,
            5 => Some(stat.startstack),
            6 => stat.start_brk,
            8 => stat.arg_start,
            9 => stat.arg_end,
            10 => stat.env_start,
            11 => stat.env_end,
            _ => None,
        }
    }

    /// One of its timers (timer_create), as `/proc/PID/timers` shows it.
    pub fn timer(&self, number: u64) -> Option<Timer> {
        let mut text = String::new();
        let file = openat(&self.dir, "timers", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()).ok()?;
        File::from(file).read_to_string(&mut text).ok()?;
        Timer::among(&text, number)
    }
}

/// What is known of a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// It runs by a clock of the world, not by processor time.
    pub keeps_time: bool,
    /// The signal that it sends, 0 if none.
    pub signal: i32,
}

impl Timer {
    fn among(text: &str, number: u64) -> Option<Self> {
        const OF_THE_WORLD: [i64; 6] = [0, 1, 7, 8, 9, 11];
        let (mut found, mut signal, mut tells) = (None, 0, false);
        for (name, value) in text.lines().filter_map(|line| line.split_once(": ")) {
            match name {
                "ID" => found = value.trim().parse::<u64>().ok(),
                "signal" => signal = value.split('/').next()?.parse().ok()?,
                "notify" => tells = value.starts_with("signal/"),
                "ClockID" if found == Some(number) => {
                    let keeps_time = OF_THE_WORLD.contains(&value.trim().parse().ok()?);
                    return Some(Self { keeps_time, signal: if tells { signal } else { 0 } });
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Timer;

    #[test]
    fn a_timer_among_others() {
        let text = "ID: 0\nsignal: 14/0000000000000000\nnotify: signal/pid.7\nClockID: 1\nID: 3\nsignal: 10/00000000deadbeef\n\
                    notify: none/pid.7\nClockID: -6\n";
        assert_eq!(Timer::among(text, 0), Some(Timer { keeps_time: true, signal: 14 }));
        assert_eq!(Timer::among(text, 3), Some(Timer { keeps_time: false, signal: 0 }));
        assert_eq!(Timer::among(text, 1), None);
    }
}
