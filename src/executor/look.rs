//! What ops look at from outside: no call is made for it.

use super::fault::OpFault;
use super::machine::Machine;
use crate::program::{Action, Asked, Cell};
use crate::syscalls::layouts::Int;

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
            Action::Ask { into, what } => {
                if let Some(value) = self.ask(*what)? {
                    self.set(*into, value);
                }
            }
            Action::Reckon { into, what, from } => {
                let values: Option<Vec<u64>> = from.iter().map(|cell| self.cell(*cell)).collect();
                if let Some(value) = values.and_then(|values| what.of(&values)) {
                    self.set(*into, value);
                }
            }
            Action::Survey { into, aspect, start, length } => self.survey(into, *aspect, *start, *length)?,
            Action::Mapped { into, start, length } => {
                let bytes = self.mapped_bytes(*start, *length)?;
                self.set(*into, bytes);
            }
            Action::FreeRange { into, length } => {
                let address = self.free_range(self.need(*length)?)?;
                self.set(*into, address);
            }
            Action::CanUnmap { start, length } => self.can_unmap(*start, *length)?,
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
            Action::IsEmpty { fd: cell } => {
                let number = fd(self, *cell)?;
                if target.descriptors.holds_content(number) {
                    return Err(OpFault::Unsafe(
                        "it has something in it by now, and emptying it could not be undone; `irreversible: true` allows it".into(),
                    ));
                }
            }
            Action::NoPosixLocksOn { device, inode } => {
                let (device, inode) = (self.need(*device)?, self.need(*inode)?);
                if target.descriptors.holds_posix_locks_on(device as u32, (device >> 32) as u32, inode) {
                    return Err(OpFault::Unsafe(
                        "the process holds POSIX record locks on it: opening and closing it once more would drop them all, for good; `irreversible: true` does without"
                            .into(),
                    ));
                }
            }
            Action::SameBytes { into, a, b, length } => {
                let length = self.need(*length)? as usize;
                let read = |buffer| self.read_buffer(buffer, length).filter(|bytes| bytes.len() == length);
                let (a, b) = read(*a).zip(read(*b)).ok_or_else(unreadable)?;
                self.set(*into, u64::from(a == b));
            }
            Action::SameDescription { now, expected } => {
                let (now, expected) = (fd(self, *now)?, fd(self, *expected)?);
                if !target.descriptors.same_description(now, expected) {
                    return Err(OpFault::Unsafe(format!("descriptor {now} is no longer what the step made it")));
                }
            }
            Action::FlagsAre { fd: cell, value, mask } => {
                let number = fd(self, *cell)?;
                let now = target.descriptors.flags(number).map_err(|error| OpFault::Unsafe(error.to_string()))?;
                let left = self.need(*value)?;
                if (now as u64 ^ left) & mask != 0 || (now < 0) != ((left as i64) < 0) {
                    return Err(OpFault::Unsafe(format!(
                        "the flags of descriptor {number} are no longer what the step left"
                    )));
                }
            }
        }
        Ok(())
    }

    /// The answer, if there is one.
    fn ask(&self, what: Asked) -> Result<Option<u64>, OpFault> {
        let process = &self.target.process;
        let thread = self.thread();
        Ok(match what {
            Asked::Open(fd) => {
                let open = self.target.descriptors.is_open(self.need(fd)? as i32);
                open.map(|open| if open { 0 } else { -i64::from(libc::EBADF) as u64 })
            }
            Asked::Umask => process.umask(),
            Asked::Privileges => Some(process.privileges(thread)),
            Asked::Limit(resource) => process.soft_limit(resource),
            Asked::Ambient => process.status_of(thread).and_then(|status| status.capamb),
            Asked::Bounding => process.status_of(thread).and_then(|status| status.capbnd),
            Asked::Pending => process.status_of(thread).map(|status| status.sigpnd | status.shdpnd),
            Asked::StackPointer => Some(self.runner.own_stack()),
            Asked::Clock => Some(clock()),
            Asked::TimerClock(timer) => process.timer(self.need(timer)?).map(|timer| u64::from(timer.keeps_time)),
            Asked::TimerSignal(timer) => process.timer(self.need(timer)?).map(|timer| timer.signal as u64),
            Asked::Namespace(kind) => process.namespace(thread, kind),
            Asked::AloneInGroup => process.alone_in_group().map(u64::from),
            Asked::MemoryMark(command) => process.memory_mark(command),
        })
    }
}

/// Nanoseconds of a clock that goes on in a suspended machine.
fn clock() -> u64 {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME).map(std::time::Duration::from);
    now.map_or(0, |now| now.as_nanos() as u64)
}

fn unreadable() -> OpFault {
    OpFault::Unsafe("a buffer in the target could not be read".into())
}
