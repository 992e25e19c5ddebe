//! Taking notice of tracees that have ended, while we may be waiting inside the kernel.
//!
//! A thread that runs a program (execve) waits until the others have ended *and their tracer has taken notice*, and holds
//! the lock that `PTRACE_SEIZE` of any thread of that process waits for: without this neither would ever go on.

use super::tracee::Tracee;
use nix::errno::Errno;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

/// How long the threads of a pass may take to be asked before we look for those that have ended.
const INTERVAL: libc::suseconds_t = 5_000;

/// Threads that were seized. What finds no place here is noticed late, by the front end's patience.
static SEIZED: [AtomicI32; 4096] = [const { AtomicI32::new(0) }; 4096];
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Notes that a thread was seized, before it can be missed.
pub fn note(tracee: Tracee) {
    let place = COUNT.load(Ordering::SeqCst);
    if let Some(slot) = SEIZED.get(place) {
        slot.store(tracee.tid, Ordering::SeqCst);
        COUNT.store(place + 1, Ordering::SeqCst);
    }
}

/// While it lives, tracees that end are noticed every few milliseconds, whatever this thread waits for.
#[derive(Debug)]
pub struct Reaper {
    before: libc::sigset_t,
}

/// Takes notice of every tracee that has ended; stops are left where they are. (Each is asked for by itself: a wait for
/// the end of just any tracee takes stops, too.)
extern "C" fn reap_all(_signal: libc::c_int) {
    // SAFETY: errno is this thread's own.
    let errno = unsafe { *libc::__errno_location() };
    for slot in SEIZED.iter().take(COUNT.load(Ordering::SeqCst)) {
        let tid = slot.load(Ordering::SeqCst);
        if tid != 0 && has_ended(tid) {
            reap(tid);
            slot.store(0, Ordering::SeqCst);
        }
    }
    // SAFETY: as above; what was interrupted finds its own errno.
    unsafe { *libc::__errno_location() = errno };
}

/// What waitid says of one thread, with these flags: the kind of its change, 0 if there is none.
fn look(tid: i32, flags: libc::c_int) -> libc::c_int {
    // SAFETY: siginfo_t is plain data, for which zero is a value, and `info` is what waitid fills.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let options = libc::WEXITED | libc::WNOHANG | libc::__WALL | flags;
        let told = libc::waitid(libc::P_PID, tid as libc::id_t, &raw mut info, options) == 0 && info.si_pid() != 0;
        if told { info.si_code } else { 0 }
    }
}

fn has_ended(tid: i32) -> bool {
    matches!(look(tid, libc::WNOWAIT), libc::CLD_EXITED | libc::CLD_KILLED | libc::CLD_DUMPED)
}

fn reap(tid: i32) {
    look(tid, 0);
}

fn set_timer(microseconds: libc::suseconds_t) -> Result<(), Errno> {
    let interval = libc::timeval { tv_sec: 0, tv_usec: microseconds };
    let timer = libc::itimerval { it_interval: interval, it_value: interval };
    // SAFETY: the kernel reads `timer`.
    Errno::result(unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) }).map(|_| ())
}

impl Reaper {
    /// Begins.
    pub fn new() -> Result<Self, Errno> {
        // SAFETY: sigset_t and sigaction are plain data, the pointers are to locals, and the handler calls waitid only,
        // which is safe in one (signal-safety(7)).
        let before = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = reap_all as *const () as usize;
            action.sa_flags = libc::SA_RESTART;
            Errno::result(libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut()))?;
            let (mut alarm, mut before): (libc::sigset_t, libc::sigset_t) = (std::mem::zeroed(), std::mem::zeroed());
            libc::sigemptyset(&raw mut alarm);
            libc::sigaddset(&raw mut alarm, libc::SIGALRM);
            Errno::result(libc::sigprocmask(libc::SIG_UNBLOCK, &raw const alarm, &raw mut before))?;
            before
        };
        let reaper = Self { before };
        set_timer(INTERVAL)?;
        Ok(reaper)
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        // A zero timer and a mask that was in force before are never refused.
        let _stopped = set_timer(0);
        // SAFETY: `before` is a mask that sigprocmask filled.
        unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const self.before, std::ptr::null_mut()) };
    }
}
