//! The plan as typed values, each with its place in the text. Variables are already put in.

use super::each::Repeated;
use crate::facts::{Count, Fact, Repetition, Selector, With};
use crate::problem::Span;
use crate::syscalls::layouts::Shape;
pub use crate::syscalls::layouts::access::Access;
pub use crate::syscalls::layouts::decode::Decode;
use crate::syscalls::{Particulars, Syscall, particulars};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place in the plan.
    pub span: Span,
}

/// A plan that was read and checked.
#[derive(Debug, Clone)]
pub struct Plan {
    /// `name:`.
    pub name: Option<String>,
    /// `description:`.
    pub description: Option<String>,
    /// Variables with their final values (defaults and `--set`), in the plan's order.
    pub vars: IndexMap<String, String>,
    /// At least one.
    pub targets: Vec<TargetSpec>,
    /// `when:` of the plan: a target for which not all of these hold is left alone.
    pub when: Vec<Spanned<Fact>>,
    /// `unless:` of the plan: a target for which all of these hold (and there is one) is left alone.
    pub unless: Vec<Spanned<Fact>>,
    /// At least one.
    pub steps: Vec<Step>,
}

/// One entry of `targets:`.
#[derive(Debug, Clone)]
pub struct TargetSpec {
    /// `name:`, for `target:` on a step and `${name.capture}`.
    pub name: Option<Spanned<String>>,
    /// How it is found.
    pub selector: Spanned<Selector>,
    /// `with:` which others come with those that were found.
    pub with: Option<With>,
    /// `expect:`: what must be true of each, else nothing is touched.
    pub expect: Vec<Spanned<Fact>>,
}

impl TargetSpec {
    /// Whether it may stand for more than one process.
    pub fn may_be_several(&self) -> bool {
        let one = !matches!(self.selector.value, Selector::Match(_, Count::Any | Count::Exactly(2..)));
        !one || self.with.is_some()
    }
}

/// One step: one system call.
#[derive(Debug, Clone)]
pub struct Step {
    /// `name:`.
    pub name: Option<String>,
    /// The call.
    pub syscall: &'static Syscall,
    /// One for each parameter of the call (more never): `None` where not given, which is 0.
    pub args: Vec<Option<Spanned<Arg>>>,
    /// The arguments once more, if a text in them has parts of what the step is repeated over: these are named in `args`.
    pub repeated: Option<Repeated>,
    /// What is bound.
    pub captures: Vec<Capture>,
    /// `target:`; all targets if absent.
    pub target: Option<Spanned<String>>,
    /// `for_each:`, or `thread: all`.
    pub each: Option<Spanned<Repetition>>,
    /// `thread:` one thread.
    pub thread: Option<Spanned<ThreadChoice>>,
    /// `when:`; all must hold.
    pub when: Conditions,
    /// `unless:`; skipped if all hold (and there is one).
    pub unless: Conditions,
    /// `returns:`; no error at all if absent.
    pub returns: Option<Expected>,
    /// `ignore:` error numbers (positive).
    pub ignore: Vec<i32>,
    /// `undo:`.
    pub undo: Undo,
    /// `irreversible: true`.
    pub irreversible: bool,
    /// `timeout:`.
    pub timeout: Option<Duration>,
    /// What it does ends with a descriptor that an earlier step opens, and undo closes.
    pub private: bool,
    /// The place of the call's key.
    pub span: Span,
}

impl Step {
    /// What its call is with these arguments.
    pub fn particulars(&self) -> Particulars {
        particulars(self.syscall, |index| known(self.args.get(index)?.as_ref()))
    }

    /// The steps that take it back, if the plan has them.
    pub fn undo_steps(&self) -> &[Step] {
        match &self.undo {
            Undo::Steps(steps) => steps,
            Undo::Auto | Undo::None => &[],
        }
    }

    /// The same, to change them.
    pub fn undo_steps_mut(&mut self) -> &mut [Step] {
        match &mut self.undo {
            Undo::Steps(steps) => steps,
            Undo::Auto | Undo::None => &mut [],
        }
    }

    /// Whether a condition may pass it over.
    pub fn may_be_skipped(&self) -> bool {
        !self.when.is_empty() || !self.unless.is_empty()
    }
}

/// The value of an argument, if it is known before the plan runs; one that is left out is 0.
pub fn known(argument: Option<&Spanned<Arg>>) -> Option<u64> {
    match argument.map(|argument| &argument.value) {
        None => Some(0),
        Some(Arg::Number(number)) if number.terms.is_empty() => Some(number.constant),
        Some(_) => None,
    }
}

/// An argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// A number: a constant, a capture, or a sum.
    Number(Number),
    /// Text, passed as a pointer to its bytes and a NUL.
    Text(Vec<u8>),
    /// Any other memory, passed as a pointer to it.
    Memory(Memory),
    /// The same memory as an earlier capture (`{ref: name}`).
    Ref(CaptureRef),
}

/// Memory as a call finds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// What it begins with; zeros follow.
    pub bytes: Vec<u8>,
    /// Its size.
    pub size: usize,
    /// How many bytes a length that is left out counts: a text's NUL is not one of them.
    pub counted: usize,
    /// Numbers in it that are known only as the plan runs.
    pub patches: Vec<Patch>,
    /// Pointers in it.
    pub pointers: Vec<Pointer>,
    /// The call fills it (`{out: …}`).
    pub filled: bool,
    /// How it is read afterwards, if that is not by the parameter's type.
    pub decode: Option<Decode>,
    /// The structure that it was put together as (`{struct: …}`), pointers and all.
    pub structure: Option<Shape>,
    /// As it is shown.
    pub text: String,
}

impl Memory {
    /// Memory for the call to fill.
    pub fn out(size: usize) -> Self {
        Self { size, counted: size, filled: true, text: format!("out {size} bytes"), ..Self::default() }
    }
}

/// A number in memory that is known only as the plan runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// Where it lies.
    pub offset: usize,
    /// Bytes: 1, 2, 4 or 8.
    pub size: usize,
    /// It may be negative.
    pub signed: bool,
    /// In network byte order.
    pub swapped: bool,
    /// It is a length, and must not be larger than this.
    pub most: Option<u64>,
    /// Its value.
    pub number: Number,
}

/// A pointer in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// Where it lies.
    pub offset: usize,
    /// What it points to.
    pub to: Pointed,
    /// The number beside it that tells its length: where it lies, its size, and how many bytes it counts as one.
    pub length: Option<(usize, usize, usize)>,
}

/// What a pointer in memory points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pointed {
    /// Memory of its own.
    Memory(Box<Memory>),
    /// The same memory as an earlier capture.
    Ref(CaptureRef),
}

/// A number that may depend on captures: `constant + Σ ±capture`, wrapping in 64 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// The constant part, two's complement.
    pub constant: u64,
    /// Captures added (`true`) or taken away (`false`).
    pub terms: Vec<(bool, CaptureRef)>,
    /// As the user wrote it or as it is best shown: `O_WRONLY|O_CREAT`, `0o644`, `${log_fd}`.
    pub text: String,
}

/// A use of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureRef {
    /// The target's name for `${app.fd}`; `each` for what the step is repeated over.
    pub target: Option<String>,
    /// The capture.
    pub name: String,
    /// The way to a number inside captured memory: `${ends[1]}`, `${st.st_size}`.
    pub path: Vec<Access>,
    /// Where it is used.
    pub span: Span,
}

impl CaptureRef {
    /// The capture and the way inside it, as between `${` and `}` without the target: `st.st_size`.
    pub fn spelled(&self) -> String {
        spelled(&self.name, &self.path)
    }
}

/// A name and a way inside it, as they are written between `${` and `}`.
pub fn spelled(name: &str, path: &[Access]) -> String {
    let path = path.iter().map(|access| match access {
        Access::Field(name) => format!(".{name}"),
        Access::Index(index) => format!("[{index}]"),
    });
    format!("{name}{}", path.collect::<String>())
}

/// A name bound by `capture:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The name.
    pub name: Spanned<String>,
    /// What it is bound to.
    pub from: CaptureFrom,
}

/// What a capture is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaptureFrom {
    /// The call's return value.
    Return,
    /// The buffer that argument `usize` points to, decoded so.
    Buffer(usize, Decode),
}

/// `when:` or `unless:` of a step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    /// What is decided before the first step.
    pub facts: Vec<Spanned<Fact>>,
    /// Facts that use what the step is repeated over: decided for each repetition, before the first step.
    pub of_each: Vec<Repeated>,
    /// What is decided when the step is reached.
    pub comparisons: Vec<Condition>,
}

impl Conditions {
    /// Whether there is no condition at all.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.of_each.is_empty() && self.comparisons.is_empty()
    }
}

/// The one thread that runs a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadChoice {
    /// The first thread.
    Leader,
    /// That of this id.
    Tid(i32),
}

/// A comparison decided while the program runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Left side.
    pub left: Number,
    /// The relation.
    pub relation: Relation,
    /// Right side.
    pub right: Number,
}

/// A relation between two signed 64-bit numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// `returns:`: a result is as expected if any of these holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// These values exactly.
    pub values: Vec<i64>,
    /// These error numbers (positive).
    pub errnos: Vec<i32>,
    /// Not below.
    pub min: Option<i64>,
    /// Not above.
    pub max: Option<i64>,
}

/// `undo:`.
#[derive(Debug, Clone)]
pub enum Undo {
    /// What the table knows.
    Auto,
    /// Nothing (needs `irreversible: true`).
    None,
    /// These steps, in order, in the thread that ran the step if they name no other. At least one.
    Steps(Vec<Step>),
}
