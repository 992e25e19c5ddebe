//! Memory as plans write it: text, bytes, numbers, structures, strings, buffers to be filled.

use super::ctype::{example, of_type, short, unknown_structure};
use super::number::number;
use super::reading::{Fields, Piece, Problems, Variables, scalar};
use super::sockaddr;
use super::step::{decode, is_numeric};
use super::tree::{Node, NodeKind};
use super::{CaptureRef, Decode, Memory, Number, Patch, Pointed, Pointer};
use crate::problem::Span;
use crate::syscalls::layouts::{Count, Int, SOCKADDR, Shape, Type, measure, named};
use crate::syscalls::{Kind, nearest};
use base64::Engine;

/// Keys of memory; each piece has exactly one of them.
pub const FORMS: [&str; 13] =
    ["out", "bytes", "base64", "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "struct", "strings"];
/// No single piece of memory is larger.
pub const MOST_BYTES: usize = 64 << 20;

/// What memory is due.
#[derive(Debug, Clone)]
pub struct Want {
    /// For whom, in messages: "`buf` of `read`".
    pub name: String,
    /// Its C type; "" is bytes.
    pub ctype: &'static str,
    /// The call fills it.
    pub filled: bool,
    /// The call looks at it before.
    pub read: bool,
}

impl Want {
    /// For an argument of that kind.
    pub fn of(name: String, kind: Kind) -> Self {
        let (filled, read) = match kind {
            Kind::Out(_) => (true, false),
            Kind::InOut(_) => (true, true),
            _ => (false, true),
        };
        Self { name, ctype: measure::pointee(kind).unwrap_or_default(), filled, read }
    }

    fn shape(&self) -> Option<Shape> {
        named(self.ctype)
    }
}

/// Reads memory.
pub struct Forms<'a> {
    pub variables: &'a Variables,
    pub problems: &'a mut Problems,
}

impl Forms<'_> {
    pub fn problem(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.problems.at(code, span, message, help);
    }

    /// Whether a text is a number with captured values in it, and no text.
    pub fn is_number(&self, text: &str, span: Span) -> bool {
        let pieces = self.variables.expand(text, span, &mut Problems::default());
        match pieces.as_slice() {
            [Piece::Text(plain)] => text.contains("${") && is_numeric(plain),
            pieces => matches!(pieces.first(), Some(Piece::Use(of)) if !self.variables.is_text(of)),
        }
    }

    /// Memory given as a mapping with the name of its form.
    pub fn form(&mut self, node: &Node, want: &Want) -> Option<Pointed> {
        let mut fields = Fields::of(node, &want.name, self.problems)?;
        let as_ = fields.take("as");
        let type_ = fields.take("type");
        let mut forms = Vec::new();
        for (key, text, value) in fields.rest() {
            if text == "ref" || FORMS.contains(&text) {
                forms.push((key.span, text, value));
            } else {
                let known = || FORMS.iter().chain(&["ref", "as", "type"]).copied();
                let near = nearest(text, known()).map(|near| format!("did you mean `{near}`?"));
                let help = near.unwrap_or_else(|| format!("there are {}", known().collect::<Vec<_>>().join(", ")));
                let message = format!("{} is memory, and `{text}` is no form of it", want.name);
                self.problem("plan::unknown-key", key.span, message, help);
                return None;
            }
        }
        let (form, value) = match forms.as_slice() {
            [(_, form, value)] => (*form, *value),
            [_, (span, form, _), ..] => {
                let message = format!("memory has one form, and `{form}` is a second one");
                self.problem("plan::shape", *span, message, "");
                return None;
            }
            [] => {
                let help = format!("memory is given as one of {}, ref", FORMS.join(", "));
                self.problem("plan::shape", node.span, format!("{} is not given here", want.name), help);
                return None;
            }
        };
        if let (Some(type_), true) = (type_, form != "struct") {
            self.problem("plan::shape", type_.span, format!("`type` goes with `struct`, not with `{form}`"), "");
        }
        let mut memory = match form {
            "ref" => return self.reference(value),
            "out" => self.out(value, want)?,
            "struct" => self.structures(value, type_, want)?,
            "strings" => self.strings(value)?,
            "bytes" => self.bytes(value)?,
            "base64" => self.base64(value)?,
            _ => self.numbers(form, value)?,
        };
        memory.filled |= want.filled;
        if let Some(as_) = as_ {
            memory.decode = Some(decode(as_, self.problems)?);
        }
        self.large_enough(&memory, want, value.span)?;
        Some(Pointed::Memory(Box::new(memory)))
    }

    /// A structure that the call fills or reads is never larger than its memory.
    fn large_enough(&mut self, memory: &Memory, want: &Want, span: Span) -> Option<()> {
        let needed = want.shape().filter(|shape| shape.element != Type::Struct(&SOCKADDR));
        let size = needed.and_then(|shape| shape.size()).unwrap_or(0);
        if memory.size < size && memory.size > 0 {
            let message = format!(
                "{} is {}, which takes {size} bytes, and here are {}",
                want.name,
                needed.map(|shape| shape.name()).unwrap_or_default(),
                memory.size
            );
            let help = if memory.filled && !want.read { "`{out: auto}` is as large as it takes" } else { "" };
            self.problem("plan::size", span, message, help);
            return None;
        }
        Some(())
    }

    /// Plain text where memory is due.
    pub fn text(&mut self, text: &str, span: Span, want: &Want) -> Option<Memory> {
        let text = self.variables.text(text, span, self.problems);
        let shape = want.shape();
        if shape.is_some_and(|shape| shape.element == Type::Struct(&SOCKADDR)) {
            return match sockaddr::sockaddr(&text) {
                Ok(bytes) => Some(Memory {
                    size: bytes.len(),
                    counted: bytes.len(),
                    bytes,
                    decode: shape.map(Decode::Typed),
                    text: format!("{text:?}"),
                    ..Memory::default()
                }),
                Err(message) => {
                    self.problem("plan::address", span, message, sockaddr::HELP);
                    None
                }
            };
        }
        if !measure::takes_text(want.ctype) {
            let (message, help) = (format!("{} is {}, not text", want.name, of_type(want.ctype)), example(want.ctype));
            self.problem("plan::kind", span, message, help);
            return None;
        }
        terminated(&text, span, self.problems)
    }

    fn reference(&mut self, node: &Node) -> Option<Pointed> {
        let text = scalar(node, "ref", self.problems)?;
        let word = text.strip_prefix("${").and_then(|text| text.strip_suffix('}')).unwrap_or(text);
        // Memory of another target can't be had, which is told where all names are known.
        let (target, word) = word.split_once('.').map_or((None, word), |(target, word)| (Some(target), word));
        if !target.into_iter().chain([word]).all(super::reading::is_name) {
            self.problem(
                "plan::name",
                node.span,
                format!("`{text}` is no name"),
                "write `{ref: name}`, as under `capture:`",
            );
            return None;
        }
        let reference =
            CaptureRef { target: target.map(str::to_owned), name: word.to_owned(), path: Vec::new(), span: node.span };
        Some(Pointed::Ref(reference))
    }

    /// `{out: 256}`, `{out: auto}`, `{out: stat}`, `{out: "pollfd[8]"}`.
    fn out(&mut self, node: &Node, want: &Want) -> Option<Memory> {
        let text = scalar(node, "out", self.problems)?;
        if is_numeric(text) || text.contains("${") {
            let size = number(text, node.span, Kind::Size, self.variables, self.problems)?;
            if !size.terms.is_empty() {
                let message = "the size of a buffer can't depend on what is captured";
                self.problem("plan::size", node.span, message, "give a number that is known before the plan runs");
                return None;
            }
            return match usize::try_from(size.constant).ok().filter(|size| (1..=MOST_BYTES).contains(size)) {
                Some(size) => Some(Memory::out(size)),
                None => {
                    let message = format!("a buffer of {} bytes can't be made", size.text);
                    self.problem("plan::size", node.span, message, "from 1 byte to 64 MiB can");
                    None
                }
            };
        }
        let (shape, auto) = match text {
            "auto" => (want.shape(), true),
            text => (named(text), false),
        };
        let Some(size) = shape.and_then(|shape| shape.size()).filter(|size| (1..=MOST_BYTES).contains(size)) else {
            let (code, message, help) = match (auto, shape) {
                (true, Some(shape)) => (
                    "plan::size",
                    format!("{} is {}, and how many is not said", want.name, shape.name()),
                    format!("write `{{out: \"{}[8]\"}}`", short(&shape)),
                ),
                (true, None) => {
                    ("plan::size", format!("{} has no size of its own", want.name), "write `{out: 256}`".to_owned())
                }
                (false, Some(_)) => ("plan::size", format!("`{text}` has no size that can be made"), String::new()),
                (false, None) => unknown_structure(text),
            };
            self.problem(code, node.span, message, help);
            return None;
        };
        let decode = if auto { None } else { shape.map(Decode::Typed) };
        let text = shape.map_or(String::new(), |shape| format!("out {}", shape.name()));
        Some(Memory { decode, text, ..Memory::out(size) })
    }

    fn bytes(&mut self, node: &Node) -> Option<Memory> {
        let text = self.variables.text(scalar(node, "bytes", self.problems)?, node.span, self.problems);
        let bytes = hexadecimal(&text);
        if bytes.is_none() {
            let help = "write two hexadecimal digits for each byte: \"0a0b\"";
            self.problem("plan::bytes", node.span, "these are no bytes", help);
        }
        self.whole(bytes?, node.span)
    }

    fn base64(&mut self, node: &Node) -> Option<Memory> {
        let text = self.variables.text(scalar(node, "base64", self.problems)?, node.span, self.problems);
        let compact: String = text.split_ascii_whitespace().collect();
        match base64::engine::general_purpose::STANDARD.decode(compact) {
            Ok(bytes) => self.whole(bytes, node.span),
            Err(error) => {
                self.problem("plan::bytes", node.span, format!("this is no base64: {error}"), "");
                None
            }
        }
    }

    /// Memory of just these bytes.
    fn whole(&mut self, bytes: Vec<u8>, span: Span) -> Option<Memory> {
        if bytes.is_empty() || bytes.len() > MOST_BYTES {
            let message = format!("memory of {} bytes can't be made", bytes.len());
            self.problem("plan::size", span, message, "from 1 byte to 64 MiB can");
            return None;
        }
        let shown: String = bytes.iter().take(32).map(|byte| format!("{byte:02x}")).collect();
        let more = if bytes.len() > 32 { "…" } else { "" };
        let size = bytes.len();
        Some(Memory { bytes, size, counted: size, text: format!("bytes {shown}{more}"), ..Memory::default() })
    }

    /// `{i32: [1, 2]}`, or one number alone.
    fn numbers(&mut self, form: &str, node: &Node) -> Option<Memory> {
        let Some(Shape { element: Type::Int(int), .. }) = named(form) else { return None };
        let one = std::slice::from_ref(node);
        let (items, count) = match &node.kind {
            NodeKind::List(items) => (items.as_slice(), Count::Many),
            _ => (one, Count::One),
        };
        let mut memory = Memory::default();
        let mut texts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let text = self.int(&mut memory, index * int.size, int, item, "an element");
            texts.extend(text);
        }
        if texts.len() != items.len() {
            return None;
        }
        if items.is_empty() {
            self.problem("plan::size", node.span, format!("`{form}` has no numbers"), "write `{i32: [1, 2]}`");
            return None;
        }
        (memory.size, memory.counted) = (items.len() * int.size, items.len() * int.size);
        memory.text = format!("{form} [{}]", texts.join(", "));
        memory.decode = Some(Decode::Typed(Shape { element: Type::Int(int), count }));
        Some(memory)
    }

    /// `{strings: [a, b]}`: pointers to each, and NULL.
    fn strings(&mut self, node: &Node) -> Option<Memory> {
        let NodeKind::List(items) = &node.kind else {
            self.problem("plan::shape", node.span, "`strings` must be a list", "write `{strings: [a, b]}`");
            return None;
        };
        let size = (items.len() + 1) * 8;
        let mut memory = Memory { size, counted: size, ..Memory::default() };
        let mut texts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let text =
                scalar(item, "a string", self.problems).map(|text| self.variables.text(text, item.span, self.problems));
            let string = text.and_then(|text| terminated(&text, item.span, self.problems));
            if let Some(string) = string {
                texts.push(string.text.clone());
                let to = Pointed::Memory(Box::new(string));
                memory.pointers.push(Pointer { offset: index * 8, to, length: None });
            }
        }
        memory.text = format!("[{}]", texts.join(", "));
        (texts.len() == items.len()).then_some(memory)
    }

    /// A number in memory, and as it is shown.
    pub fn int(&mut self, memory: &mut Memory, offset: usize, int: Int, node: &Node, name: &str) -> Option<String> {
        let number = self.value(int, node, name)?;
        if number.terms.is_empty() {
            if !int.holds(number.constant) {
                let message = format!("{} does not fit into {name}, which is {}", number.text, int.name());
                self.problem("plan::out-of-range", node.span, message, format!("it holds {}", int.range()));
                return None;
            }
            put(memory, offset, &int.bytes(number.constant));
        }
        let text = number.text.clone();
        if !number.terms.is_empty() {
            let (size, signed, swapped) = (int.size, int.signed, int.swapped);
            memory.patches.push(Patch { offset, size, signed, swapped, most: None, number });
        }
        Some(text)
    }

    /// A number, or a list of flags.
    fn value(&mut self, int: Int, node: &Node, name: &str) -> Option<Number> {
        match &node.kind {
            NodeKind::Scalar { text, .. } => number(text, node.span, int.kind, self.variables, self.problems),
            NodeKind::List(items) if matches!(int.kind, Kind::Flags(_) | Kind::Mode | Kind::Any) => {
                super::argument::flags(items, int.kind, self.variables, self.problems)
            }
            _ => {
                self.problem(
                    "plan::shape",
                    node.span,
                    format!("{name} is one number, and here it is {}", node.shape()),
                    "",
                );
                None
            }
        }
    }
}

/// Text and a NUL.
pub fn terminated(text: &str, span: Span, problems: &mut Problems) -> Option<Memory> {
    if text.contains('\0') {
        let message = "a NUL byte ends a text, so what stands behind it would be lost";
        problems.at("plan::nul", span, message, "give bytes with NUL as `{bytes: \"…\"}`");
        return None;
    }
    let bytes = [text.as_bytes(), b"\0"].concat();
    let (size, counted) = (bytes.len(), text.len());
    Some(Memory { bytes, size, counted, decode: Some(Decode::Text), text: format!("{text:?}"), ..Memory::default() })
}

/// Puts bytes into memory.
pub fn put(memory: &mut Memory, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if memory.bytes.len() < end {
        memory.bytes.resize(end, 0);
    }
    memory.bytes[offset..end].copy_from_slice(bytes);
}

/// Two digits for each byte; blanks and `_` between them are passed over.
pub fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'_').collect();
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    digits.chunks(2).map(byte).collect()
}
