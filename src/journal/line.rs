//! The lines of a journal after the first: what is written down as a run goes.

use crate::program::Program;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A line; its key says which.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line<'a> {
    /// Who, when, whom.
    Begin(Cow<'a, Begin>),
    /// What runs in a target; the last one for a target counts.
    Program(ProgramLine<'a>),
    /// A thread is about to be moved onto a landing frame.
    Frame(FrameLine),
    /// A call is about to be made.
    Call(CallLine<'a>),
    /// Memory that the latest call has filled, before the call counts as returned; or that we have written to.
    Filled(FilledLine),
    /// What is known of a call that no line follows, once another criu-plan has looked.
    Resolved(ResolvedLine<'a>),
    /// A step is done but for what is held back until all are: that may be all of it.
    HeldBack(HeldBackLine<'a>),
    /// A step is not as it should be.
    Doubt(DoubtLine<'a>),
    /// Another criu-plan takes the run to its end.
    Recover(RecoverLine),
    /// The run has ended.
    End(Cow<'a, End>),
}

/// How a run began.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Begin {
    /// Names the run, and its file.
    pub id: String,
    /// Of criu-plan.
    pub version: String,
    /// When, as RFC 3339 has it.
    pub started: String,
    /// Names the kernel's present life: nothing that was done outlives it.
    pub boot: String,
    /// `name:` of the plan.
    pub plan: Option<String>,
    /// `--eintr`.
    pub eintr: String,
    /// `--seccomp`.
    pub seccomp: String,
    /// In the order of their numbers here.
    pub targets: Vec<Identity>,
}

/// What tells a process from every other one, and from itself after an execve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its pid.
    pub pid: i32,
    /// `name:` in the plan.
    pub name: Option<String>,
    /// Its name when it was found.
    pub comm: String,
    /// The inode of its pidfd, where the kernel gives each process one of its own (6.9).
    pub pidfd_inode: Option<u64>,
    /// In clock ticks since boot.
    pub start_time: u64,
    /// Device and inode of its program.
    pub exe: Option<(u64, u64)>,
    /// The 16 random bytes that the kernel gave the program at its start (AT_RANDOM), in hexadecimal.
    pub random: String,
}

impl Identity {
    /// Whether this is the process that it was then, and runs the same program.
    pub fn is_of(&self, then: &Self) -> bool {
        let inodes = self.pidfd_inode.zip(then.pidfd_inode);
        let known = |of: &Self| (of.pid, of.start_time, of.exe);
        known(self) == known(then) && self.random == then.random && inodes.is_none_or(|(now, then)| now == then)
    }
}

/// What runs in a target.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProgramLine<'a> {
    /// The target's number.
    pub target: usize,
    /// What runs.
    pub program: Cow<'a, Program>,
}

/// Where a landing frame lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameLine {
    /// The target's number.
    pub target: usize,
    /// The first byte of the room.
    pub start: u64,
    /// How much of it is in use at most: the frame, and the buffers above it.
    pub used: u64,
    /// How long the frame itself is.
    pub frame: u64,
    /// A checksum of the frame as it was written.
    pub sum: u64,
    /// It lies in the padding of a data segment, which is zero for ever; else in a stack.
    pub padding: bool,
}

/// A part of a step, or what criu-plan does for itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// Memory of criu-plan's own.
    #[default]
    Own,
    /// The step itself.
    Forward,
    /// Taking it back.
    Undo,
    /// What was held back.
    Commit,
    /// Releasing what was kept for undo.
    Release,
}

/// What a call will have given if it succeeds, as far as that can be told beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// This result.
    Result(u64),
    /// This address, which we have proposed: nothing is there.
    Place(u64),
    /// This new descriptor.
    Descriptor(i32),
    /// These two, in the buffer.
    Pair(u32, [i32; 2]),
}

/// A call that is about to be made.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CallLine<'a> {
    /// Its number in the run, from 1; set by the log.
    pub n: u32,
    /// The target's number.
    pub target: usize,
    /// The step's position in the target's program.
    pub step: usize,
    /// Which part of it.
    pub section: Section,
    /// The op's position there.
    pub op: usize,
    /// The call's name.
    pub call: Cow<'a, str>,
    /// Its arguments.
    pub args: [u64; 6],
    /// The cell that its result goes to.
    pub into: Option<u32>,
    /// What it is expected to give.
    pub expect: Option<Expect>,
    /// What the call before it returned, if it did; set by the log.
    pub was: Option<i64>,
    /// Cells that were set since that one: target, cell, value; set by the log.
    pub set: Cow<'a, [(usize, u32, u64)]>,
}

/// Memory that a call has filled.
#[derive(Debug, Serialize, Deserialize)]
pub struct FilledLine {
    /// The target's number.
    pub target: usize,
    /// The call's number, and what it returned, if a call has filled it.
    pub by: Option<(u32, i64)>,
    /// Buffers and their contents, as base64.
    pub buffers: Vec<(u32, String)>,
}

/// What came of a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ResolvedLine<'a> {
    /// The call's number.
    pub n: u32,
    /// What it returned, as far as can be told; nothing if it was not made.
    pub result: Option<i64>,
    /// Why it can't be told, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<Cow<'a, str>>,
}

/// A step that is done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeldBackLine<'a> {
    /// The target's number.
    pub target: usize,
    /// The step's position.
    pub step: usize,
    /// Cells that were set since the last call was announced: what is held back goes by them.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub set: Cow<'a, [(usize, u32, u64)]>,
}

/// A step that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoubtLine<'a> {
    /// The target's number.
    pub target: usize,
    /// The step's position.
    pub step: usize,
    /// What is wrong.
    pub why: Cow<'a, str>,
}

/// Another criu-plan at work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecoverLine {
    /// When.
    pub started: String,
    /// Its version.
    pub version: String,
}

/// How a run ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct End {
    /// When.
    pub ended: String,
    /// As in the outcome of the run: `applied`, `rolled_back` …
    pub outcome: String,
    /// It was ended by `criu-plan recover`.
    pub recovered: bool,
    /// The whole report, as `--output json` has it but for what buffers held.
    pub report: serde_json::Value,
}
