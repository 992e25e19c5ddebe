//! One step: a system call and its modifiers.

use super::argument::arguments;
use super::condition::conditions;
use super::ctype::unknown_structure;
use super::each::check_name;
use super::number::{looks_like_integer, number};
use super::reading::{Fields, Problems, Variables, boolean, is_name, scalar, unknown};
use super::repetition::{Thread, for_each, thread};
use super::tree::{Node, NodeKind};
use super::undo::undo;
use super::{
    Arg, Capture, CaptureFrom, Decode, Expected, Memory, Repeated, Repetition, Spanned, Step, ThreadChoice, Undo,
};
use crate::problem::{Problem, Span};
use crate::syscalls::layouts::named;
use crate::syscalls::{self, Kind, Nature, Syscall, errno, nearest};
use std::time::Duration;

/// Keys of a step that are no calls. No call bears such a name.
pub const MODIFIERS: [&str; 12] = [
    "name",
    "capture",
    "target",
    "thread",
    "for_each",
    "when",
    "unless",
    "returns",
    "ignore",
    "undo",
    "irreversible",
    "timeout",
];

/// Reads a step.
pub fn step(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<Step> {
    let fields = Fields::of(node, "a step", problems)?;
    let step = read(node, fields, None, variables, problems)?;
    check_call(&step, problems);
    Some(step)
}

/// Reads what any step has; one under `undo` is repeated with its own step, over `of`.
pub fn read(
    node: &Node,
    mut fields: Fields<'_>,
    of: Option<&Repetition>,
    variables: &Variables,
    problems: &mut Problems,
) -> Option<Step> {
    let name =
        fields.take("name").and_then(|node| Some(variables.text(scalar(node, "name", problems)?, node.span, problems)));
    let capture = fields.take("capture");
    let target = fields.take("target").and_then(|node| name_of(node, "target", problems));
    let (each, thread) = place(&mut fields, variables, problems);
    let over = each.as_ref().map(|each: &Spanned<Repetition>| &each.value).or(of);
    let mut about = |what: &'static str, problems: &mut Problems| {
        fields.take(what).map(|node| conditions(node, what, over, variables, problems)).unwrap_or_default()
    };
    let (when, unless) = (about("when", problems), about("unless", problems));
    let returns = fields.take("returns").and_then(|node| expected(node, variables, problems));
    let ignore = fields.take("ignore").map(|node| ignored(node, problems)).unwrap_or_default();
    let undo = fields.take("undo").map_or(Undo::Auto, |node| undo(node, over, variables, problems));
    let irreversible = fields.take("irreversible").is_some_and(|node| boolean(node, "irreversible", problems));
    let timeout = fields.take("timeout").and_then(|node| duration(node, variables, problems));
    let (key, syscall, value) = the_call(node, &mut fields, problems)?;
    let own = variables.in_arguments(over);
    let (args, kinds) = arguments(syscall, value, key.span, &own, problems);
    let repeated = own.text_used_each().then(|| Repeated::new(value, "arguments", variables));
    let captures = capture.map(|node| captures(node, syscall, &args, &kinds, problems)).unwrap_or_default();
    Some(Step {
        name,
        syscall,
        args,
        repeated,
        captures,
        target,
        each,
        thread,
        when,
        unless,
        returns,
        ignore,
        undo,
        irreversible,
        timeout,
        private: false,
        span: key.span,
    })
}

/// What a step is repeated over, and the thread that runs it.
fn place(
    fields: &mut Fields<'_>,
    variables: &Variables,
    problems: &mut Problems,
) -> (Option<Spanned<Repetition>>, Option<Spanned<ThreadChoice>>) {
    let each = fields.take("for_each").and_then(|node| for_each(node, variables, problems));
    let node = fields.take("thread");
    // The thread that a repetition is about runs it anyway.
    let itself = node.is_some_and(|node| node.text().is_some_and(|text| text.trim() == "${each.tid}"));
    if let (true, Some(Spanned { value: Repetition::Thread(_), .. })) = (itself, &each) {
        return (each, None);
    }
    if let (true, Some(node)) = (itself, node) {
        check_name("tid", node.span, each.as_ref().map(|each| &each.value), false, problems);
        return (each, None);
    }
    let thread = node.and_then(|node| thread(node, variables, problems));
    match (each, thread) {
        (each, None) => (each, None),
        (None, Some(Thread::All(all))) => (Some(all), None),
        (Some(Spanned { value: Repetition::Thread(_), .. }), Some(Thread::One(Spanned { span, .. })))
        | (Some(_), Some(Thread::All(Spanned { span, .. }))) => {
            let help = "a step is repeated over one thing; `for_each: { thread: {} }` alone runs it in every thread";
            problems.at("plan::thread", span, "`for_each` and `thread` both say which threads run this step", help);
            (None, None)
        }
        (each, Some(Thread::One(thread))) => (each, Some(thread)),
    }
}

/// The one key that names a call.
fn the_call<'a>(
    node: &Node,
    fields: &mut Fields<'a>,
    problems: &mut Problems,
) -> Option<(&'a Node, &'static Syscall, &'a Node)> {
    let mut calls = Vec::new();
    let rest = fields.rest();
    let alone = rest.len() == 1;
    for (key, text, value) in rest {
        match syscalls::by_name(text) {
            Some(call) => calls.push((key, call, value)),
            None if alone => {
                let near = nearest(text, syscalls::TABLE.iter().map(|call| call.name).chain(MODIFIERS));
                let help =
                    near.map_or("`criu-plan syscalls` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
                problems.at("plan::unknown-syscall", key.span, format!("there is no system call `{text}`"), help);
                return None;
            }
            None => unknown(key.span, text, "a step", &MODIFIERS, &[], problems),
        }
    }
    if let [_, second, ..] = calls.as_slice() {
        let (key, call, _) = second;
        let message = format!("a step makes one call, and `{}` is a second one", call.name);
        problems.at("plan::several-calls", key.span, message, "make it a step of its own: `- …`");
    }
    if calls.is_empty() && alone {
        return None;
    }
    if calls.is_empty() {
        let help = "a step is `- CALL: [arguments]`, as `- close: [3]`";
        problems.at("plan::no-call", node.span, "this step names no system call", help);
    }
    calls.into_iter().next()
}

/// What speaks against the call itself.
pub fn check_call(step: &Step, problems: &mut Problems) {
    let call = step.syscall;
    let particulars = step.particulars();
    if let Some(why) = particulars.forbidden {
        let message = format!("`{}` can't be used in a plan: {why}", call.name);
        return problems.at("plan::forbidden", step.span, message, instead_of(call.name));
    }
    if particulars.blocking == syscalls::Blocking::Yes && step.timeout.is_none() {
        let message = format!("`{}` waits, perhaps for ever, and has no `timeout`", call.name);
        problems.at("plan::no-timeout", step.span, message, "add `timeout: 1s` to the step");
    }
}

/// Tells of a step that can't be undone and does not say so.
pub fn check_undo(step: &Step, problems: &mut Problems) {
    let particulars = step.particulars();
    let private = step.private && matches!(step.undo, Undo::Auto);
    if step.irreversible || particulars.forbidden.is_some() || private {
        return;
    }
    let why = match (&step.undo, particulars.nature) {
        (Undo::None, _) => "`undo: none` keeps nothing to undo it with",
        (Undo::Auto, Nature::Irreversible(why)) => why,
        (Undo::Auto | Undo::Steps(_), _) => return,
    };
    let message = format!("`{}` can't be undone: {why}", step.syscall.name);
    let help = "if that is as it should be, add `irreversible: true` to the step, best as one of the last; or say under `undo` what takes it back";
    problems.at("plan::irreversible", step.span, message, help);
}

/// What to do where a call is forbidden.
fn instead_of(call: &str) -> &'static str {
    match call {
        "exit" | "exit_group" => "to end the process stop its service, or send it a signal from outside",
        "fork" | "vfork" | "clone" | "clone3" => {
            "start what is to run beside it from outside; a plan changes what runs"
        }
        "execve" | "execveat" => "to run another program restart the service; a plan changes what runs",
        "rt_sigsuspend" => "what the process does on a signal is set with `rt_sigaction`",
        "ptrace" => "trace the process from outside, once the plan is done",
        _ => "leave the step out; `criu-plan explain` and the call's name tells which uses of it there are",
    }
}

fn name_of(node: &Node, what: &str, problems: &mut Problems) -> Option<Spanned<String>> {
    let text = scalar(node, what, problems)?;
    if !is_name(text) {
        let help = "a name has letters, digits, `_` and `-`, and does not begin with a digit";
        problems.at("plan::name", node.span, format!("`{text}` is no name"), help);
        return None;
    }
    Some(Spanned { value: text.to_owned(), span: node.span })
}

/// `2s`, `500ms`, `1m`.
fn duration(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<Duration> {
    let text = variables.text(scalar(node, "timeout", problems)?, node.span, problems);
    let duration = parse_duration(&text);
    if duration.is_none() {
        let message = format!("`{text}` is no time");
        problems.at("plan::timeout", node.span, message, "write it as 500ms, 2s or 1m, more than nothing");
    }
    duration
}

/// A time as `500ms`, `2s`, `1.5s` or `1m`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let unit = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (amount, unit) = text.split_at(unit);
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let amount: f64 = amount.trim().parse().ok()?;
    Duration::try_from_secs_f64(amount * seconds)
        .ok()
        .filter(|time| !time.is_zero() && *time < Duration::from_secs(86_400))
}

/// One error name or a list of them.
fn ignored(node: &Node, problems: &mut Problems) -> Vec<i32> {
    let one = |node: &Node, problems: &mut Problems| {
        let text = scalar(node, "ignore", problems)?;
        error_number(text, node.span, problems)
    };
    match &node.kind {
        NodeKind::List(items) => items.iter().filter_map(|item| one(item, problems)).collect(),
        _ => one(node, problems).into_iter().collect(),
    }
}

fn error_number(text: &str, span: Span, problems: &mut Problems) -> Option<i32> {
    let number = errno::number(text);
    if number.is_none() {
        let near = nearest(text, errno::names());
        let help = near.map_or("errors are named as in errno(3): ENOENT, EBADF …".to_owned(), |near| {
            format!("did you mean `{near}`?")
        });
        problems.at("plan::unknown-error", span, format!("there is no error `{text}`"), help);
    }
    number
}

/// `returns:`: a value, an error, a list of these, or bounds.
fn expected(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<Expected> {
    let mut expected = Expected::default();
    if matches!(&node.kind, NodeKind::List(items) if items.is_empty())
        || matches!(&node.kind, NodeKind::Map(entries) if entries.is_empty())
    {
        let help = "write what counts as success: 0, EEXIST, a list of these, or `{ min: 3 }`";
        problems.at("plan::nothing", node.span, "there is nothing in `returns`", help);
        return None;
    }
    match &node.kind {
        NodeKind::Map(_) => {
            let mut fields = Fields::of(node, "returns", problems)?;
            for (name, bound) in [("min", &mut expected.min), ("max", &mut expected.max)] {
                if let Some(node) = fields.take(name) {
                    *bound = result(node, variables, problems);
                }
            }
            fields.finish("returns", &["min", "max"], &[], problems);
        }
        NodeKind::List(items) => items.iter().for_each(|item| one_expected(item, &mut expected, variables, problems)),
        NodeKind::Scalar { .. } => one_expected(node, &mut expected, variables, problems),
    }
    Some(expected)
}

fn one_expected(node: &Node, expected: &mut Expected, variables: &Variables, problems: &mut Problems) {
    match scalar(node, "returns", problems) {
        Some(text) if text.starts_with('E') => expected.errnos.extend(error_number(text, node.span, problems)),
        Some(_) => expected.values.extend(result(node, variables, problems)),
        None => {}
    }
}

fn result(node: &Node, variables: &Variables, problems: &mut Problems) -> Option<i64> {
    let number = number(scalar(node, "returns", problems)?, node.span, Kind::Int, variables, problems)?;
    if !number.terms.is_empty() {
        let message = "`returns` must be known before the plan runs";
        problems.at("plan::returns", node.span, message, "compare a captured value with `when` on a later step");
        return None;
    }
    Some(number.constant as i64)
}

/// `capture: name`, or `capture: {return: name, buf: name, buf2: {name: …, as: hex}}`.
fn captures(
    node: &Node,
    syscall: &Syscall,
    args: &[Option<Spanned<Arg>>],
    kinds: &[Kind],
    problems: &mut Problems,
) -> Vec<Capture> {
    if node.text().is_some() {
        let name = name_of(node, "capture", problems);
        return name.map(|name| Capture { name, from: CaptureFrom::Return }).into_iter().collect();
    }
    let Some(mut fields) = Fields::of(node, "capture", problems) else { return Vec::new() };
    let mut captures = Vec::new();
    for (key, text, value) in fields.rest() {
        if text == "return" {
            captures
                .extend(name_of(value, "capture", problems).map(|name| Capture { name, from: CaptureFrom::Return }));
            continue;
        }
        match syscall.param(text) {
            Some(index) => {
                let argument = args.get(index).and_then(Option::as_ref).map(|argument| &argument.value);
                let by_type = by_type(argument, kinds.get(index).copied().unwrap_or(Kind::Any));
                captures.extend(buffer_capture(value, index, by_type, problems));
            }
            None => {
                let known: Vec<&str> =
                    std::iter::once("return").chain(syscall.params.iter().map(|param| param.name)).collect();
                unknown(key.span, text, &format!("capture of `{}`", syscall.name), &known, &[], problems);
            }
        }
    }
    captures
}

/// How a captured buffer is read where the capture does not say.
fn by_type(argument: Option<&Arg>, kind: Kind) -> Decode {
    if let Some(Arg::Memory(Memory { decode: Some(decode), .. })) = argument {
        return *decode;
    }
    match kind {
        Kind::In(name) | Kind::Out(name) | Kind::InOut(name) => match Decode::of(name) {
            Decode::Plain => Decode::Text,
            decode => decode,
        },
        Kind::Path | Kind::Text => Decode::Text,
        _ => Decode::Hex,
    }
}

fn buffer_capture(node: &Node, index: usize, by_type: Decode, problems: &mut Problems) -> Option<Capture> {
    if node.text().is_some() {
        let name = name_of(node, "capture", problems)?;
        return Some(Capture { name, from: CaptureFrom::Buffer(index, by_type) });
    }
    let mut fields = Fields::of(node, "capture", problems)?;
    let name = fields.take("name").and_then(|node| name_of(node, "name", problems));
    let decode = match fields.take("as") {
        Some(node) => decode(node, problems)?,
        None => by_type,
    };
    fields.finish("capture", &["name", "as"], &[], problems);
    if name.is_none() {
        let problem = Problem::error("plan::capture", "this capture has no `name`").at(node.span, "");
        problems.push(problem.help("write `{name: text, as: hex}`"));
    }
    Some(Capture { name: name?, from: CaptureFrom::Buffer(index, decode) })
}

/// `as:`.
pub fn decode(node: &Node, problems: &mut Problems) -> Option<Decode> {
    let text = scalar(node, "as", problems)?;
    match text {
        "string" => return Some(Decode::Text),
        "hex" => return Some(Decode::Hex),
        _ => {}
    }
    let shape = named(text);
    if shape.is_none() {
        let message = format!("nothing can be read as `{text}`");
        let (_, _, help) = unknown_structure(text);
        let help = if help.starts_with("did you") {
            help
        } else {
            "there are string, hex, i32[], u64[], struct NAME …".to_owned()
        };
        problems.at("plan::as", node.span, message, help);
    }
    shape.map(Decode::Typed)
}

/// Whether a text is a number rather than a text, where either may stand.
pub fn is_numeric(text: &str) -> bool {
    looks_like_integer(text) && super::number::integer(text).is_some()
}
