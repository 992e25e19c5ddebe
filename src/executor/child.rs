//! The tracing child: everything that holds a target happens in it, since only its exit lets go a thread that will not stop.
//!
//! It has a process group of its own (^C, ^Z and a hangup reach the front end only), its memory locked, and touches no
//! terminal, pipe or name service while anything is held: the target may be what they go through. What it has to say it
//! writes to a memfd.

use crate::target::{FRONT_END_DIED, Waiter};
use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, MlockAllFlags, ProtFlags, mlockall, mmap_anonymous, munlockall, munmap};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, kill, sigaction, sigprocmask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getppid, setpgid};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

/// How the child ended.
#[derive(Debug)]
pub enum Ended {
    /// It said this.
    Said(Vec<u8>),
    /// It died without a word: by this signal, or with an exit status.
    Died(String),
}

/// When a child that does not come back is killed, which lets every target go.
pub trait Patience {
    /// Whether that time has come, so long after the child was started.
    fn is_over(&self, since: Duration) -> bool;
}

/// How often patience is asked for.
const LOOK: Duration = Duration::from_millis(250);

/// Runs `work` in a tracing child and waits for it. SIGINT, SIGTERM and SIGHUP go on to the child, which rolls back.
pub fn run(patience: &dyn Patience, work: impl FnOnce(&mut Waiter) -> Vec<u8>) -> Result<Ended, Errno> {
    let mut words = File::from(memfd_create(c"criu-plan", MFdFlags::MFD_CLOEXEC)?);
    let signals = front_end_signals();
    let mut before = SigSet::empty();
    // Where we have inherited that SIGCHLD is ignored the kernel would keep from us how the child ended.
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: the default action is no code of ours.
    let inherited = unsafe { sigaction(Signal::SIGCHLD, &default)? };
    // Blocked before the fork, so that none is lost between.
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&signals), Some(&mut before))?;
    let parent = Pid::this();
    // SAFETY: this process has one thread, so the child may do all that the parent might.
    let result = match unsafe { fork() } {
        Ok(ForkResult::Child) => tracing_child(parent, &mut words, work),
        // From here on the child may have changed its targets: an error of ours must not be taken for a refusal.
        Ok(ForkResult::Parent { child }) => Ok(attend(child, &signals, patience)
            .unwrap_or_else(|errno| Some(format!("it could not be waited for: {}", errno.desc())))),
        Err(errno) => Err(errno),
    };
    // Neither fails for a mask and an action that were in force before.
    let _restored = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None);
    // SAFETY: it is the action that was in force before.
    let _restored = unsafe { sigaction(Signal::SIGCHLD, &inherited) };
    let death = result?;
    let mut said = Vec::new();
    let read = words.seek(SeekFrom::Start(0)).and_then(|_| words.read_to_end(&mut said));
    Ok(match (death, read) {
        (None, Ok(_)) => Ended::Said(said),
        (Some(death), _) => Ended::Died(death),
        (None, Err(error)) => Ended::Died(error.to_string()),
    })
}

fn front_end_signals() -> SigSet {
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGCHLD].into_iter().collect()
}

/// The child's life; it never returns.
fn tracing_child(parent: Pid, words: &mut File, work: impl FnOnce(&mut Waiter) -> Vec<u8>) -> ! {
    let status = std::panic::catch_unwind(AssertUnwindSafe(|| {
        // The default hook would write to the terminal.
        std::panic::set_hook(Box::new(|_| {}));
        let mut waiter = prepare_child(parent)?;
        let said = work(&mut waiter);
        words.write_all(&said).map_err(|_| Errno::EIO)
    }));
    let code = match status {
        Ok(Ok(())) => 0,
        Ok(Err(errno)) => errno as i32,
        Err(_) => 101,
    };
    // SAFETY: ends this process without running what the parent registered to run at exit.
    unsafe { libc::_exit(code) }
}

fn prepare_child(parent: Pid) -> Result<Waiter, Errno> {
    let waiter = Waiter::new()?;
    // No session of its own: that would be a new group of the scheduler (sched(7), autogroup), and Linux 6.18 has been seen to
    // let one wait for a minute beside four busy processes, which may be while a target is stopped.
    setpgid(Pid::this(), Pid::this())?;
    nix::sys::prctl::set_pdeathsig(Signal::try_from(FRONT_END_DIED)?)?;
    if getppid() != parent {
        return Err(Errno::ESRCH);
    }
    // A core dump would be made before the targets are let go, and its helper may need one of them.
    nix::sys::prctl::set_dumpable(false)?;
    // A page fault inside the stop might wait for a disk that the target serves. A plain user may not be allowed to lock
    // everything; then what is used anyway has just been touched.
    let locked = mlockall(MlockAllFlags::MCL_CURRENT | MlockAllFlags::MCL_FUTURE);
    if locked.is_ok() && lock_is_limited() {
        // Memory that we need later would be refused, and that would be our end in the middle of it all.
        munlockall()?;
    }
    stock_heap();
    Ok(waiter)
}

/// Has memory at hand for what is done while targets are held: to get it from the kernel, page by page, would lengthen the stop.
fn stock_heap() {
    const STOCK: usize = 1 << 20;
    #[cfg(target_env = "gnu")]
    // SAFETY: mallopt sets numbers of the allocator, and no other thread of this process uses it now.
    unsafe {
        // What is freed stays, and comes from the heap that stays. A refusal costs time only.
        let _kept = libc::mallopt(libc::M_TRIM_THRESHOLD, 16 * STOCK as libc::c_int);
        let _whole = libc::mallopt(libc::M_MMAP_THRESHOLD, 2 * STOCK as libc::c_int);
    }
    drop(std::hint::black_box(vec![1u8; STOCK]));
}

/// Whether RLIMIT_MEMLOCK, and no privilege to pass it, holds for us: tried with memory that nobody can use.
fn lock_is_limited() -> bool {
    // SAFETY: rlimit is plain integers, which getrlimit fills.
    let limit = unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        libc::getrlimit(libc::RLIMIT_MEMLOCK, &raw mut limit);
        limit.rlim_cur
    };
    if limit == libc::RLIM_INFINITY {
        return false;
    }
    let length = usize::try_from(limit).ok().and_then(|limit| NonZeroUsize::new(limit.saturating_add(4096)));
    let Some(length) = length else { return true };
    // SAFETY: a new anonymous mapping at an address of the kernel's choice aliases nothing, and it is unmapped at once.
    unsafe {
        match mmap_anonymous(None, length, ProtFlags::PROT_NONE, MapFlags::MAP_PRIVATE | MapFlags::MAP_NORESERVE) {
            Ok(memory) => munmap(memory, length.get()).is_err(),
            Err(_) => true,
        }
    }
}

/// Waits for the child's end; how it died if it did.
fn attend(child: Pid, signals: &SigSet, patience: &dyn Patience) -> Result<Option<String>, Errno> {
    let begun = Instant::now();
    let mut killed = false;
    loop {
        match waitpid(child, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(_, 0)) => return Ok(None),
            Ok(WaitStatus::Exited(_, code)) => return Ok(Some(format!("it ended with status {code}"))),
            Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(Some(format!("it was killed by {signal}"))),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
        if !killed && patience.is_over(begun.elapsed()) {
            kill(child, Signal::SIGKILL)?;
            killed = true;
        }
        let time =
            libc::timespec { tv_sec: LOOK.as_secs() as libc::time_t, tv_nsec: libc::c_long::from(LOOK.subsec_nanos()) };
        // SAFETY: both pointers are to live values; no siginfo is asked for.
        let signal = unsafe { libc::sigtimedwait(signals.as_ref(), std::ptr::null_mut(), &raw const time) };
        if matches!(signal, libc::SIGINT | libc::SIGTERM | libc::SIGHUP) {
            // It has not been waited for, so the pid is still its own.
            kill(child, Signal::try_from(signal)?)?;
        }
    }
}
