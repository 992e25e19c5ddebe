//! A thread's seccomp filters, read from it and run here, so that no call is made that they would kill it for.
//!
//! The filters are classic BPF over `struct seccomp_data` (seccomp(2), Documentation/userspace-api/seccomp_filter.rst).
//! They are run on values that may be unknown: where an unknown one decides, both ways are taken and the worst counts.

use nix::errno::Errno;

const PTRACE_SECCOMP_GET_FILTER: libc::c_uint = 0x420c;
/// `AUDIT_ARCH_X86_64` of linux/audit.h.
const ARCH: u32 = 0xc000_003e;
/// More instructions than this are not followed when both ways are taken; the answer is then the worst.
const MOST_STEPS: usize = 200_000;
/// `SECCOMP_MODE_STRICT` lets these through.
const STRICT: [i64; 4] = [libc::SYS_read, libc::SYS_write, libc::SYS_exit, libc::SYS_rt_sigreturn];

/// What a filter says of a call, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// The process is killed.
    KillProcess,
    /// The thread is killed.
    KillThread,
    /// SIGSYS.
    Trap,
    /// The call fails with this errno.
    Errno(u16),
    /// A supervisor is asked.
    UserNotif,
    /// A tracer is told; ENOSYS without one.
    Trace(u16),
    /// It is made and logged.
    Log,
    /// It is made.
    Allow,
}

impl Action {
    /// From a filter's return value, as the kernel's `seccomp_run_filters` and `__seccomp_filter` take it.
    fn from_return(value: u32) -> Self {
        match value & libc::SECCOMP_RET_ACTION_FULL {
            libc::SECCOMP_RET_ALLOW => Self::Allow,
            libc::SECCOMP_RET_LOG => Self::Log,
            libc::SECCOMP_RET_TRACE => Self::Trace(value as u16),
            libc::SECCOMP_RET_USER_NOTIF => Self::UserNotif,
            libc::SECCOMP_RET_ERRNO => Self::Errno(value as u16),
            libc::SECCOMP_RET_TRAP => Self::Trap,
            libc::SECCOMP_RET_KILL_THREAD => Self::KillThread,
            _ => Self::KillProcess,
        }
    }

    /// Whether the call is made.
    pub fn is_allow(self) -> bool {
        matches!(self, Self::Allow | Self::Log)
    }
}

/// All filters of one thread.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    programs: Vec<Vec<libc::sock_filter>>,
    strict: bool,
}

impl Filters {
    /// Reads those of a stopped tracee, whose `Seccomp:` mode was `mode` before the stop. Takes CAP_SYS_ADMIN in the initial
    /// user namespace (EACCES without).
    pub fn read(tid: i32, mode: u32) -> Result<Self, Errno> {
        let mut filters = Self::default();
        loop {
            let index = filters.programs.len();
            match length(tid, index) {
                Ok(length) => filters.programs.push(program(tid, index, length)?),
                Err(Errno::ENOENT) => return Ok(filters),
                // It has none: no seccomp, or the strict mode.
                Err(Errno::EINVAL) if index == 0 => {
                    filters.strict = mode == 1;
                    return Ok(filters);
                }
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Those of the strict mode, which are known without a look.
    pub fn strict() -> Self {
        Self { strict: true, ..Self::default() }
    }

    /// Whether there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.programs.is_empty() && !self.strict
    }

    /// What they say of a call; `ip` is the address behind the instruction.
    pub fn verdict(&self, number: u32, ip: u64, args: &[u64; 6]) -> Action {
        self.foresee(number, ip, &args.map(Some))
    }

    /// The worst that they may say of a call whose arguments are not all known.
    pub fn foresee(&self, number: u32, ip: u64, args: &[Option<u64>; 6]) -> Action {
        if self.strict && !STRICT.contains(&i64::from(number)) {
            return Action::KillThread;
        }
        let data = Data { number, ip, args };
        self.programs.iter().map(|program| worst(program, &data)).min().unwrap_or(Action::Allow)
    }
}

fn get_filter(tid: i32, index: usize, data: *mut libc::sock_filter) -> Result<usize, Errno> {
    // SAFETY: `data` is null (the length is asked for) or has room for the filter's instructions, whose number the caller
    // has just asked for and which a stopped thread cannot change.
    let result = unsafe { libc::ptrace(PTRACE_SECCOMP_GET_FILTER, tid, index, data) };
    Errno::result(result).map(|length| length as usize)
}

fn length(tid: i32, index: usize) -> Result<usize, Errno> {
    get_filter(tid, index, std::ptr::null_mut())
}

fn program(tid: i32, index: usize, length: usize) -> Result<Vec<libc::sock_filter>, Errno> {
    let mut program = vec![libc::sock_filter { code: 0, jt: 0, jf: 0, k: 0 }; length];
    get_filter(tid, index, program.as_mut_ptr())?;
    Ok(program)
}

/// `struct seccomp_data`, with what is known of it.
struct Data<'a> {
    number: u32,
    ip: u64,
    args: &'a [Option<u64>; 6],
}

impl Data<'_> {
    /// The 32-bit word at a byte offset. Outer `None`: there is none.
    fn word(&self, offset: u32) -> Option<Option<u32>> {
        let half = |value: u64| if offset.is_multiple_of(8) { value as u32 } else { (value >> 32) as u32 };
        match offset {
            0 => Some(Some(self.number)),
            4 => Some(Some(ARCH)),
            8 | 12 => Some(Some(half(self.ip))),
            16..64 if offset.is_multiple_of(4) => Some(self.args.get((offset as usize - 16) / 8)?.map(half)),
            _ => None,
        }
    }
}

/// The machine's registers; `None` where not known.
#[derive(Clone, Copy)]
struct Machine {
    at: usize,
    a: Option<u32>,
    x: Option<u32>,
    memory: [Option<u32>; 16],
}

/// What one instruction leads to.
enum Next {
    Go,
    /// Either of these.
    Fork(usize, usize),
    Return(Action),
}

/// The worst answer of a program over all ways that unknown values leave open.
fn worst(program: &[libc::sock_filter], data: &Data<'_>) -> Action {
    let start = Machine { at: 0, a: Some(0), x: Some(0), memory: [Some(0); 16] };
    let (mut open, mut worst, mut steps) = (vec![start], Action::Allow, 0);
    while let Some(mut machine) = open.pop() {
        loop {
            steps += 1;
            if steps > MOST_STEPS {
                return Action::KillProcess;
            }
            match machine.step(program, data) {
                // The kernel takes no program that gets here; one that did would not be trusted.
                None => return Action::KillProcess,
                Some(Next::Go) => {}
                Some(Next::Return(action)) => {
                    worst = worst.min(action);
                    break;
                }
                Some(Next::Fork(first, second)) => {
                    open.push(Machine { at: second, ..machine });
                    machine.at = first;
                }
            }
        }
    }
    worst
}

impl Machine {
    /// One instruction of linux/bpf_common.h; `None` if it is none that seccomp_check_filter admits.
    fn step(&mut self, program: &[libc::sock_filter], data: &Data<'_>) -> Option<Next> {
        let instruction = program.get(self.at)?;
        self.at += 1;
        let (code, k) = (u32::from(instruction.code), instruction.k);
        let slot = k as usize;
        let operand = if code & libc::BPF_X != 0 { self.x } else { Some(k) };
        match code & 0x07 {
            libc::BPF_LD => self.a = self.load(code, k, data)?,
            libc::BPF_LDX => self.x = self.load(code, k, data)?,
            libc::BPF_ST => *self.memory.get_mut(slot)? = self.a,
            libc::BPF_STX => *self.memory.get_mut(slot)? = self.x,
            libc::BPF_ALU => self.a = alu(code & 0xf0, self.a, operand)?,
            libc::BPF_JMP => return self.jump(code & 0xf0, instruction, operand),
            libc::BPF_MISC if code & 0xf8 == libc::BPF_TAX => self.x = self.a,
            libc::BPF_MISC => self.a = self.x,
            _ => {
                // BPF_RET: of a constant, or of A.
                let value = if code & 0x18 == libc::BPF_A { self.a } else { Some(k) };
                return Some(Next::Return(value.map_or(Action::KillProcess, Action::from_return)));
            }
        }
        Some(Next::Go)
    }

    fn load(&self, code: u32, k: u32, data: &Data<'_>) -> Option<Option<u32>> {
        match code & 0xe0 {
            libc::BPF_IMM => Some(Some(k)),
            libc::BPF_ABS => data.word(k),
            libc::BPF_MEM => self.memory.get(k as usize).copied(),
            // The length of struct seccomp_data.
            libc::BPF_LEN => Some(Some(64)),
            _ => None,
        }
    }

    fn jump(&mut self, kind: u32, instruction: &libc::sock_filter, operand: Option<u32>) -> Option<Next> {
        if kind == libc::BPF_JA {
            self.at = self.at.checked_add(instruction.k as usize)?;
            return Some(Next::Go);
        }
        let (taken, passed) = (self.at + usize::from(instruction.jt), self.at + usize::from(instruction.jf));
        let (Some(a), Some(b)) = (self.a, operand) else { return Some(Next::Fork(taken, passed)) };
        let holds = match kind {
            libc::BPF_JEQ => a == b,
            libc::BPF_JGT => a > b,
            libc::BPF_JGE => a >= b,
            libc::BPF_JSET => a & b != 0,
            _ => return None,
        };
        self.at = if holds { taken } else { passed };
        Some(Next::Go)
    }
}

/// `A = A op operand`; unknown if either is.
fn alu(operation: u32, a: Option<u32>, operand: Option<u32>) -> Option<Option<u32>> {
    if operation == libc::BPF_NEG {
        return Some(a.map(u32::wrapping_neg));
    }
    let (Some(a), Some(b)) = (a, operand) else { return Some(None) };
    Some(Some(match operation {
        libc::BPF_ADD => a.wrapping_add(b),
        libc::BPF_SUB => a.wrapping_sub(b),
        libc::BPF_MUL => a.wrapping_mul(b),
        // A division by zero ends the program with 0, which kills.
        libc::BPF_DIV => a.checked_div(b)?,
        libc::BPF_OR => a | b,
        libc::BPF_AND => a & b,
        libc::BPF_LSH => a.checked_shl(b).unwrap_or(0),
        libc::BPF_RSH => a.checked_shr(b).unwrap_or(0),
        libc::BPF_XOR => a ^ b,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(code: u32, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
        libc::sock_filter { code: code as u16, jt, jf, k }
    }

    /// Kills `number` if its first argument's low half is `arg`, and allows everything else.
    fn filters(number: u32, arg: u32) -> Filters {
        let load = libc::BPF_LD | libc::BPF_ABS;
        let equal = libc::BPF_JMP | libc::BPF_JEQ;
        let program = vec![
            op(load, 0, 0, 0),
            op(equal, 0, 3, number),
            op(load, 0, 0, 16),
            op(equal, 0, 1, arg),
            op(libc::BPF_RET, 0, 0, libc::SECCOMP_RET_KILL_PROCESS),
            op(libc::BPF_RET, 0, 0, libc::SECCOMP_RET_ALLOW),
        ];
        Filters { programs: vec![program], strict: false }
    }

    #[test]
    fn known_arguments_decide() {
        let filters = filters(9, 7);
        assert_eq!(filters.verdict(9, 0, &[7, 0, 0, 0, 0, 0]), Action::KillProcess);
        assert_eq!(filters.verdict(9, 0, &[8, 0, 0, 0, 0, 0]), Action::Allow);
        assert_eq!(filters.verdict(10, 0, &[7, 0, 0, 0, 0, 0]), Action::Allow);
    }

    #[test]
    fn the_worst_counts_where_an_argument_is_not_known() {
        assert_eq!(filters(9, 7).foresee(9, 0, &[None; 6]), Action::KillProcess);
        assert_eq!(filters(9, 7).foresee(8, 0, &[None; 6]), Action::Allow);
    }

    #[test]
    fn the_worst_filter_counts() {
        let mut both = filters(9, 7);
        both.programs.push(vec![op(libc::BPF_RET, 0, 0, libc::SECCOMP_RET_ERRNO | 13)]);
        assert_eq!(both.verdict(1, 0, &[0; 6]), Action::Errno(13));
        assert_eq!(both.verdict(9, 0, &[7, 0, 0, 0, 0, 0]), Action::KillProcess);
    }

    proptest::proptest! {
        #[test]
        fn no_program_makes_it_panic_or_hang(words in proptest::collection::vec((0u16.., 0u8.., 0u8.., 0u32..), 0..64)) {
            let program = words.into_iter().map(|(code, jt, jf, k)| op(code.into(), jt, jf, k)).collect();
            let filters = Filters { programs: vec![program], strict: false };
            filters.foresee(1, 2, &[None; 6]);
        }
    }
}
