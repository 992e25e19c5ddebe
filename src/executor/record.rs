//! What is noted of each target while it is held, and how it crosses to the front end.

use super::contents;
use super::fault::OpFault;
use super::machine::Machine;
use super::made::Made;
use super::prepared::Prepared;
use super::{Doubt, Outcome, StepOutcome, StepState, TargetOutcome, Verdict};
use crate::problem::Problem;
use crate::program::{Bound, Shown, StepCode, undo_text};
use crate::syscalls::layouts::decode::Value;
use crate::syscalls::{Nature, errno};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the tracing child says at its end.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChildReport {
    /// The worst.
    pub verdict: Verdict,
    /// A call that is not inert succeeded and stays.
    pub changed: bool,
    /// In the plan's order.
    pub targets: Vec<TargetOutcome>,
    /// Everything that went wrong.
    pub problems: Vec<Problem>,
    /// The signal that interrupted the run.
    pub interrupted: Option<i32>,
}

impl ChildReport {
    /// Puts the pieces together.
    pub fn new(
        verdict: Verdict,
        recorders: Vec<Recorder<'_>>,
        problems: Vec<Problem>,
        interrupted: Option<i32>,
    ) -> Self {
        let stays = !matches!(verdict, Verdict::Refused | Verdict::RolledBack);
        let changed = stays && recorders.iter().any(Recorder::changed);
        let targets = recorders.into_iter().map(|recorder| recorder.into_outcome(verdict)).collect();
        Self { verdict, changed, targets, problems, interrupted }
    }

    /// The outcome that it tells of.
    pub fn outcome(&self, plan: Option<&str>) -> Outcome {
        Outcome {
            plan: plan.map(str::to_owned),
            verdict: self.verdict,
            changed: self.changed,
            targets: self.targets.clone(),
            problems: self.problems.clone(),
            interrupted: self.interrupted,
        }
    }
}

/// Notes of one target.
pub struct Recorder<'a> {
    target: &'a Prepared,
    outcome: TargetOutcome,
    ended: Option<Verdict>,
    /// Every call that was made in it.
    made: Vec<Made>,
}

/// A step as it stands before anything ran.
pub fn blank_step(step: &StepCode, state: StepState) -> StepOutcome {
    let shown = |shown: &Shown| match shown {
        Shown::Text(text) | Shown::Cell(_, text) => text.clone(),
    };
    StepOutcome {
        index: step.index,
        name: step.name.clone(),
        each: step.each.clone(),
        syscall: step.syscall.name.to_owned(),
        state: if step.skip.is_some() { StepState::Skipped } else { state },
        args: step.shown.iter().map(|(name, value)| ((*name).to_owned(), shown(value))).collect(),
        result: None,
        errno: None,
        undone: false,
        lasting: false,
        undo: step.undo_steps.iter().map(undo_text).collect(),
        buffers: Vec::new(),
        values: IndexMap::new(),
        note: step.skip.map(str::to_owned),
        doubts: Vec::new(),
    }
}

/// A target before anything ran.
pub fn blank_target(target: &Prepared, outcome: Verdict, state: StepState) -> TargetOutcome {
    TargetOutcome {
        pid: target.process.pid,
        name: target.name.clone(),
        comm: target.process.comm.clone(),
        outcome,
        stall_us: None,
        steps: target.program.steps.iter().map(|step| blank_step(step, state)).collect(),
        captures: IndexMap::new(),
        trace: Vec::new(),
    }
}

impl<'a> Recorder<'a> {
    /// Nothing has happened yet to a target, of which this is [`Recorder::blank`].
    pub fn new((target, outcome): (&'a Prepared, TargetOutcome)) -> Self {
        Self { target, outcome, ended: None, made: Vec::new() }
    }

    /// How a target begins, for [`Recorder::new`]: put together before the stop.
    pub fn blank(target: &Prepared) -> TargetOutcome {
        blank_target(target, Verdict::Refused, StepState::NotRun)
    }

    /// Notes how a step went. Steps are named by their position in the program, here and below.
    pub fn step(&mut self, position: usize, machine: &Machine<'_>, result: Result<&StepState, &OpFault>) {
        let Some(code) = self.target.program.steps.get(position) else { return };
        let value = machine.cell(code.result).map(|value| value as i64);
        let Some(slot) = self.outcome.steps.get_mut(position) else { return };
        for (arg, (_, shown)) in slot.args.iter_mut().zip(&code.shown) {
            if let Shown::Cell(cell, _) = shown
                && let Some(value) = machine.cell(*cell)
            {
                arg.1 = (value as i64).to_string();
            }
        }
        slot.result = value;
        slot.errno = value.and_then(errno::of_result).map(errno::spell);
        slot.state = result.map_or(StepState::Failed, |state| *state);
        slot.note = result.err().map(ToString::to_string).or_else(|| code.skip.map(str::to_owned));
    }

    /// The problem of a step that failed.
    pub fn failed(&self, position: usize, fault: &OpFault) -> Problem {
        let problem = Problem::error("run::step-failed", self.say(&format!("{}: {fault}", self.title(position))));
        match self.target.program.steps.get(position) {
            Some(code) => problem.at(code.span, "this step"),
            None => problem,
        }
    }

    /// A sentence about this target.
    pub fn say(&self, what: &str) -> String {
        format!("process {} ({}): {what}", self.outcome.pid, self.outcome.comm)
    }

    fn title(&self, position: usize) -> String {
        let Some(step) = self.outcome.steps.get(position) else { return String::new() };
        let each = step.each.as_ref().map(|each| format!(", {each}")).unwrap_or_default();
        format!("step {} ({}{each})", step.index + 1, step.name.as_ref().unwrap_or(&step.syscall))
    }

    /// Whether a step was reached and not skipped.
    pub fn begun(&self, position: usize) -> bool {
        self.outcome.steps.get(position).is_some_and(|step| matches!(step.state, StepState::Done | StepState::Failed))
    }

    /// Whether a step went as expected.
    pub fn done(&self, position: usize) -> bool {
        self.outcome.steps.get(position).is_some_and(|step| step.state == StepState::Done)
    }

    /// Whether a step's own call was made and had its effect.
    pub fn effective(&self, position: usize) -> bool {
        self.outcome
            .steps
            .get(position)
            .is_some_and(|step| step.result.is_some_and(|value| errno::of_result(value).is_none()))
    }

    /// Notes that a step was taken back.
    pub fn undone(&mut self, position: usize) {
        let inert = self.inert(position);
        let effective = self.effective(position);
        if let Some(slot) = self.outcome.steps.get_mut(position) {
            slot.undone = effective && (!inert || !slot.undo.is_empty());
        }
    }

    /// Notes that a step stays, for nothing takes it back.
    pub fn lasting(&mut self, position: usize) {
        if let Some(slot) = self.outcome.steps.get_mut(position) {
            slot.lasting = true;
        }
    }

    /// Notes that what became of a step is not known or not as it should be, and says so.
    pub fn in_doubt(&mut self, position: usize, fault: &OpFault, what: &str, doubts: Vec<Doubt>) -> Problem {
        let mut message = self.say(&format!("{}: {what}: {fault}", self.title(position)));
        for (index, Doubt { purpose, op, expected, found }) in doubts.iter().enumerate() {
            let begin = if index == 0 { "; " } else { ", " };
            message.push_str(&format!("{begin}{op} ({purpose}) should be {expected} and is {found}"));
        }
        if let Some(slot) = self.outcome.steps.get_mut(position) {
            slot.state = StepState::InDoubt;
            slot.note = Some(format!("{what}: {fault}"));
            slot.doubts = doubts;
        }
        Problem::error("run::in-doubt", message).help(if fault.target_ended() {
            "its descriptors and its memory went with it; what the plan made outside it, such as a file, may be left"
        } else {
            "compare the process with what the plan says (its descriptors in /proc/PID/fd) and put right what differs"
        })
    }

    /// The problem of steps that can't be undone and were done, last first.
    pub fn partial(&self, stays: &[usize]) -> Option<Problem> {
        let titles: Vec<String> = stays.iter().rev().map(|position| self.title(*position)).collect();
        let (what, steps) = match titles.as_slice() {
            [] => return None,
            [one] => ("stays done, for it can't be undone", one.clone()),
            [all @ .., last] => ("stay done, for they can't be undone", format!("{} and {last}", all.join(", "))),
        };
        let places = stays.iter().rev().filter_map(|position| self.target.program.steps.get(*position));
        let problem = Problem::error("run::partial", self.say(&format!("{steps} {what}")))
            .help("if it must not stay see to it by hand, and before the plan is applied again");
        Some(places.fold(problem, |problem, code| problem.at(code.span, "stays")))
    }

    /// The problem of a target that could not be given back to itself.
    pub fn not_restored(&self, fault: &OpFault) -> Problem {
        if !fault.target_ended() {
            return Problem::error("run::not-restored", self.say(&fault.to_string()));
        }
        let made = (0..self.outcome.steps.len()).any(|position| self.effective(position));
        let help = if made {
            "what calls of the plan had changed outside it, such as a file, may be left"
        } else {
            "no call of the plan had succeeded in it; its log or its parent may tell why it ended"
        };
        Problem::error("run::not-restored", self.say("it has ended while it was held")).help(help)
    }

    /// Whether it was said already that something is in doubt here.
    pub fn doubted(&self) -> bool {
        self.ended == Some(Verdict::InDoubt)
    }

    /// The target was not given back as it was.
    pub fn doubt(&mut self) {
        self.ended = Some(Verdict::InDoubt);
    }

    /// How the transaction ended here.
    pub fn end(&mut self, verdict: Verdict) {
        self.ended = Some(verdict);
    }

    /// How long its threads were held.
    pub fn stall(&mut self, time: Duration) {
        self.outcome.stall_us = Some(time.as_micros() as u64);
    }

    fn inert(&self, position: usize) -> bool {
        let step = self.target.program.steps.get(position);
        step.is_none_or(|step| matches!(step.particulars.nature, Nature::Inert))
    }

    /// Whether a call that is not inert succeeded and was not undone.
    pub fn changed(&self) -> bool {
        (0..self.outcome.steps.len())
            .any(|position| !self.outcome.steps[position].undone && self.effective(position) && !self.inert(position))
    }

    /// Reads what is to be shown from the target's memory, before it is given back.
    pub fn read(&mut self, machine: &Machine<'_>) {
        let program = &self.target.program;
        for (position, code) in program.steps.iter().enumerate() {
            if self.done(position) {
                self.read_outputs(position, code, machine);
            }
            self.read_captures(position, code, machine);
        }
        let empty = |value: &Value| {
            let Value::List(all) = value else { return false };
            !all.is_empty() && all.iter().all(|one| *one == Value::Nothing)
        };
        self.outcome.captures.retain(|_, value| !empty(value));
        self.made.clone_from(&machine.made);
    }

    fn read_outputs(&mut self, position: usize, code: &StepCode, machine: &Machine<'_>) {
        // What a call that failed has left in them means nothing.
        let Some(slot) = self.outcome.steps.get_mut(position).filter(|slot| slot.errno.is_none()) else { return };
        for output in &code.outputs {
            let name = output.parameter.to_owned();
            if let Some(bytes) = machine.read_buffer(output.buffer, usize::MAX) {
                slot.buffers.push((name.clone(), bytes));
            }
            if let Some(value) = contents::buffer(machine, output.buffer, output.decode, output.filled) {
                slot.values.insert(name, value);
            }
        }
    }

    fn read_captures(&mut self, position: usize, code: &StepCode, machine: &Machine<'_>) {
        for (name, bound) in &code.captures {
            let there = match bound {
                Bound::Cell(_) => self.done(position),
                Bound::Buffer(..) => self.done(position) && self.effective(position),
            };
            let value = if there { contents::captured(machine, bound) } else { None };
            let captures = &mut self.outcome.captures;
            match (value, &code.each) {
                (Some(value), None) => {
                    captures.insert(name.clone(), value);
                }
                // One that was passed over keeps its place, so that all lists of one repetition go together.
                (value, Some(_)) => {
                    if let Value::List(all) = captures.entry(name.clone()).or_insert(Value::List(Vec::new())) {
                        all.push(value.unwrap_or(Value::Nothing));
                    }
                }
                (None, None) => {}
            }
        }
    }

    fn into_outcome(mut self, whole: Verdict) -> TargetOutcome {
        self.outcome.outcome = match (self.ended, whole) {
            (Some(Verdict::Applied), _) if !self.changed() => Verdict::Unchanged,
            (Some(ended), _) => ended,
            (None, Verdict::InDoubt) => Verdict::InDoubt,
            (None, _) => Verdict::Refused,
        };
        self.outcome.trace = self.made.iter().map(ToString::to_string).collect();
        self.outcome
    }
}
