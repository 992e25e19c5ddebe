//! The answers to what ops ask of a stopped target.

use super::fault::OpFault;
use super::machine::Machine;
use super::prepared::Prepared;
use crate::program::{Asked, Cell};
use crate::remote::CallFault;
use crate::target::{FdInfo, Timer};
use nix::errno::Errno;

impl Machine<'_> {
    /// The answer, if there is one.
    pub(super) fn ask(&self, what: Asked) -> Result<Option<u64>, OpFault> {
        let Prepared { process, descriptors, .. } = self.target;
        let thread = self.thread();
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
            Asked::Mark(of) => descriptors.mark(fd(of)?),
            Asked::Open(of, mark) => Some(self.is_open(fd(of)?, mark.and_then(|mark| self.cell(mark)))?),
            Asked::Privileges => Some(process.privileges(thread)),
            Asked::Limit(resource) => process.soft_limit(resource),
            Asked::Ambient => process.status_of(thread).and_then(|status| status.capamb),
            Asked::Bounding => process.status_of(thread).and_then(|status| status.capbnd),
            Asked::Pending => process.status_of(thread).map(|status| status.sigpnd | status.shdpnd),
            Asked::StackPointer => Some(self.runner.own_stack()),
            Asked::Clock => Some(clock()),
            Asked::PosixTimerClock(timer) => process.timer(self.need(timer)?).map(|timer| u64::from(timer.keeps_time)),
            Asked::PosixTimerSignal(timer) => process.timer(self.need(timer)?).map(|timer| timer.signal as u64),
            Asked::Namespace(kind) => process.namespace(thread, kind),
            Asked::AloneInGroup => process.alone_in_group().map(u64::from),
            Asked::MemoryMark(command) => process.memory_mark(command),
        })
    }

    /// Whether a descriptor is open as it was marked: 1 if so, 0 if it is closed, 2 if its number stands for something else.
    fn is_open(&self, fd: i32, mark: Option<u64>) -> Result<u64, OpFault> {
        let Prepared { descriptors, taken, .. } = self.target;
        match descriptors.is_open(fd) {
            Ok(true) => {}
            Ok(false) => return Ok(0),
            Err(Errno::ESRCH) => return Err(OpFault::Call { call: "kcmp", fault: CallFault::Gone }),
            Err(errno) => return Err(OpFault::Unsafe(format!("descriptor {fd} can't be looked at: {}", errno.desc()))),
        }
        // While a run lasts nobody but its own steps can have changed anything.
        let Some(taken) = taken else { return Ok(1) };
        let Some(mark) = mark else { return Ok(if taken.contains(&fd) { 2 } else { 1 }) };
        match descriptors.mark(fd) {
            Some(now) => Ok(if now == mark { 1 } else { 2 }),
            None => Err(OpFault::Unsafe(format!("what descriptor {fd} is open on can't be told any more"))),
        }
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

/// Nanoseconds of a clock that goes on in a suspended machine.
fn clock() -> u64 {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME).map(std::time::Duration::from);
    now.map_or(0, |now| now.as_nanos() as u64)
}
