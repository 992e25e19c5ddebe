//! `for_each` and `thread`: what a step is repeated over, and which thread runs it.

use super::pattern::{fd_pattern, mapping_pattern, plain_number, thread_pattern};
use super::reading::{Fields, Problems, Variables, unknown};
use super::tree::Node;
use super::{Spanned, ThreadChoice};
use crate::facts::{Repetition, ThreadPattern};
use crate::syscalls::Kind;

/// What a step can be repeated over.
pub const OVER: [&str; 3] = ["mapping", "fd", "thread"];

/// The value of `for_each`.
pub fn for_each(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<Spanned<Repetition>> {
    let entries = Fields::of(node, "for_each", problems)?.rest();
    let [(key, name, value)] = entries.as_slice() else {
        let help = "write one of `{ fd: {…} }`, `{ mapping: {…} }` and `{ thread: {…} }`";
        problems.at(
            "plan::for-each",
            node.span,
            format!("`for_each` goes over one thing, and here are {}", entries.len()),
            help,
        );
        return None;
    };
    let value = match *name {
        "mapping" => mapping_pattern(value, variables, problems).map(Repetition::Mapping),
        "fd" => fd_pattern(value, variables, problems).map(Repetition::Fd),
        "thread" => thread_pattern(value, variables, problems).map(Repetition::Thread),
        other => {
            unknown(key.span, other, "for_each", &OVER, &[], problems);
            None
        }
    };
    value.map(|value| Spanned { value, span: node.span })
}

/// The value of `thread`: one thread, or a repetition over all.
pub enum Thread {
    One(Spanned<ThreadChoice>),
    All(Spanned<Repetition>),
}

/// Reads `thread: all`, `thread: leader` or a thread id.
pub fn thread(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<Thread> {
    let span = node.span;
    match node.text() {
        Some("all") => Some(Thread::All(Spanned { value: Repetition::Thread(ThreadPattern::default()), span })),
        Some("leader") => Some(Thread::One(Spanned { value: ThreadChoice::Leader, span })),
        Some(text) if text.starts_with(|first: char| first.is_ascii_digit() || first == '$') => {
            let tid = plain_number(node, "thread", Kind::Pid, variables, problems)?;
            let tid = i32::try_from(tid).ok().filter(|tid| *tid > 0);
            if tid.is_none() {
                problems.at("plan::thread", span, format!("`{text}` is no thread id"), "it is a number above 0");
            }
            tid.map(|tid| Thread::One(Spanned { value: ThreadChoice::Tid(tid), span }))
        }
        _ => {
            let help = "there are all, leader and a thread's id; some threads are chosen by `for_each: { thread: { name: \"worker-*\" } }`";
            problems.at("plan::thread", span, "this names no thread", help);
            None
        }
    }
}
