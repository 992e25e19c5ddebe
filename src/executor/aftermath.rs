//! What is known when the tracing child died: its threads went on by themselves, and the board says how far it had got.

use super::board::{Board, Mark, Phase};
use super::prepared::Prepared;
use super::record::blank_target;
use super::{Outcome, StepState, TargetOutcome, Verdict};
use crate::plan::Plan;
use crate::problem::Problem;
use crate::syscalls::errno;

/// The outcome of a run whose child died, `how` in a few words; `run` is its id in the journal.
pub fn outcome(plan: &Plan, targets: &[Prepared], board: &Board, how: &str, run: &str) -> Outcome {
    let phase = board.phase();
    let untouched = phase <= Phase::Asking;
    let verdict = if untouched { Verdict::Refused } else { Verdict::InDoubt };
    let outcomes: Vec<TargetOutcome> =
        targets.iter().enumerate().map(|(at, target)| target_outcome(board, at, target, verdict)).collect();
    let message = format!("the tracing process died: {how}; {}", progress(phase));
    let problem = if untouched {
        Problem::error("run::child-died", message).help("the plan can be applied again")
    } else {
        Problem::error("run::child-died", message).help(format!(
            "the targets run on, each thread as itself; `criu-plan recover {run}` takes back what was done, or finishes it if all steps were",
        ))
    };
    Outcome {
        plan: plan.name.clone(),
        verdict,
        changed: outcomes.iter().flat_map(|target| &target.steps).any(|step| step.state == StepState::Done),
        targets: outcomes,
        problems: vec![problem],
        interrupted: None,
    }
}

fn progress(phase: Phase) -> &'static str {
    match phase {
        Phase::Before | Phase::Freezing | Phase::Asking => "no step had been begun and nothing was changed",
        Phase::Forward => "it was running the steps",
        Phase::Commit => "all steps were done, and it was releasing what it had kept for undo",
        Phase::Rollback => "a step had failed, and it was taking back what was done",
        Phase::Released => "it had finished and let all threads go, but could not say how it went",
    }
}

fn target_outcome(board: &Board, at: usize, target: &Prepared, verdict: Verdict) -> TargetOutcome {
    let mut outcome = blank_target(target, verdict, StepState::NotRun);
    for step in &mut outcome.steps {
        match board.marked(at, step.index) {
            Mark::None => {}
            Mark::Begun => {
                step.state = StepState::InDoubt;
                step.note = Some("it had been begun; whether its call was made is not known".into());
            }
            Mark::Done(result) => {
                step.state = StepState::Done;
                step.result = Some(result);
                step.errno = errno::of_result(result).map(errno::spell);
            }
            Mark::Skipped => step.state = StepState::Skipped,
            Mark::Undone => {
                step.state = StepState::Done;
                step.undone = true;
            }
        }
    }
    outcome
}
