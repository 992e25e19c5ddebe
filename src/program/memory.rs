//! Arguments and the memory that they point to.

use super::builder::{always, when};
use super::lower::{Lowered, Lowering};
use super::{Action, Bound, BufferId, Cell, Filled, Op, Shown};
use crate::plan::{Arg, CaptureRef, Decode, Memory, Pointed, Relation, Spanned, Step, known, length};
use crate::problem::{Problem, Span};
use crate::syscalls::layouts::measure::{self, Measure, Told, Unit};
use crate::syscalls::layouts::pointers::pointers;
use crate::syscalls::layouts::{Int, named};
use crate::syscalls::{Kind, argument_kind};
use std::collections::HashMap;

/// All memory of one plan in one target is not larger.
const MOST_IN_ALL: usize = 256 << 20;

impl Lowering<'_> {
    /// Lowers a step's arguments. `prepare` gets what loads numbers, `stores` what puts memory together.
    pub fn arguments(
        &mut self,
        step: &Step,
        result: Cell,
        prepare: &mut Vec<Op>,
        stores: &mut Vec<Op>,
    ) -> Vec<Lowered> {
        let mut lowered = Vec::new();
        for (index, argument) in step.args.iter().enumerate() {
            lowered.push(self.argument(step, index, argument.as_ref(), result, prepare, stores));
        }
        self.lengths(step, &lowered, stores);
        let total = self.builder.memory();
        if total > MOST_IN_ALL {
            self.too_large(step, total);
        }
        lowered
    }

    fn too_large(&mut self, step: &Step, total: usize) {
        let message = format!("the memory of this plan is {total} bytes, with this step's");
        let problem = Problem::error("program::buffer-size", message).help("256 MiB can be made in one target");
        if !self.problems.iter().any(|problem| problem.code == "program::buffer-size") {
            self.problems.push(problem.at(step.span, ""));
        }
    }

    /// What kind an argument is.
    fn kind(step: &Step, index: usize) -> Kind {
        argument_kind(step.syscall, index, |index| known(step.args.get(index)?.as_ref()))
    }

    fn kinds(step: &Step) -> Vec<Kind> {
        (0..step.syscall.params.len()).map(|index| Self::kind(step, index)).collect()
    }

    /// How much of a buffer the call's result tells of.
    pub fn filled(&self, step: &Step, index: usize, result: Cell) -> Filled {
        match measure::told(step.syscall, Self::kind(step, index)) {
            Told::Nothing => Filled::All,
            Told::Bytes => Filled::Bytes(result),
            Told::Elements => Filled::Elements(result),
        }
    }

    fn argument(
        &mut self,
        step: &Step,
        index: usize,
        argument: Option<&Spanned<Arg>>,
        result: Cell,
        prepare: &mut Vec<Op>,
        stores: &mut Vec<Op>,
    ) -> Lowered {
        let plain = |cell, shown| Lowered { cell, buffer: None, output: None, shown };
        match argument.map(|argument| &argument.value) {
            None => plain(self.builder.constant(0), Shown::Text("0".into())),
            Some(Arg::Number(number)) => {
                let cell = self.number(number, prepare);
                let text = number.text.clone();
                plain(cell, if number.terms.is_empty() { Shown::Text(text) } else { Shown::Cell(cell, text) })
            }
            Some(Arg::Text(text)) => {
                let bytes = [text, &b"\0"[..]].concat();
                let least = self.least(step, index);
                let length = bytes.len().max(least);
                let (buffer, cell) = self.builder.buffer(bytes, length);
                let shown = Shown::Text(format!("{:?}", String::from_utf8_lossy(text)));
                Lowered { cell, buffer: Some(buffer), output: None, shown }
            }
            Some(Arg::Memory(memory)) => {
                let least = self.least(step, index);
                let (buffer, cell) = self.memory(memory, least, prepare, stores);
                let by_kind = measure::pointee(Self::kind(step, index)).map_or(Decode::Hex, Decode::of);
                let decode = memory.decode.unwrap_or(by_kind);
                let output = memory.filled.then(|| (decode, self.filled(step, index, result)));
                Lowered { cell, buffer: Some(buffer), output, shown: Shown::Text(memory.text.clone()) }
            }
            Some(Arg::Ref(reference)) => {
                let least = self.least(step, index);
                let due = measure::pointee(Self::kind(step, index)).and_then(named);
                let buffer = self.referred(reference).filter(|buffer| self.holds(reference, *buffer, least));
                let buffer = buffer.filter(|buffer| self.reuse(reference, *buffer, due, stores));
                let cell = match buffer {
                    Some(buffer) => self.builder.address(buffer),
                    None => self.builder.unset(),
                };
                Lowered { cell, buffer, output: None, shown: Shown::Text(format!("ref {}", reference.name)) }
            }
        }
    }

    /// Bytes that an argument's memory has at least, so that the call never writes beyond it.
    fn least(&self, step: &Step, index: usize) -> usize {
        let request = match (step.syscall.name, step.args.get(1)) {
            ("ioctl", Some(Some(Spanned { value: Arg::Number(number), .. }))) => number.constant,
            _ => 0,
        };
        measure::least(step.syscall, &Self::kinds(step), index, request)
    }

    /// The buffer that an earlier step has captured.
    fn referred(&mut self, reference: &CaptureRef) -> Option<BufferId> {
        match self.bound(reference)?.bound {
            Bound::Buffer(buffer, ..) => Some(buffer),
            Bound::Cell(_) => {
                self.no_capture(reference, "is what a call returned, and no memory");
                None
            }
        }
    }

    /// Whether memory that is referred to is as large as the call takes for granted; a problem if not.
    fn holds(&mut self, reference: &CaptureRef, buffer: BufferId, least: usize) -> bool {
        let length = self.builder.program.buffers.get(buffer.0 as usize).map_or(0, |buffer| buffer.len);
        if length < least {
            self.no_capture(reference, &format!("has {length} bytes, and the call goes by {least}"));
        }
        length >= least
    }

    /// A buffer, what its pointers lead to first, and the cell of its address.
    fn memory(
        &mut self,
        memory: &Memory,
        least: usize,
        prepare: &mut Vec<Op>,
        stores: &mut Vec<Op>,
    ) -> (BufferId, Cell) {
        let (mut pointers, mut waiting, mut limits) = (Vec::new(), Vec::new(), HashMap::new());
        let due = self.pointed(memory);
        for pointer in &memory.pointers {
            let to = match &pointer.to {
                Pointed::Memory(inner) => {
                    let (buffer, cell) = self.memory(inner, 0, prepare, stores);
                    pointers.push((pointer.offset, buffer));
                    Some(cell)
                }
                Pointed::Ref(reference) => self.referred(reference).map(|buffer| {
                    let due = due.get(&pointer.offset).and_then(|to| named(to));
                    self.reuse(reference, buffer, due, stores);
                    limits.extend(self.limit(reference, buffer, pointer.length, memory));
                    pointers.push((pointer.offset, buffer));
                    self.builder.address(buffer)
                }),
            };
            waiting.extend(to.map(|cell| (pointer.offset, cell)));
        }
        let (buffer, cell) = self.builder.buffer(memory.bytes.clone(), memory.size.max(least));
        if let Some(made) = self.builder.program.buffers.get_mut(buffer.0 as usize) {
            (made.size, made.pointers, made.decode) = (memory.size, pointers, memory.decode);
            made.structure = memory.structure;
        }
        for (offset, from) in waiting {
            self.stored.insert((buffer, offset), from);
            let store = Action::Store { buffer, offset, size: 8, signed: false, swapped: false, most: None, from };
            stores.push(always(store));
        }
        for patch in &memory.patches {
            let from = self.number(&patch.number, prepare);
            let (offset, size, signed, swapped) = (patch.offset, patch.size, patch.signed, patch.swapped);
            self.stored.insert((buffer, offset), from);
            let most = patch.most.or_else(|| limits.get(&offset).copied());
            stores.push(always(Action::Store { buffer, offset, size, signed, swapped, most, from }));
        }
        (buffer, cell)
    }

    /// The C types of what memory points to, where something in it is a reference.
    fn pointed(&self, memory: &Memory) -> HashMap<usize, &'static str> {
        let refers = memory.pointers.iter().any(|pointer| matches!(pointer.to, Pointed::Ref(_)));
        let shape = memory.structure.filter(|_| refers);
        let all = shape.map(|shape| pointers(shape, memory.size)).unwrap_or_default();
        all.into_iter().map(|one| (one.offset, one.to)).collect()
    }

    /// Refuses a length beside a reference that is larger than what is referred to; where it lies and how large it may be.
    fn limit(
        &mut self,
        reference: &CaptureRef,
        buffer: BufferId,
        length: Option<(usize, usize, usize)>,
        memory: &Memory,
    ) -> Option<(usize, u64)> {
        let (offset, size, unit) = length?;
        let room = self.builder.program.buffers.get(buffer.0 as usize).map_or(0, |buffer| buffer.len);
        let most = (room / unit.max(1)) as u64;
        let given = Int::plain(size, false).value(memory.bytes.get(offset..offset + size).unwrap_or_default());
        if given > most {
            self.no_capture(reference, &format!("has {room} bytes, and its length is given as {given}"));
        }
        Some((offset, most))
    }

    /// Refuses lengths that are larger than their memory: those that are known now, and others as the step runs.
    fn lengths(&mut self, step: &Step, lowered: &[Lowered], stores: &mut Vec<Op>) {
        let kinds = Self::kinds(step);
        for (index, argument) in lowered.iter().enumerate() {
            for Measure { memory, unit } in measure::measures(step.syscall, &kinds, index) {
                let buffer = lowered.get(memory).and_then(|of| of.buffer);
                let buffer = buffer.and_then(|buffer| self.builder.program.buffers.get(buffer.0 as usize));
                let Some(most) = buffer.map(|buffer| length::most(unit, buffer.len)) else { continue };
                let value = match unit {
                    Unit::Behind => self.behind(argument, stores),
                    _ => Some(argument.cell),
                };
                let Some(value) = value else { continue };
                match self.builder.known(value) {
                    Some(known) if known > most => {
                        let span = step.args.get(index).and_then(Option::as_ref).map_or(step.span, |given| given.span);
                        self.too_long(step, (index, memory), (known, most), span);
                    }
                    Some(_) => {}
                    None => self.not_longer(value, most, stores),
                }
            }
        }
    }

    fn not_longer(&mut self, length: Cell, most: u64, stores: &mut Vec<Op>) {
        let why = "a length is larger than the memory that it is for, or negative";
        let above = self.builder.guard(length, Relation::Greater, most.min(i64::MAX as u64) as i64);
        let below = self.builder.guard(length, Relation::Less, 0);
        stores.extend([above, below].map(|guard| when([guard], Action::Fail(why))));
    }

    /// The cell of a length that lies in memory.
    fn behind(&mut self, argument: &Lowered, stores: &mut Vec<Op>) -> Option<Cell> {
        let buffer = argument.buffer?;
        let into = self.builder.unset();
        // A reference may have been overwritten since, so it is looked at as the step runs.
        stores.push(always(Action::Load { into, buffer, offset: 0, size: 4, signed: false, swapped: false }));
        Some(into)
    }

    fn too_long(&mut self, step: &Step, (length, memory): (usize, usize), (known, most): (u64, u64), span: Span) {
        let name = |index: usize| step.syscall.params.get(index).map_or("", |param| param.name);
        let message = format!("`{}` is {known}, and `{}` is good for {most} only", name(length), name(memory));
        self.problems.push(Problem::error("program::length", message).help("give a larger buffer").at(span, ""));
    }
}
