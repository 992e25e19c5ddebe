//! timerfd_settime(2).

use super::value::guarded;
use crate::plan::Relation;
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call, differ};
use crate::program::{Action, Asked, Cell, Guard, Op};

/// How far two readings of one timer may lie apart, in nanoseconds, on a machine that is busy.
const APART: i64 = 10_000_000;
/// `TFD_IOC_SET_TICKS` of linux/timerfd.h.
const SET_TICKS: u64 = 0x4008_5400;

/// A timer as it is at one time.
struct Timer {
    due: Cell,
    interval: Cell,
    ticks: Cell,
    clock: Cell,
    flags: Cell,
}

impl Timer {
    fn read(builder: &mut Builder, fd: Cell) -> (Vec<Op>, Self) {
        let [due, interval, ticks, clock, flags] = [(); 5].map(|()| builder.unset());
        let asked = [
            (due, Asked::TimerDue(fd)),
            (interval, Asked::TimerInterval(fd)),
            (ticks, Asked::TimerTicks(fd)),
            (clock, Asked::TimerClock(fd)),
            (flags, Asked::TimerFlags(fd)),
        ];
        let ops = asked.map(|(into, what)| always(Action::Ask { into, what })).into();
        (ops, Self { due, interval, ticks, clock, flags })
    }
}

impl Lowering<'_> {
    /// The timer is started again so that it expires when it would have.
    pub fn timerfd_settime(&mut self, own: &Own, fd: Cell) -> Sections {
        let builder = &mut self.builder;
        let mut sections = Sections::default();
        let (ops, old) = Timer::read(builder, fd);
        sections.forward = ops;
        sections.forward.push(always(own.op("as asked")));
        sections.only_if_told(builder, own, fd, old.due);
        let made = builder.succeeded(own.result);
        let (ops, left) = Timer::read(builder, fd);
        sections.forward.extend(ops.into_iter().map(|op| guarded(op, &[made])));
        let (ops, now) = Timer::read(builder, fd);
        sections.undo.extend(ops.into_iter().map(|op| guarded(op, &[made])));
        let moved = sections.is_other(builder, &now, &old, &[made]);
        // One that has expired since has stopped by itself.
        let runs = builder.guard(now.due, Relation::NotEqual, 0);
        let foreign = sections.is_other(builder, &now, &left, &[made, runs]);
        sections.undo.push(when([moved, foreign], Action::Fail("the timer is no longer what the step set")));
        // One that did not run has expired by the step only.
        let (zero, one) = (builder.constant(0), builder.constant(1));
        let rested = builder.guard(old.due, Relation::Equal, 0);
        let expired = differ(now.ticks, old.ticks);
        sections.undo.push(when([made, rested, expired], add(moved.left, one, zero, false)));
        let put = start_again(builder, fd, &old);
        sections.undo.extend(put.into_iter().map(|op| guarded(op, &[moved])));
        sections
    }
}

impl Sections {
    /// Undo: what says that a timer is set otherwise. One that repeats goes on by whole intervals.
    fn is_other(&mut self, builder: &mut Builder, now: &Timer, then: &Timer, guards: &[Guard]) -> Guard {
        let other = self.any_differs(builder, &[now.interval, now.flags], &[then.interval, then.flags], guards);
        let (zero, one) = (builder.constant(0), builder.constant(1));
        let apart = builder.constant(APART as u64);
        let [between, shifted, phase] = [(); 3].map(|()| builder.unset());
        let set = |cell| Guard { left: cell, relation: Relation::Equal, right: cell };
        let known = [guards, &[set(now.due), set(then.due)]].concat();
        self.undo.push(when(known, add(between, now.due, then.due, true)));
        self.undo.push(when([set(between)], add(shifted, between, apart, false)));
        let before = builder.guard(shifted, Relation::Less, 0);
        let counted = builder.succeeded(shifted);
        self.undo.push(when([counted], add(phase, shifted, zero, false)));
        let repeats = builder.guard(now.interval, Relation::Greater, 0);
        self.undo
            .push(when([counted, repeats], Action::Divide { into: phase, a: shifted, by: now.interval, rest: true }));
        let far = builder.guard(phase, Relation::Greater, 2 * APART);
        for guard in [before, far] {
            self.undo.push(when([guard], add(other.left, one, zero, false)));
        }
        other
    }
}

fn add(into: Cell, a: Cell, b: Cell, negative: bool) -> Action {
    Action::Add { into, a, b, negative }
}

/// Starts a timer as it was, or stops it.
fn start_again(builder: &mut Builder, fd: Cell, old: &Timer) -> Vec<Op> {
    let second = builder.constant(1_000_000_000);
    let (zero, one, base) = (builder.constant(0), builder.constant(1), builder.unset());
    let left = builder.unset();
    let (buffer, at) = builder.buffer(Vec::new(), 32);
    let (count, count_at) = builder.buffer(Vec::new(), 8);
    let relative = builder.guard(old.flags, Relation::Equal, 0);
    let store = |buffer, offset, from| {
        always(Action::Store { buffer, offset, size: 8, signed: false, swapped: false, most: None, from })
    };
    let mut ops = vec![
        always(add(base, zero, zero, false)),
        when([relative], Action::Ask { into: base, what: Asked::Now(old.clock) }),
        always(add(left, old.due, base, true)),
    ];
    let late = builder.guard(left, Relation::Less, 1);
    let stopped = builder.guard(old.due, Relation::Equal, 0);
    // What is due already expires at once.
    ops.push(when([late], add(left, one, zero, false)));
    ops.push(when([stopped], add(left, zero, zero, false)));
    for (offset, time) in [(0, old.interval), (16, left)] {
        for (offset, rest) in [(offset, false), (offset + 8, true)] {
            let part = builder.unset();
            ops.push(always(Action::Divide { into: part, a: time, by: second, rest }));
            ops.push(store(buffer, offset, part));
        }
    }
    let (none, done) = (builder.constant(0), builder.unset());
    ops.push(always(call(builder, "timerfd_settime", vec![fd, old.flags, at, none], done, "start it as it was")));
    let unread = builder.guard(old.ticks, Relation::Greater, 0);
    let (request, counted) = (builder.constant(SET_TICKS), builder.unset());
    ops.push(guarded(store(count, 0, old.ticks), &[unread]));
    ops.push(when(
        [unread],
        call(builder, "ioctl", vec![fd, request, count_at], counted, "put unread expirations back"),
    ));
    ops
}
