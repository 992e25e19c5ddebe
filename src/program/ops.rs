//! Cells, buffers and ops.
//!
//! Every argument of a call is a cell and every result goes to one, so constants and captured values are the same thing.
//! Ops run in order; one whose guards do not all hold is passed over.

use super::asked::Asked;
use super::reckoning::Reckoning;
use super::stored::{bytes, shown, syscall, unknown, words, words_if_any};
use crate::plan::{Decode, Expected, Relation};
use crate::problem::{Problem, Span};
use crate::syscalls::layouts::Shape;
use crate::syscalls::{Particulars, Syscall};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Text that is kept for good. (Under a name of its own it is not taken for something borrowed from a journal's text.)
pub type Words = &'static str;

/// An 8-byte slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cell(pub u32);

/// A byte buffer in scratch memory of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BufferId(pub u32);

/// What a cell holds before the first op.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Init {
    /// A number known when lowering.
    Const(u64),
    /// The address of a buffer, known once scratch memory is.
    Address(BufferId),
    /// Nothing until an op stores into it.
    Unset,
}

/// A buffer: `bytes` first, zeros up to `len`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buffer {
    /// What it begins with.
    #[serde(with = "bytes")]
    pub bytes: Vec<u8>,
    /// How much is made.
    pub len: usize,
    /// How much of that the plan asked for; the rest is there so that no call writes beyond it.
    pub size: usize,
    /// Where pointers to buffers of its own lie, and to which; ops store them.
    pub pointers: Vec<(usize, BufferId)>,
    /// How it is read, if that is not by the type of what points to it.
    #[serde(skip)]
    pub decode: Option<Decode>,
    /// The structure that the plan put it together as.
    #[serde(skip)]
    pub structure: Option<Shape>,
}

/// A condition on cells, compared as signed numbers. One about an unset cell does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// Left side.
    pub left: Cell,
    /// The relation.
    pub relation: Relation,
    /// Right side.
    pub right: Cell,
}

/// One operation and the conditions under which it is made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Op {
    /// All must hold.
    pub guards: Vec<Guard>,
    /// What is done.
    pub action: Action,
}

/// What an op does. Everything but `Call` is made from outside the target, and changes nothing in it but scratch memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Action {
    /// `into = a + b`, or `a - b`.
    Add {
        /// Result.
        into: Cell,
        /// First.
        a: Cell,
        /// Second.
        b: Cell,
        /// Take away instead.
        negative: bool,
    },
    /// `into = (from & mask) >> shift`.
    Bits {
        /// Result.
        into: Cell,
        /// What is looked at.
        from: Cell,
        /// The bits that count.
        mask: u64,
        /// How far they are moved down.
        shift: u32,
    },
    /// `into = a / by`, or with `rest` what is left over; of unsigned numbers.
    Divide {
        /// Result.
        into: Cell,
        /// What is divided.
        a: Cell,
        /// By what; nothing is left over by 0.
        by: Cell,
        /// The rest instead.
        rest: bool,
    },
    /// `into =` the number at `offset` in the buffer (a descriptor that pipe2 gave, a field of a structure).
    Load {
        /// Result.
        into: Cell,
        /// Where.
        buffer: BufferId,
        /// Byte offset.
        offset: usize,
        /// Bytes: 1, 2, 4 or 8.
        size: usize,
        /// It is sign-extended.
        signed: bool,
        /// It is in network byte order.
        swapped: bool,
    },
    /// Puts a cell into a buffer; fails if the value does not fit.
    Store {
        /// Where.
        buffer: BufferId,
        /// Byte offset.
        offset: usize,
        /// Bytes: 1, 2, 4 or 8.
        size: usize,
        /// It may be negative.
        signed: bool,
        /// In network byte order.
        swapped: bool,
        /// It is a length, and must not be larger than this.
        most: Option<u64>,
        /// What is stored.
        from: Cell,
    },
    /// Fails, saying this: its guards tell when.
    Fail(#[serde(deserialize_with = "words")] Words),
    /// `into =` descriptor `fd`'s file status and creation flags as in fdinfo's `flags:` (O_CLOEXEC included), or -EBADF.
    DescriptorFlags {
        /// Result.
        into: Cell,
        /// Which.
        fd: Cell,
    },
    /// `into =` a free descriptor number for a kept duplicate, none of `Program::named`, as high as possible without growing
    /// the table; fails if none.
    FreeDescriptor {
        /// Result.
        into: Cell,
    },
    /// `into =` the numbers of all open descriptors from `first` to `last` but those that are `apart`, lowest first. Cells that
    /// are left over stay unset; fails if there are too few.
    OpenDescriptors {
        /// Results.
        into: Vec<Cell>,
        /// The lowest that counts.
        first: Cell,
        /// The highest that counts.
        last: Cell,
        /// What does not count.
        apart: Vec<Cell>,
    },
    /// Fails if closing (or duplicating and closing) `fd` would drop POSIX record locks of the process.
    NoPosixLocks {
        /// Which.
        fd: Cell,
    },
    /// Fails if closing a descriptor of this file would drop POSIX record locks of the process: of one that it has open
    /// itself, or that is to be opened for a moment. Its device and inode are as statx(2) tells them, the device's minor
    /// number in the upper half.
    NoPosixLocksOn {
        /// On which device.
        device: Cell,
        /// Which file there.
        inode: Cell,
    },
    /// `into = 1` if so many bytes at the beginning of both buffers are the same, else 0.
    SameBytes {
        /// Result.
        into: Cell,
        /// First.
        a: BufferId,
        /// Second.
        b: BufferId,
        /// How many.
        length: Cell,
    },
    /// Compare-and-set: fails (in doubt, in the undo section) unless both descriptors are one open file description.
    SameDescription {
        /// What the step left.
        now: Cell,
        /// What it should be.
        expected: Cell,
    },
    /// `into =` something of the target that can be seen from outside; nothing if that can't be told.
    Ask {
        /// Result.
        into: Cell,
        /// What.
        what: Asked,
    },
    /// Fails if `fd` is open on a file that has something in it.
    IsEmpty {
        /// Which.
        fd: Cell,
    },
    /// `into =` the pieces of a range that differ in one respect, in order; all 0 where there are fewer. Fails if there are
    /// more.
    Survey {
        /// Result.
        into: Vec<Piece>,
        /// In which respect.
        aspect: Aspect,
        /// Where the range begins; whole pages count, as for the kernel.
        start: Cell,
        /// Its length in bytes.
        length: Cell,
    },
    /// `into =` how many bytes of a range are mapped.
    Mapped {
        /// Result.
        into: Cell,
        /// Where the range begins.
        start: Cell,
        /// Its length in bytes.
        length: Cell,
    },
    /// `into =` the address of a free range, far from where the kernel or a heap would put anything; 0 if there is none.
    FreeRange {
        /// Result.
        into: Cell,
        /// Its length in bytes.
        length: Cell,
    },
    /// Fails unless a munmap of the range would succeed.
    CanUnmap {
        /// Where the range begins.
        start: Cell,
        /// Its length in bytes.
        length: Cell,
    },
    /// `into =` what follows from values; nothing if one of them is unset.
    Reckon {
        /// Result.
        into: Cell,
        /// What follows.
        what: Reckoning,
        /// From what, in the order that it says.
        from: Vec<Cell>,
    },
    /// A system call inside the target.
    Call(Call),
}

impl Action {
    /// Whether it looks at the descriptors of the process, from outside.
    pub fn is_of_descriptors(&self) -> bool {
        match self {
            Self::DescriptorFlags { .. }
            | Self::FreeDescriptor { .. }
            | Self::OpenDescriptors { .. }
            | Self::NoPosixLocks { .. }
            | Self::NoPosixLocksOn { .. }
            | Self::SameDescription { .. } => true,
            Self::Ask { what, .. } => what.is_of_descriptors(),
            _ => false,
        }
    }
}

/// A part of a range that is mapped, alike in one respect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Where it begins.
    pub start: Cell,
    /// Its length in bytes.
    pub length: Cell,
    /// What it is like.
    pub value: Cell,
}

/// In which respect mappings are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Aspect {
    /// `PROT_*` bits.
    Access,
    /// What is mapped: `inode << 4 | shared << 3 | PROT_*`.
    Content,
    /// Each mapping by itself: 1 if it is shared.
    Sharing,
    /// 1 if it can't be moved and be as it was after it is moved back.
    Fastened,
    /// 1 where a System V segment is attached that begins just there.
    Segment,
    /// 1 if it is left out of core dumps; 2 more if it is of a device or the kernel, and can't be put back in.
    Undumped,
    /// 1 if a child does not get it; 2 more if it is of a device or the kernel.
    Unforked,
    /// 1 if a child gets it empty.
    Wiped,
    /// 1 if equal pages of it may be merged.
    Mergeable,
    /// MADV_NORMAL, MADV_RANDOM or MADV_SEQUENTIAL.
    Order,
    /// 1 if it is locked, 2 if it is locked as it is used.
    Locked,
}

/// A system call inside the target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call {
    /// Which.
    #[serde(with = "syscall")]
    pub syscall: &'static Syscall,
    /// Up to 6; what is not given is 0.
    pub args: Vec<Cell>,
    /// Where its result goes.
    pub result: Cell,
    /// What counts as success.
    pub accept: Accept,
    /// `timeout:`; `None`: as long as the targets may be held.
    pub timeout: Option<Duration>,
    /// It may wait for somebody else.
    pub may_block: bool,
    /// Why it is made, in a few words, for listings: "keep", "open", "put back".
    #[serde(deserialize_with = "words")]
    pub purpose: Words,
    /// The thread that makes it, if that is not the step's.
    pub thread: Option<i32>,
}

/// What counts as success of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Accept {
    /// `returns:`; any result that is no error if absent.
    pub expected: Option<Expected>,
    /// Errors (positive) that are gone over.
    pub ignore: Vec<i32>,
}

/// The lowered form of one step of the plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepCode {
    /// Index in the plan, from 0.
    pub index: usize,
    /// `name:`.
    pub name: Option<String>,
    /// What this repetition is about, if the step is repeated: `fd 7`. Repetitions have the same index.
    pub each: Option<String>,
    /// Its place in the plan, for problems.
    pub span: Span,
    /// The thread that runs all of its calls; any that stands for the process if absent.
    pub thread: Option<i32>,
    /// Why it is left out, if that was known when lowering; all sections are empty then.
    #[serde(deserialize_with = "words_if_any")]
    pub skip: Option<Words>,
    /// The call.
    #[serde(with = "syscall")]
    pub syscall: &'static Syscall,
    /// What that call is with the step's arguments.
    #[serde(skip, default = "unknown")]
    pub particulars: Particulars,
    /// The arguments as the plan has them, for reports, by parameter: `flags` → `O_WRONLY|O_CREAT`.
    #[serde(deserialize_with = "shown")]
    pub shown: Vec<(Words, Shown)>,
    /// If not all hold the step is skipped.
    pub when: Vec<Guard>,
    /// If there are any and all hold the step is skipped.
    pub unless: Vec<Guard>,
    /// Computes operands for `when` and `unless`; never a call.
    pub prepare: Vec<Op>,
    /// Capture what is destroyed, then the call, then what is derived from it. If an op fails the step has failed.
    pub forward: Vec<Op>,
    /// Takes the step back: run for every step that was begun, the failed one too, last first. Its guards see to it that
    /// nothing is done where the call was not made.
    pub undo: Vec<Op>,
    /// What was held back until all steps of all targets were done; run in order, for steps that were not skipped.
    pub commit: Vec<Op>,
    /// Releases what `forward` kept for undo: run after `commit`, or after `undo`.
    pub release: Vec<Op>,
    /// The cell of the step's own call's result (set once it was made).
    pub result: Cell,
    /// Undo does not take back all that the step does, whatever the plan says of it.
    pub irreversible: bool,
    /// Out-buffers.
    #[serde(skip)]
    pub outputs: Vec<Output>,
    /// Names bound, with what they are bound to.
    #[serde(skip)]
    pub captures: Vec<(String, Bound)>,
    /// What it takes from other targets; there before `prepare`.
    #[serde(skip)]
    pub imports: Vec<Import>,
    /// The steps of the plan that `undo` is made of, if it is not what the table knows.
    #[serde(skip)]
    pub undo_steps: Vec<UndoCode>,
}

/// A step under `undo`, as it is shown. Its ops are among those of its step.
#[derive(Debug, Clone)]
pub struct UndoCode {
    /// `name:`.
    pub name: Option<String>,
    /// The call.
    pub syscall: &'static Syscall,
    /// What that call is with the step's arguments.
    pub particulars: Particulars,
    /// The arguments as the plan has them, by parameter.
    pub shown: Vec<(&'static str, Shown)>,
    /// The thread that runs it, if that is not the step's.
    pub thread: Option<i32>,
}

/// A number that a step takes from another target.
#[derive(Debug, Clone)]
pub struct Import {
    /// The target's name.
    pub target: String,
    /// What it is there: `fd`, `st.st_size`, `pid`.
    pub name: String,
    /// Where it goes.
    pub into: Cell,
    /// Its place in the plan, for problems.
    pub span: Span,
}

/// What a Program has for steps in other targets, under the name that these call it.
#[derive(Debug, Clone)]
pub struct Export {
    /// The name.
    pub name: String,
    /// Where it comes from.
    pub given: Given,
}

/// Where a number for another target comes from.
#[derive(Debug, Clone)]
pub enum Given {
    /// Ops that find it, none of them a call, and the cell in which it is then.
    Number {
        /// The ops.
        ops: Vec<Op>,
        /// The cell.
        cell: Cell,
    },
    /// The step that captures it is left out.
    LeftOut,
    /// It can't be had.
    Nothing(Problem),
}

/// How an argument is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// As is: constants spelled out, text quoted, `out 256 bytes`.
    Text(String),
    /// The cell's value once known; before that the text (`${log_fd}`).
    Cell(Cell, String),
}

/// A buffer that the step's call fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The parameter that it is given for.
    pub parameter: &'static str,
    /// Where it is.
    pub buffer: BufferId,
    /// How it is read.
    pub decode: Decode,
    /// How much of it counts.
    pub filled: Filled,
}

/// How much of a buffer a call has filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// All of it.
    All,
    /// So many bytes.
    Bytes(Cell),
    /// So many elements.
    Elements(Cell),
}

/// What a capture is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// A cell.
    Cell(Cell),
    /// A buffer.
    Buffer(BufferId, Decode, Filled),
}

/// A plan lowered for one target.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Program {
    /// Initial contents.
    pub cells: Vec<Init>,
    /// Scratch memory.
    pub buffers: Vec<Buffer>,
    /// Descriptor numbers that the plan itself names or computes: `FreeDescriptor` gives none of those that are set.
    pub named: Vec<Cell>,
    /// In order.
    pub steps: Vec<StepCode>,
    /// What steps in other targets take.
    #[serde(skip)]
    pub exports: Vec<Export>,
}

impl Program {
    /// Every op of every section.
    pub fn ops(&self) -> impl Iterator<Item = &Op> {
        self.steps.iter().flat_map(|step| {
            step.prepare.iter().chain(&step.forward).chain(&step.undo).chain(&step.commit).chain(&step.release)
        })
    }

    /// Whether it has to know how all mappings of the process lie.
    pub fn chooses_memory(&self) -> bool {
        self.ops().any(|op| matches!(op.action, Action::FreeRange { .. } | Action::CanUnmap { .. }))
    }

    /// The buffer whose address a cell holds.
    pub fn buffer_at(&self, Cell(index): Cell) -> Option<BufferId> {
        match self.cells.get(index as usize) {
            Some(Init::Address(buffer)) => Some(*buffer),
            _ => None,
        }
    }

    /// The number that a cell holds before the first op, if it holds one.
    pub fn constant(&self, Cell(index): Cell) -> Option<u64> {
        match self.cells.get(index as usize) {
            Some(Init::Const(value)) => Some(*value),
            _ => None,
        }
    }
}
