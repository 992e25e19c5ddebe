//! What memory holds, by the name of its C type.

use super::{Int, Layout, Type, all};

/// What memory holds: one or several of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Of what.
    pub element: Type,
    /// How many.
    pub count: Count,
}

/// How many elements there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// One, and it is no list.
    One,
    /// So many.
    Exactly(usize),
    /// As many as there is memory for.
    Many,
}

impl Shape {
    /// Bytes that it takes, if that is known.
    pub fn size(&self) -> Option<usize> {
        match self.count {
            Count::One => Some(self.element.size()),
            Count::Exactly(count) => self.element.size().checked_mul(count),
            Count::Many => None,
        }
    }

    /// As it is called in messages: `struct pollfd[]`.
    pub fn name(&self) -> String {
        match self.count {
            Count::One => self.element.name(),
            Count::Exactly(count) => format!("{}[{count}]", self.element.name()),
            Count::Many => format!("{}[]", self.element.name()),
        }
    }

    /// The structure that it is made of.
    pub fn layout(&self) -> Option<&'static Layout> {
        match self.element {
            Type::Struct(layout) => Some(layout),
            _ => None,
        }
    }
}

/// The shape of a C type as the table and plans name it: `struct stat`, `stat`, `int[2]`, `u64[]`, `struct pollfd[]`,
/// `char[16]`. `None` if it is not known, or just bytes.
pub fn named(name: &str) -> Option<Shape> {
    let name = name.trim();
    let (base, count) = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        Some((base, "")) => (base, Count::Many),
        Some((base, count)) => {
            (base, Count::Exactly(count.parse().ok().filter(|count| (1..=1 << 24).contains(count))?))
        }
        None => (name, Count::One),
    };
    let base = base.trim();
    if base == "char" {
        return match count {
            Count::Exactly(size) => Some(Shape { element: Type::Text(size), count: Count::One }),
            _ => None,
        };
    }
    let element = number(base).or_else(|| structure(base).map(Type::Struct))?;
    Some(Shape { element, count })
}

fn structure(name: &str) -> Option<&'static Layout> {
    let name = name.strip_prefix("struct ").unwrap_or(name).trim();
    let name = match name {
        "cap_header" | "__user_cap_header_struct" => "cap_user_header",
        "cap_data" | "__user_cap_data_struct" => "cap_user_data",
        "cmsg" => "cmsghdr",
        "sockaddr_storage" => "sockaddr",
        other => other,
    };
    all().find(|layout| layout.name == name)
}

fn number(name: &str) -> Option<Type> {
    let (size, signed) = match name {
        "u8" | "unsigned char" => (1, false),
        "u16" | "uint16_t" | "unsigned short" => (2, false),
        "u32" | "uint32_t" | "__u32" | "unsigned int" | "socklen_t" | "gid_t" | "uid_t" | "mode_t" => (4, false),
        "u64" | "uint64_t" | "unsigned long" | "size_t" | "aio_context_t" => (8, false),
        "i8" => (1, true),
        "i16" | "short" => (2, true),
        "i32" | "int" | "pid_t" | "timer_t" => (4, true),
        "i64" | "long" | "off_t" | "loff_t" | "ssize_t" | "time_t" => (8, true),
        "sigset_t" => return Some(Type::Signals),
        "fd_set" => return Some(Type::Bytes(128)),
        name if name.ends_with('*') => (8, false),
        _ => return None,
    };
    Some(Type::Int(Int::plain(size, signed)))
}
