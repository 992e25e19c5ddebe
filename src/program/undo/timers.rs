//! Timers: one that is put back goes off when it would have.

use super::reading::{Getter, asked, gone_over, int, laid_out, put_back, reckoned, words};
use super::value::{Reading, guarded};
use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::Sections;
use crate::program::reckoning::Reckoning;
use crate::program::{Action, Asked, BufferId, Cell, Op};

/// Seconds and units between alarms, and until the next.
const WORDS: usize = 4;
const MICROSECONDS: u64 = 1_000_000;
const NANOSECONDS: u64 = 1_000_000_000;

/// A timer that a call sets.
struct Timer<'a> {
    getter: Getter<'a>,
    /// How it is put back: the call, and its arguments but for the address of the value.
    put: (&'static str, Vec<Cell>, usize),
    units: u64,
    /// Whether it runs on while the process stands.
    runs: Cell,
    /// The signal that it sends; 0 if none, or if it is not known.
    signal: Cell,
}

impl Lowering<'_> {
    /// setitimer, alarm, timer_create, timer_settime.
    pub fn timers(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Option<Sections> {
        match step.syscall.name {
            "setitimer" => {
                let which = own.arg("which")?;
                self.interval_timer(own, which)
            }
            "alarm" => {
                const ITIMER_REAL: u64 = 0;
                let which = self.builder.constant(ITIMER_REAL);
                self.interval_timer(own, which)
            }
            "timer_settime" => self.timer(own),
            "timer_create" => {
                let Some(id) = self.memory_for(step, buffers, "timerid") else {
                    return Some(self.unforeseeable(step, own, "timerid"));
                };
                Some(Sections::gives_timer(&mut self.builder, own, id))
            }
            _ => None,
        }
    }

    fn interval_timer(&mut self, own: &Own, which: Cell) -> Option<Sections> {
        const SIGNALS: [i32; 3] = [libc::SIGALRM, libc::SIGVTALRM, libc::SIGPROF];
        let none = self.builder.constant(0);
        let (runs, signal) = (self.builder.variable(0), self.builder.variable(0));
        let one = self.builder.constant(1);
        let mut prepare = Vec::new();
        for (timer, number) in SIGNALS.iter().enumerate() {
            let this = self.builder.guard(which, Relation::Equal, timer as i64);
            let number = self.builder.constant(*number as u64);
            prepare.push(when([this], Action::Add { into: signal, a: number, b: none, negative: false }));
        }
        // The two others run by processor time.
        let real = self.builder.guard(which, Relation::Equal, 0);
        prepare.push(when([real], Action::Add { into: runs, a: one, b: none, negative: false }));
        let fields = words(WORDS);
        let timer = Timer {
            getter: Getter { call: "getitimer", args: vec![which], fills: Some((1, &fields)), ignore: gone_over(own) },
            put: ("setitimer", vec![which, none], 1),
            units: MICROSECONDS,
            runs,
            signal,
        };
        Some(Sections::sets_timer(&mut self.builder, own, prepare, &timer))
    }

    fn timer(&mut self, own: &Own) -> Option<Sections> {
        let (id, none) = (own.arg("timerid")?, self.builder.constant(0));
        let mut prepare = Vec::new();
        // Where the kernel does not tell, it is one of the world's clocks, as nearly all are.
        let runs = self.builder.variable(1);
        prepare.push(always(Action::Ask { into: runs, what: Asked::PosixTimerClock(id) }));
        let signal = self.builder.variable(0);
        prepare.push(always(Action::Ask { into: signal, what: Asked::PosixTimerSignal(id) }));
        let fields = words(WORDS);
        let timer = Timer {
            getter: Getter { call: "timer_gettime", args: vec![id], fills: Some((1, &fields)), ignore: gone_over(own) },
            put: ("timer_settime", vec![id, none, none], 2),
            units: NANOSECONDS,
            runs,
            signal,
        };
        Some(Sections::sets_timer(&mut self.builder, own, prepare, &timer))
    }
}

impl Sections {
    /// A call that makes a timer, whose number it puts into memory.
    fn gives_timer(builder: &mut Builder, own: &Own, memory: BufferId) -> Self {
        let mut sections = Self::plain(own);
        let made = builder.succeeded(own.result);
        // Read at once: later the memory may hold something else.
        let (load, id) = int(0).load(builder, memory);
        sections.forward.push(when([made], load));
        let (known, one, none) = (builder.variable(0), builder.constant(1), builder.constant(0));
        let has_number = builder.succeeded(id);
        let done = builder.unset();
        // It is gone already where undo is run once more.
        let remove = Getter { call: "timer_delete", args: vec![id], fills: None, ignore: vec![libc::EINVAL] };
        sections.undo.push(when([made, has_number], remove.ask(remove.args.clone(), done, "remove again")));
        sections.undo.push(when([has_number], Action::Add { into: known, a: one, b: none, negative: false }));
        let unknown = builder.guard(known, Relation::Equal, 0);
        let why = "the number of the timer that it made is not known; it does nothing as long as nobody sets it";
        sections.undo.push(when([made, unknown], Action::Fail(why)));
        sections
    }

    /// A call that sets a timer. What it has still to run is another each time that it is read, so only its interval tells
    /// whose it is, and putting back is done in any case: it leads to the same moment however often it is done.
    fn sets_timer(builder: &mut Builder, own: &Own, prepare: Vec<Op>, timer: &Timer<'_>) -> Self {
        let mut sections = Self { forward: prepare, ..Self::default() };
        let then = asked(builder, Asked::Clock, &mut sections.forward);
        let waited = waits(builder, timer.signal, &mut sections.forward);
        let Reading { ops, cells: old } = timer.getter.read(builder);
        sections.forward.extend(ops);
        sections.forward.push(always(own.op("as asked")));
        let made = builder.succeeded(own.result);
        let left = timer.getter.read(builder);
        sections.forward.extend(left.ops.into_iter().map(|op| guarded(op, &[made])));
        let now = timer.getter.read(builder);
        sections.undo.extend(now.ops.into_iter().map(|op| guarded(op, &[made])));
        let interval = |cells: &[Cell]| cells.get(1..3).unwrap_or_default().to_vec();
        let (old_interval, left_interval, now) = (interval(&old), interval(&left.cells), interval(&now.cells));
        let moved = sections.any_differs(builder, &now, &old_interval, &[made]);
        let foreign = sections.any_differs(builder, &now, &left_interval, &[made]);
        let changed = "the interval of the timer is no longer what the step set";
        sections.undo.push(when([moved, foreign], Action::Fail(changed)));
        // It may have gone off by now. Standing still it can do so no more before the old one is back.
        let mut ops = timer.stop(builder);
        let waits = waits(builder, timer.signal, &mut ops);
        let (waited_not, waits) = (builder.guard(waited, Relation::Equal, 0), builder.guard(waits, Relation::Equal, 1));
        let taken = take_back(builder, timer.signal);
        ops.extend(taken.into_iter().map(|op| guarded(op, &[waited_not, waits])));
        ops.extend(timer.put_back(builder, &old, then));
        sections.undo.extend(ops.into_iter().map(|op| guarded(op, &[made])));
        sections
    }
}

impl Timer<'_> {
    fn set(&self, builder: &mut Builder, value: [Cell; WORDS], ops: &mut Vec<Op>) {
        let address = laid_out(builder, &words(WORDS), &value, ops);
        let (name, args, at) = &self.put;
        let mut args = args.clone();
        args.insert(*at, address);
        ops.push(always(put_back(builder, name, args)));
    }

    fn stop(&self, builder: &mut Builder) -> Vec<Op> {
        let mut ops = Vec::new();
        let none = builder.constant(0);
        self.set(builder, [none; WORDS], &mut ops);
        ops
    }

    fn put_back(&self, builder: &mut Builder, old: &[Cell], then: Cell) -> Vec<Op> {
        let [_, interval, units, seconds, rest] = old else { return Vec::new() };
        let mut ops = Vec::new();
        let now = asked(builder, Asked::Clock, &mut ops);
        let per_second = builder.constant(self.units);
        let from = vec![*seconds, *rest, per_second, then, now, self.runs];
        let [seconds, units_left] = [Reckoning::SecondsLeft, Reckoning::UnitsLeft].map(|what| {
            let into = builder.unset();
            ops.push(always(Action::Reckon { into, what, from: from.clone() }));
            into
        });
        self.set(builder, [*interval, *units, seconds, units_left], &mut ops);
        ops
    }
}

/// Takes a signal back that waits to be delivered; that of a timer which was set anew may be gone by itself.
fn take_back(builder: &mut Builder, signal: Cell) -> Vec<Op> {
    let (none, size, taken) = (builder.constant(0), builder.constant(8), builder.unset());
    let mut ops = Vec::new();
    let set = reckoned(builder, Reckoning::SignalSet, vec![signal], &mut ops);
    let set = laid_out(builder, &words(1), &[set], &mut ops);
    let at_once = laid_out(builder, &words(2), &[none; 2], &mut ops);
    let args = vec![set, none, at_once, size];
    let getter = Getter { call: "rt_sigtimedwait", args, fills: None, ignore: vec![libc::EAGAIN] };
    ops.push(always(getter.ask(getter.args.clone(), taken, "take back")));
    ops
}

/// Whether a signal waits to be delivered.
fn waits(builder: &mut Builder, signal: Cell, ops: &mut Vec<Op>) -> Cell {
    let pending = asked(builder, Asked::Pending, ops);
    reckoned(builder, Reckoning::HasSignal, vec![pending, signal], ops)
}
