//! Which thread of a frozen process runs the calls: one that stands for the whole process, and suffers least.

use super::foresight::{lets_signals_in, overwrites_restart};
use super::prepared::Prepared;
use crate::program::Program;
use crate::remote::{Image, Rest, Room, rest_of};
use crate::target::{Fault, Stop, Tracee};
use libc::user_regs_struct;

/// `__USER_CS`: the thread runs 64-bit code.
pub const USER_CS: u64 = 0x33;
/// How many threads are looked at closely.
pub const CLOSE_LOOKS: usize = 16;

/// A thread as it stands.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// The thread.
    pub tracee: Tracee,
    /// Its stop.
    pub stop: Stop,
    /// Its registers, settled.
    pub registers: user_regs_struct,
}

/// The thread that was chosen.
#[derive(Debug, Clone)]
pub struct Choice {
    /// How it stands.
    pub standing: Standing,
    /// Where its landing frame goes.
    pub room: Room,
    /// Its extended state.
    pub image: Image,
}

/// Why none can be chosen; the end of "… is refused: …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoChoice {
    /// No thread runs 64-bit code.
    Compat,
    /// No thread is like the leader in all that matters.
    Unlike,
    /// None has room for a landing frame.
    NoRoom,
    /// None has room for handlers below it, too.
    NoHandlerRoom,
    /// All ended, or ptrace failed.
    Fault(Fault),
}

/// How much a thread would suffer; less is better. A thread in a timed wait is left alone if the calls would overwrite
/// what the kernel goes on with (`restart_block`).
pub fn suffering(standing: &Standing, overwrites_restart: bool) -> Option<u32> {
    if standing.registers.cs != USER_CS {
        return None;
    }
    let rest = rest_of(&standing.registers);
    let again = standing.registers.orig_rax == libc::SYS_restart_syscall as u64;
    match (rest, standing.stop) {
        (Rest::Exact, Stop::Event) => Some(0),
        (Rest::Exact, _) => Some(1),
        (Rest::Running, _) => Some(2),
        (Rest::Timed, _) if overwrites_restart => None,
        // Its number is known from its code only: if we die it may see EINTR.
        (Rest::Timed, _) if again => Some(4),
        (Rest::Timed, _) => Some(3),
    }
}

/// What the calls ask of the thread that makes them.
#[derive(Debug, Clone, Copy)]
pub struct Demands {
    /// It must be in no timed wait.
    pub overwrites_restart: bool,
    /// A signal may come while it stands on its frame, and if we died the handler would run below it.
    pub lets_signals_in: bool,
    /// How much scratch memory would be good to have in the room.
    pub data: u64,
}

impl Demands {
    /// Those of a program.
    pub fn of(program: &Program) -> Self {
        Self {
            overwrites_restart: overwrites_restart(program, |_| true),
            lets_signals_in: lets_signals_in(program),
            data: Self::memory(program) + 64,
        }
    }

    /// Scratch memory that a program takes.
    pub fn memory(program: &Program) -> u64 {
        program.buffers.iter().map(|buffer| (buffer.len as u64).next_multiple_of(16)).sum()
    }

    /// Of rooms without room for handlers the first that was found, if that will do.
    pub fn or<T>(&self, fallback: Option<T>, unlike: bool) -> Result<T, NoChoice> {
        match fallback {
            Some(_) if self.lets_signals_in => Err(NoChoice::NoHandlerRoom),
            Some(choice) => Ok(choice),
            None if unlike => Err(NoChoice::Unlike),
            None => Err(NoChoice::NoRoom),
        }
    }
}

/// Chooses.
pub fn choose(target: &Prepared, threads: &[Standing], demands: Demands) -> Result<Choice, NoChoice> {
    let ranked = ranked(target, threads, demands.overwrites_restart)?;
    let stack_pointers: Vec<u64> = threads.iter().map(|standing| standing.registers.rsp).collect();
    let mut fallback = None;
    let mut unlike = true;
    for standing in ranked.into_iter().take(CLOSE_LOOKS) {
        if !stands_for_all(target, threads, standing) {
            continue;
        }
        unlike = false;
        let image = Image::read(standing.tracee).map_err(NoChoice::Fault)?;
        let Some(room) = room_for(target, standing, &stack_pointers, image.frame_size(), demands.data) else {
            continue;
        };
        let choice = Choice { standing: *standing, room, image };
        if room.handlers {
            return Ok(choice);
        }
        fallback.get_or_insert(choice);
    }
    demands.or(fallback, unlike)
}

/// Threads that may make the calls, those that suffer least first.
pub fn ranked<'s>(
    target: &Prepared,
    threads: &'s [Standing],
    overwrites_restart: bool,
) -> Result<Vec<&'s Standing>, NoChoice> {
    let mut ranked: Vec<(u32, bool, &Standing)> = threads
        .iter()
        .filter_map(|standing| {
            let leader = standing.tracee.tid == target.process.pid;
            suffering(standing, overwrites_restart).map(|suffering| (suffering, !leader, standing))
        })
        .collect();
    if ranked.is_empty() {
        return Err(if threads.iter().any(|standing| standing.registers.cs == USER_CS) {
            NoChoice::Unlike
        } else {
            NoChoice::Compat
        });
    }
    // Among equals the oldest, so that a dry run can tell which.
    ranked.sort_by_key(|(suffering, other, standing)| (*suffering, *other, standing.tracee.tid));
    Ok(ranked.into_iter().map(|(_, _, standing)| standing).collect())
}

/// Whether a thread is like the first one in all that matters.
pub fn stands_for_all(target: &Prepared, threads: &[Standing], standing: &Standing) -> bool {
    let first = threads.iter().find(|standing| standing.tracee.tid == target.process.pid).or(threads.first());
    first.is_some_and(|first| first.tracee == standing.tracee || target.like(first.tracee.tid, standing.tracee.tid))
}

/// Room for a frame of that size and, if it can be had, for the data too.
pub fn room_for(target: &Prepared, standing: &Standing, stack_pointers: &[u64], frame: u64, data: u64) -> Option<Room> {
    let surveyor = target.surveyor(stack_pointers);
    surveyor
        .room(&standing.registers, frame + data)
        .or_else(|| surveyor.room(&standing.registers, frame).filter(|_| data > 0))
}
