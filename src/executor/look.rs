//! What ops look at from outside: no call is made for it.

use super::fault::OpFault;
use super::machine::Machine;
use super::prepared::Prepared;
use crate::program::{Action, Asked, Cell};
use crate::syscalls::layouts::Int;
use crate::target::{FdInfo, Timer};

impl Machine<'_> {
    /// Actions that only look at the target from outside, or write scratch memory.
    pub(super) fn look(&mut self, action: &Action) -> Result<(), OpFault> {
        let target = self.target;
        let fd = |machine: &Self, cell: Cell| machine.need(cell).map(|value| value as i32);
        match action {
            Action::Add { .. } | Action::Call(_) => {}
            Action::Load { into, buffer, offset, size, signed, swapped } => {
                let bytes = self.read_buffer(*buffer, offset + size).unwrap_or_default();
                let field = bytes.get(*offset..offset + size).ok_or_else(unreadable)?;
                self.set(*into, Int { swapped: *swapped, ..Int::plain(*size, *signed) }.value(field));
            }
            Action::Store { buffer, offset, size, signed, swapped, most, from } => {
                let int = Int { swapped: *swapped, ..Int::plain(*size, *signed) };
                self.store(*buffer, *offset, int, *most, self.need(*from)?)?;
            }
            Action::Bits { into, from, mask, shift } => {
                let value = (self.need(*from)? & mask) >> shift;
                self.set(*into, value);
            }
            Action::Divide { into, a, by, rest } => {
                let (a, by) = (self.need(*a)?, self.need(*by)?);
                let value = if *rest { a.checked_rem(by) } else { a.checked_div(by) };
                self.set(*into, value.unwrap_or(0));
            }
            Action::Ask { into, what } => {
                if let Some(value) = self.answer(*what)? {
                    self.set(*into, value);
                }
            }
            Action::OpenDescriptors { into, first, last, apart } => {
                let apart: Vec<i32> = apart.iter().filter_map(|cell| Some(self.cell(*cell)? as i32)).collect();
                // As close_range takes them: unsigned, of 32 bits.
                let range = self.need(*first)? as u32..=self.need(*last)? as u32;
                let wanted = |number: &i32| range.contains(&(*number as u32)) && !apart.contains(number);
                let numbers: Vec<i32> = target.descriptors.numbers().into_iter().filter(wanted).collect();
                if numbers.len() > into.len() {
                    return Err(OpFault::Unsafe(format!(
                        "{} descriptors are open in its range, more than the {} that the process and earlier steps were counted to have; none was closed",
                        numbers.len(),
                        into.len()
                    )));
                }
                into.iter().zip(numbers).for_each(|(cell, number)| self.set(*cell, number as u64));
            }
            Action::Fail(why) => return Err(OpFault::Unsafe((*why).to_owned())),
            Action::DescriptorFlags { into, fd: cell } => {
                let flags =
                    target.descriptors.flags(fd(self, *cell)?).map_err(|error| OpFault::Unsafe(error.to_string()))?;
                self.set(*into, flags as u64);
            }
            Action::FreeDescriptor { into } => {
                let named: Vec<i32> =
                    self.program.named.iter().filter_map(|named| Some(self.cell(*named)? as i32)).collect();
                let number = target.descriptors.free_number(&named).ok_or_else(|| {
                    OpFault::Unsafe("no free descriptor number is left below the size of its table to keep a duplicate for undo; `undo: none` with `irreversible: true` does without".into())
                })?;
                self.set(*into, number as u64);
            }
            Action::NoPosixLocks { fd: cell } => {
                let number = fd(self, *cell)?;
                if target.descriptors.holds_posix_locks(number) {
                    return Err(OpFault::Unsafe(format!(
                        "the process holds POSIX record locks on the file of descriptor {number}: closing it would drop them all, for good; `irreversible: true` allows it"
                    )));
                }
            }
            Action::SameDescription { now, expected } => {
                let (now, expected) = (fd(self, *now)?, fd(self, *expected)?);
                if !target.descriptors.same_description(now, expected) {
                    return Err(OpFault::Unsafe(format!("descriptor {now} is no longer what the step made it")));
                }
            }
        }
        Ok(())
    }

    /// The answer, if there is one.
    fn answer(&self, what: Asked) -> Result<Option<u64>, OpFault> {
        let Prepared { process, descriptors, .. } = self.target;
        let fd = |cell: Cell| self.need(cell).map(|value| value as i32);
        Ok(match what {
            Asked::Umask => process.umask(),
            Asked::Offset(of) => descriptors.told(fd(of)?).and_then(|info| info.offset()).map(|offset| offset as u64),
            Asked::SameDescription(a, b) => Some(descriptors.same_description(fd(a)?, fd(b)?).into()),
            Asked::SameFile(a, b) => descriptors.same_file(fd(a)?, fd(b)?).map(u64::from),
            Asked::Flock(of) => descriptors.told(fd(of)?).map(|info| flock(&info)),
            Asked::PosixLocks(of) => Some(descriptors.holds_posix_locks(fd(of)?).into()),
            Asked::DescriptionLocks(of) => descriptors.told(fd(of)?).map(|info| info.locks("OFDLCK").count() as u64),
            Asked::SignalMask(of) => descriptors.told(fd(of)?).and_then(|info| info.signal_mask()),
            Asked::EpollEvents(epoll, of) => {
                let watched = descriptors.watched(fd(epoll)?, fd(of)?);
                watched.map(|watched| watched.map_or(ABSENT, |(events, _)| events))
            }
            Asked::EpollData(epoll, of) => {
                let watched = descriptors.watched(fd(epoll)?, fd(of)?);
                watched.map(|watched| watched.map_or(0, |(_, data)| data))
            }
            Asked::WatchMask(of, watch) => {
                let watch = fd(watch)?;
                descriptors.told(fd(of)?).map(|info| info.watch_mask(watch).unwrap_or(ABSENT))
            }
            Asked::TimerDue(of) => {
                let number = fd(of)?;
                due(process.tid, || descriptors.timer(number))
            }
            Asked::TimerInterval(of) => descriptors.timer(fd(of)?).map(|timer| timer.interval),
            Asked::TimerTicks(of) => descriptors.timer(fd(of)?).map(|timer| timer.ticks),
            Asked::TimerClock(of) => descriptors.timer(fd(of)?).map(|timer| restart(timer).0 as u64),
            Asked::TimerFlags(of) => descriptors.timer(fd(of)?).map(|timer| restart(timer).1 as u64),
            Asked::Now(clock) => crate::target::now(process.tid, fd(clock)?),
        })
    }
}

const ABSENT: u64 = -(libc::ENOENT as i64) as u64;

/// The one lock that a description can have by flock(2).
fn flock(info: &FdInfo) -> u64 {
    let lock = match info.locks("FLOCK").next() {
        Some("WRITE") => libc::LOCK_EX,
        Some(_) => libc::LOCK_SH,
        None => libc::LOCK_UN,
    };
    lock as u64
}

/// By which clock, and with which flags, a timer is started again. One that was started by the time left on a clock that can
/// be set goes by the time that passes; any other one may as well be told the instant.
fn restart(timer: Timer) -> (i32, i32) {
    let can_be_set = matches!(timer.clock, libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_ALARM);
    match (can_be_set, timer.flags & libc::TFD_TIMER_ABSTIME != 0) {
        (true, false) => (libc::CLOCK_MONOTONIC, 0),
        (true, true) => (timer.clock, timer.flags),
        (false, _) => (timer.clock, libc::TFD_TIMER_ABSTIME),
    }
}

/// When a timer expires next; 0 if it does not run. Whoever comes between the look at the timer and the look at the clock
/// makes it seem later, so the closest of several is taken.
fn due(tid: i32, timer: impl Fn() -> Option<Timer>) -> Option<u64> {
    const CLOSE: u64 = 100_000;
    let mut best: Option<(u64, u64)> = None;
    for _ in 0..8 {
        let clock = restart(timer()?).0;
        let before = crate::target::now(tid, clock)?;
        let left = timer()?.left;
        let apart = crate::target::now(tid, clock)?.saturating_sub(before);
        if left == 0 {
            return Some(0);
        }
        let due = before.checked_add(apart / 2)?.checked_add(left)?;
        if best.is_none_or(|(closest, _)| apart < closest) {
            best = Some((apart, due));
        }
        if apart < CLOSE {
            break;
        }
    }
    best.map(|(_, due)| due)
}

fn unreadable() -> OpFault {
    OpFault::Unsafe("a buffer in the target could not be read".into())
}
