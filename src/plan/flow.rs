//! How values flow through a plan: what is captured, where it is used, and whether it can be there.

use super::access::{check_access, uses_of_arguments};
use super::reading::Problems;
use super::{CaptureFrom, CaptureRef, Step, TargetSpec};
use crate::problem::{Problem, Span};
use crate::syscalls::nearest;
use indexmap::{IndexMap, IndexSet};
use std::collections::HashMap;

/// What is known of a captured name.
struct Known<'a> {
    span: Span,
    used: bool,
    /// Its step may be passed over.
    may_be_skipped: bool,
    from: &'a CaptureFrom,
}

/// A plan that is wrong in more places than this gets no more guesses at what was meant: each looks at every name.
const MOST_GUESSES: usize = 100;

/// Checks the flow of a plan's values.
pub fn check(targets: &[TargetSpec], steps: &[Step], problems: &mut Problems) {
    let names = targets.iter().filter_map(|target| target.name.as_ref()).map(|name| name.value.as_str()).collect();
    let mut captured = HashMap::new();
    for name in steps.iter().flat_map(|step| &step.captures).map(|capture| &capture.name) {
        captured.entry(name.value.as_str()).or_insert((name.span, false));
    }
    let mut flow = Flow { targets: names, known: IndexMap::new(), captured, guesses: MOST_GUESSES };
    for step in steps {
        if let Some(target) = &step.target {
            flow.target(&target.value, target.span, problems);
        }
        let guarded = !step.when.is_empty() || !step.unless.is_empty();
        for used in uses_of_conditions(step) {
            flow.use_of(used, true, false, problems);
        }
        for used in uses_of_arguments(step) {
            flow.use_of(used.capture, guarded, used.memory, problems);
        }
        flow.capture(step, guarded, problems);
    }
    for (name, known) in flow.known.iter().filter(|(_, known)| !known.used && *known.from == CaptureFrom::Return) {
        let problem =
            Problem::warning("plan::unused-capture", format!("`{name}` is captured and never used")).at(known.span, "");
        problems.push(problem.help("it is only shown in the report; leave `capture` out if nobody reads it there"));
    }
}

/// What is known at a step.
struct Flow<'a> {
    /// Names of the targets.
    targets: IndexSet<&'a str>,
    /// What was captured so far.
    known: IndexMap<&'a str, Known<'a>>,
    /// Where each name is first captured, in the whole plan, and whether it was used before.
    captured: HashMap<&'a str, (Span, bool)>,
    /// How often what was meant may still be guessed.
    guesses: usize,
}

impl<'a> Flow<'a> {
    fn guess(&mut self, name: &str, among: impl FnOnce(&Self) -> Vec<&'a str>) -> Option<&'a str> {
        self.guesses = self.guesses.checked_sub(1)?;
        nearest(name, among(self))
    }

    fn target(&mut self, name: &str, span: Span, problems: &mut Problems) {
        if !self.targets.contains(name) {
            let near = self.guess(name, |flow| flow.targets.iter().copied().collect());
            let help = near
                .map_or("name it with `name:` under `targets:`".to_owned(), |near| format!("did you mean `{near}`?"));
            problems.at("plan::unknown-target", span, format!("no target is named `{name}`"), help);
        }
    }

    /// The first word of `${a.b}` is nothing that is known.
    fn neither(&mut self, name: &str, span: Span, problems: &mut Problems) {
        let near = self.guess(name, |flow| flow.targets.iter().chain(flow.captured.keys()).copied().collect());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "what stands before a dot is a captured structure, or a target".to_owned(),
        };
        let message = format!("nothing is captured as `{name}`, and no target is named so");
        problems.at("plan::unknown-target", span, message, help);
    }

    fn capture(&mut self, step: &'a Step, guarded: bool, problems: &mut Problems) {
        for capture in &step.captures {
            let new = Known {
                span: capture.name.span,
                used: self.captured.get(capture.name.value.as_str()).is_some_and(|(_, used_before)| *used_before),
                may_be_skipped: guarded,
                from: &capture.from,
            };
            if let Some(first) = self.known.insert(&capture.name.value, new) {
                let message = format!("`{}` is captured twice", capture.name.value);
                let problem = Problem::error("plan::captured-twice", message).help("give one of them another name");
                problems.push(problem.at(capture.name.span, "here again").at(first.span, "first here"));
            }
        }
    }

    fn use_of(&mut self, used: &CaptureRef, guarded: bool, memory: bool, problems: &mut Problems) {
        if let Some(target) = used.target.as_deref()
            && !self.targets.contains(target)
        {
            return self.neither(target, used.span, problems);
        }
        if let Some(known) = self.known.get_mut(used.name.as_str()) {
            known.used = true;
            check_access(used, known.from, memory, problems);
            if known.may_be_skipped && !guarded {
                let message = format!("the step that captures `{}` may be skipped, and this one is not", used.name);
                let problem = Problem::error("plan::may-be-skipped", message).help("add the same `when` to this step");
                problems.push(problem.at(used.span, "used here").at(known.span, "captured here"));
            }
            return;
        }
        if let Some((captured, used_before)) = self.captured.get_mut(used.name.as_str()) {
            *used_before = true;
            let message = format!("`{}` is used before it is captured", used.name);
            let problem = Problem::error("plan::used-before-capture", message)
                .help("a value is there in the steps behind the one that captures it");
            return problems.push(problem.at(used.span, "used here").at(*captured, "captured only here"));
        }
        let near = self.guess(&used.name, |flow| flow.known.keys().copied().collect());
        let help = near.map_or("declare it under `vars:`, or `capture` it in an earlier step".to_owned(), |near| {
            format!("did you mean `${{{near}}}`?")
        });
        problems.at("plan::undefined", used.span, format!("nothing is named `{}`", used.name), help);
    }
}

fn uses_of_conditions(step: &Step) -> impl Iterator<Item = &CaptureRef> {
    let sides = step.when.iter().chain(&step.unless).flat_map(|condition| [&condition.left, &condition.right]);
    sides.flat_map(|number| &number.terms).map(|(_, used)| used)
}
