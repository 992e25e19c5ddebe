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
        let link = format!("task/{tid}/ns/user");
        let namespace = nix::sys::stat::fstatat(&self.dir, link.as_str(), AtFlags::empty());
        if namespace.is_ok_and(|found| found.st_ino == FIRST_USER_NAMESPACE) {
            self.status_of(tid).map_or(0, |status| status.capeff)
        } else {
            0
        }
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

    /// Whether one of its timers (timer_create) runs by a clock of the world, not by processor time.
    pub fn timer_keeps_time(&self, timer: u64) -> Option<bool> {
        const OF_THE_WORLD: [i64; 6] = [0, 1, 7, 8, 9, 11];
        let mut text = String::new();
        let file = openat(&self.dir, "timers", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()).ok()?;
        File::from(file).read_to_string(&mut text).ok()?;
        let mut found = None;
        for (name, value) in text.lines().filter_map(|line| line.split_once(": ")) {
            let value = value.trim().parse::<i64>().ok();
            match name {
                "ID" => found = value,
                "ClockID" if found == Some(timer as i64) => return Some(OF_THE_WORLD.contains(&value?)),
                _ => {}
            }
        }
        None
    }
}
