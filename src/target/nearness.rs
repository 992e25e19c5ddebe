//! Keeps the tracer on the processor of its tracee while that is stopped.
//!
//! A hand-over to another processor takes an interrupt there: 10 to 35 µs on a virtual machine, against 2 to 6 on one. But
//! the kernel wakes a thread on an idle processor rather than on one that is at work, and who resumes it is at work. One
//! that runs only `SCHED_IDLE` threads counts as idle, so the tracer becomes one: the tracee is woken where it was, takes
//! the processor at once, and gives it back as it stops. That takes the privilege to leave the policy again, and is undone
//! by a second thread if the stop goes on for longer than a hand-over ever should: on a processor that others want too an
//! idle thread may wait for ever. It comes there as a `SCHED_FIFO` thread, for the moment in which the tracee is asked to
//! stop: as an ordinary one it would wait for the end of the turn of whoever runs there, 3 ms.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::{Pid, gettid};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// So long the tracer may have another policy than its own, and how often that is looked at.
const LONGEST: Duration = Duration::from_millis(2);
const LOOK: Duration = Duration::from_micros(250);
/// What the watching thread needs of a stack; all of it may be locked.
const STACK: usize = 64 << 10;

/// A tracer that can come near to its tracee.
#[derive(Debug)]
pub struct Nearness {
    tracer: Pid,
    /// Where it may run otherwise.
    everywhere: CpuSet,
    aim: Option<usize>,
    near: Option<usize>,
    gives_way: bool,
    clock: Arc<Clock>,
    watch: Option<Sender<usize>>,
}

/// What the tracer and the thread that watches it both know.
#[derive(Debug)]
struct Clock {
    /// What the times are counted from.
    begun: Instant,
    /// Nanoseconds at which it took another policy than its own; 0: it has its own.
    since: AtomicU64,
    /// It had it for too long, and must not again.
    over: AtomicBool,
    /// It has nothing to do any more where it is.
    parting: AtomicBool,
}

impl Clock {
    fn now(&self) -> u64 {
        self.begun.elapsed().as_nanos() as u64
    }

    fn begin(&self) {
        self.since.store(self.now().max(1), Ordering::SeqCst);
    }

    fn is_over(&self) -> bool {
        let since = self.since.load(Ordering::SeqCst);
        since != 0 && self.now().saturating_sub(since) > LONGEST.as_nanos() as u64
    }
}

impl Nearness {
    /// For the calling thread; `None` if it is no ordinary thread, may not leave `SCHED_IDLE` again, or has one processor only.
    /// A thread is made for it: what looks at the last pid must come later.
    pub fn new() -> Option<Self> {
        // SAFETY: sched_getscheduler takes a number.
        let ordinary = unsafe { libc::sched_getscheduler(0) } == libc::SCHED_OTHER;
        let tracer = gettid();
        let everywhere = sched_getaffinity(tracer).ok()?;
        let processors = (0..CpuSet::count()).filter(|cpu| everywhere.is_set(*cpu) == Ok(true)).count();
        if !ordinary || processors < 2 {
            return None;
        }
        let clock = Arc::new(Clock {
            begun: Instant::now(),
            since: AtomicU64::new(0),
            over: AtomicBool::new(false),
            parting: AtomicBool::new(false),
        });
        let (watch, orders) = channel::<usize>();
        let (begun, told) = channel();
        let (shared, home) = (clock.clone(), everywhere);
        let watcher = move || {
            // Tried on this thread: one that can't leave the policy again keeps it.
            let able = may_return();
            let _told = begun.send(able);
            // Nothing to watch until the first word.
            let Ok(mut near) = orders.recv() else { return };
            loop {
                match orders.recv_timeout(LOOK) {
                    Ok(now) => near = now,
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => {}
                }
                // Again and again: it may have taken the other policy in the same moment.
                if shared.is_over() {
                    shared.over.store(true, Ordering::SeqCst);
                    leave(tracer, &home);
                } else if shared.parting.load(Ordering::SeqCst) {
                    go_elsewhere(tracer, near, &home);
                }
            }
        };
        std::thread::Builder::new().stack_size(STACK).spawn(watcher).ok()?;
        if !told.recv().ok()? {
            return None;
        }
        Some(Self { tracer, everywhere, aim: None, near: None, gives_way: false, clock, watch: Some(watch) })
    }

    /// Means to go to this processor.
    pub fn aim(&mut self, processor: usize) {
        self.aim = Some(processor);
    }

    /// Goes there, if that is allowed. From then on it takes time from whoever runs there, so it is the last thing to do
    /// before the stop. `at_once` is for few threads: whoever runs there does not even end its turn, and has none before it
    /// is given way to.
    pub fn come(&mut self, at_once: bool) {
        let Some(processor) = self.aim.take() else { return };
        let mut there = CpuSet::new();
        let allowed = self.everywhere.is_set(processor) == Ok(true) && there.set(processor).is_ok();
        if !allowed || self.near == Some(processor) {
            return;
        }
        if self.watch.as_ref().is_none_or(|watch| watch.send(processor).is_err()) {
            return;
        }
        if at_once && !self.clock.over.load(Ordering::SeqCst) {
            self.clock.begin();
            // Where that is refused it waits for its turn.
            set_policy(self.tracer, libc::SCHED_FIFO);
        }
        if sched_setaffinity(self.tracer, &there).is_ok() {
            self.near = Some(processor);
        } else {
            self.part();
        }
    }

    /// From now on whoever wants the processor has it.
    pub fn give_way(&mut self) {
        if self.near.is_some() && !self.gives_way && !self.clock.over.load(Ordering::SeqCst) {
            self.clock.begin();
            self.gives_way = set_policy(self.tracer, libc::SCHED_IDLE);
        }
    }

    /// Lets the tracee have its turn. We stay runnable, and so go on as soon as it stops, without being woken; and having
    /// given up a turn we are behind it in the kernel's count, so that it takes the next one by itself (`pick_eevdf` of
    /// kernel/sched/fair.c looks at that count, not at who is idle).
    pub fn yield_turn(&self) {
        std::thread::yield_now();
    }

    /// The tracee is about to be let go. It will have the processor before we have it again, so the watching thread makes us
    /// part if we don't come to do so.
    pub fn expect_to_part(&self) {
        self.clock.parting.store(true, Ordering::SeqCst);
    }

    /// Whether it gives way: to stay awake would be of no use then.
    pub fn gives_way(&self) -> bool {
        self.gives_way
    }

    /// An ordinary thread again, elsewhere: beside who was let go it would take a share of that processor.
    pub fn part(&mut self) {
        match self.near.take() {
            Some(near) => go_elsewhere(self.tracer, near, &self.everywhere),
            None => leave(self.tracer, &self.everywhere),
        }
        self.gives_way = false;
        self.clock.since.store(0, Ordering::SeqCst);
        self.clock.parting.store(false, Ordering::SeqCst);
    }
}

impl Drop for Nearness {
    fn drop(&mut self) {
        self.part();
    }
}

/// Whether a thread of ours can become idle and ordinary again: tried on this one. (Capabilities that a user namespace gives do
/// not count, though they are told.)
fn may_return() -> bool {
    let us = Pid::from_raw(0);
    // A thread may leave SCHED_IDLE without privilege if its nice value is within RLIMIT_NICE (sched(7)).
    let privileged = {
        // SAFETY: rlimit is plain integers, which getrlimit fills.
        let limit = unsafe {
            let mut limit: libc::rlimit = std::mem::zeroed();
            libc::getrlimit(libc::RLIMIT_NICE, &raw mut limit);
            limit.rlim_cur
        };
        limit >= 20 || holds_sys_nice()
    };
    privileged && set_policy(us, libc::SCHED_IDLE) && set_policy(us, libc::SCHED_OTHER)
}

/// `CAP_SYS_NICE` (23, capabilities(7)) in the effective set.
fn holds_sys_nice() -> bool {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    effective.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).is_some_and(|set| set & (1 << 23) != 0)
}

/// Leaves a processor for any other.
fn go_elsewhere(tracer: Pid, near: usize, everywhere: &CpuSet) {
    let mut elsewhere = *everywhere;
    let _moved = elsewhere.unset(near).and_then(|()| sched_setaffinity(tracer, &elsewhere));
    leave(tracer, everywhere);
}

fn leave(tracer: Pid, everywhere: &CpuSet) {
    // What was allowed before is allowed.
    set_policy(tracer, libc::SCHED_OTHER);
    let _allowed = sched_setaffinity(tracer, everywhere);
}

fn set_policy(thread: Pid, policy: i32) -> bool {
    // SAFETY: sched_param is a plain integer, for which zero is a value (and the least of SCHED_FIFO is 1); the pointer is to a local.
    unsafe {
        let mut param: libc::sched_param = std::mem::zeroed();
        param.sched_priority = i32::from(policy == libc::SCHED_FIFO);
        libc::sched_setscheduler(thread.as_raw(), policy, &raw const param) == 0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test says what is wrong by ending
mod tests {
    use super::*;

    /// Policy of this thread.
    fn policy() -> i32 {
        // SAFETY: sched_getscheduler takes a number.
        unsafe { libc::sched_getscheduler(0) }
    }

    /// A thread that has nothing to do and does it all the time, on one processor.
    struct Hog {
        stop: Arc<AtomicBool>,
        thread: Option<std::thread::JoinHandle<()>>,
    }

    impl Hog {
        fn on(processor: usize) -> Self {
            let stop = Arc::new(AtomicBool::new(false));
            let told = stop.clone();
            let (ready, begun) = channel();
            let run = move || {
                let mut here = CpuSet::new();
                here.set(processor).unwrap();
                sched_setaffinity(Pid::from_raw(0), &here).unwrap();
                ready.send(()).unwrap();
                while !told.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            };
            let thread = Some(std::thread::spawn(run));
            begun.recv().unwrap();
            Self { stop, thread }
        }
    }

    impl Drop for Hog {
        fn drop(&mut self) {
            self.stop.store(true, Ordering::Relaxed);
            let _ended = self.thread.take().map(std::thread::JoinHandle::join);
        }
    }

    #[test]
    fn who_gives_way_to_a_hog_gets_on_all_the_same() {
        let Some(mut nearness) = Nearness::new() else {
            // Without the privilege, or with one processor, nobody gives way.
            assert!(!holds_sys_nice() || std::thread::available_parallelism().unwrap().get() == 1);
            return;
        };
        let processor = (0..CpuSet::count()).find(|cpu| nearness.everywhere.is_set(*cpu) == Ok(true)).unwrap();
        let _hog = Hog::on(processor);
        nearness.aim(processor);
        nearness.come(false);
        nearness.give_way();
        assert!(nearness.gives_way());
        // Who watches makes this an ordinary thread again, or it would hardly come so far.
        let begun = Instant::now();
        while policy() != libc::SCHED_OTHER {
            assert!(begun.elapsed() < Duration::from_secs(10), "it still gives way");
        }
        nearness.part();
        assert_eq!(sched_getaffinity(Pid::from_raw(0)).unwrap(), nearness.everywhere);
    }

    #[test]
    fn who_comes_at_once_to_a_hog_parts_from_it_again() {
        let Some(mut nearness) = Nearness::new() else { return };
        let processor = (0..CpuSet::count()).find(|cpu| nearness.everywhere.is_set(*cpu) == Ok(true)).unwrap();
        let _hog = Hog::on(processor);
        nearness.aim(processor);
        nearness.come(true);
        assert_eq!(nearness.near, Some(processor));
        nearness.give_way();
        nearness.expect_to_part();
        // The hog has the processor now, and the watching thread sees to it that we go on elsewhere.
        nearness.yield_turn();
        nearness.part();
        assert_eq!(policy(), libc::SCHED_OTHER);
        assert_eq!(sched_getaffinity(Pid::from_raw(0)).unwrap(), nearness.everywhere);
    }

    #[test]
    fn who_comes_at_once_and_stays_is_an_ordinary_thread_again_soon() {
        let Some(mut nearness) = Nearness::new() else { return };
        let processor = (0..CpuSet::count()).find(|cpu| nearness.everywhere.is_set(*cpu) == Ok(true)).unwrap();
        nearness.aim(processor);
        nearness.come(true);
        let begun = Instant::now();
        while policy() != libc::SCHED_OTHER {
            assert!(begun.elapsed() < Duration::from_secs(10), "it still goes before all others");
        }
        nearness.give_way();
        assert!(!nearness.gives_way());
        nearness.part();
    }

    #[test]
    fn who_parts_is_where_and_what_it_was() {
        let Some(mut nearness) = Nearness::new() else { return };
        let processor = (0..CpuSet::count()).rfind(|cpu| nearness.everywhere.is_set(*cpu) == Ok(true)).unwrap();
        nearness.aim(processor);
        nearness.come(false);
        nearness.give_way();
        nearness.part();
        assert_eq!(policy(), libc::SCHED_OTHER);
        assert_eq!(sched_getaffinity(Pid::from_raw(0)).unwrap(), nearness.everywhere);
    }
}
