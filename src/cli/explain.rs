//! `criu-plan explain`: all that the table knows of a call, to be read, and what problem codes mean.

use super::{exit, output};
use crate::problem::{self, CODES, Problem};
use crate::syscalls::constants::{MODE, Set};
use crate::syscalls::{self, Arch, Command, Kind, Scope, Syscall, nearest};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A system call (`open`), a problem code (`plan::irreversible`), or `codes` for all of these
    what: String,
}

/// Lines are no longer.
const WIDTH: usize = 100;
/// Where what is said of a heading begins.
const INDENT: usize = 12;

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

fn explanation(call: &Syscall) -> String {
    let mut page = Page::default();
    page.line(&call.signature());
    page.wrapped("  ", "  ", call.does);
    parameters(&mut page, call);
    page.line("");
    page.entry("returns", call.returns.describe());
    page.entry("undo", &call.undo());
    page.entry("waiting", call.blocking.describe());
    page.entry("effect", call.scope.describe());
    page.entry("numbers", &numbers(call));
    if let Some(version) = call.since {
        page.entry("since", &format!("Linux {version}"));
    }
    if let Some(instead) = call.instead {
        page.entry("instead", &format!("`{instead}` on every architecture"));
    }
    if let Some(why) = call.forbidden {
        page.entry("forbidden", &format!("no plan may make it: {why}"));
    }
    for exception in syscalls::exceptions(call) {
        page.entry("but", &exception);
    }
    commands(&mut page, call);
    constants(&mut page, call);
    page.text
}

fn parameters(page: &mut Page, call: &Syscall) {
    if call.params.is_empty() {
        return page.wrapped("  ", "  ", "It takes no arguments.");
    }
    page.line("");
    let width = call.params.iter().map(|param| param.name.len()).max().unwrap_or(0);
    for (index, param) in call.params.iter().enumerate() {
        let head = format!("  {:width$}  ", param.name);
        page.wrapped(&head, &" ".repeat(head.len()), &call.describe(index));
    }
}

fn numbers(call: &Syscall) -> String {
    let number = |arch: Arch| call.number(arch).map_or("none".to_owned(), |number| number.to_string());
    format!("{} on x86_64, {} on aarch64", number(Arch::X86_64), number(Arch::Aarch64))
}

/// The commands of a call that has many.
fn commands(page: &mut Page, call: &Syscall) {
    let Some((selector, commands)) = syscalls::commands(call) else { return };
    let name = call.params.get(selector).map_or("", |param| param.name);
    page.line(&format!("\n  What follows `{name}`, and what else is known:"));
    let width = commands.iter().map(|command| command.name.len()).max().unwrap_or(0);
    for command in commands {
        let head = format!("    {:width$}  ", command.name);
        page.wrapped(&head, &" ".repeat(head.len()), &said_of(command, call));
    }
}

fn said_of(command: &Command, call: &Syscall) -> String {
    let arguments = command.named_arguments(call);
    let mut said: Vec<String> = arguments.iter().map(|(name, kind)| format!("{name}: {}", kind.describe())).collect();
    let mut remarks = command.remarks();
    if call.scope == Scope::Thread
        && command.scope == Scope::Process
        && !remarks.iter().any(|is| is == "changes nothing")
    {
        remarks.push("acts on the process".to_owned());
    }
    said.extend(remarks);
    if said.is_empty() { "nothing follows".to_owned() } else { said.join("; ") }
}

/// The constants of all its arguments, each set once, with their values.
fn constants(page: &mut Page, call: &Syscall) {
    let behind = syscalls::commands(call).into_iter().flat_map(|(_, commands)| commands);
    let kinds = call.params.iter().map(|param| param.kind).chain(behind.flat_map(|command| command.arguments).copied());
    let mut shown: Vec<&Set> = Vec::new();
    for set in kinds.filter_map(Kind::set) {
        if shown.iter().any(|other| other.name == set.name) {
            continue;
        }
        shown.push(set);
        page.line(&format!("\n  {}", set.name));
        let spell = if std::ptr::eq(set, &MODE) { octal } else { spelt };
        let mut members = set.members.to_vec();
        members.sort_by_key(|(_, value)| *value as i64);
        page.columns(members.iter().map(|(name, value)| format!("{name} {}", spell(*value))).collect());
        let types: Vec<String> = syscalls::option_types(set)
            .iter()
            .filter(|(_, of)| !of.is_empty())
            .map(|(name, of)| format!("{name} {of}"))
            .collect();
        if !types.is_empty() {
            page.wrapped("    values that are no int: ", "      ", &types.join(", "));
        }
        if call.name == "setsockopt" {
            for remark in syscalls::option_remarks(set) {
                page.wrapped("    ", "      ", &remark);
            }
        }
        let other = |(name, value): &(&str, Option<u64>)| match value {
            Some(value) => format!("{name} {}", spelt(*value)),
            None => format!("no {name}"),
        };
        let differing: Vec<String> = set.aarch64.iter().map(other).collect();
        if !differing.is_empty() {
            page.wrapped("    on aarch64: ", "      ", &differing.join(", "));
        }
    }
}

/// A value as one would look it up: small ones and negative ones in decimal.
fn spelt(value: u64) -> String {
    match value as i64 {
        number @ -99..=9 => number.to_string(),
        _ => format!("{value:#x}"),
    }
}

fn octal(value: u64) -> String {
    format!("{value:#o}")
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn wrapped(&mut self, first: &str, others: &str, text: &str) {
        let options = textwrap::Options::new(WIDTH).initial_indent(first).subsequent_indent(others);
        textwrap::wrap(text, options.break_words(false)).iter().for_each(|line| self.line(line));
    }

    fn entry(&mut self, heading: &str, text: &str) {
        let head = format!("  {heading:width$}", width = INDENT - 2);
        self.wrapped(&head, &" ".repeat(INDENT), text);
    }

    /// Cells in as many columns as fit, to be read row by row.
    fn columns(&mut self, cells: Vec<String>) {
        let width = cells.iter().map(String::len).max().unwrap_or(0) + 2;
        for row in cells.chunks(((WIDTH - 4 + 2) / width).max(1)) {
            let row: String = row.iter().map(|cell| format!("{cell:width$}")).collect();
            self.line(&format!("    {row}"));
        }
    }
}
