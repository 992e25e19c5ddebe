//! close_range(2): which descriptors it is about is known only as it runs, and those that criu-plan keeps are none of them.

use crate::plan::{Relation, Step, Undo};
use crate::problem::Problem;
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call, whatever_comes};
use crate::program::{Action, Cell, Guard, Op};

const CLOEXEC: u64 = libc::O_CLOEXEC as u64;

/// Close-on-exec is set and nothing is closed.
const MARKS: u64 = libc::CLOSE_RANGE_CLOEXEC as u64;

/// Beyond every descriptor.
const BEYOND: u64 = u32::MAX as u64;

/// What becomes of the descriptors that are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// Each is kept, to be put back.
    Kept,
    /// They are gone, but no record locks go with them.
    Locks,
    /// They are gone.
    Gone,
}

impl Lowering<'_> {
    /// Whether a step closes all descriptors of a range.
    pub fn closes_range(&self, step: &Step, own: &Own) -> bool {
        let flags = own.args.get(2).and_then(|flags| self.builder.known(*flags));
        step.syscall.name == "close_range" && flags.is_none_or(|flags| flags & MARKS == 0)
    }

    /// A close_range that the table's undo does not take back.
    pub fn close_range_for_good(&mut self, step: &Step, own: &Own) -> Sections {
        let own_undo = matches!(step.undo, Undo::Steps(_));
        let care = if own_undo && !step.irreversible { Care::Locks } else { Care::Gone };
        let sections = self.close_range(step, own, care).unwrap_or_else(|| Sections::lasting(own));
        Sections { irreversible: step.irreversible || !own_undo, ..sections }
    }

    /// A close_range under `undo`, which leaves alone what undo of other steps needs.
    pub fn close_range_on_undo(&mut self, step: &Step, own: &Own, drops_locks: bool) -> Vec<Op> {
        let care = if drops_locks { Care::Gone } else { Care::Locks };
        let begun = self.begun;
        // The step itself may have opened some as well, and what later ones did may last.
        self.begun += 1 + self.later.len();
        let sections = self.close_range(step, own, care);
        self.begun = begun;
        sections.unwrap_or_else(|| Sections::lasting(own)).forward
    }

    /// The descriptors of the range one by one: what has to be done about any is done before the first is closed.
    pub fn close_range(&mut self, step: &Step, own: &Own, care: Care) -> Option<Sections> {
        let [first, last, flags] = *own.args else { return None };
        let Some(flags_known) = self.builder.known(flags) else {
            let problem = Problem::error(
                "program::flags",
                "whether this close_range closes descriptors or marks them is not known beforehand",
            );
            self.problems.push(problem.help("give its flags as a constant").at(step.span, ""));
            return Some(Sections::lasting(own));
        };
        let marks = flags_known & MARKS != 0;
        let any = || care == Care::Gone && self.builder.keeps.is_empty();
        if care != Care::Kept && (marks || any()) {
            return Some(Sections::lasting(own));
        }
        // Each earlier step may have opened two.
        let count = self.open + 2 * self.begun;
        let builder = &mut self.builder;
        let mut sections = Sections { irreversible: care != Care::Kept, ..Sections::default() };
        let slots: Vec<Cell> = (0..count).map(|_| builder.unset()).collect();
        let [low, high] = [first, last].map(|cell| sections.unsigned(builder, cell));
        let orderly = Guard { left: low, relation: Relation::LessOrEqual, right: high };
        let apart = builder.keeps.clone();
        let list = Action::OpenDescriptors { into: slots.clone(), first: low, last: high, apart };
        sections.forward.push(when([orderly], list));
        if marks {
            sections.marks(builder, own, &slots);
        } else {
            sections.closes(builder, own, &slots, orderly, care);
        }
        Some(sections)
    }
}

impl Sections {
    fn unsigned(&mut self, builder: &mut Builder, from: Cell) -> Cell {
        let into = builder.unset();
        self.forward.push(always(Action::Bits { into, from, mask: BEYOND, shift: 0 }));
        into
    }

    fn closes(&mut self, builder: &mut Builder, own: &Own, slots: &[Cell], orderly: Guard, care: Care) {
        let (mut closes, mut kept) = (Vec::new(), Vec::new());
        for fd in slots {
            let (open, closed) = (builder.succeeded(*fd), builder.unset());
            match care {
                Care::Kept => {
                    kept.push((*fd, self.keep(builder, *fd, &[open]), closed));
                }
                Care::Locks => {
                    self.no_locks_on(builder, *fd, &[open]);
                }
                Care::Gone => {}
            }
            let close = call(builder, "close", vec![*fd], closed, "close one of the range");
            closes.push(when([open], whatever_comes(close)));
        }
        let beyond = builder.constant(BEYOND);
        let flags = own.args.get(2).copied().unwrap_or(beyond);
        let disorderly = Guard { relation: Relation::Greater, ..orderly };
        self.forward.push(when([disorderly], own.op("as asked")));
        let nothing = own.with(vec![beyond, beyond, flags], "as asked, but for what is closed one by one");
        self.forward.push(when([orderly], nothing));
        self.forward.extend(closes);
        let reopened = kept.into_iter().map(|(fd, kept, closed)| self.reopen(builder, fd, kept, closed));
        // One that can't be put back keeps no other from it.
        let failures: Vec<_> = reopened.flatten().collect();
        self.undo.extend(failures);
    }

    fn marks(&mut self, builder: &mut Builder, own: &Own, slots: &[Cell]) {
        for fd in slots {
            let open = builder.succeeded(*fd);
            let (ops, was) = flag(builder, *fd, &[open]);
            self.forward.extend(ops);
            let bare = builder.guard(was, Relation::Equal, 0);
            let (ops, now) = flag(builder, *fd, &[bare]);
            self.undo.extend(ops);
            let marked = builder.guard(now, Relation::NotEqual, 0);
            let (set, zero, done) = (builder.constant(libc::F_SETFD as u64), builder.constant(0), builder.unset());
            let clear = call(builder, "fcntl", vec![*fd, set, zero], done, "put back");
            self.undo.push(when([bare, marked], clear));
        }
        self.forward.push(always(own.op("as asked")));
    }
}

/// Looks at close-on-exec of a descriptor: the ops, and a cell that is not 0 if it is set, and unset if it is closed.
fn flag(builder: &mut Builder, fd: Cell, guards: &[Guard]) -> (Vec<Op>, Cell) {
    let (all, bit) = (builder.unset(), builder.unset());
    let look = when(guards, Action::DescriptorFlags { into: all, fd });
    let open = [guards, &[builder.succeeded(all)]].concat();
    (vec![look, when(open, Action::Bits { into: bit, from: all, mask: CLOEXEC, shift: 0 })], bit)
}
