//! The JSON Schema of memory: its forms, structures with their fields, and how captures are read.

use super::memory::{FORMS, MOST_BYTES};
use super::schema::{NUMBER, flags_key, of_set, or_mapping, set_key, titled};
use crate::syscalls::Kind;
use crate::syscalls::constants::SIGNALS;
use crate::syscalls::layouts::{CMSG, Field, Int, Layout, SOCKADDR, Type, all, named, sets};
use serde_json::{Map, Value, json};

/// What stands behind `as:` and `type:`.
const READ_AS: &str = r"^(string|hex|(struct )?[A-Za-z_][A-Za-z0-9_ ]*(\[[0-9]*\])?)$";

/// Hexadecimal digits, two for each byte, or what variables bring.
const BYTES: &str = r"^([\s_]*[0-9a-fA-F][\s_]*[0-9a-fA-F])+[\s_]*$|\$\{";

/// Definitions for schema.rs: `memory`, `read-as`, and `struct-NAME` for each structure.
pub fn definitions() -> Map<String, Value> {
    let mut definitions = Map::new();
    definitions.insert("memory".into(), memory());
    definitions.insert("memory-form".into(), form());
    let wrong = "string, hex, the name of a structure, or a type as i32[]";
    definitions.insert("read-as".into(), json!({ "type": "string", "pattern": READ_AS, "patternErrorMessage": wrong }));
    definitions.extend(sets::ALL.iter().flat_map(|set| of_set(set)));
    for layout in all() {
        definitions.insert(key(layout), structure(layout));
        definitions.insert(of_structure(layout), own(layout));
        definitions.insert(format!("memory-{}", layout.name), or_mapping(json!({ "type": ["integer", "string"],
            "pattern": NUMBER, "patternErrorMessage": format!("`{{struct: …}}` is due, or an address: a number or ${{name}}"),
        }), &of_structure(layout)));
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

fn of_structure(layout: &Layout) -> String {
    format!("memory-with-{}", layout.name)
}

/// Memory of a C type: without `type:` what stands behind `struct:` has its fields.
fn own(layout: &Layout) -> Value {
    let one = json!({ "$ref": format!("#/$defs/{}", key(layout)) });
    let fields = json!({ "type": ["object", "array"], "items": one, "if": { "type": "object" }, "then": one });
    json!({ "$ref": "#/$defs/memory", "if": { "not": { "required": ["type"] } }, "then": { "properties": { "struct": fields } } })
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
    json!({ "type": "object", "additionalProperties": false, "properties": properties,
            "allOf": [{ "$ref": "#/$defs/memory-form" }], "dependentRequired": { "type": ["struct"] } })
}

/// Memory has one form.
fn form() -> Value {
    let mut forms: Vec<Value> = FORMS.iter().chain(&["ref"]).map(|form| json!({ "required": [form] })).collect();
    if let Some(first) = forms.first_mut() {
        first["errorMessage"] = format!("Memory has one of {} and ref", FORMS.join(", ")).into();
    }
    json!({ "oneOf": forms })
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

fn structure(layout: &'static Layout) -> Value {
    let mut properties: Map<String, Value> =
        layout.fields.iter().map(|field| (field.name.to_owned(), field_of(field))).collect();
    if layout.name == CMSG.name {
        properties.insert("cmsg_data".into(), json!({ "$ref": "#/$defs/text-in-memory" }));
    }
    let properties = titled(properties.into());
    json!({ "type": "object", "description": format!("struct {}", layout.name),
            "additionalProperties": false, "properties": properties })
}

fn field_of(field: &Field) -> Value {
    place(&field.ty)
}

fn place(ty: &Type) -> Value {
    match ty {
        Type::Int(int) => match int.kind {
            Kind::Flags(set) => json!({ "$ref": format!("#/$defs/{}", flags_key(set)) }),
            Kind::OneOf(set) => json!({ "$ref": format!("#/$defs/{}", set_key(set)) }),
            Kind::Mode | Kind::Any => many(number(int, "number-or-constant")),
            kind => match kind.set() {
                Some(set) => json!({ "$ref": format!("#/$defs/{}", set_key(set)) }),
                None => number(int, "number"),
            },
        },
        Type::Text(_) | Type::SocketPath => json!({ "$ref": "#/$defs/text" }),
        Type::Bytes(_) => json!({ "type": ["string", "integer"] }),
        Type::Inet(_) => json!({ "type": "string" }),
        Type::Signals => {
            let signal = json!({ "$ref": format!("#/$defs/{}", set_key(&SIGNALS)) });
            json!({ "anyOf": [{ "$ref": "#/$defs/number-or-constant" }, { "type": "array", "items": signal }] })
        }
        Type::Struct(layout) => json!({ "$ref": format!("#/$defs/{}", key(layout)) }),
        Type::Array(of, count) => json!({ "type": "array", "maxItems": count, "items": place(of) }),
        Type::Pointer(to) => match named(to).and_then(|shape| shape.layout()) {
            Some(layout) => {
                let list = json!({ "type": "array", "items": { "$ref": format!("#/$defs/{}", key(layout)) } });
                json!({ "anyOf": [{ "$ref": memory_of(Some(layout)) }, list] })
            }
            None => json!({ "$ref": "#/$defs/text-in-memory" }),
        },
    }
}
