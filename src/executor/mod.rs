//! The transaction: freeze, run, commit or roll back, let go.

mod aftermath;
mod answers;
mod asked;
mod board;
mod child;
mod choice;
mod contents;
mod doubt;
mod expectation;
mod fault;
mod fitness;
mod flight;
mod forecast;
mod foresight;
mod judgement;
mod ledger;
mod links;
mod look;
mod machine;
mod made;
mod outcome;
mod own_signals;
mod prediction;
mod prepared;
mod record;
mod recovery;
mod refusal;
mod retrieval;
mod scratch;
mod seccomp_gate;
mod stopping;
mod surroundings;
mod survey;
mod threads;
mod transaction;

pub use forecast::{Answer, DryRun, Forecast, Seccomp, StepForecast, Undoing};
pub use outcome::*;
pub use prediction::Hand;
pub use recovery::{recounted, recover};

use crate::journal;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::program::StepCode;
use crate::syscalls::Nature;
use crate::target::{Process, can_read_filters, seccomp_not_suspended, seccomp_unreadable};
use board::{Board, Phase};
use child::Ended;
use ledger::Ledger;
use links::Links;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use prepared::Prepared;
use record::{ChildReport, blank_target};
use std::cell::Cell;
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
    /// Where journals are kept.
    pub journal: journal::Options,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            freeze_timeout: Duration::from_secs(1),
            hold: Duration::from_secs(5),
            eintr: Eintr::Reissue,
            seccomp: SeccompPolicy::Check,
            journal: journal::Options::default(),
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
pub fn apply(plan: &Plan, options: &Options) -> Outcome {
    let targets = match prepare(plan, options) {
        Ok(targets) => targets,
        Err(problems) => return refused(plan, problems),
    };
    let order: Vec<i32> = targets.iter().map(|target| target.process.pid).collect();
    let (alone, mut targets): (Vec<Prepared>, Vec<Prepared>) = targets.into_iter().partition(Prepared::left_alone);
    let alone = alone.iter().map(|target| blank_target(target, Verdict::Unchanged, StepState::Skipped));
    let links = match links::link(&targets) {
        Ok(links) => links,
        Err(problems) => return refused(plan, problems),
    };
    let cut_off = ledger::cut_off(&targets, options);
    let mut outcome = if targets.is_empty() { unchanged(plan) } else { transact(plan, &mut targets, links, options) };
    outcome.problems.extend(cut_off);
    outcome.targets.extend(alone);
    outcome.targets.sort_by_key(|target| order.iter().position(|pid| *pid == target.pid));
    outcome
}

/// The transaction with those targets that it has to do with.
fn transact(plan: &Plan, targets: &mut [Prepared], links: Links, options: &Options) -> Outcome {
    let board = match Board::new(targets.len(), plan.steps.len()) {
        Ok(board) => board,
        Err(errno) => return refused(plan, vec![no_child(errno)]),
    };
    let ledger = match Ledger::begin(plan.name.as_deref(), targets, options) {
        Ok(ledger) => ledger,
        Err(problem) => return refused(plan, vec![problem]),
    };
    let patience = Deadlines { board: &board, options, freezing: Cell::new(None) };
    let ended = child::run(&patience, |waiter| {
        let mut report = transaction::run(plan, targets, links, options, &board, &ledger, waiter);
        // Here and not in the front end, which may be no more.
        report.problems.extend(ledger.end(&report.outcome(plan.name.as_deref()), false).err());
        serde_json::to_vec(&report).unwrap_or_default()
    });
    let died = |how: &str| aftermath::outcome(plan, targets, &board, how, ledger.id());
    let mut outcome = match ended {
        Err(errno) => refused(plan, vec![no_child(errno)]),
        Ok(Ended::Died(how)) => died(&how),
        Ok(Ended::Said(said)) => match serde_json::from_slice::<ChildReport>(&said) {
            Ok(report) => {
                let mut outcome = report.outcome(plan.name.as_deref());
                outcome.problems.extend(ledger.keep().err());
                return outcome;
            }
            Err(error) => died(&format!("its last words are unreadable: {error}")),
        },
    };
    // What somebody has to look after stays where it is found by `recover`.
    if outcome.verdict == Verdict::Refused {
        ledger.log().enter(journal::Phase::Refused);
        let ended = ledger.end(&outcome, false).and(ledger.keep());
        outcome.problems.extend(ended.err());
    }
    outcome
}

/// The front end's patience with the tracing child, by what that is about.
struct Deadlines<'a> {
    board: &'a Board,
    options: &'a Options,
    /// When it was first seen to stop threads.
    freezing: Cell<Option<Duration>>,
}

impl child::Patience for Deadlines<'_> {
    /// The child keeps its own deadlines; it can't where it waits inside the kernel, as for a target that is becoming
    /// another program.
    fn is_over(&self, since: Duration) -> bool {
        const SLACK: Duration = Duration::from_millis(500);
        // To look at the targets once more, and to take everything back, each take time of their own.
        const LONG: Duration = Duration::from_secs(10);
        let phase = self.board.phase();
        if phase == Phase::Before {
            return since > LONG;
        }
        let begun = self.freezing.get().unwrap_or(since);
        self.freezing.set(Some(begun));
        let freezing = self.options.freeze_timeout + SLACK;
        let held = since.saturating_sub(begun);
        match phase {
            Phase::Before | Phase::Freezing => held > freezing,
            Phase::Asking | Phase::Forward | Phase::Commit | Phase::Rollback => {
                held > freezing + self.options.hold + LONG
            }
            // Nothing is held any more, and it has much to say.
            Phase::Released => false,
        }
    }
}

/// Looks the targets up and says what would be done, touching nothing.
pub fn dry_run(plan: &Plan, options: &Options) -> DryRun {
    match prepare(plan, options) {
        Err(problems) => DryRun { outcome: refused(plan, problems), forecasts: Vec::new(), options: options.clone() },
        Ok(targets) => {
            let mut outcome = planned(plan, &targets);
            outcome.problems.extend(ledger::cut_off(&targets, options));
            outcome.problems.extend(links::link(&targets).err().into_iter().flatten());
            forecast::tell(plan, &targets, options, outcome)
        }
    }
}

fn planned(plan: &Plan, targets: &[Prepared]) -> Outcome {
    let verdict = |target: &Prepared| if target.left_alone() { Verdict::Unchanged } else { Verdict::Planned };
    Outcome {
        plan: plan.name.clone(),
        verdict: Verdict::Planned,
        changed: targets.iter().flat_map(|target| &target.program.steps).any(would_change),
        targets: targets.iter().map(|target| blank_target(target, verdict(target), StepState::Planned)).collect(),
        problems: Vec::new(),
        interrupted: None,
    }
}

/// Allows us as many descriptors as may be: each target takes a dozen, and `match` looks at all processes. Where they do not
/// suffice the targets that find none are refused.
fn allow_descriptors() {
    let _raised =
        getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
}

/// Finds and prepares the targets; refuses those whose seccomp filters can't be dealt with as the policy says.
fn prepare(plan: &Plan, options: &Options) -> Result<Vec<Prepared>, Vec<Problem>> {
    allow_descriptors();
    let targets = prepared::prepare(plan)?;
    // For the journal; and once more before the stop, when more is taken.
    stopping::spare_descriptors().map_err(|problem| vec![problem])?;
    let refuse: fn(&Process) -> Problem = match options.seccomp {
        SeccompPolicy::AssumeAllowed => return Ok(targets),
        SeccompPolicy::Check => seccomp_unreadable,
        SeccompPolicy::Suspend => seccomp_not_suspended,
    };
    // What lets us read them lets us suspend them, too.
    let barred = |target: &&Prepared| target.process.seccomp != 0 && !target.left_alone() && !can_read_filters();
    let problems: Vec<_> = targets.iter().filter(barred).map(|target| refuse(&target.process)).collect();
    if problems.is_empty() { Ok(targets) } else { Err(problems) }
}

fn would_change(step: &StepCode) -> bool {
    step.skip.is_none() && !matches!(step.particulars.nature, Nature::Inert)
}

/// Nothing needed doing.
fn unchanged(plan: &Plan) -> Outcome {
    Outcome { verdict: Verdict::Unchanged, ..refused(plan, Vec::new()) }
}

fn refused(plan: &Plan, problems: Vec<Problem>) -> Outcome {
    Outcome {
        plan: plan.name.clone(),
        verdict: Verdict::Refused,
        changed: false,
        targets: Vec::new(),
        problems,
        interrupted: None,
    }
}

fn no_child(errno: nix::errno::Errno) -> Problem {
    Problem::error("run::no-child", format!("no process to trace with could be made: {}", errno.desc()))
}
