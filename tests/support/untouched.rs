//! Whether a process has been touched.

use super::Target;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What shows that a waiting process was left alone: it has not run, nobody traces it, its descriptors are the same.
#[derive(Debug, PartialEq, Eq)]
pub struct Untouched {
    status: Vec<String>,
    descriptors: BTreeMap<String, (PathBuf, String)>,
}

impl Untouched {
    /// Of a process that waits. Its first wait has begun once it is seen asleep.
    pub fn note(pid: i32) -> Self {
        let watched = [
            "State",
            "TracerPid",
            "SigPnd",
            "SigBlk",
            "SigCgt",
            "ShdPnd",
            "voluntary_ctxt_switches",
            "nonvoluntary_ctxt_switches",
        ];
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let status = status.lines().filter(|line| watched.iter().any(|name| line.starts_with(name)));
        Self { status: status.map(str::to_owned).collect(), descriptors: descriptors(pid) }
    }
}

impl Target {
    /// Starts `still` of some kind and waits until it waits.
    pub fn still(kind: &str) -> Self {
        let target = Self::start(std::process::Command::new(super::c("still")).args(kind.split(' ')));
        target.until_asleep();
        target
    }

    /// Waits until its first thread sleeps.
    pub fn until_asleep(&self) {
        super::wait_until("it sleeps", || self.status("State").starts_with(['S', 'D']));
    }
}

/// Every open descriptor: what it is, and `fdinfo` (offset, flags, counters).
pub fn descriptors(pid: i32) -> BTreeMap<String, (PathBuf, String)> {
    let directory = PathBuf::from(format!("/proc/{pid}"));
    let Ok(entries) = fs::read_dir(directory.join("fd")) else { return BTreeMap::new() };
    let entry = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        let link = fs::read_link(entry.path()).unwrap();
        let info = fs::read_to_string(directory.join("fdinfo").join(&name)).unwrap();
        (name, (link, info))
    };
    entries.map(|found| entry(found.unwrap())).collect()
}

/// The files of a directory and what is in them.
pub fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}
