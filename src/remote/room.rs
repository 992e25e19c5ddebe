//! Memory for a landing frame that is proven free: nothing in the target lives there, nor will while it stands still.
//!
//! Writing below `rsp` proves nothing: a goroutine's or a fiber's stack is a few KiB of somebody's heap, and a stack of
//! any kind may lie in a frame of another. Free are
//! - the lowest pages of a thread's own stack (or of the main thread's), if they were never touched (/proc/PID/pagemap) or
//!   hold zeros only: a frame that lived at or below them would have left a return address there. And they lie below
//!   every thread's `rsp` in that stack: a buffer of zeros at its very end, in a function that calls nobody, has no frame
//!   below. Such a stack is
//!   `[stack]`, or an anonymous mapping that holds both `rsp` and the thread's `fs_base` above a guard;
//! - else the zeros between the end of a loaded object's data and the end of their page.

use super::gadgets::neighbourhood;
use super::memory::Memory;
use crate::target::{Mapping, Mappings};
use libc::user_regs_struct;
use std::fs::File;
use std::os::unix::fs::FileExt;

const PAGE: u64 = 4096;
/// What a function may use below `rsp` without saying so (System V ABI).
const RED_ZONE: u64 = 128;
/// How many pages from the bottom of a stack are looked at.
const SURVEYED: usize = 64;
/// Pages left below the frame for handlers, where the thread's own signals may be let in.
const HANDLER_PAGES: u64 = 8;
/// Pages left free above it, to the nearest page in use.
const GAP_PAGES: u64 = 1;
/// Bits of a pagemap entry (Documentation/admin-guide/mm/pagemap.rst).
const PRESENT: u64 = 1 << 63;
const SWAPPED: u64 = 1 << 62;
const GUARD: u64 = 1 << 58;

/// Proven free memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Its begin, divisible by 16.
    pub start: u64,
    /// Its length in bytes.
    pub len: u64,
    /// Handlers may run below it: it is in the thread's own stack, with untouched pages beneath.
    pub handlers: bool,
    /// It is the padding of a data segment, in which nothing will ever be; else it is in a stack.
    pub padding: bool,
}

/// Finds room in one target, through files opened before the stop.
#[derive(Debug)]
pub struct Surveyor<'a> {
    /// Its mappings.
    pub mappings: &'a Mappings,
    /// `/proc/PID/pagemap`.
    pub pagemap: &'a File,
    /// Its memory.
    pub memory: &'a Memory,
    /// An address in the main thread's stack (`startstack` of proc(5)), 0 if not known.
    pub main_stack: u64,
    /// Ends of the data of loaded objects, as found by [`Surveyor::data_ends`] before the stop.
    pub data_ends: &'a [u64],
    /// `rsp` of every thread.
    pub stack_pointers: &'a [u64],
}

impl Surveyor<'_> {
    /// Room of at least `len` bytes for a thread with these registers; the best there is.
    pub fn room(&self, registers: &user_regs_struct, len: u64) -> Option<Room> {
        self.own_stack(registers)
            .and_then(|stack| self.bottom(&stack, len, true))
            .or_else(|| self.main_stack().and_then(|stack| self.bottom(&stack, len, false)))
            .or_else(|| self.data_ends.iter().find_map(|end| self.padding(*end, len)))
    }

    /// The mapping that is the thread's own stack, if it surely is one.
    fn own_stack(&self, registers: &user_regs_struct) -> Option<Mapping> {
        let mapping = self.mappings.covering(registers.rsp).ok()??;
        if mapping.name == "[stack]" {
            return Some(mapping);
        }
        let holds_thread = (mapping.start..mapping.end).contains(&registers.fs_base);
        let anonymous = mapping.inode == 0 && mapping.readable && mapping.writable && !mapping.shared;
        (holds_thread && anonymous && self.guarded(&mapping)).then_some(mapping)
    }

    /// Whether an access just below the mapping's usable part faults: without a guard the kernel may have merged a stack
    /// with whatever was mapped below it.
    fn guarded(&self, mapping: &Mapping) -> bool {
        let guard_inside = self.pages(mapping.start, 1).first().is_some_and(|entry| entry & GUARD != 0);
        let below = self.mappings.covering(mapping.start - 1).ok().flatten();
        guard_inside || below.is_some_and(|below| !below.readable && !below.writable && !below.executable)
    }

    fn main_stack(&self) -> Option<Mapping> {
        let mapping = self.mappings.covering(self.main_stack).ok()??;
        (mapping.name == "[stack]").then_some(mapping)
    }

    /// Pagemap entries of `count` pages.
    fn pages(&self, start: u64, count: usize) -> Vec<u64> {
        let mut bytes = [0u8; SURVEYED * 8];
        let Some(wanted) = bytes.get_mut(..count * 8) else { return Vec::new() };
        let length = self.pagemap.read_at(wanted, start / PAGE * 8).unwrap_or(0);
        wanted[..length].chunks_exact(8).map(|entry| entry.try_into().map_or(PRESENT, u64::from_le_bytes)).collect()
    }

    /// Room in the lowest part of a stack, above its guard: the first run of free pages that is long enough, preferably
    /// with room for handlers below. A page that holds zeros counts only while no page below it is in use.
    fn bottom(&self, stack: &Mapping, len: u64, own: bool) -> Option<Room> {
        let inside = self.stack_pointers.iter().filter(|pointer| (stack.start..stack.end).contains(pointer));
        let in_use_from = inside.min().map_or(stack.end, |lowest| lowest.saturating_sub(RED_ZONE));
        let count = SURVEYED.min((in_use_from.saturating_sub(stack.start) / PAGE) as usize);
        let needed = len.div_ceil(PAGE) + GAP_PAGES;
        let (mut free, mut in_use_below, mut tight) = (0, false, None);
        for (index, entry) in self.pages(stack.start, count).into_iter().enumerate() {
            let page = stack.start + index as u64 * PAGE;
            let untouched = entry & (PRESENT | SWAPPED | GUARD) == 0;
            if !untouched && (entry & GUARD != 0 || in_use_below || !self.is_zero(page, PAGE as usize)) {
                in_use_below |= entry & GUARD == 0;
                free = 0;
                continue;
            }
            free += 1;
            let run = page + PAGE - free * PAGE;
            let room = |below: u64| Room {
                start: run + below * PAGE,
                len: (free - below - GAP_PAGES) * PAGE,
                handlers: own && below > 0,
                padding: false,
            };
            if free >= HANDLER_PAGES + needed {
                return Some(room(HANDLER_PAGES));
            }
            if free == needed {
                tight = tight.or(Some(room(0)));
            }
        }
        tight
    }

    fn is_zero(&self, start: u64, len: usize) -> bool {
        let mut bytes = [0xffu8; PAGE as usize];
        let Some(bytes) = bytes.get_mut(..len) else { return false };
        self.memory.read(start, bytes).is_ok() && bytes.iter().all(|byte| *byte == 0)
    }

    /// Room between the end of an object's data and the end of its page.
    fn padding(&self, data_end: u64, len: u64) -> Option<Room> {
        let start = data_end.next_multiple_of(64);
        let end = data_end.next_multiple_of(PAGE);
        let zero = start + len <= end && self.is_zero(start, (end - start) as usize);
        zero.then_some(Room { start, len: end - start, handlers: false, padding: true })
    }

    /// Ends of the writable data of the program, whose ELF header is at `program`, and of its libraries about `near`, from
    /// their program headers: to be called before the stop.
    pub fn data_ends(mappings: &Mappings, memory: &Memory, program: u64, near: u64) -> Vec<u64> {
        let mut ends: Vec<u64> = data_end(memory, program).into_iter().collect();
        let (mut at, high) = neighbourhood(near).unwrap_or((0, 0));
        while at < high
            && let Ok(Some(mapping)) = mappings.next_file(at)
        {
            at = mapping.end;
            if mapping.offset == 0 && mapping.readable {
                ends.extend(data_end(memory, mapping.start));
            }
        }
        ends.retain(|end| matches!(mappings.covering(*end), Ok(Some(mapping)) if mapping.writable && !mapping.shared));
        ends
    }
}

/// The end of the last writable PT_LOAD of the 64-bit ELF object loaded at `base` (elf(5)).
fn data_end(memory: &Memory, base: u64) -> Option<u64> {
    let mut header = [0u8; 64];
    memory.read(base, &mut header).ok()?;
    let field = |bytes: &[u8], at: usize, size: usize| -> Option<u64> {
        let mut value = [0u8; 8];
        value.get_mut(..size)?.copy_from_slice(bytes.get(at..at + size)?);
        Some(u64::from_le_bytes(value))
    };
    if header[..5] != *b"\x7fELF\x02" {
        return None;
    }
    let (table, size, count) = (field(&header, 32, 8)?, field(&header, 54, 2)?, field(&header, 56, 2)?);
    if size != 56 || count > 64 || table > PAGE {
        return None;
    }
    let mut headers = vec![0u8; (size * count) as usize];
    memory.read(base + table, &mut headers).ok()?;
    let loads = headers.chunks_exact(56).filter(|entry| field(entry, 0, 4) == Some(u64::from(libc::PT_LOAD)));
    // Position-independent objects count addresses from 0, others from where they are.
    let lowest = loads.clone().filter_map(|entry| field(entry, 16, 8)).min()? & !(PAGE - 1);
    let writable = loads.filter(|entry| field(entry, 4, 4).is_some_and(|flags| flags & u64::from(libc::PF_W) != 0));
    let end = writable.filter_map(|entry| field(entry, 16, 8)?.checked_add(field(entry, 40, 8)?)).max()?;
    (end % PAGE != 0).then(|| end.wrapping_sub(lowest).wrapping_add(base))
}
