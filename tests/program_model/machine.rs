//! Runs a Program on the model, with a failure at a given op.

use crate::kernel::Kernel;
use criu_plan::plan::Relation;
use criu_plan::program::{Accept, Action, Asked, BufferId, Cell, Guard, Init, Op, Program};

/// How the op fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way {
    /// It is not made.
    Before,
    /// It is made, and its result refused.
    After,
    /// A call returns an error; `close` has its effect all the same.
    Error,
}

/// A failure at the `at`-th op that is made going forward.
pub struct Break {
    pub at: usize,
    pub way: Way,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum End {
    Applied,
    /// The words of `Action::Fail`, if that was why.
    RolledBack(&'static str),
    InDoubt,
}

struct Machine<'a> {
    kernel: &'a mut Kernel,
    program: &'a Program,
    cells: Vec<Option<u64>>,
}

struct Failed(&'static str);

fn address(BufferId(id): BufferId) -> u64 {
    0x10_0000 + u64::from(id) * 0x1000
}

/// Steps as the executor does: forward; if an op fails undo and release backwards, else commit and release.
pub fn transact(kernel: &mut Kernel, program: &Program, failure: &mut Option<Break>) -> End {
    for (id, buffer) in program.buffers.iter().enumerate() {
        let mut bytes = buffer.bytes.clone();
        bytes.resize(buffer.len, 0);
        kernel.memory.insert(address(BufferId(id as u32)), bytes);
    }
    let cells = program.cells.iter().map(|init| match init {
        Init::Const(value) => Some(*value),
        Init::Address(buffer) => Some(address(*buffer)),
        Init::Unset => None,
    });
    let mut machine = Machine { kernel, program, cells: cells.collect() };
    let mut begun = Vec::new();
    for step in &program.steps {
        let prepared = machine.run(&step.prepare, &mut None);
        if !machine.holds(&step.when) || (!step.unless.is_empty() && machine.holds(&step.unless)) {
            continue;
        }
        begun.push(step);
        if let Err(Failed(why)) = prepared.and_then(|()| machine.run(&step.forward, failure)) {
            let mut end = End::RolledBack(why);
            for step in begun.iter().rev() {
                let mut undone = machine.run(&step.undo, &mut None);
                // The second time it finds everything as it was; what the plan says of undo is made again.
                if step.undo_steps.is_empty() {
                    undone = undone.and_then(|()| machine.run(&step.undo, &mut None));
                }
                let released = machine.run(&step.release, &mut None);
                if undone.is_err() || released.is_err() {
                    end = End::InDoubt;
                }
            }
            return end;
        }
    }
    let done = begun
        .iter()
        .all(|step| machine.run(&step.commit, &mut None).is_ok() && machine.run(&step.release, &mut None).is_ok());
    if done { End::Applied } else { End::InDoubt }
}

impl Machine<'_> {
    fn get(&self, cell: Cell) -> Option<u64> {
        self.cells[cell.0 as usize]
    }

    fn need(&self, cell: Cell) -> Result<u64, Failed> {
        self.get(cell).ok_or(Failed(""))
    }

    fn holds(&self, guards: &[Guard]) -> bool {
        guards.iter().all(|guard| match (self.get(guard.left), self.get(guard.right)) {
            (Some(left), Some(right)) => {
                let order = (left as i64).cmp(&(right as i64));
                match guard.relation {
                    Relation::Equal => order.is_eq(),
                    Relation::NotEqual => order.is_ne(),
                    Relation::Less => order.is_lt(),
                    Relation::LessOrEqual => order.is_le(),
                    Relation::Greater => order.is_gt(),
                    Relation::GreaterOrEqual => order.is_ge(),
                }
            }
            _ => false,
        })
    }

    fn run(&mut self, ops: &[Op], failure: &mut Option<Break>) -> Result<(), Failed> {
        for op in ops {
            if !self.holds(&op.guards) {
                continue;
            }
            let way = match failure {
                Some(Break { at: 0, way }) => Some(*way),
                Some(Break { at, .. }) => {
                    *at -= 1;
                    None
                }
                None => None,
            };
            if way.is_some() {
                *failure = None;
            }
            match (way, &op.action) {
                (None, action) => self.make(action)?,
                (Some(Way::Before), _) => return Err(Failed("")),
                (Some(Way::Error), Action::Call(call)) => {
                    if call.syscall.name == "close" {
                        let _ = self.make(&op.action);
                    }
                    self.cells[call.result.0 as usize] = Some(-i64::from(libc::EIO) as u64);
                    return Err(Failed(""));
                }
                (Some(_), action) => {
                    let _ = self.make(action);
                    return Err(Failed(""));
                }
            }
        }
        Ok(())
    }

    fn make(&mut self, action: &Action) -> Result<(), Failed> {
        let fd = |machine: &Self, cell: &Cell| machine.need(*cell).map(|value| value as i32);
        let (into, value) = match action {
            Action::Add { into, a, b, negative } => {
                let (a, b) = (self.need(*a)?, self.need(*b)?);
                (into, if *negative { a.wrapping_sub(b) } else { a.wrapping_add(b) })
            }
            Action::Divide { into, a, by, rest } => {
                let (a, by) = (self.need(*a)?, self.need(*by)?);
                (into, if *rest { a % by } else { a / by })
            }
            Action::OpenDescriptors { into, first, last, apart } => {
                let (first, last) = (fd(self, first)?, fd(self, last)?);
                let apart: Vec<i32> = apart.iter().filter_map(|cell| Some(self.get(*cell)? as i32)).collect();
                let open = self.kernel.descriptors().keys().copied();
                let numbers: Vec<i32> =
                    open.filter(|number| (first..=last).contains(number) && !apart.contains(number)).collect();
                check(numbers.len() <= into.len())?;
                into.iter().zip(numbers).for_each(|(cell, number)| self.cells[cell.0 as usize] = Some(number as u64));
                return Ok(());
            }
            Action::Ask { into, what: Asked::SameDescription(a, b) } => {
                (into, u64::from(self.kernel.same(fd(self, a)?, fd(self, b)?)))
            }
            Action::Bits { into, from, mask, shift } => (into, (self.need(*from)? & mask) >> shift),
            Action::Load { into, buffer, offset, size, signed, swapped } => {
                let field = &self.kernel.memory[&address(*buffer)][*offset..offset + size];
                (into, number(field, *signed, *swapped))
            }
            Action::Store { buffer, offset, size, signed, swapped, most, from } => {
                let value = self.need(*from)?;
                let mut bytes = value.to_le_bytes()[..*size].to_vec();
                check(number(&bytes, *signed, false) == value && most.is_none_or(|most| value <= most))?;
                if *swapped {
                    bytes.reverse();
                }
                let memory = self.kernel.memory.get_mut(&address(*buffer)).unwrap();
                memory[*offset..offset + size].copy_from_slice(&bytes);
                return Ok(());
            }
            Action::DescriptorFlags { into, fd: cell } => (into, self.kernel.flags(fd(self, cell)?) as u64),
            Action::FreeDescriptor { into } => {
                let named: Vec<i32> =
                    self.program.named.iter().filter_map(|cell| Some(self.get(*cell)? as i32)).collect();
                (into, self.kernel.highest_free(&named).ok_or(Failed(""))? as u64)
            }
            Action::Ask { into, what: Asked::Mark(fd) } => match self.kernel.file(self.need(*fd)? as i32) {
                Some(file) => (into, file),
                None => return Ok(()),
            },
            Action::Ask { into, what: Asked::Open(fd, mark) } => {
                let found = self.kernel.file(self.need(*fd)? as i32);
                let other = mark.and_then(|mark| self.get(mark)).is_some_and(|mark| found != Some(mark));
                (into, found.map_or(0, |_| if other { 2 } else { 1 }))
            }
            // The model has descriptors and files only.
            Action::Ask { .. }
            | Action::Reckon { .. }
            | Action::Survey { .. }
            | Action::Mapped { .. }
            | Action::FreeRange { .. }
            | Action::CanUnmap { .. } => return Err(Failed("the model knows nothing of that")),
            Action::Fail(why) => return Err(Failed(why)),
            Action::NoPosixLocks { fd: cell } => return check(!self.kernel.holds_locks(fd(self, cell)?)),
            Action::IsEmpty { fd: cell } => return check(self.kernel.is_empty(fd(self, cell)?)),
            // Those are for calls that the model has not.
            Action::NoPosixLocksOn { .. } | Action::SameBytes { .. } => return Err(Failed("")),
            Action::SameDescription { now, expected } => {
                return check(self.kernel.same(fd(self, now)?, fd(self, expected)?));
            }
            Action::Call(call) => {
                let args: Vec<u64> = call.args.iter().map(|cell| self.need(*cell)).collect::<Result<_, _>>()?;
                let result = self.kernel.call(call.syscall.name, &args);
                self.cells[call.result.0 as usize] = Some(result as u64);
                return check(accepted(&call.accept, result));
            }
        };
        self.cells[into.0 as usize] = Some(value);
        Ok(())
    }
}

fn number(bytes: &[u8], signed: bool, swapped: bool) -> u64 {
    let mut bytes = bytes.to_vec();
    if swapped {
        bytes.reverse();
    }
    let sign = if signed && bytes[bytes.len() - 1] >= 0x80 { 0xff } else { 0 };
    bytes.resize(8, sign);
    u64::from_le_bytes(bytes.try_into().unwrap())
}

fn check(holds: bool) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(Failed("")) }
}

fn accepted(accept: &Accept, result: i64) -> bool {
    result >= 0 || accept.ignore.contains(&(-result as i32))
}
