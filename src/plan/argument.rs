//! Arguments of a call: by position or by name, as numbers or as memory.

use super::number::{self, number};
use super::reading::{Fields, Piece, Problems, Variables, scalar};
use super::step::{decode, is_numeric};
use super::tree::{Node, NodeKind};
use super::{Arg, Decode, Number, Spanned};
use crate::problem::{Problem, Span};
use crate::syscalls::{Kind, Syscall, argument_kind, nearest};

/// Forms of memory that later versions bring.
const LATER: [&str; 10] = ["base64", "u8", "u16", "u32", "u64", "i32", "i64", "struct", "strings", "ref"];
const FORMS: [&str; 2] = ["out", "bytes"];
/// No single argument takes more.
const MOST_BYTES: usize = 64 << 20;

/// Reads all arguments, one slot for each parameter, and how each buffer is to be decoded where `as` says so.
pub fn arguments(
    call: &'static Syscall,
    node: &Node,
    key: Span,
    variables: &Variables,
    problems: &mut Problems,
) -> (Vec<Option<Spanned<Arg>>>, Vec<Option<Decode>>) {
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
    // What is misplaced is most likely what would be missed.
    if problems.0.len() == before {
        warn_missing(call, &slots, key, problems);
    }
    let mut reader =
        Reader { call, variables, args: Vec::with_capacity(slots.len()), decodes: vec![None; slots.len()] };
    for (index, slot) in slots.iter().enumerate() {
        let argument = slot.and_then(|node| reader.argument(index, node, problems));
        reader.args.push(argument);
    }
    (reader.args, reader.decodes)
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
        match call.param(name).or_else(|| call.param(alias(name))) {
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

/// Newer man pages call some parameters otherwise.
fn alias(name: &str) -> &str {
    match name {
        "op" => "cmd",
        "cmd" | "request" | "option" | "operation" => "op",
        "dfd" => "dirfd",
        "filename" => "pathname",
        "path" => "pathname",
        "len" => "length",
        "length" => "len",
        other => other,
    }
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

fn warn_missing(call: &Syscall, slots: &[Option<&Node>], key: Span, problems: &mut Problems) {
    let missing: Vec<&str> = call
        .params
        .iter()
        .zip(slots)
        .filter(|(param, slot)| slot.is_none() && !param.optional)
        .map(|(param, _)| param.name)
        .collect();
    if !missing.is_empty() {
        let message = format!("`{}` is not given {}: 0 is passed", call.name, missing.join(", "));
        let problem = Problem::warning("plan::missing-argument", message).at(key, "");
        problems.push(problem.help(signature(call)));
    }
}

struct Reader<'a> {
    call: &'static Syscall,
    variables: &'a Variables,
    args: Vec<Option<Spanned<Arg>>>,
    decodes: Vec<Option<Decode>>,
}

impl Reader<'_> {
    fn argument(&mut self, index: usize, node: &Node, problems: &mut Problems) -> Option<Spanned<Arg>> {
        let known = |index: usize| match self.args.get(index)?.as_ref()?.value {
            Arg::Number(ref number) if number.terms.is_empty() => Some(number.constant),
            _ => None,
        };
        let kind = argument_kind(self.call, index, known);
        let value = match &node.kind {
            NodeKind::Scalar { text, plain } => self.scalar(index, text, *plain, kind, node.span, problems)?,
            NodeKind::List(items) => self.flags(index, items, kind, node, problems)?,
            NodeKind::Map(_) => self.memory(index, kind, node, problems)?,
        };
        Some(Spanned { value, span: node.span })
    }

    fn scalar(
        &self,
        index: usize,
        text: &str,
        plain: bool,
        kind: Kind,
        span: Span,
        problems: &mut Problems,
    ) -> Option<Arg> {
        let as_number = |problems: &mut Problems| number(text, span, kind, self.variables, problems).map(Arg::Number);
        match kind {
            Kind::Path | Kind::Text => self.text(text, span, problems),
            // An address, or what a step captured, may stand where memory is due; `0` is NULL.
            Kind::In(_) | Kind::Out(_) | Kind::InOut(_)
                if (plain && is_numeric(text)) || self.is_capture(text, span) =>
            {
                as_number(problems)
            }
            Kind::In(_) => self.text(text, span, problems),
            Kind::Out(_) | Kind::InOut(_) => {
                let name = self.call.params.get(index).map_or("", |param| param.name);
                let message = format!("`{name}` of `{}` is memory that the call fills", self.call.name);
                problems.at("plan::kind", span, message, "give it as `{out: SIZE}`, or 0 for none");
                None
            }
            Kind::Any => {
                let constant =
                    crate::syscalls::constants::find(text.split(['|', '+']).next().unwrap_or_default().trim());
                if plain && (is_numeric(text) || constant.is_some()) || self.is_capture(text, span) {
                    as_number(problems)
                } else {
                    self.text(text, span, problems)
                }
            }
            _ => as_number(problems),
        }
    }

    /// Whether a text is a use of a captured value and nothing else.
    fn is_capture(&self, text: &str, span: Span) -> bool {
        let pieces = self.variables.expand(text, span, &mut Problems::default());
        matches!(pieces.first(), Some(Piece::Use(_))) || (text.contains("${") && is_number_with_variables(&pieces))
    }

    fn text(&self, text: &str, span: Span, problems: &mut Problems) -> Option<Arg> {
        let text = self.variables.text(text, span, problems);
        if text.contains('\0') {
            let message = "a NUL byte ends a text, so what stands behind it would be lost";
            problems.at("plan::nul", span, message, "give bytes with NUL as `{bytes: \"…\"}`");
            return None;
        }
        Some(Arg::Text(text.into_bytes()))
    }

    /// A list of flags.
    fn flags(&self, index: usize, items: &[Node], kind: Kind, node: &Node, problems: &mut Problems) -> Option<Arg> {
        if !matches!(kind, Kind::Flags(_) | Kind::Mode | Kind::Any) {
            let name = self.call.params.get(index).map_or("", |param| param.name);
            let message = format!("`{name}` of `{}` takes one value, not a list", self.call.name);
            problems.at("plan::shape", node.span, message, "");
            return None;
        }
        let mut flag = |item: &Node| {
            let read = number(scalar(item, "a flag", problems)?, item.span, kind, self.variables, problems)?;
            if !read.terms.is_empty() {
                problems.at("plan::number", item.span, "a captured value can't be a flag in a list", "");
                return None;
            }
            Some(read.constant)
        };
        // Every item is read, so that every mistake is told.
        let flags: Vec<Option<u64>> = items.iter().map(&mut flag).collect();
        let value = flags.into_iter().collect::<Option<Vec<u64>>>()?.into_iter().fold(0, |all, flag| all | flag);
        Some(Arg::Number(Number { constant: value, terms: Vec::new(), text: number::shown(kind, value) }))
    }

    /// `{out: N}` or `{bytes: "0a0b"}`.
    fn memory(&mut self, index: usize, kind: Kind, node: &Node, problems: &mut Problems) -> Option<Arg> {
        let name = self.call.params.get(index).map_or("", |param| param.name);
        if !matches!(
            kind,
            Kind::In(_) | Kind::Out(_) | Kind::InOut(_) | Kind::Any | Kind::Path | Kind::Text | Kind::Addr
        ) {
            let message = format!("`{name}` of `{}` is a number, not memory", self.call.name);
            problems.at("plan::kind", node.span, message, "");
            return None;
        }
        let mut fields = Fields::of(node, "an argument", problems)?;
        let out = fields.take("out");
        let bytes = fields.take("bytes");
        if let Some(node) = fields.take("as") {
            self.decodes[index] = Some(decode(node, problems)?);
        }
        fields.finish("an argument", &FORMS, &LATER, problems);
        match (out, bytes) {
            (Some(size), None) => self.out(size, problems),
            (None, Some(bytes)) => self.bytes(bytes, problems),
            (None, None) => None,
            (Some(_), Some(_)) => {
                problems.at("plan::shape", node.span, "memory is either `out` or `bytes`", "");
                None
            }
        }
    }

    fn out(&self, node: &Node, problems: &mut Problems) -> Option<Arg> {
        let size = number(scalar(node, "out", problems)?, node.span, Kind::Size, self.variables, problems)?;
        if size.terms.is_empty() && !(1..=MOST_BYTES as u64).contains(&size.constant) {
            let message = format!("a buffer of {} bytes can't be made", size.text);
            problems.at("plan::size", node.span, message, "from 1 byte to 64 MiB can");
            return None;
        }
        Some(Arg::Out(size))
    }

    fn bytes(&self, node: &Node, problems: &mut Problems) -> Option<Arg> {
        let text = self.variables.text(scalar(node, "bytes", problems)?, node.span, problems);
        let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'_').collect();
        let byte = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes: Option<Vec<u8>> =
            digits.chunks(2).map(|pair| if pair.len() == 2 { byte(pair) } else { None }).collect();
        if bytes.is_none() {
            let help = "write two hexadecimal digits for each byte: \"0a0b\"";
            problems.at("plan::bytes", node.span, "these are no bytes", help);
        }
        bytes.map(Arg::Bytes)
    }
}

/// Whether a text whose variables were put in is a number.
fn is_number_with_variables(pieces: &[Piece]) -> bool {
    matches!(pieces, [Piece::Text(text)] if is_numeric(text))
}
