//! The reader and the JSON Schema say the same of a plan: over a corpus of plans, over the examples, and over plans made
//! from the table.
//!
//! A file of the corpus (tests/corpus/*.plans) holds plans behind lines like these:
//!
//! ```text
//! === accepted: what it shows
//! === rejected: what is wrong
//! === rejected, schema silent (flow): what is wrong that no schema can know
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test says what is wrong by ending

#[path = "schema_agreement/making.rs"]
mod making;

use criu_plan::plan::{Purpose, read, schema};
use criu_plan::problem::Severity;
use criu_plan::syscalls::{Kind, Syscall, TABLE};
use indexmap::IndexMap;
use jsonschema::Validator;
use making::{Choices, step};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// What a schema can't know of a plan, by the words in the corpus.
const SILENT: [(&str, &str); 6] = [
    ("flow", "what a name stands for: variables, captures, targets, `each`"),
    ("undo", "what can be undone, and what waits, with these arguments"),
    ("values", "what a text or number holds: a sum, an address, bytes, lengths, ranges"),
    ("sizes", "how much memory there is, and of which structure"),
    ("text", "what is lost when YAML is read: leading zeros, which key stood twice"),
    ("commands", "what an argument is that depends on the one before it"),
];
/// Of the rejected plans the schema may be silent about so many in a hundred.
const MOST_SILENT: usize = 40;

/// A plan of the corpus.
struct Entry {
    place: String,
    accepted: bool,
    silent: Option<String>,
    plan: String,
}

fn manifest() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == extension));
    files.sort();
    files
}

fn corpus() -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for path in files(&manifest().join("tests/corpus"), "plans") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let Some(head) = line.strip_prefix("=== ") else {
                let plan = &mut entries.last_mut().expect("a line that begins with `===`").plan;
                plan.push_str(line);
                plan.push('\n');
                continue;
            };
            let (verdict, what) = head.split_once(": ").expect(head);
            let silent =
                verdict.strip_prefix("rejected, schema silent (").map(|rest| rest.trim_end_matches(')').to_owned());
            assert!(
                silent.is_some() || ["accepted", "rejected"].contains(&verdict),
                "{name}:{}: {verdict}",
                number + 1
            );
            let place = format!("{name}:{}: {what}", number + 1);
            entries.push(Entry { place, accepted: verdict == "accepted", silent, plan: String::new() });
        }
    }
    entries
}

static SCHEMA: LazyLock<Value> = LazyLock::new(schema);
static VALIDATOR: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::draft202012::new(&SCHEMA).expect("the schema is one"));

/// `0644` is read as 644.0: a whole number, which the validator forgets where one of several types may stand.
fn whole(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let float = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15);
            if let Some(float) = float {
                *value = json!(float as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole),
        Value::Object(entries) => entries.values_mut().for_each(whole),
        _ => {}
    }
}

/// What the schema says of a plan: its complaints, none if it accepts.
fn by_schema(plan: &str) -> Vec<String> {
    // As an editor reads it: `yes` and `n` are words.
    let options = serde_yaml::options! { strict_booleans: true };
    let mut read = serde_yaml::from_str_with_options::<Value>(plan, options);
    let _ = read.as_mut().map(whole);
    match read {
        // To look is far quicker than to complain.
        Ok(value) if VALIDATOR.is_valid(&value) => Vec::new(),
        Ok(value) => VALIDATOR.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path)).collect(),
        Err(error) => vec![format!("not YAML: {error}")],
    }
}

/// What the reader says of it: the codes of its errors.
fn by_reader(plan: &str) -> Vec<String> {
    let found = read(plan.as_bytes(), &IndexMap::new(), Purpose::Check).err().unwrap_or_default();
    let errors = found.iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(|problem| format!("{}: {}", problem.code, problem.message)).collect()
}

#[test]
fn both_say_the_same_of_the_corpus() {
    let entries = corpus();
    assert!(entries.len() >= 150, "{} plans", entries.len());
    let (mut wrong, mut silent) = (Vec::new(), BTreeMap::<&str, usize>::new());
    for entry in &entries {
        let (reader, schema) = (by_reader(&entry.plan), by_schema(&entry.plan));
        if reader.is_empty() != entry.accepted {
            wrong.push(format!("{}: the reader says {reader:?}", entry.place));
        }
        let quiet = entry.accepted || entry.silent.is_some();
        if schema.is_empty() != quiet {
            let schema: Vec<String> = schema.iter().map(|one| one.chars().take(200).collect()).collect();
            wrong.push(format!("{}: the schema says {schema:?}, the reader {reader:?}", entry.place));
        }
        if let Some(reason) = &entry.silent {
            let known = SILENT.iter().find(|(word, _)| word == reason).unwrap_or_else(|| panic!("{}", entry.place));
            *silent.entry(known.0).or_default() += 1;
        }
    }
    assert!(wrong.is_empty(), "{} disagreements\n{}", wrong.len(), wrong.join("\n"));
    let (rejected, quiet) = (entries.iter().filter(|entry| !entry.accepted).count(), silent.values().sum::<usize>());
    assert!(quiet * 100 <= rejected * MOST_SILENT, "silent about {quiet} of {rejected}: {silent:?}");
    assert_eq!(silent.len(), SILENT.len(), "a reason that no plan gives: {silent:?}");
}

#[test]
fn both_accept_the_examples() {
    let plans = files(&manifest().join("plans"), "yaml");
    assert!(!plans.is_empty());
    for path in plans {
        let plan = fs::read_to_string(&path).unwrap();
        let reading = read(plan.as_bytes(), &IndexMap::new(), Purpose::Check);
        let warnings = reading.map(|reading| reading.warnings);
        assert_eq!(warnings, Ok(Vec::new()), "{}", path.display());
        assert_eq!(by_schema(&plan), Vec::<String>::new(), "{}", path.display());
    }
}

/// Calls that plans may make.
fn calls() -> Vec<&'static Syscall> {
    TABLE.iter().filter(|call| call.forbidden.is_none() && call.x86_64.is_some()).collect()
}

/// What is wrong with a plan of these steps, which ought to be right.
fn wrong(steps: &[Value]) -> Option<String> {
    let mut all = vec![
        json!({ "dup": [1], "capture": "fd" }),
        json!({ "fstat": [1, { "out": "auto" }], "capture": { "statbuf": "st" } }),
    ];
    all.extend_from_slice(steps);
    all.push(json!({ "close": ["${fd}"] }));
    let plan = json!({ "version": 1, "vars": { "number": 1 }, "targets": [{ "pid": 4711, "expect": { "threads": 1 } }], "steps": all });
    let plan = plan.to_string();
    let mut reader = by_reader(&plan);
    // Which arguments make a call a forbidden one is known to the reader alone.
    reader.retain(|problem| !problem.starts_with("plan::forbidden"));
    let schema = by_schema(&plan);
    (!reader.is_empty() || !schema.is_empty())
        .then(|| format!("{}\n  reader {reader:?}\n  schema {schema:?}", json!(steps)))
}

#[test]
fn both_accept_every_call_of_the_table() {
    let calls = calls();
    assert!(calls.len() > 300);
    let steps = calls.iter().flat_map(|call| (0..4).map(|seed| step(call, &mut Choices::of(seed))));
    let wrong: Vec<String> = steps.collect::<Vec<_>>().chunks(12).filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{} are not accepted\n{}", wrong.len(), wrong.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn both_accept_plans_made_from_the_table(
        steps in prop::collection::vec((prop::sample::select(calls()), any::<u64>()), 1..8)
    ) {
        let steps: Vec<Value> = steps.into_iter().map(|(call, seed)| step(call, &mut Choices::of(seed))).collect();
        prop_assert_eq!(wrong(&steps), None);
    }

    /// One letter more in the name of an argument, a constant or a modifier: neither takes it.
    #[test]
    fn both_refuse_a_misspelt_word(call in prop::sample::select(calls()), seed in any::<u64>(), which in any::<prop::sample::Index>()) {
        let mut choices = Choices::of(seed);
        let good = step(call, &mut choices);
        let words: Vec<String> = match &good[call.name] {
            Value::Object(arguments) => arguments.keys().chain(good.as_object().unwrap().keys()).cloned().collect(),
            _ => good.as_object().unwrap().keys().cloned().collect(),
        };
        let word = words[which.index(words.len())].clone();
        let bad = good.to_string().replacen(&format!("\"{word}\":"), &format!("\"{word}zq\":"), 1);
        let plan = format!("{{version: 1, targets: [1], steps: [{bad}]}}");
        prop_assert!(!by_reader(&plan).is_empty(), "the reader takes {}", bad);
        prop_assert!(!by_schema(&plan).is_empty(), "the schema takes {}", bad);
    }
}

/// What an editor needs: in each step call names to complete, of each call what it does and its arguments, of each argument
/// the constants; and nothing else is taken, so that what is wrong is marked.
#[test]
fn an_editor_is_told_all_names_and_marks_others() {
    let step = &SCHEMA["$defs"]["step"];
    assert_eq!(step["additionalProperties"], false);
    for call in calls() {
        let entry = &step["properties"][call.name];
        let description = entry["description"].as_str().expect(call.name);
        assert!(description.contains(call.does) && description.starts_with(call.name), "{description}");
        assert_eq!(entry["maxItems"], call.params.len(), "{}", call.name);
        assert_eq!(entry["additionalProperties"], false, "{}", call.name);
        for (index, param) in call.params.iter().enumerate() {
            assert_eq!(entry["prefixItems"][index], entry["properties"][param.name], "{}", call.name);
            let argument = defined(&entry["properties"][param.name]);
            let words = words(argument);
            let Some(set) = param.kind.set() else { continue };
            let all: BTreeSet<String> = set.members.iter().map(|(name, _)| (*name).to_owned()).collect();
            assert!(words.is_superset(&all), "{} {}", call.name, param.name);
            let one_of = matches!(param.kind, Kind::OneOf(_) | Kind::Signal);
            assert!(one_of || argument.to_string().contains("/any-"), "{} {}", call.name, param.name);
        }
    }
}

/// What a reference stands for.
fn defined(schema: &Value) -> &Value {
    &SCHEMA["$defs"][schema["$ref"].as_str().unwrap().strip_prefix("#/$defs/").unwrap()]
}

/// Every word that a schema offers.
fn words(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(name) = schema["$ref"].as_str() {
        found.extend(words(&SCHEMA["$defs"][name.strip_prefix("#/$defs/").unwrap()]));
    }
    found.extend(schema["enum"].as_array().into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)));
    let below = schema["anyOf"].as_array().into_iter().flatten();
    found.extend(below.flat_map(words));
    found
}

#[test]
fn names_of_other_man_pages_complete_too() {
    let named = |call: &str| SCHEMA["$defs"]["step"]["properties"][call]["properties"].clone();
    for (call, name) in
        [("open", "path"), ("openat", "dfd"), ("fcntl", "op"), ("fcntl", "cmd"), ("ioctl", "op"), ("mmap", "len")]
    {
        assert!(named(call)[name].is_object(), "{call} {name}");
    }
    let twice = "version: 1\ntargets: [1]\nsteps:\n- open: { path: /x, filename: /y, flags: 0 }\n";
    assert_eq!(by_reader(twice).len(), 1, "{:?}", by_reader(twice));
}
