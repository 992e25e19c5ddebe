//! A run as its journal tells it.

use super::head::{Head, Moment, Phase, Reading};
use super::line::{Begin, CallLine, DoubtLine, End, FrameLine, Line, Section};
use crate::program::Program;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

/// Everything that a journal says.
#[derive(Debug)]
pub struct Run {
    /// How it began.
    pub begin: Begin,
    /// How far it had got.
    pub phase: Phase,
    /// What runs in each target, by number.
    pub programs: BTreeMap<usize, Program>,
    /// Cells that were set, by target and number.
    pub cells: BTreeMap<(usize, u32), u64>,
    /// Buffers that calls have filled, by target and number.
    pub buffers: BTreeMap<(usize, u32), Vec<u8>>,
    /// Where threads were moved to.
    pub frames: Vec<FrameLine>,
    /// Every call that was announced, in order.
    pub calls: Vec<Called>,
    /// The call that it died in: the last one, of which nothing came to be known.
    pub flight: Option<Flight>,
    /// Steps of which something is held back, by target and position.
    pub held_back: BTreeSet<(usize, usize)>,
    /// What was found to be not as it should be.
    pub doubts: Vec<DoubtLine<'static>>,
    /// Of which calls an earlier recovery could not tell what had come of them, and why, in sentences.
    pub unknown: Vec<String>,
    /// The number of the latest call.
    pub latest: u32,
    /// How it ended, if it did.
    pub end: Option<End>,
}

/// A call, and what came of it.
#[derive(Debug)]
pub struct Called {
    /// As it was announced.
    pub line: CallLine<'static>,
    /// What it returned; nothing if it was not made, or is in flight.
    pub result: Option<i64>,
}

/// How far a call had got that nothing came to be known of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flight {
    /// It was about to be made.
    Due,
    /// It was made, or is being made.
    Set,
}

/// Why a journal can't be read, as the end of "… can't be read: …".
pub type Unreadable = String;

impl Run {
    /// Whether a journal breaks off before it says what it is about: no target was touched before.
    pub fn never_begun(text: &[u8]) -> bool {
        text.len() < Head::LENGTH
            || (Reading::of(&text[..Head::LENGTH]).is_some() && !text[Head::LENGTH..].contains(&b'\n'))
    }

    /// How a run began that stands in the middle of its work, read from the beginning of its journal; nothing if it has ended,
    /// or had not begun to change anything.
    pub fn unfinished(mut journal: impl BufRead) -> Option<Begin> {
        let mut head = [0; Head::LENGTH];
        journal.read_exact(&mut head).ok()?;
        match Reading::of(&head)?.phase {
            Phase::Forward | Phase::Commit | Phase::Rollback => {}
            Phase::Begun | Phase::Freezing => return None,
            Phase::Applied | Phase::Undone | Phase::Refused | Phase::Doubtful => return None,
        }
        let mut line = Vec::new();
        journal.read_until(b'\n', &mut line).ok()?;
        match serde_json::from_slice(&line).ok()? {
            Line::Begin(begin) => Some(begin.into_owned()),
            _ => None,
        }
    }

    /// Reads a journal. What was cut off at its end was never in force.
    pub fn read(text: &[u8]) -> Result<Self, Unreadable> {
        let head = text.get(..Head::LENGTH).and_then(Reading::of);
        let head = head.ok_or("it does not begin as a journal of this version does")?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let mut lines = text
            .get(Head::LENGTH..whole)
            .unwrap_or_default()
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        let parse = |line: &[u8]| serde_json::from_slice::<Line<'static>>(line).map_err(|error| error.to_string());
        let Some(Line::Begin(begin)) = lines.next().map(parse).transpose()? else {
            return Err("it ends before it says what it is about".into());
        };
        let mut run = Self {
            begin: begin.into_owned(),
            phase: head.phase,
            programs: BTreeMap::new(),
            cells: BTreeMap::new(),
            buffers: BTreeMap::new(),
            frames: Vec::new(),
            calls: Vec::new(),
            flight: None,
            held_back: BTreeSet::new(),
            doubts: Vec::new(),
            unknown: Vec::new(),
            latest: head.call,
            end: None,
        };
        let mut resolved = 0;
        for line in lines {
            match parse(line)? {
                Line::Begin(_) => return Err("it begins twice".into()),
                Line::Recover(_) => {}
                Line::Program(line) => {
                    let mut program = line.program.into_owned();
                    program.look_up();
                    run.programs.insert(line.target, program);
                }
                Line::Frame(frame) => run.frames.push(frame),
                Line::Call(line) => run.called(line),
                Line::Filled(line) => {
                    for (buffer, contents) in line.buffers {
                        let contents = STANDARD.decode(contents).map_err(|error| error.to_string())?;
                        run.buffers.insert((line.target, buffer), contents);
                    }
                    if let Some((n, result)) = line.by {
                        run.returned(n, Some(result));
                    }
                }
                Line::Resolved(line) => {
                    resolved = line.n;
                    run.returned(line.n, line.result);
                    run.unknown.extend(line.unknown.map(Cow::into_owned));
                }
                Line::HeldBack(line) => {
                    run.know(&line.set);
                    run.held_back.insert((line.target, line.step));
                }
                Line::Doubt(doubt) => run.doubts.push(doubt),
                Line::End(end) => run.end = Some(end.into_owned()),
            }
        }
        run.settle(head, resolved);
        Ok(run)
    }

    /// Takes note of a call, and of what its line says of what came before it.
    fn called(&mut self, line: CallLine<'static>) {
        if let (Some(before), Some(result)) = (self.calls.last().map(|before| before.line.n), line.was) {
            self.returned(before, Some(result));
        }
        self.know(&line.set);
        self.latest = self.latest.max(line.n);
        self.calls.push(Called { line, result: None });
    }

    fn know(&mut self, set: &[(usize, u32, u64)]) {
        self.cells.extend(set.iter().map(|(target, cell, value)| ((*target, *cell), *value)));
    }

    fn returned(&mut self, n: u32, result: Option<i64>) {
        let Some(called) = self.calls.iter_mut().rev().find(|called| called.line.n == n) else { return };
        called.result = result;
        if let Some(cell) = called.line.into {
            let place = (called.line.target, cell);
            match result {
                Some(result) => {
                    self.cells.insert(place, result as u64);
                }
                None => {
                    self.cells.remove(&place);
                }
            }
        }
    }

    /// Notes what came of the last call, nothing else having been known of it.
    pub fn resolve(&mut self, result: Option<i64>) {
        if let Some(n) = self.calls.last().map(|last| last.line.n) {
            self.returned(n, result);
        }
        self.flight = None;
    }

    /// What the first line says of the last call.
    fn settle(&mut self, head: Reading, resolved: u32) {
        // Announced, and then nothing.
        self.calls.retain(|called| called.line.n <= head.call);
        let Some(last) = self.calls.last().filter(|last| last.line.n == head.call && head.call > resolved) else {
            return;
        };
        match head.moment {
            Moment::Done(result) => self.returned(head.call, Some(result)),
            Moment::Void => self.returned(head.call, None),
            // Memory is written down once it has returned.
            _ if last.result.is_some() => {}
            Moment::Due => self.flight = Some(Flight::Due),
            Moment::Set => self.flight = Some(Flight::Set),
        }
    }

    /// Whether every thread was let go and nothing is left to do.
    pub fn is_over(&self) -> bool {
        self.end.is_some() || matches!(self.phase, Phase::Applied | Phase::Undone | Phase::Refused | Phase::Doubtful)
    }

    /// Whether anything was done that may have to be taken back or removed.
    pub fn has_touched(&self) -> bool {
        !self.is_over() && (!self.frames.is_empty() || !self.calls.is_empty())
    }

    /// The steps of a target that were begun, by position.
    pub fn begun(&self, target: usize) -> BTreeSet<usize> {
        let of_step = |called: &&Called| called.line.target == target && called.line.section == Section::Forward;
        let called = self.calls.iter().filter(of_step).map(|called| called.line.step);
        let held_back = self.held_back.iter().filter(|(of, _)| *of == target).map(|(_, step)| *step);
        called.chain(held_back).collect()
    }

    /// Where a section of a step goes on, once all steps of all targets are done (`commits`) or taken back: behind the last of
    /// its calls that was made, and nowhere if that of another section or step, which comes later, was announced.
    pub fn goes_on_at(&self, commits: bool, target: usize, step: usize, section: Section) -> Option<usize> {
        let first = if commits { Section::Commit } else { Section::Undo };
        let ending = |called: &&Called| called.line.section == first || called.line.section == Section::Release;
        // Targets and steps are gone through in order, or backwards.
        let order = |target: usize, step: usize, section: Section| {
            let place = (target as i64, step as i64);
            let (target, step) = if commits { place } else { (-place.0, -place.1) };
            (target, step, section == Section::Release)
        };
        let here = order(target, step, section);
        let of = |called: &&Called| order(called.line.target, called.line.step, called.line.section);
        let latest = self.calls.iter().rfind(ending);
        if latest.is_some_and(|latest| of(&latest) > here) {
            return None;
        }
        let made = self.calls.iter().filter(ending).filter(|called| of(called) == here && called.result.is_some());
        Some(made.map(|called| called.line.op + 1).max().unwrap_or(0))
    }

    /// Memory that criu-plan has made for itself in a target and has not given back: begin and length.
    pub fn mapped(&self, target: usize) -> Vec<(u64, u64)> {
        let mut mapped = Vec::new();
        for called in
            self.calls.iter().filter(|called| called.line.target == target && called.line.section == Section::Own)
        {
            let range = (called.line.args[0], called.line.args[1]);
            match (&*called.line.call, called.result) {
                ("mmap", Some(address)) if !(-4095..0).contains(&address) => mapped.push((address as u64, range.1)),
                ("munmap", Some(0)) => mapped.retain(|known| *known != range),
                _ => {}
            }
        }
        mapped
    }
}
