//! One thread of a frozen process, moved onto a landing frame and made to run calls there.

use super::frame::{self, State};
use super::gadgets::Gadgets;
use super::memory::Memory;
use super::registers::{self, ERESTART_RESTARTBLOCK, ERESTARTSYS};
use super::room::Room;
use super::xstate::Image;
use crate::target::{Event, Fault, NT_X86_SHSTK, Resume, Stop, SyscallSide, Tracee, Waiter};
use libc::user_regs_struct;
use nix::errno::Errno;
use std::time::{Duration, Instant};

/// Blocks every signal that can be blocked.
const ALL_SIGNALS: u64 = !0;
/// How long a call that is past its deadline may take to end after it was interrupted.
const GRACE: Duration = Duration::from_millis(500);

/// Why a thread can't be made to run calls. It was not changed.
#[derive(Debug)]
pub enum PrepareError {
    /// It uses a shadow stack, which a landing frame does not serve.
    ShadowStack,
    /// It runs its own code, and the kernel can't tell whether that is a restartable sequence.
    Sequence,
    /// The frame could not be written.
    Memory(std::io::Error),
    /// Where the frame is to lie could not be noted.
    Unnoted(std::io::Error),
    /// ptrace failed.
    Fault(Fault),
}

impl From<Fault> for PrepareError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// How long a call may take and what may end it.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// It is interrupted when this is over.
    pub deadline: Instant,
    /// It may wait for others: the thread's own mask is in force meanwhile (if handlers have room), so that the thread is
    /// not deaf for ever if we die; and a signal to us interrupts it.
    pub may_block: bool,
    /// It puts a mask of its own in force while it waits (ppoll), so that signals get through whatever we have blocked.
    pub takes_mask: bool,
}

/// Why a call has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFault {
    /// The thread, or its whole process, has ended.
    Gone,
    /// It did not return in time and was interrupted; it did nothing.
    TimedOut,
    /// We were told to stop, by this signal; the call was interrupted and did nothing.
    Interrupted(i32),
    /// A signal for the target came; the call was interrupted and did nothing, the signal is pending.
    Signalled,
    /// It did not return and could not be interrupted. The thread must not be touched again.
    Stuck,
    /// The kernel refused a ptrace request.
    Refused(Errno),
}

impl From<Fault> for CallFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Gone => Self::Gone,
            Fault::Deadline => Self::TimedOut,
            Fault::Interrupted(signal) => Self::Interrupted(signal),
            Fault::Refused(errno) => Self::Refused(errno),
        }
    }
}

impl std::fmt::Display for CallFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gone => f.write_str("the target ended"),
            Self::TimedOut => f.write_str("it did not return in time and was interrupted"),
            Self::Interrupted(signal) => write!(f, "criu-plan was interrupted by signal {signal}"),
            Self::Signalled => f.write_str("a signal for the target interrupted it"),
            Self::Stuck => f.write_str("it did not return and could not be interrupted"),
            Self::Refused(errno) => write!(f, "ptrace failed: {}", errno.desc()),
        }
    }
}

/// A thread on its landing frame. Dropping it without [`Runner::finish`] leaves the thread to land by itself.
#[derive(Debug)]
pub struct Runner {
    tracee: Tracee,
    /// As at its first stop (rseq aborts done): what it goes on with.
    own: user_regs_struct,
    mask: u64,
    /// Where the mask lies in the frame.
    mask_at: u64,
    rsp: u64,
    gadgets: Gadgets,
    room: Room,
    /// The first byte of the room that the frame leaves free.
    free: u64,
    /// One past the last byte that was written.
    used: u64,
    /// A call is under way that did not come back.
    stuck: bool,
}

impl Runner {
    /// Moves a stopped thread with these registers onto a landing frame in `room`.
    ///
    /// The frame is complete before the registers move, and they move to the way into `rt_sigreturn` before the mask is
    /// changed: at whatever point we die, the thread lands as what it was. `note` is told where the frame is to lie, and its
    /// bytes, before it is written.
    pub fn prepare(
        tracee: Tracee,
        own: &user_regs_struct,
        image: &Image,
        gadgets: Gadgets,
        room: Room,
        memory: &Memory,
        note: &dyn Fn(u64, &[u8]) -> std::io::Result<()>,
    ) -> Result<Self, PrepareError> {
        let mut shadow = [0u8; 8];
        if matches!(tracee.register_set(NT_X86_SHSTK, &mut shadow), Ok(8)) {
            return Err(PrepareError::ShadowStack);
        }
        let own = abort_rseq(tracee, own, memory)?;
        let mut code = [0u8; 7];
        let known = memory.read(own.rip.wrapping_sub(7), &mut code).is_ok();
        let landing = registers::landing(&own, if known { &code } else { &[] });
        let mask = tracee.mask()?;
        let state = State { registers: &landing, mask, image };
        let frame = frame::build(room.start, &gadgets.restorer, &state);
        note(room.start, &frame.bytes).map_err(PrepareError::Unnoted)?;
        memory.write(room.start, &frame.bytes).map_err(PrepareError::Memory)?;
        let end = room.start + frame.bytes.len() as u64;
        let runner = Self {
            tracee,
            own,
            mask,
            mask_at: frame.mask,
            rsp: frame.rsp,
            gadgets,
            room,
            free: end.next_multiple_of(64),
            used: end,
            stuck: false,
        };
        // It waits where the `ret` of a call would have led it: on the way into rt_sigreturn.
        tracee.set_registers(&registers::returned(&runner.own, runner.gadgets.restorer.entry(), runner.rsp))?;
        tracee.set_mask(ALL_SIGNALS)?;
        Ok(runner)
    }

    fn registers(&self, number: u64, args: [u64; 6]) -> user_regs_struct {
        registers::calling(&self.own, self.gadgets.syscall, self.rsp, number, args)
    }

    /// The thread.
    pub fn tracee(&self) -> Tracee {
        self.tracee
    }

    /// The address behind the `syscall` instruction, which is what seccomp filters see.
    pub fn ip(&self) -> u64 {
        self.gadgets.syscall + 2
    }

    /// The signals that the thread blocks when it goes on by itself.
    pub fn own_mask(&self) -> u64 {
        self.mask
    }

    /// Has the thread block other signals when it goes on by itself. The frame is changed by one word that does not cross a page, so whenever
    /// we die it holds the one mask or the other.
    pub fn set_own_mask(&mut self, mask: u64, memory: &Memory) -> std::io::Result<()> {
        memory.write(self.mask_at, &mask.to_le_bytes())?;
        self.mask = mask;
        Ok(())
    }

    /// The stack pointer that the thread goes on with.
    pub fn own_stack(&self) -> u64 {
        self.own.rsp
    }

    /// Memory in the room for `len` bytes, divisible by 16, if it has as much left.
    pub fn lend(&mut self, len: u64) -> Option<u64> {
        let start = self.free;
        let end = start.checked_add(len)?.next_multiple_of(16);
        if end > self.room.start + self.room.len {
            return None;
        }
        (self.free, self.used) = (end, end);
        Some(start)
    }

    /// Whether `[start, end)` holds memory that the thread stands on: its frame or the code it calls through.
    pub fn stands_on(&self, start: u64, end: u64) -> bool {
        (start < self.used && end > self.room.start) || self.gadgets.overlaps(start, end)
    }

    /// Makes a call and returns its raw result. `set` is run once the thread's registers point at the call: from then on it is
    /// made, whatever becomes of us.
    pub fn call(
        &mut self,
        waiter: &mut Waiter,
        number: u64,
        args: [u64; 6],
        limits: Limits,
        set: &dyn Fn(),
    ) -> Result<i64, CallFault> {
        if self.stuck {
            return Err(CallFault::Stuck);
        }
        self.tracee.set_registers(&self.registers(number, args))?;
        set();
        self.tracee.resume(Resume::ToSyscall, 0)?;
        self.until_entry(waiter, limits)?;
        // The own mask comes back only here: between this stop and the next no signal can be taken out of its queue.
        let hearing = limits.may_block && self.room.handlers && self.mask != ALL_SIGNALS;
        if hearing {
            self.tracee.set_mask(self.mask)?;
        }
        self.tracee.resume(Resume::ToSyscall, 0)?;
        let result = self.until_exit(waiter, limits);
        // A call with a mask of its own leaves that in force where a signal has ended it, until the handler has run.
        if (hearing || limits.takes_mask) && result != Err(CallFault::Stuck) {
            self.tracee.set_mask(ALL_SIGNALS)?;
        }
        result
    }

    /// Waits for the entry to our call. Nothing but death and SIGSTOP can come between.
    fn until_entry(&mut self, waiter: &mut Waiter, limits: Limits) -> Result<(), CallFault> {
        let deadline = limits.deadline.max(Instant::now() + GRACE);
        loop {
            let stop = match self.next_stop(waiter, deadline, false) {
                // It gets no processor time: it is on its way to the call and can't be called back.
                Err(CallFault::TimedOut) => {
                    self.stuck = true;
                    return Err(CallFault::Stuck);
                }
                other => other?,
            };
            if stop == Stop::Syscall && matches!(self.tracee.syscall_side()?, SyscallSide::Entry { .. }) {
                return Ok(());
            }
            self.pass(stop)?;
        }
    }

    /// Waits for the return of our call, and interrupts it when its time is over.
    fn until_exit(&mut self, waiter: &mut Waiter, limits: Limits) -> Result<i64, CallFault> {
        let mut why = None;
        let mut deadline = limits.deadline;
        loop {
            let stop = match self.next_stop(waiter, deadline, limits.may_block && why.is_none()) {
                Err(fault @ (CallFault::TimedOut | CallFault::Interrupted(_))) if why.is_none() => {
                    why = Some(fault);
                    deadline = Instant::now() + GRACE;
                    self.tracee.interrupt()?;
                    continue;
                }
                Err(CallFault::TimedOut) => {
                    self.stuck = true;
                    return Err(CallFault::Stuck);
                }
                other => other?,
            };
            if stop == Stop::Syscall
                && let SyscallSide::Exit { value, .. } = self.tracee.syscall_side()?
                && let Some(result) = self.settle_exit(value, why, limits)?
            {
                return result;
            }
            self.pass(stop)?;
        }
    }

    /// What an exit means: the call's result, the fault that interrupted it, or (`None`) that the kernel is to go on with it.
    fn settle_exit(
        &self,
        value: i64,
        why: Option<CallFault>,
        limits: Limits,
    ) -> Result<Option<Result<i64, CallFault>>, CallFault> {
        let restart = (-ERESTART_RESTARTBLOCK..=-ERESTARTSYS).contains(&value);
        // EINTR of a call that is not made to wait is its own: a close that says so has closed.
        let interrupted = restart || (limits.may_block && value == -i64::from(libc::EINTR));
        match why {
            Some(fault) if interrupted => Ok(Some(Err(fault))),
            _ if !restart => Ok(Some(Ok(value))),
            // A signal for the target. Where its own mask is in force the handler must not run on our frame; where all
            // are blocked it can only be SIGSTOP, which does not disturb the call.
            _ if limits.may_block && (self.room.handlers || limits.takes_mask) => Ok(Some(Err(CallFault::Signalled))),
            _ => Ok(None),
        }
    }

    fn next_stop(&self, waiter: &mut Waiter, deadline: Instant, heed: bool) -> Result<Stop, CallFault> {
        match waiter.wait(self.tracee, deadline, heed)? {
            Event::Stopped(stop) => Ok(stop),
            Event::Ended => Err(CallFault::Gone),
        }
    }

    /// Takes a signal that a call of ours has raised out of the thread's own queue, where it is known to be: it is let
    /// come to its delivery and dropped there. This takes no call, which the thread's filters might refuse, and no memory.
    pub fn take_back(&self, waiter: &mut Waiter, signal: i32) -> Result<(), CallFault> {
        let deadline = Instant::now() + GRACE;
        self.tracee.set_mask(ALL_SIGNALS & !(1 << (signal - 1)))?;
        self.tracee.resume(Resume::ToSyscall, 0)?;
        loop {
            match self.next_stop(waiter, deadline, false)? {
                Stop::Signal(reported) if reported == signal => break,
                Stop::Syscall => return Err(CallFault::Refused(Errno::EPROTO)),
                stop => self.pass(stop)?,
            }
        }
        self.tracee.set_mask(ALL_SIGNALS)?;
        // Left in this stop the thread would still get it if we died.
        self.tracee.interrupt()?;
        self.tracee.resume(Resume::ToSyscall, 0)?;
        loop {
            match self.next_stop(waiter, deadline, false)? {
                Stop::Event | Stop::Group(_) => return Ok(()),
                stop => self.pass(stop)?,
            }
        }
    }

    /// Goes on from a stop that is not the one waited for.
    fn pass(&self, stop: Stop) -> Result<(), CallFault> {
        let signal = match stop {
            // Unmaskable: it takes effect, and the call goes on in the group-stop.
            Stop::Signal(signal @ (libc::SIGSTOP | libc::SIGKILL)) => signal,
            // All others are blocked, so this is a fault of the call itself; delivered it would kill the target.
            Stop::Signal(_) | Stop::Event | Stop::Group(_) | Stop::Syscall | Stop::Other => 0,
        };
        Ok(self.tracee.resume(Resume::ToSyscall, signal)?)
    }

    /// Puts the thread back as it was: mask first, while it still stands on the frame, then registers, then the zeros that
    /// were in the room. It is let go by detaching, from which the kernel's restart of an interrupted call follows
    /// (`__ptrace_unlink` makes a traced task look for signals).
    pub fn finish(self, memory: &Memory) -> Result<(), CallFault> {
        if self.stuck {
            return Err(CallFault::Stuck);
        }
        self.tracee.set_mask(self.mask)?;
        self.tracee.set_registers(&self.own)?;
        let zeros = vec![0; (self.used - self.room.start) as usize];
        memory.write(self.room.start, &zeros).map_err(|_| CallFault::Gone)
    }
}

/// Builds a landing frame that goes nowhere: done before the stop, it has all that it takes at hand inside it.
pub fn rehearse(gadgets: &Gadgets, stack: u64) {
    let image = Image::typical();
    let registers = registers::landing(&registers::registers_at(stack), &[]);
    let state = State { registers: &registers, mask: ALL_SIGNALS, image: &image };
    std::hint::black_box(frame::build(stack & !15, &gadgets.restorer, &state));
}

/// Does what the kernel would when a thread is moved out of a restartable sequence: it goes on at the abort handler
/// (`struct rseq_cs` of linux/rseq.h). `rseq_cs` itself is cleared by the kernel once it sees the thread outside.
fn abort_rseq(tracee: Tracee, own: &user_regs_struct, memory: &Memory) -> Result<user_regs_struct, PrepareError> {
    let mut registers = *own;
    let area = match tracee.rseq() {
        Ok(configuration) => configuration.area,
        Err(Fault::Gone) => return Err(Fault::Gone.into()),
        // A kernel before 5.13 can't tell. No thread is in a sequence while it is in a call.
        Err(_) if registers::interrupted_call(own).is_some() => 0,
        Err(_) => return Err(PrepareError::Sequence),
    };
    if area == 0 {
        return Ok(registers);
    }
    let section = memory.read_u64(area + 8).map_err(PrepareError::Memory)?;
    if section != 0 {
        let word = |index: u64| memory.read_u64(section + index * 8).map_err(PrepareError::Memory);
        let (start, length, abort) = (word(1)?, word(2)?, word(3)?);
        if registers.rip.wrapping_sub(start) < length {
            registers.rip = abort;
        }
    }
    Ok(registers)
}
