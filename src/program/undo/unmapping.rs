//! munmap(2) and shmdt(2): held back until commit, for what was in memory can't be made again.

use crate::plan::{Arg, Relation, Spanned, Step, Undo};
use crate::program::builder::{Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call, differ};
use crate::program::{Action, Aspect};
use crate::syscalls::Kind;
use crate::syscalls::memory::{self, Changes};

const PAGE: u64 = 4096;
/// A number below this is no address: nothing is mapped there (vm.mmap_min_addr).
const LOWEST: u64 = 65536;

impl Lowering<'_> {
    /// Nothing is done before commit, where nothing may fail: what would make it fail is looked for before.
    pub fn unmapping(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        let (start, length) = match step.syscall.name {
            "munmap" => (own.arg("addr")?, own.arg("length")?),
            // Its first page stands for the segment.
            "shmdt" => (own.arg("shmaddr")?, self.builder.constant(PAGE)),
            _ => return None,
        };
        let range = self.builder.known(start).zip(self.builder.known(length)).filter(|_| step.syscall.name == "munmap");
        if let Some(why) = self.cannot_wait(step, range) {
            let moves = step.syscall.name == "munmap" && step.returns.is_none() && step.ignore.is_empty();
            if moves {
                return Some(self.moves_aside(own, start, length));
            }
            return Some(self.lasting(step, own, "program::not-undoable", why));
        }
        let room = self.room(start, length);
        let mut sections = Sections::default();
        let builder = &mut self.builder;
        if step.syscall.name == "munmap" {
            sections.forward.push(always(Action::CanUnmap { start, length }));
            let pieces = builder.pieces(room);
            sections.forward.push(always(Action::Survey {
                into: pieces.clone(),
                aspect: Aspect::Access,
                start,
                length,
            }));
            for piece in &pieces {
                // What is sealed can't be unmapped, and refuses this, too, which changes nothing.
                let (there, done) = (builder.there(piece), builder.unset());
                let args = vec![piece.start, piece.length, piece.value];
                sections.forward.push(when([there], call(builder, "mprotect", args, done, "try whether it is sealed")));
            }
        } else {
            let (segment, one) = (builder.piece(), builder.constant(1));
            let look = Action::Survey { into: vec![segment], aspect: Aspect::Segment, start, length };
            sections.forward.push(always(look));
            let none = Action::Fail("no System V segment is attached at that address");
            sections.forward.push(when([differ(segment.value, one)], none));
        }
        // A recovery that goes on with the commit finds the result where it was made.
        let (zero, one, waits) = (builder.constant(0), builder.constant(1), builder.unset());
        let made = builder.succeeded(own.result);
        let waiting = builder.guard(waits, Relation::Equal, 1);
        sections.commit.push(always(Action::Add { into: waits, a: one, b: zero, negative: false }));
        sections.commit.push(when([made], Action::Add { into: waits, a: zero, b: zero, negative: false }));
        sections.commit.push(when([waiting], own.op("as asked, held back until all is done")));
        Some(sections)
    }

    /// Why a step can't wait until all others are done, if so: one of them may look at its memory.
    fn cannot_wait(&self, step: &Step, range: Option<(u64, u64)>) -> Option<String> {
        let name = step.syscall.name;
        if !step.captures.is_empty() || step.returns.is_some() || !step.ignore.is_empty() {
            return Some(format!(
                "what {name} takes away can't be made again, so it waits until all is done; with `capture`, `returns` or `ignore` it can't wait"
            ));
        }
        let later = self.later.iter().filter(|later| later.skip.is_none());
        let sees = later.filter(|later| looks_at(&later.step, range)).map(|later| later.index + 1).next()?;
        Some(format!(
            "what {name} takes away can't be made again, so it waits until all is done; but step {sees} may need it done"
        ))
    }
}

/// Whether a step may look at memory in a range; `None` is any.
fn looks_at(step: &Step, range: Option<(u64, u64)>) -> bool {
    let name = step.syscall.name;
    if matches!(name, "munmap" | "shmdt") && matches!(step.undo, Undo::Auto) && !step.irreversible {
        // It waits, too.
        return false;
    }
    let mut args = [0; 6];
    let mut unknown = false;
    for (index, (param, argument)) in step.syscall.params.iter().zip(&step.args).enumerate() {
        let memory = matches!(
            param.kind,
            Kind::Addr | Kind::In(_) | Kind::Out(_) | Kind::InOut(_) | Kind::Path | Kind::Text | Kind::Any
        );
        match argument {
            Some(Spanned { value: Arg::Number(number), .. }) if number.terms.is_empty() => {
                if let Some(slot) = args.get_mut(index) {
                    *slot = number.constant;
                }
                // An address whose length only the call knows.
                unknown |= memory && number.constant >= LOWEST && !matches!(param.kind, Kind::Addr);
            }
            Some(Spanned { value: Arg::Number(_), .. }) => unknown |= memory,
            // Addresses in it that are not those of memory of ours.
            Some(Spanned { value: Arg::Memory(inner), .. }) => {
                let addresses = matches!(param.kind.c_type(), Some(of) if of.contains("iovec") || of.contains("msghdr") || of.contains('*'));
                unknown |= addresses && inner.pointers.is_empty();
            }
            _ => {}
        }
    }
    let addresses = step.syscall.params.iter().any(|param| matches!(param.kind, Kind::Addr));
    // Where a mapping comes to lie may depend on what is there, also if it replaces nothing.
    let changes = match (name, args) {
        ("mmap", [0, ..]) => Changes::Nothing,
        ("mmap", [start, length, ..]) => Changes::Ranges(vec![(start, length)]),
        _ => memory::changes(name, &args),
    };
    match (changes, range) {
        _ if unknown => true,
        (Changes::Unknown, _) => true,
        (Changes::Ranges(ranges), Some((start, length))) => {
            let end = start.saturating_add(length).saturating_add(PAGE);
            ranges.iter().any(|(first, size)| *first < end && first.saturating_add(*size).saturating_add(PAGE) > start)
        }
        (Changes::Ranges(_), None) => true,
        // It looks at memory by an address, and how much of it is not known here.
        (Changes::Nothing, _) => {
            addresses && !matches!(name, "mmap" | "shmat") && args.iter().any(|arg| *arg >= LOWEST)
        }
    }
}
