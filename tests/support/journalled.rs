//! Which of the journalled runs is one's own.

use super::Target;
use serde_json::Value;
use std::fs;

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
        // One that has just been recovered lies elsewhere by now.
        let text = fs::read_to_string(run["path"].as_str().unwrap()).unwrap_or_default();
        let begin: Value = text.lines().nth(1).and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        begin["begin"]["targets"][0]["start_time"] == self.started
    }
}
