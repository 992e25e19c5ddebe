//! What is and what should be, for each op of a section that could not be run to its end.

use super::Doubt;
use super::fault::OpFault;
use super::machine::Machine;
use crate::journal::Section;
use crate::plan::Relation;
use crate::program::{Action, Call, Cell, Guard, Op, op_text};
use crate::remote::CallFault;
use crate::syscalls::{Nature, errno};
use crate::target::Waiter;

/// Runs what ends the step at `position`, commit or undo, and releases in any case what it kept; why it did not go to its end,
/// if it did not. Each section goes on at an op, or was gone through already.
pub fn end(
    waiter: &mut Waiter,
    machine: &mut Machine<'_>,
    (thread, position): (Option<i32>, usize),
    sections: [(Section, &[Op], Option<usize>); 2],
) -> Result<(), (OpFault, Vec<Doubt>)> {
    if let Err(fault) = machine.hand_over(thread) {
        let ops =
            sections.into_iter().flat_map(|(_, ops, from)| ops.get(from.unwrap_or(ops.len())..).unwrap_or_default());
        let doubts = ops.filter_map(|op| Witness { machine, before: &[] }.not_made(op));
        return Err((fault, doubts.collect()));
    }
    let mut result: Result<(), (OpFault, Vec<Doubt>)> = Ok(());
    for (section, ops, from) in sections {
        let Some(from) = from else { continue };
        let Err((at, mut fault)) = machine.run_from(waiter, position, section, ops, from) else { continue };
        // A process that has ended shows no open descriptors, and whatever else.
        if machine.has_ended() && !fault.target_ended() {
            fault = OpFault::Call { call: op_name(ops.get(at)), fault: CallFault::Gone };
        }
        // Of a process that has ended there is nothing left to look at.
        let more = if fault.target_ended() { Vec::new() } else { doubts(machine, ops, at, &fault) };
        match &mut result {
            Err((_, doubts)) => doubts.extend(more),
            Ok(()) => result = Err((fault, more)),
        }
    }
    result
}

/// The call that an op makes, or what it does instead.
fn op_name(op: Option<&Op>) -> &'static str {
    match op.map(|op| &op.action) {
        Some(Action::Call(call)) => call.syscall.name,
        _ => "looking at it",
    }
}

/// The op at which a section ended, and the calls behind it that were due and not made.
fn doubts(machine: &Machine<'_>, ops: &[Op], at: usize, fault: &OpFault) -> Vec<Doubt> {
    let witness = Witness { machine, before: ops.get(..at).unwrap_or_default() };
    let failed = ops.get(at).map(|op| witness.failed(op, fault));
    let rest = ops.get(at + 1..).unwrap_or_default().iter().filter_map(|op| witness.not_made(op));
    failed.into_iter().chain(rest).collect()
}

/// Who can tell.
struct Witness<'a> {
    machine: &'a Machine<'a>,
    /// The ops of the section that were run.
    before: &'a [Op],
}

impl Witness<'_> {
    fn doubt(&self, op: &Op, expected: String, found: String) -> Doubt {
        let purpose = match &op.action {
            Action::Call(call) => call.purpose,
            _ => "compare with what the step left",
        };
        let text = op_text(&self.machine.target.program, op, &|cell| self.machine.cell(cell));
        Doubt { purpose: purpose.to_owned(), op: text, expected, found }
    }

    /// A call that was due, and that does more than look.
    fn not_made(&self, op: &Op) -> Option<Doubt> {
        let acts = matches!(&op.action, Action::Call(call) if call.syscall.nature != Nature::Inert);
        let due = acts && self.machine.holds(&op.guards);
        due.then(|| self.doubt(op, "made".into(), "not made".into()))
    }

    fn failed(&self, op: &Op, fault: &OpFault) -> Doubt {
        let (expected, found) = match &op.action {
            Action::Call(call) => called(call, fault),
            Action::SameDescription { now, expected } => {
                (self.open_as(*expected).unwrap_or_else(|| "open".into()), self.is_open_as(*now))
            }
            Action::NoPosixLocks { .. } => {
                ("no POSIX record locks on its file".into(), "the process holds such locks".into())
            }
            Action::Fail(why) => self.compared(&op.guards, why),
            _ => ("as the step left it".into(), fault.to_string()),
        };
        self.doubt(op, expected, found)
    }

    /// `the file of descriptor 5 (/var/log/app.log)`.
    fn open_as(&self, cell: Cell) -> Option<String> {
        let fd = self.machine.cell(cell)? as i32;
        let path = self.machine.target.descriptors.path(fd)?;
        Some(format!("what descriptor {fd} is ({path})"))
    }

    fn is_open_as(&self, cell: Cell) -> String {
        let path = self.machine.cell(cell).and_then(|fd| self.machine.target.descriptors.path(fd as i32));
        path.map_or_else(|| "closed".into(), |path| format!("another opening, of {path}"))
    }

    /// The numbers that a check found to differ: those of its own guards, and those for which an earlier op has set what it
    /// goes by.
    fn compared(&self, guards: &[Guard], why: &str) -> (String, String) {
        let setter = |flag: Cell| {
            let sets = move |op: &&Op| matches!(op.action, Action::Add { into, .. } if into == flag);
            self.before.iter().filter(sets).filter(|op| self.machine.holds(&op.guards)).flat_map(|op| &op.guards)
        };
        let of_flags = guards.iter().rev().flat_map(|guard| setter(guard.left));
        let differing = guards.iter().chain(of_flags).filter(|guard| guard.relation == Relation::NotEqual);
        let value = |cell: Cell| self.machine.cell(cell).map(|value| value as i64);
        let pair = differing.filter_map(|guard| Some((value(guard.right)?, value(guard.left)?))).next();
        match pair {
            Some((expected, found)) => (number(expected), number(found)),
            None => ("as the step left it".into(), why.to_owned()),
        }
    }
}

/// What a call should have come to, and did.
fn called(call: &Call, fault: &OpFault) -> (String, String) {
    let expected =
        if call.accept.expected.is_some() { "a result that `returns` allows" } else { "made without an error" };
    let found = match fault {
        OpFault::Result { value, .. } => match errno::of_result(*value) {
            Some(errno) => errno::describe(errno),
            None => format!("made, and returned {value}"),
        },
        OpFault::Call { fault, .. } => fault.to_string(),
        OpFault::Unsafe(why) => format!("not made: {why}"),
    };
    (expected.to_owned(), found)
}

/// Small numbers are read best in decimal, and modes and flags are not.
fn number(value: i64) -> String {
    if (-9..10).contains(&value) { value.to_string() } else { format!("{value} ({value:#o}, {value:#x})") }
}
