//! mprotect(2) and pkey_mprotect(2).

use super::pieces::Ranged;
use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call};
use crate::program::{Accept, Action, Aspect, Call, Cell, Op, Piece};

const ACCESS: u64 = (libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC) as u64;
/// They make the range larger.
const GROWS: u64 = (libc::PROT_GROWSDOWN | libc::PROT_GROWSUP) as u64;
/// `PR_GET_MDWE` of linux/prctl.h.
const GET_MDWE: u64 = 66;

impl Lowering<'_> {
    /// A protection key is left as it is, by both calls: the table refuses another than -1.
    pub fn protection(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        if !matches!(step.syscall.name, "mprotect" | "pkey_mprotect") {
            return None;
        }
        let (start, length, asked) = (own.arg("addr")?, own.arg("len")?, own.arg("prot")?);
        if own.arg("pkey").is_some_and(|key| self.builder.known(key).is_none()) {
            let why = "the key that pages had before is not put back, and `pkey` may be another than -1".to_owned();
            return Some(self.lasting(step, own, "program::not-undoable", why));
        }
        let old = self.builder.pieces(self.room(start, length));
        let sets = self.builder.unset();
        let checks = checks(&mut self.builder, asked, sets, &old);
        let range = Ranged {
            aspect: Aspect::Access,
            start,
            length,
            sets,
            // The personality of the process may make what is readable executable, too.
            reads: true,
            put: &mut |builder, (start, length), access, guards| {
                let done = builder.unset();
                vec![when(guards, call(builder, "mprotect", vec![start, length, access], done, "put back"))]
            },
        };
        let mut sections = Sections::sets_range(&mut self.builder, own, &old, range, checks);
        let access = Action::Bits { into: sets, from: asked, mask: ACCESS, shift: 0 };
        sections.forward.insert(0, always(access));
        Some(sections)
    }
}

/// What must hold before.
fn checks(builder: &mut Builder, asked: Cell, sets: Cell, old: &[Piece]) -> Vec<Op> {
    let grows = builder.unset();
    let mut ops = vec![always(Action::Bits { into: grows, from: asked, mask: GROWS, shift: 0 })];
    let more = Action::Fail("with PROT_GROWSDOWN or PROT_GROWSUP undo can't tell how much has changed");
    ops.push(when([builder.guard(grows, Relation::Greater, 0)], more));
    if builder.known(asked).is_none_or(|asked| asked & libc::PROT_EXEC as u64 == 0) {
        ops.extend(executable_again(builder, sets, old));
    }
    ops
}

/// What PR_SET_MDWE lets nobody make executable again is not taken that away.
fn executable_again(builder: &mut Builder, sets: Cell, old: &[Piece]) -> Vec<Op> {
    let (zero, one, taken, kept) = (builder.constant(0), builder.constant(1), builder.variable(0), builder.unset());
    let executable = |into, from| always(Action::Bits { into, from, mask: libc::PROT_EXEC as u64, shift: 2 });
    let mut ops = vec![executable(kept, sets)];
    for piece in old {
        let (was, done) = (builder.unset(), builder.unset());
        ops.push(executable(was, piece.value));
        let found = [builder.guard(was, Relation::Equal, 1), builder.guard(kept, Relation::Equal, 0)];
        ops.push(when(found, Action::Add { into: taken, a: zero, b: one, negative: false }));
        // A filter or a security module may forbid what undo needs, which changes nothing now.
        let args = vec![piece.start, piece.length, piece.value];
        ops.push(when(found, call(builder, "mprotect", args, done, "try what undo needs")));
    }
    let (option, denied) = (builder.constant(GET_MDWE), builder.unset());
    if let Action::Call(ask) = call(builder, "prctl", vec![option, zero, zero, zero, zero], denied, "ask") {
        // Kernels before 6.3 know nothing of it.
        let accept = Accept { ignore: vec![libc::EINVAL], ..Accept::default() };
        ops.push(when([builder.guard(taken, Relation::Equal, 1)], Action::Call(Call { accept, ..ask })));
    }
    let fail = Action::Fail("the process may not make memory executable again (PR_SET_MDWE)");
    ops.push(when([builder.guard(denied, Relation::Greater, 0)], fail));
    ops
}
