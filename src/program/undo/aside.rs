//! Memory that is moved aside until commit: a munmap(2) that a later step may need done.

use crate::plan::Relation;
use crate::program::builder::{Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call, differ};
use crate::program::{Action, Aspect, Cell, Guard, Op, Piece};

const MOVE: u64 = (libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED) as u64;

impl Lowering<'_> {
    /// A munmap whose memory lies elsewhere until commit, each mapping by itself.
    pub fn moves_aside(&mut self, own: &Own, start: Cell, length: Cell) -> Sections {
        let room = self.room(start, length);
        let builder = &mut self.builder;
        let mut sections = Sections::default();
        sections.forward.push(always(Action::CanUnmap { start, length }));
        let alike = builder.pieces(room);
        sections.forward.push(always(Action::Survey { into: alike.clone(), aspect: Aspect::Fastened, start, length }));
        let why = "memory lies there that can't be moved aside for undo; `irreversible: true` does without";
        for piece in &alike {
            let fastened = builder.guard(piece.value, Relation::Equal, 1);
            sections.forward.push(when([fastened], Action::Fail(why)));
        }
        let pieces = builder.pieces(room);
        sections.forward.push(always(Action::Survey { into: pieces.clone(), aspect: Aspect::Sharing, start, length }));
        let at = sections.free_range(builder, length);
        let none = builder.guard(at, Relation::Equal, 0);
        sections.forward.push(when([none], Action::Fail("there is no free range to move the memory to for undo")));
        let mut back = Vec::new();
        for piece in pieces {
            back.push(self.moves_piece(&mut sections, piece, start, at));
        }
        sections.undo.extend(back);
        let builder = &mut self.builder;
        let (zero, left, done) = (builder.constant(0), builder.unset(), builder.unset());
        sections.forward.push(always(Action::Add { into: own.result, a: zero, b: zero, negative: false }));
        sections.commit.push(always(Action::Mapped { into: left, start: at, length }));
        let some = builder.guard(left, Relation::Greater, 0);
        let unmap = call(builder, "munmap", vec![at, length], done, "unmap what was moved aside");
        sections.commit.push(when([some], unmap));
        sections
    }

    /// Forward: moves a piece. Undo: looks where it is; what moves it back comes after all of these.
    fn moves_piece(&mut self, sections: &mut Sections, piece: Piece, start: Cell, at: Cell) -> Op {
        let builder = &mut self.builder;
        let there = builder.there(&piece);
        let (offset, to, done, flags) = (builder.unset(), builder.unset(), builder.unset(), builder.constant(MOVE));
        sections.forward.push(when([there], Action::Add { into: offset, a: piece.start, b: start, negative: true }));
        sections.forward.push(when([there], Action::Add { into: to, a: at, b: offset, negative: false }));
        let args = vec![piece.start, piece.length, piece.length, flags, to];
        sections.forward.push(when([there], call(builder, "mremap", args, done, "move aside")));
        let known = [there, builder.guard(to, Relation::Greater, 0)];
        let (aside, home) = (builder.unset(), builder.unset());
        sections.undo.push(when(known, Action::Mapped { into: aside, start: to, length: piece.length }));
        sections.undo.push(when(known, Action::Mapped { into: home, start: piece.start, length: piece.length }));
        let with = |more: &[Guard]| [&known[..], more].concat();
        let moved = builder.guard(aside, Relation::Greater, 0);
        let stayed = builder.guard(aside, Relation::Equal, 0);
        let taken = builder.guard(home, Relation::Greater, 0);
        let why = Action::Fail("something else is mapped by now where it was");
        sections.undo.push(when(with(&[moved, taken]), why));
        let lost = || Action::Fail("the memory that was moved aside is no longer there as a whole");
        sections.undo.push(when(with(&[moved, differ(aside, piece.length)]), lost()));
        sections.undo.push(when(with(&[stayed, differ(home, piece.length)]), lost()));
        let (args, done) = (vec![to, piece.length, piece.length, flags, piece.start], builder.unset());
        when(with(&[moved]), call(builder, "mremap", args, done, "move back"))
    }
}
