//! Processes outside a thread group that share its memory, its descriptor table or its working directory: they are in no
//! `task/` of it, and would go on running while it is stopped.

use super::kcmp::{Resource, same};
use super::process::Process;
use super::refusal::to_read_more;
use crate::problem::Problem;
use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;

/// A process that shares something with a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharer {
    /// Its pid.
    pub pid: i32,
    /// Its comm.
    pub comm: String,
    /// What it shares.
    pub what: Resource,
}

/// What was found before the stop, and a quick way to tell inside it whether there can be more.
#[derive(Debug)]
pub struct Sharers {
    found: Vec<i32>,
    seen: HashSet<i32>,
    loadavg: File,
    newest: i32,
}

const RESOURCES: [Resource; 3] = [Resource::Memory, Resource::Files, Resource::Fs];

impl Sharers {
    /// Compares the target with every process.
    pub fn scan(process: &Process) -> Result<Self, Problem> {
        if same(process.tid, process.tid, Resource::Memory) != Ok(true) {
            return Err(Problem::error(
                "target::no-kcmp",
                format!("{} is refused: kcmp(2) is not allowed here, so it can't be told who shares its memory", process.title()),
            )
            .help("run criu-plan outside the container or sandbox that forbids the call, on a kernel that has it (CONFIG_KCMP)"));
        }
        let loadavg = File::open("/proc/loadavg").map_err(unreadable)?;
        let newest = newest(&loadavg).unwrap_or(0);
        let seen: HashSet<i32> = pids().map_err(unreadable)?.collect();
        let found = seen.iter().copied().filter(|pid| shared(process, *pid).is_some()).collect();
        Ok(Self { found, seen, loadavg, newest })
    }

    /// Looks at the processes that were born since, the tracing child among them, so that little is left to do inside the
    /// stop.
    pub fn refresh(&mut self, process: &Process) -> Result<(), Problem> {
        let newest = newest(&self.loadavg).unwrap_or(0);
        for pid in pids().map_err(unreadable)? {
            if self.seen.insert(pid) && shared(process, pid).is_some() {
                self.found.push(pid);
            }
        }
        self.newest = newest;
        Ok(())
    }

    /// Whether any process shared something before the stop.
    pub fn any(&self) -> bool {
        !self.found.is_empty()
    }

    /// Whether no more threads want a processor than there are, but for us (the fourth field of /proc/loadavg).
    pub fn quiet(&self) -> bool {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let running = fields(&self.loadavg, |fields| fields.rev().nth(1)?.split('/').next()?.parse::<usize>().ok());
        running.is_some_and(|running| running <= processors + 1)
    }

    /// Those that share something now, with the target stopped. Only it, or one of them, can have made new ones, and only
    /// as processes younger than the scan.
    pub fn now(&self, process: &Process) -> Result<Vec<Sharer>, Problem> {
        let mut candidates = self.found.clone();
        if newest(&self.loadavg) != Some(self.newest) {
            candidates.extend(pids().map_err(unreadable)?.filter(|pid| !self.seen.contains(pid)));
        }
        let sharer = |pid: i32| {
            let what = shared(process, pid)?;
            let comm = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            Some(Sharer { pid, comm: comm.trim_end().to_owned(), what })
        };
        Ok(candidates.into_iter().filter_map(sharer).collect())
    }
}

/// What `pid` shares with the target; `None` for itself, for those that share nothing, that have ended, or that may not be
/// compared (they belong to somebody else, and nobody shares with another user's process but through a helper of ours).
fn shared(process: &Process, pid: i32) -> Option<Resource> {
    if pid == process.pid {
        return None;
    }
    RESOURCES.into_iter().find(|resource| same(process.tid, pid, *resource) == Ok(true))
}

fn unreadable(error: std::io::Error) -> Problem {
    Problem::error("target::unreadable", format!("/proc can't be read: {error}")).help(to_read_more(&error))
}

fn pids() -> std::io::Result<impl Iterator<Item = i32>> {
    Ok(fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()))
}

/// The pid that was given out last (the fifth field of /proc/loadavg), in our pid namespace.
fn newest(loadavg: &File) -> Option<i32> {
    fields(loadavg, |fields| fields.next_back()?.parse().ok())
}

fn fields<T>(loadavg: &File, read: impl FnOnce(&mut std::str::Split<'_, char>) -> Option<T>) -> Option<T> {
    let mut text = [0u8; 128];
    let length = loadavg.read_at(&mut text, 0).ok()?;
    read(&mut std::str::from_utf8(text.get(..length)?).ok()?.trim_end().split(' '))
}
