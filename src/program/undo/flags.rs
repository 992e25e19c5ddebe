//! Values of descriptors and their descriptions that can be seen from outside: offsets, signals of a signalfd, flock(2).

use super::getter::{Put, stores};
use super::value::{Reading, Value, guarded};
use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call, whatever_comes};
use crate::program::{Action, Asked, Cell, Guard, Op};

impl Sections {
    /// Forward: fails before the step's call where descriptor `fd` is open and its old value could not be told.
    pub fn only_if_told(&mut self, builder: &mut Builder, own: &Own, fd: Cell, old: Cell) {
        let (known, flags, zero, one) =
            (builder.variable(0), builder.unset(), builder.constant(0), builder.constant(1));
        let told = Guard { left: old, relation: Relation::Equal, right: old };
        let untold = [builder.guard(known, Relation::Equal, 0), builder.succeeded(flags)];
        let checks = [
            when([told], Action::Add { into: known, a: one, b: zero, negative: false }),
            always(Action::DescriptorFlags { into: flags, fd }),
            when(
                untold,
                Action::Fail("what it would change can't be seen from outside, so that it could not be put back"),
            ),
        ];
        self.before_own(own, checks);
    }

    /// Forward: puts ops before the step's call.
    pub fn before_own(&mut self, own: &Own, ops: impl IntoIterator<Item = Op>) {
        let is_own = |op: &Op| matches!(&op.action, Action::Call(call) if call.result == own.result);
        let position = self.forward.iter().position(is_own).unwrap_or(self.forward.len());
        self.forward.splice(position..position, ops);
    }

    /// A call that sets what can be seen of descriptor `fd` from outside.
    fn sets_seen(builder: &mut Builder, own: &Own, fd: Cell, what: Asked, put: Put<'_>, changed: &'static str) -> Self {
        let mut old = None;
        let value = Value {
            read: &mut |builder| {
                let into = builder.unset();
                old.get_or_insert(into);
                Reading { ops: vec![always(Action::Ask { into, what })], cells: vec![into] }
            },
            put,
            changed,
        };
        let mut sections = Self::sets_value(builder, own, value);
        if let Some(old) = old {
            sections.only_if_told(builder, own, fd, old);
        }
        sections
    }
}

impl Lowering<'_> {
    /// lseek(2).
    pub fn lseek(&mut self, own: &Own, fd: Cell) -> Sections {
        let put = &mut |builder: &mut Builder, old: &[Cell]| {
            let (set, done) = (builder.constant(libc::SEEK_SET as u64), builder.unset());
            let args = [&[fd], old, &[set]].concat();
            vec![always(call(builder, "lseek", args, done, "put back"))]
        };
        let changed =
            "the file position is no longer what the step left: somebody else who has the open file has moved it";
        Sections::sets_seen(&mut self.builder, own, fd, Asked::Offset(fd), put, changed)
    }

    /// signalfd(2) and signalfd4(2).
    pub fn signalfd(&mut self, step: &Step, own: &Own, fd: Cell) -> Sections {
        if self.builder.known(fd).is_none() {
            let why = format!("whether this {} gives a descriptor is not known beforehand", step.syscall.name);
            return self.lasting(step, own, "program::not-undoable", why);
        }
        let put = &mut |builder: &mut Builder, old: &[Cell]| {
            let (buffer, at) = builder.buffer(Vec::new(), 8);
            let (size, none, done) = (builder.constant(8), builder.constant(0), builder.unset());
            let mut ops = stores(buffer, old, 8);
            ops.push(always(call(builder, "signalfd4", vec![fd, at, size, none], done, "put back")));
            ops
        };
        let changed = "the signals that the descriptor reads are no longer what the step left";
        Sections::sets_seen(&mut self.builder, own, fd, Asked::SignalMask(fd), put, changed)
    }

    /// flock(2). To change a lock is to drop it and to take another one, so that a call which fails has dropped it all the
    /// same.
    pub fn flock(&mut self, own: &Own, fd: Cell) -> Sections {
        let mut sections = Sections::default();
        let builder = &mut self.builder;
        let [old, left, now] = [(); 3].map(|()| builder.unset());
        let look = |into| always(Action::Ask { into, what: Asked::Flock(fd) });
        let made = Guard { left: own.result, relation: Relation::Equal, right: own.result };
        sections.forward = vec![look(old), always(own.op("as asked")), guarded(look(left), &[made])];
        sections.only_if_told(builder, own, fd, old);
        sections.undo.push(guarded(look(now), &[made]));
        let moved = sections.any_differs(builder, &[now], &[old], &[made]);
        let foreign = sections.any_differs(builder, &[now], &[left], &[made]);
        let changed = "the lock is no longer what the step left: somebody else who has the open file has changed it";
        sections.undo.push(when([moved, foreign], Action::Fail(changed)));
        let (operation, again, done) = (builder.unset(), builder.unset(), builder.unset());
        let at_once = builder.constant(libc::LOCK_NB as u64);
        let never_waits = |a, into| Action::Add { into, a, b: at_once, negative: false };
        sections.undo.push(when([moved], never_waits(old, operation)));
        let back = call(builder, "flock", vec![fd, operation], done, "put back");
        sections.undo.push(when([moved], whatever_comes(back)));
        let (refused, kept) = (builder.guard(done, Relation::Less, 0), builder.unset());
        // The one that it has has been dropped for the try.
        sections.undo.push(when([moved, refused], never_waits(now, again)));
        let retake = call(builder, "flock", vec![fd, again], kept, "take what it had again");
        sections.undo.push(when([moved, refused], whatever_comes(retake)));
        let why = "somebody else has a lock on the file, so that the old one could not be taken again";
        sections.undo.push(when([moved, refused], Action::Fail(why)));
        sections
    }
}
