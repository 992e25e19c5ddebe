//! Resource limits.

use super::reading::{Getter, asked, gone_over, laid_out, only_if, put_back, reckoned, word, words};
use super::value::Value;
use crate::plan::Step;
use crate::program::builder::{Builder, Own, always};
use crate::program::lower::Lowering;
use crate::program::natures::Sections;
use crate::program::reckoning::Reckoning;
use crate::program::{Asked, BufferId, Cell, Op};

const CAP_SYS_RESOURCE: u64 = 24;

impl Lowering<'_> {
    /// prlimit64(2) and setrlimit(2).
    pub fn limits(&mut self, step: &Step, own: &Own, buffers: &[Option<BufferId>]) -> Option<Sections> {
        let (pid, resource, parameter) = match step.syscall.name {
            "prlimit64" => (own.arg("pid")?, own.arg("resource")?, "new_limit"),
            "setrlimit" => (self.builder.constant(0), own.arg("resource")?, "rlim"),
            _ => return None,
        };
        let Some(new) = self.memory_for(step, buffers, parameter) else {
            return Some(self.unforeseeable(step, own, parameter));
        };
        let none = self.builder.constant(0);
        let args = vec![pid, resource, none];
        let getter = Getter { call: "prlimit64", args, fills: Some((3, &words(2))), ignore: gone_over(own) };
        let value = Value {
            read: &mut |builder| getter.read(builder),
            put: &mut |builder, old| {
                let mut ops = Vec::new();
                let limit = laid_out(builder, &words(2), old.get(1..).unwrap_or_default(), &mut ops);
                ops.push(always(put_back(builder, "prlimit64", vec![pid, resource, limit, none])));
                ops
            },
            changed: "the limit is no longer what the step set",
        };
        Some(Sections::sets_value_if(&mut self.builder, own, value, |builder, old| can_raise(builder, old, new)))
    }
}

/// Fails where a hard limit would be lowered by a thread that may not raise it again.
fn can_raise(builder: &mut Builder, old: &[Cell], new: BufferId) -> Vec<Op> {
    let [read, _, hard] = old else { return Vec::new() };
    let mut ops = Vec::new();
    let (load, asked_for) = word(8).load(builder, new);
    ops.push(always(load));
    let privileges = asked(builder, Asked::Privileges, &mut ops);
    let (capability, one) = (builder.constant(CAP_SYS_RESOURCE), builder.constant(1));
    let lowers = reckoned(builder, Reckoning::Lowers, vec![*hard, asked_for], &mut ops);
    let may = reckoned(builder, Reckoning::HasBit, vec![privileges, capability], &mut ops);
    let why = "it would lower a hard limit, and has no CAP_SYS_RESOURCE to raise it again if a later step fails; \
               `irreversible: true` allows it";
    let mut refusal = only_if(builder, may, *read, why);
    refusal.guards.push(crate::program::Guard { left: lowers, relation: crate::plan::Relation::Equal, right: one });
    ops.push(refusal);
    ops
}
