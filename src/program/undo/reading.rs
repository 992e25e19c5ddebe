//! How values are read by calls, and laid out in memory to be put back from cells: a buffer may be gone when undo is run.

use super::value::Reading;
use crate::plan::{Relation, Step};
use crate::program::builder::{Builder, Own, always, when};
use crate::program::lower::Lowering;
use crate::program::natures::{Sections, call};
use crate::program::reckoning::Reckoning;
use crate::program::{Accept, Action, Asked, BufferId, Call, Cell, Guard, Op};
use crate::syscalls::by_name;

/// A number in memory.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    offset: usize,
    size: usize,
    signed: bool,
}

/// 8 bytes at an offset.
pub const fn word(offset: usize) -> Field {
    Field { offset, size: 8, signed: false }
}

/// An `int` at an offset.
pub const fn int(offset: usize) -> Field {
    Field { offset, size: 4, signed: true }
}

/// An `unsigned` at an offset.
pub const fn uint(offset: usize) -> Field {
    Field { offset, size: 4, signed: false }
}

/// So many words from offset 0.
pub fn words(count: usize) -> Vec<Field> {
    (0..count).map(|index| word(index * 8)).collect()
}

impl Field {
    /// Reads it.
    pub fn load(self, builder: &mut Builder, buffer: BufferId) -> (Action, Cell) {
        let Self { offset, size, signed } = self;
        let into = builder.unset();
        (Action::Load { into, buffer, offset, size, signed, swapped: false }, into)
    }
}

fn length(fields: &[Field]) -> usize {
    fields.iter().map(|field| field.offset + field.size).max().unwrap_or(0).next_multiple_of(8)
}

/// A call that tells a value: by its result, or in memory.
#[derive(Debug)]
pub struct Getter<'a> {
    pub call: &'static str,
    /// Its arguments, but for the address of the memory.
    pub args: Vec<Cell>,
    /// Which argument the address of the memory is, and what counts of it.
    pub fills: Option<(usize, &'a [Field])>,
    /// Errors that are values like others: those that the plan goes over.
    pub ignore: Vec<i32>,
}

impl Getter<'_> {
    /// Its result, then the fields. Where it fails these are unset.
    pub fn read(&self, builder: &mut Builder) -> Reading {
        let result = builder.unset();
        let mut args = self.args.clone();
        let mut loads = Vec::new();
        let mut cells = vec![result];
        if let Some((index, fields)) = self.fills {
            let (buffer, address) = builder.buffer(Vec::new(), length(fields));
            args.insert(index.min(args.len()), address);
            let filled = builder.succeeded(result);
            for field in fields {
                let (load, cell) = field.load(builder, buffer);
                loads.push(when([filled], load));
                cells.push(cell);
            }
        }
        let mut ops = vec![always(self.ask(args, result, "read"))];
        ops.extend(loads);
        Reading { ops, cells }
    }

    /// The call, with its arguments complete.
    pub fn ask(&self, args: Vec<Cell>, result: Cell, purpose: &'static str) -> Action {
        let Some(syscall) = by_name(self.call) else {
            return Action::Fail("a call that undo needs is not in the table");
        };
        let accept = Accept { ignore: self.ignore.clone(), ..Accept::default() };
        Action::Call(Call { syscall, args, result, accept, thread: None, timeout: None, may_block: false, purpose })
    }
}

/// Errors of a call that the plan goes over: asking may end in them as well.
pub fn gone_over(own: &Own) -> Vec<i32> {
    let expected = own.accept.expected.iter().flat_map(|expected| &expected.errnos);
    own.accept.ignore.iter().chain(expected).copied().collect()
}

/// Memory that holds cells at these places, and its address.
pub fn laid_out(builder: &mut Builder, fields: &[Field], cells: &[Cell], ops: &mut Vec<Op>) -> Cell {
    let (buffer, address) = builder.buffer(Vec::new(), length(fields));
    for (Field { offset, size, signed }, from) in fields.iter().zip(cells) {
        let (offset, size, signed, from) = (*offset, *size, *signed, *from);
        ops.push(always(Action::Store { buffer, offset, size, signed, swapped: false, most: None, from }));
    }
    address
}

/// A call that puts something back.
pub fn put_back(builder: &mut Builder, name: &str, args: Vec<Cell>) -> Action {
    let done = builder.unset();
    call(builder, name, args, done, "put back")
}

/// Asks something of the target.
pub fn asked(builder: &mut Builder, what: Asked, ops: &mut Vec<Op>) -> Cell {
    let into = builder.unset();
    ops.push(always(Action::Ask { into, what }));
    into
}

/// Works something out.
pub fn reckoned(builder: &mut Builder, what: Reckoning, from: Vec<Cell>, ops: &mut Vec<Op>) -> Cell {
    // What is not known is a no.
    let into = builder.variable(0);
    ops.push(always(Action::Reckon { into, what, from }));
    into
}

/// `(from & mask) >> shift`.
pub fn bits(builder: &mut Builder, from: Cell, mask: u64, shift: u32, ops: &mut Vec<Op>) -> Cell {
    let into = builder.unset();
    let known = Guard { left: from, relation: Relation::Equal, right: from };
    ops.push(when([known], Action::Bits { into, from, mask, shift }));
    into
}

/// Fails unless `answer` is yes, if what was before could be read: where it could not the call will fail as well.
pub fn only_if(builder: &mut Builder, answer: Cell, read: Cell, why: &'static str) -> Op {
    let no = builder.guard(answer, Relation::Equal, 0);
    let read = builder.succeeded(read);
    when([read, no], Action::Fail(why))
}

impl Lowering<'_> {
    /// The memory that the plan gives for an argument.
    pub fn memory_for(&self, step: &Step, buffers: &[Option<BufferId>], parameter: &str) -> Option<BufferId> {
        buffers.get(step.syscall.param(parameter)?).copied().flatten()
    }

    /// A call whose new value lies in memory that the plan did not make: whether it could be taken back is not known before.
    pub fn unforeseeable(&mut self, step: &Step, own: &Own, parameter: &str) -> Sections {
        let name = step.syscall.name;
        let why = format!(
            "whether undo could take this `{name}` back depends on `{parameter}`, which is an address here; give the value itself"
        );
        self.lasting(step, own, "program::not-undoable", why)
    }
}
