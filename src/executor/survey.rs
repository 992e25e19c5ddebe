//! What ops see of a target's mappings, from outside.

use super::fault::OpFault;
use super::machine::Machine;
use crate::program::{Aspect, Cell, Piece};
use crate::syscalls::memory::{self, Changes};
use crate::target::{Flagged, Mapping};

const PAGE: u64 = 4096;
/// What an address is rounded to where a range of at least as much is looked for, so that the kernel can use huge pages.
const ALIGNMENTS: [u64; 2] = [1 << 30, 2 << 20];
/// What is watched by userfaultfd forgets that as it is moved; what grows down, is sealed or has huge pages of its own is not moved.
const FASTENED: [&str; 6] = ["um", "uw", "ui", "gd", "sl", "ht"];
/// So many things in the way are gone round.
const DETOURS: usize = 64;

/// A part of a range that is mapped: begin, end, and what it is like.
type Part = (u64, u64, u64);

impl Machine<'_> {
    /// A range in whole pages, as begin and end.
    fn pages(&self, start: Cell, length: Cell) -> Result<(u64, u64), OpFault> {
        let (start, length) = (self.need(start)?, self.need(length)?);
        let end = start.checked_add(length).and_then(|end| end.checked_next_multiple_of(PAGE));
        Ok((start & !(PAGE - 1), end.unwrap_or(!(PAGE - 1))))
    }

    /// How many bytes of a range are mapped.
    pub(super) fn mapped_bytes(&self, start: Cell, length: Cell) -> Result<u64, OpFault> {
        let (start, end) = self.pages(start, length)?;
        let found = self.target.mappings.within(start, end).map_err(unreadable)?;
        Ok(found.iter().map(|one| one.end.min(end) - one.start.max(start)).sum())
    }

    /// Sets the cells of a survey.
    pub(super) fn survey(&mut self, into: &[Piece], aspect: Aspect, start: Cell, length: Cell) -> Result<(), OpFault> {
        let (start, end) = self.pages(start, length)?;
        let parts = self.parts(aspect, start, end)?;
        if parts.len() > into.len() {
            return Err(OpFault::Unsafe(format!(
                "from {start:#x} to {end:#x} lie {} mappings that differ, more than the {} that are kept for undo; `for_each` makes a step for each mapping, `irreversible: true` does without undo",
                parts.len(),
                into.len(),
            )));
        }
        let parts = parts.into_iter().chain(std::iter::repeat((0, 0, 0)));
        for (piece, (start, end, value)) in into.iter().zip(parts) {
            self.set(piece.start, start);
            self.set(piece.length, end - start);
            self.set(piece.value, value);
        }
        Ok(())
    }

    fn parts(&self, aspect: Aspect, start: u64, end: u64) -> Result<Vec<Part>, OpFault> {
        if let Some(of_flags) = by_flags(aspect) {
            let found = self.target.vm_flags.within(start, end).map_err(unreadable)?;
            return Ok(joined(found.iter().map(|one| (one.start, one.end, of_flags(one)))));
        }
        let found = self.target.mappings.within(start, end).map_err(unreadable)?;
        let part = |one: &Mapping| (one.start.max(start), one.end.min(end), like(one, aspect, start));
        let parts = found.iter().map(part);
        Ok(if aspect == Aspect::Sharing { parts.collect() } else { joined(parts) })
    }

    /// A free range, or 0.
    pub(super) fn free_range(&mut self, length: u64) -> Result<u64, OpFault> {
        let (first, last) = self.target.space().map_err(unreadable)?.gap;
        let alignment = ALIGNMENTS.into_iter().find(|alignment| length >= *alignment).unwrap_or(PAGE);
        let mut at = self.free.max(first + (last - first) / 2);
        for _ in 0..DETOURS {
            let Some(begin) = at.checked_next_multiple_of(alignment) else { return Ok(0) };
            let Some(end) = begin.checked_add(length).filter(|end| *end < last) else { return Ok(0) };
            match self.target.mappings.next(begin).map_err(unreadable)?.filter(|next| next.start < end + PAGE) {
                Some(taken) => at = taken.end,
                None => {
                    // Nothing else is to touch it: it would be merged with that.
                    self.free = end.next_multiple_of(PAGE) + PAGE;
                    return Ok(begin);
                }
            }
        }
        Ok(0)
    }

    /// Fails unless a munmap would succeed: it is made only when nothing may fail any more.
    pub(super) fn can_unmap(&self, start: Cell, length: Cell) -> Result<(), OpFault> {
        const SPARE: u64 = 8;
        let (given, size) = (self.need(start)?, self.need(length)?);
        let (start, end) = self.pages(start, length)?;
        let refuse = |why: &str| Err(OpFault::Unsafe(format!("munmap({given:#x}, {size:#x}) would fail: {why}")));
        if given != start || size == 0 || end > 0x7fff_ffff_f000 {
            return refuse("it takes an address of a page, and a length");
        }
        self.ground("munmap", &[start, end - start, 0, 0, 0, 0])?;
        let found = self.target.mappings.within(start, end).map_err(unreadable)?;
        let cut = |one: &&Mapping| one.start < start || one.end > end;
        let uneven = |one: &Mapping| {
            one.page > PAGE
                && (!start.max(one.start).is_multiple_of(one.page) || !end.min(one.end).is_multiple_of(one.page))
        };
        if found.iter().any(uneven) {
            return refuse("it would cut a huge page in two");
        }
        let space = self.target.space().map_err(unreadable)?;
        let most = space.most as u64;
        // Those that the plan has made since they were counted are no more than its calls.
        let count = space.mappings as u64 + 2 * self.made.len() as u64 + SPARE;
        if found.iter().any(|one| cut(&one)) && count > most {
            return refuse("it would cut a mapping in two, and the process has about as many as it may have");
        }
        Ok(())
    }

    /// Notes what a call has done to mappings.
    pub(super) fn note_mappings(&self, name: &str, args: &[u64; 6], result: i64) {
        let flags = &self.target.vm_flags;
        let changes = memory::changes(name, args);
        let made = memory::made(name, args, result);
        if changes == Changes::Nothing && made.is_none() {
            return;
        }
        self.target.mappings.refresh();
        let changed = match changes {
            Changes::Nothing => Vec::new(),
            Changes::Ranges(ranges) => ranges,
            Changes::Unknown => return flags.refresh(),
        };
        for (start, length) in changed.into_iter().chain(made) {
            let end = start.saturating_add(length).checked_next_multiple_of(PAGE).unwrap_or(u64::MAX);
            flags.changed(start & !(PAGE - 1), end);
        }
    }
}

/// What a mapping is like by its line in `maps`, from `start` on.
fn like(one: &Mapping, aspect: Aspect, start: u64) -> u64 {
    let access = u64::from(one.readable) * libc::PROT_READ as u64
        + u64::from(one.writable) * libc::PROT_WRITE as u64
        + u64::from(one.executable) * libc::PROT_EXEC as u64;
    match aspect {
        Aspect::Content => one.inode << 4 | u64::from(one.shared) << 3 | access,
        Aspect::Sharing => one.shared.into(),
        Aspect::Segment => {
            u64::from(one.name.starts_with("/SYSV") && one.start.max(start) - one.start + one.offset == 0)
        }
        _ => access,
    }
}

/// What a mapping is like by its flags; none for what its line in `maps` tells.
fn by_flags(aspect: Aspect) -> Option<fn(&Flagged) -> u64> {
    Some(match aspect {
        Aspect::Access | Aspect::Content | Aspect::Sharing | Aspect::Segment => return None,
        Aspect::Fastened => |one| special(one) | u64::from(FASTENED.iter().any(|flag| one.has(flag))),
        Aspect::Undumped => |one| u64::from(one.has("dd")) + 2 * special(one),
        Aspect::Unforked => |one| u64::from(one.has("dc")) + 2 * special(one),
        Aspect::Wiped => |one| one.has("wf").into(),
        Aspect::Mergeable => |one| one.has("mg").into(),
        Aspect::Order => |one| u64::from(one.has("rr")) + 2 * u64::from(one.has("sr")),
        // Older kernels have no name for the second.
        Aspect::Locked => |one| u64::from(one.has("lo")) * (1 + u64::from(one.has("lf") || one.has("??"))),
    })
}

/// Whether it is memory of a device or the kernel's own (VM_SPECIAL of include/linux/mm.h).
fn special(one: &Flagged) -> u64 {
    ["io", "de", "pf", "mm"].iter().any(|flag| one.has(flag)).into()
}

/// Parts that touch and are alike are one.
fn joined(parts: impl Iterator<Item = Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::new();
    for (start, end, value) in parts {
        match joined.last_mut() {
            Some(last) if last.1 == start && last.2 == value => last.1 = end,
            _ => joined.push((start, end, value)),
        }
    }
    joined
}

fn unreadable(error: std::io::Error) -> OpFault {
    OpFault::Unsafe(format!("the mappings could not be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_are_alike_are_one() {
        let parts = [(1, 2, 7), (2, 3, 7), (3, 4, 0), (5, 6, 0), (6, 7, 0)];
        assert_eq!(joined(parts.into_iter()), [(1, 3, 7), (3, 4, 0), (5, 7, 0)]);
    }
}
