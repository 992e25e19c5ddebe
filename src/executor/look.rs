//! What ops look at from outside: no call is made for it.

use super::fault::OpFault;
use super::machine::Machine;
use crate::program::{Action, Cell};
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
            Action::Divide { into, a, by, rest } => {
                let (a, by) = (self.need(*a)?, self.need(*by)?);
                let value = if *rest { a.checked_rem(by) } else { a.checked_div(by) };
                self.set(*into, value.unwrap_or(0));
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
        }
        Ok(())
    }
}

fn unreadable() -> OpFault {
    OpFault::Unsafe("a buffer in the target could not be read".into())
}
