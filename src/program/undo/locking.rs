//! mlock(2), mlock2(2), munlock(2).

use super::pieces::Ranged;
use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call};
use crate::program::{Action, Aspect, Cell, Guard, Op};

const TRY: &str = "try what undo needs";

impl Lowering<'_> {
    pub fn locking(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        let name = step.syscall.name;
        if !matches!(name, "mlock" | "mlock2" | "munlock") {
            return None;
        }
        let (start, length) = (own.arg("addr")?, own.arg("len")?);
        let old = self.builder.pieces(self.room(start, length));
        let (zero, one, sets) = (self.builder.constant(0), self.builder.constant(1), self.builder.unset());
        // The limit may be below what is locked: then what is unlocked could not be locked again.
        let checks: Vec<Op> = match name {
            "munlock" => old
                .iter()
                .flat_map(|piece| lock(&mut self.builder, piece.start, piece.length, piece.value, &[], TRY))
                .collect(),
            _ => Vec::new(),
        };
        let range = Ranged {
            aspect: Aspect::Locked,
            start,
            length,
            sets,
            reads: false,
            put: &mut |builder, (start, length), was, guards| {
                let zero = builder.guard(was, Relation::Equal, 0);
                let done = builder.unset();
                let unlock = call(builder, "munlock", vec![start, length], done, "put back");
                let mut ops = lock(builder, start, length, was, guards, "put back");
                ops.push(when([guards, &[zero]].concat(), unlock));
                ops
            },
        };
        let mut sections = Sections::sets_range(&mut self.builder, own, &old, range, checks);
        let sum = match (name, own.arg("flags")) {
            ("munlock", _) => Action::Add { into: sets, a: zero, b: zero, negative: false },
            (_, flags) => Action::Add { into: sets, a: one, b: flags.unwrap_or(zero), negative: false },
        };
        sections.forward.insert(0, always(sum));
        Some(sections)
    }
}

/// Locks a piece that is or was locked (1), or locked as it is used (2).
fn lock(
    builder: &mut Builder,
    start: Cell,
    length: Cell,
    was: Cell,
    guards: &[Guard],
    purpose: &'static str,
) -> Vec<Op> {
    let as_used = builder.constant(libc::MLOCK_ONFAULT as u64);
    let (at_once, later) = (builder.guard(was, Relation::Equal, 1), builder.guard(was, Relation::Equal, 2));
    let done = builder.unset();
    vec![
        when([guards, &[at_once]].concat(), call(builder, "mlock", vec![start, length], done, purpose)),
        when([guards, &[later]].concat(), call(builder, "mlock2", vec![start, length, as_used], done, purpose)),
    ]
}
