//! The JSON Schema of memory: its forms, structures with their fields, and how captures are read.

use super::memory::FORMS;
use crate::syscalls::layouts::{CMSG, Field, Layout, SOCKADDR, Type, all, sets};
use crate::syscalls::{Kind, Set};
use serde_json::{Map, Value, json};

/// What stands behind `as:` and `type:`.
const READ_AS: &str = r"^(string|hex|(struct )?[A-Za-z_][A-Za-z0-9_ ]*(\[[0-9]*\])?)$";

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
    json!({ "anyOf": [own, other, { "type": ["integer", "string"] }] })
}

fn memory() -> Value {
    let number = json!({ "type": ["integer", "string"] });
    let numbers = json!({ "anyOf": [number, { "type": "array", "minItems": 1, "items": number }] });
    let mut properties = Map::new();
    for form in FORMS {
        let definition = match form {
            "out" => json!({ "type": ["integer", "string"],
                "description": "A buffer that the call fills: its size, `auto` for that of the parameter's type, or a type" }),
            "bytes" => json!({ "type": ["string", "integer"], "description": "Bytes as hexadecimal digits" }),
            "base64" => json!({ "type": "string", "description": "Bytes as base64" }),
            "struct" => json!({ "type": ["object", "array", "integer", "string"],
                "description": "A structure by its fields, or a list of them" }),
            "strings" => json!({ "type": "array", "description": "A NULL-terminated list of pointers to texts",
                "items": { "type": ["string", "integer", "number", "boolean", "null"] } }),
            _ => numbers.clone(),
        };
        properties.insert(form.to_owned(), definition);
    }
    properties.insert("ref".into(), json!({ "type": "string", "description": "The memory of an earlier capture" }));
    properties.insert("as".into(), json!({ "$ref": "#/$defs/read-as", "description": "How it is read afterwards" }));
    properties.insert("type".into(), json!({ "$ref": "#/$defs/read-as", "description": "Which structure it is" }));
    json!({ "type": "object", "minProperties": 1, "additionalProperties": false, "properties": properties })
}

fn structure(layout: &'static Layout, names: &dyn Fn(&Set, bool) -> String) -> Value {
    let mut properties: Map<String, Value> =
        layout.fields.iter().map(|field| (field.name.to_owned(), field_of(field, names))).collect();
    if layout.name == CMSG.name {
        properties.insert("cmsg_data".into(), json!({ "$ref": "#/$defs/argument" }));
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
            Kind::Mode | Kind::Any => json!({ "anyOf": [
                { "type": ["integer", "string"] },
                { "type": "array", "items": { "type": ["integer", "string"] } },
            ]}),
            _ => json!({ "type": ["integer", "string"] }),
        },
        Type::Text(_) | Type::SocketPath => json!({ "type": ["string", "integer", "number", "boolean", "null"] }),
        Type::Bytes(_) => json!({ "type": ["string", "integer"] }),
        Type::Inet(_) => json!({ "type": "string" }),
        Type::Signals => json!({ "anyOf": [
            { "type": ["integer", "string"] },
            { "type": "array", "items": { "type": ["integer", "string"] } },
        ]}),
        Type::Struct(layout) => json!({ "$ref": format!("#/$defs/{}", key(layout)) }),
        Type::Array(of, count) => json!({ "type": "array", "maxItems": count, "items": place(of, names) }),
        Type::Pointer(_) => json!({ "anyOf": [{ "$ref": "#/$defs/argument" }, { "type": "array" }] }),
    }
}
