//! Who gets the processor and the disk first: nice values, policies, processors, I/O priorities.

use super::reading::{
    Field, Getter, asked, bits, gone_over, int, laid_out, only_if, put_back, reckoned, uint, word, words,
};
use super::value::{Reading, Value, guarded};
use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::Sections;
use crate::program::reckoning::Reckoning;
use crate::program::{Action, Asked, BufferId, Cell, Op};

/// Processors that a mask has room for. A kernel for more says so before anything is done.
const MASK_WORDS: usize = 16;
/// `struct sched_attr` of linux/sched/types.h, but for the utilisation clamps.
const ATTRIBUTE_SIZE: u64 = 48;
const ATTRIBUTE: [Field; 7] = [uint(4), word(8), int(16), uint(20), word(24), word(32), word(40)];
const SCHED_DEADLINE: i64 = 6;
const SCHED_RESET_ON_FORK: u64 = 0x4000_0000;
/// SCHED_FLAG_UTIL_CLAMP.
const CLAMPS: u64 = 0x60;
const IOPRIO_CLASS_RT: i64 = 1;
const CAP_SYS_ADMIN: u64 = 21;
const CAP_SYS_NICE: u64 = 23;

impl Lowering<'_> {
    /// setpriority, sched_set*, ioprio_set.
    pub fn scheduling(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Option<Sections> {
        match step.syscall.name {
            "setpriority" => self.nice(step, own),
            "sched_setaffinity" => self.processors(own),
            "ioprio_set" => self.disk(step, own),
            "sched_setscheduler" | "sched_setparam" => self.policy(step, own, buffers, "param"),
            "sched_setattr" => self.policy(step, own, buffers, "attr"),
            _ => None,
        }
    }

    fn nice(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        const PRIO_PROCESS: u64 = 0;
        let (which, who, nice) = (own.arg("which")?, own.arg("who")?, own.arg("prio")?);
        if self.builder.known(which) != Some(PRIO_PROCESS) {
            return Some(self.of_several(step, own));
        }
        let twenty = self.builder.constant(20);
        // It tells 20 minus the nice value.
        let getter = Getter { call: "getpriority", args: vec![which, who], fills: None, ignore: gone_over(own) };
        let value = Value {
            read: &mut |builder| getter.read(builder),
            put: &mut |builder, old| {
                let back = builder.unset();
                let difference =
                    old.iter().map(|old| Action::Add { into: back, a: twenty, b: *old, negative: true }).map(always);
                let mut ops: Vec<Op> = difference.collect();
                ops.push(always(put_back(builder, "setpriority", vec![which, who, back])));
                ops
            },
            changed: "the nice value is no longer what the step set",
        };
        let check = |builder: &mut Builder, old: &[Cell]| {
            let [old] = old else { return Vec::new() };
            let mut ops = Vec::new();
            let (privileges, limit, _) = ranks(builder, who, &mut ops);
            let may = reckoned(builder, Reckoning::NiceBack, vec![*old, nice, privileges, limit], &mut ops);
            let why = "it would raise the nice value, and has no CAP_SYS_NICE (nor an RLIMIT_NICE) to lower it again if a \
                       later step fails; `irreversible: true` allows it";
            ops.push(only_if(builder, may, *old, why));
            ops
        };
        Some(Sections::sets_value_if(&mut self.builder, own, value, check))
    }

    /// Which processes a call changes is not known before.
    fn of_several(&mut self, step: &Step, own: &Own) -> Sections {
        let why =
            "`which` is computed: the step may change several processes, each of which may have had another value";
        self.lasting(step, own, "program::not-undoable", why.to_owned())
    }

    fn processors(&mut self, own: &Own) -> Option<Sections> {
        let pid = own.arg("pid")?;
        let size = self.builder.constant(MASK_WORDS as u64 * 8);
        let fields = words(MASK_WORDS);
        let args = vec![pid, size];
        let getter = Getter { call: "sched_getaffinity", args, fills: Some((2, &fields)), ignore: gone_over(own) };
        let value = Value {
            read: &mut |builder| getter.read(builder),
            put: &mut |builder, old| {
                let mut ops = Vec::new();
                let mask = laid_out(builder, &fields, old.get(1..).unwrap_or_default(), &mut ops);
                ops.push(always(put_back(builder, "sched_setaffinity", vec![pid, size, mask])));
                ops
            },
            changed: "the processors are no longer those that the step set",
        };
        Some(Sections::sets_value(&mut self.builder, own, value))
    }

    fn disk(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        const IOPRIO_WHO_PROCESS: u64 = 1;
        let (which, who) = (own.arg("which")?, own.arg("who")?);
        if self.builder.known(which) != Some(IOPRIO_WHO_PROCESS) {
            return Some(self.of_several(step, own));
        }
        let getter = Getter { call: "ioprio_get", args: vec![which, who], fills: None, ignore: gone_over(own) };
        let value = Value {
            read: &mut |builder| getter.read(builder),
            put: &mut |builder, old| {
                let args = [&[which, who], old].concat();
                vec![always(put_back(builder, "ioprio_set", args))]
            },
            changed: "the I/O priority is no longer what the step set",
        };
        let check = |builder: &mut Builder, old: &[Cell]| {
            let [old] = old else { return Vec::new() };
            let mut ops = Vec::new();
            let privileges = asked(builder, Asked::Privileges, &mut ops);
            let class = bits(builder, *old, 0xe000, 13, &mut ops);
            let mut guards = vec![builder.guard(class, Relation::Equal, IOPRIO_CLASS_RT)];
            for capability in [CAP_SYS_NICE, CAP_SYS_ADMIN] {
                let capability = builder.constant(capability);
                let has = reckoned(builder, Reckoning::HasBit, vec![privileges, capability], &mut ops);
                guards.push(builder.guard(has, Relation::Equal, 0));
            }
            let why = "it would leave the real-time class, and has no CAP_SYS_NICE to come back if a later step fails; \
                       `irreversible: true` allows it";
            ops.push(when(guards, Action::Fail(why)));
            ops
        };
        Some(Sections::sets_value_if(&mut self.builder, own, value, check))
    }

    fn policy(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>], parameter: &str) -> Option<Sections> {
        let pid = own.arg("pid")?;
        let Some(memory) = self.memory_for(step, buffers, parameter) else {
            return Some(self.unforeseeable(step, own, parameter));
        };
        let by_attribute = parameter == "attr";
        let (size, none) = (self.builder.constant(ATTRIBUTE_SIZE), self.builder.constant(0));
        let args = vec![pid, size, none];
        let getter = Getter { call: "sched_getattr", args, fills: Some((1, &ATTRIBUTE)), ignore: gone_over(own) };
        let value = Value {
            read: &mut |builder| read_policy(builder, pid, &getter),
            put: &mut |builder, old| put_policy(builder, pid, old, by_attribute),
            changed: "the scheduling is no longer what the step set",
        };
        let policy = own.arg("policy");
        let check = |builder: &mut Builder, old: &[Cell]| {
            let [read, old @ ..] = old else { return Vec::new() };
            let mut ops = Vec::new();
            let asked_for = policy_asked(builder, policy, memory, by_attribute, old, &mut ops);
            let (privileges, nice, priority) = ranks(builder, pid, &mut ops);
            let four = old.get(..4).unwrap_or_default();
            let from = [four, &asked_for, &[privileges, nice, priority]].concat();
            let may = reckoned(builder, Reckoning::ScheduleBack, from, &mut ops);
            let why = "it has no CAP_SYS_NICE to go back to how it is scheduled now if a later step fails; \
                       `irreversible: true` allows it";
            ops.push(only_if(builder, may, *read, why));
            loses_slack(builder, pid, &asked_for, &mut ops);
            ops
        };
        Some(Sections::sets_value_if(&mut self.builder, own, value, check))
    }
}

/// How a thread is scheduled, and its timer slack, which a real-time policy takes.
fn read_policy(builder: &mut Builder, pid: Cell, getter: &Getter<'_>) -> Reading {
    const PR_GET_TIMERSLACK: u64 = 30;
    let Reading { mut ops, mut cells } = getter.read(builder);
    let args = vec![builder.constant(PR_GET_TIMERSLACK)];
    let slack = Getter { call: "prctl", args, fills: None, ignore: Vec::new() }.read(builder);
    let own = builder.guard(pid, Relation::Equal, 0);
    ops.extend(slack.ops.into_iter().map(|op| guarded(op, &[own])));
    cells.extend(slack.cells);
    Reading { ops, cells }
}

/// Fails where another thread would lose its timer slack, which only that one could read and set again.
fn loses_slack(builder: &mut Builder, pid: Cell, asked_for: &[Cell], ops: &mut Vec<Op>) {
    const REAL_TIME: [i64; 3] = [1, 2, SCHED_DEADLINE];
    let Some(policy) = asked_for.first() else { return };
    let other = builder.guard(pid, Relation::NotEqual, 0);
    for number in REAL_TIME {
        let this = builder.guard(*policy, Relation::Equal, number);
        let why = "a real-time policy takes the timer slack of the thread, which only that thread itself can put back: use \
                   pid 0 and `thread:`; `irreversible: true` allows it as it is";
        ops.push(when([other, this], Action::Fail(why)));
    }
}

/// What raising a rank again takes: the privileges, RLIMIT_NICE and RLIMIT_RTPRIO. Limits of another process count as 0.
fn ranks(builder: &mut Builder, who: Cell, ops: &mut Vec<Op>) -> (Cell, Cell, Cell) {
    const RLIMIT_NICE: u64 = 13;
    const RLIMIT_RTPRIO: u64 = 14;
    let privileges = asked(builder, Asked::Privileges, ops);
    let own = builder.guard(who, Relation::Equal, 0);
    let mut limit = |number: u64| {
        let into = builder.variable(0);
        ops.push(when([own], Action::Ask { into, what: Asked::Limit(number) }));
        into
    };
    (privileges, limit(RLIMIT_NICE), limit(RLIMIT_RTPRIO))
}

/// Policy, flags, nice value and priority that a call asks for.
fn policy_asked(
    builder: &mut Builder,
    policy: Option<Cell>,
    memory: BufferId,
    by_attribute: bool,
    old: &[Cell],
    ops: &mut Vec<Op>,
) -> Vec<Cell> {
    if by_attribute {
        let fields = ATTRIBUTE.iter().take(4);
        let cells: Vec<Cell> = fields
            .map(|field| {
                let (load, cell) = field.load(builder, memory);
                ops.push(always(load));
                cell
            })
            .collect();
        let clamps = cells.get(1).map(|flags| bits(builder, *flags, CLAMPS, 0, ops));
        let given = clamps.map(|clamps| builder.guard(clamps, Relation::NotEqual, 0));
        let why = "utilisation clamps can't be put back, for it can't be told whether they were set; \
                   `irreversible: true` allows it";
        ops.push(when(given.into_iter().collect::<Vec<_>>(), Action::Fail(why)));
        return cells;
    }
    let (load, priority) = int(0).load(builder, memory);
    ops.push(always(load));
    let (as_now, flags_now, nice) = match old {
        [policy, flags, nice, ..] => (*policy, *flags, *nice),
        _ => return Vec::new(),
    };
    match policy {
        Some(policy) => {
            let flags = bits(builder, policy, SCHED_RESET_ON_FORK, SCHED_RESET_ON_FORK.trailing_zeros(), ops);
            let policy = bits(builder, policy, u64::from(u32::MAX) & !SCHED_RESET_ON_FORK, 0, ops);
            vec![policy, flags, nice, priority]
        }
        None => vec![as_now, flags_now, nice, priority],
    }
}

/// As it was. sched_setscheduler leaves alone what its sisters have not changed (a time slice of the thread's own), but
/// knows no deadlines.
fn put_policy(builder: &mut Builder, pid: Cell, old: &[Cell], by_attribute: bool) -> Vec<Op> {
    const PR_SET_TIMERSLACK: u64 = 29;
    let [_, policy, flags, _, priority, _, _, _, slack] = old else { return Vec::new() };
    let (size, none) = (builder.constant(ATTRIBUTE_SIZE), builder.constant(0));
    let mut ops = Vec::new();
    let fields = [&[uint(0)], &ATTRIBUTE[..]].concat();
    let cells = [&[size], old.get(1..).unwrap_or_default()].concat();
    let attribute = laid_out(builder, &fields, &cells, &mut ops);
    let whole = put_back(builder, "sched_setattr", vec![pid, attribute, none]);
    let (set_slack, had) = (builder.constant(PR_SET_TIMERSLACK), builder.guard(*slack, Relation::Greater, 0));
    let slack = when([had], put_back(builder, "prctl", vec![set_slack, *slack]));
    if by_attribute {
        ops.extend([always(whole), slack]);
        return ops;
    }
    let deadline = builder.guard(*policy, Relation::Equal, SCHED_DEADLINE);
    ops.push(when([deadline], whole));
    let other = builder.guard(*policy, Relation::NotEqual, SCHED_DEADLINE);
    let parameter = laid_out(builder, &[int(0)], &[*priority], &mut ops);
    let (number, reset) = (builder.unset(), builder.constant(SCHED_RESET_ON_FORK));
    ops.push(always(Action::Add { into: number, a: *policy, b: none, negative: false }));
    let resets = bits(builder, *flags, 1, 0, &mut ops);
    let resets = builder.guard(resets, Relation::Equal, 1);
    ops.push(when([resets], Action::Add { into: number, a: *policy, b: reset, negative: false }));
    ops.push(when([other], put_back(builder, "sched_setscheduler", vec![pid, number, parameter])));
    ops.push(slack);
    ops
}
