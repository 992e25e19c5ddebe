//! Steps made from the table: for each parameter a value of its kind, in one of the ways in which it can be written.

use criu_plan::syscalls::layouts::{Count, Type, named};
use criu_plan::syscalls::{Kind, Set, Syscall, argument_kind};
use serde_json::{Map, Value, json};

/// Choices that a seed makes, one after another.
pub struct Choices(u64);

impl Choices {
    pub fn of(seed: u64) -> Self {
        // Small seeds are alike in nearly all bits.
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % limit.max(1)
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

/// A step with a call, by position or by name.
pub fn step(call: &Syscall, choices: &mut Choices) -> Value {
    let mut values: Vec<(Value, Option<u64>)> = Vec::new();
    for index in 0..call.params.len() {
        let kind = argument_kind(call, index, |index| values.get(index).map_or(Some(0), |(_, known)| *known));
        values.push(value(kind, choices));
    }
    let names = call.params.iter().map(|param| param.name.to_owned());
    let arguments = match choices.below(2) {
        0 => Value::Array(values.into_iter().map(|(value, _)| value).collect()),
        _ => Value::Object(names.zip(values).map(|(name, (value, _))| (name, value)).collect()),
    };
    let mut step = Map::new();
    step.insert(call.name.to_owned(), arguments);
    step.insert("irreversible".into(), json!(true));
    step.insert("timeout".into(), json!(choices.one(&["1s", "500ms", "1.5s", "2 m"])));
    let modifiers = [
        ("name", json!("a step")),
        ("when", json!(["${fd} > 2", { "fd": { "number": 1, "kind": "file" } }])),
        ("unless", json!({ "comm": "x*" })),
        ("returns", json!({ "min": 0 })),
        ("returns", json!([0, "EEXIST"])),
        ("ignore", json!(["EBADF", "ENOENT"])),
        ("undo", json!("none")),
        ("thread", json!("all")),
        ("for_each", json!({ "fd": { "path": "/var/log/*" } })),
    ];
    let (name, value) = choices.one(&modifiers);
    step.insert(name.into(), value);
    Value::Object(step)
}

/// A value of a kind, and the number that it is, if that is known.
fn value(kind: Kind, choices: &mut Choices) -> (Value, Option<u64>) {
    let number = |number: u64| (json!(number), Some(number));
    match kind {
        Kind::Fd if choices.below(2) == 0 => (json!(choices.one(&["${fd}", "${st.st_nlink}", "${fd}+0"])), None),
        Kind::DirFd if choices.below(2) == 0 => (json!("AT_FDCWD"), Some(-100i64 as u64)),
        Kind::Fd | Kind::DirFd => number(choices.below(20) as u64),
        Kind::Path | Kind::Text => (choices.one(&[json!("/tmp/x"), json!("a b"), json!({ "bytes": "2f00" })]), None),
        Kind::Flags(set) => flags(set, choices),
        Kind::Mode => (choices.one(&[json!("0o644"), json!("S_IRUSR|S_IWUSR"), json!(["S_IRUSR", "S_IWUSR"])]), None),
        Kind::OneOf(set) => {
            let (name, value) = choices.one(set.members);
            (json!(name), Some(value))
        }
        Kind::Signal => (json!(choices.one(&["SIGHUP", "SIGUSR1"])), None),
        Kind::Int | Kind::Uint | Kind::Pid | Kind::Uid | Kind::Gid | Kind::Any => {
            choices.one(&[number(1), number(0), (json!("0x10"), Some(16)), (json!("${number}"), Some(1))])
        }
        Kind::Size | Kind::Offset => {
            // No more than there is of any memory made here.
            choices.one(&[number(4), (json!("0x4"), Some(4)), (json!("${st.st_size}+1"), None)])
        }
        Kind::SizeOf(_) | Kind::CountOf(_) => number(1),
        Kind::Exactly(value) => number(value),
        Kind::Addr => choices.one(&[number(0), (json!("0x7f0000000000"), None), (json!({ "out": 64 }), None)]),
        Kind::InOut("socklen_t" | "__u32") => (json!({ "u32": [16] }), None),
        Kind::In("") => {
            (choices.one(&[json!("some text"), json!({ "base64": "aGVsbG8=" }), json!({ "u16": [1, 2] })]), None)
        }
        Kind::In(of) => (memory(of), None),
        Kind::InOut("") => (json!({ "bytes": "00".repeat(64) }), None),
        Kind::InOut(of) => (memory(of), None),
        Kind::Out(_) => (json!({ "out": 8192 }), None),
    }
}

fn flags(set: &Set, choices: &mut Choices) -> (Value, Option<u64>) {
    let ((one, first), (other, second)) = (choices.one(set.members), choices.one(set.members));
    let both = Some(first | second);
    match choices.below(4) {
        0 => (json!(one), Some(first)),
        1 => (json!([one, other]), both),
        2 => (json!(format!("{one}|{other}")), both),
        _ => (json!(first), Some(first)),
    }
}

/// Memory of a C type, zero throughout.
fn memory(of: &str) -> Value {
    let Some(shape) = named(of) else { return json!({ "bytes": "00".repeat(256) }) };
    match (shape.element, shape.count) {
        (Type::Struct(layout), _) if layout.name == "sockaddr" => json!("127.0.0.1:80"),
        (Type::Struct(_), Count::One) => json!({ "struct": {} }),
        (Type::Struct(_), Count::Many) => json!({ "struct": [{}] }),
        (Type::Struct(_), Count::Exactly(count)) => json!({ "struct": vec![json!({}); count] }),
        (element, Count::Exactly(count)) => json!({ "bytes": "00".repeat(element.size() * count) }),
        (element, _) => json!({ "bytes": "00".repeat(element.size()) }),
    }
}
