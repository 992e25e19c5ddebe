//! Steps as they run in one target: repeated steps written out, what they are repeated over put in, and those left out for
//! which facts speak against it.

use super::Shown;
use crate::facts::{Each, Found, Repetition};
use crate::plan::{
    Access, Arg, CaptureFrom, CaptureRef, Conditions, Memory, Number, Plan, Pointed, Spanned, Step, Undo, names, shown,
};
use crate::problem::Problem;
use crate::syscalls::Kind;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

/// What stands before the dot in `${each.start}`.
const EACH: &str = "each";

/// A step that runs by itself, or one repetition of one.
#[derive(Debug)]
pub struct Instance<'p> {
    /// Index in the plan.
    pub index: usize,
    /// The step, with what it is repeated over put in. A capture of a repeated step is called `name[0]`, `name[1]` …
    pub step: Cow<'p, Step>,
    /// What this repetition is about.
    pub each: Option<String>,
    /// The thread that runs it.
    pub thread: Option<i32>,
    /// The threads that run the steps under its `undo`, where these name some.
    pub undo_threads: Vec<Option<i32>>,
    /// Why it is left out, if it is.
    pub skip: Option<&'static str>,
    /// Its `unless` may still hold, by what is compared when it is reached.
    pub unless: bool,
    /// How many descriptors are open in the range that it is about.
    pub open: usize,
}

/// Names that are lists, with what their steps are repeated over and whether each element is a return value.
type Lists<'p> = HashMap<&'p str, (&'p Repetition, bool)>;

/// All steps of a plan for a target of this name, in order, unless `may_go_on` says no.
pub fn instances<'p>(
    plan: &'p Plan,
    own_name: Option<&str>,
    found: &Found,
    may_go_on: &dyn Fn() -> Result<(), Vec<Problem>>,
) -> Result<Vec<Instance<'p>>, Vec<Problem>> {
    let mine = |step: &Step| step.target.as_ref().is_none_or(|name| Some(name.value.as_str()) == own_name);
    let lists: Lists<'p> = plan
        .steps
        .iter()
        .filter_map(|step| Some((&step.each.as_ref()?.value, &step.captures)))
        .flat_map(|(each, captures)| {
            captures
                .iter()
                .map(move |capture| (capture.name.value.as_str(), (each, capture.from == CaptureFrom::Return)))
        })
        .collect();
    let mut all = Vec::new();
    for (index, step) in plan.steps.iter().enumerate().filter(|(_, step)| mine(step)) {
        let answers = found.step(index);
        let alone = |skip| Instance {
            index,
            step: Cow::Borrowed(step),
            each: None,
            thread: answers.thread,
            undo_threads: answers.undo_threads.clone(),
            skip,
            unless: answers.unless,
            open: answers.open,
        };
        let decided = !step.unless.facts.is_empty() || !step.unless.of_each.is_empty();
        let unless_is_decided = decided && step.unless.comparisons.is_empty();
        if let Some(why) = found.left_alone {
            all.push(alone(Some(why)));
        } else if !answers.when {
            all.push(alone(Some("its `when` does not hold")));
        } else if answers.unless && unless_is_decided && step.unless.of_each.is_empty() {
            all.push(alone(Some("its `unless` holds already")));
        } else {
            match (&step.each, &answers.each) {
                (Some(_), Some(each)) if !each.is_empty() => {
                    for (number, one) in each.iter().enumerate() {
                        may_go_on()?;
                        let unless = answers.unless && !one.unless_fails;
                        let skip = match (one.when_fails, unless && unless_is_decided) {
                            (true, _) => Some("its `when` does not hold"),
                            (false, true) => Some("its `unless` holds already"),
                            (false, false) => None,
                        };
                        all.push(Instance {
                            step: Cow::Owned(put_in(step, own_name, one, number, &lists)?),
                            each: Some(one.label.clone()),
                            thread: one.thread.or(answers.thread),
                            unless,
                            ..alone(skip)
                        });
                    }
                }
                (Some(_), _) => all.push(alone(Some("nothing fits its `for_each`"))),
                (None, _) => all.push(Instance { step: with_elements(step, &lists), ..alone(None) }),
            }
        }
    }
    Ok(all)
}

/// One repetition of a step.
fn put_in(
    step: &Step,
    own_name: Option<&str>,
    each: &Each,
    number: usize,
    lists: &Lists<'_>,
) -> Result<Step, Vec<Problem>> {
    let mut step = step.clone();
    put_into_texts(&mut step, each)?;
    step.undo_steps_mut().iter_mut().try_for_each(|step| put_into_texts(step, each))?;
    for capture in &mut step.captures {
        capture.name.value = element(&capture.name.value, number);
    }
    let own = step.each.take().map(|each| each.value);
    for (value, kind) in numbers(&mut step) {
        put_into_number(value, kind, each);
    }
    for used in names::uses_mut(&mut step) {
        let here = used.target.as_deref().is_none_or(|target| Some(target) == own_name);
        match lists.get(used.name.as_str()) {
            // By number where it would have no elements itself. Of another target's list an element is always named.
            Some((over, by_return)) if here && Some(*over) == own.as_ref() && (!*by_return || used.path.is_empty()) => {
                used.name = element(&used.name, number);
            }
            _ => name_element(used, lists),
        }
    }
    Ok(step)
}

fn put_into_texts(step: &mut Step, each: &Each) -> Result<(), Vec<Problem>> {
    step.repeated.take().map_or(Ok(()), |repeated| repeated.put_into(step, each))
}

fn put_into_number(value: &mut Number, kind: Kind, each: &Each) {
    let (mut whole, before) = (value.constant, value.terms.len());
    value.terms.retain(|(positive, term)| {
        let of_each = term.target.as_deref() == Some(EACH);
        if of_each {
            let part = each.number(&term.name).unwrap_or(0);
            whole = if *positive { whole.wrapping_add(part) } else { whole.wrapping_sub(part) };
        }
        !of_each
    });
    if value.terms.len() < before {
        value.constant = whole;
        if value.terms.is_empty() {
            value.text = shown(kind, whole);
        }
    }
}

/// A step that is not repeated, if it uses elements of lists.
fn with_elements<'p>(step: &'p Step, lists: &Lists<'_>) -> Cow<'p, Step> {
    if lists.is_empty() {
        return Cow::Borrowed(step);
    }
    let mut step = step.clone();
    names::uses_mut(&mut step).into_iter().for_each(|used| name_element(used, lists));
    Cow::Owned(step)
}

/// `${fds[2]}` names what repetition 2 captured.
fn name_element(used: &mut CaptureRef, lists: &Lists<'_>) {
    if let (true, Some(Access::Index(index))) = (lists.contains_key(used.name.as_str()), used.path.first()) {
        used.name = element(&used.name, *index);
        used.path.remove(0);
    }
}

/// The same for a use by another target.
pub fn name_element_of(used: &mut CaptureRef, plan: &Plan) {
    let of = |step: &&Step| step.captures.iter().any(|capture| capture.name.value == used.name);
    if let (Some(Step { each: Some(_), .. }), Some(Access::Index(index))) =
        (plan.steps.iter().find(of), used.path.first())
    {
        used.name = element(&used.name, *index);
        used.path.remove(0);
    }
}

fn element(name: &str, index: usize) -> String {
    format!("{name}[{index}]")
}

/// What a step uses of what it is repeated over.
pub fn uses_of_each(step: &Step) -> BTreeSet<String> {
    let mut step = step.clone();
    let mut uses: BTreeSet<String> = names::uses_mut(&mut step)
        .into_iter()
        .filter(|used| used.target.as_deref() == Some(EACH))
        .map(|used| used.name.clone())
        .collect();
    let all = std::iter::once(&step).chain(step.undo_steps());
    uses.extend(all.flat_map(|step| &step.repeated).flat_map(|repeated| repeated.names().iter().cloned()));
    uses
}

/// The list that an element is of.
pub fn list_of(name: &str) -> Option<&str> {
    name.split_once('[').map(|(list, _)| list)
}

/// Every number in a step and in those that undo it, and what it is.
fn numbers(step: &mut Step) -> Vec<(&mut Number, Kind)> {
    let mut all = Vec::new();
    numbers_of_step(step, &mut all);
    all
}

fn numbers_of_step<'a>(step: &'a mut Step, all: &mut Vec<(&'a mut Number, Kind)>) {
    if let Undo::Steps(steps) = &mut step.undo {
        steps.iter_mut().for_each(|step| numbers_of_step(step, all));
    }
    for Conditions { comparisons, .. } in [&mut step.when, &mut step.unless] {
        for condition in comparisons {
            all.push((&mut condition.left, Kind::Int));
            all.push((&mut condition.right, Kind::Int));
        }
    }
    let params = step.syscall.params;
    for (index, argument) in step.args.iter_mut().enumerate() {
        match argument.as_mut().map(|argument| &mut argument.value) {
            Some(Arg::Number(number)) => all.push((number, params.get(index).map_or(Kind::Int, |param| param.kind))),
            Some(Arg::Memory(memory)) => numbers_of(memory, all),
            Some(Arg::Text(_) | Arg::Ref(_)) | None => {}
        }
    }
}

fn numbers_of<'a>(memory: &'a mut Memory, all: &mut Vec<(&'a mut Number, Kind)>) {
    all.extend(memory.patches.iter_mut().map(|patch| (&mut patch.number, Kind::Int)));
    for pointer in &mut memory.pointers {
        if let Pointed::Memory(memory) = &mut pointer.to {
            numbers_of(memory, all);
        }
    }
}

/// An argument as the plan has it.
pub fn as_written(argument: Option<&Spanned<Arg>>) -> Shown {
    Shown::Text(match argument.map(|argument| &argument.value) {
        None => "0".into(),
        Some(Arg::Number(number)) => number.text.clone(),
        Some(Arg::Text(text)) => format!("{:?}", String::from_utf8_lossy(text)),
        Some(Arg::Memory(memory)) => memory.text.clone(),
        Some(Arg::Ref(reference)) => format!("ref {}", reference.name),
    })
}
