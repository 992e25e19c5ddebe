//! madvise(2).

use super::pieces::Ranged;
use crate::plan::{Relation, Step};
use crate::program::builder::{Own, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call};
use crate::program::{Action, Aspect, Piece};

/// Advice that can be taken back: what it is about, and the advice that makes it 0 and 1.
const PAIRS: [(Aspect, i32, i32); 4] = [
    (Aspect::Undumped, libc::MADV_DODUMP, libc::MADV_DONTDUMP),
    (Aspect::Unforked, libc::MADV_DOFORK, libc::MADV_DONTFORK),
    (Aspect::Wiped, libc::MADV_KEEPONFORK, libc::MADV_WIPEONFORK),
    (Aspect::Mergeable, libc::MADV_UNMERGEABLE, libc::MADV_MERGEABLE),
];
const ORDERS: [i32; 3] = [libc::MADV_NORMAL, libc::MADV_RANDOM, libc::MADV_SEQUENTIAL];

impl Lowering<'_> {
    pub fn advice(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        if step.syscall.name != "madvise" {
            return None;
        }
        let (start, length, advice) = (own.arg("addr")?, own.arg("length")?, own.arg("advice")?);
        let known = self.builder.known(advice).map(|advice| advice as i32);
        let pair = PAIRS.iter().find(|(_, off, on)| known == Some(*off) || known == Some(*on));
        let order = ORDERS.iter().find(|order| known == Some(**order));
        let (aspect, sets, off, down) = match (pair, order) {
            (Some((aspect, off, on)), _) => (*aspect, u64::from(known == Some(*on)), *off, off > on),
            (None, Some(order)) => (Aspect::Order, *order as u64, libc::MADV_NORMAL, false),
            (None, None) => {
                let why = "which advice it is is not known beforehand, or there is none that takes it back".to_owned();
                return Some(self.lasting(step, own, "program::not-undoable", why));
            }
        };
        let old = self.builder.pieces(self.room(start, length));
        let sets = self.builder.constant(sets);
        let range = Ranged {
            aspect,
            start,
            length,
            sets,
            reads: false,
            put: &mut |builder, (start, length), was, guards| {
                let (off, back, done) = (builder.constant(off as u64), builder.unset(), builder.unset());
                // The two of a pair are neighbours.
                let advice = Action::Add { into: back, a: off, b: was, negative: down };
                let put = call(builder, "madvise", vec![start, length, back], done, "put back");
                vec![when(guards, advice), when(guards, put)]
            },
        };
        let special = self.builder.guard(sets, Relation::Equal, 1);
        let why = "memory of a device or of the kernel lies there, which takes no advice back";
        let refuse =
            |piece: &Piece| when([special, self.builder.guard(piece.value, Relation::Equal, 2)], Action::Fail(why));
        let checks = match aspect {
            Aspect::Undumped | Aspect::Unforked => old.iter().map(refuse).collect(),
            _ => Vec::new(),
        };
        Some(Sections::sets_range(&mut self.builder, own, &old, range, checks))
    }
}
