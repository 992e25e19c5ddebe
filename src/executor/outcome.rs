//! What came of a plan.

use crate::problem::Problem;
use crate::syscalls::layouts::decode::Value;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// How a run ended, as a whole or for one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All steps done.
    Applied,
    /// Nothing needed doing.
    Unchanged,
    /// A dry run.
    Planned,
    /// Nothing was touched.
    Refused,
    /// A step failed; everything is as it was.
    RolledBack,
    /// A step failed after an irreversible one; what was reversible is as it was.
    Partial,
    /// Not known, or not as it was: a person is needed.
    InDoubt,
}

/// The whole run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// `name:` of the plan.
    pub plan: Option<String>,
    /// The worst of the targets'.
    pub verdict: Verdict,
    /// A call that is not inert succeeded (or, in a dry run, would be made).
    pub changed: bool,
    /// One for each target, in the plan's order.
    pub targets: Vec<TargetOutcome>,
    /// What is wrong with the plan or the run as a whole and with the targets.
    pub problems: Vec<Problem>,
    /// The signal that interrupted the run, if one did.
    pub interrupted: Option<i32>,
}

/// What came of one target. It crosses from the tracing child to the front end as JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TargetOutcome {
    /// Its pid.
    pub pid: i32,
    /// `name:` in the plan.
    pub name: Option<String>,
    /// Its comm, lossily decoded.
    pub comm: String,
    /// How it ended.
    pub outcome: Verdict,
    /// Microseconds for which its threads were held; absent if never.
    pub stall_us: Option<u64>,
    /// One for each step of the plan that is for this target; a repeated step has one for each repetition.
    pub steps: Vec<StepOutcome>,
    /// Captured values.
    pub captures: IndexMap<String, Value>,
    /// Every call that was made, a line each, for `--trace`.
    #[serde(default)]
    pub trace: Vec<String>,
}

/// What came of one step in one target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepOutcome {
    /// Index in the plan, from 0.
    pub index: usize,
    /// `name:`.
    pub name: Option<String>,
    /// What this repetition is about, if the step is repeated: `fd 7`. Repetitions have the same index.
    #[serde(default)]
    pub each: Option<String>,
    /// The call's name.
    pub syscall: String,
    /// What happened to it.
    pub state: StepState,
    /// Arguments as run: parameter and value.
    pub args: Vec<(String, String)>,
    /// The raw result, if the call was made.
    pub result: Option<i64>,
    /// The error's name, if it failed.
    pub errno: Option<String>,
    /// It was taken back.
    pub undone: bool,
    /// It stays although the plan failed: it had its effect, and nothing takes that back.
    #[serde(default)]
    pub lasting: bool,
    /// The calls that take it back, if the plan itself says so.
    #[serde(default)]
    pub undo: Vec<String>,
    /// Contents of out-buffers after a successful call: parameter and bytes.
    pub buffers: Vec<(String, Vec<u8>)>,
    /// The same by their types.
    #[serde(default)]
    pub values: IndexMap<String, Value>,
    /// Why it failed, or what could not be undone, in a sentence.
    pub note: Option<String>,
    /// The ops that it is in doubt for.
    #[serde(default)]
    pub doubts: Vec<Doubt>,
}

/// An op that was due when a step was taken back or committed, and that did not go as it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// What it is for: `put back`.
    pub purpose: String,
    /// The op: `dup3(1023, 1, O_CLOEXEC)`.
    pub op: String,
    /// What should be.
    pub expected: String,
    /// What is.
    pub found: String,
}

/// What happened to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Made, and as expected.
    Done,
    /// Its condition did not hold.
    Skipped,
    /// Made, and not as expected.
    Failed,
    /// Never reached.
    NotRun,
    /// A dry run: it would be made.
    Planned,
    /// Undoing it failed, or what it did is not known.
    InDoubt,
}
