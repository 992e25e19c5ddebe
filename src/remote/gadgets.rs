//! Code of the target that calls are made through: a `syscall; ret`, and a way into `rt_sigreturn`. Nothing is patched in.
//!
//! It is looked for before the stop and its bytes are verified in it.

use super::memory::Memory;
use crate::target::{Mapping, Mappings};
use memchr::memmem;

/// `syscall; ret`.
const SYSCALL_RET: &[u8] = &[0x0f, 0x05, 0xc3];
const SYSCALL: &[u8] = &[0x0f, 0x05];
const POP_RAX_RET: &[u8] = &[0x58, 0xc3];
/// `mov $15, %rax; syscall` and `mov $15, %eax; syscall`: what a C library has as its signal restorer.
const RESTORERS: [&[u8]; 2] = [&[0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05], &[0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05]];
/// Code is read in pieces of this size.
const PIECE: usize = 64 << 10;
/// No more code than this is searched.
const MOST_CODE: u64 = 256 << 20;

/// A way into `rt_sigreturn` by a `ret`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restorer {
    /// `mov $15, %eax; syscall` at this address.
    Direct(u64),
    /// `pop %rax; ret` and `syscall`, each at its address.
    Popped {
        /// Of `pop %rax; ret`.
        pop: u64,
        /// Of `syscall`.
        syscall: u64,
    },
}

impl Restorer {
    /// Where `ret` leads.
    pub fn entry(&self) -> u64 {
        match *self {
            Self::Direct(address) | Self::Popped { pop: address, .. } => address,
        }
    }

    /// What `ret` finds on the stack, the last word being the frame's first.
    pub fn words(&self) -> Vec<u64> {
        match *self {
            Self::Direct(address) => vec![address],
            Self::Popped { pop, syscall } => vec![pop, libc::SYS_rt_sigreturn as u64, syscall],
        }
    }
}

/// Foreign code found in one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gadgets {
    /// Address of `syscall; ret`.
    pub syscall: u64,
    /// The way back.
    pub restorer: Restorer,
}

/// Why there are none.
#[derive(Debug)]
pub enum GadgetError {
    /// The process's code could not be read.
    Unreadable(std::io::Error),
    /// It has no such code.
    None,
}

/// What has been found on the way through the code.
#[derive(Debug, Default)]
struct Search {
    syscall: Option<u64>,
    direct: Option<u64>,
    pop: Option<u64>,
}

impl Search {
    fn complete(&self) -> Option<Gadgets> {
        let (syscall, direct) = (self.syscall?, self.direct?);
        Some(Gadgets { syscall, restorer: Restorer::Direct(direct) })
    }

    /// With a restorer put together where there is no other.
    fn best(&self) -> Option<Gadgets> {
        let syscall = self.syscall?;
        let restorer = match (self.direct, self.pop) {
            (Some(direct), _) => Restorer::Direct(direct),
            (None, Some(pop)) => Restorer::Popped { pop, syscall },
            (None, None) => return None,
        };
        Some(Gadgets { syscall, restorer })
    }

    fn look(&mut self, base: u64, code: &[u8]) {
        let find = |pattern: &[u8]| memmem::find(code, pattern).map(|offset| base + offset as u64);
        self.syscall = self.syscall.or_else(|| find(SYSCALL_RET));
        self.direct = self.direct.or_else(|| RESTORERS.iter().find_map(|pattern| find(pattern)));
        self.pop = self.pop.or_else(|| find(POP_RAX_RET));
    }
}

impl Gadgets {
    /// Searches the libraries about `near`, where the dynamic linker is, and then everything: to walk past 40,000 mappings
    /// takes milliseconds.
    pub fn find(mappings: &Mappings, memory: &Memory, near: u64) -> Result<Self, GadgetError> {
        if let Some((low, high)) = neighbourhood(near)
            && let Ok(search) = Self::search(mappings, memory, low, high, (0, u64::MAX))
            && let Some(found) = search.complete()
        {
            return Ok(found);
        }
        Self::search(mappings, memory, 0, u64::MAX, (0, u64::MAX))?.best().ok_or(GadgetError::None)
    }

    /// Finds code inside a range only: syscall user dispatch lets no other calls through.
    pub fn find_within(mappings: &Mappings, memory: &Memory, range: (u64, u64)) -> Result<Self, GadgetError> {
        Self::search(mappings, memory, range.0, range.1, range)?.best().ok_or(GadgetError::None)
    }

    /// Searches executable mappings from `low` to `high`, C libraries first, and of each what lies in `range`.
    fn search(
        mappings: &Mappings,
        memory: &Memory,
        low: u64,
        high: u64,
        range: (u64, u64),
    ) -> Result<Search, GadgetError> {
        let mut candidates = Vec::new();
        let mut at = low;
        while at < high
            && let Some(mapping) = mappings.next_executable(at).map_err(GadgetError::Unreadable)?
        {
            at = mapping.end;
            // Code that can be written to, or that a run-time compiler made, may be gone by the time it is used.
            if mapping.readable && !mapping.writable && mapping.inode != 0 {
                candidates.push(mapping);
            }
        }
        let library = |mapping: &Mapping| {
            let name = mapping.name.rsplit('/').next().unwrap_or_default();
            !(name.starts_with("libc.") || name.starts_with("libc-") || name.starts_with("ld-"))
        };
        candidates.sort_by_key(library);
        let mut search = Search::default();
        let mut left = MOST_CODE;
        for mapping in candidates.iter().filter(|mapping| mapping.name != "[vdso]") {
            let (start, end) = (mapping.start.max(range.0), mapping.end.min(range.1));
            if start >= end || left == 0 {
                continue;
            }
            let end = end.min(start + left);
            left -= end - start;
            search_code(&mut search, memory, start, end);
            if search.complete().is_some() {
                break;
            }
        }
        Ok(search)
    }

    /// Whether the code still is what it was when it was found.
    pub fn verify(&self, memory: &Memory) -> bool {
        let holds = |address, pattern: &[u8]| {
            let mut bytes = [0u8; 16];
            let bytes = &mut bytes[..pattern.len()];
            memory.read(address, bytes).is_ok() && bytes == pattern
        };
        let way_back = match self.restorer {
            Restorer::Direct(address) => RESTORERS.iter().any(|pattern| holds(address, pattern)),
            Restorer::Popped { pop, syscall } => holds(pop, POP_RAX_RET) && holds(syscall, SYSCALL),
        };
        way_back && holds(self.syscall, SYSCALL_RET)
    }

    /// Whether `[start, end)` holds any of the code.
    pub fn overlaps(&self, start: u64, end: u64) -> bool {
        let within = |address: u64| address < end && address + 16 > start;
        within(self.syscall)
            || match self.restorer {
                Restorer::Direct(address) => within(address),
                Restorer::Popped { pop, syscall } => within(pop) || within(syscall),
            }
    }
}

/// Where the libraries of a program lie whose dynamic linker is at `near`: the kernel and the linker map them just below.
pub fn neighbourhood(near: u64) -> Option<(u64, u64)> {
    (near != 0).then(|| (near.saturating_sub(32 << 20), near.saturating_add(4 << 20)))
}

/// Looks through `[start, end)` piece by piece; what can't be read is passed over.
fn search_code(search: &mut Search, memory: &Memory, start: u64, end: u64) {
    let mut piece = vec![0; PIECE.min((end - start) as usize)];
    let mut at = start;
    while at < end {
        let length = PIECE.min((end - at) as usize);
        let Some(code) = piece.get_mut(..length) else { return };
        if memory.read(at, code).is_err() {
            return;
        }
        search.look(at, code);
        if search.complete().is_some() || length < PIECE {
            return;
        }
        // A pattern may lie across two pieces.
        at += (length - 16) as u64;
    }
}
