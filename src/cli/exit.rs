//! Exit codes.

use crate::executor::{Outcome, Verdict};

/// Done, or nothing to do.
pub const DONE: u8 = 0;
/// Refused or failed, and every target is as it was.
pub const FAILED: u8 = 1;
/// With `--detailed-exitcode`: something changed, or would.
pub const CHANGED: u8 = 2;
/// In doubt, or failed after something that can't be undone: a person is needed.
pub const IN_DOUBT: u8 = 3;
/// Bad usage.
pub const USAGE: u8 = 64;

/// For `--help`.
pub const HELP: &str = "\
Exit codes: 0 done, or nothing to do; 1 refused or failed, and every target is as it was; 2 with --detailed-exitcode: \
changes; 3 in doubt, or failed after something irreversible; 64 bad usage; 128+n interrupted by signal n and rolled back.";

/// The exit code of a run.
pub fn code(outcome: &Outcome, detailed: bool) -> u8 {
    match (outcome.verdict, outcome.interrupted) {
        (Verdict::InDoubt | Verdict::Partial, _) => IN_DOUBT,
        (Verdict::Refused | Verdict::RolledBack, Some(signal)) => 128 + signal as u8,
        (Verdict::Refused | Verdict::RolledBack, None) => FAILED,
        (Verdict::Applied | Verdict::Unchanged | Verdict::Planned, _) if detailed && outcome.changed => CHANGED,
        (Verdict::Applied | Verdict::Unchanged | Verdict::Planned, _) => DONE,
    }
}
