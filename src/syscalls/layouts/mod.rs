//! Layouts of the kernel's structures: what lies where in memory that a call reads or fills (64-bit, little-endian; x86_64
//! where architectures differ). Tests compare each with what the C compiler says.

pub mod access;
mod clocks;
pub mod decode;
mod files;
mod interfaces;
mod ipc;
pub mod measure;
mod network;
pub mod pointers;
mod process;
mod rings;
mod security;
pub mod sets;
mod shape;

pub use network::{FAMILIES, SOCKADDR, SOCKADDR_IN, SOCKADDR_IN6, SOCKADDR_UN};
pub use security::CMSG;
pub use shape::{Count, Shape, named};

use super::{Kind, Set};

/// A structure.
#[derive(Debug)]
pub struct Layout {
    /// Its tag: `timespec`.
    pub name: &'static str,
    /// Bytes, without a tail.
    pub size: usize,
    /// In the order of the header. Those of a union lie at one offset.
    pub fields: &'static [Field],
    /// What lies behind the last field, in entries of differing length.
    pub tail: Tail,
    /// The headers that declare it, and its name there if that is not `struct NAME`.
    pub header: &'static str,
}

/// How entries of a list are told apart where their lengths differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// They don't.
    None,
    /// Control messages: `cmsg_data`, its length in `cmsg_len`, padded to 8 bytes.
    Control,
    /// Directory entries: `d_name` to a NUL, the entry's length in `d_reclen`.
    Name,
}

/// A field of a structure.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// As in C.
    pub name: &'static str,
    /// Bytes from the begin of the structure.
    pub offset: usize,
    /// What it is.
    pub ty: Type,
    /// It tells the length of what another field points to.
    pub counts: Counts,
    /// What it is where it is not given.
    pub default: u64,
}

/// Whether a field tells the length of what another one points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// It doesn't.
    Nothing,
    /// In bytes.
    Bytes(&'static str),
    /// In elements.
    Elements(&'static str),
}

/// What lies in a place.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// A number.
    Int(Int),
    /// `char[n]`: text that ends at a NUL or with the field.
    Text(usize),
    /// Bytes without further meaning.
    Bytes(usize),
    /// An IPv4 (4) or IPv6 (16) address.
    Inet(usize),
    /// The path of a UNIX socket: text, or behind a NUL an abstract name.
    SocketPath,
    /// A set of signals, a bit each.
    Signals,
    /// A structure inside.
    Struct(&'static Layout),
    /// So many of a type.
    Array(&'static Type, usize),
    /// A pointer to memory of that C type (see [`named`]); "" are bytes.
    Pointer(&'static str),
}

/// A number in memory.
#[derive(Debug, Clone, Copy)]
pub struct Int {
    /// 1, 2, 4 or 8.
    pub size: usize,
    /// Two's complement.
    pub signed: bool,
    /// In network byte order.
    pub swapped: bool,
    /// Which constants it takes.
    pub kind: Kind,
}

impl Int {
    /// A number that takes any constant.
    pub const fn plain(size: usize, signed: bool) -> Self {
        Self { size, signed, swapped: false, kind: Kind::Any }
    }

    /// Whether a two's complement value can be stored in it.
    pub fn holds(&self, value: u64) -> bool {
        let (value, bits) = (value as i64, self.size as u32 * 8);
        match (self.size, self.signed) {
            (8.., _) => true,
            (_, true) => (-(1 << (bits - 1))..1 << (bits - 1)).contains(&value),
            (_, false) => (0..1 << bits).contains(&value),
        }
    }

    /// Its bytes in memory.
    pub fn bytes(&self, value: u64) -> Vec<u8> {
        let mut bytes = value.to_le_bytes().to_vec();
        bytes.truncate(self.size);
        if self.swapped {
            bytes.reverse();
        }
        bytes
    }

    /// The value of its bytes, sign-extended if it is signed.
    pub fn value(&self, bytes: &[u8]) -> u64 {
        let mut bytes = bytes.to_vec();
        if self.swapped {
            bytes.reverse();
        }
        let negative = self.signed && bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        bytes.resize(8, if negative { 0xff } else { 0 });
        bytes.try_into().map_or(0, u64::from_le_bytes)
    }

    /// `u32`, as plans write it.
    pub fn name(&self) -> String {
        format!("{}{}", if self.signed { 'i' } else { 'u' }, self.size * 8)
    }

    /// `0 to 255`.
    pub fn range(&self) -> String {
        let bits = self.size as u32 * 8;
        match self.signed {
            true => format!("{} to {}", -(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
            false => format!("0 to {}", (1i128 << bits) - 1),
        }
    }
}

impl Type {
    /// Bytes that it takes.
    pub fn size(&self) -> usize {
        match self {
            Self::Int(int) => int.size,
            Self::Text(size) | Self::Bytes(size) | Self::Inet(size) => *size,
            Self::SocketPath => 108,
            Self::Signals | Self::Pointer(_) => 8,
            Self::Struct(layout) => layout.size,
            Self::Array(of, count) => of.size() * count,
        }
    }

    /// As it is called in messages: `u32`, `struct stat`, `char[16]`.
    pub fn name(&self) -> String {
        match self {
            Self::Int(int) => int.name(),
            Self::Text(size) => format!("char[{size}]"),
            Self::Bytes(size) => format!("u8[{size}]"),
            Self::Inet(4) => "IPv4 address".to_owned(),
            Self::Inet(_) => "IPv6 address".to_owned(),
            Self::SocketPath => "char[108]".to_owned(),
            Self::Signals => "sigset_t".to_owned(),
            Self::Struct(layout) => format!("struct {}", layout.name),
            Self::Array(of, count) => format!("{}[{count}]", of.name()),
            Self::Pointer(to) => format!("pointer to {}", if to.is_empty() { "bytes" } else { to }),
        }
    }
}

/// Two types are one if they bear one name.
impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Type {}

impl Layout {
    /// A field by its name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

const fn int(size: usize, signed: bool, kind: Kind) -> Type {
    Type::Int(Int { size, signed, swapped: false, kind })
}

const U8: Type = int(1, false, Kind::Any);
const U16: Type = int(2, false, Kind::Any);
const U32: Type = int(4, false, Kind::Any);
const U64: Type = int(8, false, Kind::Any);
const I32: Type = int(4, true, Kind::Any);
const I64: Type = int(8, true, Kind::Any);
/// A descriptor.
const FD: Type = int(4, true, Kind::Fd);
/// Network byte order.
const PORT: Type = Type::Int(Int { size: 2, signed: false, swapped: true, kind: Kind::Any });
const BE32: Type = Type::Int(Int { size: 4, signed: false, swapped: true, kind: Kind::Any });

/// A number made of flags.
const fn flags(size: usize, set: &'static Set) -> Type {
    int(size, false, Kind::Flags(set))
}

/// A number with names for some values.
const fn one_of(size: usize, signed: bool, set: &'static Set) -> Type {
    int(size, signed, Kind::OneOf(set))
}

const fn f(name: &'static str, offset: usize, ty: Type) -> Field {
    Field { name, offset, ty, counts: Counts::Nothing, default: 0 }
}

impl Field {
    const fn bytes_of(mut self, field: &'static str) -> Self {
        self.counts = Counts::Bytes(field);
        self
    }

    const fn elements_of(mut self, field: &'static str) -> Self {
        self.counts = Counts::Elements(field);
        self
    }

    const fn or(mut self, default: u64) -> Self {
        self.default = default;
        self
    }
}

const fn layout(name: &'static str, size: usize, header: &'static str, fields: &'static [Field]) -> Layout {
    Layout { name, size, fields, tail: Tail::None, header }
}

/// Every structure.
pub fn all() -> impl Iterator<Item = &'static Layout> {
    [clocks::ALL, files::ALL, interfaces::ALL, ipc::ALL, network::ALL, process::ALL, rings::ALL, security::ALL]
        .into_iter()
        .flatten()
        .copied()
}
