//! The JSON Schema of plans (draft 2020-12), derived from the table and the reader's words.

use super::Plan;
use super::step::MODIFIERS;
use crate::syscalls::layouts::named;
use crate::syscalls::{Kind, Nature, Param, Set, Syscall, TABLE, constants, errno};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::HashSet;

/// The schema as text: a line for each definition and for each call, so that a change of one is a change of one line.
pub fn schema_text() -> String {
    let mut text = String::new();
    write(&mut text, &schema(), 0);
    text.push('\n');
    text
}

/// Objects down to the calls of a step (four levels) are broken into lines.
fn write(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(entries) if depth < 4 && !entries.is_empty() => {
            text.push_str("{\n");
            for (index, (key, value)) in entries.iter().enumerate() {
                text.push_str(&format!("{}{}: ", "  ".repeat(depth + 1), Value::from(key.as_str())));
                write(text, value, depth + 1);
                text.push_str(if index + 1 < entries.len() { ",\n" } else { "\n" });
            }
            text.push_str(&"  ".repeat(depth));
            text.push('}');
        }
        value => text.push_str(&value.to_string()),
    }
}

/// The schema.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Plan>().to_value();
    while drop_unused(&mut schema) {}
    schema
}

/// Drops definitions that nothing refers to, and says whether there were any: not every set of constants is of an argument.
fn drop_unused(schema: &mut Value) -> bool {
    let mut used = HashSet::new();
    references(schema, &mut used);
    let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) else { return false };
    let before = definitions.len();
    definitions.retain(|name, _| used.contains(name));
    definitions.len() < before
}

/// The names of all definitions that a value refers to.
fn references(value: &Value, names: &mut HashSet<String>) {
    match value {
        Value::Object(entries) => {
            let name = entries.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix("#/$defs/"));
            names.extend(name.map(str::to_owned));
            entries.values().for_each(|value| references(value, names));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, names)),
        _ => {}
    }
}

impl JsonSchema for Plan {
    fn schema_name() -> Cow<'static, str> {
        "criu-plan".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let definitions = generator.definitions_mut();
        for set in constants::ALL {
            let names: Vec<&str> = set.members.iter().map(|(name, _)| *name).collect();
            let number = json!({ "$ref": "#/$defs/expression" });
            definitions.insert(set_key(set), json!({ "anyOf": [{ "enum": names }, number] }));
            let item = json!({ "$ref": format!("#/$defs/{}", set_key(set)) });
            definitions.insert(flags_key(set), json!({ "anyOf": [item, { "type": "array", "items": item }] }));
        }
        definitions.extend(shared());
        definitions.extend(super::schema_memory::definitions(flags_key, set_key));
        // Sums, joins and variables are text that no enumeration holds.
        let text = json!({ "type": "string", "not": { "pattern": "^[A-Z_0-9]*[A-Z_][A-Z_0-9]*$" } });
        let expression = json!({ "anyOf": [{ "type": "integer" }, text] });
        definitions.insert("expression".into(), expression);
        for (name, kind) in NUMBERS {
            definitions.insert(name.into(), json!({ "description": kind.describe(), "$ref": "#/$defs/number" }));
        }
        definitions.extend(super::schema_facts::definitions());
        definitions.insert("step".into(), step());
        json_schema!({
            "description": "A plan of system calls to run inside live processes",
            "type": "object",
            "required": ["version", "targets", "steps"],
            "additionalProperties": false,
            "properties": {
                "version": { "description": "The version of the language", "const": 1 },
                "name": { "type": "string" },
                "description": { "type": "string" },
                "vars": { "type": "object", "additionalProperties": { "$ref": "#/$defs/variable" } },
                "targets": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/target" } },
                "when": { "$ref": "#/$defs/facts", "description": "Targets for which these do not hold are left alone" },
                "unless": { "$ref": "#/$defs/facts", "description": "Targets for which these hold already are left alone" },
                "steps": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/step" } },
            },
        })
    }
}

/// Kinds of numbers that have a definition of their own, for its description.
const NUMBERS: [(&str, Kind); 8] = [
    ("fd", Kind::Fd),
    ("dirfd", Kind::DirFd),
    ("size", Kind::Size),
    ("offset", Kind::Offset),
    ("pid", Kind::Pid),
    ("uid", Kind::Uid),
    ("gid", Kind::Gid),
    ("int", Kind::Int),
];

fn set_key(set: &Set) -> String {
    set.name.replace(' ', "-")
}

/// The definition of one or several members of a set.
fn flags_key(set: &Set) -> String {
    format!("any-{}", set_key(set))
}

/// A number, or text that holds one: `${fd}`, `0o644`, `A|B`.
fn shared() -> Map<String, Value> {
    let name = json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$" });
    let errors: Vec<&str> = errno::names().collect();
    let definitions = json!({
        "name": name,
        "number": { "type": ["integer", "string"] },
        "text": { "type": ["string", "integer", "number", "boolean", "null"] },
        "argument": { "anyOf": [
            { "type": ["integer", "string", "number", "boolean", "null"] },
            { "type": "array", "items": { "type": ["string", "integer"] } },
            { "$ref": "#/$defs/memory" },
        ]},
        "variable": { "anyOf": [
            { "type": ["string", "integer", "number", "boolean", "null"] },
            { "type": "object", "additionalProperties": false, "properties": {
                "required": { "type": "boolean" },
                "default": { "type": ["string", "integer", "number", "boolean"] },
                "description": { "type": "string" },
            }},
        ]},
        "errno": { "enum": errors },
        "result": { "anyOf": [{ "type": "integer" }, { "$ref": "#/$defs/errno" }, { "type": "string", "pattern": "^[-0-9$]" }] },
        "capture": { "anyOf": [{ "$ref": "#/$defs/name" }, { "type": "object", "additionalProperties": { "anyOf": [
            { "$ref": "#/$defs/name" },
            { "type": "object", "required": ["name"], "additionalProperties": false, "properties": {
                "name": { "$ref": "#/$defs/name" }, "as": { "$ref": "#/$defs/read-as" },
            }},
        ]}}]},
    });
    match definitions {
        Value::Object(definitions) => definitions,
        _ => Map::new(),
    }
}

/// A step: one call, and modifiers.
fn step() -> Value {
    let mut properties = Map::new();
    for call in TABLE.iter().filter(|call| call.forbidden.is_none() && call.x86_64.is_some()) {
        properties.insert(call.name.to_owned(), arguments(call));
    }
    let calls: Vec<Value> = properties.keys().map(|name| json!({ "required": [name] })).collect();
    let modifiers = json!({
        "name": { "type": "string" },
        "capture": { "$ref": "#/$defs/capture", "description": "Bind the result, or buffers, to names" },
        "target": { "$ref": "#/$defs/name", "description": "The one target that it runs in" },
        "thread": { "$ref": "#/$defs/thread", "description": "The thread that runs it, or all" },
        "for_each": { "$ref": "#/$defs/for-each", "description": "Repeat it over what the target has: ${each.start}, ${each.number}" },
        "when": { "$ref": "#/$defs/condition", "description": "Run it only if this holds" },
        "unless": { "$ref": "#/$defs/condition", "description": "Skip it if this holds" },
        "returns": { "description": "What counts as success", "anyOf": [
            { "$ref": "#/$defs/result" },
            { "type": "array", "items": { "$ref": "#/$defs/result" } },
            { "type": "object", "additionalProperties": false,
              "properties": { "min": { "$ref": "#/$defs/number" }, "max": { "$ref": "#/$defs/number" } } },
        ]},
        "ignore": { "description": "Errors to go over",
                    "anyOf": [{ "$ref": "#/$defs/errno" }, { "type": "array", "items": { "$ref": "#/$defs/errno" } }] },
        "undo": { "enum": ["auto", "none"] },
        "irreversible": { "type": "boolean", "description": "It may stay done when the plan fails" },
        "timeout": { "type": "string", "pattern": "^([0-9.]+ *(us|ms|s|m|h)|.*\\$\\{.*)$" },
    });
    if let Value::Object(modifiers) = modifiers {
        debug_assert!(MODIFIERS.iter().all(|name| modifiers.contains_key(*name)));
        properties.extend(modifiers);
    }
    json!({ "type": "object", "additionalProperties": false, "properties": properties, "oneOf": calls })
}

/// The arguments of a call, by position or by name. What an editor shows of the call is its signature and what it does.
fn arguments(call: &Syscall) -> Value {
    let mut description = format!("{} — {}", call.signature(), call.does);
    if let Nature::NotYet(_) | Nature::Irreversible(_) = call.nature {
        description.push_str(". It can't be undone.");
    }
    let positional: Vec<Value> = call.params.iter().map(position).collect();
    let named = call.params.iter().enumerate().map(|(index, param)| (param.name.to_owned(), argument(call, index)));
    let named: Map<String, Value> = named.collect();
    let mut list = json!({ "type": "array", "maxItems": call.params.len() });
    if let (false, Some(list)) = (positional.is_empty(), list.as_object_mut()) {
        list.shift_insert(1, "prefixItems".to_owned(), json!(positional));
    }
    json!({ "description": description, "anyOf": [list, { "type": "object", "properties": named }] })
}

fn position(param: &Param) -> Value {
    json!({ "title": param.name, "$ref": definition(param.kind) })
}

/// An argument by name, described where its definition does not do so.
fn argument(call: &Syscall, index: usize) -> Value {
    let Some(param) = call.params.get(index) else { return json!({}) };
    let mut argument = json!({ "$ref": definition(param.kind) });
    let described = param.kind.set().is_some() || NUMBERS.iter().any(|(name, _)| *name == word(param.kind));
    if let (false, Some(argument)) = (described, argument.as_object_mut()) {
        argument.insert("description".to_owned(), json!(call.describe(index)));
    }
    argument
}

fn definition(kind: Kind) -> String {
    if let Kind::In(name) | Kind::InOut(name) = kind
        && let Some(shape) = named(name)
    {
        return super::schema_memory::memory_of(shape.layout());
    }
    let name = match (kind, kind.set()) {
        (Kind::OneOf(_) | Kind::Signal, Some(set)) => set_key(set),
        (_, Some(set)) => flags_key(set),
        (Kind::SizeOf(_) | Kind::CountOf(_) | Kind::Exactly(_), _) => "number".to_owned(),
        _ if NUMBERS.iter().any(|(name, _)| *name == word(kind)) => word(kind).to_owned(),
        _ => "argument".to_owned(),
    };
    format!("#/$defs/{name}")
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Uint => "int",
        kind => kind.word(),
    }
}
