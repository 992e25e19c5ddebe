//! The transaction: freeze, run, commit or roll back, let go.

mod outcome;

pub use outcome::*;

use crate::plan::Plan;
use std::time::Duration;

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// All threads must stand still within this time.
    pub freeze_timeout: Duration,
    /// Nothing is held for longer, all targets together.
    pub hold: Duration,
    /// What to do with calls that end in EINTR whenever their thread is stopped.
    pub eintr: Eintr,
    /// What to do about seccomp filters.
    pub seccomp: SeccompPolicy,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            freeze_timeout: Duration::from_secs(1),
            hold: Duration::from_secs(5),
            eintr: Eintr::Reissue,
            seccomp: SeccompPolicy::Check,
        }
    }
}

/// `--eintr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eintr {
    /// Make the call anew; a finite wait starts from its beginning.
    Reissue,
    /// Let the target see EINTR.
    Leave,
}

/// `--seccomp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeccompPolicy {
    /// Try every call on the target's filters; refuse where they can't be read or would refuse it.
    Check,
    /// Take it that the filters allow every call.
    AssumeAllowed,
    /// Switch the filters off while calls run: deadly for the target if criu-plan is killed in a call they would kill.
    Suspend,
}

/// Runs a plan: the whole transaction, in a child process that traces.
pub fn apply(_plan: &Plan, _options: &Options) -> Outcome {
    Outcome {
        plan: None,
        verdict: Verdict::Refused,
        changed: false,
        targets: vec![],
        problems: vec![],
        interrupted: None,
    }
}

/// Looks the targets up and says what would be done, touching nothing.
pub fn dry_run(_plan: &Plan, _options: &Options) -> Outcome {
    Outcome {
        plan: None,
        verdict: Verdict::Planned,
        changed: false,
        targets: vec![],
        problems: vec![],
        interrupted: None,
    }
}
