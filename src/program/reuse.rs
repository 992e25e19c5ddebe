//! Memory that is used again by `{ref: …}`: the call that it was made for, or any since, may have changed its lengths and
//! pointers, so they are looked at once more before the kernel goes by them.

use super::builder::{always, when};
use super::lower::Lowering;
use super::{Action, BufferId, Cell, Guard, Op};
use crate::plan::{CaptureRef, Relation};
use crate::syscalls::layouts::pointers::{Length, holds_pointers, pointers};
use crate::syscalls::layouts::{Int, Shape, named};

const ADDRESS: Int = Int::plain(8, false);

impl Lowering<'_> {
    /// Checks, as the step runs, that memory still points where the plan made it point, and that no length in it is larger
    /// than what it is for. Whether it is memory in which that can be told; a problem if not.
    pub fn reuse(
        &mut self,
        reference: &CaptureRef,
        buffer: BufferId,
        due: Option<Shape>,
        stores: &mut Vec<Op>,
    ) -> bool {
        let Some(due) = due.filter(|due| holds_pointers(due.element)) else { return true };
        let Some(made) = self.builder.program.buffers.get(buffer.0 as usize) else { return false };
        if made.structure.is_none_or(|structure| structure.element != due.element) {
            self.no_capture(reference, &format!("was not made as {}, whose pointers the kernel follows", due.name()));
            return false;
        }
        let (size, known) = (made.len, made.pointers.clone());
        for pointing in pointers(due, size) {
            let to = known.iter().find(|(offset, _)| *offset == pointing.offset).map(|(_, to)| *to);
            self.points_as_made(buffer, pointing.offset, stores);
            if let Some(length) = pointing.length {
                self.not_grown(buffer, length, to, stores);
            }
            if let Some(to) = to
                && !self.reuse(reference, to, named(pointing.to), stores)
            {
                return false;
            }
        }
        true
    }

    fn points_as_made(&mut self, buffer: BufferId, offset: usize, stores: &mut Vec<Op>) {
        let made = self.put_there(buffer, offset, ADDRESS);
        let now = self.loaded(buffer, offset, ADDRESS, stores);
        let why = "memory that is used again no longer points to what the plan made it point to";
        let moved = Guard { left: now, relation: Relation::NotEqual, right: made };
        stores.push(when([moved], Action::Fail(why)));
    }

    /// A length is not larger than the memory that it is for; where that is not the plan's own, not larger than it was given.
    fn not_grown(&mut self, buffer: BufferId, length: Length, to: Option<BufferId>, stores: &mut Vec<Op>) {
        let room = to.and_then(|BufferId(id)| self.builder.program.buffers.get(id as usize)).map(|to| to.len);
        let most = match room {
            Some(room) => self.builder.constant((room / length.unit.max(1)) as u64),
            None => self.put_there(buffer, length.offset, length.int),
        };
        let now = self.loaded(buffer, length.offset, length.int, stores);
        let why = "a length in memory that is used again is larger by now than what it is for";
        let above = Guard { left: now, relation: Relation::Greater, right: most };
        let below = self.builder.guard(now, Relation::Less, 0);
        stores.extend([above, below].map(|guard| when([guard], Action::Fail(why))));
    }

    /// What the plan put into a place of memory.
    fn put_there(&mut self, buffer: BufferId, offset: usize, int: Int) -> Cell {
        if let Some(cell) = self.stored.get(&(buffer, offset)) {
            return *cell;
        }
        let bytes = self.builder.program.buffers.get(buffer.0 as usize).map_or(&[][..], |made| &made.bytes);
        let mut own = bytes.get(offset..).unwrap_or_default().to_vec();
        own.resize(int.size, 0);
        self.builder.constant(int.value(&own))
    }

    fn loaded(&mut self, buffer: BufferId, offset: usize, int: Int, stores: &mut Vec<Op>) -> Cell {
        let into = self.builder.unset();
        let Int { size, signed, swapped, .. } = int;
        stores.push(always(Action::Load { into, buffer, offset, size, signed, swapped }));
        into
    }
}
