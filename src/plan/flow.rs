//! How values flow through a plan: what is captured, where it is used, and whether it can be there.

use super::access::{As, check_access, uses_of_arguments};
use super::each::check_name;
use super::reading::{Problems, Variables};
use super::selector::EACH;
use super::{Access, CaptureFrom, CaptureRef, Conditions, Repetition, Spanned, Step, TargetSpec};
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
    /// Its step is repeated over this, so the name is a list.
    each: Option<&'a Repetition>,
}

/// A use, and where it stands.
struct Used<'a> {
    capture: &'a CaptureRef,
    as_: As,
    step: &'a Step,
    /// What it is used for need not be there.
    guarded: bool,
}

/// A plan that is wrong in more places than this gets no more guesses at what was meant: each looks at every name.
const MOST_GUESSES: usize = 100;

/// Checks the flow of a plan's values.
pub fn check(targets: &[TargetSpec], variables: &Variables, steps: &[Step], problems: &mut Problems) {
    let names = targets.iter().filter_map(|target| target.name.as_ref()).map(|name| name.value.as_str()).collect();
    let mut captured = HashMap::new();
    for name in steps.iter().flat_map(|step| &step.captures).map(|capture| &capture.name) {
        captured.entry(name.value.as_str()).or_insert((name.span, false));
    }
    let mut flow = Flow { targets: names, variables, known: IndexMap::new(), captured, guesses: MOST_GUESSES };
    for step in steps {
        if let Some(target) = &step.target {
            flow.target(&target.value, target.span, problems);
        }
        for used in uses(step) {
            flow.use_of(&used, problems);
        }
        flow.capture(step, may_be_skipped(step), problems);
    }
    for (name, known) in flow.known.iter().filter(|(_, known)| !known.used && *known.from == CaptureFrom::Return) {
        let problem =
            Problem::warning("plan::unused-capture", format!("`{name}` is captured and never used")).at(known.span, "");
        problems.push(problem.help("it is only shown in the report; leave `capture` out if nobody reads it there"));
    }
}

fn may_be_skipped(step: &Step) -> bool {
    !step.when.is_empty() || !step.unless.is_empty()
}

/// What is known at a step.
struct Flow<'a> {
    /// Names of the targets.
    targets: IndexSet<&'a str>,
    /// Those of the plan, which go before what is captured.
    variables: &'a Variables,
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
                each: step.each.as_ref().map(|each| &each.value),
            };
            if capture.name.value == EACH {
                let help = "`${each.…}` is what `for_each` goes over; call it otherwise";
                problems.at("plan::name", capture.name.span, "nothing can be captured as `each`", help);
            }
            let shadowed = self.shadow(&capture.name, problems);
            let new = Known { used: new.used || shadowed, ..new };
            if let Some(first) = self.known.insert(&capture.name.value, new) {
                let message = format!("`{}` is captured twice", capture.name.value);
                let problem = Problem::error("plan::captured-twice", message).help("give one of them another name");
                problems.push(problem.at(capture.name.span, "here again").at(first.span, "first here"));
            }
        }
    }

    /// A name that something else has, too: a use of it would not mean what it seems to.
    fn shadow(&self, name: &Spanned<String>, problems: &mut Problems) -> bool {
        let word = name.value.as_str();
        let what = if self.variables.has(word) {
            format!("`{word}` is a variable, too, and `${{{word}}}` means that one")
        } else if self.targets.contains(word) {
            format!("`{word}` is the name of a target, too, and `${{{word}.…}}` could mean either")
        } else {
            return false;
        };
        problems.at("plan::shadowed", name.span, what, "capture it under another name");
        true
    }

    fn use_of(&mut self, used: &Used<'_>, problems: &mut Problems) {
        let capture = used.capture;
        if capture.target.as_deref() == Some(EACH) {
            let each = used.step.each.as_ref().map(|each| &each.value);
            check_name(&capture.name, capture.span, each, false, problems);
            return;
        }
        if let Some(target) = capture.target.as_deref()
            && !self.targets.contains(target)
        {
            return self.neither(target, capture.span, problems);
        }
        if let Some(known) = self.known.get_mut(capture.name.as_str()) {
            known.used = true;
            if let Some(one) = one_of_a_list(used, known, problems) {
                check_access(&one, known.from, used.as_ == As::Memory, problems);
            }
            if known.may_be_skipped && !used.guarded {
                let message = format!("the step that captures `{}` may be skipped, and this one is not", capture.name);
                let problem = Problem::error("plan::may-be-skipped", message).help("add the same `when` to this step");
                problems.push(problem.at(capture.span, "used here").at(known.span, "captured here"));
            }
            return;
        }
        if let Some((captured, used_before)) = self.captured.get_mut(capture.name.as_str()) {
            *used_before = true;
            let message = format!("`{}` is used before it is captured", capture.name);
            let problem = Problem::error("plan::used-before-capture", message)
                .help("a value is there in the steps behind the one that captures it");
            return problems.push(problem.at(capture.span, "used here").at(*captured, "captured only here"));
        }
        let near = self.guess(&capture.name, |flow| flow.known.keys().copied().collect());
        let help = near.map_or("declare it under `vars:`, or `capture` it in an earlier step".to_owned(), |near| {
            format!("did you mean `${{{near}}}`?")
        });
        problems.at("plan::undefined", capture.span, format!("nothing is named `{}`", capture.name), help);
    }
}

/// What a repeated step captures is a list, and of a list one is used: that of the same repetition, or the one of a number,
/// which is then behind us.
fn one_of_a_list(used: &Used<'_>, known: &Known<'_>, problems: &mut Problems) -> Option<CaptureRef> {
    let mut one = used.capture.clone();
    let Some(each) = known.each else { return Some(one) };
    let same = used.step.each.as_ref().is_some_and(|own| own.value == *each);
    match one.path.first() {
        Some(Access::Index(_)) if !same || *known.from == CaptureFrom::Return => {
            one.path.remove(0);
        }
        _ if same => {}
        _ => {
            let message = format!("`{}` is a list: the step that captures it is repeated", one.name);
            let help = "one of them is written `${NAME[0]}`; in a step with the same `for_each`, `${NAME}` is that of the same repetition";
            let problem = Problem::error("plan::list", message).help(help.replace("NAME", &one.name));
            problems.push(problem.at(one.span, "used here").at(known.span, "captured here"));
            return None;
        }
    }
    Some(one)
}

/// Everything that a step uses, conditions first.
fn uses(step: &Step) -> impl Iterator<Item = Used<'_>> {
    let guarded = may_be_skipped(step);
    let sides = [&step.when, &step.unless].into_iter().flat_map(uses_of_conditions);
    let conditions = sides.map(move |capture| Used { capture, as_: As::Number, step, guarded: true });
    let arguments = uses_of_arguments(step).into_iter();
    conditions.chain(arguments.map(move |used| Used { capture: used.capture, as_: used.as_, step, guarded }))
}

fn uses_of_conditions(conditions: &Conditions) -> impl Iterator<Item = &CaptureRef> {
    let sides = conditions.comparisons.iter().flat_map(|condition| [&condition.left, &condition.right]);
    sides.flat_map(|number| &number.terms).map(|(_, used)| used)
}
