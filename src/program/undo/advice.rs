//! madvise(2).

use super::pieces::Ranged;
use crate::plan::Step;
use crate::program::builder::{Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call};
use crate::program::{Action, Aspect};

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
            put: &mut |builder, (start, length), was, guards, purpose| {
                let (off, back, done) = (builder.constant(off as u64), builder.unset(), builder.unset());
                // The two of a pair are neighbours.
                let advice = Action::Add { into: back, a: off, b: was, negative: down };
                let put = call(builder, "madvise", vec![start, length, back], done, purpose);
                vec![when(guards, advice), when(guards, put)]
            },
        };
        Some(Sections::sets_range(&mut self.builder, own, &old, range, Vec::new()))
    }

    /// mlock, mlock2, munlock.
    pub fn locking(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        let name = step.syscall.name;
        if !matches!(name, "mlock" | "mlock2" | "munlock") {
            return None;
        }
        let (start, length) = (own.arg("addr")?, own.arg("len")?);
        let old = self.builder.pieces(self.room(start, length));
        let (zero, one, sets) = (self.builder.constant(0), self.builder.constant(1), self.builder.unset());
        let range = Ranged {
            aspect: Aspect::Locked,
            start,
            length,
            sets,
            reads: false,
            put: &mut |builder, (start, length), was, guards, purpose| {
                let as_used = builder.constant(libc::MLOCK_ONFAULT as u64);
                let calls: [(&str, &[_]); 3] = [("munlock", &[]), ("mlock", &[]), ("mlock2", &[as_used])];
                let put = |(was_so, (name, flags)): (usize, (&str, &[_]))| {
                    let alike = builder.guard(was, crate::plan::Relation::Equal, was_so as i64);
                    let args = [&[start, length], flags].concat();
                    let done = builder.unset();
                    when([guards, &[alike]].concat(), call(builder, name, args, done, purpose))
                };
                calls.into_iter().enumerate().map(put).collect()
            },
        };
        let mut sections = Sections::sets_range(&mut self.builder, own, &old, range, Vec::new());
        let sum = match (name, own.arg("flags")) {
            ("munlock", _) => Action::Add { into: sets, a: zero, b: zero, negative: false },
            (_, flags) => Action::Add { into: sets, a: one, b: flags.unwrap_or(zero), negative: false },
        };
        sections.forward.insert(0, always(sum));
        Some(sections)
    }
}
