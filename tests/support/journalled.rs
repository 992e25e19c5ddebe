//! Which of the journalled runs is one's own.

use super::Target;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Clock ticks since boot at which a process was started (proc_pid_stat(5), field 22).
pub(super) fn start_time(pid: i32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    text.rsplit_once(") ").unwrap().1.split(' ').nth(19).unwrap().parse().unwrap()
}

impl Target {
    /// Whether a run that `journal` lists was on this target. Its pid is not enough: runs that were cut off lie there for
    /// long, and pids come again.
    pub fn was_in(&self, run: &Value) -> bool {
        if run["targets"][0]["pid"] != self.pid() {
            return false;
        }
        self.is_in(Path::new(run["path"].as_str().unwrap()))
    }

    /// Whether a journal is of a run on this target.
    fn is_in(&self, journal: &Path) -> bool {
        // One that has just been recovered lies elsewhere by now.
        let text = fs::read_to_string(journal).unwrap_or_default();
        let begin: Value = text.lines().nth(1).and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        let target = &begin["begin"]["targets"][0];
        target["pid"] == self.pid() && target["start_time"] == self.started
    }

    /// Removes the journals of runs on this target that lie in memory, where each criu-plan looks at all of them: how many calls
    /// a run makes must not grow with each that was cut off before.
    pub fn forget_runs(&self) {
        // SAFETY: geteuid takes nothing.
        let shared = format!("/dev/shm/criu-plan-{}", unsafe { libc::geteuid() });
        for directory in ["/run/criu-plan", &shared] {
            let journals = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
            for journal in journals.filter(|journal| self.is_in(journal)) {
                let _gone = fs::remove_file(journal);
            }
        }
    }
}
