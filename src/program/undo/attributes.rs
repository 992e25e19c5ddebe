//! Attributes of a thread or process that one number stands for: prctl(2), personality(2) and their like.

use super::reading::{Field, Getter, asked, bits, gone_over, int, laid_out, put_back, reckoned};
use super::value::{Reading, Value};
use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::Sections;
use crate::program::reckoning::Reckoning;
use crate::program::{Action, Asked, Cell, Guard, Op};

/// How an option of prctl is asked for its value.
enum Told {
    /// By the result of this option.
    ByResult(u64),
    /// By the result of this option, asked about the second argument.
    About(u64),
    /// In memory that this option fills.
    In(u64, &'static [Field]),
}
use Told::{About, ByResult, In};

const PR_SET_DUMPABLE: u64 = 4;
const PR_SET_NAME: u64 = 15;
const PR_GET_SECUREBITS: u64 = 27;
const PR_SET_SECUREBITS: u64 = 28;
const PR_MCE_KILL: u64 = 33;
const PR_SET_MM: u64 = 35;
const PR_SET_THP_DISABLE: u64 = 41;
const PR_CAP_AMBIENT: u64 = 47;
const PR_SET_SPECULATION_CTRL: u64 = 53;

const NUMBER: &[Field] = &[int(0)];
const NAME: &[Field] = &[super::reading::word(0), super::reading::word(8)];

/// Options that set a value, and what tells it.
static OPTIONS: &[(u64, Told)] = &[
    (1, In(2, NUMBER)), // PR_SET_PDEATHSIG
    (PR_SET_DUMPABLE, ByResult(3)),
    (6, In(5, NUMBER)),   // PR_SET_UNALIGN
    (8, ByResult(7)),     // PR_SET_KEEPCAPS
    (10, In(9, NUMBER)),  // PR_SET_FPEMU
    (12, In(11, NUMBER)), // PR_SET_FPEXC
    (PR_SET_NAME, In(16, NAME)),
    (20, In(19, NUMBER)), // PR_SET_ENDIAN
    (26, In(25, NUMBER)), // PR_SET_TSC
    (PR_SET_SECUREBITS, ByResult(PR_GET_SECUREBITS)),
    (29, ByResult(30)), // PR_SET_TIMERSLACK
    (PR_MCE_KILL, ByResult(34)),
    (36, In(37, NUMBER)), // PR_SET_CHILD_SUBREAPER
    (PR_SET_THP_DISABLE, ByResult(42)),
    (45, ByResult(46)), // PR_SET_FP_MODE
    (50, ByResult(51)), // PR_SVE_SET_VL
    (PR_SET_SPECULATION_CTRL, About(52)),
    (55, ByResult(56)), // PR_SET_TAGGED_ADDR_CTRL
    (57, ByResult(58)), // PR_SET_IO_FLUSHER
    (63, ByResult(64)), // PR_SME_SET_VL
    (67, ByResult(68)), // PR_SET_MEMORY_MERGE
];

const CHANGED: &str = "the attribute is no longer what the step set";

impl Lowering<'_> {
    /// prctl, arch_prctl, personality, and the default keyring of keyctl.
    pub fn attributes(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        let name = step.syscall.name;
        match name {
            "prctl" => self.prctl(step, own),
            // The only commands of these that say so are ARCH_SET_CPUID and KEYCTL_SET_REQKEY_KEYRING.
            "arch_prctl" => {
                const ARCH_GET_CPUID: u64 = 0x1011;
                let code = own.arg("code")?;
                let getter = [ARCH_GET_CPUID, 0].map(|value| self.builder.constant(value));
                self.by_result(own, "arch_prctl", getter.to_vec(), move |old| vec![code, old])
            }
            "keyctl" => {
                const NO_CHANGE: u64 = u64::MAX;
                let operation = own.arg("operation")?;
                let same = self.builder.constant(NO_CHANGE);
                self.by_result(own, "keyctl", vec![operation, same], move |old| vec![operation, old])
            }
            "personality" => {
                const ONLY_TELL: u64 = 0xffff_ffff;
                let tell = self.builder.constant(ONLY_TELL);
                self.by_result(own, "personality", vec![tell], |old| vec![old])
            }
            _ => None,
        }
    }

    /// A call that tells the old value by its result, and is given it to put it back.
    fn by_result(
        &mut self,
        own: &Own,
        name: &'static str,
        ask: Vec<Cell>,
        put: impl Fn(Cell) -> Vec<Cell>,
    ) -> Option<Sections> {
        let getter = Getter { call: name, args: ask, fills: None, ignore: gone_over(own) };
        let value = Value {
            read: &mut |builder| getter.read(builder),
            put: &mut |builder, old| old.iter().map(|old| put_back(builder, name, put(*old))).map(always).collect(),
            changed: CHANGED,
        };
        Some(Sections::sets_value(&mut self.builder, own, value))
    }

    fn prctl(&mut self, step: &Step, own: &Own) -> Option<Sections> {
        let option = self.builder.known(own.arg("option")?)? & u64::from(u32::MAX);
        let command = own.arg("arg2").and_then(|command| self.builder.known(command));
        match (option, command) {
            (PR_SET_MM | PR_CAP_AMBIENT, None) => {
                let why = "what this `prctl` sets is computed, and can't be read before".to_owned();
                return Some(self.lasting(step, own, "program::not-undoable", why));
            }
            (PR_SET_MM, Some(_)) => return self.memory_mark(own),
            (PR_CAP_AMBIENT, Some(_)) => return self.ambient(own),
            _ => {}
        }
        let (_, told) = OPTIONS.iter().find(|(setter, _)| *setter == option)?;
        let which = own.arg("arg2")?;
        let (args, fills) = match told {
            ByResult(getter) => (vec![self.builder.constant(*getter)], None),
            About(getter) => (vec![self.builder.constant(*getter), which], None),
            In(getter, fields) => (vec![self.builder.constant(*getter)], Some((1, *fields))),
        };
        let getter = Getter { call: "prctl", args, fills, ignore: gone_over(own) };
        let value = Value {
            read: &mut |builder| getter.read(builder),
            put: &mut |builder, old| put_option(builder, option, which, old),
            changed: CHANGED,
        };
        let level = own.arg("arg3");
        Some(Sections::sets_value_if(&mut self.builder, own, value, |builder, old| {
            one_way(builder, option, which, level, old)
        }))
    }

    /// PR_SET_MM of one address.
    fn memory_mark(&mut self, own: &Own) -> Option<Sections> {
        const PR_SET_MM_BRK: u64 = 7;
        let (option, command) = (own.arg("option")?, own.arg("arg2")?);
        let number = self.builder.known(command)?;
        let none = self.builder.constant(0);
        let end = Getter { call: "brk", args: vec![none], fills: None, ignore: gone_over(own) };
        let value = Value {
            read: &mut |builder| {
                if number == PR_SET_MM_BRK {
                    return end.read(builder);
                }
                let mut ops = Vec::new();
                let mark = asked(builder, Asked::MemoryMark(number), &mut ops);
                Reading { ops, cells: vec![mark] }
            },
            put: &mut |builder, old| {
                let put = |old: &Cell| put_back(builder, "prctl", vec![option, command, *old]);
                old.iter().map(put).map(always).collect()
            },
            changed: "the address is no longer what the step set",
        };
        Some(Sections::sets_value(&mut self.builder, own, value))
    }

    /// Ambient capabilities: one of them, or all.
    fn ambient(&mut self, own: &Own) -> Option<Sections> {
        const CLEAR_ALL: u64 = 4;
        let (command, capability) = (own.arg("arg2")?, own.arg("arg3")?);
        let all = self.builder.known(command)? == CLEAR_ALL;
        let value = Value {
            read: &mut |builder| {
                let mut ops = Vec::new();
                let ambient = asked(builder, Asked::Ambient, &mut ops);
                if all {
                    return Reading { ops, cells: vec![ambient] };
                }
                let has = reckoned(builder, Reckoning::HasBit, vec![ambient, capability], &mut ops);
                Reading { ops, cells: vec![has] }
            },
            put: &mut |builder, old| put_ambient(builder, old, if all { None } else { Some(capability) }),
            changed: "the ambient capabilities are no longer what the step set",
        };
        let check = |builder: &mut Builder, old: &[Cell]| {
            const NO_AMBIENT_RAISE: u64 = 0x40;
            let get = builder.constant(PR_GET_SECUREBITS);
            let getter = Getter { call: "prctl", args: vec![get], fills: None, ignore: Vec::new() };
            let Reading { mut ops, cells } = getter.read(builder);
            for (securebits, old) in cells.iter().zip(old) {
                let barred = bits(builder, *securebits, NO_AMBIENT_RAISE, 0, &mut ops);
                let had = builder.guard(*old, Relation::NotEqual, 0);
                let barred = builder.guard(barred, Relation::NotEqual, 0);
                let why = "the securebits keep it from raising an ambient capability again if a later step fails; \
                           `irreversible: true` allows it";
                ops.push(when([had, barred], Action::Fail(why)));
            }
            ops
        };
        Some(Sections::sets_value_if(&mut self.builder, own, value, check))
    }
}

/// Raises what there was, and lowers what there was not.
fn put_ambient(builder: &mut Builder, old: &[Cell], one: Option<Cell>) -> Vec<Op> {
    const RAISE: u64 = 2;
    const LOWER: u64 = 3;
    /// CAP_CHECKPOINT_RESTORE.
    const LAST_CAPABILITY: u64 = 40;
    let Some(old) = old.first() else { return Vec::new() };
    let (option, raise, lower) = (builder.constant(PR_CAP_AMBIENT), builder.constant(RAISE), builder.constant(LOWER));
    if let Some(one) = one {
        let (had, had_not) = (builder.guard(*old, Relation::Equal, 1), builder.guard(*old, Relation::Equal, 0));
        let raise = put_back(builder, "prctl", vec![option, raise, one]);
        return vec![when([had], raise), when([had_not], put_back(builder, "prctl", vec![option, lower, one]))];
    }
    let mut ops = Vec::new();
    for number in 0..=LAST_CAPABILITY {
        let capability = builder.constant(number);
        let had = bits(builder, *old, 1 << number, number as u32, &mut ops);
        let had = builder.guard(had, Relation::Equal, 1);
        ops.push(when([had], put_back(builder, "prctl", vec![option, raise, capability])));
    }
    ops
}

/// Puts the value of an option back.
fn put_option(builder: &mut Builder, option: u64, which: Cell, old: &[Cell]) -> Vec<Op> {
    let mut ops = Vec::new();
    let setter = builder.constant(option);
    let args = match (option, old) {
        (PR_SET_NAME, [_, text @ ..]) => vec![setter, laid_out(builder, NAME, text, &mut ops)],
        (PR_MCE_KILL, [old]) => {
            const SET: u64 = 1;
            vec![setter, builder.constant(SET), *old]
        }
        (PR_SET_THP_DISABLE, [old]) => {
            let (on, flags) = (bits(builder, *old, 1, 0, &mut ops), bits(builder, *old, !1, 0, &mut ops));
            vec![setter, on, flags]
        }
        (PR_SET_SPECULATION_CTRL, [old]) => {
            // The lowest bit tells that it can be set at all.
            let control = bits(builder, *old, !1, 0, &mut ops);
            vec![setter, which, control]
        }
        (_, [.., old]) => vec![setter, *old],
        _ => return ops,
    };
    ops.push(always(put_back(builder, "prctl", args)));
    ops
}

/// Fails where an option could not be set back.
fn one_way(builder: &mut Builder, option: u64, value: Cell, level: Option<Cell>, old: &[Cell]) -> Vec<Op> {
    let mut ops = Vec::new();
    let mut refuse = |builder: &mut Builder, cell: Cell, mask: u64, why: &'static str| {
        let set = bits(builder, cell, mask, 0, &mut ops);
        let set: Guard = builder.guard(set, Relation::NotEqual, 0);
        ops.push(when([set], Action::Fail(why)));
    };
    match (option, old) {
        (PR_SET_DUMPABLE, [old]) => {
            let why =
                "it is dumpable for root only (2), which no call sets again; `irreversible: true` allows the step";
            refuse(builder, *old, 2, why);
        }
        (PR_SET_SECUREBITS, _) => {
            const LOCKS: u64 = 0xaaa;
            refuse(builder, value, LOCKS, "a lock of the securebits is for good; `irreversible: true` allows it");
        }
        (PR_SET_SPECULATION_CTRL, _) => {
            const FORCE_DISABLE: u64 = 8;
            let why = "what is force-disabled stays so; `irreversible: true` allows it";
            level.into_iter().for_each(|level| refuse(builder, level, FORCE_DISABLE, why));
        }
        _ => {}
    }
    ops
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::{Nature, by_name, commands};

    #[test]
    fn every_option_that_undo_restores_is_known_here() {
        let prctl = by_name("prctl").unwrap();
        let (selector, commands) = commands(prctl).unwrap();
        for command in commands.iter().filter(|command| matches!(command.nature, Some(Nature::Restores(_)))) {
            let value = prctl.params[selector].kind.set().unwrap().value(command.name).unwrap();
            let special = [PR_SET_MM, PR_CAP_AMBIENT].contains(&value);
            assert!(special || OPTIONS.iter().any(|(option, _)| *option == value), "{}", command.name);
        }
    }
}
