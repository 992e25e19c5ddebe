//! Memory used again by `{ref: …}`: where pointers are due it must have been put together with the plan's own.

use super::reading::Problems;
use super::{Arg, CaptureFrom, CaptureRef, Memory, Pointed, Step, known};
use crate::problem::Problem;
use crate::syscalls::argument_kind;
use crate::syscalls::layouts::measure::pointee;
use crate::syscalls::layouts::pointers::{holds_pointers, pointers};
use crate::syscalls::layouts::{Shape, named};
use std::collections::HashMap;

/// What memory was put together as, by the name that it is captured under.
type Made<'a> = HashMap<&'a str, Option<Shape>>;

/// Refuses references to memory in which anything may lie, where the kernel would follow pointers.
pub fn check(steps: &[Step], problems: &mut Problems) {
    let mut made = Made::new();
    for step in steps {
        for (index, argument) in step.args.iter().enumerate() {
            let Some(argument) = argument else { continue };
            match &argument.value {
                Arg::Ref(reference) => {
                    let kind = argument_kind(step.syscall, index, |index| known(step.args.get(index)?.as_ref()));
                    let name = step.syscall.params.get(index).map_or("", |param| param.name);
                    let whose = format!("`{name}` of `{}`", step.syscall.name);
                    one(&whose, pointee(kind).and_then(named), reference, &made, problems);
                }
                Arg::Memory(memory) => inside(memory, &made, problems),
                Arg::Number(_) | Arg::Text(_) => {}
            }
        }
        for capture in &step.captures {
            let CaptureFrom::Buffer(index, _) = capture.from else { continue };
            let structure = match step.args.get(index).and_then(Option::as_ref).map(|argument| &argument.value) {
                Some(Arg::Memory(memory)) => memory.structure,
                Some(Arg::Ref(reference)) => made.get(reference.name.as_str()).copied().flatten(),
                _ => None,
            };
            made.insert(&capture.name.value, structure);
        }
    }
}

fn inside(memory: &Memory, made: &Made<'_>, problems: &mut Problems) {
    for pointer in &memory.pointers {
        match &pointer.to {
            Pointed::Memory(memory) => inside(memory, made, problems),
            Pointed::Ref(reference) => {
                let all = memory.structure.map(|shape| pointers(shape, memory.size)).unwrap_or_default();
                if let Some(pointing) = all.iter().find(|one| one.offset == pointer.offset) {
                    one(&format!("`{}`", pointing.field), named(pointing.to), reference, made, problems);
                }
            }
        }
    }
}

fn one(whose: &str, due: Option<Shape>, reference: &CaptureRef, made: &Made<'_>, problems: &mut Problems) {
    let Some(due) = due.filter(|due| holds_pointers(due.element)) else { return };
    // What is captured nowhere is told elsewhere.
    let Some(structure) = made.get(reference.name.as_str()) else { return };
    if structure.is_none_or(|structure| structure.element != due.element) {
        let message = format!(
            "{whose} is {}, whose pointers the kernel follows, and `{}` was not made as one",
            due.element.name(),
            reference.name
        );
        let help = "put it together in an earlier step with `{struct: {…}}`, and capture that argument";
        problems.push(Problem::error("plan::kind", message).help(help).at(reference.span, ""));
    }
}
