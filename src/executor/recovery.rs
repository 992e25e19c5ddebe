//! A run whose criu-plan has died, brought to its end: taken back, or finished if all its steps were done.

use super::board::Board;
use super::child::{self, Ended};
use super::ledger::{Ledger, boot, identity, last_phase, now};
use super::prepared::{Prepared, prepare_again};
use super::record::{ChildReport, blank_step};
use super::{
    Deadlines, Eintr, Options, Outcome, SeccompPolicy, StepState, TargetOutcome, Verdict, allow_descriptors, no_child,
    retrieval,
};
use crate::journal::{Found, Identity, Line, Phase, RecoverLine, Run, Store};
use crate::problem::Problem;
use crate::program::{Cell as ProgramCell, StepCode};
use crate::syscalls::errno;
use crate::target::{Absence, Process};
use serde::de::DeserializeOwned;
use std::cell::Cell;
use std::rc::Rc;

/// Brings a run to its end. An error says why it was left as it is.
pub fn recover(store: &Rc<Store>, found: &Found, options: &Options) -> Result<Outcome, Vec<Problem>> {
    allow_descriptors();
    let Some((mut run, entry)) = store.claim(found).map_err(|problem| vec![problem])? else {
        return Err(vec![alive(&found.id)]);
    };
    let ledger = Ledger::resume(store.clone(), entry);
    let options = &as_begun(&run, options);
    let outcome = end(&mut run, &ledger, options)?;
    let mut problems = Vec::new();
    if run.end.is_none() {
        // Whoever can't be told the end is told at least that this is one.
        ledger.log().enter(last_phase(outcome.verdict));
        problems.extend(ledger.end(&outcome, true).err());
    }
    problems.extend(ledger.keep().err());
    Ok(Outcome { problems: outcome.problems.into_iter().chain(problems).collect(), ..outcome })
}

/// The refusal of a run that is still going on.
fn alive(id: &str) -> Problem {
    Problem::error("recover::alive", format!("run {id} is not to be recovered: a criu-plan is at work on it"))
        .help("wait for its end; a run can be recovered only once its criu-plan is no more")
}

/// The options that the run was begun with, where they decide what is done in targets.
fn as_begun(run: &Run, options: &Options) -> Options {
    let eintr = [Eintr::Reissue, Eintr::Leave].into_iter().find(|eintr| eintr.name() == run.begin.eintr);
    let policies = [SeccompPolicy::Check, SeccompPolicy::AssumeAllowed, SeccompPolicy::Suspend];
    let seccomp = policies.into_iter().find(|policy| policy.name() == run.begin.seccomp);
    Options { eintr: eintr.unwrap_or(options.eintr), seccomp: seccomp.unwrap_or(options.seccomp), ..options.clone() }
}

/// How a run ended, once it has.
fn end(run: &mut Run, ledger: &Ledger, options: &Options) -> Result<Outcome, Vec<Problem>> {
    if run.end.is_some() {
        return Ok(recounted(run));
    }
    let same_boot = boot().is_ok_and(|boot| boot == run.begin.boot);
    let told = match run.phase {
        Phase::Doubtful => Some((Verdict::InDoubt, doubted(run))),
        Phase::Applied => Some((Verdict::Applied, Vec::new())),
        Phase::Undone => Some((Verdict::RolledBack, Vec::new())),
        Phase::Refused => Some((Verdict::Refused, Vec::new())),
        _ if !run.has_touched() => Some((Verdict::Refused, Vec::new())),
        _ if !same_boot => Some((Verdict::RolledBack, vec![rebooted()])),
        _ => None,
    };
    if let Some((verdict, problems)) = told {
        let numbers = 0..run.begin.targets.len();
        let targets = numbers.map(|number| recount(run, number, verdict)).collect();
        return Ok(outcome(run, verdict, targets, problems));
    }
    retrieve(run, ledger, options)
}

/// The verdict that the journal ends with.
fn ended(run: &Run) -> Verdict {
    let word = run.end.as_ref().map(|end| serde_json::Value::from(end.outcome.clone()));
    word.and_then(|word| serde_json::from_value(word).ok()).unwrap_or(Verdict::InDoubt)
}

/// What is in doubt in a run that ended so, if its report was not written down any more.
fn doubted(run: &Run) -> Vec<Problem> {
    let steps = run.doubts.iter().map(|doubt| {
        let target = run.begin.targets.get(doubt.target);
        let who = target.map(|target| format!("process {} ({}): ", target.pid, target.comm)).unwrap_or_default();
        // By its place in the plan, as it is told elsewhere: a step may be there for each of several things.
        let step = run.programs.get(&doubt.target).and_then(|program| program.steps.get(doubt.step));
        let title = |step: &StepCode| {
            format!("step {} ({})", step.index + 1, step.name.as_deref().unwrap_or(step.syscall.name))
        };
        format!("{who}{} is not as it should be: {}", step.map_or_else(|| "a step".into(), title), doubt.why)
    });
    let mut problems: Vec<Problem> = run.unknown.iter().cloned().chain(steps).map(in_doubt).collect();
    if problems.is_empty() {
        problems
            .push(in_doubt("something was not as it should be; criu-plan could not write down any more what".into()));
    }
    problems
}

/// The problem of a doubt.
pub fn in_doubt(why: String) -> Problem {
    Problem::error("run::in-doubt", why)
        .help("`criu-plan journal show` tells which calls were made; compare the process with what they changed")
}

fn rebooted() -> Problem {
    Problem::warning("recover::rebooted", "the machine was started anew since, and its processes are no more")
        .help("what the plan made outside of processes, such as a file, may be left")
}

fn outcome(run: &Run, verdict: Verdict, targets: Vec<TargetOutcome>, problems: Vec<Problem>) -> Outcome {
    let changed = matches!(verdict, Verdict::Applied | Verdict::Partial | Verdict::InDoubt);
    Outcome { plan: run.begin.plan.clone(), verdict, changed, targets, problems, interrupted: None }
}

/// What the journal tells of a whole run.
pub fn recounted(run: &Run) -> Outcome {
    let verdict = if run.end.is_some() { ended(run) } else { Verdict::InDoubt };
    let targets = (0..run.begin.targets.len()).map(|number| recount(run, number, verdict));
    let targets = reported::<TargetOutcome>(run, "targets").unwrap_or_else(|| targets.collect());
    outcome(run, verdict, targets, reported(run, "problems").unwrap_or_default())
}

/// What the report of a run that has ended lists under a name.
fn reported<T: DeserializeOwned>(run: &Run, name: &str) -> Option<Vec<T>> {
    serde_json::from_value(run.end.as_ref()?.report[name].clone()).ok()
}

/// What the journal tells of a target.
pub fn recount(run: &Run, number: usize, verdict: Verdict) -> TargetOutcome {
    let identity = run.begin.targets.get(number);
    let begun = run.begun(number);
    let steps = run.programs.get(&number).map(|program| program.steps.as_slice()).unwrap_or_default();
    let steps = steps.iter().enumerate().map(|(position, step)| {
        let mut told = blank_step(step, StepState::NotRun);
        let ProgramCell(result) = step.result;
        if step.skip.is_none() && begun.contains(&position) {
            told.state = StepState::Done;
            told.result = run.cells.get(&(number, result)).map(|value| *value as i64);
            told.errno = told.result.and_then(errno::of_result).map(errno::spell);
        }
        told
    });
    TargetOutcome {
        pid: identity.map_or(0, |identity| identity.pid),
        name: identity.and_then(|identity| identity.name.clone()),
        comm: identity.map(|identity| identity.comm.clone()).unwrap_or_default(),
        outcome: verdict,
        stall_us: None,
        steps: steps.collect(),
        captures: indexmap::IndexMap::new(),
        trace: Vec::new(),
    }
}

/// A target whose process is no longer what it was.
fn lost(identity: &Identity, how: &str) -> Problem {
    let message = format!("process {} ({}) {how}: nothing is left in it to be taken back", identity.pid, identity.comm);
    Problem::warning("recover::gone", message)
        .help("what the plan made outside of the process, such as a file, may be left; the report tells which steps were done")
}

/// Finds a target again; a problem if it is gone, problems if it can't be touched now.
fn find(run: &Run, number: usize, identity_then: &Identity) -> Result<Result<Prepared, Problem>, Vec<Problem>> {
    let process = match Process::find(identity_then.pid) {
        Ok(process) => process,
        Err(Absence::Gone(_)) => return Ok(Err(lost(identity_then, "has ended"))),
        Err(Absence::Refused(problem)) if problem.code == "target::thread" => {
            return Ok(Err(lost(identity_then, "has ended, and another's thread has its number")));
        }
        // It may live: the run stays open.
        Err(absence) => return Err(vec![absence.into()]),
    };
    let same = process.start_time == identity_then.start_time
        && identity_then.pidfd_inode.is_none_or(|inode| process.pidfd_inode().is_none_or(|now| now == inode));
    if !same {
        return Ok(Err(lost(identity_then, "has ended, and another has its number")));
    }
    if process.state == 'Z' {
        return Ok(Err(lost(identity_then, "has ended")));
    }
    let program = run.programs.get(&number).cloned().unwrap_or_default();
    let prepared = prepare_again(identity_then.name.clone(), process, program)?;
    let now = identity(&prepared);
    if now.exe != identity_then.exe || now.random != identity_then.random {
        return Ok(Err(lost(identity_then, "runs another program since (execve)")));
    }
    Ok(Ok(prepared))
}

/// Stops what targets are left and takes back, or finishes, what was begun in them.
fn retrieve(run: &mut Run, ledger: &Ledger, options: &Options) -> Result<Outcome, Vec<Problem>> {
    let (mut targets, mut numbers, mut gone, mut refusals) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut losses = Vec::new();
    for (number, identity) in run.begin.targets.iter().enumerate() {
        match find(run, number, identity) {
            Ok(Ok(target)) => {
                targets.push(target);
                numbers.push(number);
            }
            Ok(Err(problem)) => {
                gone.push(number);
                losses.push(problem);
            }
            Err(problems) => refusals.extend(problems),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let verdict = if run.phase == Phase::Commit { Verdict::Applied } else { Verdict::RolledBack };
    let lost = gone.iter().map(|number| recount(run, *number, verdict));
    let mut whole = outcome(run, verdict, lost.collect(), losses);
    if !targets.is_empty() {
        let report = trace(run, &mut targets, &numbers, ledger, options)?;
        whole.verdict = report.verdict;
        whole.changed = report.changed;
        whole.problems.extend(report.problems);
        whole.targets.extend(report.targets);
        whole.interrupted = report.interrupted;
    }
    let order = |pid: i32| run.begin.targets.iter().position(|identity| identity.pid == pid);
    whole.targets.sort_by_key(|target| order(target.pid));
    Ok(whole)
}

/// The same in a tracing child.
fn trace(
    run: &mut Run,
    targets: &mut [Prepared],
    numbers: &[usize],
    ledger: &Ledger,
    options: &Options,
) -> Result<ChildReport, Vec<Problem>> {
    let steps = targets.iter().flat_map(|target| &target.program.steps).map(|step| step.index + 1).max().unwrap_or(0);
    let board = Board::new(targets.len(), steps).map_err(|errno| vec![no_child(errno)])?;
    let line = RecoverLine { started: now(), version: env!("CARGO_PKG_VERSION").to_owned() };
    ledger.log().append(&Line::Recover(line)).map_err(|error| vec![unwritten(&error)])?;
    let patience = Deadlines { board: &board, options, freezing: Cell::new(None) };
    let said = child::run(&patience, |waiter| {
        let done = retrieval::run(run, targets, numbers, options, &board, ledger, waiter);
        serde_json::to_vec(&done).unwrap_or_default()
    });
    let died = |how: &str| {
        let message = format!("the tracing process died: {how}");
        vec![
            Problem::error("run::child-died", message)
                .help(format!("`criu-plan recover {}` goes on with it", ledger.id())),
        ]
    };
    match said {
        Err(errno) => Err(vec![no_child(errno)]),
        Ok(Ended::Died(how)) => Err(died(&how)),
        Ok(Ended::Said(said)) => match serde_json::from_slice::<Result<ChildReport, Vec<Problem>>>(&said) {
            Ok(done) => done,
            Err(error) => Err(died(&format!("its last words are unreadable: {error}"))),
        },
    }
}

/// The journal can't be gone on with.
pub fn unwritten(error: &std::io::Error) -> Problem {
    Problem::error("run::journal", format!("the journal can't be written: {error}"))
        .help("nothing was touched; make room on the file system that it lies on")
}
