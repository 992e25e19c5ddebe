//! The transaction, in the tracing child: freeze, run, commit or roll back, let go.

use super::Options;
use super::board::{Board, Mark, Phase};
use super::choice::{Demands, Standing, choose};
use super::doubt::end;
use super::fitness::{names_threads, shares_nothing};
use super::foresight::foresee;
use super::ledger::{Ledger, last_phase};
use super::links::{Links, link};
use super::machine::Machine;
use super::prepared::{Prepared, changed, no_code};
use super::record::{ChildReport, Recorder};
use super::refusal::{no_choice, not_prepared, refusal, unfit};
use super::seccomp_gate::Gate;
use super::stopping::{Stopped, make_ready, stop_all};
use super::threads::recruit;
use super::{SeccompPolicy, StepState, TargetOutcome, Verdict};
use crate::journal::{self, Section};
use crate::plan::Plan;
use crate::problem::Problem;
use crate::remote::Runner;
use crate::remote::seccomp::Filters;
use crate::target::{Frozen, Tracee, Until, Waiter, seccomp_unreadable};
use std::time::Instant;

/// Runs the whole transaction. All threads have been let go when it returns, but those that would not stop.
pub fn run(
    plan: &Plan,
    targets: &mut [Prepared],
    mut links: Links,
    options: &Options,
    board: &Board,
    ledger: &Ledger,
    waiter: &mut Waiter,
) -> ChildReport {
    waiter.make_nearness();
    let mut ready = make_ready(Some(plan), targets);
    let mut blanks: Vec<TargetOutcome> = targets.iter().map(Recorder::blank).collect();
    let (mut problems, mut relowered) = (Vec::new(), false);
    board.enter(Phase::Freezing);
    ledger.log().enter(journal::Phase::Freezing);
    // What was opened before the stop is closed after it: `ready` lives until then.
    let stopped = match &mut ready {
        Ok(subjects) => stop_all(targets, subjects, options, waiter),
        Err(problem) => Err(problem.clone()),
    };
    if let Ok(Stopped { begun, .. }) = &stopped {
        board.enter(Phase::Asking);
        let allowance = Until::new(waiter, *begun, options.hold);
        for (number, (target, blank)) in targets.iter_mut().zip(&mut blanks).enumerate() {
            match target.ask_again(plan, &allowance) {
                Ok(false) => {}
                Ok(true) => {
                    *blank = Recorder::blank(target);
                    relowered = true;
                    if let Err(error) = ledger.program(number, &target.program) {
                        problems.push(refusal(
                            target,
                            "run::journal",
                            &format!("the journal can't be written: {error}"),
                        ));
                    }
                }
                Err(more) => problems.extend(more),
            }
        }
    }
    if relowered && problems.is_empty() {
        match link(targets) {
            Ok(anew) => links = anew,
            Err(more) => problems.extend(more),
        }
    }
    let targets = &*targets;
    let mut recorders: Vec<Recorder<'_>> = targets.iter().zip(blanks).map(Recorder::new).collect();
    let verdict = match stopped {
        Err(problem) => {
            problems.push(problem);
            Verdict::Refused
        }
        Ok(Stopped { frozen, standings, begun }) => {
            let mut held = Held { targets, links: &links, options, board, ledger, begun, frozen: &frozen };
            let verdict = if problems.is_empty() {
                held.work(waiter, &standings, &mut recorders, &mut problems)
            } else {
                Verdict::Refused
            };
            let single = frozen.iter().all(|frozen| frozen.threads.len() == 1);
            // While one thread is let go the others still stand: nobody may be given way to then.
            if let Some(nearness) = waiter.nearness() {
                if single { nearness.expect_to_part() } else { nearness.part() }
            }
            for (frozen, recorder) in frozen.iter().zip(&mut recorders) {
                recorder.stall(begun.elapsed());
                if let Err(fault) = frozen.release() {
                    problems.push(Problem::error("target::not-released", format!("process {}: {fault}", frozen.pid)));
                }
            }
            verdict
        }
    };
    if let Some(nearness) = waiter.nearness() {
        nearness.part();
    }
    board.enter(Phase::Released);
    ledger.log().enter(last_phase(verdict));
    let interrupted =
        if matches!(verdict, Verdict::Applied | Verdict::Unchanged) { None } else { waiter.interrupted() };
    ChildReport::new(verdict, recorders, problems, interrupted)
}

/// What is held while the transaction works.
pub(super) struct Held<'a, 'f> {
    pub targets: &'a [Prepared],
    pub links: &'a Links,
    pub options: &'a Options,
    pub board: &'a Board,
    pub ledger: &'a Ledger,
    pub begun: Instant,
    pub frozen: &'f [Frozen],
}

impl<'a> Held<'a, '_> {
    /// Everything between stop and release.
    fn work(
        &mut self,
        waiter: &mut Waiter,
        standings: &[Vec<Standing>],
        recorders: &mut [Recorder<'a>],
        problems: &mut Vec<Problem>,
    ) -> Verdict {
        // From here on threads are moved and scratch memory is made: our death would leave it.
        self.board.enter(Phase::Forward);
        self.ledger.log().enter(journal::Phase::Forward);
        let mut machines = Vec::with_capacity(self.targets.len());
        for (index, target) in self.targets.iter().enumerate() {
            match self.machine(waiter, index, target, &standings[index], &self.frozen[index]) {
                Ok(machine) => machines.push(machine),
                Err(problem) => {
                    problems.push(problem);
                    break;
                }
            }
        }
        let refused = machines.len() < self.targets.len();
        let mut verdict =
            if refused { Verdict::Refused } else { self.transact(waiter, &mut machines, recorders, problems) };
        for (machine, recorder) in machines.into_iter().zip(recorders) {
            recorder.read(&machine);
            if let Err(fault) = machine.finish(waiter) {
                verdict = Verdict::InDoubt;
                // That it has ended is said once.
                if !(fault.target_ended() && recorder.doubted()) {
                    problems.push(recorder.not_restored(&fault));
                }
                recorder.doubt();
            }
        }
        verdict
    }

    /// Verifies a frozen target and moves one of its threads onto a landing frame. The target is as it was if this fails. It
    /// has this number in the journal.
    pub(super) fn machine(
        &mut self,
        waiter: &mut Waiter,
        number: usize,
        target: &'a Prepared,
        standings: &[Standing],
        frozen: &Frozen,
    ) -> Result<Machine<'a>, Problem> {
        self.verify(target, frozen)?;
        target.mappings.refresh();
        target.vm_flags.refresh();
        let choice = choose(target, standings, Demands::of(&target.program)).map_err(|why| no_choice(target, why))?;
        let tracee = choice.standing.tracee;
        let gadgets = self.gadgets(target, tracee)?;
        let gate = self.gate(target, tracee)?;
        foresee(target, &gate, gadgets.syscall + 2, |thread| thread.is_none_or(|tid| tid == tracee.tid))?;
        let page = self.ledger.page(number);
        let note = |start: u64, frame: &[u8]| page.frame(&choice.room, Demands::memory(&target.program), start, frame);
        let runner = Runner::prepare(
            tracee,
            &choice.standing.registers,
            &choice.image,
            gadgets,
            choice.room,
            &target.memory,
            &note,
        )
        .map_err(|error| not_prepared(target, error))?;
        let deadline = self.begun + self.options.hold;
        let mut machine = Machine::new(target, runner, gate, waiter, deadline, page)
            .map_err(|fault| refusal(target, "target::no-scratch-memory", &fault.to_string()))?;
        let mut tools = |standing: &Standing| {
            let tracee = standing.tracee;
            let (gadgets, gate) = (self.gadgets(target, tracee)?, self.gate(target, tracee)?);
            foresee(target, &gate, gadgets.syscall + 2, |thread| thread == Some(tracee.tid))?;
            Ok((gadgets, gate))
        };
        match recruit(&mut machine, waiter, target, standings, &mut tools) {
            Ok(()) => Ok(machine),
            Err(why) => {
                let problem = unfit(target, why);
                // What can't be restored is told with the reason: the target is not as it was.
                Err(match machine.finish(waiter) {
                    Ok(()) => problem,
                    Err(fault) => refusal(target, "run::not-restored", &format!("{}; then: {fault}", problem.message)),
                })
            }
        }
    }

    /// What must still be true once everything stands still.
    fn verify(&self, target: &Prepared, frozen: &Frozen) -> Result<(), Problem> {
        // The memory was opened before the stop: that of a program run since (an execve of the same file) is another.
        if !target.still_the_same() || !target.gadgets.verify(&target.memory) || !target.same_memory() {
            return Err(changed(&target.process));
        }
        shares_nothing(target)?;
        names_threads(target, frozen.threads.len())
    }

    /// Code to call through; inside the allowed range where syscall user dispatch is on.
    fn gadgets(&self, target: &Prepared, tracee: Tracee) -> Result<crate::remote::Gadgets, Problem> {
        let dispatch = match tracee.dispatch() {
            Ok(dispatch) => dispatch,
            // A kernel before 6.4 can't tell. Dispatch is of no use to who does not handle SIGSYS.
            Err(_) if target.process.catches(libc::SIGSYS) => {
                return Err(refusal(
                    target,
                    "target::dispatch-unknown",
                    "it handles SIGSYS, and this kernel can't tell whether that is for syscall user dispatch (as of Wine)",
                )
                .help("a kernel of 6.4 or later can tell"));
            }
            Err(_) => Default::default(),
        };
        if dispatch.mode != 0 {
            let range = (dispatch.offset, dispatch.offset.saturating_add(dispatch.len));
            return target.gadgets_within(range).ok_or_else(|| no_code(&target.process));
        }
        Ok(target.gadgets)
    }

    /// What this very thread's filters say; a thread may have more than the first one, and they may have come just now.
    fn gate(&self, target: &Prepared, tracee: Tracee) -> Result<Gate, Problem> {
        const FILTERS: u32 = 2;
        let mode = target.process.seccomp_of(tracee.tid).unwrap_or(FILTERS);
        if self.options.seccomp == SeccompPolicy::Suspend && mode != 0 {
            tracee.suspend_seccomp().map_err(|fault| refusal(target, "target::seccomp", &fault.to_string()))?;
        }
        match Filters::read(tracee.tid, mode) {
            Ok(filters) => Ok(Gate::new(self.options.seccomp, filters)),
            // Without the privilege to read them the policy was applied before the stop, to what there was then.
            Err(_) if self.options.seccomp == SeccompPolicy::Check && mode != 0 => {
                Err(seccomp_unreadable(&target.process))
            }
            Err(_) => Ok(Gate::Open),
        }
    }

    /// Forward in all targets, then commit in all, or back in all.
    fn transact(
        &mut self,
        waiter: &mut Waiter,
        machines: &mut [Machine<'a>],
        recorders: &mut [Recorder<'a>],
        problems: &mut Vec<Problem>,
    ) -> Verdict {
        let steps = self.targets.iter().flat_map(|target| target.program.steps.iter().map(|step| step.index + 1)).max();
        let mut next = vec![0; machines.len()];
        for index in 0..steps.unwrap_or(0) {
            for at in 0..machines.len() {
                // Repetitions of a step follow each other.
                while self.targets[at].program.steps.get(next[at]).is_some_and(|step| step.index == index) {
                    if let Err(problem) = self.step(waiter, (at, next[at]), machines, &mut recorders[at]) {
                        problems.push(problem);
                        return self.roll_back(waiter, machines, recorders, problems);
                    }
                    next[at] += 1;
                }
            }
        }
        self.commit(waiter, machines, recorders, problems)
    }

    /// Runs a step forward in one target.
    fn step(
        &mut self,
        waiter: &mut Waiter,
        (at, position): (usize, usize),
        machines: &mut [Machine<'a>],
        recorder: &mut Recorder<'a>,
    ) -> Result<(), Problem> {
        let Some(step) = self.targets[at].program.steps.get(position) else { return Ok(()) };
        let index = step.index;
        if let Some(signal) = waiter.interrupted() {
            return Err(Problem::error("run::interrupted", format!("interrupted by signal {signal}")));
        }
        if Instant::now() > self.begun + self.options.hold {
            return Err(Problem::error("run::hold", format!("the targets were held for {:?}", self.options.hold))
                .help("`--hold` allows more"));
        }
        let fetched = self.links.fetch(waiter, machines, self.targets, (at, position));
        let machine = &mut machines[at];
        if step.skip.is_some() {
            // No thread was made ready for what is left out.
            recorder.step(position, machine, Ok(&StepState::Skipped));
            self.board.mark(at, index, Mark::Skipped);
            return Ok(());
        }
        self.board.mark(at, index, Mark::Begun);
        let ready = fetched.and_then(|()| machine.hand_over(step.thread));
        let ready = ready.and_then(|()| machine.run(waiter, position, Section::Forward, &step.prepare));
        let result = ready.and_then(|()| {
            if machine.skips(step) {
                return Ok(StepState::Skipped);
            }
            machine.run(waiter, position, Section::Forward, &step.forward)?;
            machine.hold_back(position).map(|()| StepState::Done)
        });
        recorder.step(position, machine, result.as_ref());
        match result {
            Ok(StepState::Skipped) => self.board.mark(at, index, Mark::Skipped),
            Ok(_) => self.board.mark(at, index, Mark::Done(machine.cell(step.result).unwrap_or(0) as i64)),
            Err(fault) => return Err(recorder.failed(position, &fault)),
        }
        Ok(())
    }

    fn commit(
        &mut self,
        waiter: &mut Waiter,
        machines: &mut [Machine<'a>],
        recorders: &mut [Recorder<'a>],
        problems: &mut Vec<Problem>,
    ) -> Verdict {
        self.board.enter(Phase::Commit);
        self.ledger.log().enter(journal::Phase::Commit);
        let mut verdict = Verdict::Applied;
        for (at, (machine, recorder)) in machines.iter_mut().zip(recorders.iter_mut()).enumerate() {
            machine.extend_deadline();
            for (position, step) in self.targets[at].program.steps.iter().enumerate() {
                if !recorder.done(position) {
                    continue;
                }
                let sections =
                    [(Section::Commit, step.commit.as_slice(), Some(0)), (Section::Release, &step.release, Some(0))];
                let result = end(waiter, machine, (step.thread, position), sections);
                if !step.commit.is_empty() {
                    recorder.step(
                        position,
                        machine,
                        result.as_ref().map(|()| &StepState::Done).map_err(|(fault, _)| fault),
                    );
                }
                if let Err((fault, doubts)) = result {
                    self.ledger.page(at).doubt(position, &fault.to_string());
                    verdict = Verdict::InDoubt;
                    let what = "what it kept for undo may still be there";
                    problems.push(recorder.in_doubt(position, &fault, what, doubts));
                }
            }
            recorder.end(Verdict::Applied);
        }
        if verdict == Verdict::Applied && recorders.iter().all(|recorder| !recorder.changed()) {
            verdict = Verdict::Unchanged;
        }
        verdict
    }

    /// Takes back what was done, last step first, in every target.
    fn roll_back(
        &mut self,
        waiter: &mut Waiter,
        machines: &mut [Machine<'a>],
        recorders: &mut [Recorder<'a>],
        problems: &mut Vec<Problem>,
    ) -> Verdict {
        self.board.enter(Phase::Rollback);
        self.ledger.log().enter(journal::Phase::Rollback);
        // Where a step failed before any call was made there is nothing to take back.
        let called = machines.iter().any(|machine| machine.called);
        let clean = if called { Verdict::RolledBack } else { Verdict::Refused };
        let mut verdict = clean;
        for (at, (machine, recorder)) in machines.iter_mut().zip(recorders.iter_mut()).enumerate().rev() {
            let mut ended = clean;
            let mut stays = Vec::new();
            let steps = &self.targets[at].program.steps;
            for (position, step) in steps.iter().enumerate().rev() {
                if !recorder.begun(position) {
                    continue;
                }
                machine.extend_deadline();
                let sections =
                    [(Section::Undo, step.undo.as_slice(), Some(0)), (Section::Release, &step.release, Some(0))];
                let taken_back = end(waiter, machine, (step.thread, position), sections);
                match taken_back {
                    Ok(()) if step.irreversible && recorder.effective(position) => {
                        recorder.lasting(position);
                        ended = ended.worse(Verdict::Partial);
                        stays.push(position);
                    }
                    Ok(()) => {
                        recorder.undone(position);
                        // The board has one place for all repetitions of a step.
                        if position == 0 || steps[position - 1].index != step.index {
                            self.board.mark(at, step.index, Mark::Undone);
                        }
                    }
                    Err((fault, doubts)) => {
                        self.ledger.page(at).doubt(position, &fault.to_string());
                        ended = Verdict::InDoubt;
                        problems.push(recorder.in_doubt(position, &fault, "it could not be taken back", doubts));
                    }
                }
            }
            problems.extend(recorder.partial(&stays));
            recorder.end(ended);
            verdict = verdict.worse(ended);
        }
        verdict
    }
}

impl Verdict {
    /// The worse of two ends of a rollback.
    pub(super) fn worse(self, other: Self) -> Self {
        let rank = |verdict| match verdict {
            Self::InDoubt => 2,
            Self::Partial => 1,
            _ => 0,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}
