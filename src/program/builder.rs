//! Puts a Program together: cells and buffers are made once, ops are written in few words.

use super::{Accept, Action, Buffer, BufferId, Call, Cell, Guard, Init, Op, Program};
use crate::plan::Relation;
use crate::syscalls::{self, Syscall};
use std::collections::HashMap;

/// A Program in the making.
#[derive(Debug, Default)]
pub struct Builder {
    pub program: Program,
    /// Where duplicates for undo lie.
    pub keeps: Vec<Cell>,
    constants: HashMap<u64, Cell>,
    addresses: HashMap<BufferId, Cell>,
    memory: usize,
    /// What statx(2) fills, whenever one is made: what counts of it is loaded at once.
    status: Option<(BufferId, Cell)>,
    /// An empty path.
    nothing: Option<Cell>,
}

/// `struct statx` (include/uapi/linux/stat.h).
const STATX: usize = 256;

impl Builder {
    fn cell(&mut self, init: Init) -> Cell {
        self.program.cells.push(init);
        Cell(self.program.cells.len() as u32 - 1)
    }

    /// A cell that an op will set.
    pub fn unset(&mut self) -> Cell {
        self.cell(Init::Unset)
    }

    /// A cell that holds a number; the same number has the same cell.
    pub fn constant(&mut self, value: u64) -> Cell {
        if let Some(cell) = self.constants.get(&value) {
            return *cell;
        }
        let cell = self.cell(Init::Const(value));
        self.constants.insert(value, cell);
        cell
    }

    /// A cell of its own that begins with a number and may be given another.
    pub fn variable(&mut self, value: u64) -> Cell {
        self.cell(Init::Const(value))
    }

    /// A buffer of `len` bytes that begins with `bytes`, and the cell that holds its address.
    pub fn buffer(&mut self, bytes: Vec<u8>, len: usize) -> (BufferId, Cell) {
        let id = BufferId(self.program.buffers.len() as u32);
        self.program.buffers.push(Buffer { bytes, len, size: len, ..Buffer::default() });
        self.memory += len;
        (id, self.address(id))
    }

    /// Bytes of all buffers so far.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// The buffer that every statx(2) of ours fills, and the cell that holds its address.
    pub fn status(&mut self) -> (BufferId, Cell) {
        let status = self.status.unwrap_or_else(|| self.buffer(Vec::new(), STATX));
        *self.status.insert(status)
    }

    /// The address of an empty path.
    pub fn empty_path(&mut self) -> Cell {
        let nothing = self.nothing.unwrap_or_else(|| self.text(b""));
        *self.nothing.insert(nothing)
    }

    /// The address of a text that nothing else changes.
    pub fn text(&mut self, text: &[u8]) -> Cell {
        let bytes = [text, b"\0"].concat();
        let length = bytes.len();
        self.buffer(bytes, length).1
    }

    /// The cell that holds the address of a buffer.
    pub fn address(&mut self, buffer: BufferId) -> Cell {
        if let Some(cell) = self.addresses.get(&buffer) {
            return *cell;
        }
        let cell = self.cell(Init::Address(buffer));
        self.addresses.insert(buffer, cell);
        cell
    }

    /// What is known of a cell before the program runs.
    pub fn known(&self, cell: Cell) -> Option<u64> {
        self.program.constant(cell)
    }

    /// `left relation value`.
    pub fn guard(&mut self, left: Cell, relation: Relation, value: i64) -> Guard {
        let right = self.constant(value as u64);
        Guard { left, relation, right }
    }

    /// `cell >= 0`: a call was made and did not fail.
    pub fn succeeded(&mut self, cell: Cell) -> Guard {
        self.guard(cell, Relation::GreaterOrEqual, 0)
    }

    /// A call of ours, found in the table by its name.
    pub fn helper(&self, name: &str, args: Vec<Cell>, result: Cell, purpose: &'static str) -> Option<Action> {
        let syscall = syscalls::by_name(name)?;
        let accept = Accept::default();
        Some(Action::Call(Call {
            syscall,
            args,
            result,
            accept,
            timeout: None,
            may_block: false,
            purpose,
            thread: None,
        }))
    }
}

/// An op that is always made.
pub fn always(action: Action) -> Op {
    Op { guards: Vec::new(), action }
}

/// An op that is made if these hold.
pub fn when(guards: impl Into<Vec<Guard>>, action: Action) -> Op {
    Op { guards: guards.into(), action }
}

/// The call that a step names, as far as it is lowered.
#[derive(Debug, Clone)]
pub struct Own {
    pub syscall: &'static Syscall,
    pub args: Vec<Cell>,
    pub result: Cell,
    pub accept: Accept,
    pub timeout: Option<std::time::Duration>,
    pub may_block: bool,
}

impl Own {
    /// The call as an op.
    pub fn op(&self, purpose: &'static str) -> Action {
        self.with(self.args.clone(), purpose)
    }

    /// The call with other arguments.
    pub fn with(&self, args: Vec<Cell>, purpose: &'static str) -> Action {
        Action::Call(Call {
            syscall: self.syscall,
            args,
            result: self.result,
            accept: self.accept.clone(),
            timeout: self.timeout,
            may_block: self.may_block,
            purpose,
            thread: None,
        })
    }

    /// An argument by its name in the table.
    pub fn arg(&self, name: &str) -> Option<Cell> {
        self.args.get(self.syscall.param(name)?).copied()
    }
}
