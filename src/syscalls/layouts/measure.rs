//! Which arguments are the length of which memory.

use super::{Count, Type, named};
use crate::syscalls::{Kind, Measure as Counted, Syscall};

/// How a length counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes, so many fewer than the memory has (the type in front of a System V message).
    Bytes(usize),
    /// Elements of that size.
    Elements(usize),
    /// Bits.
    Bits,
    /// Pages of memory, a byte for each (mincore).
    Pages,
    /// It is a pointer to a `u32` of bytes, which the call overwrites with how many it used.
    Behind,
}

/// Memory that an argument is the length of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// The index of the memory.
    pub memory: usize,
    /// How it counts.
    pub unit: Unit,
}

/// The memories that the parameter of that index is the length of, by the table and by what that does not say. `kinds` are
/// those of the arguments of one call of it, which the command may decide.
pub fn measures(call: &Syscall, kinds: &[Kind], index: usize) -> Vec<Measure> {
    let all = |memories: &[usize], unit| memories.iter().map(|memory| Measure { memory: *memory, unit }).collect();
    let Some(param) = call.params.get(index) else { return Vec::new() };
    match (call.name, param.name) {
        ("mincore", "length") => return all(&[2], Unit::Pages),
        ("msgsnd" | "msgrcv", "msgsz") => return all(&[index - 1], Unit::Bytes(8)),
        ("select" | "pselect6", "nfds") => return all(&[1, 2, 3], Unit::Bits),
        ("get_mempolicy", "maxnode") => return all(&[1], Unit::Bits),
        ("move_pages", "count") => {
            return [(2, 8), (3, 4), (4, 4)].map(|(memory, of)| Measure { memory, unit: Unit::Elements(of) }).to_vec();
        }
        _ => {}
    }
    let kind = |index: usize| kinds.get(index).copied().or_else(|| Some(call.params.get(index)?.kind));
    // A command of a call may take bytes and their length behind them.
    let before = index.checked_sub(1).and_then(kind);
    if let (Kind::Any, Some(Kind::Size), Some(Kind::In("") | Kind::Out("") | Kind::InOut(""))) =
        (param.kind, kind(index), before)
    {
        return all(&[index - 1], Unit::Bytes(0));
    }
    let Some((memory, how)) = call.measured(index) else { return Vec::new() };
    let unit = match how {
        Counted::Bytes => Unit::Bytes(0),
        Counted::BytesAt => Unit::Behind,
        Counted::Elements => match kind(memory).and_then(pointee).and_then(named) {
            Some(shape) => Unit::Elements(shape.element.size()),
            None => return Vec::new(),
        },
    };
    all(&[memory], unit)
}

/// The only value that a parameter takes.
pub fn fixed(call: &Syscall, index: usize) -> Option<u64> {
    match call.params.get(index)?.kind {
        Kind::Exactly(value) => Some(value),
        _ => None,
    }
}

/// The C type that a kind of argument points to; "" is bytes.
pub fn pointee(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::In(name) | Kind::Out(name) | Kind::InOut(name) => Some(name),
        Kind::Path | Kind::Text => Some(""),
        _ => None,
    }
}

/// How much of an out-buffer the result of the call tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Nothing.
    Nothing,
    /// The bytes that were filled.
    Bytes,
    /// The elements that were filled.
    Elements,
}

/// What the call's result tells of memory of that kind.
pub fn told(call: &Syscall, kind: Kind) -> Told {
    if call.returns != crate::syscalls::Returns::Number {
        return Told::Nothing;
    }
    match kind {
        Kind::Out("") => Told::Bytes,
        Kind::Out(name) => match named(name) {
            Some(shape) if shape.layout().is_some_and(|layout| layout.tail != super::Tail::None) => Told::Bytes,
            Some(shape) if shape.count == Count::Many => Told::Elements,
            _ => Told::Nothing,
        },
        _ => Told::Nothing,
    }
}

/// Bytes that the memory of an argument must have at least, where no other argument tells the call how many there are.
pub fn least(call: &Syscall, kinds: &[Kind], index: usize, request: u64) -> usize {
    // Larger than any structure that has no layout here.
    const UNKNOWN: usize = 256;
    let kind = kinds.get(index).copied().unwrap_or(Kind::Any);
    let bounds = |measure: &Measure| measure.memory == index && !matches!(measure.unit, Unit::Bytes(8) | Unit::Bits);
    if (0..call.params.len()).any(|other| measures(call, kinds, other).iter().any(bounds)) {
        return 0;
    }
    match kind {
        Kind::In(name) | Kind::Out(name) | Kind::InOut(name) => match named(name) {
            Some(shape) => shape.size().unwrap_or_else(|| shape.element.size()),
            None if matches!(kind, Kind::In(_)) => 0,
            None => UNKNOWN,
        },
        // What an ioctl may fill is told by its request (asm-generic/ioctl.h), but for old ones.
        Kind::Any => (((request >> 16) & 0x3fff) as usize).max(UNKNOWN),
        _ => 0,
    }
}

/// Whether a type is text or bytes, which plain text can be given for.
pub fn takes_text(name: &str) -> bool {
    name.is_empty() || matches!(named(name).map(|shape| shape.element), Some(Type::Text(_)))
}
