//! Captured values: what names are bound to, and numbers inside what is captured.

use super::builder::when;
use super::expand::list_of;
use super::lower::{Binding, Lowering};
use super::{Action, Bound, BufferId, Cell, Filled, Guard, Op};
use crate::plan::{CaptureFrom, CaptureRef, Decode, Relation, Step};
use crate::problem::Problem;
use crate::syscalls::layouts::access::{Place, locate};
use crate::syscalls::layouts::{Int, Shape};

impl Lowering<'_> {
    /// What a name is bound to here; a problem if that is nothing.
    pub fn bound(&mut self, reference: &CaptureRef) -> Option<Binding> {
        if self.is_elsewhere(reference) {
            let message = format!("`{}` is memory of another process", reference.spelled());
            let problem = Problem::error("program::other-memory", message);
            self.problems.push(problem.help("capture it in the target that uses it").at(reference.span, ""));
            return None;
        }
        let list = list_of(&reference.name);
        if [list.unwrap_or(&reference.name), &reference.name].iter().any(|name| self.left_out.contains(name)) {
            // Never set, so that what depends on it is passed over.
            return None;
        }
        let binding = self.bindings.get(&reference.name).copied();
        if binding.is_none() {
            let why =
                if list.is_some() { "is no element that there is" } else { "is bound by no earlier step that runs" };
            self.no_capture(reference, &format!("{why} in this target"));
        }
        binding
    }

    pub fn no_capture(&mut self, reference: &CaptureRef, why: &str) {
        let problem = Problem::error("program::capture", format!("`{}` {why}", reference.name));
        self.problems.push(problem.at(reference.span, ""));
    }

    /// A cell with a captured number.
    pub fn capture(&mut self, reference: &CaptureRef, prepare: &mut Vec<Op>) -> Cell {
        if let Some(cell) = self.fetched.get(&(reference.target.clone(), reference.spelled())) {
            return *cell;
        }
        if self.is_elsewhere(reference) {
            return self.import(reference);
        }
        let cell = self.bound(reference).and_then(|binding| match binding.bound {
            Bound::Cell(cell) if reference.path.is_empty() => Some(cell),
            Bound::Cell(_) => {
                self.no_capture(reference, "is a number and has no fields or elements");
                None
            }
            Bound::Buffer(buffer, Decode::Typed(shape), filled) => {
                self.place(reference, buffer, shape, filled, binding.result, prepare)
            }
            Bound::Buffer(..) => {
                self.no_capture(reference, "is text and no number");
                None
            }
        });
        cell.unwrap_or_else(|| self.builder.unset())
    }

    /// A cell with a number that lies in captured memory.
    fn place(
        &mut self,
        reference: &CaptureRef,
        mut buffer: BufferId,
        shape: Shape,
        filled: Filled,
        result: Cell,
        prepare: &mut Vec<Op>,
    ) -> Option<Cell> {
        let place = match locate(shape, &reference.path) {
            Ok(place) => place,
            Err(missing) => {
                self.no_capture(reference, &missing.what);
                return None;
            }
        };
        // Where the call was skipped or failed there is no number, not even 0; nor beyond what it filled.
        let mut guards = vec![self.builder.succeeded(result)];
        guards.extend(self.within(&place, shape, filled));
        for hop in &place.hops {
            let pointers = self.builder.program.buffers.get(buffer.0 as usize).map(|buffer| buffer.pointers.as_slice());
            let next = pointers.and_then(|pointers| pointers.iter().find(|(offset, _)| offset == hop));
            let Some((_, next)) = next else {
                self.no_capture(reference, "points to memory that the plan did not make");
                return None;
            };
            buffer = *next;
        }
        let length = self.builder.program.buffers.get(buffer.0 as usize).map_or(0, |buffer| buffer.len);
        if place.offset.checked_add(place.int.size).is_none_or(|end| end > length) {
            let size = shape.element.size().max(1);
            let why = match place.element {
                Some(index) if place.hops.is_empty() => {
                    format!("has {} elements, and no number {index}", length / size)
                }
                _ => format!("has {length} bytes, and that number is not among them"),
            };
            self.no_capture(reference, &why);
            return None;
        }
        for check in &place.checks {
            let (found, value) = (self.builder.unset(), self.builder.constant(check.value));
            prepare.push(when(guards.clone(), load(found, buffer, check.offset, check.int)));
            let relation = if check.equal { Relation::Equal } else { Relation::GreaterOrEqual };
            guards.push(Guard { left: found, relation, right: value });
        }
        let into = self.builder.unset();
        prepare.push(when(guards, load(into, buffer, place.offset, place.int)));
        Some(into)
    }

    /// What says that a call has filled the place.
    fn within(&mut self, place: &Place, shape: Shape, filled: Filled) -> Option<Guard> {
        match filled {
            Filled::All => None,
            Filled::Bytes(_) if !place.hops.is_empty() => None,
            Filled::Bytes(count) => {
                let end = (place.offset + place.int.size) as i64;
                Some(self.builder.guard(count, Relation::GreaterOrEqual, end))
            }
            Filled::Elements(count) => {
                let index = place.element.unwrap_or(place.offset / shape.element.size().max(1));
                Some(self.builder.guard(count, Relation::Greater, index as i64))
            }
        }
    }

    /// Binds what a step captures.
    pub fn captures(
        &mut self,
        step: &Step,
        result: Cell,
        fresh: bool,
        buffers: &[Option<BufferId>],
    ) -> Vec<(String, Bound)> {
        let mut captures = Vec::new();
        for capture in &step.captures {
            let own = (fresh && capture.from == CaptureFrom::Return).then_some(self.closed.len());
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
                    (Bound::Buffer(buffer, decode, self.filled(step, argument, result)), false)
                }
            };
            let duplicate = matches!(step.syscall.name, "dup" | "fcntl" | "pidfd_getfd");
            self.bindings.insert(capture.name.value.clone(), Binding { bound, result, fresh, duplicate, own });
            captures.push((list_of(&capture.name.value).unwrap_or(&capture.name.value).to_owned(), bound));
        }
        captures
    }
}

fn load(into: Cell, buffer: BufferId, offset: usize, int: Int) -> Action {
    Action::Load { into, buffer, offset, size: int.size, signed: int.signed, swapped: int.swapped }
}
