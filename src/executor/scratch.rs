//! Memory of ours in a target, and the program's buffers in it.

use super::fault::OpFault;
use super::machine::{Machine, UNDO_TIME};
use crate::program::{Buffer, BufferId};
use crate::syscalls::layouts::Int;
use crate::target::Waiter;
use std::time::Instant;

/// Where scratch memory that the room has no place for is made.
pub(super) const MMAP: u64 = libc::SYS_mmap as u64;
const MUNMAP: u64 = libc::SYS_munmap as u64;

impl Machine<'_> {
    /// Writes the program's buffers, one behind the other from `base` on.
    pub(super) fn fill(&mut self, base: u64, total: u64) -> Result<(), OpFault> {
        // What is small goes there in one piece.
        const SMALL: u64 = 4096;
        let mut piece = vec![0; if total <= SMALL { total as usize } else { 0 }];
        let mut at = base;
        for buffer in &self.program.buffers {
            self.addresses.push(at);
            let start = (at - base) as usize;
            match piece.get_mut(start..start + buffer.bytes.len()) {
                Some(place) => place.copy_from_slice(&buffer.bytes),
                None => self.write(at, &buffer.bytes)?,
            }
            at += (buffer.len as u64).next_multiple_of(16);
        }
        if piece.is_empty() { Ok(()) } else { self.write(base, &piece) }
    }

    pub(super) fn map_scratch(&mut self, waiter: &mut Waiter, total: u64) -> Result<u64, OpFault> {
        let (base, length) = self.map(waiter, total)?;
        self.mapped = Some((base, length));
        Ok(base)
    }

    fn map(&mut self, waiter: &mut Waiter, total: u64) -> Result<(u64, u64), OpFault> {
        let length = total.next_multiple_of(4096);
        let back = [None, Some(length), Some(0), Some(0), Some(0), Some(0)];
        if !self.gate.lets_through(MUNMAP as u32, self.runner.ip(), &back) {
            return Err(OpFault::Unsafe(
                "the target's seccomp filters would not let criu-plan give scratch memory back (munmap)".into(),
            ));
        }
        let access = (libc::PROT_READ | libc::PROT_WRITE) as u64;
        // At a place that is known, and noted, before it is made: if we die it can be told from the target's own memory.
        let place = self.target.mappings.unused(length).ok().flatten();
        let fixed = if place.is_some() { libc::MAP_FIXED_NOREPLACE } else { 0 };
        let flags = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | fixed) as u64;
        let value = self.raw(waiter, "mmap", MMAP, [place.unwrap_or(0), length, access, flags, u64::MAX, 0])?;
        if (-4095..0).contains(&value) {
            return Err(OpFault::Result { call: "mmap", purpose: "scratch memory", value });
        }
        Ok((value as u64, length))
    }

    /// Gives memory back that criu-plan has made.
    pub(super) fn unmap(&mut self, waiter: &mut Waiter, (base, length): (u64, u64)) -> Result<(), OpFault> {
        self.deadline = Instant::now() + UNDO_TIME;
        match self.raw(waiter, "munmap", MUNMAP, [base, length, 0, 0, 0, 0])? {
            0 => Ok(()),
            value => Err(OpFault::Result { call: "munmap", purpose: "scratch memory", value }),
        }
    }

    /// Makes memory for landing frames of the crew.
    pub fn make_ground(&mut self, waiter: &mut Waiter, total: u64) -> Result<u64, OpFault> {
        let (base, length) = self.map(waiter, total)?;
        self.crew.stand_on(base, length);
        Ok(base)
    }

    /// A buffer of the program.
    pub fn buffer(&self, BufferId(id): BufferId) -> Option<&Buffer> {
        self.program.buffers.get(id as usize)
    }

    /// The contents of a buffer in the target.
    pub fn read_buffer(&self, BufferId(id): BufferId, length: usize) -> Option<Vec<u8>> {
        let buffer = self.program.buffers.get(id as usize)?;
        let mut bytes = vec![0; length.min(buffer.size)];
        self.target.memory.read(*self.addresses.get(id as usize)?, &mut bytes).ok()?;
        Some(bytes)
    }

    pub(super) fn write(&self, address: u64, bytes: &[u8]) -> Result<(), OpFault> {
        self.target.memory.write(address, bytes).map_err(|error| OpFault::Unsafe(format!("scratch memory: {error}")))
    }

    /// Puts a number into a buffer, never beyond it.
    pub(super) fn store(
        &mut self,
        BufferId(id): BufferId,
        offset: usize,
        int: Int,
        most: Option<u64>,
        value: u64,
    ) -> Result<(), OpFault> {
        if most.is_some_and(|most| value > most) {
            let most = most.unwrap_or_default();
            return Err(OpFault::Unsafe(format!(
                "a length in memory is {}, and what it is for has only {most}",
                value as i64
            )));
        }
        if !int.holds(value) {
            return Err(OpFault::Unsafe(format!(
                "{} does not fit into its place in memory, which holds {}",
                value as i64,
                int.range()
            )));
        }
        let (buffer, address) = self
            .program
            .buffers
            .get(id as usize)
            .zip(self.addresses.get(id as usize))
            .ok_or_else(|| OpFault::Unsafe("a buffer was never made".into()))?;
        let bytes = int.bytes(value);
        if offset.checked_add(bytes.len()).is_none_or(|end| end > buffer.len) {
            return Err(OpFault::Unsafe("a number would lie beyond its buffer".into()));
        }
        self.write(address + offset as u64, &bytes)?;
        if self.precious.get(id as usize) == Some(&true) {
            self.written.push(BufferId(id));
        }
        Ok(())
    }

    /// Has buffers that point to others point to where these lie now.
    pub fn aim(&self) -> Result<(), OpFault> {
        for (buffer, address) in self.program.buffers.iter().zip(&self.addresses) {
            for (offset, BufferId(id)) in &buffer.pointers {
                if let Some(target) = self.addresses.get(*id as usize) {
                    self.write(address + *offset as u64, &target.to_le_bytes())?;
                }
            }
        }
        Ok(())
    }

    /// Whether `[start, end)` holds memory that is ours: landing frames, code that is called through, scratch memory.
    pub(super) fn stands_on(&self, start: u64, end: u64) -> bool {
        let scratch = self.mapped.is_some_and(|(base, length)| start < base + length && end > base);
        self.runner.stands_on(start, end) || self.crew.stands_on(start, end) || scratch
    }
}
