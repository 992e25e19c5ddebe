//! The JSON Schema of memory: its forms, structures with their fields, and how captures are read.

use super::memory::{FORMS, MOST_BYTES};
use crate::syscalls::constants::SIGNALS;
use crate::syscalls::layouts::{CMSG, Field, Int, Layout, SOCKADDR, Type, all, named, sets};
use crate::syscalls::{Kind, Set};
use serde_json::{Map, Value, json};

/// What stands behind `as:` and `type:`.
const READ_AS: &str = r"^(string|hex|(struct )?[A-Za-z_][A-Za-z0-9_ ]*(\[[0-9]*\])?)$";

/// Hexadecimal digits, two for each byte, or what variables bring.
const BYTES: &str = r"^([\s_]*[0-9a-fA-F][\s_]*[0-9a-fA-F])+[\s_]*$|\$\{";

/// Definitions for schema.rs: `memory`, `read-as`, and `struct-NAME` for each structure.
pub fn definitions(flags_key: impl Fn(&Set) -> String, set_key: impl Fn(&Set) -> String) -> Map<String, Value> {
    let names = |set: &Set, many: bool| if many { flags_key(set) } else { set_key(set) };
    let mut definitions = Map::new();
    definitions.insert("memory".into(), memory());
    definitions.insert("read-as".into(), json!({ "type": "string", "pattern": READ_AS }));
    for set in sets::ALL {
        let names: Vec<&str> = set.members.iter().map(|(name, _)| *name).collect();
        definitions.insert(set_key(set), json!({ "anyOf": [{ "enum": names }, { "$ref": "#/$defs/expression" }] }));
        let item = json!({ "$ref": format!("#/$defs/{}", set_key(set)) });
        definitions.insert(flags_key(set), json!({ "anyOf": [item, { "type": "array", "items": item }] }));
    }
    for layout in all() {
        definitions.insert(key(layout), structure(layout, &names));
        definitions.insert(format!("memory-{}", layout.name), typed(layout));
    }
    definitions
}

fn key(layout: &Layout) -> String {
    format!("struct-{}", layout.name)
}

/// Where the definition of memory of a C type is, for the argument of a call that takes it.
pub fn memory_of(layout: Option<&Layout>) -> String {
    match layout.filter(|layout| layout.name != SOCKADDR.name) {
        Some(layout) => format!("#/$defs/memory-{}", layout.name),
        None => "#/$defs/argument".to_owned(),
    }
}

fn typed(layout: &Layout) -> Value {
    let one = json!({ "$ref": format!("#/$defs/{}", key(layout)) });
    let own = json!({ "type": "object", "required": ["struct"], "not": { "required": ["type"] }, "properties": {
        "struct": { "anyOf": [one, { "type": "array", "items": one }] },
    }});
    let other = json!({ "allOf": [
        { "$ref": "#/$defs/memory" },
        { "anyOf": [{ "required": ["type"] }, { "not": { "required": ["struct"] } }] },
    ]});
    json!({ "anyOf": [own, other, { "$ref": "#/$defs/number" }] })
}

fn memory() -> Value {
    let numbers = |form: &str| {
        let Some(Type::Int(int)) = named(form).map(|shape| shape.element) else { return json!({}) };
        let one = number(&int, "number-or-constant");
        json!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": many(one.clone()) }] })
    };
    let mut properties = Map::new();
    for form in FORMS {
        let definition = match form {
            "out" => json!({ "type": ["integer", "string"], "minimum": 1, "maximum": MOST_BYTES,
                "description": "A buffer that the call fills: its size, `auto` for that of the parameter's type, or a type" }),
            "bytes" => {
                json!({ "type": ["string", "integer"], "pattern": BYTES, "description": "Bytes as hexadecimal digits" })
            }
            "base64" => json!({ "type": "string", "description": "Bytes as base64" }),
            "struct" => json!({ "type": ["object", "array", "integer", "string"],
                "description": "A structure by its fields, or a list of them" }),
            "strings" => json!({ "type": "array", "description": "A NULL-terminated list of pointers to texts",
                "items": { "$ref": "#/$defs/text" } }),
            _ => numbers(form),
        };
        properties.insert(form.to_owned(), definition);
    }
    properties.insert("ref".into(), json!({ "type": "string", "description": "The memory of an earlier capture" }));
    properties.insert("as".into(), json!({ "$ref": "#/$defs/read-as", "description": "How it is read afterwards" }));
    properties.insert("type".into(), json!({ "$ref": "#/$defs/read-as", "description": "Which structure it is" }));
    let forms: Vec<Value> = FORMS.iter().chain(&["ref"]).map(|form| json!({ "required": [form] })).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties,
            "oneOf": forms, "dependentRequired": { "type": ["struct"] } })
}

/// A number of a definition, within what its place in memory holds.
fn number(int: &Int, definition: &str) -> Value {
    let number = json!({ "$ref": format!("#/$defs/{definition}") });
    let bits = int.size as u32 * 8;
    match (int.size, int.signed) {
        (8.., _) => number,
        (_, true) => {
            json!({ "allOf": [number, { "minimum": -(1i64 << (bits - 1)), "maximum": (1i64 << (bits - 1)) - 1 }] })
        }
        (_, false) => json!({ "allOf": [number, { "minimum": 0, "maximum": (1i64 << bits) - 1 }] }),
    }
}

/// One or a list of these, which is joined.
fn many(one: Value) -> Value {
    json!({ "anyOf": [one, { "type": "array", "items": one }] })
}

fn structure(layout: &'static Layout, names: &dyn Fn(&Set, bool) -> String) -> Value {
    let mut properties: Map<String, Value> =
        layout.fields.iter().map(|field| (field.name.to_owned(), field_of(field, names))).collect();
    if layout.name == CMSG.name {
        properties.insert("cmsg_data".into(), json!({ "$ref": "#/$defs/text-in-memory" }));
    }
    json!({ "type": "object", "description": format!("struct {}", layout.name),
            "additionalProperties": false, "properties": properties })
}

fn field_of(field: &Field, names: &dyn Fn(&Set, bool) -> String) -> Value {
    place(&field.ty, names)
}

fn place(ty: &Type, names: &dyn Fn(&Set, bool) -> String) -> Value {
    match ty {
        Type::Int(int) => match int.kind {
            Kind::Flags(set) => json!({ "$ref": format!("#/$defs/{}", names(set, true)) }),
            Kind::OneOf(set) => json!({ "$ref": format!("#/$defs/{}", names(set, false)) }),
            Kind::Mode | Kind::Any => many(number(int, "number-or-constant")),
            kind => match kind.set() {
                Some(set) => json!({ "$ref": format!("#/$defs/{}", names(set, false)) }),
                None => number(int, "number"),
            },
        },
        Type::Text(_) | Type::SocketPath => json!({ "$ref": "#/$defs/text" }),
        Type::Bytes(_) => json!({ "type": ["string", "integer"] }),
        Type::Inet(_) => json!({ "type": "string" }),
        Type::Signals => {
            let signal = json!({ "$ref": format!("#/$defs/{}", names(&SIGNALS, false)) });
            json!({ "anyOf": [{ "$ref": "#/$defs/number-or-constant" }, { "type": "array", "items": signal }] })
        }
        Type::Struct(layout) => json!({ "$ref": format!("#/$defs/{}", key(layout)) }),
        Type::Array(of, count) => json!({ "type": "array", "maxItems": count, "items": place(of, names) }),
        Type::Pointer(to) => match named(to).and_then(|shape| shape.layout()) {
            Some(layout) => {
                let list = json!({ "type": "array", "items": { "$ref": format!("#/$defs/{}", key(layout)) } });
                json!({ "anyOf": [{ "$ref": memory_of(Some(layout)) }, list] })
            }
            None => json!({ "$ref": "#/$defs/text-in-memory" }),
        },
    }
}
