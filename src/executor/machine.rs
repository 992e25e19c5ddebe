//! Runs the ops of a Program in one frozen target, step by step from outside.

use super::expectation::{expect, propose};
use super::fault::OpFault;
use super::judgement::{judged, relation_holds};
use super::ledger::{Page, precious};
use super::made::Made;
use super::prepared::Prepared;
use super::scratch::MMAP;
use super::seccomp_gate::Gate;
use super::threads::{Crew, Worker, named};
use crate::journal::{CallLine, Expect, Moment, Section};
use crate::program::{Action, BufferId, Call, Cell, Guard, Init, Op, Program, StepCode};
use crate::remote::{CallFault, Limits, Runner};
use crate::syscalls::memory::{self, Changes};
use crate::syscalls::{Arch, Kind, restart};
use crate::target::{Fault, Waiter};
use std::time::{Duration, Instant};

/// A rollback that needs longer than this for one call has failed.
pub(super) const UNDO_TIME: Duration = Duration::from_secs(1);

/// A target with a thread that runs its ops.
pub struct Machine<'a> {
    pub(super) target: &'a Prepared,
    pub(super) program: &'a Program,
    /// The thread at work.
    pub(super) runner: Runner,
    pub(super) gate: Gate,
    /// The thread that runs what no step gives to another.
    first: i32,
    pub(super) crew: Crew,
    cells: Vec<Option<u64>>,
    pub(super) addresses: Vec<u64>,
    /// Scratch memory made by mmap: begin and length.
    pub(super) mapped: Option<(u64, u64)>,
    /// Where free ranges are looked for next.
    pub(super) free: u64,
    pub(super) deadline: Instant,
    /// A call of the program was made, whatever came of it.
    pub called: bool,
    /// Where it is written down what is done here.
    page: Page<'a>,
    /// By number: buffers that are needed to take back or to finish what was begun.
    pub(super) precious: Vec<bool>,
    /// Those of them that we have written to since it was last written down what they hold.
    pub(super) written: Vec<BufferId>,
    /// Every call that was made.
    pub made: Vec<Made>,
}

impl<'a> Machine<'a> {
    /// Lends scratch memory for the program's buffers and fills it.
    pub fn new(
        target: &'a Prepared,
        runner: Runner,
        gate: Gate,
        waiter: &mut Waiter,
        deadline: Instant,
        page: Page<'a>,
    ) -> Result<Self, OpFault> {
        let program = &target.program;
        target.descriptors.stands_still();
        let mut machine = Self {
            target,
            program,
            first: runner.tracee().tid,
            runner,
            gate,
            crew: Crew::default(),
            cells: Vec::new(),
            addresses: Vec::new(),
            mapped: None,
            free: 0,
            deadline,
            called: false,
            page,
            precious: precious(program),
            written: Vec::new(),
            made: Vec::new(),
        };
        match machine.lay_out(waiter) {
            Ok(()) => Ok(machine),
            Err(fault) => Err(match machine.finish(waiter) {
                Ok(()) => fault,
                Err(more) => OpFault::Unsafe(format!("{fault}; then: {more}")),
            }),
        }
    }

    fn lay_out(&mut self, waiter: &mut Waiter) -> Result<(), OpFault> {
        let total: u64 = self.program.buffers.iter().map(|buffer| (buffer.len as u64).next_multiple_of(16)).sum();
        if total > 0 {
            // What another thread's call may still write to when this one lands must not be this one's stack.
            let alone = named(self.program).into_iter().all(|tid| tid == self.runner.tracee().tid);
            let base = match alone.then(|| self.runner.lend(total)).flatten() {
                Some(base) => base,
                None => self.map_scratch(waiter, total)?,
            };
            self.fill(base, total)?;
        }
        self.cells = self
            .program
            .cells
            .iter()
            .map(|init| match init {
                Init::Const(value) => Some(*value),
                Init::Address(BufferId(id)) => self.addresses.get(*id as usize).copied(),
                Init::Unset => None,
            })
            .collect();
        Ok(())
    }

    /// The thread at work.
    pub fn thread(&self) -> i32 {
        self.runner.tracee().tid
    }

    /// Whether the thread at work is no more.
    pub fn has_ended(&self) -> bool {
        matches!(self.runner.tracee().mask(), Err(Fault::Gone))
    }

    /// Lets a thread run what follows: one of the crew, or the first.
    pub fn hand_over(&mut self, thread: Option<i32>) -> Result<(), OpFault> {
        let thread = thread.unwrap_or(self.first);
        if thread == self.thread() {
            return Ok(());
        }
        let missing = || OpFault::Unsafe(format!("thread {thread} is not at hand"));
        let Worker { runner, gate } = self.crew.take(thread).ok_or_else(missing)?;
        let runner = std::mem::replace(&mut self.runner, runner);
        let gate = std::mem::replace(&mut self.gate, gate);
        self.crew.add(Worker { runner, gate });
        Ok(())
    }

    /// Takes a thread into the crew.
    pub fn hire(&mut self, worker: Worker) {
        self.crew.add(worker);
    }

    /// Gives scratch memory back and the thread to itself.
    pub fn finish(mut self, waiter: &mut Waiter) -> Result<(), OpFault> {
        let mut result = self.hand_over(None);
        let (ground, dismissed) = self.crew.dismiss(self.target);
        // A thread that did not come back may stand on this memory, or be in a call that fills it.
        let unused = result.is_ok() && dismissed.is_ok();
        result = result.and(dismissed);
        for mapped in [ground, self.mapped.take()].into_iter().flatten().filter(|_| unused) {
            result = result.and(self.unmap(waiter, mapped));
        }
        let finished = self.runner.finish(&self.target.memory);
        result.and(finished.map_err(|fault| OpFault::Call { call: "letting the thread go", fault }))
    }

    /// The value of a cell, if it is set.
    pub fn cell(&self, Cell(index): Cell) -> Option<u64> {
        self.cells.get(index as usize).copied().flatten()
    }

    pub(super) fn need(&self, cell: Cell) -> Result<u64, OpFault> {
        self.cell(cell).ok_or_else(|| OpFault::Unsafe("a value that it needs was never set".into()))
    }

    /// Gives a cell its value.
    pub(super) fn set(&mut self, cell: Cell, value: u64) {
        self.page.set(cell, value);
        self.put(cell, value);
    }

    pub(super) fn put(&mut self, Cell(index): Cell, value: u64) {
        if let Some(cell) = self.cells.get_mut(index as usize) {
            *cell = Some(value);
        }
    }

    /// Whether all guards hold.
    pub fn holds(&self, guards: &[Guard]) -> bool {
        guards.iter().all(|guard| match (self.cell(guard.left), self.cell(guard.right)) {
            (Some(left), Some(right)) => relation_holds(guard.relation, left as i64, right as i64),
            _ => false,
        })
    }

    /// Whether a step is passed over, once its operands are prepared.
    pub fn skips(&self, step: &StepCode) -> bool {
        step.skip.is_some() || !self.holds(&step.when) || (!step.unless.is_empty() && self.holds(&step.unless))
    }

    /// Runs a section of the step at `position` until an op fails.
    pub fn run(&mut self, waiter: &mut Waiter, position: usize, section: Section, ops: &[Op]) -> Result<(), OpFault> {
        self.run_from(waiter, position, section, ops, 0).map_err(|(_, fault)| fault)
    }

    /// Notes that a step is done but for what its commit will do, if that does anything.
    pub fn hold_back(&self, position: usize) -> Result<(), OpFault> {
        let holds = self.program.steps.get(position).is_some_and(|step| !step.commit.is_empty());
        if holds { self.page.hold_back(position).map_err(unwritten) } else { Ok(()) }
    }

    /// The same from the op at `from` on, telling which op it was that failed.
    pub fn run_from(
        &mut self,
        waiter: &mut Waiter,
        position: usize,
        section: Section,
        ops: &[Op],
        from: usize,
    ) -> Result<(), (usize, OpFault)> {
        let mut ops = ops.iter().enumerate().skip(from);
        ops.try_for_each(|(index, op)| {
            self.op(waiter, Place { position, section, op: index }, op).map_err(|fault| (index, fault))
        })
    }

    /// For rollback: calls get time of their own.
    pub fn extend_deadline(&mut self) {
        self.deadline = self.deadline.max(Instant::now() + UNDO_TIME);
    }

    fn op(&mut self, waiter: &mut Waiter, place: Place, op: &Op) -> Result<(), OpFault> {
        if !self.holds(&op.guards) {
            return Ok(());
        }
        match &op.action {
            Action::Add { into, a, b, negative } => {
                let (a, b) = (self.need(*a)?, self.need(*b)?);
                self.set(*into, if *negative { a.wrapping_sub(b) } else { a.wrapping_add(b) });
                Ok(())
            }
            Action::Call(call) => match call.thread {
                None => self.call(waiter, place, call),
                Some(thread) => {
                    let own = self.thread();
                    self.hand_over(Some(thread))?;
                    let result = self.call(waiter, place, call);
                    result.and(self.hand_over(Some(own)))
                }
            },
            other => self.look(other),
        }
    }

    fn call(&mut self, waiter: &mut Waiter, place: Place, call: &Call) -> Result<(), OpFault> {
        let name = call.syscall.name;
        let number =
            call.syscall.number(Arch::X86_64).ok_or_else(|| OpFault::Unsafe(format!("{name} does not exist here")))?;
        let mut args = [0; 6];
        for (slot, cell) in args.iter_mut().zip(&call.args) {
            *slot = self.need(*cell)?;
        }
        if name == "rt_sigprocmask" {
            // As written down as any other.
            self.announce(place, name, args, Some(call.result), Some(Expect::Result(0)))?;
            self.page.mark(Moment::Set);
            let value = self.own_mask(args);
            let written = self.returned(call, value);
            self.note(call, args, value);
            written.map_err(unwritten)?;
            return judged(call, value);
        }
        let proposed = propose(call, &args, &self.target.mappings);
        args[0] = proposed.unwrap_or(args[0]);
        self.ground(name, &args)?;
        self.gate.check(name, number, self.runner.ip(), &args).map_err(OpFault::Unsafe)?;
        let deadline = call.timeout.map_or(self.deadline, |timeout| self.deadline.min(Instant::now() + timeout));
        let takes_mask = call.may_block && restart::takes_mask(call.syscall);
        let limits = Limits { deadline, may_block: call.may_block, takes_mask };
        let before = self.raised(call)?;
        self.called = true;
        let buffer = |address| self.addresses.iter().position(|known| *known == address).map(|id| id as u32);
        let expected = proposed.map(Expect::Place).or_else(|| expect(call, &args, &self.target.descriptors, buffer));
        self.announce(place, name, args, Some(call.result), expected)?;
        let page = &self.page;
        let made = self.runner.call(waiter, u64::from(number), args, limits, &|| page.mark(Moment::Set));
        self.target.descriptors.called(name, &args, made.ok());
        let value = made.map_err(|fault| self.came_to_nothing(name, fault))?;
        let written = self.returned(call, value);
        self.note(call, args, value);
        self.note_mappings(name, &args, value);
        written.map_err(unwritten)?;
        if name == "fcntl" && matches!(args[1] as i32, libc::F_SETLK | libc::F_SETLKW) {
            self.target.descriptors.forget();
        }
        self.take_back(waiter, call, before)?;
        judged(call, value)
    }

    /// Writes down that a call has returned, and what it has filled that is needed later on.
    fn returned(&self, call: &Call, value: i64) -> std::io::Result<()> {
        let filled = self.filled(call);
        let filled = filled.map(|buffer| (buffer.0, self.read_buffer(buffer, usize::MAX).unwrap_or_default()));
        self.page.returned(value, filled.collect())
    }

    /// Notes a call that was made.
    fn note(&mut self, call: &Call, args: [u64; 6], value: i64) {
        let thread = Some(self.thread()).filter(|thread| *thread != self.first);
        self.made.push(Made { thread, name: call.syscall.name, args, value });
        self.put(call.result, value as u64);
    }

    /// Refuses a call that would pull the ground from under the thread that makes it.
    pub(super) fn ground(&self, name: &str, args: &[u64; 6]) -> Result<(), OpFault> {
        const TAKE: [i32; 6] = [libc::MADV_DONTNEED, libc::MADV_FREE, libc::MADV_REMOVE, 24, libc::MADV_HWPOISON, 102];
        let harmless = match name {
            "madvise" => !TAKE.contains(&(args[2] as i32)),
            // They change how memory is kept, not what is in it.
            "mlock" | "mlock2" | "munlock" | "mbind" | "set_mempolicy_home_node" => true,
            _ => false,
        };
        let ranges = match memory::changes(name, args) {
            _ if harmless => Vec::new(),
            Changes::Ranges(ranges) => ranges,
            // At least there.
            Changes::Unknown if name == "shmat" => vec![(args[1], 4096)],
            Changes::Nothing | Changes::Unknown => Vec::new(),
        };
        let hit = ranges.iter().any(|(start, length)| {
            // The kernel takes whole pages.
            let end = start.saturating_add((*length).max(1)).checked_next_multiple_of(4096).unwrap_or(u64::MAX);
            let start = start & !4095;
            self.stands_on(start, end)
        });
        if hit {
            return Err(OpFault::Unsafe(format!(
                "{name} would take away the memory that criu-plan itself stands on in the target"
            )));
        }
        if name == "sigaltstack" && self.borrowed_stack(args[0]) {
            let why = "the thread's signal handlers would run on memory that goes with the plan; give them memory of the target's own";
            return Err(OpFault::Unsafe(why.into()));
        }
        Ok(())
    }

    /// Which of the signals that the call may raise in its own thread are queued there already.
    fn raised(&self, call: &Call) -> Result<[bool; 2], OpFault> {
        if !restart::may_raise(call.syscall) {
            return Ok([false; 2]);
        }
        let queued = |signal| {
            let result = self.runner.tracee().has_queued(signal);
            result.map_err(|fault| OpFault::Call { call: call.syscall.name, fault: fault.into() })
        };
        Ok([queued(libc::SIGPIPE)?, queued(libc::SIGXFSZ)?])
    }

    /// Takes back SIGPIPE and SIGXFSZ that the call has raised: nobody but us made it.
    fn take_back(&mut self, waiter: &mut Waiter, call: &Call, before: [bool; 2]) -> Result<(), OpFault> {
        let after = self.raised(call)?;
        for (index, signal) in [libc::SIGPIPE, libc::SIGXFSZ].into_iter().enumerate() {
            if after[index] && !before[index] {
                let taken = self.runner.take_back(waiter, signal);
                taken.map_err(|fault| OpFault::Call { call: call.syscall.name, fault })?;
            }
        }
        Ok(())
    }

    pub(super) fn raw(
        &mut self,
        waiter: &mut Waiter,
        name: &'static str,
        number: u64,
        args: [u64; 6],
    ) -> Result<i64, OpFault> {
        self.gate.check(name, number as u32, self.runner.ip(), &args).map_err(OpFault::Unsafe)?;
        let deadline = self.deadline.max(Instant::now() + UNDO_TIME);
        let limits = Limits { deadline, may_block: false, takes_mask: false };
        let expected = Some(Expect::Result(args[0])).filter(|_| number == MMAP && args[0] != 0);
        let place = Place { position: 0, section: Section::Own, op: 0 };
        self.announce(place, name, args, None, expected.or(Some(Expect::Result(0))))?;
        let page = &self.page;
        let made = self.runner.call(waiter, number, args, limits, &|| page.mark(Moment::Set));
        self.target.descriptors.called(name, &args, made.ok());
        let value = made.map_err(|fault| self.came_to_nothing(name, fault))?;
        self.page.mark(Moment::Done(value));
        Ok(value)
    }

    /// Writes down that a call is about to be made.
    fn announce(
        &mut self,
        place: Place,
        name: &'static str,
        args: [u64; 6],
        into: Option<Cell>,
        expect: Option<Expect>,
    ) -> Result<(), OpFault> {
        let Place { position, section, op } = place;
        let mut held = Ok(());
        if !self.written.is_empty() {
            let stored = std::mem::take(&mut self.written).into_iter();
            let stored = stored.map(|buffer| (buffer.0, self.read_buffer(buffer, usize::MAX).unwrap_or_default()));
            held = self.page.filled(None, stored.collect());
        }
        let written = self.page.call(CallLine {
            step: position,
            section,
            op,
            call: name.into(),
            args,
            into: into.map(|Cell(index)| index),
            expect,
            ..self.page.line()
        });
        // What was begun is taken back or finished all the same.
        if section == Section::Forward { held.and(written).map_err(unwritten) } else { Ok(()) }
    }

    /// What a call that has no result comes to.
    fn came_to_nothing(&self, call: &'static str, fault: CallFault) -> OpFault {
        match fault {
            CallFault::TimedOut | CallFault::Interrupted(_) | CallFault::Signalled => self.page.mark(Moment::Void),
            // Nobody knows.
            CallFault::Gone | CallFault::Stuck | CallFault::Refused(_) => {}
        }
        OpFault::Call { call, fault }
    }

    /// Buffers that a call may have filled and that are needed later on.
    fn filled(&self, call: &Call) -> impl Iterator<Item = BufferId> + use<'a> {
        let program = self.program;
        let params = call.args.iter().zip(call.syscall.params);
        // Others are only read.
        let written = params.filter(|(_, param)| !matches!(param.kind, Kind::Path | Kind::Text | Kind::In(_)));
        let mut found: Vec<BufferId> = written.filter_map(|(cell, _)| program.buffer_at(*cell)).collect();
        let mut next = 0;
        while let Some(BufferId(id)) = found.get(next) {
            let pointers =
                program.buffers.get(*id as usize).map(|buffer| buffer.pointers.as_slice()).unwrap_or_default();
            let more: Vec<BufferId> =
                pointers.iter().map(|(_, buffer)| *buffer).filter(|buffer| !found.contains(buffer)).collect();
            found.extend(more);
            next += 1;
        }
        found.retain(|BufferId(id)| self.precious.get(*id as usize) == Some(&true));
        found.into_iter()
    }
}

/// Where an op stands in a program.
#[derive(Debug, Clone, Copy)]
struct Place {
    position: usize,
    section: Section,
    op: usize,
}

fn unwritten(error: std::io::Error) -> OpFault {
    OpFault::Unsafe(format!("the journal can't be written: {error}"))
}
