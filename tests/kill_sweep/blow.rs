//! criu-plan run under a tracer that kills it, or one of its two processes, at a chosen system call.
//!
//! strace does so too, and one sweep uses it; but it counts for each process it follows, so that it can't reach the tracing
//! child beyond the first calls of any kind: the front end, which makes more of them, dies first.

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// `PTRACE_POKEUSER`: with it the child has a call that ends in EINTR at any stop made anew.
const POKEUSER: u64 = libc::PTRACE_POKEUSER as u64;
/// Longer than criu-plan itself waits for anything.
const LONGEST: Duration = Duration::from_secs(40);

/// One of criu-plan's two processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    FrontEnd,
    Child,
}

/// Which calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// ptrace only, which the child alone makes.
    Ptrace,
    /// Every system call.
    Any,
}

/// Who is killed, and at which calls of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blow {
    pub counted: Party,
    pub calls: Calls,
    pub victims: &'static [Party],
}

/// How a run ended.
#[derive(Debug, Default)]
pub struct Fallen {
    /// The blow fell; if not the run had ended by itself before.
    pub struck: bool,
    /// There was a child.
    pub forked: bool,
    /// How many calls that count were begun.
    pub counted: u32,
    /// The child had had a call made anew.
    pub settled: bool,
    /// With which status the front end exited, if it did.
    pub code: Option<i32>,
    /// What it printed.
    pub said: Vec<u8>,
}

/// Runs `command`, whose child's K-th ptrace call is its last, under strace.
pub fn by_strace(command: &Command, k: u32, directory: &Path) -> Fallen {
    let log = directory.join("strace");
    let mut strace = Command::new("strace");
    strace.arg("-f").arg("-o").arg(&log).args(["-e", "trace=ptrace", "-e"]);
    strace.arg(format!("inject=ptrace:signal=KILL:when={k}")).arg(command.get_program()).args(command.get_args());
    let output = strace.output().unwrap_or_else(|error| panic!("strace ({error}); .ci/test installs it"));
    let calls = fs::read_to_string(&log).unwrap();
    let ended = |line: &&str| line.contains("ptrace(PTRACE_") && line.ends_with("= 0");
    Fallen {
        struck: calls.contains("+++ killed by SIGKILL +++"),
        counted: calls.lines().filter(|line| line.contains(" ptrace(")).count() as u32,
        forked: true,
        settled: calls.lines().filter(ended).any(|line| line.contains("PTRACE_POKEUSER")),
        code: output.status.code(),
        said: output.stdout,
    }
}

impl Blow {
    /// Runs `command` and strikes at the K-th call.
    pub fn strike(self, command: &mut Command, k: u32, directory: &Path) -> Fallen {
        let said = directory.join("said");
        command.stdin(Stdio::null()).stderr(Stdio::null()).stdout(File::create(&said).unwrap());
        // In a thread of its own, whose only children these two are.
        let watched = std::thread::scope(|scope| scope.spawn(|| self.watch(command, k)).join());
        let fallen = watched.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Fallen { said: fs::read(&said).unwrap(), ..fallen }
    }

    fn watch(self, command: &mut Command, k: u32) -> Fallen {
        // SAFETY: PTRACE_TRACEME allocates nothing, takes no lock and concerns the new process alone.
        unsafe { command.pre_exec(|| ptrace::traceme().map_err(Into::into)) };
        let front_end = Pid::from_raw(command.spawn().unwrap().id() as i32);
        let guard = Guard::new(front_end);
        let mut watch = Watch { blow: self, k, front_end, child: guard.child.clone(), fallen: Fallen::default() };
        watch.run();
        assert!(!guard.has_bitten(), "criu-plan did not end within {LONGEST:?}");
        watch.fallen
    }
}

/// Ends both processes if they take too long, so that a test that goes wrong comes to an end.
struct Guard {
    child: Arc<AtomicI32>,
    bitten: std::thread::JoinHandle<bool>,
    over: Sender<()>,
}

impl Guard {
    fn new(front_end: Pid) -> Self {
        let child = Arc::new(AtomicI32::new(0));
        let (over, ended) = channel();
        let other = child.clone();
        let bitten = std::thread::spawn(move || {
            let late = ended.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout);
            for pid in [front_end.as_raw(), other.load(Ordering::SeqCst)] {
                if late && pid > 0 {
                    // Either may have ended, but is not waited for before both have.
                    let _gone = kill(Pid::from_raw(pid), Signal::SIGKILL);
                }
            }
            late
        });
        Self { child, bitten, over }
    }

    fn has_bitten(self) -> bool {
        drop(self.over);
        self.bitten.join().unwrap()
    }
}

/// Follows both processes to their ends.
struct Watch {
    blow: Blow,
    k: u32,
    front_end: Pid,
    child: Arc<AtomicI32>,
    fallen: Fallen,
}

impl Watch {
    fn run(&mut self) {
        let mut begun = false;
        loop {
            // Children of other threads are theirs.
            let status = match waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD)) {
                Err(Errno::ECHILD) => return,
                Err(Errno::EINTR) => continue,
                other => other.unwrap(),
            };
            match status {
                WaitStatus::Exited(pid, code) => self.ended(pid, Some(code)),
                WaitStatus::Signaled(pid, ..) => self.ended(pid, None),
                WaitStatus::PtraceSyscall(pid) => {
                    self.at_call(pid);
                    self.resume(pid, None);
                }
                WaitStatus::PtraceEvent(pid, _, libc::PTRACE_EVENT_FORK) => {
                    self.fallen.forked = true;
                    self.child.store(ptrace::getevent(pid).unwrap() as i32, Ordering::SeqCst);
                    self.resume(pid, None);
                }
                WaitStatus::Stopped(pid, Signal::SIGTRAP) if !begun => {
                    begun = true;
                    let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACEFORK;
                    ptrace::setoptions(pid, options | Options::PTRACE_O_EXITKILL).unwrap();
                    self.resume(pid, None);
                }
                // How a followed child begins.
                WaitStatus::Stopped(pid, Signal::SIGSTOP) => self.resume(pid, None),
                WaitStatus::Stopped(pid, signal) => self.resume(pid, Some(signal)),
                other => panic!("unexpected: {other:?}"),
            }
        }
    }

    fn ended(&mut self, pid: Pid, code: Option<i32>) {
        if pid == self.front_end {
            self.fallen.code = code;
        }
    }

    /// Whom a process is.
    fn party(&self, pid: Pid) -> Party {
        if pid == self.front_end { Party::FrontEnd } else { Party::Child }
    }

    fn resume(&self, pid: Pid, signal: Option<Signal>) {
        // The front end's calls are not looked at if they don't count.
        let free = self.party(pid) == Party::FrontEnd && self.blow.counted == Party::Child;
        let result = if free { ptrace::cont(pid, signal) } else { ptrace::syscall(pid, signal) };
        // It may have been killed.
        assert!(matches!(result, Ok(()) | Err(Errno::ESRCH)), "{result:?}");
    }

    /// Counts a call, and strikes if its turn has come: before it is made.
    fn at_call(&mut self, pid: Pid) {
        let Ok(info) = ptrace::syscall_info(pid) else { return };
        if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
            return;
        }
        // SAFETY: `op` says that the kernel filled this member of the union.
        let (number, first) = unsafe { (info.u.entry.nr as i64, info.u.entry.args[0]) };
        let party = self.party(pid);
        if party == self.blow.counted && (self.blow.calls == Calls::Any || number == libc::SYS_ptrace) {
            self.fallen.counted += 1;
            if self.fallen.counted == self.k {
                self.fallen.struck = true;
                self.kill_victims(pid);
                return;
            }
        }
        let alive = !(self.fallen.struck && self.blow.victims.contains(&party));
        self.fallen.settled |= alive && number == libc::SYS_ptrace && first == POKEUSER;
    }

    /// Kills them, `at` being stopped. Another one is waited for, so that the child goes on in a world without it.
    fn kill_victims(&mut self, at: Pid) {
        for victim in self.blow.victims {
            let pid = match victim {
                Party::FrontEnd => self.front_end,
                Party::Child => Pid::from_raw(self.child.load(Ordering::SeqCst)),
            };
            if pid.as_raw() == 0 {
                continue;
            }
            // The child may have come to its end.
            assert!(matches!(kill(pid, Signal::SIGKILL), Ok(()) | Err(Errno::ESRCH)));
            if pid != at {
                while !matches!(waitpid(pid, Some(WaitPidFlag::__WALL)), Ok(WaitStatus::Signaled(..)) | Err(_)) {}
            }
        }
    }
}
