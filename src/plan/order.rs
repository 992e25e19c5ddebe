//! What a plan may do and hardly means: warnings about the order of its steps and about the threads that make them.

use super::access::uses_of_arguments;
use super::reading::Problems;
use super::{Repetition, Spanned, Step, TargetSpec, Undo, known};
use crate::facts::{Fact, Range, Selector};
use crate::problem::Problem;
use crate::syscalls::{Kind, Nature, Scope};

/// How many later steps are looked at for one that can be undone: in any plan that people write, all of them.
const FARTHEST: usize = 256;

/// Warns of an irreversible step before one that can be undone: if that one fails, the first stays done.
pub fn check_order(steps: &[Step], problems: &mut Problems) {
    let early = steps.iter().enumerate().filter(|(_, step)| lasts(step)).find_map(|(index, first)| {
        let later = steps.get(index + 1..)?.iter().take(FARTHEST);
        let apart = |later: &&Step| is_undone(later) && !concern_the_same(first, later);
        Some((first, later.into_iter().find(apart)?))
    });
    if let Some((first, later)) = early {
        let (first_call, later_call) = (first.syscall.name, later.syscall.name);
        let message = format!("`{first_call}` can't be undone, and comes before a `{later_call}` that may fail");
        let problem = Problem::warning("plan::irreversible-early", message)
            .help(format!("put `{first_call}` last: then nothing is left behind where another step fails"));
        problems.push(problem.at(first.span, "stays done").at(later.span, "if this fails"));
    }
}

/// Nothing takes it back.
fn lasts(step: &Step) -> bool {
    match step.particulars().nature {
        Nature::Inert => false,
        _ if matches!(step.undo, Undo::Steps(_)) => step.irreversible,
        _ if step.private => false,
        Nature::Irreversible(_) => true,
        _ => step.irreversible || matches!(step.undo, Undo::None),
    }
}

/// It changes something and takes it back. A close of what the plan opened comes where that is needed no more, and is held
/// back until all is done.
fn is_undone(step: &Step) -> bool {
    let nature = step.particulars().nature;
    let closes_own =
        nature == Nature::ClosesFd && matches!(step.undo, Undo::Auto) && !uses_of_arguments(step).is_empty();
    nature != Nature::Inert && !lasts(step) && !closes_own
}

/// The later step is about a value or a descriptor that the first one is about, too, so their order may be needed.
fn concern_the_same(first: &Step, later: &Step) -> bool {
    let descriptors = |step: &Step| -> Vec<u64> {
        let arguments = step.syscall.params.iter().zip(&step.args);
        let descriptors = arguments.filter(|(param, argument)| matches!(param.kind, Kind::Fd) && argument.is_some());
        descriptors.filter_map(|(_, argument)| known(argument.as_ref())).collect()
    };
    let used = uses_of_arguments(later);
    let earlier = uses_of_arguments(first);
    let shared = used.iter().any(|used| {
        let name = &used.capture.name;
        earlier.iter().any(|other| other.capture.name == *name && other.capture.target == used.capture.target)
            || first.captures.iter().any(|capture| capture.name.value == *name)
    });
    let named = descriptors(first);
    shared || descriptors(later).iter().any(|number| named.contains(number))
}

/// Warns of a call that changes only the thread that makes it where no thread is named: with several threads the target
/// would be refused.
pub fn check_threads(targets: &[TargetSpec], when: &[Spanned<Fact>], steps: &[Step], problems: &mut Problems) {
    if one_thread(when.iter().map(|fact| &fact.value)) || targets.iter().all(has_one_thread) {
        return;
    }
    let named = |step: &Step| step.thread.is_some() || matches!(&step.each, Some(each) if is_thread(&each.value));
    let all = steps.iter().filter(|step| !named(step)).flat_map(|step| std::iter::once(step).chain(step.undo_steps()));
    for step in all.filter(|step| !named(step)) {
        let particulars = step.particulars();
        if particulars.scope != Scope::Thread || particulars.nature == Nature::Inert || is_forbidden(step) {
            continue;
        }
        let message = format!("`{}` changes one thread only, and the step does not say which", step.syscall.name);
        let problem = Problem::warning("plan::per-thread", message).at(step.span, "");
        problems.push(problem.help(
            "add `thread: all` or `thread: leader`; if the process has but one, say so: `expect: { threads: 1 }` on the target",
        ));
    }
}

fn is_forbidden(step: &Step) -> bool {
    step.particulars().forbidden.is_some()
}

fn is_thread(each: &Repetition) -> bool {
    matches!(each, Repetition::Thread(_))
}

fn has_one_thread(target: &TargetSpec) -> bool {
    let by_match = match &target.selector.value {
        Selector::Match(facts, _) => one_thread(facts),
        _ => false,
    };
    // Those that come with it are not matched.
    (by_match && target.with.is_none()) || one_thread(target.expect.iter().map(|fact| &fact.value))
}

fn one_thread<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> bool {
    facts.into_iter().any(|fact| matches!(fact, Fact::Threads(Range { max: Some(0..=1), .. })))
}
