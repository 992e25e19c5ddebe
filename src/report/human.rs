//! An outcome for people: a line for each target and each step.

use super::{hexdump, plain};
use crate::executor::{Doubt, Outcome, StepOutcome, StepState, TargetOutcome, Verdict};
use crate::syscalls::{self, Returns, errno};
use std::fmt::Write;

/// No more of an argument is shown.
const LONGEST: usize = 200;

/// The whole outcome; problems are told elsewhere.
pub fn outcome(outcome: &Outcome) -> String {
    let mut text = targets(outcome);
    let name = outcome.plan.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
    let _written = writeln!(text, "{name}{}", sentence(outcome));
    plain(&text)
}

/// Its targets alone.
pub fn targets(outcome: &Outcome) -> String {
    let mut text = String::new();
    for target in &outcome.targets {
        // Writing to a String does not fail.
        let _written = write_target(&mut text, target);
    }
    plain(&text)
}

/// How it ended.
pub fn sentence(outcome: &Outcome) -> &'static str {
    match outcome.verdict {
        Verdict::Applied if outcome.changed => "applied",
        Verdict::Applied | Verdict::Unchanged => "done, nothing was changed",
        Verdict::Planned => "this is what would be done; nothing was touched",
        Verdict::Refused => "refused, nothing was done",
        Verdict::RolledBack => "failed, and everything is as it was",
        Verdict::Partial => "failed after something that can't be undone: the steps marked `stays` are still done",
        Verdict::InDoubt => "IN DOUBT: a person has to look at the target",
    }
}

fn write_target(text: &mut String, target: &TargetOutcome) -> std::fmt::Result {
    write_head(text, target)?;
    for step in &target.steps {
        write_step(text, step)?;
    }
    for (name, value) in &target.captures {
        writeln!(text, "  {name} = {value}")?;
    }
    Ok(())
}

/// Which process it is, and how long it was held.
pub fn write_head(text: &mut String, target: &TargetOutcome) -> std::fmt::Result {
    let name = target.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
    let held = target.stall_us.map(|stall| format!(", held for {}", time(stall))).unwrap_or_default();
    writeln!(text, "process {} ({}){name}{held}", target.pid, target.comm)
}

/// A step, and what its buffers hold.
pub fn write_step(text: &mut String, step: &StepOutcome) -> std::fmt::Result {
    writeln!(text, "  {}", line(step))?;
    for Doubt { purpose, op, expected, found } in &step.doubts {
        writeln!(text, "    {purpose}: {op}: should be {expected}, is {found}")?;
    }
    for undo in step.undo.iter().filter(|_| step.undone) {
        writeln!(text, "    undone by {}", shortened(undo))?;
    }
    for (name, value) in &step.values {
        writeln!(text, "    {name} = {value}")?;
    }
    Ok(())
}

fn time(microseconds: u64) -> String {
    match microseconds {
        0..1_000 => format!("{microseconds} µs"),
        1_000..1_000_000 => format!("{:.1} ms", microseconds as f64 / 1e3),
        _ => format!("{:.1} s", microseconds as f64 / 1e6),
    }
}

/// `2 dup2(oldfd: 3, newfd: 1) = 1, undone`.
fn line(step: &StepOutcome) -> String {
    let name = step.name.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
    let result = step.result.map(|value| format!(" = {}", result(&step.syscall, value))).unwrap_or_default();
    let state = match step.state {
        StepState::Done | StepState::Planned => "",
        StepState::Skipped => ", skipped",
        StepState::Failed => ", failed",
        StepState::NotRun => ", not run",
        StepState::InDoubt => ", IN DOUBT",
    };
    let undone = match (step.undone, step.lasting) {
        (true, _) => ", undone",
        (false, true) => ", stays",
        (false, false) => "",
    };
    // The result says it already.
    let told = step.state == StepState::Failed && step.errno.is_some();
    let note = step.note.as_deref().filter(|_| !told).map(|note| format!(": {note}")).unwrap_or_default();
    let each = step.each.as_deref().map(|each| format!("{each}: ")).unwrap_or_default();
    format!("{} {name}{each}{}{result}{state}{undone}{note}", step.index + 1, call(step))
}

/// `dup2(3, 1)`.
fn call(step: &StepOutcome) -> String {
    let args: Vec<String> = step.args.iter().map(|(_, value)| shortened(value)).collect();
    format!("{}({})", step.syscall, args.join(", "))
}

/// A long argument by its beginning; all of it is in the JSON.
fn shortened(value: &str) -> String {
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} bytes)", value.get(..end).unwrap_or_default(), value.len()),
        None => value.to_owned(),
    }
}

/// A raw result as a person reads it.
fn result(syscall: &str, value: i64) -> String {
    match errno::of_result(value) {
        Some(number) => format!("-1 {}", errno::describe(number)),
        None if syscalls::by_name(syscall).is_some_and(|call| call.returns == Returns::Address) => {
            format!("{value:#x}")
        }
        None => value.to_string(),
    }
}

/// The result of `exec` for people: the call, its result in decimal and hexadecimal, and the buffers that it filled.
pub fn exec_result(step: &StepOutcome) -> String {
    let Some(value) = step.result else { return String::new() };
    let mut text = format!("{} = {}", call(step), result(&step.syscall, value));
    if step.errno.is_none() {
        text.push_str(&format!(" ({value:#x})"));
    }
    text.push('\n');
    for (name, bytes) in &step.buffers {
        text.push_str(&format!("{name}:\n{}", hexdump(bytes)));
    }
    plain(&text)
}
