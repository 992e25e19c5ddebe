//! What a call sets on a range of memory: read piece by piece before the call, and put back piece by piece.

use crate::plan::Relation;
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, differ};
use crate::program::{Action, Aspect, Cell, Guard, Op, Piece};

/// Pieces that are kept of a range that is known only as the plan runs.
const ROOM: usize = 8;
/// Pieces that are kept at most.
const MOST: usize = 1024;

/// What a call sets on a range.
pub struct Ranged<'a> {
    pub aspect: Aspect,
    pub start: Cell,
    pub length: Cell,
    /// What each page is like afterwards, in terms of the aspect.
    pub sets: Cell,
    /// The kernel may make something else of it: what it did is read.
    pub reads: bool,
    /// Makes a piece (begin, length) as it was.
    pub put: &'a mut Put<'a>,
}

/// Makes a piece (begin and length) like this, if the guards hold.
pub type Put<'a> = dyn FnMut(&mut Builder, (Cell, Cell), Cell, &[Guard]) -> Vec<Op> + 'a;

impl Lowering<'_> {
    /// How many pieces a range may consist of.
    pub fn room(&self, start: Cell, length: Cell) -> usize {
        let range = self.builder.known(start).zip(self.builder.known(length));
        let found = range.and_then(|(start, length)| self.facts.mappings(start, length));
        // Earlier steps may cut one in two.
        found.map_or(ROOM, |found| (found + 1).min(MOST))
    }
}

impl Builder {
    /// Cells for a piece.
    pub fn piece(&mut self) -> Piece {
        Piece { start: self.unset(), length: self.unset(), value: self.unset() }
    }

    /// Cells for so many pieces.
    pub fn pieces(&mut self, count: usize) -> Vec<Piece> {
        (0..count).map(|_| self.piece()).collect()
    }

    /// There is such a piece.
    pub fn there(&mut self, piece: &Piece) -> Guard {
        self.guard(piece.length, Relation::Greater, 0)
    }
}

impl Sections {
    /// A call that sets something on a range. `old` are the cells for its pieces, and `checks` what must hold of them.
    ///
    /// A call that fails may have had its effect on a part of the range, so undo goes by what it finds.
    pub fn sets_range(builder: &mut Builder, own: &Own, old: &[Piece], range: Ranged<'_>, checks: Vec<Op>) -> Self {
        let Ranged { aspect, start, length, sets, reads, put } = range;
        let mut sections = Self::default();
        sections.forward.push(always(Action::Survey { into: old.to_vec(), aspect, start, length }));
        sections.forward.extend(checks);
        sections.forward.push(always(own.op("as asked")));
        let made = builder.succeeded(own.result);
        let left = if reads {
            let (page, left) = (builder.constant(1), builder.piece());
            sections.forward.push(when([made], Action::Survey { into: vec![left], aspect, start, length: page }));
            left.value
        } else {
            sets
        };
        let mut puts = Vec::new();
        for piece in old {
            let there = builder.there(piece);
            // A call that failed half way has cut it in two.
            let (first, second, both) = (builder.piece(), builder.piece(), builder.unset());
            let now = vec![first, second];
            sections
                .undo
                .push(when([there], Action::Survey { into: now, aspect, start: piece.start, length: piece.length }));
            let sum = Action::Add { into: both, a: first.length, b: second.length, negative: false };
            sections.undo.push(when([there], sum));
            let gone = Action::Fail("a part of what was mapped there is mapped no longer");
            sections.undo.push(when([there, differ(both, piece.length)], gone));
            for part in &[first, second] {
                let changed = [there, builder.there(part), differ(part.value, piece.value)];
                let foreign = [&changed[..], &[made, differ(part.value, left)]].concat();
                let found = Action::Fail("the memory is no longer as the step left it");
                sections.undo.push(when(foreign, found));
                puts.extend(put(builder, (part.start, part.length), piece.value, &changed));
            }
        }
        sections.undo.extend(puts);
        sections
    }
}
