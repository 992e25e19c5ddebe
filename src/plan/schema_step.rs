//! The schema's part about steps: the calls with their arguments, and modifiers.

use super::argument::{ALIASES, parameter};
use super::schema::{NUMBERS, flags_key, names_key, set_key, titled};
use super::step::MODIFIERS;
use super::undo::NOT_IN_UNDO;
use crate::syscalls::layouts::named;
use crate::syscalls::{Kind, Nature, Set, Syscall, TABLE, commands};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};

/// Calls that plans may make.
fn plannable() -> impl Iterator<Item = &'static Syscall> {
    TABLE.iter().filter(|call| call.forbidden.is_none() && call.x86_64.is_some())
}

/// What of a call can be captured: its result and its memory.
fn captures(call: &Syscall) -> Value {
    let captured: Vec<&str> = std::iter::once("return").chain(call.params.iter().map(|param| param.name)).collect();
    json!({ "properties": { "capture": { "type": ["string", "object"], "propertyNames": { "enum": captured } } } })
}

/// Definitions for schema.rs: `step`, and arguments and constants that steps refer to.
pub fn definitions() -> Map<String, Value> {
    let mut shared = Shared::default();
    let step = step(&mut shared);
    shared.definitions.insert("step".into(), step);
    shared.definitions.insert("undo-step".into(), undo_step());
    shared.definitions
}

/// Arguments of several calls that are the same have one definition, called after the first of them.
#[derive(Default)]
struct Shared {
    definitions: Map<String, Value>,
    known: HashMap<String, String>,
}

impl Shared {
    /// A reference to the definition of a value, which has this name if it is the first.
    fn refer(&mut self, name: String, value: Value) -> Value {
        let known = self.known.entry(value.to_string()).or_insert_with(|| {
            self.definitions.insert(name.clone(), value);
            format!("#/$defs/{name}")
        });
        json!({ "$ref": known })
    }
}

/// A step: one call, and modifiers.
fn step(shared: &mut Shared) -> Value {
    let mut properties = Map::new();
    for call in plannable() {
        properties.insert(call.name.to_owned(), arguments(call, shared));
    }
    let names: Vec<Value> = plannable().map(|call| json!({ "required": [call.name] })).collect();
    let captures: Map<String, Value> = plannable().map(|call| (call.name.to_owned(), captures(call))).collect();
    let modifiers = json!({
        "name": { "$ref": "#/$defs/text", "description": "What reports call the step" },
        "capture": { "$ref": "#/$defs/capture", "description": "Bind the result, or buffers, to names" },
        "target": { "$ref": "#/$defs/name", "description": "The one target that it runs in" },
        "thread": { "$ref": "#/$defs/thread", "description": "The thread that runs it, or all" },
        "for_each": { "$ref": "#/$defs/for-each", "description": "Repeat it over what the target has: ${each.start}, ${each.number}" },
        "when": { "$ref": "#/$defs/condition", "description": "Run it only if this holds" },
        "unless": { "$ref": "#/$defs/condition", "description": "Skip it if this holds" },
        "returns": { "description": "What counts as success: a number, the name of an error, a list of them, or {min, max}",
            "anyOf": [{ "$ref": "#/$defs/result" }, { "type": ["array", "object"] }],
            "minItems": 1, "items": { "$ref": "#/$defs/result" }, "minProperties": 1, "additionalProperties": false,
            "properties": { "min": { "$ref": "#/$defs/number" }, "max": { "$ref": "#/$defs/number" } } },
        "ignore": { "description": "Errors to go over",
            "anyOf": [{ "$ref": "#/$defs/errno" }, { "type": "array", "items": { "$ref": "#/$defs/errno" } }] },
        "undo": { "description": "What takes it back: auto, none (with `irreversible: true`), or steps",
            "anyOf": [{ "enum": ["auto", "none"] }, { "type": "array" }], "minItems": 1, "items": { "$ref": "#/$defs/undo-step" } },
        "irreversible": { "type": "boolean", "description": "It may stay done when the plan fails" },
        "timeout": { "type": "string", "pattern": r"^(([0-9]+\.?[0-9]*|\.[0-9]+) *(us|ms|s|m|h)|.*\$\{.*)$",
            "description": "How long it may wait, as 500ms or 2s", "errorMessage": "A time is due, as 500ms or 2s" },
    });
    if let Value::Object(modifiers) = titled(modifiers) {
        debug_assert!(MODIFIERS.iter().all(|name| modifiers.contains_key(*name)));
        properties.extend(modifiers);
    }
    json!({ "type": "object", "additionalProperties": false, "properties": properties, "dependentSchemas": captures,
            "allOf": rules(&names) })
}

/// A step that takes another one back: where that one ran, and with conditions that only compare.
fn undo_step() -> Value {
    let compares = json!({ "$ref": "#/$defs/comparisons" });
    let mut properties = json!({ "when": compares, "unless": compares, "thread": { "not": { "const": "all" } } });
    for modifier in NOT_IN_UNDO {
        properties[modifier] = json!(false);
    }
    json!({ "$ref": "#/$defs/step", "properties": properties })
}

/// What holds between the keys of a step. Each rule says in an editor what is wrong.
fn rules(calls: &[Value]) -> Value {
    let unless = |wrong: Value, then: Value| json!({ "if": wrong, "then": then });
    json!([
        unless(
            json!({ "propertyNames": { "enum": MODIFIERS } }),
            json!({ "required": ["a system call"], "errorMessage": "A step names one system call, such as `open: […]`" }),
        ),
        unless(
            json!({ "anyOf": calls, "not": { "oneOf": calls } }),
            json!({ "required": ["one system call"], "errorMessage": "A step makes one system call: put the other into a step of its own" }),
        ),
        // A step is repeated over one thing, and runs in threads that one key chooses.
        unless(
            json!({ "required": ["thread", "for_each"], "anyOf": [
                { "properties": { "thread": { "const": "all" } } },
                { "properties": { "for_each": { "required": ["thread"] } } },
            ]}),
            json!({ "properties": { "thread": false }, "errorMessage": "`for_each` repeats the step already" }),
        ),
        unless(
            json!({ "required": ["undo"], "properties": { "undo": { "const": "none" } }, "not": {
                "required": ["irreversible"], "properties": { "irreversible": { "const": true } } } }),
            json!({ "properties": { "undo": false }, "errorMessage": "`undo: none` needs `irreversible: true` beside it" }),
        ),
    ])
}

/// The arguments of a call, by position or by name. What an editor shows of the call is its signature and what it does.
fn arguments(call: &Syscall, shared: &mut Shared) -> Value {
    let mut description = format!("{} — {}", call.signature(), call.does);
    // With ioctl it depends on the request.
    if let (Nature::Irreversible(_), false) = (call.nature, call.name == "ioctl") {
        description.push_str(". It can't be undone.");
    }
    let mut refer = |index: usize, name: &str| {
        let mut argument = argument(call, index);
        argument["title"] = json!(name);
        let own = call.params.get(index).map_or(name, |param| param.name);
        if name != own {
            argument["description"] = json!(format!("another name of `{own}`: {}", call.describe(index)));
        }
        shared.refer(format!("{name}-of-{}", call.name), argument)
    };
    let mut named = Map::new();
    for (index, param) in call.params.iter().enumerate() {
        named.insert(param.name.to_owned(), refer(index, param.name));
    }
    let positional: Vec<Value> = named.values().cloned().collect();
    for other in ALIASES.iter().copied().flatten().filter(|name| call.param(name).is_none()) {
        if let Some(index) = parameter(call, other) {
            named.insert((*other).to_owned(), refer(index, other));
        }
    }
    let mut arguments = json!({ "title": call.name, "description": description, "type": ["array", "object"],
        "maxItems": call.params.len(), "additionalProperties": false, "properties": named });
    if !positional.is_empty() {
        arguments["prefixItems"] = json!(positional);
    }
    if let Some(words) = words(call, shared) {
        // Neither says more than the above. But yaml-language-server completes a word that begins in `[…]` as the key of a
        // mapping, of whichever item, and an item that has not begun as `items` says.
        let begun = json!({ "anyOf": [{ "$ref": "#/$defs/memory-form" }, words] });
        let begun = json!({ "if": { "type": "object" }, "then": begun });
        arguments["allOf"] = json!([{ "items": shared.refer(format!("word-of-{}", call.name), begun) }]);
        arguments["items"] = words;
    }
    arguments
}

/// The constants that a call takes, whichever argument they are for.
fn words(call: &Syscall, shared: &mut Shared) -> Option<Value> {
    let mut sets: Vec<&Set> =
        (0..call.params.len()).flat_map(|index| kinds(call, index)).filter_map(Kind::set).collect();
    let mut seen = HashSet::new();
    sets.retain(|set| seen.insert(set.name));
    let refer = |set: &Set| json!({ "$ref": format!("#/$defs/{}", names_key(set)) });
    match sets.as_slice() {
        [] => None,
        [set] => Some(refer(set)),
        sets => {
            let any = json!({ "anyOf": sets.iter().map(|set| refer(set)).collect::<Vec<_>>() });
            Some(shared.refer(format!("words-of-{}", call.name), any))
        }
    }
}

/// What an argument may be: of its kind, or of one that it has with some command of the call.
fn kinds(call: &Syscall, index: usize) -> Vec<Kind> {
    let declared = call.params.get(index).map_or(Kind::Any, |param| param.kind);
    let known = commands(call).into_iter().flat_map(|(at, all)| all.iter().map(move |command| (at, command)));
    let behind = known.filter_map(|(at, command)| command.arguments.get(index.checked_sub(at + 1)?).copied());
    std::iter::once(declared).chain(behind).collect()
}

/// An argument, with what it is.
fn argument(call: &Syscall, index: usize) -> Value {
    let mut seen = HashSet::new();
    let declared = call.params.get(index).map_or(Kind::Any, |param| param.kind);
    // An argument of any kind takes all that there is.
    let most = if let Kind::Any = declared { 1 } else { usize::MAX };
    let definitions =
        kinds(call, index).into_iter().take(most).map(definition).filter(|name| seen.insert(name.clone()));
    let all: Vec<Value> = definitions.map(|name| json!({ "$ref": name })).collect();
    let mut argument = match all.as_slice() {
        [one] => one.clone(),
        _ => json!({ "anyOf": all }),
    };
    argument["description"] = json!(call.describe(index));
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
