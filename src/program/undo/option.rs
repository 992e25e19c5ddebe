//! setsockopt(2).

use super::getter::{Getter, stores};
use super::value::{Reading, Value, guarded};
use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call, differ, whatever_comes};
use crate::program::{Action, Cell, Guard, Op};
use crate::syscalls::{SetBack, socket_option};

const CHANGED: &str = "the option is no longer what the step set";

/// A socket and an option of it.
#[derive(Clone, Copy)]
struct Place {
    fd: Cell,
    level: Cell,
    option: Cell,
}

impl Lowering<'_> {
    /// setsockopt(2) on a socket that outlives a rollback.
    pub fn setsockopt(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        let [fd, level, option, value, length] = *own.args else { return None };
        let known = (self.builder.known(level), self.builder.known(option));
        let found = if let (Some(level), Some(option)) = known { socket_option(level, option) } else { None };
        let Some(found) = found else {
            let why = "which option it sets is not known beforehand".to_owned();
            return Some(self.lasting(step, own, "program::not-undoable", why));
        };
        let place = Place { fd, level, option };
        let builder = &mut self.builder;
        Some(match found.back {
            SetBack::ToOld(_) => place.sets(builder, own, found.size, false),
            SetBack::SwitchedOn => place.sets(builder, own, found.size, true),
            SetBack::Buffer { option, forced } => {
                let plain = Place { option: builder.constant(option), ..place };
                plain.resizes(builder, own, forced)
            }
            SetBack::By(opposite) => {
                let mut sections = Sections::plain(own);
                let (other, done, made) = (builder.constant(opposite), builder.unset(), builder.succeeded(own.result));
                let back = call(builder, "setsockopt", vec![fd, level, other, value, length], done, "take back");
                sections.undo.push(when([made], gone_is_well(back)));
                sections
            }
            SetBack::Not(why) => self.lasting(step, own, "program::not-undoable", why.to_owned()),
        })
    }
}

/// The call, for which it is well if what it would take back is gone.
fn gone_is_well(mut action: Action) -> Action {
    if let Action::Call(call) = &mut action {
        call.accept.ignore = vec![libc::EADDRNOTAVAIL, libc::ENODEV, libc::ENOENT];
    }
    action
}

impl Place {
    fn args(self, value: Cell, length: Cell) -> Vec<Cell> {
        vec![self.fd, self.level, self.option, value, length]
    }

    /// Sets an option back to what getsockopt told before; one that says first whether it is on, perhaps by way of that.
    fn sets(self, builder: &mut Builder, own: &Own, size: usize, by_way_of_on: bool) -> Sections {
        let args = |_: &mut Builder, at: Cell, length: Cell| self.args(at, length);
        let getter = Getter { name: "getsockopt", args: &args, size, mask: u64::MAX };
        let put = &mut |builder: &mut Builder, old: &[Cell]| {
            let mut ops = Vec::new();
            if let (true, [old]) = (by_way_of_on, old) {
                let (rest, on, one) = (builder.unset(), builder.unset(), builder.constant(1));
                ops.push(always(Action::Bits { into: rest, from: *old, mask: !0 << 32, shift: 0 }));
                ops.push(always(Action::Add { into: on, a: rest, b: one, negative: false }));
                ops.extend(self.put(builder, &[on], size));
            }
            ops.extend(self.put(builder, old, size));
            ops
        };
        Sections::sets_told(builder, own, &getter, put, CHANGED)
    }

    fn put(self, builder: &mut Builder, value: &[Cell], size: usize) -> Vec<Op> {
        let (buffer, at) = builder.buffer(Vec::new(), size.max(8));
        let (length, done) = (builder.constant(size as u64), builder.unset());
        let mut ops = stores(buffer, value, size);
        ops.push(always(call(builder, "setsockopt", self.args(at, length), done, "put back")));
        ops
    }

    /// Reads an option that is an int, whether or not the socket has it.
    fn read_int(self, builder: &mut Builder) -> (Vec<Op>, Cell) {
        let (buffer, at) = builder.buffer(Vec::new(), 8);
        let (length, length_at) = builder.buffer(Vec::new(), 8);
        let (size, result, value) = (builder.constant(4), builder.unset(), builder.unset());
        let told = builder.guard(result, Relation::Equal, 0);
        let mut ops = stores(length, &[size], 4);
        ops.push(always(whatever_comes(call(
            builder,
            "getsockopt",
            self.args(at, length_at),
            result,
            "read the value",
        ))));
        let load = Action::Load { into: value, buffer, offset: 0, size: 4, signed: false, swapped: false };
        ops.push(when([told], load));
        (ops, value)
    }

    /// SO_SNDBUF and SO_RCVBUF: the kernel doubles what it is given, remembers that it was asked (SO_BUF_LOCK), and takes
    /// no more than `net.core.wmem_max` or `rmem_max` but by an option that needs privilege.
    fn resizes(self, builder: &mut Builder, own: &Own, forced: u64) -> Sections {
        const SO_BUF_LOCK: u64 = 72;
        let lock = Place { option: builder.constant(SO_BUF_LOCK), ..self };
        let forced = Place { option: builder.constant(forced), ..self };
        let value = Value {
            read: &mut |builder| {
                let (mut ops, size) = self.read_int(builder);
                let (more, locks) = lock.read_int(builder);
                ops.extend(more);
                Reading { ops, cells: vec![size, locks] }
            },
            put: &mut |builder, old| {
                let [size, locks] = *old else { return Vec::new() };
                let (half, two) = (builder.unset(), builder.constant(2));
                let mut ops = vec![always(Action::Divide { into: half, a: size, by: two, rest: false })];
                ops.extend(self.put(builder, &[half], 4));
                let (more, now) = self.read_int(builder);
                ops.extend(more);
                let less = differ(now, size);
                ops.extend(forced.put(builder, &[half], 4).into_iter().map(|op| guarded(op, &[less])));
                let known = Guard { left: locks, relation: Relation::Equal, right: locks };
                ops.extend(lock.put(builder, &[locks], 4).into_iter().map(|op| guarded(op, &[known])));
                ops
            },
            changed: CHANGED,
        };
        Sections::sets_value(builder, own, value)
    }
}
