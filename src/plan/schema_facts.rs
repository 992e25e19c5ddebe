//! The schema's part about targets, facts and repetitions.

use super::fact::{FACTS, NAMESPACES, RLIMIT};
use super::pattern::{FD, MAPPING, THREAD};
use super::repetition::OVER;
use super::selector::TARGET;
use crate::facts::FdKind;
use crate::syscalls::constants;
use serde_json::{Map, Value, json};

/// Definitions that the rest of the schema refers to: `target`, `facts`, `conditions`, `for-each`, `thread`.
pub fn definitions() -> Map<String, Value> {
    let text = json!({ "$ref": "#/$defs/text" });
    let range = json!({ "anyOf": [
        { "$ref": "#/$defs/number" },
        object(json!({ "min": { "$ref": "#/$defs/number" }, "max": { "$ref": "#/$defs/number" } }), &["min", "max"]),
    ]});
    let facts = json!({ "anyOf": [{ "$ref": "#/$defs/fact" }, { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/facts" } }] });
    let condition = json!({ "anyOf": [{ "type": "string", "pattern": "==|!=|<|>" }, { "$ref": "#/$defs/fact" }] });
    let comparison = json!({ "type": "string", "pattern": "==|!=|<|>" });
    let definitions = json!({
        "target": target(),
        "comparisons": { "anyOf": [comparison, { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/comparisons" } }] },
        "range": range,
        "fact": fact(&text),
        "facts": facts,
        "condition": { "anyOf": [condition, { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/condition" } }] },
        "fd-pattern": fd(),
        "mapping-pattern": mapping(),
        "thread-pattern": object(json!({ "name": { "$ref": "#/$defs/text", "description": "Its name, or a glob" } }), &THREAD),
        "for-each": one_of_these(json!({
            "mapping": { "$ref": "#/$defs/mapping-pattern" },
            "fd": { "$ref": "#/$defs/fd-pattern" },
            "thread": { "$ref": "#/$defs/thread-pattern" },
        }), &OVER),
        "thread": { "anyOf": [{ "enum": ["all", "leader"] }, { "type": "integer", "minimum": 1 }, { "type": "string", "pattern": "^([1-9]|.*\\$\\{)" }] },
    });
    match definitions {
        Value::Object(definitions) => definitions,
        _ => Map::new(),
    }
}

/// A mapping of these keys, all of which may be left out.
fn object(properties: Value, keys: &[&str]) -> Value {
    debug_assert!(properties.as_object().is_some_and(|known| keys.iter().all(|key| known.contains_key(*key))));
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

/// The same with exactly one key given.
fn one_of_these(properties: Value, keys: &[&str]) -> Value {
    let mut object = object(properties, keys);
    object["minProperties"] = 1.into();
    object["maxProperties"] = 1.into();
    object
}

fn target() -> Value {
    let pid = json!({ "anyOf": [
        { "type": "integer", "minimum": 1, "maximum": i32::MAX },
        { "type": "string", "pattern": r"^\s*([1-9]|0[xob])|\$\{" },
    ]});
    let count = json!({ "anyOf": [
        { "const": "any" },
        { "type": "integer", "minimum": 1 },
        { "type": "string", "pattern": r"^[0-9]*[1-9][0-9]*$|\$\{" },
    ], "description": "How many processes `match` must find" });
    let mut one = object(
        json!({
            "pid": pid,
            "pidfile": { "$ref": "#/$defs/text" },
            "match": { "$ref": "#/$defs/facts", "description": "The one process for which all of these hold" },
            "count": count,
            "with": { "enum": ["children", "descendants"], "description": "Which others come with them" },
            "name": { "$ref": "#/$defs/name" },
            "expect": { "$ref": "#/$defs/facts", "description": "What must be true of it, else nothing is touched" },
        }),
        &TARGET,
    );
    one["oneOf"] = json!([{ "required": ["pid"] }, { "required": ["pidfile"] }, { "required": ["match"] }]);
    one["dependentRequired"] = json!({ "count": ["match"] });
    json!({ "anyOf": [pid, one] })
}

fn fact(text: &Value) -> Value {
    let mode = format!("#/$defs/{}", constants::MODE.name.replace(' ', "-"));
    let limit = json!({ "anyOf": [{ "const": "unlimited" }, { "$ref": "#/$defs/range" }] });
    let mut rlimit =
        object(json!({ "resource": { "$ref": "#/$defs/resource-limits" }, "soft": limit, "hard": limit }), &RLIMIT);
    rlimit["required"] = json!(["resource"]);
    rlimit["minProperties"] = 2.into();
    let path = json!({ "$ref": "#/$defs/text" });
    let kinds: Map<String, Value> = NAMESPACES.iter().map(|kind| ((*kind).to_owned(), path.clone())).collect();
    let mut namespace = object(kinds.into(), &NAMESPACES);
    namespace["minProperties"] = 1.into();
    namespace["description"] = "All of its threads are in the namespaces that these files stand for".into();
    let mut fact = object(
        json!({
            "fd": { "$ref": "#/$defs/fd-pattern", "description": "It has such a descriptor" },
            "mapping": { "$ref": "#/$defs/mapping-pattern", "description": "It has such a mapping" },
            "cwd": { "$ref": "#/$defs/text", "description": "Its working directory" },
            "root": { "$ref": "#/$defs/text", "description": "Its root directory" },
            "exe": { "$ref": "#/$defs/text", "description": "Its executable: a path, or a glob" },
            "umask": { "anyOf": [{ "$ref": mode }, { "$ref": "#/$defs/range" }], "description": "Its umask, as 0o022" },
            "rlimit": rlimit,
            "comm": { "$ref": "#/$defs/text", "description": "Its name as in ps -o comm, or a glob" },
            "cmdline": { "$ref": "#/$defs/text", "description": "A glob for its arguments, joined by spaces" },
            "user": { "$ref": "#/$defs/text", "description": "Its effective user" },
            "cgroup": { "$ref": "#/$defs/text", "description": "The path of its cgroup, or a glob" },
            "unit": { "$ref": "#/$defs/text", "description": "Its systemd unit" },
            "listen": { "type": "string", "pattern": r"^((tcp|udp)[46]?/[0-9]*[1-9][0-9]*|unix:[/@].*|.*\$\{.*)$", "description": "tcp/8080, udp/53, unix:/run/app.sock" },
            "threads": { "$ref": "#/$defs/range", "description": "How many threads it has" },
            "namespace": namespace,
            "seccomp": { "enum": ["none", "strict", "filter", 0, 1, 2] },
            "env": { "type": "object", "additionalProperties": text, "description": "Variables that it was started with" },
            "not": { "$ref": "#/$defs/facts", "description": "Not all of these hold" },
            "any": { "type": "array", "items": { "$ref": "#/$defs/facts" }, "description": "One of these holds" },
        }),
        &FACTS,
    );
    fact["minProperties"] = 1.into();
    fact
}

fn fd() -> Value {
    let kinds = FdKind::ALL.map(|(name, _)| name);
    let pattern = object(
        json!({
            "number": { "$ref": "#/$defs/range" },
            "path": { "$ref": "#/$defs/text", "description": "What it is open on: a path, or a glob, or the path of a deleted file with ` (deleted)` behind it; `/**` is any depth" },
            "kind": { "enum": kinds },
            "min_space": size(),
            "flags": { "$ref": "#/$defs/any-open-flags", "description": "These are all set" },
            "without": { "$ref": "#/$defs/any-open-flags", "description": "None of these is set" },
        }),
        &FD,
    );
    json!({ "anyOf": [{ "$ref": "#/$defs/number" }, pattern] })
}

/// Bytes, as 4096 or 64KiB.
fn size() -> Value {
    json!({ "type": ["integer", "string"], "minimum": 0,
        "pattern": r"^\s*(0[xob][0-9a-fA-F_]+|[0-9][0-9_]*\s*(K|M|G|KiB|MiB|GiB)?)$|\$\{" })
}

fn mapping() -> Value {
    object(
        json!({
            "perms": { "type": "string", "pattern": "^([-r?][-w?][-x?][ps?]|.*\\$\\{.*)$", "description": "As in /proc/PID/maps; ? for either" },
            "anonymous": { "type": "boolean", "description": "No file is behind it" },
            "min_size": size(),
            "max_size": size(),
            "path": { "$ref": "#/$defs/text", "description": "The file behind it, or a glob" },
            "name": { "$ref": "#/$defs/text", "description": "[heap], [stack]" },
        }),
        &MAPPING,
    )
}
