//! What a process does on signals, which ones a thread blocks, and on which stack its handlers run.

use super::reading::{Field, Getter, asked, bits, gone_over, int, laid_out, put_back, reckoned, word, words};
use super::value::Value;
use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::Sections;
use crate::program::reckoning::Reckoning;
use crate::program::{Action, Asked, BufferId, Cell, Guard, Op};

/// The kernel's `struct sigaction`: handler, flags, restorer, mask.
const ACTION_WORDS: usize = 4;
/// `stack_t`.
const STACK: [Field; 3] = [word(0), int(8), word(16)];

impl Lowering<'_> {
    /// rt_sigaction, rt_sigprocmask, sigaltstack.
    pub fn signals(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Option<Sections> {
        match step.syscall.name {
            "rt_sigaction" => {
                let act = self.memory_for(step, buffers, "act");
                self.action(own, act)
            }
            "rt_sigprocmask" => self.mask(own),
            "sigaltstack" => self.stack(own),
            _ => None,
        }
    }

    fn action(&mut self, own: &Own, act: Option<BufferId>) -> Option<Sections> {
        let (signal, none) = (own.arg("signum")?, self.builder.constant(0));
        let size = self.builder.constant(8);
        let fields = words(ACTION_WORDS);
        let args = vec![signal, none, size];
        let getter = Getter { call: "rt_sigaction", args, fills: Some((2, &fields)), ignore: gone_over(own) };
        let value = Value {
            read: &mut |builder| getter.read(builder),
            put: &mut |builder, old| {
                let mut ops = Vec::new();
                let action = laid_out(builder, &fields, old.get(1..).unwrap_or_default(), &mut ops);
                ops.push(always(put_back(builder, "rt_sigaction", vec![signal, action, none, size])));
                ops
            },
            changed: "what it does on the signal is no longer what the step set",
        };
        Some(Sections::sets_value_if(&mut self.builder, own, value, |builder, _| {
            let checks = |act| [keeps_pending(builder, signal, act), keeps_children(builder, signal, act)].concat();
            act.map(checks).unwrap_or_default()
        }))
    }

    /// The call itself and those of undo act on the mask that the thread goes on with.
    fn mask(&mut self, own: &Own) -> Option<Sections> {
        const SIG_SETMASK: u64 = 2;
        let (none, set, size) =
            (self.builder.constant(0), self.builder.constant(SIG_SETMASK), self.builder.constant(8));
        let fields = words(1);
        let args = vec![none, none, size];
        let getter = Getter { call: "rt_sigprocmask", args, fills: Some((2, &fields)), ignore: Vec::new() };
        let value = Value {
            read: &mut |builder| getter.read(builder),
            put: &mut |builder, old| {
                let mut ops = Vec::new();
                let mask = laid_out(builder, &fields, old.get(1..).unwrap_or_default(), &mut ops);
                ops.push(always(put_back(builder, "rt_sigprocmask", vec![set, mask, none, size])));
                ops
            },
            changed: "the signal mask is no longer what the step set",
        };
        Some(Sections::sets_value(&mut self.builder, own, value))
    }

    fn stack(&mut self, own: &Own) -> Option<Sections> {
        let none = self.builder.constant(0);
        let getter = Getter { call: "sigaltstack", args: vec![none], fills: Some((1, &STACK)), ignore: gone_over(own) };
        let value = Value {
            read: &mut |builder| getter.read(builder),
            put: &mut |builder, old| {
                let mut ops = Vec::new();
                let stack = laid_out(builder, &STACK, old.get(1..).unwrap_or_default(), &mut ops);
                ops.push(always(put_back(builder, "sigaltstack", vec![stack, none])));
                ops
            },
            changed: "the alternate stack is no longer the one that the step set",
        };
        Some(Sections::sets_value_if(&mut self.builder, own, value, off_the_stack))
    }
}

/// A thread that runs on its alternate stack keeps it: the kernel would refuse, but sees the stack on which calls run.
fn off_the_stack(builder: &mut Builder, old: &[Cell]) -> Vec<Op> {
    const SS_DISABLE: u64 = 2;
    let [read, start, flags, length] = old else { return Vec::new() };
    let mut ops = Vec::new();
    let stands = asked(builder, Asked::StackPointer, &mut ops);
    let (read, end) = (builder.succeeded(*read), builder.unset());
    ops.push(when([read], Action::Add { into: end, a: *start, b: *length, negative: false }));
    let disabled = bits(builder, *flags, SS_DISABLE, 0, &mut ops);
    let guards = [
        builder.guard(disabled, Relation::Equal, 0),
        Guard { left: stands, relation: Relation::GreaterOrEqual, right: *start },
        Guard { left: stands, relation: Relation::Less, right: end },
    ];
    ops.push(when(guards, Action::Fail("the thread runs on its alternate stack at this moment")));
    ops
}

/// A child that ends while SIGCHLD is ignored leaves nothing to wait for, and children do not stand still.
fn keeps_children(builder: &mut Builder, signal: Cell, act: BufferId) -> Vec<Op> {
    const SIG_IGN: i64 = 1;
    const SA_NOCLDWAIT: u64 = 2;
    let mut ops = Vec::new();
    let ((load, handler), (load_flags, flags)) = (word(0).load(builder, act), word(8).load(builder, act));
    ops.extend([load, load_flags].map(always));
    let unwaited = bits(builder, flags, SA_NOCLDWAIT, 0, &mut ops);
    let of_children = builder.guard(signal, Relation::Equal, i64::from(libc::SIGCHLD));
    let ignored = builder.guard(handler, Relation::Equal, SIG_IGN);
    let unwaited = builder.guard(unwaited, Relation::NotEqual, 0);
    let why = "a child that ends before this is taken back could not be waited for; `irreversible: true` allows it";
    ops.push(when([of_children, ignored], Action::Fail(why)));
    ops.push(when([of_children, unwaited], Action::Fail(why)));
    ops
}

/// A signal that waits is dropped by the kernel where it becomes one that is ignored; nothing brings it back.
fn keeps_pending(builder: &mut Builder, signal: Cell, act: BufferId) -> Vec<Op> {
    const SIG_DFL: i64 = 0;
    const SIG_IGN: i64 = 1;
    /// Those that do nothing by default.
    const HARMLESS: [i32; 4] = [libc::SIGCHLD, libc::SIGCONT, libc::SIGURG, libc::SIGWINCH];
    let mut ops = Vec::new();
    let (load, handler) = word(0).load(builder, act);
    ops.push(always(load));
    let pending = asked(builder, Asked::Pending, &mut ops);
    let waits = reckoned(builder, Reckoning::HasSignal, vec![pending, signal], &mut ops);
    let harmless = builder.constant(HARMLESS.iter().fold(0, |set, signal| set | 1 << (signal - 1)));
    let harmless = reckoned(builder, Reckoning::HasSignal, vec![harmless, signal], &mut ops);
    let waits = builder.guard(waits, Relation::Equal, 1);
    let ignored = builder.guard(handler, Relation::Equal, SIG_IGN);
    let by_default = builder.guard(handler, Relation::Equal, SIG_DFL);
    let harmless = builder.guard(harmless, Relation::Equal, 1);
    let why = "such a signal waits to be delivered, and would be lost; `irreversible: true` allows it";
    ops.push(when([waits, ignored], Action::Fail(why)));
    ops.push(when([waits, by_default, harmless], Action::Fail(why)));
    ops
}
