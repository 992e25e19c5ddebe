//! Arguments that are the length of another one's memory: filled in where they are left out, checked where they are given.

use super::reading::Problems;
use super::{Arg, Memory, Number, Spanned};
use crate::problem::{Problem, Span};
use crate::syscalls::layouts::measure::{Measure, Unit, fixed, measures};
use crate::syscalls::{Kind, Syscall};

/// Fills in what is not given and can be told.
pub fn fill(call: &Syscall, kinds: &[Kind], given: &[bool], args: &mut [Option<Spanned<Arg>>], key: Span) {
    for index in 0..args.len() {
        if given.get(index).copied().unwrap_or(true) {
            continue;
        }
        let value = match (fixed(call, index), measures(call, kinds, index).first()) {
            (Some(value), _) => Some(plain(value)),
            (None, Some(&Measure { memory, unit })) => {
                let sizes = args.get(memory).and_then(Option::as_ref).and_then(|argument| sizes(&argument.value));
                sizes.and_then(|(size, counted)| length(unit, size, counted))
            }
            (None, None) => None,
        };
        if let Some(slot) = args.get_mut(index) {
            *slot = value.map(|value| Spanned { value, span: key });
        }
    }
}

/// The size of memory, and how much of it a length counts.
fn sizes(argument: &Arg) -> Option<(usize, usize)> {
    match argument {
        Arg::Text(text) => Some((text.len() + 1, text.len())),
        Arg::Memory(memory) => Some((memory.size, memory.counted)),
        Arg::Number(_) | Arg::Ref(_) => None,
    }
}

fn plain(value: u64) -> Arg {
    Arg::Number(Number { constant: value, terms: Vec::new(), text: value.to_string() })
}

fn length(unit: Unit, size: usize, counted: usize) -> Option<Arg> {
    match unit {
        Unit::Bytes(less) => counted.checked_sub(less).map(|bytes| plain(bytes as u64)),
        Unit::Elements(of) => Some(plain((size / of.max(1)) as u64)),
        Unit::Pages | Unit::Bits => None,
        Unit::Behind => {
            let bytes = (size as u32).to_le_bytes().to_vec();
            let text = format!("u32 {size}");
            Some(Arg::Memory(Memory { bytes, size: 4, counted: 4, filled: true, text, ..Memory::default() }))
        }
    }
}

/// Tells of lengths that are larger than the memory that they are for.
pub fn check(call: &Syscall, kinds: &[Kind], args: &[Option<Spanned<Arg>>], problems: &mut Problems) {
    let name = |index: usize| call.params.get(index).map_or("", |param| param.name);
    for (index, argument) in args.iter().enumerate() {
        let Some(argument) = argument else { continue };
        for Measure { memory, unit } in measures(call, kinds, index) {
            let Some(of) = args.get(memory).and_then(Option::as_ref) else { continue };
            let (Some(length), Some((size, _))) = (known(&argument.value), sizes(&of.value)) else { continue };
            let most = most(unit, size);
            if length > most {
                let message = format!("`{}` is {length}, and `{}` is good for {most} only", name(index), name(memory));
                let problem = Problem::error("plan::length", message).at(argument.span, "").at(of.span, "this memory");
                problems.push(problem.help(format!("leave `{}` out and it is filled in", name(index))));
            }
        }
    }
}

/// The largest length that memory of a size is good for.
pub fn most(unit: Unit, size: usize) -> u64 {
    let most = match unit {
        Unit::Bytes(less) => size.saturating_sub(less),
        Unit::Elements(of) => size / of.max(1),
        Unit::Bits => size.saturating_mul(8),
        Unit::Pages => size.saturating_mul(4096),
        Unit::Behind => size,
    };
    most as u64
}

/// A length that is known before the plan runs.
fn known(argument: &Arg) -> Option<u64> {
    match argument {
        Arg::Number(number) if number.terms.is_empty() => Some(number.constant),
        Arg::Memory(memory) if memory.patches.is_empty() && memory.pointers.is_empty() && memory.size == 4 => {
            let mut bytes = [0; 4];
            for (to, from) in bytes.iter_mut().zip(&memory.bytes) {
                *to = *from;
            }
            Some(u64::from(u32::from_le_bytes(bytes)))
        }
        _ => None,
    }
}
