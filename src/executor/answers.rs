//! What a plan asks of a target, and the answers: before the stop, and again inside it.

use super::prepared::unreadable;
use super::refusal::no_time;
use crate::facts::{Each, Fact, Found, FoundStep, Repetition};
use crate::plan::{Arg, Plan, Repeated, Spanned, Step, ThreadChoice};
use crate::problem::Problem;
use crate::program::uses_of_each;
use crate::target::{self, Descriptor, Mapping, Mappings, Names, Process, Task, Witness};
use std::io;

/// What can't be read, in a problem.
const ASKED: &str = "what the plan asks";

/// Whether the plan asks anything of the `spec`-th target. If not, nothing of this costs anything inside the stop.
pub fn asks(plan: &Plan, spec: usize) -> bool {
    let expects = plan.targets.get(spec).is_some_and(|spec| !spec.expect.is_empty());
    let of_step = |step: &Step| {
        let facts = !step.when.facts.is_empty() || !step.unless.facts.is_empty();
        let threads = || std::iter::once(step).chain(step.undo_steps()).any(|step| step.thread.is_some());
        facts || step.each.is_some() || threads() || ranges(step).next().is_some()
    };
    expects || !plan.when.is_empty() || !plan.unless.is_empty() || plan.steps.iter().any(of_step)
}

fn values(facts: &[Spanned<Fact>]) -> impl Iterator<Item = &Fact> {
    facts.iter().map(|fact| &fact.value)
}

/// Looks up, before the stop, what everything that the plan asks of a target names.
pub fn names(plan: &Plan, spec: usize, process: &Process) -> Names {
    let mut names = Names::default();
    names.learn(process, values(&plan.when).chain(values(&plan.unless)));
    names.learn(process, plan.targets.get(spec).into_iter().flat_map(|spec| values(&spec.expect)));
    for step in &plan.steps {
        names.learn(process, values(&step.when.facts).chain(values(&step.unless.facts)));
        if let Some(each) = &step.each {
            let sample = |repeated: &Repeated| repeated.sample(&each.value);
            let facts: Vec<Fact> = step.when.of_each.iter().chain(&step.unless.of_each).flat_map(sample).collect();
            names.learn(process, &facts);
        }
        if let Some(Repetition::Fd(pattern)) = step.each.as_ref().map(|each| &each.value) {
            pattern.path.iter().for_each(|path| names.learn_file(process, path));
        }
    }
    names
}

/// Everything that is expected of a target and is not so.
pub fn unexpected(expect: &[Spanned<Fact>], witness: Witness<'_>) -> Vec<Problem> {
    let process = witness.process;
    let differs = |fact: &Spanned<Fact>| {
        let holds = match witness.holds(&fact.value) {
            Ok(holds) => holds,
            Err(error) => return Some(untold(witness, &error).at(fact.span, "")),
        };
        let (what, is) = witness.instead(&fact.value);
        let message = match (is, text_of(&fact.value)) {
            (Some(is), Some(wanted)) => format!("{}: {what} is {is}, not {wanted}", process.title()),
            (Some(is), None) => format!("{}: its {what} is not as expected; it is {is}", process.title()),
            (None, _) => format!("{}: its {what} is not as expected", process.title()),
        };
        let problem = Problem::error("target::unexpected", message)
            .help("the plan's `expect` keeps it from touching another process; nothing was done");
        (!holds).then(|| problem.at(fact.span, ""))
    };
    expect.iter().filter_map(differs).collect()
}

/// What a fact is compared with, where that is a text.
fn text_of(fact: &Fact) -> Option<&str> {
    match fact {
        Fact::Cwd(text)
        | Fact::Root(text)
        | Fact::Exe(text)
        | Fact::Comm(text)
        | Fact::Cmdline(text)
        | Fact::User(text)
        | Fact::Cgroup(text)
        | Fact::Unit(text) => Some(text),
        _ => None,
    }
}

/// Why a target is left alone, if the plan's own conditions say so.
fn left_alone(plan: &Plan, witness: Witness<'_>) -> io::Result<Option<&'static str>> {
    if !witness.all_hold(values(&plan.when))? {
        return Ok(Some("the plan's `when` does not hold"));
    }
    let already = !plan.unless.is_empty() && witness.all_hold(values(&plan.unless))?;
    Ok(already.then_some("the plan's `unless` holds already"))
}

/// Answers everything that a plan asks of a target.
pub fn answers(plan: &Plan, witness: Witness<'_>, mappings: &Mappings) -> Result<Found, Problem> {
    let told = |error: io::Error| untold(witness, &error);
    if let Some(why) = left_alone(plan, witness).map_err(told)? {
        return Ok(Found { left_alone: Some(why), steps: Vec::new() });
    }
    let step = |step: &Step| {
        let thread = |step: &Step| step.thread.as_ref().map(|thread| thread_of(thread, witness.process)).transpose();
        let undo_threads: Vec<Option<i32>> = step.undo_steps().iter().map(thread).collect::<Result<_, _>>()?;
        let thread = thread(step)?;
        let mut each =
            step.each.as_ref().map(|each| all_of(&each.value, witness, mappings)).transpose().map_err(told)?;
        for one in each.iter_mut().flatten() {
            one.when_fails = !all_of_each(&step.when.of_each, one, witness)?;
            one.unless_fails = !all_of_each(&step.unless.of_each, one, witness)?;
        }
        let answers = || -> io::Result<FoundStep> {
            // What nobody uses, as an offset that moves all the time, is no reason to lower anew.
            let used = each.as_ref().map(|_| uses_of_each(step)).unwrap_or_default();
            for one in each.iter_mut().flatten() {
                one.numbers.retain(|(name, _)| used.contains(*name));
                one.texts.retain(|(name, _)| used.contains(*name));
            }
            Ok(FoundStep {
                when: witness.all_hold(values(&step.when.facts))?,
                unless: witness.all_hold(values(&step.unless.facts))?,
                each: each.take(),
                thread,
                undo_threads,
                open: open_in_ranges(step, witness.process)?,
            })
        };
        answers().map_err(told)
    };
    Ok(Found { left_alone: None, steps: plan.steps.iter().map(step).collect::<Result<_, _>>()? })
}

/// Whether all facts that use what a step is repeated over hold of one repetition.
fn all_of_each(all: &[Repeated], each: &Each, witness: Witness<'_>) -> Result<bool, Problem> {
    for repeated in all {
        let facts = repeated.facts(each).map_err(|problems| wrong(problems, each))?;
        let names = witness.names.with_files(witness.process, &facts, witness.at_hand);
        let holds = Witness { names: &names, ..witness }.all_hold(&facts);
        if !holds.map_err(|error| untold(witness, &error))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is wrong with the plan where this repetition is put into it.
fn wrong(problems: Vec<Problem>, each: &Each) -> Problem {
    let first = problems.into_iter().next();
    let problem = first.unwrap_or_else(|| Problem::error("plan::each", "it can't be read"));
    Problem { message: format!("{}: {}", each.label, problem.message), ..problem }
}

/// Why something could not be answered.
fn untold(witness: Witness<'_>, error: &io::Error) -> Problem {
    match witness.allowance.over() {
        Some(over) => no_time(over),
        None => unreadable(witness.process, ASKED, error),
    }
}

/// The step and those under its `undo` that are about all descriptors of a range.
fn ranges(step: &Step) -> impl Iterator<Item = &Step> {
    std::iter::once(step).chain(step.undo_steps()).filter(|step| step.syscall.name == "close_range")
}

/// The most descriptors that are open in any of its ranges.
fn open_in_ranges(step: &Step, process: &Process) -> io::Result<usize> {
    ranges(step).try_fold(0, |most, step| Ok(open_in_range(step, process)?.max(most)))
}

/// How many descriptors are open in the range of a step; what is not known of that beforehand is taken to be as wide as can be.
fn open_in_range(step: &Step, process: &Process) -> io::Result<usize> {
    let bound = |index: usize, otherwise: u32| match step.args.get(index)?.as_ref().map(|argument| &argument.value) {
        Some(Arg::Number(number)) if number.terms.is_empty() => Some(number.constant as u32),
        None => Some(0),
        _ => Some(otherwise),
    };
    let range = bound(0, 0).unwrap_or(0)..=bound(1, u32::MAX).unwrap_or(u32::MAX);
    Ok(target::open_numbers(process)?.into_iter().filter(|number| range.contains(&(*number as u32))).count())
}

fn thread_of(thread: &Spanned<ThreadChoice>, process: &Process) -> Result<i32, Problem> {
    let (tid, what) = match thread.value {
        ThreadChoice::Leader => (process.pid, "its first thread has ended".to_owned()),
        ThreadChoice::Tid(tid) => (tid, format!("it has no thread {tid}")),
    };
    if target::has_thread(process, tid) {
        return Ok(tid);
    }
    let help = "`ps -L -p PID` lists its threads; `for_each: { thread: { name: … } }` finds them by name";
    Err(Problem::error("target::no-such-thread", format!("{}: {what}", process.title())).help(help).at(thread.span, ""))
}

/// Everything that a step is repeated over.
fn all_of(over: &Repetition, witness: Witness<'_>, mappings: &Mappings) -> io::Result<Vec<Each>> {
    let process = witness.process;
    Ok(match over {
        Repetition::Fd(pattern) => {
            let file = pattern.path.as_deref().and_then(|path| witness.names.file(path));
            target::descriptors(process, pattern, file, witness.allowance)?.into_iter().map(descriptor).collect()
        }
        Repetition::Mapping(pattern) => {
            target::mappings(mappings, pattern, witness.allowance)?.into_iter().map(mapping).collect()
        }
        Repetition::Thread(pattern) => {
            target::threads(process, pattern, witness.allowance)?.into_iter().map(thread).collect()
        }
    })
}

fn descriptor(of: Descriptor) -> Each {
    let file = of.path.strip_suffix(" (deleted)").unwrap_or(&of.path).to_owned();
    // The kernel's mark of a descriptor that takes large files, which every open sets anew.
    let flags = of.flags & !0o100_000;
    Each {
        label: format!("fd {}", of.number),
        numbers: vec![("number", of.number as u64), ("flags", flags), ("offset", of.offset)],
        texts: vec![("path", of.path), ("file", file)],
        ..Each::default()
    }
}

fn mapping(of: Mapping) -> Each {
    let access = [(of.readable, libc::PROT_READ), (of.writable, libc::PROT_WRITE), (of.executable, libc::PROT_EXEC)];
    let prot = access.iter().filter(|(has, _)| *has).fold(0, |all, (_, bit)| all | *bit as u64);
    let numbers = vec![
        ("start", of.start),
        ("end", of.end),
        ("length", of.end - of.start),
        ("offset", of.offset),
        ("prot", prot),
    ];
    Each {
        label: format!("mapping {:x}-{:x}", of.start, of.end),
        numbers,
        texts: vec![("path", of.name)],
        ..Each::default()
    }
}

fn thread(of: Task) -> Each {
    Each {
        label: format!("thread {} ({})", of.tid, of.name),
        numbers: vec![("tid", of.own_tid as u64)],
        texts: vec![("name", of.name)],
        thread: Some(of.tid),
        ..Each::default()
    }
}
