//! `criu-plan explain` and `criu-plan syscalls`: what the table knows, and what problem codes mean.

use super::{exit, output};
use crate::problem::{self, CODES, Problem};
use crate::syscalls::{self, Blocking, Kind, Nature, Scope, Set, Syscall, nearest};
use serde_json::json;
use std::fmt::Write;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A system call (`open`), a problem code (`plan::irreversible`), or `codes` for all of these
    what: String,
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// As a JSON list
    #[arg(long)]
    json: bool,
}

/// Explains one call or one code.
pub fn run(args: &Args) -> u8 {
    let what = args.what.as_str();
    if let Some(call) = syscalls::by_name(what) {
        return output::print(&explanation(call));
    }
    if let Some(explanation) = problem::explanation(what) {
        return output::print(&format!("{what}\n  {explanation}\n"));
    }
    if what == "codes" {
        let lines = CODES.iter().map(|(code, explanation)| format!("{code:<32}{explanation}\n"));
        return output::print(&lines.collect::<String>());
    }
    let names = syscalls::TABLE.iter().map(|call| call.name).chain(CODES.iter().map(|(code, _)| *code));
    let help = nearest(what, names).map_or_else(
        || "`criu-plan syscalls` lists the calls, `criu-plan explain codes` the codes".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    let message = format!("`{what}` is neither a system call nor a problem code");
    output::complain(&[Problem::error("cli::unknown", message).help(help)], None);
    exit::USAGE
}

/// Lists all calls.
pub fn list(args: &ListArgs) -> u8 {
    if args.json {
        let calls: Vec<_> = syscalls::TABLE
            .iter()
            .map(|call| {
                let params: Vec<&str> = call.params.iter().map(|param| param.name).collect();
                json!({ "name": call.name, "x86_64": call.x86_64, "aarch64": call.aarch64, "parameters": params })
            })
            .collect();
        return output::print(&format!("{:#}\n", json!(calls)));
    }
    let number = |number: Option<u32>| number.map_or("-".to_owned(), |number| number.to_string());
    let mut text = format!("{:<26}{:>7}{:>8}  parameters\n", "name", "x86_64", "aarch64");
    for call in syscalls::TABLE {
        let params: Vec<&str> = call.params.iter().map(|param| param.name).collect();
        // Writing to a String does not fail.
        let _written = writeln!(
            text,
            "{:<26}{:>7}{:>8}  {}",
            call.name,
            number(call.x86_64),
            number(call.aarch64),
            params.join(" ")
        );
    }
    output::print(&text)
}

fn explanation(call: &Syscall) -> String {
    let params: Vec<&str> = call.params.iter().map(|param| param.name).collect();
    let mut text = format!("{}({})\n", call.name, params.join(", "));
    let mut line = |line: String| {
        text.push_str("  ");
        text.push_str(&line);
        text.push('\n');
    };
    let number = |number: Option<u32>| number.map_or("none".to_owned(), |number| number.to_string());
    line(format!("number: {} on x86_64, {} on aarch64", number(call.x86_64), number(call.aarch64)));
    for param in call.params {
        let optional = if param.optional { ", may be left out" } else { "" };
        line(format!("{}: {}{optional}", param.name, kind(param.kind)));
    }
    line(format!("undo: {}", undo(call.nature)));
    match call.blocking {
        Blocking::No => {}
        Blocking::Maybe => line("may wait, depending on what it is made on".to_owned()),
        Blocking::Yes => line("waits: needs a `timeout`".to_owned()),
    }
    if call.scope == Scope::Thread {
        line("changes only the thread that makes it".to_owned());
    }
    if let Some(why) = call.forbidden {
        line(format!("can't be used in a plan: {why}"));
    }
    text
}

fn kind(kind: Kind) -> String {
    let members = |set: &Set| {
        let shown: Vec<String> = set.members.iter().map(|(name, value)| format!("{name}={value:#x}")).collect();
        format!("{} ({})", set.name, shown.join(" "))
    };
    let memory = |what: &str, kind: &str| match kind {
        "" => format!("memory that the call {what}"),
        kind => format!("{kind} that the call {what}"),
    };
    match kind {
        Kind::Fd => "a descriptor".into(),
        Kind::DirFd => "a directory's descriptor, or AT_FDCWD".into(),
        Kind::Path => "a file name".into(),
        Kind::Text => "text".into(),
        Kind::Flags(set) => format!("any of the {}", members(set)),
        Kind::OneOf(set) => format!("one of the {}", members(set)),
        Kind::Mode => "file mode bits".into(),
        Kind::Int | Kind::Uint => "a number".into(),
        Kind::Size => "a size in bytes".into(),
        Kind::SizeOf(of) => format!("the size of {of} in bytes"),
        Kind::CountOf(of) => format!("the number of elements of {of}"),
        Kind::Exactly(value) => format!("always {value}"),
        Kind::Uid | Kind::Gid => "an id".into(),
        Kind::Offset => "an offset in bytes".into(),
        Kind::Addr => "an address in the target".into(),
        Kind::Pid => "a process or thread id".into(),
        Kind::Signal => "a signal".into(),
        Kind::In(of) => memory("reads", of),
        Kind::Out(of) => memory("fills", of),
        Kind::InOut(of) => memory("reads and fills", of),
        Kind::Any => "depends on what stands before it".into(),
    }
}

fn undo(nature: Nature) -> String {
    match nature {
        Nature::Inert => "nothing to undo, it changes nothing".into(),
        Nature::GivesFd => "its descriptor is closed again (and a file that open made is taken away)".into(),
        Nature::GivesPair => "both descriptors are closed again".into(),
        Nature::ReplacesFd => "the descriptor that it replaced is put back, with its flags".into(),
        Nature::ClosesFd => "the descriptor is put back, with its flags".into(),
        Nature::Fcntl => {
            "F_SETFD and F_SETFL are set back, a duplicate is closed; other commands can't be undone".into()
        }
        Nature::NotYet(why) | Nature::Irreversible(why) => format!("none, it needs `irreversible: true`: {why}"),
    }
}
