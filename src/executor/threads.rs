//! Threads that run steps of their own beside the one that runs those of the process.

use super::choice::{Standing, suffering};
use super::fault::OpFault;
use super::foresight::overwrites_restart;
use super::machine::Machine;
use super::prepared::Prepared;
use super::refusal::refusal;
use super::seccomp_gate::Gate;
use crate::problem::Problem;
use crate::program::{Program, StepCode};
use crate::remote::{Gadgets, Image, PrepareError, Room, Runner};
use crate::syscalls::{Kind, Nature, Syscall};
use crate::target::{Fault, Resource, Waiter, shares};
use std::collections::{BTreeMap, BTreeSet};

/// A thread on its landing frame, and what its seccomp filters let through.
pub struct Worker {
    /// The thread.
    pub runner: Runner,
    /// Its filters.
    pub gate: Gate,
}

/// Those that are not at work, by thread id, and the memory that was made for their landing frames.
#[derive(Default)]
pub struct Crew {
    waiting: BTreeMap<i32, Worker>,
    ground: Option<(u64, u64)>,
}

/// Why a thread can't run its steps.
pub enum Unfit {
    /// In a sentence.
    Because(String),
    /// It is refused.
    Refused(Problem),
    /// It could not be moved.
    NotPrepared(PrepareError),
    /// No memory for its frame.
    NoGround(OpFault),
}

impl From<Fault> for Unfit {
    fn from(fault: Fault) -> Self {
        Self::Because(fault.to_string())
    }
}

impl Crew {
    /// One more.
    pub fn add(&mut self, worker: Worker) {
        self.waiting.insert(worker.runner.tracee().tid, worker);
    }

    /// Notes memory that was made for frames.
    pub fn stand_on(&mut self, base: u64, length: u64) {
        self.ground = Some((base, length));
    }

    /// Takes one out, to work.
    pub fn take(&mut self, tid: i32) -> Option<Worker> {
        self.waiting.remove(&tid)
    }

    /// Whether `[start, end)` holds memory that one of them stands on.
    pub fn stands_on(&self, start: u64, end: u64) -> bool {
        let ground = self.ground.is_some_and(|(base, length)| start < base + length && end > base);
        ground || self.waiting.values().any(|worker| worker.runner.stands_on(start, end))
    }

    /// Gives all of them back to themselves; the memory on which they stood.
    pub fn dismiss(&mut self, target: &Prepared) -> (Option<(u64, u64)>, Result<(), OpFault>) {
        let mut result = Ok(());
        for (_, worker) in std::mem::take(&mut self.waiting) {
            if let Err(fault) = worker.runner.finish(&target.memory) {
                result = Err(OpFault::Call { call: "letting a thread go", fault });
            }
        }
        (self.ground.take(), result)
    }
}

/// Threads that steps of a program name.
pub fn named(program: &Program) -> BTreeSet<i32> {
    let of_step = |step: &StepCode| {
        let undo = step.undo_steps.iter().map(|undo| undo.thread);
        std::iter::once(step.thread).chain(undo).flatten().collect::<Vec<_>>()
    };
    program.steps.iter().filter(|step| step.skip.is_none()).flat_map(of_step).collect()
}

/// A thread that is to be moved.
struct Recruit<'s> {
    standing: &'s Standing,
    image: Image,
}

/// Left below each frame, for handlers: a signal may come to a thread that lands by itself.
const BELOW: u64 = 8 * 4096;

/// Finds the code that a thread calls through and what its filters say, or refuses it.
pub type Tools<'a> = dyn FnMut(&Standing) -> Result<(Gadgets, Gate), Problem> + 'a;

/// Moves every thread that the program names onto a landing frame. If one can't be, those moved so far are given back by
/// [`Machine::finish`].
pub fn recruit(
    machine: &mut Machine<'_>,
    waiter: &mut Waiter,
    target: &Prepared,
    standings: &[Standing],
    tools: &mut Tools<'_>,
) -> Result<(), Unfit> {
    let first = machine.thread();
    let tids = named(&target.program);
    let mut recruits = Vec::new();
    for tid in tids.into_iter().filter(|tid| *tid != first) {
        let standing = standings.iter().find(|standing| standing.tracee.tid == tid);
        let standing = standing.ok_or_else(|| Unfit::Because(format!("thread {tid} has ended")))?;
        fit(target, standing)?;
        let image = Image::read(standing.tracee)?;
        recruits.push(Recruit { standing, image });
    }
    // All on memory of their own: whose stack is whose can't be told where several lie in one mapping.
    let space = |recruit: &Recruit<'_>| BELOW + recruit.image.frame_size().next_multiple_of(4096);
    let needed: u64 = recruits.iter().map(space).sum();
    let mut at = 0;
    if needed > 0 {
        at = machine.make_ground(waiter, needed).map_err(Unfit::NoGround)?;
    }
    for recruit in recruits {
        let room = Room { start: at + BELOW, len: space(&recruit) - BELOW, handlers: true, padding: false };
        at += space(&recruit);
        let (gadgets, gate) = tools(recruit.standing).map_err(Unfit::Refused)?;
        let standing = recruit.standing;
        let runner =
            // The journal knows the memory that was made for it.
            Runner::prepare(standing.tracee, &standing.registers, &recruit.image, gadgets, room, &target.memory, &|_, _| {
                Ok(())
            })
            .map_err(Unfit::NotPrepared)?;
        machine.hire(Worker { runner, gate });
    }
    Ok(())
}

/// Whether a thread may be made to run its steps.
pub fn fit(target: &Prepared, standing: &Standing) -> Result<(), Unfit> {
    let tid = standing.tracee.tid;
    let overwrites = overwrites_restart(&target.program, |thread| thread == Some(tid));
    if suffering(standing, overwrites).is_none() {
        let why = if overwrites {
            "is in a timed wait that its step would break, or runs 32-bit code"
        } else {
            "runs 32-bit code, which this version does not support"
        };
        return Err(Unfit::Because(format!("thread {tid} {why}")));
    }
    // What is looked at from outside is the table of the process.
    let looks = |step: &StepCode| step.forward.iter().chain(&step.undo).any(|op| op.action.is_of_descriptors());
    // What this thread does of a step, and of its undo.
    let natures = |step: &StepCode| {
        let undo = step.undo_steps.iter().map(|undo| (undo.thread.or(step.thread), undo.particulars.nature));
        let all = std::iter::once((step.thread, step.particulars.nature)).chain(undo);
        all.filter(|(thread, _)| *thread == Some(tid)).map(|(_, nature)| nature).collect::<Vec<_>>()
    };
    let run = target.program.steps.iter().filter(|step| step.skip.is_none());
    let descriptors = run.clone().flat_map(natures).any(|nature| {
        matches!(nature, Nature::GivesFd | Nature::GivesPair | Nature::ReplacesFd | Nature::ClosesFd | Nature::Fcntl)
    });
    let takes_path = |call: &Syscall| call.params.iter().any(|param| matches!(param.kind, Kind::Path));
    let path = run.clone().any(|step| {
        let undo = step.undo_steps.iter().map(|undo| (undo.thread.or(step.thread), undo.syscall));
        let mut all = std::iter::once((step.thread, step.syscall)).chain(undo);
        all.any(|(thread, call)| thread == Some(tid) && takes_path(call))
    });
    // Who shares root and working directory is in the same mount namespace: the kernel lets nobody else change that one.
    if path && shares(target.process.tid, tid, Resource::Fs) != Ok(true) {
        let why = format!(
            "thread {tid} has a root and a working directory of its own, and its step takes a path: what that names was looked up as the first thread sees it"
        );
        let help = "give the path to a step without `thread`, and let this thread use the descriptor that it returns";
        return Err(Unfit::Refused(refusal(target, "target::no-thread", &why).help(help)));
    }
    let looking = run.filter(|step| step.thread == Some(tid)).any(looks);
    if (descriptors || looking) && shares(target.process.tid, tid, Resource::Files) != Ok(true) {
        return Err(Unfit::Because(format!(
            "thread {tid} has descriptors of its own, and its step changes descriptors"
        )));
    }
    Ok(())
}
