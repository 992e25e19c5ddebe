//! The JSON Schema of plans (draft 2020-12), derived from the table and the reader's words.

use super::Plan;
use super::argument::{ALIASES, parameter};
use super::selector::EACH;
use super::step::{MODIFIERS, NOT_IN_UNDO};
use crate::syscalls::layouts::named;
use crate::syscalls::{Kind, Nature, Set, Syscall, TABLE, commands, constants, errno};
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
        let text = json!({ "type": "string", "pattern": r"^\s*-?\s*[0-9]|\$\{|[-+|]" });
        let expression = json!({ "anyOf": [{ "$ref": "#/$defs/integer" }, text] });
        definitions.insert("expression".into(), expression);
        for (name, kind) in NUMBERS {
            definitions.insert(name.into(), number_of(kind));
        }
        definitions.extend(super::schema_facts::definitions());
        definitions.insert("step".into(), step());
        definitions.insert("undo-step".into(), undo_step());
        json_schema!({
            "description": "A plan of system calls to run inside live processes",
            "type": "object",
            "required": ["version", "targets", "steps"],
            "additionalProperties": false,
            "properties": {
                "version": { "description": "The version of the language", "enum": [1, "1"] },
                "name": { "$ref": "#/$defs/text" },
                "description": { "$ref": "#/$defs/text" },
                "vars": { "type": "object", "propertyNames": { "$ref": "#/$defs/name" }, "additionalProperties": { "$ref": "#/$defs/variable" } },
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
    let name = json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$", "not": { "const": EACH } });
    let integer = json!({ "type": "integer", "minimum": i64::MIN, "maximum": u64::MAX });
    let errors: Vec<&str> = errno::names().collect();
    let definitions = json!({
        "name": name,
        "integer": integer,
        "number": { "anyOf": [{ "$ref": "#/$defs/integer" }, { "type": "string", "pattern": NUMBER }] },
        "number-or-constant": { "anyOf": [{ "$ref": "#/$defs/integer" }, { "type": "string", "pattern": CONSTANT }] },
        "text": { "type": ["string", "integer", "number", "boolean"] },
        "text-in-memory": { "anyOf": [{ "$ref": "#/$defs/text" }, { "$ref": "#/$defs/memory" }] },
        "filled-memory": { "anyOf": [{ "$ref": "#/$defs/number" }, { "$ref": "#/$defs/memory" }] },
        "argument": { "anyOf": [
            { "$ref": "#/$defs/text" },
            { "type": "array", "items": { "type": ["string", "integer"] } },
            { "$ref": "#/$defs/memory" },
        ]},
        "variable": { "anyOf": [
            { "type": ["string", "integer", "number", "boolean", "null"] },
            { "type": "object", "additionalProperties": false, "properties": {
                "required": { "type": "boolean" },
                "default": { "$ref": "#/$defs/text" },
                "description": { "$ref": "#/$defs/text" },
            }, "anyOf": [{ "required": ["default"] }, { "required": ["required"], "properties": { "required": { "const": true } } }] },
        ]},
        "errno": { "enum": errors },
        "result": { "anyOf": [{ "type": "integer" }, { "$ref": "#/$defs/errno" }, { "type": "string", "pattern": NUMBER }] },
        "capture": { "anyOf": [{ "$ref": "#/$defs/name" }, { "type": "object", "properties": { "return": { "$ref": "#/$defs/name" } }, "additionalProperties": { "anyOf": [
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

/// How a text begins that is a number, or what it holds.
pub const NUMBER: &str = r"^\s*-?\s*[0-9]|\$\{";
/// The same where any constant may stand.
const CONSTANT: &str = r"^\s*-?\s*[0-9A-Z]|\$\{";

/// A number of a kind, described.
fn number_of(kind: Kind) -> Value {
    let mut number = match kind {
        Kind::DirFd => json!({ "anyOf": [{ "const": "AT_FDCWD" }, { "$ref": "#/$defs/number" }] }),
        _ => json!({ "$ref": "#/$defs/number" }),
    };
    number["description"] = json!(kind.describe());
    number
}

/// Calls that plans may make.
fn plannable() -> impl Iterator<Item = &'static Syscall> {
    TABLE.iter().filter(|call| call.forbidden.is_none() && call.x86_64.is_some())
}

/// What makes a step one with this call: its name, and captures of its result and of its memory.
fn one_call(call: &Syscall) -> Value {
    let captured: Vec<&str> = std::iter::once("return").chain(call.params.iter().map(|param| param.name)).collect();
    json!({ "required": [call.name], "properties": { "capture": { "propertyNames": { "enum": captured } } } })
}

/// A step: one call, and modifiers.
fn step() -> Value {
    let mut properties = Map::new();
    for call in plannable() {
        properties.insert(call.name.to_owned(), arguments(call));
    }
    let calls: Vec<Value> = plannable().map(one_call).collect();
    let modifiers = json!({
        "name": { "$ref": "#/$defs/text" },
        "capture": { "$ref": "#/$defs/capture", "description": "Bind the result, or buffers, to names" },
        "target": { "$ref": "#/$defs/name", "description": "The one target that it runs in" },
        "thread": { "$ref": "#/$defs/thread", "description": "The thread that runs it, or all" },
        "for_each": { "$ref": "#/$defs/for-each", "description": "Repeat it over what the target has: ${each.start}, ${each.number}" },
        "when": { "$ref": "#/$defs/condition", "description": "Run it only if this holds" },
        "unless": { "$ref": "#/$defs/condition", "description": "Skip it if this holds" },
        "returns": { "description": "What counts as success", "anyOf": [
            { "$ref": "#/$defs/result" },
            { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/result" } },
            { "type": "object", "minProperties": 1, "additionalProperties": false,
              "properties": { "min": { "$ref": "#/$defs/number" }, "max": { "$ref": "#/$defs/number" } } },
        ]},
        "ignore": { "description": "Errors to go over",
                    "anyOf": [{ "$ref": "#/$defs/errno" }, { "type": "array", "items": { "$ref": "#/$defs/errno" } }] },
        "undo": { "description": "What takes it back: auto, none (with `irreversible: true`), or steps",
                  "anyOf": [{ "enum": ["auto", "none"] }, { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/undo-step" } }] },
        "irreversible": { "type": "boolean", "description": "It may stay done when the plan fails" },
        "timeout": { "type": "string", "pattern": r"^(([0-9]+\.?[0-9]*|\.[0-9]+) *(us|ms|s|m|h)|.*\$\{.*)$" },
    });
    if let Value::Object(modifiers) = modifiers {
        debug_assert!(MODIFIERS.iter().all(|name| modifiers.contains_key(*name)));
        properties.extend(modifiers);
    }
    // A step is repeated over one thing, and runs in threads that one key chooses.
    let twice = json!({ "required": ["thread", "for_each"], "anyOf": [
        { "properties": { "thread": { "const": "all" } } },
        { "properties": { "for_each": { "required": ["thread"] } } },
    ]});
    json!({ "type": "object", "additionalProperties": false, "properties": properties, "oneOf": calls, "not": twice,
            "if": { "required": ["undo"], "properties": { "undo": { "const": "none" } } },
            "then": { "required": ["irreversible"], "properties": { "irreversible": { "const": true } } } })
}

/// A step that takes another one back: where that one ran, and with conditions that only compare.
fn undo_step() -> Value {
    let modifiers = NOT_IN_UNDO.map(|name| json!({ "required": [name] }));
    let compares = json!({ "$ref": "#/$defs/comparisons" });
    json!({ "$ref": "#/$defs/step", "not": { "anyOf": modifiers }, "properties": { "when": compares, "unless": compares, "thread": { "not": { "const": "all" } } } })
}

/// The arguments of a call, by position or by name. What an editor shows of the call is its signature and what it does.
fn arguments(call: &Syscall) -> Value {
    let mut description = format!("{} — {}", call.signature(), call.does);
    if let Nature::NotYet(_) | Nature::Irreversible(_) = call.nature {
        description.push_str(". It can't be undone.");
    }
    let positional: Vec<Value> = (0..call.params.len()).map(|index| position(call, index)).collect();
    let named = call.params.iter().enumerate().map(|(index, param)| (param.name.to_owned(), argument(call, index)));
    let mut named: Map<String, Value> = named.collect();
    for other in ALIASES.iter().copied().flatten().filter(|name| call.param(name).is_none()) {
        if let Some(index) = parameter(call, other) {
            named.insert((*other).to_owned(), argument(call, index));
        }
    }
    let mut list = json!({ "type": "array", "maxItems": call.params.len() });
    if let (false, Some(list)) = (positional.is_empty(), list.as_object_mut()) {
        list.shift_insert(1, "prefixItems".to_owned(), json!(positional));
    }
    json!({ "description": description, "anyOf": [list, { "type": "object", "additionalProperties": false, "properties": named }] })
}

fn position(call: &Syscall, index: usize) -> Value {
    let mut position = one_of_kinds(call, index);
    position["title"] = json!(call.params.get(index).map_or("", |param| param.name));
    position
}

/// What an argument may be: of its kind, or of one that it has with some command of the call.
fn one_of_kinds(call: &Syscall, index: usize) -> Value {
    let declared = call.params.get(index).map_or(Kind::Any, |param| param.kind);
    let mut kinds = vec![json!({ "$ref": definition(declared) })];
    // An argument of any kind takes all that there is.
    let known = commands(call).filter(|_| !matches!(declared, Kind::Any));
    for (selector, command) in known.into_iter().flat_map(|(at, all)| all.iter().map(move |command| (at, command))) {
        let behind = index.checked_sub(selector + 1).and_then(|behind| command.arguments.get(behind));
        let other = behind.map(|kind| json!({ "$ref": definition(*kind) }));
        kinds.extend(other.filter(|other| !kinds.contains(other)));
    }
    match kinds.as_slice() {
        [one] => one.clone(),
        _ => json!({ "anyOf": kinds }),
    }
}

/// An argument by name, described where its definition does not do so.
fn argument(call: &Syscall, index: usize) -> Value {
    let Some(param) = call.params.get(index) else { return json!({}) };
    let mut argument = one_of_kinds(call, index);
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
        (Kind::Path | Kind::Text | Kind::In(_), _) => "text-in-memory".to_owned(),
        (Kind::Out(_) | Kind::InOut(_) | Kind::Addr, _) => "filled-memory".to_owned(),
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
