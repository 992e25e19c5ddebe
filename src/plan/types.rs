//! The plan as typed values, each with its place in the text. Variables are already put in.

use crate::problem::Span;
use crate::syscalls::{Particulars, Syscall, particulars};
use indexmap::IndexMap;
use std::path::PathBuf;
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
    /// `expect:`: what must be true of it.
    pub expect: Expect,
}

/// How a target is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// `pid: 4711`.
    Pid(i32),
    /// `pidfile: /run/app.pid`.
    Pidfile(PathBuf),
}

/// What must be true of a target, else nothing is touched.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// Path of the executable, compared by device and inode, or as text for deleted files.
    pub exe: Option<Spanned<String>>,
    /// `comm`, exactly.
    pub comm: Option<Spanned<String>>,
    /// User name or number of the effective uid.
    pub user: Option<Spanned<String>>,
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
    /// What is bound.
    pub captures: Vec<Capture>,
    /// `target:`; all targets if absent.
    pub target: Option<Spanned<String>>,
    /// `when:`; all must hold.
    pub when: Vec<Condition>,
    /// `unless:`; skipped if all hold (and there is one).
    pub unless: Vec<Condition>,
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
    /// The place of the call's key.
    pub span: Span,
}

impl Step {
    /// What its call is with these arguments.
    pub fn particulars(&self) -> Particulars {
        particulars(self.syscall, |index| known(self.args.get(index)?.as_ref()))
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
    /// Bytes, passed as a pointer to them.
    Bytes(Vec<u8>),
    /// A buffer of that many bytes that the call fills (`{out: N}`).
    Out(Number),
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
    /// The target's name for `${app.fd}`.
    pub target: Option<String>,
    /// The capture.
    pub name: String,
    /// For buffers decoded as lists: `${ends[1]}`.
    pub index: Option<usize>,
    /// Where it is used.
    pub span: Span,
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

/// How a buffer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decode {
    /// Text up to the first NUL.
    Text,
    /// Hexadecimal digits.
    Hex,
    /// 32-bit signed numbers, as many as fit (pipe2 and socketpair: 2).
    I32List,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// What the table knows.
    Auto,
    /// Nothing (needs `irreversible: true`).
    None,
}
