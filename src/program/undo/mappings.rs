//! Calls that make a mapping: mmap(2), shmat(2).

use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call, differ};
use crate::program::{Action, Aspect, Cell, Guard};

const PAGE: u64 = 4096;
/// With these the kernel would choose another place than we do.
const PLACED: i32 = libc::MAP_32BIT | libc::MAP_GROWSDOWN | libc::MAP_HUGETLB;
/// A range that is free for a segment, whose size only the kernel knows; it looks itself.
const SEGMENT: u64 = 1 << 30;

impl Lowering<'_> {
    /// mmap: what it maps is unmapped again.
    pub fn mapping(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        if step.syscall.name != "mmap" {
            return None;
        }
        let (address, length, flags) = (own.arg("addr")?, own.arg("length")?, own.arg("flags")?);
        let Some(flags) = self.builder.known(flags).map(|flags| flags as i32) else {
            let why = "its flags are not known beforehand, and MAP_FIXED replaces what is mapped there".to_owned();
            return Some(self.lasting(step, own, "program::not-undoable", why));
        };
        let mut sections = Sections::default();
        let builder = &mut self.builder;
        let fixed = flags & (libc::MAP_FIXED | libc::MAP_FIXED_NOREPLACE) != 0;
        let chosen = !fixed && flags & PLACED == 0 && builder.known(address) == Some(0);
        let at = if chosen { sections.free_range(builder, length) } else { address };
        if flags & (libc::MAP_FIXED | libc::MAP_FIXED_NOREPLACE) == libc::MAP_FIXED {
            let why = "something is mapped there already and would be gone for good: `irreversible: true` allows it, and MAP_FIXED_NOREPLACE never does it";
            sections.must_be_free(builder, at, length, &[], why);
        }
        sections.forward.push(always(own.with(replaced(own, "addr", at), "as asked")));
        let left = sections.left_at(builder, own, length);
        let length = sections.whole_pages(builder, length);
        let (base, there) = sections.found_at(builder, own, at, length, left);
        let done = builder.unset();
        sections.undo.push(when(there, call(builder, "munmap", vec![base, length], done, "unmap again")));
        Some(sections)
    }

    /// shmat: the segment is detached again.
    pub fn attaching(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        if step.syscall.name != "shmat" {
            return None;
        }
        let (address, flags) = (own.arg("shmaddr")?, own.arg("shmflg")?);
        if self.builder.known(flags).is_none_or(|flags| flags as i32 & libc::SHM_REMAP != 0) {
            let why = "with SHM_REMAP it replaces what is mapped there".to_owned();
            return Some(self.lasting(step, own, "program::not-undoable", why));
        }
        let mut sections = Sections::default();
        let builder = &mut self.builder;
        let room = builder.constant(SEGMENT);
        let chosen = builder.known(address) == Some(0);
        let at = if chosen { sections.free_range(builder, room) } else { address };
        sections.forward.push(always(own.with(replaced(own, "shmaddr", at), "as asked")));
        // Its first page stands for it.
        let page = builder.constant(PAGE);
        let left = sections.left_at(builder, own, page);
        let (base, there) = sections.found_at(builder, own, at, page, left);
        let done = builder.unset();
        sections.undo.push(when(there, call(builder, "shmdt", vec![base], done, "detach again")));
        Some(sections)
    }
}

/// The arguments of a call, with another one in the place of one.
pub fn replaced(own: &Own, parameter: &str, by: Cell) -> Vec<Cell> {
    let index = own.syscall.param(parameter);
    let args = own.args.iter().enumerate();
    args.map(|(at, arg)| if Some(at) == index { by } else { *arg }).collect()
}

impl Sections {
    /// Forward: a place that the kernel may put a mapping at, chosen by us so that a later recovery knows where it is.
    pub fn free_range(&mut self, builder: &mut Builder, length: Cell) -> Cell {
        let at = builder.unset();
        self.forward.push(always(Action::FreeRange { into: at, length }));
        at
    }

    /// Forward: fails where something is mapped.
    pub fn must_be_free(
        &mut self,
        builder: &mut Builder,
        start: Cell,
        length: Cell,
        guards: &[Guard],
        why: &'static str,
    ) {
        let mapped = builder.unset();
        self.forward.push(when(guards, Action::Mapped { into: mapped, start, length }));
        let taken = [guards, &[builder.guard(mapped, Relation::Greater, 0)]].concat();
        self.forward.push(when(taken, Action::Fail(why)));
    }

    /// Undo: a length as the kernel takes it.
    pub fn whole_pages(&mut self, builder: &mut Builder, length: Cell) -> Cell {
        if let Some(known) = builder.known(length) {
            return builder.constant(known.checked_next_multiple_of(PAGE).unwrap_or(known));
        }
        let (rest, sum, whole) = (builder.constant(PAGE - 1), builder.unset(), builder.unset());
        self.undo.push(always(Action::Add { into: sum, a: length, b: rest, negative: false }));
        self.undo.push(always(Action::Bits { into: whole, from: sum, mask: !(PAGE - 1), shift: 0 }));
        whole
    }

    /// Forward: what the call has mapped, at the address that it returned.
    fn left_at(&mut self, builder: &mut Builder, own: &Own, length: Cell) -> Cell {
        let (left, made) = (builder.piece(), builder.succeeded(own.result));
        let read = Action::Survey { into: vec![left], aspect: Aspect::Content, start: own.result, length };
        self.forward.push(when([made], read));
        left.value
    }

    /// Undo: where the mapping lies that the call made, `hint` if its result is not known but guessed as 0, and what says that it
    /// is still there. Fails if something else is.
    fn found_at(
        &mut self,
        builder: &mut Builder,
        own: &Own,
        hint: Cell,
        length: Cell,
        left: Cell,
    ) -> (Cell, Vec<Guard>) {
        let (zero, base, mapped) = (builder.constant(0), builder.unset(), builder.unset());
        let known = builder.guard(own.result, Relation::Greater, 0);
        let guessed = builder.guard(own.result, Relation::Equal, 0);
        self.undo.push(when([known], Action::Add { into: base, a: own.result, b: zero, negative: false }));
        self.undo.push(when([guessed], Action::Add { into: base, a: hint, b: zero, negative: false }));
        let made = builder.succeeded(own.result);
        self.undo.push(when([made], Action::Mapped { into: mapped, start: base, length }));
        let there = vec![made, builder.guard(mapped, Relation::Greater, 0)];
        let with = |guard: Guard| [&there[..], &[guard]].concat();
        let another = || Action::Fail("what is mapped there is no longer what the step mapped");
        self.undo.push(when(with(differ(mapped, length)), another()));
        let (now, rest) = (builder.piece(), builder.piece());
        let look = Action::Survey { into: vec![now, rest], aspect: Aspect::Content, start: base, length };
        self.undo.push(when(there.clone(), look));
        self.undo.push(when(with(differ(now.length, length)), another()));
        self.undo.push(when(with(differ(now.value, left)), another()));
        (base, there)
    }
}
