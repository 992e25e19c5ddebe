//! A value that can be read: read before the call and after it, and put back if it is still what the call left.

use crate::plan::Relation;
use crate::program::builder::{Builder, Own, always, when};
use crate::program::natures::{Sections, differ};
use crate::program::{Action, Cell, Guard, Op};

/// A value as it is read at one time.
pub struct Reading {
    /// Reads it. Their guards, if any, are kept.
    pub ops: Vec<Op>,
    /// What was read, in the same order each time; unset where there is nothing.
    pub cells: Vec<Cell>,
}

/// A value that a call sets.
pub struct Value<'a> {
    /// Reads it into new cells.
    pub read: &'a mut dyn FnMut(&mut Builder) -> Reading,
    /// Puts back what was read before the call.
    pub put: &'a mut dyn FnMut(&mut Builder, &[Cell]) -> Vec<Op>,
    /// What is said where undo finds another value than the call has left.
    pub changed: &'static str,
}

impl Sections {
    /// A call that sets a value.
    pub fn sets_value(builder: &mut Builder, own: &Own, value: Value<'_>) -> Self {
        Self::sets_value_if(builder, own, value, |_, _| Vec::new())
    }

    /// A call that sets a value. `check` is given what was before, and makes ops that fail where that could not be put back.
    pub fn sets_value_if(
        builder: &mut Builder,
        own: &Own,
        value: Value<'_>,
        check: impl FnOnce(&mut Builder, &[Cell]) -> Vec<Op>,
    ) -> Self {
        let mut sections = Self::default();
        let Reading { ops, cells: old } = (value.read)(builder);
        sections.forward.extend(ops);
        sections.forward.extend(check(builder, &old));
        sections.forward.push(always(own.op("as asked")));
        let made = builder.succeeded(own.result);
        let left = (value.read)(builder);
        sections.forward.extend(left.ops.into_iter().map(|op| guarded(op, &[made])));
        let now = (value.read)(builder);
        sections.undo.extend(now.ops.into_iter().map(|op| guarded(op, &[made])));
        // What the call left is unknown where we died before it was read: then only what was before counts.
        let moved = sections.any_differs(builder, &now.cells, &old, &[made]);
        let foreign = sections.any_differs(builder, &now.cells, &left.cells, &[made]);
        sections.undo.push(when([moved, foreign], Action::Fail(value.changed)));
        let put = (value.put)(builder, &old);
        sections.undo.extend(put.into_iter().map(|op| guarded(op, &[moved])));
        sections
    }

    /// Undo: what says that any of these cells is another than its counterpart. Those unset count as equal.
    pub fn any_differs(&mut self, builder: &mut Builder, now: &[Cell], then: &[Cell], guards: &[Guard]) -> Guard {
        let (zero, one, found) = (builder.constant(0), builder.constant(1), builder.unset());
        self.undo.push(always(Action::Add { into: found, a: zero, b: zero, negative: false }));
        for (now, then) in now.iter().zip(then) {
            let differs = [guards, &[differ(*now, *then)]].concat();
            self.undo.push(when(differs, Action::Add { into: found, a: one, b: zero, negative: false }));
        }
        builder.guard(found, Relation::Equal, 1)
    }
}

/// The op under further conditions.
pub fn guarded(mut op: Op, guards: &[Guard]) -> Op {
    op.guards.splice(0..0, guards.iter().copied());
    op
}
