//! The schema's part about targets, facts and repetitions.

use super::fact::{FACTS, NAMESPACES, RLIMIT};
use super::pattern::{FD, MAPPING, THREAD};
use super::repetition::OVER;
use super::schema::{NUMBER, or_mapping, titled};
use super::selector::TARGET;
use crate::facts::FdKind;
use crate::syscalls::constants;
use serde_json::{Map, Value, json};

/// Definitions that the rest of the schema refers to: `target`, `facts`, `conditions`, `for-each`, `thread`.
pub fn definitions() -> Map<String, Value> {
    let text = json!({ "$ref": "#/$defs/text" });
    let bounds = json!({ "min": { "$ref": "#/$defs/number" }, "max": { "$ref": "#/$defs/number" } });
    let range = number_or(object(bounds, &["min", "max"]), "A number is due, or {min, max}");
    // Under `else` editors complete in the items, too.
    let facts = json!({ "type": ["array"], "minItems": 1, "else": { "items": { "$ref": "#/$defs/facts" } } });
    let condition = json!({ "type": ["string", "array"], "minItems": 1, "else": { "items": { "$ref": "#/$defs/condition" } },
        "pattern": "==|!=|<|>", "patternErrorMessage": "A comparison is due, as \"${fd} != 1\", or a fact" });
    let comparisons = json!({ "type": ["string", "array"], "minItems": 1, "items": { "$ref": "#/$defs/comparisons" },
        "pattern": "==|!=|<|>", "patternErrorMessage": "A comparison is due, as \"${fd} != 1\"" });
    let definitions = json!({
        "target": target(),
        "comparisons": comparisons,
        "range": range,
        "fact": fact(&text),
        "facts": or_mapping(facts, "fact"),
        "condition": or_mapping(condition, "fact"),
        "fd-pattern": fd(),
        "mapping-pattern": mapping(),
        "thread-pattern": object(json!({ "name": { "$ref": "#/$defs/text", "description": "Its name, or a glob" } }), &THREAD),
        "for-each": one_of_these(json!({
            "mapping": { "$ref": "#/$defs/mapping-pattern" },
            "fd": { "$ref": "#/$defs/fd-pattern" },
            "thread": { "$ref": "#/$defs/thread-pattern" },
        }), &OVER),
        "thread": { "anyOf": [{ "enum": ["all", "leader"], "errorMessage": "all is due, or leader, or the id of a thread" }, { "type": "integer", "minimum": 1 }, { "type": "string", "pattern": "^([1-9]|.*\\$\\{)" }] },
    });
    match definitions {
        Value::Object(definitions) => definitions,
        _ => Map::new(),
    }
}

/// A mapping, or a number.
fn number_or(mut mapping: Value, wrong: &str) -> Value {
    mapping["type"] = json!(["integer", "string", "object"]);
    mapping["pattern"] = NUMBER.into();
    mapping["patternErrorMessage"] = wrong.into();
    mapping
}

/// A mapping of these keys, all of which may be left out.
fn object(properties: Value, keys: &[&str]) -> Value {
    debug_assert!(properties.as_object().is_some_and(|known| keys.iter().all(|key| known.contains_key(*key))));
    json!({ "type": "object", "additionalProperties": false, "properties": titled(properties) })
}

/// The same with exactly one key given. (Where `maxProperties` says so editors do not complete the first.)
fn one_of_these(properties: Value, keys: &[&str]) -> Value {
    let wrong = format!("One of {} is due", keys.join(", "));
    let given = |key: &&str| json!({ "required": [key], "errorMessage": wrong });
    let mut object = object(properties, keys);
    object["if"] = json!({ "propertyNames": { "enum": keys } });
    object["then"] = json!({ "oneOf": keys.iter().map(given).collect::<Vec<_>>() });
    object
}

fn target() -> Value {
    let wrong = "The id of a process is due, or ${name}";
    let pid = json!({ "type": ["integer", "string"], "minimum": 1, "maximum": i32::MAX,
        "pattern": r"^\s*([1-9]|0[xob])|\$\{", "patternErrorMessage": wrong, "description": "The id of the process" });
    let count = json!({ "anyOf": [
        { "const": "any" },
        { "type": "integer", "minimum": 1 },
        { "type": "string", "pattern": r"^[0-9]*[1-9][0-9]*$|\$\{" },
    ], "description": "How many processes `match` must find" });
    let mut one = object(
        json!({
            "pid": pid,
            "pidfile": { "$ref": "#/$defs/text", "description": "The file that holds the id of the process" },
            "match": { "$ref": "#/$defs/facts", "description": "The one process for which all of these hold" },
            "count": count,
            "with": { "enum": ["children", "descendants"], "description": "Which others come with them" },
            "name": { "$ref": "#/$defs/name", "description": "What steps call it in `target:`" },
            "expect": { "$ref": "#/$defs/facts", "description": "What must be true of it, else nothing is touched" },
        }),
        &TARGET,
    );
    // As a target that is a number alone.
    for keyword in ["minimum", "maximum", "pattern", "patternErrorMessage"] {
        one[keyword] = pid[keyword].clone();
    }
    one["type"] = json!(["integer", "string", "object"]);
    let wrong = "A target is found by one of pid, pidfile and match";
    let found = |by: &str| json!({ "required": [by], "errorMessage": wrong });
    one["if"] = json!({ "type": "object" });
    one["then"] = json!({ "oneOf": [found("pid"), found("pidfile"), found("match")], "dependentRequired": { "count": ["match"] } });
    one
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
            "seccomp": { "enum": ["none", "strict", "filter", 0, 1, 2], "description": "What restricts its system calls" },
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
            "kind": { "enum": kinds, "description": "What kind of file it is" },
            "min_space": size("The file takes so much room on disk, or more"),
            "flags": { "$ref": "#/$defs/any-open-flags", "description": "These are all set" },
            "without": { "$ref": "#/$defs/any-open-flags", "description": "None of these is set" },
        }),
        &FD,
    );
    number_or(pattern, "A descriptor is due: a number, or a mapping of what it is like")
}

/// Bytes, as 4096 or 64KiB.
fn size(description: &str) -> Value {
    json!({ "type": ["integer", "string"], "minimum": 0, "description": description,
        "patternErrorMessage": "A size is due, as 4096 or 64KiB",
        "pattern": r"^\s*(0[xob][0-9a-fA-F_]+|[0-9][0-9_]*\s*(K|M|G|KiB|MiB|GiB)?)$|\$\{" })
}

fn mapping() -> Value {
    object(
        json!({
            "perms": { "type": "string", "pattern": "^([-r?][-w?][-x?][ps?]|.*\\$\\{.*)$", "description": "As in /proc/PID/maps; ? for either" },
            "anonymous": { "type": "boolean", "description": "No file is behind it" },
            "min_size": size("It is so large, or larger"),
            "max_size": size("It is so large, or smaller"),
            "path": { "$ref": "#/$defs/text", "description": "The file behind it, or a glob" },
            "name": { "$ref": "#/$defs/text", "description": "[heap], [stack]" },
        }),
        &MAPPING,
    )
}
