//! Memory as values: what a call has filled, by the type of it.

use super::{CMSG, Count, Counts, FAMILIES, Field, Int, Layout, SOCKADDR, Shape, Tail, Type, named};
use crate::syscalls::{Kind, constants};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, Ipv6Addr};

/// How memory is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decode {
    /// Text up to the first NUL.
    Text,
    /// Hexadecimal digits.
    Hex,
    /// Text if it is printable, else hexadecimal digits.
    Plain,
    /// By type.
    Typed(Shape),
}

impl Decode {
    /// A list of `int`, as pipe2 and socketpair fill it.
    pub const I32_LIST: Self = Self::Typed(Shape { element: Type::Int(Int::plain(4, true)), count: Count::Many });

    /// How memory of a C type is read best.
    pub fn of(name: &str) -> Self {
        match named(name) {
            Some(shape) => Self::Typed(shape),
            None if name.is_empty() => Self::Plain,
            None => Self::Hex,
        }
    }
}

/// A decoded value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A number.
    Number(i64),
    /// A number above those.
    Large(u64),
    /// Text, hexadecimal digits, an address, flags by name.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A structure: fields in order.
    Structure(IndexMap<String, Value>),
    /// In a list: there is no value here.
    Nothing,
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Large(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Nothing => f.write_str("none"),
            Self::List(values) => {
                f.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Structure(fields) => {
                f.write_str("{")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {value}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Memory with what its pointers lead to.
pub trait Memory {
    /// Its bytes.
    fn bytes(&self) -> &[u8];
    /// How it is read, if the plan says so.
    fn decode(&self) -> Option<Decode>;
    /// What the pointer at an offset leads to, if that is memory of the plan's own.
    fn behind(&self, offset: usize) -> Option<Box<dyn Memory + '_>>;
}

/// Deeper than any structure of the kernel points.
const DEEPEST: usize = 8;

/// Reads the first `length` bytes of memory.
pub fn decode(memory: &dyn Memory, how: Decode, length: usize) -> Value {
    at_depth(memory, how, length, 0)
}

fn at_depth(memory: &dyn Memory, how: Decode, length: usize, depth: usize) -> Value {
    let bytes = memory.bytes();
    let bytes = bytes.get(..length.min(bytes.len())).unwrap_or_default();
    match how {
        Decode::Text => Value::Text(text(bytes)),
        Decode::Hex => Value::Text(hex(bytes)),
        Decode::Plain => plain(bytes),
        Decode::Typed(shape) => Reader { memory, depth }.shape(shape, bytes),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Text if it is printable and only zeros are behind it.
fn plain(bytes: &[u8]) -> Value {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let printable = |text: &&str| text.chars().all(|letter| !letter.is_control() || letter.is_ascii_whitespace());
    match std::str::from_utf8(&bytes[..end]).ok().filter(printable) {
        Some(text) => Value::Text(text.to_owned()),
        None => Value::Text(hex(bytes)),
    }
}

fn number(value: u64, signed: bool) -> Value {
    match i64::try_from(value) {
        Err(_) if !signed => Value::Large(value),
        _ => Value::Number(value as i64),
    }
}

/// Reads what lies in one piece of memory.
struct Reader<'a> {
    memory: &'a dyn Memory,
    depth: usize,
}

impl Reader<'_> {
    fn shape(&self, shape: Shape, bytes: &[u8]) -> Value {
        let (size, most) = match shape.count {
            Count::One => return self.one(shape.element, 0, bytes),
            Count::Exactly(count) => (shape.element.size(), count),
            Count::Many => (shape.element.size(), usize::MAX),
        };
        match shape.layout() {
            Some(layout) if layout.tail != Tail::None => self.entries(layout, bytes),
            _ => {
                let elements = bytes.chunks_exact(size.max(1)).take(most).enumerate();
                Value::List(elements.map(|(index, bytes)| self.one(shape.element, index * size, bytes)).collect())
            }
        }
    }

    /// One value; `offset` is where its bytes begin in the memory.
    fn one(&self, ty: Type, offset: usize, bytes: &[u8]) -> Value {
        match ty {
            Type::Int(int) => spelled(int, int.value(bytes.get(..int.size).unwrap_or_default())),
            Type::Text(size) => Value::Text(text(bytes.get(..size.min(bytes.len())).unwrap_or_default())),
            Type::Bytes(size) => Value::Text(hex(bytes.get(..size.min(bytes.len())).unwrap_or_default())),
            Type::Inet(_) => address(bytes),
            Type::SocketPath => Value::Text(socket_path(bytes)),
            Type::Signals => signals(Int::plain(8, false).value(bytes.get(..8).unwrap_or_default())),
            Type::Pointer(_) => self.pointer(ty, offset, bytes, None),
            Type::Struct(layout) => self.structure(layout, offset, bytes),
            Type::Array(of, count) => {
                let elements = bytes.chunks_exact(of.size().max(1)).take(count).enumerate();
                Value::List(elements.map(|(index, bytes)| self.one(*of, offset + index * of.size(), bytes)).collect())
            }
        }
    }

    fn structure(&self, layout: &'static Layout, offset: usize, bytes: &[u8]) -> Value {
        let layout = if layout.name == SOCKADDR.name { family(bytes) } else { layout };
        let mut fields = IndexMap::new();
        for field in layout.fields {
            let Some(own) = bytes.get(field.offset..(field.offset + field.ty.size()).min(bytes.len())) else { break };
            if own.is_empty() {
                break;
            }
            let value = match field.ty {
                Type::Pointer(_) => self.pointer(field.ty, offset + field.offset, own, counted(layout, field, bytes)),
                ty => self.one(ty, offset + field.offset, own),
            };
            fields.insert(field.name.to_owned(), value);
        }
        Value::Structure(fields)
    }

    fn pointer(&self, ty: Type, offset: usize, bytes: &[u8], limit: Option<(bool, usize)>) -> Value {
        let address = Int::plain(8, false).value(bytes);
        let Type::Pointer(name) = ty else { return Value::Text(hex(bytes)) };
        let behind = if self.depth < DEEPEST { self.memory.behind(offset) } else { None };
        let Some(behind) = behind.filter(|_| address != 0) else {
            return if address == 0 { Value::Number(0) } else { Value::Text(format!("{address:#x}")) };
        };
        let how = behind.decode().unwrap_or_else(|| Decode::of(name));
        let length = match (limit, how) {
            (None, _) => usize::MAX,
            (Some((false, bytes)), _) => bytes,
            (Some((true, count)), Decode::Typed(shape)) => count.saturating_mul(shape.element.size()),
            (Some((true, _)), _) => usize::MAX,
        };
        at_depth(behind.as_ref(), how, length, self.depth + 1)
    }

    /// Entries that tell their own lengths.
    fn entries(&self, layout: &'static Layout, bytes: &[u8]) -> Value {
        let (mut list, mut at) = (Vec::new(), 0);
        while let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= layout.size) {
            let field = |name: &str| {
                let field = layout.field(name)?;
                let Type::Int(int) = field.ty else { return None };
                Some(int.value(rest.get(field.offset..field.offset + int.size)?))
            };
            let length = field("d_reclen").or_else(|| field("cmsg_len")).unwrap_or(0) as usize;
            if length < layout.size || length > rest.len() {
                break;
            }
            let own = &rest[..length];
            let Value::Structure(mut fields) = self.structure(layout, at, own) else { break };
            let tail = own.get(layout.size..).unwrap_or_default();
            match layout.tail {
                Tail::Name => fields.insert("d_name".to_owned(), Value::Text(text(tail))),
                _ => fields.insert("cmsg_data".to_owned(), self.control(field("cmsg_level"), field("cmsg_type"), tail)),
            };
            list.push(Value::Structure(fields));
            let aligned = if std::ptr::eq(layout, &CMSG) { length.next_multiple_of(8) } else { length };
            at += aligned;
        }
        Value::List(list)
    }

    fn control(&self, level: Option<u64>, kind: Option<u64>, data: &[u8]) -> Value {
        let how = match (level, kind) {
            (Some(1), Some(1 | 4)) => "i32[]",
            (Some(1), Some(2)) => "struct ucred",
            _ => return Value::Text(hex(data)),
        };
        named(how).map_or_else(|| Value::Text(hex(data)), |shape| self.shape(shape, data))
    }
}

/// The length of what a pointer leads to, as a field beside it tells: (elements rather than bytes, how many).
fn counted(layout: &Layout, pointer: &Field, bytes: &[u8]) -> Option<(bool, usize)> {
    layout.fields.iter().find_map(|field| {
        let elements = match field.counts {
            Counts::Bytes(name) if name == pointer.name => false,
            Counts::Elements(name) if name == pointer.name => true,
            _ => return None,
        };
        let Type::Int(int) = field.ty else { return None };
        let value = int.value(bytes.get(field.offset..field.offset + int.size)?);
        Some((elements, usize::try_from(value).ok()?))
    })
}

/// The layout of a socket address by its family.
fn family(bytes: &[u8]) -> &'static Layout {
    let family = Int::plain(2, false).value(bytes.get(..2).unwrap_or_default());
    let of = |layout: &&&Layout| layout.fields.first().is_some_and(|field| field.default == family);
    FAMILIES.iter().find(of).copied().unwrap_or(&SOCKADDR)
}

/// A number, by name where its field has names for it.
fn spelled(int: Int, value: u64) -> Value {
    let set = match int.kind {
        Kind::Flags(set) if value != 0 => return Value::Text(set.spell(value)),
        Kind::OneOf(set) => set,
        Kind::Signal => &constants::SIGNALS,
        Kind::Mode => return Value::Text(format!("{value:#o}")),
        _ => return number(value, int.signed),
    };
    set.name_of(value).map_or_else(|| number(value, int.signed), |name| Value::Text(name.to_owned()))
}

fn address(bytes: &[u8]) -> Value {
    let text = match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(|bytes| Ipv4Addr::from(bytes).to_string()),
        16 => <[u8; 16]>::try_from(bytes).ok().map(|bytes| Ipv6Addr::from(bytes).to_string()),
        _ => None,
    };
    Value::Text(text.unwrap_or_else(|| hex(bytes)))
}

/// A path; an abstract name with an `@` before it.
fn socket_path(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    match bytes.first() {
        Some(0) if end > 1 => format!("@{}", String::from_utf8_lossy(&bytes[1..end])),
        _ => text(bytes),
    }
}

fn signals(set: u64) -> Value {
    let name = |signal: u64| {
        let known = constants::SIGNALS.name_of(signal);
        known.map_or_else(|| Value::Number(signal as i64), |name| Value::Text(name.to_owned()))
    };
    Value::List((1..=64).filter(|signal| set >> (signal - 1) & 1 == 1).map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes(Vec<u8>);

    impl Memory for Bytes {
        fn bytes(&self) -> &[u8] {
            &self.0
        }

        fn decode(&self) -> Option<Decode> {
            None
        }

        fn behind(&self, _: usize) -> Option<Box<dyn Memory + '_>> {
            None
        }
    }

    fn read(ctype: &str, bytes: &[u8]) -> String {
        decode(&Bytes(bytes.to_vec()), Decode::of(ctype), usize::MAX).to_string()
    }

    #[test]
    fn socket_addresses_by_family() {
        let v4 = [2, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(read("struct sockaddr", &v4), r#"{sin_family: "AF_INET", sin_port: 8080, sin_addr: "127.0.0.1"}"#);
        assert_eq!(read("struct sockaddr", b"\x01\0\0name\0\0"), r#"{sun_family: "AF_LOCAL", sun_path: "@name"}"#);
        assert_eq!(read("struct sockaddr", b"\x01\0/run/x\0"), r#"{sun_family: "AF_LOCAL", sun_path: "/run/x"}"#);
        assert_eq!(read("struct sockaddr", &[0; 4]), r#"{sa_family: "AF_UNSPEC", sa_data: "0000"}"#);
    }

    #[test]
    fn numbers_text_and_signals() {
        assert_eq!(read("int[]", &[255, 255, 255, 255, 1, 0, 0, 0, 9]), "[-1, 1]");
        assert_eq!(read("u64", &[255; 8]), u64::MAX.to_string());
        assert_eq!(read("", b"text\n\0\0"), "\"text\\n\"");
        assert_eq!(read("", b"text\0more"), "\"74657874006d6f7265\"");
        assert_eq!(read("char[16]", b"comm\0rubbish"), "\"comm\"");
        assert_eq!(read("sigset_t", &[1, 0b10, 0, 0, 0, 0, 0, 0]), r#"["SIGHUP", "SIGUSR1"]"#);
    }

    #[test]
    fn entries_that_lie_about_their_length_end_the_list() {
        let mut entry = vec![7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 0, 8];
        entry.extend(b"name\0");
        let one = r#"{d_ino: 7, d_off: 0, d_reclen: 24, d_type: "DT_REG", d_name: "name"}"#;
        assert_eq!(read("struct linux_dirent64[]", &entry), format!("[{one}]"));
        for length in [0u8, 18, 25, 255] {
            let mut two = [entry.clone(), entry.clone()].concat();
            two[24 + 16] = length;
            assert_eq!(read("struct linux_dirent64[]", &two), format!("[{one}]"), "{length}");
        }
        assert_eq!(read("struct cmsghdr[]", &[255; 64]), "[]");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(0u8.., 0..300), index in 0usize..200) {
            let layouts: Vec<_> = crate::syscalls::layouts::all().collect();
            let name = layouts[index % layouts.len()].name;
            let (_one, _list) = (read(name, &bytes), read(&format!("{name}[]"), &bytes));
        }
    }
}
