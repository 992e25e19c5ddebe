//! The journal of a run: begun before the stop, written to in the tracing child, ended when everything was let go.

use super::prepared::Prepared;
use super::{Eintr, Options, Outcome, SeccompPolicy, Verdict};
use crate::journal::{
    Begin, CallLine, DoubtLine, End, Entry, FilledLine, FrameLine, Identity, Line, Log, Moment, Phase, ProgramLine,
    Store,
};
use crate::problem::Problem;
use crate::program::{Action, BufferId, Cell, Op, Program};
use crate::remote::Room;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::borrow::Cow;
use std::io;
use std::rc::Rc;
use std::time::SystemTime;

/// About what a line takes that tells of a call, and how often a call may be told of: forward, back, and once more by who
/// recovers the run.
const LINE: u64 = 512;
const TIMES: u64 = 3;
/// What each step takes in the report at the end, and all else.
const REPORTED: u64 = 1024;
const REST: u64 = 8 << 10;

/// A journal and where it belongs.
#[derive(Debug)]
pub struct Ledger {
    store: Rc<Store>,
    entry: Entry,
}

impl Ledger {
    /// Begins the journal of a run in these targets.
    pub fn begin(plan: Option<&str>, targets: &[Prepared], options: &Options) -> Result<Self, Problem> {
        let store = Rc::new(Store::open(&options.journal)?);
        let programs: u64 = targets.iter().map(|target| space(&target.program)).sum();
        let entry = store.begin(programs + REST)?;
        let ledger = Self { store, entry };
        ledger.introduce(plan, targets, options).map_err(|error| {
            ledger.store.discard(&ledger.entry);
            Problem::error("journal::not-written", format!("the journal can't be written: {error}"))
                .help("nothing was touched")
        })?;
        Ok(ledger)
    }

    /// Goes on with the journal of a run whose criu-plan has died.
    pub fn resume(store: Rc<Store>, entry: Entry) -> Self {
        Self { store, entry }
    }

    fn introduce(&self, plan: Option<&str>, targets: &[Prepared], options: &Options) -> io::Result<()> {
        let begin = Begin {
            id: self.entry.id.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: now(),
            boot: boot()?,
            plan: plan.map(str::to_owned),
            eintr: options.eintr.name().to_owned(),
            seccomp: options.seccomp.name().to_owned(),
            targets: targets.iter().map(identity).collect(),
        };
        self.log().append(&Line::Begin(Cow::Owned(begin)))?;
        targets.iter().enumerate().try_for_each(|(number, target)| self.program(number, &target.program))
    }

    /// Writes down what runs in a target.
    pub fn program(&self, number: usize, program: &Program) -> io::Result<()> {
        self.log().append(&Line::Program(ProgramLine { target: number, program: Cow::Borrowed(program) }))
    }

    /// What is written to.
    pub fn log(&self) -> &Log {
        &self.entry.log
    }

    /// The run's id.
    pub fn id(&self) -> &str {
        &self.entry.id
    }

    /// The part of it that is about one target.
    pub fn page(&self, number: usize) -> Page<'_> {
        Page { log: self.log(), number }
    }

    /// Notes how the run ended.
    pub fn end(&self, outcome: &Outcome, recovered: bool) -> Result<(), Problem> {
        self.write_end(outcome, recovered).map_err(|error| {
            Problem::warning(
                "journal::not-kept",
                format!("the end of this run can't be written to its journal: {error}"),
            )
            .help(format!("`criu-plan recover {}` does that once there is room again", self.id()))
        })
    }

    fn write_end(&self, outcome: &Outcome, recovered: bool) -> io::Result<()> {
        let verdict = serde_json::to_value(outcome.verdict)?;
        let end = End {
            ended: now(),
            outcome: verdict.as_str().unwrap_or_default().to_owned(),
            recovered,
            report: summary(outcome),
        };
        self.log().append(&Line::End(Cow::Owned(end)))
    }

    /// Moves the journal of a run that has ended to where it is kept.
    pub fn keep(&self) -> Result<(), Problem> {
        self.store.finish(&self.entry)
    }
}

/// What is written of an outcome: all but the contents of buffers, which may be large or nobody's business.
fn summary(outcome: &Outcome) -> serde_json::Value {
    let mut targets = outcome.targets.clone();
    for target in &mut targets {
        target.trace.clear();
        target.captures.clear();
        for step in &mut target.steps {
            step.buffers.clear();
            step.values.clear();
        }
    }
    serde_json::json!({ "changed": outcome.changed, "targets": targets, "problems": outcome.problems, "interrupted": outcome.interrupted })
}

/// The phase in which a run leaves its targets.
pub fn last_phase(verdict: Verdict) -> Phase {
    match verdict {
        Verdict::Applied | Verdict::Unchanged => Phase::Applied,
        Verdict::RolledBack | Verdict::Partial => Phase::Undone,
        Verdict::Refused | Verdict::Planned => Phase::Refused,
        Verdict::InDoubt => Phase::Doubtful,
    }
}

/// A warning for each run that was cut off in one of these targets, but for those that are left alone: to take it back later,
/// over what is done now, may come to grief.
pub fn cut_off(targets: &[Prepared], options: &Options) -> Vec<Problem> {
    let touched: Vec<&Prepared> = targets.iter().filter(|target| !target.left_alone()).collect();
    if touched.is_empty() {
        return Vec::new();
    }
    // Where no journal can be looked at none can be written either, which is said then.
    let Ok(store) = Store::look(&options.journal, false) else { return Vec::new() };
    let of = |(id, begin): (String, Begin)| {
        let same = |then: &Identity, target: &Prepared| then.pid == target.process.pid && identity(target).is_of(then);
        let target = touched.iter().find(|target| begin.targets.iter().any(|then| same(then, target)))?;
        let message = format!("run {id} was cut off in {} and is still to be recovered", target.process.title());
        let help = format!(
            "`criu-plan recover {id}` brings it to its end; what is done to the process before that may be in its way"
        );
        Some(Problem::warning("run::cut-off", message).help(help))
    };
    store.cut_off().filter_map(of).collect()
}

/// The present time, as it is written.
pub fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// Names the kernel's present life.
pub fn boot() -> io::Result<String> {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|text| text.trim().to_owned())
}

/// What tells a target from every other process.
pub fn identity(target: &Prepared) -> Identity {
    let process = &target.process;
    Identity {
        pid: process.pid,
        name: target.name.clone(),
        comm: process.comm.clone(),
        pidfd_inode: process.pidfd_inode(),
        start_time: process.start_time,
        exe: process.exe_identity(),
        random: target.random().map(|bytes| bytes.map(|byte| format!("{byte:02x}")).concat()).unwrap_or_default(),
    }
}

/// How many bytes a program's lines take, and what is told of its calls.
fn space(program: &Program) -> u64 {
    let sections =
        |step: &crate::program::StepCode| step.forward.len() + step.undo.len() + step.commit.len() + step.release.len();
    let ops: usize = program.steps.iter().map(sections).sum();
    let buffers: usize = program.buffers.iter().map(|buffer| buffer.bytes.len() + buffer.len).sum();
    // Base64 takes a third more, each op some 200 bytes, each cell 20.
    let told = LINE * ops as u64 + 2 * buffers as u64 + 32 * program.cells.len() as u64;
    TIMES * told + REPORTED * program.steps.len() as u64
}

/// By number: buffers that undo, commit or release look into, write to or pass on.
pub fn precious(program: &Program) -> Vec<bool> {
    let mut precious = vec![false; program.buffers.len()];
    let mut note = |BufferId(id): BufferId| {
        if let Some(slot) = precious.get_mut(id as usize) {
            *slot = true;
        }
    };
    let later = program.steps.iter().flat_map(|step| step.undo.iter().chain(&step.commit).chain(&step.release));
    for Op { action, .. } in later {
        match action {
            Action::Load { buffer, .. } | Action::Store { buffer, .. } => note(*buffer),
            Action::Call(call) => call.args.iter().filter_map(|cell| program.buffer_at(*cell)).for_each(&mut note),
            _ => {}
        }
    }
    loop {
        let pointed = program.buffers.iter().zip(&precious).filter(|(_, precious)| **precious);
        let pointed = pointed.flat_map(|(buffer, _)| buffer.pointers.iter().map(|(_, BufferId(id))| *id as usize));
        let more: Vec<usize> = pointed.filter(|id| precious.get(*id) == Some(&false)).collect();
        if more.is_empty() {
            return precious;
        }
        more.into_iter().for_each(|id| precious[id] = true);
    }
}

/// What is written of one target.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    log: &'a Log,
    number: usize,
}

impl Page<'_> {
    /// A cell was set.
    pub fn set(&self, Cell(index): Cell, value: u64) {
        self.log.set(self.number, index, value);
    }

    /// A line of a call here, to be filled in.
    pub fn line<'l>(&self) -> CallLine<'l> {
        CallLine { target: self.number, ..CallLine::default() }
    }

    /// Announces a call: nothing has happened to it yet but that it is due.
    pub fn call(&self, line: CallLine<'_>) -> io::Result<()> {
        let written = self.log.call(line);
        self.log.mark(Moment::Due);
        written
    }

    /// Notes what happens to the call.
    pub fn mark(&self, moment: Moment) {
        self.log.mark(moment);
    }

    /// The call has returned, and filled these buffers.
    pub fn returned(&self, value: i64, filled: Vec<(u32, Vec<u8>)>) -> io::Result<()> {
        let mut written = Ok(());
        if !filled.is_empty() {
            written = self.filled(Some((self.log.latest(), value)), filled);
        }
        self.log.mark(Moment::Done(value));
        written
    }

    /// Buffers hold this now, because of a call or because we have written to them.
    pub fn filled(&self, by: Option<(u32, i64)>, filled: Vec<(u32, Vec<u8>)>) -> io::Result<()> {
        let buffers = filled.into_iter().map(|(buffer, bytes)| (buffer, STANDARD.encode(bytes))).collect();
        self.log.append(&Line::Filled(FilledLine { target: self.number, by, buffers }))
    }

    /// A thread is about to be moved to a frame with these bytes, in a room of which so much will be used.
    pub fn frame(&self, room: &Room, data: u64, start: u64, bytes: &[u8]) -> io::Result<()> {
        let frame = bytes.len() as u64;
        let used = (frame + data + 64).min(room.len);
        let line = FrameLine { target: self.number, start, used, frame, sum: sum(bytes), padding: room.padding };
        self.log.append(&Line::Frame(line))
    }

    /// A step is done but for what is held back.
    pub fn hold_back(&self, position: usize) -> io::Result<()> {
        self.log.hold_back(self.number, position)
    }

    /// A step is not as it should be.
    pub fn doubt(&self, position: usize, why: &str) {
        // It is told by the outcome, too.
        let _unwritten =
            self.log.append(&Line::Doubt(DoubtLine { target: self.number, step: position, why: why.into() }));
    }
}

/// A checksum of a frame: whether anybody has written there since.
pub fn sum(bytes: &[u8]) -> u64 {
    let word = |chunk: &[u8]| chunk.iter().rev().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
    bytes.chunks(8).fold(0xcbf2_9ce4_8422_2325, |sum, chunk| {
        (sum ^ word(chunk)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    })
}

impl Eintr {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reissue => "reissue",
            Self::Leave => "leave",
        }
    }
}

impl SeccompPolicy {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::AssumeAllowed => "assume-allowed",
            Self::Suspend => "suspend",
        }
    }
}
