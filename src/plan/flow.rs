//! How values flow through a plan: what is captured, where it is used, and whether it can be there.

use super::reading::Problems;
use super::{Arg, CaptureRef, Step, TargetSpec};
use crate::problem::{Problem, Span};
use crate::syscalls::nearest;
use std::collections::HashMap;

/// What is known of a captured name.
struct Known {
    span: Span,
    used: bool,
    /// Its step may be passed over.
    may_be_skipped: bool,
    by_return: bool,
}

/// Checks the flow of a plan's values.
pub fn check(targets: &[TargetSpec], steps: &[Step], problems: &mut Problems) {
    let names: Vec<&str> =
        targets.iter().filter_map(|target| target.name.as_ref()).map(|name| name.value.as_str()).collect();
    let mut known: HashMap<&str, Known> = HashMap::new();
    for (index, step) in steps.iter().enumerate() {
        if let Some(target) = step.target.as_ref().filter(|target| !names.contains(&target.value.as_str())) {
            let help = nearest(&target.value, names.iter().copied())
                .map_or("name it with `name:` under `targets:`".to_owned(), |near| format!("did you mean `{near}`?"));
            problems.at("plan::unknown-target", target.span, format!("no target is named `{}`", target.value), help);
        }
        let guarded = !step.when.is_empty() || !step.unless.is_empty();
        for used in uses_of_conditions(step) {
            use_of(used, true, &names, &mut known, steps.get(index..).unwrap_or_default(), problems);
        }
        for used in uses_of_arguments(step) {
            use_of(used, guarded, &names, &mut known, steps.get(index..).unwrap_or_default(), problems);
        }
        capture(step, guarded, &mut known, problems);
    }
    let mut unused: Vec<_> = known.into_iter().filter(|(_, known)| !known.used && known.by_return).collect();
    unused.sort_by_key(|(_, known)| known.span.start);
    for (name, known) in unused {
        let problem =
            Problem::warning("plan::unused-capture", format!("`{name}` is captured and never used")).at(known.span, "");
        problems.push(problem.help("it is only shown in the report; leave `capture` out if nobody reads it there"));
    }
}

fn capture<'a>(step: &'a Step, guarded: bool, known: &mut HashMap<&'a str, Known>, problems: &mut Problems) {
    for capture in &step.captures {
        let new = Known {
            span: capture.name.span,
            used: false,
            may_be_skipped: guarded,
            by_return: capture.from == super::CaptureFrom::Return,
        };
        if let Some(first) = known.insert(&capture.name.value, new) {
            let message = format!("`{}` is captured twice", capture.name.value);
            let problem = Problem::error("plan::captured-twice", message).help("give one of them another name");
            problems.push(problem.at(capture.name.span, "here again").at(first.span, "first here"));
        }
    }
}

fn use_of(
    used: &CaptureRef,
    guarded: bool,
    targets: &[&str],
    known: &mut HashMap<&str, Known>,
    later: &[Step],
    problems: &mut Problems,
) {
    if let Some(target) = used.target.as_deref().filter(|target| !targets.contains(target)) {
        return problems.at("plan::unknown-target", used.span, format!("no target is named `{target}`"), "");
    }
    if let Some(known) = known.get_mut(used.name.as_str()) {
        known.used = true;
        if known.may_be_skipped && !guarded {
            let message = format!("the step that captures `{}` may be skipped, and this one is not", used.name);
            let problem = Problem::error("plan::may-be-skipped", message).help("add the same `when` to this step");
            problems.push(problem.at(used.span, "used here").at(known.span, "captured here"));
        }
        return;
    }
    let captured_later = later.iter().flat_map(|step| &step.captures).find(|capture| capture.name.value == used.name);
    if let Some(capture) = captured_later {
        let problem =
            Problem::error("plan::used-before-capture", format!("`{}` is used before it is captured", used.name));
        return problems.push(problem.at(used.span, "used here").at(capture.name.span, "captured only here"));
    }
    let near = nearest(&used.name, known.keys().copied());
    let help = near.map_or("declare it under `vars:`, or `capture` it in an earlier step".to_owned(), |near| {
        format!("did you mean `${{{near}}}`?")
    });
    problems.at("plan::undefined", used.span, format!("nothing is named `{}`", used.name), help);
}

fn uses_of_conditions(step: &Step) -> impl Iterator<Item = &CaptureRef> {
    let sides = step.when.iter().chain(&step.unless).flat_map(|condition| [&condition.left, &condition.right]);
    sides.flat_map(|number| &number.terms).map(|(_, used)| used)
}

fn uses_of_arguments(step: &Step) -> impl Iterator<Item = &CaptureRef> {
    let numbers = step.args.iter().flatten().filter_map(|argument| match &argument.value {
        Arg::Number(number) | Arg::Out(number) => Some(number),
        Arg::Text(_) | Arg::Bytes(_) => None,
    });
    numbers.flat_map(|number| &number.terms).map(|(_, used)| used)
}
