//! Record locks of fcntl(2).

use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call};
use crate::program::{Action, Asked, BufferId, Cell};

/// `struct flock` of x86_64: type and whence (2 bytes each), start at 8, length at 16.
const SIZE: usize = 32;
const FIELDS: [(usize, usize, bool); 3] = [(2, 2, true), (8, 8, true), (16, 8, true)];

impl Lowering<'_> {
    /// A lock is taken where there was none, and given back. What would change locks that are there is refused: others may
    /// wait for what it gives up.
    pub fn record_lock(&mut self, step: &Step, own: &Own, fd: Cell, lock: Option<BufferId>) -> Sections {
        let Some(lock) = lock else {
            let why = "the lock is given as an address, so that undo can't know it".to_owned();
            return self.lasting(step, own, "program::not-undoable", why);
        };
        let command = own.args.get(1).and_then(|cell| self.builder.known(*cell)).unwrap_or(0) as i32;
        let of_process = matches!(command, libc::F_SETLK | libc::F_SETLKW);
        let held = |fd| if of_process { Asked::PosixLocks(fd) } else { Asked::DescriptionLocks(fd) };
        let mut sections = Sections::default();
        if of_process {
            sections.no_keep_of(&mut self.builder, fd);
        }
        let builder = &mut self.builder;
        let (before, after) = (builder.unset(), builder.unset());
        let had = builder.guard(before, Relation::NotEqual, 0);
        let why = "there are locks on this file already, and what it would change of them can't be put back, for others may \
                   come to hold it; `irreversible: true` allows it";
        sections.forward.push(always(Action::Ask { into: before, what: held(fd) }));
        sections.forward.push(when([had], Action::Fail(why)));
        let fields = FIELDS.map(|(offset, size, signed)| {
            let into = builder.unset();
            let load = Action::Load { into, buffer: lock, offset, size, signed, swapped: false };
            sections.forward.push(always(load));
            into
        });
        sections.forward.push(always(own.op("as asked")));
        let made = builder.succeeded(own.result);
        sections.undo.push(when([made], Action::Ask { into: after, what: held(fd) }));
        let more = builder.guard(after, Relation::Greater, 1);
        let changed = "the locks of the open file are no longer what the step left";
        sections.undo.push(when([made, more], Action::Fail(changed)));
        let one = builder.guard(after, Relation::Equal, 1);
        let (buffer, at) = builder.buffer((libc::F_UNLCK as i16).to_le_bytes().to_vec(), SIZE);
        for ((offset, size, signed), from) in FIELDS.into_iter().zip(fields) {
            let store = Action::Store { buffer, offset, size, signed, swapped: false, most: None, from };
            sections.undo.push(when([made, one], store));
        }
        let at_once = builder.constant(if of_process { libc::F_SETLK } else { libc::F_OFD_SETLK } as u64);
        let done = builder.unset();
        sections
            .undo
            .push(when([made, one], call(builder, "fcntl", vec![fd, at_once, at], done, "give the lock back")));
        sections
    }
}

impl Sections {
    /// Forward: no duplicate that is kept for undo is of this file, for releasing it would drop the process's locks.
    fn no_keep_of(&mut self, builder: &mut Builder, fd: Cell) {
        for keep in builder.keeps.clone() {
            let (same, kept) = (builder.unset(), builder.succeeded(keep));
            self.forward.push(when([kept], Action::Ask { into: same, what: Asked::SameFile(fd, keep) }));
            let same = builder.guard(same, Relation::Equal, 1);
            let why = "criu-plan keeps a duplicate of this file for the undo of an earlier step, and the lock would go with it; \
                       take the lock first";
            self.forward.push(when([same], Action::Fail(why)));
        }
    }
}
