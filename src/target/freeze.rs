//! Stopping every thread of one or more processes, and letting them go.
//!
//! All threads are seized and interrupted first and only then waited for: stops overlap. A pass over `task/` that finds no
//! thread which is not stopped ends it. Nothing here changes a thread beyond stopping it, so our death at any point lets
//! all of them go on.

use super::reaper::{Reaper, note};
use super::tracee::{Event, Fault, Resume, Stop, Tracee, Waiter};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use std::collections::{HashMap, HashSet};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

/// A process that is to be stopped.
#[derive(Debug)]
pub struct Subject {
    /// Its pid.
    pub pid: i32,
    /// Its `task/`, opened before the stop and bound to this very process.
    task: Dir,
    dir: RawFd,
    /// Threads that run user code, of those that were there before the stop. io_uring workers do not: they are neither
    /// stopped nor waited for.
    ordinary: HashSet<i32>,
}

/// A process all of whose threads stand still.
#[derive(Debug)]
pub struct Frozen {
    /// Its pid.
    pub pid: i32,
    /// Its living threads, in the order of `task/`: the leader first, if it lives.
    pub threads: Vec<Thread>,
}

/// A stopped thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thread {
    /// The thread.
    pub tracee: Tracee,
    /// Where it stands.
    pub stop: Stop,
}

/// Why a process could not be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreezeError {
    /// Index of the subject.
    pub subject: usize,
    /// The thread, 0 if it is about the process.
    pub tid: i32,
    /// Why.
    pub fault: Fault,
}

/// So few threads are asked to stop within a fraction of a turn on a processor.
const FEW: usize = 16;

/// How long threads that were asked to stop are waited for once the stop has failed, all together.
const GRACE: Duration = Duration::from_millis(100);

/// `PF_IO_WORKER | PF_USER_WORKER` of include/linux/sched.h: threads that live in the kernel.
const WORKER_FLAGS: u64 = 0x10 | 0x4000;

/// What the beginning of a `stat` file of proc(5) says of a thread: its state, and whether it is a kernel worker.
pub(super) fn thread_state(dir: RawFd, tid: i32) -> Option<(u8, bool)> {
    let path = format!("task/{tid}/stat");
    // SAFETY: `dir` is the open /proc/PID directory of the subject, which outlives this call.
    let dir = unsafe { BorrowedFd::borrow_raw(dir) };
    let file = nix::fcntl::openat(dir, path.as_str(), OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()).ok()?;
    let mut buffer = [0u8; 512];
    let length = nix::unistd::read(&file, &mut buffer).ok()?;
    let text = buffer.get(..length)?;
    // The comm stands in parentheses and may hold any byte, so fields are counted from the last one.
    let after = text.get(memchr::memrchr(b')', text)? + 2..)?;
    let mut fields = after.split(|byte| *byte == b' ');
    let state = *fields.next()?.first()?;
    let flags = std::str::from_utf8(fields.nth(5)?).ok()?.parse::<u64>().ok()?;
    Some((state, flags & WORKER_FLAGS != 0))
}

impl Subject {
    /// Prepares to stop a process, given its `/proc/PID` directory, which must stay open.
    pub fn new(pid: i32, dir: RawFd) -> Result<Self, Errno> {
        // SAFETY: the caller keeps `dir` open for the life of this value.
        let borrowed = unsafe { BorrowedFd::borrow_raw(dir) };
        let task =
            Dir::openat(borrowed, "task", OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
        let mut subject = Self { pid, task, dir, ordinary: HashSet::new() };
        let tids = subject.tids()?;
        subject.ordinary = tids.into_iter().filter(|tid| matches!(thread_state(dir, *tid), Some((_, false)))).collect();
        Ok(subject)
    }

    /// How many threads there are, which the links of `task/` tell (`proc_task_getattr` of fs/proc/base.c). A listing may
    /// hold less: it ends at a thread that leaves while it is made.
    fn count(&self) -> Option<usize> {
        let links = nix::sys::stat::fstat(&self.task).ok()?.st_nlink as usize;
        links.checked_sub(2)
    }

    /// The threads at this moment. Empty once the process has ended.
    fn tids(&mut self) -> Result<Vec<i32>, Errno> {
        let mut tids = Vec::new();
        for entry in self.task.iter() {
            match entry {
                Ok(entry) => tids.extend(entry.file_name().to_str().ok().and_then(|name| name.parse::<i32>().ok())),
                Err(Errno::ENOENT | Errno::ESRCH) => break,
                Err(errno) => return Err(errno),
            }
        }
        Ok(tids)
    }
}

/// What is known of a thread while stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Seized and interrupted.
    Asked,
    Stopped(Stop),
    /// Ended, or nothing to stop (zombie, worker).
    Out,
}

/// Calls for each thread once, as soon as it stands still: subject's index, thread, stop.
pub type OnStop<'a> = dyn FnMut(usize, Tracee, Stop) -> Result<(), Fault> + 'a;

/// Stops every thread of every subject, and says since when it has been holding any. On failure those that stopped have
/// been let go; those that would not stop are let go by our exit only, which must follow.
pub fn freeze(
    subjects: &mut [Subject],
    waiter: &mut Waiter,
    deadline: Instant,
    on_stop: &mut OnStop<'_>,
) -> Result<(Vec<Frozen>, Instant), FreezeError> {
    let mut states: Vec<HashMap<i32, State>> = subjects.iter().map(|_| HashMap::new()).collect();
    let mut begun = None;
    let result = loop {
        match pass(subjects, &mut states, &mut begun, waiter, deadline, on_stop) {
            Ok(Some(frozen)) => break Ok((frozen, begun.unwrap_or_else(Instant::now))),
            // Threads that come faster than they are caught.
            Ok(None) if Instant::now() > deadline => {
                break Err(FreezeError { subject: 0, tid: 0, fault: Fault::Deadline });
            }
            Ok(None) => {}
            Err(error) => break Err(error),
        }
    };
    if result.is_err() {
        let_go(&states, waiter, on_stop);
    }
    result
}

/// Lets go what was asked to stop. A thread whose stop is still to come is waited for a little, and put right like any
/// other: let go by our exit alone it would see the stop (as EINTR of an epoll_wait).
fn let_go(states: &[HashMap<i32, State>], waiter: &mut Waiter, on_stop: &mut OnStop<'_>) {
    // While one thread is let go the others still stand: nobody is given way to.
    if let Some(nearness) = waiter.nearness() {
        nearness.part();
    }
    let deadline = Instant::now() + GRACE;
    for (index, states) in states.iter().enumerate() {
        let seized: Vec<Tracee> = states.keys().map(|tid| Tracee { tid: *tid }).collect();
        for (tid, state) in states {
            let tracee = Tracee { tid: *tid };
            // What fails here has ended, or will not stop and is let go by our exit.
            let stopped = match state {
                State::Stopped(_) => true,
                State::Asked => match until_stopped(tracee, &seized, waiter, deadline, false) {
                    Ok(State::Stopped(stop)) => on_stop(index, tracee, stop).is_ok(),
                    _ => false,
                },
                State::Out => false,
            };
            if stopped {
                let _gone = tracee.detach(0);
            }
        }
    }
}

/// One pass: asks the threads that are new, waits for those asked. The frozen processes if there was nothing to do and the
/// listing was whole: a thread that has ended before it could be asked may have left another behind, which the listing does
/// not show.
fn pass(
    subjects: &mut [Subject],
    states: &mut [HashMap<i32, State>],
    begun: &mut Option<Instant>,
    waiter: &mut Waiter,
    deadline: Instant,
    on_stop: &mut OnStop<'_>,
) -> Result<Option<Vec<Frozen>>, FreezeError> {
    let error = |subject, tid, fault| FreezeError { subject, tid, fault };
    let mut listings = Vec::with_capacity(subjects.len());
    for (index, subject) in subjects.iter_mut().enumerate() {
        // One thread that is all there are and bears the process's own number needs no listing.
        let alone = matches!(states[index].get(&subject.pid), Some(State::Stopped(_))) && subject.count() == Some(1);
        let tids = if alone { Ok(vec![subject.pid]) } else { subject.tids() };
        listings.push(tids.map_err(|errno| error(index, 0, errno.into()))?);
    }
    let is_new = |(index, tid): &(usize, i32)| !states[*index].contains_key(tid);
    let all = listings.iter().enumerate().flat_map(|(index, tids)| tids.iter().map(move |tid| (index, *tid)));
    let new: Vec<(usize, i32)> = all.filter(is_new).collect();
    if new.is_empty() {
        let complete = subjects.iter().zip(&listings).all(|(subject, listing)| subject.count() == Some(listing.len()));
        return if complete { settle(subjects, states, &listings).map(Some) } else { Ok(None) };
    }
    // Nobody waits for the end of what was not seized yet.
    let only = new.len() == 1 && states.iter().all(HashMap::is_empty);
    let reaper = if only { None } else { Some(Reaper::new().map_err(|errno| error(0, 0, errno.into()))?) };
    if let Some(nearness) = waiter.nearness() {
        nearness.come(new.len() <= FEW);
    }
    begun.get_or_insert_with(Instant::now);
    for (index, tid) in new {
        // One that is gone is forgotten: another may get its number.
        if let Some(state) = ask(&subjects[index], tid).map_err(|fault| error(index, tid, fault))? {
            states[index].insert(tid, state);
        }
    }
    drop(reaper);
    // Whoever was asked needs the processor to stop.
    if let Some(nearness) = waiter.nearness() {
        nearness.give_way();
    }
    for (index, known) in states.iter_mut().enumerate() {
        let seized: Vec<Tracee> = known.keys().map(|tid| Tracee { tid: *tid }).collect();
        for (tid, state) in known.iter_mut().filter(|(_, state)| **state == State::Asked) {
            let here = |fault| error(index, *tid, fault);
            *state = until_stopped(Tracee { tid: *tid }, &seized, waiter, deadline, true).map_err(here)?;
            if let State::Stopped(stop) = *state {
                match on_stop(index, Tracee { tid: *tid }, stop) {
                    Err(Fault::Gone) => *state = State::Out,
                    other => other.map_err(here)?,
                }
            }
        }
    }
    Ok(None)
}

/// The processes as they stand; threads that we hold but that are not in the listing are others' (their tid was reused
/// between listing and seizing) and are let go.
fn settle(
    subjects: &[Subject],
    states: &mut [HashMap<i32, State>],
    listings: &[Vec<i32>],
) -> Result<Vec<Frozen>, FreezeError> {
    let mut result = Vec::with_capacity(subjects.len());
    for (index, subject) in subjects.iter().enumerate() {
        let listed: HashSet<i32> = listings[index].iter().copied().collect();
        for (tid, state) in states[index].iter_mut() {
            if matches!(state, State::Stopped(_)) && !listed.contains(tid) {
                // It is gone, or it goes on: either way it is no longer ours.
                let _gone = Tracee { tid: *tid }.detach(0);
                *state = State::Out;
            }
        }
        let thread = |tid: &i32| match states[index].get(tid) {
            Some(State::Stopped(stop)) => Some(Thread { tracee: Tracee { tid: *tid }, stop: *stop }),
            _ => None,
        };
        let threads: Vec<Thread> = listings[index].iter().filter_map(thread).collect();
        if threads.is_empty() {
            return Err(FreezeError { subject: index, tid: 0, fault: Fault::Gone });
        }
        result.push(Frozen { pid: subject.pid, threads });
    }
    Ok(result)
}

/// Seizes and interrupts a thread; `None` if it has ended.
fn ask(subject: &Subject, tid: i32) -> Result<Option<State>, Fault> {
    if !subject.ordinary.contains(&tid) {
        match thread_state(subject.dir, tid) {
            None => return Ok(None),
            Some((_, true)) => return Ok(Some(State::Out)),
            Some(_) => {}
        }
    }
    match Tracee::seize(tid, libc::PTRACE_O_TRACESYSGOOD) {
        Ok(tracee) => {
            note(tracee);
            match tracee.interrupt() {
                Err(Fault::Gone) => Ok(Some(State::Out)),
                other => other.map(|()| Some(State::Asked)),
            }
        }
        Err(Errno::ESRCH) => Ok(None),
        Err(errno) => match thread_state(subject.dir, tid) {
            None => Ok(None),
            Some((_, true)) => Ok(Some(State::Out)),
            // A first thread that has ended before the others stays as it is; there is nothing to stop.
            Some((b'Z' | b'X' | b'x', _)) if tid == subject.pid => Ok(Some(State::Out)),
            // Another is on its way out of the list, and a listing ends at one that leaves meanwhile (`next_tid` of
            // fs/proc/base.c): only one without such threads shows all.
            Some((b'Z' | b'X' | b'x', _)) => Ok(None),
            Some(_) => Err(errno.into()),
        },
    }
}

/// A thread that is asked to stop does so within this time, if nothing keeps it.
const PROMPT: Duration = Duration::from_millis(1);

/// Waits for a stop. A thread in execve does not stop before the ends of the others of its process are taken note of, which
/// it has ended wherever they stood.
fn next_event(
    tracee: Tracee,
    seized: &[Tracee],
    waiter: &mut Waiter,
    deadline: Instant,
    heed: bool,
) -> Result<Event, Fault> {
    let mut time = PROMPT;
    loop {
        let soon = deadline.min(Instant::now() + time);
        match waiter.wait(tracee, soon, heed) {
            Err(Fault::Deadline) if soon < deadline => seized.iter().for_each(|seized| seized.bury()),
            other => return other,
        }
        time = (time * 2).min(Duration::from_millis(50));
    }
}

/// Waits until a thread that was asked stands still. A signal on its way is let in at once, so that it is never in our
/// hands: the thread then stops in its handler. With `heed` a signal to us ends the wait.
fn until_stopped(
    tracee: Tracee,
    seized: &[Tracee],
    waiter: &mut Waiter,
    deadline: Instant,
    heed: bool,
) -> Result<State, Fault> {
    loop {
        let stop = match next_event(tracee, seized, waiter, deadline, heed)? {
            Event::Ended => return Ok(State::Out),
            Event::Stopped(stop) => stop,
        };
        let resumed = match stop {
            Stop::Event | Stop::Group(_) => return Ok(State::Stopped(stop)),
            Stop::Signal(signal) => tracee.interrupt().and_then(|()| tracee.resume(Resume::Continue, signal)),
            Stop::Syscall | Stop::Other => tracee.interrupt().and_then(|()| tracee.resume(Resume::Continue, 0)),
        };
        match resumed {
            Err(Fault::Gone) => {}
            other => other?,
        }
    }
}

impl Frozen {
    /// Lets every thread go; the first fault that is not its end.
    pub fn release(&self) -> Result<(), Fault> {
        let mut result = Ok(());
        for thread in &self.threads {
            match thread.tracee.detach(0) {
                Ok(()) | Err(Fault::Gone) => {}
                Err(fault) => result = Err(fault),
            }
        }
        result
    }

    /// Its first thread that is of this id.
    pub fn thread(&self, tid: i32) -> Option<Thread> {
        self.threads.iter().copied().find(|thread| thread.tracee.tid == tid)
    }
}

impl AsRawFd for Subject {
    fn as_raw_fd(&self) -> RawFd {
        self.dir
    }
}
