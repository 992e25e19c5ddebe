//! The JSON Schema of plans (draft 2020-12), derived from the table and the reader's words.

use super::Plan;
use super::selector::EACH;
use crate::syscalls::{Kind, Set, constants, errno};
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
        definitions.extend(constants::ALL.iter().flat_map(|set| of_set(set)));
        definitions.extend(shared());
        definitions.extend(super::schema_memory::definitions());
        for (name, kind) in NUMBERS {
            definitions.insert(name.into(), number_of(kind));
        }
        definitions.extend(super::schema_facts::definitions());
        definitions.extend(super::schema_step::definitions());
        json_schema!({
            "description": "A plan of system calls to run inside live processes",
            "type": "object",
            "required": ["version", "targets", "steps"],
            "additionalProperties": false,
            "properties": {
                "version": { "description": "The version of the language", "enum": [1, "1"] },
                "name": { "$ref": "#/$defs/text", "description": "What reports call it" },
                "description": { "$ref": "#/$defs/text", "description": "What it is for" },
                "vars": { "description": "Variables: their defaults, or {required: true}. `--set name=value` overrides them", "type": "object", "propertyNames": { "$ref": "#/$defs/name" }, "additionalProperties": { "$ref": "#/$defs/variable" } },
                "targets": { "description": "The processes; every one must be found before anything is touched", "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/target" } },
                "when": { "$ref": "#/$defs/facts", "description": "Targets for which these do not hold are left alone" },
                "unless": { "$ref": "#/$defs/facts", "description": "Targets for which these hold already are left alone" },
                "steps": { "description": "The system calls, in order: all of them are made, or none stays", "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/step" } },
            },
        })
    }
}

/// Kinds of numbers that have a definition of their own, for its description.
pub const NUMBERS: [(&str, Kind); 8] = [
    ("fd", Kind::Fd),
    ("dirfd", Kind::DirFd),
    ("size", Kind::Size),
    ("offset", Kind::Offset),
    ("pid", Kind::Pid),
    ("uid", Kind::Uid),
    ("gid", Kind::Gid),
    ("int", Kind::Int),
];

/// The definition of one member of a set, or a number.
pub fn set_key(set: &Set) -> String {
    set.name.replace(' ', "-")
}

/// The definition of one or several members of a set.
pub fn flags_key(set: &Set) -> String {
    format!("any-{}", set_key(set))
}

/// The definition of the names of a set, and nothing else.
pub fn names_key(set: &Set) -> String {
    format!("names-of-{}", set_key(set))
}

/// The definitions of a set: its names, one member, and several.
pub fn of_set(set: &Set) -> [(String, Value); 3] {
    let names: Vec<&str> = set.members.iter().map(|(name, _)| *name).collect();
    let listed = names.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = if names.len() > MOST_NAMED { format!(" … ({} in all)", names.len()) } else { String::new() };
    let wrong = format!("Not one of the {}: {listed}{more}", set.name);
    let about = format!("one of the {}", set.name);
    let item = json!({ "$ref": format!("#/$defs/{}", set_key(set)) });
    let one = json!({ "anyOf": [{ "$ref": format!("#/$defs/{}", names_key(set)) }, { "$ref": "#/$defs/expression" }] });
    let many = json!({ "anyOf": [item, { "type": "array", "items": item, "description": "a list of them" }] });
    [
        (names_key(set), json!({ "description": about, "enum": names, "errorMessage": wrong })),
        (set_key(set), one),
        (flags_key(set), many),
    ]
}

/// So many names of a set are told where another word stands.
const MOST_NAMED: usize = 8;

/// A mapping that is of a definition, or something else that these keywords tell.
pub fn or_mapping(mut other: Value, definition: &str) -> Value {
    if let Some(types) = other.get_mut("type").and_then(Value::as_array_mut) {
        types.push("object".into());
    }
    // Unlike one of several alternatives this has an editor say what is wrong with the mapping.
    other["if"] = json!({ "type": "object" });
    other["then"] = json!({ "$ref": format!("#/$defs/{definition}") });
    other
}

/// A number, or text that holds one: `${fd}`, `0o644`, `A|B`. What is said where there is another text.
fn number_or_text(pattern: &str, wrong: &str) -> Value {
    json!({ "type": ["integer", "string"], "minimum": i64::MIN, "maximum": u64::MAX, "pattern": pattern,
            "patternErrorMessage": wrong })
}

/// Definitions that many others refer to.
fn shared() -> Map<String, Value> {
    let name = json!({ "type": ["string"], "pattern": NAME, "not": { "const": EACH },
        "patternErrorMessage": "A name has letters, digits, _ and -, and begins with a letter or _" });
    let errors: Vec<&str> = errno::names().collect();
    let number = || number_or_text(NUMBER, "A number is due, or ${name}");
    let scalar = || json!({ "type": ["string", "integer", "number", "boolean"] });
    let mut argument = scalar();
    argument["type"] = json!(["string", "integer", "number", "boolean", "array"]);
    argument["items"] = json!({ "type": ["string", "integer"] });
    let mut variable = json!({ "type": ["string", "integer", "number", "boolean", "null", "object"],
        "additionalProperties": false, "properties": {
            "required": { "type": "boolean", "description": "`--set` must give it" },
            "default": { "$ref": "#/$defs/text", "description": "What it is where `--set` does not say" },
            "description": { "$ref": "#/$defs/text", "description": "What it is for" },
        } });
    variable["if"] = json!({ "type": "object" });
    variable["then"] = json!({ "anyOf": [
        { "required": ["default"], "errorMessage": "A variable has a default, or `required: true`" },
        { "required": ["required"], "properties": { "required": { "const": true } } },
    ]});
    let captured = json!({ "type": ["string", "object"], "pattern": NAME, "not": { "const": EACH },
        "required": ["name"], "additionalProperties": false, "properties": {
            "name": { "$ref": "#/$defs/name", "description": "The name that it is bound to" },
            "as": { "$ref": "#/$defs/read-as", "description": "How it is read: string, hex, i32[], or a structure" },
        } });
    // Sums, joins and variables are text that no enumeration holds.
    let mut expression =
        number_or_text(r"^\s*-?\s*[0-9]|\$\{|[-+|]", "A number is due, or names joined with |, or ${name}");
    expression["description"] = "a number, names joined with |, or ${name}".into();
    let definitions = json!({
        "name": name,
        "number": number(),
        "number-or-constant": number_or_text(CONSTANT, "A number is due, or a constant, or ${name}"),
        "expression": expression,
        "text": scalar(),
        "text-in-memory": or_mapping(scalar(), "memory"),
        "filled-memory": or_mapping(number(), "memory"),
        "argument": or_mapping(argument, "memory"),
        "variable": variable,
        "errno": { "enum": errors, "errorMessage": "Not the name of an error, such as EBADF or EEXIST" },
        "result": { "anyOf": [{ "$ref": "#/$defs/errno" }, number()] },
        "captured": captured,
        "capture": or_mapping(name.clone(), "captures"),
        "captures": { "type": "object",
            "properties": { "return": { "$ref": "#/$defs/name", "description": "What the call returns" } },
            "additionalProperties": { "$ref": "#/$defs/captured" } },
    });
    match definitions {
        Value::Object(definitions) => definitions,
        _ => Map::new(),
    }
}

/// A name that a plan gives.
const NAME: &str = "^[A-Za-z_][A-Za-z0-9_-]*$";
/// How a text begins that is a number, or what it holds.
pub const NUMBER: &str = r"^\s*-?\s*[0-9]|\$\{";
/// The same where any constant may stand.
const CONSTANT: &str = r"^\s*-?\s*[0-9A-Z]|\$\{";

/// A number of a kind, described.
fn number_of(kind: Kind) -> Value {
    let due = format!("{} is due: a number or ${{name}}", kind.describe());
    let mut number = number_or_text(NUMBER, &due);
    if let Kind::DirFd = kind {
        number = json!({ "anyOf": [{ "const": "AT_FDCWD", "errorMessage": due }, { "$ref": "#/$defs/number" }] });
    }
    number["description"] = json!(kind.describe());
    number
}

/// The properties of a mapping with their names as titles, for editors show the next title above what they say.
pub fn titled(mut properties: Value) -> Value {
    for (name, property) in properties.as_object_mut().into_iter().flatten() {
        property["title"] = name.as_str().into();
    }
    properties
}
