//! Plan to Program, for one target.

use super::builder::{Builder, Own, when};
use super::{Accept, Action, Bound, BufferId, Cell, Facts, Guard, Op, Program, Shown, StepCode};
use crate::plan::{Arg, CaptureFrom, CaptureRef, Condition, Decode, Number, Plan, Relation, Spanned, Step};
use crate::problem::{Problem, Span};
use crate::syscalls::{Blocking, Kind, Returns};
use std::collections::HashMap;

/// Lowers a plan for its `target`-th target. Steps for other targets are left out.
pub fn lower(plan: &Plan, target: usize, facts: &dyn Facts) -> Result<Program, Vec<Problem>> {
    let own_name = plan.targets.get(target).and_then(|spec| spec.name.as_ref()).map(|name| name.value.as_str());
    let mine = |step: &Step| step.target.as_ref().is_none_or(|name| Some(name.value.as_str()) == own_name);
    let mine: Vec<(usize, &Step)> = plan.steps.iter().enumerate().filter(|(_, step)| mine(step)).collect();
    let mut lowering = Lowering {
        facts,
        own_name,
        later: Vec::new(),
        builder: Builder::default(),
        bindings: HashMap::new(),
        made: Vec::new(),
        problems: Vec::new(),
    };
    lowering.builder.program.named = mine.iter().flat_map(|(_, step)| lowering.descriptors_named(step)).collect();
    let mut steps = Vec::new();
    for (position, (index, step)) in mine.iter().enumerate() {
        lowering.later = mine.iter().skip(position + 1).map(|(_, step)| *step).collect();
        steps.push(lowering.step(*index, step));
    }
    let mut program = lowering.builder.program;
    program.steps = steps;
    if lowering.problems.is_empty() { Ok(program) } else { Err(lowering.problems) }
}

/// A name that a step has bound.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    pub bound: Bound,
    /// The result of the step's call.
    result: Cell,
    /// It is a descriptor that its step opened, that undo closes, and that no step can have closed since.
    pub fresh: bool,
}

/// A lowering at work.
pub struct Lowering<'a> {
    pub facts: &'a dyn Facts,
    own_name: Option<&'a str>,
    /// The steps after the one that is being lowered.
    pub later: Vec<&'a Step>,
    pub builder: Builder,
    pub bindings: HashMap<String, Binding>,
    /// Paths that steps make a file at.
    pub made: Vec<Vec<u8>>,
    pub problems: Vec<Problem>,
}

/// One argument, lowered.
struct Lowered {
    cell: Cell,
    buffer: Option<BufferId>,
    output: bool,
    shown: Shown,
}

impl Lowering<'_> {
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

    fn step(&mut self, index: usize, step: &Step) -> StepCode {
        let mut prepare = Vec::new();
        let when = self.conditions(&step.when, &mut prepare);
        let unless = self.conditions(&step.unless, &mut prepare);
        let arguments = self.arguments(step, &mut prepare);
        let own = self.own(step, &arguments);
        let buffers: Vec<Option<BufferId>> = arguments.iter().map(|argument| argument.buffer).collect();
        let sections = self.sections(step, &own, &buffers);
        let captures = self.captures(step, own.result, sections.fresh, &buffers);
        let named = |index: usize| step.syscall.params.get(index).map_or("", |param| param.name);
        let outputs = arguments.iter().enumerate().filter(|(_, argument)| argument.output);
        let outputs = outputs.filter_map(|(index, argument)| Some((named(index), argument.buffer?))).collect();
        // What was not given is not shown, but for gaps.
        let given = step.args.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let shown = arguments.into_iter().take(given).enumerate();
        let shown = shown.map(|(index, argument)| (named(index), argument.shown)).collect();
        StepCode {
            index,
            name: step.name.clone(),
            span: step.span,
            syscall: step.syscall,
            particulars: step.particulars(),
            shown,
            when,
            unless,
            prepare,
            forward: sections.forward,
            undo: sections.undo,
            commit: sections.commit,
            release: sections.release,
            result: own.result,
            irreversible: sections.irreversible,
            outputs,
            captures,
        }
    }

    fn own(&mut self, step: &Step, arguments: &[Lowered]) -> Own {
        Own {
            syscall: step.syscall,
            args: arguments.iter().map(|argument| argument.cell).collect(),
            result: self.builder.unset(),
            accept: Accept { expected: step.returns.clone(), ignore: step.ignore.clone() },
            timeout: step.timeout,
            may_block: step.particulars().blocking != Blocking::No,
        }
    }

    fn conditions(&mut self, conditions: &[Condition], prepare: &mut Vec<Op>) -> Vec<Guard> {
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
    fn number(&mut self, number: &Number, prepare: &mut Vec<Op>) -> Cell {
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

    fn capture(&mut self, reference: &CaptureRef, prepare: &mut Vec<Op>) -> Cell {
        if reference.target.as_deref().is_some_and(|target| Some(target) != self.own_name) {
            let problem = Problem::error(
                "program::cross-target",
                format!("`{}` is captured in another target, which this version does not support", reference.name),
            );
            self.problems.push(problem.help("capture it in the target that uses it").at(reference.span, ""));
            return self.builder.unset();
        }
        let binding = self.bindings.get(&reference.name).copied();
        let message = match (binding.map(|binding| (binding.bound, binding.result)), reference.index) {
            (Some((Bound::Cell(cell), _)), None) => return cell,
            (Some((Bound::Buffer(buffer, Decode::I32List, _), result)), Some(index)) => {
                let length = self.builder.program.buffers.get(buffer.0 as usize).map_or(0, |buffer| buffer.len);
                match index.checked_mul(4).filter(|offset| offset.checked_add(4).is_some_and(|end| end <= length)) {
                    Some(offset) => {
                        let (into, filled) = (self.builder.unset(), self.builder.succeeded(result));
                        // Where the call was skipped or failed there is no number, not even 0.
                        prepare.push(when([filled], Action::Load { into, buffer, offset, size: 4, signed: true }));
                        return into;
                    }
                    None => format!("has {} elements, and no number {index}", length / 4),
                }
            }
            (None, _) => "is bound by no earlier step that runs in this target".to_owned(),
            (Some((Bound::Cell(_), _)), Some(_)) => "is a number and has no elements".to_owned(),
            (Some((Bound::Buffer(_, Decode::I32List, _), _)), None) => {
                "is a list and no number; an element is written `${name[0]}`".to_owned()
            }
            (Some((Bound::Buffer(..), _)), _) => "is text and no number".to_owned(),
        };
        let problem = Problem::error("program::capture", format!("`{}` {message}", reference.name));
        self.problems.push(problem.at(reference.span, ""));
        self.builder.unset()
    }

    fn arguments(&mut self, step: &Step, prepare: &mut Vec<Op>) -> Vec<Lowered> {
        step.args.iter().map(|argument| self.argument(argument.as_ref(), prepare)).collect()
    }

    fn argument(&mut self, argument: Option<&Spanned<Arg>>, prepare: &mut Vec<Op>) -> Lowered {
        let bytes = |builder: &mut Builder, bytes: Vec<u8>, len: usize, output: bool, text: String| {
            let (buffer, cell) = builder.buffer(bytes, len);
            Lowered { cell, buffer: Some(buffer), output, shown: Shown::Text(text) }
        };
        match argument.map(|argument| (&argument.value, argument.span)) {
            None => {
                let cell = self.builder.constant(0);
                Lowered { cell, buffer: None, output: false, shown: Shown::Text("0".into()) }
            }
            Some((Arg::Number(number), _)) => {
                let cell = self.number(number, prepare);
                let text = number.text.clone();
                let shown = if number.terms.is_empty() { Shown::Text(text) } else { Shown::Cell(cell, text) };
                Lowered { cell, buffer: None, output: false, shown }
            }
            Some((Arg::Text(text), _)) => {
                let mut terminated = text.clone();
                terminated.push(0);
                let (len, shown) = (terminated.len(), format!("{:?}", String::from_utf8_lossy(text)));
                bytes(&mut self.builder, terminated, len, false, shown)
            }
            Some((Arg::Bytes(data), _)) => {
                let shown = data.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
                bytes(&mut self.builder, data.clone(), data.len(), false, format!("bytes {shown}"))
            }
            Some((Arg::Out(size), span)) => {
                let length = self.size(size, span);
                bytes(&mut self.builder, Vec::new(), length, true, format!("out {length} bytes"))
            }
        }
    }

    fn size(&mut self, size: &Number, span: Span) -> usize {
        const MOST: u64 = 1 << 30;
        if size.terms.is_empty() && (1..=MOST).contains(&size.constant) {
            return size.constant as usize;
        }
        self.problems.push(
            Problem::error("program::buffer-size", format!("a buffer of {} bytes can't be made", size.text))
                .help("give a number from 1 to 1 GiB that is known before the plan runs")
                .at(span, ""),
        );
        1
    }

    fn captures(
        &mut self,
        step: &Step,
        result: Cell,
        fresh: bool,
        buffers: &[Option<BufferId>],
    ) -> Vec<(String, Bound)> {
        let mut captures = Vec::new();
        for capture in &step.captures {
            let (bound, fresh) = match capture.from {
                CaptureFrom::Return => (Bound::Cell(result), fresh),
                CaptureFrom::Buffer(argument, decode) => {
                    let Some(buffer) = buffers.get(argument).copied().flatten() else {
                        let message = format!("`{}` captures an argument that is no buffer", capture.name.value);
                        let problem =
                            Problem::error("program::capture", message).help("give the argument as `{out: SIZE}`");
                        self.problems.push(problem.at(capture.name.span, ""));
                        continue;
                    };
                    // Calls that fill a buffer with text or bytes return how much of it they filled.
                    let counted = (step.syscall.returns == Returns::Number).then_some(result);
                    (Bound::Buffer(buffer, decode, counted), false)
                }
            };
            self.bindings.insert(capture.name.value.clone(), Binding { bound, result, fresh });
            captures.push((capture.name.value.clone(), bound));
        }
        captures
    }
}
