//! Structures as plans write them: fields by name, nested, in lists.

use super::ctype::{example, of_type, unknown_structure};
use super::memory::{Forms, Want, hexadecimal, put};
use super::reading::scalar;
use super::sockaddr::socket_path;
use super::step::is_numeric;
use super::tree::{Node, NodeKind};
use super::{Decode, Memory, Pointed, Pointer};
use crate::problem::Span;
use crate::syscalls::layouts::{
    CMSG, Count, Counts, FAMILIES, Field, Int, Layout, SOCKADDR, SOCKADDR_UN, Shape, Tail, Type, named,
};
use crate::syscalls::{Kind, nearest};
use std::net::{Ipv4Addr, Ipv6Addr};

/// What a field was given.
struct Given<'a> {
    name: &'static str,
    span: Span,
    /// Of a number that is known.
    constant: Option<u64>,
    /// Of a pointer to memory of the plan's own: its size, what a length counts of it, and its elements.
    memory: Option<(usize, usize, usize)>,
    /// Of a pointer: it leads to memory whose size is not known here.
    reference: bool,
    key: &'a Node,
}

impl Forms<'_> {
    /// `{struct: {…}}`, `{struct: [{…}, {…}]}`, of the argument's type or that of `type:`.
    pub fn structures(&mut self, node: &Node, type_: Option<&Node>, want: &Want) -> Option<Memory> {
        let shape = self.shape(node, type_, want)?;
        if shape.element == Type::Signals {
            let mut memory = Memory { size: 8, counted: 8, ..Memory::default() };
            memory.text = self.signals(&mut memory, 0, node)?;
            memory.decode = Some(Decode::Typed(shape));
            return Some(memory);
        }
        let Type::Struct(layout) = shape.element else {
            let message = format!("{} is {}, which has no fields", want.name, shape.name());
            self.problem("plan::no-structure", node.span, message, example(want.ctype));
            return None;
        };
        let one = std::slice::from_ref(node);
        let items = match (&node.kind, shape.count) {
            (NodeKind::List(_), Count::One) => {
                let message = format!("{} is one {}, and here is a list", want.name, shape.name());
                self.problem("plan::shape", node.span, message, example(want.ctype));
                return None;
            }
            (NodeKind::List(items), Count::Exactly(count)) if items.len() > count => {
                let message = format!("{} is {}, and here are {} of them", want.name, shape.name(), items.len());
                self.problem("plan::shape", node.span, message, "");
                return None;
            }
            (NodeKind::List(items), _) if items.is_empty() => {
                self.problem("plan::size", node.span, format!("{} is empty", want.name), "0 passes NULL");
                return None;
            }
            (NodeKind::List(items), _) => items.as_slice(),
            _ => one,
        };
        let mut memory = Memory::default();
        let (mut texts, mut offset) = (Vec::new(), 0);
        for item in items {
            match self.structure(&mut memory, offset, layout, item) {
                Some((text, size)) => {
                    texts.push(text);
                    offset += size;
                }
                // The others are read all the same, so that every mistake is told.
                None => offset += layout.size,
            }
        }
        if texts.len() != items.len() {
            return None;
        }
        memory.size = shape.size().filter(|_| layout.name != SOCKADDR.name).unwrap_or(0).max(offset);
        memory.counted = memory.size;
        memory.text =
            if matches!(node.kind, NodeKind::List(_)) { format!("[{}]", texts.join(", ")) } else { texts.concat() };
        memory.decode = Some(Decode::Typed(shape));
        memory.structure = Some(shape);
        Some(memory)
    }

    fn shape(&mut self, node: &Node, type_: Option<&Node>, want: &Want) -> Option<Shape> {
        if let Some(type_) = type_ {
            let name = scalar(type_, "type", self.problems)?;
            let shape = named(name);
            if shape.is_none() {
                let (code, message, help) = unknown_structure(name);
                self.problem(code, type_.span, message, help);
            }
            // A list makes a list of what is named.
            return match (shape?, &node.kind) {
                (Shape { element, count: Count::One }, NodeKind::List(_)) if element != Type::Signals => {
                    Some(Shape { element, count: Count::Many })
                }
                (shape, _) => Some(shape),
            };
        }
        let shape = named(want.ctype);
        if shape.is_none() {
            let message = format!("{} has no structure that is known: it is {}", want.name, of_type(want.ctype));
            self.problem("plan::no-structure", node.span, message, "say which: `{struct: {…}, type: timespec}`");
        }
        shape
    }

    /// One structure at an offset: as it is shown, and its size.
    fn structure(
        &mut self,
        memory: &mut Memory,
        base: usize,
        layout: &'static Layout,
        node: &Node,
    ) -> Option<(String, usize)> {
        let NodeKind::Map(entries) = &node.kind else {
            let message =
                format!("struct {} must be a mapping of its fields, and here it is {}", layout.name, node.shape());
            self.problem("plan::shape", node.span, message, fields_of(layout));
            return None;
        };
        let layout = if layout.name == SOCKADDR.name { family_of(entries) } else { layout };
        let (mut texts, mut given, mut size, mut wrong) = (Vec::new(), Vec::new(), layout.size, false);
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            let text = if layout.tail == Tail::Control && name == "cmsg_data" {
                self.message_data(memory, base, value).map(|(text, length)| {
                    size = (CMSG.size + length).next_multiple_of(8);
                    put(memory, base, &((CMSG.size + length) as u64).to_le_bytes());
                    text
                })
            } else if let Some(field) = layout.field(name) {
                self.field(memory, base, layout, field, value).map(|(text, mut one)| {
                    one.key = key;
                    given.push(one);
                    text
                })
            } else {
                self.unknown_field(layout, key);
                None
            };
            match text {
                Some(text) => texts.push(format!("{name}: {text}")),
                None => wrong = true,
            }
        }
        for field in layout.fields.iter().filter(|field| field.default != 0) {
            if let (Type::Int(int), false) = (field.ty, entries.iter().any(|(key, _)| key.text() == Some(field.name))) {
                put(memory, base + field.offset, &int.bytes(field.default));
            }
        }
        self.lengths(memory, base, layout, &given)?;
        if let (true, Some((_, value))) =
            (layout.name == SOCKADDR_UN.name, entries.iter().find(|(key, _)| key.text() == Some("sun_path")))
        {
            let path =
                value.text().and_then(|text| socket_path(&self.variables.text(text, value.span, self.problems)).ok());
            size = 2 + path.map_or(0, |path| path.len());
        }
        (!wrong).then(|| (format!("{{{}}}", texts.join(", ")), size))
    }

    fn unknown_field(&mut self, layout: &'static Layout, key: &Node) {
        let name = key.text().unwrap_or_default();
        let tail = if layout.tail == Tail::Control { &["cmsg_data"][..] } else { &[] };
        let known = layout.fields.iter().map(|field| field.name).chain(tail.iter().copied());
        let help = match nearest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => fields_of(layout),
        };
        self.problem("plan::unknown-field", key.span, format!("struct {} has no field `{name}`", layout.name), help);
    }

    fn field<'n>(
        &mut self,
        memory: &mut Memory,
        base: usize,
        layout: &'static Layout,
        field: &'static Field,
        node: &'n Node,
    ) -> Option<(String, Given<'n>)> {
        let name = format!("`{}` of struct {}", field.name, layout.name);
        let mut given =
            Given { name: field.name, span: node.span, constant: None, memory: None, reference: false, key: node };
        let at = base + field.offset;
        let text = match field.ty {
            Type::Pointer(to) => self.pointer(memory, at, to, node, &name, &mut given)?,
            ty => self.place(memory, at, ty, node, &name)?,
        };
        let is_patched = memory.patches.iter().any(|patch| patch.offset == at);
        if let (Type::Int(int), false) = (field.ty, is_patched) {
            given.constant = memory.bytes.get(at..at + int.size).map(|bytes| int.value(bytes));
        }
        Some((text, given))
    }

    /// What lies in a place, and as it is shown.
    fn place(&mut self, memory: &mut Memory, at: usize, ty: Type, node: &Node, name: &str) -> Option<String> {
        match ty {
            Type::Int(int) => self.int(memory, at, int, node, name),
            Type::Signals => self.signals(memory, at, node),
            Type::Struct(layout) => self.structure(memory, at, layout, node).map(|(text, _)| text),
            Type::Array(of, count) => {
                let NodeKind::List(items) = &node.kind else {
                    let message = format!("{name} is a list of {count}, and here it is {}", node.shape());
                    self.problem("plan::shape", node.span, message, "");
                    return None;
                };
                if items.len() > count {
                    let message = format!("{name} has {count} elements, and here are {}", items.len());
                    self.problem("plan::out-of-range", node.span, message, "");
                    return None;
                }
                let texts: Vec<Option<String>> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| self.place(memory, at + index * of.size(), *of, item, name))
                    .collect();
                Some(format!("[{}]", texts.into_iter().collect::<Option<Vec<_>>>()?.join(", ")))
            }
            Type::Text(_) | Type::Bytes(_) | Type::Inet(_) | Type::SocketPath => {
                let text = scalar(node, name, self.problems)?;
                let text = self.variables.text(text, node.span, self.problems);
                match in_bytes(ty, &text) {
                    Ok(bytes) => put(memory, at, &bytes),
                    Err((code, message)) => {
                        self.problem(code, node.span, format!("{name}: {message}"), "");
                        return None;
                    }
                }
                Some(format!("{text:?}"))
            }
            Type::Pointer(_) => None,
        }
    }

    /// A list of signals, or a number with a bit for each.
    fn signals(&mut self, memory: &mut Memory, at: usize, node: &Node) -> Option<String> {
        let NodeKind::List(items) = &node.kind else {
            return self.int(memory, at, Int::plain(8, false), node, "a set of signals");
        };
        let (mut set, mut names, mut wrong) = (0u64, Vec::new(), false);
        for item in items {
            let signal = Int { kind: Kind::Signal, ..Int::plain(1, false) };
            let mut one = Memory::default();
            match (self.int(&mut one, 0, signal, item, "a signal"), one.bytes.first()) {
                (Some(name), Some(number @ 1..=64)) => {
                    set |= 1 << (number - 1);
                    names.push(name);
                }
                (Some(_), _) => {
                    let text = item.text().unwrap_or_default().to_owned();
                    self.problem(
                        "plan::out-of-range",
                        item.span,
                        format!("`{text}` is no signal that is known now"),
                        "",
                    );
                    wrong = true;
                }
                (None, _) => wrong = true,
            }
        }
        put(memory, at, &set.to_le_bytes());
        (!wrong).then(|| format!("[{}]", names.join(", ")))
    }

    /// A pointer: to memory, or a number.
    fn pointer(
        &mut self,
        memory: &mut Memory,
        at: usize,
        to: &'static str,
        node: &Node,
        name: &str,
        given: &mut Given<'_>,
    ) -> Option<String> {
        let want = Want { name: name.to_owned(), ctype: to, filled: false, read: true };
        let pointed = match &node.kind {
            NodeKind::Scalar { text, plain } if (*plain && is_numeric(text)) || self.is_number(text, node.span) => {
                given.reference = true;
                return self.int(memory, at, Int::plain(8, false), node, name);
            }
            NodeKind::Scalar { text, .. } => Pointed::Memory(Box::new(self.text(text, node.span, &want)?)),
            NodeKind::List(_) => Pointed::Memory(Box::new(self.structures(node, None, &want)?)),
            NodeKind::Map(_) => self.form(node, &want)?,
        };
        let text = match &pointed {
            Pointed::Memory(inner) => {
                let element = named(to).map_or(1, |shape| shape.element.size());
                given.memory = Some((inner.size, inner.counted, inner.size / element.max(1)));
                inner.text.clone()
            }
            Pointed::Ref(reference) => {
                given.reference = true;
                format!("ref {}", reference.name)
            }
        };
        put(memory, at, &[0; 8]);
        memory.pointers.push(Pointer { offset: at, to: pointed, length: None });
        Some(text)
    }

    /// Lengths that are not given are those of the memory beside them; those that are given are not larger.
    fn lengths(
        &mut self,
        memory: &mut Memory,
        base: usize,
        layout: &'static Layout,
        given: &[Given<'_>],
    ) -> Option<()> {
        let mut right = Some(());
        for field in layout.fields {
            let (Counts::Bytes(of) | Counts::Elements(of), Type::Int(int)) = (field.counts, field.ty) else { continue };
            let Some(pointer) = given.iter().find(|given| given.name == of) else { continue };
            let own = given.iter().find(|given| given.name == field.name);
            let Some((size, counted, elements)) = pointer.memory else {
                // How large what is referred to is will be known when the plan is lowered.
                let at = layout.field(of).map_or(0, |pointer| base + pointer.offset);
                let unit = match (field.counts, layout.field(of).map(|pointer| pointer.ty)) {
                    (Counts::Elements(_), Some(Type::Pointer(to))) => named(to).map_or(1, |shape| shape.element.size()),
                    _ => 1,
                };
                for reference in memory.pointers.iter_mut().filter(|pointer| pointer.offset == at) {
                    reference.length = Some((base + field.offset, int.size, unit));
                }
                if own.is_none() && pointer.reference && pointer.constant != Some(0) {
                    let message = format!("`{}` is not given: how long `{of}` is can't be told here", field.name);
                    self.problem("plan::missing-length", pointer.key.span, message, format!("add `{}`", field.name));
                    right = None;
                }
                continue;
            };
            let (most, value) = match field.counts {
                Counts::Elements(_) => (elements as u64, elements as u64),
                _ => (size as u64, counted as u64),
            };
            match own {
                None => put(memory, base + field.offset, &int.bytes(value)),
                Some(Given { constant: Some(constant), span, .. }) if *constant > most => {
                    let message = format!("`{}` is {constant}, and `{of}` has only {most}", field.name);
                    self.problem(
                        "plan::length",
                        *span,
                        message,
                        format!("leave `{}` out: it is filled in", field.name),
                    );
                    right = None;
                }
                Some(_) => {
                    let at = base + field.offset;
                    for patch in memory.patches.iter_mut().filter(|patch| patch.offset == at) {
                        patch.most = Some(most);
                    }
                }
            }
        }
        right
    }

    /// The data of a control message, put behind its head: as they are shown, and their length.
    fn message_data(&mut self, memory: &mut Memory, base: usize, node: &Node) -> Option<(String, usize)> {
        let want = Want { name: "`cmsg_data` of struct cmsghdr".to_owned(), ctype: "", filled: false, read: true };
        let inner = match &node.kind {
            NodeKind::Map(_) => self.form(node, &want)?,
            NodeKind::Scalar { text, .. } => Pointed::Memory(Box::new(self.text(text, node.span, &want)?)),
            NodeKind::List(_) => {
                self.problem("plan::shape", node.span, "`cmsg_data` is memory", "descriptors are `{i32: [\"${fd}\"]}`");
                return None;
            }
        };
        let at = base + CMSG.size;
        let Pointed::Memory(inner) = inner else {
            self.problem("plan::kind", node.span, "the data of a control message lie in it, and are no `ref`", "");
            return None;
        };
        if !inner.pointers.is_empty() {
            self.problem("plan::kind", node.span, "the data of a control message can't hold pointers", "");
            return None;
        }
        put(memory, at, &inner.bytes);
        memory.patches.extend(inner.patches.into_iter().map(|mut patch| {
            patch.offset += at;
            patch
        }));
        Some((inner.text, inner.counted))
    }
}

fn fields_of(layout: &Layout) -> String {
    let names: Vec<&str> = layout.fields.iter().map(|field| field.name).collect();
    format!("its fields are {}", names.join(", "))
}

/// Which socket address it is, by the names of the fields that are given.
fn family_of(entries: &[(Node, Node)]) -> &'static Layout {
    let has =
        |layout: &&&Layout| entries.iter().any(|(key, _)| key.text().is_some_and(|name| layout.field(name).is_some()));
    FAMILIES.iter().find(has).copied().unwrap_or(&SOCKADDR)
}

/// Text as the bytes of a field.
fn in_bytes(ty: Type, text: &str) -> Result<Vec<u8>, (&'static str, String)> {
    let fits = |bytes: Vec<u8>| match bytes.len() <= ty.size() {
        true => Ok(bytes),
        false => Err(("plan::out-of-range", format!("{} bytes do not fit into {}", bytes.len(), ty.name()))),
    };
    match ty {
        Type::Inet(4) => match text.parse::<Ipv4Addr>() {
            Ok(address) => Ok(address.octets().to_vec()),
            Err(_) => Err(("plan::address", format!("`{text}` is no IPv4 address"))),
        },
        Type::Inet(_) => match text.parse::<Ipv6Addr>() {
            Ok(address) => Ok(address.octets().to_vec()),
            Err(_) => Err(("plan::address", format!("`{text}` is no IPv6 address"))),
        },
        Type::SocketPath => socket_path(text).map_err(|message| ("plan::out-of-range", message)),
        Type::Bytes(_) => match hexadecimal(text) {
            Some(bytes) => fits(bytes),
            None => Err(("plan::bytes", "these are no bytes".to_owned())),
        },
        _ => fits(text.as_bytes().to_vec()),
    }
}
