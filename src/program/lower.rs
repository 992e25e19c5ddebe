//! Plan to Program, for one target.

use super::builder::{Builder, Own, always};
use super::natures::Sections;
use super::{Accept, Action, Bound, BufferId, Cell, Facts, FileFact, Guard, Op, Program, Shown, StepCode};
use crate::plan::{Arg, CaptureFrom, CaptureRef, Condition, Number, Plan, Relation, Spanned, Step, Undo};
use crate::problem::{Problem, Span};
use crate::syscalls::{Blocking, Nature, Returns, Syscall};
use std::collections::HashMap;

/// Lowers a plan for its `target`-th target. Steps for other targets are left out.
pub fn lower(plan: &Plan, target: usize, facts: &dyn Facts) -> Result<Program, Vec<Problem>> {
    let own_name = plan.targets.get(target).and_then(|spec| spec.name.as_ref()).map(|name| name.value.as_str());
    let mine = |step: &Step| step.target.as_ref().is_none_or(|name| Some(name.value.as_str()) == own_name);
    let mut lowering =
        Lowering { plan, facts, own_name, builder: Builder::default(), bindings: HashMap::new(), problems: Vec::new() };
    let steps: Vec<StepCode> = plan
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| mine(step))
        .map(|(index, step)| lowering.step(index, step))
        .collect();
    let mut program = lowering.builder.program;
    program.steps = steps;
    if lowering.problems.is_empty() { Ok(program) } else { Err(lowering.problems) }
}

/// A name that a step has bound.
#[derive(Debug, Clone, Copy)]
struct Binding {
    bound: Bound,
    /// It is a descriptor that the step of this index opened, and nothing else may have closed it.
    opened_by: Option<usize>,
}

struct Lowering<'a> {
    plan: &'a Plan,
    facts: &'a dyn Facts,
    own_name: Option<&'a str>,
    builder: Builder,
    bindings: HashMap<String, Binding>,
    problems: Vec<Problem>,
}

/// One argument, lowered.
struct Lowered {
    cell: Cell,
    buffer: Option<BufferId>,
    output: bool,
    shown: Shown,
}

impl Lowering<'_> {
    fn step(&mut self, index: usize, step: &Step) -> StepCode {
        let mut prepare = Vec::new();
        let when = self.conditions(&step.when, &mut prepare);
        let unless = self.conditions(&step.unless, &mut prepare);
        let arguments = self.arguments(step, &mut prepare);
        let own = self.own(step, &arguments);
        let buffers: Vec<Option<BufferId>> = arguments.iter().map(|argument| argument.buffer).collect();
        let sections = self.sections(index, step, &own, &buffers);
        let captures = self.captures(index, step, own.result, &buffers);
        let named = |index: usize| step.syscall.params.get(index).map_or("", |param| param.name);
        let outputs = arguments.iter().enumerate().filter(|(_, argument)| argument.output);
        let outputs = outputs.filter_map(|(index, argument)| Some((named(index), argument.buffer?))).collect();
        let shown = arguments.into_iter().enumerate().map(|(index, argument)| (named(index), argument.shown)).collect();
        StepCode {
            index,
            name: step.name.clone(),
            syscall: step.syscall,
            shown,
            when,
            unless,
            prepare,
            forward: sections.forward,
            undo: sections.undo,
            commit: sections.commit,
            release: sections.release,
            result: own.result,
            irreversible: step.irreversible || step.undo == Undo::None,
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
            may_block: step.syscall.blocking != Blocking::No,
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
        match (self.bindings.get(&reference.name).map(|binding| binding.bound), reference.index) {
            (Some(Bound::Cell(cell)), None) => cell,
            (Some(Bound::Buffer(buffer, ..)), Some(index)) => {
                let into = self.builder.unset();
                prepare.push(always(Action::Load { into, buffer, offset: index * 4, size: 4, signed: true }));
                into
            }
            (bound, _) => {
                let why = match bound {
                    None => "is bound by a step that does not run in this target",
                    Some(Bound::Cell(_)) => "is a number and has no elements",
                    Some(Bound::Buffer(..)) => "is a buffer and no number; a list's element is written `${name[0]}`",
                };
                let message = format!("`{}` {why}", reference.name);
                self.problems.push(Problem::error("program::capture", message).at(reference.span, ""));
                self.builder.unset()
            }
        }
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
                bytes(&mut self.builder, Vec::new(), length, true, format!("{length} bytes out"))
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
        index: usize,
        step: &Step,
        result: Cell,
        buffers: &[Option<BufferId>],
    ) -> Vec<(String, Bound)> {
        let opened = step.syscall.returns == Returns::Fd && matches!(step.syscall.nature, Nature::GivesFd);
        let mut captures = Vec::new();
        for capture in &step.captures {
            let (bound, opened_by) = match capture.from {
                CaptureFrom::Return => (Bound::Cell(result), opened.then_some(index)),
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
                    (Bound::Buffer(buffer, decode, counted), None)
                }
            };
            self.bindings.insert(capture.name.value.clone(), Binding { bound, opened_by });
            captures.push((capture.name.value.clone(), bound));
        }
        captures
    }

    /// What the step's nature makes of it.
    fn sections(&mut self, index: usize, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Sections {
        let builder = &mut self.builder;
        if step.undo == Undo::None {
            return Sections::plain(own);
        }
        let irreversible = step.irreversible;
        match step.syscall.nature {
            Nature::GivesFd => self.gives_fd(step, own),
            Nature::GivesPair => match buffers.iter().flatten().next() {
                Some(pair) => Sections::gives_pair(builder, own, *pair),
                None => Sections::plain(own),
            },
            Nature::ReplacesFd if !irreversible => match (own.arg("oldfd"), own.arg("newfd")) {
                (Some(old), Some(new)) => Sections::replaces_fd(builder, own, old, new),
                _ => Sections::plain(own),
            },
            Nature::ClosesFd if !irreversible => match own.arg("fd") {
                Some(_) if self.can_wait(index, step) => Sections::closes_at_commit(own),
                Some(fd) => Sections::closes_fd(&mut self.builder, own, fd),
                None => Sections::plain(own),
            },
            Nature::Fcntl => self.fcntl(step, own),
            _ => Sections::plain(own),
        }
    }

    fn fcntl(&mut self, step: &Step, own: &Own) -> Sections {
        let command = own.args.get(1).and_then(|cell| self.builder.known(*cell));
        match (command.map(|command| command as i32), own.arg("fd")) {
            (Some(libc::F_DUPFD | libc::F_DUPFD_CLOEXEC), _) => Sections::gives_fd(&mut self.builder, own),
            (Some(command @ (libc::F_SETFD | libc::F_SETFL)), Some(fd)) if !step.irreversible => {
                Sections::sets_flags(&mut self.builder, own, fd, command as u64)
            }
            (command, _) => {
                if !step.irreversible && !command.is_some_and(is_question) {
                    self.problems.push(
                        Problem::error("program::not-undoable", "what this fcntl does can't be undone")
                            .help("if that is as it should be, add `irreversible: true` to the step")
                            .at(step.span, ""),
                    );
                }
                Sections::plain(own)
            }
        }
    }

    fn gives_fd(&mut self, step: &Step, own: &Own) -> Sections {
        let opened = match (path_of(step), flags_of(step.syscall, own, &self.builder)) {
            (Some(path), Some(flags)) => Some((path, flags)),
            _ => None,
        };
        let Some(((path, path_cell_index), flags)) = opened else {
            return Sections::gives_fd(&mut self.builder, own);
        };
        let asks = |flag: i32| flags.1 & flag as u64 == flag as u64;
        let fact = self.facts.file(path);
        if asks(libc::O_TRUNC) && !step.irreversible && self.facts.size(path).is_some_and(|size| size > 0) {
            self.problems.push(
                Problem::error(
                    "program::truncates",
                    format!("`O_TRUNC` would empty {:?}, which can't be undone", String::from_utf8_lossy(path)),
                )
                .help("leave O_TRUNC out, or add `irreversible: true` to the step")
                .at(step.span, ""),
            );
        }
        let makes = asks(libc::O_CREAT) && !asks(libc::O_TMPFILE);
        let path_cell = own.args.get(path_cell_index).copied();
        match (fact, path_cell) {
            (FileFact::Missing, Some(path)) if makes => {
                let here = self.builder.constant(libc::AT_FDCWD as i64 as u64);
                let directory = own.arg("dirfd").unwrap_or(here);
                let mut at_once = own.clone();
                at_once.may_block = false;
                Sections::creates(&mut self.builder, &at_once, flags, directory, path)
            }
            (FileFact::MayBlock, _) if own.timeout.is_none() && !asks(libc::O_NONBLOCK) => {
                Sections::opens_at_once(&mut self.builder, own, flags)
            }
            (FileFact::MayBlock, _) => Sections::gives_fd(&mut self.builder, own),
            _ => {
                let mut at_once = own.clone();
                at_once.may_block = false;
                Sections::gives_fd(&mut self.builder, &at_once)
            }
        }
    }

    /// Whether a close may wait for commit: its descriptor is one that an earlier step opened, and no later step could see
    /// that it still is open.
    fn can_wait(&self, index: usize, step: &Step) -> bool {
        let [Some(Spanned { value: Arg::Number(Number { constant: 0, terms, .. }), .. })] = step.args.as_slice() else {
            return false;
        };
        let [(true, capture)] = terms.as_slice() else { return false };
        let opened = self.bindings.get(&capture.name).is_some_and(|binding| binding.opened_by.is_some());
        let plain = step.captures.is_empty() && step.returns.is_none() && step.ignore.is_empty();
        let later = self.plan.steps.get(index + 1..).unwrap_or_default();
        opened && plain && !later.iter().any(|step| notices(step, &capture.name))
    }
}

/// Whether a step could tell that a descriptor of this name is still open: it uses it, or numbers descriptors itself.
fn notices(step: &Step, name: &str) -> bool {
    let numbers = |number: &Number| number.terms.iter().any(|(_, capture)| capture.name == name);
    let uses = step.args.iter().flatten().any(|argument| match &argument.value {
        Arg::Number(number) | Arg::Out(number) => numbers(number),
        Arg::Text(_) | Arg::Bytes(_) => false,
    });
    let quiet = match step.syscall.nature {
        Nature::Inert => true,
        // F_SETFD and the like name one descriptor; F_DUPFD makes one.
        Nature::Fcntl => !matches!(step.args.get(1), Some(Some(Spanned { value: Arg::Number(command), .. }))
            if matches!(command.constant as i32, libc::F_DUPFD | libc::F_DUPFD_CLOEXEC)),
        _ => false,
    };
    uses || !quiet
}

/// Commands of fcntl(2) that only ask.
fn is_question(command: i32) -> bool {
    // F_GETSIG, F_GETOWN_EX, F_GET_RW_HINT, F_GET_FILE_RW_HINT of linux/fcntl.h, which libc does not name.
    const UNNAMED: [i32; 4] = [11, 16, 1035, 1037];
    UNNAMED.contains(&command)
        || matches!(
            command,
            libc::F_GETFD
                | libc::F_GETFL
                | libc::F_GETLK
                | libc::F_OFD_GETLK
                | libc::F_GETOWN
                | libc::F_GETLEASE
                | libc::F_GETPIPE_SZ
                | libc::F_GET_SEALS
        )
}

/// The path that an open names, relative to the working directory if at all, and the index of its argument.
fn path_of(step: &Step) -> Option<(&[u8], usize)> {
    let (index, from_cwd) = match step.syscall.name {
        "open" => (0, true),
        "openat" => {
            let directory = step.args.first()?.as_ref();
            let cwd = matches!(directory.map(|argument| &argument.value),
                Some(Arg::Number(number)) if number.terms.is_empty() && number.constant as i32 == libc::AT_FDCWD);
            (1, cwd)
        }
        _ => return None,
    };
    match step.args.get(index)? {
        Some(Spanned { value: Arg::Text(path), .. }) if from_cwd || path.first() == Some(&b'/') => Some((path, index)),
        _ => None,
    }
}

/// The index and value of an open's flags, if they are known.
fn flags_of(syscall: &Syscall, own: &Own, builder: &Builder) -> Option<(usize, u64)> {
    let index = syscall.param("flags")?;
    Some((index, builder.known(*own.args.get(index)?)?))
}
