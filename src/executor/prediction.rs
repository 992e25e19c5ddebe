//! Which thread would run a step, as far as it can be told without stopping any: how each would stand if it were stopped in
//! what it is seen doing, put through the same choice.

use super::Eintr;
use super::choice::{CLOSE_LOOKS, Demands, NoChoice, Standing, USER_CS, ranked, room_for, stands_for_all};
use super::prepared::Prepared;
use crate::remote::{ERESTART_RESTARTBLOCK, ERESTARTSYS, Image, Rest, registers_at, rest_of};
use crate::syscalls::{self, Arch, restart};
use crate::target::{Activity, Place, Stop, Tracee};
use libc::user_regs_struct;

/// A thread, what it is doing, and what the stop would mean for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hand {
    /// Its id.
    pub tid: i32,
    /// Its name.
    pub name: String,
    /// State letter of proc(5).
    pub state: char,
    /// `asleep in epoll_wait`.
    pub doing: String,
    /// What becomes of that.
    pub then: &'static str,
}

/// How a thread would stand.
#[derive(Debug, Clone)]
pub struct Likely {
    /// If it were stopped now.
    pub standing: Standing,
    /// In words.
    pub hand: Hand,
}

impl Likely {
    /// From what it was seen doing.
    pub fn new(seen: &Activity, eintr: Eintr) -> Self {
        let stop = if seen.state == 'T' { Stop::Group(libc::SIGSTOP) } else { Stop::Event };
        let call = match seen.place {
            Place::Call { number, .. } => {
                u32::try_from(number).ok().and_then(|number| syscalls::by_number(Arch::X86_64, number))
            }
            _ => None,
        };
        let mut registers = match seen.place {
            Place::Waiting { stack } | Place::Call { stack, .. } => registers_at(stack),
            Place::Running | Place::Unknown => registers_at(0),
        };
        registers.cs = USER_CS;
        registers.orig_rax = u64::MAX;
        // Not told without a stop; where it is the thread's own stack that it stands on, its `fs_base` lies there, too.
        registers.fs_base = registers.rsp;
        let mut lost = false;
        if let Place::Call { number, args, .. } = seen.place {
            registers.orig_rax = number;
            lost = eintr == Eintr::Leave && stop == Stop::Event && call.is_some_and(restart::always_interrupted);
            let by_note = call.is_some_and(|call| restart::goes_on_by_note(call, &args));
            let errno = match (lost, by_note) {
                (true, _) => i64::from(libc::EINTR),
                (false, true) => ERESTART_RESTARTBLOCK,
                (false, false) => ERESTARTSYS,
            };
            registers.rax = -errno as u64;
        }
        let standing = Standing { tracee: Tracee { tid: seen.tid }, stop, registers };
        let name = call.map(|call| call.name.to_owned());
        let hand = Hand {
            tid: seen.tid,
            name: seen.name.clone(),
            state: seen.state,
            doing: doing(seen, name),
            then: then(&registers, lost, call.is_some_and(restart::always_interrupted)),
        };
        Self { standing, hand }
    }
}

fn doing(seen: &Activity, call: Option<String>) -> String {
    let at = match (seen.place, call) {
        (Place::Call { .. }, Some(name)) => format!(" in {name}"),
        (Place::Call { number, .. }, None) => format!(" in call {number}"),
        _ => String::new(),
    };
    match seen.state {
        'T' => format!("stopped{at}"),
        'D' => format!("in an uninterruptible wait{at}"),
        _ if at.is_empty() => "running".to_owned(),
        _ => format!("asleep{at}"),
    }
}

fn then(registers: &user_regs_struct, lost: bool, anew: bool) -> &'static str {
    match rest_of(registers) {
        _ if lost => "its call ends in EINTR (--eintr leave)",
        Rest::Running => "it is held up",
        Rest::Timed => "its wait ends on time",
        Rest::Exact if anew => "its call is made anew",
        Rest::Exact => "its call goes on",
    }
}

/// The thread that would run what no step names a thread for.
pub fn choose<'l>(target: &Prepared, likely: &'l [Likely], demands: Demands) -> Result<&'l Hand, NoChoice> {
    let standings: Vec<Standing> = likely.iter().map(|likely| likely.standing).collect();
    let stack_pointers: Vec<u64> = standings.iter().map(|standing| standing.registers.rsp).collect();
    let hand = |standing: &Standing| likely.iter().map(|one| &one.hand).find(|hand| hand.tid == standing.tracee.tid);
    let frame = Image::typical().frame_size();
    let (mut unlike, mut fallback) = (true, None);
    for standing in ranked(target, &standings, demands.overwrites_restart)?.into_iter().take(CLOSE_LOOKS) {
        if !stands_for_all(target, &standings, standing) {
            continue;
        }
        unlike = false;
        let Some(room) = room_for(target, standing, &stack_pointers, frame, demands.data) else { continue };
        if room.handlers {
            return hand(standing).ok_or(NoChoice::Unlike);
        }
        fallback = fallback.or(hand(standing));
    }
    demands.or(fallback, unlike)
}
