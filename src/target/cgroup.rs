//! Frozen cgroups: a thread in one can be seized but never stops.

use super::process::Process;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The path of the frozen cgroup that a process is in, itself or through an ancestor.
pub fn frozen(process: &Process) -> Option<String> {
    let mut text = String::new();
    process.open("cgroup", false).ok()?.read_to_string(&mut text).ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let unified = controllers.is_empty();
        if !unified && !controllers.split(',').any(|controller| controller == "freezer") {
            return None;
        }
        let group = directory(&mounts, unified, path)?;
        is_frozen(&group, unified).then(|| path.to_owned())
    })
}

/// Where a cgroup is mounted for us: `mountinfo` (proc(5)) names the root of each mount and where it is.
fn directory(mounts: &str, unified: bool, path: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(3);
        let (root, point) = (before.next()?, before.next()?);
        let mut after = after.split(' ');
        let (kind, options) = (after.next()?, after.nth(1)?);
        let fits =
            if unified { kind == "cgroup2" } else { kind == "cgroup" && options.split(',').any(|o| o == "freezer") };
        if !fits {
            return None;
        }
        let below = Path::new(path).strip_prefix(root).ok()?;
        Some(Path::new(point).join(below))
    })
}

/// v2: `cgroup.events` speaks for ancestors too. v1: `freezer.state` does.
fn is_frozen(group: &Path, unified: bool) -> bool {
    let (file, wanted): (&str, &[&str]) =
        if unified { ("cgroup.events", &["frozen 1"]) } else { ("freezer.state", &["FROZEN", "FREEZING"]) };
    fs::read_to_string(group.join(file)).is_ok_and(|text| text.lines().any(|line| wanted.contains(&line)))
}
