//! `criu-plan syscalls`: every call, in a line each or as JSON with everything that the table knows.

use super::output;
use crate::syscalls::{self, Blocking, Command, Kind, Nature, Scope, Syscall, constants};
use serde_json::{Map, Value, json};
use std::fmt::Write;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// As JSON, with parameters, constants and all
    #[arg(long)]
    json: bool,
}

/// Lists all calls.
pub fn run(args: &Args) -> u8 {
    if args.json { output::print(&format!("{:#}\n", everything())) } else { output::print(&lines()) }
}

fn lines() -> String {
    let number = |number: Option<u32>| number.map_or("-".to_owned(), |number| number.to_string());
    let mut text = format!("{:<24}{:>7}{:>8}  what it does\n", "name", "x86_64", "aarch64");
    for call in syscalls::TABLE {
        let (x86_64, aarch64) = (number(call.x86_64), number(call.aarch64));
        // Writing to a String does not fail.
        let _written = writeln!(text, "{:<24}{x86_64:>7}{aarch64:>8}  {}", call.name, call.does);
    }
    text
}

/// `{schema, syscalls: […], constants: {set: {name: value}}}`.
fn everything() -> Value {
    let set = |set: &constants::Set| {
        let members: Map<String, Value> =
            set.members.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
        let aarch64: Map<String, Value> =
            set.aarch64.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
        let types: Map<String, Value> =
            syscalls::option_types(set).iter().map(|(name, of)| (name.to_string(), json!(of))).collect();
        (set.name.to_owned(), json!({ "open": set.open, "values": members, "aarch64": aarch64, "types": types }))
    };
    let sets: Map<String, Value> = constants::ALL.iter().map(|of| set(of)).collect();
    let calls: Vec<Value> = syscalls::TABLE.iter().map(call).collect();
    json!({ "schema": "criu-plan/syscalls/1", "syscalls": calls, "constants": sets })
}

fn call(call: &Syscall) -> Value {
    let parameter = |(index, param): (usize, &syscalls::Param)| {
        let measured = call.measured(index).and_then(|(of, _)| Some(call.params.get(of)?.name));
        let mut parameter = kind(param.kind);
        parameter.insert("of".to_owned(), json!(measured));
        parameter.shift_insert(0, "name".to_owned(), json!(param.name));
        parameter.insert("optional".to_owned(), json!(param.optional));
        Value::Object(parameter)
    };
    let parameters: Vec<Value> = call.params.iter().enumerate().map(parameter).collect();
    let commands = syscalls::commands(call).map(|(selector, commands)| {
        let by = call.params.get(selector).map(|param| param.name);
        json!({ "by": by, "list": commands.iter().map(|command| self::command(call, command)).collect::<Vec<_>>() })
    });
    json!({
        "name": call.name,
        "does": call.does,
        "x86_64": call.x86_64,
        "aarch64": call.aarch64,
        "parameters": parameters,
        "returns": call.returns.describe(),
        "nature": nature(call.nature),
        "blocking": blocking(call.blocking),
        "scope": scope(call.scope),
        "forbidden": call.forbidden,
        "instead": call.instead,
        "since": call.since,
        "exceptions": syscalls::exceptions(call),
        "commands": commands,
    })
}

fn command(call: &Syscall, command: &Command) -> Value {
    let argument = |(name, of): (&str, Kind)| {
        let mut argument = kind(of);
        argument.shift_insert(0, "name".to_owned(), json!(name));
        Value::Object(argument)
    };
    json!({
        "name": command.name,
        "arguments": command.named_arguments(call).into_iter().map(argument).collect::<Vec<_>>(),
        "nature": command.nature.map(nature),
        "blocking": blocking(command.blocking),
        "scope": scope(command.scope),
        "forbidden": command.forbidden,
    })
}

fn kind(kind: Kind) -> Map<String, Value> {
    let fields = [
        ("kind", json!(kind.word())),
        ("type", json!(kind.c_type())),
        ("constants", json!(kind.set().map(|set| set.name))),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn nature(nature: Nature) -> Value {
    let why = match nature {
        Nature::Irreversible(why) => Some(why),
        _ => None,
    };
    json!({ "kind": nature.word(), "why": why })
}

fn blocking(blocking: Blocking) -> &'static str {
    match blocking {
        Blocking::No => "no",
        Blocking::Maybe => "maybe",
        Blocking::Yes => "yes",
    }
}

fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Process => "process",
        Scope::Thread => "thread",
    }
}
