//! Arguments of a call: by position or by name, as numbers or as memory.

use super::length;
use super::memory::{Forms, Want};
use super::number::{self, number};
use super::reading::{Problems, Variables, scalar};
use super::step::is_numeric;
use super::tree::{Node, NodeKind};
use super::{Arg, Number, Pointed, Spanned, known};
use crate::problem::{Problem, Span};
use crate::syscalls::layouts::measure::measures;
use crate::syscalls::{Kind, Syscall, argument_kind, nearest};

/// Reads all arguments, one slot for each parameter, and what kind each of them is.
pub fn arguments(
    call: &'static Syscall,
    node: &Node,
    key: Span,
    variables: &Variables,
    problems: &mut Problems,
) -> (Vec<Option<Spanned<Arg>>>, Vec<Kind>) {
    let mut slots: Vec<Option<&Node>> = vec![None; call.params.len()];
    let before = problems.0.len();
    match &node.kind {
        NodeKind::List(items) => by_position(call, items, &mut slots, problems),
        NodeKind::Map(entries) => by_name(call, entries, &mut slots, problems),
        NodeKind::Scalar { text, .. } if text.is_empty() => {
            let help = format!("a call without arguments is written `{}: []`", call.name);
            problems.at("plan::shape", key, format!("`{}` has no arguments here", call.name), help);
        }
        NodeKind::Scalar { .. } => {
            let help = format!("put them into brackets: `{}: [{}]`", call.name, node.text().unwrap_or_default());
            problems.at("plan::shape", node.span, "arguments must be a list or a mapping", help);
        }
    }
    let misplaced = problems.0.len() > before;
    let mut reader = Reader { call, forms: Forms { variables, problems }, args: Vec::new(), kinds: Vec::new() };
    for (index, slot) in slots.iter().enumerate() {
        let kind = reader.kind(index);
        reader.kinds.push(kind);
        let argument = slot.and_then(|node| reader.argument(index, node, kind));
        reader.args.push(argument);
    }
    let Reader { mut args, kinds, .. } = reader;
    // How long a text is that has parts of what the step is repeated over is seen in each repetition.
    if !variables.text_used_each() {
        length::check(call, &kinds, &args, problems);
    }
    length::fill(call, &kinds, &slots.iter().map(Option::is_some).collect::<Vec<_>>(), &mut args, key);
    // What is misplaced is most likely what would be missed.
    if !misplaced {
        warn_missing(call, &slots, (&args, &kinds), key, problems);
    }
    (args, kinds)
}

fn by_position<'a>(call: &Syscall, items: &'a [Node], slots: &mut [Option<&'a Node>], problems: &mut Problems) {
    for (index, item) in items.iter().enumerate() {
        match slots.get_mut(index) {
            Some(slot) => *slot = Some(item),
            None => {
                let message =
                    format!("`{}` takes {}, and this is number {}", call.name, amount(slots.len()), index + 1);
                return problems.at("plan::too-many-arguments", item.span, message, signature(call));
            }
        }
    }
}

fn by_name<'a>(call: &Syscall, entries: &'a [(Node, Node)], slots: &mut [Option<&'a Node>], problems: &mut Problems) {
    for (key, value) in entries {
        let name = key.text().unwrap_or_default();
        match parameter(call, name) {
            Some(index) if slots.get(index).is_some_and(Option::is_some) => {
                let known = call.params.get(index).map_or("", |param| param.name);
                let message = format!("`{name}` of `{}` is given already", call.name);
                let help = format!("`{known}` and its other names are one argument; leave one of them out");
                problems.at("plan::duplicate-key", key.span, message, help);
            }
            Some(index) => slots[index] = Some(value),
            None => {
                let near = nearest(name, call.params.iter().map(|param| param.name));
                let help = near.map_or_else(|| signature(call), |near| format!("did you mean `{near}`?"));
                let message = format!("`{}` has no argument `{name}`", call.name);
                problems.at("plan::unknown-argument", key.span, message, help);
            }
        }
    }
}

/// Man pages of other years call some parameters otherwise; these are names for the same.
pub const ALIASES: [&[&str]; 4] = [
    &["op", "cmd", "request", "option", "operation"],
    &["dirfd", "dfd"],
    &["pathname", "path", "filename"],
    &["length", "len"],
];

/// The parameter that a name is for.
pub fn parameter(call: &Syscall, name: &str) -> Option<usize> {
    let others = || ALIASES.iter().find(|names| names.contains(&name)).copied().unwrap_or_default();
    call.param(name).or_else(|| others().iter().find_map(|other| call.param(other)))
}

/// `2 arguments`.
pub fn amount(arguments: usize) -> String {
    match arguments {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        more => format!("{more} arguments"),
    }
}

/// `open(pathname, flags, mode)`.
pub fn signature(call: &Syscall) -> String {
    let names: Vec<&str> = call.params.iter().map(|param| param.name).collect();
    format!("it is {}({})", call.name, names.join(", "))
}

fn warn_missing(
    call: &Syscall,
    slots: &[Option<&Node>],
    (args, kinds): (&[Option<Spanned<Arg>>], &[Kind]),
    key: Span,
    problems: &mut Problems,
) {
    let there = |index: usize| args.get(index).is_some_and(Option::is_some);
    let given = |index: usize| there(index) || slots.get(index).is_some_and(Option::is_some);
    // The length of memory that has a mistake in it would have been filled in.
    let waits = |index: usize| measures(call, kinds, index).iter().any(|of| given(of.memory) && !there(of.memory));
    let missing: Vec<&str> = call
        .params
        .iter()
        .enumerate()
        .filter(|(index, param)| !param.optional && !given(*index) && !waits(*index))
        .map(|(_, param)| param.name)
        .collect();
    if !missing.is_empty() {
        let message = format!("`{}` is not given {}: 0 is passed", call.name, missing.join(", "));
        let problem = Problem::warning("plan::missing-argument", message).at(key, "");
        problems.push(problem.help(signature(call)));
    }
}

/// A text that can only be a path.
fn is_path(text: &str) -> bool {
    ["/", "./", "../", "~/"].iter().any(|beginning| text.starts_with(beginning))
}

struct Reader<'a> {
    call: &'static Syscall,
    forms: Forms<'a>,
    args: Vec<Option<Spanned<Arg>>>,
    kinds: Vec<Kind>,
}

impl Reader<'_> {
    /// What kind an argument is, once those before it are read.
    fn kind(&self, index: usize) -> Kind {
        let known = |index: usize| known(self.args.get(index)?.as_ref());
        argument_kind(self.call, index, known)
    }

    /// "`buf` of `read`".
    fn name(&self, index: usize) -> String {
        format!("`{}` of `{}`", self.call.params.get(index).map_or("", |param| param.name), self.call.name)
    }

    fn argument(&mut self, index: usize, node: &Node, kind: Kind) -> Option<Spanned<Arg>> {
        if node.is_nothing() {
            let help = "leave it out to pass 0 or NULL; quote it if it is a text";
            self.forms.problem("plan::nothing", node.span, format!("{} is given as nothing", self.name(index)), help);
            return None;
        }
        let value = match &node.kind {
            NodeKind::Scalar { text, plain } => self.scalar(index, text, *plain, kind, node.span)?,
            NodeKind::List(items) => self.list(index, items, kind, node)?,
            NodeKind::Map(_) => self.memory(index, kind, node)?,
        };
        Some(Spanned { value, span: node.span })
    }

    fn number(&mut self, text: &str, span: Span, kind: Kind) -> Option<Arg> {
        number(text, span, kind, self.forms.variables, self.forms.problems).map(Arg::Number)
    }

    fn scalar(&mut self, index: usize, text: &str, plain: bool, kind: Kind, span: Span) -> Option<Arg> {
        let is_number = (plain && is_numeric(text)) || self.forms.is_number(text, span);
        match kind {
            Kind::Path | Kind::Text => {
                if plain && is_numeric(text) {
                    self.number_as_text(index, text, span);
                }
                self.text(text, span, &Want::of(self.name(index), kind))
            }
            // An address, or what a step captured, may stand where memory is due; `0` is NULL.
            Kind::In(_) | Kind::Out(_) | Kind::InOut(_) if is_number => self.address(index, text, span, kind),
            Kind::In(_) => self.text(text, span, &Want::of(self.name(index), kind)),
            Kind::Out(_) | Kind::InOut(_) => {
                let message = format!("{} is memory that the call fills", self.name(index));
                self.forms.problem("plan::kind", span, message, "give it as `{out: SIZE}`, or 0 for none");
                None
            }
            Kind::Any => {
                let first = text.split(['|', '+']).next().unwrap_or_default().trim();
                if is_number || (plain && crate::syscalls::constants::find(first).is_some()) {
                    self.number(text, span, kind)
                } else {
                    self.text(text, span, &Want::of(self.name(index), kind))
                }
            }
            Kind::Fd | Kind::DirFd if is_path(text) => {
                let message = format!("{} is a descriptor, and {text} is a path", self.name(index));
                let help = "open it in a step before, with `capture: fd`, and write `\"${fd}\"` here";
                self.forms.problem("plan::kind", span, message, help);
                None
            }
            _ => self.number(text, span, kind),
        }
    }

    /// A number where text is due is passed as its digits, which is hardly meant: 0 is no NULL there, 3 no descriptor.
    fn number_as_text(&mut self, index: usize, text: &str, span: Span) {
        let message = format!("{} is text, so the digits `{text}` are passed", self.name(index));
        let problem = Problem::warning("plan::number-as-text", message).at(span, "");
        self.forms.problems.push(problem.help("quote it if that is meant; to pass NULL leave the argument out"));
    }

    /// A number where memory is due: nothing lies in the first page.
    fn address(&mut self, index: usize, text: &str, span: Span, kind: Kind) -> Option<Arg> {
        let argument = self.number(text, span, kind)?;
        if let Arg::Number(Number { constant: 1..=4095, terms, .. }) = &argument
            && terms.is_empty()
        {
            let message = format!("{} is memory, and {text} is no address of any", self.name(index));
            let help = format!("a number in memory is written `{{i32: {text}}}`; 0 passes NULL");
            self.forms.problem("plan::kind", span, message, help);
            return None;
        }
        Some(argument)
    }

    fn text(&mut self, text: &str, span: Span, want: &Want) -> Option<Arg> {
        let memory = self.forms.text(text, span, want)?;
        let is_text = matches!(memory.decode, Some(super::Decode::Text));
        Some(if is_text { Arg::Text(memory.bytes[..memory.counted].to_vec()) } else { Arg::Memory(memory) })
    }

    /// A list of flags; of structures, where memory is made of those.
    fn list(&mut self, index: usize, items: &[Node], kind: Kind, node: &Node) -> Option<Arg> {
        match kind {
            Kind::Flags(_) | Kind::Mode | Kind::Any => {
                flags(items, kind, self.forms.variables, self.forms.problems).map(Arg::Number)
            }
            _ => {
                let help = match kind {
                    Kind::In(ctype) | Kind::InOut(ctype) if !ctype.is_empty() => super::ctype::example(ctype),
                    _ => String::new(),
                };
                let message = format!("{} takes one value, not a list", self.name(index));
                self.forms.problem("plan::shape", node.span, message, help);
                None
            }
        }
    }

    fn memory(&mut self, index: usize, kind: Kind, node: &Node) -> Option<Arg> {
        if !matches!(
            kind,
            Kind::In(_) | Kind::Out(_) | Kind::InOut(_) | Kind::Any | Kind::Path | Kind::Text | Kind::Addr
        ) {
            let message = format!("{} is a number, not memory", self.name(index));
            self.forms.problem("plan::kind", node.span, message, "");
            return None;
        }
        match self.forms.form(node, &Want::of(self.name(index), kind))? {
            Pointed::Memory(memory) => Some(Arg::Memory(*memory)),
            Pointed::Ref(reference) => Some(Arg::Ref(reference)),
        }
    }
}

/// A list of flags, as one number.
pub fn flags(items: &[Node], kind: Kind, variables: &Variables, problems: &mut Problems) -> Option<Number> {
    let mut flag = |item: &Node| {
        let read = number(scalar(item, "a flag", problems)?, item.span, kind, variables, problems)?;
        if !read.terms.is_empty() {
            problems.at("plan::number", item.span, "a captured value can't be a flag in a list", "");
            return None;
        }
        Some(read.constant)
    };
    // Every item is read, so that every mistake is told.
    let flags: Vec<Option<u64>> = items.iter().map(&mut flag).collect();
    let value = flags.into_iter().collect::<Option<Vec<u64>>>()?.into_iter().fold(0, |all, flag| all | flag);
    Some(Number { constant: value, terms: Vec::new(), text: number::shown(kind, value) })
}
