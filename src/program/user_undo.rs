//! Undo that the plan itself says: steps that run when their step is taken back.

use super::builder::{Own, when};
use super::lower::Lowering;
use super::natures::{Sections, differ};
use super::reversal::command_of;
use super::{Action, Cell, Guard, Op, StepCode, UndoCode};
use crate::plan::{CaptureRef, Relation, Step, Undo, names};
use crate::syscalls::Nature;

/// What a step under `undo` is lowered for.
const PURPOSE: &str = "undo, as the plan has it";

impl StepCode {
    /// Whether its undo is what the plan says. That goes by what the step's call returned, and compares nothing.
    pub fn is_undone_as_said(&self) -> bool {
        let said = |op: &Op| matches!(&op.action, Action::Call(call) if call.purpose == PURPOSE);
        self.undo.iter().any(said)
    }
}

impl Lowering<'_> {
    /// The sections of a step that has undo of its own. That is lowered by [`Self::user_undo`], once the step's captures are
    /// bound.
    pub fn with_undo_of_its_own(&mut self, step: &Step, own: &Own) -> Sections {
        let mut sections = Sections { irreversible: step.irreversible, ..Sections::default() };
        if !step.irreversible {
            // Whatever takes it back closes the second descriptor of a file.
            let duplicates = matches!(command_of(step), Some(libc::F_DUPFD | libc::F_DUPFD_CLOEXEC));
            let source =
                if step.particulars().nature == Nature::Fcntl { duplicates.then_some("fd") } else { Some("oldfd") };
            sections.apart_from_locks(self, step, own, source);
            sections.apart_from_locks(self, step, own, closed_by(step));
        }
        sections.forward.push(when([], own.op("as asked")));
        sections
    }

    /// Before the step runs: fetches what its undo uses of earlier captures. Later steps may fill the memory that it lies in
    /// anew.
    pub fn fetch_for_undo(&mut self, step: &Step, prepare: &mut Vec<Op>) {
        for reference in uses(step) {
            let bound = self.bindings.contains_key(&reference.name) || self.is_elsewhere(&reference);
            if bound && !reference.path.is_empty() || self.is_elsewhere(&reference) {
                let cell = self.capture(&reference, prepare);
                self.fetched.insert((reference.target.clone(), reference.spelled()), cell);
            }
        }
    }

    /// Lowers the steps under a step's `undo`: they are made if its call was, and did not fail.
    pub fn user_undo(&mut self, step: &Step, threads: &[Option<i32>], code: &mut StepCode) {
        let Undo::Steps(steps) = &step.undo else { return };
        let made = self.builder.succeeded(code.result);
        let mut undo = self.fetch_own(step, made, code);
        for (index, undo_step) in steps.iter().enumerate() {
            let (mut ops, mut undo_code) = self.undo_step(undo_step, made, step.irreversible);
            undo_code.thread = threads.get(index).copied().flatten();
            for op in &mut ops {
                if let Action::Call(call) = &mut op.action {
                    (call.thread, call.purpose) = (undo_code.thread, PURPOSE);
                }
            }
            undo.extend(ops);
            code.undo_steps.push(undo_code);
        }
        for capture in steps.iter().flat_map(|step| &step.captures) {
            self.bindings.remove(&capture.name.value);
        }
        self.fetched.clear();
        code.undo = undo;
    }

    /// Fetches what undo uses of the step's own captures: as soon as the call was made, and on undo if it did not come to that
    /// because the call's result was refused.
    fn fetch_own(&mut self, step: &Step, made: Guard, code: &mut StepCode) -> Vec<Op> {
        let mut fetch = Vec::new();
        for reference in uses(step) {
            let key = (reference.target.clone(), reference.spelled());
            let inner = step.undo_steps().iter().flat_map(|step| &step.captures);
            let of_undo = inner.map(|capture| &capture.name.value).any(|name| *name == reference.name);
            if !reference.path.is_empty() && !of_undo && !self.fetched.contains_key(&key) {
                let cell = self.capture(&reference, &mut fetch);
                self.fetched.insert(key, cell);
            }
        }
        if fetch.is_empty() {
            return fetch;
        }
        let (fetched, zero, one) = (self.builder.variable(0), self.builder.constant(0), self.builder.constant(1));
        code.forward.extend(fetch.iter().map(|op| under(&[made], op)));
        code.forward.push(when([made], Action::Add { into: fetched, a: zero, b: one, negative: false }));
        let not_yet = self.builder.guard(fetched, Relation::Equal, 0);
        fetch.iter().map(|op| under(&[made, not_yet], op)).collect()
    }

    fn undo_step(&mut self, step: &Step, made: Guard, drops_locks: bool) -> (Vec<Op>, UndoCode) {
        let (mut ops, mut prepare, mut stores) = (Vec::new(), Vec::new(), Vec::new());
        let mut guards = vec![made];
        guards.extend(self.conditions(&step.when.comparisons, &mut prepare));
        let unless = self.conditions(&step.unless.comparisons, &mut prepare);
        ops.extend(prepare.drain(..).map(|op| under(&[made], &op)));
        if !unless.is_empty() {
            let holds = self.flag(&[made], unless, &mut ops);
            guards.push(self.builder.guard(holds, Relation::Equal, 0));
        }
        let result = self.builder.unset();
        let arguments = self.arguments(step, result, &mut prepare, &mut stores);
        let own = self.own(step, result, &arguments);
        let mut checks = self.apart_from_keeps(step, &own);
        let mut sections = Sections::default();
        sections.apart_from_locks(self, step, &own, closed_by(step).filter(|_| !drops_locks));
        checks.extend(sections.forward);
        let calls = if step.syscall.name == "close_range" {
            self.close_range_on_undo(step, &own, drops_locks)
        } else {
            vec![when([], own.op(PURPOSE))]
        };
        ops.extend(prepare.iter().chain(&stores).chain(&checks).chain(&calls).map(|op| under(&guards, op)));
        let buffers: Vec<_> = arguments.iter().map(|argument| argument.buffer).collect();
        self.captures(step, result, false, &buffers);
        let shown = Self::shown(step, arguments);
        let name = step.name.clone();
        (ops, UndoCode { name, syscall: step.syscall, particulars: step.particulars(), shown, thread: None })
    }

    /// A cell that is 1 if all of these hold, and 0 if not.
    fn flag(&mut self, made: &[Guard], guards: Vec<Guard>, ops: &mut Vec<Op>) -> Cell {
        let (flag, zero, one) = (self.builder.unset(), self.builder.constant(0), self.builder.constant(1));
        let set = |b| Action::Add { into: flag, a: zero, b, negative: false };
        ops.push(when(made, set(zero)));
        ops.push(when([made, &guards].concat(), set(one)));
        flag
    }
}

impl Sections {
    /// Forward: goes on only if closing the descriptor that is this argument, if it is open, would drop no record locks.
    fn apart_from_locks(&mut self, lowering: &mut Lowering<'_>, step: &Step, own: &Own, argument: Option<&str>) {
        let argument = argument.filter(|name| !lowering.is_fresh(step, name));
        if let Some(fd) = argument.and_then(|name| own.arg(name)) {
            let same = own.arg("oldfd").zip(own.arg("newfd"));
            let guards = same.map(|(old, new)| differ(old, new));
            self.no_locks_on(&mut lowering.builder, fd, guards.as_slice());
        }
    }
}

/// The argument that is a descriptor which a call closes.
fn closed_by(step: &Step) -> Option<&'static str> {
    match step.particulars().nature {
        Nature::ClosesFd => Some("fd"),
        Nature::ReplacesFd => Some("newfd"),
        _ => None,
    }
}

/// The op, made only if these hold, too.
fn under(guards: &[Guard], op: &Op) -> Op {
    let own = op.guards.iter().filter(|guard| !guards.contains(guard));
    Op { guards: guards.iter().chain(own).copied().collect(), action: op.action.clone() }
}

/// Everything that the steps under a step's `undo` use.
fn uses(step: &Step) -> Vec<CaptureRef> {
    let mut steps = step.undo_steps().to_vec();
    let uses = steps.iter_mut().flat_map(names::uses_mut);
    uses.map(|used| used.clone()).collect()
}
