//! Values that a call of the target tells: options of sockets, settings of terminals.

use super::value::{Reading, Value, guarded};
use crate::plan::Relation;
use crate::program::builder::{Builder, Own, always, when};
use crate::program::natures::{Sections, call};
use crate::program::{Accept, Action, BufferId, Cell, Guard, Op};

/// A call that tells a value.
pub struct Getter<'a> {
    /// Which.
    pub name: &'static str,
    /// Its arguments, given where the memory lies that it fills, and where the length of that.
    pub args: &'a dyn Fn(&mut Builder, Cell, Cell) -> Vec<Cell>,
    /// How many bytes it fills; 0 if its result is the value.
    pub size: usize,
    /// The bits of each 8 bytes that count.
    pub mask: u64,
}

/// How the value is put back, given the cells that hold it.
pub type Put<'a> = &'a mut dyn FnMut(&mut Builder, &[Cell]) -> Vec<Op>;

impl Getter<'_> {
    /// Reads the value: the ops, its cells, and the getter's result.
    pub fn read(&self, builder: &mut Builder, accept: &Accept) -> (Reading, Cell) {
        let result = builder.unset();
        let told = builder.succeeded(result);
        let (buffer, at) = builder.buffer(Vec::new(), self.size.max(8));
        let zero = builder.constant(0);
        let zeros: Vec<Cell> = pieces(self.size).map(|_| zero).collect();
        let (length, length_at) = builder.buffer(Vec::new(), 8);
        // It may fill less than before, or nothing.
        let mut ops = stores(buffer, &zeros, self.size);
        ops.extend(stores(length, &[builder.constant(self.size as u64)], 4));
        let args = (self.args)(builder, at, length_at);
        let mut action = call(builder, self.name, args, result, "read the value");
        if let Action::Call(call) = &mut action {
            call.accept = accept.clone();
        }
        ops.push(always(action));
        let mut cells = vec![result];
        if self.size > 0 {
            let (loads, loaded) = loads(builder, buffer, self.size);
            ops.extend(loads.into_iter().map(|op| guarded(op, &[told])));
            cells = loaded;
        }
        if self.mask != u64::MAX {
            cells = cells.into_iter().map(|from| masked(builder, &mut ops, from, self.mask, told)).collect();
        }
        (Reading { ops, cells }, result)
    }
}

fn masked(builder: &mut Builder, ops: &mut Vec<Op>, from: Cell, mask: u64, told: Guard) -> Cell {
    let into = builder.unset();
    ops.push(when([told], Action::Bits { into, from, mask, shift: 0 }));
    into
}

impl Sections {
    /// A call that sets a value which another one tells. Where that one fails with an error that the step allows, the call
    /// itself is not made and has that error for its result: what can't be read could not be put back.
    pub fn sets_told(
        builder: &mut Builder,
        own: &Own,
        getter: &Getter<'_>,
        put: Put<'_>,
        changed: &'static str,
    ) -> Self {
        let mut accept = own.accept.clone();
        let allowed = accept.expected.take().map(|expected| expected.errnos).unwrap_or_default();
        accept.ignore.extend(allowed);
        let mut first = None;
        let value = Value {
            read: &mut |builder| {
                let (reading, result) = getter.read(builder, &accept);
                first.get_or_insert(result);
                reading
            },
            put,
            changed,
        };
        let mut sections = Self::sets_value(builder, own, value);
        if let Some(result) = first {
            sections.unless_untold(builder, own, result);
        }
        sections
    }

    /// Forward: the step's call only if the old value was told, and else the getter's error as its result.
    fn unless_untold(&mut self, builder: &mut Builder, own: &Own, result: Cell) {
        let is_own = |op: &Op| matches!(&op.action, Action::Call(call) if call.result == own.result);
        let Some(position) = self.forward.iter().position(is_own) else { return };
        let (told, untold) = (builder.succeeded(result), builder.guard(result, Relation::Less, 0));
        let zero = builder.constant(0);
        if let Some(op) = self.forward.get_mut(position) {
            op.guards.push(told);
        }
        let same = Action::Add { into: own.result, a: result, b: zero, negative: false };
        self.forward.insert(position, when([untold], same));
    }
}

/// Offsets and sizes of the numbers that memory is read and written in.
pub fn pieces(size: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let piece = [8, 4, 2, 1].into_iter().find(|piece| at + piece <= size)?;
        at += piece;
        Some((at - piece, piece))
    })
}

/// Loads memory into cells.
pub fn loads(builder: &mut Builder, buffer: BufferId, size: usize) -> (Vec<Op>, Vec<Cell>) {
    let load = |(offset, size): (usize, usize)| {
        let into = builder.unset();
        (always(Action::Load { into, buffer, offset, size, signed: false, swapped: false }), into)
    };
    pieces(size).map(load).unzip()
}

/// Puts cells that were loaded so back into memory.
pub fn stores(buffer: BufferId, cells: &[Cell], size: usize) -> Vec<Op> {
    let store = |((offset, size), from): ((usize, usize), &Cell)| {
        always(Action::Store { buffer, offset, size, signed: false, swapped: false, most: None, from: *from })
    };
    pieces(size).zip(cells).map(store).collect()
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn memory_is_read_whole_in_as_few_numbers_as_can_be() {
        assert_eq!(pieces(0).count(), 0);
        assert_eq!(pieces(4).collect::<Vec<_>>(), [(0, 4)]);
        assert_eq!(pieces(44).collect::<Vec<_>>(), [(0, 8), (8, 8), (16, 8), (24, 8), (32, 8), (40, 4)]);
        assert_eq!(pieces(15).collect::<Vec<_>>(), [(0, 8), (8, 4), (12, 2), (14, 1)]);
    }
}
