//! Plan to Program, for one target.

use super::builder::{Builder, Own};
use super::expand::{Instance, as_written, instances, list_of};
use super::{
    Accept, Action, Bound, BufferId, Cell, Facts, Filled, Guard, Import, Op, Output, Program, Shown, StepCode,
};
use crate::facts::Found;
use crate::plan::{Arg, Capture, Condition, Decode, Number, Plan, Relation, Spanned, Step};
use crate::problem::Problem;
use crate::syscalls::{Blocking, Kind};
use std::collections::{HashMap, HashSet};

/// Lowers a plan for its `target`-th target, of which `found` is known. Steps for other targets are left out.
pub fn lower(plan: &Plan, target: usize, facts: &dyn Facts, found: &Found) -> Result<Program, Vec<Problem>> {
    let own_name = plan.targets.get(target).and_then(|spec| spec.name.as_ref()).map(|name| name.value.as_str());
    let may_go_on = || facts.may_go_on().map_err(|problem| vec![problem]);
    let instances = instances(plan, own_name, found, &may_go_on)?;
    let mut lowering = Lowering {
        facts,
        own_name,
        open: 0,
        begun: 0,
        later: &[],
        left_out: HashSet::new(),
        builder: Builder::default(),
        bindings: HashMap::new(),
        stored: HashMap::new(),
        closed: Vec::new(),
        renamed: false,
        held: Vec::new(),
        imports: Vec::new(),
        fetched: HashMap::new(),
        problems: Vec::new(),
    };
    let made = instances.iter().filter(|instance| instance.skip.is_none());
    let all = made.flat_map(|instance| std::iter::once(&*instance.step).chain(instance.step.undo_steps()));
    lowering.builder.program.named = all.flat_map(|step| lowering.descriptors_named(step)).collect();
    let mut steps = Vec::with_capacity(instances.len());
    for (position, instance) in instances.iter().enumerate() {
        may_go_on()?;
        lowering.later = instances.get(position + 1..).unwrap_or_default();
        (lowering.open, lowering.begun) = (instance.open, position);
        steps.push(match instance.skip {
            None => lowering.step(instance),
            Some(why) => lowering.leave_out(instance, why),
        });
    }
    // Repetitions of a step say the same.
    lowering.problems.dedup();
    let exports = lowering.exports(plan);
    let mut program = lowering.builder.program;
    (program.steps, program.exports) = (steps, exports);
    if lowering.problems.is_empty() { Ok(program) } else { Err(lowering.problems) }
}

/// A name that a step has bound.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    pub bound: Bound,
    /// The result of the step's call.
    pub result: Cell,
    /// It is a descriptor that its step opened, that undo closes, and that no step can have closed since.
    pub fresh: bool,
    /// It is one that its step opened, that undo closes, and that no step can have closed or replaced but those from this
    /// place on in [`Lowering::closed`].
    pub own: Option<usize>,
    /// It is a second descriptor of something that was open before.
    pub duplicate: bool,
}

/// A lowering at work.
pub struct Lowering<'a> {
    pub facts: &'a dyn Facts,
    pub own_name: Option<&'a str>,
    /// How many descriptors are open in the range that the step is about which is being lowered.
    pub open: usize,
    /// How many steps come before it.
    pub begun: usize,
    /// The steps after the one that is being lowered.
    pub later: &'a [Instance<'a>],
    /// Names that steps would bind which are left out.
    pub left_out: HashSet<&'a str>,
    pub builder: Builder,
    pub bindings: HashMap<String, Binding>,
    /// What is put into memory as the program runs, by its place.
    pub stored: HashMap<(BufferId, usize), Cell>,
    /// Descriptors that steps close or replace.
    pub closed: Vec<Cell>,
    /// A step has changed what paths name, so facts about them say nothing to those behind it.
    pub renamed: bool,
    /// Names under which steps hold something aside until commit.
    pub held: Vec<Vec<u8>>,
    /// What the step that is being lowered takes from other targets.
    pub imports: Vec<Import>,
    /// Numbers that its undo uses, fetched before it is run: by target and name.
    pub fetched: HashMap<(Option<String>, String), Cell>,
    pub problems: Vec<Problem>,
}

/// One argument, lowered.
pub struct Lowered {
    pub cell: Cell,
    pub buffer: Option<BufferId>,
    /// How it is read, if the call fills it.
    pub output: Option<(Decode, Filled)>,
    pub shown: Shown,
}

impl<'a> Lowering<'a> {
    /// Descriptor numbers that a step names itself, at which no duplicate for undo may lie.
    fn descriptors_named(&mut self, step: &Step) -> Vec<Cell> {
        let params = step.syscall.params.iter().zip(&step.args);
        let numbers = params.filter_map(|(param, argument)| match (param.kind, argument) {
            (Kind::Fd | Kind::DirFd, Some(Spanned { value: Arg::Number(number), .. })) if number.terms.is_empty() => {
                Some(number.constant)
            }
            _ => None,
        });
        numbers.map(|number| self.builder.constant(number)).collect()
    }

    /// A step that facts speak against: it is shown as the plan has it.
    fn leave_out(&mut self, instance: &'a Instance<'a>, why: &'static str) -> StepCode {
        let step: &'a Step = &instance.step;
        self.left_out.extend(step.captures.iter().map(|capture| capture.name.value.as_str()));
        let given = step.args.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let args = step.syscall.params.iter().zip(&step.args).take(given);
        // One repetition that is passed over keeps its place in the lists.
        let mut nothing = |capture: &'a Capture| {
            let name = &capture.name.value;
            (list_of(name).unwrap_or(name).to_owned(), Bound::Cell(self.builder.unset()))
        };
        let captures =
            if instance.each.is_some() { step.captures.iter().map(&mut nothing).collect() } else { Vec::new() };
        StepCode {
            index: instance.index,
            name: step.name.clone(),
            each: instance.each.clone(),
            span: step.span,
            thread: instance.thread,
            skip: Some(why),
            syscall: step.syscall,
            particulars: step.particulars(),
            shown: args.map(|(param, argument)| (param.name, as_written(argument.as_ref()))).collect(),
            when: Vec::new(),
            unless: Vec::new(),
            prepare: Vec::new(),
            forward: Vec::new(),
            undo: Vec::new(),
            commit: Vec::new(),
            release: Vec::new(),
            result: self.builder.unset(),
            irreversible: false,
            outputs: Vec::new(),
            captures,
            imports: Vec::new(),
            undo_steps: Vec::new(),
        }
    }

    fn step(&mut self, instance: &Instance<'_>) -> StepCode {
        let step: &Step = &instance.step;
        let mut prepare = Vec::new();
        self.fetch_for_undo(step, &mut prepare);
        let when = self.conditions(&step.when.comparisons, &mut prepare);
        let comparisons = if instance.unless { step.unless.comparisons.as_slice() } else { &[] };
        let unless = self.conditions(comparisons, &mut prepare);
        let result = self.builder.unset();
        let mut stores = Vec::new();
        let arguments = self.arguments(step, result, &mut prepare, &mut stores);
        let own = self.own(step, result, &arguments);
        let buffers: Vec<Option<BufferId>> = arguments.iter().map(|argument| argument.buffer).collect();
        let sections = self.sections(step, &own, &buffers);
        let captures = self.captures(step, own.result, sections.fresh, &buffers);
        // The step is begun once its memory is put together: what fails here is no less a failure of the step.
        let forward = stores.into_iter().chain(sections.forward).collect();
        let named = |index: usize| step.syscall.params.get(index).map_or("", |param| param.name);
        let output = |(index, argument): (usize, &Lowered)| {
            let ((decode, filled), buffer) = (argument.output?, argument.buffer?);
            Some(Output { parameter: named(index), buffer, decode, filled })
        };
        let outputs = arguments.iter().enumerate().filter_map(output).collect();
        let mut code = StepCode {
            index: instance.index,
            name: step.name.clone(),
            each: instance.each.clone(),
            span: step.span,
            thread: instance.thread,
            skip: None,
            syscall: step.syscall,
            particulars: step.particulars(),
            shown: Self::shown(step, arguments),
            when,
            unless,
            prepare,
            forward,
            undo: sections.undo,
            commit: sections.commit,
            release: sections.release,
            result: own.result,
            irreversible: sections.irreversible,
            outputs,
            captures,
            imports: Vec::new(),
            undo_steps: Vec::new(),
        };
        self.user_undo(step, &instance.undo_threads, &mut code);
        code.imports = std::mem::take(&mut self.imports);
        code
    }

    /// A step's arguments as the plan has them. What was not given is not shown, but for gaps.
    pub fn shown(step: &Step, arguments: Vec<Lowered>) -> Vec<(&'static str, Shown)> {
        let given = step.args.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let params = step.syscall.params.iter().map(|param| param.name);
        params.zip(arguments).take(given).map(|(name, argument)| (name, argument.shown)).collect()
    }

    pub fn own(&mut self, step: &Step, result: Cell, arguments: &[Lowered]) -> Own {
        Own {
            syscall: step.syscall,
            args: arguments.iter().map(|argument| argument.cell).collect(),
            result,
            accept: Accept { expected: step.returns.clone(), ignore: step.ignore.clone() },
            timeout: step.timeout,
            may_block: step.particulars().blocking != Blocking::No,
        }
    }

    pub fn conditions(&mut self, conditions: &[Condition], prepare: &mut Vec<Op>) -> Vec<Guard> {
        conditions
            .iter()
            .map(|condition| Guard {
                left: self.number(&condition.left, prepare),
                relation: condition.relation,
                right: self.number(&condition.right, prepare),
            })
            .collect()
    }

    /// A cell with the number's value: `constant ± capture …`.
    pub fn number(&mut self, number: &Number, prepare: &mut Vec<Op>) -> Cell {
        let mut sum = None;
        for (positive, capture) in &number.terms {
            let term = self.capture(capture, prepare);
            sum = Some(match (sum, *positive) {
                (None, true) => term,
                (sum, positive) => {
                    let from = sum.unwrap_or_else(|| self.builder.constant(0));
                    self.add(from, term, !positive, prepare)
                }
            });
        }
        match sum {
            None => self.builder.constant(number.constant),
            Some(sum) if number.constant == 0 => sum,
            Some(sum) => {
                let constant = self.builder.constant(number.constant);
                self.add(sum, constant, false, prepare)
            }
        }
    }

    fn add(&mut self, a: Cell, b: Cell, negative: bool, prepare: &mut Vec<Op>) -> Cell {
        let into = self.builder.unset();
        // Where an operand was never bound (its step was skipped) the sum is not made either.
        let guards = [a, b].map(|cell| Guard { left: cell, relation: Relation::Equal, right: cell });
        prepare.push(Op { guards: guards.into(), action: Action::Add { into, a, b, negative } });
        into
    }
}
