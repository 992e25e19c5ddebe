//! Captured numbers where numbers of another kind are due: an address as a descriptor, a descriptor as memory.

use super::reading::Problems;
use super::selector::EACH;
use super::{Access, Arg, CaptureFrom, CaptureRef, Spanned, Step, TargetSpec, known};
use crate::problem::{Problem, Span};
use crate::syscalls::{Kind, Returns, argument_kind};
use std::collections::HashMap;

/// What a number is, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Descriptor,
    Address,
    Thread,
    /// What a call returns that tells only that it went well.
    Zero,
    /// Of another target.
    OthersDescriptor,
    OthersAddress,
}

impl Is {
    /// What it is to another process.
    fn elsewhere(self) -> Self {
        match self {
            Self::Descriptor => Self::OthersDescriptor,
            Self::Address => Self::OthersAddress,
            other => other,
        }
    }
}

/// A captured number.
struct Captured {
    is: Is,
    call: &'static str,
    span: Span,
}

/// Warns where what is captured is not what an argument takes.
pub fn check(targets: &[TargetSpec], steps: &[Step], problems: &mut Problems) {
    let mut captured: HashMap<&str, Captured> = HashMap::new();
    let own = |step: &Step| step.target.as_ref().map(|target| target.value.clone());
    let all =
        steps.iter().flat_map(|step| std::iter::once(step).chain(step.undo_steps()).map(move |one| (one, own(step))));
    for (step, target) in all {
        for (index, argument) in step.args.iter().enumerate() {
            let Some(used) = lone_use(argument.as_ref()) else { continue };
            let found = match used.target.as_deref() {
                Some(EACH) => of_each(&used.name).map(|is| (is, None)),
                used_of => captured.get(used.name.as_str()).map(|captured| {
                    let elsewhere = targets.len() > 1 && used_of.is_some() && used_of != target.as_deref();
                    (if elsewhere { captured.is.elsewhere() } else { captured.is }, Some(captured))
                }),
            };
            if let Some((is, from)) = found {
                check_one(step, index, used, is, from, problems);
            }
        }
        for capture in step.captures.iter().filter(|capture| capture.from == CaptureFrom::Return) {
            if let Some(is) = of_result(step.particulars().returns) {
                let new = Captured { is, call: step.syscall.name, span: capture.name.span };
                captured.insert(&capture.name.value, new);
            }
        }
    }
}

fn check_one(step: &Step, index: usize, used: &CaptureRef, is: Is, from: Option<&Captured>, problems: &mut Problems) {
    let kind = argument_kind(step.syscall, index, |index| known(step.args.get(index)?.as_ref()));
    let due = match (kind, is) {
        // Its argument `targetfd` is a descriptor of another process.
        (Kind::Fd, Is::OthersDescriptor) if step.syscall.name == "pidfd_getfd" && index == 1 => return,
        (Kind::Fd | Kind::DirFd, is) if is != Is::Descriptor => "a descriptor",
        (Kind::Addr, is) if is != Is::Address => "an address",
        (Kind::In(_) | Kind::Out(_) | Kind::InOut(_), is) if is != Is::Address => "memory",
        (Kind::Pid, is) if is != Is::Thread => "the id of a process or thread",
        (Kind::Signal, _) => "a signal",
        _ => return,
    };
    let is = match (is, from) {
        (Is::Descriptor, _) => "a descriptor".to_owned(),
        (Is::Address, _) => "an address".to_owned(),
        (Is::Thread, _) => "the id of a thread".to_owned(),
        (Is::Zero, Some(from)) => format!("the 0 that `{}` returns", from.call),
        (Is::Zero, None) => "0".to_owned(),
        (Is::OthersDescriptor, _) => "a descriptor of another process".to_owned(),
        (Is::OthersAddress, _) => "an address in another process".to_owned(),
    };
    let name = step.syscall.params.get(index).map_or("", |param| param.name);
    let shown = match &used.target {
        Some(target) => format!("{target}.{}", used.name),
        None => used.name.clone(),
    };
    let message = format!("`{name}` of `{}` is {due}, and `${{{shown}}}` is {is}", step.syscall.name);
    let problem = Problem::warning("plan::captured-kind", message).help("is this the value that is meant?");
    let problem = problem.at(used.span, "used here");
    problems.push(match from {
        Some(from) => problem.at(from.span, "captured here"),
        None => problem,
    });
}

/// The one value that an argument is, and not a number inside memory.
fn lone_use(argument: Option<&Spanned<Arg>>) -> Option<&CaptureRef> {
    let Some(Spanned { value: Arg::Number(number), .. }) = argument else { return None };
    match number.terms.as_slice() {
        [(true, used)] if matches!(used.path.as_slice(), [] | [Access::Index(_)]) => Some(used),
        _ => None,
    }
}

fn of_result(returns: Returns) -> Option<Is> {
    match returns {
        Returns::Fd => Some(Is::Descriptor),
        Returns::Address => Some(Is::Address),
        Returns::Zero => Some(Is::Zero),
        Returns::Number | Returns::Never => None,
    }
}

fn of_each(name: &str) -> Option<Is> {
    match name {
        "number" => Some(Is::Descriptor),
        "start" | "end" => Some(Is::Address),
        "tid" => Some(Is::Thread),
        _ => None,
    }
}
