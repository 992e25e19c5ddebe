//! Calls that make memory larger or smaller, or move it: mremap(2), brk(2).

use super::mappings::replaced;
use crate::plan::{Relation, Step};
use crate::program::builder::{Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call, differ};
use crate::program::{Accept, Action, Call, Cell, Guard};

const SHRINKS: &str = "the memory that it cuts off would be gone for good; `irreversible: true` allows it";
/// `MREMAP_DONTUNMAP` of linux/mman.h.
const DONTUNMAP: i32 = 4;

impl Lowering<'_> {
    /// mremap: what has grown is cut off again, and what was moved is moved back.
    pub fn moving(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        if step.syscall.name != "mremap" {
            return None;
        }
        let (address, size, new_size) = (own.arg("old_address")?, own.arg("old_size")?, own.arg("new_size")?);
        let flags = self.builder.known(own.arg("flags")?).map(|flags| flags as i32);
        let sizes = self.builder.known(size).zip(self.builder.known(new_size));
        let (Some(flags), false) = (flags, sizes.is_some_and(|(old, new)| new < old || old == 0)) else {
            let why =
                "the memory that it cuts off is gone for good, or what it does is not known beforehand".to_owned();
            return Some(self.lasting(step, own, "program::not-undoable", why));
        };
        if flags & DONTUNMAP != 0 {
            let why = "with MREMAP_DONTUNMAP what comes to be in the old place would be gone on undo".to_owned();
            return Some(self.lasting(step, own, "program::not-undoable", why));
        }
        let mut sections = Sections::default();
        let builder = &mut self.builder;
        let shrinks = Guard { left: new_size, relation: Relation::Less, right: size };
        sections.forward.push(when([shrinks], Action::Fail(SHRINKS)));
        let doubles = builder.guard(size, Relation::Equal, 0);
        sections
            .forward
            .push(when([doubles], Action::Fail("with an `old_size` of 0 nothing is moved, but mapped twice")));
        let (tried, at) = if flags & libc::MREMAP_FIXED != 0 {
            let at = own.arg("new_address")?;
            let why = "something is mapped there already and would be gone for good; `irreversible: true` allows it";
            sections.must_be_free(builder, at, new_size, &[], why);
            sections.forward.push(always(own.op("as asked")));
            (None, at)
        } else if flags & libc::MREMAP_MAYMOVE != 0 && own.accept == Accept::default() {
            let (tried, at) = self.grow(&mut sections, own, address, [size, new_size]);
            (Some(tried), at)
        } else {
            sections.forward.push(always(own.op("as asked")));
            (None, address)
        };
        self.move_back(&mut sections, own, address, [size, new_size], tried, at);
        Some(sections)
    }

    /// In place if there is room, else to a place that we choose, so that a later recovery knows it. The result of the try, and
    /// that place.
    fn grow(&mut self, sections: &mut Sections, own: &Own, address: Cell, [size, new_size]: [Cell; 2]) -> (Cell, Cell) {
        let builder = &mut self.builder;
        let (zero, tried, at) = (builder.constant(0), builder.unset(), builder.unset());
        let here = call(builder, "mremap", vec![address, size, new_size, zero], tried, "as asked, where it is");
        if let Action::Call(here) = here {
            let accept = Accept { ignore: vec![libc::ENOMEM], ..Accept::default() };
            sections.forward.push(always(Action::Call(Call { accept, ..here })));
        }
        let (grown, full) = (builder.succeeded(tried), builder.guard(tried, Relation::Less, 0));
        sections.forward.push(when([grown], Action::Add { into: own.result, a: tried, b: zero, negative: false }));
        sections.forward.push(when([full], Action::FreeRange { into: at, length: new_size }));
        let flags = builder.constant((libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED) as u64);
        let moves = Own { args: replaced(own, "flags", flags), ..own.clone() };
        let moves = moves.with(replaced(&moves, "new_address", at), "as asked, elsewhere");
        // Without a free range there the kernel would go by address 0.
        let found = builder.guard(at, Relation::Greater, 0);
        let none = builder.guard(at, Relation::Equal, 0);
        sections.forward.push(when([full, none], Action::Fail("there is no free range of that length")));
        sections.forward.push(when([full, found], moves));
        (tried, at)
    }

    /// Undo: the memory lies at `address` if it was grown there, else where the call says, or at `at` if its result is guessed.
    fn move_back(
        &mut self,
        sections: &mut Sections,
        own: &Own,
        address: Cell,
        [size, new_size]: [Cell; 2],
        tried: Option<Cell>,
        at: Cell,
    ) {
        let (old, new) =
            (sections.whole_pages(&mut self.builder, size), sections.whole_pages(&mut self.builder, new_size));
        let builder = &mut self.builder;
        let (zero, base) = (builder.constant(0), builder.unset());
        let known = builder.guard(own.result, Relation::Greater, 0);
        let guessed = builder.guard(own.result, Relation::Equal, 0);
        let is = |from| Action::Add { into: base, a: from, b: zero, negative: false };
        let grown = tried.map(|tried| builder.succeeded(tried));
        sections.undo.extend(grown.map(|grown| when([grown], is(address))));
        sections.undo.push(when([guessed], is(at)));
        sections.undo.push(when([known], is(own.result)));
        // Grown in place: the tail is what is new.
        let stayed = Guard { left: base, relation: Relation::Equal, right: address };
        let (tail, more, there) = (builder.unset(), builder.unset(), builder.unset());
        let more_than = builder.guard(more, Relation::Greater, 0);
        sections.undo.push(when([stayed], Action::Add { into: tail, a: address, b: old, negative: false }));
        sections.undo.push(when([stayed], Action::Add { into: more, a: new, b: old, negative: true }));
        sections.undo.push(when([stayed, more_than], Action::Mapped { into: there, start: tail, length: more }));
        let some = builder.guard(there, Relation::Greater, 0);
        let another = || Action::Fail("what is mapped there is no longer what the step left");
        sections.undo.push(when([stayed, some, differ(there, more)], another()));
        let (flags, done) = (builder.constant(0), builder.unset());
        let cut = call(builder, "mremap", vec![address, new, old, flags], done, "cut off again");
        sections.undo.push(when([stayed, some], cut));
        // Moved.
        let moved = [differ(base, address)];
        let (there, home) = (builder.unset(), builder.unset());
        sections.undo.push(when(moved, Action::Mapped { into: there, start: base, length: new }));
        sections.undo.push(when(moved, Action::Mapped { into: home, start: address, length: old }));
        let some = builder.guard(there, Relation::Greater, 0);
        sections.undo.push(when([moved[0], some, differ(there, new)], another()));
        let taken = builder.guard(home, Relation::Greater, 0);
        let why = Action::Fail("something else is mapped by now where it was");
        sections.undo.push(when([moved[0], some, taken], why));
        let gone = builder.guard(there, Relation::Equal, 0);
        sections.undo.push(when([moved[0], gone, differ(home, old)], another()));
        let flags = builder.constant((libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED) as u64);
        let done = builder.unset();
        let back = call(builder, "mremap", vec![base, new, old, flags, address], done, "move back");
        sections.undo.push(when([moved[0], some], back));
    }

    /// brk: the heap ends where it did. The call has no error: it returns the end, be it another or not.
    pub fn heap(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        if step.syscall.name != "brk" {
            return None;
        }
        let asked = own.arg("addr")?;
        let mut sections = Sections::default();
        let builder = &mut self.builder;
        let (zero, was, now, end) = (builder.constant(0), builder.unset(), builder.unset(), builder.unset());
        sections.forward.push(always(call(builder, "brk", vec![zero], was, "ask")));
        let below =
            [builder.guard(asked, Relation::Greater, 0), Guard { left: asked, relation: Relation::Less, right: was }];
        sections.forward.push(when(below, Action::Fail(SHRINKS)));
        sections.forward.push(always(own.op("as asked")));
        if own.accept == Accept::default() {
            let wanted = builder.guard(asked, Relation::Greater, 0);
            let why = Action::Fail("the heap can't end there: a limit or another mapping is in the way");
            sections.forward.push(when([wanted, differ(own.result, asked)], why));
        }
        let made = builder.succeeded(own.result);
        sections.undo.push(when([made], call(builder, "brk", vec![zero], now, "ask")));
        let moved = [made, differ(now, was)];
        // A guess says nothing of where the end has come to.
        let known = builder.guard(own.result, Relation::Greater, 0);
        let foreign = [moved[0], moved[1], known, differ(now, own.result)];
        let unknown = [moved[0], moved[1], builder.guard(own.result, Relation::Equal, 0), differ(now, asked)];
        let another = || Action::Fail("the heap no longer ends where the step put it");
        sections.undo.push(when(foreign, another()));
        sections.undo.push(when(unknown, another()));
        sections.undo.push(when(moved, call(builder, "brk", vec![was], end, "put back")));
        let stuck = [moved[0], moved[1], differ(end, was)];
        sections.undo.push(when(stuck, Action::Fail("the heap could not be put back")));
        Some(sections)
    }
}
