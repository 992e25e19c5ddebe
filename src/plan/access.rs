//! What a plan uses of what it captured: numbers by their way inside memory, and memory itself.

use super::reading::Problems;
use super::{Arg, CaptureFrom, CaptureRef, Decode, Memory, Pointed, Step, spelled};
use crate::syscalls::layouts::access::{Missing, locate};

/// A use in an argument.
pub struct Used<'a> {
    pub capture: &'a CaptureRef,
    /// What it stands for.
    pub as_: As,
}

/// What a use stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    Number,
    Memory,
}

/// Everything that a step's arguments use.
pub fn uses_of_arguments(step: &Step) -> Vec<Used<'_>> {
    step.args.iter().flatten().flat_map(|argument| uses_of_argument(&argument.value)).collect()
}

fn uses_of_argument(argument: &Arg) -> Vec<Used<'_>> {
    match argument {
        Arg::Number(number) => number.terms.iter().map(|(_, capture)| Used { capture, as_: As::Number }).collect(),
        Arg::Memory(memory) => uses_of_memory(memory),
        Arg::Ref(capture) => vec![Used { capture, as_: As::Memory }],
        Arg::Text(_) => Vec::new(),
    }
}

fn uses_of_memory(memory: &Memory) -> Vec<Used<'_>> {
    let numbers = memory.patches.iter().flat_map(|patch| &patch.number.terms);
    let numbers = numbers.map(|(_, capture)| Used { capture, as_: As::Number });
    let pointers = memory.pointers.iter().flat_map(|pointer| match &pointer.to {
        Pointed::Memory(memory) => uses_of_memory(memory),
        Pointed::Ref(capture) => vec![Used { capture, as_: As::Memory }],
    });
    numbers.chain(pointers).collect()
}

/// What a use finds in what is captured: a number by its way, or memory.
pub fn check_access(used: &CaptureRef, from: &CaptureFrom, memory: bool, problems: &mut Problems) {
    let name = spelled(&used.name, &used.path);
    let (message, help) = match (from, memory) {
        (CaptureFrom::Buffer(..), true) if used.path.is_empty() => return,
        (CaptureFrom::Buffer(..), true) => (
            format!("`{name}` is a part of memory, and only all of it can be referred to"),
            format!("write `{{ref: {}}}`, or a number as `\"${{{name}}}\"`", used.name),
        ),
        (CaptureFrom::Return, true) => (
            format!("`{name}` is what a call returned, and no memory"),
            format!("a number is written `\"${{{name}}}\"`"),
        ),
        (CaptureFrom::Return, false) if used.path.is_empty() => return,
        (CaptureFrom::Return, false) => {
            (format!("`{}` is a number, without fields or elements", used.name), String::new())
        }
        (CaptureFrom::Buffer(_, Decode::Typed(shape)), false) => match locate(*shape, &used.path) {
            Ok(_) => return,
            Err(Missing { depth, what, help }) => {
                let name = spelled(&used.name, used.path.get(..depth).unwrap_or(&used.path));
                (format!("`{name}` {what}"), help.replace("NAME", &name))
            }
        },
        (CaptureFrom::Buffer(..), false) => (
            format!("`{}` is text and no number", used.name),
            format!("say what it is: `{{name: {}, as: i32[]}}`, or `struct NAME`", used.name),
        ),
    };
    problems.at("plan::access", used.span, message, help);
}
