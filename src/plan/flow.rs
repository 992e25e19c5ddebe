//! How values flow through a plan: what is captured, where it is used, and whether it can be there.

use super::access::{As, check_access, uses_of_arguments};
use super::each::check_name;
use super::reading::{Problems, Variables};
use super::selector::EACH;
use super::{Access, CaptureFrom, CaptureRef, Conditions, Repetition, Spanned, Step, TargetSpec};
use crate::problem::{Problem, Span};
use crate::syscalls::nearest;
use indexmap::IndexMap;
use std::collections::HashMap;

/// What is known of a captured name.
struct Known<'a> {
    name: &'a str,
    span: Span,
    used: bool,
    /// Its step may be passed over.
    may_be_skipped: bool,
    from: &'a CaptureFrom,
    /// Its step is repeated over this, so the name is a list.
    each: Option<&'a Repetition>,
    /// The one target that its step runs in.
    target: Option<&'a str>,
    /// Index of its step.
    step: usize,
    /// It stands under `undo`.
    in_undo: bool,
}

/// A use, and where it stands.
struct Used<'a> {
    capture: &'a CaptureRef,
    as_: As,
    /// What its step is repeated over.
    each: Option<&'a Repetition>,
    /// The one target that its step runs in.
    target: Option<&'a str>,
    /// Index of its step.
    step: usize,
    /// What it is used for need not be there.
    guarded: bool,
    /// The step under `undo` that it stands in has conditions; `None` if it stands in none.
    in_undo: Option<bool>,
}

/// What every named target has without a capture: `${app.pid}`.
pub const PID: &str = "pid";

/// A plan that is wrong in more places than this gets no more guesses at what was meant: each looks at every name.
const MOST_GUESSES: usize = 100;

/// Checks the flow of a plan's values.
pub fn check(targets: &[TargetSpec], variables: &Variables, steps: &[Step], problems: &mut Problems) {
    let mut captured = HashMap::new();
    for name in steps.iter().flat_map(|step| &step.captures).map(|capture| &capture.name) {
        captured.entry(name.value.as_str()).or_insert((name.span, false));
    }
    let mut flow = Flow {
        targets: targets.iter().filter_map(|spec| Some((spec.name.as_ref()?.value.as_str(), spec))).collect(),
        alone: targets.len() == 1,
        variables,
        known: IndexMap::new(),
        captured,
        only_undone: HashMap::new(),
        guesses: MOST_GUESSES,
    };
    for (index, step) in steps.iter().enumerate() {
        if let Some(target) = &step.target {
            flow.target(&target.value, target.span, problems);
        }
        for used in uses(step, (index, step)) {
            flow.use_of(&used, problems);
        }
        flow.capture(step, (index, step), problems);
        for undo in step.undo_steps() {
            for used in uses(undo, (index, step)) {
                flow.use_of(&used, problems);
            }
            flow.capture(undo, (index, step), problems);
        }
        flow.forget_undone(problems);
    }
    flow.known.values().for_each(|known| known.warn_unused(problems));
}

impl Known<'_> {
    fn warn_unused(&self, problems: &mut Problems) {
        if self.used || *self.from != CaptureFrom::Return {
            return;
        }
        let help = if self.in_undo {
            "leave `capture` out: what is captured under `undo` is of use to the steps behind it there only"
        } else {
            "it is only shown in the report; leave `capture` out if nobody reads it there"
        };
        let message = format!("`{}` is captured and never used", self.name);
        problems.push(Problem::warning("plan::unused-capture", message).at(self.span, "").help(help));
    }
}

/// What is known at a step.
struct Flow<'a> {
    /// Targets by their names.
    targets: IndexMap<&'a str, &'a TargetSpec>,
    /// There is but one target.
    alone: bool,
    /// Those of the plan, which go before what is captured.
    variables: &'a Variables,
    /// What was captured so far.
    known: IndexMap<&'a str, Known<'a>>,
    /// Where each name is first captured, in the whole plan, and whether it was used before.
    captured: HashMap<&'a str, (Span, bool)>,
    /// What was captured under `undo` of a step before.
    only_undone: HashMap<&'a str, Span>,
    /// How often what was meant may still be guessed.
    guesses: usize,
}

impl<'a> Flow<'a> {
    fn guess(&mut self, name: &str, among: impl FnOnce(&Self) -> Vec<&'a str>) -> Option<&'a str> {
        self.guesses = self.guesses.checked_sub(1)?;
        nearest(name, among(self))
    }

    fn target(&mut self, name: &str, span: Span, problems: &mut Problems) {
        if !self.targets.contains_key(name) {
            let near = self.guess(name, |flow| flow.targets.keys().copied().collect());
            let help = near
                .map_or("name it with `name:` under `targets:`".to_owned(), |near| format!("did you mean `{near}`?"));
            problems.at("plan::unknown-target", span, format!("no target is named `{name}`"), help);
        }
    }

    /// The first word of `${a.b}` is nothing that is known.
    fn neither(&mut self, name: &str, span: Span, problems: &mut Problems) {
        let near = self.guess(name, |flow| flow.targets.keys().chain(flow.captured.keys()).copied().collect());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "what stands before a dot is a captured structure, or a target".to_owned(),
        };
        let message = format!("nothing is captured as `{name}`, and no target is named so");
        problems.at("plan::unknown-target", span, message, help);
    }

    /// Notes what a step captures, which may be one of those under `undo` of a step of the plan.
    fn capture(&mut self, step: &'a Step, (index, of): (usize, &'a Step), problems: &mut Problems) {
        let in_undo = !std::ptr::eq(step, of);
        for capture in &step.captures {
            let name = capture.name.value.as_str();
            let new = Known {
                name,
                span: capture.name.span,
                used: !in_undo && self.captured.get(name).is_some_and(|(_, used_before)| *used_before),
                may_be_skipped: step.may_be_skipped(),
                from: &capture.from,
                each: of.each.as_ref().map(|each| &each.value).filter(|_| !in_undo),
                target: target_of(of),
                step: index,
                in_undo,
            };
            if capture.name.value == EACH {
                let help = "`${each.…}` is what `for_each` goes over; call it otherwise";
                problems.at("plan::name", capture.name.span, "nothing can be captured as `each`", help);
            }
            let shadowed = self.shadow(&capture.name, problems);
            let new = Known { used: new.used || shadowed, ..new };
            let later = self.captured.get(name).filter(|_| in_undo).map(|(span, _)| *span);
            let before = self.known.get(name).map(|known| known.span).or_else(|| self.only_undone.get(name).copied());
            if let Some(first) = before.or(later) {
                let message = format!("`{}` is captured twice", capture.name.value);
                let problem = Problem::error("plan::captured-twice", message).help("give one of them another name");
                problems.push(problem.at(capture.name.span, "here again").at(first, "first here"));
            }
            self.known.insert(name, new);
        }
    }

    /// Behind a step nothing is known any more of what its `undo` captures.
    fn forget_undone(&mut self, problems: &mut Problems) {
        for (name, known) in self.known.extract_if(.., |_, known| known.in_undo) {
            known.warn_unused(problems);
            self.only_undone.insert(name, known.span);
        }
    }

    /// A name that something else has, too: a use of it would not mean what it seems to.
    fn shadow(&self, name: &Spanned<String>, problems: &mut Problems) -> bool {
        let word = name.value.as_str();
        let what = if self.variables.has(word) {
            format!("`{word}` is a variable, too, and `${{{word}}}` means that one")
        } else if self.targets.contains_key(word) {
            format!("`{word}` is the name of a target, too, and `${{{word}.…}}` could mean either")
        } else {
            return false;
        };
        problems.at("plan::shadowed", name.span, what, "capture it under another name");
        true
    }

    /// Whether a use may be of another process than that in which it stands.
    fn is_elsewhere(&self, used: &Used<'_>) -> bool {
        used.capture.target.is_some() && used.capture.target.as_deref() != used.target && !self.alone
    }

    /// Whether what is used is anything that is captured in the target that is meant; a problem if it is not.
    fn may_be_there(&mut self, used: &Used<'_>, elsewhere: bool, problems: &mut Problems) -> bool {
        let (capture, span) = (used.capture, used.capture.span);
        let named = capture.target.as_deref();
        if let Some(target) =
            named.filter(|name| elsewhere && self.targets.get(name).is_some_and(|spec| spec.may_be_several()))
        {
            let message = format!("`{target}` may stand for several processes, and this step runs in others, too");
            let help = "a value can be had from a target that is one process: found by `pid`, by `pidfile`, or by a `match` without `count` and `with`";
            problems.at("plan::other-target", span, message, help);
            return false;
        }
        if let Some(target) = named.filter(|_| capture.name == PID && !self.captured.contains_key(PID)) {
            if used.as_ != As::Number || !capture.path.is_empty() {
                let message = format!("`${{{target}.pid}}` is a number, without fields or elements, and no memory");
                problems.at("plan::access", span, message, "");
            }
            return false;
        }
        if elsewhere && used.as_ == As::Memory {
            let message = format!("`{}` is memory of another process", capture.spelled());
            let help = "numbers in it can be had, as \"${TARGET.NAME[0]}\"; the step itself needs memory of its own";
            problems.at("plan::other-target", span, message, help);
            return false;
        }
        let Some(known) = self.known.get(capture.name.as_str()) else { return true };
        if elsewhere && known.step == used.step {
            let message = format!("`{}` is captured by this very step, and in no other process before", capture.name);
            let problem = Problem::error("plan::used-before-capture", message).help(format!(
                "write `${{{}}}` for the value in the same process; others can be used in later steps",
                capture.spelled()
            ));
            problems.push(problem.at(span, "used here").at(known.span, "captured here"));
            return false;
        }
        let own = named.or(used.target);
        let Some(target) = known.target.filter(|target| own != Some(*target) && !self.alone) else { return true };
        let message = match named {
            Some(named) => format!("`{}` is captured in `{target}`, and not in `{named}`", capture.name),
            None => format!("`{}` is captured in `{target}` only, and this step runs elsewhere", capture.name),
        };
        let help = format!("did you mean `${{{target}.{}}}`?", capture.spelled());
        let problem = Problem::error("plan::other-target", message).help(help);
        problems.push(problem.at(span, "used here").at(known.span, "captured here"));
        false
    }

    fn use_of(&mut self, used: &Used<'_>, problems: &mut Problems) {
        let capture = used.capture;
        if capture.target.as_deref() == Some(EACH) {
            check_name(&capture.name, capture.span, used.each, false, problems);
            return;
        }
        if let Some(target) = capture.target.as_deref()
            && !self.targets.contains_key(target)
        {
            return self.neither(target, capture.span, problems);
        }
        if let Some(known) = self.known.get_mut(capture.name.as_str()) {
            known.used = true;
        }
        let elsewhere = self.is_elsewhere(used);
        if !self.may_be_there(used, elsewhere, problems) {
            return;
        }
        if let Some(known) = self.known.get(capture.name.as_str()) {
            if let Some(one) = one_of_a_list(used, elsewhere, known, problems) {
                check_access(&one, known.from, used.as_ == As::Memory, problems);
            }
            let guarded = if known.in_undo { used.in_undo == Some(true) } else { used.guarded };
            if known.may_be_skipped && !guarded {
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
        if let Some(captured) = self.only_undone.get(capture.name.as_str()) {
            let message = format!("`{}` is captured under `undo`, which runs only if the plan fails", capture.name);
            let problem = Problem::error("plan::undo-step", message)
                .help("the steps behind it in that `undo` can use it, and no others; capture it in a step of the plan");
            return problems.push(problem.at(capture.span, "used here").at(*captured, "captured here"));
        }
        let near = self.guess(&capture.name, |flow| flow.known.keys().copied().collect());
        let help = near.map_or("declare it under `vars:`, or `capture` it in an earlier step".to_owned(), |near| {
            let target = capture.target.as_ref().map(|target| format!("{target}.")).unwrap_or_default();
            format!("did you mean `${{{target}{near}}}`?")
        });
        problems.at("plan::undefined", capture.span, format!("nothing is named `{}`", capture.name), help);
    }
}

/// The one target that a step runs in.
fn target_of(step: &Step) -> Option<&str> {
    step.target.as_ref().map(|target| target.value.as_str())
}

/// What a repeated step captures is a list, and of a list one is used: that of the same repetition, or the one of a number,
/// which is then behind us.
fn one_of_a_list(used: &Used<'_>, elsewhere: bool, known: &Known<'_>, problems: &mut Problems) -> Option<CaptureRef> {
    let mut one = used.capture.clone();
    let Some(each) = known.each else { return Some(one) };
    let same = !elsewhere && used.each.is_some_and(|own| own == each);
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

/// Everything that a step uses, conditions first: a step of the plan, or one under its `undo`.
fn uses<'a>(step: &'a Step, (index, of): (usize, &'a Step)) -> impl Iterator<Item = Used<'a>> {
    let in_undo = (!std::ptr::eq(step, of)).then(|| step.may_be_skipped());
    // What was skipped is not taken back.
    let all_guarded = step.may_be_skipped() || of.may_be_skipped();
    let each = of.each.as_ref().map(|each| &each.value);
    let used = move |capture, as_, in_condition: bool| {
        let in_undo = in_undo.map(|guarded| guarded || in_condition);
        let guarded = all_guarded || in_condition;
        Used { capture, as_, each, target: target_of(of), step: index, guarded, in_undo }
    };
    let sides = [&step.when, &step.unless].into_iter().flat_map(uses_of_conditions);
    let conditions = sides.map(move |capture| used(capture, As::Number, true));
    conditions.chain(uses_of_arguments(step).into_iter().map(move |of| used(of.capture, of.as_, false)))
}

fn uses_of_conditions(conditions: &Conditions) -> impl Iterator<Item = &CaptureRef> {
    let sides = conditions.comparisons.iter().flat_map(|condition| [&condition.left, &condition.right]);
    sides.flat_map(|number| &number.terms).map(|(_, used)| used)
}
