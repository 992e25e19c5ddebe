//! What `recover` does in its targets while they stand still.

use super::board::{Board, Phase};
use super::choice::Standing;
use super::doubt::end;
use super::fault::OpFault;
use super::flight::{Landing, is_ours, landing, section, taken};
use super::ledger::{Ledger, last_phase, sum};
use super::links::Links;
use super::machine::Machine;
use super::prepared::Prepared;
use super::record::{ChildReport, Recorder};
use super::recovery::{in_doubt, recount, unwritten};
use super::refusal::refusal;
use super::stopping::{Stopped, make_ready, stop_all};
use super::transaction::Held;
use super::{Options, Verdict};
use crate::journal::{self, FrameLine, Line, ResolvedLine, Run, Section};
use crate::problem::Problem;
use crate::program::Init;
use crate::target::Waiter;

/// What a function may use below `rsp` without saying so.
const RED_ZONE: u64 = 128;

/// Takes the run back, or finishes it. An error says why it was left as it is; all threads have been let go in any case.
pub fn run(
    run: &mut Run,
    targets: &mut [Prepared],
    numbers: &[usize],
    options: &Options,
    board: &Board,
    ledger: &Ledger,
    waiter: &mut Waiter,
) -> Result<ChildReport, Vec<Problem>> {
    let commits = run.phase == journal::Phase::Commit;
    let mut ready = make_ready(None, targets).map_err(|problem| vec![problem])?;
    board.enter(Phase::Freezing);
    let stopped = stop_all(targets, &mut ready, options, waiter).map_err(|problem| vec![problem])?;
    let Stopped { frozen, standings, begun } = &stopped;
    // What steps took from other targets is in the journal.
    let links = Links::default();
    let done = prepare(&mut *run, targets, numbers, standings, ledger).and_then(|unknown| {
        let targets = &*targets;
        let blanks = numbers.iter().map(|number| recount(run, *number, Verdict::Refused));
        let recorders = targets.iter().zip(blanks).map(Recorder::new).collect();
        let held = Held { targets, links: &links, options, board, ledger, begun: *begun, frozen };
        Retrieval { run: &*run, numbers, commits, held, recorders, problems: unknown }.work(waiter, standings)
    });
    let mut done = done.map_err(|problem| vec![problem]);
    for frozen in frozen {
        if let (Err(fault), Ok((_, _, problems))) = (frozen.release(), &mut done) {
            problems.push(Problem::error("target::not-released", format!("process {}: {fault}", frozen.pid)));
        }
    }
    let (verdict, mut recorders, problems) = done?;
    ledger.log().enter(last_phase(verdict));
    board.enter(Phase::Released);
    recorders.iter_mut().for_each(|recorder| recorder.stall(begun.elapsed()));
    Ok(ChildReport::new(verdict, recorders, problems, None))
}

/// Finds out what came of the call that the run died in, writes it down, and gives each Program what the journal knows of its
/// cells and buffers. What can't be known is returned.
fn prepare(
    run: &mut Run,
    targets: &mut [Prepared],
    numbers: &[usize],
    standings: &[Vec<Standing>],
    ledger: &Ledger,
) -> Result<Vec<Problem>, Problem> {
    for ((target, number), standings) in targets.iter().zip(numbers).zip(standings) {
        come_back(run, target, *number, standings)?;
        target.mappings.refresh();
    }
    let mut told = None;
    if let Some(last) = run.calls.last() {
        let of = last.line.target;
        let landed = match (run.flight, numbers.iter().position(|number| *number == of).map(|at| &targets[at])) {
            (Some(flight), Some(target)) => {
                let program = run.programs.get(&of).unwrap_or(&target.program);
                landing(target, program, last, flight)
            }
            (None, _) | (Some(_), None) => last.result.map_or(Landing::Nothing, Landing::Returned),
        };
        let at = numbers.iter().position(|number| *number == of);
        let result = match landed {
            Landing::Nothing => None,
            Landing::Returned(value) => Some(value),
            Landing::Filled(value, buffer, bytes) => {
                ledger.page(of).filled(None, vec![(buffer, bytes.clone())]).map_err(|error| unwritten(&error))?;
                run.buffers.insert((of, buffer), bytes);
                Some(value)
            }
            Landing::Unknown(why) => {
                let who = at.map(|at| targets[at].process.title()).unwrap_or_default();
                told = Some(format!("{who}: {why}"));
                None
            }
        };
        // With the doubt: a recovery that is cut off, too, must not leave the next one to think that it was not made.
        let unknown = told.as_deref().map(Into::into);
        let line = Line::Resolved(ResolvedLine { n: last.line.n, result, unknown });
        ledger.log().append(&line).map_err(|error| unwritten(&error))?;
        run.resolve(result);
        // The mark of what it gave was to be written with the next call.
        if let (Some(at), Some(last)) = (at, run.calls.last()) {
            let target = &mut targets[at];
            let number = taken(target, run.programs.get(&of).unwrap_or(&target.program), last);
            target.taken.get_or_insert_default().extend(number);
        }
    }
    run.unknown.extend(told);
    for (target, number) in targets.iter_mut().zip(numbers) {
        inherit(run, target, *number);
    }
    Ok(run.unknown.iter().cloned().map(in_doubt).collect())
}

/// Refuses to go on while a thread is still in a call of the run: it stands on its landing frame.
fn come_back(run: &Run, target: &Prepared, number: usize, standings: &[Standing]) -> Result<(), Problem> {
    let frames = run.frames.iter().filter(|frame| frame.target == number).map(|frame| (frame.start, frame.used));
    let grounds = run.mapped(number);
    for (start, length) in frames.chain(grounds) {
        let stands = |standing: &&Standing| (start..start + length).contains(&standing.registers.rsp);
        if let Some(standing) = standings.iter().find(stands) {
            let why = format!("its thread {} is still in a call that the run has made", standing.tracee.tid);
            return Err(refusal(target, "recover::still-in-call", &why)
                .help("nothing was touched; recover again once the call has returned"));
        }
    }
    Ok(())
}

fn set(target: &mut Prepared, cell: u32, value: u64) {
    if let Some(slot) = target.program.cells.get_mut(cell as usize)
        && !matches!(slot, Init::Address(_))
    {
        *slot = Init::Const(value);
    }
}

fn fill(target: &mut Prepared, buffer: u32, bytes: &[u8]) {
    if let Some(buffer) = target.program.buffers.get_mut(buffer as usize) {
        buffer.bytes = bytes.iter().copied().take(buffer.len).collect();
    }
}

/// What is left of a Program: it begins with what the journal knows, and steps have what is still to be run.
fn inherit(run: &Run, target: &mut Prepared, number: usize) {
    for ((_, cell), value) in run.cells.range((number, 0)..=(number, u32::MAX)) {
        set(target, *cell, *value);
    }
    for ((_, buffer), bytes) in run.buffers.range((number, 0)..=(number, u32::MAX)) {
        fill(target, *buffer, bytes);
    }
    let begun = run.begun(number);
    for (position, step) in target.program.steps.iter_mut().enumerate() {
        step.prepare.clear();
        step.forward.clear();
        match run.phase {
            journal::Phase::Commit => step.undo.clear(),
            _ => step.commit.clear(),
        }
        if !begun.contains(&position) {
            step.skip = Some("it was never begun");
            [&mut step.undo, &mut step.commit, &mut step.release].into_iter().for_each(Vec::clear);
        }
    }
}

/// A retrieval at work.
struct Retrieval<'a, 'f> {
    run: &'a Run,
    numbers: &'a [usize],
    commits: bool,
    held: Held<'a, 'f>,
    recorders: Vec<Recorder<'a>>,
    problems: Vec<Problem>,
}

type Done<'a> = (Verdict, Vec<Recorder<'a>>, Vec<Problem>);

impl<'a> Retrieval<'a, '_> {
    /// Everything between stop and release.
    fn work(mut self, waiter: &mut Waiter, standings: &[Vec<Standing>]) -> Result<Done<'a>, Problem> {
        for (at, target) in self.held.targets.iter().enumerate() {
            self.clear_frames(target, self.numbers[at], &standings[at]);
        }
        let (here, there) = match self.commits {
            true => (Phase::Commit, journal::Phase::Commit),
            false => (Phase::Rollback, journal::Phase::Rollback),
        };
        self.held.board.enter(here);
        self.held.ledger.log().enter(there);
        let mut machines = Vec::with_capacity(self.held.targets.len());
        for (at, target) in self.held.targets.iter().enumerate() {
            match self.held.machine(waiter, self.numbers[at], target, &standings[at], &self.held.frozen[at]) {
                Ok(machine) => machines.push(machine),
                Err(problem) => {
                    let mut refused = problem;
                    for machine in machines {
                        if let Err(fault) = Machine::finish(machine, waiter) {
                            refused.message = format!("{}; then: {fault}", refused.message);
                        }
                    }
                    return Err(refused);
                }
            }
        }
        let mut verdict = if self.commits { Verdict::Applied } else { Verdict::RolledBack };
        let order: Vec<usize> = (0..machines.len()).collect();
        for at in if self.commits { order } else { order.into_iter().rev().collect() } {
            let ended = self.target(waiter, at, &mut machines[at]);
            self.recorders[at].end(ended);
            verdict = verdict.worse(ended);
        }
        for (at, machine) in machines.into_iter().enumerate() {
            if let Err(fault) = machine.finish(waiter) {
                verdict = Verdict::InDoubt;
                self.problems.push(Problem::error("run::not-restored", self.recorders[at].say(&fault.to_string())));
                self.recorders[at].doubt();
            }
        }
        if !self.problems.iter().all(|problem| problem.code == "recover::left") {
            verdict = verdict.worse(Verdict::InDoubt);
        }
        Ok((verdict, self.recorders, self.problems))
    }

    /// Ends what was begun in one target.
    fn target(&mut self, waiter: &mut Waiter, at: usize, machine: &mut Machine<'a>) -> Verdict {
        let number = self.numbers[at];
        let mut ended = if self.commits { Verdict::Applied } else { Verdict::RolledBack };
        if let Err(fault) = machine.aim() {
            self.problems.push(Problem::error("run::in-doubt", self.recorders[at].say(&fault.to_string())));
            return Verdict::InDoubt;
        }
        let begun: Vec<usize> = self.run.begun(number).into_iter().collect();
        let steps: Vec<usize> = if self.commits { begun } else { begun.into_iter().rev().collect() };
        for position in steps {
            machine.extend_deadline();
            ended = ended.worse(self.step(waiter, at, position, machine));
        }
        for range in self.run.mapped(number) {
            if !is_ours(&self.held.targets[at], range) {
                self.left(
                    at,
                    &format!("the memory at {:#x} that was made for criu-plan is no longer as it was made", range.0),
                );
            } else if let Err(fault) = machine.unmap(waiter, range) {
                self.left(at, &format!("the memory at {:#x} that was made for criu-plan stays: {fault}", range.0));
            }
        }
        ended
    }

    /// Something harmless stays.
    fn left(&mut self, at: usize, what: &str) {
        self.problems.push(Problem::warning("recover::left", self.recorders[at].say(what)));
    }

    fn step(&mut self, waiter: &mut Waiter, at: usize, position: usize, machine: &mut Machine<'a>) -> Verdict {
        let number = self.numbers[at];
        let Some(step) = self.held.targets[at].program.steps.get(position) else { return Verdict::RolledBack };
        let first = if self.commits { Section::Commit } else { Section::Undo };
        let doubt = self.run.doubts.iter().find(|doubt| (doubt.target, doubt.step) == (number, position));
        // What was in doubt stays so; what was kept is released in any case.
        let sections = [first, Section::Release].map(|part| {
            let from = self.run.goes_on_at(self.commits, number, position, part);
            (part, section(step, part), from.filter(|_| doubt.is_none() || part == Section::Release))
        });
        let result = end(waiter, machine, (step.thread, position), sections);
        let result = match doubt {
            Some(doubt) => Err((OpFault::Unsafe(doubt.why.clone().into_owned()), Vec::new())),
            None => result,
        };
        let recorder = &mut self.recorders[at];
        match result {
            Ok(()) if self.commits => Verdict::Applied,
            Ok(()) if step.irreversible && recorder.effective(position) => Verdict::Partial,
            Ok(()) => {
                recorder.undone(position);
                Verdict::RolledBack
            }
            Err((fault, doubts)) => {
                let what = if self.commits {
                    "what it kept for undo may still be there"
                } else {
                    "it could not be taken back"
                };
                if doubt.is_none() {
                    self.held.ledger.page(number).doubt(position, &fault.to_string());
                }
                self.problems.push(recorder.in_doubt(position, &fault, what, doubts));
                Verdict::InDoubt
            }
        }
    }

    /// Puts the zeros back that were where landing frames lie, if nothing but the frame can be there.
    fn clear_frames(&self, target: &Prepared, number: usize, standings: &[Standing]) {
        for frame in self.run.frames.iter().filter(|frame| frame.target == number) {
            if unchanged(target, frame) && (frame.padding || below_all(target, frame, standings)) {
                // What stays of it is in nobody's way.
                let _unwritable = target.memory.write(frame.start, &vec![0; frame.used as usize]);
            }
        }
    }
}

/// Whether a frame is there as it was written.
fn unchanged(target: &Prepared, frame: &FrameLine) -> bool {
    let mut bytes = vec![0; frame.frame as usize];
    target.memory.read(frame.start, &mut bytes).is_ok() && sum(&bytes) == frame.sum
}

/// Whether a frame lies in a stack, with every thread that is in this stack above it.
fn below_all(target: &Prepared, frame: &FrameLine, standings: &[Standing]) -> bool {
    let Some(mapping) = target.mappings.covering(frame.start).ok().flatten() else { return false };
    let end = frame.start + frame.used;
    let pointers = standings.iter().map(|standing| standing.registers.rsp);
    let mut inside = pointers.filter(|pointer| (mapping.start..mapping.end).contains(pointer)).peekable();
    let used = inside.peek().is_some() || mapping.name == "[stack]";
    used && end <= mapping.end && inside.all(|pointer| pointer.saturating_sub(RED_ZONE) >= end)
}
