//! A Program as text that people read.

use super::{
    Action, Asked, Aspect, Bound, BufferId, Call, Cell, Guard, Import, Init, Op, Program, Shown, StepCode, UndoCode,
};
use crate::plan::{Relation, shown};
use crate::syscalls::layouts::Int;
use crate::syscalls::{Kind, Syscall};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// The step's call as in C, constants spelled out: `open("/var/log/app.log", O_WRONLY|O_CREAT|O_APPEND, 0o644)`.
pub fn call_text(step: &StepCode) -> String {
    as_in_c(step.syscall, &step.shown)
}

/// The same of a step under `undo`.
pub fn undo_text(step: &UndoCode) -> String {
    as_in_c(step.syscall, &step.shown)
}

fn as_in_c(syscall: &Syscall, shown: &[(&'static str, Shown)]) -> String {
    let args = shown.iter().map(|(_, shown)| match shown {
        Shown::Text(text) | Shown::Cell(_, text) => text.as_str(),
    });
    format!("{}({})", syscall.name, args.collect::<Vec<_>>().join(", "))
}

/// One op, with the values that its cells have.
pub fn op_text(program: &Program, op: &Op, values: &dyn Fn(Cell) -> Option<u64>) -> String {
    let listing = Listing { program, names: names(program), read: HashSet::new(), values: Some(values) };
    listing.action(&op.action).0
}

/// An op, or what decides whether a step is made, as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `import`, `prepare`, `when`, `unless`, `forward`, `undo`, `commit` or `release`.
    pub section: &'static str,
    /// What is done, or what is compared.
    pub text: String,
    /// Under which conditions, if any.
    pub guards: String,
    /// What for, if that has to be said.
    pub remark: &'static str,
    /// It comes before the step's own call and notes what undo will need.
    pub keeps: bool,
}

/// Every op of every step, in order.
pub fn lines(program: &Program) -> Vec<Vec<Line>> {
    let listing = Listing { program, names: names(program), read: read(program), values: None };
    program.steps.iter().map(|step| listing.step(step)).collect()
}

/// Every op of every step, a line each.
pub fn listing(program: &Program) -> String {
    let mut text = String::new();
    for (step, lines) in program.steps.iter().zip(lines(program)) {
        let name = step.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let lasting = if step.irreversible { "  # for good" } else { "" };
        let each = step.each.as_ref().map(|each| format!(" [{each}]")).unwrap_or_default();
        let thread = match (step.thread, &step.each) {
            (Some(tid), each) if each.as_ref().is_none_or(|each| !each.starts_with("thread")) => {
                format!(" in thread {tid}")
            }
            _ => String::new(),
        };
        let _ = writeln!(text, "step {}{name}{each}{thread}: {}{lasting}", step.index + 1, call_text(step));
        if let Some(why) = step.skip {
            let _ = writeln!(text, "  left out: {why}");
        }
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:<8} {}", self.section, self.text)?;
        if !self.guards.is_empty() {
            write!(f, "  if {}", self.guards)?;
        }
        if self.remark.is_empty() { Ok(()) } else { write!(f, "  # {}", self.remark) }
    }
}

struct Listing<'a> {
    program: &'a Program,
    names: HashMap<Cell, String>,
    read: HashSet<Cell>,
    /// What cells hold, once the program runs.
    values: Option<&'a dyn Fn(Cell) -> Option<u64>>,
}

impl Listing<'_> {
    fn step(&self, step: &StepCode) -> Vec<Line> {
        let plain = |section, text| Line { section, text, guards: String::new(), remark: "", keeps: false };
        let import = |Import { target, name, into, .. }: &Import| {
            plain("import", format!("{} = {name} of {target}", self.value(*into, Kind::Int)))
        };
        let mut lines: Vec<Line> = step.imports.iter().map(import).collect();
        lines.extend(step.prepare.iter().map(|op| self.line("prepare", op)));
        for (section, guards) in [("when", &step.when), ("unless", &step.unless)] {
            if !guards.is_empty() {
                lines.push(plain(section, self.conditions(guards)));
            }
        }
        let own = step.forward.iter().position(|op| matches!(&op.action, Action::Call(call) if is_own(call)));
        for (index, op) in step.forward.iter().enumerate() {
            let notes = matches!(op.action, Action::Ask { .. } | Action::DescriptorFlags { .. } | Action::Call(_));
            lines.push(Line { keeps: notes && own.is_some_and(|own| index < own), ..self.line("forward", op) });
        }
        for (section, ops) in [("undo", &step.undo), ("commit", &step.commit), ("release", &step.release)] {
            lines.extend(ops.iter().map(|op| self.line(section, op)));
        }
        lines
    }

    fn line(&self, section: &'static str, op: &Op) -> Line {
        let (text, remark) = self.action(&op.action);
        let guards = if op.guards.is_empty() { String::new() } else { self.conditions(&op.guards) };
        Line { section, text, guards, remark, keeps: false }
    }

    fn action(&self, action: &Action) -> (String, &'static str) {
        let name = |cell: &Cell| self.value(*cell, Kind::Int);
        let text = match action {
            Action::Add { into, a, b, negative } => {
                format!("{} = {} {} {}", name(into), name(a), if *negative { "-" } else { "+" }, name(b))
            }
            Action::Divide { into, a, by, rest } => {
                format!("{} = {} {} {}", name(into), name(a), if *rest { "%" } else { "/" }, name(by))
            }
            Action::OpenDescriptors { into, first, last, .. } => {
                let (low, high) = (name(first), name(last));
                format!("up to {} numbers = the open descriptors from {low} to {high}", into.len())
            }
            Action::Bits { into, from, mask, shift } => {
                format!("{} = ({} & {mask:#o}) >> {shift}", name(into), name(from))
            }
            Action::Load { into, buffer: BufferId(buffer), offset, size, signed, .. } => {
                format!("{} = {} at buffer{buffer}[{offset}]", name(into), Int::plain(*size, *signed).name())
            }
            Action::Store { buffer: BufferId(buffer), offset, size, signed, most, from, .. } => {
                let most = most.map(|most| format!(", {most} at most")).unwrap_or_default();
                let number = Int::plain(*size, *signed).name();
                format!("{number} at buffer{buffer}[{offset}] = {}{most}", name(from))
            }
            Action::Ask { into, what } => format!("{} = {}", name(into), what.describe(&name)),
            Action::Reckon { into, what, from } => {
                let from: Vec<String> = from.iter().map(name).collect();
                format!("{} = {}({})", name(into), what.describe(), from.join(", "))
            }
            Action::Survey { into, aspect, start, length } => {
                let pieces: Vec<String> = into.iter().map(|piece| name(&piece.value)).collect();
                format!("{} = {} from {} on, {} bytes", pieces.join(", "), respect(*aspect), name(start), name(length))
            }
            Action::Mapped { into, start, length } => {
                format!("{} = bytes mapped from {} on, of {}", name(into), name(start), name(length))
            }
            Action::FreeRange { into, length } => format!("{} = a free range of {} bytes", name(into), name(length)),
            Action::CanUnmap { start, length } => {
                format!("check that {} bytes from {} on can be unmapped", name(length), name(start))
            }
            Action::Fail(why) => format!("fail: {why}"),
            Action::DescriptorFlags { into, fd } => format!("{} = flags of descriptor {}", name(into), name(fd)),
            Action::FreeDescriptor { into } => format!("{} = a free descriptor number", name(into)),
            Action::NoPosixLocks { fd } => {
                format!("check that no POSIX locks are on the file of descriptor {}", name(fd))
            }
            Action::IsEmpty { fd } => format!("check that what descriptor {} is open on is empty", name(fd)),
            Action::NoPosixLocksOn { device, inode } => {
                format!("check that no POSIX locks are on file {} of device {}", name(inode), name(device))
            }
            Action::SameBytes { into, a: BufferId(a), b: BufferId(b), length } => {
                format!("{} = {} bytes of buffer{a} are those of buffer{b}", name(into), name(length))
            }
            Action::SameDescription { now, expected } => {
                format!("check that descriptors {} and {} are one", name(now), name(expected))
            }
            Action::Call(call) => {
                let thread = call.thread.map(|tid| format!("in thread {tid}: ")).unwrap_or_default();
                return (format!("{thread}{}", self.call(call)), call.purpose);
            }
        };
        (text, "")
    }

    fn call(&self, call: &Call) -> String {
        let value = |(index, cell): (usize, &Cell)| match call.syscall.params.get(index) {
            // Flags that may be left out: 0 is none of them, whatever the set calls it.
            Some(param) if param.optional && self.program.cells.get(cell.0 as usize) == Some(&Init::Const(0)) => {
                "0".into()
            }
            param => self.value(*cell, param.map_or(Kind::Int, |param| param.kind)),
        };
        let args = call.args.iter().enumerate().map(value);
        let result = if self.read.contains(&call.result) {
            format!(" = {}", self.value(call.result, Kind::Int))
        } else {
            String::new()
        };
        format!("{}({}){result}", call.syscall.name, args.collect::<Vec<_>>().join(", "))
    }

    fn conditions(&self, guards: &[Guard]) -> String {
        let text = guards.iter().map(|guard| {
            let relation = match guard.relation {
                Relation::Equal => "==",
                Relation::NotEqual => "!=",
                Relation::Less => "<",
                Relation::LessOrEqual => "<=",
                Relation::Greater => ">",
                Relation::GreaterOrEqual => ">=",
            };
            format!("{} {relation} {}", self.value(guard.left, Kind::Int), self.value(guard.right, Kind::Int))
        });
        text.collect::<Vec<_>>().join(" and ")
    }

    /// A cell as an argument of that kind.
    fn value(&self, cell: Cell, kind: Kind) -> String {
        if let Some(name) = self.names.get(&cell) {
            let value = self.values.and_then(|values| values(cell));
            return value.map_or_else(|| name.clone(), |value| shown(kind, value));
        }
        match self.program.cells.get(cell.0 as usize) {
            Some(Init::Const(value)) => shown(kind, *value),
            Some(Init::Address(buffer)) => self.buffer(*buffer),
            Some(Init::Unset) | None => format!("cell{}", cell.0),
        }
    }

    fn buffer(&self, BufferId(id): BufferId) -> String {
        match self.program.buffers.get(id as usize).map(|buffer| buffer.bytes.split_last()) {
            Some(Some((0, text))) if std::str::from_utf8(text).is_ok_and(|text| !text.contains('\0')) => {
                format!("{:?}", String::from_utf8_lossy(text))
            }
            _ => format!("buffer{id}"),
        }
    }
}

/// Whether a call is the step's own.
fn is_own(call: &Call) -> bool {
    call.purpose.starts_with("as asked")
}

/// What a cell that an op sets is called: as the plan calls it, else by what is in it.
fn names(program: &Program) -> HashMap<Cell, String> {
    let mut names = HashMap::new();
    let mut used = HashMap::new();
    let mut give = |cell: Cell, name: &str| {
        names.entry(cell).or_insert_with(|| {
            let count: &mut u32 = used.entry(name.to_owned()).or_default();
            *count += 1;
            if *count == 1 { name.to_owned() } else { format!("{name}_{count}") }
        });
    };
    for step in &program.steps {
        for (name, bound) in &step.captures {
            if let Bound::Cell(cell) = bound {
                give(*cell, name);
            }
        }
        for import in &step.imports {
            give(import.into, &format!("{}.{}", import.target, import.name));
        }
        give(step.result, "result");
    }
    for op in program.ops() {
        match &op.action {
            Action::Add { into, .. } => give(*into, "sum"),
            Action::Bits { into, .. } => give(*into, "bits"),
            Action::Divide { into, .. } => give(*into, "part"),
            Action::OpenDescriptors { into, .. } => into.iter().for_each(|number| give(*number, "number")),
            Action::Load { into, .. } => give(*into, "field"),
            Action::DescriptorFlags { into, .. } => give(*into, "flags"),
            Action::FreeDescriptor { into } => give(*into, "high"),
            Action::Ask { into, what: Asked::Mark(_) } => give(*into, "mark"),
            Action::Ask { into, what: Asked::Open(..) } => give(*into, "open"),
            Action::Ask { into, .. } => give(*into, "asked"),
            Action::SameBytes { into, .. } => give(*into, "same"),
            Action::Reckon { into, .. } => give(*into, "reckoned"),
            Action::Call(call) if call.purpose == "keep" => give(call.result, "keep"),
            Action::Call(Call { syscall: Syscall { name, .. }, result, .. }) => give(*result, name),
            Action::Survey { into, .. } => {
                for piece in into {
                    give(piece.start, "start");
                    give(piece.length, "length");
                    give(piece.value, "piece");
                }
            }
            Action::Mapped { into, .. } => give(*into, "mapped"),
            Action::FreeRange { into, .. } => give(*into, "free"),
            Action::Fail(_)
            | Action::CanUnmap { .. }
            | Action::Store { .. }
            | Action::NoPosixLocks { .. }
            | Action::IsEmpty { .. }
            | Action::NoPosixLocksOn { .. }
            | Action::SameDescription { .. } => {}
        }
    }
    names
}

/// Cells whose value matters to an op or to the plan.
fn read(program: &Program) -> HashSet<Cell> {
    let mut read = HashSet::new();
    let mut guards = |guards: &[Guard]| {
        guards.iter().for_each(|guard| read.extend([guard.left, guard.right]));
    };
    for step in &program.steps {
        guards(&step.when);
        guards(&step.unless);
    }
    program.ops().for_each(|op| guards(&op.guards));
    for op in program.ops() {
        match &op.action {
            Action::Add { a, b, .. } => read.extend([*a, *b]),
            Action::Divide { a, by, .. } => read.extend([*a, *by]),
            Action::OpenDescriptors { first, last, apart, .. } => read.extend(apart.iter().chain([first, last])),
            Action::Ask { what, .. } => read.extend(what.of()),
            Action::Bits { from, .. } | Action::Store { from, .. } => read.extend([*from]),
            Action::Survey { start, length, .. }
            | Action::Mapped { start, length, .. }
            | Action::CanUnmap { start, length } => read.extend([*start, *length]),
            Action::FreeRange { length, .. } => read.extend([*length]),
            Action::Call(call) => read.extend(&call.args),
            Action::Reckon { from, .. } => read.extend(from),
            _ => {}
        }
    }
    let captured = program.steps.iter().flat_map(|step| &step.captures);
    read.extend(captured.filter_map(|(_, bound)| match bound {
        Bound::Cell(cell) => Some(*cell),
        Bound::Buffer(..) => None,
    }));
    read
}

/// What mappings are looked at for, in words.
fn respect(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Access => "what may be done with memory",
        Aspect::Content => "what is mapped",
        Aspect::Sharing => "whether mappings are shared",
        Aspect::Fastened => "whether memory can't be moved",
        Aspect::Segment => "whether a segment is attached",
        Aspect::Undumped => "whether memory is left out of core dumps",
        Aspect::Unforked => "whether memory is kept from children",
        Aspect::Wiped => "whether memory is empty in children",
        Aspect::Mergeable => "whether memory may be merged",
        Aspect::Order => "in which order memory is said to be read",
        Aspect::Locked => "whether memory is locked",
    }
}
