//! One traced thread: ptrace(2) requests, and waiting for its stops.
//!
//! A stop is looked at with `WNOWAIT` and left where it is until the thread is resumed: a signal-delivery-stop that was
//! reaped has given its signal to us, and it would be lost with us; one that was not is delivered if we die.

use super::nearness::Nearness;
use nix::errno::Errno;
use std::time::{Duration, Instant};

/// Why a request to a tracee, or a wait for it, did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The thread has ended (or is being killed).
    Gone,
    /// It did not stop in time.
    Deadline,
    /// We were told to stop, by this signal.
    Interrupted(i32),
    /// The kernel refused the request.
    Refused(Errno),
}

impl From<Errno> for Fault {
    fn from(errno: Errno) -> Self {
        if errno == Errno::ESRCH { Self::Gone } else { Self::Refused(errno) }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gone => f.write_str("the thread has ended"),
            Self::Deadline => f.write_str("it took too long"),
            Self::Interrupted(signal) => write!(f, "criu-plan was interrupted by signal {signal}"),
            Self::Refused(errno) => write!(f, "the kernel refused: {}", errno.desc()),
        }
    }
}

/// Where a thread stands (ptrace(2), "Stopped states").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// `PTRACE_EVENT_STOP` after `PTRACE_INTERRUPT`.
    Event,
    /// `PTRACE_EVENT_STOP` of a group-stop, with the stopping signal.
    Group(i32),
    /// About to deliver this signal.
    Signal(i32),
    /// Entry to or exit from a system call.
    Syscall,
    /// Some other event.
    Other,
}

impl Stop {
    /// From `si_status` of waitid(2): the signal, `| 0x80` for syscall-stops, `| event << 8`.
    fn from_status(status: i32) -> Self {
        let (event, signal) = (status >> 8, status & 0xff);
        match (event, signal) {
            (libc::PTRACE_EVENT_STOP, libc::SIGTRAP) => Self::Event,
            (libc::PTRACE_EVENT_STOP, signal) => Self::Group(signal),
            (0, signal) if signal == libc::SIGTRAP | 0x80 => Self::Syscall,
            (0, signal) => Self::Signal(signal),
            _ => Self::Other,
        }
    }
}

/// How a stopped thread is let run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// Until its next event.
    Continue,
    /// Until it enters or leaves a system call.
    ToSyscall,
}

/// Which side of a system call a syscall-stop is on, from `PTRACE_GET_SYSCALL_INFO`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyscallSide {
    /// About to make it.
    Entry {
        /// Its number.
        number: u64,
        /// The address behind the instruction.
        ip: u64,
    },
    /// It has returned.
    Exit {
        /// Its raw result.
        value: i64,
        /// The address behind the instruction.
        ip: u64,
    },
    /// Not at a system call.
    None,
}

/// `struct ptrace_rseq_configuration`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct RseqConfiguration {
    /// Address of the thread's `struct rseq`, 0 if it has none.
    pub area: u64,
    /// Its size.
    pub size: u32,
    /// What precedes an abort handler.
    pub signature: u32,
    /// Registration flags.
    pub flags: u32,
    pad: u32,
}

/// `struct ptrace_sud_config`: syscall user dispatch.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct DispatchConfiguration {
    /// `PR_SYS_DISPATCH_ON` (1) or off (0).
    pub mode: u64,
    /// Address of the selector byte.
    pub selector: u64,
    /// Begin of the range whose calls are always let through.
    pub offset: u64,
    /// Length of it.
    pub len: u64,
}

const PTRACE_GET_RSEQ_CONFIGURATION: libc::c_uint = 0x420f;
const PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG: libc::c_uint = 0x4211;
const PTRACE_GETSIGMASK: libc::c_uint = 0x420a;
const PTRACE_SETSIGMASK: libc::c_uint = 0x420b;
/// `NT_X86_XSTATE` of elf.h.
pub const NT_X86_XSTATE: usize = 0x202;
/// `NT_X86_SHSTK` of elf.h: the shadow stack pointer.
pub const NT_X86_SHSTK: usize = 0x204;

/// One ptrace request. `addr` and `data` are what the request takes there.
///
/// # Safety
/// Where the request writes to or reads from `data` (or `addr`), it points to memory good for that.
unsafe fn request(request: libc::c_uint, tid: i32, addr: usize, data: usize) -> Result<i64, Errno> {
    // SAFETY: the caller vouches for the memory; other requests take plain numbers.
    let result = unsafe { libc::ptrace(request, tid, addr, data) };
    Errno::result(result)
}

/// A thread that we trace. Requests on one that is not stopped fail with [`Fault::Gone`], as ptrace reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tracee {
    /// Its thread id.
    pub tid: i32,
}

impl Tracee {
    /// Attaches without stopping it, `PTRACE_SEIZE`. Exactly our exit or a detach ends it.
    pub fn seize(tid: i32, options: i32) -> Result<Self, Errno> {
        // SAFETY: PTRACE_SEIZE takes numbers only.
        unsafe { request(libc::PTRACE_SEIZE, tid, 0, options as usize)? };
        Ok(Self { tid })
    }

    /// Asks it to stop.
    pub fn interrupt(self) -> Result<(), Fault> {
        // SAFETY: PTRACE_INTERRUPT takes no data.
        unsafe { request(libc::PTRACE_INTERRUPT, self.tid, 0, 0)? };
        Ok(())
    }

    /// Lets it run, with a signal delivered if it is not 0.
    pub fn resume(self, how: Resume, signal: i32) -> Result<(), Fault> {
        let number = match how {
            Resume::Continue => libc::PTRACE_CONT,
            Resume::ToSyscall => libc::PTRACE_SYSCALL,
        };
        // SAFETY: both take a signal number only.
        unsafe { request(number, self.tid, 0, signal as usize)? };
        Ok(())
    }

    /// Lets it go for good.
    pub fn detach(self, signal: i32) -> Result<(), Fault> {
        // SAFETY: PTRACE_DETACH takes a signal number only.
        unsafe { request(libc::PTRACE_DETACH, self.tid, 0, signal as usize)? };
        Ok(())
    }

    /// Its general registers.
    pub fn registers(self) -> Result<libc::user_regs_struct, Fault> {
        // SAFETY: user_regs_struct is plain integers, for which zero is a value.
        let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
        // SAFETY: `registers` is what PTRACE_GETREGS fills.
        unsafe { request(libc::PTRACE_GETREGS, self.tid, 0, &raw mut registers as usize)? };
        Ok(registers)
    }

    /// Sets its general registers.
    pub fn set_registers(self, registers: &libc::user_regs_struct) -> Result<(), Fault> {
        // SAFETY: `registers` is what PTRACE_SETREGS reads.
        unsafe { request(libc::PTRACE_SETREGS, self.tid, 0, &raw const *registers as usize)? };
        Ok(())
    }

    /// Sets `rax` alone.
    pub fn set_rax(self, value: u64) -> Result<(), Fault> {
        let offset = std::mem::offset_of!(libc::user_regs_struct, rax);
        // SAFETY: PTRACE_POKEUSER takes an offset into struct user, which begins with user_regs_struct, and a number.
        unsafe { request(libc::PTRACE_POKEUSER, self.tid, offset, value as usize)? };
        Ok(())
    }

    /// The 64 blocked signals, bit 0 for signal 1.
    pub fn mask(self) -> Result<u64, Fault> {
        let mut mask = 0u64;
        // SAFETY: with addr = 8 the kernel writes 8 bytes to `mask`.
        unsafe { request(PTRACE_GETSIGMASK, self.tid, 8, &raw mut mask as usize)? };
        Ok(mask)
    }

    /// Sets the blocked signals.
    pub fn set_mask(self, mask: u64) -> Result<(), Fault> {
        // SAFETY: with addr = 8 the kernel reads 8 bytes from `mask`.
        unsafe { request(PTRACE_SETSIGMASK, self.tid, 8, &raw const mask as usize)? };
        Ok(())
    }

    /// Fills `buffer` with a register set (NT_* of elf.h); how many bytes it has.
    pub fn register_set(self, kind: usize, buffer: &mut [u8]) -> Result<usize, Fault> {
        let mut iov = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
        // SAFETY: `iov` describes `buffer`, which the kernel fills at most to its length.
        unsafe { request(libc::PTRACE_GETREGSET, self.tid, kind, &raw mut iov as usize)? };
        Ok(iov.iov_len)
    }

    /// Where it stands in a system call (kernel 5.3).
    pub fn syscall_side(self) -> Result<SyscallSide, Fault> {
        // SAFETY: ptrace_syscall_info is plain integers, for which zero is a value.
        let mut info: libc::ptrace_syscall_info = unsafe { std::mem::zeroed() };
        let size = size_of::<libc::ptrace_syscall_info>();
        // SAFETY: the kernel writes at most `size` bytes to `info`.
        unsafe { request(libc::PTRACE_GET_SYSCALL_INFO, self.tid, size, &raw mut info as usize)? };
        Ok(match info.op {
            // SAFETY: `op` says which member of the union the kernel filled.
            libc::PTRACE_SYSCALL_INFO_ENTRY => unsafe {
                SyscallSide::Entry { number: info.u.entry.nr, ip: info.instruction_pointer }
            },
            // SAFETY: as above.
            libc::PTRACE_SYSCALL_INFO_EXIT => unsafe {
                SyscallSide::Exit { value: info.u.exit.sval, ip: info.instruction_pointer }
            },
            _ => SyscallSide::None,
        })
    }

    /// The thread's rseq registration (kernel 5.13); an older kernel refuses.
    pub fn rseq(self) -> Result<RseqConfiguration, Fault> {
        let mut configuration = RseqConfiguration::default();
        let size = size_of::<RseqConfiguration>();
        // SAFETY: the kernel writes at most `size` bytes.
        unsafe { request(PTRACE_GET_RSEQ_CONFIGURATION, self.tid, size, &raw mut configuration as usize)? };
        Ok(configuration)
    }

    /// The thread's syscall user dispatch (kernel 6.4); an older kernel refuses.
    pub fn dispatch(self) -> Result<DispatchConfiguration, Fault> {
        let mut configuration = DispatchConfiguration::default();
        let size = size_of::<DispatchConfiguration>();
        // SAFETY: the kernel writes at most `size` bytes.
        unsafe { request(PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG, self.tid, size, &raw mut configuration as usize)? };
        Ok(configuration)
    }

    /// Switches the thread's seccomp filters off until we let it go or end. Takes CAP_SYS_ADMIN, and no filter of our own.
    pub fn suspend_seccomp(self) -> Result<(), Fault> {
        let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_SUSPEND_SECCOMP;
        // SAFETY: PTRACE_SETOPTIONS takes a number only.
        unsafe { request(libc::PTRACE_SETOPTIONS, self.tid, 0, options as usize)? };
        Ok(())
    }

    /// Takes note of its end, if it has ended: until then it is kept as a zombie. It is looked at first, for waiting for the
    /// end of a traced thread takes its stops too, and with them their signals. Who is the parent of a process hears of the
    /// process's end all the same.
    pub fn bury(self) {
        if matches!(peek(self.tid), Ok(Some(Event::Ended))) {
            let options = libc::WEXITED | libc::WNOHANG | libc::__WALL;
            // SAFETY: no siginfo is asked for.
            let _status = unsafe { libc::waitid(libc::P_PID, self.tid as libc::id_t, std::ptr::null_mut(), options) };
        }
    }

    /// Whether a signal is in the thread's own queue (not the process's).
    pub fn has_queued(self, signal: i32) -> Result<bool, Fault> {
        let mut offset = 0u64;
        loop {
            // SAFETY: siginfo_t is plain data, for which zero is a value.
            let mut queued: [libc::siginfo_t; 8] = unsafe { std::mem::zeroed() };
            let args = libc::ptrace_peeksiginfo_args { off: offset, flags: 0, nr: queued.len() as i32 };
            // SAFETY: the kernel reads `args` and writes at most `nr` entries to `queued`.
            let count = unsafe {
                request(libc::PTRACE_PEEKSIGINFO, self.tid, &raw const args as usize, queued.as_mut_ptr() as usize)?
            };
            if queued.iter().take(count as usize).any(|info| info.si_signo == signal) {
                return Ok(true);
            }
            if (count as usize) < queued.len() {
                return Ok(false);
            }
            offset += count as u64;
        }
    }
}

/// What a wait saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It stopped.
    Stopped(Stop),
    /// It ended.
    Ended,
}

/// Waits for tracees, and heeds the signals that tell us to give up. One per tracing process.
#[derive(Debug)]
pub struct Waiter {
    signals: libc::sigset_t,
    interrupted: Option<i32>,
    /// When it was last looked whether a signal has come.
    looked: Option<Instant>,
    /// How long stops are looked for before we sleep.
    awake: Duration,
    nearness: Option<Nearness>,
}

/// Stops are looked for this long before we sleep: most come sooner, and to be woken takes longer than what is waited for.
const AWAKE: Duration = Duration::from_micros(200);

/// A signal to us is heeded this soon.
const PATIENCE: Duration = Duration::from_millis(1);

/// The signal that the tracing child gets when its front end dies.
pub const FRONT_END_DIED: i32 = libc::SIGUSR1;

impl Waiter {
    /// Blocks every signal for this process and takes them one by one from then on.
    pub fn new() -> Result<Self, Errno> {
        // SAFETY: sigset_t and sigaction are plain data; both pointers are to locals, and SIG_DFL is no code of ours.
        unsafe {
            let mut signals: libc::sigset_t = std::mem::zeroed();
            libc::sigfillset(&raw mut signals);
            Errno::result(libc::sigprocmask(libc::SIG_SETMASK, &raw const signals, std::ptr::null_mut()))?;
            libc::sigemptyset(&raw mut signals);
            for signal in [libc::SIGCHLD, libc::SIGINT, libc::SIGTERM, libc::SIGHUP, FRONT_END_DIED] {
                libc::sigaddset(&raw mut signals, signal);
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_sigaction = libc::SIG_DFL;
                // An inherited SIG_IGN would keep the stops of tracees, and ^C, from us.
                Errno::result(libc::sigaction(signal, &raw const action, std::ptr::null_mut()))?;
            }
            // On one processor the tracee runs only while we sleep.
            let alone = std::thread::available_parallelism().is_ok_and(|processors| processors.get() == 1);
            let awake = if alone { Duration::ZERO } else { AWAKE };
            Ok(Self { signals, interrupted: None, looked: None, awake, nearness: None })
        }
    }

    /// Makes it possible to come near to a tracee, where it is.
    pub fn make_nearness(&mut self) {
        self.nearness = Nearness::new();
    }

    /// The tracer's way to be near to a tracee, if it has one.
    pub fn nearness(&mut self) -> Option<&mut Nearness> {
        self.nearness.as_mut()
    }

    /// The signal that told us to give up, if one came. Asked between all that is done inside the stop, it does not look
    /// each time.
    pub fn interrupted(&mut self) -> Option<i32> {
        if self.interrupted.is_none() && self.looked.is_none_or(|at| at.elapsed() >= PATIENCE) {
            self.sleep(Duration::ZERO);
            self.looked = Some(Instant::now());
        }
        self.interrupted
    }

    /// Waits until the thread stops or ends. With `heed` a signal to us ends the wait too.
    pub fn wait(&mut self, tracee: Tracee, deadline: Instant, heed: bool) -> Result<Event, Fault> {
        // Nothing is asked of the clock where it is there already.
        if let Some(event) = peek(tracee.tid)? {
            return Ok(event);
        }
        let awake = match &self.nearness {
            Some(nearness) if nearness.gives_way() => {
                nearness.yield_turn();
                Instant::now()
            }
            _ => deadline.min(Instant::now() + self.awake),
        };
        loop {
            if let Some(event) = peek(tracee.tid)? {
                return Ok(event);
            }
            if Instant::now() < awake {
                std::hint::spin_loop();
                continue;
            }
            if let (true, Some(signal)) = (heed, self.interrupted) {
                return Err(Fault::Interrupted(signal));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Fault::Deadline);
            }
            self.sleep(left);
        }
    }

    /// Sleeps until a signal comes, which may be SIGCHLD for some tracee, or the time is over.
    fn sleep(&mut self, longest: Duration) {
        let time = libc::timespec {
            tv_sec: longest.as_secs() as libc::time_t,
            tv_nsec: libc::c_long::from(longest.subsec_nanos()),
        };
        // SAFETY: both pointers are to live values; no siginfo is asked for.
        let signal = unsafe { libc::sigtimedwait(&raw const self.signals, std::ptr::null_mut(), &raw const time) };
        if signal > 0 && signal != libc::SIGCHLD {
            self.interrupted.get_or_insert(signal);
        }
    }
}

/// The thread's present stop or end, left in place; `None` while it runs.
fn peek(tid: i32) -> Result<Option<Event>, Fault> {
    // SAFETY: siginfo_t is plain data, for which zero is a value.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let options = libc::WSTOPPED | libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
    // SAFETY: `info` is what waitid fills.
    let result = unsafe { libc::waitid(libc::P_PID, tid as libc::id_t, &raw mut info, options) };
    match Errno::result(result) {
        Ok(_) => {}
        Err(Errno::ECHILD) => return Ok(Some(Event::Ended)),
        Err(Errno::EINTR) => return Ok(None),
        Err(errno) => return Err(Fault::Refused(errno)),
    }
    // SAFETY: waitid fills the SIGCHLD members, or leaves si_pid 0 where nothing has changed.
    let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
    Ok(match (pid, info.si_code) {
        (0, _) => None,
        (_, libc::CLD_TRAPPED | libc::CLD_STOPPED) => Some(Event::Stopped(Stop::from_status(status))),
        _ => Some(Event::Ended),
    })
}
