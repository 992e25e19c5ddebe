//! Runs the ops of a Program in one frozen target, step by step from outside.

use super::fault::OpFault;
use super::judgement::{judged, relation_holds};
use super::prepared::Prepared;
use super::seccomp_gate::Gate;
use super::threads::{Crew, Worker, named};
use crate::program::{Action, Buffer, BufferId, Call, Cell, Guard, Init, Op, Program, StepCode};
use crate::remote::{Limits, Runner};
use crate::syscalls::layouts::Int;
use crate::syscalls::memory::{self, Changes};
use crate::syscalls::{Arch, restart};
use crate::target::Waiter;
use std::time::{Duration, Instant};

/// Where scratch memory that the room has no place for is made.
const MMAP: u64 = libc::SYS_mmap as u64;
const MUNMAP: u64 = libc::SYS_munmap as u64;
/// A rollback that needs longer than this for one call has failed.
const UNDO_TIME: Duration = Duration::from_secs(1);

/// A target with a thread that runs its ops.
pub struct Machine<'a> {
    pub(super) target: &'a Prepared,
    pub(super) program: &'a Program,
    /// The thread at work.
    pub(super) runner: Runner,
    gate: Gate,
    /// The thread that runs what no step gives to another.
    first: i32,
    crew: Crew,
    cells: Vec<Option<u64>>,
    addresses: Vec<u64>,
    /// Scratch memory made by mmap: begin and length.
    mapped: Option<(u64, u64)>,
    /// Where free ranges are looked for next.
    pub(super) free: u64,
    deadline: Instant,
    /// One line a call, for `--trace`.
    pub trace: Vec<String>,
}

impl<'a> Machine<'a> {
    /// Lends scratch memory for the program's buffers and fills it.
    pub fn new(
        target: &'a Prepared,
        runner: Runner,
        gate: Gate,
        waiter: &mut Waiter,
        deadline: Instant,
    ) -> Result<Self, OpFault> {
        let program = &target.program;
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
            trace: Vec::new(),
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
            let mut at = base;
            for buffer in &self.program.buffers {
                self.addresses.push(at);
                self.write(at, &buffer.bytes)?;
                at += (buffer.len as u64).next_multiple_of(16);
            }
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

    fn map_scratch(&mut self, waiter: &mut Waiter, total: u64) -> Result<u64, OpFault> {
        let (base, length) = self.map(waiter, total)?;
        self.mapped = Some((base, length));
        Ok(base)
    }

    fn map(&mut self, waiter: &mut Waiter, total: u64) -> Result<(u64, u64), OpFault> {
        let length = total.next_multiple_of(4096);
        let back = [None, Some(length), Some(0), Some(0), Some(0), Some(0)];
        if !self.gate.lets_through(MUNMAP as u32, self.runner.ip(), &back) {
            return Err(OpFault::Unsafe(
                "the target's seccomp filters would not let criu-plan give scratch memory back (munmap)".into(),
            ));
        }
        let access = (libc::PROT_READ | libc::PROT_WRITE) as u64;
        let flags = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u64;
        let value = self.raw(waiter, "mmap", MMAP, [0, length, access, flags, u64::MAX, 0])?;
        if (-4095..0).contains(&value) {
            return Err(OpFault::Result { call: "mmap", purpose: "scratch memory", value });
        }
        Ok((value as u64, length))
    }

    fn unmap(&mut self, waiter: &mut Waiter, (base, length): (u64, u64)) -> Result<(), OpFault> {
        self.deadline = Instant::now() + UNDO_TIME;
        match self.raw(waiter, "munmap", MUNMAP, [base, length, 0, 0, 0, 0])? {
            0 => Ok(()),
            value => Err(OpFault::Result { call: "munmap", purpose: "scratch memory", value }),
        }
    }

    /// The thread at work.
    pub fn thread(&self) -> i32 {
        self.runner.tracee().tid
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

    /// Makes memory for landing frames of the crew.
    pub fn make_ground(&mut self, waiter: &mut Waiter, total: u64) -> Result<u64, OpFault> {
        let (base, length) = self.map(waiter, total)?;
        self.crew.stand_on(base, length);
        Ok(base)
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
    pub(super) fn set(&mut self, Cell(index): Cell, value: u64) {
        if let Some(cell) = self.cells.get_mut(index as usize) {
            *cell = Some(value);
        }
    }

    /// A buffer of the program.
    pub fn buffer(&self, BufferId(id): BufferId) -> Option<&Buffer> {
        self.program.buffers.get(id as usize)
    }

    /// The contents of a buffer in the target.
    pub fn read_buffer(&self, BufferId(id): BufferId, length: usize) -> Option<Vec<u8>> {
        let buffer = self.program.buffers.get(id as usize)?;
        let mut bytes = vec![0; length.min(buffer.size)];
        self.target.memory.read(*self.addresses.get(id as usize)?, &mut bytes).ok()?;
        Some(bytes)
    }

    fn write(&self, address: u64, bytes: &[u8]) -> Result<(), OpFault> {
        self.target.memory.write(address, bytes).map_err(|error| OpFault::Unsafe(format!("scratch memory: {error}")))
    }

    /// Puts a number into a buffer, never beyond it.
    pub(super) fn store(
        &self,
        BufferId(id): BufferId,
        offset: usize,
        int: Int,
        most: Option<u64>,
        value: u64,
    ) -> Result<(), OpFault> {
        if most.is_some_and(|most| value > most) {
            let most = most.unwrap_or_default();
            return Err(OpFault::Unsafe(format!(
                "a length in memory is {}, and what it is for has only {most}",
                value as i64
            )));
        }
        if !int.holds(value) {
            return Err(OpFault::Unsafe(format!(
                "{} does not fit into its place in memory, which holds {}",
                value as i64,
                int.range()
            )));
        }
        let (buffer, address) = self
            .program
            .buffers
            .get(id as usize)
            .zip(self.addresses.get(id as usize))
            .ok_or_else(|| OpFault::Unsafe("a buffer was never made".into()))?;
        let bytes = int.bytes(value);
        if offset.checked_add(bytes.len()).is_none_or(|end| end > buffer.len) {
            return Err(OpFault::Unsafe("a number would lie beyond its buffer".into()));
        }
        self.write(address + offset as u64, &bytes)
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

    /// Runs a section until an op fails.
    pub fn run(&mut self, waiter: &mut Waiter, ops: &[Op]) -> Result<(), OpFault> {
        self.run_until(waiter, ops).map_err(|(_, fault)| fault)
    }

    /// The same, telling which op it was.
    pub fn run_until(&mut self, waiter: &mut Waiter, ops: &[Op]) -> Result<(), (usize, OpFault)> {
        ops.iter().enumerate().try_for_each(|(index, op)| self.op(waiter, op).map_err(|fault| (index, fault)))
    }

    /// For rollback: calls get time of their own.
    pub fn extend_deadline(&mut self) {
        self.deadline = self.deadline.max(Instant::now() + UNDO_TIME);
    }

    fn op(&mut self, waiter: &mut Waiter, op: &Op) -> Result<(), OpFault> {
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
                None => self.call(waiter, call),
                Some(thread) => {
                    let own = self.thread();
                    self.hand_over(Some(thread))?;
                    let result = self.call(waiter, call);
                    result.and(self.hand_over(Some(own)))
                }
            },
            other => self.look(other),
        }
    }

    fn call(&mut self, waiter: &mut Waiter, call: &Call) -> Result<(), OpFault> {
        let name = call.syscall.name;
        let number =
            call.syscall.number(Arch::X86_64).ok_or_else(|| OpFault::Unsafe(format!("{name} does not exist here")))?;
        let mut args = [0; 6];
        for (slot, cell) in args.iter_mut().zip(&call.args) {
            *slot = self.need(*cell)?;
        }
        if name == "rt_sigprocmask" {
            let value = self.own_mask(args);
            self.made(call, args, value);
            return judged(call, value);
        }
        self.ground(name, &args)?;
        self.gate.check(name, number, self.runner.ip(), &args).map_err(OpFault::Unsafe)?;
        let deadline = call.timeout.map_or(self.deadline, |timeout| self.deadline.min(Instant::now() + timeout));
        let takes_mask = call.may_block && restart::takes_mask(call.syscall);
        let limits = Limits { deadline, may_block: call.may_block, takes_mask };
        let before = self.raised(call)?;
        let value = self
            .runner
            .call(waiter, u64::from(number), args, limits)
            .map_err(|fault| OpFault::Call { call: name, fault })?;
        self.made(call, args, value);
        self.note_mappings(name, &args, value);
        if name == "fcntl" && matches!(args[1] as i32, libc::F_SETLK | libc::F_SETLKW) {
            self.target.descriptors.forget();
        }
        self.take_back(waiter, call, before)?;
        judged(call, value)
    }

    /// Notes a call that was made.
    fn made(&mut self, call: &Call, args: [u64; 6], value: i64) {
        let of_its_own = self.thread() != self.first;
        let thread = if of_its_own { format!("[{}] ", self.thread()) } else { String::new() };
        let name = call.syscall.name;
        self.trace.push(format!("{thread}{name}({}) = {value}", args.map(|arg| format!("{arg:#x}")).join(", ")));
        self.set(call.result, value as u64);
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

    /// Whether `[start, end)` holds memory that is ours: landing frames, code that is called through, scratch memory.
    pub(super) fn stands_on(&self, start: u64, end: u64) -> bool {
        let scratch = self.mapped.is_some_and(|(base, length)| start < base + length && end > base);
        self.runner.stands_on(start, end) || self.crew.stands_on(start, end) || scratch
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

    fn raw(&mut self, waiter: &mut Waiter, name: &'static str, number: u64, args: [u64; 6]) -> Result<i64, OpFault> {
        self.gate.check(name, number as u32, self.runner.ip(), &args).map_err(OpFault::Unsafe)?;
        let deadline = self.deadline.max(Instant::now() + UNDO_TIME);
        let limits = Limits { deadline, may_block: false, takes_mask: false };
        self.runner.call(waiter, number, args, limits).map_err(|fault| OpFault::Call { call: name, fault })
    }
}
