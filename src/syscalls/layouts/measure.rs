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

/// The memory that the parameter of that index is the length of, by the table and by what that does not say.
pub fn measure(call: &Syscall, index: usize) -> Option<Measure> {
    match (call.name, call.params.get(index)?.name) {
        ("mincore", "length") => return Some(Measure { memory: 2, unit: Unit::Pages }),
        ("msgsnd" | "msgrcv", "msgsz") => return Some(Measure { memory: index - 1, unit: Unit::Bytes(8) }),
        _ => {}
    }
    let (memory, how) = call.measured(index)?;
    let unit = match how {
        Counted::Bytes => Unit::Bytes(0),
        Counted::Elements => Unit::Elements(named(pointee(call.params.get(memory)?.kind)?)?.element.size()),
        Counted::BytesAt => Unit::Behind,
    };
    Some(Measure { memory, unit })
}

/// The only value that a parameter takes.
pub fn fixed(call: &Syscall, index: usize) -> Option<u64> {
    match call.params.get(index)?.kind {
        Kind::Exactly(value) => Some(value),
        _ => None,
    }
}

/// The parameter that is the length of that memory.
pub fn measured_by(call: &Syscall, memory: usize) -> Option<(usize, Unit)> {
    (0..call.params.len()).find_map(|index| {
        let measure = measure(call, index)?;
        (measure.memory == memory).then_some((index, measure.unit))
    })
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

/// Bytes that memory of that kind must have at least, where no argument tells the call how many there are.
pub fn least(call: &Syscall, index: usize, kind: Kind, request: Option<u64>) -> usize {
    if measured_by(call, index).is_some_and(|(_, unit)| unit != Unit::Bytes(8)) {
        return 0;
    }
    match kind {
        Kind::In(name) | Kind::Out(name) | Kind::InOut(name) => match named(name) {
            Some(shape) => shape.size().unwrap_or_else(|| shape.element.size()),
            // Larger than any of those that have no layout here.
            None if !name.is_empty() && !matches!(kind, Kind::In(_)) => 256,
            None => 0,
        },
        // What an ioctl may fill is told by its request (asm-generic/ioctl.h), but for old ones.
        Kind::Any => request.map_or(256, |request| ((request >> 16) & 0x3fff).max(256) as usize),
        _ => 0,
    }
}

/// Whether a type is text or bytes, which plain text can be given for.
pub fn takes_text(name: &str) -> bool {
    name.is_empty() || matches!(named(name).map(|shape| shape.element), Some(Type::Text(_)))
}
